//! The entries of the RRset table, and the memory that each entry takes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hickory_proto::rr::Name;

use super::freshness;
use super::negative::Negative;
use super::ranges::DeniedRange;
use super::rrset::Rrset;
use super::security::{Backing, ZoneTrust};
use super::weights::{outside, shared, weight};
use dns::cached::{Delegation, Rank};
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
