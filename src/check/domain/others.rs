//! The answers of other resolvers, public ones and those in resolv.conf, compared with the servers of the zone.
//!
//! RFC 1035 section 3.2.1 (TTL), RFC 2308 section 5 (negative answers). A resolver may be asked over TLS (RFC 7858) or HTTPS
//! (RFC 8484): some networks change or block queries to other resolvers over UDP.
//!
//! # Decisions
//!
//! - Other records are old only where something shows it, as after a change of the MX records: the resolver's SOA record has an older
//!   serial than each server of the zone, the signatures have ended (`old_answer`), or the resolver has name servers from before a move
//!   (`former_servers`). Otherwise they may be of a zone, a filter or a forwarder of the resolver, and it cannot be told.
//! - Public resolvers have no such zones, so that their other MX and TXT records are old. Addresses may be those of
//!   another place; hardly any zone has mail hosts by place, and the remedy tells of it.
//! - The DMARC record that applies is asked for too: the policy of a receiver is the one that its resolver has.
//! - The serial is asked only of a resolver with other records.
//! - The addresses of mail hosts in the zone are compared too: a resolver with an old one sends mail to the old host. Web servers may
//!   have an address for each place, but mail hosts hardly ever have.
//!
//! These questions come last, and each resolver is asked for the MX records first: a resolver that does not answer costs little
//! time. One that refuses them is asked for the root: if it answers, it refuses the domain alone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{
    BOUND_REACHED, DomainFacts, Got, NoReply, OtherResolver, QueryForm, ReplyFacts, ReplySecurity, Want,
    is_within,
};
use super::finding::{Finding, Level};
use super::former_servers::Until;
use super::old_answer::{ended_signature, older_serial};
use super::other_resolvers::{ask, current, resolvers};
use super::public_resolvers::is_public;
use super::record_set::{final_records, in_words, is_known, negative_ttl, positive_ttl};
use super::{compared, configured, dmarc, former_servers, mail, parents, remedies, served, zone};
use crate::clock::minute;
use crate::limits::{MAX_CHECK_QUESTIONS, MAX_EVIDENCE, MAX_HOSTS_AT_OTHERS};
use crate::wire::presentation;

/// The question that every resolver answers which serves this host: it tells one that refuses the domain alone from one that refuses all.
const CONTROL: (&str, &str) = (".", "SOA");

/// The types that are asked for at the domain itself; NS records are asked for at the apex.
const TYPES: [&str; 4] = ["MX", "A", "AAAA", "TXT"];

fn questions(facts: &DomainFacts) -> Vec<(String, &'static str)> {
    let (domain, apex) = (facts.subject.domain.as_str(), zone::apex(facts));
    let mut questions: Vec<_> = TYPES.into_iter().map(|kind| (domain.to_owned(), kind)).collect();
    questions.push((apex.to_owned(), "NS"));
    let mut hosts = mail::hosts(facts);
    hosts.retain(|host| host != domain && is_within(host, apex));
    for host in hosts.into_iter().take(MAX_HOSTS_AT_OTHERS) {
        questions.extend(["A", "AAAA"].map(|kind| (host.clone(), kind)));
    }
    questions
}

/// The question for the DMARC record that applies, if it is known here.
fn policy(facts: &DomainFacts) -> Option<(String, &'static str)> {
    let at = dmarc::applied_at(facts);
    facts.lookup(&at, "TXT").is_known().then_some((at, "TXT"))
}

/// The questions for this record to resolvers that have answered the others, if there is room for all of them.
fn of_policy(facts: &DomainFacts, others: &[Want]) -> Vec<Want> {
    let is_asked = |want: &Want| facts.got.contains_key(want);
    let answers = |resolver: &&OtherResolver| {
        let mail = facts.got.get(&ask(resolver, &facts.subject.domain, "MX"));
        matches!(mail, Some(Got::Reply(reply)) if !is_refusal(reply))
    };
    let asked = policy(facts).filter(|_| others.iter().all(is_asked)).map(|(name, kind)| {
        resolvers(facts).filter(answers).map(|resolver| ask(resolver, &name, kind)).collect::<Vec<Want>>()
    });
    let asked = asked.unwrap_or_default();
    let new = asked.iter().filter(|want| !is_asked(want)).count();
    if facts.got.len() + new <= MAX_CHECK_QUESTIONS { asked } else { Vec::new() }
}

