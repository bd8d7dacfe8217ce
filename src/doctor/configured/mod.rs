//! Findings about names for which the configuration of this host answers: `[[zone]]`, `[[host]]` or `[[record]]`. The checks use the
//! records that other hosts see, if the servers of the zone give them (module `current`).

pub(crate) mod current;

use std::collections::BTreeMap;

use crate::codes::Code;
use crate::facts::record_set::{ADDRESS_TTL, in_words, own_records};
use crate::facts::{
    DomainFacts, LookupFound, Record, ReplyFacts, Want, addresses, is_within, lookup,
    private_address::is_private, reverse,
};
use crate::finding::{Finding, Level};
use crate::limits::MAX_CHECKED_HOSTS;
use crate::part::{About, Part};
use crate::spf::record::is_spf;
use crate::{mail, zone};

/// Returns the lookups of addresses of mail hosts that the configuration names in MX records.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    inside_hosts(facts).into_iter().flat_map(|host| addresses(&host)).collect()
}

/// Returns the reply of this host's daemon, even if the check uses the reply of a server instead.
fn here<'f>(facts: &'f DomainFacts, (name, kind): (&str, &'static str)) -> Option<&'f ReplyFacts> {
    facts.cached.get(&lookup(name, kind)).or_else(|| facts.lookup(name, kind).reply())
}

fn inside_hosts(facts: &DomainFacts) -> Vec<String> {
    let domain = facts.subject.domain.as_str();
    let Some(reply) = here(facts, (domain, "MX")).filter(|reply| reply.configured.is_some()) else {
        return Vec::new();
    };
    reply.records("MX").filter_map(Record::target).take(MAX_CHECKED_HOSTS).collect()
}

/// Returns true if all addresses are private, and there is at least one.
fn are_private<'r>(mut found: impl Iterator<Item = &'r Record>) -> bool {
    let is_private = |record: &Record| record.address().is_some_and(is_private);
    found.next().is_some_and(is_private) && found.all(is_private)
}

/// Returns true if the configuration gives the domain's mail hosts only private addresses, as in an internal network.
fn is_inside_view(facts: &DomainFacts) -> bool {
    let hosts = inside_hosts(facts);
    let is_inside = |host: &String| {
        let replies = ["A", "AAAA"].into_iter().filter_map(|kind| Some((kind, here(facts, (host, kind))?)));
        are_private(replies.flat_map(|(kind, reply)| reply.records(kind)))
    };
    !hosts.is_empty() && hosts.iter().all(is_inside)
}

