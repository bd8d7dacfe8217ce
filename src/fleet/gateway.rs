//! What the heartbeat needs from the gateway to which it belongs, and what it shows of the gateways.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::news::News;

/// The gateway to which the heartbeat belongs.
pub trait Gateway: Send + Sync + 'static {
    /// Returns what the other gateways show about this one.
    fn member(&self) -> Member;

    /// Returns the number of queries that this process has sent to each list on the current day (UTC).
    fn list_queries(&self) -> Vec<ListQueries>;

    /// Takes the number of queries that all gateways have sent to a list on the same day.
    fn fleet_queries(&self, queries: &ListQueries);

    /// Returns what this gateway has learned since the last call.
    fn news(&self) -> BoxFuture<'_, Vec<News>>;

    /// Takes news of another gateway. `age` is the time since they were sent.
    fn heard(&self, news: News, age: Duration) -> BoxFuture<'_, ()>;
}

/// The number of queries to a DNS list on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQueries {
    /// The apex of the list.
    pub list: String,
    /// The day in UTC, in days since 1970.
    pub day: u64,
    /// The number of queries.
    pub sent: u64,
}

/// What a gateway reports about itself to the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The host name of the gateway.
    pub host: String,
    /// The version of resolverd.
    pub version: String,
    /// The digest of the configuration, shortened. Gateways with different digests do not share answers.
    pub configuration: String,
    /// The number of questions that the store answered.
    pub hits: u64,
    /// The number of questions that were not in the store.
    pub misses: u64,
    /// About how many queries to servers the store has saved.
    pub saved: u64,
    /// How much the clock of this host is ahead of the clock of the store, in milliseconds.
    pub clock_offset_ms: i64,
    /// The usual time of a reply of the store, in microseconds.
    pub store_micros: u64,
    /// When the gateway last reported, by the clock of the store, in milliseconds since 1970.
    pub reported: u64,
}
