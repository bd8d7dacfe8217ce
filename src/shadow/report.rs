//! The result of a run of `resolverctl shadow`: the numbers of questions, the differences, and the verdict.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::{Side, SideAnswer};
use super::asked::AskedQuestion;
use super::capture::{Captured, Skipped};
use super::judge::{Cause, Evidence, Judged, Sample, Weight, judge};
use crate::limits::{LEAST_SHADOW_QUESTIONS, MAX_SHADOW_SILENT, MOST_SHADOW_LEFT_OUT, MOST_SHADOW_SILENCE};
use dns::words;

/// A difference between the answers of the two resolvers to one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The question that the two resolvers answered differently.
    #[serde(flatten)]
    pub question: AskedQuestion,
    /// How many queries in the capture file ask this question.
    pub queries: u64,
    /// The cause of the difference.
    pub cause: Cause,
    /// How serious the difference is for a switch to resolverd.
    pub weight: Weight,
    /// The resolver to which the cause applies; `None` if it applies to neither or to both.
    pub side: Option<Side>,
    /// The answer of the current resolver of this host, as text.
    pub in_place: String,
    /// The answer of resolverd, as text.
    pub resolverd: String,
    /// The facts that prove the cause, as text.
    pub why: String,
    /// What the operator should do, as text; empty if nothing is needed.
    pub advice: String,
}

words! {
    /// The reason why `resolverctl shadow` did not compare a question.
    pub enum NotCompared {
        /// The name contains the key of a DNS list, or must not leave this host.
        KeptHere = "kept_here": "with the key of a DNS list, or about names that stay on this host",
        /// The maximum number of questions to this DNS list is used up.
        ListBudget = "list_budget": "to DNS lists, because the limit --list-questions was reached",
        /// The command ended before the question was compared.
        Ended = "ended": "not reached before the end",
        /// The daemon did not answer over its control socket.
        Unreached = "unreached": "for which the daemon did not answer over its control socket",
    }
}

/// The verdict: whether this host can be switched to resolverd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchVerdict {
    /// No difference was found that would affect this host.
    Safe,
    /// Some differences would affect this host, so the operator should look at them first.
    LookFirst,
    /// There is no verdict, because too few questions were compared or causes are unknown.
    CouldNotTell,
}

/// How long a resolver took for its first answers to the questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Times {
    /// Half of the answers took at most this time, in seconds.
    pub p50: f64,
    /// 90 % of the answers took at most this time, in seconds.
    pub p90: f64,
    /// 99 % of the answers took at most this time, in seconds.
    pub p99: f64,
}

impl Times {
    fn from_times(times: &[f64]) -> Option<Self> {
        let mut sorted = times.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied();
        Some(Self { p50: at(50)?, p90: at(90)?, p99: at(99)? })
    }
}

/// How one of the two resolvers answered the questions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SideSummary {
    /// The number of questions to which the resolver gave records, or the answer that there are none.
    pub answered: u64,
    /// The number of questions that the resolver answered with an error.
    pub failed: u64,
    /// The number of questions to which the resolver did not reply.
    pub silent: u64,
    /// How long the replies took; `None` if there were none, or if the run has not ended.
    pub elapsed: Option<Times>,
    #[serde(skip)]
    times: Vec<f64>,
}

impl SideSummary {
    fn take(&mut self, answer: &SideAnswer) {
        match answer.reply() {
            None => self.silent += 1,
            Some(_) if answer.is_known() => self.answered += 1,
            Some(_) => self.failed += 1,
        }
        self.times.extend(answer.reply().map(|reply| reply.facts.millis as f64 / 1e3));
    }

    const fn is_silent(&self) -> bool {
        self.answered == 0 && self.failed == 0 && self.silent >= MAX_SHADOW_SILENT
    }

    fn end(&mut self) {
        self.elapsed = Times::from_times(&std::mem::take(&mut self.times));
    }
}

