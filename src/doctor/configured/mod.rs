//! Names that the configuration of this host answers, in the place of the internet: `[[zone]]`, `[[host]]`, `[[record]]`.

pub(crate) mod current;
pub(crate) mod outside;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::codes::Code;
use crate::facts::record_set::{ADDRESS_TTL, in_words, own_records};
use crate::facts::{
    DomainFacts, Got, LookupFound, QueryForm, ReplyFacts, Want, addresses, at_server, canonical, is_within,
    lookup, private_address, reverse, strings,
};
use crate::finding::{Finding, Level};
use crate::limits::MAX_CHECKED_HOSTS;
use crate::part::{About, Part};
use crate::spf::record::is_spf;
use crate::{elsewhere, mail, zone};

/// The next questions: to servers of the zone, about records that the configuration answers.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let (lookups, servers) = (answered(facts), outside::servers(facts));
    let ask = |(name, kind): (&str, &'static str)| {
        let asked = servers.iter().map(|server| at_server(*server, name, kind, QueryForm::Udp));
        asked.collect::<Vec<Want>>()
    };
    let of_hosts =
        outside::hosts(facts).into_iter().flat_map(|(name, kind)| elsewhere::of_zone(facts, (&name, kind)));
    let inside = inside_hosts(facts).into_iter().flat_map(|host| addresses(&host));
    lookups.into_iter().flat_map(ask).chain(of_hosts).chain(inside).collect()
}

/// The mail hosts that the configuration names for the domain.
fn inside_hosts(facts: &DomainFacts) -> Vec<String> {
    let domain = facts.subject.domain.as_str();
    let Some(reply) = here(facts, (domain, "MX")).filter(|reply| reply.configured.is_some()) else {
        return Vec::new();
    };
    let named = reply.data("MX").filter_map(|data| data.split_once(' '));
    named.map(|(_, host)| canonical(host.trim())).take(MAX_CHECKED_HOSTS).collect()
}

/// Whether the domain has an inside view here: its mail hosts have addresses, and all are private.
fn is_inside_view(facts: &DomainFacts) -> bool {
    let hosts = inside_hosts(facts);
    let of_host = |host: &String| -> Vec<IpAddr> {
        let lookups = ["A", "AAAA"].into_iter().filter_map(|kind| Some((kind, here(facts, (host, kind))?)));
        let found: Vec<&str> = lookups.flat_map(|(kind, reply)| reply.data(kind)).collect();
        found.into_iter().filter_map(|text| text.parse().ok()).collect()
    };
    let is_inside =
        |found: Vec<IpAddr>| !found.is_empty() && found.into_iter().all(private_address::is_private);
    !hosts.is_empty() && hosts.iter().map(of_host).all(is_inside)
}

/// Mail hosts in other zones that the configuration answers, and whose addresses others see were not found out, each with its evidence.
fn unseen(facts: &DomainFacts) -> Vec<(String, String)> {
    let lookups = outside::hosts(facts).into_iter();
    let unseen =
        lookups.filter(|(name, kind)| *kind == "A" && elsewhere::given(facts, (name, kind)).is_none());
    let told = unseen.filter_map(|(name, _)| {
        let by = facts.configured_at(&name)?;
        let evidence =
            format!("{name} is answered by {by}; not known: its address at the servers of its zone");
        Some((name, evidence))
    });
    told.collect()
}

