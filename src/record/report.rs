//! The reports of the history: plain data, with the same names in JSON and on the screens of `resolverctl`. Durations are in seconds.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::counters::Counts;
use crate::histogram::{Distribution, Quantiles};
use crate::line::TimeSpan;
use crate::tally::{ClientTally, Messages, ZoneTally, is_judged_failure};
use crate::window::Window;
use dns::conduct::Conduct;
use dns::question::{Apart, Outcome};
use validate::verdict::SecurityStatus;

/// The failure of a zone may explain failures of other questions in the zone only if the name of the zone has at least this many labels.
/// The domains in a top-level domain have different owners.
pub const OWNED_LABELS: usize = 2;

/// The statistics of a window (a period such as the last five minutes).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatsReport {
    /// The period.
    pub window: Window,
    /// The seconds that the statistics cover: fewer than in `window` if the daemon started later.
    pub seconds: f64,
    /// Seconds since the daemon started.
    pub uptime: f64,
    /// Questions of clients that ended in the window.
    pub questions: u64,
    /// These questions by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Events at listeners other than questions: a DNS message that is dropped, refused or a repeat, a lost reply, or a connection that
    /// could not be accepted.
    pub apart: BTreeMap<Apart, u64>,
    /// From the arrival of a question to its reply.
    pub latency: Quantiles,
    /// Queries to servers.
    pub upstream: UpstreamReport,
}

/// The statistics of queries to servers in a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UpstreamReport {
    /// Queries to servers, by behaviour of the server.
    pub messages: BTreeMap<Conduct, u64>,
    /// Counters of further events.
    #[serde(flatten)]
    pub counts: Counts,
    /// Seconds that resolverd waited for servers. The times of parallel queries are added.
    pub waited: f64,
    /// Round trips of queries that got a reply.
    pub round_trip: Quantiles,
    /// Times of resolutions (flights).
    pub flights: Quantiles,
    /// Validated resolutions, by result.
    pub validated: BTreeMap<SecurityStatus, u64>,
}

/// A row of the table of zones. The last row, "other", sums up the zones without a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneRow {
    /// The zone, or "other".
    pub zone: String,
    /// Resolutions in which this was the deepest zone whose servers were queried.
    pub flights: u64,
    /// How many of these failed.
    pub failed: u64,
    /// Questions that were rejected, because too many for this zone were already waiting.
    #[serde(default)]
    pub shed: u64,
    /// The total time of the resolutions, in seconds.
    pub spent: f64,
    /// Resolutions shorter than 50 ms.
    pub under_50ms: u64,
    /// Resolutions of 50 to 200 ms.
    pub under_200ms: u64,
    /// Resolutions of 200 ms to 1 s.
    pub under_1s: u64,
    /// Resolutions of 1 to 3 s.
    pub under_3s: u64,
    /// Resolutions of 3 s or longer.
    pub over_3s: u64,
    /// Queries to the servers of the zone, by behaviour of the server; those without a query are left out.
    pub messages: BTreeMap<Conduct, u64>,
    /// The mean round trip to the servers, in seconds.
    pub round_trip: f64,
    /// The faults of the servers. Without faults: how many resolutions failed, or how fast the servers are.
    pub verdict: String,
}

/// A row of the table of servers. The last row, "other", sums up the servers without a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerRow {
    /// The server's address, or "other".
    pub server: String,
    /// Seconds that resolverd waited for the server. The times of parallel queries are added.
    pub waited: f64,
    /// Queries to the server, by its behaviour; those without a query are left out.
    pub messages: BTreeMap<Conduct, u64>,
    /// The mean round trip of answered queries, in seconds.
    pub round_trip: f64,
    /// The longest round trip of an answered query, in seconds.
    pub round_trip_max: f64,
    /// Answered queries of 1 s or longer.
    #[serde(default)]
    pub late: u64,
    /// The faults of the server, or how fast it is.
    pub verdict: String,
}

/// How long a server takes to reply, in a period and now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServerPace {
    /// The server's address.
    pub server: IpAddr,
    /// The number of replies in the period.
    pub replies: u64,
    /// The mean round trip of the period, in seconds.
    pub round_trip: f64,
    /// The mean round trip of the last few replies, in seconds.
    pub recent: f64,
    /// The time since the last reply.
    pub ago: Duration,
}

/// A row of the table of clients. The last row, "other", sums up the clients without a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientRow {
    /// The client's address, or "other".
    pub client: String,
    /// Its questions in the window.
    pub questions: u64,
    /// Questions answered from the cache.
    pub cache: u64,
    /// Questions that ended in SERVFAIL.
    pub failed: u64,
    /// Failed questions that were rejected at once, because resolverd had no room for a further question, or because other clients needed
    /// the room.
    #[serde(default)]
    pub shed: u64,
    /// Seconds that the client waited. The times of parallel questions are added.
    pub waited: f64,
}

/// A row of the table of local users: questions that the cache did not answer, scaled up from a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserRow {
    /// The user, "unknown", or "other" for all users without a row.
    pub user: String,
    /// Questions of the user's programs.
    pub questions: u64,
    /// Questions that ended in SERVFAIL.
    pub failed: u64,
    /// Seconds that the user waited. The times of parallel questions are added.
    pub waited: f64,
}

/// A zone or a client, with the number of its questions that resolverd rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShedRow {
    /// The zone, the client's address, or "other" for all without a row.
    pub name: String,
    /// Questions that were rejected because of overload.
    pub shed: u64,
}

/// A row of the table of record types. The last row, "other", counts the types without a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeRow {
    /// The type, or "other" for rare types.
    #[serde(rename = "type")]
    pub kind: String,
    /// Questions for this type.
    pub questions: u64,
    /// Questions answered from the cache.
    pub cache: u64,
    /// Questions that ended in SERVFAIL.
    pub failed: u64,
}

