//! Saves the recorded questions and resolutions (flights) to a file when the process stops, and restores them at the next start. So
//! `resolverctl why` still finds emails from before a restart, even those that were not slow.
//!
//! # Decisions
//!
//! - The first octet of the file says if the memory of the history was full, so that old entries were overwritten. The rest has the format
//!   of a segment (a file of the history on disk), see `stored`. Times are in microseconds since 1970, because `Mono` begins anew in each
//!   process.
//! - Customer keys of DNS lists (see `redact`) are removed when the file is written.
//! - A damaged file is not read. Otherwise some questions would be missing, and nobody could see which. The disk still has the failed and
//!   slow ones.
//! - The earlier process has already logged and stored its entries. So the tasks that log and store begin after the restored entries.

use crate::dates::Dates;
use crate::entry::{Entry, QuestionEntry};
use crate::limits::STORED_TIME;
use crate::names::ReadNames;
use crate::redact::Secrets;
use crate::stored::{self, DamagedSegment, SEGMENT_HEAD};
use crate::{Recorder, lock, octets, ring};
use dns::clock::micros;
use dns::question::Outcome;

impl Recorder {
    /// Passes all entries in memory to `write`, one block at a time, without the keys in `secrets`.
    ///
    /// # Errors
    /// The first error of `write`.
    pub fn save_memory<E>(
        &self,
        secrets: &Secrets,
        mut write: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (dates, mut names) = (self.dates(), ReadNames::without(secrets));
        let has_lost = self.rings().any(|ring| lock(ring).has_lost());
        let mut written = vec![u8::from(has_lost)];
        written.extend_from_slice(&SEGMENT_HEAD);
        for (since, until) in lock(&self.incidents).outage.spans(self.clock.mono()) {
            let (since, until) = (dates.unix(since.as_micros()), dates.unix(until.as_micros()));
            stored::put(&Entry::Outage((since, until)), &mut written);
        }
        write(&written)?;
        let mut result = Ok(());
        for ring in self.rings() {
            ring::read_all(ring, |block| {
                written.clear();
                octets::read(block, &mut names, |mut entry| {
                    entry.date(&dates);
                    match &entry {
                        Entry::Question(hit) if is_hit(hit) => {
                            stored::frame(&mut written, |octets| octets::put_hit(hit, octets));
                        }
                        _ => stored::put(&entry, &mut written),
                    }
                });
                result = write(&written);
                result.is_ok()
            });
            if result.is_err() {
                break;
            }
        }
        result
    }

    /// Restores the entries that an earlier process has saved in `file`, and returns the number of questions. Call it before anything else
    /// is recorded. Leaves out entries older than `STORED_TIME`, and those from the future (the clock was set back).
    ///
    /// # Errors
    /// The file is damaged, or has another version. Nothing is restored.
    pub fn restore_memory(&self, file: &[u8]) -> Result<u64, DamagedSegment> {
        let (lost, segment) = file.split_first().ok_or(DamagedSegment)?;
        let check = stored::check(segment);
        if check.damaged > 0 || check.end == 0 || check.end < segment.len() {
            return Err(DamagedSegment);
        }
        let (now, mono) = (self.clock.unix_micros(), self.clock.mono().as_micros());
        let (to_mono, oldest) = (Dates::begun(now, mono), now.saturating_sub(micros(STORED_TIME)));
        let no_secrets = Secrets::default();
        let mut names = ReadNames::without(&no_secrets);
        let (mut hits, mut questions) = (Vec::new(), 0_u64);
        let mut misses = lock(&self.kept.misses);
        stored::read(segment, |octets| {
            octets::read(octets, &mut names, |mut entry| {
                if entry.end() > now || entry.end() < oldest {
                    return;
                }
                entry.date(&to_mono);
                questions = questions.saturating_add(u64::from(matches!(entry, Entry::Question(_))));
                match entry {
                    Entry::Question(hit) if is_hit(&hit) => hits.push(hit),
                    entry => misses.entry(&entry),
                }
            });
        });
        misses.end_restoring(*lost > 0);
        drop(misses);
        // The process that wrote the file may have had another number of workers. So the hits are sorted by time and distributed evenly to the
        // shards of this process.
        hits.sort_by_key(|hit| hit.at);
        for (number, shard) in self.sums.shards.iter().enumerate() {
            let mut ring = lock(&shard.ring);
            for hit in hits.iter().skip(number).step_by(self.sums.shards.len()) {
                ring.restore_hit(hit);
            }
            ring.end_restoring(*lost > 0);
        }
        Ok(questions)
    }
}

