//! The readers of the rings and of the store: they make the outline of the record.

use std::sync::Mutex;

use super::asked::AskedNames;
use super::dates::Dates;
use super::heads::{EntryHead, QuestionHead, head, links_of};
use super::hidden_clients::is_without_client;
use super::outline::{Outline, QuestionOutline};
use super::reading::entries;
use super::recorded::ReadSpan;
use super::redact::Secrets;
use super::ring::{self, Ring};
use super::store::Store;
use super::stored;
use crate::limits::{EXPLAINED_TIME, MAX_STORED_READ};
use dns::clock::micros;
use dns::question::Outcome;

/// Reads rings: the newest entries first, until the memory of its reader is used up.
pub(super) struct RingReader<'a, 's> {
    pub(super) span: &'a ReadSpan,
    /// The dates of moments.
    pub(super) dates: &'a Dates,
    pub(super) outline: Outline<'s>,
    /// The entries before this moment were not all read.
    pub(super) begin: u64,
    /// When the first question came that the cache did not answer.
    pub(super) misses: Option<u64>,
    /// When the first question of the ring ended.
    pub(super) ended: Option<u64>,
    /// No question from the cache before this moment is wanted.
    pub(super) first_hit: u64,
}

/// Reads the store: the newest segments first, until the memory of its reader is used up.
pub(super) struct StoreReader<'a> {
    pub(super) span: &'a ReadSpan,
    /// Only questions before this moment.
    pub(super) until: u64,
    /// Entries that ended before this moment are too old to be shown; see `limits::STORED_TIME`.
    pub(super) oldest: u64,
    /// The questions in memory, in the order of time. Those from the cache may reach further back than `until`.
    pub(super) memory: &'a [QuestionOutline],
    /// Octets of memory that were taken.
    pub(super) taken: usize,
}

impl StoreReader<'_> {
    pub(super) fn read(mut self, store: &dyn Store, outline: &mut Outline<'_>) {
        // Older flights explain nothing in the span.
        let first = self.span.from.saturating_sub(micros(EXPLAINED_TIME)).max(self.oldest);
        store.read_back(&mut |segment| {
            let mut latest = None;
            stored::read(segment, |octets| {
                for entry in entries(octets) {
                    latest = latest.max(self.add(entry, first, outline));
                }
            });
            // A damaged one tells no time.
            self.taken < MAX_STORED_READ && latest.is_none_or(|latest| latest >= first)
        });
    }

    /// Adds an entry if it is wanted; returns its moment.
    fn add(&mut self, entry: &[u8], first: u64, outline: &mut Outline<'_>) -> Option<u64> {
        let place = outline.entries.0.len().saturating_add(2);
        let head = head(entry)?;
        if head.end().is_some_and(|end| end < self.oldest) {
            return head.end();
        }
        match head {
            EntryHead::Question(head) => {
                let question = outline.question_of(&head, head.at, place);
                if question.at < self.until && !self.is_in_memory(&question, &outline.names) {
                    let extent = &mut outline.extent;
                    extent.stored_begin =
                        Some(extent.stored_begin.map_or(question.at, |begin| begin.min(question.at)));
                    extent.without_client |= is_without_client(question.client);
                    extent.shortened |= head.shortened;
                    if self.span.has(question.at, question.client) {
                        self.taken = self.taken.saturating_add(head.weight);
                        outline.questions.push(question);
                        outline.keep(entry);
                    }
                }
                Some(question.at)
            }
            EntryHead::Flight(head) => {
                let flight = outline.flight_of(&head, head.began, place);
                outline.extent.shortened |= head.shortened;
                // The names of an answer join later questions from the cache.
                let is_wanted = flight.linked || flight.end() >= first;
                if is_wanted && flight.began <= self.span.to {
                    self.taken = self.taken.saturating_add(head.weight);
                    outline.flights.push(flight);
                    outline.keep(entry);
                }
                Some(flight.end())
            }
            EntryHead::Outage(since, until) => {
                if until >= first && since <= self.span.to {
                    self.taken = self.taken.saturating_add(size_of::<(u64, u64)>());
                    outline.extent.outages.push((since, until));
                }
                Some(until)
            }
            // Stored questions have their users.
            EntryHead::Owner(_) => None,
        }
    }

    /// Whether a question is still in memory: one from the cache, or the first of the others. The clock of the host may have moved a little
    /// since it was stored, and `history.redact` may have changed its client and its name.
    fn is_in_memory(&self, question: &QuestionOutline, names: &AskedNames<'_>) -> bool {
        let (from, to) = (question.at.saturating_sub(SAME_MOMENT), question.at.saturating_add(SAME_MOMENT));
        let begin = self.memory.partition_point(|other| other.at < from);
        let near = self.memory.get(begin..).unwrap_or_default().iter().take_while(|other| other.at <= to);
        let kind = names.kind(question.asked);
        let is_same = |other: &QuestionOutline| match question.outcome {
            Outcome::Cache => {
                let is_client = other.client == question.client || is_without_client(question.client);
                is_client && other.asked == question.asked
            }
            _ => other.elapsed == question.elapsed && names.kind(other.asked) == kind,
        };
        near.filter(|other| other.outcome == question.outcome).any(is_same)
    }
}

