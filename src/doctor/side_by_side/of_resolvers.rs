//! The answer of a resolver beside those of the name servers.
//!
//! RFC 1035 section 3.2.1 (TTL), RFC 2308 section 5 (a denial in a cache has the SOA of its zone; filters send none).

use std::net::IpAddr;

use super::answer::{AnswerSource, AnswerVerdict, CUT, ComparedAnswer, UNCOMPARED};
use super::cuts::is_here;
use super::of_zone::{ZoneSays, doubtful, is_address, without_reply};
use super::old;
use super::told::Told;
use crate::facts::private_address::is_private;
use crate::facts::record_set::{ADDRESS_TTL, negative_ttl};
use crate::facts::{DomainFacts, Got, ReplyFacts, ReplySecurity, Want, is_within};
use crate::others::{is_sinkhole, no_answer};
use dns::clock::minute;

/// The row of a resolver.
pub(super) fn of_resolver(
    facts: &DomainFacts,
    from: (AnswerSource, &str),
    (kind, got): (&'static str, &Got),
    zone: &ZoneSays,
) -> ComparedAnswer {
    let mut answer = ComparedAnswer::unjudged(from, (&facts.subject.domain, kind), got);
    (answer.verdict, answer.why) = match got {
        Got::Reply(reply) => of_reply(facts, &answer, reply, zone),
        other => without_reply(other),
    };
    answer
}

fn of_reply(
    facts: &DomainFacts,
    answer: &ComparedAnswer,
    reply: &ReplyFacts,
    zone: &ZoneSays,
) -> (AnswerVerdict, String) {
    let is_this = answer.source == AnswerSource::ThisResolver;
    if !reply.expired.is_empty() {
        return (AnswerVerdict::Stale, format!("an expired entry of the cache: {}", reply.why));
    }
    let Some(told) = Told::of(reply, &answer.name, answer.kind) else {
        return failed(facts, reply, is_this);
    };
    let list = facts.subject.keyed_lists.iter().find(|(zone, _)| is_within(&answer.name, zone));
    let is_local = is_this && (is_here(reply, &answer.name) || list.is_some());
    let local = || match list {
        Some((zone, _)) => (AnswerVerdict::Local, format!("[[list]] {zone} is queried with a key")),
        None => (AnswerVerdict::Local, by_configuration(reply)),
    };
    let agreed = &zone.agreed;
    if agreed.current.is_empty() {
        return if is_local { local() } else { (AnswerVerdict::Unknown, UNCOMPARED.to_owned()) };
    }
    if agreed.is_in_turn && agreed.current.contains(&told) {
        return (AnswerVerdict::InTurn, "an answer of a name server".to_owned());
    }
    let is_of_zone = agreed.current.contains(&told);
    match &agreed.most {
        _ if is_of_zone && zone.is_apart() => {
            let why = "an answer of the name servers that the zone above names; those that the zone itself names have another";
            (AnswerVerdict::Different, why.to_owned())
        }
        Some(most) if *most == told => (AnswerVerdict::Same, String::new()),
        _ if is_local => local(),
        most if is_of_zone => {
            let verdict = agreed.doubt.map_or(AnswerVerdict::Different, |doubt| doubtful(doubt, "").0);
            let which = if most.is_some() { "fewer" } else { "some" };
            (verdict, format!("an answer that {which} name servers give"))
        }
        most => {
            let expected = most.as_ref().or_else(|| agreed.current.first()).cloned().unwrap_or_default();
            differing(facts, answer, (reply, &told), (zone, &expected))
        }
    }
}

/// The part of the configuration that answers.
fn by_configuration(reply: &ReplyFacts) -> String {
    match &reply.configured {
        Some(part) => format!("the configuration of this host answers: {part}"),
        None => "resolverd itself answers for names of special use (RFC 6303, RFC 6761)".to_owned(),
    }
}

/// The verdict about a reply without an answer.
fn failed(facts: &DomainFacts, reply: &ReplyFacts, is_this: bool) -> (AnswerVerdict, String) {
    let is_bogus = |reply: &ReplyFacts| reply.security == ReplySecurity::Bogus;
    let here_bogus = facts.got.iter().any(|(want, got)| match got {
        Got::Reply(reply) => {
            matches!(want, Want::Lookup { name, .. } if *name == facts.subject.domain) && is_bogus(reply)
        }
        _ => false,
    });
    match reply.rcode.as_str() {
        "NOERROR" | "NXDOMAIN" => (AnswerVerdict::Unknown, CUT.to_owned()),
        "SERVFAIL" if is_this && is_bogus(reply) => (AnswerVerdict::Bogus, reply.why.clone()),
        "SERVFAIL" if is_this => {
            let by = reply.configured.as_ref().map(|part| format!("{part}: ")).unwrap_or_default();
            let why = if reply.why.is_empty() {
                "SERVFAIL".to_owned()
            } else {
                format!("SERVFAIL: {by}{}", reply.why)
            };
            (AnswerVerdict::Failed, why)
        }
        "SERVFAIL" if here_bogus => {
            (AnswerVerdict::Bogus, "SERVFAIL; this resolver finds the answer bogus, too".to_owned())
        }
        "REFUSED" => (AnswerVerdict::Refused, no_answer(reply)),
        _ => (AnswerVerdict::Failed, no_answer(reply)),
    }
}

/// The cause of an answer that no name server of the newest version gives.
fn differing(
    facts: &DomainFacts,
    answer: &ComparedAnswer,
    (reply, told): (&ReplyFacts, &Told),
    (zone, expected): (&ZoneSays, &Told),
) -> (AnswerVerdict, String) {
    let is_this = answer.source == AnswerSource::ThisResolver;
    // The reason of an answer that resolverd has changed itself.
    if is_this && !reply.why.is_empty() {
        return (AnswerVerdict::Filtered, reply.why.clone());
    }
    if zone.fails_mixed_case && told.is_empty() {
        let why = "a name server denies names in mixed case (0x20); its operator must repair it";
        return (AnswerVerdict::Different, why.to_owned());
    }
    if let Some(server) = zone.undelegating(told) {
        let why = format!("the answer of {server}, which does not delegate {}", zone.apex);
        return (AnswerVerdict::Different, why);
    }
    if let Some(server) = zone.own(told) {
        let why = format!("the answer of {server}, which the zone itself names and the zone above does not");
        return (AnswerVerdict::Different, why);
    }
    if let Some(server) = zone.former(told) {
        return of_former(is_this, server, zone);
    }
    if zone.is_behind(told) {
        let remedy =
            remedy("; remove it after these have transferred the zone, with", ("flush", ""), &answer.name);
        let remedy = if is_this { remedy } else { String::new() };
        let why = format!("as the name servers that have not yet transferred the zone{remedy}");
        return (AnswerVerdict::Old, why);
    }
    if let Some(code) = refusal(told, expected) {
        let why = format!("the DNS list refuses the queries of this resolver: {code}");
        return (if is_this { AnswerVerdict::Failed } else { AnswerVerdict::Refused }, why);
    }
    let agreed = &zone.agreed;
    if agreed.is_in_turn && is_address(answer.kind) && !told.records.is_empty() {
        let seen = |data: &String| agreed.current.iter().any(|of_zone| of_zone.records.contains(data));
        if told.records.iter().all(seen) {
            return (AnswerVerdict::InTurn, "addresses of name servers".to_owned());
        }
        if is_this {
            let why = "addresses that no name server gave now: in turn, or old".to_owned();
            return (AnswerVerdict::Elsewhere, why);
        }
    }
    match is_this {
        true => of_this(facts, answer, (reply, told), zone),
        false => of_other(facts, answer, (reply, told), (zone, expected)),
    }
}

/// The answer of a server that only the cache of this resolver has.
fn of_former(is_this: bool, server: &str, zone: &ZoneSays) -> (AnswerVerdict, String) {
    let why = format!("the answer of {server}, a name server that only the cache of this resolver has");
    match (is_this, zone.knows_own()) {
        (_, false) => (AnswerVerdict::Unknown, why),
        (true, true) => {
            let remedy = remedy("; remove it with", ("flush --tree", ""), &zone.apex);
            (AnswerVerdict::Old, format!("{why}{remedy}"))
        }
        (false, true) => (AnswerVerdict::Old, why),
    }
}

/// The code by which a DNS list refuses a resolver (RFC 5782 section 2.3 has codes in 127.0.0.0/8): all of 127.255.255.0/24, and
/// 127.0.0.1 where the list has other codes.
fn refusal<'t>(told: &'t Told, expected: &Told) -> Option<&'t str> {
    let is_code =
        |data: &String| data.starts_with("127.255.255.") || data == "127.0.0.1" && is_list(expected);
    told.records.first().filter(|_| told.records.iter().all(is_code)).map(String::as_str)
}

