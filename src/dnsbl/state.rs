//! What is known of each list while the daemon runs: how it is, since when, and what was asked of it.
//!
//! May call: `dnsbl::list`, `question`, `clock`, `limits`, `record` for its histograms. Shared by all who tell of lists: the gate's answers,
//! the tests on the side, and whoever shows it. A list is known by its apex, so that a reload forgets nothing; a number
//! stands for it where an answer carries it through the cache.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::batch::Batch;
use super::breaker::{self, Turn};
use super::gate::Verdict;
use super::lookalike::Lookalikes;
use super::ring::Ring;
use super::watch::{Asked, Changed, Watch};
use super::witness::Evidence;
use crate::clock::{Mono, Now};
use crate::limits::{DEAD_LIST_LINE, LIST_INCIDENT_QUIET, MAX_LISTS};
use crate::question::{ListMark, ListSays};
use crate::record::{Histogram, Quantiles};

/// How a list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody knows yet.
    #[default]
    Untested,
    /// It answers as a list does.
    Ok,
    /// It does, and takes its time.
    Slow,
    /// It refuses this host.
    Refusing,
    /// Somebody else has its zone.
    Parked,
    /// It lists whatever it is asked for.
    ListsTheWorld,
    /// It lists nothing, its test points neither.
    ListsNothing,
    /// Its servers do not answer.
    Dead,
}

/// How a list is, since when, and why that is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// How it is.
    pub state: State,
    /// Seconds since 1970.
    pub since: u64,
    /// One sentence; empty where all is well.
    pub why: String,
}

/// All lists that were asked since the start.
#[derive(Debug, Default)]
pub struct Lists {
    /// By number; only ever appended to.
    entries: ArcSwap<Vec<Arc<Entry>>>,
    lookalikes: Lookalikes,
    /// Whether anybody answers.
    evidence: Mutex<Evidence>,
    /// Wakes whoever looks after the lists.
    wake: Notify,
    /// Whether that one rests for long.
    resting: AtomicBool,
    /// What is asked ahead.
    pub batch: Mutex<Batch>,
    /// Where questions to lists are told of.
    pub ring: Ring,
}

/// One list.
#[derive(Debug)]
pub struct Entry {
    /// Its apex.
    pub apex: Name,
    /// What is watched of it beside its answers.
    pub watch: Watch,
    number: u16,
    told: Mutex<Told>,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Told {
    standing: Standing,
    /// When an answer last told nothing.
    last_untold: Mono,
    /// When a dead list was last told of.
    dead_line: Option<Mono>,
}

/// What was asked of a list.
#[derive(Debug, Default)]
struct Tally {
    hits: AtomicU64,
    misses: AtomicU64,
    listed: AtomicU64,
    not_listed: AtomicU64,
    untold: AtomicU64,
    elapsed: Histogram,
}

/// What was asked of a list since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Questions of clients.
    pub questions: u64,
    /// Those that were answered from memory.
    pub hits: u64,
    /// Answers that were a listing.
    pub listed: u64,
    /// Answers that were none.
    pub not_listed: u64,
    /// Answers that told nothing.
    pub untold: u64,
    /// How long the questions took that were not answered from memory.
    pub elapsed: Quantiles,
}

impl Lists {
    /// What is known of the list at `apex`; none where there are more lists than there may be.
    pub fn entry(&self, apex: &Name) -> Option<Arc<Entry>> {
        if let Some(entry) = self.find(apex) {
            return Some(entry);
        }
        self.entries.rcu(|entries| {
            let mut entries = Vec::clone(entries);
            let number = u16::try_from(entries.len()).unwrap_or(u16::MAX);
            if entries.len() < MAX_LISTS && entries.iter().all(|entry| entry.apex != *apex) {
                entries.push(Arc::new(Entry::new(apex.clone(), number)));
            }
            entries
        });
        self.find(apex)
    }

    /// Zones that are asked like lists and are none.
    pub fn lookalikes(&self) -> &Lookalikes {
        &self.lookalikes
    }

    /// All lists that were asked, in the order in which they first were.
    pub fn all(&self) -> Vec<Arc<Entry>> {
        Vec::clone(&self.entries.load())
    }

    /// Counts a question that was answered from memory with an answer that carries `mark`.
    pub fn hit(&self, mark: ListMark) {
        if let Some(entry) = self.entries.load().get(usize::from(mark.list)) {
            entry.tally.hits.fetch_add(1, Ordering::Relaxed);
            entry.count(mark.says);
        }
    }

    /// The list of that number.
    pub fn numbered(&self, number: u16) -> Option<Arc<Entry>> {
        self.entries.load().get(usize::from(number)).cloned()
    }

