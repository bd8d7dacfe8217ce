//! The tests of a DNS list. resolverd asks for two test entries. The list must list the first one, and must not list the second one (RFC 5782 section
//! 5).
//!
//! A test with the result "lists everything" or "lists nothing" must be confirmed by a test of another server of the list, some minutes later.
//! Otherwise a single broken mirror would make a list unusable. If only one server of the list answers, a third test is needed. All functions are
//! pure.

use std::net::IpAddr;
use std::time::Duration;

use super::state::ListState;
use crate::limits::{HEALTH_AGAIN, HEALTH_ALONE, HEALTH_INTERVAL, HEALTH_JITTER_PERCENT, SLOW_LIST};
use dns::clock::Mono;
use dns::question::ListSays;

/// The answer of a DNS list for one of its test entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The meaning of the answer.
    pub says: ListSays,
    /// The server that gave the answer, or `None` if no server answered.
    pub server: Option<IpAddr>,
}

/// The result of one test of a DNS list. Some lists have only one of the two test entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tested {
    /// The answer for the test entry that the DNS list must list. `None` if the list has no such entry.
    pub listed: Option<Point>,
    /// The answer for the test entry that the DNS list must not list. `None` if the list has no such entry.
    pub unlisted: Option<Point>,
    /// The usual round trip of a query to the DNS list, if known.
    pub usual: Option<Duration>,
}

/// What a test of a DNS list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestResult {
    /// The test shows that the DNS list has this state.
    Is(ListState),
    /// The DNS list may have this state (a fault). The next test decides.
    Suspected(ListState),
    /// The DNS list refused or did not answer, so the test shows nothing. Refusals and silence are noticed from the answers to clients' questions.
    Nothing,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct ListHealth {
    /// The time of the next test, or `None` before a client has asked the DNS list.
    due: Option<Mono>,
    insists: bool,
    suspicion: Option<Suspicion>,
}

#[derive(Clone, Copy, Debug)]
struct Suspicion {
    state: ListState,
    server: Option<IpAddr>,
    at: Mono,
    /// The number of further tests with the same result in which only the suspected server answered.
    again: u8,
}

impl ListHealth {
    /// Called when a client asks the DNS list. Plans a test for `now`, if no test is planned.
    pub(crate) fn wanted(&mut self, now: Mono) {
        self.due.get_or_insert(now);
    }

    pub(crate) fn due(&self) -> Option<Mono> {
        self.due
    }

    /// Called when a test begins. Plans another test for the case that this test has no result. With a result, `tested` plans the next test.
    pub(crate) fn testing(&mut self, now: Mono) {
        self.due = Some(now.after(HEALTH_AGAIN));
        self.insists = false;
    }

    /// Plans a test for the operator, even if no client asks the DNS list.
    pub(crate) fn insist(&mut self, now: Mono) {
        self.due = Some(now);
        self.insists = true;
    }

    pub(crate) fn insists(&self) -> bool {
        self.insists
    }

    /// If a test is planned for a later time, moves it to `now`.
    pub(crate) fn test_now(&mut self, now: Mono) {
        if let Some(due) = &mut self.due {
            *due = (*due).min(now);
        }
    }

    /// Called when another gateway of the fleet has tested the DNS list. One gateway tests for all, so the next test of this gateway is postponed,
    /// except a test for the operator or one that must confirm a suspected fault.
    pub(crate) fn tested_by_others(&mut self, now: Mono, toss: impl Fn(u32) -> u32) {
        if !self.insists && self.suspicion.is_none() && self.due.is_some() {
            self.plan(HEALTH_INTERVAL, now, toss);
        }
    }

    /// Returns the server whose answers suggest a fault. The next test uses another server, if another one answers.
    pub(crate) fn avoid(&self) -> Option<IpAddr> {
        self.suspicion.and_then(|suspicion| suspicion.server)
    }

    /// Records the result of a test and plans the next test. `toss` returns a random number below its argument, which is added to the pause, so that
    /// not all DNS lists are tested at the same time.
    pub(crate) fn tested(&mut self, tested: &Tested, now: Mono, toss: impl Fn(u32) -> u32) -> TestResult {
        let shown = match read(tested) {
            Some((state, server)) if is_broken(state) => self.suspect(state, server, now),
            Some((state, _)) => {
                self.suspicion = None;
                TestResult::Is(state)
            }
            None => TestResult::Nothing,
        };
        let pause = if self.suspicion.is_some() { HEALTH_AGAIN } else { HEALTH_INTERVAL };
        self.plan(pause, now, toss);
        shown
    }

