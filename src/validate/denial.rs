//! Proofs that a name or type does not exist: checks what the NSEC and NSEC3 records of a message prove.
//!
//! RFC 4035 section 5.4 (NSEC), RFC 5155 section 8 (NSEC3), RFC 6840 section 4 (what records of a parent zone or of a name above do not
//! prove), RFC 9276 section 3.2 (iterations).

use hickory_proto::dnssec::rdata::{DNSSECRData, NSEC};
use hickory_proto::rr::{Name, RData, Record, RecordType, RecordTypeSet};

use super::budget::Budget;
use super::denial_nsec::Nsecs;
use super::denial_nsec3::Nsec3s;
use super::keys::ZoneKeys;
use super::rules::Rules;
use super::signature::{self, CoveredRrset, covering};
use super::verdict::{ValidationFailure, Why};
use crate::limits::{MAX_DENIALS, MAX_NSEC3_ITERATIONS};

/// The NSEC and NSEC3 records in one message that have a valid signature by a key of one zone.
#[derive(Debug)]
pub struct Denials<'a> {
    zone: &'a Name,
    nsecs: Nsecs<'a>,
    nsec3s: Nsec3s<'a>,
    /// True if NSEC3 records with too many iterations were skipped.
    iterations: bool,
    /// The reason why a record could not be used.
    fault: Option<ValidationFailure>,
    signed: Vec<&'a Record>,
    /// The time for which the proof may be cached, in seconds.
    pub ttl: u32,
}

impl<'a> Denials<'a> {
    /// Finds the NSEC and NSEC3 records in `records` that a key in `keys` has signed.
    ///
    /// # Errors
    /// The limits of signature checks for this question are exceeded.
    pub async fn read(
        records: &'a [Record],
        keys: &'a ZoneKeys,
        rules: Rules<'_>,
    ) -> Result<Self, ValidationFailure> {
        let (zone, ttl) = (&keys.zone, u32::MAX);
        let (nsecs, nsec3s) = (Nsecs::new(zone), Nsec3s::new(zone));
        let mut denials =
            Self { zone, nsecs, nsec3s, iterations: false, fault: None, signed: Vec::new(), ttl };
        // A record that the DNS library could not parse has another variant of `RData`, and proves nothing.
        let is_denial = |record: &&Record| {
            matches!(record.data, RData::DNSSEC(DNSSECRData::NSEC(_) | DNSSECRData::NSEC3(_)))
        };
        for record in records.iter().filter(is_denial).take(MAX_DENIALS) {
            let (name, kind) = (&record.name, record.record_type());
            let rrset = CoveredRrset { name, kind, records: &[record] };
            let signatures = covering(records, name, kind);
            match signature::check(&rrset, &signatures, keys, rules).await {
                // An NSEC or NSEC3 record that was made from a wildcard does not belong to its owner name.
                Ok(signed) if signed.encloser.is_none() => denials.add(record, signed.ttl),
                Ok(_) => {}
                Err(fault) if fault.why == Why::Indeterminate => return Err(fault),
                Err(fault) => denials.fault = Some(fault),
            }
        }
        Ok(denials)
    }

    /// Finds the NSEC and NSEC3 records in `records` without checking their signatures, to see whether a server sends all records that a
    /// proof needs.
    pub fn unchecked(records: &'a [Record], zone: &'a Name) -> Self {
        let (nsecs, nsec3s) = (Nsecs::new(zone), Nsec3s::new(zone));
        let mut denials =
            Self { zone, nsecs, nsec3s, iterations: false, fault: None, signed: Vec::new(), ttl: u32::MAX };
        records.iter().take(MAX_DENIALS).for_each(|record| denials.add(record, record.ttl));
        denials
    }

