//! Scrubbing: what a server had no authority to say, or what no sane server says, is taken off a message.
//!
//! Pure. A server asked for a zone may speak of names at or below it (its bailiwick) and of nothing else: RFC 2181 section
//! 5.4.1, RFC 5452 section 6. RRsets are repaired as RFC 2181 section 5 has them; signatures stay beside what they cover
//! (RFC 4034 section 3). A message of 64 KiB may hold 5 000 records, so nothing here looks at each of them for each of
//! them.

use std::collections::HashMap;
use std::hash::Hash;

use hickory_proto::op::Message;
use hickory_proto::rr::{DNSClass, Name, Record, RecordType};
use hickory_proto::serialize::binary::BinEncodable;

use crate::question::lies_within;

/// So many keys are compared with each other: that is quicker than hashing them, and nearly no message has more records.
const FEW: usize = 8;

/// TTLs from here on, with the first of 32 bits set, mean 0 (RFC 2181 section 8).
const TTL_SIGN: u32 = 1 << 31;

/// The records of a message that its server may give.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrubbed {
    /// Answer section.
    pub answers: Vec<Record>,
    /// Authority section.
    pub authorities: Vec<Record>,
    /// Addresses of the additional section.
    pub addresses: Vec<Record>,
    /// Records taken off.
    pub dropped: usize,
}

/// Takes off `message` what a server of `zone` may not say.
pub fn scrub(zone: &Name, message: &Message) -> Scrubbed {
    let mut dropped: usize = 0;
    let mut keep = |records: &[Record], also: fn(&Record) -> bool| {
        let may = |record: &&Record| {
            record.dns_class == DNSClass::IN && lies_within(&record.name, zone) && also(record)
        };
        let mut kept: Vec<Record> = records.iter().filter(may).cloned().collect();
        level_ttls(&mut kept);
        drop_doubles(&mut kept);
        dropped = dropped.saturating_add(records.len().saturating_sub(kept.len()));
        kept
    };
    let answers = keep(&message.answers, |_| true);
    let authorities = keep(&message.authorities, |_| true);
    let is_address = |record: &Record| matches!(record.record_type(), RecordType::A | RecordType::AAAA);
    let addresses = keep(&message.additionals, is_address);
    Scrubbed { answers, authorities, addresses, dropped }
}

/// For each key the place of the first that equals it. Hashed under a secret of the process, as strangers choose the
/// keys; no order comes from it.
pub(super) fn firsts<Key: Hash + Eq>(keys: impl Iterator<Item = Key>) -> Vec<usize> {
    let keys: Vec<Key> = keys.collect();
    if keys.len() <= FEW {
        let first = |(place, key): (usize, &Key)| keys.iter().take(place).position(|other| other == key);
        return keys.iter().enumerate().map(|it| first(it).unwrap_or(it.0)).collect();
    }
    let mut seen = HashMap::new();
    keys.into_iter().enumerate().map(|(place, key)| *seen.entry(key).or_insert(place)).collect()
}

/// Leaves of equal records the first (RFC 2181 section 5: no RRset has two).
fn drop_doubles(records: &mut Vec<Record>) {
    if records.len() < 2 {
        return;
    }
    let firsts = firsts(records.iter().map(|record| (&record.name, record.record_type(), &record.data)));
    let mut first = firsts.into_iter().enumerate().map(|(place, first)| place == first);
    records.retain(|_| first.next().unwrap_or(false));
}

/// Within an RRset the smallest TTL holds for all (RFC 2181 section 5.2), and for its signatures (RFC 4034 section 3).
fn level_ttls(records: &mut [Record]) {
    if let [only] = records {
        only.ttl = told(only);
        return;
    }
    let sets = firsts(records.iter().map(|record| (&record.name, set_of(record))));
    let mut least: Vec<u32> = vec![u32::MAX; records.len()];
    for (record, set) in records.iter().zip(&sets) {
        if let Some(least) = least.get_mut(*set) {
            *least = told(record).min(*least);
        }
    }
    for (record, set) in records.iter_mut().zip(sets) {
        record.ttl = least.get(set).copied().unwrap_or(0);
    }
}

/// The TTL that a record comes with, as it is meant.
fn told(record: &Record) -> u32 {
    if record.ttl < TTL_SIGN { record.ttl } else { 0 }
}

/// The type of the RRset that a record belongs to: its own, or for a signature the one that it covers.
fn set_of(record: &Record) -> RecordType {
    let kind = record.record_type();
    if kind != RecordType::RRSIG {
        return kind;
    }
    // The type covered comes first (RFC 4034 section 3.1).
    let data = record.data.to_bytes().unwrap_or_default();
    data.first_chunk().map_or(kind, |covered| RecordType::from(u16::from_be_bytes(*covered)))
}

#[cfg(test)]
#[path = "scrub_tests.rs"]
mod tests;
