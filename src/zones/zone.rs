//! A zone: its record sets, and what a server must know to answer from them.
//!
//! May call: nothing of ours. Names are compared without case and kept in canonical order (RFC 4034 section 6.1), so
//! that a name below another follows it: empty non-terminals (RFC 8499) are found by looking at the next one.

use std::collections::BTreeMap;
use std::ops::Bound;

use hickory_proto::rr::{Name, RData, Record, RecordType};
use thiserror::Error;

/// Why a zone cannot be used.
#[derive(Debug, Error)]
pub enum ZoneError {
    /// An entry cannot be read.
    #[error("line {line}: {reason}")]
    Line {
        /// The line on which the entry begins, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
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
}

impl Zone {
    /// A zone of these records.
    ///
    /// # Errors
    /// An owner outside the zone, or no SOA at the apex.
    pub fn new(origin: &Name, records: Vec<Record>) -> Result<Self, ZoneError> {
        let origin = origin.to_lowercase();
        let mut nodes: BTreeMap<Name, Node> = BTreeMap::new();
        for mut record in records {
            record.name = record.name.to_lowercase();
            if !origin.zone_of(&record.name) {
                return Err(ZoneError::Outside { owner: record.name.to_string(), zone: origin.to_string() });
            }
            let set =
                nodes.entry(record.name.clone()).or_default().entry(record.record_type().into()).or_default();
            set.push(record);
        }
        let zone = Self { origin, nodes };
        match zone.set(&zone.origin, RecordType::SOA) {
            Some(_) => Ok(zone),
            None => Err(ZoneError::NoSoa(zone.origin.to_string())),
        }
    }

    /// Its apex.
    pub fn origin(&self) -> &Name {
        &self.origin
    }

    /// The record set of a name and type; none where there is none.
    pub fn set(&self, name: &Name, kind: RecordType) -> Option<&[Record]> {
        self.nodes.get(name)?.get(&kind.into()).map(Vec::as_slice)
    }

    /// All records of a name, in order of type.
    pub fn all(&self, name: &Name) -> Vec<Record> {
        self.nodes.get(name).map(|node| node.values().flatten().cloned().collect()).unwrap_or_default()
    }

    /// Whether a name owns records.
    pub fn has_records(&self, name: &Name) -> bool {
        self.nodes.contains_key(name)
    }

    /// Whether a name exists: it owns records, or a name below it does (an empty non-terminal).
    pub fn exists(&self, name: &Name) -> bool {
        let next = self.nodes.range((Bound::Included(name), Bound::Unbounded)).next();
        next.is_some_and(|(found, _)| name.zone_of(found))
    }

    /// The delegation that `name` falls under: the topmost name below the apex, at or above `name`, that has NS.
    pub fn cut_above(&self, name: &Name) -> Option<&[Record]> {
        self.ancestors_below_apex(name).find_map(|ancestor| self.set(&ancestor, RecordType::NS))
    }

    /// The DNAME whose owner stands above `name` (RFC 6672 section 2.2), the apex included.
    pub fn dname_above(&self, name: &Name) -> Option<&Record> {
        let top = std::iter::once(self.origin.clone());
        top.chain(self.ancestors_below_apex(name))
            .filter(|ancestor| ancestor != name)
            .find_map(|ancestor| self.set(&ancestor, RecordType::DNAME)?.first())
    }

    /// The wildcard that covers `name`: `*` below its closest encloser (RFC 4592 section 3.3.1), if it owns records.
    pub fn wildcard_for(&self, name: &Name) -> Option<Name> {
        let mut encloser = name.base_name();
        while encloser.iter().len() > self.origin.iter().len() && !self.exists(&encloser) {
            encloser = encloser.base_name();
        }
        let wildcard = encloser.prepend_label("*").ok()?;
        self.has_records(&wildcard).then_some(wildcard)
    }

    /// The SOA with the TTL that a negative answer gives it: the lesser of its own and MINIMUM (RFC 2308 section 3).
    pub fn negative_soa(&self) -> Option<Record> {
        let mut record = self.set(&self.origin, RecordType::SOA)?.first()?.clone();
        if let RData::SOA(soa) = &record.data {
            record.ttl = record.ttl.min(soa.minimum);
        }
        Some(record)
    }

    /// The names from just below the apex down to `name`.
    fn ancestors_below_apex<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = Name> + 'a {
        // `num_labels` leaves a wildcard's star out, `iter` does not.
        (self.origin.iter().len() + 1..=name.iter().len()).map(|labels| name.trim_to(labels))
    }
}
