//! The reports of the record: plain data, spelled alike in JSON and on the screens of `resolverctl`. Times are in
//! seconds.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::counters::Counts;
use super::histogram::{Distribution, Quantiles};
use super::tally::{ClientTally, Messages, ZoneTally, is_judged_failure};
use super::window::Window;
use dns::conduct::Conduct;
use dns::question::{Apart, Outcome};
use validate::verdict::SecurityStatus;

/// The statistics of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatsReport {
    /// The window.
    pub window: Window,
    /// Seconds that it really covers: fewer if the daemon is younger.
    pub seconds: f64,
    /// Seconds since the daemon started.
    pub uptime: f64,
    /// Questions that ended.
    pub questions: u64,
    /// Questions that ended, by outcome; they add up to `questions`.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// DNS messages to the listener that were no question, or no new one.
    pub apart: BTreeMap<Apart, u64>,
    /// From the arrival of a question to its reply.
    pub latency: Quantiles,
    /// Queries to servers.
    pub upstream: UpstreamReport,
}

/// Queries to servers in a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpstreamReport {
    /// Queries sent, by conduct of the server.
    pub messages: BTreeMap<Conduct, u64>,
    /// Counters of the way to servers, each under its name.
    #[serde(flatten)]
    pub counts: Counts,
    /// Seconds waited for servers, all queries together; if several queries wait at the same time, each is counted.
    pub waited: f64,
    /// Round trips of queries that got a reply.
    pub round_trip: Quantiles,
    /// The times of flights.
    pub flights: Quantiles,
    /// Validated flights, by result.
    pub validated: BTreeMap<SecurityStatus, u64>,
}

/// A zone, or "other".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneRow {
    /// The zone.
    pub zone: String,
    /// Flights whose deepest zone it was.
    pub flights: u64,
    /// Flights that ended in failure.
    pub failed: u64,
    /// Its questions that were turned away, because others needed the room.
    #[serde(default)]
    pub shed: u64,
    /// Seconds that its flights took together.
    pub spent: f64,
    /// Flights that took less than 50 ms.
    pub under_50ms: u64,
    /// Flights that took 50 to 200 ms.
    pub under_200ms: u64,
    /// Flights that took 200 ms to 1 s.
    pub under_1s: u64,
    /// Flights that took 1 to 3 s.
    pub under_3s: u64,
    /// Flights that took 3 s or longer.
    pub over_3s: u64,
    /// Queries to its servers by conduct; zeros left out.
    pub messages: BTreeMap<Conduct, u64>,
    /// Average round trip to its servers, in seconds.
    pub round_trip: f64,
    /// The faults of its servers, in words; if there are none, how many flights failed, otherwise how fast the
    /// servers are.
    pub verdict: String,
}

/// A server, or "other".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerRow {
    /// Its address.
    pub server: String,
    /// Seconds waited for it, all queries together.
    pub waited: f64,
    /// Queries to it by conduct; zeros left out.
    pub messages: BTreeMap<Conduct, u64>,
    /// Average round trip, in seconds.
    pub round_trip: f64,
    /// Longest round trip, in seconds.
    pub round_trip_max: f64,
    /// Its faults, in words; if there are none, whether it is slow or fine.
    pub verdict: String,
}

/// A client, or "other".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientRow {
    /// Its address.
    pub client: String,
    /// Questions it asked.
    pub questions: u64,
    /// Questions answered from memory.
    pub cache: u64,
    /// Questions that ended in SERVFAIL.
    pub failed: u64,
    /// Failed questions that were turned away at once, because there was no room or others needed it.
    #[serde(default)]
    pub shed: u64,
    /// Seconds it waited, all questions together.
    pub waited: f64,
}

/// Questions that were turned away, of a zone or a client, or of "other".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShedRow {
    /// The zone or the client.
    pub name: String,
    /// Their number.
    pub shed: u64,
}

/// A type, or "other".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TypeRow {
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Questions for it.
    pub questions: u64,
    /// Questions answered from memory.
    pub cache: u64,
    /// Questions that ended in SERVFAIL.
    pub failed: u64,
}

