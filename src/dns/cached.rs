//! Cached data as plain values: delegations, the records that prove data, ranks, and what a flush removes.
//!
//! The cache stores them, configured zones make them, and the control protocol names them.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use hickory_proto::rr::{Name, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecoder, BinEncodable, BinEncoder, NameEncoding};
use serde::{Deserialize, Serialize};

use crate::clock::Mono;
use crate::rdata;

/// A delegation: the servers of a zone, and the addresses that came with the referral to them.
#[derive(Debug)]
pub struct Delegation {
    /// The name of the delegated zone.
    pub zone: Name,
    /// The names of the servers.
    pub servers: Vec<Name>,
    /// Addresses from the referral, each with the position of its server in `servers`.
    pub glue: Vec<(usize, IpAddr)>,
    /// Servers that the operator has configured for the zone. They are used instead of `servers`.
    pub configured: Vec<SocketAddr>,
    /// True if the operator has configured the servers. Their addresses may then be in `deny_servers`.
    pub trusted: bool,
    /// The zone's DS records with their signatures, or the proof that there are none, from the referral.
    pub evidence: Evidence,
    /// When the delegation was received.
    pub since: Mono,
    /// When the TTL of the delegation expires.
    pub expires: Mono,
}

impl Delegation {
    /// Returns the glue of this server of type `kind` (A or AAAA).
    pub fn glue_for(&self, server: &Name, kind: RecordType) -> Vec<IpAddr> {
        let of_server = self.glue.iter().filter(|(place, _)| self.servers.get(*place) == Some(server));
        of_server
            .map(|(_, address)| *address)
            .filter(|one| one.is_ipv4() == (kind == RecordType::A))
            .collect()
    }

    /// Creates a delegation from a server's referral, without DNSSEC records.
    pub fn plain(
        zone: Name,
        servers: Vec<Name>,
        glue: Vec<(usize, IpAddr)>,
        (since, expires): (Mono, Mono),
    ) -> Self {
        let (configured, evidence) = (Vec::new(), Evidence::default());
        Self { zone, servers, glue, configured, trusted: false, evidence, since, expires }
    }
}

/// Signatures, DS records and proofs of absence, in wire form.
#[derive(Clone, Debug, Default)]
pub struct Evidence(Box<[u8]>);

impl Evidence {
    /// Encodes `records` in wire form. Records that cannot be encoded are left out.
    pub fn from_records<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut octets = Vec::new();
        for record in records {
            let mut own = Vec::new();
            let mut encoder = BinEncoder::new(&mut own);
            encoder.set_name_encoding(NameEncoding::Uncompressed);
            if record.emit(&mut encoder).is_ok() {
                octets.append(&mut own);
            }
        }
        Self(octets.into_boxed_slice())
    }

    /// Decodes the records, with a TTL of `ttl` seconds.
    pub fn records(&self, ttl: u32) -> Vec<Record> {
        let mut decoder = BinDecoder::new(&self.0);
        let mut records = Vec::new();
        while !decoder.is_empty() {
            let Ok(mut record) = rdata::read_record(&mut decoder) else { break };
            record.ttl = ttl;
            records.push(record);
        }
        records
    }

    /// Returns true if there are no records.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the wire form for the snapshot.
    pub fn as_octets(&self) -> &[u8] {
        &self.0
    }

    /// Restores the wire form from a snapshot without a check. `records` leaves out what cannot be decoded.
    pub fn restored(octets: &[u8]) -> Self {
        Self(octets.into())
    }

    /// Returns the length of the wire form in octets.
    pub fn octets(&self) -> usize {
        self.0.len()
    }
}

/// The rank of an RRset (RFC 2181 section 5.4.1). Data of a lower rank do not replace data of a higher rank before their TTL expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Addresses from a referral. They are used to query servers, and are never sent to clients.
    Glue,
    /// Data from an answer without AA, and data about the target of an alias from an answer with AA.
    Answer,
    /// Data from an answer with AA about the name of the question.
    Authoritative,
}

/// Selects the entries to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flush {
    /// The entries of one name.
    Name {
        /// The name.
        name: Name,
        /// The type; `None` for all types.
        kind: Option<RecordType>,
    },
    /// The entries of a name and of all names below.
    Tree {
        /// The name at the top of the tree.
        name: Name,
        /// The type; `None` for all types.
        kind: Option<RecordType>,
    },
    /// All negative answers and failures.
    Negative,
    /// All entries.
    All,
}

/// The number of removed entries, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flushed {
    /// Positive answers.
    pub answers: u64,
    /// RRsets.
    pub rrsets: u64,
    /// Negative answers, in the tables of answers and of RRsets.
    pub negatives: u64,
    /// Delegations and DNSSEC states of zones.
    pub delegations: u64,
    /// Failures.
    pub failures: u64,
    /// Servers whose data (round trips, unanswered queries, EDNS) were removed.
    pub servers: u64,
}

/// The number of entries in a table of the cache, and their memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFill {
    /// The name of the table, for display.
    pub store: Cow<'static, str>,
    /// The number of entries, including entries past their TTL.
    pub entries: u64,
    /// The memory of the entries in octets.
    pub bytes: u64,
    /// The limit of the table in octets.
    pub capacity: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::RData;
    use hickory_proto::rr::rdata::{A, NULL};

    #[test]
    fn evidence_keeps_records_with_ttl() {
        let owner = Name::from_ascii("Mail.example.").unwrap();
        let record = |last| Record::from_rdata(owner.clone(), 300, RData::A(A::new(192, 0, 2, last)));
        let records = Evidence::from_records(&[record(1), record(2)]).records(7);
        assert_eq!(records.len(), 2);
        assert!(records.iter().all(|record| record.ttl == 7 && record.name.eq_case(&owner)));
        assert_eq!(records[1].data, record(2).data);
        let odd = NULL::with(vec![1, 0, 2, 13]);
        let odd = RData::Unknown { code: hickory_proto::rr::RecordType::DNSKEY, rdata: odd };
        let odd = Record::from_rdata(owner.clone(), 300, odd);
        assert_eq!(Evidence::from_records(&[odd.clone(), record(1)]).records(300), [odd, record(1)]);
        assert!(Evidence::default().is_empty() && Evidence::default().records(1).is_empty());
    }
}
