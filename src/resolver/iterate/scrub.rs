//! Scrubbing: removes records of an answer for which the server has no authority, or that no correct server sends.
//!
//! A server of a zone has authority only for names at or below the zone (its bailiwick): RFC 2181 section 5.4.1, RFC 5452 section 6. RRsets are
//! repaired as in RFC 2181 section 5, and signatures get the TTL of the RRset that they cover (RFC 4034 section 3). A DNS message of 64 KiB may
//! contain 5 000 records, so records are not compared in pairs, unless there are few.

use std::collections::HashMap;
use std::hash::Hash;

use hickory_proto::op::Message;
use hickory_proto::rr::{DNSClass, Name, Record, RecordType};
use hickory_proto::serialize::binary::BinEncodable;

use crate::limits::MAX_REPORTED_REMOVED;
use dns::question::lies_within;

/// Up to this number, comparing all pairs of keys is faster than hashing the keys. Hardly any reply has more records.
const FEW: usize = 8;

/// A TTL with the first of its 32 bits set counts as 0 (RFC 2181 section 8).
const TTL_SIGN: u32 = 1 << 31;

/// The records of a reply for which its server has authority.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrubbed {
    /// The remaining records of the answer section.
    pub answers: Vec<Record>,
    /// The remaining records of the authority section.
    pub authorities: Vec<Record>,
    /// The remaining A and AAAA records of the additional section.
    pub addresses: Vec<Record>,
    /// The number of removed records.
    pub dropped: usize,
}

/// Removes the records for which a server of `zone` has no authority, duplicates, and additional records other than addresses. Sets the TTLs of an
/// RRset to the smallest of them.
pub fn scrub(zone: &Name, message: &Message) -> Scrubbed {
    let mut dropped: usize = 0;
    let mut keep = |records: &[Record], also: fn(&Record) -> bool| {
        let may = |record: &&Record| has_authority(zone, record) && also(record);
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

/// Returns the first records of `message` for which a server of `zone` has no authority, for the operator.
pub(super) fn removed(zone: &Name, message: &Message) -> Vec<Record> {
    let foreign = |record: &&Record| !has_authority(zone, record);
    let sections = [&message.answers, &message.authorities, &message.additionals];
    sections.into_iter().flatten().filter(foreign).take(MAX_REPORTED_REMOVED).cloned().collect()
}

fn has_authority(zone: &Name, record: &Record) -> bool {
    record.dns_class == DNSClass::IN && lies_within(&record.name, zone)
}

/// Returns, for each key, the position of the first key that equals it. The hashes use a random secret, because an attacker may choose the keys.
pub(super) fn firsts<Key: Hash + Eq>(keys: impl Iterator<Item = Key>) -> Vec<usize> {
    let keys: Vec<Key> = keys.collect();
    if keys.len() <= FEW {
        let first = |(place, key): (usize, &Key)| keys.iter().take(place).position(|other| other == key);
        return keys.iter().enumerate().map(|it| first(it).unwrap_or(it.0)).collect();
    }
    let mut seen = HashMap::new();
    keys.into_iter().enumerate().map(|(place, key)| *seen.entry(key).or_insert(place)).collect()
}

/// Removes duplicate records, because an RRset has none (RFC 2181 section 5).
fn drop_doubles(records: &mut Vec<Record>) {
    if records.len() < 2 {
        return;
    }
    let firsts = firsts(records.iter().map(|record| (&record.name, record.record_type(), &record.data)));
    let mut first = firsts.into_iter().enumerate().map(|(place, first)| place == first);
    records.retain(|_| first.next().unwrap_or(false));
}

/// Sets the TTLs of an RRset (RFC 2181 section 5.2) and of its signatures (RFC 4034 section 3) to the smallest TTL among them.
fn level_ttls(records: &mut [Record]) {
    if let [only] = records {
        only.ttl = ttl_of(only);
        return;
    }
    let sets = firsts(records.iter().map(|record| (&record.name, set_of(record))));
    let mut least: Vec<u32> = vec![u32::MAX; records.len()];
    for (record, set) in records.iter().zip(&sets) {
        if let Some(least) = least.get_mut(*set) {
            *least = ttl_of(record).min(*least);
        }
    }
    for (record, set) in records.iter_mut().zip(sets) {
        record.ttl = least.get(set).copied().unwrap_or(0);
    }
}

fn ttl_of(record: &Record) -> u32 {
    if record.ttl < TTL_SIGN { record.ttl } else { 0 }
}

fn set_of(record: &Record) -> RecordType {
    let kind = record.record_type();
    if kind != RecordType::RRSIG {
        return kind;
    }
    // The covered type is the first field of a signature (RFC 4034 section 3.1).
    let data = record.data.to_bytes().unwrap_or_default();
    data.first_chunk().map_or(kind, |covered| RecordType::from(u16::from_be_bytes(*covered)))
}

#[cfg(test)]
#[path = "scrub_tests.rs"]
mod tests;
