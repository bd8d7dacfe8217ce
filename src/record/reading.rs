//! Reads recorded questions and resolutions (flights) from the rings in memory, and then from disk what the rings no longer have.

use std::sync::Mutex;

use crate::dates::Dates;
use crate::entry::{Entry, QuestionEntry};
use crate::limits::{EXPLAINED_TIME, MAX_HIT_GROWTH, MAX_STORED_READ, RECORD_READER, STORED_TIME};
use crate::names::ReadNames;
use crate::recorded::{ReadSpan, Recorded};
use crate::redact::Secrets;
use crate::ring::{self, Ring};
use crate::store::Store;
use crate::{Recorder, lock, octets, stored};
use dns::clock::{Mono, micros};
use dns::question::{Outcome, wire_name};

/// A question on disk that ended less than this many microseconds before the first one in memory is not read. It may be the same question:
/// its two times differ if the clock of the host was adjusted.
const SAME_MOMENT: u64 = 10_000;

impl Recorder {
    /// Returns the questions that `span` selects, and the resolutions that may explain them or connect them with an email, without the
    /// customer keys in `secrets`. The result takes at most `RECORD_READER` times the size of the rings; the oldest entries are left out
    /// first. This takes some tens of milliseconds; call it on a thread that may block.
    pub fn recorded(&self, span: &ReadSpan, secrets: &Secrets) -> Recorded {
        // One table of names for memory and disk, so that equal names share memory.
        let mut names = ReadNames::without(secrets);
        let (recorded, first_end) = self.in_memory(span, &mut names, (self.reader_memory(), 0));
        let mut reader = RecordReader { span, dates: &Dates::default(), recorded, first_end: None };
        if let Some(store) = self.kept.store.get() {
            let oldest = self.clock.unix_micros().saturating_sub(micros(STORED_TIME));
            reader.stored(&**store, &mut names, (first_end.unwrap_or(u64::MAX), oldest));
        }
        reader.recorded.in_order()
    }

    /// Like `recorded`, but without the disk, which has only failed and slow questions.
    pub fn recorded_in_memory(&self, span: &ReadSpan, secrets: &Secrets) -> Recorded {
        self.in_memory(span, &mut ReadNames::without(secrets), (self.reader_memory(), 0)).0.in_order()
    }

    /// Returns the maximum memory for the entries that a call of `recorded` reads, in octets.
    pub fn reader_memory(&self) -> usize {
        usize::try_from(self.kept.size.saturating_mul(RECORD_READER)).unwrap_or(usize::MAX)
    }

    /// Like `recorded`, but reads only memory, and does not sort. Reads the ring for misses back to the time `flights`, because the resolutions in it
    /// explain later questions. Also returns the end of the oldest question in memory that the cache did not answer.
    pub(crate) fn in_memory(
        &self,
        span: &ReadSpan,
        names: &mut ReadNames<'_>,
        (memory, flights): (usize, u64),
    ) -> (Recorded, Option<u64>) {
        let (dates, now) = (self.dates(), self.clock.mono());
        let mut reader = RecordReader { span, dates: &dates, recorded: Recorded::default(), first_end: None };
        // A growing vector would need twice its memory while it is copied.
        reader.recorded.questions.reserve(memory / QuestionEntry::LEAST_WEIGHT);
        let hits: usize = self.sums.shards.iter().map(|shard| ring::octets(&shard.ring)).sum();
        let hits = if span.hits { hits.saturating_mul(MAX_HIT_GROWTH).min(memory / 2) } else { 0 };
        reader.recorded.lost = reader.ring(&self.kept.misses, names, (memory.saturating_sub(hits), flights));
        let first_end = reader.first_end;
        // Cache hits are of no use without the cache misses of the same time, so earlier hits are not read.
        let first = span.from.max(reader.recorded.lost.unwrap_or(0));
        for shard in self.sums.shards.iter().filter(|_| span.hits) {
            let memory = hits / self.sums.shards.len().max(1);
            let lost = reader.ring(&shard.ring, names, (memory, first));
            reader.recorded.lost_hits = reader.recorded.lost_hits.max(lost);
        }
        let mut recorded = reader.recorded;
        recorded.questions.retain(|one| one.outcome != Outcome::Cache || one.at >= first);
        let unix = |at: Mono| dates.unix(at.as_micros());
        let incidents = lock(&self.incidents);
        let (outages, losses) = (incidents.outage.spans(now), incidents.loss.spans(now));
        let without_tcp = incidents.streams.spans(now);
        let (changed, changed_at) = incidents.forgotten();
        drop(incidents);
        recorded.changed_zones = changed.iter().map(|zone| wire_name(&zone.to_lowercase()).into()).collect();
        recorded.changed_at = unix(changed_at);
        let dated = |(since, until)| (unix(since), unix(until));
        recorded.outages.extend(outages.into_iter().map(dated));
        recorded.losses.extend(losses.into_iter().map(dated));
        recorded.without_tcp.extend(without_tcp.into_iter().map(dated));
        recorded.off = !self.kept.is_on();
        (recorded, first_end)
    }
}

