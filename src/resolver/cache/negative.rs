//! A negative answer in memory (RFC 2308).

use std::time::Duration;

use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::rrset::{Rank, capped};
use super::security::{Backing, Evidence};
use dns::clock::Mono;

/// An absence: no such type, or no such name.
#[derive(Clone, Copy, Debug)]
pub struct Denial<'a> {
    /// The name.
    pub name: &'a Name,
    /// The type that was asked for.
    pub kind: RecordType,
    /// Whether the name does not exist.
    pub nxdomain: bool,
    /// The SOA of its zone.
    pub soa: &'a Record,
}

/// A negative answer and the SOA that limits its time.
#[derive(Debug)]
pub struct Negative {
    /// True: no such name. False: no such type at the name.
    pub nxdomain: bool,
    /// Its rank.
    pub rank: Rank,
    /// The SOA in wire form, which takes a fraction of the memory of the library's names. No SOA if the denial is in doubt
    /// and holds for a short time.
    pub(super) soa: Evidence,
    pub(super) ttl: u32,
    pub(super) stored: Mono,
    pub(super) backing: Backing,
}

impl Negative {
    /// When its TTL expires.
    pub(super) fn expires(&self) -> Mono {
        self.stored.after(Duration::from_secs(self.ttl.into()))
    }

    /// The time that is left.
    pub fn left(&self, now: Mono) -> Duration {
        self.expires().since(now)
    }

    /// Its security, and the records that prove it.
    pub fn backing(&self) -> &Backing {
        &self.backing
    }

    /// The records that prove it, with the TTL that is left.
    pub fn evidence(&self, now: Mono) -> Vec<Record> {
        self.backing.evidence.records(self.ttl.saturating_sub(now.seconds_since(self.stored)))
    }

    /// Its SOA with the TTL that is left (RFC 2308 section 6: counted down), if it has one.
    pub fn soa(&self, now: Mono) -> Option<Record> {
        self.soa.records(self.ttl.saturating_sub(now.seconds_since(self.stored))).pop()
    }
}

/// The TTL of a negative answer.
pub fn negative_ttl(soa: &Record, max_ttl: Duration) -> u32 {
    match &soa.data {
        RData::SOA(data) => capped(soa.ttl.min(data.minimum), max_ttl),
        _ => 0,
    }
}
