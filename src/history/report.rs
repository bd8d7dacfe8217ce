//! The reports of the history. They are plain data, with the same names in JSON and on the screens of `resolverctl`. Durations are in seconds.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::counters::Counts;
use super::histogram::{Distribution, Quantiles};
use super::tally::{ClientTally, Messages, ZoneTally, is_judged_failure};
use super::window::Window;
use dns::conduct::Conduct;
use dns::question::{Apart, Outcome};
use validate::verdict::SecurityStatus;

/// The statistics of a window, which is a period such as the last five minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatsReport {
    /// The period that the statistics cover.
    pub window: Window,
    /// The number of seconds that the statistics really cover: fewer than in `window` if the daemon started later.
    pub seconds: f64,
    /// The time in seconds since the daemon started.
    pub uptime: f64,
    /// How many questions of clients ended in the window.
    pub questions: u64,
    /// The number of clients' questions that ended, for each outcome. The sum is `questions`.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// The number of events at listeners that are not counted as questions, for each kind: a DNS message that is dropped, refused or a repeat, a lost
    /// reply, or a connection that could not be accepted.
    pub apart: BTreeMap<Apart, u64>,
    /// The times from the arrival of a question to its reply.
    pub latency: Quantiles,
    /// The statistics of queries to servers.
    pub upstream: UpstreamReport,
}

/// The statistics of queries to servers in a window, which is a period such as the last five minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UpstreamReport {
    /// The number of queries sent to servers, for each behaviour of the server, such as an answer, an error or silence.
    pub messages: BTreeMap<Conduct, u64>,
    /// Counters of further events that concern these queries. Each counter has its own name.
    #[serde(flatten)]
    pub counts: Counts,
    /// The time that resolverd waited for servers, in seconds. If several queries were in progress at the same time, the time of each is counted.
    pub waited: f64,
    /// The round-trip times of queries that got a reply.
    pub round_trip: Quantiles,
    /// The times that resolutions (flights) took.
    pub flights: Quantiles,
    /// The number of validated resolutions, for each result of the validation.
    pub validated: BTreeMap<SecurityStatus, u64>,
}

/// A row of the table of zones; the last row, "other", has the sum of the zones without a row of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneRow {
    /// The name of the zone, or "other" for all zones without a row.
    pub zone: String,
    /// The number of resolutions in which this zone was the deepest one whose servers were queried.
    pub flights: u64,
    /// How many of the zone's resolutions failed.
    pub failed: u64,
    /// The number of questions for the zone that were turned away, because too many questions for this zone were already waiting.
    #[serde(default)]
    pub shed: u64,
    /// The total time that the zone's resolutions took, in seconds.
    pub spent: f64,
    /// How many of the zone's resolutions took less than 50 ms.
    pub under_50ms: u64,
    /// How many of the zone's resolutions took 50 to 200 ms.
    pub under_200ms: u64,
    /// How many of the zone's resolutions took 200 ms to 1 s.
    pub under_1s: u64,
    /// How many of the zone's resolutions took 1 to 3 s.
    pub under_3s: u64,
    /// How many of the zone's resolutions took 3 s or longer.
    pub over_3s: u64,
    /// The number of queries to the servers of the zone, for each behaviour of a server; behaviours without a query are left out.
    pub messages: BTreeMap<Conduct, u64>,
    /// The average round-trip time to the servers of the zone, in seconds.
    pub round_trip: f64,
    /// The faults of the zone's servers, as text. Without faults: how many resolutions failed, and if none failed, how fast the servers
    /// are.
    pub verdict: String,
}

/// A row of the table of servers; the last row, "other", has the sum of the servers without a row of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerRow {
    /// The address of the server to which queries were sent.
    pub server: String,
    /// The time that resolverd waited for the server, in seconds. If several queries were in progress at the same time, the time of each is counted.
    pub waited: f64,
    /// The number of queries to the server, for each behaviour; behaviours without a query are left out.
    pub messages: BTreeMap<Conduct, u64>,
    /// The average round-trip time of answered queries, in seconds.
    pub round_trip: f64,
    /// The longest round-trip time of an answered query, in seconds.
    pub round_trip_max: f64,
    /// The number of answered queries that took 1 s or longer.
    #[serde(default)]
    pub late: u64,
    /// The faults of the server, as text. If it had no fault, says how fast the server is.
    pub verdict: String,
}

/// A row of the table of clients; the last row, "other", has the sum of the clients without a row of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientRow {
    /// The address of the client.
    pub client: String,
    /// The number of questions that the client asked in the window.
    pub questions: u64,
    /// How many of the client's questions were answered from the cache.
    pub cache: u64,
    /// How many of the client's questions ended in SERVFAIL.
    pub failed: u64,
    /// The number of failed questions that were turned away immediately, because there was no room for more questions, or because other clients
    /// needed the room.
    #[serde(default)]
    pub shed: u64,
    /// The time that the client waited for replies, in seconds. If several questions waited at the same time, the time of each is counted.
    pub waited: f64,
}