/// Describes a difference between a record in the configuration of this host and the record that the servers of the zone give. The difference
/// is a note and no warning if the configured addresses (of the host, or of the mail hosts) are private, or if the servers give addresses with
/// a short TTL.
fn difference(
    facts: &DomainFacts,
    (name, kind): (&str, &'static str),
    here: &ReplyFacts,
) -> Option<(Level, String)> {
    let by = here.configured.as_deref()?;
    let now = facts.lookup(name, kind).reply()?;
    let own = |reply: &ReplyFacts| {
        let mut reply = reply.clone();
        reply.answers.retain(|record| !record.is("TXT") || name.starts_with('_') || is_spf(&record.joined()));
        own_records(&reply, name, kind)
    };
    let (of_here, of_now) = (own(here)?, own(now)?);
    let is_address = ["A", "AAAA"].contains(&kind);
    if of_here == of_now || is_address && !of_here.is_disjoint(&of_now) {
        return None;
    }
    let is_short =
        is_address && !now.answers.is_empty() && now.answers.iter().all(|record| record.ttl <= ADDRESS_TTL);
    let is_usual = is_short || is_address && are_private(here.records(kind)) || is_inside_view(facts);
    let (of_here, of_now) = (in_words(&of_here, kind), in_words(&of_now, kind));
    let at = if name == facts.subject.domain { kind.to_owned() } else { format!("{name} {kind}") };
    let level = if is_usual { Level::Note } else { Level::Warning };
    Some((
        level,
        format!("{at} here: {of_here}; at the servers of the zone: {of_now}. {name} is answered by {by}"),
    ))
}

pub(super) fn differs(facts: &DomainFacts) -> Option<Finding> {
    let (domain, hosts) = (facts.subject.domain.as_str(), mail::hosts(facts));
    let is_of_mail = |name: &str, kind: &str| match kind {
        "MX" => name == domain,
        "TXT" => name == domain || name.starts_with("_dmarc."),
        "A" | "AAAA" => name == domain || hosts.iter().any(|host| host == name),
        _ => false,
    };
    let mut found: Vec<(&str, Level, String)> = Vec::new();
    for (want, here) in &facts.cached {
        if let Want::Lookup { name, kind } = want
            && is_of_mail(name, kind)
        {
            let differing = difference(facts, (name, kind), here);
            found.extend(differing.map(|(level, text)| (*kind, level, text)));
        }
    }
    found.sort_by_key(|(kind, ..)| *kind != "MX");
    let worst = found.iter().map(|(_, level, _)| *level).min()?;
    let texts: Vec<String> = found.into_iter().map(|(.., text)| text).collect();
    Some(Finding::new(Code::ConfiguredDiffers, texts.join("; ")).at(worst))
}

const ON_HOSTS: [Code; 5] =
    [Code::MxPrivateAddress, Code::MxWithoutAddress, Code::MxWithoutIpv4, Code::MxWithoutIpv6, Code::MailOk];

/// The configuration of this host may answer for a mail host in another zone. The addresses that other hosts see are then unknown, so this removes
/// the findings about addresses of mail hosts.
pub(super) fn without_inner_view(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    let apex = zone::apex(facts);
    let of_host = |host: String| Some((facts.configured_at(&host)?.to_owned(), host));
    let hosts = mail::hosts(facts).into_iter().filter(|host| !is_within(host, apex));
    let unseen: Vec<(String, String)> = hosts.filter_map(of_host).collect();
    if unseen.is_empty() || zone::is_here_only(facts) {
        return;
    }
    findings.retain(|finding| !ON_HOSTS.contains(&finding.code));
    let text = |(by, host): &(String, String)| {
        format!("{host} is answered by {by}; not known: its address at the servers of its zone")
    };
    let texts: Vec<String> = unseen.iter().map(text).collect();
    let finding = Finding::new(Code::MailUnknown, texts.join("; ")).in_part(Part::MailHosts);
    findings.push(finding.about(unseen.into_iter().map(|(_, host)| About::Host(host))));
}

pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = Some(facts.subject.domain.clone()).filter(|domain| !domain.is_empty());
    let names = domain.into_iter().chain(facts.subject.address.map(reverse));
    let found = names.filter_map(|name| Some(of_name(facts, &name, facts.configured_at(&name)?)));
    let others = others(facts).map(|evidence| Finding::new(Code::ConfiguredHere, evidence));
    found.chain(others).chain(differs(facts)).collect()
}

/// Returns the finding about a name for which the configuration answers. If its lookup failed, the finding comes before others of the level
/// "could not tell", because it explains them.
fn of_name(facts: &DomainFacts, name: &str, by: &str) -> Finding {
    let evidence = format!("{name} is answered by {by}");
    match facts.lookup(name, "SOA") {
        LookupFound::Unknown(why) => {
            let finding =
                Finding::new(Code::ConfiguredHere, format!("{evidence}, and could not be looked up: {why}"));
            finding.at(Level::CouldNotTell).in_part(Part::Delegation)
        }
        _ => Finding::new(Code::ConfiguredHere, evidence),
    }
}