/// Another answer in the cache of this resolver.
fn of_this(
    facts: &DomainFacts,
    answer: &ComparedAnswer,
    (reply, told): (&ReplyFacts, &Told),
    zone: &ZoneSays,
) -> (AnswerVerdict, String) {
    let look = |words: &str| remedy(words, ("trace --fresh", &format!(" {}", answer.kind)), &answer.name);
    let is_short = zone.ttl.is_some_and(|ttl| ttl <= ADDRESS_TTL);
    if is_address(answer.kind) && is_short && !told.records.is_empty() {
        let why = "addresses that no name server gave now: old, in turn or by place";
        return (AnswerVerdict::Elsewhere, why.to_owned());
    }
    let Some(shown) = old::shown(facts, answer, reply, zone) else {
        let why = match facts.subject.forwarders.as_slice() {
            [] => "an answer that no name server gave when it was asked; see which gives it with".to_owned(),
            forwarders => format!(
                "an answer that no name server gave when it was asked: old, or of a zone or a filter of a forwarder ({}); see which gives it with",
                forwarders.join(", ")
            ),
        };
        return (AnswerVerdict::Unknown, look(&why));
    };
    if reply.security != ReplySecurity::Secure {
        return (AnswerVerdict::Old, in_cache(facts, answer, &shown));
    }
    let remedy = look("see whether the new one is signed well before you remove it:");
    (
        AnswerVerdict::Old,
        format!("a validated answer in its cache{}: {shown}; {remedy}", until(facts, answer)),
    )
}

