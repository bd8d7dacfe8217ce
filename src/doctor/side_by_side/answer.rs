//! An answer: its data as they are compared, who gave it, and the verdict.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Serialize;

use crate::facts::record_set::{compared_data, is_known, negative_ttl, positive_ttl};
use crate::facts::{Got, Record, ReplyFacts, canonical};

/// The answer for a name without order and TTL: that it does not exist, its alias, or its records of the type.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AnswerData {
    /// NXDOMAIN for the name itself, not for the target of an alias.
    pub(super) is_denied: bool,
    /// The target of the name: lower case, with its last dot.
    pub(super) alias: Option<String>,
    /// The records, as they are compared; empty with an alias.
    pub(super) records: BTreeSet<String>,
}

impl AnswerData {
    /// The answer in a reply; none if it has none. A truncated one may lack records (RFC 2181 section 9).
    pub(super) fn from_reply(reply: &ReplyFacts, asked: (&str, &str)) -> Option<Self> {
        (is_known(reply) && !reply.truncated)
            .then(|| Self::from_records(&reply.answers, asked, reply.rcode == "NXDOMAIN"))
    }

    fn from_records(answers: &[Record], (name, kind): (&str, &str), is_denied: bool) -> Self {
        let own = |wanted: &str| {
            answers
                .iter()
                .filter(move |record| record.name == name && record.kind == wanted)
                .collect::<Vec<_>>()
        };
        let alias = own("CNAME").first().filter(|_| kind != "CNAME").map(|record| canonical(&record.data));
        let records: BTreeSet<String> = match alias {
            Some(_) => BTreeSet::new(),
            None => own(kind).into_iter().map(|record| compared_data(&record.data, kind)).collect(),
        };
        Self { is_denied: is_denied && alias.is_none() && records.is_empty(), alias, records }
    }

    /// Returns true if there is neither an alias nor a record.
    pub(super) fn is_empty(&self) -> bool {
        self.alias.is_none() && self.records.is_empty()
    }

    /// The records, or the alias, as they are shown.
    fn shown(&self) -> Vec<String> {
        let alias = self.alias.iter().map(|target| format!("CNAME {target}"));
        alias.chain(self.records.iter().cloned()).collect()
    }

    /// In words.
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

/// Who gave an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerSource {
    /// The daemon.
    ThisResolver,
    /// Another resolver.
    Resolver,
    /// A server that the zone or the zone above names.
    NameServer,
}

/// An answer compared with those of the name servers. The worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerVerdict {
    /// The signatures are wrong or missing, so a validating resolver gives no answer.
    Bogus,
    /// An expired entry of the cache, because no name server answers.
    Stale,
    /// A name server gives another answer than most, or most differ.
    Different,
    /// A name server has an older version of the zone.
    NotTransferred,
    /// A resolver has an older answer in its cache.
    Old,
    /// SERVFAIL or another error, or a name server without authority.
    Failed,
    /// A resolver withholds the name or its records, or gives an address that leads nowhere.
    Filtered,
    /// The configuration of this host answers.
    Local,
    /// There is no reply.
    NoAnswer,
    /// REFUSED.
    Refused,
    /// It could not be found out.
    Unknown,
    /// The zone gives several addresses in turn.
    InTurn,
    /// The same.
    Same,
}

impl AnswerVerdict {
    /// Its word on the screen.
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

/// An answer with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedAnswer {
    /// The name of the question.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Who gave it.
    pub source: AnswerSource,
    /// The address and names of the server.
    pub server: String,
    /// The address of a name server.
    #[serde(skip)]
    pub address: Option<IpAddr>,
    /// The verdict.
    pub verdict: AnswerVerdict,
    /// Why it differs or is unknown; empty if it is the same.
    pub why: String,
    /// The response code; none without a whole reply.
    pub rcode: Option<String>,
    /// The alias of the name, or its records; names in lower case.
    pub records: Vec<String>,
    /// The longest TTL of the records, or that of the negative answer; seconds.
    pub ttl: Option<u32>,
    /// The serial of the zone at a name server; none if it was not needed or is not known.
    pub serial: Option<u32>,
    /// Seconds until the reply; none without a reply.
    pub elapsed: Option<f64>,
}

impl ComparedAnswer {
    /// An answer before it is judged.
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

    /// Returns true if it says which records there are, or that there are none.
    pub fn is_known(&self) -> bool {
        use AnswerVerdict::{Bogus, Failed, NoAnswer, Refused, Stale};
        match self.verdict {
            Bogus | Failed | NoAnswer | Refused => false,
            Stale => true,
            _ => matches!(self.rcode.as_deref(), Some("NOERROR" | "NXDOMAIN")),
        }
    }

    /// The answer in words: its records, or that there are none.
    pub fn words(&self) -> String {
        in_words(self.rcode.as_deref() == Some("NXDOMAIN"), &self.records, self.kind)
    }
}

/// How long a cache may keep the answer, in seconds.
fn ttl(reply: &ReplyFacts, data: &AnswerData, (name, kind): (&str, &str)) -> Option<u32> {
    let kind = if data.alias.is_some() { "CNAME" } else { kind };
    let ttl = if data.is_empty() { negative_ttl(reply, name) } else { positive_ttl(reply, kind) };
    // A greater one is zero (RFC 2181 section 8).
    ttl.map(|ttl| if ttl >> 31 == 1 { 0 } else { ttl })
}

/// Why it cannot be said which answer of the name servers is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The answers differ, and not all serials are known or can be compared.
    Serials,
    /// The servers of one serial give different addresses: in turn, by the place of the client, or by a fault.
    Addresses,
    /// The servers of one serial differ, and no answer has a majority.
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

/// All that is known of a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// The answers: of this resolver, of other resolvers, of the name servers.
    pub answers: Vec<ComparedAnswer>,
    /// Why none of the answers of the name servers is right; none if one is, or they give several in turn.
    pub doubt: Option<Doubt>,
    /// The zone whose name servers were asked; none if none was found.
    pub zone: Option<String>,
    /// Why only the daemon was asked; none if others were.
    pub kept_here: Option<String>,
    /// Name servers that were not asked, because there are too many.
    pub servers_left_out: Vec<String>,
    /// Resolvers that were not asked, because there are too many.
    pub resolvers_left_out: Vec<String>,
    /// The targets of the name, if it is an alias: those of name servers first.
    pub targets: Vec<String>,
}
