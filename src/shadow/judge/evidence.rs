//! The evidence about a question, and the verdict that follows from it.

use serde::Serialize;

use crate::answer::{Likeness, Side, SideAnswer, likeness};
use dns::words;
use doctor::side_by_side::{AnswerSource, Compared, ComparedAnswer};

words! {
    /// The cause of a difference. The worst cause comes first.
    pub enum Cause {
        /// One resolver finds the signatures of the answer valid, the other one finds them wrong.
        Bogus = "bogus",
        /// A zone fails for one of the resolvers.
        BrokenZone = "broken_zone": "broken zone",
        /// One resolver blocks the name, changes the answer, or answers from a zone of its own configuration.
        Policy = "policy",
        /// A DNS list refuses one of the resolvers.
        List = "list",
        /// One resolver has an answer that the zone no longer gives.
        Old = "old",
        /// The cause could not be found out.
        Unknown = "unknown",
        /// Only the AD flag differs.
        AdOnly = "ad_only": "AD only",
        /// Name servers of the zone give the addresses of both answers: alternately, or by the location of the client.
        Geography = "geography",
        /// A reply failed or differed only once.
        Timing = "timing",
        /// The zone gives only some of its records each time, in turn, or only the order of the records differs.
        Rotation = "rotation",
        /// Only TTLs differ.
        Ttl = "ttl": "TTL",
        /// There is no difference.
        None = "none",
    }
}

/// How much a difference matters for a switch to resolverd. The worst comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The operator should examine the difference before the switch.
    Look,
    /// It is not known if the difference matters.
    Unknown,
    /// The difference does no harm.
    Harmless,
}

/// The cause of a difference with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The cause of the difference.
    pub cause: Cause,
    /// How much the difference matters.
    pub weight: Weight,
    /// The resolver to which the cause applies; `None` if it applies to neither or to both.
    pub side: Option<Side>,
    /// The facts that prove the cause.
    pub why: String,
    /// What the operator should do; empty if there is nothing to do.
    pub advice: String,
}

impl Judged {
    pub(crate) fn harmless(cause: Cause, side: Option<Side>, why: impl Into<String>) -> Self {
        Self { cause, weight: Weight::Harmless, side, why: why.into(), advice: String::new() }
    }

    pub(crate) fn look(cause: Cause, side: Side, why: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { cause, weight: Weight::Look, side: Some(side), why: why.into(), advice: advice.into() }
    }

    /// Creates the verdict that the cause could not be found out.
    pub fn unknown(why: impl Into<String>) -> Self {
        let advice = "compare both by hand: `resolverctl compare NAME TYPE --with ADDRESS`".to_owned();
        Self { cause: Cause::Unknown, weight: Weight::Unknown, side: None, why: why.into(), advice }
    }
}

/// The answers of both resolvers to a question at the same moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The answer of the resolver in place.
    pub in_place: SideAnswer,
    /// The answer of resolverd.
    pub resolverd: SideAnswer,
}

impl Sample {
    /// Returns the answer of one resolver.
    pub const fn answer(&self, side: Side) -> &SideAnswer {
        match side {
            Side::InPlace => &self.in_place,
            Side::Resolverd => &self.resolverd,
        }
    }

    /// Returns how alike the answers are.
    pub fn likeness(&self) -> Likeness {
        likeness(&self.in_place, &self.resolverd)
    }
}

/// All that is known about a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The answers in the order of time.
    pub samples: Vec<Sample>,
    /// The answers to the question with the CD flag, if one of the resolvers gave SERVFAIL.
    pub with_cd: Option<Sample>,
    /// The DNS list to whose zone the name belongs; `None` if it belongs to none.
    pub list: Option<String>,
    /// The part of resolverd's configuration that gives the answer.
    pub configured: Option<String>,
    /// The reason that resolverd gives for its answer.
    pub reason: String,
    /// True if the resolver in place has answered other questions.
    pub answers_others: bool,
    /// Both answers, compared with those of the zone's name servers. The compared name is the one at which the answers start to differ.
    pub compared: Option<Compared>,
}

impl Evidence {
    /// Returns the compared answer of a resolver.
    pub(super) fn row(&self, side: Side) -> Option<&ComparedAnswer> {
        let source = match side {
            Side::InPlace => AnswerSource::Resolver,
            Side::Resolverd => AnswerSource::ThisResolver,
        };
        self.compared.as_ref()?.answers.iter().find(|answer| answer.source == source)
    }

    /// Returns the compared answers of the name servers.
    pub(super) fn servers(&self) -> impl Iterator<Item = &ComparedAnswer> {
        let rows = self.compared.iter().flat_map(|compared| &compared.answers);
        rows.filter(|answer| answer.source == AnswerSource::NameServer)
    }
}