    fn add(&mut self, record: &'a Record, ttl: u32) {
        match &record.data {
            // A record that reaches outside its zone would deny names of other zones.
            RData::DNSSEC(DNSSECRData::NSEC(nsec)) if !self.is_inside(&record.name, nsec) => return,
            RData::DNSSEC(DNSSECRData::NSEC(nsec)) => self.nsecs.add(&record.name, nsec),
            RData::DNSSEC(DNSSECRData::NSEC3(nsec3)) if nsec3.iterations() > MAX_NSEC3_ITERATIONS => {
                self.iterations = true;
            }
            RData::DNSSEC(DNSSECRData::NSEC3(nsec3)) => self.nsec3s.add(&record.name, nsec3),
            _ => return,
        }
        self.ttl = self.ttl.min(ttl);
        self.signed.push(record);
    }

    fn is_inside(&self, owner: &Name, nsec: &NSEC) -> bool {
        self.zone.zone_of(owner) && self.zone.zone_of(nsec.next_domain_name())
    }

    /// Returns true if the only records have too many iterations.
    fn has_only_iterated(&self) -> bool {
        self.iterations && self.nsecs.is_empty() && self.nsec3s.is_empty()
    }

    /// Returns the NSEC and NSEC3 records that have a valid signature.
    pub fn signed(&self) -> Vec<Record> {
        self.signed.iter().copied().cloned().collect()
    }

    /// Checks whether the records prove that `name` does not exist.
    ///
    /// # Errors
    /// They do not prove it.
    pub fn nxdomain(&self, name: &Name, budget: &Budget) -> Result<Proven, ValidationFailure> {
        let what = || format!("that {name} does not exist");
        self.prove(|| self.nsecs.nxdomain(name), || self.nsec3s.nxdomain(name, budget), what)
    }

    /// Checks whether the records prove that neither `name` nor a wildcard for it has data of this type.
    ///
    /// # Errors
    /// They do not prove it.
    pub fn nodata(
        &self,
        name: &Name,
        kind: RecordType,
        budget: &Budget,
    ) -> Result<Proven, ValidationFailure> {
        let what = || format!("that {name} has no {kind}");
        self.prove(|| self.nsecs.nodata(name, kind), || self.nsec3s.nodata(name, kind, budget), what)
    }

    /// Checks whether an answer for `name` may come from the wildcard directly below `encloser`: no name between `encloser` and `name`
    /// exists.
    pub fn wildcard(
        &self,
        name: &Name,
        encloser: &Name,
        budget: &Budget,
    ) -> Result<Proven, ValidationFailure> {
        let closer = name.trim_to(encloser.iter().len().saturating_add(1));
        let what = || format!("that no name is closer to {name} than the wildcard");
        self.prove(|| self.nsecs.covers(&closer), || self.nsec3s.covers(&closer, budget), what)
    }

    /// Finds the proof that `name` has no DS records, and determines what it means: an unsigned zone begins at `name`, no zone begins there, or
    /// the name does not exist.
    pub fn cut(&self, name: &Name, budget: &Budget) -> Result<Cut, ValidationFailure> {
        if self.has_only_iterated() {
            return Ok(Cut::Insecure(Some(self.too_many())));
        }
        if let Some(cut) = self.nsecs.cut(name) {
            return Ok(cut);
        }
        match self.nsec3s.cut(name, budget)? {
            Some(cut) => Ok(cut),
            None => Err(self.missing(&format!("that {name} has no DS"))),
        }
    }

    /// Returns the wildcard for `name` if the records prove that `name` itself does not exist.
    pub(super) fn wildcard_of_missing(&self, name: &Name, budget: &Budget) -> Option<Name> {
        let by_nsec3 = || self.nsec3s.encloser(name, budget).ok()?.map(|encloser| encloser.name);
        self.nsecs.encloser_of_missing(name).or_else(by_nsec3)?.prepend_label("*").ok()
    }

