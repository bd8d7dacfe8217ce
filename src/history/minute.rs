//! The counts of the time since the last call, for the store of minutes.

use std::collections::{BTreeMap, HashMap};

use super::histogram::Spread;
use super::report::UserRow;
use super::tally::ZoneTally;
use super::totals::Totals;
use super::window::Window;
use super::{Recorder, lock};
use dns::conduct::Conduct;
use dns::question::Outcome;

/// The counters at the last call, to which the next call compares them.
#[derive(Debug, Default)]
pub struct MinuteMark {
    totals: Totals,
    zones: HashMap<Vec<u8>, ZoneTally>,
    users: HashMap<String, UserRow>,
}

/// What was counted in a minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MinuteCounts {
    /// The number of questions of clients, for each outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// The number of queries to servers, for each behaviour of the server.
    pub messages: BTreeMap<Conduct, u64>,
    /// The DNS times of messages (emails): the time in which their questions were in progress.
    pub message_time: Spread,
    /// The time from the arrival of a question to its reply.
    pub latency: Spread,
    /// Round trips of queries to servers that got a reply.
    pub round_trip: Spread,
}

/// What was counted for a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneCounts {
    /// The name of the zone in wire form.
    pub zone: Vec<u8>,
    /// The number of resolutions that had this zone as their deepest zone.
    pub flights: u64,
    /// The number of resolutions that failed.
    pub failed: u64,
    /// The number of resolutions that took 1 s or longer.
    pub late: u64,
    /// The number of queries to servers without a reply in time.
    pub timeouts: u64,
    /// The total time of the resolutions, in microseconds.
    pub spent_micros: u64,
}

impl ZoneCounts {
    /// Returns the differences of the counters. A row that has lost its place in the table meanwhile begins at 0 again.
    fn since((zone, now): (Vec<u8>, &ZoneTally), earlier: Option<&ZoneTally>) -> Self {
        let nothing = ZoneTally::default();
        let earlier = earlier.filter(|earlier| earlier.flights <= now.flights).unwrap_or(&nothing);
        let late = |tally: &ZoneTally| {
            let [.., under_3s, over_3s] = tally.columns;
            under_3s.saturating_add(over_3s)
        };
        let timeouts = |tally: &ZoneTally| tally.messages.with_conduct(Conduct::Silent);
        let difference = |count: &dyn Fn(&ZoneTally) -> u64| count(now).saturating_sub(count(earlier));
        Self {
            zone,
            flights: difference(&|tally| tally.flights),
            failed: difference(&|tally| tally.failed),
            late: difference(&late),
            timeouts: difference(&timeouts),
            spent_micros: difference(&|tally| tally.flight_micros),
        }
    }
}

impl Recorder {
    /// Returns the counts since the last call with this mark.
    pub fn minute(&self, mark: &mut MinuteMark) -> MinuteCounts {
        let totals = self.totals();
        let counted = totals.since(&mark.totals);
        mark.totals = totals;
        MinuteCounts {
            outcomes: counted.outcomes(),
            messages: counted.conduct(),
            message_time: counted.message_time,
            latency: counted.latency,
            round_trip: counted.round_trip,
        }
    }

    /// Returns the counts of the zones since the last call with this mark; those whose resolutions took most time in total come first.
    pub fn minute_zones(&self, mark: &mut MinuteMark) -> Vec<ZoneCounts> {
        let (rows, _) = lock(&self.sums.zones).rows(Window::Start).in_order();
        let since = |(zone, tally): &(Vec<u8>, ZoneTally)| {
            ZoneCounts::since((zone.clone(), tally), mark.zones.get(zone))
        };
        let mut zones: Vec<ZoneCounts> =
            rows.iter().map(since).filter(|zone| zone.flights > 0 || zone.timeouts > 0).collect();
        zones.sort_by_key(|zone| std::cmp::Reverse(zone.spent_micros));
        mark.zones = rows.into_iter().collect();
        zones
    }

    /// Returns the counts of the local users since the last call with this mark, the longest total wait first.
    pub fn minute_users(&self, mark: &mut MinuteMark) -> Vec<UserRow> {
        let rows = self.by_user(Window::Start);
        let since = |row: &UserRow| {
            let earlier = mark.users.get(&row.user).filter(|earlier| earlier.questions <= row.questions);
            let (questions, failed, waited) =
                earlier.map_or((0, 0, 0.0), |earlier| (earlier.questions, earlier.failed, earlier.waited));
            UserRow {
                user: row.user.clone(),
                questions: row.questions.saturating_sub(questions),
                failed: row.failed.saturating_sub(failed),
                waited: row.waited - waited,
            }
        };
        let mut users: Vec<UserRow> = rows.iter().map(since).filter(|row| row.questions > 0).collect();
        users.sort_by(|one, other| other.waited.total_cmp(&one.waited));
        mark.users = rows.into_iter().map(|row| (row.user.clone(), row)).collect();
        users
    }
}
