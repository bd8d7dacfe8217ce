//! One DNS list, together with the servers at which it is asked: its state, when this state began, and its counters.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};

use super::answers::ListAnswers;
use super::breaker::{self, ListQueryEnd};
use super::gate::{ListVerdict, UnknownReason};
use super::list_way::Way;
use super::state::{KnownList, ListStanding, ListState};
use super::watch::{Changed, ListOutcome, ListWatch};
use crate::limits::SHUT_DOWN_LIST_LINE;
use dns::clock::{Mono, Now};
use dns::question::{ListMark, ListSays};
use record::{Distribution, Histogram, Quantiles, TimeSpan};

/// The entry of one DNS list in the table of lists. A list that is asked at several sets of servers has one entry for each set.
#[derive(Debug)]
pub struct ListEntry {
    /// The apex of the zone of the DNS list.
    pub apex: Name,
    /// The servers that are asked for the DNS list: public ones, a mirror or forwarders.
    pub way: Way,
    /// The circuit breaker, the daily quota and the tests of the DNS list.
    pub watch: ListWatch,
    number: u32,
    knowledge: Mutex<ListKnowledge>,
    tally: Arc<ListTally>,
}

#[derive(Debug, Default)]
struct ListKnowledge {
    known: KnownList,
    /// Since when the local mirror has its data, in seconds since 1970.
    data_since: Option<u64>,
    /// The last refusal, if the DNS list has not worked since. Clients get it while the list refuses queries.
    refusal: Option<UnknownReason>,
    shut_down_line: Option<Mono>,
    answers: ListAnswers,
}

/// The counters of a DNS list. A reload that changes the servers of the list keeps them.
#[derive(Debug, Default)]
pub(super) struct ListTally {
    hits: AtomicU64,
    misses: AtomicU64,
    listed: AtomicU64,
    not_listed: AtomicU64,
    unknown: AtomicU64,
    elapsed: Histogram,
}

/// The counters of a DNS list since the start of resolverd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ListCounts {
    /// The number of clients' questions to the DNS list.
    pub questions: u64,
    /// The number of clients' questions to the DNS list that were answered from the cache.
    pub hits: u64,
    /// The number of answers to clients that were a listing.
    pub listed: u64,
    /// The number of answers to clients that were "not listed".
    pub not_listed: u64,
    /// The number of answers to clients that were neither "listed" nor "not listed".
    pub unknown: u64,
    /// The times until servers answered questions, as quantiles.
    pub elapsed: Quantiles,
}

impl ListEntry {
    /// Creates an entry. `tally` has the counters of an earlier entry for the same list, which the new entry continues.
    pub(super) fn new(apex: Name, way: Way, number: u32, tally: Arc<ListTally>) -> Self {
        Self { apex, way, watch: ListWatch::default(), number, knowledge: Mutex::default(), tally }
    }

    /// Creates an entry outside the table, for a question that began before a reload and still uses the old configuration.
    pub fn apart(apex: Name, way: Way) -> Self {
        Self::new(apex, way, u32::MAX, Arc::default())
    }

    pub(super) fn tally(&self) -> Arc<ListTally> {
        Arc::clone(&self.tally)
    }

    /// Returns a mark that the cache stores with an answer of the DNS list: the number of the list and the meaning of the answer.
    pub fn mark(&self, says: ListSays) -> ListMark {
        ListMark { list: self.number, says }
    }

    /// Returns the state of the DNS list, the time since which it has this state, and the reason.
    pub fn standing(&self) -> ListStanding {
        self.knowledge().known.shown().clone()
    }

    /// Returns the state of the DNS list, such as "ok" or "refuses queries".
    pub fn state(&self) -> ListState {
        self.knowledge().known.shown().state
    }

    /// Records the result of a test of the DNS list. Returns true if the state "lists everything" has begun or ended; the caller must then stop
    /// using cached answers of the list.
    pub fn tested(&self, state: ListState, why: &str, now: Now) -> bool {
        let mut knowledge = self.knowledge();
        let world = state == ListState::ListsTheWorld;
        let void = world != knowledge.known.world.is_some();
        let before = knowledge.known.found().clone();
        if world {
            let since = ListStanding { state, since: now.unix, why: why.to_owned() };
            knowledge.known.world.get_or_insert(since);
        } else {
            knowledge.known.world = None;
            // Only an answer ends these states (`ended`), also the answer to a query of a test.
            if !knowledge.known.standing.state.ends_with_an_answer() {
                knowledge.known.turn(state, why, now.unix);
            }
        }
        self.write_lines(knowledge, &before, now.unix);
        void
    }

