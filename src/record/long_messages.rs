//! The messages (emails) that took long, or of which a question failed. Their other questions are stored too, so that after a restart `why`
//! finds a message by its domain, and knows what it waited for: a question to a list, or a client that waited between its questions.
//!
//! # Decisions
//!
//! - The questions that the cache answered are read too, because they show when a client went on. That costs more than the reading of
//!   failures, so it is done every `SNAPSHOT_INTERVAL`, and only the last blocks of a ring are read.
//! - These messages take a third of the disk at most: where a content filter makes every message long, failures must not give way.
//! - The longest messages come first. Messages that a failed question did not delay get less room, because most are about domains of spam.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

use super::entry::{Entry, FlightEntry, QuestionEntry};
use super::explained::{link_key, links_of};
use super::message::group;
use super::names::ReadNames;
use super::reading;
use super::recorded::Recorded;
use super::redact::Secrets;
use super::ring::{self, Ring, RingPlace};
use super::stored::{self, Chooser};
use super::why::{DaemonFacts, KnownFacts};
use crate::clock::Mono;
use crate::limits::{
    FAILED_MESSAGE_BURST, LONG_HIT_BLOCKS, LONG_MESSAGE_BURST, LONG_MESSAGE_TIME, LONG_MESSAGES_AN_HOUR,
    LONG_MISS_BLOCKS, MAX_LONG_QUESTIONS, SNAPSHOT_INTERVAL,
};

/// Seconds of an hour.
const HOUR: u64 = 3_600;

/// Reads the rings, and chooses the messages.
#[derive(Debug, Default)]
pub(super) struct LongMessages {
    /// The places in the rings up to which they were read.
    places: Vec<RingPlace>,
    read_at: Option<Mono>,
    /// The questions of messages that may go on; at most `MAX_LONG_QUESTIONS`.
    questions: Vec<QuestionEntry>,
    /// Their flights; at most `MAX_LONG_QUESTIONS`.
    flights: Vec<FlightEntry>,
    /// Octets that were stored. In an hour `LONG_MESSAGES_AN_HOUR` of them become free again.
    used: u64,
}

impl LongMessages {
    /// Whether it is time to read.
    pub(super) fn is_due(&self, now: Mono) -> bool {
        self.read_at.is_none_or(|read| now.since(read) >= SNAPSHOT_INTERVAL)
    }

