//! Negative answers in the cache (RFC 2308).

use std::time::Duration;

use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::rrset::{Rank, capped};
use super::security::{Backing, Evidence};
use dns::clock::Mono;

/// A denial that is to be stored: the name does not exist, or has no data of the type.
#[derive(Clone, Copy, Debug)]
pub struct Denial<'a> {
    /// The name that does not exist, or that has no data of the type.
    pub name: &'a Name,
    /// The type of the question that the server denied.
    pub kind: RecordType,
    /// True if the name does not exist. False if it only has no data of the type.
    pub nxdomain: bool,
    /// The SOA record of the zone to which the name belongs. Its TTL and MINIMUM limit the TTL of the denial.
    pub soa: &'a Record,
}

/// A negative answer in the cache, with the SOA that limits its TTL.
#[derive(Clone, Debug)]
pub struct Negative {
    /// True if the name does not exist. False if it only has no data of the type.
    pub nxdomain: bool,
    /// The rank (RFC 2181 section 5.4.1) of the denial.
    pub rank: Rank,
    /// The SOA in wire form, which takes a fraction of the memory of a decoded record. It is missing if the denial is doubtful: resolverd then
    /// stores the denial for a short time only.
    pub(super) soa: Evidence,
    pub(super) ttl: u32,
    pub(super) stored: Mono,
    pub(super) backing: Backing,
}

impl Negative {
    /// Returns the time at which the TTL of the denial expires.
    pub(super) fn expires(&self) -> Mono {
        self.stored.after(Duration::from_secs(self.ttl.into()))
    }

    /// Returns the remaining TTL of the denial.
    pub fn left(&self, now: Mono) -> Duration {
        self.expires().since(now)
    }

    /// Returns the DNSSEC state of the denial, and the records that prove it.
    pub fn backing(&self) -> &Backing {
        &self.backing
    }

    /// Returns the records that prove the denial, each with the remaining TTL of the denial.
    pub fn evidence(&self, now: Mono) -> Vec<Record> {
        self.backing.evidence.records(self.ttl.saturating_sub(now.seconds_since(self.stored)))
    }

    /// Returns true if the server of a top-level domain denied the name.
    pub(super) fn is_of_top_level_domain(&self) -> bool {
        self.soa.records(0).pop().is_some_and(|soa| soa.name.iter().len() == 1)
    }

    /// Returns the SOA with the remaining TTL (RFC 2308 section 6), or `None` if the denial has no SOA.
    pub fn soa(&self, now: Mono) -> Option<Record> {
        self.soa.records(self.ttl.saturating_sub(now.seconds_since(self.stored))).pop()
    }
}

/// Returns the TTL in seconds of a negative answer with this SOA: the smaller one of the TTL and the MINIMUM field of
/// the SOA, at most `max_ttl`.
pub fn negative_ttl(soa: &Record, max_ttl: Duration) -> u32 {
    match &soa.data {
        RData::SOA(data) => capped(soa.ttl.min(data.minimum), max_ttl),
        _ => 0,
    }
}
