//! Doubt about a message that was quick: a wait of the same client may belong to the same mail.
//!
//! Pure. The queries about the address of a host and those about the domain of a sender are joined by time only. If many mails of one client
//! are under way, the wait for the first ones may stand in another message, or in a part of this message that is not certainly of the mail.
//!
//! # Decisions
//!
//! - A part of a mail begins with the first query of its message, with the first query about the wanted subject, and with each of these that
//!   the message has asked before: then two mails of one domain are one message.
//! - A wait belongs to the mail possibly if it ended, or a chain of quick queries behind it ended, within `MESSAGE_BURST` before such a
//!   begin. By that pause the messages are joined too.
//! - A message with queries about the address that was asked for lacks none before them: its first part is known.
//! - A wait of another part, or of another message, belongs to the mail possibly also if it began within `MESSAGE_BURST` after one of its
//!   queries, or behind a chain of quick queries that began so. Behind a connection the MX of the sender may be quick, and a policy that its
//!   SPF record includes may be slow.
//! - A client that waits for a name of the same organisation does not pause, whichever message has that query: if such waits fill its
//!   pauses, the culprit is not the client.
//! - A query that failed defers a mail, however soon it failed, so it counts as a wait does. A failed list defers none. Failures are many
//!   where mail is spam, so fewer of them are doubts: one before a message must be of a mail whose host is known, and one behind it must be of
//!   a part without a host, and the message without a query for its sender's domain.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::culprit::CulpritKind;
use super::evidence::{Absence, CulpritReport, MICROS, span, unknown};
use super::outline::QuestionOutline;
use super::spans::waited;
use crate::limits::{CLIENT_PAUSE, MAX_WHY_POSSIBLE_WAITS, MESSAGE_BURST, POSSIBLE_WAIT};
use dns::clock::micros;

/// Waits that a sentence names.
const NAMED: usize = 3;

/// Whether a wait was before or after the queries of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitOrder {
    /// It ended before one of them began.
    Before,
    /// It began after one of them began or ended.
    After,
}

/// A wait of the same client, or a failed query, that may belong to the mail of a message. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PossibleWait {
    /// The name of its query.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The DNS list that it asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The time that it took.
    pub elapsed: f64,
    /// Whether it failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// Whether it was before or after the queries of the message.
    pub order: WaitOrder,
    /// The time between it and them.
    pub gap: f64,
}

/// The waits that may belong to the mail of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PossibleWaits {
    /// The nearest ones, the nearest first; at most `MAX_WHY_POSSIBLE_WAITS`.
    pub(super) nearest: Vec<PossibleWait>,
    /// The number of the others.
    pub(super) left_out: u64,
}

/// A wait, as it is found. Times are in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct FoundWait<'q> {
    pub(super) question: &'q QuestionOutline,
    order: WaitOrder,
    gap: u64,
}

/// Whether a query took so long that it may be the delay of a mail.
pub(super) fn is_wait(question: &QuestionOutline) -> bool {
    u64::from(question.elapsed) >= micros(POSSIBLE_WAIT)
}

/// A query beside those of a message: of another message of the same client, or of another part.
#[derive(Clone, Copy, Debug)]
pub(super) struct OtherQuery<'q> {
    pub(super) question: &'q QuestionOutline,
    /// Whether it asks a DNS list.
    pub(super) of_list: bool,
    /// Whether its part has a query about an address: the host of its mail is known.
    pub(super) with_host: bool,
    /// Whether it is of the same message.
    pub(super) of_message: bool,
}

impl OtherQuery<'_> {
    fn defers(&self) -> bool {
        self.question.outcome.is_failure() && !self.of_list
    }

    /// Whether it may be a delay before the queries of a message.
    fn delays_before(&self) -> bool {
        is_wait(self.question) || (self.defers() && self.with_host)
    }

    /// Whether it may be of a mail behind the queries of a message. `lacks_sender`: these have none for a sender's domain.
    fn may_follow(&self, lacks_sender: bool) -> bool {
        !self.with_host && lacks_sender
    }

    /// Whether it may be a delay behind the queries of a message.
    fn delays_after(&self, lacks_sender: bool) -> bool {
        let is_open = self.may_follow(lacks_sender);
        (is_wait(self.question) && (self.of_message || is_open)) || (self.defers() && is_open)
    }
}

/// A query of a message whose first part may be elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnQuery<'q> {
    pub(super) question: &'q QuestionOutline,
    /// Whether it is about the wanted subject.
    pub(super) of_subject: bool,
    /// Whether it is about an address.
    pub(super) of_address: bool,
    /// Whether it is for the MX or a text of a domain, as of a sender.
    pub(super) of_sender: bool,
}

