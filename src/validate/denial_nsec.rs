//! Proofs by NSEC records. An NSEC record proves that no name exists between its owner and the next name, and that its owner has only the
//! types in its list.
//!
//! RFC 4035 section 5.4, RFC 4592 (wildcards, empty non-terminals), RFC 6840 section 4.

use std::cmp::Ordering;

use hickory_proto::dnssec::rdata::NSEC;
use hickory_proto::rr::{Name, RecordType};

use super::denial::{Cut, cut_of, lacks, speaks_below};

/// The validated NSEC records of one zone in a DNS message.
#[derive(Debug)]
pub(super) struct Nsecs<'a> {
    zone: &'a Name,
    records: Vec<(&'a Name, &'a NSEC)>,
}

impl<'a> Nsecs<'a> {
    pub(super) fn new(zone: &'a Name) -> Self {
        Self { zone, records: Vec::new() }
    }

    pub(super) fn add(&mut self, owner: &'a Name, nsec: &'a NSEC) {
        self.records.push((owner, nsec));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns true if neither `name` nor a wildcard for it exists.
    pub(super) fn nxdomain(&self, name: &Name) -> bool {
        let Some(encloser) = self.encloser_of_missing(name) else { return false };
        encloser.prepend_label("*").is_ok_and(|wildcard| self.covering(&wildcard).is_some())
    }

    /// Returns true if `name` has no data of type `kind`: it has other types, or is an empty non-terminal, or matches a wildcard with other
    /// types.
    pub(super) fn nodata(&self, name: &Name, kind: RecordType) -> bool {
        if let Some(nsec) = self.at(name) {
            return lacks(nsec.type_set(), kind, name);
        }
        if self.is_empty_non_terminal(name) {
            return true;
        }
        let Some(encloser) = self.encloser_of_missing(name) else { return false };
        let Ok(wildcard) = encloser.prepend_label("*") else { return false };
        self.at(&wildcard).is_some_and(|nsec| lacks(nsec.type_set(), kind, &wildcard))
    }

    /// Returns true if neither `name` nor any name below it exists.
    pub(super) fn covers(&self, name: &Name) -> bool {
        self.covering(name).is_some()
    }

    pub(super) fn cut(&self, name: &Name) -> Option<Cut> {
        if let Some(nsec) = self.at(name) {
            return cut_of(nsec.type_set(), name);
        }
        if self.is_empty_non_terminal(name) {
            return Some(Cut::None);
        }
        if self.nxdomain(name) {
            return Some(Cut::NoName);
        }
        self.nodata(name, RecordType::DS).then_some(Cut::None)
    }

    fn at(&self, name: &Name) -> Option<&'a NSEC> {
        self.records.iter().find(|(owner, _)| *owner == name).map(|(_, nsec)| *nsec)
    }

    /// Returns true if `name` has no records but exists: it is between the owner and the next name of an NSEC record, and this next name is
    /// below it.
    fn is_empty_non_terminal(&self, name: &Name) -> bool {
        self.records.iter().any(|(owner, nsec)| {
            let next = nsec.next_domain_name();
            spans(owner, next, name) && name.zone_of(next) && self.may_speak(owner, nsec, name)
        })
    }

    /// Returns the NSEC record, with its owner, that proves that `name` and all names below it do not exist.
    fn covering(&self, name: &Name) -> Option<(&'a Name, &'a NSEC)> {
        let covers = |(owner, nsec): &&(&'a Name, &'a NSEC)| {
            let next = nsec.next_domain_name();
            spans(owner, next, name) && !name.zone_of(next) && self.may_speak(owner, nsec, name)
        };
        self.records.iter().find(covers).copied()
    }

    /// Returns the closest encloser of a name that is proved not to exist: the labels that the name has in common with the owner or the
    /// next name of the NSEC record that covers the name.
    pub(super) fn encloser_of_missing(&self, name: &Name) -> Option<Name> {
        let (owner, nsec) = self.covering(name)?;
        let shared = common_labels(name, owner).max(common_labels(name, nsec.next_domain_name()));
        Some(name.trim_to(shared))
    }

    fn may_speak(&self, owner: &Name, nsec: &NSEC, name: &Name) -> bool {
        let below = owner != name && owner.zone_of(name);
        self.zone.zone_of(name) && (!below || speaks_below(nsec.type_set()))
    }
}

/// Returns true if `name` is between `owner` and `next`. The last NSEC record of a zone has the apex as its next name.
fn spans(owner: &Name, next: &Name, name: &Name) -> bool {
    let (after, before) = (name.cmp(owner) == Ordering::Greater, name.cmp(next) == Ordering::Less);
    if owner.cmp(next) == Ordering::Less { after && before } else { after }
}

/// Counts common labels from the root.
fn common_labels(one: &Name, other: &Name) -> usize {
    let pairs = one.iter().rev().zip(other.iter().rev());
    pairs.take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count()
}
