//! An RRset in memory, as wire octets, and its rank (RFC 2181 section 5.4.1). It is decoded on the miss path only.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecoder, BinEncodable, BinEncoder, NameEncoding};
use serde::{Deserialize, Serialize};

use super::freshness;
use super::security::Backing;
use dns::clock::Mono;
use dns::rdata;

/// The rank of an RRset (RFC 2181 section 5.4.1); data of a lower rank never replace data of a higher rank whose TTL
/// has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Addresses that came with a referral: servers are asked at them, clients never get them.
    Glue,
    /// From an answer without AA, or from behind the alias in an answer with AA.
    Answer,
    /// From an answer with AA, about the name that was asked for.
    Authoritative,
}

impl Rank {
    /// Data of this rank with their proof.
    pub fn backed(self, backing: Backing) -> Credibility {
        Credibility { rank: self, backing }
    }
}

/// How far data are believed.
#[derive(Clone, Debug)]
pub struct Credibility {
    /// Their rank.
    pub rank: Rank,
    /// Their security, and its proof.
    pub backing: Backing,
}

/// An RRset as wire octets.
#[derive(Clone, Debug)]
pub struct Rrset {
    pub(super) kind: RecordType,
    pub(super) rank: Rank,
    pub(super) stored: Mono,
    pub(super) ttl: u32,
    /// For each record its length in two octets, then its data without compression.
    pub(super) data: Box<[u8]>,
    pub(super) backing: Backing,
    /// Whether a server has given a bogus answer about its name since: it is not used past its TTL.
    pub(super) refuted: bool,
}

impl Rrset {
    /// Its rank.
    pub fn rank(&self) -> Rank {
        self.rank
    }

    /// Its type.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// When its TTL ends.
    pub fn expires(&self) -> Mono {
        self.stored.after(Duration::from_secs(self.ttl.into()))
    }

    /// Returns true if it is to be renewed, as it is used now.
    pub(crate) fn is_to_be_renewed(&self, now: Mono) -> bool {
        freshness::is_renewal_due(self.stored, self.expires(), now)
    }

    /// The time that is left.
    pub fn left(&self, now: Mono) -> Duration {
        self.expires().since(now)
    }

    /// When it was kept.
    pub fn stored(&self) -> Mono {
        self.stored
    }

    /// Its security, and the records that prove it.
    pub fn backing(&self) -> &Backing {
        &self.backing
    }

    /// Its signatures, and proofs if a wildcard made it, with the TTL that is left.
    pub fn evidence(&self, now: Mono) -> Vec<Record> {
        self.backing.evidence.records(self.ttl.saturating_sub(now.seconds_since(self.stored)))
    }

    /// Its addresses, if it has any.
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

    /// Its records, owned by `name`, with the TTL that is left.
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

/// A TTL as received, corrected: above 2^31 - 1 it is 0 (RFC 2181 section 8), above `max_ttl` it is `max_ttl`.
pub fn capped(ttl: u32, max_ttl: Duration) -> u32 {
    if ttl > u32::MAX / 2 { 0 } else { ttl.min(u32::try_from(max_ttl.as_secs()).unwrap_or(u32::MAX)) }
}

/// The data of `records` in the form of an RRset; none if one of them cannot be encoded.
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
