//! The recorder's part that keeps questions and flights one by one, and reads them again.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::time::Duration;

use super::dates::Dates;
use super::entry::QuestionEntry;
use super::event::Shows;
use super::lock::lock;
use super::outline::{Outline, QuestionOutline};
use super::owner::WantedOwner;
use super::readers::{RingReader, StoreReader};
use super::reading;
use super::recorded::{Flown, HitPage, ReadSpan, Recorded};
use super::redact::Secrets;
use super::ring::{self, Ring};
use super::spent::{self, FromRecord, StageRow, TableSpan};
use super::times::RingTimes;
use super::trail::Trail;
use super::watch::Watch;
use super::written::{HitHead, Written, WrittenFlight};
use super::{Recorder, Window, links};
use crate::limits::{
    CLOCK_READINGS, CLOCK_STEP, MAIL_MARGIN, MAX_HIT_GROWTH, RECORD_BLOCK, RECORD_READER, STORED_TIME,
};
use dns::clock::{Mono, micros};
use dns::question::{Outcome, WireName};

impl Recorder {
    /// The ring of a worker for a batch that came at `at` from clients of a view; none if nothing is kept. The place of the next entries is
    /// read, so that the core has it when they are written.
    pub fn hits(&self, shard: usize, at: Mono, view: u32) -> Option<HitPage<'_>> {
        if !self.kept.is_on() {
            return None;
        }
        let (at, client) = (at.as_micros(), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let ring = lock(&self.shard(shard)?.ring);
        ring.fetch();
        Some(HitPage { ring, at, view, client, head: HitHead::new(client, view, at) })
    }

    /// The ring of misses, and then the ring of each worker.
    pub(super) fn rings(&self) -> impl Iterator<Item = &Mutex<Ring>> {
        std::iter::once(&self.kept.misses).chain(self.shards.iter().map(|shard| &shard.ring))
    }

    /// The number of a flight in the record.
    pub fn flight_number(&self, trail: &Trail) -> u64 {
        self.kept.first.wrapping_add(trail.number())
    }

    /// Keeps a question that the cache did not answer, and may want the user of its client's socket.
    pub fn asked(&self, question: &Written<'_>, socket: Option<WantedOwner>) {
        self.watchers.tell(|| self.ended_now(question));
        self.log_query(|| self.ended_now(question));
        if self.kept.is_on() {
            lock(&self.kept.misses).question(question);
            self.notice(question, socket);
        }
    }

    /// Keeps a question from the cache for the query log. `asked` is its name in wire form, in any case, and its type.
    pub fn log_hit(&self, asked: &[u8], client: IpAddr, view: u32, elapsed: Duration) {
        let Some((name, kind)) = asked.split_last_chunk::<2>() else { return };
        self.log_query(|| {
            let hit = Written {
                name,
                kind: u16::from_be_bytes(*kind).into(),
                client,
                port: 0,
                transport: None,
                view,
                at: 0,
                outcome: Outcome::Cache,
                elapsed,
                flight: 0,
                error: "",
                code: 0,
                user: "",
            };
            self.ended_now(&hit)
        });
    }

    /// A watcher of the questions that the cache does not answer; none if the bound of watchers is reached.
    pub fn watch(&self) -> Option<Watch> {
        self.watchers.watch()
    }

    /// The number of watchers.
    pub fn watching(&self) -> usize {
        self.watchers.count()
    }

    /// A question that has just ended, as a watcher reads it.
    fn ended_now(&self, question: &Written<'_>) -> QuestionEntry {
        let elapsed = micros(question.elapsed);
        QuestionEntry {
            name: question.name.to_ascii_lowercase().into(),
            kind: question.kind,
            client: question.client,
            port: question.port,
            transport: question.transport,
            view: question.view,
            at: self.clock.unix_micros().saturating_sub(elapsed),
            outcome: question.outcome,
            elapsed,
            flight: Some(question.flight).filter(|flight| *flight > 0),
            error: question.error.into(),
            code: (!question.error.is_empty()).then_some(question.code),
            user: None,
        }
    }

