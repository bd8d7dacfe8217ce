//! The counters in a row of the tables of zones, servers and clients, and the rows of the table of record types.

use std::collections::BTreeMap;
use std::time::Duration;

use hickory_proto::rr::RecordType;

use crate::event::{Ended, FlightEnded, Sent};
use crate::table::Tally;
use dns::clock::{Mono, micros};
use dns::conduct::Conduct;
use dns::question::Outcome;

pub(crate) const CONDUCTS: usize = Conduct::ALL.len();

/// The upper limits of the columns in the table of slow zones, similar to those of `qshape` (Postfix). The last column has no limit.
pub(crate) const COLUMNS: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(200), LATE, Duration::from_secs(3)];

/// An answer of a server is late from this time on.
const LATE: Duration = Duration::from_secs(1);

fn add_each(sums: &mut [u64], others: &[u64]) {
    for (sum, other) in sums.iter_mut().zip(others) {
        *sum = sum.saturating_add(*other);
    }
}

/// Queries to servers by the behaviour of the server, and their times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Messages {
    conduct: [u64; CONDUCTS],
    round_trips_micros: u64,
    longest_micros: u64,
    late: u64,
    /// The mean round trip in which each reply has a quarter of the weight, and those before it the rest.
    recent_micros: u64,
    lost_micros: u64,
    bogus: u64,
    /// The time of the last reply, and of the last answer without an error.
    replied: Option<Mono>,
    answered: Option<Mono>,
}

impl Messages {
    pub(crate) fn count(&mut self, sent: &Sent) {
        if let Some(count) = self.conduct.get_mut(sent.conduct.index()) {
            *count = count.saturating_add(1);
        }
        let elapsed = micros(sent.elapsed);
        if sent.conduct.came_back() {
            let before = if self.round_trips_micros == 0 { elapsed } else { self.recent_micros };
            self.recent_micros = before.saturating_mul(3).saturating_add(elapsed) / 4;
            self.round_trips_micros = self.round_trips_micros.saturating_add(elapsed);
            self.longest_micros = self.longest_micros.max(elapsed);
            self.late = self.late.saturating_add(u64::from(sent.elapsed >= LATE));
        } else {
            self.lost_micros = self.lost_micros.saturating_add(elapsed);
        }
    }

    /// Records that a query ended `now`, if the reply was no late one.
    pub(crate) fn note_time(&mut self, sent: &Sent, now: Mono) {
        if sent.came_in_time() {
            self.replied = Some(now);
            self.answered = if sent.conduct == Conduct::Answered { Some(now) } else { self.answered };
        }
    }

    pub(crate) const fn replied(&self) -> Option<Mono> {
        self.replied
    }

    pub(crate) const fn answered(&self) -> Option<Mono> {
        self.answered
    }

    /// Counts that an answer was bogus. Its query is already counted.
    pub(crate) fn count_bogus(&mut self) {
        self.bogus = self.bogus.saturating_add(1);
    }

    pub(crate) const fn bogus(&self) -> u64 {
        self.bogus
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if other.replied >= self.replied {
            self.recent_micros = other.recent_micros;
        }
        add_each(&mut self.conduct, &other.conduct);
        self.round_trips_micros = self.round_trips_micros.saturating_add(other.round_trips_micros);
        self.longest_micros = self.longest_micros.max(other.longest_micros);
        self.late = self.late.saturating_add(other.late);
        self.lost_micros = self.lost_micros.saturating_add(other.lost_micros);
        self.bogus = self.bogus.saturating_add(other.bogus);
        self.replied = self.replied.max(other.replied);
        self.answered = self.answered.max(other.answered);
    }

    pub(crate) const fn late(&self) -> u64 {
        self.late
    }

    pub(crate) fn total(&self) -> u64 {
        self.conduct.iter().sum()
    }

    /// Returns the number of queries by behaviour. Behaviours without a query are left out.
    pub(crate) fn by_conduct(&self) -> BTreeMap<Conduct, u64> {
        Conduct::ALL.into_iter().zip(self.conduct).filter(|(_, count)| *count > 0).collect()
    }

    /// Returns the mean round trip of all answered queries, or zero if there are none.
    pub(crate) fn mean_round_trip(&self) -> Duration {
        Duration::from_micros(self.round_trips_micros.checked_div(self.came_back()).unwrap_or(0))
    }

    /// Returns the number of replies.
    pub(crate) fn came_back(&self) -> u64 {
        let came_back = Conduct::ALL.into_iter().zip(self.conduct).filter(|(conduct, _)| conduct.came_back());
        came_back.map(|(_, count)| count).sum()
    }

