//! The table of counters, for events that no other table counts by zone, server or client.
//!
//! The screens, JSON, the metrics and their manual are made from this table, so a new counter needs only a row here, and the code that
//! counts it. The comment of a row is its description in the manual and for Prometheus: it uses the words of the screens.

use std::collections::BTreeMap;
use std::ops::Index;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

struct CounterRow {
    /// The name in JSON and in metrics.
    name: &'static str,
    /// The description for the manual and for Prometheus.
    about: &'static str,
    /// The text on the screen of `resolverctl stats`, for a counter that is not zero.
    shown: Option<&'static str>,
}

/// Makes `Counter` and the table, so that each counter has exactly one row.
macro_rules! counters {
    ($($(#[doc = $about:literal])* $counter:ident $name:literal $shown:expr;)*) => {
        /// An event that is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Counter {
            $($(#[doc = $about])* $counter,)*
        }

        /// The rows of all counters, in the order of `Counter`.
        const TABLE: &[CounterRow] =
            &[$(CounterRow { name: $name, about: concat!($($about),*), shown: $shown },)*];
    };
}

counters! {
    /// Questions whose answer another gateway of the fleet had already found.
    FleetHits "fleet_hits" None;
    /// Questions that were not in the store of the fleet.
    FleetMisses "fleet_misses" None;
    /// Queries to servers that went over TCP.
    Tcp "tcp" None;
    /// Queries to a second server, and second copies of a query, while the first might still be answered.
    Hedges "hedges" None;
    /// Queries to a second server that were not sent, because their share of all queries had reached its bound.
    HedgesRefused "hedges_refused" None;
    /// Queries in the background that measured the round trip of a server.
    Measured "servers_measured" Some("servers measured in the background");
    /// Resolutions (flights) that ended in failure.
    FlightsFailed "flights_failed" None;
    /// Queries to servers of ended resolutions (flights), sub-queries included.
    FlightMessages "flight_messages" None;
    /// Records removed from replies: the server has no authority for them, or nobody asked for them.
    Scrubbed "scrubbed" Some("out-of-bailiwick records removed");
    /// Addresses removed from answers because of `private_addresses`.
    PrivateRemoved "private_removed" Some("private addresses removed from answers");
    /// Queries that were resolved from the root servers because the forwarders of their zone did not answer (`forward_first`).
    ForwardersFailed "forwarders_failed" Some("queries resolved without their forwarders (forward_first)");
    /// Datagrams that came to the port of a query and did not answer it: forgeries, or late replies.
    Strays "strays" Some("unexpected replies");
    /// Long replies of servers that were dropped, because the records of other long replies took all memory for them.
    LongRepliesShed "long_replies_shed" Some("long replies dropped (no memory for more)");
    /// Answers that were renewed before their TTL ended.
    Prefetches "prefetches" Some("answers prefetched");
    /// Answers that were not renewed before their TTL ended, because too many queries were in progress.
    PrefetchesShed "prefetches_shed" Some("answers not prefetched (too many queries)");
    /// Delegations with the keys of their zones, and addresses of servers, that were renewed before their TTL ended.
    ServersRenewed "servers_renewed" Some("delegations and server addresses prefetched");
    /// Queries that look-ahead sent ahead of clients.
    LookaheadAsked "lookahead_asked" Some("queries sent ahead of clients (look-ahead)");
    /// Queries of look-ahead whose answer a client used before its TTL ended.
    LookaheadUsed "lookahead_used" Some("queries sent ahead, then asked by a client");
    /// Queries to servers for queries of look-ahead.
    LookaheadMessages "lookahead_messages" None;
    /// Queries that look-ahead did not send because of a bound.
    LookaheadRefused "lookahead_refused" None;
    /// Answers from which look-ahead learned nothing, as it was too busy.
    LookaheadLost "lookahead_lost" None;
    /// Queries of clients over TCP.
    QueriesTcp "queries_tcp" Some("queries of clients over TCP");
    /// Queries of clients over TLS.
    QueriesTls "queries_tls" Some("queries of clients over TLS");
    /// TLS handshakes of clients that succeeded.
    TlsHandshakes "tls_handshakes" Some("TLS handshakes");
    /// TLS handshakes of clients that failed or took too long.
    TlsFailed "tls_handshakes_failed" Some("TLS handshakes that failed");
    /// Connections for TLS that were closed, because their client began too many handshakes.
    TlsRefused "tls_handshakes_refused" Some("TLS connections closed (too many handshakes of one client)");
    /// Queries of clients over HTTPS.
    QueriesHttps "queries_https" Some("queries of clients over HTTPS");
    /// TLS handshakes of clients over HTTPS that succeeded.
    HttpsHandshakes "https_handshakes" Some("TLS handshakes for HTTPS");
    /// TLS handshakes of clients over HTTPS that failed or took too long.
    HttpsFailed "https_handshakes_failed" Some("TLS handshakes for HTTPS that failed");
    /// Connections for HTTPS that were closed, because their client began too many handshakes.
    HttpsRefused "https_handshakes_refused" Some("HTTPS connections closed (too many handshakes of one client)");
    /// Requests over HTTPS that got an HTTP error, because they were no DNS queries.
    HttpsRequestsRefused "https_requests_refused" Some("HTTPS requests refused (no DNS query)");
    /// Connections for HTTPS that were closed, because of HTTP/2 errors or floods of their client.
    HttpsClosed "https_connections_closed" Some("HTTPS connections closed (HTTP/2 errors or floods of the client)");
    /// Queries of clients over QUIC.
    QueriesQuic "queries_quic" Some("queries of clients over QUIC");
    /// Handshakes of clients over QUIC that succeeded.
    QuicHandshakes "quic_handshakes" Some("handshakes for QUIC");
    /// Handshakes of clients over QUIC that failed or took too long.
    QuicFailed "quic_handshakes_failed" Some("handshakes for QUIC that failed");
    /// Connections for QUIC that were turned away, because their client began too many handshakes.
    QuicRefused "quic_handshakes_refused" Some("QUIC connections refused (too many handshakes of one client)");
    /// Clients over QUIC that had to prove their address before the handshake, because many handshakes were in progress.
    QuicRetried "quic_handshakes_retried" Some("QUIC clients that had to prove their address (many handshakes)");
    /// Connections for QUIC that were closed, because of errors or floods of their client.
    QuicClosed "quic_connections_closed" Some("QUIC connections closed (errors or floods of the client)");
    /// Queries of clients over UDP and datagrams of QUIC that the kernel dropped, as a listener's socket buffer was full.
    QueriesDropped "queries_dropped" Some("queries dropped by the kernel (socket buffer full)");
    /// Connections for metrics that could not be accepted.
    MetricsRefused "metrics_refused" Some("metrics connections that could not be accepted");
    /// Requests of `resolverctl` for the query history that were turned away, because too many were in progress.
    ControlRefused "control_refused" Some("requests of resolverctl refused (too many at once)");
    /// DNS messages that were written for dnstap.
    DnstapWritten "dnstap_written" None;
    /// DNS messages that were dropped for dnstap, because the program that reads them is missing or too slow.
    DnstapDropped "dnstap_dropped" Some("dnstap messages dropped (cannot write, or too slow: see the log)");
    /// Checks of watched domains (`[[watch]]`).
    WatchChecks "watch_checks" Some("checks of watched domains");
    /// Checks of watched domains that were put off for a minute, because too many queries of clients were in progress.
    WatchPutOff "watch_put_off" Some("checks of watched domains put off (too many queries)");
}

const COUNTERS: usize = TABLE.len();

/// The current values of the counters in `TABLE`. All threads share them, because they change less often than the counters of questions, of which
/// each thread has its own.
#[derive(Debug)]
pub(crate) struct Counters([AtomicU64; COUNTERS]);

impl Default for Counters {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::default()))
    }
}

