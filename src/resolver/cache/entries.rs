//! An entry of the memory of RRsets: an RRset, a denial, a delegation, or the state of a zone; and its weight.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hickory_proto::rr::Name;

use super::freshness;
use super::negative::Negative;
use super::rrset::{Rank, Rrset};
use super::security::{Backing, Evidence, ZoneTrust};
use super::weights::{outside, shared, weight};
use dns::clock::Mono;
use dns::question::{QuestionKey, Security};

/// The entry of a name.
#[derive(Clone, Debug)]
pub enum Known {
    /// The RRset.
    Rrset(Arc<Rrset>),
    /// It does not exist: no such type, or no such name.
    Negative(Arc<Negative>),
}

/// A zone cut: the servers of the zone, and the addresses that came with the referral.
#[derive(Debug)]
pub struct Delegation {
    /// The zone.
    pub zone: Name,
    /// Its servers' names.
    pub servers: Vec<Name>,
    /// Addresses by place in `servers`.
    pub glue: Vec<(usize, IpAddr)>,
    /// Addresses and ports that the operator gave, instead of servers' names.
    pub configured: Vec<SocketAddr>,
    /// Whether the operator has configured it: its servers may then be at addresses that no public server has.
    pub trusted: bool,
    /// DS with their signatures, or the proof of their absence, as they came with the referral.
    pub evidence: Evidence,
    /// When it was learnt.
    pub since: Mono,
    /// When its TTL ends.
    pub expires: Mono,
}

impl Delegation {
    /// A delegation learnt from public servers, without evidence.
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

/// An entry.
#[derive(Clone)]
pub(super) enum CacheEntry {
    Known(Known),
    /// The moment until which a name is known to exist.
    Exists(Mono),
    Delegation(Arc<Delegation>),
    State(Arc<ZoneTrust>),
}

impl Known {
    /// When it was kept.
    pub(super) fn stored(&self) -> Mono {
        match self {
            Self::Rrset(rrset) => rrset.stored,
            Self::Negative(negative) => negative.stored,
        }
    }

    /// When its TTL ends.
    pub(super) fn expires(&self) -> Mono {
        match self {
            Self::Rrset(rrset) => rrset.expires(),
            Self::Negative(negative) => negative.expires(),
        }
    }

    /// Returns true if it is about to end, so that a question that renews it does not use it.
    pub(crate) fn is_to_be_renewed(&self, now: Mono) -> bool {
        freshness::is_renewal_due(self.stored(), self.expires(), now)
    }

    /// Returns true if it is secure.
    pub(super) fn is_proven(&self) -> bool {
        let backing = match self {
            Self::Rrset(rrset) => &rrset.backing,
            Self::Negative(negative) => &negative.backing,
        };
        backing.security == Security::Secure
    }

    /// Returns true if it stays when new data of `rank` and `backing` come while it lives. Unchecked data do not replace
    /// proven data; proven data replace unproven data; otherwise the greater rank stays.
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

/// Octets that an entry takes in memory, with its key.
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
        CacheEntry::Exists(_) => weight(key, &[]),
    }
}

/// The kind of an entry, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    Rrset,
    Negative,
    Exists,
    Delegation,
    State,
}

/// The kind of an entry.
pub(super) fn kind_of(entry: &CacheEntry) -> EntryKind {
    match entry {
        CacheEntry::Known(Known::Rrset(_)) => EntryKind::Rrset,
        CacheEntry::Known(Known::Negative(_)) => EntryKind::Negative,
        CacheEntry::Delegation(_) => EntryKind::Delegation,
        CacheEntry::State(_) => EntryKind::State,
        CacheEntry::Exists(_) => EntryKind::Exists,
    }
}
