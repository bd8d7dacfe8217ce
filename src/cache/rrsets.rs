//! RRsets, proofs that one does not exist, and delegations.
//!
//! RFC 2181 section 5.4.1 (rank of data), RFC 2308 (negative answers). RRsets are kept as wire octets and decoded on
//! the miss path only.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecoder, BinEncodable, BinEncoder, NameEncoding};
use serde::{Deserialize, Serialize};

use super::QuestionStore;
use super::keys::{KeySlot, NameKeys};
use super::renewal;
use super::security::{Backing, Evidence, ZoneTrust};
use crate::clock::Mono;
use crate::limits::DOUBTED_TIME;
use crate::question::{QuestionKey, Security, ViewId};
use crate::rdata;

/// The rank of an RRset (RFC 2181 section 5.4.1); a lesser one never replaces a greater one that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Addresses that came with a referral: servers are asked at them, clients never get them.
    Glue,
    /// From an answer without AA, or from behind the alias in an answer with AA.
    Answer,
    /// From an answer with AA, about the name that was asked for.
    Authoritative,
}

impl Rank {
    /// Data of this rank with their proof.
    pub fn backed(self, backing: Backing) -> Credibility {
        Credibility { rank: self, backing }
    }
}

/// How far data are believed.
#[derive(Clone, Debug)]
pub struct Credibility {
    /// Their rank.
    pub rank: Rank,
    /// Their security, and its proof.
    pub backing: Backing,
}

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

/// The entry of a name.
#[derive(Clone, Debug)]
pub enum Known {
    /// The RRset.
    Rrset(Arc<Rrset>),
    /// It does not exist: no such type, or no such name.
    Negative(Arc<Negative>),
}

/// An RRset as wire octets.
#[derive(Debug)]
pub struct Rrset {
    pub(super) kind: RecordType,
    pub(super) rank: Rank,
    pub(super) stored: Mono,
    pub(super) ttl: u32,
    /// For each record its length in two octets, then its data without compression.
    pub(super) data: Box<[u8]>,
    pub(super) backing: Backing,
}

/// A negative answer and the SOA that limits its time.
#[derive(Debug)]
pub struct Negative {
    /// True: no such name. False: no such type at the name.
    pub nxdomain: bool,
    /// Its rank.
    pub rank: Rank,
    /// The SOA as a record, because names of the library take several times as much; none if the denial is in doubt
    /// and holds for a short time.
    pub(super) soa: Evidence,
    pub(super) ttl: u32,
    pub(super) stored: Mono,
    pub(super) backing: Backing,
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
    /// Whether the operator vouches for it: its servers may be at addresses where no public server is.
    pub trusted: bool,
    /// DS with their signatures, or the proof of their absence, as they came with the referral.
    pub evidence: Evidence,
    /// Since when it is known.
    pub since: Mono,
    /// The moment of its end.
    pub expires: Mono,
}

#[derive(Clone)]
pub(super) enum CacheEntry {
    Known(Known),
    /// The moment until which a name is known to exist.
    Exists(Mono),
    Delegation(Arc<Delegation>),
    State(Arc<ZoneTrust>),
}

/// RRsets, their absence, and delegations, by name.
#[derive(Clone)]
pub struct Rrsets {
    store: QuestionStore<CacheEntry>,
    /// Whether a DNAME was ever kept: few networks meet one, and without one the names above need not be searched.
    dnames: Arc<AtomicBool>,
}

/// The entries of one view.
#[derive(Clone, Copy)]
pub struct InView<'a> {
    pub(super) store: &'a QuestionStore<CacheEntry>,
    dnames: &'a AtomicBool,
    pub(super) view: ViewId,
}

impl Rrsets {
    pub(super) fn new(store: QuestionStore<CacheEntry>) -> Self {
        Self { store, dnames: Arc::default() }
    }

    pub(super) fn store(&self) -> &QuestionStore<CacheEntry> {
        &self.store
    }

    pub(super) fn dnames(&self) -> &AtomicBool {
        &self.dnames
    }

    /// The entries of `view`.
    pub fn of(&self, view: ViewId) -> InView<'_> {
        InView { store: &self.store, dnames: &self.dnames, view }
    }
}

