//! The lookups that resolvers of others are asked for, and one answer beside the records of the zone.
//!
//! # Decisions
//!
//! - Other records are old where something shows it (`old_at_others`), or the resolver has name servers from before a move
//!   (`former_servers`). Otherwise they may be of a zone, a filter or a forwarder of the resolver, and it cannot be told.
//! - The DMARC record that applies is asked for too: the policy of a receiver is the one that its resolver has.
//! - The addresses of mail hosts in the zone are compared too: a resolver with an old one sends mail to the old host. At public resolvers
//!   they may be those for their place or client, so that a difference that nothing shows to be old is none that counts.
//! - Of the texts of the domain itself only SPF counts: others prove to some service who owns the domain.
//! - An error with which a resolver says that it blocks the name (RFC 8914 sections 4.16 to 4.18) is no failure.
//! - A resolver without records hides nothing if a server of the zone gives broken answers (`broken_answers`): it fails because of these.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::facts::{DomainFacts, Got, OtherResolver, ReplyFacts, is_within};
use super::old_at_others::{Shown, may_be_by_client, shown};
use super::other_resolvers::{ask, current};
use super::record_set::{final_records, in_words, is_known, negative_ttl, positive_ttl};
use super::{
    broken_answers, compared, dmarc, extended_errors, former_servers, kept_denial, mail, steady, ttl_end,
    zone,
};
use crate::limits::MAX_HOSTS_AT_OTHERS;
use dns::clock::minute;

/// The question that every resolver answers which serves this host: it tells one that refuses the domain alone from one that refuses all.
pub(super) const CONTROL: (&str, &str) = (".", "SOA");

/// The types that are asked for at the domain itself; NS records are asked for at the apex.
const TYPES: [&str; 4] = ["MX", "A", "AAAA", "TXT"];

