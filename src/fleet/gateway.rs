//! The trait through which the heartbeat calls its gateway (`Gateway`), and the report of each gateway about itself (`Member`).

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::news::News;

/// The gateway that runs the heartbeat: this process.
pub trait Gateway: Send + Sync + 'static {
    /// Returns what this gateway reports about itself to the other gateways.
    fn member(&self) -> Member;

    /// Returns the number of queries that this process has sent to each DNS list on the current day (UTC).
    fn list_queries(&self) -> Vec<ListQueries>;

    /// Stores the number of queries that all gateways together have sent to a DNS list on one day (`queries`).
    fn fleet_queries(&self, queries: &ListQueries);

    /// Returns the news of this gateway since the last call: what it has found out and the other gateways must know.
    fn news(&self) -> BoxFuture<'_, Vec<News>>;

    /// Handles news of another gateway. `age`: the time since that gateway sent them.
    fn heard(&self, news: News, age: Duration) -> BoxFuture<'_, ()>;
}

/// The number of queries to a DNS list on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQueries {
    /// The apex of the DNS list.
    pub list: String,
    /// The day in UTC, in days since 1970.
    pub day: u64,
    /// The number of queries to the DNS list on this day.
    pub sent: u64,
}

/// What a gateway reports about itself to the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The host name of the gateway.
    pub host: String,
    /// The version of resolverd.
    pub version: String,
    /// The digest of the configuration, shortened, for comparison with the other gateways. Gateways with different digests do not share answers.
    pub configuration: String,
    /// The number of questions that were answered from the store since the gateway started.
    pub hits: u64,
    /// The number of questions that were not in the store since the gateway started.
    pub misses: u64,
    /// An estimate of the number of queries to servers that the store has saved since the gateway started.
    pub saved: u64,
    /// How much the clock of the gateway is ahead of the clock of the store, in milliseconds.
    pub clock_offset_ms: i64,
    /// The usual time until the store replies to the gateway, in microseconds.
    pub store_micros: u64,
    /// When the gateway last reported, by the clock of the store, in milliseconds since 1970.
    pub reported: u64,
}
