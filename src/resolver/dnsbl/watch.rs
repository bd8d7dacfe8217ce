//! The breaker, quota and tests of one list.
//!
//! One lock holds all of it; no code waits while holding it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::batch::BatchStanding;
use super::breaker::{Breaker, EndedQuery, Judgement, ListQueryEnd, OpenReason};
use super::health::{ListHealth, TestResult, Tested};
use super::network_answers::NetworkAnswers;
use super::quota::Quota;
use crate::limits::{MAX_PROBE_TIME, PROBE_WHILE_WANTED, PROBES_OF_IDLE_TIME};
use dns::clock::{Mono, Now};
use dns::question::ViewId;

/// The state of one list.
#[derive(Debug)]
pub struct ListWatch {
    state: Mutex<ListWatchState>,
    open: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct ListWatchState {
    breaker: Breaker,
    health: ListHealth,
    quota: Quota,
    /// The number of queries a day that the operator allows.
    most: Option<u64>,
    /// When a client last asked, and in which view.
    wanted: Option<(Mono, ViewId)>,
    /// How long negative answers may be kept.
    negative_ttl: Option<Duration>,
}

/// The result of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListOutcome {
    /// How it ended.
    pub end: ListQueryEnd,
    /// How long it took.
    pub elapsed: Duration,
    /// The round trip of the answered message; none if none was.
    pub round_trip: Option<Duration>,
    /// Whether messages were sent for it.
    pub(crate) went_out: bool,
    /// Whether the answer is a refusal, or comes from a new owner of the zone.
    pub refused: bool,
    /// Whether it was a probe or a test: a name that a working list answers.
    pub probe: bool,
    /// How long its negative answer may be kept, if it is one.
    pub negative_ttl: Option<Duration>,
}

/// The changes by a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The breaker has closed.
    pub closed: bool,
    /// The quota's warning is due: questions of today, and the quota.
    pub warning: Option<(u64, u64)>,
}

/// The steps that are due for a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueOfList {
    /// The judgement of its silence.
    pub(crate) judgement: Judgement,
    /// A probe must be sent now.
    pub probe: bool,
    /// A test must be made now.
    pub test: bool,
    /// The operator has asked for the test.
    pub(crate) insists: bool,
    /// The view to ask in.
    pub view: ViewId,
    /// When to look again, at the latest.
    pub next: Option<Mono>,
}

/// A question to a list that has not ended yet. If it is dropped, it counts as given up, which shows nothing about the list.
#[derive(Debug)]
pub struct ListQuery<'a> {
    watch: Option<&'a ListWatch>,
}

impl ListQuery<'_> {
    /// It has ended: `ListWatch::ended` gets the result.
    pub fn ended(mut self) {
        self.watch = None;
    }
}

impl Drop for ListQuery<'_> {
    fn drop(&mut self) {
        if let Some(watch) = self.watch {
            watch.state().breaker.withdrawn();
        }
    }
}

impl Default for ListWatch {
    fn default() -> Self {
        Self { state: Mutex::default(), open: watch::Sender::new(false) }
    }
}

impl ListWatch {
    /// Returns why and since when its breaker is open, or `None` if it is closed.
    pub fn open(&self) -> Option<(OpenReason, Mono)> {
        if *self.open.borrow() { self.state().breaker.open() } else { None }
    }

    /// Returns when the breaker is open.
    pub async fn opened(&self) {
        // This cannot fail, because `self` holds the sender.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }

    /// Records that a client of `view` asks, and that `most` queries a day are allowed. Returns true if the task that looks after the
    /// lists is needed now.
    pub fn wanted(&self, view: ViewId, most: Option<u64>, now: Mono) -> bool {
        let mut state = self.state();
        let long_ago = |wanted: &(Mono, ViewId)| now.since(wanted.0) >= PROBE_WHILE_WANTED;
        let anew = state.wanted.as_ref().is_none_or(long_ago);
        let idle = state.wanted.map_or(Duration::ZERO, |(last, _)| now.since(last));
        let is_late = state.breaker.open().is_some() && idle / PROBES_OF_IDLE_TIME > MAX_PROBE_TIME;
        state.wanted = Some((now, view));
        state.most = most;
        if anew {
            state.breaker.wanted(now);
            state.health.wanted(now);
        } else if is_late {
            state.breaker.wanted_soon(now);
        }
        anew || is_late
    }

    /// When a client last asked; none before the first.
    pub(crate) fn last_wanted(&self) -> Option<Mono> {
        self.state().wanted.map(|(wanted, _)| wanted)
    }

    /// Records that a question is sent. The returned value is dropped if the question is given up.
    pub fn asked(&self, now: Mono) -> ListQuery<'_> {
        self.state().breaker.asked(now);
        ListQuery { watch: Some(self) }
    }

