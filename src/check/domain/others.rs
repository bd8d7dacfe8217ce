//! The answers of other resolvers, public ones and those in resolv.conf, compared with the servers of the zone.
//!
//! RFC 1035 section 3.2.1 (TTL), RFC 2308 section 5 (negative answers). A resolver may be asked over TLS (RFC 7858) or HTTPS
//! (RFC 8484): some networks change or block queries to other resolvers over UDP.
//!
//! # Decisions
//!
//! - Other records are old where something shows it (`old_at_others`), or the resolver has name servers from before a move
//!   (`former_servers`). Otherwise they may be of a zone, a filter or a forwarder of the resolver, and it cannot be told.
//! - A resolver that denies the domain in the words of the zone above has asked before this zone delegated it (`kept_denial`).
//! - A resolver that fails is asked for its DS records without validation (`old_keys`).
//! - The DMARC record that applies is asked for too: the policy of a receiver is the one that its resolver has.
//! - The serial is asked only of a resolver with other records.
//! - The addresses of mail hosts in the zone are compared too: a resolver with an old one sends mail to the old host. Web servers may
//!   have an address for each place, but mail hosts hardly ever have.
//!
//! These questions come last, and each resolver is asked for the MX records first: a resolver that does not answer costs little
//! time. One that refuses them is asked for the root: if it answers, it refuses the domain alone.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::codes::Code;
use super::facts::{
    BOUND_REACHED, DomainFacts, Got, NoReply, OtherResolver, ReplyFacts, ReplySecurity, Want, is_within,
};
use super::finding::{Finding, Level};
use super::former_servers::Until;
use super::old_at_others::{Shown, shown};
use super::other_resolvers::{ask, current, resolvers};
use super::record_set::{final_records, in_words, is_known, negative_ttl, positive_ttl};
use super::{
    compared, configured, dmarc, former_servers, kept_denial, mail, old_keys, remedies, steady, zone,
};
use crate::clock::minute;
use crate::limits::{MAX_CHECK_QUESTIONS, MAX_EVIDENCE, MAX_HOSTS_AT_OTHERS, MAX_REPEATED_ANSWERS};
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
            matches!(judge(facts, resolver, (name, kind)), Some(Seen::Old { .. } | Seen::Differs(..)))
        };
        if questions.iter().any(differs) {
            wants.push(ask(resolver, zone::apex(facts), "SOA"));
        }
    }
    let of_policy = of_policy(facts, &wants);
    let differs = |resolver: &&OtherResolver| {
        let judged = policy(facts).and_then(|(name, kind)| judge(facts, resolver, (&name, kind)));
        matches!(judged, Some(Seen::Old { .. } | Seen::Differs(..)))
    };
    wants.extend(resolvers(facts).filter(differs).map(|resolver| ask(resolver, zone::apex(facts), "SOA")));
    wants.extend(of_policy);
    let others: Vec<_> =
        resolvers(facts).map(|resolver| (resolver, other_records(facts, resolver))).collect();
    wants.extend(former_servers::wants(facts, &others));
    wants.extend(repeated(facts, &others));
    let failing = resolvers(facts).filter(|resolver| fails(facts, resolver));
    wants.extend(old_keys::wants(facts, &failing.collect::<Vec<_>>()));
    wants
}