/// The summary at the end of a run of `resolverctl shadow`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShadowSummary {
    /// The verdict: whether this host can be switched to resolverd.
    pub verdict: SwitchVerdict,
    /// The verdict as a sentence.
    pub sentence: String,
    /// The address of the current resolver of this host.
    pub against: String,
    /// The number of different questions that were sent to both resolvers and compared.
    pub compared: u64,
    /// How many questions and answers the run had.
    #[serde(flatten)]
    pub counts: ShadowCounts,
    /// True if a signal ended the run early.
    pub interrupted: bool,
}

/// The numbers of questions and answers of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ShadowCounts {
    /// The number of queries in the file that ask the compared questions.
    pub queries: u64,
    /// The number of compared questions for each cause. `none` stands for equal answers.
    pub causes: BTreeMap<Cause, u64>,
    /// The number of different questions that were not compared, for each reason.
    pub not_compared: BTreeMap<NotCompared, u64>,
    /// How the current resolver of this host answered.
    pub in_place: SideSummary,
    /// How resolverd answered.
    pub resolverd: SideSummary,
    /// The number of lines, packets or frames without a question to compare, for each reason.
    pub skipped: BTreeMap<Skipped, u64>,
    /// The number of queries that were not compared, because they come after the first `MAX_SHADOW_QUESTIONS` different questions.
    pub left_out: u64,
}

/// The result of a run of `resolverctl shadow` while it is in progress.
#[derive(Clone, Debug, Default)]
pub struct ShadowReport {
    differences: Vec<Difference>,
    compared: Vec<AskedQuestion>,
    counts: ShadowCounts,
    /// The questions that the current resolver refused. The cause of these differences depends on whether the current resolver answers any other
    /// question, which is known only at the end of the run.
    refused: Vec<(AskedQuestion, Evidence)>,
}

impl ShadowReport {
    /// Returns true if the current resolver has answered a question.
    pub const fn answers_others(&self) -> bool {
        self.counts.in_place.answered > 0
    }

    /// Returns true if one of the two resolvers has not replied to any of the first `MAX_SHADOW_SILENT` questions.
    pub const fn is_silent(&self) -> bool {
        self.counts.in_place.is_silent() || self.counts.resolverd.is_silent()
    }

    /// Adds a question with all answers to it, and finds the cause if they differ.
    pub fn take(&mut self, question: &AskedQuestion, evidence: Evidence) {
        let Some(first) = evidence.samples.first() else { return };
        self.answered(first);
        if evidence.samples.last().is_some_and(|last| last.in_place.rcode() == Some("REFUSED")) {
            self.refused.push((question.clone(), evidence));
        } else {
            self.judged(question, &evidence);
        }
    }

    fn judged(&mut self, question: &AskedQuestion, evidence: &Evidence) {
        let Some(last) = evidence.samples.last() else { return };
        self.add(question, (judge(evidence), last));
    }

    /// Counts the first answers of both resolvers to a question, and their times.
    pub fn answered(&mut self, first: &Sample) {
        self.counts.in_place.take(&first.in_place);
        self.counts.resolverd.take(&first.resolverd);
    }

    /// Adds a question for which the cause of the difference is already known.
    pub fn add(&mut self, question: &AskedQuestion, (judged, last): (Judged, &Sample)) {
        self.compared.push(question.clone());
        *self.counts.causes.entry(judged.cause).or_default() += 1;
        if matches!(judged.cause, Cause::None | Cause::Ttl) {
            return;
        }
        let kind = question.kind_text();
        let difference = Difference {
            in_place: last.in_place.words(&kind),
            resolverd: last.resolverd.words(&kind),
            question: question.clone(),
            queries: 1,
            cause: judged.cause,
            weight: judged.weight,
            side: judged.side,
            why: judged.why,
            advice: judged.advice,
        };
        self.differences.push(difference);
    }

    /// Must be called at the end of a run. Finds the causes of the questions that the current resolver refused, and counts the queries that asked
    /// the compared questions.
    pub fn end(&mut self, captured: &Captured) {
        for (question, evidence) in std::mem::take(&mut self.refused) {
            self.judged(&question, &Evidence { answers_others: self.answers_others(), ..evidence });
        }
        (self.counts.skipped, self.counts.left_out) = (captured.skipped.clone(), captured.left_out);
        self.counts.queries = self.compared.iter().map(|question| captured.queries_of(question)).sum();
        for one in &mut self.differences {
            one.queries = captured.queries_of(&one.question);
        }
    }

