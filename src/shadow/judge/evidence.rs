//! The facts that were collected about a question after both resolvers got it, and the possible causes of a difference.

use serde::Serialize;

use crate::answer::{Likeness, Side, SideAnswer, likeness};
use dns::words;
use doctor::side_by_side::{AnswerSource, Compared, ComparedAnswer};

words! {
    /// The cause of a difference between the two resolvers. The worst cause comes first.
    pub enum Cause {
        /// One resolver finds the signatures of the answer valid, the other one finds them wrong.
        Bogus = "bogus",
        /// A zone fails for one of the resolvers.
        BrokenZone = "broken_zone": "broken zone",
        /// One resolver blocks the name, changes the answer, or answers from a zone of its own configuration.
        Policy = "policy",
        /// A DNS list refuses one of the resolvers.
        List = "list",
        /// One resolver has an old answer: the zone now has other records.
        Old = "old",
        /// The cause of the difference could not be found out.
        Unknown = "unknown",
        /// The answers are equal, but only one has the AD flag.
        AdOnly = "ad_only": "AD only",
        /// Some name servers of the zone give one of the two answers, and some give the other: in turn, or by the location of the client.
        Geography = "geography",
        /// A reply failed or differed only once.
        Timing = "timing",
        /// Each answer has only some of the zone's records, or only the order of the records differs.
        Rotation = "rotation",
        /// The answers are equal except for their TTLs.
        Ttl = "ttl": "TTL",
        /// There is no difference between the answers.
        None = "none",
    }
}

/// How serious a difference is for a switch to resolverd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The difference would affect this host, so the operator should examine it before the switch.
    Look,
    /// It is not known whether the difference would affect this host.
    Unknown,
    /// The difference would not affect this host.
    Harmless,
}

/// The cause of a difference between the two resolvers, and the facts that prove it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The cause of the difference.
    pub cause: Cause,
    /// How serious the difference is for a switch to resolverd.
    pub weight: Weight,
    /// The resolver to which the cause applies; `None` if it applies to neither or to both.
    pub side: Option<Side>,
    /// The facts that prove the cause, as text.
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

    /// Creates the result "the cause of the difference could not be found out". `why` says why.
    pub fn unknown(why: impl Into<String>) -> Self {
        let advice = "compare both by hand: `resolverctl compare NAME TYPE --with ADDRESS`".to_owned();
        Self { cause: Cause::Unknown, weight: Weight::Unknown, side: None, why: why.into(), advice }
    }
}

/// The answers of both resolvers to a question that was sent to them at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The answer of the current resolver (the one that this host uses today).
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

    /// Compares the answers of the two resolvers.
    pub fn likeness(&self) -> Likeness {
        likeness(&self.in_place, &self.resolverd)
    }
}

/// All facts that were found out about a question to the two resolvers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The answers of both resolvers, the oldest first. If they differed, the question was asked again.
    pub samples: Vec<Sample>,
    /// The answers to the question with the CD flag, if one of the resolvers gave SERVFAIL.
    pub with_cd: Option<Sample>,
    /// The DNS list to whose zone the name belongs; `None` if it belongs to none.
    pub list: Option<String>,
    /// The part of resolverd's configuration that gives the answer; `None` if the name is resolved on the internet.
    pub configured: Option<String>,
    /// The reason that resolverd gives for a failed or changed answer; empty if it gives none.
    pub reason: String,
    /// True if the current resolver has answered other questions, so it is not down.
    pub answers_others: bool,
    /// Both answers and those of the zone's name servers, for the first name in the chain of aliases at which the two resolvers differ.
    pub compared: Option<Compared>,
}

impl Evidence {
    pub(super) fn row(&self, side: Side) -> Option<&ComparedAnswer> {
        let source = match side {
            Side::InPlace => AnswerSource::Resolver,
            Side::Resolverd => AnswerSource::ThisResolver,
        };
        self.compared.as_ref()?.answers.iter().find(|answer| answer.source == source)
    }

    pub(super) fn servers(&self) -> impl Iterator<Item = &ComparedAnswer> {
        let rows = self.compared.iter().flat_map(|compared| &compared.answers);
        rows.filter(|answer| answer.source == AnswerSource::NameServer)
    }
}