/// The questions that show whether the servers of the zone give the addresses of mail hosts in turn, if there is room for all of them.
fn repeated(facts: &DomainFacts, others: &[(&OtherResolver, Vec<(String, &'static str)>)]) -> Vec<Want> {
    let differing: BTreeSet<&(String, &'static str)> = others.iter().flat_map(|(_, others)| others).collect();
    let of_addresses = differing.into_iter().filter(|(_, kind)| ["A", "AAAA"].contains(kind));
    let repeated = of_addresses.flat_map(|(name, kind)| {
        let (sets, _) = compared::sets(facts, (name, kind));
        steady::wants((name, kind), &sets)
    });
    let repeated: Vec<Want> = repeated.take(MAX_REPEATED_ANSWERS).collect();
    let new = repeated.iter().filter(|want| !facts.got.contains_key(want)).count();
    if facts.spent() + new <= MAX_CHECK_QUESTIONS { repeated } else { Vec::new() }
}

/// Whether a resolver fails for the domain.
fn fails(facts: &DomainFacts, resolver: &OtherResolver) -> bool {
    let fails = |(name, kind): &(String, &'static str)| {
        matches!(judge(facts, resolver, (name, kind)), Some(Seen::Fails(_)))
    };
    questions(facts).iter().any(fails)
}

/// The lookups of which a resolver has other records than the zone.
fn other_records(facts: &DomainFacts, resolver: &OtherResolver) -> Vec<(String, &'static str)> {
    let differs = |(name, kind): &(String, &'static str)| {
        matches!(judge(facts, resolver, (name, kind)), Some(Seen::Old { .. } | Seen::Differs(..)))
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
    Old { text: String, end: u64, is_certain: bool },
    Differs(String, u64),
    Elsewhere(String),
    Hidden(String),
    Fails(String),
    Unknown(String),
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
    let is_denied = || reply.rcode == "NXDOMAIN" && kept_denial::is_denied_by_own(facts, name);
    if is_known(reply) && (sets.contains(&seen) || seen.is_empty() && is_denied()) {
        return Some(Seen::Same);
    }
    let told = in_words(&seen, kind);
    let in_turn = steady::in_turn(facts, (name, kind));
    if is_known(reply) && in_turn.as_ref().is_some_and(|sets| sets.contains(&seen)) {
        return Some(Seen::Same);
    }
    let is_host = || mail::hosts(facts).iter().any(|host| host == name);
    let found = match difference(reply, (name, kind), &seen, facts.subject.unix) {
        Difference::Elsewhere if in_turn.is_none() && is_host() => {
            let ttl = positive_ttl(reply, kind).unwrap_or_default();
            Difference::Other(facts.subject.unix.saturating_add(ttl.into()))
        }
        found => found,
    };
    Some(match found {
        Difference::Other(end) => {
            let other = format!("{by}: {told} until {}", minute(end));
            match shown(facts, resolver, reply, (name, kind)) {
                Some(Shown { words, is_certain }) => {
                    Seen::Old { text: format!("{other}: {words}"), end, is_certain }
                }
                None if !reply.authoritative && former_servers::are_at(facts, resolver) => {
                    Seen::Old { text: other, end, is_certain: true }
                }
                None => Seen::Differs(other, end),
            }
        }
        Difference::Elsewhere => Seen::Elsewhere(format!("{by}: {told}")),
        Difference::Hidden => {
            let told = if seen.is_empty() { reply.rcode.clone() } else { told };
            Seen::Hidden(format!("{by}: {told} instead of {}", in_words(here, kind)))
        }
        Difference::Fails if reply.why.is_empty() => Seen::Fails(format!("{by}: SERVFAIL")),
        Difference::Fails => Seen::Fails(format!("{by}: SERVFAIL ({})", reply.why)),
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
    let (mut unknown, mut same, mut denials) = (Vec::new(), BTreeSet::new(), Vec::new());
    for resolver in resolvers(facts) {
        if let Some(denial) = kept_denial::at(facts, resolver) {
            denials.push(denial);
            continue;
        }
        let mut of_resolver = OldAt { resolver, texts: Vec::new(), end: 0, is_certain: false };
        for (name, kind) in questions(facts).into_iter().chain(policy(facts)) {
            match judge(facts, resolver, (&name, kind)) {
                None => {}
                Some(Seen::Same) => {
                    same.insert(resolver.name.as_str());
                }
                Some(Seen::Old { text, end, is_certain }) => {
                    of_resolver.end = of_resolver.end.max(end);
                    of_resolver.is_certain |= is_certain;
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
    let differs = !(old.is_empty() && differing.is_empty() && denials.is_empty());
    let heard = differs || !(hidden.is_empty() && fails.is_empty() && same.is_empty());
    let mut findings = Vec::new();
    findings.extend(of_old(facts, &old));
    findings.extend(kept_denial::finding(&denials));
    if !differing.is_empty() {
        let evidence =
            format!("{}. Their TTL has ended by {}", differing.join("; "), minute(differing_until));
        findings.push(Finding::new(Code::OthersDiffer, evidence));
    }
    findings.extend(of_failures(facts, &fails));
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

/// The finding about resolvers that fail, with these failures in words.
fn of_failures(facts: &DomainFacts, failures: &[String]) -> Option<Finding> {
    let failing = resolvers(facts).filter(|resolver| fails(facts, resolver));
    let is_told = failures.is_empty() || is_bogus_here(facts);
    (!is_told).then(|| old_keys::explained(facts, &failures.join("; "), failing))
}

/// The old records of a resolver.
struct OldAt<'f> {
    resolver: &'f OtherResolver,
    texts: Vec<String>,
    /// The last end of their TTL.
    end: u64,
    /// Whether something shows that one of them is old.
    is_certain: bool,
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
    let moment = minute(end.next_multiple_of(60));
    let told = match old.iter().any(|old| old.is_certain) {
        true => format!("They have the new records by {moment}"),
        false => format!("If they are old, these resolvers have the new records by {moment}"),
    };
    let moment = format!("{words}. {told}{bound}");
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
