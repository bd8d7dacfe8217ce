//! The NSEC and NSEC3 records of secure NXDOMAIN answers, by zone. Each denies a range of names, so resolverd answers questions for other names in
//! this range without a query (RFC 8198).
//!
//! # Decisions
//!
//! - Some zones have valid records that deny names that exist: their chain was updated in part, or does not have all names. A proof is not believed
//!   against evidence. The name, or a name above it in the zone, for which the cache has or had data is not denied. If the records of a zone deny one
//!   of its name servers or mail hosts, or a name that the zone answers, no record of the zone is used for `REFUTED_TIME`.
//! - NSEC3 records are used only of the root, of top-level domains and of zones below `arpa`. Most names there are delegations, and many queries for
//!   names that do not exist go to these zones. A record of another zone would hardly save a query: hashes spread the few names of a mail domain, so
//!   its records rarely cover the name of the next question.
//! - All ranges of a zone are in one entry, because the table finds only exact keys, but a range must be found for any name in it. As an entry,
//!   ranges count towards the memory limit, and a flush or a reload removes them.
//! - Only ranges of the closest cached zone and of zones below it are looked up. Otherwise each query would decode the ranges of the root.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::entries::{CacheEntry, Known};
use super::existence::SHOWING;
use super::keys::{KeySlot, NameKeys};
use super::rrsets::InView;
use super::weights::{block, outside, shared};
use crate::limits::{MAX_RANGES, MAX_REFUTING_HOSTS, PRIVATE_LABELS, REFUTED_TIME};
use dns::cached::Evidence;
use dns::clock::Mono;
use dns::question::name_of_wire;
use validate::denial_synthesis;
use validate::signature::{covered_type, covering};

/// An NSEC or NSEC3 record of a secure denial.
pub(super) struct DeniedRange {
    owner: Name,
    /// The record and its signatures.
    records: Evidence,
    /// The SOA record of the denial and its signatures.
    soa: Evidence,
    expires: Mono,
}

/// A denial from cached NSEC or NSEC3 records, without a query (RFC 8198).
pub(crate) struct Synthesized {
    /// The zone that denies the name.
    pub(crate) zone: Name,
    /// The SOA record of the zone.
    pub(crate) soa: Record,
    /// The NSEC or NSEC3 records, and the signatures of all records.
    pub(crate) proof: Vec<Record>,
}

impl DeniedRange {
    /// Returns the memory of the range in octets.
    pub(super) fn octets(&self) -> usize {
        let blocks = [shared::<Self>(), self.records.octets(), self.soa.octets()];
        blocks.into_iter().map(block).fold(outside(&self.owner), usize::saturating_add)
    }
}