    /// Somebody has answered over the network.
    pub fn heard_answer(&self, now: Mono) {
        self.evidence.lock().unwrap_or_else(PoisonError::into_inner).heard(now);
    }

    /// Whether anybody answers.
    pub fn evidence(&self) -> Evidence {
        *self.evidence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the lists looked after now.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Has them looked after soon.
    pub fn wake_in_time(&self) {
        if self.resting.swap(false, Ordering::Relaxed) {
            self.wake();
        }
    }

    /// Whoever looks after the lists is about to rest for long, or no longer does.
    pub fn rests(&self, rests: bool) {
        self.resting.store(rests, Ordering::Relaxed);
    }

    /// Ends when the lists are to be looked after.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// What is known of the list at `apex`; none where nobody has asked it.
    pub fn find(&self, apex: &Name) -> Option<Arc<Entry>> {
        self.entries.load().iter().find(|entry| entry.apex == *apex).cloned()
    }
}

impl Entry {
    fn new(apex: Name, number: u16) -> Self {
        Self { apex, watch: Watch::default(), number, told: Mutex::default(), tally: Tally::default() }
    }

    /// What its answers carry through the cache.
    pub fn mark(&self, says: ListSays) -> ListMark {
        ListMark { list: self.number, says }
    }

    /// How it is.
    pub fn standing(&self) -> Standing {
        self.told().standing.clone()
    }

    /// How it is, in a word.
    pub fn state(&self) -> State {
        self.told().standing.state
    }

    /// Says how it is, with a line in the log where that begins or ends an incident. True where what was answered before
    /// must not be answered any more.
    pub fn set(&self, state: State, why: &str, now: Now) -> bool {
        let mut told = self.told();
        let old = told.standing.clone();
        if old.state == state {
            return false;
        }
        told.standing = Standing { state, since: now.unix, why: why.to_owned() };
        drop(told);
        self.write_lines(&old, state, why, now.unix);
        (old.state == State::ListsTheWorld) != (state == State::ListsTheWorld)
    }

    /// Knows again how it was.
    pub fn restore(&self, standing: Standing) {
        self.told().standing = standing;
    }

    /// Hears what an answer of its servers meant. Refusals and parking show in answers; all else only tests can tell.
    pub fn heard(&self, verdict: &Verdict, now: Now) {
        let mut told = self.told();
        match verdict {
            Verdict::Untold(why) => {
                told.last_untold = now.mono;
                drop(told);
                if let Some(state) = why.state() {
                    self.set(state, &why.sentence(&self.apex), now);
                }
            }
            Verdict::Listed | Verdict::NotListed => {
                let quiet = now.mono.since(told.last_untold) >= LIST_INCIDENT_QUIET;
                let ends = matches!(told.standing.state, State::Refusing | State::Parked) && quiet;
                drop(told);
                if ends {
                    self.set(State::Ok, "", now);
                }
            }
        }
    }

    /// Hears what became of a question to it, for whoever watches it.
    pub fn ended(&self, asked: &Asked, now: Now) {
        let Changed { turn, warning } = self.watch.ended(asked, now);
        match turn {
            Some(Turn::Opened(_)) if self.state() != State::Refusing => self.not_answering(now),
            Some(Turn::Closed(_)) if self.state() == State::Dead => {
                self.set(State::Ok, "", now);
                self.watch.test_now(now.mono);
            }
            _ => {}
        }
        if let Some((today, most)) = warning {
            let list = self.apex.to_ascii();
            let list = list.trim_end_matches('.');
            tracing::warn!(
                "{list} was asked {today} questions today (UTC) of the {most} of its quota; past it lists refuse or block this host"
            );
        }
    }

    /// It does not answer: its questions are answered here until it does.
    pub fn not_answering(&self, now: Now) {
        if let Some(why) = self.why_held() {
            self.set(State::Dead, &format!("{}: {why}", self.apex.to_ascii().trim_end_matches('.')), now);
        }
    }

    /// Why its questions are answered here, where they are; in words that follow the list's name.
    pub fn why_held(&self) -> Option<&'static str> {
        let (why, _) = self.watch.open()?;
        Some(match why {
            breaker::Why::Silent => "its servers do not answer; it is asked on the side until they do",
            breaker::Why::Failing => {
                "its servers answer with errors only; it is asked on the side until they have an answer"
            }
        })
    }

    /// Whether it is well enough to be asked ahead of clients.
    pub fn may_be_asked_ahead(&self) -> bool {
        matches!(self.state(), State::Untested | State::Ok | State::Slow)
    }

