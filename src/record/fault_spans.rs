//! The last periods of a fault of this host that have ended.

use std::collections::VecDeque;

use crate::limits::MAX_FAULT_SPANS;
use dns::clock::Mono;

/// Start and end of each period, the earliest first: at most `MAX_FAULT_SPANS`.
#[derive(Debug, Default)]
pub(crate) struct FaultSpans(VecDeque<(Mono, Mono)>);

impl FaultSpans {
    pub(crate) fn add(&mut self, since: Mono, until: Mono) {
        if self.0.len() >= MAX_FAULT_SPANS {
            self.0.pop_front();
        }
        self.0.push_back((since, until));
    }

    /// Returns when the last period ended.
    pub(crate) fn last_end(&self) -> Option<Mono> {
        self.0.back().map(|(_, until)| *until)
    }

    /// Returns the periods, and the one that continues since `current` as one that ends at `now`.
    pub(crate) fn with(&self, current: Option<Mono>, now: Mono) -> Vec<(Mono, Mono)> {
        self.0.iter().copied().chain(current.map(|since| (since, now))).collect()
    }
}