    /// Keeps a flight: once it has ended, and before that when a client's deadline has passed.
    pub fn flown(&self, flown: &Flown<'_>) {
        if !self.kept.is_on() {
            return;
        }
        let Flown { trail, question, name, zone, failed, faults, answers } = *flown;
        let elapsed = self.clock.mono().since(trail.began());
        // The owner of the zone that was asked cannot repair what is broken above it.
        let broken =
            failed.filter(|failed| failed.shows == Shows::Bogus).and_then(|failed| failed.broken_at.as_ref());
        let zone =
            broken.filter(|broken| zone.is_some_and(|zone| broken.zone_of(zone))).or(zone).map(WireName::of);
        let flight = WrittenFlight {
            id: self.flight_number(trail),
            began: trail.began().as_micros(),
            elapsed: micros(elapsed),
            name,
            kind: question.kind,
            zone: zone.as_deref().unwrap_or_default(),
            shows: failed.map(|failed| failed.shows),
            why: failed.map_or("", |failed| &failed.why),
            faults,
            messages: &trail.messages(),
            links: &links::of(answers),
            list_fault: failed.and_then(|failed| failed.list),
        };
        lock(&self.kept.misses).flight(&flight);
        if failed.is_some() {
            // The questions of a silent list were answered before: no other event tells the reader of it.
            self.wake_reader();
        }
    }

    /// The questions of a span, and all flights of the rings, without `secrets`. Its memory is bounded by a multiple of the
    /// size of the rings (`RECORD_READER`): the oldest entries are left out if they do not fit. It takes some ten
    /// milliseconds, so it is called on a thread of its own.
    pub fn recorded(&self, span: &ReadSpan, secrets: &Secrets) -> Recorded {
        self.outline(span, secrets).in_full()
    }

