//! Records that differ because the zone above or some of its servers name other servers than the zone: one fault, with one remedy.
//!
//! RFC 1034 section 4.2.2. "The MX record is right and mail still goes to the old server": the server of the former provider still has the
//! former zone, and a delegation still leads to it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::codes::Code;
use super::facts::DomainFacts;
use super::finding::Finding;
use super::{compared, delegation, parents, parents_differ, remedies, served, zone};

/// Makes differences of records a part of the difference of the sets of servers that they come from.
pub(super) fn join(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    let (code, remedy) = match parents::sets(facts).len() {
        ..2 => (Code::NsDiffer, remedies::RECORDS_OF_ONE_SET),
        _ => (Code::ParentDiffers, remedies::RECORDS_OF_DELEGATIONS),
    };
    if !findings.iter().any(|finding| finding.code == code) {
        return;
    }
    let sets = sets(facts);
    let effects: Vec<Finding> =
        findings.iter().filter(|finding| is_effect(facts, finding.code, &sets)).cloned().collect();
    // Operators of two providers may number the zone by themselves.
    if effects.iter().all(|effect| effect.code == Code::SerialDiffers) {
        return;
    }
    findings.retain(|finding| !effects.contains(finding));
    let until = delegation::until(facts);
    for cause in findings.iter_mut().filter(|finding| finding.code == code) {
        let sets = without_moment(&cause.evidence, &until);
        let has_moment = sets.is_some();
        cause.evidence = sets.unwrap_or_else(|| cause.evidence.clone());
        for effect in &effects {
            add(cause, effect);
        }
        // The moment stays the last sentence.
        if has_moment {
            cause.evidence = format!("{}. {until}", cause.evidence.trim_end_matches('.'));
        }
        cause.remedy.get_or_insert(remedy);
    }
}

/// Adds what follows from a cause to it.
pub(super) fn add(cause: &mut Finding, effect: &Finding) {
    let words = match effect.code {
        Code::MxDiffers => "the MX records differ",
        Code::SerialDiffers => "the serials differ",
        _ => "records differ",
    };
    let told = format!("; because of that, {words}: {}", effect.evidence);
    cause.evidence.push_str(&told);
    cause.about.extend(effect.about.iter().cloned());
    cause.level = cause.level.min(effect.level);
}

/// Evidence without its last sentence about the moment at which a change is seen everywhere; none if it has no such sentence.
fn without_moment(evidence: &str, until: &str) -> Option<String> {
    let sets = evidence.strip_suffix(until).filter(|_| !until.is_empty())?.trim_end();
    let sentence = sets.trim_end_matches('.');
    // The full stop is also the last dot of a name.
    let ends_with_name = sentence.rsplit(' ').next().is_some_and(|word| word.contains('.'));
    Some(if ends_with_name { sets } else { sentence }.to_owned())
}

/// The addresses of the servers of each set that the zone itself names; if it has told none, of each delegation.
fn sets(facts: &DomainFacts) -> Vec<BTreeSet<IpAddr>> {
    let own = parents_differ::own_sets(facts);
    let sets = if own.is_empty() { parents::sets(facts) } else { own };
    let servers = zone::servers(facts);
    let of_set = |set: &BTreeSet<String>| {
        let named = servers.iter().filter(|(_, names)| !names.is_disjoint(set));
        named.map(|(server, _)| *server).collect()
    };
    sets.iter().map(of_set).collect()
}

/// Whether servers differ, and those of one of the sets do not.
fn is_effect(facts: &DomainFacts, code: Code, sets: &[BTreeSet<IpAddr>]) -> bool {
    let Some(divided) = divided(facts, code) else { return false };
    let is_one = |set: &BTreeSet<IpAddr>, groups: &[Vec<IpAddr>]| {
        let of_set = groups.iter().filter(|servers| servers.iter().any(|server| set.contains(server)));
        of_set.count() == 1
    };
    divided.iter().all(|groups| groups.len() > 1 && sets.iter().any(|set| is_one(set, groups)))
}

/// The groups of servers that say the same, for each lookup of a finding about records that differ; none if it is another finding.
pub(super) fn divided(facts: &DomainFacts, code: Code) -> Option<Vec<Vec<Vec<IpAddr>>>> {
    let mail = (facts.subject.domain.as_str(), "MX");
    let of_lookup = |lookup| compared::sets(facts, lookup).0.into_values().collect();
    match code {
        Code::MxDiffers => Some(vec![of_lookup(mail)]),
        Code::RecordsDiffer => {
            let mut divided: Vec<Vec<Vec<IpAddr>>> = compared::differing(facts).map(of_lookup).collect();
            divided.extend(Some(compared::groups_by_other_texts(facts)).filter(|groups| groups.len() > 1));
            Some(divided)
        }
        Code::SerialDiffers => Some(vec![of_serials(facts)]),
        _ => None,
    }
}

/// The servers by their serials.
fn of_serials(facts: &DomainFacts) -> Vec<Vec<IpAddr>> {
    let mut serials = BTreeMap::<u32, Vec<IpAddr>>::new();
    for server in served::serving(facts) {
        if let Some(serial) = zone::serial_at(facts, server) {
            serials.entry(serial).or_default().push(server);
        }
    }
    serials.into_values().collect()
}

#[cfg(test)]
mod tests {
    use crate::codes::Code;
    use crate::facts::tests::facts;
    use crate::judge;

    #[test]
    fn the_moment_at_which_a_change_is_seen_ends_the_evidence() {
        let server = |address: &str, mail: &str| {
            format!(
                "server {address} a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5\nserver {address} a.test. SOA tcp aa | ns1.a.test. h. 7 2 3 4 5\n\
                 server {address} a.test. NS mixed aa | ns1.b.test.\nserver {address} a.test. MX udp aa | 10 {mail}\n\
                 lookup {mail} A | 198.18.0.1\n"
            )
        };
        let lines = format!(
            "lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5\nlookup a.test. MX | 10 new.b.test.\nlookup test. SOA | ns.test. h. 1 2 3 4 5\n\
             lookup test. NS | ns.test.\nlookup ns.test. A | 198.18.9.1\n\
             server 198.18.9.1 a.test. NS udp | >a.test. NS old1.b.test.\nlookup ns1.b.test. A | 198.18.1.1\n\
             lookup old1.b.test. A | 198.18.2.1\n{}{}",
            server("198.18.1.1", "new.b.test."),
            server("198.18.2.1", "old.b.test.")
        );
        let found = judge(&facts("a.test.", &lines));
        let told = found.iter().find(|finding| finding.code == Code::NsDiffer);
        let evidence = &told.unwrap_or_else(|| panic!("{found:#?}")).evidence;
        let (fault, moment) =
            evidence.split_once(". A change of the name servers made now is seen everywhere by ").unwrap();
        assert!(
            fault.contains("; because of that, the MX records differ: ") && !fault.ends_with('.'),
            "{evidence}"
        );
        assert!(moment.ends_with("one of the MX records by 2026-01-01 01:00 UTC (TTL 3600 s)"), "{evidence}");
    }
}
