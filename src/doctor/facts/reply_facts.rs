//! Types for a DNS record, for a DNS reply, and for the result of a lookup.

use std::net::IpAddr;

use hickory_proto::rr::{Name, RData, Record as WireRecord, RecordType};
use serde::{Deserialize, Serialize};

use crate::dnssec::{key_records, signature_times};
use crate::facts::canonical;
use crate::limits::CHECK_TRY_TIME;
use dns::clock::minute;
use dns::wire::presentation::{kind_text, name_text};
use dns::zone_file::{self, ZoneFileError, data_text, octets_text};

/// A DNS record. In JSON, its data are text in the form of zone files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RecordText", into = "RecordText")]
pub struct Record {
    /// Owner name, with its last dot. In the facts of a check it is in lower case.
    pub name: String,
    /// The TTL in seconds.
    pub ttl: u32,
    /// The data.
    pub data: RData,
}

#[derive(Serialize, Deserialize)]
struct RecordText {
    name: String,
    ttl: u32,
    #[serde(rename = "type")]
    kind: String,
    data: String,
    /// The data as hexadecimal octets (RFC 3597), for rare types whose usual text form cannot be parsed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    octets: Option<String>,
}

impl From<Record> for RecordText {
    fn from(record: Record) -> Self {
        let (kind, data) = (record.kind(), record.text());
        let is_readable = Record::read("", 0, &kind, &data).is_ok_and(|read| read.data == record.data);
        let octets = (!is_readable).then(|| octets_text(&record.data));
        Self { name: record.name, ttl: record.ttl, kind, data, octets }
    }
}

impl TryFrom<RecordText> for Record {
    type Error = ZoneFileError;

    fn try_from(text: RecordText) -> Result<Self, ZoneFileError> {
        Self::read(&text.name, text.ttl, &text.kind, text.octets.as_ref().unwrap_or(&text.data))
    }
}

impl From<&WireRecord> for Record {
    fn from(record: &WireRecord) -> Self {
        Self { name: name_text(&record.name), ttl: record.ttl, data: record.data.clone() }
    }
}

impl Record {
    /// Creates a record from a type and data in the form of zone files.
    ///
    /// # Errors
    /// Fails if the data are not valid for this type.
    pub fn read(name: &str, ttl: u32, kind: &str, data: &str) -> Result<Self, ZoneFileError> {
        let read = zone_file::record(&format!(". 0 {kind} {data}"))?;
        Ok(Self { name: name.to_owned(), ttl, data: read.data })
    }

    /// Returns the record type, such as `MX`.
    pub fn kind(&self) -> String {
        kind_text(self.data.record_type())
    }

    /// Returns true if the record is of this type.
    pub fn is(&self, kind: &str) -> bool {
        match self.data.record_type() {
            RecordType::Unknown(_) => self.kind() == kind,
            known => <&str>::from(known) == kind,
        }
    }

    /// Returns the data in the form of zone files.
    pub fn text(&self) -> String {
        data_text(&self.data)
    }

    /// Returns the data of an RRSIG record in words, with the begin and the end of its validity in UTC; `None` for another record.
    pub fn signature(&self) -> Option<String> {
        let input = key_records::signature(self)?.input();
        let (begin, end) = signature_times::life(key_records::signature(self)?);
        Some(format!(
            "{} from {} to {}, key {} of {}, algorithm {}",
            kind_text(input.type_covered),
            minute(begin),
            minute(end),
            input.key_tag,
            name_text(&input.signer_name),
            u8::from(input.algorithm)
        ))
    }

    /// Returns the data as text that can be compared. Data with only names and numbers are in lower case, because names are compared
    /// without regard to case (RFC 4034 section 6.2, RFC 3597 section 7).
    pub fn compared(&self) -> String {
        let has_names = ["NS", "CNAME", "PTR", "DNAME", "MX", "SRV", "SOA"].iter().any(|kind| self.is(kind));
        if has_names { self.text().to_ascii_lowercase() } else { self.text() }
    }