/// The current problems of resolverd, as the log has reported them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Troubles {
    /// How long no server on the internet has answered; none if the network of this host is not down.
    pub down: Option<Duration>,
    /// The packet loss in the network of this host; none if it loses few packets.
    pub lossy: Option<LossReport>,
    /// For how long TCP port 53 of other hosts has been blocked on the path from this host; none if it is not.
    pub without_tcp: Option<Duration>,
    /// For how long servers have answered over IPv4 but not over IPv6; none if IPv6 works or is not used.
    pub without_ipv6: Option<Duration>,
    /// How far the clock of this host was set in the last day; none if it was not, or was set back to the right time.
    pub clock_jump: Option<ClockJump>,
    /// Why failed and slow queries are not written to disk now; none if they are.
    pub unkept: Option<String>,
    /// The failing zones, the longest failure first.
    pub zones: Vec<FailingZone>,
    /// The zones whose failure has ended recently.
    pub ended: Vec<String>,
}

/// A change of the clock of this host that is no correction of its drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockJump {
    /// How long ago the clock was first set.
    pub ago: Duration,
    /// The change.
    pub by: Duration,
    /// True if the clock was set back.
    pub back: bool,
}

impl fmt::Display for ClockJump {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.back { "back" } else { "forward" };
        write!(formatter, "clock of this host was set {to} by {}", TimeSpan(self.by))
    }
}

/// The packet loss in the network of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossReport {
    /// Since the loss began.
    pub span: Duration,
    /// The unanswered part of the queries, in percent.
    pub percent: u32,
    /// The number of networks with unanswered queries.
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
    /// Its name.
    pub zone: String,
    /// From the first failed question to the last one.
    pub span: Duration,
    /// Since the last failed question.
    pub ago: Duration,
    /// The number of questions that failed in `span`.
    pub failures: u32,
    /// True if servers denied some names without authority, instead of failing.
    pub doubted: bool,
    /// True if the operator configured its servers.
    pub configured: bool,
    /// Why the last failed question failed, as a sentence.
    pub why: String,
    /// The servers as text, if all were silent; otherwise empty.
    pub silent: String,
    /// The `resolverctl` command that shows more.
    pub next: String,
}

/// The failed questions of a zone or a DNS list in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneFailures {
    /// The zone, or the apex of the DNS list.
    pub zone: String,
    /// The number of failed questions.
    pub failed: u64,
    /// False for the root zone and top-level domains: the zones below them belong to many owners.
    pub is_owned: bool,
}

/// The failed questions of `StatsReport::failures`, by the zone whose servers failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailuresByZone {
    /// The zone or DNS list with most failures is first.
    pub zones: Vec<ZoneFailures>,
    /// Failed questions without a known zone: resolverd was overloaded, the question was overwritten in the history before it was read, or
    /// there were too many zones.
    pub others: u64,
}

impl FailuresByZone {
    /// Returns the number of all failed questions.
    pub fn sum(&self) -> u64 {
        self.zones.iter().map(|zone| zone.failed).fold(self.others, u64::saturating_add)
    }
}

impl ZoneRow {
    pub(crate) fn new(zone: String, tally: &ZoneTally) -> Self {
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
    pub(crate) fn new(server: String, messages: &Messages) -> Self {
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
    pub(crate) fn new(client: String, tally: &ClientTally) -> Self {
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

const WELL: &str = "ok";

/// Returns true if this verdict reports a fault.
pub fn blames(verdict: &str) -> bool {
    !verdict.starts_with(WELL) && verdict != NOT_ASKED
}

const NOT_ASKED: &str = "not queried";

/// In a verdict: the answers are not what the owner of the zone signed.
const BOGUS: &str = "bogus";

/// Servers are slow if their mean round trip is at least this time. A packet takes about 300 ms halfway around the world and back.
const SLOW: Duration = Duration::from_millis(300);

/// Returns the faults with the number of queries of each, the most frequent first: "12 timeout, 1 REFUSED, 1 ok". Without faults, returns
/// how fast the servers are.
fn verdict(messages: &Messages) -> String {
    faults(messages).unwrap_or_else(|| speed(messages))
}

/// Returns the faults of the servers; else how many resolutions failed; else how fast the servers are. Resolutions may fail without a
/// fault: the names of the servers have no address, or aliases lead in a circle.
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
    // A bogus answer is counted later than its query, which may be in the minute before the window. So there may be more bogus answers than
    // queries.
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
    // The table shows this text next to the column with the mean round trip, so the milliseconds are rounded as in that column.
    match mean.as_micros().saturating_add(500) / 1_000 {
        _ if messages.total() == 0 => NOT_ASKED.to_owned(),
        0 => format!("{word}: mean round trip < 1 ms"),
        millis => format!("{word}: mean round trip {millis} ms"),
    }
}

/// The counters since the start, for a metrics exporter. All are read together, so that their sums agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Scraped {
    /// The statistics since the start.
    pub report: StatsReport,
    /// The record types in questions of clients, the type with most questions first.
    pub types: Vec<TypeRow>,
    /// The times of questions, by outcome.
    pub latency: Vec<(Outcome, Distribution)>,
    /// The statistics of the window by which the health of resolverd is judged.
    pub judged: StatsReport,
}

impl StatsReport {
    /// Returns the number of failed questions by which health is judged. Rejected questions have a warning of their own, and questions that
    /// failed by a crash are in the log, so neither counts.
    pub fn failures(&self) -> u64 {
        let judged = self.outcomes.iter().filter(|(outcome, _)| is_judged_failure(**outcome));
        judged.map(|(_, count)| count).sum()
    }
}
