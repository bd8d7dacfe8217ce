//! The breaker, the quota and the tests of one DNS list. A test is a set of queries whose answers show if the list works.
//!
//! One lock protects all three. A thread with this lock never waits for anything else.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::batch::BatchStanding;
use super::breaker::{Breaker, EndedQuery, Judgement, ListQueryEnd, OpenReason};
use super::health::{ListHealth, TestResult, Tested};
use super::network_answers::NetworkAnswers;
use super::quota::{ExceededQuota, Quota};
use crate::limits::{MAX_PROBE_TIME, PROBE_WHILE_WANTED, PROBES_OF_IDLE_TIME};
use dns::clock::{Mono, Now};
use dns::question::ViewId;

/// The state of one DNS list, behind one lock: its breaker, its quota, and the queries with which resolverd tests if the list works.
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
    /// The number of queries a day that the operator allows, or `None` if there is no quota.
    most: Option<u64>,
    /// The time at which a client last asked the DNS list, and the view of this client.
    wanted: Option<(Mono, ViewId)>,
    negative_ttl: Option<Duration>,
    tests: u64,
}

/// The result of a question to a DNS list, with the values that the breaker, the quota and the tests need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListOutcome {
    /// Says if the question was answered, failed, or got no answer.
    pub end: ListQueryEnd,
    /// The time from sending the question until its result.
    pub elapsed: Duration,
    /// The round trip of the query that was answered. `None` if no query was answered.
    pub round_trip: Option<Duration>,
    /// True if a query was sent for this question.
    pub went_out: bool,
    /// The number of queries to servers of the list, if `went_out` is true. It is 1 if only a forwarder or servers of zones above the list were
    /// asked.
    pub sent: u32,
    /// True if the question was a probe or a test of resolverd, with a name for which a working list gives an answer.
    pub probe: bool,
    /// The time for which the answer may be cached, if it is negative.
    pub negative_ttl: Option<Duration>,
}

/// What has changed because a question to a DNS list has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// True if the breaker has closed, because the list answers again.
    pub closed: bool,
    /// True if the DNS list now refuses the queries of this host.
    pub refuses: bool,
    /// If a warning about the daily quota must be logged: the number of queries today, and the quota.
    pub warning: Option<(u64, u64)>,
}

/// What the background task must now do about a DNS list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueOfList {
    /// What the breaker decided.
    pub judgement: Judgement,
    /// True if a probe must be sent now.
    pub probe: bool,
    /// True if the test entries must be tested now.
    pub test: bool,
    /// True if the operator has asked for the test.
    pub(crate) insists: bool,
    /// The view of the client that last asked the DNS list. Probes and tests use the servers of this view.
    pub view: ViewId,
    /// The background task must check the DNS list again at this time, or earlier. `None` if no such time is set.
    pub next: Option<Mono>,
}

/// A question to a DNS list that has not ended yet. If the value is dropped without a call of `ended`, the question counts as cancelled.
#[derive(Debug)]
pub struct ListQuery<'a> {
    watch: Option<&'a ListWatch>,
}