    /// Returns the owner name of the NSEC or NSEC3 record for `name`: `name` itself, or its hash.
    pub(super) fn owner(&self, name: &Name, budget: &Budget) -> Option<Name> {
        if self.nsec3s.is_empty() { Some(name.clone()) } else { self.nsec3s.owner(name, budget) }
    }

    fn prove(
        &self,
        by_nsec: impl FnOnce() -> bool,
        by_nsec3: impl FnOnce() -> Result<Option<Proven>, ValidationFailure>,
        what: impl FnOnce() -> String,
    ) -> Result<Proven, ValidationFailure> {
        if self.has_only_iterated() {
            return Ok(Proven::Insecurely(Some(self.too_many())));
        }
        if by_nsec() {
            return Ok(Proven::Fully);
        }
        by_nsec3()?.ok_or_else(|| self.missing(&what()))
    }

    fn too_many(&self) -> ValidationFailure {
        let text = format!("{} uses NSEC3 with more than {MAX_NSEC3_ITERATIONS} iterations", self.zone);
        ValidationFailure::new(Why::Nsec3Iterations, text)
    }

    /// Returns the reason why the records are no proof. `what` says what they should have proved.
    fn missing(&self, what: &str) -> ValidationFailure {
        if let Some(fault) = &self.fault {
            return fault.clone();
        }
        if self.nsecs.is_empty() && self.nsec3s.is_empty() {
            let text = format!("{} sent no proof (NSEC, NSEC3) {what}", self.zone);
            return ValidationFailure::new(Why::NsecMissing, text).at(self.zone);
        }
        let text = format!("the NSEC or NSEC3 records of {} do not prove {what}", self.zone);
        ValidationFailure::new(Why::NsecMissing, text).at(self.zone)
    }
}

/// How far the records of a reply prove that a name or type does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// The name or type does not exist.
    Fully,
    /// The name or type may exist in an unsigned zone, because the NSEC3 records have the opt-out flag (RFC 5155 section 6), or because
    /// they were not used: they have too many iterations.
    Insecurely(Option<ValidationFailure>),
}

/// What the proof that a name has no DS records means for a zone at that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// An unsigned zone begins at the name, or may begin there.
    Insecure(Option<ValidationFailure>),
    /// No zone begins at the name.
    None,
    /// The name does not exist in the signed zone.
    NoName,
}

/// Returns true if a record with the type list `types` proves that `name` has no data of type `kind`. At a zone cut, the record of the
/// parent zone proves this only for DS, and the record of the child zone for all other types (RFC 6840 section 4.4).
pub(super) fn lacks(types: &RecordTypeSet, kind: RecordType, name: &Name) -> bool {
    let has = |kind: RecordType| types.contains(kind);
    let (parent, apex) = (has(RecordType::NS) && !has(RecordType::SOA), has(RecordType::SOA));
    let right_side = if kind == RecordType::DS { !apex || name.is_root() } else { !parent };
    right_side && !has(kind) && !has(RecordType::CNAME)
}

/// Returns what the type list of an NSEC or NSEC3 record at `name` shows about a zone there. Returns `None` if it does not prove that `name`
/// has no DS records.
pub(super) fn cut_of(types: &RecordTypeSet, name: &Name) -> Option<Cut> {
    if !lacks(types, RecordType::DS, name) {
        return types
            .contains(RecordType::CNAME)
            .then_some(Cut::None)
            .filter(|_| !types.contains(RecordType::DS));
    }
    Some(if types.contains(RecordType::NS) { Cut::Insecure(None) } else { Cut::None })
}

/// Returns true if a record with these types may prove something about names below its owner. A record of the parent zone at a zone cut and
/// a record at a DNAME may not (RFC 6840 section 4.1).
pub(super) fn speaks_below(types: &RecordTypeSet) -> bool {
    let delegation = types.contains(RecordType::NS) && !types.contains(RecordType::SOA);
    !delegation && !types.contains(RecordType::DNAME)
}

#[cfg(test)]
#[path = "denial_tests.rs"]
mod tests;