impl Counters {
    pub(crate) fn add(&self, counter: Counter, count: u64) {
        if let Some(sum) = self.0.get(counter as usize) {
            sum.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// Returns the values of all counters. They are read one after the other, so other threads may change some of them meanwhile.
    pub(crate) fn read(&self) -> Counts {
        Counts(self.0.each_ref().map(|counter| counter.load(Ordering::Relaxed)))
    }
}

/// The values of all counters, or their growth between two moments. In JSON, each value has the name of its counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts([u64; COUNTERS]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; COUNTERS])
    }
}

impl Counts {
    #[must_use]
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let mut counts = self.clone();
        for (count, earlier) in counts.0.iter_mut().zip(earlier.0) {
            *count = count.saturating_sub(earlier);
        }
        counts
    }

    /// Returns the value of the counter with this name, if there is one.
    pub fn named(&self, name: &str) -> Option<u64> {
        TABLE.iter().zip(self.0).find(|(row, _)| row.name == name).map(|(_, count)| count)
    }

    /// Returns the name, the description and the value of every counter.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        TABLE.iter().zip(self.0).map(|(row, count)| (row.name, row.about.trim_start(), count))
    }

    /// Returns the counters that `resolverctl stats` shows, each with its text.
    pub fn shown(&self) -> impl Iterator<Item = (u64, &'static str)> {
        let rows = TABLE.iter().zip(self.0);
        rows.filter_map(|(row, count)| Some((count, row.shown?))).filter(|(count, _)| *count > 0)
    }
}

