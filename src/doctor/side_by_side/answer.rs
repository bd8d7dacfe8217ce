//! An answer to the compared question, with its source and the verdict about it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Serialize;

use crate::facts::record_set::{is_known, negative_ttl, positive_ttl};
use crate::facts::{Got, Record, ReplyFacts};

/// The content of an answer, without TTLs and the order of records: NXDOMAIN, an alias, or records.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AnswerData {
    /// True if the name itself, and not the target of an alias, does not exist.
    pub(super) is_denied: bool,
    /// The target of the alias: lower case, with its last dot.
    pub(super) alias: Option<String>,
    /// The records as text that can be compared; empty for an alias.
    pub(super) records: BTreeSet<String>,
}

impl AnswerData {
    /// Returns the answer in a reply. Returns `None` for an error, and for a truncated reply, which may lack records (RFC 2181 section 9).
    pub(super) fn from_reply(reply: &ReplyFacts, asked: (&str, &str)) -> Option<Self> {
        (is_known(reply) && !reply.truncated)
            .then(|| Self::from_records(&reply.answers, asked, reply.rcode == "NXDOMAIN"))
    }

    fn from_records(answers: &[Record], (name, kind): (&str, &str), is_denied: bool) -> Self {
        let own = |wanted: &str| {
            answers.iter().filter(move |record| record.name == name && record.is(wanted)).collect::<Vec<_>>()
        };
        let alias = own("CNAME").first().filter(|_| kind != "CNAME").and_then(|record| record.target());
        let records: BTreeSet<String> = match alias {
            Some(_) => BTreeSet::new(),
            None => own(kind).into_iter().map(Record::compared).collect(),
        };
        Self { is_denied: is_denied && alias.is_none() && records.is_empty(), alias, records }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.alias.is_none() && self.records.is_empty()
    }

    fn shown(&self) -> Vec<String> {
        let alias = self.alias.iter().map(|target| format!("CNAME {target}"));
        alias.chain(self.records.iter().cloned()).collect()
    }

    pub(super) fn words(&self, kind: &str) -> String {
        in_words(self.is_denied, &self.shown(), kind)
    }
}

fn in_words(is_denied: bool, records: &[String], kind: &str) -> String {
    match records {
        [] if is_denied => "the name does not exist".to_owned(),
        [] => format!("no {kind}"),
        records => records.join(", "),
    }
}

/// The source of an answer: this resolver, another one, or a name server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerSource {
    /// The daemon on this host.
    ThisResolver,
    /// Another resolver, for example a public one.
    Resolver,
    /// A name server of the zone.
    NameServer,
}

/// The verdict about an answer, the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerVerdict {
    /// The signatures are wrong or missing, so validating resolvers give no answer.
    Bogus,
    /// The answer is an expired cache entry, which the resolver gives because no name server answers.
    Stale,
    /// Most other name servers give another answer, or no answer has a majority.
    Different,
    /// The name server has an older version of the zone.
    NotTransferred,
    /// The resolver has an old answer in its cache.
    Old,
    /// The reply is an error such as SERVFAIL, or comes from a name server that is not authoritative.
    Failed,
    /// The resolver withholds the name or its records, or gives an address that cannot be reached.
    Filtered,
    /// The answer comes from the configuration of this host.
    Local,
    /// The resolver or server did not reply.
    NoAnswer,
    /// The resolver or server refused the question (REFUSED).
    Refused,
    /// The reason for the difference is unknown.
    Unknown,
    /// The zone gives its addresses in turn, so differences are normal.
    InTurn,
    /// The answer is equal to that of the name servers.
    Same,
}

impl AnswerVerdict {
    /// Returns the printed word for the verdict.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bogus => "bogus",
            Self::Stale => "stale",
            Self::Different => "different",
            Self::NotTransferred => "not transferred",
            Self::Old => "old",
            Self::Failed => "failed",
            Self::Filtered => "filtered",
            Self::Local => "local",
            Self::NoAnswer => "no answer",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::InTurn => "in turn",
            Self::Same => "same",
        }
    }
}

