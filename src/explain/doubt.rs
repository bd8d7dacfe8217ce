//! Finds out if the verdict on a message (the queries that the history groups for one mail) is doubtful: its queries were quick, but the
//! same client waited for other queries that may belong to the same mail.
//!
//! # Decisions
//!
//! - One mail is often several messages of the history, because no name connects the queries about its host, to DNS lists, and about its
//!   sender. So a wait in another message of the same client, less than `POSSIBLE_WAIT` before or after the message, may belong to the same
//!   mail.
//! - A mail comes from one host and has one sender. If both messages have a query about the address of the host, they belong to different
//!   mails. The same is true if both have a query for the MX of the sender's domain.
//! - Domains may share mail hosts. The query for such a host is in one message only, but may belong to each mail whose answers contain the
//!   name of the host.
//! - A failed query defers a mail, however quickly it failed, so it counts as a wait. A failed query to a DNS list defers no mail.
//! - While a client waits for a query of another message, it is not pausing. If such a wait overlaps the pause in a message, the client is
//!   not the culprit.

use serde::{Deserialize, Serialize};

use crate::evidence::{CulpritReport, seconds, span};
use crate::limits::POSSIBLE_WAIT;
use crate::subject::ListName;
use dns::clock::micros;
use dns::question::{kind_text, name_of_wire, name_text};
use record::culprit::CulpritKind;
use record::entry::QuestionEntry;

/// The sentence in `evidence` names at most this number of waits.
const NAMED: usize = 3;

/// The order of a wait and the queries of a message (email).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitOrder {
    /// The wait overlaps the queries.
    During,
    /// The wait ended before the first query.
    Before,
    /// The wait began after the last query.
    After,
}

/// A query of the same client that waited or failed, and that may belong to the same mail. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PossibleWait {
    /// The name in the query.
    pub name: String,
    /// The record type in the query.
    #[serde(rename = "type")]
    pub kind: String,
    /// The DNS list to which the query was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The time from the query to its reply, in seconds.
    pub elapsed: f64,
    /// True if the query failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// The order of the wait and the queries of the message (email).
    pub order: WaitOrder,
    /// The time between the wait and the queries of the message, in seconds; 0 if they overlap.
    pub gap: f64,
}

/// Returns true if a query may have delayed a mail: it took at least `POSSIBLE_WAIT`, or it failed and was not for a DNS list.
pub(crate) fn is_delay(question: &QuestionEntry, list: Option<ListName>) -> bool {
    question.elapsed >= micros(POSSIBLE_WAIT) || (question.outcome.is_failure() && list.is_none())
}

impl PossibleWait {
    /// Creates a possible wait from a query. The queries of the message were in progress from `began` to `ended`.
    pub(crate) fn new(question: &QuestionEntry, list: Option<ListName>, (began, ended): (u64, u64)) -> Self {
        let (order, gap) = if question.end() <= began {
            (WaitOrder::Before, began.saturating_sub(question.end()))
        } else if question.at >= ended {
            (WaitOrder::After, question.at.saturating_sub(ended))
        } else {
            (WaitOrder::During, 0)
        };
        let text = |name: &[u8]| name_text(&name_of_wire(name));
        Self {
            name: text(&question.name),
            kind: kind_text(question.kind),
            list: list.and_then(|list| list.apex_in(&question.name)).map(text),
            elapsed: seconds(question.elapsed),
            failed: question.outcome.is_failure(),
            order,
            gap: seconds(gap),
        }
    }
}

/// Returns the culprit `unknown` for a message that waited for `waited` seconds, because one of `waits` (the nearest first) may belong to
/// the same mail. `waits` is empty if there were too many waits to compare the message with all.
pub fn culprit(waited: f64, waits: &[&PossibleWait]) -> CulpritReport {
    let advice = "look in the mail log for the address of the host that sent this mail and for the domain of its sender: `resolverctl why` with each of them shows whether its queries waited or failed";
    CulpritReport::new(CulpritKind::Unknown, evidence(waited, waits), advice)
}

fn evidence(waited: f64, waits: &[&PossibleWait]) -> String {
    if waits.is_empty() {
        return "its own queries were quick, but too many other queries of the same client waited or failed at this time to compare it with all of them".to_owned();
    }
    let shown = |wait: &&PossibleWait| {
        let list = wait.list.as_ref().map(|list| format!("list {list}, ")).unwrap_or_default();
        let failed = if wait.failed { "failed after " } else { "" };
        format!("{} {} ({list}{failed}{})", wait.name, wait.kind, time(wait.elapsed))
    };
    let named: Vec<String> = waits.iter().take(NAMED).map(shown).collect();
    let more = match waits.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let queries =
        if waits.len() == 1 { "a slow or failed query" } else { "one of several slow or failed queries" };
    let (own, named) = (time(waited), named.join(", "));
    format!(
        "its own queries waited {own}, but {queries} of the same client may belong to this mail: {named}{more}"
    )
}

fn time(seconds: f64) -> String {
    span(std::time::Duration::try_from_secs_f64(seconds).map(micros).unwrap_or(u64::MAX))
}

/// The end of a sentence about a message (email) with quick queries, if the history of that time is only on disk.
pub const ON_DISK_ALONE: &str = "but of this time the query history has only what is on disk: failed, bogus and slow queries, and messages that took long; other queries of this mail may be missing";

/// Returns the culprit `unknown` for a message that was read from disk. `quick` reports that its queries were quick, but other queries of
/// the mail may not be on disk.
pub(crate) fn of_disk(quick: &CulpritReport) -> CulpritReport {
    CulpritReport::new(
        CulpritKind::Unknown,
        format!("{}, {ON_DISK_ALONE}", quick.evidence),
        "look for the other names and addresses in the log of this mail",
    )
}
