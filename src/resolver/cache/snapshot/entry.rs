//! One entry of the snapshot: its key, its times, and its data.
//!
//! The times of an entry are spans before or after the writing of the snapshot. The reader adds the time since then, and skips entries that it cannot
//! read.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::blocks::{Octets, put_string};
use super::times::{Moments, PastEnd, lifetime, put_lifetime, put_span, span};
use super::trust;
use crate::cache::entries::{CacheEntry, Known};
use crate::cache::freshness::{self, Age};
use crate::cache::negative::Negative;
use crate::cache::rrset::Rrset;
use crate::cache::rrsets::may_be_stale;
use crate::cache::security::Backing;
use dns::cached::{Delegation, Evidence, Rank};
use dns::clock::Mono;
use dns::question::{MAX_NAME, QuestionKey, Security, ViewId, is_name, name_of_wire, push_tail, wire_name};

/// The first octet of an entry: its kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryTag {
    Rrset = 2,
    Negative = 3,
    Exists = 4,
    Delegation = 5,
    State = 6,
    Server = 7,
    Configured = 8,
}

const TAGS: [EntryTag; 7] = [
    EntryTag::Rrset,
    EntryTag::Negative,
    EntryTag::Exists,
    EntryTag::Delegation,
    EntryTag::State,
    EntryTag::Server,
    EntryTag::Configured,
];

/// This bit in the first octet of an entry is set if the entry was used again after it was stored (if it is in the long queue of `Store`).
const IN_USE: u8 = 0x80;

/// An entry that is not decoded yet.
pub(super) struct EntryFrame<'o> {
    pub(super) tag: EntryTag,
    pub(super) in_use: bool,
    pub(super) octets: &'o [u8],
}

impl<'o> EntryFrame<'o> {
    /// Returns the next entry, or `None` at the end of the block. Skips entries with an unknown first octet.
    pub(super) fn read(left: &mut Octets<'o>) -> Option<Self> {
        loop {
            let (first, octets) = (left.octet()?, left.string()?);
            if let Some(tag) = TAGS.into_iter().find(|tag| *tag as u8 == first & !IN_USE) {
                return Some(Self { tag, in_use: first & IN_USE != 0, octets });
            }
        }
    }
}

/// Appends an entry: its tag, its length, and the octets that `put` appends.
pub(super) fn put_entry(out: &mut Vec<u8>, tag: EntryTag, in_use: bool, put: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag as u8 | if in_use { IN_USE } else { 0 });
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    put(out);
    let length = out.len().saturating_sub(begin).saturating_sub(4);
    if let Some(place) = out.get_mut(begin..).and_then(|behind| behind.first_chunk_mut()) {
        *place = u32::try_from(length).unwrap_or(0).to_be_bytes();
    }
}

/// The first fields of an entry of a name: its view, and the name, type and flags of its key.
pub(super) struct Begin<'o> {
    /// The position of the view in the configuration.
    pub(super) view: usize,
    pub(super) name: &'o [u8],
    pub(super) kind: RecordType,
    pub(super) flags: u8,
}

impl<'o> Begin<'o> {
    pub(super) fn read(left: &mut Octets<'o>) -> Option<Self> {
        let view = left.short()?.into();
        let length = left.octet()?;
        let name = left.take(length.into()).filter(|name| is_name(name))?;
        Some(Self { view, name, kind: RecordType::from(left.short()?), flags: left.octet()? })
    }

    pub(super) fn key(&self, view: ViewId) -> QuestionKey {
        let mut octets = Vec::with_capacity(MAX_NAME + QuestionKey::TAIL);
        octets.extend_from_slice(self.name);
        push_tail(&mut octets, self.kind, self.flags, view);
        QuestionKey::from_bytes(&octets)
    }
}

fn put_begin(out: &mut Vec<u8>, (key, view): (&QuestionKey, u16)) {
    out.extend_from_slice(&view.to_be_bytes());
    out.push(u8::try_from(key.name().len()).unwrap_or(0));
    out.extend_from_slice(key.name());
    out.extend_from_slice(&u16::from(key.kind()).to_be_bytes());
    out.push(key.flags());
}