impl InView<'_> {
    /// Stores the ranges of a secure denial for `ttl` seconds, unless evidence refutes the ranges of the zone. `soa` is the SOA record of the zone, and
    /// `evidence` has the NSEC and NSEC3 records and all signatures.
    pub fn put_ranges(&self, soa: &Record, evidence: &[Record], ttl: u32, now: Mono) {
        let expires = now.after(Duration::from_secs(ttl.into()));
        let soa_with = with_signatures(soa, evidence);
        let mut keys = self.keys(&soa.name);
        let mut ranges = match self.store.get(&keys.at(0, KeySlot::Ranges)) {
            Some(CacheEntry::Mark(until)) if now < until => return,
            Some(CacheEntry::Ranges(held)) => held.to_vec(),
            _ => Vec::new(),
        };
        ranges.retain(|range| now < range.expires);
        for record in evidence.iter().filter(|record| is_range_of(record, &soa.name, evidence)) {
            let range = Arc::new(DeniedRange {
                owner: record.name.clone(),
                records: Evidence::from_records(with_signatures(record, evidence)),
                soa: Evidence::from_records(soa_with.iter().copied()),
                expires,
            });
            ranges.retain(|held| held.owner != range.owner);
            ranges.insert(ranges.partition_point(|held| held.owner < range.owner), range);
        }
        while ranges.len() > MAX_RANGES {
            let first = ranges.iter().enumerate().min_by_key(|(_, range)| range.expires);
            let Some(place) = first.map(|(place, _)| place) else { break };
            ranges.remove(place);
        }
        if ranges.is_empty() {
            return;
        }
        self.has_ranges.store(true, Ordering::Relaxed);
        let denies = |host: &Name| from_ranges(&ranges, soa.name.clone(), host, now).is_some();
        let is_refuted = self.hosts_of(&soa.name, now).iter().any(denies);
        let entry = match is_refuted {
            true => CacheEntry::Mark(now.after(REFUTED_TIME)),
            false => CacheEntry::Ranges(ranges.into()),
        };
        self.store.insert(keys.at(0, KeySlot::Ranges).to_key(), entry);
    }

    /// Returns true if a zone may have ranges that secure data refute.
    pub(crate) fn may_refute(&self) -> bool {
        self.has_ranges.load(Ordering::Relaxed)
    }

    /// Called when `zone` has given secure data that show that `names` exist. If the ranges of the zone deny one of them, none of the ranges is used for
    /// `REFUTED_TIME`. Returns those names: answers for them may have been concluded from the ranges.
    pub(crate) fn refute_ranges(&self, zone: &Name, names: &[Name], now: Mono) -> Vec<Name> {
        let mut keys = self.keys(zone);
        let Some(ranges) = self.ranges(&mut keys, 0) else { return Vec::new() };
        let is_denied = |name: &&Name| from_ranges(&ranges, zone.clone(), name, now).is_some();
        let denied: Vec<Name> = names.iter().filter(is_denied).cloned().collect();
        if !denied.is_empty() {
            let refuted = CacheEntry::Mark(now.after(REFUTED_TIME));
            self.store.insert(keys.at(0, KeySlot::Ranges).to_key(), refuted);
        }
        denied
    }

    /// Returns the name servers and mail hosts of `zone` that are in the zone itself, as far as the cache has them. Those of zones of delegations are
    /// left out: their servers are in delegated zones.
    fn hosts_of(&self, zone: &Name, now: Mono) -> Vec<Name> {
        if is_of_delegations(zone) {
            return Vec::new();
        }
        let of_kind = |kind| match self.store.get(&self.keys(zone).at(0, KeySlot::Rrset(kind))) {
            Some(CacheEntry::Known(Known::Rrset(rrset))) => rrset.records(zone, now),
            _ => Vec::new(),
        };
        let own: Vec<Record> = [RecordType::NS, RecordType::MX].into_iter().flat_map(of_kind).collect();
        let delegation = self.delegation(zone, now);
        let of_parent = delegation.iter().flat_map(|cut| &cut.servers);
        let inside = of_parent.filter(|host| *host != zone && zone.zone_of(host)).cloned();
        hosts_in(zone, &own.iter().collect::<Vec<_>>()).chain(inside).take(MAX_REFUTING_HOSTS).collect()
    }

    /// Returns the denial of `name`, if cached ranges prove that it does not exist.
    pub(crate) fn synthesize(&self, name: &Name, now: Mono) -> Option<Synthesized> {
        let (mut keys, mut begin) = (self.keys(name), 0);
        loop {
            if let Some(ranges) = self.ranges(&mut keys, begin) {
                let denied = from_ranges(&ranges, name_of_wire(keys.name(begin)), name, now)?;
                return (!self.has_had_data(&mut keys, begin)).then_some(denied);
            }
            // A zone does not deny names in a delegated zone, so the search ends at a delegation.
            if self.delegated(&keys.at(begin, KeySlot::Delegation), now).is_some() {
                return None;
            }
            begin = keys.above(begin)?;
        }
    }

    /// Returns true if the cache has or had data for the name of `keys` or a name above it, below the name at `top`: records, a delegation, or data of
    /// a name below. It also counts what has expired and is still stored.
    pub(crate) fn has_had_data(&self, keys: &mut NameKeys, top: usize) -> bool {
        let mut begin = 0;
        while begin < top {
            let mut slots =
                SHOWING.into_iter().map(KeySlot::Rrset).chain([KeySlot::Delegation, KeySlot::Exists]);
            let has_data = slots.any(|slot| match self.store.get(&keys.at(begin, slot)) {
                Some(CacheEntry::Known(known)) => matches!(known, Known::Rrset(_)),
                entry => entry.is_some(),
            });
            if has_data {
                return true;
            }
            let Some(above) = keys.above(begin) else { return false };
            begin = above;
        }
        false
    }

    fn ranges(&self, keys: &mut NameKeys, begin: usize) -> Option<Arc<[Arc<DeniedRange>]>> {
        match self.store.get(&keys.at(begin, KeySlot::Ranges)) {
            Some(CacheEntry::Ranges(ranges)) => Some(ranges),
            _ => None,
        }
    }
}

