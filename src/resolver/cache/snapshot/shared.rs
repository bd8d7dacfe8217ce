//! Entries that the gateways of a fleet share, in the form of the snapshot.
//!
//! Gateways share the RRset, alias or denial for a question, and the delegation and the DNSSEC state of a zone. The times of an entry are spans
//! before or after the time at which the entry was written.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::blocks::Octets;
use super::entry::{self, Begin, EntryFrame};
use super::server;
use super::times::Moments;
use crate::cache::Memory;
use crate::cache::entries::{CacheEntry, Known};
use crate::cache::keys::KeySlot;
use crate::cache::negative::Negative;
use crate::cache::rrset::Rrset;
use crate::cache::security::Backing;
use crate::cache::servers::Servers;
use crate::limits::{MIN_SHARED_TIME, RESTORED_SERVER_TIME};
use dns::clock::Mono;
use dns::question::{QuestionKey, Security, ViewId};

/// Entries in octets.
pub(crate) struct Exported {
    /// The entries, one after the other.
    pub(crate) octets: Vec<u8>,
    /// The time until the first entry expires.
    pub(crate) left: Duration,
}

/// How entries of the fleet are added to the cache.
#[derive(Clone, Copy)]
pub(crate) struct Import<'i> {
    pub(crate) view: ViewId,
    /// The time since the entries were written.
    pub(crate) age: Duration,
    /// The longest validity of an entry.
    pub(crate) max_ttl: Duration,
    /// Returns true if the data of a name (in wire form) were flushed after they were written.
    pub(crate) refuses: &'i dyn Fn(&[u8]) -> bool,
    /// True if this gateway validates secure data of the fleet again; false if it trusts the gateway that wrote them.
    pub(crate) verifies: bool,
}

impl Memory {
    /// Returns the cached RRset, alias or denial for a name and type. Unvalidated data are shared only if no gateway of the fleet validates
    /// (`validates` is false).
    pub(crate) fn export(
        &self,
        (name, kind): (&Name, RecordType),
        (view, validates): (ViewId, bool),
        now: Mono,
    ) -> Option<Exported> {
        let mut keys = self.rrsets.in_view(view).keys(name);
        let slots = [KeySlot::Rrset(kind), KeySlot::Nxdomain, KeySlot::Rrset(RecordType::CNAME)];
        slots.into_iter().find_map(|slot| {
            let key = keys.at(0, slot);
            let entry = self.rrsets.store().peek(&key)?;
            let CacheEntry::Known(known) = &entry else { return None };
            let is_unchecked = backing(known).security == Security::Unchecked;
            let left = known.expires().since(now);
            if left < MIN_SHARED_TIME || validates && is_unchecked {
                return None;
            }
            let mut octets = Vec::new();
            put_shared(&mut octets, &key.to_key(), &entry, now);
            Some(Exported { octets, left })
        })
    }

    /// Returns the delegation and the DNSSEC state of a zone, if one of them was stored after `since`.
    pub(crate) fn export_zone(
        &self,
        zone: &Name,
        view: ViewId,
        (since, now): (Mono, Mono),
    ) -> Option<Exported> {
        let rrsets = self.rrsets.in_view(view);
        let (delegation, state) = (rrsets.delegation(zone, now)?, rrsets.zone_state(zone, now));
        let is_new = delegation.since >= since || state.as_ref().is_some_and(|state| state.stored >= since);
        if !is_new || delegation.trusted || !delegation.configured.is_empty() {
            return None;
        }
        let mut left = delegation.expires.since(now);
        let mut parts = vec![(KeySlot::Delegation, CacheEntry::Delegation(delegation))];
        if let Some(state) = state {
            left = left.min(state.expires.since(now));
            parts.push((KeySlot::State, CacheEntry::State(state)));
        }
        let mut octets = Vec::new();
        for (slot, entry) in &parts {
            put_shared(&mut octets, &rrsets.key(zone, *slot), entry, now);
        }
        (left >= MIN_SHARED_TIME).then_some(Exported { octets, left })
    }

    /// Adds entries to the cache. Skips entries that have expired, cannot be read, or are no better than those in the cache. Returns the number of
    /// added ones.
    pub(crate) fn import(&self, octets: &[u8], import: Import<'_>, now: Mono) -> usize {
        let moments = Moments { now, gone: import.age, most: import.max_ttl, stale: Duration::ZERO };
        let mut left = Octets::new(octets);
        std::iter::from_fn(|| EntryFrame::read(&mut left))
            .filter(|framed| self.take_shared(framed, import, moments).is_some())
            .count()
    }

