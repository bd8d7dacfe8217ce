//! Finds and stores RRsets and negative answers, and decides which data replace others.
//!
//! See RFC 2181 section 5.4.1 (rank of data) and RFC 2308 (negative answers).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hickory_proto::rr::{Name, Record, RecordType};

use super::entries::{CacheEntry, Known};
use super::keys::{KeySlot, NameKeys};
use super::negative::{Denial, Negative, negative_ttl};
use super::rrset::{Credibility, Rrset, capped, encode};
use super::security::Backing;
use super::store::{LookedUp, QuestionStore};
use crate::limits::DOUBTED_TIME;
use dns::cached::{Evidence, Rank};
use dns::clock::Mono;
use dns::question::{QuestionKey, Security, ViewId};

/// The table of RRsets, denials and delegations, by name.
#[derive(Clone)]
pub struct Rrsets {
    store: QuestionStore<CacheEntry>,
    /// True if a DNAME was ever stored. Otherwise no DNAME is looked up.
    dnames: Arc<AtomicBool>,
    /// True if NSEC or NSEC3 records of a zone were ever stored. Otherwise secure data are not compared with them.
    ranges: Arc<AtomicBool>,
}

/// The entries of the table in one view.
#[derive(Clone, Copy)]
pub struct InView<'a> {
    pub(super) store: &'a QuestionStore<CacheEntry>,
    dnames: &'a AtomicBool,
    pub(super) has_ranges: &'a AtomicBool,
    pub(super) view: ViewId,
}

impl Rrsets {
    pub(super) fn new(store: QuestionStore<CacheEntry>) -> Self {
        Self { store, dnames: Arc::default(), ranges: Arc::default() }
    }

    pub(super) fn store(&self) -> &QuestionStore<CacheEntry> {
        &self.store
    }

    pub(super) fn dnames(&self) -> &AtomicBool {
        &self.dnames
    }

    /// Returns the entries in `view`.
    pub fn in_view(&self, view: ViewId) -> InView<'_> {
        InView { store: &self.store, dnames: &self.dnames, has_ranges: &self.ranges, view }
    }
}