/// The questions that are needed next.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    let domain = facts.subject.domain.as_str();
    let mut wants = Vec::new();
    // They cannot know it.
    if zone::is_here_only(facts) {
        return wants;
    }
    for resolver in resolvers(facts) {
        wants.push(ask(resolver, domain, "MX"));
        match facts.got.get(&ask(resolver, domain, "MX")) {
            // It refuses the other questions too.
            Some(Got::Reply(reply)) if is_refusal(reply) => {
                wants.push(ask(resolver, CONTROL.0, CONTROL.1));
                continue;
            }
            Some(Got::Reply(_)) => {}
            _ => continue,
        }
        let questions = questions(facts);
        wants.extend(questions.iter().map(|(name, kind)| ask(resolver, name, kind)));
        let differs = |(name, kind): &(String, &'static str)| {
            matches!(judge(facts, resolver, (name, kind)), Some(Seen::Old(..) | Seen::Differs(..)))
        };
        if questions.iter().any(differs) {
            wants.push(ask(resolver, zone::apex(facts), "SOA"));
        }
    }
    let of_policy = of_policy(facts, &wants);
    let differs = |resolver: &&OtherResolver| {
        let judged = policy(facts).and_then(|(name, kind)| judge(facts, resolver, (&name, kind)));
        matches!(judged, Some(Seen::Old(..) | Seen::Differs(..)))
    };
    wants.extend(resolvers(facts).filter(differs).map(|resolver| ask(resolver, zone::apex(facts), "SOA")));
    wants.extend(of_policy);
    let others: Vec<_> =
        resolvers(facts).map(|resolver| (resolver, other_records(facts, resolver))).collect();
    wants.extend(former_servers::wants(facts, &others));
    wants
}

/// The lookups of which a resolver has other records than the zone.
fn other_records(facts: &DomainFacts, resolver: &OtherResolver) -> Vec<(String, &'static str)> {
    let differs = |(name, kind): &(String, &'static str)| {
        matches!(judge(facts, resolver, (name, kind)), Some(Seen::Old(..) | Seen::Differs(..)))
    };
    questions(facts).into_iter().chain(policy(facts)).filter(differs).collect()
}

/// Whether no question was left for a resolver.
pub(super) fn are_left_out(facts: &DomainFacts) -> bool {
    let is_left_out =
        |resolver: &OtherResolver| match facts.got.get(&ask(resolver, &facts.subject.domain, "MX")) {
            Some(Got::NoReply(NoReply::Unknown(why))) => why == BOUND_REACHED,
            _ => false,
        };
    resolvers(facts).any(is_left_out)
}

fn is_refusal(reply: &ReplyFacts) -> bool {
    reply.rcode == "REFUSED"
}

/// Whether a resolver that has refused a question serves this host; none if it could not be told.
fn serves(facts: &DomainFacts, resolver: &OtherResolver) -> Option<bool> {
    let reply = |name: &str, kind| match facts.got.get(&ask(resolver, name, kind))? {
        Got::Reply(reply) => Some(reply),
        _ => None,
    };
    let is_answered = |(name, kind): &(String, &'static str)| reply(name, kind).is_some_and(is_known);
    if questions(facts).iter().any(is_answered) {
        return Some(true);
    }
    match reply(CONTROL.0, CONTROL.1)? {
        control if is_refusal(control) => Some(false),
        // A server of zones may refer to the root.
        control => control.data(CONTROL.1).next().map(|_| true),
    }
}

/// Whether a server of the zone denies the zone, or one of the zone above: then a resolver that denies a name in it hides nothing.
fn is_denied_by_own(facts: &DomainFacts, name: &str) -> bool {
    let apex = zone::apex(facts);
    let denies = |server: IpAddr| match facts.server(server, apex, "SOA", QueryForm::Udp) {
        Some(Got::Reply(reply)) => reply.authoritative && reply.rcode == "NXDOMAIN",
        _ => false,
    };
    let is_denied = || zone::servers(facts).into_keys().any(denies) || parents::is_denied_by_one(facts);
    is_within(name, apex) && is_denied()
}

/// The difference between the answer of a resolver and the records of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// Other records, whose TTL ends at this moment in seconds since 1970.
    Other(u64),
    /// Other addresses: of another place, or old.
    Elsewhere,
    /// The name or its records are withheld.
    Hidden,
    /// The resolver fails.
    Fails,
    /// The resolver does not serve this host, or its answer tells nothing.
    Unknown,
}

