//! Reads the new entries of the history (questions and resolutions) some time after they were written, for the log and the disk.
//!
//! No question waits for this reader. A resolution is written before the questions that waited for it. So when a question is read, its resolution has
//! been read too, or an earlier failed resolution that explains it.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::entry::{Entry, FlightEntry, OwnerEntry};
use super::lock;
use super::names::ReadNames;
use super::octets;
use super::recorded::Recorded;
use super::redact::Secrets;
use super::ring::{self, Ring, RingPlace};
use super::tally::FailureCount;
use crate::limits::{EXPLAINED_TIME, FLIGHT_TIME, MAX_FOLLOWED_FLIGHTS, SNAPSHOT_INTERVAL};
use dns::clock::Mono;

/// An entry can still be read after this number of calls of `pass_over`. The entry with the local user of a question is written when the question
/// begins to wait. The question itself is written when it ends, which may be later than the next call of `pass_over` (every `SNAPSHOT_INTERVAL`).
const KEPT_PASSES: usize = 2;

const _: () = assert!(FLIGHT_TIME.as_secs() < KEPT_PASSES as u64 * SNAPSHOT_INTERVAL.as_secs());

/// Reads the entries of a ring (the history in memory), each time from the position where the previous reading ended.
#[derive(Debug, Default)]
pub(super) struct NewsReader {
    place: RingPlace,
    /// The positions in the ring (the history in memory) up to which entries were written at the last calls of `pass_over`, the earliest call first.
    passed: [RingPlace; KEPT_PASSES],
    /// The resolutions that the log has read last: at most `MAX_FOLLOWED_FLIGHTS`.
    flights: VecDeque<FlightEntry>,
    /// The local users that were read last: at most `MAX_FOLLOWED_FLIGHTS`. The user of a waiting question is written, and so also read, before the
    /// question.
    owners: VecDeque<OwnerEntry>,
    /// The number of failed questions that were read so far. The next field is the number of those that were overwritten before they were read.
    failures: FailureCount,
    lost: FailureCount,
}

impl NewsReader {
    /// Skips entries, because nothing that needs a log line was written since the last reading. Only entries before the last `KEPT_PASSES` calls are
    /// skipped. Later entries may still be needed: they show what servers did shortly before a failure, and the users of questions that still wait.
    /// Skipping saves the time to read the entries, a tenth of the instructions of a cache miss for each.
    pub(super) fn pass_over(&mut self, ring: &Mutex<Ring>) {
        let [before, last] = self.passed;
        self.passed = [last, lock(ring).place()];
        self.place = self.place.max(before);
    }

    /// Reads the new questions of a ring, and the resolutions that may explain them, including resolutions that were read earlier. Times are in
    /// microseconds of the monotonic clock `Mono`. Also returns how many failed questions were overwritten by newer entries before they were read.
    pub(super) fn read(
        &mut self,
        ring: &Mutex<Ring>,
        secrets: &Secrets,
        now: Mono,
    ) -> (Recorded, FailureCount) {
        let mut news = Recorded::default();
        let written = lock(ring).failures();
        let mut names = ReadNames::without(secrets);
        ring::read_on(ring, &mut self.place, |octets| {
            octets::read(octets, &mut names, |entry| match entry {
                Entry::Question(question) => news.questions.push(question),
                Entry::Flight(flight) => self.flights.push_back(flight),
                Entry::Owner(owner) => self.owners.push_back(owner),
                // Network outages that resolverd recorded before its last restart. It reported them at that time.
                Entry::Outage(..) => {}
            });
        });
        let since = now.before(EXPLAINED_TIME).as_micros();
        self.flights.retain(|flight| flight.end() >= since);
        news.flights = self.flights.iter().cloned().collect();
        self.owners.retain(|owner| owner.at >= since);
        let more = self.owners.len().saturating_sub(MAX_FOLLOWED_FLIGHTS);
        self.owners.drain(..more);
        news.owners = self.owners.iter().cloned().collect();
        let news = news.in_order();
        let more = self.flights.len().saturating_sub(MAX_FOLLOWED_FLIGHTS);
        self.flights.drain(..more);
        news.questions.iter().for_each(|question| self.failures.count(question.outcome));
        // If failures are written while this function reads, this difference may be too small. The next reading then adds the missing failures.
        let lost = written.without(self.failures).max(self.lost);
        let newly = lost.without(self.lost);
        self.lost = lost;
        (news, newly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::QuestionEntry;
    use dns::question::Outcome;

    fn written(at: u64, outcome: Outcome) -> QuestionEntry {
        QuestionEntry { outcome, elapsed: 0, ..QuestionEntry::failed(b"\x07example\x00", at) }
    }

    #[test]
    fn what_was_passed_over_three_times_is_not_read() {
        let ring = Mutex::new(Ring::new(1 << 20));
        let write = |at, outcome| lock(&ring).question(&written(at, outcome));
        let follower = &mut NewsReader::default();
        for at in 1..=4 {
            write(at, Outcome::Upstream);
            follower.pass_over(&ring);
        }
        write(5, Outcome::Failed);
        let read = |follower: &mut NewsReader| {
            let (news, lost) = follower.read(&ring, &Secrets::default(), Mono::from_micros(6));
            assert_eq!(lost, FailureCount::default());
            news.questions.iter().map(|question| question.at).collect::<Vec<_>>()
        };
        assert_eq!(read(follower), [3, 4, 5]);
        follower.pass_over(&ring);
        write(6, Outcome::Failed);
        assert_eq!(read(follower), [6]);
    }

    #[test]
    fn failures_that_were_overwritten_before_they_were_read_are_counted_once() {
        let ring = Mutex::new(Ring::new(1));
        let write = |count: u64, outcome| {
            for at in 0..count {
                lock(&ring).question(&written(at, outcome));
            }
        };
        let mut follower = NewsReader::default();
        let mut read = || {
            let (news, lost) = follower.read(&ring, &Secrets::default(), Mono::from_micros(1));
            assert!(lost.judged <= lost.all);
            (news.questions.len() as u64, lost.all)
        };
        write(20, Outcome::Failed);
        assert_eq!(read(), (20, 0));
        write(20_000, Outcome::Failed);
        let (kept, lost) = read();
        assert!(lost > 0 && kept + lost == 20_000, "{kept} {lost}");
        assert_eq!(read(), (0, 0));
        write(20_000, Outcome::Upstream);
        assert_eq!(read().1, 0);
        write(7, Outcome::Deadline);
        assert_eq!(read(), (7, 0));
    }

    #[test]
    fn queries_that_were_turned_away_and_overwritten_are_no_judged_failures() {
        let ring = Mutex::new(Ring::new(1));
        for at in 0..20_000 {
            lock(&ring).question(&written(at, Outcome::Shed));
        }
        let (news, lost) = NewsReader::default().read(&ring, &Secrets::default(), Mono::from_micros(1));
        let all = 20_000 - news.questions.len() as u64;
        assert!(all > 0);
        assert_eq!(lost, FailureCount { all, judged: 0 });
    }
}
