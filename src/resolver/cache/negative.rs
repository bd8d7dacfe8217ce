//! Cached negative answers (RFC 2308).

use std::time::Duration;

use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::rrset::capped;
use super::security::Backing;
use dns::cached::{Evidence, Rank};
use dns::clock::Mono;

/// A denial to store: the name does not exist, or has no data of the type.
#[derive(Clone, Copy, Debug)]
pub struct Denial<'a> {
    /// The denied name.
    pub name: &'a Name,
    /// The type of the question.
    pub kind: RecordType,
    /// True if the name does not exist, false if it only has no data of the type.
    pub nxdomain: bool,
    /// The SOA of the zone. Its TTL and MINIMUM limit the TTL of the denial.
    pub soa: &'a Record,
}

/// A cached negative answer.
#[derive(Clone, Debug)]
pub struct Negative {
    /// True if the name does not exist, false if it only has no data of the type.
    pub nxdomain: bool,
    /// The rank (RFC 2181 section 5.4.1).
    pub rank: Rank,
    /// The SOA in wire form, which takes less memory than a decoded record. A denial that came with the SOA of another zone, or without AA and SOA,
    /// is stored without SOA, for a short time only.
    pub(super) soa: Evidence,
    pub(super) ttl: u32,
    pub(super) stored: Mono,
    pub(super) backing: Backing,
}

impl Negative {
    pub(super) fn expires(&self) -> Mono {
        self.stored.after(Duration::from_secs(self.ttl.into()))
    }

    /// Returns the remaining TTL.
    pub fn left(&self, now: Mono) -> Duration {
        self.expires().since(now)
    }

    /// Returns the DNSSEC state, and the records that prove it.
    pub fn backing(&self) -> &Backing {
        &self.backing
    }

    /// Returns the records that prove the denial, with the remaining TTL of the denial.
    pub fn evidence(&self, now: Mono) -> Vec<Record> {
        self.backing.evidence.records(self.ttl.saturating_sub(now.seconds_since(self.stored)))
    }

    pub(super) fn is_of_top_level_domain(&self) -> bool {
        self.soa.records(0).pop().is_some_and(|soa| soa.name.iter().len() == 1)
    }

    /// Returns the SOA, if there is one, with the remaining TTL (RFC 2308 section 6).
    pub fn soa(&self, now: Mono) -> Option<Record> {
        self.soa.records(self.ttl.saturating_sub(now.seconds_since(self.stored))).pop()
    }
}

/// Returns the TTL of a negative answer with this SOA, in seconds: the smaller one of its TTL and MINIMUM, at most `max_ttl`.
pub fn negative_ttl(soa: &Record, max_ttl: Duration) -> u32 {
    match &soa.data {
        RData::SOA(data) => capped(soa.ttl.min(data.minimum), max_ttl),
        _ => 0,
    }
}
