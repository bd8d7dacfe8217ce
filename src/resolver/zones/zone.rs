//! A zone: its record sets, with the lookups that a server needs.
//!
//! Names are compared without case and kept in canonical order (RFC 4034 section 6.1), so that a name below another
//! follows it: empty non-terminals (RFC 8499) are found by looking at the next one. Signatures and NSEC3 records are
//! stored separately, because hashed names are not names of the zone (RFC 5155 section 7.2.8).

use std::collections::BTreeMap;
use std::ops::Bound;

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use thiserror::Error;

use dns::zone_file;

/// Why a zone cannot be used.
#[derive(Debug, Error)]
pub enum ZoneError {
    /// Its text cannot be read.
    #[error(transparent)]
    Text(#[from] zone_file::ZoneFileError),
    /// A record's owner does not belong here.
    #[error("{owner} is outside the zone {zone}")]
    Outside {
        /// The record's owner.
        owner: String,
        /// The zone.
        zone: String,
    },
    /// There is no SOA at the apex.
    #[error("the zone {0} has no SOA")]
    NoSoa(String),
}

/// The record sets of one owner, by type.
type Node = BTreeMap<u16, Vec<Record>>;

/// A zone, as its servers hold it.
#[derive(Clone, Debug)]
pub struct Zone {
    origin: Name,
    nodes: BTreeMap<Name, Node>,
    /// RRSIG by owner and type covered.
    signatures: BTreeMap<Name, Node>,
    /// NSEC3 by hashed owner.
    hashed: BTreeMap<Name, Vec<Record>>,
}

impl Zone {
    /// A zone of these records.
    ///
    /// # Errors
    /// An owner outside the zone, or no SOA at the apex.
    pub fn new(origin: &Name, records: Vec<Record>) -> Result<Self, ZoneError> {
        let origin = origin.to_lowercase();
        let (nodes, signatures, hashed) = Default::default();
        let zone = Self { origin, nodes, signatures, hashed }.with(records)?;
        match zone.set(&zone.origin, RecordType::SOA) {
            Some(_) => Ok(zone),
            None => Err(ZoneError::NoSoa(zone.origin.to_string())),
        }
    }

    /// The zone with further records.
    ///
    /// # Errors
    /// An owner outside the zone.
    pub fn with(mut self, records: Vec<Record>) -> Result<Self, ZoneError> {
        for record in records {
            if !self.origin.zone_of(&record.name) {
                let (owner, zone) = (record.name.to_string(), self.origin.to_string());
                return Err(ZoneError::Outside { owner, zone });
            }
            self.place(record);
        }
        Ok(self)
    }

    fn place(&mut self, mut record: Record) {
        record.name = record.name.to_lowercase();
        let owner = record.name.clone();
        let set = match &record.data {
            RData::DNSSEC(DNSSECRData::RRSIG(signature)) => {
                let covered = signature.input().type_covered.into();
                self.signatures.entry(owner).or_default().entry(covered).or_default()
            }
            RData::DNSSEC(DNSSECRData::NSEC3(_)) => self.hashed.entry(owner).or_default(),
            _ => {
                let kind = record.record_type().into();
                self.nodes.entry(owner).or_default().entry(kind).or_default()
            }
        };
        // A repeated record is one record (RFC 2181 section 5).
        if !set.iter().any(|known| known.data == record.data) {
            set.push(record);
        }
    }

    /// Its apex.
    pub fn origin(&self) -> &Name {
        &self.origin
    }

    /// The record set of a name and type; none if it does not exist.
    pub fn set(&self, name: &Name, kind: RecordType) -> Option<&[Record]> {
        self.nodes.get(name)?.get(&kind.into()).map(Vec::as_slice)
    }

    /// All records of a name, in order of type.
    pub fn all(&self, name: &Name) -> Vec<Record> {
        self.nodes.get(name).map(|node| node.values().flatten().cloned().collect()).unwrap_or_default()
    }

