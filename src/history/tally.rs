//! The counters in a row of the tables of zones, servers and clients, and the rows of the table of record types.

use std::collections::BTreeMap;
use std::time::Duration;

use hickory_proto::rr::RecordType;

use super::event::{Ended, FlightEnded, Sent};
use super::table::Tally;
use dns::clock::micros;
use dns::conduct::Conduct;
use dns::question::Outcome;

/// The number of different behaviours of servers that are counted.
pub(super) const CONDUCTS: usize = Conduct::ALL.len();

/// The upper limits of the response time in each column of the table of slow zones. The columns are similar to those of `qshape`, a tool of Postfix.
/// The last column has no limit.
pub(super) const COLUMNS: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(200), LATE, Duration::from_secs(3)];

/// An answer of a server that takes this time or longer counts as late.
const LATE: Duration = Duration::from_secs(1);

/// Adds each number of `others` to the number at the same position of `sums`.
fn add_each(sums: &mut [u64], others: &[u64]) {
    for (sum, other) in sums.iter_mut().zip(others) {
        *sum = sum.saturating_add(*other);
    }
}

/// The number of queries to servers, by the behaviour of the server, and their times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Messages {
    /// How many queries had each behaviour of the server, indexed by `Conduct::index`.
    conduct: [u64; CONDUCTS],
    /// The sum of the round-trip times of answered queries, in microseconds.
    round_trips_micros: u64,
    /// The longest round-trip time of an answered query, in microseconds.
    longest_micros: u64,
    /// The number of answered queries whose answer was late (took `LATE` or longer).
    late: u64,
    /// The total time of queries that got no answer, in microseconds.
    lost_micros: u64,
    /// The number of answers that were found to be bogus.
    bogus: u64,
}

impl Messages {
    /// Counts one query to a server.
    pub(super) fn count(&mut self, sent: &Sent) {
        if let Some(count) = self.conduct.get_mut(sent.conduct.index()) {
            *count = count.saturating_add(1);
        }
        let elapsed = micros(sent.elapsed);
        if sent.conduct.came_back() {
            self.round_trips_micros = self.round_trips_micros.saturating_add(elapsed);
            self.longest_micros = self.longest_micros.max(elapsed);
            self.late = self.late.saturating_add(u64::from(sent.elapsed >= LATE));
        } else {
            self.lost_micros = self.lost_micros.saturating_add(elapsed);
        }
    }

    /// Counts that an answer was found to be bogus. Its query was counted before.
    pub(super) fn count_bogus(&mut self) {
        self.bogus = self.bogus.saturating_add(1);
    }

    /// Returns the number of answers that were found to be bogus.
    pub(super) const fn bogus(&self) -> u64 {
        self.bogus
    }

    /// Adds the counters of other queries to these counters.
    pub(super) fn add(&mut self, other: &Self) {
        add_each(&mut self.conduct, &other.conduct);
        self.round_trips_micros = self.round_trips_micros.saturating_add(other.round_trips_micros);
        self.longest_micros = self.longest_micros.max(other.longest_micros);
        self.late = self.late.saturating_add(other.late);
        self.lost_micros = self.lost_micros.saturating_add(other.lost_micros);
        self.bogus = self.bogus.saturating_add(other.bogus);
    }

    /// Returns the number of answered queries that took a second or longer.
    pub(super) const fn late(&self) -> u64 {
        self.late
    }

    /// Returns the number of all queries to servers.
    pub(super) fn total(&self) -> u64 {
        self.conduct.iter().sum()
    }

    /// Returns the number of queries for each behaviour of the server. Behaviours without a query are left out.
    pub(super) fn by_conduct(&self) -> BTreeMap<Conduct, u64> {
        Conduct::ALL.into_iter().zip(self.conduct).filter(|(_, count)| *count > 0).collect()
    }