/// Current troubles, as the log has reported them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Troubles {
    /// How long no server on the internet has answered, if our own network is down.
    pub down: Option<Duration>,
    /// Why failed and slow queries are not written to disk at present; none if they are.
    pub unkept: Option<String>,
    /// The zones that fail, the longest first.
    pub zones: Vec<FailingZone>,
}

/// A zone that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingZone {
    /// The zone.
    pub zone: String,
    /// Time from the first question that failed to the last one.
    pub span: Duration,
    /// Time since the last one.
    pub ago: Duration,
    /// The number of failed questions.
    pub failures: u32,
    /// Whether some of them were denied without authority instead.
    pub doubted: bool,
    /// Why the last one failed.
    pub why: String,
    /// The command that shows the steps.
    pub trace: String,
}

/// The failed questions of a zone or a DNS list in a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneFailures {
    /// The zone, or the apex of the list.
    pub zone: String,
    /// Its questions that failed.
    pub failed: u64,
    /// Whether it has one owner: not the root and no top-level domain, which stand above the zones of many.
    pub is_owned: bool,
}

/// The failed questions of a window by the zone at whose servers they failed. They are those of `JudgedCounts::failures`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailuresByZone {
    /// The zones and the lists, most failures first.
    pub zones: Vec<ZoneFailures>,
    /// Failures of no zone that is known: they had waited for this resolver for most of their time, they were overwritten before they were
    /// read, or there were too many zones.
    pub others: u64,
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

/// The begin of a verdict without a fault.
const WELL: &str = "ok";

/// Whether a verdict names a fault.
pub fn blames(verdict: &str) -> bool {
    !verdict.starts_with(WELL) && verdict != NOT_ASKED
}

/// The verdict on servers that were not asked.
const NOT_ASKED: &str = "not queried";

/// The word for an answer that is not what the zone's owner signed.
const BOGUS: &str = "bogus";

/// A round trip from here on is called slow: half of the way around the world and back takes about 300 ms.
const SLOW: Duration = Duration::from_millis(300);

/// The faults of servers, most frequent first, with their counts: "12 timeout, 1 REFUSED, 1 ok". If there are none,
/// how fast the servers are.
fn verdict(messages: &Messages) -> String {
    faults(messages).unwrap_or_else(|| speed(messages))
}

/// Like `verdict`, for a zone. Flights may fail though each query was answered correctly: the names of its servers lead
/// nowhere, or its answers lead in a circle.
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
    // A bogus answer may have come in the minute before.
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
    // Rounded, as the column next to it.
    match mean.as_micros().saturating_add(500) / 1_000 {
        _ if messages.total() == 0 => NOT_ASKED.to_owned(),
        0 => format!("{word}: mean round trip < 1 ms"),
        millis => format!("{word}: mean round trip {millis} ms"),
    }
}

/// The counts since the start, read together: all sums agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Scraped {
    /// The statistics.
    pub report: StatsReport,
    /// The types that were asked, most questions first.
    pub types: Vec<TypeRow>,
    /// The times of the questions of each outcome.
    pub latency: Vec<(Outcome, Distribution)>,
    /// The counts of the window by which the health is judged.
    pub judged: JudgedCounts,
}

/// The counts of a window by which the health of the daemon is judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JudgedCounts {
    /// See `StatsReport::seconds`.
    pub seconds: f64,
    /// See `StatsReport::uptime`.
    pub uptime: f64,
    /// See `StatsReport::questions`.
    pub questions: u64,
    /// See `StatsReport::outcomes`.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// See `UpstreamReport::messages`.
    pub messages: BTreeMap<Conduct, u64>,
}

impl JudgedCounts {
    /// The failed questions by which the health is judged. Those that were turned away are not among them, because they have a warning
    /// of their own, nor those of a crash, which is in the log.
    pub fn failures(&self) -> u64 {
        let judged = self.outcomes.iter().filter(|(outcome, _)| is_judged_failure(**outcome));
        judged.map(|(_, count)| count).sum()
    }
}
