//! Compares the answer of a resolver with those of the zone's name servers.
//!
//! RFC 1035 section 3.2.1 (TTL), RFC 2308 section 5 (a negative answer in a cache has the SOA of its zone; filters send none).
//!
//! # Decisions
//!
//! - An answer is old only if there is proof: an older serial, an expired signature, or the same answer from a name server with an older
//!   version of the zone. This resolver has cached what a name server gave it. So its answer is also old if now all name servers give one
//!   other answer, each of them twice.
//! - A forwarder may have its own zone with the same name and a lower serial. So a lower serial proves that its answer is old only if
//!   DNSSEC validation shows that the answer belongs to the real zone.
//! - Different addresses may depend on the location of the client or may be given in turn, so the cause stays unknown.

use std::net::{IpAddr, SocketAddr};

use super::answer::{AnswerData, AnswerSource, AnswerVerdict, ComparedAnswer};
use super::name_servers::{NameServers, without_reply};
use super::zone_cut::is_here;
use crate::facts::private_address::is_private;
use crate::facts::record_set::negative_ttl;
use crate::facts::{DomainFacts, Got, OtherResolver, ReplyFacts, ReplySecurity, ResolverWay, is_within};
use crate::others::{ended_signature, is_sinkhole, no_answer, older_serial};
use dns::clock::minute;

/// Returns the answer of another resolver with its verdict, as a row of the output. If `resolver` is `None`, the answer is that of this host's
/// resolver.
pub(super) fn row(
    facts: &DomainFacts,
    resolver: Option<&OtherResolver>,
    (kind, got): (&'static str, &Got),
    zone: &NameServers,
) -> ComparedAnswer {
    let source = match resolver {
        Some(resolver) => (AnswerSource::Resolver, resolver.name.as_str()),
        None => (AnswerSource::ThisResolver, "this resolver"),
    };
    let mut answer = ComparedAnswer::unjudged(source, (&facts.subject.domain, kind), Some(got));
    (answer.verdict, answer.why) = match got {
        Got::Reply(reply) if !reply.expired.is_empty() => {
            (AnswerVerdict::Stale, format!("an expired entry of the cache: {}", reply.why))
        }
        Got::Reply(reply) => match AnswerData::from_reply(reply, (&answer.name, kind)) {
            Some(data) => {
                let forwarded = is_forwarded(facts, resolver);
                Comparison { facts, answer: &answer, reply, data, zone, forwarded }.verdict()
            }
            None => failure(reply, resolver.is_none()),
        },
        other => without_reply(other),
    };
    answer
}

/// Returns the verdict about a reply without an answer. `is_this`: true for the resolver of this host.
fn failure(reply: &ReplyFacts, is_this: bool) -> (AnswerVerdict, String) {
    let verdict = match reply.rcode.as_str() {
        "NOERROR" | "NXDOMAIN" => return (AnswerVerdict::Unknown, "a truncated reply".to_owned()),
        "REFUSED" => AnswerVerdict::Refused,
        _ if is_this && reply.security == ReplySecurity::Bogus => {
            return (AnswerVerdict::Bogus, reply.why.clone());
        }
        _ => AnswerVerdict::Failed,
    };
    let by = reply.configured.as_ref().map(|part| format!("; by the configuration: {part}"));
    (verdict, no_answer(reply) + &by.unwrap_or_default())
}

/// Returns true if the resolver is a forwarder of this host, or this host's resolver itself, which forwards its queries.
fn is_forwarded(facts: &DomainFacts, resolver: Option<&OtherResolver>) -> bool {
    let forwarders = &facts.subject.forwarders;
    match resolver.map(|resolver| &resolver.way) {
        None => !forwarders.is_empty(),
        Some(ResolverWay::Plain(address)) => forwarders
            .iter()
            .any(|forwarder| forwarder.parse().is_ok_and(|at: SocketAddr| at.ip() == *address)),
        Some(ResolverWay::AtPort(server)) => forwarders.contains(&server.to_string()),
        Some(ResolverWay::Secured(_)) => false,
    }
}

/// An answer of a resolver, and what it is compared with.
struct Comparison<'f> {
    facts: &'f DomainFacts,
    answer: &'f ComparedAnswer,
    reply: &'f ReplyFacts,
    data: AnswerData,
    zone: &'f NameServers,
    forwarded: bool,
}