/// Microseconds in which two questions are the same if all else is.
const SAME_MOMENT: u64 = 10_000;

impl<'a, 's> RingReader<'a, 's> {
    pub(super) fn new(span: &'a ReadSpan, dates: &'a Dates, secrets: &'s Secrets) -> Self {
        let outline = Outline::new(secrets);
        Self { span, dates, outline, begin: 0, misses: None, ended: None, first_hit: span.from }
    }

    /// A reader whose outline is `light`.
    pub(super) fn light(span: &'a ReadSpan, dates: &'a Dates, secrets: &'s Secrets) -> Self {
        let outline = Outline { light: true, ..Outline::new(secrets) };
        Self { outline, ..Self::new(span, dates, secrets) }
    }

    /// Reads only when the first question of a ring came and ended.
    pub(super) fn read_first(&mut self, ring: &Mutex<Ring>) {
        let mut block = Vec::new();
        ring::read_first(ring, &mut block);
        for entry in entries(&block) {
            if let Some(EntryHead::Question(head)) = head(entry) {
                self.begins(&head);
            }
        }
    }

    /// Notes when a question came and ended; returns when it came.
    fn begins(&mut self, question: &QuestionHead<'_>) -> u64 {
        let first = |known: Option<u64>, at: u64| Some(known.map_or(at, |first| first.min(at)));
        let at = self.dates.unix(question.at);
        self.ended = first(self.ended, at.saturating_add(question.elapsed.into()));
        if question.outcome != Outcome::Cache {
            self.misses = first(self.misses, at);
        }
        self.outline.extent.begin = first(self.outline.extent.begin, at);
        at
    }

    /// Reads a ring of questions from the cache into `memory` octets, as far back as they are wanted; returns how many it took.
    pub(super) fn read_hits(&mut self, ring: &Mutex<Ring>, memory: usize) -> usize {
        // They stand in the order of their begins, unless the clock was set back.
        let first = if self.dates.are_rising() { self.first_hit } else { 0 };
        let taken = self.read_since(ring, memory, first);
        if taken < memory {
            // It may not have come to the first one.
            self.read_first(ring);
        }
        taken
    }

    /// Reads a ring into `memory` octets; returns how many it took.
    pub(super) fn read(&mut self, ring: &Mutex<Ring>, memory: usize) -> usize {
        self.read_since(ring, memory, 0)
    }

    /// As `read`, without the blocks before one that has a question which came before `first`.
    fn read_since(&mut self, ring: &Mutex<Ring>, memory: usize, first: u64) -> usize {
        let mut taken = 0_usize;
        let light = self.outline.light;
        let mut octets = if light { Vec::new() } else { std::mem::take(&mut self.outline.entries.0) };
        // The begins of the questions of each block: the earliest block comes first at the end, so that little is left to sort.
        let mut begins = vec![self.outline.questions.len()];
        ring::copy_back(ring, &mut octets, |octets, begin| {
            let (earliest, kept) = self.read_block(octets, begin, &mut taken);
            begins.push(self.outline.questions.len());
            if light || !kept {
                octets.truncate(begin);
            }
            let more = taken < memory;
            if !more && earliest < u64::MAX {
                self.begin = self.begin.max(earliest);
            }
            more && earliest >= first
        });
        if !light {
            self.outline.entries.0 = octets;
        }
        for (begin, end) in begins.iter().zip(begins.iter().skip(1)) {
            self.outline.questions.get_mut(*begin..*end).unwrap_or_default().reverse();
        }
        let first = begins.first().copied().unwrap_or(0);
        self.outline.questions.get_mut(first..).unwrap_or_default().reverse();
        taken
    }