impl InView<'_> {
    /// The entry of `kind` at `name`, if it has at least `rank` and has time to live; glue only if nothing better is
    /// known, not even a denial.
    pub fn get(&self, name: &Name, kind: RecordType, rank: Rank, now: Mono) -> Option<Known> {
        let mut keys = NameKeys::of(name, self.view);
        let known = self.known(keys.at(0, KeySlot::Rrset(kind)), rank, now);
        let known = known.or_else(|| self.known(keys.at(0, KeySlot::Nxdomain), rank, now));
        known.or_else(|| (rank == Rank::Glue).then(|| self.glue(name, kind, now).map(Known::Rrset))?)
    }

    /// The addresses of a server from delegations, even if other data about it are known.
    pub fn glue(&self, name: &Name, kind: RecordType, now: Mono) -> Option<Arc<Rrset>> {
        match self.known(NameKeys::of(name, self.view).at(0, KeySlot::Glue(kind)), Rank::Glue, now) {
            Some(Known::Rrset(glue)) => Some(glue),
            _ => None,
        }
    }

    /// The RRset of exactly this type, as `get` gives it.
    pub fn rrset(&self, name: &Name, kind: RecordType, rank: Rank, now: Mono) -> Option<Arc<Rrset>> {
        match self.known(NameKeys::of(name, self.view).at(0, KeySlot::Rrset(kind)), rank, now)? {
            Known::Rrset(rrset) => Some(rrset),
            Known::Negative(_) => None,
        }
    }

    /// The result of `get`, otherwise the alias of the name; with its type.
    pub fn get_or_alias(
        &self,
        name: &Name,
        kind: RecordType,
        rank: Rank,
        now: Mono,
    ) -> Option<(Known, RecordType)> {
        let mut keys = NameKeys::of(name, self.view);
        for slot in [KeySlot::Rrset(kind), KeySlot::Nxdomain] {
            if let Some(known) = self.known(keys.at(0, slot), rank, now) {
                return Some((known, kind));
            }
        }
        let alias = self.known(keys.at(0, KeySlot::Rrset(RecordType::CNAME)), rank, now)?;
        matches!(alias, Known::Rrset(_)).then_some((alias, RecordType::CNAME))
    }

    /// Whether there may be a DNAME: false if none was ever kept.
    pub fn may_redirect(&self) -> bool {
        self.dnames.load(Ordering::Relaxed)
    }

    /// Keeps an RRset. `records` have one owner and type; the smallest of their TTLs counts (RFC 2181 section 5.2),
    /// `max_ttl` caps it. Nothing is kept with a TTL of 0, nor over data of a greater rank.
    pub fn put(&self, records: &[&Record], rank: Rank, max_ttl: Duration, now: Mono) {
        self.put_backed(records, rank.backed(Backing::default()), max_ttl, now);
    }

    /// The same with its proof. Unchecked data do not replace secure data that live: a client that sets CD cannot
    /// poison others. Returns true if it has cleared a denial of all types of its name.
    ///
    /// Data that may be stale end a denial or alias of the name that is past its TTL, even if they are not kept.
    pub fn put_backed(&self, records: &[&Record], by: Credibility, max_ttl: Duration, now: Mono) -> bool {
        let Credibility { rank, backing } = by;
        let Some(first) = records.first() else { return false };
        let (name, kind) = (&first.name, first.record_type());
        let ttl = records.iter().map(|record| capped(record.ttl, max_ttl)).min().unwrap_or(0);
        let slot = if rank == Rank::Glue { KeySlot::Glue(kind) } else { KeySlot::Rrset(kind) };
        let mut keys = NameKeys::of(name, self.view);
        let denied = match rank {
            Rank::Glue => None,
            _ if may_be_stale(kind) => {
                self.live(keys.at(0, KeySlot::Rrset(RecordType::CNAME)), now);
                self.live(keys.at(0, KeySlot::Nxdomain), now)
            }
            _ => self.known(keys.at(0, KeySlot::Nxdomain), Rank::Glue, now),
        };
        let Some(data) = encode(records) else { return false };
        if ttl == 0 {
            return false;
        }
        let held = self.known(keys.at(0, slot), Rank::Glue, now);
        // A was asked for and denied, unless the denial is proven: other types are denied by inference.
        let by_name = denied.iter().filter(|denied| kind == RecordType::A || denied.is_proven());
        if held.iter().chain(by_name).any(|held| held.outlasts(rank, &backing)) {
            return false;
        }
        if rank > Rank::Glue {
            self.prolong_glue(&mut keys, kind, (ttl, &data), now);
        }
        let key = QuestionKey::from_bytes(keys.at(0, slot));
        if kind == RecordType::DNAME {
            self.dnames.store(true, Ordering::Relaxed);
        }
        let rrset = Rrset { kind, rank, stored: now, ttl, data, backing };
        self.store.insert(key, CacheEntry::Known(Known::Rrset(Arc::new(rrset))));
        denied.is_some() && self.clear_denial(name, now)
    }

    /// Keeps glue as long as the data of the name's own zone: if those turn out to be useless, there is nobody to ask
    /// for the glue again.
    fn prolong_glue(&self, keys: &mut NameKeys, kind: RecordType, (ttl, data): (u32, &[u8]), now: Mono) {
        if !matches!(kind, RecordType::A | RecordType::AAAA) {
            return;
        }
        let key = keys.at(0, KeySlot::Glue(kind));
        let Some(Known::Rrset(glue)) = self.known(key, Rank::Glue, now) else { return };
        if *glue.data != *data && glue.left(now) < Duration::from_secs(ttl.into()) {
            let (data, backing) = (glue.data.clone(), Backing::default());
            let glue = Rrset { kind, rank: Rank::Glue, stored: now, ttl, data, backing };
            let glue = CacheEntry::Known(Known::Rrset(Arc::new(glue)));
            self.store.insert(QuestionKey::from_bytes(key), glue);
        }
    }

    /// Keeps a negative answer for the time of its SOA (RFC 2308 section 5): the smaller of the SOA's TTL and its
    /// MINIMUM, capped by `max_ttl`.
    pub fn put_negative(&self, denied: Denial<'_>, max_ttl: Duration, now: Mono) {
        self.put_denied(denied, Rank::Authoritative.backed(Backing::default()), max_ttl, now);
    }

    /// The same with its rank and proof; like an RRset, it is not kept over data of a greater rank.
    pub fn put_denied(&self, denied: Denial<'_>, by: Credibility, max_ttl: Duration, now: Mono) {
        let (Denial { name, kind, nxdomain, soa }, Credibility { rank, backing }) = (denied, by);
        let ttl = negative_ttl(soa, max_ttl);
        let soa = Evidence::of([soa]);
        self.keep_denial((name, kind), Negative { nxdomain, rank, soa, ttl, stored: now, backing });
    }

    /// Keeps for a short time that a name lacks a type, because all servers of its zone have said so in doubt.
    pub fn put_doubted(&self, name: &Name, kind: RecordType, security: Security, now: Mono) {
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
        let all_types = denial.nxdomain && self.denies_all_types(name, kind, denial.backing.security, now);
        let slot = if all_types { KeySlot::Nxdomain } else { KeySlot::Rrset(kind) };
        let mut keys = NameKeys::of(name, self.view);
        let held = self.known(keys.at(0, slot), Rank::Glue, now);
        if held.is_some_and(|held| held.outlasts(denial.rank, &denial.backing)) {
            return;
        }
        self.prolong_glue(&mut keys, kind, (ttl, &[]), now);
        let key = QuestionKey::from_bytes(keys.at(0, slot));
        self.store.insert(key, CacheEntry::Known(Known::Negative(Arc::new(denial))));
    }

    /// Keeps a delegation.
    pub fn put_delegation(&self, delegation: Arc<Delegation>) {
        self.store
            .insert(self.key(&delegation.zone, KeySlot::Delegation), CacheEntry::Delegation(delegation));
    }

    /// Keeps the state of a zone.
    pub fn put_zone_state(&self, state: Arc<ZoneTrust>) {
        self.store.insert(self.key(&state.zone, KeySlot::State), CacheEntry::State(state));
    }

    /// The state of exactly this zone.
    pub fn zone_state(&self, zone: &Name, now: Mono) -> Option<Arc<ZoneTrust>> {
        match self.store.get(NameKeys::of(zone, self.view).at(0, KeySlot::State)) {
            Some(CacheEntry::State(state)) if now < state.expires => Some(state),
            _ => None,
        }
    }

    /// The proof that a name above `name`, and below `top`, does not exist, if it leaves no doubt (RFC 8020).
    pub fn nxdomain_above(&self, name: &Name, top: &Name, now: Mono) -> Option<Arc<Negative>> {
        let mut keys = NameKeys::of(name, self.view);
        let top = keys.place_of(top)?;
        let mut above = keys.above(0)?;
        while above < top {
            match self.known(keys.at(above, KeySlot::Nxdomain), Rank::Answer, now) {
                Some(Known::Negative(held)) if held.backing.security == Security::Secure => {
                    return Some(held);
                }
                _ => above = keys.above(above)?,
            }
        }
        None
    }

    /// Forgets the delegation of a zone.
    pub fn forget_delegation(&self, zone: &Name) {
        self.store.remove(NameKeys::of(zone, self.view).at(0, KeySlot::Delegation));
    }

    /// The delegation of exactly this zone.
    pub fn delegation(&self, zone: &Name, now: Mono) -> Option<Arc<Delegation>> {
        self.delegated(NameKeys::of(zone, self.view).at(0, KeySlot::Delegation), now)
    }

    /// The delegation of the closest known zone at or above `name`.
    pub fn closest_delegation(&self, name: &Name, now: Mono) -> Option<Arc<Delegation>> {
        self.closest_to(NameKeys::of(name, self.view), now)
    }

    /// The same for a name in wire form.
    pub fn closest_delegation_of_wire(&self, name: &[u8], now: Mono) -> Option<Arc<Delegation>> {
        self.closest_to(NameKeys::of_wire(name, self.view), now)
    }

    fn closest_to(&self, mut keys: NameKeys, now: Mono) -> Option<Arc<Delegation>> {
        let mut begin = 0;
        loop {
            if let Some(delegation) = self.delegated(keys.at(begin, KeySlot::Delegation), now) {
                return Some(delegation);
            }
            begin = keys.above(begin)?;
        }
    }

    fn delegated(&self, key: &[u8], now: Mono) -> Option<Arc<Delegation>> {
        match self.store.get(key) {
            Some(CacheEntry::Delegation(delegation)) if now < delegation.expires => Some(delegation),
            _ => None,
        }
    }

    /// The entry of a key, whatever its rank; one that is past its TTL is forgotten.
    pub(super) fn live(&self, key: &[u8], now: Mono) -> Option<Known> {
        let Some(CacheEntry::Known(known)) = self.store.get(key) else { return None };
        if now < known.expires() {
            return Some(known);
        }
        self.store.remove(key).and(None)
    }

    pub(super) fn known(&self, key: &[u8], rank: Rank, now: Mono) -> Option<Known> {
        let Some(CacheEntry::Known(known)) = self.store.get(key) else { return None };
        let believed = match &known {
            Known::Rrset(rrset) => rrset.rank >= rank,
            Known::Negative(_) => true,
        };
        (believed && now < known.expires()).then_some(known)
    }

    pub(super) fn key(self, name: &Name, slot: KeySlot) -> QuestionKey {
        QuestionKey::from_bytes(NameKeys::of(name, self.view).at(0, slot))
    }
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
            Self::Negative(negative) => negative.stored.after(Duration::from_secs(negative.ttl.into())),
        }
    }

    /// Whether it is about to end, so that a question that renews it does not use it.
    pub fn is_to_be_renewed(&self, now: Mono) -> bool {
        renewal::is_renewal_due(self.stored(), self.expires(), now)
    }

    /// Whether it is secure.
    pub(super) fn is_proven(&self) -> bool {
        let backing = match self {
            Self::Rrset(rrset) => &rrset.backing,
            Self::Negative(negative) => &negative.backing,
        };
        backing.security == Security::Secure
    }

    /// Whether it stays when new data of `rank` and `backing` come while it lives. Unchecked data do not replace
    /// proven data; proven data replace unproven data; otherwise the greater rank stays.
    fn outlasts(&self, rank: Rank, backing: &Backing) -> bool {
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

impl Rrset {
    /// Its rank.
    pub fn rank(&self) -> Rank {
        self.rank
    }

    /// Its type.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// When its TTL ends.
    pub fn expires(&self) -> Mono {
        self.stored.after(Duration::from_secs(self.ttl.into()))
    }

    /// Whether it is to be renewed, as it is used now.
    pub fn is_to_be_renewed(&self, now: Mono) -> bool {
        renewal::is_renewal_due(self.stored, self.expires(), now)
    }

    /// The time that is left.
    pub fn left(&self, now: Mono) -> Duration {
        self.expires().since(now)
    }

    /// When it was kept.
    pub fn stored(&self) -> Mono {
        self.stored
    }

    /// Its security, and the records that prove it.
    pub fn backing(&self) -> &Backing {
        &self.backing
    }

    /// Its signatures, and proofs if a wildcard made it, with the TTL that is left.
    pub fn evidence(&self, now: Mono) -> Vec<Record> {
        self.backing.evidence.records(self.ttl.saturating_sub(now.seconds_since(self.stored)))
    }

    /// Its addresses, if it has any.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let mut left = &*self.data;
        std::iter::from_fn(move || {
            let (length, rest) = left.split_first_chunk()?;
            let (data, behind) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
            left = behind;
            match self.kind {
                RecordType::A => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
                RecordType::AAAA => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
                _ => None,
            }
        })
    }

    /// Its records, owned by `name`, with the TTL that is left.
    pub fn records(&self, name: &Name, now: Mono) -> Vec<Record> {
        let ttl = self.ttl.saturating_sub(now.seconds_since(self.stored));
        let mut decoder = BinDecoder::new(&self.data);
        let mut records = Vec::new();
        while !decoder.is_empty() {
            let Ok(length) = decoder.read_u16() else { break };
            let Ok(data) = rdata::read(self.kind, length.unverified(), &mut decoder) else { break };
            let mut record = Record::from_rdata(name.clone(), ttl, data);
            record.dns_class = DNSClass::IN;
            records.push(record);
        }
        records
    }
}