impl Comparison<'_> {
    fn is_this(&self) -> bool {
        self.answer.source == AnswerSource::ThisResolver
    }

    fn verdict(&self) -> (AnswerVerdict, String) {
        use AnswerVerdict::{Different, InTurn, Local, Same, Unknown};
        let agreed = &self.zone.agreed;
        let is_of_zone = agreed.current.contains(&self.data);
        match (&agreed.most, self.local()) {
            (Some(most), _) if *most == self.data => (Same, String::new()),
            _ if is_of_zone && agreed.is_in_turn => (InTurn, "an answer of a name server".to_owned()),
            (_, Some(local)) => (Local, local),
            _ if agreed.current.is_empty() => (Unknown, "no name server of the zone has answered".to_owned()),
            _ if is_of_zone => {
                let verdict = agreed.doubt.map_or(Different, |doubt| doubt.verdict());
                (verdict, "an answer that some name servers give".to_owned())
            }
            _ => self.differing(),
        }
    }

    /// Describes the part of this host's configuration from which the answer comes.
    fn local(&self) -> Option<String> {
        let list = self.facts.subject.keyed_lists.iter().find(|zone| is_within(&self.answer.name, zone));
        match (list, &self.reply.configured) {
            _ if !self.is_this() => None,
            (_, Some(part)) => Some(format!("the configuration of this host answers: {part}")),
            (Some(zone), None) => Some(format!("[[list]] {zone} is queried with a key")),
            (None, None) => is_here(self.reply, &self.answer.name)
                .then(|| "resolverd itself answers for names of special use (RFC 6303, RFC 6761)".to_owned()),
        }
    }

    /// Returns the verdict about an answer that no name server with the newest version of the zone gives.
    fn differing(&self) -> (AnswerVerdict, String) {
        use AnswerVerdict::{Failed, Filtered, Old, Refused, Unknown};
        let (is_this, remedy) =
            (self.is_this(), |words: &str| remedy(words, ("flush", ""), &self.answer.name));
        if is_this && !self.reply.why.is_empty() {
            return (Filtered, self.reply.why.clone());
        }
        if self.zone.is_behind(&self.data) {
            let remedy = remedy("; remove it after these have transferred the zone, with");
            let why = "as the name servers that have not yet transferred the zone";
            return (Old, format!("{why}{}", if is_this { &remedy } else { "" }));
        }
        if let Some(code) = self.refusal() {
            let why = format!("the DNS list refuses the queries of this resolver: {code}");
            return (if is_this { Failed } else { Refused }, why);
        }
        if let Some(shown) = self.old() {
            let until = self.answer.ttl.map(|ttl| {
                let end = minute(self.facts.end(ttl));
                format!("; it stays in the cache until {end} at the latest ({ttl} s left)")
            });
            let why = format!("an old answer in the cache: {shown}{}", until.unwrap_or_default());
            return match (is_this, self.reply.security) {
                (false, _) => (Old, why),
                (true, ReplySecurity::Secure) => {
                    (Old, why + &self.trace("; see whether the new one is signed well before you remove it:"))
                }
                (true, _) => (Old, why + &remedy("; remove it with")),
            };
        }
        if let Some(why) = self.filtered() {
            return (Filtered, why.to_owned());
        }
        let forwarder = match self.facts.subject.forwarders.as_slice() {
            forwarders if is_this && !forwarders.is_empty() => format!(" ({})", forwarders.join(", ")),
            _ => String::new(),
        };
        let why = format!(
            "an answer that no name server gave when it was asked: old, by place or in turn, or of a zone, a filter or a forwarder{forwarder}"
        );
        (Unknown, if is_this { why + &self.trace("; see which gives it with") } else { why })
    }

    /// Returns the proof that the answer is old, if there is one.
    fn old(&self) -> Option<String> {
        let (reply, zone) = (self.reply, self.zone);
        // A resolver that answers with authority (AA) has its own zone with this name, so its answer is not an old answer of the real zone.
        if reply.authoritative {
            return None;
        }
        let serial = older_serial(reply, &zone.apex, zone.agreed.newest)
            .filter(|_| !self.forwarded || reply.security == ReplySecurity::Secure);
        let is_turning = zone.is_short && ["A", "AAAA"].contains(&self.answer.kind);
        let is_replaced = self.is_this()
            && reply.from_cache
            && !self.forwarded
            && zone.is_steady()
            && (!is_turning || self.data.records.is_empty());
        serial
            .or_else(|| ended_signature(reply, &self.answer.name, self.facts.subject.unix))
            .or_else(|| is_replaced.then(|| "all name servers gave another one twice".to_owned()))
    }

    /// Returns the code if the answer is a refusal of a DNS list: an address in 127.255.255.0/24, or 127.0.0.1 in the zone of a list (RFC
    /// 5782 section 2.3).
    fn refusal(&self) -> Option<&str> {
        let is_code =
            |data: &String| data.starts_with("127.255.255.") || data == "127.0.0.1" && self.is_list();
        let records = &self.data.records;
        records.first().filter(|_| records.iter().all(is_code)).map(String::as_str)
    }

    /// Returns true if the name servers answer with return codes of a DNS list (RFC 5782 section 2.3).
    fn is_list(&self) -> bool {
        let mut records = self.zone.agreed.current.iter().flat_map(|answer| &answer.records).peekable();
        records.peek().is_some() && records.all(|data| data.starts_with("127."))
    }

    /// Describes what another resolver withholds, if there is a sign that it filters.
    fn filtered(&self) -> Option<&'static str> {
        if self.is_this() {
            return None;
        }
        // A resolver that filters names sends no SOA record, or one whose owner is the name itself or a zone of the resolver.
        if self.data.is_empty() && negative_ttl(self.reply, &self.zone.apex).is_none() {
            return Some("it filters the name: its answer does not contain the SOA of the zone");
        }
        // The addresses in 127.0.0.0/8, except 127.0.0.1, are return codes of DNS lists.
        let is_code = |data: &String| data.starts_with("127.") && data != "127.0.0.1";
        let is_closed = |data: &String| {
            !is_code(data) && (is_sinkhole(data) || data.parse::<IpAddr>().is_ok_and(is_private))
        };
        let (own, zone) = (&self.data.records, &self.zone.agreed.current);
        let is_changed = !own.is_empty()
            && own.iter().all(is_closed)
            && !self.is_list()
            && !zone.iter().flat_map(|answer| &answer.records).any(is_closed);
        is_changed.then_some("it gives an address that leads nowhere, or is private")
    }

    fn trace(&self, words: &str) -> String {
        remedy(words, ("trace --fresh", &format!(" {}", self.answer.kind)), &self.answer.name)
    }
}

/// Returns advice with a command. If the name has special characters of the shell, the command does not contain it, because an attacker may
/// have chosen the name.
fn remedy(words: &str, (command, end): (&str, &str), name: &str) -> String {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet);
    match name.bytes().all(is_plain) && !name.starts_with('-') {
        true => format!("{words} `resolverctl {command} {name}{end}`"),
        false => format!("{words} `resolverctl {command}`, with the name in single quotes"),
    }
}