    /// Called when a test has found a fault of the DNS list. Starts a new count of the answers to clients. If this count contradicts the
    /// result of the test, the result is wrong.
    pub fn suspected(&self) {
        self.knowledge().answers.begin();
    }

    /// Returns the state that a test shows. `state` is the result of the test itself. If the answers to clients contradict it, returns `TestsDiffer`.
    pub fn judged(&self, state: ListState) -> ListState {
        let knowledge = self.knowledge();
        let before = knowledge.known.standing.state == ListState::ListsNothing;
        match state {
            ListState::ListsNothing if !knowledge.answers.show_nothing(before) => ListState::TestsDiffer,
            ListState::ListsTheWorld if knowledge.answers.show_no_world() => ListState::TestsDiffer,
            state => state,
        }
    }

    /// Returns the counts of the DNS list's answers to clients.
    pub fn answers(&self) -> ListAnswers {
        self.knowledge().answers
    }

    /// Restores the state that an earlier process of resolverd wrote to a file.
    pub fn restore(&self, known: KnownList) {
        self.knowledge().known = known;
    }

    /// Returns the state of the DNS list, for the file that is read after a restart.
    pub fn known(&self) -> KnownList {
        self.knowledge().known.clone()
    }

    /// Counts an answer of the DNS list to a client. A listing ends the state "lists nothing".
    pub fn heard(&self, verdict: &ListVerdict, now: Now) {
        let mut knowledge = self.knowledge();
        knowledge.answers.heard(verdict);
        if *verdict == ListVerdict::Listed && knowledge.known.standing.state == ListState::ListsNothing {
            let before = knowledge.known.found().clone();
            knowledge.known.turn(ListState::TestsDiffer, &differs(&self.apex), now.unix);
            self.write_lines(knowledge, &before, now.unix);
        }
    }

    /// Updates the state, the breaker and the quota of the DNS list when a question to it has ended, whoever has asked it. `refusal` is the refusal
    /// of the list, if it refused. Returns true if a refusal has ended; the caller must then stop using cached answers of the list.
    pub fn ended(&self, asked: &ListOutcome, refusal: Option<UnknownReason>, now: Now) -> bool {
        let Changed { closed, refuses, warning } = self.watch.ended(asked, now);
        let ended = asked.went_out && self.turn(asked.end, (refusal, refuses), now);
        if closed {
            self.watch.test_now(now.mono);
        }
        if let Some((today, most)) = warning {
            let list = self.apex.to_ascii();
            let list = list.trim_end_matches('.');
            let state = if today > most { "over quota" } else { "quota nearly used" };
            tracing::warn!(
                "DNS list {list}: {state}: {today} of {most} today (UTC); until 00:00 UTC resolverd sends the list only queries of clients, and no batch queries (dnsbl.batch); above the quota the list may refuse or block this host"
            );
        }
        ended
    }

    /// Changes the state after a question that ended with `end`. `refuses`: true if the DNS list refuses not only this question. Returns true if a
    /// refusal has ended.
    fn turn(&self, end: ListQueryEnd, (refusal, refuses): (Option<UnknownReason>, bool), now: Now) -> bool {
        let mut knowledge = self.knowledge();
        let before = knowledge.known.found().clone();
        let old = knowledge.known.standing.state;
        let mut ended = false;
        if let Some(refusal) = refusal {
            if let Some(state) = refusal.state().filter(|_| refuses) {
                knowledge.known.turn(state, &refusal.sentence(&self.apex), now.unix);
            }
            knowledge.refusal = Some(refusal);
        } else if end == ListQueryEnd::Worked {
            ended =
                knowledge.refusal.take().is_some() || matches!(old, ListState::Refusing | ListState::Parked);
            if old.ends_with_an_answer() {
                knowledge.known.turn(ListState::Ok, "", now.unix);
            }
        } else if end == ListQueryEnd::Answered && old == ListState::Silent {
            knowledge.known.turn(ListState::Ok, "", now.unix);
        }
        self.write_lines(knowledge, &before, now.unix);
        ended
    }

