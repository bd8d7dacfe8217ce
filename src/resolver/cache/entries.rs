//! The entries of the RRset table, and the memory that each entry takes.

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

/// What the cache has for a name and type.
#[derive(Clone, Debug)]
pub enum Known {
    /// An RRset.
    Rrset(Arc<Rrset>),
    /// A denial: the name has no data of this type, or does not exist.
    Negative(Arc<Negative>),
}

/// A delegation: the servers of a zone, and the addresses that came with the referral to them.
#[derive(Debug)]
pub struct Delegation {
    /// The name of the delegated zone.
    pub zone: Name,
    /// The names of the servers.
    pub servers: Vec<Name>,
    /// Addresses from the referral, each with the position of its server in `servers`.
    pub glue: Vec<(usize, IpAddr)>,
    /// Servers that the operator has configured for the zone. They are used instead of `servers`.
    pub configured: Vec<SocketAddr>,
    /// True if the operator has configured the servers. Their addresses may then be in `deny_servers`.
    pub trusted: bool,
    /// The zone's DS records with their signatures, or the proof that there are none, from the referral.
    pub evidence: Evidence,
    /// When the delegation was received.
    pub since: Mono,
    /// When the TTL of the delegation expires.
    pub expires: Mono,
}

impl Delegation {
    /// Returns the glue of this server of type `kind` (A or AAAA).
    pub(crate) fn glue_for(&self, server: &Name, kind: RecordType) -> Vec<IpAddr> {
        let of_server = self.glue.iter().filter(|(place, _)| self.servers.get(*place) == Some(server));
        of_server
            .map(|(_, address)| *address)
            .filter(|one| one.is_ipv4() == (kind == RecordType::A))
            .collect()
    }

    /// Creates a delegation from a server's referral, without DNSSEC records.
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

/// An entry of the RRset table.
#[derive(Clone)]
pub(super) enum CacheEntry {
    Known(Known),
    /// The name exists until this time, because a name below it is in the cache.
    Exists(Mono),
    Delegation(Arc<Delegation>),
    State(Arc<ZoneTrust>),
    Ranges(Arc<[Arc<DeniedRange>]>),
    /// A mark that ends at this time. Under `KeySlot::Ranges`, no range of the zone is used, because one denied a name that exists. Under
    /// `KeySlot::Probed`, servers denied the name in a query for a shorter name.
    Mark(Mono),
}

impl Known {
    pub(super) fn stored(&self) -> Mono {
        match self {
            Self::Rrset(rrset) => rrset.stored,
            Self::Negative(negative) => negative.stored,
        }
    }

    pub(super) fn expires(&self) -> Mono {
        match self {
            Self::Rrset(rrset) => rrset.expires(),
            Self::Negative(negative) => negative.expires(),
        }
    }

    /// Returns true shortly before the TTL expires. resolverd then resolves the question again in advance, and must not take the new answer from
    /// this entry.
    pub(crate) fn is_to_be_renewed(&self, now: Mono) -> bool {
        freshness::is_renewal_due(self.stored(), self.expires(), now)
    }

    /// Returns true if the data are secure (validated by DNSSEC).
    pub(crate) fn is_proven(&self) -> bool {
        let backing = match self {
            Self::Rrset(rrset) => &rrset.backing,
            Self::Negative(negative) => &negative.backing,
        };
        backing.security == Security::Secure
    }

    /// Returns true if this entry, whose TTL has not expired, stays when new data with `rank` and `backing` arrive. Data that were not validated do
    /// not replace a secure entry. Secure data replace an entry that is not secure. In all other cases, the data with the greater rank stay, or the
    /// new data if the ranks are equal.
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

/// Returns the memory of an entry with its key, in octets.
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
        CacheEntry::Exists(_) | CacheEntry::Mark(_) => weight(key, &[]),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    Rrset,
    Negative,
    Exists,
    Delegation,
    State,
    Ranges,
}

pub(super) fn kind_of(entry: &CacheEntry) -> EntryKind {
    match entry {
        CacheEntry::Known(Known::Rrset(_)) => EntryKind::Rrset,
        CacheEntry::Known(Known::Negative(_)) => EntryKind::Negative,
        CacheEntry::Delegation(_) => EntryKind::Delegation,
        CacheEntry::State(_) => EntryKind::State,
        CacheEntry::Exists(_) => EntryKind::Exists,
        CacheEntry::Ranges(_) | CacheEntry::Mark(_) => EntryKind::Ranges,
    }
}
