//! The table of metrics: the name, kind, labels and description of each.
//!
//! The first rows are in this file. The rows of the counters follow them; their names and descriptions are in `record::counters`. Tests compare the
//! manual resolverd-metrics(7), the dashboard and the alerts with this table.

use dns::words;
use record::Counts;

words! {
    /// The kind of a metric, as Prometheus defines it.
    pub enum MetricKind {
        /// The value only grows, and begins at 0 when the daemon starts.
        Counter = "counter",
        /// The value grows and falls.
        Gauge = "gauge",
        /// The metric counts times in buckets. Its samples have the name with `_bucket`, `_sum` and `_count`.
        Histogram = "histogram",
    }
}

/// A metric, as a row of the table of all metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name of the metric in Prometheus.
    pub name: String,
    /// The kind of the metric: counter, gauge or histogram.
    pub kind: MetricKind,
    /// The names of the metric's labels.
    pub labels: &'static [&'static str],
    /// The description of the metric: one or two sentences.
    pub about: &'static str,
}

/// Defines the enumeration `Family` and its table from the same rows. The doc comment of a row is the description in Prometheus.
macro_rules! families {
    ($($(#[doc = $about:literal])* $family:ident $name:literal $kind:ident $labels:expr;)*) => {
        /// A metric of this table that is not a counter of the query history.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Family {
            $($(#[doc = $about])* $family,)*
        }

        impl Family {
            pub(super) const ALL: &[Self] = &[$(Self::$family,)*];

            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$family => concat!("resolverd_", $name),)*
                }
            }

            pub(super) const fn labels(self) -> &'static [&'static str] {
                match self {
                    $(Self::$family => &$labels,)*
                }
            }

            pub(super) fn metric(self) -> Metric {
                match self {
                    $(Self::$family => {
                        let (kind, labels) = (MetricKind::$kind, self.labels());
                        Metric { name: self.name().to_owned(), kind, labels, about: concat!($($about),*).trim_start() }
                    })*
                }
            }
        }
    };
}