    /// Returns the average round-trip time of all answered queries; zero if no query was answered.
    pub(super) fn mean_round_trip(&self) -> Duration {
        let answered: u64 = Conduct::ALL
            .into_iter()
            .zip(self.conduct)
            .filter(|(conduct, _)| conduct.came_back())
            .map(|(_, n)| n)
            .sum();
        Duration::from_micros(self.round_trips_micros.checked_div(answered).unwrap_or(0))
    }

    /// Returns the longest round-trip time.
    pub(super) const fn longest_round_trip(&self) -> Duration {
        Duration::from_micros(self.longest_micros)
    }

    /// Returns the total time that resolverd waited for these queries, including unanswered ones.
    pub(super) const fn waited(&self) -> Duration {
        Duration::from_micros(self.round_trips_micros.saturating_add(self.lost_micros))
    }
}

/// The counters in the row of a server are the counters of the queries to it.
impl Tally for Messages {
    fn add(&mut self, other: &Self) {
        Self::add(self, other);
    }

    fn weight(&self) -> u64 {
        micros(self.waited())
    }
}

/// The counters in the row of a zone: the resolutions (flights) in which it was the deepest zone whose servers were queried, and the queries to its
/// servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ZoneTally {
    /// The number of resolutions in which this zone was the deepest one whose servers were queried.
    pub(super) flights: u64,
    /// How many of the zone's resolutions failed.
    pub(super) failed: u64,
    /// The total time that the zone's resolutions took, in microseconds.
    pub(super) flight_micros: u64,
    /// How many of the zone's resolutions took a time in each range of the table's columns (`COLUMNS`).
    pub(super) columns: [u64; COLUMNS.len() + 1],
    /// The number of questions for the zone that were turned away, because too many questions for this zone were already waiting.
    pub(super) shed: u64,
    /// The queries to the servers of the zone.
    pub(super) messages: Messages,
}

impl ZoneTally {
    /// Counts one resolution that has ended.
    pub(super) fn count_flight(&mut self, ended: &FlightEnded<'_>) {
        self.flights = self.flights.saturating_add(1);
        self.failed = self.failed.saturating_add(u64::from(ended.failed.is_some()));
        self.flight_micros = self.flight_micros.saturating_add(micros(ended.elapsed));
        let column = COLUMNS.iter().position(|end| ended.elapsed < *end).unwrap_or(COLUMNS.len());
        if let Some(count) = self.columns.get_mut(column) {
            *count = count.saturating_add(1);
        }
    }

    /// Counts a question about the zone that was turned away because of overload.
    pub(super) fn count_shed(&mut self) {
        self.shed = self.shed.saturating_add(1);
    }
}

impl Tally for ZoneTally {
    fn add(&mut self, other: &Self) {
        self.flights = self.flights.saturating_add(other.flights);
        self.failed = self.failed.saturating_add(other.failed);
        self.flight_micros = self.flight_micros.saturating_add(other.flight_micros);
        add_each(&mut self.columns, &other.columns);
        self.shed = self.shed.saturating_add(other.shed);
        self.messages.add(&other.messages);
    }

    fn weight(&self) -> u64 {
        self.flight_micros.max(micros(self.messages.waited())).saturating_add(self.shed)
    }
}

/// The number of failed questions of a zone or a DNS list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FailureTally(pub(super) u64);

impl Tally for FailureTally {
    fn add(&mut self, other: &Self) {
        self.0 = self.0.saturating_add(other.0);
    }

    fn weight(&self) -> u64 {
        self.0
    }
}

/// Returns true if the statistics count a question with this outcome as a failure.
pub(super) const fn is_judged_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Remembered | Outcome::Deadline)
}

/// Two numbers of failed questions: the number of all, and the number of those by which the health of resolverd is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FailureCount {
    /// How many questions failed.
    pub(super) all: u64,
    /// How many of the failed questions count for the health of resolverd (see `is_judged_failure`).
    pub(super) judged: u64,
}

