//! The weight and the sort of an entry of the memory of RRsets.

use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::Name;

use super::rrsets::{CacheEntry, Delegation, Known, Negative, Rrset};
use super::security::ZoneTrust;
use super::{outside, shared, weight};
use crate::question::QuestionKey;

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
