//! A reply in the form of text, and the result of a lookup.

use serde::{Deserialize, Serialize};

use crate::limits::CHECK_TRY_TIME;

/// A record in the form of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Owner name: lower case, with its last dot.
    pub name: String,
    /// The TTL in seconds.
    pub ttl: u32,
    /// The type.
    pub kind: String,
    /// The data in the form of zone files.
    pub data: String,
}

/// The result of DNSSEC validation by the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplySecurity {
    /// The signatures are correct.
    Secure,
    /// The zone is not signed.
    Insecure,
    /// A signature is wrong or missing.
    Bogus,
    /// The configuration of the daemon turns validation off.
    Off,
    /// The security of the answer could not be found out.
    #[default]
    Unknown,
}

/// A reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyFacts {
    /// The response code, such as `NOERROR`.
    pub rcode: String,
    /// AA: the answer is authoritative.
    pub authoritative: bool,
    /// RA: the server offers recursion.
    pub recursive: bool,
    /// Whether the reply has an OPT record, which shows that the server supports EDNS.
    pub edns: bool,
    /// TC: the reply was truncated.
    pub truncated: bool,
    /// The time until the reply came, in milliseconds.
    pub millis: u64,
    /// The response code of an earlier answer of the server to the same query that lacked the records; empty if there was no such answer.
    pub failed_before: String,
    /// The result of DNSSEC validation, if the daemon answered.
    pub security: ReplySecurity,
    /// Whether the daemon took the answer from its cache.
    pub from_cache: bool,
    /// The reason why there is no answer, in the words of the daemon, or the extended errors of a server (RFC 8914).
    pub why: String,
    /// The numbers of the extended errors of a server.
    pub extended_errors: Vec<u16>,
    /// The part of the daemon's configuration that answers for the name, in words; `None` if the name is resolved on the internet.
    pub configured: Option<String>,
    /// The views whose clients get different data for the name.
    pub views: Vec<String>,
    /// The records of an expired cache entry, which the daemon gives because no server answers (RFC 8767). Such a reply counts as SERVFAIL.
    pub expired: Vec<Record>,
    /// Answer section.
    pub answers: Vec<Record>,
    /// Authority section.
    pub authority: Vec<Record>,
    /// Additional section.
    pub additional: Vec<Record>,
}

impl ReplyFacts {
    /// Returns true if the reply came after the time at which a check sends a query over UDP again.
    pub(crate) fn is_late(&self) -> bool {
        u128::from(self.millis) >= CHECK_TRY_TIME.as_millis()
    }

    /// Returns the data of the answer records of a type.
    pub fn data<'r>(&'r self, kind: &'r str) -> impl Iterator<Item = &'r str> {
        self.answers.iter().filter(move |record| record.kind == kind).map(|record| record.data.as_str())
    }
}

/// The result of a lookup through the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupFound<'f> {
    /// The name has records of the type.
    Data(&'f ReplyFacts),
    /// The name exists, but has no records of the type.
    NoData(&'f ReplyFacts),
    /// The name does not exist.
    NoName(&'f ReplyFacts),
    /// The result is not known; the text says why.
    Unknown(String),
    /// The question was not asked.
    NotAsked,
}

impl<'f> LookupFound<'f> {
    /// Returns the reply, if the answer is known.
    pub const fn reply(&self) -> Option<&'f ReplyFacts> {
        match self {
            Self::Data(reply) | Self::NoData(reply) | Self::NoName(reply) => Some(reply),
            Self::Unknown(_) | Self::NotAsked => None,
        }
    }

    /// Returns the target of the name, if the name is an alias.
    pub fn alias(&self) -> Option<&'f str> {
        self.reply()?.data("CNAME").next()
    }

    /// Returns true if the answer is known: either there are records, or it is certain that there are none.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Data(_) | Self::NoData(_) | Self::NoName(_))
    }

    /// Returns true if it is certain that there are no such records.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::NoData(_) | Self::NoName(_))
    }
}