    /// The result of a question.
    pub fn ended(&self, asked: &ListOutcome, now: Now) -> Changed {
        let mut state = self.state();
        if !asked.went_out {
            state.breaker.withdrawn();
            return Changed::default();
        }
        state.negative_ttl = asked.negative_ttl.or(state.negative_ttl);
        let most = state.most;
        let warn = state.quota.went_out(most, now.unix);
        let today = state.quota.of_day(now.unix).0;
        let ListOutcome { end, elapsed, round_trip, probe, .. } = *asked;
        let closed = state.breaker.ended(EndedQuery { end, elapsed, round_trip, probe }, now.mono);
        self.show(&state);
        Changed { closed, warning: most.filter(|_| warn).map(|most| (today, most)) }
    }

    /// Returns the steps that are due at `now`. They count as done if there is `room` for them.
    pub fn due(&self, evidence: NetworkAnswers, room: bool, now: Mono) -> DueOfList {
        let mut state = self.state();
        let (wanted, view) = state.wanted.unwrap_or_default();
        let is_wanted = state.wanted.is_some() && now.since(wanted) < PROBE_WHILE_WANTED;
        let judgement = state.breaker.judge(evidence, now);
        let probe = room && is_wanted && state.breaker.next_probe().is_some_and(|next| next <= now);
        if probe {
            state.breaker.probing(now, now.since(wanted));
        }
        let insists = state.health.insists();
        let is_tested = insists || (is_wanted && state.breaker.open().is_none());
        let test = room && is_tested && state.health.due().is_some_and(|due| due <= now);
        if test {
            state.health.testing(now);
        }
        self.show(&state);
        let look = match judgement {
            Judgement::Later(at) | Judgement::Witness(at) => Some(at),
            Judgement::Rest | Judgement::Opened => None,
        };
        // If there is no room, the task that makes room wakes this one.
        let probe_at = state.breaker.next_probe().filter(|_| room && is_wanted);
        let test_at = state.health.due().filter(|_| room && is_tested);
        let next = [look, probe_at, test_at].into_iter().flatten().min();
        DueOfList { judgement, probe, test, insists: test && insists, view, next }
    }

    /// A test must be made as soon as possible.
    pub(crate) fn test_now(&self, now: Mono) {
        self.state().health.test_now(now);
    }

    /// Requests a test for the operator, even if no client asks the list or the list does not answer.
    pub fn insist(&self, now: Mono) {
        self.state().health.insist(now);
    }

    /// Returns the view of the clients that ask the list, or `None` if no client asks it or it does not answer.
    pub fn answers_in(&self, now: Mono) -> Option<ViewId> {
        let state = self.state();
        let wanted = state.wanted.filter(|(wanted, _)| now.since(*wanted) < PROBE_WHILE_WANTED);
        wanted.filter(|_| state.breaker.open().is_none()).map(|(_, view)| view)
    }

    /// Returns the server that a suspicion is based on.
    pub fn avoid(&self) -> Option<std::net::IpAddr> {
        self.state().health.avoid()
    }

    /// Takes in a test.
    pub fn tested(&self, mut tested: Tested, now: Mono, toss: impl Fn(u32) -> u32) -> TestResult {
        let mut state = self.state();
        tested.usual = state.breaker.usual();
        state.health.tested(&tested, now, toss)
    }

    /// Queries that went out on the day of `unix` and on the day before, and the quota.
    pub fn quota(&self, unix: u64) -> (u64, u64, Option<u64>) {
        let state = self.state();
        let (today, yesterday) = state.quota.of_day(unix);
        (today, yesterday, state.most)
    }

    /// Returns true if so much of the quota is used on the day of `unix` that no unnecessary query should be sent.
    pub fn is_spent(&self, unix: u64) -> bool {
        let state = self.state();
        state.most.is_some_and(|most| state.quota.is_spent(most, unix))
    }

    /// Counts a query of a trace that skips the cache, without changing the rest of this state. Returns false if the query must not be
    /// sent, because so much of the quota `most` is used on the day of `unix` that no unnecessary query should be sent.
    pub(crate) fn takes_aside(&self, most: Option<u64>, unix: u64) -> bool {
        let mut state = self.state();
        let may = most.is_none_or(|most| !state.quota.is_spent(most, unix));
        if may {
            state.quota.went_out_aside(unix);
        }
        may
    }

    /// The counters for the kept file.
    pub fn counted(&self) -> Quota {
        self.state().quota
    }

    /// Continues from the kept counters.
    pub fn restore(&self, quota: Quota) {
        self.state().quota = quota;
    }

    /// The state for batches.
    pub(crate) fn for_batch(&self, unix: u64) -> BatchStanding {
        let state = self.state();
        let near = state.most.is_some_and(|most| state.quota.is_spent(most, unix));
        BatchStanding {
            ready: state.breaker.open().is_none() && !near,
            usual: state.breaker.usual(),
            negative_ttl: state.negative_ttl,
        }
    }