/// The cause of an answer of a resolver, `seen`, that is not that of the zone.
pub(super) fn difference(
    reply: &ReplyFacts,
    (name, kind): (&str, &str),
    seen: &BTreeSet<String>,
    unix: u64,
) -> Difference {
    let until = |ttl: u32| Difference::Other(unix.saturating_add(ttl.into()));
    match reply.rcode.as_str() {
        "SERVFAIL" => Difference::Fails,
        "NOERROR" | "NXDOMAIN" if seen.is_empty() => {
            negative_ttl(reply, name).map_or(Difference::Hidden, until)
        }
        "NOERROR" if seen.iter().all(|data| is_sinkhole(data)) => Difference::Hidden,
        "NOERROR" if kind == "A" || kind == "AAAA" => Difference::Elsewhere,
        "NOERROR" => until(positive_ttl(reply, kind).unwrap_or_default()),
        _ => Difference::Unknown,
    }
}

/// The judgment of one answer of a resolver.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Same,
    Old(String, u64),
    Differs(String, u64),
    Elsewhere(String),
    Hidden(String),
    Fails(String),
    Unknown(String),
}

/// The oldest serial of the servers of the zone; none if they cannot be compared. Each provider of a zone may have serials of its own.
fn oldest_serial(facts: &DomainFacts) -> Option<u32> {
    let soa = |server| served::soa(facts, server).and_then(zone::soa);
    let servers = zone::delegated_servers(facts).into_keys();
    let serials: BTreeMap<u32, ()> = servers.filter_map(soa).map(|soa| (soa.serial, ())).collect();
    zone::newest(&serials)?;
    serials
        .keys()
        .copied()
        .find(|one| serials.keys().all(|other| one == other || zone::is_older(*one, *other)))
}