/// The records of the daemon, where those of the servers are judged in their place.
fn here<'f>(facts: &'f DomainFacts, (name, kind): (&str, &'static str)) -> Option<&'f ReplyFacts> {
    facts.cached.get(&lookup(name, kind)).or_else(|| facts.lookup(name, kind).reply())
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
    let here = counted(here(facts, lookup)?, lookup)?;
    let (mut told, mut is_short) = (BTreeSet::<BTreeSet<String>>::new(), !here.is_empty());
    for server in outside::servers(facts) {
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

/// The finding that the domain has other records here than at its servers: a note of an inside view, which somebody has set up on purpose.
pub(super) fn differs(facts: &DomainFacts) -> Option<Finding> {
    let found: Vec<(Level, String)> =
        answered(facts).into_iter().filter_map(|lookup| difference(facts, lookup)).collect();
    let of_hosts = hosts_differ(facts);
    let worst = found.iter().chain(&of_hosts).map(|(level, _)| *level).min()?;
    let worst = if is_inside_view(facts) { Level::Note } else { worst };
    let in_text = |found: Vec<(Level, String)>| {
        let told: Vec<String> = found.into_iter().map(|(_, text)| text).collect();
        told.join("; ")
    };
    let by = facts.configured().map(|by| format!("{} is answered by {by}", facts.subject.domain));
    let of_domain = by.filter(|_| !found.is_empty()).map(|by| format!("{}. {by}", in_text(found)));
    let of_hosts = Some(in_text(of_hosts)).filter(|told| !told.is_empty());
    let evidence = of_domain.into_iter().chain(of_hosts).collect::<Vec<_>>().join("; ");
    Some(Finding::new(Code::ConfiguredDiffers, evidence).at(worst))
}

/// Differences between configured records of mail hosts and those of the servers, if the configuration answers for a host only, or for one
/// in another zone. A host with another address inside is usual, and mail from this host reaches it: that is a note. A host of the domain
/// with another public address gets its mail at another server.
fn hosts_differ(facts: &DomainFacts) -> Vec<(Level, String)> {
    let of_zone = hosts_of_zone(facts).into_iter().map(|lookup| (lookup, true));
    let elsewhere = outside::hosts(facts).into_iter().map(|lookup| (lookup, false));
    let differing = of_zone.chain(elsewhere).filter_map(|((name, kind), is_of_zone)| {
        let own = facts.cached.get(&lookup(&name, kind))?;
        let (here, now) =
            (own_records(own, &name, kind)?, own_records(facts.lookup(&name, kind).reply()?, &name, kind)?);
        let by = own.configured.as_deref()?;
        let is_public = |data: &str| data.parse().is_ok_and(|address| !private_address::is_private(address));
        let is_misled = is_of_zone && own.data(kind).any(is_public);
        let level = if is_misled { Level::Warning } else { Level::Note };
        let (here, now) = (in_words(&here, kind), in_words(&now, kind));
        Some((level, format!("{name} {kind} here: {here}; at the servers of the zone: {now} ({by})")))
    });
    differing.collect()
}

/// The lookups of the addresses of mail hosts in the zone, if the configuration does not answer for the domain itself.
fn hosts_of_zone(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    if facts.configured().is_some() {
        return Vec::new();
    }
    let hosts = mail::hosts(facts).into_iter().filter(|host| is_within(host, zone::apex(facts)));
    hosts.flat_map(|host| ["A", "AAAA"].map(|kind| (host.clone(), kind))).collect()
}

/// Verdicts on the MX records and on the mail hosts.
const ON_MAIL: [Code; 11] = [
    Code::MailNowhere,
    Code::NoMx,
    Code::MxIsAddress,
    Code::MxIsCname,
    Code::MxIsHere,
    Code::MxWithoutAddress,
    Code::MxPrivateAddress,
    Code::MxWithoutIpv4,
    Code::MxWithoutIpv6,
    Code::NullMx,
    Code::MailOk,
];

/// Removes verdicts on records that only this host sees, as in the inner view of a split zone, if the records that others take could not
/// be judged in their place.
pub(super) fn without_inner_view(facts: &DomainFacts, findings: &mut Vec<Finding>) {
    let domain = facts.subject.domain.as_str();
    for (name, kind) in answered(facts) {
        let is_replaced = facts.cached.contains_key(&lookup(name, kind));
        if is_replaced || difference(facts, (name, kind)).is_none() {
            continue;
        }
        let codes: &[Code] = match kind {
            "TXT" if name == domain => &[Code::SpfMissing, Code::SpfOpenEnd, Code::SpfOk],
            "TXT" => &[Code::DmarcMissing, Code::DmarcNone, Code::DmarcOk],
            _ => &ON_MAIL,
        };
        findings.retain(|finding| !codes.contains(&finding.code));
    }
    let unseen = unseen(facts);
    if !unseen.is_empty() {
        let of_hosts = [
            Code::MxPrivateAddress,
            Code::MxWithoutAddress,
            Code::MxWithoutIpv4,
            Code::MxWithoutIpv6,
            Code::MailOk,
        ];
        findings.retain(|finding| !of_hosts.contains(&finding.code));
        let (hosts, told): (Vec<String>, Vec<String>) = unseen.into_iter().unzip();
        let finding = Finding::new(Code::MailUnknown, told.join("; ")).of(Part::MailHosts);
        findings.push(finding.about(hosts.into_iter().map(About::Host)));
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
        LookupFound::Unknown(why) => {
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
    use super::*;
    use crate::configured::current;
    use crate::facts::lookup;
    use crate::facts::tests::{TWO_SERVERS, facts};

    #[test]
    fn a_configured_zone_without_an_answer_is_told_before_all_that_is_unknown() {
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
    fn a_mail_host_with_another_public_address_here_gets_the_mail_elsewhere() {
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
        let told = |here: &str| {
            format!("mx.a.test. A here: {here}; at the servers of the zone: 95.100.0.42 ([[host]] mx.a.test)")
        };
        assert_eq!(of("95.70.0.1"), Some((Level::Warning, told("95.70.0.1"))));
        assert_eq!(of("10.0.0.1"), Some((Level::Note, told("10.0.0.1"))));
        assert_eq!(of("95.100.0.42"), None);
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