    fn plan(&mut self, pause: Duration, now: Mono, toss: impl Fn(u32) -> u32) {
        let jitter = pause.as_secs().saturating_mul(HEALTH_JITTER_PERCENT) / 100;
        let jitter = toss(u32::try_from(jitter).unwrap_or(u32::MAX));
        self.due = Some(now.after(pause).after(Duration::from_secs(jitter.into())));
    }

    fn suspect(&mut self, state: ListState, server: Option<IpAddr>, now: Mono) -> TestResult {
        let before = self.suspicion.filter(|before| before.state == state);
        let Some(before) = before else {
            self.suspicion = Some(Suspicion { state, server, at: now, again: 0 });
            return TestResult::Suspected(state);
        };
        if now.since(before.at) < HEALTH_AGAIN {
            return TestResult::Suspected(state);
        }
        // A further test asks the suspected server again only if no other server answers. Its result is believed only after `HEALTH_ALONE` such
        // tests.
        let again = before.again.saturating_add(u8::from(before.server == server));
        self.suspicion = Some(Suspicion { at: now, again, ..before });
        if before.server != server || again >= HEALTH_ALONE {
            TestResult::Is(state)
        } else {
            TestResult::Suspected(state)
        }
    }
}

/// Returns what this test shows, without regard to earlier tests, and the server whose answer shows it.
fn read(tested: &Tested) -> Option<(ListState, Option<IpAddr>)> {
    let Tested { listed, unlisted, usual } = tested;
    let said = |point: &Option<Point>, says| point.filter(|point| point.says == says);
    if let Some(point) = said(unlisted, ListSays::Listed) {
        return Some((ListState::ListsTheWorld, point.server));
    }
    if [listed, unlisted].into_iter().any(|point| said(point, ListSays::Unknown).is_some()) {
        return None;
    }
    if let Some(point) = said(listed, ListSays::NotListed) {
        return Some((ListState::ListsNothing, point.server));
    }
    let state = if usual.is_some_and(|usual| usual >= SLOW_LIST) { ListState::Slow } else { ListState::Ok };
    listed.or(*unlisted).map(|point| (state, point.server))
}