/// A row of the table of local users. It counts their questions that the cache did not answer. Only a sample of them is examined, and the numbers are
/// scaled up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserRow {
    /// The name of the local user, "unknown", or "other" for all users without a row.
    pub user: String,
    /// The number of questions that the user's programs asked.
    pub questions: u64,
    /// How many of the user's questions ended in SERVFAIL.
    pub failed: u64,
    /// Seconds that the user waited. If several questions waited at the same time, the time of each is counted.
    pub waited: f64,
}

/// A zone, a client, or "other", with the number of its questions that were turned away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShedRow {
    /// The name of the zone, the address of the client, or "other" for all without a row.
    pub name: String,
    /// The number of questions for this zone or from this client that were turned away because of overload.
    pub shed: u64,
}

/// A row of the table of record types; the last row, "other", counts the types without a row of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeRow {
    /// The record type, or "other" for rare types.
    #[serde(rename = "type")]
    pub kind: String,
    /// The number of questions for this record type.
    pub questions: u64,
    /// How many of the questions for this type were answered from the cache.
    pub cache: u64,
    /// How many of the questions for this type ended in SERVFAIL.
    pub failed: u64,
}

/// The current problems of this resolver, as they were reported in the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Troubles {
    /// If the network of this host is down: how long no server on the internet has answered. None if the network is not down.
    pub down: Option<Duration>,
    /// The loss of packets in the network of this host; none if it loses few.
    pub lossy: Option<LossReport>,
    /// Why failed and slow queries are not written to disk at present; none if they are written.
    pub unkept: Option<String>,
    /// The zones that fail now; the zone that has failed for the longest time comes first.
    pub zones: Vec<FailingZone>,
}

/// The packet loss in the network of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossReport {
    /// The time since the network began to lose packets.
    pub span: Duration,
    /// The share of queries to servers without an answer, in percent.
    pub percent: u32,
    /// The number of networks whose servers did not answer some queries.
    pub networks: usize,
}

impl fmt::Display for LossReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { percent, networks, .. } = self;
        write!(
            formatter,
            "servers in {networks} networks that used to answer leave {percent} % of the queries unanswered"
        )
    }
}

/// A zone in which questions of clients fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingZone {
    /// The name of the zone.
    pub zone: String,
    /// The time from the first failed question to the last one.
    pub span: Duration,
    /// The time since the last failed question of the zone.
    pub ago: Duration,
    /// The number of failed questions in this series of failures.
    pub failures: u32,
    /// True if, for some of these questions, servers replied without authority that the name does not exist, instead of failing.
    pub doubted: bool,
    /// True if the operator has configured the servers of the zone.
    pub configured: bool,
    /// Why the last failed question failed, as a sentence.
    pub why: String,
    /// The servers of the zone if all were silent, as text; otherwise empty.
    pub silent: String,
    /// The command of `resolverctl` that shows more about the failure.
    pub next: String,
}

/// The number of failed questions of a zone or a DNS list in a window (a period such as the last five minutes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneFailures {
    /// The name of the zone, or the apex of the DNS list.
    pub zone: String,
    /// The number of failed questions in the zone or to the list.
    pub failed: u64,
    /// True if the zone has a single owner. The root zone and top-level domains have none, because the zones below them belong to many owners.
    pub is_owned: bool,
}

/// The failed questions of a window (a period), grouped by the zone whose servers failed. These are the same questions as in `StatsReport::failures`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailuresByZone {
    /// The zones and DNS lists with failed questions. The one with most failures is first.
    pub zones: Vec<ZoneFailures>,
    /// The number of failed questions for which no zone is known: they waited mostly for this resolver itself, their entries were overwritten before
    /// they were read, or there were too many zones.
    pub others: u64,
}

impl FailuresByZone {
    /// Returns the number of failed questions of all rows.
    pub fn sum(&self) -> u64 {
        self.zones.iter().map(|zone| zone.failed).fold(self.others, u64::saturating_add)
    }
}

impl ZoneRow {
    pub(super) fn new(zone: String, tally: &ZoneTally) -> Self {
        let [under_50ms, under_200ms, under_1s, under_3s, over_3s] = tally.columns;
        Self {
            zone,
            flights: tally.flights,
            failed: tally.failed,
            shed: tally.shed,
            spent: Duration::from_micros(tally.flight_micros).as_secs_f64(),
            under_50ms,
            under_200ms,
            under_1s,
            under_3s,
            over_3s,
            messages: tally.messages.by_conduct(),
            round_trip: tally.messages.mean_round_trip().as_secs_f64(),
            verdict: zone_verdict(tally),
        }
    }
}

