//! The evidence about a question, and the result of judging it.

use std::collections::BTreeSet;

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
    /// It could not be told.
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

    /// It could not be told.
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

/// All that was heard about a question.
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
    /// The answers of the name servers beside those of both, for the name at which the answers part.
    pub compared: Option<Compared>,
    /// Both answers after the TTLs have ended.
    pub renewed: Option<Sample>,
    /// Whether the resolver in place has answered other questions.
    pub answers_others: bool,
    /// The IPv6 addresses that the resolver in place gives for `IPV4_ONLY`, which has none.
    pub ipv4only: BTreeSet<String>,
}

impl Evidence {
    pub(super) fn row(&self, source: AnswerSource) -> Option<&ComparedAnswer> {
        self.compared.as_ref()?.answers.iter().find(|answer| answer.source == source)
    }

    /// The row of a resolver.
    pub(super) fn of(&self, side: Side) -> Option<&ComparedAnswer> {
        self.row(match side {
            Side::InPlace => AnswerSource::Resolver,
            Side::Resolverd => AnswerSource::ThisResolver,
        })
    }

    /// The rows of the name servers.
    pub(super) fn servers(&self) -> impl Iterator<Item = &ComparedAnswer> {
        let rows = self.compared.iter().flat_map(|compared| &compared.answers);
        rows.filter(|answer| answer.source == AnswerSource::NameServer)
    }

    /// The answers that show a difference: those after the TTLs have ended, unless they are alike by then.
    pub fn shown(&self) -> Option<&Sample> {
        let renewed = self.renewed.as_ref().filter(|renewed| renewed.likeness() == Likeness::Different);
        renewed.or_else(|| self.samples.last())
    }

    /// Whether both have an answer, and their data differ.
    pub(super) fn is_of_data(&self) -> bool {
        let last = self.samples.last();
        last.is_some_and(|last| {
            last.in_place.is_known() && last.resolverd.is_known() && last.likeness() == Likeness::Different
        })
    }
}

/// The advice about an answer of a resolver's own.
pub(super) const fn advice_on_policy(side: Side) -> &'static str {
    match side {
        Side::InPlace => {
            "if you want this answer after the switch, write it into the configuration of resolverd ([[zone]], [[host]], [[record]]); `resolverctl import` converts the file of the resolver in place"
        }
        Side::Resolverd => "see `resolverctl config show --changed` whether you want this",
    }
}