/// Another answer of a resolver of others.
fn of_other(
    facts: &DomainFacts,
    answer: &ComparedAnswer,
    (reply, told): (&ReplyFacts, &Told),
    (zone, expected): (&ZoneSays, &Told),
) -> (AnswerVerdict, String) {
    let is_address = is_address(answer.kind);
    let kept = |data: &String| !data.parse().is_ok_and(is_private);
    let mut withheld = expected.records.difference(&told.records).peekable();
    let is_part = told.alias.is_none() && !told.denied && told.records.is_subset(&expected.records);
    if is_address && is_part && !is_list(expected) && withheld.peek().is_some() && !withheld.any(kept) {
        return (AnswerVerdict::Filtered, "it removes private addresses".to_owned());
    }
    if told.is_empty() {
        // Filters make an SOA of the name itself, or of a zone of their own.
        let shown = old::shown(facts, answer, reply, zone);
        return match (negative_ttl(reply, &zone.apex), shown) {
            (Some(_), Some(shown)) => (AnswerVerdict::Old, in_cache(facts, answer, &shown)),
            (Some(_), None) => (AnswerVerdict::Unknown, UNSEEN.to_owned()),
            (None, _) => {
                let why = "it filters the name: its answer does not contain the SOA of the zone";
                (AnswerVerdict::Filtered, why.to_owned())
            }
        };
    }
    let is_nowhere = |data: &String| is_sinkhole(data);
    if is_address && !is_list(expected) && !told.records.is_empty() && told.records.iter().all(is_nowhere) {
        return (AnswerVerdict::Filtered, "it gives an address that leads nowhere".to_owned());
    }
    positive(facts, answer, (reply, told), (zone, expected))
}

