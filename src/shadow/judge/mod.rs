//! The cause of a difference: a pure function of what was heard.
//!
//! RFC 8914 (extended errors), RFC 4035 section 3.2.2 (CD), RFC 8767 (stale answers), RFC 5782 (DNS lists).

mod addresses;
mod failures;
mod lists;

use serde::Serialize;

use super::answer::{Likeness, Side, SideAnswer, error_words, likeness};
use super::asked::AskedQuestion;
use crate::check::domain::side_by_side::{AnswerSource, AnswerVerdict, Compared, ComparedAnswer};
use crate::question::ExtendedError;

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
    /// Other addresses by the place of the resolver.
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
    pub(super) fn harmless(cause: Cause, side: Option<Side>, why: impl Into<String>) -> Self {
        Self { cause, weight: Weight::Harmless, side, why: why.into(), advice: String::new() }
    }

    pub(super) fn look(cause: Cause, side: Side, why: impl Into<String>, advice: impl Into<String>) -> Self {
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
    /// The name servers of the zone that the resolver in place gives, if these are those of the zone.
    pub has_same_servers: bool,
    /// Whether the resolver in place has answered other questions.
    pub answers_others: bool,
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

    /// Whether a second look after the end of the TTLs may tell the cause.
    pub fn needs_renewal(&self, question: &AskedQuestion) -> bool {
        self.renewed.is_none() && judge(question, self).cause == Cause::Unknown && self.is_of_data()
    }

    /// Whether both have an answer, and their data differ.
    fn is_of_data(&self) -> bool {
        let last = self.samples.last();
        last.is_some_and(|last| {
            last.in_place.is_known() && last.resolverd.is_known() && last.likeness() == Likeness::Different
        })
    }
}

/// Finds the cause.
pub fn judge(question: &AskedQuestion, evidence: &Evidence) -> Judged {
    let Some(last) = evidence.samples.last() else { return Judged::unknown("neither was asked") };
    match last.likeness() {
        Likeness::SecureOnly => secure_only(last),
        Likeness::Different => different(question, evidence, last),
        alike => once(evidence, alike),
    }
}

/// The answers are alike in the end.
fn once(evidence: &Evidence, alike: Likeness) -> Judged {
    let first = evidence.samples.iter().find(|sample| sample.likeness() == Likeness::Different);
    let Some(first) = first else {
        return match alike {
            Likeness::Order => Judged::harmless(Cause::Rotation, None, "the same records in another order"),
            Likeness::Ttl => Judged::harmless(Cause::Ttl, None, "the same records with other TTLs"),
            _ => Judged::harmless(Cause::None, None, ""),
        };
    };
    for side in [Side::InPlace, Side::Resolverd] {
        if first.of(side).is_failure() && !first.of(side.other()).is_failure() {
            let why = format!("{} failed once and answered when it was asked again", side.words());
            return Judged::harmless(Cause::Timing, Some(side), why);
        }
    }
    if addresses::is_rotation(evidence) {
        return Judged::harmless(Cause::Rotation, None, "both gave the same records in turn");
    }
    Judged::harmless(
        Cause::Timing,
        None,
        "the answers differed once and were equal when both were asked again",
    )
}

fn secure_only(last: &Sample) -> Judged {
    if last.resolverd.reply().is_some_and(|reply| reply.secure) {
        let why = "resolverd has validated the answer (AD), the resolver in place has not";
        return Judged::harmless(Cause::AdOnly, Some(Side::InPlace), why);
    }
    Judged::look(
        Cause::AdOnly,
        Side::Resolverd,
        "the resolver in place has validated the answer (AD), resolverd has not",
        "without AD there is no DANE for the domain: see dnssec.validate and `resolverctl nta list`, and `resolverctl trace --fresh`",
    )
}

/// The answers differ in the end, too.
fn different(question: &AskedQuestion, evidence: &Evidence, last: &Sample) -> Judged {
    if let Some(list) = &evidence.list {
        return lists::judge(list, evidence, last);
    }
    // A resolver in place that does not reply shows nothing about this configuration.
    if let Some(part) = evidence.configured.as_ref().filter(|_| last.in_place.reply().is_some()) {
        return configured(part, last);
    }
    if let Some(judged) = failures::judge(evidence, last) {
        return judged;
    }
    if let Some(judged) = policy(evidence, last) {
        return judged;
    }
    addresses::judge(question, evidence)
}

/// resolverd answers from its own configuration.
fn configured(part: &str, last: &Sample) -> Judged {
    let advice = match last.resolverd.is_known() {
        true => "see whether the configuration of resolverd means this name, too",
        false => "resolverd gets no answer there: see `resolverctl zones`",
    };
    Judged::look(
        Cause::Policy,
        Side::Resolverd,
        format!("resolverd answers by its configuration: {part}"),
        advice,
    )
}

/// Codes of extended errors by which a resolver says that it has changed the answer: Forged Answer, Blocked, Censored, Filtered.
const CHANGED: [u16; 4] = [4, ExtendedError::BLOCKED, 16, ExtendedError::FILTERED];

/// One of them says, or shows, that the answer is its own.
fn policy(evidence: &Evidence, last: &Sample) -> Option<Judged> {
    for side in [Side::InPlace, Side::Resolverd] {
        let reply = last.of(side).reply()?;
        let error = reply.error.as_ref().filter(|error| CHANGED.contains(&error.code));
        let row = evidence.of(side);
        let of_row = row.filter(|row| matches!(row.verdict, AnswerVerdict::Filtered | AnswerVerdict::Local));
        // A resolver has no authority for what it has from others (RFC 1035 section 4.1.1).
        let is_own = reply.facts.authoritative && last.of(side).is_known();
        let why = match (error, is_own, of_row) {
            (Some(error), ..) => error_words(error),
            (None, true, _) => {
                "it answers with authority (AA), from a zone or from data of its own".to_owned()
            }
            (None, false, Some(row)) => row.why.clone(),
            (None, false, None) if addresses::is_private_alone(evidence, side) => {
                "it gives a private address where the name servers have none".to_owned()
            }
            _ => continue,
        };
        return Some(Judged::look(
            Cause::Policy,
            side,
            format!("{}: {why}", side.words()),
            advice_on_policy(side),
        ));
    }
    None
}

const fn advice_on_policy(side: Side) -> &'static str {
    match side {
        Side::InPlace => {
            "if you want this answer after the switch, write it into the configuration of resolverd ([[zone]], [[host]], [[record]]); `resolverctl import` converts the file of the resolver in place"
        }
        Side::Resolverd => "see `resolverctl config show --changed` whether you want this",
    }
}

#[cfg(test)]
mod tests;