families! {
    /// The version of resolverd. The value is always 1.
    BuildInfo "build_info" Gauge ["version"];
    /// When resolverd started, in seconds since 1970.
    StartTime "start_time_seconds" Gauge [];
    /// Queries of clients that ended, by outcome. Each query has one outcome.
    Queries "queries_total" Counter ["outcome"];
    /// Queries of clients that ended, by type. Rare types are counted as "other".
    QueryTypes "query_types_total" Counter ["type"];
    /// The time from the arrival of a query to its reply, by outcome.
    QueryDuration "query_duration_seconds" Histogram ["outcome"];
    /// DNS messages of clients that are no queries, or repeat a query in progress.
    Discarded "discarded_total" Counter ["reason"];
    /// The time of resolutions (all work for one query that is not in the cache), by the kind of zone of the name.
    ResolutionDuration "resolution_duration_seconds" Histogram ["zone_kind"];
    /// Queries of local users that were not in the cache, scaled up from samples.
    UserQueries "user_queries_total" Counter ["user"];
    /// Queries of local users that failed.
    UserFailed "user_queries_failed_total" Counter ["user"];
    /// The time that local users waited for answers that were not in the cache.
    UserWaited "user_waited_seconds_total" Counter ["user"];
    /// Resolutions in progress.
    Flights "flights" Gauge [];
    /// The maximum number of resolutions in progress.
    FlightsMax "flights_max" Gauge [];
    /// Queries to servers, by result: the behaviour of the server.
    Messages "messages_total" Counter ["conduct"];
    /// Round trips of the queries to servers that got a reply.
    RoundTrip "round_trip_seconds" Histogram [];
    /// The time that resolverd waited for servers. If several queries are in progress, the time counts for each.
    Waited "waited_seconds_total" Counter [];
    /// Resolutions whose answers were validated with DNSSEC, by result.
    Validated "validated_total" Counter ["status"];
    /// Entries of each part of the cache, those past their TTL included.
    CacheEntries "cache_entries" Gauge ["store"];
    /// The size of each part of the cache.
    CacheBytes "cache_bytes" Gauge ["store"];
    /// The maximum size of each part of the cache.
    CacheCapacity "cache_capacity_bytes" Gauge ["store"];
    /// The state of each DNS list in use: 1 for its current state, 0 for the others.
    ListState "list_state" Gauge ["list", "state"];
    /// Queries of clients to each DNS list in use.
    ListQueries "list_queries_total" Counter ["list"];
    /// Queries of clients to each DNS list that were answered from the cache.
    ListHits "list_hits_total" Counter ["list"];
    /// Answers of each DNS list: listed, not_listed, or unknown (neither, because the list refused, failed or did not answer).
    ListAnswers "list_answers_total" Counter ["list", "answer"];
    /// The time of queries to each DNS list that were not in the cache.
    ListDuration "list_duration_seconds" Histogram ["list"];
    /// Queries that were sent to each DNS list today (UTC), batches and tests included.
    ListToday "list_queries_today" Gauge ["list"];
    /// Queries a day that the operator allows; only for lists with `quota`.
    ListQuota "list_quota" Gauge ["list"];
    /// Zones that fail now, on the internet and configured.
    FailingZones "failing_zones" Gauge [];
    /// 1 if queries below a configured zone with servers fail now, otherwise 0.
    ZoneFailing "zone_failing" Gauge ["zone"];
    /// 1 if no server on the internet answers, otherwise 0.
    NetworkDown "network_down" Gauge [];
    /// 1 if TCP port 53 of other hosts is blocked on the path from this host, otherwise 0.
    NetworkWithoutTcp "network_without_tcp" Gauge [];
    /// 1 if servers answer over IPv4 but not over IPv6, otherwise 0.
    NetworkWithoutIpv6 "network_without_ipv6" Gauge [];
    /// The percentage of queries that the network of this host loses, or 0 if it loses few.
    NetworkLoss "network_loss_percent" Gauge [];
    /// Configured addresses at which resolverd does not listen, because the host does not have them.
    MissingAddresses "missing_addresses" Gauge [];
    /// Keys of the root by state: configured (not seen yet), pending, valid, missing, revoked or removed (RFC 5011).
    RootKeys "root_keys" Gauge ["state"];
    /// When the keys of the root were last validated, in seconds since 1970; 0 if they never were, or are not followed.
    RootKeysChecked "root_keys_checked_time_seconds" Gauge [];
    /// When the certificate in each file of the encrypted listeners expires, in seconds since 1970; 0 if it does not tell.
    CertificateEnd "certificate_end_time_seconds" Gauge ["file"];
    /// Findings of the watched domains that two checks have seen, by level: failure, warning, could_not_tell or note.
    WatchedFindings "watched_findings" Gauge ["domain", "level"];
    /// When a check of each watched domain last had a result, in seconds since 1970; 0 before the first.
    WatchedChecked "watched_checked_time_seconds" Gauge ["domain"];
    /// Since when the checks of each watched domain have had no result, in seconds since 1970; 0 if the last one had a result.
    WatchedCouldNotTell "watched_could_not_tell_since_time_seconds" Gauge ["domain"];
    /// Answers to mail servers about the TLS policy of a next hop, by policy: dane-only, dane, encrypt, secure (MTA-STS), none, or temporary (could not tell). Only with `[tls_policy]`.
    TlsPolicies "tls_policies_total" Counter ["policy"];
    /// Problems that `resolverctl status` shows, by severity: notice, warning or critical.
    Problems "problems" Gauge ["severity"];
    /// Tasks and threads that were restarted after a panic, which is a bug of resolverd.
    TaskRestarts "task_restarts_total" Counter [];
    /// Tasks and threads that did not answer the watchdog in its last round. Always 0 without a watchdog of the service manager.
    TasksStuck "tasks_stuck" Gauge [];
    /// 1 if the store of the fleet works, 0 if it does not. Only with `[fleet]`.
    FleetStore "fleet_store_works" Gauge [];
    /// Gateways that reported to the store of the fleet in the last minute. Only with `[fleet]`.
    FleetGateways "fleet_gateways" Gauge [];
}

/// Returns all metrics, in the order of the output.
pub fn all() -> Vec<Metric> {
    let counters = Counts::default();
    let counters = counters.all().map(|(name, about, _)| counter(name, about));
    Family::ALL.iter().map(|family| family.metric()).chain(counters).collect()
}

fn counter(name: &str, about: &'static str) -> Metric {
    Metric { name: counter_name(name), kind: MetricKind::Counter, labels: &[], about }
}

pub(super) fn counter_name(name: &str) -> String {
    format!("resolverd_{name}_total")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_practice_of_prometheus() {
        let all = all();
        let names: BTreeSet<&str> = all.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(names.len(), all.len());
        for Metric { name, kind, labels, about } in &all {
            let plain =
                |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
            assert!(name.chars().all(plain) && labels.iter().all(|label| label.chars().all(plain)), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == MetricKind::Counter, "{name}");
            assert!(*kind != MetricKind::Histogram || name.ends_with("_seconds"), "{name}");
            assert!(about.ends_with('.') && !about.contains(['\n', '\\']), "{name}: {about}");
            // Prometheus stores a time series for each value of a label, so strangers must not choose the values.
            assert!(!labels.iter().any(|label| ["client", "name", "server"].contains(label)), "{name}");
        }
    }
}
