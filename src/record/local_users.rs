//! Requests the lookup of the local users of clients, records the users that were found (see the module `owner`), and counts the questions
//! of each user.
//!
//! # Decisions
//!
//! - Only questions that the cache does not answer are counted by user: an answer from the cache is sent too fast for a lookup, and makes
//!   no client wait.
//! - For a lookup the kernel must search all sockets. So only the users of failed and slow questions are looked up, and the user of one
//!   other question in each `OWNER_SAMPLE_PAUSE`. The counts of these samples are scaled up to all questions.
//! - A lookup finds the user of all questions in progress at a socket. So a socket is one sample, whatever number of questions it has.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::sync::atomic::Ordering;

use crate::entry::{Entry, OwnerEntry, QuestionEntry};
use crate::limits::{MAX_USER_NAME, OWNER_SAMPLE_PAUSE};
use crate::owner::WantedOwner;
use crate::table::Tally;
use crate::tally::ClientTally;
use crate::{Recorder, lock};
use dns::clock::micros;
use dns::question::Outcome;

pub(crate) const UNKNOWN: &str = "unknown";

/// The number of questions, the number of failed ones, and their total waiting time in microseconds. In a sample, all questions of one socket
/// count as one question with their mean waiting time.
#[derive(Clone, Copy, Default)]
struct UserSum {
    questions: u128,
    failed: u128,
    waited: u128,
}

impl UserSum {
    fn add(&mut self, other: Self) {
        self.questions = self.questions.saturating_add(other.questions);
        self.failed = self.failed.saturating_add(other.failed);
        self.waited = self.waited.saturating_add(other.waited);
    }

    fn of_question(question: &QuestionEntry) -> Self {
        let failed = question.outcome.is_failure().into();
        Self { questions: 1, failed, waited: question.elapsed.into() }
    }

    /// Scales the sum of `known` samples up to `all` questions.
    fn scaled(self, all: usize, known: usize) -> ClientTally {
        let scale = |number: u128| {
            let scaled = number.saturating_mul(all as u128).saturating_add(known as u128 / 2);
            u64::try_from(scaled / (known as u128).max(1)).unwrap_or(u64::MAX)
        };
        let (questions, failed) = (scale(self.questions), scale(self.failed));
        ClientTally { questions, failed, waited_micros: scale(self.waited), ..ClientTally::default() }
    }
}

/// Counts the questions that ended in a period, by local user. resolverd looks up the user of each question that failed or took `slow`
/// microseconds, but of the other questions only for a sample, from which their number is estimated.
fn by_user(questions: &[QuestionEntry], over: &Range<u64>, slow: u64) -> BTreeMap<Box<str>, ClientTally> {
    let is_counted = |question: &&QuestionEntry| {
        let is_local = question.client.to_canonical().is_loopback() && question.port > 0;
        is_local && question.outcome != Outcome::Cache && over.contains(&question.end())
    };
    let (sought, others): (Vec<&QuestionEntry>, Vec<&QuestionEntry>) = questions
        .iter()
        .filter(is_counted)
        .partition(|question| question.outcome.is_failure() || question.elapsed >= slow);
    let known = |questions: &[&QuestionEntry]| -> Vec<(Box<str>, (IpAddr, u16), UserSum)> {
        let known = |one: &&QuestionEntry| {
            Some(((**one.user.as_ref()?).into(), (one.client, one.port), UserSum::of_question(one)))
        };
        questions.iter().filter_map(known).collect()
    };
    let single = known(&sought).into_iter().map(|(user, _, sum)| (user, sum)).collect();
    let mut sockets: BTreeMap<_, (Box<str>, UserSum)> = BTreeMap::new();
    for (user, socket, sum) in known(&others) {
        sockets.entry(socket).or_insert_with(|| (user, UserSum::default())).1.add(sum);
    }
    let mean = |(user, sum): (Box<str>, UserSum)| {
        (user, UserSum { questions: 1, failed: 0, waited: sum.waited / sum.questions.max(1) })
    };
    let sampled: Vec<_> = sockets.into_values().map(mean).collect();
    let mut tallies = BTreeMap::<Box<str>, ClientTally>::new();
    for (all, known) in [(sought, single), (others, sampled)] {
        let (mut sums, units) = (BTreeMap::<Box<str>, UserSum>::new(), known.len());
        known.into_iter().for_each(|(user, sum)| sums.entry(user).or_default().add(sum));
        if units == 0 {
            let sum = sums.entry(UNKNOWN.into()).or_default();
            all.iter().for_each(|question| sum.add(UserSum::of_question(question)));
        }
        let known = if units == 0 { all.len() } else { units };
        for (user, sum) in sums.into_iter().filter(|(_, sum)| sum.questions > 0) {
            tallies.entry(user).or_default().add(&sum.scaled(all.len(), known));
        }
    }
    tallies
}

impl Recorder {
    /// Requests the lookup of the local user of a client whose question waits long or has failed. Clients at other than loopback addresses
    /// are ignored: they may not be on this host.
    pub fn want_owner(&self, wanted: WantedOwner) {
        let client = wanted.client;
        if self.kept.is_on() && client.port() > 0 && client.ip().to_canonical().is_loopback() {
            self.log.owners.add(wanted);
        }
    }

