//! Whether the answer of a resolver is old, by what shows it (`others`).
//!
//! # Decisions
//!
//! - A forwarder may have a zone of its own with the name, whose serial is lower. So a lower serial in its answer, or behind it, shows
//!   nothing, unless the answer is validated: then it is of the zone.
//! - The cache of this resolver has what the name servers have given to this host. If all of them now give another answer twice, it is
//!   old, unless a forwarder gave it.

use std::net::{IpAddr, SocketAddr};

use super::answer::{AnswerSource, ComparedAnswer};
use super::of_zone::ZoneSays;
use crate::facts::{DomainFacts, ReplyFacts, ReplySecurity};
use crate::others::{ended_signature, older_serial};

/// Why an answer is old, in words; none if nothing shows it.
pub(super) fn shown(
    facts: &DomainFacts,
    answer: &ComparedAnswer,
    reply: &ReplyFacts,
    of_zone: &ZoneSays,
) -> Option<String> {
    // A resolver with authority answers from a zone of its own.
    if reply.authoritative {
        return None;
    }
    let is_replaced = answer.source == AnswerSource::ThisResolver
        && reply.from_cache
        && facts.subject.forwarders.is_empty()
        && of_zone.is_steady();
    let by_serial = || older_serial(reply, &of_zone.apex, of_zone.agreed.newest);
    let is_certain = !is_forwarded(facts, answer) || reply.security == ReplySecurity::Secure;
    is_certain
        .then(by_serial)
        .flatten()
        .or_else(|| ended_signature(reply, &answer.name, facts.subject.unix))
        .or_else(|| is_replaced.then(|| "all name servers gave another one twice".to_owned()))
}

/// Whether a forwarder of this resolver gave an answer, or may have given it.
fn is_forwarded(facts: &DomainFacts, answer: &ComparedAnswer) -> bool {
    let forwarders = &facts.subject.forwarders;
    let address = answer.server.split(' ').next().and_then(|server| server.parse::<IpAddr>().ok());
    let is_at = |forwarder: &String| {
        let forwarder = forwarder.parse::<SocketAddr>().map(|forwarder| forwarder.ip());
        forwarder.is_ok_and(|forwarder| Some(forwarder) == address)
    };
    match answer.source {
        AnswerSource::ThisResolver => !forwarders.is_empty(),
        _ => forwarders.iter().any(is_at),
    }
}