/// Returns the name servers and mail hosts in `records` that are in `zone` and not its apex.
pub(crate) fn hosts_in(zone: &Name, records: &[&Record]) -> impl Iterator<Item = Name> {
    let hosts = records.iter().filter_map(|record| match &record.data {
        RData::NS(server) => Some(&server.0),
        RData::MX(host) => Some(&host.exchange),
        _ => None,
    });
    hosts
        .filter(|host| *host != zone && zone.zone_of(host))
        .map(Name::to_lowercase)
        .collect::<Vec<_>>()
        .into_iter()
}

/// Returns the denial of `name`, if the ranges of `zone` prove that it does not exist.
fn from_ranges(ranges: &[Arc<DeniedRange>], zone: Name, name: &Name, now: Mono) -> Option<Synthesized> {
    let at = |owner: &Name| {
        let after = ranges.partition_point(|range| range.owner <= *owner);
        // The NSEC3 record with the greatest hash, which is last, also covers the hashes before the first one.
        after.checked_sub(1).map_or_else(|| ranges.last(), |place| ranges.get(place))
    };
    let live = |owner: &Name| at(owner).filter(|range| now < range.expires);
    let closest = |owner: &Name| live(owner).map_or_else(Vec::new, |range| range.records.records(0));
    let mut proof = denial_synthesis::nxdomain(&zone, name, closest)?;
    // The TTL is the smallest remaining TTL of the records (RFC 8198 section 5.4).
    let least = proof.iter().filter_map(|record| live(&record.name)).min_by_key(|range| range.expires)?;
    let left = u32::try_from(least.expires.since(now).as_secs()).unwrap_or(0);
    let mut soa = least.soa.records(left).into_iter();
    let (soa, signatures) = (soa.next()?, soa);
    proof.extend(signatures);
    proof.iter_mut().for_each(|record| record.ttl = left);
    Some(Synthesized { zone, soa, proof })
}

/// Returns true for the root, a top-level domain, and a zone of a reverse tree.
fn is_of_delegations(zone: &Name) -> bool {
    zone.iter().len() < PRIVATE_LABELS
        || zone.iter().next_back().is_some_and(|top| top.eq_ignore_ascii_case(b"arpa"))
}

/// Returns true for an NSEC record, or an NSEC3 record without opt-out of a zone of delegations, that `zone` has signed.
fn is_range_of(record: &Record, zone: &Name, evidence: &[Record]) -> bool {
    let is_closed = match &record.data {
        RData::DNSSEC(DNSSECRData::NSEC(_)) => true,
        RData::DNSSEC(DNSSECRData::NSEC3(nsec3)) => !nsec3.opt_out() && is_of_delegations(zone),
        _ => false,
    };
    let signatures = covering(evidence, &record.name, record.record_type());
    is_closed && signatures.iter().any(|signature| signature.input().signer_name == *zone)
}