impl Index<Counter> for Counts {
    type Output = u64;

    fn index(&self, counter: Counter) -> &u64 {
        self.0.get(counter as usize).unwrap_or(&0)
    }
}

impl FromIterator<(Counter, u64)> for Counts {
    fn from_iter<Counted: IntoIterator<Item = (Counter, u64)>>(counted: Counted) -> Self {
        let mut counts = Self::default();
        for (counter, count) in counted {
            if let Some(sum) = counts.0.get_mut(counter as usize) {
                *sum = sum.saturating_add(count);
            }
        }
        counts
    }
}

impl Serialize for Counts {
    fn serialize<Format: Serializer>(&self, format: Format) -> Result<Format::Ok, Format::Error> {
        format.collect_map(TABLE.iter().zip(self.0).map(|(row, count)| (row.name, count)))
    }
}

impl<'d> Deserialize<'d> for Counts {
    /// Ignores a counter that this program does not know (the daemon may be newer). A counter that the daemon does not know is zero.
    fn deserialize<Format: Deserializer<'d>>(format: Format) -> Result<Self, Format::Error> {
        let by_name = BTreeMap::<String, u64>::deserialize(format)?;
        let mut counts = Self::default();
        for (row, count) in TABLE.iter().zip(&mut counts.0) {
            *count = by_name.get(row.name).copied().unwrap_or(0);
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_since_snapshot_are_difference() {
        let counters = Counters::default();
        counters.add(Counter::Strays, 3);
        let before = counters.read();
        counters.add(Counter::Strays, 2);
        counters.add(Counter::Hedges, 1);
        let counts = counters.read().since(&before);
        assert_eq!(counts, Counts::from_iter([(Counter::Strays, 2), (Counter::Hedges, 1)]));
        assert_eq!(counts.named("hedges"), Some(1));
        assert_eq!(counts.shown().collect::<Vec<_>>(), [(2, "unexpected replies")]);
    }

    // A resolverctl of another version reads the counters that it knows.
    #[test]
    fn unknown_counters_are_ignored() {
        let shown: Counts = serde_json::from_str(r#"{"strays":5,"of_tomorrow":7}"#).unwrap();
        assert_eq!(shown, Counts::from_iter([(Counter::Strays, 5)]));
        let text = serde_json::to_string(&shown).unwrap();
        assert_eq!(serde_json::from_str::<Counts>(&text).unwrap(), shown);
    }
}
