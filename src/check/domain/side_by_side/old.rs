//! What shows that the answer of a resolver is old.
//!
//! RFC 1982 section 3.2 (serials), RFC 4034 section 3.1.5 (the end of a signature).
//!
//! # Decisions
//!
//! - The time of an answer in a cache shows nothing: a zone, a filter or a forwarder of the resolver's own, and servers that answer by
//!   place, give answers that stay in its cache too.
//! - The cache of this resolver has what the name servers have given to this host. If all of them now give another answer twice, it is
//!   old, unless a forwarder gave it.

use super::agreement::is_older;
use super::answer::{AnswerSource, ComparedAnswer};
use super::of_zone::ZoneSays;
use crate::check::domain::facts::{DomainFacts, Record, ReplyFacts};
use crate::check::domain::{dnssec, zone};
use crate::clock::minute;

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
    older_serial(reply, of_zone)
        .or_else(|| ended_signature(facts, answer, reply))
        .or_else(|| is_replaced.then(|| "all name servers gave another one twice".to_owned()))
}

/// The serial of a denial, if it is older than that of the zone.
fn older_serial(reply: &ReplyFacts, of_zone: &ZoneSays) -> Option<String> {
    let soa = zone::soa(reply).filter(|soa| soa.owner == of_zone.apex)?;
    let newest = of_zone.agreed.newest.filter(|newest| is_older(soa.serial, *newest))?;
    Some(format!("its serial is {}, and the zone has {newest}", soa.serial))
}

/// The end of the signatures, if all have ended.
fn ended_signature(facts: &DomainFacts, answer: &ComparedAnswer, reply: &ReplyFacts) -> Option<String> {
    let own = reply.answers.iter().filter(|record| record.name == answer.name);
    let signatures = own.chain(&reply.authority).filter(|record| record.kind == "RRSIG");
    let end = |record: &Record| {
        let kind = record.data.split_whitespace().next()?;
        dnssec::life(&record.data, kind).map(|(_, end)| end)
    };
    let last = signatures.filter_map(end).max()?;
    (last < facts.subject.unix).then(|| format!("its signature ended at {}", minute(last)))
}
