//! The evidence about a question, and the result of judging it.

use serde::Serialize;

use crate::answer::{Likeness, Side, SideAnswer, likeness};
use doctor::side_by_side::{AnswerSource, Compared, ComparedAnswer};

/// A cause. The worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// One validates and the other does not.
    Bogus,
    /// A zone fails for one of them.
    BrokenZone,
    /// One blocks, rewrites, or has a zone of its own.
    Policy,
    /// A DNS list refuses one of them.
    List,
    /// One has an older answer.
    Old,
    /// It could not be found out.
    Unknown,
    /// Only AD differs.
    AdOnly,
    /// Name servers of the zone give both addresses: in turn, or by place.
    Geography,
    /// A reply failed or differed once.
    Timing,
    /// The zone answers in turn, or the order differs.
    Rotation,
    /// Only TTLs differ.
    Ttl,
    /// None: the answers are equal.
    None,
}

impl Cause {
    /// Its word on the screen.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bogus => "bogus",
            Self::BrokenZone => "broken zone",
            Self::Policy => "policy",
            Self::List => "list",
            Self::Old => "old",
            Self::Unknown => "unknown",
            Self::AdOnly => "AD only",
            Self::Geography => "geography",
            Self::Timing => "timing",
            Self::Rotation => "rotation",
            Self::Ttl => "TTL",
            Self::None => "none",
        }
    }
}

/// The weight of a difference for a switch. The worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// To look at before a switch.
    Look,
    /// It is not known whether it matters.
    Unknown,
    /// No harm.
    Harmless,
}

/// The cause of a difference with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The cause.
    pub cause: Cause,
    /// Its weight.
    pub weight: Weight,
    /// The resolver to which the cause applies; none if to neither or both.
    pub side: Option<Side>,
    /// The evidence.
    pub why: String,
    /// The advice; empty if there is nothing to do.
    pub advice: String,
}

impl Judged {
    pub(crate) fn harmless(cause: Cause, side: Option<Side>, why: impl Into<String>) -> Self {
        Self { cause, weight: Weight::Harmless, side, why: why.into(), advice: String::new() }
    }

    pub(crate) fn look(cause: Cause, side: Side, why: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { cause, weight: Weight::Look, side: Some(side), why: why.into(), advice: advice.into() }
    }

    /// It could not be found out.
    pub fn unknown(why: impl Into<String>) -> Self {
        let advice = "compare both by hand: `resolverctl compare NAME TYPE --with ADDRESS`".to_owned();
        Self { cause: Cause::Unknown, weight: Weight::Unknown, side: None, why: why.into(), advice }
    }
}

/// Both answers to a question at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Of the resolver in place.
    pub in_place: SideAnswer,
    /// Of resolverd.
    pub resolverd: SideAnswer,
}

impl Sample {
    /// The answer of one of them.
    pub const fn of(&self, side: Side) -> &SideAnswer {
        match side {
            Side::InPlace => &self.in_place,
            Side::Resolverd => &self.resolverd,
        }
    }

    /// How alike they are.
    pub fn likeness(&self) -> Likeness {
        likeness(&self.in_place, &self.resolverd)
    }
}

/// All that is known about a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The answers, the first ones first.
    pub samples: Vec<Sample>,
    /// The answers with CD, if one of them gave SERVFAIL.
    pub with_cd: Option<Sample>,
    /// The DNS list in whose zone the name is.
    pub list: Option<String>,
    /// The part of resolverd's configuration that answers.
    pub configured: Option<String>,
    /// The reason that resolverd gives for its answer.
    pub reason: String,
    /// Both answers compared with those of the name servers, for the name at which they part.
    pub compared: Option<Compared>,
}

impl Evidence {
    /// The row of a resolver.
    pub(super) fn row(&self, side: Side) -> Option<&ComparedAnswer> {
        let source = match side {
            Side::InPlace => AnswerSource::Resolver,
            Side::Resolverd => AnswerSource::ThisResolver,
        };
        self.compared.as_ref()?.answers.iter().find(|answer| answer.source == source)
    }

    /// The rows of the name servers.
    pub(super) fn servers(&self) -> impl Iterator<Item = &ComparedAnswer> {
        let rows = self.compared.iter().flat_map(|compared| &compared.answers);
        rows.filter(|answer| answer.source == AnswerSource::NameServer)
    }
}