/// A name with a type.
pub(super) type Lookup = (String, &'static str);

/// The lookups beside that of the DMARC record.
pub(super) fn questions(facts: &DomainFacts) -> Vec<Lookup> {
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

/// The lookup of the DMARC record that applies, if it is known here.
pub(super) fn policy(facts: &DomainFacts) -> Option<Lookup> {
    let at = dmarc::applied_at(facts);
    facts.lookup(&at, "TXT").is_known().then_some((at, "TXT"))
}

/// Whether a resolver does not answer a question on purpose.
pub(super) fn is_refusal(reply: &ReplyFacts) -> bool {
    reply.rcode == "REFUSED"
}

/// Whether a resolver that has refused a question serves this host; none if it could not be told.
fn serves(facts: &DomainFacts, resolver: &OtherResolver) -> Option<bool> {
    let reply = |name: &str, kind| match facts.got.get(&ask(resolver, name, kind))? {
        Got::Reply(reply) => Some(reply),
        _ => None,
    };
    let is_answered = |(name, kind): &Lookup| reply(name, kind).is_some_and(is_known);
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
enum Difference {
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
fn difference(
    facts: &DomainFacts,
    reply: &ReplyFacts,
    (name, kind): (&str, &str),
    seen: &BTreeSet<String>,
) -> Difference {
    let until = |ttl: u32| Difference::Other(ttl_end::end(facts, ttl));
    match reply.rcode.as_str() {
        _ if seen.is_empty()
            && reply.extended_errors.iter().any(|code| extended_errors::is_filter(*code)) =>
        {
            Difference::Hidden
        }
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

/// A lookup for which a resolver fails.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// In words.
    pub(super) text: String,
    /// Its extended errors.
    pub(super) extended_errors: Vec<u16>,
    /// The name and the type.
    pub(super) lookup: Lookup,
    /// The servers of the zone whose broken answers explain it, in words.
    pub(super) of_servers: Option<String>,
}

impl Failure {
    fn new((name, kind): (&str, &'static str), (text, reply): (String, &ReplyFacts)) -> Self {
        let lookup = (name.to_owned(), kind);
        Self { text, extended_errors: reply.extended_errors.clone(), lookup, of_servers: None }
    }
}

/// The judgment of one answer of a resolver.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Same,
    Old {
        text: String,
        end: u64,
        is_certain: bool,
    },
    Differs(String, u64),
    /// Other records that count for no mail, or that may be right at the place of the resolver.
    Beside(String),
    Elsewhere(String),
    Hidden(String),
    Fails(Failure),
    Unknown(String),
}

impl Seen {
    /// Whether the resolver has other records than the zone.
    pub(super) const fn is_other(&self) -> bool {
        matches!(self, Self::Old { .. } | Self::Differs(..) | Self::Beside(_))
    }
}

/// The judgment of the answer of a resolver; none if there is none, or if nothing is known to compare it with.
pub(super) fn judge(
    facts: &DomainFacts,
    resolver: &OtherResolver,
    (name, kind): (&str, &'static str),
) -> Option<Seen> {
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
    let in_turn = steady::in_turn(facts, (name, kind));
    if is_known(reply) && in_turn.as_ref().is_some_and(|sets| sets.contains(&seen)) {
        return Some(Seen::Same);
    }
    let is_host = || mail::hosts(facts).iter().any(|host| host == name);
    let found = match difference(facts, reply, (name, kind), &seen) {
        Difference::Elsewhere if in_turn.is_none() && is_host() => {
            Difference::Other(ttl_end::end(facts, positive_ttl(reply, kind).unwrap_or_default()))
        }
        found => found,
    };
    Some(match found {
        Difference::Other(end) => match beside_spf((name, kind), &sets, &seen) {
            Some(texts) => Seen::Beside(format!("{by}: {texts} until {}", minute(end))),
            None => {
                let told = format!("{by}: {}", in_words(&seen, kind));
                of_other(facts, (resolver, reply), (name, kind), (told, end))
            }
        },
        Difference::Elsewhere => Seen::Elsewhere(format!("{by}: {}", in_words(&seen, kind))),
        Difference::Hidden => of_hidden(facts, (name, kind), (&by, reply), (&seen, here)),
        Difference::Fails => {
            Seen::Fails(Failure::new((name, kind), (format!("{by}: {}", with_error(reply)), reply)))
        }
        Difference::Unknown if is_refusal(reply) => match serves(facts, resolver) {
            Some(true) => Seen::Hidden(format!(
                "{by}: {}, and the resolver answers this host otherwise",
                with_error(reply)
            )),
            Some(false) => Seen::Unknown(format!("{by}: {}", no_answer(reply))),
            None => Seen::Unknown(format!("{by}: {}", with_error(reply))),
        },
        Difference::Unknown => Seen::Unknown(format!("{by}: {}", no_answer(reply))),
    })
}

/// The judgment of an answer, `seen`, in the place of the records of the zone, `here`, that is none of them. Without records it may come from a
/// server of the zone.
fn of_hidden(
    facts: &DomainFacts,
    (name, kind): (&str, &'static str),
    (by, reply): (&str, &ReplyFacts),
    (seen, here): (&BTreeSet<String>, &BTreeSet<String>),
) -> Seen {
    let is_filtered = reply.extended_errors.iter().any(|code| extended_errors::is_filter(*code));
    let of_servers = broken_answers::at_servers(facts, (name, kind), reply);
    if let Some(of_servers) = of_servers.filter(|_| seen.is_empty() && !is_filtered) {
        let text = format!("{by}: {} without records", with_error(reply));
        let failure = Failure::new((name, kind), (text, reply));
        return Seen::Fails(Failure { of_servers: Some(of_servers), ..failure });
    }
    let told = if seen.is_empty() { with_error(reply) } else { in_words(seen, kind) };
    Seen::Hidden(format!("{by}: {told} instead of {}", in_words(here, kind)))
}

/// The response code of a reply with its extended error.
fn with_error(reply: &ReplyFacts) -> String {
    if reply.why.is_empty() { reply.rcode.clone() } else { format!("{} ({})", reply.rcode, reply.why) }
}

/// The judgment of other records, which are told with their end.
fn of_other(
    facts: &DomainFacts,
    (resolver, reply): (&OtherResolver, &ReplyFacts),
    lookup: (&str, &'static str),
    (told, end): (String, u64),
) -> Seen {
    let other = format!("{told} until {}", minute(end));
    match shown(facts, resolver, reply, lookup) {
        Some(Shown { words, is_certain }) => Seen::Old { text: format!("{other}: {words}"), end, is_certain },
        None if !reply.authoritative && former_servers::are_at(facts, resolver) => {
            Seen::Old { text: other, end, is_certain: true }
        }
        None if may_be_by_client(facts, resolver, reply, lookup) => {
            Seen::Beside(format!("{other}: given by client or by site, or old"))
        }
        None => Seen::Differs(other, end),
    }
}

/// The difference between texts in words, if a set of the zone has the same texts that count for mail.
fn beside_spf(
    (name, kind): (&str, &str),
    sets: &BTreeSet<BTreeSet<String>>,
    seen: &BTreeSet<String>,
) -> Option<String> {
    let of_mail = |set: &BTreeSet<String>| compared::texts_of_mail(name, set);
    let here = sets.iter().filter(|_| kind == "TXT").find(|here| of_mail(here) == of_mail(seen))?;
    let only = |of: &BTreeSet<String>, not: &BTreeSet<String>, word: &str| {
        let only: Vec<&str> = of.difference(not).map(String::as_str).collect();
        (!only.is_empty()).then(|| format!("{word} {}", only.join(", ")))
    };
    let words = [only(seen, here, "has"), only(here, seen, "lacks")];
    Some(words.into_iter().flatten().collect::<Vec<_>>().join(" and ") + " (no SPF record differs)")
}

/// A reply that is no answer, in words.
pub(super) fn no_answer(reply: &ReplyFacts) -> String {
    let told = with_error(reply);
    if is_refusal(reply) { format!("{told}, the resolver does not serve this host") } else { told }
}

/// An address that filters give in place of the real one.
pub(super) fn is_sinkhole(data: &str) -> bool {
    data.trim_end_matches('.')
        .parse::<IpAddr>()
        .is_ok_and(|address| address.is_unspecified() || address.is_loopback())
}