    /// Returns the name in an NS, CNAME, PTR or MX record: lower case, with its last dot.
    pub fn target(&self) -> Option<String> {
        let name: &Name = match &self.data {
            RData::NS(name) => &name.0,
            RData::CNAME(name) => &name.0,
            RData::PTR(name) => &name.0,
            RData::MX(mx) => &mx.exchange,
            _ => return None,
        };
        Some(canonical(&name_text(name)))
    }

    /// Returns the address in an A or AAAA record.
    pub fn address(&self) -> Option<IpAddr> {
        self.data.ip_addr()
    }

    /// Returns the joined strings of a TXT record.
    pub fn joined(&self) -> String {
        match &self.data {
            RData::TXT(text) => String::from_utf8_lossy(&text.txt_data.concat()).into_owned(),
            _ => String::new(),
        }
    }
}

/// The result of DNSSEC validation at the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplySecurity {
    /// The signatures are correct.
    Secure,
    /// The zone is not signed.
    Insecure,
    /// A signature is wrong or missing.
    Bogus,
    /// Validation is turned off in the daemon's configuration.
    Off,
    /// The result is unknown.
    #[default]
    Unknown,
}

/// A reply of a name server, of another resolver or of the daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyFacts {
    /// The response code, such as `NOERROR`.
    pub rcode: String,
    /// True if the reply has the flag AA.
    pub authoritative: bool,
    /// True if the reply has the flag RA.
    pub recursive: bool,
    /// True if the reply has an OPT record: the server supports EDNS.
    pub edns: bool,
    /// True if the reply has the flag TC.
    pub truncated: bool,
    /// The time from the query to the reply, in milliseconds.
    pub millis: u64,
    /// The response code of an earlier reply to the same query, if that reply lacked the records; otherwise empty.
    pub failed_before: String,
    /// The result of DNSSEC validation at the daemon.
    pub security: ReplySecurity,
    /// True if the answer is from the daemon's cache.
    pub from_cache: bool,
    /// The daemon's reason for a missing answer, or the extended errors of a server (RFC 8914).
    pub why: String,
    /// The codes of the extended errors (RFC 8914).
    pub extended_errors: Vec<u16>,
    /// The part of the daemon's configuration that answers for the name; `None` if the name is resolved on the internet.
    pub configured: Option<String>,
    /// The views of the daemon's configuration whose clients get other data for the name.
    pub views: Vec<String>,
    /// The records of an expired cache entry (RFC 8767), which the daemon gives if no server answers. Such a reply counts as SERVFAIL.
    pub expired: Vec<Record>,
    /// The answer section.
    pub answers: Vec<Record>,
    /// The authority section.
    pub authority: Vec<Record>,
    /// The additional section.
    pub additional: Vec<Record>,
}

impl ReplyFacts {
    /// Returns true if the reply took longer than a check waits before it repeats a query over UDP.
    pub(crate) fn is_late(&self) -> bool {
        u128::from(self.millis) >= CHECK_TRY_TIME.as_millis()
    }

    /// Returns the records of this type in the answer section.
    pub fn records<'r>(&'r self, kind: &'r str) -> impl Iterator<Item = &'r Record> {
        self.answers.iter().filter(move |record| record.is(kind))
    }
}

/// The result of a lookup through the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupFound<'f> {
    /// There are records of this type.
    Data(&'f ReplyFacts),
    /// The name exists, but has no records of this type.
    NoData(&'f ReplyFacts),
    /// The name does not exist.
    NoName(&'f ReplyFacts),
    /// The result is unknown, for this reason.
    Unknown(String),
    /// The lookup was not made.
    NotAsked,
}

impl<'f> LookupFound<'f> {
    /// Returns the reply if the result is known.
    pub const fn reply(&self) -> Option<&'f ReplyFacts> {
        match self {
            Self::Data(reply) | Self::NoData(reply) | Self::NoName(reply) => Some(reply),
            Self::Unknown(_) | Self::NotAsked => None,
        }
    }

    /// Returns the target of the alias (CNAME).
    pub fn alias(&self) -> Option<String> {
        self.reply()?.records("CNAME").next().map(Record::text)
    }

    /// Returns true if the result is known.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Data(_) | Self::NoData(_) | Self::NoName(_))
    }

    /// Returns true if it is certain that there are no records of this type.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::NoData(_) | Self::NoName(_))
    }
}