    /// Reads the block that begins at a place. Returns when its first question came, and whether entries of it are to be kept.
    fn read_block(&mut self, octets: &[u8], begin: usize, taken: &mut usize) -> (u64, bool) {
        let (mut earliest, mut kept, mut place) = (u64::MAX, false, begin);
        for entry in entries(octets.get(begin..).unwrap_or_default()) {
            place = place.saturating_add(2);
            match head(entry) {
                Some(EntryHead::Question(head)) => {
                    let at = self.begins(&head);
                    earliest = earliest.min(at);
                    if self.span.has(at, head.client) {
                        *taken = taken.saturating_add(head.weight);
                        let question = self.outline.question_of(&head, at, place);
                        self.outline.questions.push(question);
                        kept |= !question.hit;
                    }
                }
                Some(EntryHead::Flight(head)) => {
                    let (weight, place) = if self.outline.light {
                        (head.light, if head.linked { self.outline.keep(links_of(entry)) } else { 0 })
                    } else {
                        (head.weight, place)
                    };
                    *taken = taken.saturating_add(weight);
                    let flight = self.outline.flight_of(&head, self.dates.unix(head.began), place);
                    self.outline.flights.push(flight);
                    kept = true;
                }
                Some(EntryHead::Owner(mut owner)) => {
                    owner.at = self.dates.unix(owner.at);
                    self.outline.extent.owners.push(owner);
                }
                // Of an earlier process.
                Some(EntryHead::Outage(since, until)) => {
                    self.outline.extent.outages.push((self.dates.unix(since), self.dates.unix(until)));
                }
                // They are on disk only.
                None => {}
            }
            place = place.saturating_add(entry.len());
        }
        (earliest, kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recorder;
    use crate::written::Written;
    use dns::clock::{Clock, Mono};
    use hickory_proto::rr::RecordType;
    use std::time::Duration;

    /// A record with questions from the cache, of which the first ones have another name, and then others.
    fn recorder(hits: u64, misses: u64) -> std::sync::Arc<Recorder> {
        let recorder = Recorder::with_size(Clock::simulated(1_795_165_920), 1, 8 << 20);
        let client = [127, 0, 0, 1].into();
        for at in 0..hits {
            let asked =
                if at < hits / 8 { &b"\x05first\x00\x00\x01"[..] } else { &b"\x07example\x00\x00\x01"[..] };
            recorder.hits(0, Mono::from_micros(at), 0).unwrap().put(asked, client);
        }
        for at in hits..hits + misses {
            let question = Written {
                name: b"\x04mail\x07example\x00",
                kind: RecordType::A,
                client,
                port: 0,
                transport: None,
                view: 0,
                at,
                outcome: Outcome::Upstream,
                elapsed: Duration::from_micros(9),
                flight: 0,
                error: "",
                code: 0,
                user: "",
            };
            recorder.asked(&question, None);
        }
        recorder
    }

    fn moments(outline: &Outline<'_>) -> Vec<u64> {
        outline.questions.iter().map(|question| question.at).collect()
    }

    /// Whether the first questions from the cache were read, whether they are wanted or not.
    fn has_first(outline: &Outline<'_>) -> bool {
        outline.names.find(b"\x05first\x00", RecordType::A).is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn questions_from_the_cache_before_the_span_are_passed_over() {
        let (recorder, secrets) = (recorder(20_000, 10_000), Secrets::default());
        let all = recorder.outline(&ReadSpan::default(), &secrets);
        let from = all.questions[15_000].at;
        let some = recorder.outline(&ReadSpan { from, ..ReadSpan::default() }, &secrets);
        assert_eq!(some.extent, all.extent, "the record goes back as far");
        assert_eq!(moments(&some), moments(&all)[15_000..]);
        assert!(has_first(&all) && !has_first(&some));
    }

    #[tokio::test(start_paused = true)]
    async fn questions_from_the_cache_before_all_others_that_fit_are_passed_over() {
        let (recorder, secrets) = (recorder(50_000, 60_000), Secrets::default());
        let outline = recorder.outline(&ReadSpan::default(), &secrets);
        assert!(outline.extent.lost > outline.extent.begin && !outline.questions.iter().any(|one| one.hit));
        assert!(outline.questions.len() > 30_000 && !has_first(&outline), "{}", outline.questions.len());
    }
}