    /// Records since when the local mirror of the DNS list has its data, in seconds since 1970, and their greatest permitted age. `None`: the list
    /// has no mirror with such a limit.
    pub fn has_data(&self, data: Option<(u64, Duration)>, unix: u64) {
        let list = self.apex.to_ascii();
        let outdated = data.and_then(|(since, max_age)| {
            let began = since.saturating_add(max_age.as_secs());
            let age = TimeSpan(Duration::from_secs(unix.saturating_sub(since)));
            let why = format!(
                "the data of the local mirror of {} are {age} old, more than its max_age",
                list.trim_end_matches('.')
            );
            (began < unix).then_some(ListStanding { state: ListState::DataTooOld, since: began, why })
        });
        let mut knowledge = self.knowledge();
        knowledge.known.outdated = outdated;
        knowledge.data_since = data.map(|(since, _)| since);
    }

    /// Returns since when the local mirror of the DNS list has its data, in seconds since 1970. `None` if this is not known.
    pub fn data_since(&self) -> Option<u64> {
        self.knowledge().data_since
    }

    /// Notes why clients get no answer of the DNS list while its breaker is open, and logs it if that is news.
    pub fn not_answering(&self, now: Now) {
        let Some(why) = self.why_held() else { return };
        let (state, why) = match &why {
            UnknownReason::Silent { what } => {
                let why = format!("{}: {what}", self.apex.to_ascii().trim_end_matches('.'));
                (ListState::Silent, why)
            }
            why => (why.state().unwrap_or(ListState::Silent), why.sentence(&self.apex)),
        };
        let mut knowledge = self.knowledge();
        let before = knowledge.known.found().clone();
        knowledge.known.turn(state, &why, now.unix);
        self.write_lines(knowledge, &before, now.unix);
    }

    /// Returns why clients get no answer of the DNS list while its breaker is open. Returns `None` if the breaker is closed.
    pub fn why_held(&self) -> Option<UnknownReason> {
        let (why, _) = self.watch.open()?;
        let refusal = self.knowledge().refusal.clone().filter(|_| why != breaker::OpenReason::Silent);
        let fault = match why {
            breaker::OpenReason::Silent => "do not answer in time",
            breaker::OpenReason::Failing | breaker::OpenReason::Refusing => "return only errors",
        };
        let what = format!(
            "its servers {fault}; resolverd probes them in the background while clients query the list"
        );
        Some(refusal.unwrap_or(UnknownReason::Silent { what }))
    }

    /// Returns true if the list may be asked before a client asks it.
    pub fn may_be_in_a_batch(&self) -> bool {
        matches!(self.state(), ListState::Untested | ListState::Ok | ListState::Slow | ListState::TestsDiffer)
    }

    /// Returns true at most once in `SHUT_DOWN_LIST_LINE`: the log then says that clients still ask this DNS list, which is shut down.
    pub fn shut_down_asked(&self, now: Mono) -> bool {
        let mut knowledge = self.knowledge();
        let due = knowledge.shut_down_line.is_none_or(|last| now.since(last) >= SHUT_DOWN_LIST_LINE);
        if due {
            knowledge.shut_down_line = Some(now);
        }
        due
    }

    pub(super) fn hit(&self, says: ListSays) {
        self.tally.hits.fetch_add(1, Ordering::Relaxed);
        self.count(says);
    }

    /// Counts a question that was not answered from the cache. `elapsed` is the time until a server answered, or `None` if none did.
    pub fn miss(&self, says: ListSays, elapsed: Option<Duration>) {
        self.tally.misses.fetch_add(1, Ordering::Relaxed);
        if let Some(elapsed) = elapsed {
            self.tally.elapsed.count(elapsed);
        }
        self.count(says);
    }

