//! Proofs by NSEC3 records. An NSEC3 record proves that no name exists whose hash is between the hash of its owner and the next hash.
//!
//! RFC 5155 section 8. Between the two hashes of a record with the opt-out flag, there may be unsigned zones (sections 6 and 9.2).

use std::cell::RefCell;

use data_encoding::BASE32_DNSSEC;
use hickory_proto::dnssec::rdata::NSEC3;
use hickory_proto::rr::{Name, RecordType};

use super::budget::Budget;
use super::denial::{Cut, Proven, cut_of, lacks, speaks_below};
use super::verdict::ValidationFailure;

/// The validated NSEC3 records of one zone in a DNS message.
#[derive(Debug)]
pub(super) struct Nsec3s<'a> {
    zone: &'a Name,
    /// Each record, with the hash that its owner name contains. All records have the same salt and number of iterations.
    records: Vec<(Vec<u8>, &'a NSEC3)>,
    /// The hashes that were computed so far.
    hashes: RefCell<Vec<(Name, Vec<u8>)>>,
}

/// A closest encloser proof: the closest existing name above a name, and the record that proves that the name with one more label does not
/// exist.
pub(super) struct Encloser<'a> {
    pub(super) name: Name,
    closer: &'a NSEC3,
}

impl<'a> Nsec3s<'a> {
    pub(super) fn new(zone: &'a Name) -> Self {
        Self { zone, records: Vec::new(), hashes: RefCell::default() }
    }

    /// Adds an NSEC3 record. Ignores it if its salt or number of iterations differs from that of the first record, or if its owner is not directly
    /// below the apex.
    pub(super) fn add(&mut self, owner: &Name, nsec3: &'a NSEC3) {
        let same = |(_, first): &(Vec<u8>, &NSEC3)| {
            first.salt() == nsec3.salt() && first.iterations() == nsec3.iterations()
        };
        let fits = self.records.first().is_none_or(same) && owner.base_name() == *self.zone;
        let label = owner.iter().next().map(<[u8]>::to_ascii_lowercase);
        let hash = label.and_then(|label| BASE32_DNSSEC.decode(&label).ok());
        if let Some(hash) = hash.filter(|hash| fits && hash.len() == nsec3.next_hashed_owner_name().len()) {
            self.records.push((hash, nsec3));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns whether the records prove fully, or only insecurely because of the opt-out flag, that neither `name` nor a wildcard for it
    /// exists (RFC 5155 section 8.4). Returns `None` if they prove nothing.
    pub(super) fn nxdomain(&self, name: &Name, budget: &Budget) -> Result<Option<Proven>, ValidationFailure> {
        let Some(encloser) = self.encloser(name, budget)? else { return Ok(None) };
        let Ok(wildcard) = encloser.name.prepend_label("*") else { return Ok(None) };
        let covered = self.covering(&wildcard, budget)?.is_some();
        Ok(covered.then(|| proven(encloser.closer)))
    }

    /// Returns how the records prove that `name` has no data of type `kind` (RFC 5155 sections 8.5 to 8.7): fully, or only as insecure, because of
    /// the opt-out flag. Returns `None` if they do not prove it.
    pub(super) fn nodata(
        &self,
        name: &Name,
        kind: RecordType,
        budget: &Budget,
    ) -> Result<Option<Proven>, ValidationFailure> {
        if let Some(nsec3) = self.at(name, budget)? {
            return Ok(lacks(nsec3.type_set(), kind, name).then_some(Proven::Fully));
        }
        let Some(encloser) = self.encloser(name, budget)? else { return Ok(None) };
        let Ok(wildcard) = encloser.name.prepend_label("*") else { return Ok(None) };
        if let Some(nsec3) = self.at(&wildcard, budget)? {
            return Ok(lacks(nsec3.type_set(), kind, &wildcard).then(|| proven(encloser.closer)));
        }
        // With opt-out, an unsigned zone may exist at or below `name`.
        Ok(encloser.closer.opt_out().then_some(Proven::Insecurely(None)))
    }

    /// Returns the proof that `name` does not exist (RFC 5155 section 8.8), or `None` if no record covers the name.
    pub(super) fn covers(&self, name: &Name, budget: &Budget) -> Result<Option<Proven>, ValidationFailure> {
        Ok(self.covering(name, budget)?.map(proven))
    }

    /// Returns what the records show about a zone cut at `name` (RFC 5155 sections 8.6 and 8.9).
    pub(super) fn cut(&self, name: &Name, budget: &Budget) -> Result<Option<Cut>, ValidationFailure> {
        if let Some(nsec3) = self.at(name, budget)? {
            return Ok(cut_of(nsec3.type_set(), name));
        }
        let Some(encloser) = self.encloser(name, budget)? else { return Ok(None) };
        if encloser.closer.opt_out() {
            return Ok(Some(Cut::Insecure(None)));
        }
        let Ok(wildcard) = encloser.name.prepend_label("*") else { return Ok(None) };
        if let Some(nsec3) = self.at(&wildcard, budget)? {
            return Ok(lacks(nsec3.type_set(), RecordType::DS, &wildcard).then_some(Cut::None));
        }
        Ok(self.covering(&wildcard, budget)?.map(|_| Cut::NoName))
    }

    /// Returns the closest encloser proof for `name` (RFC 5155 section 8.3).
    pub(super) fn encloser(
        &self,
        name: &Name,
        budget: &Budget,
    ) -> Result<Option<Encloser<'a>>, ValidationFailure> {
        if self.is_empty() || !self.zone.zone_of(name) {
            return Ok(None);
        }
        let mut closer = name.clone();
        while closer != *self.zone {
            let above = closer.base_name();
            if let Some(nsec3) = self.at(&above, budget)? {
                if !speaks_below(nsec3.type_set()) {
                    return Ok(None);
                }
                let covering = self.covering(&closer, budget)?;
                return Ok(covering.map(|closer| Encloser { name: above, closer }));
            }
            closer = above;
        }
        Ok(None)
    }

    pub(super) fn owner(&self, name: &Name, budget: &Budget) -> Option<Name> {
        let hash = self.hash(name, budget).ok()??;
        self.zone.prepend_label(BASE32_DNSSEC.encode(&hash)).ok()
    }

    fn at(&self, name: &Name, budget: &Budget) -> Result<Option<&'a NSEC3>, ValidationFailure> {
        let Some(hash) = self.hash(name, budget)? else { return Ok(None) };
        Ok(self.records.iter().find(|(owner, _)| *owner == hash).map(|(_, nsec3)| *nsec3))
    }

