//! Returns what was counted since the last call. The daemon calls this every minute, and stores the result by the module `minutes`.

use std::collections::BTreeMap;

use crate::Recorder;
use crate::histogram::Spread;
use crate::totals::Totals;
use dns::conduct::Conduct;
use dns::question::Outcome;

/// The counters at the last call of `Recorder::minute`, which returns the differences from them.
#[derive(Debug, Default)]
pub struct MinuteMark(Totals);

/// What the daemon has counted in a minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MinuteCounts {
    /// Questions of clients, by outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Queries to servers, by behaviour of the server.
    pub messages: BTreeMap<Conduct, u64>,
    /// The DNS times of emails: how long their questions were in progress.
    pub message_time: Spread,
    /// The times from the arrival of a question to its reply.
    pub latency: Spread,
    /// Round trips of queries to servers that got a reply.
    pub round_trip: Spread,
}

impl Recorder {
    /// Returns what was counted since the last call with this mark.
    pub fn minute(&self, mark: &mut MinuteMark) -> MinuteCounts {
        let totals = self.totals();
        let counted = totals.since(&mark.0);
        mark.0 = totals;
        MinuteCounts {
            outcomes: counted.outcomes(),
            messages: counted.conduct(),
            message_time: counted.message_time,
            latency: counted.latency,
            round_trip: counted.round_trip,
        }
    }
}
