//! The windows of the statistics, which are periods such as the last five minutes, and the snapshots from which they are computed.
//!
//! The statistics of a window are the difference between two snapshots of the counters, so reading them changes no counter.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits;
use dns::clock::Mono;

const MINUTE: u64 = 60;

/// The period that the statistics cover. JSON and the command line use the same words for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub enum Window {
    /// The last minute.
    #[serde(rename = "1m")]
    #[value(name = "1m")]
    Minute,
    /// The last five minutes.
    #[default]
    #[serde(rename = "5m")]
    #[value(name = "5m")]
    FiveMinutes,
    /// The last hour.
    #[serde(rename = "1h")]
    #[value(name = "1h")]
    Hour,
    /// Since the daemon started.
    #[serde(rename = "start")]
    #[value(name = "start")]
    Start,
}

impl Window {
    /// Returns `None` for the window since the start.
    pub const fn length(self) -> Option<Duration> {
        match self.minutes() {
            Some(minutes) => Some(Duration::from_secs(minutes as u64 * MINUTE)),
            None => None,
        }
    }

    /// Returns `None` for the window since the start.
    pub(crate) const fn minutes(self) -> Option<usize> {
        match self {
            Self::Minute => Some(1),
            Self::FiveMinutes => Some(5),
            Self::Hour => Some(60),
            Self::Start => None,
        }
    }
}

type TimedSnapshot<State> = (Mono, Arc<State>);

/// Snapshots of the counters: one every `SNAPSHOT_INTERVAL` for five minutes, and one every minute for an hour.
#[derive(Debug)]
pub(crate) struct Snapshots<State> {
    started: Mono,
    dense: VecDeque<TimedSnapshot<State>>,
    minutes: VecDeque<TimedSnapshot<State>>,
}

impl<State: Default> Snapshots<State> {
    /// `started`: when the process started, with all counters zero.
    pub(crate) fn new(started: Mono) -> Self {
        Self { started, dense: VecDeque::new(), minutes: VecDeque::new() }
    }

    /// Adds a snapshot to those of the last five minutes. If the last snapshot in `minutes` is at least a minute old, also adds it to
    /// `minutes` and returns true.
    pub(crate) fn take(&mut self, now: Mono, state: State) -> bool {
        let taken = (now, Arc::new(state));
        let last = self.minutes.front().map_or(self.started, |(at, _)| *at);
        let minute_over = now.since(last) >= Duration::from_secs(MINUTE);
        if minute_over {
            self.minutes.push_front(taken.clone());
            self.minutes.truncate(limits::SNAPSHOT_MINUTES);
        }
        self.dense.push_front(taken);
        self.dense.truncate(limits::SNAPSHOTS);
        minute_over
    }

    /// Returns the counters of the snapshot nearest to the start of a window, and how long ago that was. If the process started later,
    /// returns zero counters, and the time since the start.
    pub(crate) fn begin(&self, window: Window, now: Mono) -> (Arc<State>, Duration) {
        let age = now.since(self.started);
        let Some(length) = window.length().filter(|length| *length < age) else {
            return (Arc::new(State::default()), age);
        };
        let nearest =
            self.dense.iter().chain(&self.minutes).min_by_key(|(at, _)| now.since(*at).abs_diff(length));
        nearest.map_or_else(
            || (Arc::new(State::default()), age),
            |(at, state)| (Arc::clone(state), now.since(*at)),
        )
    }

    /// Like `begin`, but the window does not begin before the first snapshot after `earliest`. Returns `None` if there is no such snapshot yet.
    pub(crate) fn begin_after(
        &self,
        window: Window,
        earliest: Mono,
        now: Mono,
    ) -> Option<(Arc<State>, Duration)> {
        let (state, ago) = self.begin(window, now);
        if now.before(ago) >= earliest {
            return Some((state, ago));
        }
        let (at, state) = self.dense.iter().rev().find(|(at, _)| *at >= earliest)?;
        Some((Arc::clone(state), now.since(*at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(seconds: u64) -> Mono {
        Mono::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn window_begins_at_nearest_snapshot() {
        let mut snapshots = Snapshots::new(Mono::START);
        for tick in 1..=720_u64 {
            snapshots.take(second(tick * 10), tick);
        }
        let now = second(7_203);
        let begin = |window| {
            let (state, ago) = snapshots.begin(window, now);
            (*state, ago.as_secs())
        };
        assert_eq!(begin(Window::Minute), (714, 63));
        assert_eq!(begin(Window::FiveMinutes), (690, 303));
        assert_eq!(begin(Window::Hour), (360, 3_603));
        assert_eq!(begin(Window::Start), (0, 7_203));
        assert_eq!(snapshots.dense.len(), limits::SNAPSHOTS);
        assert_eq!(snapshots.minutes.len(), limits::SNAPSHOT_MINUTES);
    }

    #[test]
    fn young_daemon_window_begins_at_start() {
        let mut snapshots = Snapshots::new(second(5));
        snapshots.take(second(15), 7_u64);
        assert_eq!(snapshots.begin(Window::FiveMinutes, second(20)), (Arc::new(0), Duration::from_secs(15)));
    }
}
