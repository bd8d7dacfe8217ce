//! The entries of the RRset table: an RRset, a denial, a delegation, or the state of a zone; and the memory that each entry takes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::freshness;
use super::negative::Negative;
use super::ranges::DeniedRange;
use super::rrset::{Rank, Rrset};
use super::security::{Backing, Evidence, ZoneTrust};
use super::weights::{outside, shared, weight};
use dns::clock::Mono;
use dns::question::{QuestionKey, Security};

/// What the cache contains for a name and type: an RRset or a denial.
#[derive(Clone, Debug)]
pub enum Known {
    /// The cache has an RRset, so data of this type exist.
    Rrset(Arc<Rrset>),
    /// The cache has a denial: the name has no data of this type, or the name does not exist.
    Negative(Arc<Negative>),
}

/// A delegation: the servers of a zone, and the addresses that came with the referral to them.
#[derive(Debug)]
pub struct Delegation {
    /// The name of the zone to which the delegation leads.
    pub zone: Name,
    /// The names of the servers in the delegation.
    pub servers: Vec<Name>,
    /// The addresses from the referral, each with the position of its server in `servers`.
    pub glue: Vec<(usize, IpAddr)>,
    /// The addresses and ports of servers that the operator has configured for the zone. They are used instead of
    /// `servers`.
    pub configured: Vec<SocketAddr>,
    /// True if the operator has configured the delegation. The zone's servers may then have addresses that `deny_servers` forbids for other
    /// servers.
    pub trusted: bool,
    /// The DS records of the zone with their signatures, or the proof that there are none, from the referral.
    pub evidence: Evidence,
    /// The time at which the delegation was received.
    pub since: Mono,
    /// The time at which the TTL of the delegation expires.
    pub expires: Mono,
}

impl Delegation {
    /// Returns the addresses of type `kind` (A or AAAA) of the server with this name. Only addresses that came with the referral are returned.
    pub(crate) fn glue_for(&self, server: &Name, kind: RecordType) -> Vec<IpAddr> {
        let of_server = self.glue.iter().filter(|(place, _)| self.servers.get(*place) == Some(server));
        of_server
            .map(|(_, address)| *address)
            .filter(|one| one.is_ipv4() == (kind == RecordType::A))
            .collect()
    }

    /// Creates a delegation that came from a server and not from the configuration, without DNSSEC records.
    pub fn plain(
        zone: Name,
        servers: Vec<Name>,
        glue: Vec<(usize, IpAddr)>,
        (since, expires): (Mono, Mono),
    ) -> Self {
        let (configured, evidence) = (Vec::new(), Evidence::default());
        Self { zone, servers, glue, configured, trusted: false, evidence, since, expires }
    }
}

/// An entry of the table of RRsets: an RRset or a denial, a mark that a name exists, a delegation, the DNSSEC state of a zone, or the ranges of
/// names that do not exist in a zone (from its NSEC or NSEC3 records).
#[derive(Clone)]
pub(super) enum CacheEntry {
    Known(Known),
    /// The name exists: a name below it is in the cache. The mark is valid until this time.
    Exists(Mono),
    Delegation(Arc<Delegation>),
    State(Arc<ZoneTrust>),
    Ranges(Arc<[Arc<DeniedRange>]>),
}

impl Known {
    /// Returns the time at which the cache entry was stored.
    pub(super) fn stored(&self) -> Mono {
        match self {
            Self::Rrset(rrset) => rrset.stored,
            Self::Negative(negative) => negative.stored,
        }
    }

    /// Returns the time at which the TTL of the cache entry expires.
    pub(super) fn expires(&self) -> Mono {
        match self {
            Self::Rrset(rrset) => rrset.expires(),
            Self::Negative(negative) => negative.expires(),
        }
    }

    /// Returns true if the TTL of the entry is about to expire. resolverd then resolves the client's question again in advance, and must not use
    /// this entry for the new answer.
    pub(crate) fn is_to_be_renewed(&self, now: Mono) -> bool {
        freshness::is_renewal_due(self.stored(), self.expires(), now)
    }

    /// Returns true if the data of the entry have been validated as secure by DNSSEC.
    pub(super) fn is_proven(&self) -> bool {
        let backing = match self {
            Self::Rrset(rrset) => &rrset.backing,
            Self::Negative(negative) => &negative.backing,
        };
        backing.security == Security::Secure
    }

    /// Returns true if this entry, whose TTL has not expired, stays when new data with `rank` and `backing` arrive. Data that were not validated do
    /// not replace data that DNSSEC has proven. Proven data replace data that are not proven. Otherwise the entry stays if its rank is greater than
    /// that of the new data.
    pub(super) fn outlasts(&self, rank: Rank, backing: &Backing) -> bool {
        let held_rank = match self {
            Self::Rrset(rrset) => rrset.rank,
            Self::Negative(negative) => negative.rank,
        };
        match (self.is_proven(), backing.security == Security::Secure) {
            (true, false) => backing.security == Security::Unchecked || held_rank > rank,
            (false, true) => false,
            _ => held_rank > rank,
        }
    }
}

/// Returns the memory that a cache entry takes together with its key, in octets.
pub(super) fn weigh(key: &QuestionKey, entry: &CacheEntry) -> u32 {
    match entry {
        CacheEntry::Known(Known::Rrset(rrset)) => {
            let evidence = rrset.backing.evidence.octets();
            weight(key, &[shared::<Rrset>(), rrset.data.len(), evidence])
        }
        CacheEntry::Known(Known::Negative(negative)) => {
            let evidence = negative.backing.evidence.octets();
            weight(key, &[shared::<Negative>(), negative.soa.octets(), evidence])
        }
        CacheEntry::Delegation(delegation) => {
            let Delegation { zone, servers, glue, configured, evidence, .. } = &**delegation;
            let blocks = [
                shared::<Delegation>(),
                servers.capacity().saturating_mul(size_of::<Name>()),
                glue.capacity().saturating_mul(size_of::<(usize, IpAddr)>()),
                configured.capacity().saturating_mul(size_of::<SocketAddr>()),
                evidence.octets(),
            ];
            let names = servers.iter().map(outside).fold(outside(zone), usize::saturating_add);
            weight(key, &blocks).saturating_add(u32::try_from(names).unwrap_or(u32::MAX))
        }
        CacheEntry::State(state) => weight(key, &[shared::<ZoneTrust>()])
            .saturating_add(u32::try_from(state.octets()).unwrap_or(u32::MAX)),
        CacheEntry::Ranges(ranges) => {
            let octets = ranges.iter().map(|range| range.octets()).fold(0, usize::saturating_add);
            let places = ranges.len().saturating_mul(size_of::<Arc<DeniedRange>>());
            weight(key, &[places]).saturating_add(u32::try_from(octets).unwrap_or(u32::MAX))
        }
        CacheEntry::Exists(_) => weight(key, &[]),
    }
}

/// The kind of a cache entry. The cache counts the entries of each kind separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    Rrset,
    Negative,
    Exists,
    Delegation,
    State,
    Ranges,
}

/// Returns the kind of a cache entry.
pub(super) fn kind_of(entry: &CacheEntry) -> EntryKind {
    match entry {
        CacheEntry::Known(Known::Rrset(_)) => EntryKind::Rrset,
        CacheEntry::Known(Known::Negative(_)) => EntryKind::Negative,
        CacheEntry::Delegation(_) => EntryKind::Delegation,
        CacheEntry::State(_) => EntryKind::State,
        CacheEntry::Exists(_) => EntryKind::Exists,
        CacheEntry::Ranges(_) => EntryKind::Ranges,
    }
}