/// The answer of one resolver or name server, with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedAnswer {
    /// The name in the question.
    pub name: String,
    /// The record type in the question.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The source of the answer.
    pub source: AnswerSource,
    /// The address and the names of the resolver or server.
    pub server: String,
    /// The address of the name server; `None` for resolvers.
    #[serde(skip)]
    pub address: Option<IpAddr>,
    /// The verdict.
    pub verdict: AnswerVerdict,
    /// The reason why the answer differs or is unknown; empty if it is the same.
    pub why: String,
    /// The response code; `None` if there is no complete reply.
    pub rcode: Option<String>,
    /// The alias or the records, with names in lower case.
    pub records: Vec<String>,
    /// The TTL of the answer, in seconds.
    pub ttl: Option<u32>,
    /// The serial that the name server gave.
    pub serial: Option<u32>,
    /// The time to the reply, in seconds.
    pub elapsed: Option<f64>,
}

impl ComparedAnswer {
    /// Creates the row of the comparison for an answer. Its verdict is set later.
    pub(super) fn unjudged(
        (source, server): (AnswerSource, &str),
        (name, kind): (&str, &'static str),
        got: Option<&Got>,
    ) -> Self {
        let mut answer = Self {
            name: name.to_owned(),
            kind,
            source,
            server: server.to_owned(),
            address: None,
            verdict: AnswerVerdict::Unknown,
            why: String::new(),
            rcode: None,
            records: Vec::new(),
            ttl: None,
            serial: None,
            elapsed: None,
        };
        if let Some(Got::Reply(reply)) = got {
            answer.elapsed = Some(reply.millis as f64 / 1e3);
            if reply.truncated {
                return answer;
            }
            let records = if reply.expired.is_empty() { &reply.answers } else { &reply.expired };
            let data = AnswerData::from_records(records, (name, kind), reply.rcode == "NXDOMAIN");
            answer.ttl = ttl(reply, &data, (name, kind));
            answer.records = data.shown();
            answer.rcode = Some(reply.rcode.clone());
        }
        answer
    }

    /// Returns true if the answer says which records exist, or that none exist.
    pub fn is_known(&self) -> bool {
        use AnswerVerdict::{Bogus, Failed, NoAnswer, Refused, Stale};
        match self.verdict {
            Bogus | Failed | NoAnswer | Refused => false,
            Stale => true,
            _ => matches!(self.rcode.as_deref(), Some("NOERROR" | "NXDOMAIN")),
        }
    }

    /// Returns the answer as text.
    pub fn words(&self) -> String {
        in_words(self.rcode.as_deref() == Some("NXDOMAIN"), &self.records, self.kind)
    }
}

/// Returns the seconds for which a cache may keep the answer.
fn ttl(reply: &ReplyFacts, data: &AnswerData, (name, kind): (&str, &str)) -> Option<u32> {
    let kind = if data.alias.is_some() { "CNAME" } else { kind };
    let ttl = if data.is_empty() { negative_ttl(reply, name) } else { positive_ttl(reply, kind) };
    // A TTL with the highest bit set counts as zero (RFC 2181 section 8).
    ttl.map(|ttl| if ttl >> 31 == 1 { 0 } else { ttl })
}

/// The reason why it is unknown which answer of the name servers is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The answers differ, and serials are unknown or cannot be compared.
    Serials,
    /// Servers with the same serial give different addresses. The reason may be that the zone gives addresses in turn or by the location of
    /// the client, or a fault.
    Addresses,
    /// Servers with the same serial give different answers, and no answer comes from more than half of them.
    Tie,
}

impl Doubt {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Serials => {
                "the name servers differ, and without comparable serials of all it is unknown which is newer"
            }
            Self::Addresses => {
                "the name servers give different addresses: in turn, by place, or changed without a new serial"
            }
            Self::Tie => "the name servers differ with one serial, and no answer has a majority",
        }
    }

    pub(super) const fn verdict(self) -> AnswerVerdict {
        match self {
            Self::Serials | Self::Addresses => AnswerVerdict::Unknown,
            Self::Tie => AnswerVerdict::Different,
        }
    }
}

/// All answers to one question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// The answers of this resolver, of other resolvers and of the name servers, in this order.
    pub answers: Vec<ComparedAnswer>,
    /// The reason why it is unknown which answer of the name servers is right.
    pub doubt: Option<Doubt>,
    /// The zone whose name servers were asked.
    pub zone: Option<String>,
    /// The reason why only the daemon was asked.
    pub kept_here: Option<String>,
    /// Name servers that were not asked: there are too many.
    pub servers_left_out: Vec<String>,
    /// Resolvers that were not asked: there are too many.
    pub resolvers_left_out: Vec<String>,
    /// The targets of the alias, first those from the name servers.
    pub targets: Vec<String>,
}
