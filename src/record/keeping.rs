//! The recorder's part that keeps questions and flights one by one, and reads them again.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;
use std::time::Duration;

use super::entry::{self, Entry, QuestionEntry};
use super::lock::lock;
use super::owner::WantedOwner;
use super::recorded::{Flown, HitPage, ReadSpan, Recorded};
use super::redact::Secrets;
use super::ring::{self, Ring};
use super::spent::{self, FromRecord, StageRow, TableSpan};
use super::store::Store;
use super::stored;
use super::trail::Trail;
use super::watch::Watch;
use super::written::{HitHead, Written, WrittenFlight};
use super::{Recorder, Window, links};
use crate::clock::{Mono, micros};
use crate::limits::{EXPLAINED_TIME, MAX_STORED_READ, RECORD_READER};
use crate::question::{Outcome, WireName};

/// Reads rings: the newest entries first, until the memory of its reader is used up.
struct RingReader<'a> {
    span: &'a ReadSpan,
    secrets: &'a Secrets,
    /// Added to moments of `Mono`.
    offset: u64,
    recorded: Recorded,
    /// The entries before this moment were not all read.
    begin: u64,
    /// When the first question came that the cache did not answer.
    misses: Option<u64>,
    /// When the first question of the ring ended.
    ended: Option<u64>,
}

/// Reads the store: the newest segments first, until the memory of its reader is used up.
struct StoreReader<'a> {
    span: &'a ReadSpan,
    secrets: &'a Secrets,
    /// Only questions before this moment.
    until: u64,
    /// The questions in memory, in the order of time. Those from the cache may reach further back than `until`.
    memory: &'a [QuestionEntry],
    /// Octets of memory that were taken.
    taken: usize,
}

impl StoreReader<'_> {
    fn read(mut self, store: &dyn Store, recorded: &mut Recorded) {
        // Older flights explain nothing in the span.
        let first = self.span.from.saturating_sub(micros(EXPLAINED_TIME));
        store.read_back(&mut |segment| {
            let mut latest = 0;
            stored::read(segment, |entry| match self.secrets.removed(entry) {
                Entry::Question(question) => {
                    latest = latest.max(question.at);
                    if question.at < self.until && !self.is_in_memory(&question) {
                        let begin = recorded.stored_begin.map_or(question.at, |begin| begin.min(question.at));
                        recorded.stored_begin = Some(begin);
                        recorded.without_client |= question.is_without_client();
                        if self.span.has(&question) {
                            self.taken = self.taken.saturating_add(question.weight());
                            recorded.questions.push(question);
                        }
                    }
                }
                Entry::Flight(flight) => {
                    latest = latest.max(flight.end());
                    if flight.end() >= first && flight.began <= self.span.to {
                        self.taken = self.taken.saturating_add(flight.weight());
                        recorded.flights.push(flight);
                    }
                }
                Entry::Outage(since, until) => {
                    latest = latest.max(until);
                    if until >= first && since <= self.span.to {
                        self.taken = self.taken.saturating_add(size_of::<(u64, u64)>());
                        recorded.outages.push((since, until));
                    }
                }
                // Stored questions have their users.
                Entry::Owner(_) => {}
            });
            self.taken < MAX_STORED_READ && latest >= first
        });
    }

    /// Whether a question is still in memory: one from the cache, or the first of the others. The clock of the host may have moved a little
    /// since it was stored, and `history.redact` may have changed its client and its name.
    fn is_in_memory(&self, question: &QuestionEntry) -> bool {
        let (from, to) = (question.at.saturating_sub(SAME_MOMENT), question.at.saturating_add(SAME_MOMENT));
        let begin = self.memory.partition_point(|other| other.at < from);
        let near = self.memory.get(begin..).unwrap_or_default().iter().take_while(|other| other.at <= to);
        let is_same = |other: &QuestionEntry| match question.outcome {
            Outcome::Cache => (other.client, &other.name) == (question.client, &question.name),
            _ => other.elapsed == question.elapsed,
        };
        near.filter(|other| (other.kind, other.outcome) == (question.kind, question.outcome)).any(is_same)
    }
}

/// Microseconds in which two questions are the same if all else is.
const SAME_MOMENT: u64 = 10_000;