/// Why it cannot be told where an answer comes from.
const UNSEEN: &str = "an answer that no name server gave when it was asked: old, by place, or of a zone or a forwarder of the resolver";

/// Whether the records are codes of a DNS list (RFC 5782 section 2.3), which are no addresses.
fn is_list(told: &Told) -> bool {
    let is_code = |data: &String| data.starts_with("127.");
    !told.records.is_empty() && told.records.iter().all(is_code)
}

/// The cause of other records, or of an alias, at another resolver.
fn positive(
    facts: &DomainFacts,
    answer: &ComparedAnswer,
    (reply, told): (&ReplyFacts, &Told),
    (zone, expected): (&ZoneSays, &Told),
) -> (AnswerVerdict, String) {
    let is_private_only = |records: &Told| {
        !records.records.is_empty()
            && !is_list(expected)
            && records.records.iter().all(|data| data.parse::<IpAddr>().is_ok_and(is_private))
    };
    let is_address = is_address(answer.kind);
    match (&told.alias, &expected.alias) {
        (Some(target), None) => {
            let why =
                format!("an alias to {target} that the zone does not have: a walled garden, or an old alias");
            (AnswerVerdict::Changed, why)
        }
        _ if is_address && is_private_only(told) && !is_private_only(expected) => {
            (AnswerVerdict::Changed, "a private address in the place of the records".to_owned())
        }
        _ if is_address && expected.is_empty() => {
            let why = "an address where the zone has none: an answer of its own, or an old one";
            (AnswerVerdict::Changed, why.to_owned())
        }
        _ if is_address && is_list(told) && is_list(expected) => {
            let why = "other codes of the DNS list: old, or the list answers by client";
            (AnswerVerdict::Elsewhere, why.to_owned())
        }
        _ if is_address => {
            let why = "other addresses: by place, in turn, changed by the resolver, or old";
            (AnswerVerdict::Elsewhere, why.to_owned())
        }
        _ => match old::shown(facts, answer, reply, zone) {
            Some(shown) => (AnswerVerdict::Old, in_cache(facts, answer, &shown)),
            None => (AnswerVerdict::Unknown, UNSEEN.to_owned()),
        },
    }
}

/// The end of an old answer, rounded up to the minute.
fn until(facts: &DomainFacts, answer: &ComparedAnswer) -> String {
    let end = |ttl: u32| format!(" until {} at the latest", minute(facts.end(ttl)));
    answer.ttl.map(end).unwrap_or_default()
}

/// An old answer in a cache, with its end, the evidence and the remedy.
fn in_cache(facts: &DomainFacts, answer: &ComparedAnswer, shown: &str) -> String {
    let left = answer.ttl.map(|ttl| format!(", {ttl} s left")).unwrap_or_default();
    let rest = format!("{}{left}: {shown}", until(facts, answer));
    if answer.source != AnswerSource::ThisResolver {
        return format!("an old answer in its cache{rest}");
    }
    let remedy = remedy("remove it with", ("flush", ""), &answer.name);
    match facts.subject.forwarders.as_slice() {
        [] => format!("an old answer in its cache{rest}; {remedy}"),
        forwarders => format!(
            "an old answer in its cache or in that of a forwarder ({}){rest}; {remedy}, and at the forwarder",
            forwarders.join(", ")
        ),
    }
}

/// A command for the operator. A name with characters that a shell reads comes from strangers, and so into no command.
fn remedy(words: &str, (command, end): (&str, &str), name: &str) -> String {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet);
    match name.bytes().all(is_plain) && !name.starts_with('-') {
        true => format!("{words} `resolverctl {command} {name}{end}`"),
        false => format!("{words} `resolverctl {command}`, with the name in single quotes"),
    }
}