    /// As `recorded`, with the heads of questions and flights only. It takes a third of the time.
    pub fn outline<'s>(&self, span: &ReadSpan, secrets: &'s Secrets) -> Outline<'s> {
        let dates = self.dates();
        let mut outline = self.in_memory(RingReader::new(span, &dates, secrets));
        if let Some(store) = self.kept.store.get() {
            // Stored questions are also in memory, as far back as the memory reaches.
            let until = outline.extent.whole.unwrap_or(u64::MAX);
            let mut memory = std::mem::take(&mut outline.questions);
            memory.sort_by_key(|question| question.at);
            let oldest = self.oldest_stored();
            StoreReader { span, until, oldest, memory: &memory, taken: 0 }.read(&**store, &mut outline);
            let read = outline.extent.stored_begin;
            let begin = store.begin().map(|begin| begin.max(oldest));
            outline.extent.stored_since = begin.into_iter().chain(read).min();
            outline.questions.append(&mut memory);
        }
        outline.in_order()
    }

    /// Like `outline`, for a reader that wants failed questions, and the others only next to these. On a day without a failure, memory is
    /// looked through and not read.
    pub fn outline_of_failures<'s>(&self, span: &ReadSpan, secrets: &'s Secrets) -> Outline<'s> {
        let mut has_failure = false;
        ring::read_back(&self.kept.misses, |block| {
            has_failure = reading::has_failure(block);
            !has_failure
        });
        if has_failure {
            return self.outline(span, secrets);
        }
        let dates = self.dates();
        let mut reader = RingReader::new(span, &dates, secrets);
        for shard in &self.shards {
            reader.read_first(&shard.ring);
        }
        reader.read_first(&self.kept.misses);
        let mut outline = reader.outline;
        outline.extent.off = !self.kept.is_on();
        if let Some(store) = self.kept.store.get() {
            let oldest = self.oldest_stored();
            StoreReader { span, until: u64::MAX, oldest, memory: &[], taken: 0 }.read(&**store, &mut outline);
            // What was asked since shows whether it still fails.
            if outline.questions.iter().any(|question| question.outcome.is_failure()) {
                return self.outline(span, secrets);
            }
        }
        outline.in_order()
    }

    /// Entries on disk from before this moment are not shown, in microseconds since 1970.
    fn oldest_stored(&self) -> u64 {
        self.clock.unix_micros().saturating_sub(micros(STORED_TIME))
    }

    /// Like `outline`, without the disk, which has only questions that failed or were slow. Flights are not read in full.
    pub fn outline_in_memory<'s>(&self, span: &ReadSpan, secrets: &'s Secrets) -> Outline<'s> {
        let dates = self.dates();
        self.in_memory(RingReader::light(span, &dates, secrets)).in_order()
    }

    /// The dates of the moments of the record until now.
    pub(super) fn dates(&self) -> Dates {
        let mut dates = lock(&self.dates);
        for _ in 0..CLOCK_READINGS {
            let (before, unix) = (self.clock.mono(), self.clock.unix_micros());
            // A thread that was interrupted between the two readings would see a step.
            if self.clock.mono().since(before) < CLOCK_STEP / 2 {
                dates.note(before.as_micros(), unix);
                break;
            }
        }
        dates.clone()
    }

    /// The time of the questions of a window by stage. Those that the cache answered are counted, the others are in memory, which may
    /// reach back less far. All rows are of one time: then it begins with the first snapshot of the counters that memory covers. Without
    /// one, questions from the cache are left out.
    pub fn stages(&self, window: Window) -> FromRecord<StageRow> {
        let (now, totals) = (self.clock.mono(), self.totals());
        let dates = self.dates();
        let unix = |at: Mono| dates.unix(at.as_micros());
        let (earlier, ago) = lock(&self.snapshots).begin(window, now);
        let from = now.before(ago);
        let times = RingTimes::of(&self.kept.misses, from.as_micros());
        // Without dates, all moments are those of `Mono`, as the snapshots have them.
        let (no_secrets, dates_of_mono, all) = (Secrets::default(), Dates::default(), ReadSpan::default());
        let mut first = RingReader::new(&all, &dates_of_mono, &no_secrets);
        for shard in &self.shards {
            first.read_first(&shard.ring);
        }
        first.ended = None;
        first.read_first(&self.kept.misses);
        let lost = first.ended.filter(|_| lock(&self.kept.misses).has_lost()).map(Mono::from_micros);
        let (since, earlier) = match lost.filter(|lost| *lost > from) {
            None => (from, Some(earlier)),
            Some(lost) => {
                lock(&self.snapshots).after(lost).map_or((lost, None), |(at, earlier)| (at, Some(earlier)))
            }
        };
        let earlier = earlier.filter(|_| self.kept.is_on());
        let cached = earlier.map(|earlier| spent::cached(&totals.since(&earlier).latency_of(Outcome::Cache)));
        let rows = cached.into_iter().chain(spent::stages(&times, since.as_micros())).collect();
        let begin = first.outline.extent.begin.max(lost.map(Mono::as_micros)).map(|begin| dates.unix(begin));
        let span = TableSpan::new(!self.kept.is_on(), begin, (unix(from), unix(since), unix(now)));
        FromRecord { span, rows }
    }

    /// The content of the rings, in any order. Questions that the cache did not answer are read first: hits from before them are of no use.
    fn in_memory<'s>(&self, mut reader: RingReader<'_, 's>) -> Outline<'s> {
        let (now, dates) = (self.clock.mono(), reader.dates);
        let memory = usize::try_from(self.kept.size.saturating_mul(RECORD_READER)).unwrap_or(usize::MAX);
        let mut lost_hits: Option<u64> = None;
        let rings = self.shards.iter().map(|shard| &shard.ring).filter(|_| reader.span.hits);
        let kept = ring::octets(&self.kept.misses).saturating_add(RECORD_BLOCK);
        let octets = rings.map(ring::octets).sum::<usize>().saturating_add(kept);
        reader.outline.make_room(octets, kept, memory);
        let hits = octets.saturating_sub(kept).saturating_mul(MAX_HIT_GROWTH).min(memory / 2);
        reader.read(&self.kept.misses, memory.saturating_sub(hits));
        let left_out = |begin: u64| Some(begin).filter(|begin| *begin > 0);
        let begin = std::mem::take(&mut reader.begin);
        let lost = reader.ended.take().filter(|_| lock(&self.kept.misses).has_lost()).max(left_out(begin));
        reader.first_hit = reader.first_hit.max(begin);
        if reader.outline.light {
            let needed = lost.map_or(0, |lost| lost.saturating_sub(micros(MAIL_MARGIN)));
            reader.first_hit = reader.first_hit.max(needed);
        }
        for shard in &self.shards {
            if reader.span.hits {
                reader.read_hits(&shard.ring, (memory / 2) / self.shards.len().max(1));
            } else {
                reader.read_first(&shard.ring);
            }
            lost_hits = lost_hits.max(reader.ended.take().filter(|_| lock(&shard.ring).has_lost()));
        }
        // Hits that are missing take no other question along, as when they are overwritten. Those before the others that fit are left out
        // too.
        let RingReader { mut outline, begin: hits, misses, .. } = reader;
        if begin > 0 || hits > 0 {
            let is_left = |one: &QuestionOutline| one.at >= begin && (!one.hit || one.at >= hits);
            outline.questions.retain(is_left);
        }
        let extent = &mut outline.extent;
        (extent.lost, extent.lost_hits) = (lost, lost_hits.max(left_out(hits.max(begin))));
        // They are kept when they end: one that took long is there while later ones that failed at once are overwritten.
        // If none was overwritten, nothing came before the first question from the cache either.
        extent.whole = misses.map(|misses| match lost {
            Some(lost) => misses.max(begin).max(lost),
            None => extent.begin.map_or(misses, |first| first.min(misses)),
        });
        let unix = |at: Mono| dates.unix(at.as_micros());
        let outages = lock(&self.incidents).outage.spans(now);
        extent.off = !self.kept.is_on();
        extent.outages.extend(outages.into_iter().map(|(since, until)| (unix(since), unix(until))));
        outline
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;
    use crate::event::Ended;
    use crate::spent::Stage;
    use crate::store::Store;
    use crate::stored;
    use dns::clock::Clock;
    use hickory_proto::rr::RecordType;

    fn recorder(size: u64) -> std::sync::Arc<Recorder> {
        Recorder::with_size(Clock::machine(), 2, size)
    }

    /// Gives a record a disk that has these questions.
    fn store(recorder: &Recorder, questions: impl IntoIterator<Item = QuestionEntry>) {
        let mut segment = stored::SEGMENT_HEAD.to_vec();
        questions.into_iter().for_each(|question| stored::put(&Entry::Question(question), &mut segment));
        recorder.store_in(std::sync::Arc::new(OneSegment(segment)));
    }

    /// One segment, as it is on disk.
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
    fn the_first_question_of_memory_is_not_read_from_the_disk_too() {
        let recorder = recorder(1 << 20);
        let now = recorder.clock.mono().as_micros();
        let failed = Written {
            outcome: Outcome::Deadline,
            elapsed: Duration::from_millis(4_003),
            ..Written::failed(b"\x04mail\x07example\x00", now)
        };
        recorder.asked(&failed, None);
        let all = || recorder.recorded(&ReadSpan::default(), &Secrets::default()).questions;
        let [question] = &all()[..] else { panic!("{:?}", all()) };
        // The clocks were compared at another moment when it was stored; the client and the name are withheld.
        let stored = QuestionEntry {
            at: question.at - 3,
            name: (*b"\x07example\x00").into(),
            client: [0, 0, 0, 0].into(),
            ..question.clone()
        };
        let earlier = QuestionEntry { at: question.at - 1_000_000, ..stored.clone() };
        store(&recorder, [earlier.clone(), stored]);
        let read: Vec<_> = all().into_iter().map(|question| question.name).collect();
        assert_eq!(read, [earlier.name, (*failed.name).into()]);
    }

    #[test]
    fn a_failure_that_memory_has_lost_is_read_from_the_disk_beside_a_longer_question_from_before() {
        let recorder = recorder(1 << 20);
        let now = recorder.clock.mono().as_micros();
        let ask = |name: &[u8], at: u64, elapsed: Duration| {
            recorder.asked(&Written { elapsed, ..Written::failed(name, now + at) }, None);
        };
        let all = || recorder.recorded(&ReadSpan::default(), &Secrets::default()).questions;
        ask(b"\x04lost\x00", 2_000_000, Duration::from_micros(5));
        let lost = all().remove(0);
        (0..40_000).for_each(|_| ask(b"\x05later\x00", 3_000_000, Duration::from_micros(9)));
        ask(b"\x04long\x00", 1_000_000, Duration::from_secs(4));
        assert!(!all().contains(&lost));
        store(&recorder, [lost.clone()]);
        assert_eq!(all().iter().filter(|question| question.name == lost.name).count(), 1);
    }

    /// Segments, the newest first.
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
    fn a_damaged_segment_hides_no_older_one() {
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
    async fn a_step_of_the_clock_makes_no_stored_question_two() {
        let clock = Clock::simulated(1_795_165_920);
        let recorder = Recorder::with_size(clock.clone(), 1, 1 << 20);
        let fail = |at: Mono| {
            let elapsed = Duration::from_millis(20);
            let question = Written { elapsed, ..Written::failed(b"\x04mail\x07example\x00", at.as_micros()) };
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
    fn a_reader_takes_a_bounded_multiple_of_the_rings() {
        let size = 1_u64 << 20;
        let recorder = recorder(size);
        for number in 0..40_000_u32 {
            // The shortest names have the most entries.
            let at = Mono::from_micros(number.into());
            let mut page = recorder.hits(0, at, 0).unwrap();
            page.put(b"\x00\x00\x01", [127, 0, 0, 1].into());
            let kind = RecordType::NS;
            recorder.asked(
                &Written { kind, port: 0, flight: 1, ..Written::failed(b"\x00", number.into()) },
                None,
            );
        }
        let mut read = Recorded::default();
        let counted = allocation_counter::measure(|| {
            read = recorder.recorded(&ReadSpan::default(), &Secrets::default());
        });
        assert!(counted.bytes_max < size * RECORD_READER * 5 / 4, "{counted:?}");
        // Both kinds of questions reach back to the same moment, and to the last one.
        let last = read.questions.last().unwrap().at;
        assert_eq!(read.questions.iter().filter(|question| question.at == last).count(), 2);
        assert!(read.questions.len() > 5_000, "{}", read.questions.len());
    }

    #[tokio::test(start_paused = true)]
    async fn stages_are_of_one_time_also_if_memory_has_less_than_the_window() {
        let clock = Clock::simulated(1_795_165_920);
        let recorder = Recorder::with_size(clock.clone(), 1, 1 << 20);
        let client = IpAddr::from([127, 0, 0, 1]);
        let hit = |count| {
            let (kind, outcome, elapsed) = (RecordType::A, Outcome::Cache, Duration::from_micros(50));
            recorder.questions(0, &Ended { client, kind, outcome, elapsed }, count);
        };
        let miss = |count| {
            let elapsed = Duration::from_millis(1);
            for _ in 0..count {
                let at = clock.mono().before(elapsed).as_micros();
                let (kind, outcome) = (RecordType::A, Outcome::Upstream);
                let miss =
                    Written { kind, port: 0, outcome, elapsed, ..Written::failed(b"\x04slow\x00", at) };
                recorder.asked(&miss, None);
            }
        };
        let told = || {
            let told = recorder.stages(Window::FiveMinutes);
            let counts: Vec<_> = told.rows.iter().map(|row| (row.stage, row.time.count)).collect();
            (counts, told.span.shorter, told.span.seconds)
        };
        clock.sleep(Duration::from_secs(60));
        hit(10_000);
        miss(7);
        assert_eq!(told(), (vec![(Stage::Cache, 10_000), (Stage::Walk, 7)], false, 60.0));
        recorder.tick();
        clock.sleep(Duration::from_secs(1));
        miss(40_000);
        clock.sleep(Duration::from_millis(5));
        miss(4);
        assert_eq!(told(), (vec![(Stage::Walk, 4)], true, 0.005), "no snapshot since");
        clock.sleep(Duration::from_secs(9));
        recorder.tick();
        clock.sleep(Duration::from_secs(5));
        hit(3);
        miss(2);
        assert_eq!(told(), (vec![(Stage::Cache, 3), (Stage::Walk, 2)], true, 5.0));
    }

    #[test]
    fn the_questions_of_a_batch_are_kept_once_it_has_ended() {
        let recorder = recorder(1 << 20);
        for at in 1..3 {
            let mut page = recorder.hits(0, Mono::from_micros(at), 0).unwrap();
            page.put(b"\x00\x00\x01", [127, 0, 0, 1].into());
            page.put(b"\x00\x00\x02", [127, 0, 0, 1].into());
        }
        let read = recorder.recorded(&ReadSpan::default(), &Secrets::default());
        assert_eq!(read.questions.len(), 4);
        let none = ReadSpan { client: Some("192.0.2.0/24".parse().unwrap()), ..ReadSpan::default() };
        assert!(recorder.recorded(&none, &Secrets::default()).questions.is_empty());
    }
}