/// Returns true if the question can be stored in the short form of a cache hit: the fields that this form lacks have no value.
fn is_hit(question: &QuestionEntry) -> bool {
    question.outcome == Outcome::Cache && question.elapsed == 0 && question.flight.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::FlightEntry;
    use crate::event::Shows;
    use crate::{ReadSpan, Recorded};
    use dns::clock::{Clock, Mono};
    use dns::question::{ClientTransport, DnsResult};
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::time::Duration;

    const START: u64 = 1_795_165_920;

    fn recorder(shards: usize) -> Arc<Recorder> {
        recorder_of(shards, 1 << 20)
    }

    fn recorder_of(shards: usize, size: u64) -> Arc<Recorder> {
        Recorder::with_size(Clock::simulated(START), shards, size)
    }

    fn fill(recorder: &Recorder) {
        let now = recorder.clock.mono().as_micros();
        for (shard, name) in [(0, &b"\x04Mail\x00\x00\x01"[..]), (1, b"\x03key\x04list\x00\x00\x01")] {
            for number in 0..3 {
                let at = Mono::from_micros(now - 9_000_000 + 100 * number + shard as u64);
                let client = [127, 0, 0, u8::try_from(number).unwrap()].into();
                recorder.hits(shard, at, 7).unwrap().put(name, client, DnsResult::Answer);
            }
        }
        let id = recorder.kept.first + 5;
        let flight = FlightEntry {
            name: b"\x04mail\x00"[..].into(),
            zone: b"\x00"[..].into(),
            shows: Some(Shows::Silence),
            why: "no server of key.list. answers".into(),
            ..FlightEntry::blank(id, now - 8_000_000, 4_000_000)
        };
        lock(&recorder.kept.misses).flight(&flight);
        let failed = QuestionEntry {
            elapsed: 4_000_000,
            transport: Some(ClientTransport::Tcp),
            flight: Some(id),
            user: Some("postfix".into()),
            error: "silent".into(),
            code: Some(22),
            ..QuestionEntry::failed(b"\x04mail\x00", now - 8_000_000)
        };
        recorder.asked(&failed, None);
        // The cache answered this question, but not at once, so it is no hit (see `is_hit`).
        let late = QuestionEntry::failed(b"\x04mail\x00", now - 7_000_000);
        recorder.asked(&QuestionEntry { outcome: Outcome::Cache, ..late }, None);
    }

    fn secrets() -> Secrets {
        Secrets::before([b"\x04list\x00".to_vec()])
    }

    fn saved(recorder: &Recorder) -> Vec<u8> {
        let mut file = Vec::new();
        let written = recorder.save_memory(&secrets(), |octets| {
            file.extend_from_slice(octets);
            Ok::<_, Infallible>(())
        });
        written.unwrap();
        file
    }

    fn read(recorder: &Recorder) -> Recorded {
        recorder.recorded(&ReadSpan::default(), &secrets())
    }

    #[tokio::test(start_paused = true)]
    async fn saved_record_is_restored() {
        let first = recorder(2);
        fill(&first);
        let (before, file) = (read(&first), saved(&first));
        assert_eq!((before.questions.len(), before.flights.len()), (8, 1));
        for shards in [1, 2, 3] {
            let next = recorder(shards);
            next.clock.sleep(Duration::from_secs(60));
            assert_eq!(next.restore_memory(&file).unwrap(), 8);
            let after = read(&next);
            assert_eq!((&after.questions, &after.flights), (&before.questions, &before.flights));
            assert_eq!((after.whole(), after.lost), (before.whole(), None));
            let again = read_again(&next);
            assert_eq!((again.questions, again.flights), (after.questions, after.flights));
        }
    }

    /// Returns the history of a third process, restored from the file of the second.
    fn read_again(second: &Recorder) -> Recorded {
        let third = recorder(2);
        third.clock.sleep(Duration::from_secs(90));
        third.restore_memory(&saved(second)).unwrap();
        read(&third)
    }

    #[tokio::test(start_paused = true)]
    async fn restored_record_knows_lost_begin() {
        let first = recorder(1);
        let now = first.clock.mono().as_micros() - 1_000_000;
        (0..20_000)
            .for_each(|number| first.asked(&QuestionEntry::failed(b"\x04mail\x00", now + number), None));
        let before = read(&first);
        assert!(before.lost.is_some());
        for size in [1 << 20, 8 << 20] {
            let next = recorder_of(1, size);
            next.restore_memory(&saved(&first)).unwrap();
            let after = read(&next);
            assert_eq!((after.questions.len(), after.lost), (before.questions.len(), before.lost), "{size}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_file_has_no_key() {
        let first = recorder(2);
        fill(&first);
        let file = saved(&first);
        let has = |part: &[u8]| file.windows(part.len()).any(|window| window == part);
        assert!(has(b"\x04_key\x04list") && !has(b"\x03key\x04list") && !has(b" key.list."));
    }

    #[tokio::test(start_paused = true)]
    async fn future_and_old_entries_are_dropped() {
        let first = recorder(1);
        fill(&first);
        let file = saved(&first);
        for (hours, expected) in [(-1, 0), (0, 8), (167, 8), (169, 0)] {
            let next = recorder(1);
            next.clock.set_wrong_by(hours * 3_600);
            assert_eq!(next.restore_memory(&file).unwrap(), expected, "{hours}");
            assert_eq!(read(&next).questions.len() as u64, expected, "{hours}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_damaged_file_is_not_read() {
        let first = recorder(1);
        fill(&first);
        let file = saved(&first);
        let mut damaged = file.clone();
        damaged[60] ^= 1;
        let foreign = b"another file, which is longer".to_vec();
        for octets in [damaged, file[..file.len() - 1].to_vec(), foreign, Vec::new()] {
            let next = recorder(1);
            assert_eq!(next.restore_memory(&octets), Err(DamagedSegment));
            assert!(read(&next).questions.is_empty());
        }
    }
}