impl FailureCount {
    /// Adds a question to these numbers, if its outcome is a failure.
    pub(super) fn count(&mut self, outcome: Outcome) {
        self.all = self.all.saturating_add(u64::from(outcome.is_failure()));
        self.judged = self.judged.saturating_add(u64::from(is_judged_failure(outcome)));
    }

    /// Returns by how much these numbers exceed those of `other`.
    pub(super) fn without(self, other: Self) -> Self {
        Self { all: self.all.saturating_sub(other.all), judged: self.judged.saturating_sub(other.judged) }
    }

    /// Returns for each of the two numbers the greater one of `self` and `other`.
    pub(super) fn max(self, other: Self) -> Self {
        Self { all: self.all.max(other.all), judged: self.judged.max(other.judged) }
    }
}

/// The counters in the row of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientTally {
    /// The number of questions that the client asked.
    pub(super) questions: u64,
    /// How many of the client's questions were answered from the cache.
    pub(super) cache: u64,
    /// How many of the client's questions got SERVFAIL.
    pub(super) failed: u64,
    /// The number of failed questions of the client that were turned away immediately.
    pub(super) shed: u64,
    /// The total time that the client waited for replies, in microseconds.
    pub(super) waited_micros: u64,
}

impl ClientTally {
    /// Counts `count` questions that ended in the same way. The counters are updated directly, without a second `ClientTally`, because this code runs
    /// for each cache hit.
    pub(super) fn count(&mut self, ended: &Ended, count: u64) {
        let if_so = |is_so: bool| if is_so { count } else { 0 };
        self.questions = self.questions.wrapping_add(count);
        self.cache = self.cache.wrapping_add(if_so(ended.outcome == Outcome::Cache));
        self.failed = self.failed.wrapping_add(if_so(ended.outcome.is_failure()));
        self.shed = self.shed.wrapping_add(if_so(ended.outcome == Outcome::Shed));
        let micros =
            ended.elapsed.as_secs().saturating_mul(1_000_000) + u64::from(ended.elapsed.subsec_micros());
        self.waited_micros = self.waited_micros.saturating_add(micros.saturating_mul(count));
    }
}

impl Tally for ClientTally {
    fn add(&mut self, other: &Self) {
        self.questions = self.questions.saturating_add(other.questions);
        self.cache = self.cache.saturating_add(other.cache);
        self.failed = self.failed.saturating_add(other.failed);
        self.shed = self.shed.saturating_add(other.shed);
        self.waited_micros = self.waited_micros.saturating_add(other.waited_micros);
    }

    fn weight(&self) -> u64 {
        self.questions
    }
}

/// The record types that have a row of their own: those for which mail gateways ask, and some for which only other programs on the host ask.
const NAMED: [RecordType; 17] = {
    use RecordType::{
        A, AAAA, ANY, CAA, CNAME, DNSKEY, DS, HTTPS, MX, NAPTR, NS, PTR, SOA, SRV, SVCB, TLSA, TXT,
    };
    [A, AAAA, MX, TXT, PTR, NS, SOA, CNAME, SRV, TLSA, DS, DNSKEY, HTTPS, SVCB, CAA, NAPTR, ANY]
};

/// The name of the last row of a table, which counts everything without a row of its own.
pub const OTHER: &str = "other";

/// The number of rows of the table of types: one for each type in `NAMED`, and "other".
pub(super) const TYPES: usize = NAMED.len() + 1;

/// Returns the index of a record type in the table of types. The last index is that of "other".
pub(super) fn type_place(kind: RecordType) -> usize {
    NAMED.iter().position(|named| *named == kind).unwrap_or(NAMED.len())
}

/// Returns the name of the record type at an index of the table of types.
pub(super) fn type_title(place: usize) -> String {
    NAMED.get(place).map_or_else(|| OTHER.to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_place() {
        assert_eq!(type_title(type_place(RecordType::MX)), "MX");
        assert_eq!(type_title(type_place(RecordType::SSHFP)), "other");
        assert_eq!(type_place(RecordType::Unknown(65_000)), TYPES - 1);
    }
}