    /// Informs all waiters if the breaker has changed.
    fn show(&self, state: &ListWatchState) {
        let open = state.breaker.open().is_some();
        self.open.send_if_modified(|shown| std::mem::replace(shown, open) != open);
    }

    /// The state is valid even if a holder of the lock has panicked, because every change is one assignment.
    fn state(&self) -> MutexGuard<'_, ListWatchState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{BREAKER_MAX_PATIENCE, FIRST_PROBE_TIME};

    fn at(millis: u64) -> Now {
        Now { mono: Mono::from_micros(millis * 1000), unix: millis / 1000 }
    }

    fn answered() -> ListOutcome {
        ListOutcome {
            end: ListQueryEnd::Answered,
            elapsed: Duration::from_millis(20),
            round_trip: Some(Duration::from_millis(20)),
            went_out: true,
            refused: false,
            probe: false,
            negative_ttl: None,
        }
    }

    #[test]
    fn a_list_is_tested_once_it_is_wanted_and_probed_while_it_is() {
        let watch = ListWatch::default();
        let quiet = NetworkAnswers::default();
        assert_eq!(watch.due(quiet, true, at(0).mono).next, None);
        assert!(watch.wanted(ViewId::default(), None, at(10).mono));
        assert!(!watch.wanted(ViewId::default(), None, at(20).mono));
        let due = watch.due(quiet, true, at(20).mono);
        assert!(due.test && !due.probe);
        assert!(!watch.due(quiet, true, at(21).mono).test, "it is under way");
        watch.asked(at(30).mono).ended();
        let late = at(30).mono.after(BREAKER_MAX_PATIENCE);
        let up = NetworkAnswers { last: Some(late), streak: Mono::START };
        assert_eq!(watch.due(up, true, late).judgement, Judgement::Opened);
        assert!(watch.open().is_some());
        assert!(watch.due(up, true, late.after(FIRST_PROBE_TIME)).probe);
        let unwanted = late.after(PROBE_WHILE_WANTED);
        assert_eq!(watch.due(up, true, unwanted).next, None);
        assert!(watch.wanted(ViewId::default(), None, unwanted));
        assert!(watch.due(up, true, unwanted).probe);
        let changed = watch.ended(&answered(), at(2_000_000));
        assert!(changed.closed);
        assert_eq!(watch.open(), None);
    }

    #[test]
    fn a_list_is_probed_less_while_no_client_asks_and_at_once_when_one_does() {
        let watch = ListWatch::default();
        watch.wanted(ViewId::default(), None, at(0).mono);
        watch.asked(at(0).mono).ended();
        let late = at(0).mono.after(BREAKER_MAX_PATIENCE);
        let up = |now| NetworkAnswers { last: Some(now), streak: Mono::START };
        assert_eq!(watch.due(up(late), true, late).judgement, Judgement::Opened);
        let probes = |from: u64, to: u64| {
            let is_probed =
                |second: &u64| watch.due(up(at(second * 1_000).mono), true, at(second * 1_000).mono).probe;
            (from..to).filter(is_probed).count()
        };
        let (first, last) = (probes(4, 60), probes(60, 599));
        assert!((8..=12).contains(&first) && (8..=12).contains(&last), "{first} {last}");
        let now = at(599_000).mono;
        assert!(!watch.due(up(now), true, now).probe);
        assert!(watch.wanted(ViewId::default(), None, now), "the task is woken");
        assert!(watch.due(up(now), true, now).probe);
        assert!(!watch.wanted(ViewId::default(), None, now));
    }

    #[test]
    fn a_test_waits_for_room_and_the_operator_waits_for_nobody() {
        let (watch, quiet) = (ListWatch::default(), NetworkAnswers::default());
        watch.insist(at(10).mono);
        let full = watch.due(quiet, false, at(10).mono);
        assert_eq!((full.test, full.next), (false, None));
        let due = watch.due(quiet, true, at(20).mono);
        assert!(due.test && due.insists, "nobody has asked it yet");
        assert!(!watch.due(quiet, true, at(21).mono).test, "it is under way");
        let later = at(21).mono.after(Duration::from_secs(86_400));
        assert!(!watch.due(quiet, true, later).test, "once");
    }

    #[test]
    fn what_memory_answers_costs_nothing_and_a_quota_ends_asking_ahead() {
        let watch = ListWatch::default();
        watch.wanted(ViewId::default(), Some(10), at(0).mono);
        watch.asked(at(0).mono).ended();
        watch.ended(&ListOutcome { went_out: false, ..answered() }, at(1));
        assert_eq!(watch.quota(0), (0, 0, Some(10)));
        let mut warnings = Vec::new();
        for _ in 0..9 {
            assert!(watch.for_batch(0).ready || !warnings.is_empty());
            watch.asked(at(1).mono).ended();
            warnings.extend(watch.ended(&answered(), at(1)).warning);
        }
        assert_eq!(warnings, [(8, 10)]);
        assert!(!watch.for_batch(0).ready);
    }
}