/// Returns the tag of a cache entry, which becomes the entry's first octet in the snapshot. Returns `None` if the entry must not be written, because
/// it has expired or comes from the configuration. An expired entry is written while it may be a stale answer. An expired RRset is written only if no
/// server has given another answer since (`is_last`).
pub(super) fn tag_of(
    entry: &CacheEntry,
    serve_stale: Duration,
    is_last: impl FnOnce() -> bool,
    now: Mono,
) -> Option<EntryTag> {
    let age = |expires| freshness::age(expires, serve_stale, now);
    let (tag, is_kept) = match entry {
        CacheEntry::Known(Known::Rrset(rrset)) => {
            let is_kept = match age(rrset.expires()) {
                Age::Fresh => true,
                Age::Stale(_) => {
                    past_end(rrset.kind(), rrset.rank(), rrset.refuted) == PastEnd::Used && is_last()
                }
                Age::Over => false,
            };
            (EntryTag::Rrset, is_kept)
        }
        CacheEntry::Known(Known::Negative(negative)) => {
            let is_kept = match age(negative.expires()) {
                Age::Fresh => true,
                Age::Stale(_) => denial_past_end(negative.nxdomain, negative.backing()) == PastEnd::Used,
                Age::Over => false,
            };
            (EntryTag::Negative, is_kept)
        }
        CacheEntry::Exists(until) => (EntryTag::Exists, now < *until),
        CacheEntry::Delegation(delegation) => {
            let learnt = !delegation.trusted && delegation.configured.is_empty();
            (EntryTag::Delegation, learnt && now < delegation.expires)
        }
        CacheEntry::State(state) => (EntryTag::State, trust::is_kept(state) && now < state.expires),
        // Ranges of denied names are not written: a few queries after the start find them again.
        CacheEntry::Ranges(_) | CacheEntry::Mark(_) => return None,
    };
    is_kept.then_some(tag)
}

/// Says if an RRset is used after its TTL has expired: as a stale answer, or as an alias that leads to one.
fn past_end(kind: RecordType, rank: Rank, refuted: bool) -> PastEnd {
    let is_used = may_be_stale(kind) || matches!(kind, RecordType::CNAME | RecordType::DNAME);
    if is_used && rank > Rank::Glue && !refuted { PastEnd::Used } else { PastEnd::Unused }
}

/// Says if a denial is used after its TTL. Only a secure NXDOMAIN is: it prevents stale answers for names below (`is_denied_above`).
fn denial_past_end(nxdomain: bool, backing: &Backing) -> PastEnd {
    if nxdomain && backing.security == Security::Secure { PastEnd::Used } else { PastEnd::Unused }
}

pub(super) fn put_known(out: &mut Vec<u8>, begin: (&QuestionKey, u16), entry: &CacheEntry, now: Mono) {
    put_begin(out, begin);
    match entry {
        CacheEntry::Known(Known::Rrset(rrset)) => {
            put_lifetime(out, (rrset.stored(), rrset.expires()), now);
            out.push(of_rank(rrset.rank()));
            out.push(rrset.refuted.into());
            put_backing(out, rrset.backing());
            put_string(out, &rrset.data);
        }
        CacheEntry::Known(Known::Negative(negative)) => {
            put_lifetime(out, (negative.stored, negative.expires()), now);
            out.push(negative.nxdomain.into());
            out.push(of_rank(negative.rank));
            put_backing(out, negative.backing());
            put_string(out, negative.soa.as_octets());
        }
        CacheEntry::Exists(until) => put_span(out, until.since(now)),
        CacheEntry::Delegation(delegation) => put_delegation(out, delegation, now),
        CacheEntry::State(state) => trust::put_state(out, state, now),
        CacheEntry::Ranges(_) | CacheEntry::Mark(_) => {}
    }
}

/// Reads a cache entry of a snapshot. Returns `None` if the entry has expired, cannot be read, or has a tag of another table.
pub(super) fn known(
    left: &mut Octets<'_>,
    tag: EntryTag,
    begin: &Begin<'_>,
    moments: Moments,
) -> Option<CacheEntry> {
    Some(match tag {
        EntryTag::Server | EntryTag::Configured => return None,
        EntryTag::Rrset => CacheEntry::Known(Known::Rrset(Arc::new(rrset(left, begin.kind, moments)?))),
        EntryTag::Negative => CacheEntry::Known(Known::Negative(Arc::new(negative(left, moments)?))),
        EntryTag::Exists => CacheEntry::Exists(moments.now.after(moments.left(span(left)?)?)),
        EntryTag::Delegation => CacheEntry::Delegation(Arc::new(delegation(left, begin.name, moments)?)),
        EntryTag::State => CacheEntry::State(Arc::new(trust::state(left, begin.name, moments)?)),
    })
}

