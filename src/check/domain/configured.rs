//! Names that the configuration of this host answers, in the place of the internet: `[[zone]]`, `[[host]]`, `[[record]]`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{DomainFacts, Got, LookupFound, QueryForm, ReplyFacts, Want, is_within, reverse, strings};
use super::finding::{Finding, Level};
use super::part::Part;
use super::record_set::{ADDRESS_TTL, in_words, own_records};
use super::spf_record::is_spf;
use super::{current, mail, served, zone};
use crate::limits::MAX_CONFIGURED_SERVERS;

/// The next questions: to servers of the zone, about records that the configuration answers.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let (lookups, servers) = (answered(facts), outside(facts));
    let ask = |(name, kind): (&str, &'static str)| {
        let name = name.to_owned();
        let want = move |server| Want::Server { server, name: name.clone(), kind, way: QueryForm::Udp };
        servers.clone().into_iter().map(want)
    };
    lookups.into_iter().flat_map(ask).collect()
}

/// The lookups that mail needs and that are answered here, the most important first; none if the domain itself is not.
fn answered(facts: &DomainFacts) -> Vec<(&str, &'static str)> {
    let (domain, hosts) = (facts.subject.domain.as_str(), mail::hosts(facts));
    if facts.configured().is_none() {
        return Vec::new();
    }
    let mut lookups = current::of_zone(facts);
    lookups.retain(|(name, kind)| match *kind {
        "MX" => *name == domain,
        "TXT" => *name == domain || name.starts_with("_dmarc."),
        "A" | "AAAA" => *name == domain || hosts.iter().any(|host| host == name),
        _ => false,
    });
    lookups.sort_by_key(|(_, kind)| match *kind {
        "MX" => 0,
        "A" | "AAAA" => 1,
        _ => 2,
    });
    lookups
}

/// Servers of the zone as others find them: by the glue of the zone above, because the configuration may answer their names too.
fn outside(facts: &DomainFacts) -> Vec<IpAddr> {
    if facts.configured().is_none() {
        return Vec::new();
    }
    let (glue, serving) = (zone::glue(facts), served::serving(facts));
    let of_name = |name: String| match glue.get(name.as_str()) {
        Some(glued) => glued.iter().copied().collect(),
        None => facts.addresses(&name),
    };
    let named: BTreeSet<IpAddr> =
        zone::parent_set(facts).unwrap_or_default().into_iter().flat_map(of_name).collect();
    named.into_iter().filter(|server| serving.contains(server)).take(MAX_CONFIGURED_SERVERS).collect()
}

/// The records that count for mail. Of the TXT records at the domain only SPF records count.
fn counted(reply: &ReplyFacts, (name, kind): (&str, &str)) -> Option<BTreeSet<String>> {
    let mut set = own_records(reply, name, kind)?;
    if kind == "TXT" && !name.starts_with('_') {
        set.retain(|data| data.starts_with("CNAME ") || is_spf(&strings(data)));
    }
    Some(set)
}