impl Recorder {
    /// The ring of a worker for a batch that came at `at` from clients of a view; none if nothing is kept.
    pub fn hits(&self, shard: usize, at: Mono, view: u32) -> Option<HitPage<'_>> {
        if !self.kept.is_on() {
            return None;
        }
        let (at, client) = (at.as_micros(), IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let ring = &self.shard(shard)?.ring;
        Some(HitPage { ring, at, view, client, head: HitHead::new(client, view, at) })
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
        let zone = zone.map(WireName::of);
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
        let mut recorded = self.in_memory(span, secrets);
        if let Some(store) = self.kept.store.get() {
            // Stored questions are also in memory, as far back as the memory reaches.
            let until = recorded.whole.unwrap_or(u64::MAX);
            let mut memory = std::mem::take(&mut recorded.questions);
            memory.sort_by_key(|question| question.at);
            StoreReader { span, secrets, until, memory: &memory, taken: 0 }.read(&**store, &mut recorded);
            recorded.questions.append(&mut memory);
        }
        recorded.in_order()
    }

    /// Like `recorded`, without the disk, which has only questions that failed or were slow.
    pub fn recorded_in_memory(&self, span: &ReadSpan, secrets: &Secrets) -> Recorded {
        self.in_memory(span, secrets).in_order()
    }

    /// The time of the questions of a window by stage. Those that the cache answered are counted, the others are in memory, which may
    /// reach back less far. All rows are of one time: then it begins with the first snapshot of the counters that memory covers. Without
    /// one, questions from the cache are left out.
    pub fn stages(&self, window: Window) -> FromRecord<StageRow> {
        let (now, totals) = (self.clock.mono(), self.totals());
        let offset = self.clock.unix_micros().wrapping_sub(now.as_micros());
        let unix = |at: Mono| at.as_micros().wrapping_add(offset);
        let (earlier, ago) = lock(&self.snapshots).begin(window, now);
        let from = now.before(ago);
        let span = ReadSpan { from: unix(from), to: unix(now), client: None, hits: false };
        let mut recorded = self.recorded_in_memory(&span, &Secrets::default());
        let lost = recorded.lost.map(|lost| Mono::from_micros(lost.wrapping_sub(offset)));
        let (since, earlier) = match lost.filter(|lost| *lost > from) {
            None => (from, Some(earlier)),
            Some(lost) => {
                lock(&self.snapshots).after(lost).map_or((lost, None), |(at, earlier)| (at, Some(earlier)))
            }
        };
        recorded.questions.retain(|question| question.at >= unix(since));
        let earlier = earlier.filter(|_| self.kept.is_on());
        let cached = earlier.map(|earlier| spent::cached(&totals.since(&earlier).cached));
        let rows = cached.into_iter().chain(spent::stages(&recorded)).collect();
        let span = TableSpan::new(recorded.begin.max(recorded.lost), (unix(from), unix(since), unix(now)));
        FromRecord { span, rows }
    }

    /// The content of the rings, in any order.
    fn in_memory(&self, span: &ReadSpan, secrets: &Secrets) -> Recorded {
        let now = self.clock.mono();
        let offset = self.clock.unix_micros().wrapping_sub(now.as_micros());
        let recorded = Recorded::default();
        let mut reader = RingReader { span, secrets, offset, recorded, begin: 0, misses: None, ended: None };
        let memory = usize::try_from(self.kept.size.saturating_mul(RECORD_READER)).unwrap_or(usize::MAX);
        let mut left = memory;
        let mut lost_hits: Option<u64> = None;
        for shard in &self.shards {
            if span.hits {
                let share = (memory / 2) / self.shards.len().max(1);
                left = left.saturating_sub(reader.read(&shard.ring, share));
            } else {
                reader.read_first(&shard.ring);
            }
            lost_hits = lost_hits.max(reader.ended.take().filter(|_| lock(&shard.ring).has_lost()));
        }
        // Hits that are missing take no other question along, as when they are overwritten.
        let hits = std::mem::take(&mut reader.begin);
        reader.recorded.questions.retain(|question| question.at >= hits);
        let left_out = |begin: u64| Some(begin).filter(|begin| *begin > 0);
        reader.recorded.lost_hits = lost_hits.max(left_out(hits));
        reader.read(&self.kept.misses, left);
        let RingReader { mut recorded, begin, misses, ended, .. } = reader;
        recorded.lost = ended.filter(|_| lock(&self.kept.misses).has_lost()).max(left_out(begin));
        recorded.questions.retain(|question| question.at >= begin);
        recorded.whole = misses.map(|misses| misses.max(begin));
        let unix = |at: Mono| at.as_micros().wrapping_add(offset);
        let outages = lock(&self.incidents).outage.spans(now);
        recorded.outages = outages.into_iter().map(|(since, until)| (unix(since), unix(until))).collect();
        recorded
    }
}

