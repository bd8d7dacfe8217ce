//! The trait through which the heartbeat calls its gateway, and the report of each gateway.

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::news::News;

/// The gateway that runs the heartbeat.
pub trait Gateway: Send + Sync + 'static {
    /// Returns the report of this gateway for the other gateways.
    fn member(&self) -> Member;

    /// Returns the number of queries of this process to each DNS list on the current day (UTC).
    fn list_queries(&self) -> Vec<ListQueries>;

    /// Stores the number of queries of all gateways to a DNS list on one day.
    fn fleet_queries(&self, queries: &ListQueries);

    /// Returns the reports of this gateway since the last call.
    fn news(&self) -> BoxFuture<'_, Vec<News>>;

    /// Handles news of another gateway. `age`: the time since that gateway sent the news.
    fn heard(&self, news: News, age: Duration) -> BoxFuture<'_, ()>;

    /// Handles an order that was carried out before the restart of this gateway: what it has removed from the cache must not come back from the
    /// store. `age`: the time since the order was sent.
    fn heard_before(&self, order: News, age: Duration);

    /// Returns what `keep_seen` has kept before the restart of this gateway.
    fn seen(&self) -> BoxFuture<'_, Option<Vec<u8>>>;

    /// Keeps which orders were seen, over a restart.
    fn keep_seen(&self, seen: Vec<u8>) -> BoxFuture<'_, ()>;
}

/// The number of queries to a DNS list on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQueries {
    /// The apex of the DNS list.
    pub list: String,
    /// The day in UTC, in days since 1970.
    pub day: u64,
    /// The number of queries on this day.
    pub sent: u64,
}

/// The report of a gateway for the other gateways.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The host name of the gateway.
    pub host: String,
    /// The version of resolverd.
    pub version: String,
    /// A digest of the configuration. Gateways with different digests do not share answers.
    pub configuration: String,
    /// The questions that the store answered since the gateway started.
    pub hits: u64,
    /// The questions that were not in the store since the gateway started.
    pub misses: u64,
    /// An estimate of the number of queries to servers that the store has saved since the gateway started.
    pub saved: u64,
    /// How much the clock of the gateway is ahead of that of the store, in milliseconds.
    pub clock_offset_ms: i64,
    /// The usual time until the store replies, in microseconds.
    pub store_micros: u64,
    /// The time of the report by the clock of the store, in milliseconds since 1970.
    pub reported: u64,
}