/// Returns the record and its signatures.
fn with_signatures<'a>(record: &'a Record, evidence: &'a [Record]) -> Vec<&'a Record> {
    let is_signature =
        |other: &&Record| other.name == record.name && covered_type(other) == Some(record.record_type());
    std::iter::once(record).chain(evidence.iter().filter(is_signature)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Memory;
    use crate::cache::stage::{memory, name};
    use dns::cached::Flush;
    use dns::question::ViewId;
    use hickory_proto::dnssec::Algorithm;
    use hickory_proto::dnssec::rdata::{NSEC, RRSIG, SigInput};
    use hickory_proto::rr::rdata::SOA;
    use hickory_proto::rr::{RecordType, SerialNumber};

    /// Stores a denial with an NSEC record. Its signature is invalid, but the cache does not check it.
    fn deny(memory: &Memory, owner: &str, next: &str, signer: &str, ttl: u32) {
        let soa = SOA::new(name("ns.example."), name("hostmaster.example."), 1, 2, 3, 4, 60);
        let soa = Record::from_rdata(name("example."), 60, RData::SOA(soa));
        let nsec = NSEC::new(name(next), [RecordType::A]);
        let nsec = Record::from_rdata(name(owner), 60, RData::DNSSEC(DNSSECRData::NSEC(nsec)));
        let input = SigInput {
            type_covered: RecordType::NSEC,
            algorithm: Algorithm::ED25519,
            num_labels: nsec.name.num_labels(),
            original_ttl: 60,
            sig_expiration: SerialNumber::new(2),
            sig_inception: SerialNumber::new(1),
            key_tag: 1,
            signer_name: name(signer),
        };
        let signature = RData::DNSSEC(DNSSECRData::RRSIG(RRSIG::from_sig(input, vec![0; 64])));
        let evidence = [nsec, Record::from_rdata(name(owner), 60, signature)];
        memory.rrsets.in_view(ViewId::default()).put_ranges(&soa, &evidence, ttl, Mono::START);
    }

    fn denied(memory: &Memory, owner: &str, seconds: u64) -> Option<u32> {
        let now = Mono::START.after(Duration::from_secs(seconds));
        let made = memory.rrsets.in_view(ViewId::default()).synthesize(&name(owner), now)?;
        assert!(made.proof.iter().all(|record| record.ttl == made.soa.ttl));
        Some(made.soa.ttl)
    }

    // The range of the name and the range of the wildcard both limit the time.
    #[test]
    fn nsec_range_denies_for_shortest_ttl() {
        let memory = memory();
        deny(&memory, "example.", "b.example.", "example.", 60);
        assert_eq!(denied(&memory, "a.example.", 10), Some(50));
        assert_eq!(denied(&memory, "c.example.", 10), None);
        deny(&memory, "b.example.", "example.", "example.", 30);
        assert_eq!(denied(&memory, "x.y.c.example.", 10), Some(20), "the other range denies the wildcard");
        assert_eq!(denied(&memory, "c.example.", 30), None);
        assert_eq!(denied(&memory, "b.example.", 10), None);
        deny(&memory, "b.example.", "example.", "sub.example.", 90);
        assert_eq!(denied(&memory, "c.example.", 30), None, "another zone has signed the record");
    }

    #[test]
    fn name_flush_drops_ranges_of_zone() {
        let name_of = |owner: &str| Flush::Name { name: name(owner), kind: None };
        for (flush, kept) in [
            (name_of("a.example."), false),
            (name_of("other."), true),
            (Flush::Tree { name: name("example."), kind: None }, false),
            (Flush::Tree { name: Name::root(), kind: None }, false),
            (Flush::Negative, false),
            (Flush::All, false),
        ] {
            let memory = memory();
            deny(&memory, "example.", "b.example.", "example.", 60);
            memory.flush(&flush);
            assert_eq!(denied(&memory, "a.example.", 0).is_some(), kept, "{flush:?}");
        }
    }

    #[test]
    fn ranges_per_zone_are_bounded() {
        let memory = memory();
        deny(&memory, "example.", "a.example.", "example.", 90);
        for number in 0..=MAX_RANGES {
            deny(
                &memory,
                &format!("a{number:03}.example."),
                &format!("a{number:03}b.example."),
                "example.",
                60,
            );
        }
        let rrsets = memory.rrsets.in_view(ViewId::default());
        let ranges = rrsets.ranges(&mut rrsets.keys(&name("example.")), 0).unwrap();
        assert_eq!(ranges.len(), MAX_RANGES);
        assert!(
            denied(&memory, "a255a.example.", 0).is_some() && denied(&memory, "a000a.example.", 0).is_none()
        );
    }
}
