//! An RRset in the cache, in wire form, and its rank (RFC 2181 section 5.4.1). The RRset is decoded when a resolution uses it. An answer from the
//! cache does not need it.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecoder, BinEncodable, BinEncoder, NameEncoding};
use serde::{Deserialize, Serialize};

use super::freshness;
use super::security::Backing;
use dns::clock::Mono;
use dns::rdata;

/// The rank of an RRset (RFC 2181 section 5.4.1). Data of a lower rank never replace data of a higher rank whose TTL has
/// not expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Addresses that came with a referral. They are used to ask servers, and are never sent to clients.
    Glue,
    /// Data from an answer without AA, or from an answer with AA, if the data are about the target of an alias.
    Answer,
    /// Data from an answer with AA, if the data are about the name of the question.
    Authoritative,
}

impl Rank {
    /// Returns the credibility of data with this rank. `backing` is the DNSSEC state of the data.
    pub fn backed(self, backing: Backing) -> Credibility {
        Credibility { rank: self, backing }
    }
}

/// The credibility of data in the cache. It decides which data replace others.
#[derive(Clone, Debug)]
pub struct Credibility {
    /// The rank of the data (RFC 2181 section 5.4.1).
    pub rank: Rank,
    /// The DNSSEC state of the data, and the records that prove it.
    pub backing: Backing,
}

/// An RRset in the cache.
#[derive(Clone, Debug)]
pub struct Rrset {
    pub(super) kind: RecordType,
    pub(super) rank: Rank,
    pub(super) stored: Mono,
    pub(super) ttl: u32,
    /// The data of the records. Each has its length in two octets, and then its data without name compression.
    pub(super) data: Box<[u8]>,
    pub(super) backing: Backing,
    /// True if a server has given a bogus answer about the name since the RRset was stored. The RRset is then not used after its TTL.
    pub(super) refuted: bool,
}

impl Rrset {
    /// Returns the rank of the RRset.
    pub fn rank(&self) -> Rank {
        self.rank
    }

    /// Returns the type of the RRset.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// Returns the time at which the TTL of the RRset expires.
    pub fn expires(&self) -> Mono {
        self.stored.after(Duration::from_secs(self.ttl.into()))
    }

    /// Returns true if the RRset is about to expire at `now`, so that it must be fetched again when it is used.
    pub(crate) fn is_to_be_renewed(&self, now: Mono) -> bool {
        freshness::is_renewal_due(self.stored, self.expires(), now)
    }

    /// Returns the remaining TTL of the RRset.
    pub fn left(&self, now: Mono) -> Duration {
        self.expires().since(now)
    }

    /// Returns the time at which the RRset was stored.
    pub fn stored(&self) -> Mono {
        self.stored
    }

    /// Returns the DNSSEC state of the RRset, and the records that prove it.
    pub fn backing(&self) -> &Backing {
        &self.backing
    }

    /// Returns the signatures of the RRset with the remaining TTL. If the RRset comes from a wildcard, also returns the proof that the wildcard may
    /// be used.
    pub fn evidence(&self, now: Mono) -> Vec<Record> {
        self.backing.evidence.records(self.ttl.saturating_sub(now.seconds_since(self.stored)))
    }

    /// Returns the addresses in the RRset. There are none if its type is not A or AAAA.
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

    /// Returns the records with the owner name `name` and the remaining TTL.
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

/// Corrects a received TTL. A TTL above 2^31 - 1 becomes 0 (RFC 2181 section 8), and a TTL above `max_ttl` becomes `max_ttl`.
pub fn capped(ttl: u32, max_ttl: Duration) -> u32 {
    if ttl > u32::MAX / 2 { 0 } else { ttl.min(u32::try_from(max_ttl.as_secs()).unwrap_or(u32::MAX)) }
}

/// Encodes the data of `records` in the form in which `Rrset` stores them. Returns `None` if one of them cannot be
/// encoded.
pub(super) fn encode(records: &[&Record]) -> Option<Box<[u8]>> {
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
