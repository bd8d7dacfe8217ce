//! An RRset in the cache, in wire form, and its rank (RFC 2181 section 5.4.1). It is decoded when a resolution uses it. Cache hits do not use RRsets:
//! the cache has whole answers for them.

use std::net::IpAddr;
use std::time::Duration;

use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecoder, BinEncodable, BinEncoder, NameEncoding};

use super::freshness;
use super::security::Backing;
use dns::cached::Rank;
use dns::clock::Mono;
use dns::rdata;

/// Decides which data replace others.
#[derive(Clone, Debug)]
pub struct Credibility {
    /// The rank (RFC 2181 section 5.4.1).
    pub rank: Rank,
    /// The DNSSEC state, and the records that prove it.
    pub backing: Backing,
}

impl Credibility {
    /// Returns the credibility of data with this rank and this DNSSEC state.
    pub fn new(rank: Rank, backing: Backing) -> Self {
        Self { rank, backing }
    }
}

/// An RRset in the cache.
#[derive(Clone, Debug)]
pub struct Rrset {
    pub(super) kind: RecordType,
    pub(super) rank: Rank,
    pub(super) stored: Mono,
    pub(super) ttl: u32,
    /// For each record, its length in two octets, and its data without name compression.
    pub(super) data: Box<[u8]>,
    pub(super) backing: Backing,
    /// True if a server has given a bogus answer about the name since the RRset was stored. Then the RRset is not used after its TTL.
    pub(super) refuted: bool,
}

impl Rrset {
    /// Returns the rank.
    pub fn rank(&self) -> Rank {
        self.rank
    }

    /// Returns the type.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// Returns when the TTL expires.
    pub fn expires(&self) -> Mono {
        self.stored.after(Duration::from_secs(self.ttl.into()))
    }

    /// Returns true if the use of the RRset at `now` causes its renewal.
    pub(crate) fn is_to_be_renewed(&self, now: Mono) -> bool {
        freshness::is_renewal_due(self.stored, self.expires(), now)
    }

    /// Returns the remaining TTL.
    pub fn left(&self, now: Mono) -> Duration {
        self.expires().since(now)
    }

    /// Returns when the RRset was stored.
    pub fn stored(&self) -> Mono {
        self.stored
    }

    /// Returns the DNSSEC state, and the records that prove it.
    pub fn backing(&self) -> &Backing {
        &self.backing
    }

    /// Returns the signatures with the remaining TTL; for an RRset from a wildcard, also the proof that the wildcard may be used.
    pub fn evidence(&self, now: Mono) -> Vec<Record> {
        self.backing.evidence.records(self.ttl.saturating_sub(now.seconds_since(self.stored)))
    }

    /// Returns the addresses in an RRset of type A or AAAA.
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

/// Returns the corrected TTL: 0 above 2^31 - 1 (RFC 2181 section 8), and at most `max_ttl`.
pub fn capped(ttl: u32, max_ttl: Duration) -> u32 {
    if ttl > u32::MAX / 2 { 0 } else { ttl.min(u32::try_from(max_ttl.as_secs()).unwrap_or(u32::MAX)) }
}

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