impl RingReader<'_> {
    /// Reads only when the first question of a ring came and ended.
    fn read_first(&mut self, ring: &Mutex<Ring>) {
        let mut block = Vec::new();
        ring::read_first(ring, &mut block);
        entry::read(&block, |entry| {
            if let Entry::Question(question) = entry.after(self.offset) {
                self.begins(&question);
            }
        });
    }

    /// Notes when a question came and ended.
    fn begins(&mut self, question: &QuestionEntry) {
        let first = |known: Option<u64>, at: u64| Some(known.map_or(at, |first| first.min(at)));
        self.ended = first(self.ended, question.end());
        if question.outcome != Outcome::Cache {
            self.misses = first(self.misses, question.at);
        }
        self.recorded.begin = first(self.recorded.begin, question.at);
    }

    /// Reads a ring into `memory` octets; returns how many it took.
    fn read(&mut self, ring: &Mutex<Ring>, memory: usize) -> usize {
        let mut taken = 0_usize;
        ring::read_back(ring, |block| {
            let mut earliest = u64::MAX;
            entry::read(block, |entry| {
                let entry = self.secrets.removed(entry.after(self.offset));
                match entry {
                    Entry::Question(question) => {
                        earliest = earliest.min(question.at);
                        self.begins(&question);
                        if self.span.has(&question) {
                            taken = taken.saturating_add(question.weight());
                            self.recorded.questions.push(question);
                        }
                    }
                    Entry::Flight(flight) => {
                        taken = taken.saturating_add(flight.weight());
                        self.recorded.flights.push(flight);
                    }
                    Entry::Owner(owner) => self.recorded.owners.push(owner),
                    // They are stored only.
                    Entry::Outage(..) => {}
                }
            });
            let more = taken < memory;
            if !more && earliest < u64::MAX {
                self.begin = self.begin.max(earliest);
            }
            more
        });
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::record::event::Ended;
    use crate::record::spent::Stage;
    use hickory_proto::rr::RecordType;

    fn recorder(size: u64) -> std::sync::Arc<Recorder> {
        Recorder::with_size(Clock::machine(), 2, size)
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
        let now = recorder.clock.mono();
        let failed = Written {
            name: b"\x04mail\x07example\x00",
            kind: RecordType::MX,
            client: [127, 0, 0, 1].into(),
            port: 7,
            view: 0,
            at: now.as_micros(),
            outcome: Outcome::Deadline,
            elapsed: Duration::from_millis(4_003),
            flight: 0,
            error: "",
            code: 0,
            user: "",
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
        let mut segment = stored::SEGMENT_HEAD.to_vec();
        for question in [earlier.clone(), stored] {
            stored::put(&Entry::Question(question), &mut segment);
        }
        recorder.store_in(std::sync::Arc::new(OneSegment(segment)));
        let read: Vec<_> = all().into_iter().map(|question| question.name).collect();
        assert_eq!(read, [earlier.name, (*failed.name).into()]);
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
            recorder.asked(
                &Written {
                    name: b"\x00",
                    kind: RecordType::NS,
                    client: [127, 0, 0, 1].into(),
                    port: 0,
                    view: 0,
                    at: number.into(),
                    outcome: Outcome::Failed,
                    elapsed: std::time::Duration::from_micros(1),
                    flight: 1,
                    error: "",
                    code: 0,
                    user: "",
                },
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
                let (name, kind, at) =
                    (&b"\x04slow\x00"[..], RecordType::A, clock.mono().before(elapsed).as_micros());
                let (outcome, error) = (Outcome::Upstream, "");
                recorder.asked(
                    &Written {
                        name,
                        kind,
                        client,
                        port: 0,
                        view: 0,
                        at,
                        outcome,
                        elapsed,
                        flight: 0,
                        error,
                        code: 0,
                        user: "",
                    },
                    None,
                );
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
    fn a_reader_does_not_wait_for_a_batch_of_a_worker() {
        let recorder = recorder(1 << 20);
        let mut page = recorder.hits(0, Mono::from_micros(1), 0).unwrap();
        page.put(b"\x00\x00\x01", [127, 0, 0, 1].into());
        // Questions over TCP have the ring of the first worker.
        let mut other = recorder.hits(0, Mono::from_micros(2), 0).unwrap();
        other.put(b"\x00\x00\x01", [127, 0, 0, 1].into());
        let read = recorder.recorded(&ReadSpan::default(), &Secrets::default());
        assert_eq!(read.questions.len(), 2);
        page.put(b"\x00\x00\x01", [127, 0, 0, 1].into());
        let none = ReadSpan { client: Some("192.0.2.0/24".parse().unwrap()), ..ReadSpan::default() };
        assert!(recorder.recorded(&none, &Secrets::default()).questions.is_empty());
    }
}
