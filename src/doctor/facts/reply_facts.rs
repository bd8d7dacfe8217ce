//! A reply as text, and the result of a lookup.

use serde::{Deserialize, Serialize};

use crate::limits::CHECK_TRY_TIME;

/// A record as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Owner name: lower case, with its last dot.
    pub name: String,
    /// Seconds.
    pub ttl: u32,
    /// The type.
    pub kind: String,
    /// Data in zone-file form.
    pub data: String,
}

/// The DNSSEC verdict of the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplySecurity {
    /// The signatures are correct.
    Secure,
    /// The zone is not signed.
    Insecure,
    /// A signature is wrong or missing.
    Bogus,
    /// The configuration of the daemon says not to validate.
    Off,
    /// It could not be found out.
    #[default]
    Unknown,
}

/// A reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyFacts {
    /// Response code: `NOERROR`.
    pub rcode: String,
    /// AA: the server has authority.
    pub authoritative: bool,
    /// RA: the server offers recursion.
    pub recursive: bool,
    /// Whether it has an OPT: the server has EDNS.
    pub edns: bool,
    /// TC: the reply was cut.
    pub truncated: bool,
    /// Milliseconds.
    pub millis: u64,
    /// The response code of the answer that the server gave to the same query just before, without the records; empty if it gave none.
    pub failed_before: String,
    /// The verdict, if the daemon answered.
    pub security: ReplySecurity,
    /// Whether the daemon had the answer in its cache.
    pub from_cache: bool,
    /// Why there is no answer, in the words of the daemon; the extended errors of a server (RFC 8914).
    pub why: String,
    /// The numbers of the extended errors of a server.
    pub extended_errors: Vec<u16>,
    /// The part of the daemon's configuration that answers for the name, in words; none if it is resolved on the internet.
    pub configured: Option<String>,
    /// The views whose clients get other data for the name.
    pub views: Vec<String>,
    /// The records of an expired entry of the cache, which the daemon gives because no server answers (RFC 8767). Such a reply counts
    /// as SERVFAIL.
    pub expired: Vec<Record>,
    /// Answer section.
    pub answers: Vec<Record>,
    /// Authority section.
    pub authority: Vec<Record>,
    /// Additional section.
    pub additional: Vec<Record>,
}

impl ReplyFacts {
    /// Whether it came later than a check waits over UDP until it asks again.
    pub(crate) fn is_late(&self) -> bool {
        u128::from(self.millis) >= CHECK_TRY_TIME.as_millis()
    }

    /// The data of the answers of a type.
    pub fn data<'r>(&'r self, kind: &'r str) -> impl Iterator<Item = &'r str> {
        self.answers.iter().filter(move |record| record.kind == kind).map(|record| record.data.as_str())
    }
}

/// The result of a lookup through the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupFound<'f> {
    /// There are records of the type.
    Data(&'f ReplyFacts),
    /// The name exists and has no records of the type.
    NoData(&'f ReplyFacts),
    /// The name does not exist.
    NoName(&'f ReplyFacts),
    /// It is not known.
    Unknown(String),
    /// It was not asked.
    NotAsked,
}

impl<'f> LookupFound<'f> {
    /// The reply, if the answer is known.
    pub const fn reply(&self) -> Option<&'f ReplyFacts> {
        match self {
            Self::Data(reply) | Self::NoData(reply) | Self::NoName(reply) => Some(reply),
            Self::Unknown(_) | Self::NotAsked => None,
        }
    }

    /// The target of the name, if it is an alias.
    pub fn alias(&self) -> Option<&'f str> {
        self.reply()?.data("CNAME").next()
    }

    /// Whether the answer is known: data, or that there are none.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Data(_) | Self::NoData(_) | Self::NoName(_))
    }

    /// Whether it is known that there are no such records.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::NoData(_) | Self::NoName(_))
    }
}