    /// Counts questions that were not compared for the reason `why`.
    pub fn leave_out(&mut self, why: NotCompared, count: u64) {
        if count > 0 {
            *self.counts.not_compared.entry(why).or_default() += count;
        }
    }

    /// Returns the differences, sorted by weight, by cause and by the number of queries.
    pub fn differences(&self) -> Vec<&Difference> {
        let mut differences: Vec<&Difference> = self.differences.iter().collect();
        differences.sort_by_key(|one| (one.weight, one.cause, std::cmp::Reverse(one.queries)));
        differences
    }

    /// Returns the summary of the run. `against` is the address of the current resolver of this host.
    pub fn summary(&self, against: &str, interrupted: bool) -> ShadowSummary {
        let (verdict, sentence) = self.verdict(against);
        let mut counts = self.counts.clone();
        counts.in_place.end();
        counts.resolverd.end();
        ShadowSummary {
            verdict,
            sentence,
            against: against.to_owned(),
            compared: self.count_compared(),
            counts,
            interrupted,
        }
    }

    fn count_compared(&self) -> u64 {
        u64::try_from(self.compared.len()).unwrap_or(u64::MAX)
    }

    fn count(&self, weight: Weight) -> usize {
        self.differences.iter().filter(|one| one.weight == weight).count()
    }

    /// Returns the reason why no verdict is possible, for example that a resolver did not answer.
    fn doubt(&self, against: &str) -> Option<String> {
        for (side, of_side) in
            [(Side::InPlace, &self.counts.in_place), (Side::Resolverd, &self.counts.resolverd)]
        {
            let name = match side {
                Side::InPlace => format!("the current resolver ({against})"),
                Side::Resolverd => "resolverd".to_owned(),
            };
            // A daemon that has stopped does not answer over its control socket, so unreached questions count as questions without a reply.
            let unreached =
                self.counts.not_compared.get(&NotCompared::Unreached).copied().unwrap_or_default();
            let silent = of_side.silent + if side == Side::Resolverd { unreached } else { 0 };
            let all = of_side.answered + of_side.failed + silent;
            if all > 0 && of_side.answered == 0 {
                return Some(format!("{name} answered none of {all} questions"));
            }
            if all > 0 && silent * 100 >= all * MOST_SHADOW_SILENCE {
                return Some(format!("{name} sent no reply to {silent} of {all} questions"));
            }
        }
        None
    }

    /// Returns the reason why there is no verdict although no serious difference was found, for example too few questions.
    fn gap(&self, unknown: usize) -> Option<String> {
        let (compared, least) = (self.count_compared(), LEAST_SHADOW_QUESTIONS);
        let ended = self.counts.not_compared.get(&NotCompared::Ended).copied().unwrap_or_default();
        let all = compared.saturating_add(ended);
        if compared < least {
            return Some(format!("only {compared} questions were compared, and at least {least} are needed"));
        }
        if ended * 100 > all * MOST_SHADOW_LEFT_OUT {
            return Some(format!(
                "{ended} of {all} questions were not reached before the end; run it for longer"
            ));
        }
        (unknown > 0).then(|| format!("{unknown} of {compared} questions differ, and the cause is not known"))
    }

    fn verdict(&self, against: &str) -> (SwitchVerdict, String) {
        use SwitchVerdict::{CouldNotTell, LookFirst, Safe};
        let (look, unknown) = (self.count(Weight::Look), self.count(Weight::Unknown));
        let compared = self.count_compared();
        if let Some(doubt) = self.doubt(against) {
            return (CouldNotTell, format!("could not tell: {doubt}"));
        }
        if look > 0 {
            let more = match unknown {
                0 => String::new(),
                _ => format!("; the cause of {unknown} more is unknown"),
            };
            return (LookFirst, format!("before a switch, look at {look} of {compared} questions{more}"));
        }
        match self.gap(unknown) {
            Some(gap) => (CouldNotTell, format!("could not tell: {gap}")),
            None => (Safe, format!("safe to switch: no difference that matters in {compared} questions")),
        }
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