fn rrset(left: &mut Octets<'_>, kind: RecordType, moments: Moments) -> Option<Rrset> {
    let (age, whole) = (span(left)?, span(left)?);
    let (rank, refuted, backing) = (rank(left.octet()?)?, left.octet()? != 0, backing(left)?);
    let lifetime = moments.lifetime(age, whole, past_end(kind, rank, refuted))?;
    let (stored, ttl) = (lifetime.since, lifetime.ttl());
    Some(Rrset { kind, rank, stored, ttl, data: left.string()?.into(), backing, refuted })
}

fn negative(left: &mut Octets<'_>, moments: Moments) -> Option<Negative> {
    let (age, whole) = (span(left)?, span(left)?);
    let nxdomain = left.octet()? != 0;
    let (rank, backing) = (rank(left.octet()?)?, backing(left)?);
    let lifetime = moments.lifetime(age, whole, denial_past_end(nxdomain, &backing))?;
    let soa = Evidence::restored(left.string()?);
    let (stored, ttl) = (lifetime.since, lifetime.ttl());
    Some(Negative { nxdomain, rank, soa, ttl, stored, backing })
}

fn put_delegation(out: &mut Vec<u8>, delegation: &Delegation, now: Mono) {
    put_lifetime(out, (delegation.since, delegation.expires), now);
    out.extend_from_slice(&u16::try_from(delegation.servers.len()).unwrap_or(0).to_be_bytes());
    for server in &delegation.servers {
        put_string(out, &wire_name(server));
    }
    out.extend_from_slice(&u16::try_from(delegation.glue.len()).unwrap_or(0).to_be_bytes());
    for (place, address) in &delegation.glue {
        out.extend_from_slice(&u16::try_from(*place).unwrap_or(u16::MAX).to_be_bytes());
        match address {
            IpAddr::V4(address) => put_string(out, &address.octets()),
            IpAddr::V6(address) => put_string(out, &address.octets()),
        }
    }
    put_string(out, delegation.evidence.as_octets());
}

fn delegation(left: &mut Octets<'_>, zone: &[u8], moments: Moments) -> Option<Delegation> {
    let lifetime = lifetime(left, moments)?;
    let mut servers = Vec::new();
    for _ in 0..left.short()? {
        servers.push(name(left)?);
    }
    let mut glue = Vec::new();
    for _ in 0..left.short()? {
        let place = usize::from(left.short()?);
        let octets = left.string()?;
        let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
        let address = four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()?;
        servers.get(place)?;
        glue.push((place, address));
    }
    servers.shrink_to_fit();
    glue.shrink_to_fit();
    Some(Delegation {
        zone: name_of_wire(zone),
        servers,
        glue,
        configured: Vec::new(),
        trusted: false,
        evidence: Evidence::restored(left.string()?),
        since: lifetime.since,
        expires: lifetime.expires,
    })
}

fn name(left: &mut Octets<'_>) -> Option<Name> {
    left.string().filter(|name| is_name(name)).map(name_of_wire)
}

fn put_backing(out: &mut Vec<u8>, backing: &Backing) {
    out.push(of_security(backing.security));
    put_string(out, backing.evidence.as_octets());
}

fn backing(left: &mut Octets<'_>) -> Option<Backing> {
    let security = security(left.octet()?)?;
    Some(Backing { security, evidence: Evidence::restored(left.string()?) })
}

const fn of_rank(rank: Rank) -> u8 {
    match rank {
        Rank::Glue => 0,
        Rank::Answer => 1,
        Rank::Authoritative => 2,
    }
}

fn rank(octet: u8) -> Option<Rank> {
    [Rank::Glue, Rank::Answer, Rank::Authoritative].into_iter().find(|rank| of_rank(*rank) == octet)
}

const fn of_security(security: Security) -> u8 {
    match security {
        Security::Unchecked => 0,
        Security::Secure => 1,
        Security::Insecure => 2,
    }
}

fn security(octet: u8) -> Option<Security> {
    let all = [Security::Unchecked, Security::Secure, Security::Insecure];
    all.into_iter().find(|security| of_security(*security) == octet)
}