/// The moments at which a part of a mail begins in a message. `queries` are in the order of time.
pub(super) fn begins(queries: &[OwnQuery<'_>]) -> Vec<u64> {
    let mut own = BTreeSet::new();
    let begins = queries.iter().enumerate().filter(|(place, query)| {
        let is_first_own = query.of_subject && own.is_empty();
        let is_again = query.of_subject && !own.insert(query.question.asked);
        (*place == 0 || is_first_own || is_again) && !query.of_address
    });
    begins.map(|(_, query)| query.question.at).collect()
}

/// Whether a message of a time may have a wait just before one of these moments, which are in order.
pub(super) fn may_be_before(begins: &[u64], (began, ended): (u64, u64)) -> bool {
    let (first, last) = (begins.first().copied().unwrap_or(u64::MAX), begins.last().copied().unwrap_or(0));
    began <= last && ended.saturating_add(micros(MESSAGE_BURST)) >= first
}

/// Whether a message of a time may have a wait just behind queries of another time.
pub(super) fn may_be_after((first, last): (u64, u64), (began, ended): (u64, u64)) -> bool {
    began <= last.saturating_add(micros(MESSAGE_BURST)) && ended >= first
}

/// The wait of another message, or of another part, that ended before one of these moments and is nearest to it.
pub(super) fn nearest_before<'q>(begins: &[u64], others: &[OtherQuery<'q>]) -> Option<FoundWait<'q>> {
    begins.iter().filter_map(|begin| wait_before(*begin, others)).min_by_key(|wait| wait.gap)
}

/// The last wait that ended before a moment, and behind which came at most quick queries until then.
fn wait_before<'q>(at: u64, others: &[OtherQuery<'q>]) -> Option<FoundWait<'q>> {
    let mut asked: Vec<OtherQuery<'q>> =
        others.iter().copied().filter(|other| other.question.end() <= at).collect();
    asked.sort_by_key(|other| std::cmp::Reverse(other.question.end()));
    let mut reached = at;
    for other in asked {
        let question = other.question;
        if reached.saturating_sub(question.end()) > micros(MESSAGE_BURST) {
            return None;
        }
        if other.delays_before() {
            let gap = at.saturating_sub(question.end());
            return Some(FoundWait { question, order: WaitOrder::Before, gap });
        }
        reached = reached.min(question.at);
    }
    None
}

/// The waits of another part, or of another message, that began just after a query of a message, or behind quick queries that began so. Those
/// of a message that may go on with a mail are a chain.
pub(super) fn after<'q>(queries: &[OwnQuery<'_>], others: &[OtherQuery<'q>]) -> Vec<FoundWait<'q>> {
    let lacks_sender = !queries.iter().any(|query| query.of_sender);
    let mut moments: Vec<u64> =
        queries.iter().flat_map(|query| [query.question.at, query.question.end()]).collect();
    moments.sort_unstable();
    let gap = |at: u64| {
        let before = moments.partition_point(|moment| *moment <= at).checked_sub(1)?;
        moments.get(before).map(|moment| at.saturating_sub(*moment))
    };
    let mut others: Vec<&OtherQuery<'q>> = others.iter().collect();
    others.sort_by_key(|other| other.question.at);
    // Until when the chain of quick queries goes.
    let (mut reached, mut found) = (0_u64, Vec::new());
    for other in others {
        let question = other.question;
        let Some(gap) = gap(question.at) else { continue };
        let is_near = gap <= micros(MESSAGE_BURST);
        let is_chained = question.at <= reached.saturating_add(micros(MESSAGE_BURST));
        if (is_near || is_chained) && other.delays_after(lacks_sender) {
            found.push(FoundWait { question, order: WaitOrder::After, gap });
        }
        if (is_near || is_chained) && other.may_follow(lacks_sender) {
            reached = reached.max(question.end());
        }
    }
    found
}

/// The waits beside the queries of a message, both in the order of time, if without the time of these waits the client has not paused
/// between its queries; else none.
pub(super) fn in_pauses<'q>(own: &[&QuestionOutline], waits: &[&'q QuestionOutline]) -> Vec<FoundWait<'q>> {
    let (began, ended) = (
        own.first().map_or(0, |question| question.at),
        own.iter().map(|question| question.end()).max().unwrap_or(0),
    );
    let spans = |questions: &[&QuestionOutline]| -> Vec<(u64, u64)> {
        let clamped = |moment: u64| moment.clamp(began, ended);
        questions.iter().map(|question| (clamped(question.at), clamped(question.end()))).collect()
    };
    let (of_own, of_waits) = (spans(own), spans(waits));
    let busy = waited(of_own.iter().chain(&of_waits).copied());
    let filled = busy.saturating_sub(waited(of_own.into_iter()));
    let idle = ended.saturating_sub(began).saturating_sub(busy);
    if filled < micros(POSSIBLE_WAIT) || idle >= micros(CLIENT_PAUSE) {
        return Vec::new();
    }
    let gap = |wait: &QuestionOutline| {
        let moments = own.iter().flat_map(|question| [question.at, question.end()]);
        moments.filter(|moment| *moment <= wait.at).map(|moment| wait.at.saturating_sub(moment)).min()
    };
    let found = waits.iter().map(|wait| FoundWait {
        question: wait,
        order: WaitOrder::After,
        gap: gap(wait).unwrap_or(0),
    });
    found.collect()
}