    /// Returns the mean round trip of the last replies.
    pub(crate) const fn recent_round_trip(&self) -> Duration {
        Duration::from_micros(self.recent_micros)
    }

    pub(crate) const fn longest_round_trip(&self) -> Duration {
        Duration::from_micros(self.longest_micros)
    }

    /// Returns the total time that resolverd waited, including unanswered queries.
    pub(crate) const fn waited(&self) -> Duration {
        Duration::from_micros(self.round_trips_micros.saturating_add(self.lost_micros))
    }
}

impl Tally for Messages {
    fn add(&mut self, other: &Self) {
        Self::add(self, other);
    }

    fn weight(&self) -> u64 {
        micros(self.waited())
    }
}

/// The counters of a zone: resolutions (flights) in which it was the deepest zone whose servers were queried, and queries to its servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ZoneTally {
    pub(crate) flights: u64,
    pub(crate) failed: u64,
    pub(crate) flight_micros: u64,
    pub(crate) columns: [u64; COLUMNS.len() + 1],
    /// Questions that were rejected, because too many for this zone were already waiting.
    pub(crate) shed: u64,
    pub(crate) messages: Messages,
}

impl ZoneTally {
    pub(crate) fn count_flight(&mut self, ended: &FlightEnded<'_>) {
        self.flights = self.flights.saturating_add(1);
        self.failed = self.failed.saturating_add(u64::from(ended.failed.is_some()));
        self.flight_micros = self.flight_micros.saturating_add(micros(ended.elapsed));
        let column = COLUMNS.iter().position(|end| ended.elapsed < *end).unwrap_or(COLUMNS.len());
        if let Some(count) = self.columns.get_mut(column) {
            *count = count.saturating_add(1);
        }
    }

    pub(crate) fn count_shed(&mut self) {
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

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FailureTally(pub(crate) u64);

impl Tally for FailureTally {
    fn add(&mut self, other: &Self) {
        self.0 = self.0.saturating_add(other.0);
    }

    fn weight(&self) -> u64 {
        self.0
    }
}

/// Returns true if a question with this outcome counts as a failure when the health of resolverd is judged.
pub const fn is_judged_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Remembered | Outcome::Deadline)
}

/// Failed questions: all, and those by which the health of resolverd is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureCount {
    /// Failed questions.
    pub all: u64,
    /// See `is_judged_failure`.
    pub judged: u64,
}

impl FailureCount {
    pub(crate) fn count(&mut self, outcome: Outcome) {
        self.all = self.all.saturating_add(u64::from(outcome.is_failure()));
        self.judged = self.judged.saturating_add(u64::from(is_judged_failure(outcome)));
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self { all: self.all.saturating_sub(other.all), judged: self.judged.saturating_sub(other.judged) }
    }

    /// Compares each number separately, and returns the greater ones.
    pub(crate) fn max(self, other: Self) -> Self {
        Self { all: self.all.max(other.all), judged: self.judged.max(other.judged) }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientTally {
    pub(crate) questions: u64,
    /// Questions answered from the cache.
    pub(crate) cache: u64,
    /// Questions that got SERVFAIL.
    pub(crate) failed: u64,
    /// Failed questions that were rejected at once.
    pub(crate) shed: u64,
    pub(crate) waited_micros: u64,
}

impl ClientTally {
    /// Counts `count` questions that ended in the same way. Runs for each cache hit, so it changes the fields directly, instead of adding a
    /// second `ClientTally`.
    pub(crate) fn count(&mut self, ended: &Ended, count: u64) {
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

/// Types with a row of their own: those that mail gateways ask for, and some that only other programs ask for.
const NAMED: [RecordType; 17] = {
    use RecordType::{
        A, AAAA, ANY, CAA, CNAME, DNSKEY, DS, HTTPS, MX, NAPTR, NS, PTR, SOA, SRV, SVCB, TLSA, TXT,
    };
    [A, AAAA, MX, TXT, PTR, NS, SOA, CNAME, SRV, TLSA, DS, DNSKEY, HTTPS, SVCB, CAA, NAPTR, ANY]
};

/// The last row of a table, which counts everything without a row.
pub const OTHER: &str = "other";

pub(crate) const TYPES: usize = NAMED.len() + 1;

/// Returns the index of a type in the table of types; the last one is "other".
pub(crate) fn type_place(kind: RecordType) -> usize {
    NAMED.iter().position(|named| *named == kind).unwrap_or(NAMED.len())
}

/// The reverse of `type_place`, as text.
pub(crate) fn type_title(place: usize) -> String {
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