/// Why other records of a resolver are old, in words; none if nothing shows it. A resolver with authority has a zone of its own.
fn shown(
    facts: &DomainFacts,
    resolver: &OtherResolver,
    reply: &ReplyFacts,
    (name, kind): (&str, &'static str),
) -> Option<String> {
    if reply.authoritative {
        return None;
    }
    let (apex, of_zone) = (zone::apex(facts), oldest_serial(facts));
    let of_soa = || match facts.got.get(&ask(resolver, apex, "SOA"))? {
        Got::Reply(reply) if !reply.authoritative => older_serial(reply, apex, of_zone),
        _ => None,
    };
    older_serial(reply, apex, of_zone)
        .or_else(|| ended_signature(reply, name, facts.subject.unix))
        .or_else(of_soa)
        .or_else(|| of_public(facts, resolver, reply, (name, kind)))
}

/// Why other records of a public resolver are old, in words. A server of the zone that was not heard may give them, and so may one at
/// another place that has a newer zone.
fn of_public(
    facts: &DomainFacts,
    resolver: &OtherResolver,
    reply: &ReplyFacts,
    lookup: (&str, &'static str),
) -> Option<String> {
    let is_newer = || match facts.got.get(&ask(resolver, zone::apex(facts), "SOA")) {
        Some(Got::Reply(reply)) => {
            let servers = zone::delegated_servers(facts).into_keys();
            let mut serials = servers.filter_map(|server| zone::serial_at(facts, server));
            zone::soa(reply).is_some_and(|soa| serials.any(|serial| zone::is_older(serial, soa.serial)))
        }
        _ => false,
    };
    let has_records = reply.data(lookup.1).next().is_some();
    let is_old = ["MX", "TXT"].contains(&lookup.1)
        && has_records
        && is_public(resolver)
        && !is_newer()
        && !zone::delegated_servers(facts)
            .into_keys()
            .any(|server| compared::may_give(facts, server, lookup));
    is_old.then(|| {
        "no server of the zone gives them to this host, and public resolvers have no zones of their own"
            .to_owned()
    })
}

fn judge(facts: &DomainFacts, resolver: &OtherResolver, (name, kind): (&str, &'static str)) -> Option<Seen> {
    let by = format!("{} {name} {kind}", resolver.name);
    let reply = match facts.got.get(&ask(resolver, name, kind))? {
        Got::Reply(reply) => reply,
        Got::NoReply(lost) => return Some(Seen::Unknown(format!("{by}: {}", lost.words()))),
        Got::Lists(_) | Got::MailHost(_) | Got::PolicyFile(_) => return None,
    };
    let sets = current(facts, name, kind);
    let here = sets.first()?;
    // Behind an alias are the name servers of the target, which are not those of the zone.
    let seen =
        if kind == "NS" { zone::named(&reply.answers, name).collect() } else { final_records(reply, kind) };
    let is_denied = || reply.rcode == "NXDOMAIN" && is_denied_by_own(facts, name);
    if is_known(reply) && (sets.contains(&seen) || seen.is_empty() && is_denied()) {
        return Some(Seen::Same);
    }
    let told = in_words(&seen, kind);
    let found = match difference(reply, (name, kind), &seen, facts.subject.unix) {
        Difference::Elsewhere if mail::hosts(facts).iter().any(|host| host == name) => {
            let ttl = positive_ttl(reply, kind).unwrap_or_default();
            Difference::Other(facts.subject.unix.saturating_add(ttl.into()))
        }
        found => found,
    };
    Some(match found {
        Difference::Other(end) => {
            let other = format!("{by}: {told} until {}", minute(end));
            match shown(facts, resolver, reply, (name, kind)) {
                Some(shown) => Seen::Old(format!("{other}: {shown}"), end),
                None if !reply.authoritative && former_servers::are_at(facts, resolver) => {
                    Seen::Old(other, end)
                }
                None => Seen::Differs(other, end),
            }
        }
        Difference::Elsewhere => Seen::Elsewhere(format!("{by}: {told}")),
        Difference::Hidden => {
            let told = if seen.is_empty() { reply.rcode.clone() } else { told };
            Seen::Hidden(format!("{by}: {told} instead of {}", in_words(here, kind)))
        }
        Difference::Fails => Seen::Fails(format!("{by}: SERVFAIL")),
        Difference::Unknown if is_refusal(reply) => match serves(facts, resolver) {
            Some(true) => {
                Seen::Hidden(format!("{by}: REFUSED, and the resolver answers this host otherwise"))
            }
            Some(false) => Seen::Unknown(format!("{by}: {}", no_answer(reply))),
            None => Seen::Unknown(format!("{by}: REFUSED")),
        },
        Difference::Unknown => Seen::Unknown(format!("{by}: {}", no_answer(reply))),
    })
}

/// A reply that is no answer, in words.
pub(super) fn no_answer(reply: &ReplyFacts) -> String {
    match reply.rcode.as_str() {
        "REFUSED" => "REFUSED, the resolver does not serve this host".to_owned(),
        rcode => rcode.to_owned(),
    }
}

/// An address that filters give in place of the real one.
pub(super) fn is_sinkhole(data: &str) -> bool {
    data.trim_end_matches('.')
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_unspecified() || address.is_loopback())
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let (mut old, mut differing, mut differing_until) = (Vec::new(), Vec::new(), 0);
    let (mut hidden, mut fails, mut elsewhere) = (Vec::new(), Vec::new(), Vec::new());
    let (mut unknown, mut same) = (Vec::new(), BTreeSet::new());
    for resolver in resolvers(facts) {
        let mut of_resolver = OldAt { resolver, texts: Vec::new(), end: 0 };
        for (name, kind) in questions(facts).into_iter().chain(policy(facts)) {
            match judge(facts, resolver, (&name, kind)) {
                None => {}
                Some(Seen::Same) => {
                    same.insert(resolver.name.as_str());
                }
                Some(Seen::Old(text, until)) => {
                    of_resolver.end = of_resolver.end.max(until);
                    of_resolver.texts.push(text);
                }
                Some(Seen::Differs(text, until)) => {
                    differing_until = differing_until.max(until);
                    differing.push(text);
                }
                Some(Seen::Elsewhere(text)) => elsewhere.push(text),
                Some(Seen::Hidden(text)) => hidden.push(text),
                Some(Seen::Fails(text)) => fails.push(text),
                Some(Seen::Unknown(text)) => unknown.push(text),
            }
        }
        old.extend((!of_resolver.texts.is_empty()).then_some(of_resolver));
    }
    let differs = !(old.is_empty() && differing.is_empty());
    let heard = differs || !(hidden.is_empty() && fails.is_empty() && same.is_empty());
    let mut findings = Vec::new();
    findings.extend(of_old(facts, &old));
    if !differing.is_empty() {
        let evidence =
            format!("{}. Their TTL has ended by {}", differing.join("; "), minute(differing_until));
        findings.push(Finding::new(Code::OthersDiffer, evidence));
    }
    if !fails.is_empty() && !is_bogus_here(facts) {
        findings.push(Finding::new(Code::OthersFail, fails.join("; ")));
    }
    if !hidden.is_empty() {
        findings.push(Finding::new(Code::OthersHide, hidden.join("; ")));
    }
    if !elsewhere.is_empty() {
        findings.push(Finding::new(Code::OthersElsewhere, elsewhere.join("; ")));
    }
    // `NsMany` tells that questions were left out.
    let is_explained = unknown.iter().all(|text| text.ends_with(BOUND_REACHED));
    if !unknown.is_empty() && !is_explained {
        let level = if heard { Level::Note } else { Level::CouldNotTell };
        findings.push(Finding::new(Code::OthersUnknown, unknown.join("; ")).at(level));
    }
    // They see the records of the servers, and this host sees others.
    if findings.is_empty() && !same.is_empty() && configured::differs(facts).is_none() {
        findings.push(Finding::new(Code::OthersOk, same.into_iter().collect::<Vec<_>>().join(", ")));
    }
    findings
}

/// The old records of a resolver.
struct OldAt<'f> {
    resolver: &'f OtherResolver,
    texts: Vec<String>,
    /// The last end of their TTL.
    end: u64,
}

/// The finding about old records, with the time by which all resolvers have the new ones.
fn of_old(facts: &DomainFacts, old: &[OldAt<'_>]) -> Option<Finding> {
    let until = |old: &OldAt<'_>| {
        let lookups = other_records(facts, old.resolver);
        former_servers::until(facts, (old.resolver, &lookups), old.end)
    };
    let until: Vec<Until> = old.iter().map(until).collect();
    let end = until.iter().map(|until| until.end).max()?;
    let words: BTreeSet<&str> = until.iter().map(|until| until.words.as_str()).collect();
    let words: String =
        words.into_iter().filter(|words| !words.is_empty()).map(|words| format!("; {words}")).collect();
    let is_bound = until.iter().any(|until| until.is_bound);
    let bound = if is_bound {
        ", at the latest, unless the old records have a longer TTL than the new ones"
    } else {
        ""
    };
    let moment = format!("{words}. They have the new records by {}{bound}", minute(end.next_multiple_of(60)));
    let texts: Vec<&str> = old.iter().flat_map(|old| &old.texts).map(String::as_str).collect();
    // The moment is the answer: many records before it do not cut it off.
    let mut finding = Finding::new(Code::OthersOld, texts.join("; "));
    finding.evidence.push_str(&presentation::shown(&moment, MAX_EVIDENCE));
    let may_be_prolonged = until.iter().any(|until| until.may_be_prolonged);
    Some(if may_be_prolonged { finding.to_do(remedies::FORMER_SERVERS) } else { finding })
}

/// Whether the daemon finds the domain bogus itself: then the failures of others only repeat that.
fn is_bogus_here(facts: &DomainFacts) -> bool {
    let bogus = |(want, got): (&Want, &Got)| match (want, got) {
        (Want::Lookup { name, .. }, Got::Reply(reply)) => {
            *name == facts.subject.domain && reply.security == ReplySecurity::Bogus
        }
        _ => false,
    };
    facts.got.iter().any(bogus)
}

#[cfg(test)]
#[path = "others_tests.rs"]
mod tests;
