//! A zone: its record sets (RRsets), with the lookups that an authoritative server needs.
//!
//! Names are stored in lower case in canonical order (RFC 4034 section 6.1), in which a name is directly followed by the names below it. So
//! if the next stored name is below a name without records, this name is an empty non-terminal (RFC 9499). NSEC3 records are stored
//! separately, because their owner names do not count as names of the zone (RFC 5155 section 7.2.8).

use std::collections::BTreeMap;
use std::ops::Bound;

use hickory_proto::dnssec::rdata::DNSSECRData;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use thiserror::Error;

use dns::zone_file;

/// The reason why a zone cannot be used.
#[derive(Debug, Error)]
pub enum ZoneError {
    /// The text of the zone file cannot be parsed.
    #[error(transparent)]
    Text(#[from] zone_file::ZoneFileError),
    /// The owner name of a record is outside the zone.
    #[error("{owner} is outside the zone {zone}")]
    Outside {
        /// The owner name of the record.
        owner: String,
        /// The apex of the zone.
        zone: String,
    },
    /// The zone has no SOA at its apex.
    #[error("the zone {0} has no SOA")]
    NoSoa(String),
}

/// The RRsets of one owner name, by record type.
type Node = BTreeMap<u16, Vec<Record>>;

/// The records of a zone.
#[derive(Clone, Debug)]
pub struct Zone {
    origin: Name,
    nodes: BTreeMap<Name, Node>,
    /// RRSIG records, by owner name and covered type.
    signatures: BTreeMap<Name, Node>,
    hashed: BTreeMap<Name, Vec<Record>>,
}

impl Zone {
    /// Creates a zone from these records. `origin` is its apex.
    ///
    /// # Errors
    /// A record is outside the zone, or the apex has no SOA.
    pub fn new(origin: &Name, records: Vec<Record>) -> Result<Self, ZoneError> {
        let origin = origin.to_lowercase();
        let (nodes, signatures, hashed) = Default::default();
        let zone = Self { origin, nodes, signatures, hashed }.with(records)?;
        match zone.set(&zone.origin, RecordType::SOA) {
            Some(_) => Ok(zone),
            None => Err(ZoneError::NoSoa(zone.origin.to_string())),
        }
    }

    /// Returns the zone with `records` added.
    ///
    /// # Errors
    /// A record is outside the zone.
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
        // Two equal records count as one (RFC 2181 section 5).
        if !set.iter().any(|known| known.data == record.data) {
            set.push(record);
        }
    }

    /// Returns the apex of the zone.
    pub fn origin(&self) -> &Name {
        &self.origin
    }

    /// Returns the RRset of a name and type; `None` if there is none.
    pub fn set(&self, name: &Name, kind: RecordType) -> Option<&[Record]> {
        self.nodes.get(name)?.get(&kind.into()).map(Vec::as_slice)
    }

    /// Returns all records of a name, in the order of their types.
    pub fn all(&self, name: &Name) -> Vec<Record> {
        self.nodes.get(name).map(|node| node.values().flatten().cloned().collect()).unwrap_or_default()
    }

    /// Returns the signatures of an RRset. The result is empty if the set is not signed.
    pub fn signatures(&self, name: &Name, kind: RecordType) -> &[Record] {
        let sets = self.signatures.get(name);
        sets.and_then(|sets| sets.get(&kind.into())).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns all signatures at a name, in the order of the types that they cover.
    pub fn all_signatures(&self, name: &Name) -> Vec<Record> {
        self.signatures.get(name).map(|sets| sets.values().flatten().cloned().collect()).unwrap_or_default()
    }

    /// Returns the names that have records, in canonical order, and the record types of each name.
    pub fn names(&self) -> impl Iterator<Item = (&Name, impl Iterator<Item = RecordType> + '_)> {
        self.nodes.iter().map(|(name, node)| (name, node.keys().map(|kind| RecordType::from(*kind))))
    }

    /// Returns the NSEC3 records, by their owner name, whose first label is a hash.
    pub fn hashed(&self) -> &BTreeMap<Name, Vec<Record>> {
        &self.hashed
    }

    /// Returns the owner of the NSEC record that covers `name` (RFC 4034 section 4.1.1).
    pub(crate) fn nsec_before(&self, name: &Name) -> Option<&Name> {
        let before = self.nodes.range((Bound::Unbounded, Bound::Excluded(name)));
        before.rev().find(|(_, node)| node.contains_key(&RecordType::NSEC.into())).map(|(name, _)| name)
    }

    /// Returns true if a name has records.
    pub fn has_records(&self, name: &Name) -> bool {
        self.nodes.contains_key(name)
    }

    /// Returns true if a name exists: it has records, or a name below it has (an empty non-terminal).
    pub fn exists(&self, name: &Name) -> bool {
        let next = self.nodes.range((Bound::Included(name), Bound::Unbounded)).next();
        next.is_some_and(|(found, _)| name.zone_of(found))
    }

    /// Returns the NS records of the delegation at or above `name`. If several names below the apex have NS records, the topmost one is the
    /// delegation.
    pub fn cut_above(&self, name: &Name) -> Option<&[Record]> {
        self.ancestors_below_apex(name).find_map(|ancestor| self.set(&ancestor, RecordType::NS))
    }

    /// Returns the DNAME above `name` (RFC 6672 section 2.2). It may be at the apex.
    pub fn dname_above(&self, name: &Name) -> Option<&Record> {
        let top = std::iter::once(self.origin.clone());
        top.chain(self.ancestors_below_apex(name))
            .filter(|ancestor| ancestor != name)
            .find_map(|ancestor| self.set(&ancestor, RecordType::DNAME)?.first())
    }

    /// The longest existing name above a name that does not exist (RFC 4592 section 3.3.1).
    pub(crate) fn closest_encloser(&self, name: &Name) -> Name {
        let mut encloser = name.base_name();
        while encloser.iter().len() > self.origin.iter().len() && !self.exists(&encloser) {
            encloser = encloser.base_name();
        }
        encloser
    }

    /// The label `*` below the closest encloser (RFC 4592 section 3.3.1), if this name has records.
    pub(crate) fn wildcard_for(&self, name: &Name) -> Option<Name> {
        let wildcard = self.closest_encloser(name).prepend_label("*").ok()?;
        self.has_records(&wildcard).then_some(wildcard)
    }

    /// Returns the SOA record with the TTL of a negative answer: the smaller one of the TTL of the SOA record and its MINIMUM field (RFC 2308
    /// section 3).
    pub fn negative_soa(&self) -> Option<Record> {
        let mut record = self.set(&self.origin, RecordType::SOA)?.first()?.clone();
        if let RData::SOA(soa) = &record.data {
            record.ttl = record.ttl.min(soa.minimum);
        }
        Some(record)
    }

    /// Returns `name` and all names above it that are below the apex, the shortest first.
    fn ancestors_below_apex<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = Name> + 'a {
        // `iter` counts the label `*`; `num_labels` does not.
        (self.origin.iter().len() + 1..=name.iter().len()).map(|labels| name.trim_to(labels))
    }
}
