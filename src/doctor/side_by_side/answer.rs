//! An answer with its giver and its verdict.

use serde::Serialize;

use super::told::Told;
use crate::facts::record_set::{negative_ttl, positive_ttl};
use crate::facts::{Got, ReplyFacts};

/// The giver of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerSource {
    /// The daemon.
    ThisResolver,
    /// A resolver of others.
    Resolver,
    /// A server that the zone or the zone above names, or one of the zone above that does not delegate the zone.
    NameServer,
    /// A server that only the cache of the daemon has.
    FormerServer,
}

/// The answer beside those of the zone's servers.
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
    /// A resolver has other records in its cache, for some time.
    Old,
    /// SERVFAIL or another error, or a name server without authority.
    Failed,
    /// A resolver withholds the name, its records, or private addresses.
    Filtered,
    /// A resolver gives an answer of its own.
    Changed,
    /// The configuration of this host answers.
    Local,
    /// There is no reply.
    NoAnswer,
    /// REFUSED.
    Refused,
    /// Other addresses: by place, in turn, old or changed, it cannot be told which.
    Elsewhere,
    /// It cannot be told.
    Unknown,
    /// The zone answers in turn or by the place of the client.
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
            Self::Changed => "changed",
            Self::Local => "local",
            Self::NoAnswer => "no answer",
            Self::Refused => "refused",
            Self::Elsewhere => "elsewhere",
            Self::Unknown => "unknown",
            Self::InTurn => "in turn",
            Self::Same => "same",
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedAnswer {
    /// The name that was asked.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The giver.
    pub source: AnswerSource,
    /// Its address and names.
    pub server: String,
    /// The answer beside those of the zone's servers.
    pub verdict: AnswerVerdict,
    /// Why it differs or is unknown; empty if it is the same.
    pub why: String,
    /// The response code; none without a reply.
    pub rcode: Option<String>,
    /// The alias of the name, or its records; names in lower case.
    pub records: Vec<String>,
    /// The longest TTL of the records, or that of the negative answer; seconds.
    pub ttl: Option<u32>,
    /// The serial of the zone at a name server; none if it was not needed or not told.
    pub serial: Option<u32>,
    /// Seconds until the reply; none without a reply.
    pub elapsed: Option<f64>,
}

impl ComparedAnswer {
    /// An answer before it is judged.
    pub(super) fn unjudged(
        (source, server): (AnswerSource, &str),
        (name, kind): (&str, &'static str),
        got: &Got,
    ) -> Self {
        let mut answer = Self {
            name: name.to_owned(),
            kind,
            source,
            server: server.to_owned(),
            verdict: AnswerVerdict::Unknown,
            why: String::new(),
            rcode: None,
            records: Vec::new(),
            ttl: None,
            serial: None,
            elapsed: None,
        };
        if let Got::Reply(reply) = got {
            let told = match reply.expired.is_empty() {
                true => Told::of_records(&reply.answers, (name, kind), reply.rcode == "NXDOMAIN"),
                false => Told::of_records(&reply.expired, (name, kind), false),
            };
            answer.ttl = ttl(reply, &told, (name, kind));
            answer.records = told.shown();
            answer.rcode = Some(reply.rcode.clone());
            answer.elapsed = Some(reply.millis as f64 / 1e3);
        }
        answer
    }

    /// Whether it says which records there are, or that there are none.
    pub fn is_known(&self) -> bool {
        use AnswerVerdict::{Bogus, Failed, NoAnswer, Refused, Unknown};
        let is_answer = matches!(self.rcode.as_deref(), Some("NOERROR" | "NXDOMAIN"));
        match self.verdict {
            Bogus | Failed | NoAnswer | Refused => false,
            Unknown => is_answer && self.why != CUT,
            AnswerVerdict::Stale => true,
            _ => is_answer,
        }
    }

    /// The answer in words: its records, or that there are none.
    pub fn words(&self) -> String {
        match self.rcode.as_deref() {
            Some("NXDOMAIN") if self.records.is_empty() => "the name does not exist".to_owned(),
            _ if self.records.is_empty() => format!("no {}", self.kind),
            _ => self.records.join(", "),
        }
    }
}

/// All that is known of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The answers: of this resolver, of other resolvers, of the name servers.
    pub answers: Vec<ComparedAnswer>,
    /// The zone whose name servers were asked; none if none was found.
    pub zone: Option<String>,
    /// Why no one but the daemon was asked; none if others were.
    pub kept_here: Option<String>,
    /// Name servers that were not asked, because there are too many.
    pub servers_left_out: Vec<String>,
    /// Resolvers that were not asked, because there are too many.
    pub resolvers_left_out: Vec<String>,
    /// The targets of the name, if it is an alias: the first one is that of the most name servers.
    pub targets: Vec<String>,
}

/// The begin of the reason of all name servers, if none of them is right.
pub(super) const DIFFER: &str = "the name servers differ";

/// Why a truncated reply is no answer.
pub(super) const CUT: &str = "a truncated reply, over TCP too";

/// Why a known answer is not judged.
pub(super) const UNCOMPARED: &str = "no name server of the zone has answered";

/// How long a cache may keep the answer, in seconds.
fn ttl(reply: &ReplyFacts, told: &Told, (name, kind): (&str, &str)) -> Option<u32> {
    let kind = if told.alias.is_some() { "CNAME" } else { kind };
    let ttl = match told.is_empty() {
        true => negative_ttl(reply, name),
        false => positive_ttl(reply, kind),
    };
    // A greater one is zero (RFC 2181 section 8).
    ttl.map(|ttl| if ttl >> 31 == 1 { 0 } else { ttl })
}
