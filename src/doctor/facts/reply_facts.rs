//! Types for a DNS record, for a DNS reply, and for the result of a lookup.

use std::net::IpAddr;

use hickory_proto::rr::{Name, RData, Record as WireRecord, RecordType};
use serde::{Deserialize, Serialize};

use crate::facts::canonical;
use crate::limits::CHECK_TRY_TIME;
use dns::wire::presentation::{kind_text, name_text};
use dns::zone_file::{self, ZoneFileError, data_text, octets_text};

/// A DNS record. In JSON, its data are text in the form of zone files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RecordText", into = "RecordText")]
pub struct Record {
    /// Owner name, with its last dot. In the facts of a check it is in lower case.
    pub name: String,
    /// The TTL of the record in seconds.
    pub ttl: u32,
    /// The data of the record.
    pub data: RData,
}

/// A DNS record as text, for JSON.
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

    /// Returns the record type as text, such as `MX`.
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

    /// Returns the data of the record as text, in the form of zone files.
    pub fn text(&self) -> String {
        data_text(&self.data)
    }

    /// Returns the data as text, in the form in which they are compared. For types whose data contain only names and numbers, the text is in lower
    /// case, because names are compared without regard to case (RFC 4034 section 6.2, RFC 3597 section 7).
    pub fn compared(&self) -> String {
        let has_names = ["NS", "CNAME", "PTR", "DNAME", "MX", "SRV", "SOA"].iter().any(|kind| self.is(kind));
        if has_names { self.text().to_ascii_lowercase() } else { self.text() }
    }

    /// Returns the name in the data of an NS, CNAME, PTR or MX record: lower case, with its last dot.
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

    /// Returns the address in the data of an A or AAAA record.
    pub fn address(&self) -> Option<IpAddr> {
        self.data.ip_addr()
    }

    /// Returns the text of a TXT record: its strings, joined.
    pub fn joined(&self) -> String {
        match &self.data {
            RData::TXT(text) => String::from_utf8_lossy(&text.txt_data.concat()).into_owned(),
            _ => String::new(),
        }
    }
}

/// The result of DNSSEC validation of an answer, as the daemon reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplySecurity {
    /// The signatures over the answer are correct.
    Secure,
    /// The zone is not signed.
    Insecure,
    /// A signature is wrong or missing.
    Bogus,
    /// Validation is turned off in the daemon's configuration.
    Off,
    /// The daemon could not find out whether the answer is secure.
    #[default]
    Unknown,
}

/// A reply of a name server, of another resolver or of the daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyFacts {
    /// The response code, such as `NOERROR`.
    pub rcode: String,
    /// True if the reply has the flag AA: the server is authoritative for the answer.
    pub authoritative: bool,
    /// True if the reply has the flag RA: the server offers recursion.
    pub recursive: bool,
    /// True if the reply has an OPT record, which shows that the server supports EDNS.
    pub edns: bool,
    /// True if the reply has the flag TC: it was truncated.
    pub truncated: bool,
    /// The time from the query to the reply, in milliseconds.
    pub millis: u64,
    /// The response code of an earlier reply to the same query, if that reply lacked the records. Empty if there was no such reply.
    pub failed_before: String,
    /// The result of DNSSEC validation, for replies of the daemon.
    pub security: ReplySecurity,
    /// True if the daemon took the answer from its cache.
    pub from_cache: bool,
    /// The reason why there is no answer, in the words of the daemon, or the extended errors of a server (RFC 8914).
    pub why: String,
    /// The codes of the extended errors (RFC 8914) in the reply.
    pub extended_errors: Vec<u16>,
    /// The part of the daemon's configuration that answers for the name, as text; `None` if the name is resolved on the internet.
    pub configured: Option<String>,
    /// The views of the daemon's configuration whose clients get other data for the name.
    pub views: Vec<String>,
    /// The records of an expired cache entry, which the daemon gives because no server answers (RFC 8767). Such a reply counts as SERVFAIL.
    pub expired: Vec<Record>,
    /// The records of the answer section of the reply.
    pub answers: Vec<Record>,
    /// The records of the authority section of the reply.
    pub authority: Vec<Record>,
    /// The records of the additional section of the reply.
    pub additional: Vec<Record>,
}

impl ReplyFacts {
    /// Returns true if the reply took longer than a check waits before it repeats a query over UDP.
    pub(crate) fn is_late(&self) -> bool {
        u128::from(self.millis) >= CHECK_TRY_TIME.as_millis()
    }

    /// Returns those records of the answer section that have this type.
    pub fn records<'r>(&'r self, kind: &'r str) -> impl Iterator<Item = &'r Record> {
        self.answers.iter().filter(move |record| record.is(kind))
    }
}

/// The result of a lookup through the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupFound<'f> {
    /// The lookup found records of this type.
    Data(&'f ReplyFacts),
    /// The lookup found that the name exists, but has no records of this type.
    NoData(&'f ReplyFacts),
    /// The lookup found that the name does not exist.
    NoName(&'f ReplyFacts),
    /// The result of the lookup is not known; the text says why.
    Unknown(String),
    /// The lookup was not made in this check.
    NotAsked,
}

impl<'f> LookupFound<'f> {
    /// Returns the reply, if it says which records exist or that there are none.
    pub const fn reply(&self) -> Option<&'f ReplyFacts> {
        match self {
            Self::Data(reply) | Self::NoData(reply) | Self::NoName(reply) => Some(reply),
            Self::Unknown(_) | Self::NotAsked => None,
        }
    }

    /// Returns the target of the alias (CNAME); `None` if the name is not an alias.
    pub fn alias(&self) -> Option<String> {
        self.reply()?.records("CNAME").next().map(Record::text)
    }

    /// Returns true if the result is known: there are records, or it is certain that there are none.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Data(_) | Self::NoData(_) | Self::NoName(_))
    }

    /// Returns true if it is certain that the name has no records of this type.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::NoData(_) | Self::NoName(_))
    }
}