    /// Whether a dead list that is asked is to be told of now: once a day.
    pub fn dead_asked(&self, now: Mono) -> bool {
        let mut told = self.told();
        let due = told.dead_line.is_none_or(|last| now.since(last) >= DEAD_LIST_LINE);
        if due {
            told.dead_line = Some(now);
        }
        due
    }

    /// Counts a question that memory had no answer to.
    pub fn miss(&self, says: ListSays, elapsed: Duration) {
        self.tally.misses.fetch_add(1, Ordering::Relaxed);
        self.tally.elapsed.count(elapsed);
        self.count(says);
    }

    /// What was asked of it.
    pub fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Tally { hits, misses, listed, not_listed, untold, elapsed } = &self.tally;
        Counts {
            questions: read(hits).saturating_add(read(misses)),
            hits: read(hits),
            listed: read(listed),
            not_listed: read(not_listed),
            untold: read(untold),
            elapsed: elapsed.spread().quantiles(),
        }
    }

    fn count(&self, says: ListSays) {
        let counter = match says {
            ListSays::Listed => &self.tally.listed,
            ListSays::NotListed => &self.tally.not_listed,
            ListSays::Untold => &self.tally.untold,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn write_lines(&self, old: &Standing, state: State, why: &str, unix: u64) {
        let apex = self.apex.to_ascii();
        let list = apex.trim_end_matches('.');
        if state.is_incident() {
            tracing::warn!("{why}; `resolverctl dnsbl` shows it and what to do");
        } else if old.state.is_incident() {
            tracing::info!("{list} is a list again, after {} s", unix.saturating_sub(old.since));
        }
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether it is worth a line when it begins and another when it ends.
    pub const fn is_incident(self) -> bool {
        !matches!(self, Self::Untested | Self::Ok | Self::Slow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dnsbl::gate::Why;
    use std::net::Ipv4Addr;

    fn at(seconds: u64) -> Now {
        Now { mono: Mono::START.after(Duration::from_secs(seconds)), unix: 1_000_000 + seconds }
    }

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    #[test]
    fn a_refusal_begins_an_incident_and_only_a_quiet_time_ends_it() {
        let lists = Lists::default();
        let entry = lists.entry(&name("bl.example.")).unwrap();
        let refused =
            Verdict::Untold(Why::Refused { code: Ipv4Addr::new(127, 255, 255, 254), means: "no".to_owned() });
        entry.heard(&Verdict::NotListed, at(0));
        assert_eq!(entry.state(), State::Untested, "an answer alone proves nothing");
        entry.heard(&refused, at(10));
        assert_eq!((entry.state(), entry.standing().since), (State::Refusing, 1_000_010));
        entry.heard(&Verdict::Listed, at(11));
        entry.heard(&refused, at(12));
        assert_eq!(
            entry.standing().since,
            1_000_010,
            "a server that answers beside one that refuses ends nothing"
        );
        entry.heard(&Verdict::NotListed, at(12 + LIST_INCIDENT_QUIET.as_secs()));
        assert_eq!(entry.state(), State::Ok);
    }

    #[test]
    fn only_the_world_listed_makes_older_answers_void() {
        let entry = Lists::default().entry(&name("bl.example.")).unwrap();
        assert!(!entry.set(State::Ok, "", at(0)));
        assert!(!entry.set(State::Slow, "slow", at(1)));
        assert!(entry.set(State::ListsTheWorld, "world", at(2)));
        assert!(!entry.set(State::ListsTheWorld, "world", at(3)));
        assert!(entry.set(State::Ok, "", at(4)));
    }

    #[test]
    fn lists_keep_their_number_and_are_bounded() {
        let lists = Lists::default();
        for number in 0..MAX_LISTS {
            let entry = lists.entry(&name(&format!("l{number}.example."))).unwrap();
            assert_eq!(usize::from(entry.mark(ListSays::Listed).list), number);
        }
        assert!(lists.entry(&name("one.more.example.")).is_none());
        let first = lists.entry(&name("L0.example.")).unwrap();
        lists.hit(first.mark(ListSays::Listed));
        first.miss(ListSays::Untold, Duration::from_millis(20));
        let counts = first.counts();
        assert_eq!((counts.questions, counts.hits, counts.listed, counts.untold), (2, 1, 1, 1));
    }

    #[test]
    fn a_dead_list_is_told_of_once_a_day() {
        let entry = Lists::default().entry(&name("dead.example.")).unwrap();
        let told: Vec<bool> =
            [0, 10, 86_399, 86_400].map(|seconds| entry.dead_asked(at(seconds).mono)).into();
        assert_eq!(told, [true, false, false, true]);
    }
}