    /// Requests the lookup of the local user of a client whose question begins to wait, but at most once in `OWNER_SAMPLE_PAUSE`.
    pub fn sample_owner(&self, wanted: WantedOwner) {
        if !wanted.client.ip().to_canonical().is_loopback() {
            return;
        }
        let (now, due) = (self.clock.mono().as_micros(), self.log.owner_sample.load(Ordering::Relaxed));
        let next = now.saturating_add(micros(OWNER_SAMPLE_PAUSE));
        let order = Ordering::Relaxed;
        if now >= due && self.log.owner_sample.compare_exchange(due, next, order, order).is_ok() {
            self.want_owner(wanted);
        }
    }

    /// Counts the questions that ended in the period `over`, by local user. Questions that failed or took `slow` microseconds are not
    /// estimated from a sample.
    pub fn count_users(&self, questions: &[QuestionEntry], over: &Range<u64>, slow: u64) {
        let counted = by_user(questions, over, slow);
        let mut users = lock(&self.sums.users);
        counted.iter().for_each(|(user, tally)| users.count(&**user, |row| row.add(tally)));
    }

    /// Waits for clients whose users must be looked up, and returns them.
    pub async fn wanted_owners(&self) -> Vec<WantedOwner> {
        self.log.owners.next().await
    }

    /// Records the user who owns the socket of a client now.
    pub fn owned(&self, client: SocketAddr, user: &str) {
        let end = user.floor_char_boundary(MAX_USER_NAME);
        let user = user.get(..end).unwrap_or_default().into();
        let at = self.clock.mono().as_micros();
        let owner = OwnerEntry { client: client.ip(), port: client.port(), at, user };
        lock(&self.kept.misses).entry(&Entry::Owner(owner));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::Window;
    use crate::limits::MAX_WANTED_OWNERS;
    use dns::clock::Clock;

    fn question(port: u16, user: Option<&str>, outcome: Outcome, elapsed: u64) -> QuestionEntry {
        let user = user.map(Into::into);
        QuestionEntry { port, user, outcome, elapsed, ..QuestionEntry::failed(b"\x07example\x00", 100) }
    }

    // Failed questions are counted one by one.
    #[test]
    fn sampled_users_are_scaled_up() {
        let mut questions = vec![
            question(1, Some("postfix"), Outcome::Failed, 9),
            question(1, Some("postfix"), Outcome::Failed, 9),
            question(2, Some("rspamd"), Outcome::Failed, 9),
            question(3, Some("postfix"), Outcome::Upstream, 40),
            question(4, Some("rspamd"), Outcome::Upstream, 10),
            question(4, Some("rspamd"), Outcome::Shared, 30),
            question(5, Some("rspamd"), Outcome::Cache, 0),
        ];
        questions.extend((0..17).map(|port| question(100 + port, None, Outcome::Upstream, 5)));
        let counted = by_user(&questions, &(0..1_000), 500);
        let rows: Vec<_> = counted
            .iter()
            .map(|(user, row)| (&**user, row.questions, row.failed, row.waited_micros))
            .collect();
        assert_eq!(rows, [("postfix", 12, 2, 18 + 400), ("rspamd", 11, 1, 9 + 200)]);
        let unknown = by_user(&questions[7..], &(0..1_000), 500);
        assert_eq!(unknown.keys().map(|user| &**user).collect::<Vec<_>>(), [UNKNOWN]);
        assert!(by_user(&questions, &(0..50), 500).is_empty());
    }

    #[test]
    fn users_are_sorted_by_questions() {
        let recorder = Recorder::new(Clock::machine(), 1);
        let quick = |port| question(port, Some("rspamd"), Outcome::Failed, 9);
        let questions = [question(1, Some("postfix"), Outcome::Failed, 400), quick(2), quick(3)];
        recorder.count_users(&questions, &(0..1_000), 500);
        let users: Vec<_> = recorder.by_user(Window::Start).into_iter().map(|row| row.user).collect();
        assert_eq!(users, ["rspamd", "postfix"]);
    }

    // Only clients on this host have users, and each is looked up once.
    #[test]
    fn wanted_users_are_bounded() {
        let recorder = Recorder::new(Clock::machine(), 1);
        let want = |client: SocketAddr| {
            let server = ([127, 0, 0, 1], 53).into();
            recorder.want_owner(WantedOwner { client, server, is_stream: false });
        };
        for client in ["192.0.2.1:7", "[2001:db8::1]:7", "127.0.0.1:0"] {
            want(client.parse().unwrap());
        }
        assert!(recorder.wanted_owners().now_or_never().is_none());
        let local = ["127.0.0.1:7", "[::1]:7", "[::ffff:127.0.0.1]:8", "127.0.0.1:7"];
        local.iter().for_each(|client| want(client.parse().unwrap()));
        assert_eq!(recorder.wanted_owners().now_or_never().unwrap().len(), 3);
        assert!(recorder.wanted_owners().now_or_never().is_none());
        for port in 1..1_000 {
            want(([127, 0, 0, 1], port).into());
        }
        assert_eq!(recorder.wanted_owners().now_or_never().unwrap().len(), MAX_WANTED_OWNERS);
    }
}