impl Negative {
    /// The time that is left.
    pub fn left(&self, now: Mono) -> Duration {
        self.stored.after(Duration::from_secs(self.ttl.into())).since(now)
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

/// Whether a client may get a stale answer for `kind`: the types that mail needs. TLSA is not here: a stale one would
/// let mail through that a new one forbids.
pub fn may_be_stale(kind: RecordType) -> bool {
    matches!(kind, RecordType::MX | RecordType::A | RecordType::AAAA | RecordType::PTR | RecordType::TXT)
}

/// The TTL of a negative answer.
pub fn negative_ttl(soa: &Record, max_ttl: Duration) -> u32 {
    match &soa.data {
        RData::SOA(data) => capped(soa.ttl.min(data.minimum), max_ttl),
        _ => 0,
    }
}

/// A TTL as received, corrected: above 2^31 - 1 it is 0 (RFC 2181 section 8), above `max_ttl` it is `max_ttl`.
pub fn capped(ttl: u32, max_ttl: Duration) -> u32 {
    if ttl > u32::MAX / 2 { 0 } else { ttl.min(u32::try_from(max_ttl.as_secs()).unwrap_or(u32::MAX)) }
}

fn encode(records: &[&Record]) -> Option<Box<[u8]>> {
    let exactly = if matches!(records, [only] if only.record_type() == RecordType::A) { 6 } else { 0 };
    let mut data = Vec::with_capacity(exactly);
    for record in records {
        match &record.data {
            RData::A(address) => {
                data.extend_from_slice(&[0, 4]);
                data.extend_from_slice(&address.octets());
                continue;
            }
            RData::AAAA(address) => {
                data.extend_from_slice(&[0, 16]);
                data.extend_from_slice(&address.octets());
                continue;
            }
            _ => {}
        }
        let mut octets = Vec::new();
        let mut encoder = BinEncoder::new(&mut octets);
        encoder.set_name_encoding(NameEncoding::Uncompressed);
        record.data.emit(&mut encoder).ok()?;
        data.extend_from_slice(&u16::try_from(octets.len()).ok()?.to_be_bytes());
        data.append(&mut octets);
    }
    Some(data.into_boxed_slice())
}

#[cfg(test)]
#[path = "rrsets_tests.rs"]
mod tests;