impl ListQuery<'_> {
    /// Called when the question has a result.
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
    /// Returns why and since when the breaker is open, or `None` if it is closed.
    pub fn open(&self) -> Option<(OpenReason, Mono)> {
        if *self.open.borrow() { self.state().breaker.open() } else { None }
    }

    /// Waits until the breaker of the DNS list opens. Returns at once if it is open.
    pub async fn opened(&self) {
        // `wait_for` cannot fail, because `self` keeps the sender.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }

    /// Called when a client of `view` asks the DNS list. `most` is the daily quota of queries. Returns true if the task that tests and probes the
    /// lists must be woken now.
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

    pub(crate) fn last_wanted(&self) -> Option<Mono> {
        self.state().wanted.map(|(wanted, _)| wanted)
    }

    /// Called when a question is sent to the DNS list. Drop the returned value if the question is cancelled.
    pub fn asked(&self, now: Mono) -> ListQuery<'_> {
        self.state().breaker.asked(now);
        ListQuery { watch: Some(self) }
    }

    /// Records the result of a question to the DNS list in the breaker and the quota.
    pub fn ended(&self, asked: &ListOutcome, now: Now) -> Changed {
        let mut state = self.state();
        if !asked.went_out {
            state.breaker.withdrawn();
            return Changed::default();
        }
        state.negative_ttl = asked.negative_ttl.or(state.negative_ttl);
        let most = state.most;
        let warn = state.quota.went_out(asked.sent.into(), most, now.unix);
        let today = state.quota.of_day(now.unix).0;
        let ListOutcome { end, elapsed, round_trip, probe, .. } = *asked;
        let closed = state.breaker.ended(EndedQuery { end, elapsed, round_trip, probe }, now.mono);
        self.show(&state);
        let refuses = state.breaker.is_refusing();
        Changed { closed, refuses, warning: most.filter(|_| warn).map(|most| (today, most)) }
    }

    /// Returns what the background task must do about the DNS list now, and plans the next probe and the next test. If `room` is false, no probe or
    /// test begins, because too many probes and tests of DNS lists are in progress.
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
        // If `room` is false, no probe or test can begin now, so these times are not needed: the task is woken as soon as a probe or test
        // in progress ends.
        let probe_at = state.breaker.next_probe().filter(|_| room && is_wanted);
        let test_at = state.health.due().filter(|_| room && is_tested);
        let next = [look, probe_at, test_at].into_iter().flatten().min();
        DueOfList { judgement, probe, test, insists: test && insists, view, next }
    }

    pub(crate) fn test_now(&self, now: Mono) {
        self.state().health.test_now(now);
    }

    /// Plans a test of the DNS list that the operator has asked for. It takes place even if no client queries the list, or if the list does
    /// not answer.
    pub fn insist(&self, now: Mono) {
        self.state().health.insist(now);
    }

    /// Returns the view of the client that last asked the DNS list. Returns `None` if no client has asked recently, or if the breaker is open.
    pub fn answers_in(&self, now: Mono) -> Option<ViewId> {
        let state = self.state();
        let wanted = state.wanted.filter(|(wanted, _)| now.since(*wanted) < PROBE_WHILE_WANTED);
        wanted.filter(|_| state.breaker.open().is_none()).map(|(_, view)| view)
    }

    /// Returns the server whose answers suggest a fault of the DNS list. The next test uses another server.
    pub fn avoid(&self) -> Option<std::net::IpAddr> {
        self.state().health.avoid()
    }

    /// Records the answers to a test, and returns what they show. `toss` returns a random number below its argument.
    pub fn tested(&self, mut tested: Tested, now: Mono, toss: impl Fn(u32) -> u32) -> TestResult {
        let mut state = self.state();
        tested.usual = state.breaker.usual();
        let shown = state.health.tested(&tested, now, toss);
        if let TestResult::Is(_) = shown {
            state.tests = state.tests.saturating_add(1);
        }
        shown
    }

    /// Returns the number of tests by this gateway that have shown a state of the DNS list.
    pub fn tests(&self) -> u64 {
        self.state().tests
    }

    /// Called when another gateway of the fleet has tested the DNS list. Plans a later test by this gateway; `toss` varies its time, and returns a
    /// random number below its argument.
    pub fn tested_by_others(&self, now: Mono, toss: impl Fn(u32) -> u32) {
        self.state().health.tested_by_others(now, toss);
    }

    /// Called when another gateway of the fleet reports a change. `answers`: true if the list answers that gateway again, so that a probe is due
    /// here. False if the list does not answer that gateway.
    pub fn others_report(&self, answers: bool, now: Mono) {
        let mut state = self.state();
        if answers {
            state.breaker.wanted(now);
        } else {
            state.breaker.others_found_silence(now);
        }
    }

    /// Returns the number of queries on the day of the time `unix` (in seconds since 1970), the number on the day before, and the quota of a day.
    pub fn quota(&self, unix: u64) -> (u64, u64, Option<u64>) {
        let state = self.state();
        let (today, yesterday) = state.quota.of_day(unix);
        (today, yesterday, state.most)
    }

    /// Returns when the quota will be used up, in seconds since 1970; see `Quota::full_at`.
    pub fn quota_full_at(&self, unix: u64) -> Option<u64> {
        let state = self.state();
        state.quota.full_at(state.most?, unix)
    }

    /// Returns how far the quota is exceeded on the day of the time `unix` (in seconds since 1970), or `None` if it is not exceeded.
    pub fn exceeded_quota(&self, unix: u64) -> Option<ExceededQuota> {
        let state = self.state();
        state.quota.exceeded(state.most?, unix)
    }

    /// Returns true if the quota is nearly used up on the day of the time `unix` (in seconds since 1970). In this case, only queries that clients
    /// wait for may be sent.
    pub fn is_spent(&self, unix: u64) -> bool {
        let state = self.state();
        state.most.is_some_and(|most| state.quota.is_spent(most, unix))
    }

    /// Counts a query of a trace that does not use the cache. Returns false, and counts nothing, if the query must not be sent: the quota is nearly
    /// used up on the day of the time `unix` (in seconds since 1970).
    pub fn takes_aside(&self, most: Option<u64>, unix: u64) -> bool {
        let mut state = self.state();
        let may = most.is_none_or(|most| !state.quota.is_spent(most, unix));
        if may {
            state.quota.went_out_aside(unix);
        }
        may
    }

    /// Returns the numbers of queries, for the file that is read after a restart.
    pub fn counted(&self) -> Quota {
        self.state().quota
    }

    /// Sets the number of queries that all gateways of the fleet have sent on a day, in days since 1970. `unix` is the current time in seconds since
    /// 1970.
    pub fn fleet_sent(&self, day_and_sent: (u64, u64), unix: u64) {
        self.state().quota.fleet_sent(day_and_sent, unix);
    }

    /// Sets the numbers of queries from the file of an earlier process.
    pub fn restore(&self, quota: Quota) {
        self.state().quota = quota.restored();
    }

    pub(crate) fn reopen(&self, why: OpenReason, now: Mono) {
        let mut state = self.state();
        state.breaker.reopen(why, now);
        self.show(&state);
    }

    /// Sets the usual round trip and the time of negative answers that an earlier process has seen.
    pub fn restore_times(&self, round_trip: Option<Duration>, negative_ttl: Option<Duration>) {
        let mut state = self.state();
        if let Some(round_trip) = round_trip {
            state.breaker.restore_usual(round_trip);
        }
        state.negative_ttl = state.negative_ttl.or(negative_ttl);
    }

    /// Returns what batches need to know about the DNS list. `unix` is the time in seconds since 1970.
    pub fn for_batch(&self, unix: u64) -> BatchStanding {
        let state = self.state();
        let near = state.most.is_some_and(|most| state.quota.is_spent(most, unix));
        BatchStanding {
            ready: state.breaker.open().is_none() && !near,
            usual: state.breaker.usual(),
            negative_ttl: state.negative_ttl,
        }
    }

    /// Wakes the tasks that wait for a change, if the breaker has opened or closed.
    fn show(&self, state: &ListWatchState) {
        let open = state.breaker.open().is_some();
        self.open.send_if_modified(|shown| std::mem::replace(shown, open) != open);
    }

    /// A poisoned lock is no problem, because each change is a single assignment.
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
            end: ListQueryEnd::Worked,
            elapsed: Duration::from_millis(20),
            round_trip: Some(Duration::from_millis(20)),
            went_out: true,
            sent: 1,
            probe: false,
            negative_ttl: None,
        }
    }

    #[test]
    fn wanted_list_is_tested_and_probed() {
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
    fn idle_list_is_probed_less() {
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
    fn operator_test_does_not_wait() {
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
    fn cached_answers_spend_no_quota() {
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