impl ServerRow {
    pub(super) fn new(server: String, messages: &Messages) -> Self {
        Self {
            server,
            waited: messages.waited().as_secs_f64(),
            messages: messages.by_conduct(),
            round_trip: messages.mean_round_trip().as_secs_f64(),
            round_trip_max: messages.longest_round_trip().as_secs_f64(),
            late: messages.late(),
            verdict: verdict(messages),
        }
    }
}

impl ClientRow {
    pub(super) fn new(client: String, tally: &ClientTally) -> Self {
        Self {
            client,
            questions: tally.questions,
            cache: tally.cache,
            failed: tally.failed,
            shed: tally.shed,
            waited: Duration::from_micros(tally.waited_micros).as_secs_f64(),
        }
    }
}

/// The first word of a verdict which says that a server or zone has no fault.
const WELL: &str = "ok";

/// Returns true if this verdict on a server or zone reports a fault.
pub fn blames(verdict: &str) -> bool {
    !verdict.starts_with(WELL) && verdict != NOT_ASKED
}

/// The verdict on a server or zone if no query was sent in the window.
const NOT_ASKED: &str = "not queried";

/// The word in a verdict for answers that differ from what the owner of the zone signed.
const BOGUS: &str = "bogus";

/// An average round-trip time from this value on is called slow: a packet halfway around the world and back takes about 300 ms.
const SLOW: Duration = Duration::from_millis(300);

/// Returns the faults of servers and the number of queries with each fault, the most frequent first: "12 timeout, 1 REFUSED, 1 ok". If there are no
/// faults, returns how fast the servers are.
fn verdict(messages: &Messages) -> String {
    faults(messages).unwrap_or_else(|| speed(messages))
}

/// Returns the verdict on a zone: the faults of its servers; if there are none, how many resolutions failed; otherwise how fast the servers are.
/// Resolutions may fail even if each query was answered correctly: the names of the servers have no address, or aliases lead in a circle.
fn zone_verdict(tally: &ZoneTally) -> String {
    let failed =
        || (tally.failed > 0).then(|| format!("{} of {} resolutions failed", tally.failed, tally.flights));
    faults(&tally.messages).or_else(failed).unwrap_or_else(|| speed(&tally.messages))
}

fn faults(messages: &Messages) -> Option<String> {
    let by_conduct = messages.by_conduct().into_iter();
    let mut faults: Vec<(u64, &str)> = by_conduct
        .filter_map(|(conduct, count)| conduct.fault().map(|words| (count, words)))
        .chain(Some((messages.bogus(), BOGUS)).filter(|(count, _)| *count > 0))
        .collect();
    faults.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    // A bogus answer is counted later than its query. So the query may have been counted in the minute before the window, and there may be more bogus
    // answers than queries.
    let total = messages.total().max(messages.bogus());
    let faulty = faults.iter().map(|(count, _)| *count).fold(0, u64::saturating_add);
    let well = Some((total.saturating_sub(faulty), WELL)).filter(|(count, _)| *count > 0 && faulty > 0);
    let shown: Vec<String> =
        faults.into_iter().chain(well).map(|(count, words)| format!("{count} {words}")).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

fn speed(messages: &Messages) -> String {
    let mean = messages.mean_round_trip();
    let word = if mean >= SLOW { "slow" } else { WELL };
    // The average is rounded in the same way as in the column of the table next to the verdict.
    match mean.as_micros().saturating_add(500) / 1_000 {
        _ if messages.total() == 0 => NOT_ASKED.to_owned(),
        0 => format!("{word}: mean round trip < 1 ms"),
        millis => format!("{word}: mean round trip {millis} ms"),
    }
}

/// The counters since the start of the process, for a metrics exporter. All are read together, so that their sums agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Scraped {
    /// The statistics since the start of the process.
    pub report: StatsReport,
    /// The record types for which clients asked; the type with most questions is first.
    pub types: Vec<TypeRow>,
    /// For each outcome of a question, the times that questions with this outcome took.
    pub latency: Vec<(Outcome, Distribution)>,
    /// The statistics of the window (a period) by which the health of resolverd is judged.
    pub judged: StatsReport,
}

impl StatsReport {
    /// Returns the number of failed questions by which the health of resolverd is judged. Questions that were turned away do not count, because they
    /// have a warning of their own. Questions that failed by a crash do not count, because the crash is in the log.
    pub fn failures(&self) -> u64 {
        let judged = self.outcomes.iter().filter(|(outcome, _)| is_judged_failure(**outcome));
        judged.map(|(_, count)| count).sum()
    }
}