/// Reads entries, the newest first, until the memory for the result is used up.
struct RecordReader<'a> {
    span: &'a ReadSpan,
    dates: &'a Dates,
    recorded: Recorded,
    /// The earliest end of a question in the oldest block of the ring that was read last; none if this block has no question.
    first_end: Option<u64>,
}

impl RecordReader<'_> {
    /// Reads a ring until the entries take `memory` octets, or a block has only questions that ended before `first`. Returns the time
    /// before which questions are missing.
    fn ring(
        &mut self,
        ring: &Mutex<Ring>,
        names: &mut ReadNames<'_>,
        (memory, first): (usize, u64),
    ) -> Option<u64> {
        let earlier = |known: Option<u64>, at: u64| Some(known.map_or(at, |known| known.min(at)));
        let mut oldest = Vec::new();
        ring::read_first(ring, &mut oldest);
        self.first_end = None;
        octets::read(&oldest, names, |mut entry| {
            entry.date(self.dates);
            if let Entry::Question(question) = entry {
                self.first_end = earlier(self.first_end, question.end());
                self.recorded.begin = earlier(self.recorded.begin, question.at);
            }
        });
        let (mut taken, mut left_out) = (0_usize, None);
        ring::read_back(ring, |block| {
            let mut earliest = u64::MAX;
            octets::read(block, names, |mut entry| {
                entry.date(self.dates);
                if let Entry::Question(question) = &entry {
                    earliest = earliest.min(question.end());
                }
                taken = taken.saturating_add(self.take(entry));
            });
            left_out = (taken >= memory && earliest < u64::MAX).then_some(earliest);
            taken < memory && earliest >= first
        });
        left_out.max(self.first_end.filter(|_| lock(ring).has_lost()))
    }

    /// Adds an entry to the result if it is wanted. Returns the octets that it takes.
    fn take(&mut self, entry: Entry) -> usize {
        let (span, recorded) = (self.span, &mut self.recorded);
        match entry {
            Entry::Question(question) if span.has(question.at, question.client) => {
                let weight = question.weight();
                recorded.questions.push(question);
                weight
            }
            Entry::Flight(flight) if flight.began <= span.to => {
                let weight = flight.weight();
                recorded.flights.push(flight);
                weight
            }
            Entry::Outage(outage) => {
                recorded.outages.push(outage);
                size_of_val(&outage)
            }
            Entry::Owner(owner) => {
                recorded.owners.push(owner);
                0
            }
            Entry::Delay(delay) => {
                recorded.summed_since = Some(recorded.summed_since.map_or(delay.at, |at| at.min(delay.at)));
                if (span.from..=span.to).contains(&delay.at) {
                    recorded.sums.push(delay);
                }
                // The disk has a bounded number of sums (`DAY_SUMS`), and the report of a period needs all of them.
                0
            }
            Entry::Question(_) | Entry::Flight(_) => 0,
        }
    }

    /// Reads the segments (files) of the store, the newest first, without questions that ended at `until` or later, which are in memory,
    /// and without entries that ended before `oldest`.
    fn stored(&mut self, store: &dyn Store, names: &mut ReadNames<'_>, (until, oldest): (u64, u64)) {
        let mut since = store.begin().map(|begin| begin.max(oldest));
        // A resolution that ended before `first` cannot explain a question of the span that the caller wants.
        let first = self.span.from.saturating_sub(micros(EXPLAINED_TIME)).max(oldest);
        let (mut taken, mut hides_clients) = (0_usize, false);
        store.read_back(&mut |segment| {
            let mut latest = None;
            stored::read(segment, |octets| {
                octets::read(octets, names, |mut entry| {
                    let end = entry.end();
                    latest = latest.max(Some(end));
                    let is_wanted = match &mut entry {
                        Entry::Question(question) => {
                            question.stored = true;
                            hides_clients |= question.is_without_client();
                            since = Some(since.unwrap_or(u64::MAX).min(question.at.max(oldest)));
                            end.saturating_add(SAME_MOMENT) < until
                        }
                        // An earlier resolution is needed only for the names in its answer, which connect it with later questions that the
                        // cache answered.
                        Entry::Flight(flight) => end >= first || !flight.links.is_empty(),
                        Entry::Delay(_) => self.span.sums,
                        _ => end >= first,
                    };
                    let has_room = taken < MAX_STORED_READ || matches!(entry, Entry::Delay(_));
                    if is_wanted && has_room && end >= oldest {
                        taken = taken.saturating_add(self.take(entry));
                    }
                });
            });
            // Segments are read from the newest to the oldest, until one ends before the period. If a damaged segment has no entry with a time,
            // reading continues with the segment before it.
            (taken < MAX_STORED_READ || self.span.sums) && latest.is_none_or(|latest| latest >= first)
        });
        (self.recorded.stored_since, self.recorded.hides_clients) = (since, hides_clients);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::clock::Clock;
    use dns::question::DnsResult;
    use hickory_proto::rr::RecordType;
    use std::time::Duration;

    fn recorder(size: u64) -> std::sync::Arc<Recorder> {
        Recorder::with_size(Clock::machine(), 2, size)
    }

    fn store(recorder: &Recorder, questions: impl IntoIterator<Item = QuestionEntry>) {
        let mut segment = stored::SEGMENT_HEAD.to_vec();
        questions.into_iter().for_each(|question| stored::put(&Entry::Question(question), &mut segment));
        recorder.store_in(std::sync::Arc::new(OneSegment(segment)));
    }

    #[derive(Debug)]
    struct OneSegment(Vec<u8>);

    impl Store for OneSegment {
        fn append(&self, _: &[u8]) {}

        fn tend(&self) {}

        fn read_back(&self, take: &mut dyn FnMut(&[u8]) -> bool) {
            take(&self.0);
        }
    }

    #[test]
    fn question_in_memory_is_read_once() {
        let recorder = recorder(1 << 20);
        let now = recorder.clock.mono().as_micros();
        let failed = QuestionEntry {
            outcome: Outcome::Deadline,
            elapsed: 4_003_000,
            ..QuestionEntry::failed(b"\x04mail\x07example\x00", now)
        };
        recorder.asked(&failed, None);
        let all = || recorder.recorded(&ReadSpan::default(), &Secrets::default()).questions;
        let [question] = &all()[..] else { panic!("{:?}", all()) };
        // The same question on disk, redacted. Its time differs because resolverd compared the clocks again before it stored the question.
        let stored = QuestionEntry {
            at: question.at - 3,
            name: (*b"\x07example\x00").into(),
            client: "ff00::1".parse().unwrap(),
            ..question.clone()
        };
        let earlier = QuestionEntry { at: question.at - 1_000_000, ..stored.clone() };
        store(&recorder, [earlier.clone(), stored]);
        let read: Vec<_> = all().into_iter().map(|question| question.name).collect();
        assert_eq!(read, [earlier.name, failed.name]);
    }

    #[derive(Debug)]
    struct Segments(Vec<Vec<u8>>);

    impl Store for Segments {
        fn append(&self, _: &[u8]) {}

        fn tend(&self) {}

        fn read_back(&self, take: &mut dyn FnMut(&[u8]) -> bool) {
            for segment in &self.0 {
                if !take(segment) {
                    return;
                }
            }
        }
    }

    #[test]
    fn damaged_segment_hides_no_older() {
        let at = Clock::machine().unix_micros() - 60_000_000;
        let stored =
            QuestionEntry::hit((*b"\x07example\x00").into(), RecordType::MX, [127, 0, 0, 1].into(), 0, at);
        let mut whole = stored::SEGMENT_HEAD.to_vec();
        stored::put(&Entry::Question(QuestionEntry { outcome: Outcome::Failed, ..stored }), &mut whole);
        let mut headless = whole.clone();
        headless[..4].copy_from_slice(b"XXXX");
        for newest in [headless, vec![0; 5_000], Vec::new()] {
            let recorder = recorder(1 << 20);
            recorder.store_in(std::sync::Arc::new(Segments(vec![newest, whole.clone()])));
            assert_eq!(recorder.recorded(&ReadSpan::default(), &Secrets::default()).questions.len(), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn clock_step_duplicates_no_question() {
        let clock = Clock::simulated(1_795_165_920);
        let recorder = Recorder::with_size(clock.clone(), 1, 1 << 20);
        let fail = |at: Mono| {
            let question = QuestionEntry::failed(b"\x04mail\x07example\x00", at.as_micros());
            let question = QuestionEntry { elapsed: 20_000, ..question };
            recorder.asked(&question, None);
        };
        let moments = || -> Vec<u64> {
            let read = recorder.recorded(&ReadSpan::default(), &Secrets::default());
            read.questions.into_iter().map(|question| question.at).collect()
        };
        fail(clock.mono());
        let before = moments();
        store(&recorder, recorder.recorded(&ReadSpan::default(), &Secrets::default()).questions);
        for (seconds, wrong) in [(1, 3), (60, 86_400), (60, -3)] {
            clock.sleep(Duration::from_secs(seconds));
            clock.set_wrong_by(wrong);
            assert_eq!(moments(), before, "after a step to {wrong} s");
        }
        clock.sleep(Duration::from_secs(1));
        fail(clock.mono());
        assert_eq!(moments().len(), 2);
    }

    #[test]
    fn reading_record_has_bounded_memory() {
        let size = 1_u64 << 20;
        let recorder = recorder(size);
        for number in 0..40_000_u32 {
            // The shortest names give the largest number of entries.
            let at = Mono::from_micros(number.into());
            let mut page = recorder.hits(0, at, 0).unwrap();
            page.put(b"\x00\x00\x01", [127, 0, 0, 1].into(), DnsResult::Answer);
            recorder.asked(&QuestionEntry::failed(b"\x00", number.into()), None);
        }
        let mut read = Recorded::default();
        let counted = allocation_counter::measure(|| {
            read = recorder.recorded(&ReadSpan::default(), &Secrets::default());
        });
        assert!(counted.bytes_max < size * RECORD_READER * 5 / 4, "{counted:?}");
        // The reader must read the newest hit and the newest failed question, which came at the same time.
        let last = read.questions.last().unwrap().at;
        assert_eq!(read.questions.iter().filter(|question| question.at == last).count(), 2);
        assert!(read.questions.len() > 5_000, "{}", read.questions.len());
    }

    #[test]
    fn hits_are_recorded_after_batch() {
        let recorder = recorder(1 << 20);
        for at in 1..3 {
            let mut page = recorder.hits(0, Mono::from_micros(at), 0).unwrap();
            page.put(b"\x00\x00\x01", [127, 0, 0, 1].into(), DnsResult::Answer);
            page.put(b"\x00\x00\x02", [127, 0, 0, 1].into(), DnsResult::NoName);
        }
        let read = recorder.recorded(&ReadSpan::default(), &Secrets::default());
        assert_eq!(read.questions.len(), 4);
        let none = ReadSpan { client: Some("192.0.2.0/24".parse().unwrap()), ..ReadSpan::default() };
        assert!(recorder.recorded(&none, &Secrets::default()).questions.is_empty());
    }
}