    /// Reads the new entries of all rings: the ring of misses first, then the ring of each worker. `rings` must be the same at
    /// each call.
    pub(super) fn read<'r>(
        &mut self,
        rings: impl Iterator<Item = &'r Mutex<Ring>>,
        secrets: &Secrets,
        now: Mono,
    ) {
        if let Some(read) = self.read_at.replace(now) {
            let freed = now.since(read).as_secs().saturating_mul(LONG_MESSAGES_AN_HOUR) / HOUR;
            self.used = self.used.saturating_sub(freed);
        }
        let mut names = ReadNames::without(secrets);
        for (number, ring) in rings.enumerate() {
            if self.places.len() <= number {
                self.places.push(RingPlace::default());
            }
            let Some(place) = self.places.get_mut(number) else { continue };
            let blocks = if number == 0 { LONG_MISS_BLOCKS } else { LONG_HIT_BLOCKS };
            ring::skip(ring, place, blocks);
            ring::read_on(ring, place, |octets| {
                reading::read(octets, &mut names, |entry| match entry {
                    Entry::Question(question) => self.questions.push(question),
                    Entry::Flight(flight) => self.flights.push(flight),
                    // Outages are those of an earlier process. Users are known only of questions that failed or were slow.
                    Entry::Outage(..) | Entry::Owner(_) => {}
                });
            });
        }
        let since = now.before(LONG_MESSAGE_TIME).as_micros();
        self.questions.retain(|question| question.end() >= since);
        self.flights.retain(|flight| flight.end() >= since);
    }

    /// Takes the messages that ended before `until`, in microseconds of `Mono`. Returns the entries of the messages that took
    /// at least `slow` microseconds, or of which a question failed, without the questions that are stored anyway; the longest
    /// messages first, as far as there is room.
    pub(super) fn take(
        &mut self,
        stored: &mut Chooser,
        slow: u64,
        until: u64,
        facts: &DaemonFacts<'_>,
    ) -> Vec<Entry> {
        let (questions, flights) = (std::mem::take(&mut self.questions), std::mem::take(&mut self.flights));
        let mut recorded = Recorded { questions, flights, ..Recorded::default() }.in_order();
        let surplus = recorded.questions.len().saturating_sub(MAX_LONG_QUESTIONS);
        recorded.questions.drain(..surplus);
        let surplus = recorded.flights.len().saturating_sub(MAX_LONG_QUESTIONS);
        recorded.flights.drain(..surplus);
        let known = KnownFacts { facts, links: links_of(&recorded) };
        let mut long = Vec::new();
        for places in group(&recorded.questions, &known) {
            let questions: Vec<&QuestionEntry> =
                places.iter().filter_map(|place| recorded.questions.get(*place)).collect();
            let began = questions.iter().map(|question| question.at).min().unwrap_or(0);
            let ended = questions.iter().map(|question| question.end()).max().unwrap_or(0);
            if ended >= until {
                self.questions.extend(questions.into_iter().cloned());
                continue;
            }
            let took = ended.saturating_sub(began);
            if took >= slow || questions.iter().any(|question| question.outcome.is_failure()) {
                let is_new = |question: &&QuestionEntry| {
                    let is_slow_or_failed = question.outcome.is_failure() || question.elapsed >= slow;
                    !is_slow_or_failed && !question.flight.is_some_and(|id| stored.has_questions(id))
                };
                long.push((took, questions.into_iter().filter(is_new).collect::<Vec<_>>()));
            }
        }
        long.sort_by_key(|(took, _)| Reverse(*took));
        let by_number: BTreeMap<u64, &FlightEntry> =
            recorded.flights.iter().map(|flight| (flight.id, flight)).collect();
        let of_links = recorded.flights.iter().filter(|flight| !flight.links.is_empty());
        let linked: HashMap<_, _> =
            of_links.map(|flight| (link_key(&flight.name, flight.kind), flight.id)).collect();
        // A question from the cache is joined to its message by the names in the answer of an earlier flight.
        let number = |question: &QuestionEntry| {
            question.flight.or_else(|| linked.get(&link_key(&question.name, question.kind)).copied())
        };
        let mut chosen = Vec::new();
        for (took, questions) in long {
            let numbers: BTreeSet<u64> = questions.iter().copied().filter_map(number).collect();
            let flights = numbers.iter().filter_map(|number| by_number.get(number));
            let flights: Vec<&FlightEntry> =
                flights.copied().filter(|flight| !stored.has(flight.id)).collect();
            let mut entries: Vec<Entry> =
                flights.iter().map(|flight| Entry::Flight((*flight).clone())).collect();
            entries.extend(questions.into_iter().cloned().map(Entry::Question));
            let mut octets = Vec::new();
            entries.iter().for_each(|entry| stored::put(entry, &mut octets));
            let used = self.used.saturating_add(octets.len() as u64);
            if used <= if took >= slow { LONG_MESSAGE_BURST } else { FAILED_MESSAGE_BURST } {
                self.used = used;
                flights.into_iter().for_each(|flight| stored.add(flight));
                chosen.extend(entries);
            }
        }
        // The links of messages that go on, and flights whose question was not read yet.
        let open: BTreeSet<u64> = self.questions.iter().filter_map(number).collect();
        self.flights = recorded.flights;
        self.flights.retain(|flight| open.contains(&flight.id) || flight.end() >= until);
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question::Outcome;
    use crate::record::entry::Link;
    use hickory_proto::rr::RecordType;
    use std::time::Duration;

    const SECOND: u64 = 1_000_000;

    fn question(client: u32, at: u64, elapsed: u64, outcome: Outcome) -> QuestionEntry {
        QuestionEntry {
            name: b"\x07example\x00"[..].into(),
            kind: RecordType::MX,
            client: std::net::Ipv4Addr::from_bits(client).into(),
            port: 0,
            transport: None,
            view: 0,
            at,
            outcome,
            elapsed,
            flight: None,
            error: Box::default(),
            code: None,
            user: None,
        }
    }

    fn facts<Chosen>(read: impl FnOnce(&DaemonFacts<'_>) -> Chosen) -> Chosen {
        read(&DaemonFacts {
            list: &|_| None,
            usual: &|_| None,
            slow: Duration::from_secs(1),
            shortens: false,
        })
    }

    fn taken(long: &mut LongMessages, until: u64) -> Vec<u64> {
        let chosen = facts(|facts| long.take(&mut Chooser::default(), SECOND, until, facts));
        let at = |entry: &Entry| if let Entry::Question(question) = entry { question.at } else { panic!() };
        chosen.iter().map(at).collect()
    }

    #[test]
    fn a_message_is_chosen_once_it_has_ended_and_without_what_is_stored_anyway() {
        let questions = vec![
            question(1, 0, 10, Outcome::Upstream),
            question(1, SECOND, 0, Outcome::Cache),
            question(1, 2 * SECOND, 10, Outcome::Failed),
            // Its time is that of a slow question.
            question(2, 0, 4 * SECOND, Outcome::Upstream),
            question(2, 4 * SECOND, 10, Outcome::Upstream),
            question(3, 0, 10, Outcome::Upstream),
            question(3, SECOND / 2, 10, Outcome::Upstream),
            // A list refused one of its questions at once.
            question(4, 1, 10, Outcome::Upstream),
            question(4, SECOND / 2, 10, Outcome::Failed),
        ];
        let mut long = LongMessages { questions, ..LongMessages::default() };
        assert_eq!(taken(&mut long, SECOND), [1]);
        assert_eq!(long.questions.len(), 5, "clients 3 and 4 have ended");
        assert_eq!(taken(&mut long, 9 * SECOND), [4 * SECOND, 0, SECOND]);
        assert_eq!(taken(&mut long, u64::MAX), [0; 0]);
    }

    #[test]
    fn a_question_that_shares_a_flight_with_an_earlier_message_is_stored_too() {
        let of_flight =
            |client, at| QuestionEntry { flight: Some(7), ..question(client, at, 10, Outcome::Upstream) };
        let flight = FlightEntry {
            name: b"\x07example\x00"[..].into(),
            kind: RecordType::MX,
            ..FlightEntry::blank(7, 0, 10)
        };
        let later = [of_flight(2, 0), question(2, SECOND, 3 * SECOND, Outcome::Upstream)];
        let first = [of_flight(1, 0), question(1, SECOND, 10, Outcome::Upstream)];
        let questions = later.into_iter().chain(first).collect();
        let mut long = LongMessages { questions, flights: vec![flight], ..LongMessages::default() };
        let mut stored = Chooser::default();
        let mut take = |until| facts(|facts| long.take(&mut stored, SECOND, until, facts));
        let counts = |chosen: &[Entry]| {
            let is_flight = |entry: &&Entry| matches!(entry, Entry::Flight(_));
            let flights = chosen.iter().filter(is_flight).count();
            (flights, chosen.len() - flights)
        };
        assert_eq!(counts(&take(2 * SECOND)), (1, 2));
        assert_eq!(counts(&take(u64::MAX)), (0, 1), "its slow question is stored anyway");
    }

    #[test]
    fn the_names_in_an_answer_from_the_cache_are_stored_with_the_question() {
        let linked = FlightEntry {
            name: b"\x07example\x00"[..].into(),
            kind: RecordType::MX,
            links: vec![Link::Name(b"\x05other\x00"[..].into())],
            ..FlightEntry::blank(7, 0, 10)
        };
        let hit = |at| question(1, at, 0, Outcome::Cache);
        let mut long = LongMessages {
            questions: vec![hit(20), question(1, 20, 3 * SECOND, Outcome::Upstream)],
            flights: vec![linked.clone()],
            ..LongMessages::default()
        };
        let mut stored = Chooser::default();
        let mut take = |until| facts(|facts| long.take(&mut stored, SECOND, until, facts));
        assert_eq!(take(2 * SECOND).len(), 0, "it goes on");
        let chosen = take(u64::MAX);
        assert!(chosen.contains(&Entry::Flight(linked)) && chosen.len() == 2, "{chosen:#?}");
    }

    #[test]
    fn they_take_a_bounded_part_of_the_disk_and_the_longest_come_first() {
        let mut long = LongMessages::default();
        let messages = 40_000_u32;
        let mut stored = 0;
        let play = |long: &mut LongMessages, first: u32| {
            long.questions = (first..first + messages / 8)
                .flat_map(|client| {
                    let pause = SECOND + u64::from(client);
                    [0, pause].map(|at| question(client, at, 10, Outcome::Upstream))
                })
                .collect();
            let chosen = taken(long, u64::MAX);
            assert!(chosen.len() < 3 || chosen[1] == SECOND + u64::from(first + messages / 8 - 1));
            chosen.len() as u64
        };
        for part in 0..8 {
            stored += play(&mut long, part * (messages / 8));
        }
        assert!(stored > 1_000 && stored < u64::from(messages), "{stored}");
        assert!(long.used <= LONG_MESSAGE_BURST);
        let at = |seconds| Mono::from_micros(seconds * SECOND);
        let rings: [Mutex<Ring>; 0] = [];
        long.read(rings.iter(), &Secrets::default(), at(1));
        assert!(play(&mut long, 0) < 10, "it is used up");
        long.read(rings.iter(), &Secrets::default(), at(1 + HOUR));
        let freed = play(&mut long, 0) * 50;
        assert!(freed > 0 && freed < LONG_MESSAGES_AN_HOUR, "{freed}");
        assert!(!long.is_due(at(2 + HOUR)) && long.is_due(at(1 + HOUR).after(Duration::from_secs(10))));
    }
}