    /// Returns the record that proves that `name` does not exist: the hash of `name` is between the two hashes of the record.
    fn covering(&self, name: &Name, budget: &Budget) -> Result<Option<&'a NSEC3>, ValidationFailure> {
        let Some(hash) = self.hash(name, budget)? else { return Ok(None) };
        let covers = |(owner, nsec3): &&(Vec<u8>, &NSEC3)| {
            let next = nsec3.next_hashed_owner_name();
            let (after, before) = (hash > *owner, hash.as_slice() < next);
            // The last NSEC3 record of the chain has the first hash as its next hash.
            if owner.as_slice() < next { after && before } else { after || before }
        };
        Ok(self.records.iter().find(covers).map(|(_, nsec3)| *nsec3))
    }

    /// Returns `None` if there are no NSEC3 records.
    fn hash(&self, name: &Name, budget: &Budget) -> Result<Option<Vec<u8>>, ValidationFailure> {
        let Some((_, nsec3)) = self.records.first() else { return Ok(None) };
        let mut hashes = self.hashes.borrow_mut();
        if let Some((_, hash)) = hashes.iter().find(|(hashed, _)| hashed == name) {
            return Ok(Some(hash.clone()));
        }
        budget.take_hash()?;
        let Ok(digest) = nsec3.hash_algorithm().hash(nsec3.salt(), name, nsec3.iterations()) else {
            return Ok(None);
        };
        let hash = digest.as_ref().to_vec();
        hashes.push((name.clone(), hash.clone()));
        Ok(Some(hash))
    }
}

fn proven(closer: &NSEC3) -> Proven {
    if closer.opt_out() { Proven::Insecurely(None) } else { Proven::Fully }
}
