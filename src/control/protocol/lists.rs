//! Rows of the replies about DNS lists.
//!
//! All time spans are in seconds.

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
    /// Zone of the list.
    pub list: String,
    /// The servers to which queries for this list are sent. A list has one row for each kind of servers.
    pub way: Way,
    /// Purpose of the list; `None` for a zone that only looks like a list.
    pub purpose: Option<Purpose>,
    /// State of the list; `None` for a list that is shut down, or for a zone that is not a known list.
    #[serde(flatten)]
    pub standing: Option<ListStanding>,
    /// Counters of the list since the daemon started.
    #[serde(flatten)]
    pub counts: ListCounts,
    /// Queries sent today (UTC), including batches and tests.
    pub today: u64,
    /// Queries per day that the operator allows.
    pub quota: Option<u64>,
    /// Queries per day that are free of charge.
    pub free_quota: Option<u64>,
    /// Number of queries that were sent early, in batches, and whose answers a client asked for in time.
    pub batch_used: u64,
    /// Number of queries that were sent early, in batches, and whose answers no client asked for.
    pub batch_unused: u64,
    /// Time in seconds that clients did not have to wait because of batches. If `batch` only observes, the time that batches would have saved.
    pub batch_saved: f64,
    /// Information or advice about the list; empty if there is no problem.
    pub note: String,
}

/// State of batches, for all lists together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchState {
    /// The configured mode of batches.
    pub batch: Mode,
    /// Number of events from which batches learned nothing, because too many came at the same time or their names were too long.
    pub unheard: u64,
}

/// A list of the registry, or of the operator's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListFacts {
    /// Zone of the list.
    pub list: String,
    /// Purpose of the list.
    pub purpose: Purpose,
    /// Subjects that the list covers.
    pub subjects: Vec<ListSubject>,
    /// When the list was shut down, and how its servers answer since then; `None` if it works.
    #[serde(alias = "dead")]
    pub shut_down: Option<String>,
    /// Return codes that mean "listed".
    pub listed: Vec<CodeFact>,
    /// Return codes that mean that the list refuses the query.
    pub refused: Vec<CodeFact>,
    /// Answer that a client gets when the list refuses.
    pub on_refusal: OnRefusal,
    /// Queries per day that are free of charge.
    pub free_quota: Option<u64>,
    /// Terms of use of the list.
    pub terms: String,
    /// Where these facts about the list come from.
    pub source: String,
    /// True if the configuration has an entry for the list.
    pub configured: bool,
}

/// A return code and its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFact {
    /// An address, or the first and the last address of a range.
    pub code: String,
    /// Meaning of the code.
    pub means: String,
}

/// The answer of a list for an address or a domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListTest {
    /// Zone of the list.
    pub list: String,
    /// Purpose of the list.
    pub purpose: Purpose,
    /// Answer of the list; `None` if the list was not asked.
    pub says: Option<ListSays>,
    /// Return codes, with their meanings.
    pub codes: Vec<CodeFact>,
    /// TXT records of the answer.
    pub text: Vec<String>,
    /// Why it is unknown if the address or domain is listed, or why the list was not asked.
    pub why: Option<String>,
    /// The page on which the removal of a listing is requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<String>,
    /// Duration of the lookup in seconds.
    pub elapsed: f64,
}