    fn take_shared(&self, framed: &EntryFrame<'_>, import: Import<'_>, moments: Moments) -> Option<()> {
        let left = &mut Octets::new(framed.octets);
        let begin = Begin::read(left)?;
        if (import.refuses)(begin.name) {
            return None;
        }
        let mut entry = entry::known(left, framed.tag, &begin, moments)?;
        if import.verifies {
            entry = unverified(entry)?;
        }
        let key = begin.key(import.view);
        let is_better = match self.rrsets.store().peek(&key) {
            None => true,
            Some(held) => is_newer(&entry, &held, moments.now),
        };
        if begin.kind == RecordType::DNAME {
            self.rrsets.dnames().store(true, Ordering::Relaxed);
        }
        is_better.then(|| self.rrsets.store().insert(key, entry))
    }
}

impl Servers {
    /// Returns the addresses and records of at most `most` servers that are dead, or lame for a zone.
    pub fn export_faulty(&self, now: Mono, most: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut faulty = Vec::new();
        // The error of `each` only means that the list is full.
        let _ = self.each(|address, server| {
            if server::is_faulty(server, now) {
                let mut record = Vec::new();
                server::put_server(&mut record, address, server, now);
                faulty.push((address.to_string().into_bytes(), record));
            }
            if faulty.len() < most { Ok(()) } else { Err(()) }
        });
        faulty
    }

    /// Adds a faulty server that another gateway has reported, if this gateway knows nothing of it. `age` is the time since that report.
    pub fn import(&self, record: &[u8], age: Duration, now: Mono) -> bool {
        let moments = Moments { now, gone: age, most: RESTORED_SERVER_TIME, stale: Duration::ZERO };
        let Some((address, mut history)) = server::server(record, moments) else { return false };
        // Round trips depend on the location of the gateway.
        history.round_trips = None;
        self.restore(address, history)
    }
}

/// Appends the entry, unless it has expired or must not be in a snapshot.
fn put_shared(out: &mut Vec<u8>, key: &QuestionKey, entry: &CacheEntry, now: Mono) {
    if let Some(tag) = entry::tag_of(entry, Duration::ZERO, || true, now) {
        entry::put_entry(out, tag, false, |out| entry::put_known(out, (key, 0), entry, now));
    }
}

fn backing(known: &Known) -> &Backing {
    match known {
        Known::Rrset(rrset) => rrset.backing(),
        Known::Negative(negative) => negative.backing(),
    }
}

/// Returns true if the entry of the fleet expires later than the cached entry `held`, and is at least as credible.
fn is_newer(entry: &CacheEntry, held: &CacheEntry, now: Mono) -> bool {
    match (entry, held) {
        (CacheEntry::Known(new), CacheEntry::Known(held)) => {
            let rank = match new {
                Known::Rrset(rrset) => rrset.rank(),
                Known::Negative(negative) => negative.rank,
            };
            held.expires() <= now || held.expires() < new.expires() && !held.outlasts(rank, backing(new))
        }
        (CacheEntry::Delegation(new), CacheEntry::Delegation(held)) => {
            !held.trusted && held.configured.is_empty() && held.expires < new.expires
        }
        (CacheEntry::State(new), CacheEntry::State(held)) => held.expires < new.expires,
        _ => false,
    }
}

/// Marks the entry as not validated, so that this gateway validates it. Returns `None` for the DNSSEC state of a zone, which this gateway must find
/// itself.
fn unverified(entry: CacheEntry) -> Option<CacheEntry> {
    let unchecked =
        |backing: &Backing| Backing { security: Security::Unchecked, evidence: backing.evidence.clone() };
    Some(match entry {
        CacheEntry::Known(Known::Rrset(rrset)) => {
            let backing = unchecked(rrset.backing());
            CacheEntry::Known(Known::Rrset(Rrset { backing, ..Rrset::clone(&rrset) }.into()))
        }
        CacheEntry::Known(Known::Negative(negative)) => {
            let backing = unchecked(negative.backing());
            let negative = Negative { backing, ..negative.as_ref().clone() };
            CacheEntry::Known(Known::Negative(negative.into()))
        }
        CacheEntry::State(_) => return None,
        entry => entry,
    })
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