    /// Returns the counters of the DNS list since the start of resolverd.
    pub fn counts(&self) -> ListCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let ListTally { hits, misses: _, listed, not_listed, unknown, elapsed } = &*self.tally;
        ListCounts {
            questions: self.questions(),
            hits: read(hits),
            listed: read(listed),
            not_listed: read(not_listed),
            unknown: read(unknown),
            elapsed: elapsed.spread().quantiles(),
        }
    }

    /// Returns the number of clients' questions to the DNS list so far.
    pub fn questions(&self) -> u64 {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        read(&self.tally.hits).saturating_add(read(&self.tally.misses))
    }

    /// Returns the distribution of the times until servers answered questions.
    pub fn times(&self) -> Distribution {
        self.tally.elapsed.distribution()
    }

    fn count(&self, says: ListSays) {
        let counter = match says {
            ListSays::Listed => &self.tally.listed,
            ListSays::NotListed => &self.tally.not_listed,
            ListSays::Unknown => &self.tally.unknown,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Logs that the DNS list has become faulty or works again. A change from one fault to another is not logged, because a list whose faults
    /// alternate would fill the log. The fault "lists everything" is logged elsewhere.
    fn write_lines(&self, knowledge: MutexGuard<'_, ListKnowledge>, before: &ListStanding, unix: u64) {
        let shown = knowledge.known.found().clone();
        drop(knowledge);
        let apex = self.apex.to_ascii();
        let list = apex.trim_end_matches('.');
        let world = |standing: &ListStanding| standing.state == ListState::ListsTheWorld;
        let age = |since| TimeSpan(Duration::from_secs(unix.saturating_sub(since).max(1)));
        match (before.state.is_incident(), shown.state.is_incident()) {
            (false, true) => tracing::warn!("DNS list {}; see `resolverctl dnsbl` for what to do", shown.why),
            (true, true) if world(&shown) && !world(before) => {
                tracing::warn!("DNS list {}; see `resolverctl dnsbl` for what to do", shown.why);
            }
            (true, true) if world(before) && !world(&shown) => tracing::warn!(
                "DNS list {list} listed everything for {}; now {}; see `resolverctl dnsbl` for what to do",
                age(before.since),
                shown.why
            ),
            (true, false) if before.state == ListState::Silent => {
                tracing::info!("DNS list {list} answers again after {}", age(before.since));
            }
            (true, false) => tracing::info!("DNS list {list} works again after {}", age(before.since)),
            _ => {}
        }
    }

    /// Returns the number of this entry. The marks of answers in the cache contain it.
    pub fn number(&self) -> u32 {
        self.number
    }

    fn knowledge(&self) -> MutexGuard<'_, ListKnowledge> {
        self.knowledge.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn differs(apex: &Name) -> String {
    let list = apex.to_ascii();
    format!("{} does not list its own test entry, but lists other names", list.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn at(seconds: u64) -> Now {
        Now { mono: Mono::START.after(Duration::from_secs(seconds)), unix: 1_000_000 + seconds }
    }

    fn entry(apex: &str) -> ListEntry {
        ListEntry::new(Name::from_ascii(apex).unwrap(), Way::Public, 0, Arc::default())
    }

    fn refused() -> UnknownReason {
        UnknownReason::Refused { code: Ipv4Addr::new(127, 255, 255, 254), means: "no".to_owned() }
    }

    fn parked() -> UnknownReason {
        UnknownReason::Parked { address: Ipv4Addr::new(203, 0, 113, 7) }
    }

    fn ended(
        entry: &ListEntry,
        end: ListQueryEnd,
        probe: bool,
        refusal: Option<UnknownReason>,
        seconds: u64,
    ) -> bool {
        let asked = ListOutcome {
            end,
            elapsed: Duration::ZERO,
            round_trip: None,
            went_out: true,
            sent: 1,
            probe,
            negative_ttl: None,
        };
        entry.watch.asked(at(seconds).mono).ended();
        entry.ended(&asked, refusal, at(seconds))
    }

    fn refuses(entry: &ListEntry, refusal: UnknownReason, seconds: u64) -> bool {
        ended(entry, ListQueryEnd::Refused, true, Some(refusal), seconds)
    }

    fn works(entry: &ListEntry, seconds: u64) -> bool {
        ended(entry, ListQueryEnd::Worked, false, None, seconds)
    }

    #[test]
    fn first_good_answer_ends_refusal() {
        let entry = entry("bl.example.");
        assert!(!works(&entry, 0));
        assert_eq!(entry.state(), ListState::Untested, "an answer alone proves nothing");
        refuses(&entry, refused(), 10);
        assert_eq!(entry.state(), ListState::Untested, "one server may refuse");
        refuses(&entry, refused(), 11);
        assert_eq!((entry.state(), entry.standing().since), (ListState::Refusing, 1_000_011));
        assert_eq!(entry.why_held(), Some(refused()));
        assert!(!ended(&entry, ListQueryEnd::Answered, false, None, 12));
        assert_eq!(entry.state(), ListState::Refusing, "the answer shows nothing");
        assert!(works(&entry, 13), "cached refusals are void");
        assert_eq!((entry.state(), entry.why_held()), (ListState::Ok, None));
    }

    #[test]
    fn first_good_answer_ends_restored_refusal() {
        let entry = entry("bl.example.");
        let standing = ListStanding { state: ListState::Refusing, since: 1, why: "no".to_owned() };
        entry.restore(KnownList { standing, ..KnownList::default() });
        entry.tested(ListState::Ok, "", at(1));
        assert_eq!((entry.state(), entry.standing().since), (ListState::Refusing, 1));
        assert!(works(&entry, 2));
        assert_eq!(entry.state(), ListState::Ok);
    }

    #[test]
    fn listed_world_voids_cached_answers() {
        let entry = entry("bl.example.");
        let tested = |state, why, seconds| entry.tested(state, why, at(seconds));
        assert!(!tested(ListState::Ok, "", 0));
        assert!(!tested(ListState::Slow, "slow", 1));
        assert!(tested(ListState::ListsTheWorld, "world", 2));
        assert!(!tested(ListState::ListsTheWorld, "world", 3));
        assert_eq!(entry.standing().since, 1_000_002);
        assert!(tested(ListState::Ok, "", 4));
    }

    #[test]
    fn only_test_ends_listed_world() {
        let entry = entry("bl.example.");
        entry.tested(ListState::ListsTheWorld, "world", at(0));
        for seconds in [1, 90] {
            works(&entry, seconds);
            entry.heard(&ListVerdict::Listed, at(seconds));
            assert_eq!(entry.state(), ListState::ListsTheWorld);
        }
        assert!((100..102).all(|seconds| !refuses(&entry, parked(), seconds)));
        assert!(entry.tested(ListState::Ok, "", at(103)));
        assert_eq!(entry.state(), ListState::Parked, "what answers show is newer");
    }

    #[test]
    fn changed_list_fault_keeps_begin() {
        let entry = entry("bl.example.");
        for seconds in 0..50 {
            refuses(&entry, if seconds % 2 == 0 { refused() } else { parked() }, seconds);
        }
        assert_eq!((entry.state(), entry.standing().since), (ListState::Parked, 1_000_001));
        works(&entry, 50);
        assert_eq!((entry.state(), entry.standing().since), (ListState::Ok, 1_000_050));
    }

    #[test]
    fn listing_ends_empty_list_state() {
        let entry = entry("bl.example.");
        assert_eq!(entry.judged(ListState::ListsNothing), ListState::TestsDiffer, "nobody has asked it");
        for seconds in 0..600 {
            entry.heard(&ListVerdict::NotListed, at(seconds));
        }
        assert_eq!(entry.judged(ListState::ListsNothing), ListState::ListsNothing);
        entry.tested(ListState::ListsNothing, "nothing", at(601));
        entry.heard(&ListVerdict::Listed, at(602));
        assert_eq!(entry.state(), ListState::TestsDiffer);
        assert!(entry.standing().why.contains("lists other names"), "{:?}", entry.standing());
    }

    #[test]
    fn silent_list_needs_list_answer() {
        let silent = || {
            let entry = entry("bl.example.");
            entry.tested(ListState::Silent, "silent", at(0));
            entry
        };
        let refused = silent();
        refuses(&refused, parked(), 1);
        assert_eq!(refused.state(), ListState::Silent);
        refuses(&refused, parked(), 1);
        assert_eq!((refused.state(), refused.standing().since), (ListState::Parked, 1_000_000), "it goes on");
        let answering = silent();
        works(&answering, 1);
        assert_eq!(answering.state(), ListState::Ok);
    }

    #[test]
    fn shut_down_list_is_reported_daily() {
        let entry = entry("dead.example.");
        let knowledge: Vec<bool> =
            [0, 10, 86_399, 86_400].map(|seconds| entry.shut_down_asked(at(seconds).mono)).into();
        assert_eq!(knowledge, [true, false, false, true]);
    }
}