const fn is_broken(state: ListState) -> bool {
    matches!(state, ListState::ListsTheWorld | ListState::ListsNothing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ListSays::{Listed, NotListed, Unknown};
    use proptest::prelude::*;

    fn tested(listed: ListSays, unlisted: ListSays, server: u8) -> Tested {
        let server = Some([192, 0, 2, server].into());
        let point = |says| Point { says, server };
        Tested { listed: Some(point(listed)), unlisted: Some(point(unlisted)), usual: None }
    }

    fn at(minutes: u64) -> Mono {
        Mono::START.after(Duration::from_secs(60 * minutes))
    }

    fn run(tests: &[(ListSays, ListSays, u8, u64)]) -> Vec<TestResult> {
        let mut health = ListHealth::default();
        let run = |(listed, unlisted, server, minute): &(_, _, u8, u64)| {
            health.tested(&tested(*listed, *unlisted, *server), at(*minute), |_| 0)
        };
        tests.iter().map(run).collect()
    }

    // Minutes apart.
    #[test]
    fn listed_world_needs_two_servers() {
        use ListState::{ListsNothing, ListsTheWorld, Ok};
        use TestResult::{Is, Nothing, Suspected};
        let world = run(&[(Listed, Listed, 1, 0), (Listed, Listed, 1, 5), (Listed, Listed, 2, 10)]);
        assert_eq!(world, [Suspected(ListsTheWorld), Suspected(ListsTheWorld), Is(ListsTheWorld)]);
        let hasty = run(&[(Listed, Listed, 1, 0), (Listed, Listed, 2, 0)]);
        assert_eq!(hasty[1], Suspected(ListsTheWorld));
        let mended = run(&[(Listed, Listed, 1, 0), (Listed, NotListed, 2, 5), (Listed, Listed, 2, 10)]);
        assert_eq!(mended, [Suspected(ListsTheWorld), Is(Ok), Suspected(ListsTheWorld)]);
        let nothing = run(&[(NotListed, NotListed, 1, 0), (NotListed, NotListed, 2, 5)]);
        assert_eq!(nothing, [Suspected(ListsNothing), Is(ListsNothing)]);
        let unknown = run(&[(Listed, Listed, 1, 0), (Unknown, Unknown, 2, 5), (Listed, Listed, 2, 10)]);
        assert_eq!(unknown, [Suspected(ListsTheWorld), Nothing, Is(ListsTheWorld)]);
    }

    #[test]
    fn single_server_is_judged_third_time() {
        use ListState::ListsTheWorld;
        use TestResult::{Is, Nothing, Suspected};
        let alone = run(&[(Listed, Listed, 1, 0), (Listed, Listed, 1, 3), (Listed, Listed, 1, 6)]);
        assert_eq!(alone, [Suspected(ListsTheWorld), Suspected(ListsTheWorld), Is(ListsTheWorld)]);
        let hasty = run(&[(Listed, Listed, 1, 0), (Listed, Listed, 1, 3), (Listed, Listed, 1, 4)]);
        assert_eq!(hasty[2], Suspected(ListsTheWorld));
        let silent = run(&[(Listed, Listed, 1, 0), (Unknown, Unknown, 1, 3), (Listed, Listed, 1, 6)]);
        assert_eq!(silent[1..], [Nothing, Suspected(ListsTheWorld)]);
    }

    #[test]
    fn single_test_entry_is_judged() {
        let show = |listed: Option<ListSays>, unlisted: Option<ListSays>| {
            let mut health = ListHealth::default();
            let shown = [1, 2].map(|server| {
                let point = |says| Point { says, server: Some([192, 0, 2, server].into()) };
                let tested = Tested { listed: listed.map(point), unlisted: unlisted.map(point), usual: None };
                health.tested(&tested, at(u64::from(server) * 3), |_| 0)
            });
            shown[1]
        };
        assert_eq!(show(None, Some(Listed)), TestResult::Is(ListState::ListsTheWorld));
        assert_eq!(show(None, Some(NotListed)), TestResult::Is(ListState::Ok));
        assert_eq!(show(Some(NotListed), None), TestResult::Is(ListState::ListsNothing));
        assert_eq!(show(Some(Listed), None), TestResult::Is(ListState::Ok));
        for (listed, unlisted) in [(None, None), (Some(Unknown), None), (None, Some(Unknown))] {
            assert_eq!(show(listed, unlisted), TestResult::Nothing);
        }
    }

    #[test]
    fn a_slow_list_is_a_list() {
        let mut health = ListHealth::default();
        let slow = Tested { usual: Some(SLOW_LIST), ..tested(Listed, NotListed, 1) };
        assert_eq!(health.tested(&slow, at(0), |_| 0), TestResult::Is(ListState::Slow));
    }

    #[test]
    fn fleet_test_replaces_own_test() {
        let later = at(3).after(HEALTH_INTERVAL + Duration::from_secs(7));
        let heard = |health: &mut ListHealth| {
            health.tested_by_others(at(3), |_| 7);
            health.due()
        };
        assert_eq!(heard(&mut ListHealth::default()), None, "nobody asks the list here");
        let mut wanted = ListHealth::default();
        wanted.wanted(at(3));
        assert_eq!(heard(&mut wanted), Some(later));
        wanted.insist(at(3));
        assert_eq!(heard(&mut wanted), Some(at(3)), "the operator waits for it");
        let mut suspected = ListHealth::default();
        suspected.tested(&tested(Listed, Listed, 1), at(0), |_| 0);
        assert_eq!(heard(&mut suspected), Some(at(0).after(HEALTH_AGAIN)), "it confirms a fault");
    }

    #[test]
    fn list_tests_begin_with_use() {
        let mut health = ListHealth::default();
        assert_eq!(health.due(), None);
        health.wanted(at(3));
        health.wanted(at(4));
        assert_eq!(health.due(), Some(at(3)));
        health.tested(&tested(Listed, NotListed, 1), at(3), |_| 7);
        assert_eq!(health.due(), Some(at(3).after(HEALTH_INTERVAL + Duration::from_secs(7))));
        health.tested(&tested(Listed, Listed, 1), at(33), |_| 0);
        assert_eq!(health.due(), Some(at(33).after(HEALTH_AGAIN)));
        assert_eq!(health.avoid(), Some([192, 0, 2, 1].into()));
    }

    proptest! {
        #[test]
        fn one_server_condemns_nobody_soon(tests in prop::collection::vec((0_u8..3, 0_u8..3, 0_u64..10), 1..50)) {
            let says = |number| [Listed, NotListed, Unknown][usize::from(number)];
            let mut health = ListHealth::default();
            let (mut minute, mut sound) = (0, None);
            for (listed, unlisted, pause) in tests {
                minute += pause;
                let shown = health.tested(&tested(says(listed), says(unlisted), 1), at(minute), |_| 0);
                match shown {
                    TestResult::Is(ListState::ListsTheWorld | ListState::ListsNothing) => {
                        let began = sound.unwrap_or_default();
                        prop_assert!(at(minute).since(at(began)) >= HEALTH_AGAIN * u32::from(HEALTH_ALONE));
                    }
                    TestResult::Is(_) => sound = Some(minute),
                    _ => {}
                }
            }
        }
    }
}
