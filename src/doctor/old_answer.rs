//! The facts that show that the answer of a resolver is old.
//!
//! RFC 4034 section 3.1.5 (the end of a signature).
//!
//! # Decisions
//!
//! - The time of an answer in a cache shows nothing: a zone, a filter or a forwarder of the resolver's own, and servers that answer by
//!   place, give answers that stay in its cache too.

use super::facts::{Record, ReplyFacts};
use super::{signature_times, zone};
use dns::clock::minute;

/// The serial of a reply with the SOA of the zone, if it is older than that of the zone, in words.
pub(super) fn older_serial(reply: &ReplyFacts, apex: &str, of_zone: Option<u32>) -> Option<String> {
    let soa = zone::soa(reply).filter(|soa| soa.owner == apex)?;
    let of_zone = of_zone.filter(|of_zone| zone::is_older(soa.serial, *of_zone))?;
    Some(format!("its serial is {}, and the zone has {of_zone}", soa.serial))
}

/// The end of the signatures of an answer for a name, if all have ended, in words.
pub(super) fn ended_signature(reply: &ReplyFacts, name: &str, unix: u64) -> Option<String> {
    let own = reply.answers.iter().filter(|record| record.name == name);
    let signatures = own.chain(&reply.authority).filter(|record| record.kind == "RRSIG");
    let end = |record: &Record| {
        let kind = record.data.split_whitespace().next()?;
        signature_times::life(&record.data, kind).map(|(_, end)| end)
    };
    let last = signatures.filter_map(end).max()?;
    (last < unix).then(|| format!("its signature ended at {}", minute(last)))
}
