//! Reads new entries of the history (questions and resolutions) some time after they were written, for the log and the disk.
//!
//! No question waits for this reader. A resolution is written before the questions that waited for it, so it is also read before them.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::entry::{Entry, FlightEntry, OwnerEntry};
use crate::limits::{EXPLAINED_TIME, FLIGHT_TIME, MAX_FOLLOWED_FLIGHTS, SNAPSHOT_INTERVAL};
use crate::names::ReadNames;
use crate::recorded::Recorded;
use crate::redact::Secrets;
use crate::ring::{self, Ring, RingPlace};
use crate::tally::FailureCount;
use crate::{lock, octets};
use dns::clock::Mono;

/// `pass_over`, which is called every `SNAPSHOT_INTERVAL`, skips an entry only after this number of calls. Otherwise it could skip the local
/// user of a question: the entry of the user is written when the question begins to wait, and the question itself when it ends.
const KEPT_PASSES: usize = 2;

const _: () = assert!(FLIGHT_TIME.as_secs() < KEPT_PASSES as u64 * SNAPSHOT_INTERVAL.as_secs());

/// Reads the entries of a ring (the history in memory), each time from where the last reading ended.
#[derive(Debug, Default)]
pub struct NewsReader {
    place: RingPlace,
    /// Where the ring ended at the last calls of `pass_over`, the earliest call first.
    passed: [RingPlace; KEPT_PASSES],
    flights: VecDeque<FlightEntry>,
    /// The last `MAX_FOLLOWED_FLIGHTS` local users that were read. They are kept, because the entry with the user is written when a question begins
    /// to wait, and the question itself later.
    owners: VecDeque<OwnerEntry>,
    /// The number of failed questions that were read.
    failures: FailureCount,
    /// The number of failed questions that were overwritten before they were read.
    lost: FailureCount,
}

impl NewsReader {
    /// Called instead of `read` if no new entry needs a log line: skips entries, because reading one takes a tenth of the instructions of a cache
    /// miss. Does not skip the entries since the last `KEPT_PASSES` calls, because a later log line may need them: they show what servers did
    /// before a failure, and the users of waiting questions.
    pub(crate) fn pass_over(&mut self, ring: &Mutex<Ring>) {
        let [before, last] = self.passed;
        self.passed = [last, lock(ring).place()];
        self.place = self.place.max(before);
    }

    /// Reads the new questions of a ring, and the resolutions that may explain them. Times are in microseconds of `Mono`. Also returns how
    /// many failed questions were overwritten before they were read.
    pub(crate) fn read(
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
                // An outage in a ring is from before the last restart, and was restored with the history. The log reported it at that time.
                Entry::Outage(..) | Entry::Delay(_) => {}
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
        // `written` was read before the entries. A failure that came in between is in `self.failures`, but not in `written`, so `lost` may be too
        // small. The next call corrects it.
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
    fn passed_over_entries_are_not_read() {
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
    fn overwritten_failures_are_counted_once() {
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
    fn overwritten_shed_queries_are_no_failures() {
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