impl InView<'_> {
    /// Returns the entry of `kind` at `name`, if its rank is at least `rank` and its TTL has not expired. Glue is returned only if the
    /// cache has neither an entry of a higher rank nor a denial.
    pub fn get(&self, name: &Name, kind: RecordType, rank: Rank, now: Mono) -> Option<Known> {
        let mut keys = self.keys(name);
        let known = self.known(&keys.at(0, KeySlot::Rrset(kind)), rank, now);
        let known = known.or_else(|| self.known(&keys.at(0, KeySlot::Nxdomain), rank, now));
        known.or_else(|| (rank == Rank::Glue).then(|| self.glue(name, kind, now).map(Known::Rrset))?)
    }

    /// Like `get`, but does not count as a use of the entry. Returns the records, none if the type is denied, and when they were stored. Returns `None`
    /// too for a denial that was stored without SOA: it is believed only for a short time.
    pub(crate) fn peek(&self, name: &Name, kind: RecordType, now: Mono) -> Option<(Vec<Record>, Mono)> {
        let mut keys = self.keys(name);
        let slots = [KeySlot::Rrset(kind), KeySlot::Nxdomain];
        let entry = slots.into_iter().find_map(|slot| match self.store.peek(&keys.at(0, slot)) {
            Some(CacheEntry::Known(known)) if now < known.expires() => Some(known),
            _ => None,
        });
        match entry? {
            Known::Rrset(rrset) => {
                (rrset.rank >= Rank::Answer).then(|| (rrset.records(name, now), rrset.stored))
            }
            Known::Negative(denied) => (!denied.soa.is_empty()).then(|| (Vec::new(), denied.stored)),
        }
    }

    /// Returns glue for a server, even if the cache has other data for the server's name.
    pub fn glue(&self, name: &Name, kind: RecordType, now: Mono) -> Option<Arc<Rrset>> {
        match self.known(&self.keys(name).at(0, KeySlot::Glue(kind)), Rank::Glue, now) {
            Some(Known::Rrset(glue)) => Some(glue),
            _ => None,
        }
    }

    /// Returns the RRset of this type at `name`, if its rank is at least `rank` and its TTL has not expired.
    pub fn rrset(&self, name: &Name, kind: RecordType, rank: Rank, now: Mono) -> Option<Arc<Rrset>> {
        self.rrset_of(&mut self.keys(name), kind, rank, now)
    }

    /// Like `rrset`, for prepared keys of the name.
    pub(crate) fn rrset_of(
        &self,
        keys: &mut NameKeys,
        kind: RecordType,
        rank: Rank,
        now: Mono,
    ) -> Option<Arc<Rrset>> {
        match self.known(&keys.at(0, KeySlot::Rrset(kind)), rank, now)? {
            Known::Rrset(rrset) => Some(rrset),
            Known::Negative(_) => None,
        }
    }

    /// Returns keys that several lookups of a name and of the names above can share.
    pub fn keys(&self, name: &Name) -> NameKeys {
        NameKeys::for_name(name, self.view, *self.store.keyed())
    }

    /// Returns what `get` returns, with its type. If `get` returns nothing, returns the CNAME of the name.
    pub fn get_or_alias(
        &self,
        keys: &mut NameKeys,
        kind: RecordType,
        rank: Rank,
        now: Mono,
    ) -> Option<(Known, RecordType)> {
        for slot in [KeySlot::Rrset(kind), KeySlot::Nxdomain] {
            if let Some(known) = self.known(&keys.at(0, slot), rank, now) {
                return Some((known, kind));
            }
        }
        let alias = self.known(&keys.at(0, KeySlot::Rrset(RecordType::CNAME)), rank, now)?;
        matches!(alias, Known::Rrset(_)).then_some((alias, RecordType::CNAME))
    }

    pub(crate) fn may_redirect(&self) -> bool {
        self.dnames.load(Ordering::Relaxed)
    }

    /// Stores an RRset. All `records` have the same owner and type. It gets the smallest TTL of its records (RFC 2181 section 5.2), at most
    /// `max_ttl`. With a TTL of 0, it is not stored. It does not replace data of a greater rank.
    pub fn put(&self, records: &[&Record], rank: Rank, max_ttl: Duration, now: Mono) {
        self.put_backed(records, Credibility::new(rank, Backing::default()), max_ttl, now);
    }

    /// Like `put`. `by` is the credibility of the data. Unvalidated data do not replace secure data whose TTL has not expired. Otherwise a client
    /// with the CD flag could poison the answers of other clients. Returns true if a denial of all types of the name was removed.
    ///
    /// If data of this type may be served stale, an expired denial of the name, and a CNAME that has expired or is about to expire, are removed, even
    /// if the new data are not stored.
    pub fn put_backed(&self, records: &[&Record], by: Credibility, max_ttl: Duration, now: Mono) -> bool {
        let Credibility { rank, backing } = by;
        let Some(first) = records.first() else { return false };
        let (name, kind) = (&first.name, first.record_type());
        let ttl = records.iter().map(|record| capped(record.ttl, max_ttl)).min().unwrap_or(0);
        let slot = if rank == Rank::Glue { KeySlot::Glue(kind) } else { KeySlot::Rrset(kind) };
        let mut keys = self.keys(name);
        let denied = match rank {
            Rank::Glue => None,
            _ if may_be_stale(kind) => {
                self.outdate_entry(&keys.at(0, KeySlot::Rrset(RecordType::CNAME)), (rank, &backing), now);
                self.live(&keys.at(0, KeySlot::Nxdomain), now)
            }
            _ => self.known(&keys.at(0, KeySlot::Nxdomain), Rank::Glue, now),
        };
        let Some(data) = encode(records) else { return false };
        if ttl == 0 {
            return false;
        }
        let held = self.known(&keys.at(0, slot), Rank::Glue, now);
        // A denial of all types that is not secure may come from an NXDOMAIN for type A alone. So it does not keep out data of other types.
        let by_name = denied.iter().filter(|denied| kind == RecordType::A || denied.is_proven());
        if held.iter().chain(by_name).any(|held| held.outlasts(rank, &backing)) {
            return false;
        }
        if rank != Rank::Glue {
            self.prolong_glue(&mut keys, kind, (ttl, &data), now);
        }
        let key = keys.at(0, slot).to_key();
        if kind == RecordType::DNAME {
            self.dnames.store(true, Ordering::Relaxed);
        }
        let rrset = Rrset { kind, rank, stored: now, ttl, data, backing, refuted: false };
        self.store.insert(key, CacheEntry::Known(Known::Rrset(Arc::new(rrset))));
        denied.is_some() && self.clear_denial(name, now)
    }

    /// Prolongs the glue of a name to `ttl`, the TTL of the new data from the zone of the name. If no server answers at the addresses in these data,
    /// only the glue leads to the servers of the zone.
    fn prolong_glue(&self, keys: &mut NameKeys, kind: RecordType, (ttl, data): (u32, &[u8]), now: Mono) {
        if !matches!(kind, RecordType::A | RecordType::AAAA) {
            return;
        }
        let key = keys.at(0, KeySlot::Glue(kind));
        let Some(Known::Rrset(glue)) = self.known(&key, Rank::Glue, now) else { return };
        if *glue.data != *data && glue.left(now) < Duration::from_secs(ttl.into()) {
            let (data, backing) = (glue.data.clone(), Backing::default());
            let glue = Rrset { kind, rank: Rank::Glue, stored: now, ttl, data, backing, refuted: false };
            let glue = CacheEntry::Known(Known::Rrset(Arc::new(glue)));
            self.store.insert(key.to_key(), glue);
        }
    }

    /// Stores a negative answer. Its TTL is the smaller one of its SOA's TTL and MINIMUM (RFC 2308 section 5), at most `max_ttl`.
    pub fn put_negative(&self, denied: Denial<'_>, max_ttl: Duration, now: Mono) {
        self.put_denied(denied, Credibility::new(Rank::Authoritative, Backing::default()), max_ttl, now);
    }

    /// Like `put_negative`. `by` is the credibility. A denial does not replace data of a greater rank.
    pub(crate) fn put_denied(&self, denied: Denial<'_>, by: Credibility, max_ttl: Duration, now: Mono) {
        let (Denial { name, kind, nxdomain, soa }, Credibility { rank, backing }) = (denied, by);
        let ttl = negative_ttl(soa, max_ttl);
        let soa = Evidence::from_records([soa]);
        self.keep_denial((name, kind), Negative { nxdomain, rank, soa, ttl, stored: now, backing });
    }

    /// Stores for `DOUBTED_TIME` that a name has no data of a type, because each server of the zone has sent a denial with the SOA of another zone,
    /// or without AA and SOA.
    pub(crate) fn put_doubted(&self, name: &Name, kind: RecordType, security: Security, now: Mono) {
        let ttl = u32::try_from(DOUBTED_TIME.as_secs()).unwrap_or(0);
        let backing = Backing { security, ..Backing::default() };
        let (nxdomain, rank, soa) = (false, Rank::Answer, Evidence::default());
        self.keep_denial((name, kind), Negative { nxdomain, rank, soa, ttl, stored: now, backing });
    }

    fn keep_denial(&self, (name, kind): (&Name, RecordType), denial: Negative) {
        let (now, ttl) = (denial.stored, denial.ttl);
        if ttl == 0 {
            return;
        }
        let all_types = denial.nxdomain && self.denies_all_types(name, kind, &denial, now);
        let slot = if all_types { KeySlot::Nxdomain } else { KeySlot::Rrset(kind) };
        let mut keys = self.keys(name);
        let held = self.known(&keys.at(0, slot), Rank::Glue, now);
        if held.is_some_and(|held| held.outlasts(denial.rank, &denial.backing)) {
            return;
        }
        self.prolong_glue(&mut keys, kind, (ttl, &[]), now);
        let key = keys.at(0, slot).to_key();
        self.store.insert(key, CacheEntry::Known(Known::Negative(Arc::new(denial))));
    }

    /// Returns the secure denial of a name above the name of `keys` and below `top` (RFC 8020), if there is one. A denial is not used if the cache has
    /// or had data of the denied name or of a name between the two.
    pub(crate) fn nxdomain_above(&self, keys: &mut NameKeys, top: &Name, now: Mono) -> Option<Arc<Negative>> {
        let top = keys.place_of(top)?;
        let mut begin = keys.above(0)?;
        while begin < top {
            if let Some(Known::Negative(held)) =
                self.known(&keys.at(begin, KeySlot::Nxdomain), Rank::Answer, now)
                && held.backing.security == Security::Secure
            {
                let below = keys.above(begin)?;
                return (!self.has_had_data(keys, below)).then_some(held);
            }
            begin = keys.above(begin)?;
        }
        None
    }

    pub(super) fn known(&self, key: &impl LookedUp<QuestionKey>, rank: Rank, now: Mono) -> Option<Known> {
        let Some(CacheEntry::Known(known)) = self.store.get(key) else { return None };
        let believed = match &known {
            Known::Rrset(rrset) => rrset.rank >= rank,
            Known::Negative(_) => true,
        };
        (believed && now < known.expires()).then_some(known)
    }

    pub(super) fn key(self, name: &Name, slot: KeySlot) -> QuestionKey {
        self.keys(name).at(0, slot).to_key()
    }
}

/// Clients may get stale answers for the types that mail needs, except TLSA. A stale TLSA record could allow a delivery that the current record
/// forbids.
pub(super) const STALE_TYPES: [RecordType; 5] =
    [RecordType::MX, RecordType::A, RecordType::AAAA, RecordType::PTR, RecordType::TXT];

pub(crate) fn may_be_stale(kind: RecordType) -> bool {
    STALE_TYPES.contains(&kind)
}

#[cfg(test)]
#[path = "rrsets_tests.rs"]
mod tests;
