//! Doubt about a message that was quick: a wait of the same client may belong to the same mail.
//!
//! Pure. The queries about the address of a host and those about the domain of a sender are joined by time only. If many mails of one client
//! are under way, the wait for the first ones may stand in another message, or in a part of this message that is not certainly of the mail.
//!
//! # Decisions
//!
//! - A mail often is several messages of the history, because no name joins its host, its lists and its sender. So a message whose own
//!   queries were quick does not show that its mail was: a wait of another message of the same client, less than `POSSIBLE_WAIT` before or
//!   after it, may be of the same mail.
//! - A mail has one host and one sender. A message with queries about an address is not of the mail of another one with such queries, and so
//!   of the MX of a domain.
//! - But domains have mail hosts in common. The query for such a host stands in one message, and may be of each mail whose answers name it.
//! - A query that failed defers a mail, however soon it failed, so it counts as a wait does. A failed list defers none.
//! - A client that waits for another query does not pause: if such a wait overlaps the message, the culprit is not the client.

use serde::{Deserialize, Serialize};

use super::culprit::CulpritKind;
use super::entry::QuestionEntry;
use super::evidence::{CulpritReport, seconds, span};
use super::subject::ListName;
use crate::limits::POSSIBLE_WAIT;
use dns::clock::micros;
use dns::question::{kind_text, name_of_wire, name_text};

/// Waits that a sentence names.
const NAMED: usize = 3;

/// When a wait was, compared with the queries of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitOrder {
    /// It overlaps them.
    During,
    /// It ended before the first of them.
    Before,
    /// It began after the last of them.
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
    /// When it was, compared with the queries of the message.
    pub order: WaitOrder,
    /// The time between it and them; 0 if it overlaps them.
    pub gap: f64,
}

/// Returns true if a query may be the delay of a mail: it took long, or failed. A failed list defers none.
pub(super) fn is_delay(question: &QuestionEntry, list: Option<ListName>) -> bool {
    question.elapsed >= micros(POSSIBLE_WAIT) || (question.outcome.is_failure() && list.is_none())
}

impl PossibleWait {
    /// A wait next to the queries of a message, which came from `began` to `ended`.
    pub(super) fn new(question: &QuestionEntry, list: Option<ListName>, (began, ended): (u64, u64)) -> Self {
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
            list: list.and_then(|list| list.of(&question.name)).map(text),
            elapsed: seconds(question.elapsed),
            failed: question.outcome.is_failure(),
            order,
            gap: seconds(gap),
        }
    }
}

/// The culprit `unknown` of a message that waited for `waited` seconds, if one of these waits, the nearest first, may belong to its mail.
/// Without waits, those that were left out may.
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

/// A time in seconds as text.
fn time(seconds: f64) -> String {
    span(std::time::Duration::try_from_secs_f64(seconds).map(micros).unwrap_or(u64::MAX))
}

/// The words for quick queries of a time of which the history has the disk alone.
pub const ON_DISK_ALONE: &str = "but of this time the query history has only what is on disk: failed, bogus and slow queries, and messages that took long; other queries of this mail may be missing";

/// The culprit of a message of the disk whose queries were quick, as `quick` says: the disk lacks other queries of the mail.
pub(super) fn of_disk(quick: &CulpritReport) -> CulpritReport {
    CulpritReport::new(
        CulpritKind::Unknown,
        format!("{}, {ON_DISK_ALONE}", quick.evidence),
        "look for the other names and addresses in the log of this mail",
    )
}