    /// The signatures of the record set of a name and type; empty if it is unsigned.
    pub fn signatures(&self, name: &Name, kind: RecordType) -> &[Record] {
        let sets = self.signatures.get(name);
        sets.and_then(|sets| sets.get(&kind.into())).map(Vec::as_slice).unwrap_or_default()
    }

    /// All signatures of a name, in order of the type covered.
    pub fn all_signatures(&self, name: &Name) -> Vec<Record> {
        self.signatures.get(name).map(|sets| sets.values().flatten().cloned().collect()).unwrap_or_default()
    }

    /// The names that own records, in canonical order, and the types of each.
    pub fn names(&self) -> impl Iterator<Item = (&Name, impl Iterator<Item = RecordType> + '_)> {
        self.nodes.iter().map(|(name, node)| (name, node.keys().map(|kind| RecordType::from(*kind))))
    }

    /// NSEC3 sets by hashed owner.
    pub fn hashed(&self) -> &BTreeMap<Name, Vec<Record>> {
        &self.hashed
    }

    /// The last name before this one that has an NSEC record: its span covers this one (RFC 4034 section 4.1.1).
    pub(crate) fn nsec_before(&self, name: &Name) -> Option<&Name> {
        let before = self.nodes.range((Bound::Unbounded, Bound::Excluded(name)));
        before.rev().find(|(_, node)| node.contains_key(&RecordType::NSEC.into())).map(|(name, _)| name)
    }

    /// Returns true if a name owns records.
    pub fn has_records(&self, name: &Name) -> bool {
        self.nodes.contains_key(name)
    }

    /// Returns true if a name exists: it owns records, or a name below it does (an empty non-terminal).
    pub fn exists(&self, name: &Name) -> bool {
        let next = self.nodes.range((Bound::Included(name), Bound::Unbounded)).next();
        next.is_some_and(|(found, _)| name.zone_of(found))
    }

    /// The delegation that `name` falls under: the topmost name below the apex, at or above `name`, that has NS.
    pub fn cut_above(&self, name: &Name) -> Option<&[Record]> {
        self.ancestors_below_apex(name).find_map(|ancestor| self.set(&ancestor, RecordType::NS))
    }

    /// The DNAME whose owner is above `name` (RFC 6672 section 2.2), the apex included.
    pub fn dname_above(&self, name: &Name) -> Option<&Record> {
        let top = std::iter::once(self.origin.clone());
        top.chain(self.ancestors_below_apex(name))
            .filter(|ancestor| ancestor != name)
            .find_map(|ancestor| self.set(&ancestor, RecordType::DNAME)?.first())
    }

    /// The closest encloser of a name that does not exist: the longest name above it that does (RFC 4592 section 3.3.1).
    pub(crate) fn closest_encloser(&self, name: &Name) -> Name {
        let mut encloser = name.base_name();
        while encloser.iter().len() > self.origin.iter().len() && !self.exists(&encloser) {
            encloser = encloser.base_name();
        }
        encloser
    }

    /// The wildcard that covers `name`: `*` below its closest encloser (RFC 4592 section 3.3.1), if it owns records.
    pub(crate) fn wildcard_for(&self, name: &Name) -> Option<Name> {
        let wildcard = self.closest_encloser(name).prepend_label("*").ok()?;
        self.has_records(&wildcard).then_some(wildcard)
    }

    /// The SOA with the TTL of a negative answer: the lesser of its own and MINIMUM (RFC 2308 section 3).
    pub fn negative_soa(&self) -> Option<Record> {
        let mut record = self.set(&self.origin, RecordType::SOA)?.first()?.clone();
        if let RData::SOA(soa) = &record.data {
            record.ttl = record.ttl.min(soa.minimum);
        }
        Some(record)
    }

    /// The names from just below the apex down to `name`.
    fn ancestors_below_apex<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = Name> + 'a {
        // `num_labels` does not count a wildcard's star, `iter` does.
        (self.origin.iter().len() + 1..=name.iter().len()).map(|labels| name.trim_to(labels))
    }
}
