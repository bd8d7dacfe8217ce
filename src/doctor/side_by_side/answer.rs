//! An answer to the compared question, with the server or resolver that gave it, and the verdict about it. Its data have a form in which answers can
//! be compared.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Serialize;

use crate::facts::record_set::{is_known, negative_ttl, positive_ttl};
use crate::facts::{Got, Record, ReplyFacts};

/// The content of an answer, without TTLs and the order of records. There are three kinds: the name does not exist, the name is an alias, or the name
/// has these records of the type.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AnswerData {
    /// True if the reply says that the name itself, and not the target of an alias, does not exist (NXDOMAIN).
    pub(super) is_denied: bool,
    /// The target of the alias, if the name is an alias: lower case, with its last dot.
    pub(super) alias: Option<String>,
    /// The records in the form in which they are compared; empty if the name is an alias.
    pub(super) records: BTreeSet<String>,
}

impl AnswerData {
    /// Returns the answer that a reply has. Returns `None` for errors, and for truncated replies, which may lack records (RFC 2181 section 9).
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

    /// Returns true if the answer has neither an alias nor a record.
    pub(super) fn is_empty(&self) -> bool {
        self.alias.is_none() && self.records.is_empty()
    }

    /// Returns the records, or the alias, as texts in the form in which they are shown.
    fn shown(&self) -> Vec<String> {
        let alias = self.alias.iter().map(|target| format!("CNAME {target}"));
        alias.chain(self.records.iter().cloned()).collect()
    }

    /// Returns the answer as text, for the output of `compare`.
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
    /// A name server of the zone, which the zone or its parent zone names.
    NameServer,
}

/// The verdict about an answer, after it was compared with the answers of the name servers. The most serious verdict comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerVerdict {
    /// The signatures are wrong or missing, so a resolver that validates gives no answer.
    Bogus,
    /// The answer is an expired cache entry, which the resolver gives because no name server answers.
    Stale,
    /// The name server gives a different answer from most other name servers, or the answers differ and no answer has a majority.
    Different,
    /// The name server has an older version of the zone than another one.
    NotTransferred,
    /// The resolver has an older answer in its cache.
    Old,
    /// The reply is SERVFAIL or another error, or it comes from a name server that is not authoritative.
    Failed,
    /// The resolver withholds the name or its records, or gives an address that cannot be reached.
    Filtered,
    /// The answer comes from the configuration of this host.
    Local,
    /// The resolver or server did not reply.
    NoAnswer,
    /// The resolver or server refused the question (REFUSED).
    Refused,
    /// The reason why the answer differs could not be found out.
    Unknown,
    /// The zone gives several addresses in turn, so different answers are normal.
    InTurn,
    /// The answer is equal to the answer of the name servers.
    Same,
}

impl AnswerVerdict {
    /// Returns the word for the verdict, as it is printed.
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

/// The answer of one resolver or name server, with the verdict about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedAnswer {
    /// The name that was asked for.
    pub name: String,
    /// The record type that was asked for.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The kind of resolver or server that gave the answer.
    pub source: AnswerSource,
    /// The address and the names of the resolver or server, as text.
    pub server: String,
    /// The address of the name server; `None` for resolvers.
    #[serde(skip)]
    pub address: Option<IpAddr>,
    /// The verdict about the answer.
    pub verdict: AnswerVerdict,
    /// The reason why the answer differs or is unknown; empty if it is the same.
    pub why: String,
    /// The response code; `None` if there is no complete reply.
    pub rcode: Option<String>,
    /// The alias of the name, or its records, with names in lower case.
    pub records: Vec<String>,
    /// The longest TTL of the records, or the TTL of the negative answer, in seconds.
    pub ttl: Option<u32>,
    /// The serial of the zone that the name server gave; `None` if it was not needed or is not known.
    pub serial: Option<u32>,
    /// The time from the question to the reply, in seconds; `None` if there is no reply.
    pub elapsed: Option<f64>,
}

impl ComparedAnswer {
    /// Creates the row for an answer of a resolver or name server. Its verdict is set later.
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

    /// Returns the answer as text: its records, or the fact that there are none.
    pub fn words(&self) -> String {
        in_words(self.rcode.as_deref() == Some("NXDOMAIN"), &self.records, self.kind)
    }
}

/// Returns the number of seconds for which a cache may keep the answer.
fn ttl(reply: &ReplyFacts, data: &AnswerData, (name, kind): (&str, &str)) -> Option<u32> {
    let kind = if data.alias.is_some() { "CNAME" } else { kind };
    let ttl = if data.is_empty() { negative_ttl(reply, name) } else { positive_ttl(reply, kind) };
    // A TTL with the highest bit set counts as zero (RFC 2181 section 8).
    ttl.map(|ttl| if ttl >> 31 == 1 { 0 } else { ttl })
}

/// The reason why it is unknown which answer of the name servers is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The answers differ, and some serials are unknown or cannot be compared.
    Serials,
    /// Servers with the same serial give different addresses. Perhaps the zone gives addresses in turn or by the location of the client. Perhaps the
    /// difference is a fault.
    Addresses,
    /// The servers have the same serial, but different answers, and no answer comes from more than half of them.
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

/// All answers to one question, and what is known about them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// The answers of this resolver, of other resolvers and of the name servers, in this order.
    pub answers: Vec<ComparedAnswer>,
    /// The reason why it is unknown which answer of the name servers is right; `None` if it is known, or if the zone gives addresses in turn.
    pub doubt: Option<Doubt>,
    /// The zone whose name servers were asked; `None` if none was found.
    pub zone: Option<String>,
    /// The reason why only the daemon was asked; `None` if name servers or other resolvers were asked too.
    pub kept_here: Option<String>,
    /// Name servers that were not asked, because there are too many.
    pub servers_left_out: Vec<String>,
    /// Resolvers that were not asked, because there are too many.
    pub resolvers_left_out: Vec<String>,
    /// The targets of the alias, if the name is an alias. Targets that the name servers give come before those that only resolvers give.
    pub targets: Vec<String>,
}