/// A difference between the records here and those of the servers, in words. Services that answer by place or in turn give other
/// addresses each time, with a short TTL: that is a note.
fn difference(facts: &DomainFacts, lookup: (&str, &'static str)) -> Option<(Level, String)> {
    let (name, kind) = lookup;
    let here = counted(facts.lookup(name, kind).reply()?, lookup)?;
    let (mut told, mut is_short) = (BTreeSet::<BTreeSet<String>>::new(), !here.is_empty());
    for server in outside(facts) {
        if let Some(Got::Reply(reply)) = facts.server(server, name, kind, QueryForm::Udp)
            && reply.authoritative
            && let Some(set) = counted(reply, lookup)
        {
            is_short &= !set.is_empty() && reply.answers.iter().all(|record| record.ttl <= ADDRESS_TTL);
            told.insert(set);
        }
    }
    let is_address = ["A", "AAAA"].contains(&kind);
    if told.contains(&here) || is_address && told.iter().any(|set| !set.is_disjoint(&here)) {
        return None;
    }
    let now = in_words(told.first()?, kind);
    let level = if is_address && is_short { Level::Note } else { Level::Warning };
    let (at, here) = (if name == facts.subject.domain { "" } else { name }, in_words(&here, kind));
    let at = if at.is_empty() { kind.to_owned() } else { format!("{at} {kind}") };
    Some((level, format!("{at} here: {here}; at the servers of the zone: {now}")))
}

/// The finding that the domain has other records here than at its servers.
pub(super) fn differs(facts: &DomainFacts) -> Option<Finding> {
    let found: Vec<(Level, String)> =
        answered(facts).into_iter().filter_map(|lookup| difference(facts, lookup)).collect();
    let worst = found.iter().map(|(level, _)| *level).min()?;
    let told: Vec<String> = found.into_iter().map(|(_, text)| text).collect();
    let (domain, by) = (&facts.subject.domain, facts.configured()?);
    let evidence = format!("{}. {domain} is answered by {by}", told.join("; "));
    Some(Finding::new(Code::ConfiguredDiffers, evidence).at(worst))
}

/// Verdicts on the MX records and on the mail hosts.
const ON_MAIL: [Code; 14] = [
    Code::MailNowhere,
    Code::NoMx,
    Code::MxIsAddress,
    Code::MxIsCname,
    Code::MxIsHere,
    Code::MxWithoutAddress,
    Code::MxPrivateAddress,
    Code::MxWithoutIpv4,
    Code::MxWithoutIpv6,
    Code::MxEqual,
    Code::MxMany,
    Code::NullMx,
    Code::WildcardMx,
    Code::MailOk,
];

/// Removes verdicts on records that only this host sees, as in the inner view of a split zone: others take the records of the servers.
pub(super) fn without_inner_view(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    let domain = facts.subject.domain.as_str();
    for (name, kind) in answered(facts) {
        if difference(facts, (name, kind)).is_none() {
            continue;
        }
        let codes: &[Code] = match kind {
            "TXT" if name == domain => &[Code::SpfMissing, Code::SpfOpenEnd, Code::SpfOk],
            "TXT" => &[Code::DmarcMissing, Code::DmarcNone, Code::DmarcOk],
            _ => &ON_MAIL,
        };
        findings.retain(|finding| !codes.contains(&finding.code));
    }
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let domain = Some(facts.subject.domain.clone()).filter(|domain| !domain.is_empty());
    let names = domain.into_iter().chain(facts.subject.address.map(reverse));
    let told = names.filter_map(|name| Some(of_name(facts, &name, facts.configured_at(&name)?)));
    let others = others(facts).map(|evidence| Finding::new(Code::ConfiguredHere, evidence));
    told.chain(others).chain(differs(facts)).collect()
}

/// The finding about a name. If it gives no answer, that explains all that could not be told, and so comes before it.
fn of_name(facts: &DomainFacts, name: &str, by: &str) -> Finding {
    let evidence = format!("{name} is answered by {by}");
    match facts.lookup(name, "SOA") {
        LookupFound::Circle(why) | LookupFound::Unknown(why) => {
            let finding =
                Finding::new(Code::ConfiguredHere, format!("{evidence}, and could not be looked up: {why}"));
            finding.at(Level::CouldNotTell).of(Part::Delegation)
        }
        _ => Finding::new(Code::ConfiguredHere, evidence),
    }
}

/// The other names of the zone that the configuration answers, as one text. The answer for the domain itself is told once.
fn others(facts: &DomainFacts) -> Option<String> {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    if domain.is_empty() {
        return None;
    }
    let mut names = BTreeMap::<&str, &str>::new();
    for (want, got) in &facts.got {
        if let (Want::Lookup { name, .. }, Got::Reply(reply)) = (want, got)
            && let Some(by) = reply.configured.as_deref()
            && name != domain
            && is_within(name, apex)
            && facts.configured() != Some(by)
        {
            names.insert(name, by);
        }
    }
    let told = names
        .into_iter()
        .map(|(name, by)| format!("{name} is answered by {by}{}", instead(facts, name)))
        .collect::<Vec<_>>();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The records of the configuration, where the records of the servers were judged instead.
fn instead(facts: &DomainFacts, wanted: &str) -> String {
    let differing = facts.cached.iter().filter_map(|(want, here)| match want {
        Want::Lookup { name, kind } if name == wanted => {
            let now = own_records(facts.lookup(name, kind).reply()?, name, kind)?;
            let here = in_words(&own_records(here, name, kind)?, kind);
            Some(format!("{kind} here: {here}; at the servers of the zone: {}", in_words(&now, kind)))
        }
        _ => None,
    });
    let told = differing.collect::<Vec<_>>().join("; ");
    if told.is_empty() { told } else { format!(" ({told})") }
}

#[cfg(test)]
mod tests {
    use super::super::{cached, current};
    use super::*;
    use crate::check::domain::facts::lookup;
    use crate::check::domain::facts::tests::{TWO_SERVERS, facts};

    #[test]
    fn a_configured_zone_without_an_answer_is_told_before_all_that_is_unknown() {
        let of = |rcode: &str| {
            let mut facts = facts("a.test.", &format!("lookup a.test. SOA {rcode}"));
            let Some(Got::Reply(reply)) = facts.got.get_mut(&lookup("a.test.", "SOA")) else { panic!() };
            reply.configured = Some("[[zone]] a.test, which forwards to 192.0.2.1".to_owned());
            let first = crate::check::domain::judge(&facts).remove(0);
            (first.code, first.level, first.evidence)
        };
        let (code, level, evidence) = of("SERVFAIL");
        assert_eq!((code, level), (Code::ConfiguredHere, Level::CouldNotTell));
        let begin = "a.test. is answered by [[zone]] a.test, which forwards to 192.0.2.1, and could not be looked up: ";
        assert!(evidence.starts_with(begin), "{evidence}");
    }

    #[test]
    fn the_inner_view_of_a_split_zone_is_no_fault_of_the_domain() {
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
            crate::check::domain::judge(&facts).into_iter().map(|finding| finding.code).collect()
        };
        let other = of("10 mx.b.test.");
        assert!(other.contains(&Code::ConfiguredDiffers), "{other:?}");
        assert!(!other.contains(&Code::SpfMissing) && !other.contains(&Code::MxPrivateAddress), "{other:?}");
        let same = of("5 in.a.test.");
        assert!(same.contains(&Code::MxPrivateAddress), "others see it too: {same:?}");
    }

    #[test]
    fn a_configured_name_below_the_domain_is_told_and_its_records_are_not_called_old() {
        let lines = "
            lookup a.test. SOA | ns1.a.test. h. 7 2 3 4 5
            lookup test. SOA | ns.test. h. 1 2 3 4 5
            lookup test. NS | ns.test.
            lookup ns.test. A | 198.18.9.1
            lookup ns1.a.test. A | 198.18.1.1
            lookup mx.a.test. A | 10.9.9.9
            lookup mx.a.test. AAAA
            lookup b.test. A | 10.9.9.9
            server 198.18.9.1 a.test. NS udp | >a.test. NS ns1.a.test.
            server 198.18.1.1 a.test. SOA udp aa | ns1.a.test. h. 7 2 3 4 5
            server 198.18.1.1 mx.a.test. A udp aa | 198.18.7.1";
        let mut facts = facts("a.test.", lines);
        let old = {
            let mut facts = facts.clone();
            current::adopt(&mut facts);
            (check(&facts).len(), !cached::check(&facts).is_empty())
        };
        assert_eq!(old, (0, true), "without configuration");
        for (name, kind) in [("mx.a.test.", "A"), ("mx.a.test.", "AAAA"), ("b.test.", "A")] {
            let Some(Got::Reply(reply)) = facts.got.get_mut(&lookup(name, kind)) else { panic!("{name}") };
            reply.configured = Some("[[host]] mx.a.test".to_owned());
        }
        current::adopt(&mut facts);
        assert_eq!(facts.addresses("mx.a.test.").len(), 1);
        assert_eq!(facts.data("mx.a.test.", "A"), ["198.18.7.1"], "the domain is judged as others see it");
        assert_eq!(cached::check(&facts), Vec::new());
        let told: Vec<String> = check(&facts).into_iter().map(|finding| finding.evidence).collect();
        assert_eq!(
            told,
            [
                "mx.a.test. is answered by [[host]] mx.a.test (A here: 10.9.9.9; at the servers of the zone: 198.18.7.1)"
            ]
        );
    }
}
