//! Rows of the replies about DNS lists.
//!
//! Spans are in seconds.

use serde::{Deserialize, Serialize};

use dns::question::ListSays;
use resolver::dnsbl::batch::Mode;
use resolver::dnsbl::entry::ListCounts;
use resolver::dnsbl::list::{ListSubject, OnRefusal, Purpose};
use resolver::dnsbl::list_way::Way;
use resolver::dnsbl::state::ListStanding;

/// A list that was asked, and its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListRow {
    /// Its zone.
    pub list: String,
    /// The servers that are asked; a list has a row for each way.
    pub way: Way,
    /// Its purpose; none for a zone that only looks like a list.
    pub purpose: Option<Purpose>,
    /// Its state; none for a list that is shut down, or a zone that is no known list.
    #[serde(flatten)]
    pub standing: Option<ListStanding>,
    /// Its counters since the start.
    #[serde(flatten)]
    pub counts: ListCounts,
    /// Queries that went out today (UTC), batches and tests included.
    pub today: u64,
    /// Queries a day that the operator allows.
    pub quota: Option<u64>,
    /// Free queries a day.
    pub free_quota: Option<u64>,
    /// Queries of batches that a client asked in time.
    pub batch_used: u64,
    /// Queries of batches that no client asked.
    pub batch_unused: u64,
    /// Seconds that clients did not wait because of batches; if `batch` only observes, would not have waited.
    pub batch_saved: f64,
    /// Information or advice; empty if all is well.
    pub note: String,
}

/// The state of batches, for all lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchState {
    /// The mode.
    pub batch: Mode,
    /// Events from which nothing was learnt, because there were too many at once or their names were too long.
    pub unheard: u64,
}

/// A list of the registry, or of the operator's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListFacts {
    /// Its zone.
    pub list: String,
    /// Its purpose.
    pub purpose: Purpose,
    /// Its subjects.
    pub subjects: Vec<ListSubject>,
    /// When and how it was shut down.
    #[serde(alias = "dead")]
    pub shut_down: Option<String>,
    /// Codes of listings.
    pub listed: Vec<CodeFact>,
    /// Codes of refusals.
    pub refused: Vec<CodeFact>,
    /// The answer for a client to a refusal.
    pub on_refusal: OnRefusal,
    /// Free queries a day.
    pub free_quota: Option<u64>,
    /// Its terms of use.
    pub terms: String,
    /// The source of these facts.
    pub source: String,
    /// Whether the configuration has an entry for it.
    pub configured: bool,
}

/// A code and its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFact {
    /// An address, or the first and the last of several.
    pub code: String,
    /// Its meaning.
    pub means: String,
}

/// The answer of a list for an address or a domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListTest {
    /// Its zone.
    pub list: String,
    /// Its purpose.
    pub purpose: Purpose,
    /// The answer; none if it was not asked.
    pub says: Option<ListSays>,
    /// Its codes, with their meanings.
    pub codes: Vec<CodeFact>,
    /// Its text.
    pub text: Vec<String>,
    /// Why it is neither, or was not asked.
    pub why: Option<String>,
    /// The page on which the removal of a listing is requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<String>,
    /// The time in seconds.
    pub elapsed: f64,
}
