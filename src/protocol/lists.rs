//! Rows of the replies about DNS lists.
//!
//! All time spans are in seconds.

use serde::{Deserialize, Serialize};

use dns::question::ListSays;
use dnsbl::batch::Mode;
use dnsbl::entry::ListCounts;
use dnsbl::list::{ListSubject, OnRefusal, Purpose};
use dnsbl::list_way::Way;
use dnsbl::state::ListStanding;

/// A DNS list that clients have queried, with its state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListRow {
    /// The zone, without the final dot.
    pub list: String,
    /// The servers to which resolverd sends the queries of this row: the servers of the list itself, or configured servers such
    /// as forwarders. A DNS list has one row for each set of servers.
    pub way: Way,
    /// The purpose of the list; `None` for a zone that only looks like a list.
    pub purpose: Option<Purpose>,
    /// The state; `None` for a list that was shut down, or for a zone that only looks like a list.
    #[serde(flatten)]
    pub standing: Option<ListStanding>,
    /// Since the daemon started: the counters of clients' questions.
    #[serde(flatten)]
    pub counts: ListCounts,
    /// The number of queries that resolverd sent to the DNS list today (UTC), including tests and early queries in batches.
    pub today: u64,
    /// The number of queries that resolverd sent to the DNS list yesterday (UTC).
    #[serde(default)]
    pub yesterday: u64,
    /// The number of queries per day that the operator allows; `None` if there is no limit.
    pub quota: Option<u64>,
    /// When today's queries will reach the quota at their current rate, in seconds since 1970; `None` if this will not happen
    /// today, or has happened.
    #[serde(default)]
    pub quota_full_at: Option<u64>,
    /// The number of queries per day that the list answers free of charge; `None` if this is not known.
    pub free_quota: Option<u64>,
    /// Since the daemon started: the number of listings that resolverd compared with the answers of other blocklists about the
    /// same address or domain.
    #[serde(default)]
    pub compared: u64,
    /// How many of these listings no other DNS list had.
    #[serde(default)]
    pub only_this_list: u64,
    /// The number of queries that resolverd sent to this list early, in batches, and whose answers a client used before they
    /// expired.
    pub batch_used: u64,
    /// The number of queries that resolverd sent to this list early, in batches, and whose answers no client used.
    pub batch_unused: u64,
    /// The time in seconds that clients did not have to wait because of early queries. If the mode `batch` only observes, this is the time that
    /// early queries would have saved.
    pub batch_saved: f64,
    /// Whether the list takes a customer key, and has one.
    #[serde(default)]
    pub key: KeyUse,
    /// The age in seconds of the data of the local mirror; `None` for a list without `max_age`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_age: Option<f64>,
    /// Information or advice in words, or an empty text.
    pub note: String,
}

/// Whether queries to a DNS list have a customer key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyUse {
    /// resolverd knows no zone of the list that takes a key.
    #[default]
    None,
    /// The list takes a key, and the configuration has none.
    Missing,
    /// Queries have the key of the configuration.
    Set,
}

/// The state of batches, for all DNS lists together. A batch is a set of queries to lists that resolverd sends early, because the client will
/// probably ask these lists next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchState {
    /// The configured mode, for instance "only observe".
    pub batch: Mode,
    /// The number of events, such as questions of clients, from which batches did not learn, because there were too many at the
    /// same time or their names were too long.
    pub unheard: u64,
}

/// The facts about a list of the registry or of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListFacts {
    /// The zone, without the final dot.
    pub list: String,
    /// The purpose of the list, for example blocking mail.
    pub purpose: Purpose,
    /// The subjects of its entries: IPv4 addresses, IPv6 addresses, domains or hashes.
    pub subjects: Vec<ListSubject>,
    /// When the list was shut down, and how its servers have answered since, in words; `None` if the list works.
    #[serde(alias = "dead")]
    pub shut_down: Option<String>,
    /// The return codes (addresses in the answer) that mean "listed".
    pub listed: Vec<CodeFact>,
    /// The return codes (addresses in the answer) with which the list refuses a query.
    pub refused: Vec<CodeFact>,
    /// The answer that a client gets when the list refuses its query.
    pub on_refusal: OnRefusal,
    /// The number of queries per day that the list answers free of charge; `None` if this is not known.
    pub free_quota: Option<u64>,
    /// The terms of use, in words.
    pub terms: String,
    /// Where the facts come from, for instance the address of a web page.
    pub source: String,
    /// True if the configuration has an entry for the list.
    pub configured: bool,
}

/// A return code of a DNS list, which is an address in its answer, and its meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFact {
    /// An address, or the first and the last address of a range.
    pub code: String,
    /// The meaning, in words.
    pub means: String,
}

/// The answer of a DNS list about an address or a domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListTest {
    /// The zone, without the final dot.
    pub list: String,
    /// The purpose of the list, for example blocking mail.
    pub purpose: Purpose,
    /// The result of the query to the list; `None` if it was not asked.
    pub says: Option<ListSays>,
    /// The return codes in the answer, with their meanings.
    pub codes: Vec<CodeFact>,
    /// The TXT records for the address or domain.
    pub text: Vec<String>,
    /// Why the answer is unknown, or why the list was not asked; `None` if the answer is certain.
    pub why: Option<String>,
    /// The web page on which the operator can request the removal of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<String>,
    /// The duration of the lookup, in seconds.
    pub elapsed: f64,
}