/// The report of waits; `tell` gives the name, the type and the list of a query.
pub(super) fn told(
    mut found: Vec<FoundWait<'_>>,
    tell: impl Fn(&QuestionOutline) -> (String, String, Option<String>),
) -> PossibleWaits {
    found.sort_by_key(|wait| (wait.gap, wait.order));
    let left_out = found.len().saturating_sub(MAX_WHY_POSSIBLE_WAITS) as u64;
    let nearest = found.into_iter().take(MAX_WHY_POSSIBLE_WAITS).map(|wait| {
        let (name, kind, list) = tell(wait.question);
        let elapsed = f64::from(wait.question.elapsed) / MICROS;
        let (failed, gap) = (wait.question.outcome.is_failure(), wait.gap as f64 / MICROS);
        PossibleWait { name, kind, list, elapsed, failed, order: wait.order, gap }
    });
    PossibleWaits { nearest: nearest.collect(), left_out }
}

/// The culprit `unknown` of a message that waited for `waited` seconds, if one of these waits, the nearest first, may belong to its mail.
/// Without waits, those that were left out may.
pub fn culprit(waited: f64, waits: &[&PossibleWait]) -> CulpritReport {
    CulpritReport {
        kind: CulpritKind::Unknown,
        zone: None,
        server: None,
        list: None,
        evidence: evidence(waited, waits),
        usual: None,
        advice: "look in the mail log for the address of the host that sent this mail and for the domain of its sender: `resolverctl why` with each of them shows whether its queries waited or failed".to_owned(),
    }
}

fn evidence(waited: f64, waits: &[&PossibleWait]) -> String {
    let Some(first) = waits.first() else {
        return "its own queries were quick, but too many other queries of the same client waited or failed at this time to compare it with all of them".to_owned();
    };
    let told = |wait: &&PossibleWait| {
        let list = wait.list.as_ref().map(|list| format!("list {list}, ")).unwrap_or_default();
        let failed = if wait.failed { "failed after " } else { "" };
        format!("{} {} ({list}{failed}{})", wait.name, wait.kind, time(wait.elapsed))
    };
    let count = waits.len();
    let named: Vec<String> = waits.iter().take(NAMED).map(told).collect();
    let more = match count.saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (own, named, gap) = (time(waited), named.join(", "), time(first.gap));
    let is_after = |wait: &&PossibleWait| wait.order == WaitOrder::After;
    let failed = waits.iter().filter(|wait| wait.failed).count();
    let (one, many) = match failed {
        0 => ("wait", "waits"),
        all if all == count => ("failed query", "failed queries"),
        _ => ("wait", "waits and failed queries"),
    };
    let beside = match (count, waits.iter().any(is_after)) {
        (1, false) => format!("a {one} of the same client ended {gap} before"),
        (1, true) => format!("a {one} of the same client began {gap} after one of them"),
        (_, false) => {
            format!("{count} {many} of the same client ended just before, the last one {gap} before")
        }
        (_, true) => {
            format!("{count} {many} of the same client were just before or after, the nearest one {gap} away")
        }
    };
    let they = if count == 1 { "it may" } else { "one of them may" };
    format!("its own queries waited {own}, but {beside}: {named}{more}; {they} belong to this mail")
}

/// A time in seconds as text.
fn time(seconds: f64) -> String {
    span(std::time::Duration::try_from_secs_f64(seconds).map(micros).unwrap_or(u64::MAX))
}

/// The words for quick queries of a time of which the history has the disk alone.
pub const ON_DISK_ALONE: &str = "but of this time the query history has only what is on disk: failed, bogus and slow queries, and messages that took long; other queries of this mail may be missing";

/// The culprit of a message of the disk whose queries were quick, as `quick` tells: the disk lacks other queries of the mail.
pub(super) fn of_disk(quick: &CulpritReport) -> CulpritReport {
    CulpritReport {
        evidence: format!("{}, {ON_DISK_ALONE}", quick.evidence),
        advice: "look for the other names and addresses in the log of this mail".to_owned(),
        ..unknown(Absence::Others)
    }
}

#[cfg(test)]
#[path = "doubt_tests.rs"]
mod tests;