/// Lists the names in the zone that are answered by another part of the daemon's configuration than the domain itself, each with this part.
fn others(facts: &DomainFacts) -> Option<String> {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    let mut names = BTreeMap::<&str, &str>::new();
    for ((name, _), reply) in facts.lookups() {
        if let Some(by) = reply.configured.as_deref()
            && !domain.is_empty()
            && name != domain
            && is_within(name, apex)
            && facts.configured() != Some(by)
        {
            names.insert(name, by);
        }
    }
    let texts: Vec<String> =
        names.into_iter().map(|(name, by)| format!("{name} is answered by {by}")).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configured::current;
    use crate::facts::Got;
    use crate::facts::lookup;
    use crate::facts::tests::{TWO_SERVERS, facts};

    #[test]
    fn unanswered_configured_zone_is_first() {
        let of = |rcode: &str| {
            let mut facts = facts("a.test.", &format!("lookup a.test. SOA {rcode}"));
            let Some(Got::Reply(reply)) = facts.got.get_mut(&lookup("a.test.", "SOA")) else { panic!() };
            reply.configured = Some("[[zone]] a.test, which forwards to 192.0.2.1".to_owned());
            let first = crate::judge(&facts).remove(0);
            (first.code, first.level, first.evidence)
        };
        let (code, level, evidence) = of("SERVFAIL");
        assert_eq!((code, level), (Code::ConfiguredHere, Level::CouldNotTell));
        let begin = "a.test. is answered by [[zone]] a.test, which forwards to 192.0.2.1, and could not be looked up: ";
        assert!(evidence.starts_with(begin), "{evidence}");
    }

    #[test]
    fn differing_configured_mail_host_is_warning() {
        let of = |here: &str| {
            let lines = format!(
                "{TWO_SERVERS}\nlookup a.test. MX | 5 mx.a.test.\nserver 198.18.1.1 a.test. MX udp aa | 5 mx.a.test.\n\
                 lookup mx.a.test. A | {here}\nserver 198.18.1.1 mx.a.test. A udp aa | 95.100.0.42"
            );
            let mut facts = facts("a.test.", &lines);
            let Some(Got::Reply(reply)) = facts.got.get_mut(&lookup("mx.a.test.", "A")) else { panic!() };
            reply.configured = Some("[[host]] mx.a.test".to_owned());
            current::adopt(&mut facts);
            differs(&facts).map(|finding| (finding.level, finding.evidence))
        };
        let expected = |here: &str| {
            format!(
                "mx.a.test. A here: {here}; at the servers of the zone: 95.100.0.42. mx.a.test. is answered by [[host]] mx.a.test"
            )
        };
        assert_eq!(of("95.70.0.1"), Some((Level::Warning, expected("95.70.0.1"))));
        assert_eq!(of("10.0.0.1"), Some((Level::Note, expected("10.0.0.1"))));
        assert_eq!(of("95.100.0.42"), None);
    }

    #[test]
    fn inner_view_is_no_fault() {
        let here = [("a.test.", "SOA"), ("a.test.", "MX"), ("a.test.", "TXT"), ("in.a.test.", "A")];
        let of = |mx: &str| -> Vec<Code> {
            let lines = format!(
                "{TWO_SERVERS}\nlookup a.test. MX | 5 in.a.test.\nlookup a.test. TXT\nlookup in.a.test. A | 10.0.0.5\n\
                 server 198.18.1.1 a.test. MX udp aa | {mx}\nserver 198.18.1.1 a.test. TXT udp aa | \"v=spf1 mx -all\""
            );
            let mut facts = facts("a.test.", &lines);
            for (name, kind) in here {
                let Some(Got::Reply(reply)) = facts.got.get_mut(&lookup(name, kind)) else {
                    panic!("{name}")
                };
                reply.configured = Some("[[zone]] a.test".to_owned());
            }
            current::adopt(&mut facts);
            let found = crate::judge(&facts);
            let differs = found.iter().find(|finding| finding.code == Code::ConfiguredDiffers);
            assert!(differs.is_none_or(|finding| finding.level == Level::Note), "{found:#?}");
            found.into_iter().map(|finding| finding.code).collect()
        };
        let other = of("10 mx.b.test.");
        assert!(other.contains(&Code::ConfiguredDiffers), "{other:?}");
        assert!(!other.contains(&Code::SpfMissing) && !other.contains(&Code::MxPrivateAddress), "{other:?}");
        let same = of("5 in.a.test.");
        assert!(same.contains(&Code::MxPrivateAddress), "others see it too: {same:?}");
    }
}
