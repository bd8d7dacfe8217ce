//! The messages (emails) that took long, or of which a question failed. Their other questions are stored too, so that after a crash, or when
//! memory has lost them, `why` finds a message by its domain, and knows what it waited for: a question to a list, or a client that waited
//! between its questions.
//!
//! # Decisions
//!
//! - The questions that the cache answered are read too, because they show when a client went on. That costs more than the reading of
//!   failures, so it is done every `SNAPSHOT_INTERVAL`, and only the last blocks of a ring are read.
//! - The longest messages come first. Messages that a failed question did not delay get less room, because most are about domains of spam.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

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
use crate::limits::{
    FAILED_MESSAGE_BURST, FLIGHT_TIME, LONG_HIT_BLOCKS, LONG_MESSAGE_BURST, LONG_MESSAGE_TIME,
    LONG_MESSAGES_AN_HOUR, LONG_MISS_BLOCKS, MAX_LONG_QUESTIONS, MESSAGE_PAUSE, SNAPSHOT_INTERVAL,
};
use dns::clock::{Mono, micros};

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
    /// The members of `questions` that were stored.
    stored: BTreeSet<QuestionKey>,
    /// The messages of `questions` that were stored, or that found no room: when they ended and began, and their client.
    considered: BTreeSet<(u64, u64, IpAddr)>,
    /// Octets that were stored. In an hour `LONG_MESSAGES_AN_HOUR` of them become free again.
    used: u64,
}

/// A question: when it came, its client, type and name.
type QuestionKey = (u64, IpAddr, u16, Arc<[u8]>);

fn key(question: &QuestionEntry) -> QuestionKey {
    (question.at, question.client, question.kind.into(), Arc::clone(&question.name))
}

/// The messages that are wanted.
pub(super) struct LongWanted<'a> {
    /// The microseconds that a long message takes, and a slow question.
    pub(super) slow: u64,
    /// The messages that ended before this moment, in microseconds of `Mono`.
    pub(super) until: u64,
    /// The lists and keys.
    pub(super) facts: &'a DaemonFacts<'a>,
}

/// A message of the questions that were read.
struct ReadMessage<'q> {
    questions: Vec<&'q QuestionEntry>,
    client: IpAddr,
    began: u64,
    ended: u64,
    has_failed: bool,
}

impl<'q> ReadMessage<'q> {
    /// The message of these places.
    fn of(places: &[usize], all: &'q [QuestionEntry]) -> Option<Self> {
        let questions: Vec<&QuestionEntry> = places.iter().filter_map(|place| all.get(*place)).collect();
        Some(Self {
            client: questions.first()?.client,
            began: questions.iter().map(|question| question.at).min()?,
            ended: questions.iter().map(|question| question.end()).max()?,
            has_failed: questions.iter().any(|question| question.outcome.is_failure()),
            questions,
        })
    }

    fn took(&self) -> u64 {
        self.ended.saturating_sub(self.began)
    }

    /// When no question of it comes any more.
    fn over_at(&self) -> u64 {
        self.ended.saturating_add(micros(MESSAGE_PAUSE))
    }

    fn key(&self) -> (u64, u64, IpAddr) {
        (self.ended, self.began, self.client)
    }
}

/// The flights of questions.
struct FlightsOfQuestions<'f> {
    by_number: BTreeMap<u64, &'f FlightEntry>,
    /// The numbers of flights whose answers have names, by their question.
    linked: HashMap<(&'f [u8], u16), u64>,
}

impl<'f> FlightsOfQuestions<'f> {
    fn of(flights: &'f [FlightEntry]) -> Self {
        let of_links = flights.iter().filter(|flight| !flight.links.is_empty());
        Self {
            by_number: flights.iter().map(|flight| (flight.id, flight)).collect(),
            linked: of_links.map(|flight| (link_key(&flight.name, flight.kind), flight.id)).collect(),
        }
    }

    /// A question from the cache is joined to its message by the names in the answer of an earlier flight.
    fn number(&self, question: &QuestionEntry) -> Option<u64> {
        question.flight.or_else(|| self.linked.get(&link_key(&question.name, question.kind)).copied())
    }

    /// The flights of questions that are not stored yet.
    fn missing(&self, questions: &[&QuestionEntry], stored: &Chooser) -> Vec<&'f FlightEntry> {
        let numbers: BTreeSet<u64> = questions.iter().filter_map(|question| self.number(question)).collect();
        let flights = numbers.iter().filter_map(|number| self.by_number.get(number)).copied();
        flights.filter(|flight| !stored.has(flight.id)).collect()
    }
}

/// The octets that entries take on disk.
fn octets_of(entries: &[Entry]) -> u64 {
    let mut octets = Vec::new();
    entries.iter().for_each(|entry| stored::put(entry, &mut octets));
    octets.len() as u64
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

    /// The questions and flights in order, without those for which there is no room.
    fn taken(&mut self) -> Recorded {
        let (questions, flights) = (std::mem::take(&mut self.questions), std::mem::take(&mut self.flights));
        let mut recorded = Recorded { questions, flights, ..Recorded::default() }.in_order();
        let surplus = recorded.questions.len().saturating_sub(MAX_LONG_QUESTIONS);
        recorded.questions.drain(..surplus);
        let surplus = recorded.flights.len().saturating_sub(MAX_LONG_QUESTIONS);
        recorded.flights.drain(..surplus);
        recorded
    }

    /// Takes the messages that are over. Returns the entries of the messages that took long, or of which a question failed, without the
    /// questions that are stored anyway; the longest messages first, as far as there is room.
    pub(super) fn take(&mut self, stored: &mut Chooser, wanted: &LongWanted<'_>) -> Vec<Entry> {
        let recorded = self.taken();
        let known = KnownFacts { facts: wanted.facts, links: links_of(&recorded) };
        let grouped = group(&recorded.questions, &known);
        let messages: Vec<ReadMessage<'_>> =
            grouped.iter().filter_map(|places| ReadMessage::of(places, &recorded.questions)).collect();
        let flights = FlightsOfQuestions::of(&recorded.flights);
        let is_long = |message: &&ReadMessage<'_>| {
            message.over_at() < wanted.until && (message.took() >= wanted.slow || message.has_failed)
        };
        let mut long: Vec<&ReadMessage<'_>> = messages.iter().filter(is_long).collect();
        long.sort_by_key(|message| Reverse(message.took()));
        let mut chosen = Vec::new();
        for message in long {
            if self.considered.insert(message.key()) {
                let entries = self.entries(message, (&flights, stored), wanted);
                chosen.extend(entries);
            }
        }
        self.keep_open(&messages, wanted.until);
        // The links of messages that go on, and flights whose question was not read yet.
        let open: BTreeSet<u64> =
            self.questions.iter().filter_map(|question| flights.number(question)).collect();
        self.flights = recorded.flights;
        self.flights.retain(|flight| open.contains(&flight.id) || flight.end() >= wanted.until);
        let first = self.questions.iter().map(|question| question.at).min().unwrap_or(u64::MAX);
        self.stored.retain(|(at, ..)| *at >= first);
        self.considered.retain(|(ended, ..)| *ended >= first);
        chosen
    }

    /// The entries to be stored of a message: its questions and their flights, as far as they are not stored; none if there is no room.
    fn entries(
        &mut self,
        message: &ReadMessage<'_>,
        (flights, stored): (&FlightsOfQuestions<'_>, &mut Chooser),
        wanted: &LongWanted<'_>,
    ) -> Vec<Entry> {
        let is_new = |long: &Self, stored: &Chooser, question: &QuestionEntry| {
            let is_slow_or_failed = question.outcome.is_failure() || question.elapsed >= wanted.slow;
            let is_stored = question.flight.is_some_and(|id| stored.has_questions(id));
            !is_slow_or_failed && !is_stored && !long.stored.contains(&key(question))
        };
        let all = message.questions.iter().copied();
        let questions: Vec<_> = all.filter(|question| is_new(self, stored, question)).collect();
        let most = if message.took() >= wanted.slow { LONG_MESSAGE_BURST } else { FAILED_MESSAGE_BURST };
        let missing = flights.missing(&questions, stored);
        let mut entries: Vec<Entry> = missing.iter().map(|flight| Entry::Flight((*flight).clone())).collect();
        entries.extend(questions.iter().map(|question| Entry::Question((*question).clone())));
        let used = self.used.saturating_add(octets_of(&entries));
        if used > most {
            return Vec::new();
        }
        self.used = used;
        self.stored.extend(questions.iter().map(|question| key(question)));
        missing.into_iter().for_each(|flight| stored.add(flight));
        entries
    }

    /// The entries of further flights of the messages that were taken last, as far as they are not stored.
    pub(super) fn add_flights(&mut self, flights: Vec<FlightEntry>, stored: &mut Chooser) -> Vec<Entry> {
        let mut entries = Vec::new();
        for flight in flights {
            if stored.has(flight.id) {
                continue;
            }
            stored.add(&flight);
            entries.push(Entry::Flight(flight));
        }
        self.used = self.used.saturating_add(octets_of(&entries));
        entries
    }

    /// Keeps the messages that may go on: a question is read when it has ended.
    fn keep_open(&mut self, messages: &[ReadMessage<'_>], until: u64) {
        let first = until.saturating_sub(micros(FLIGHT_TIME));
        let open = messages.iter().filter(|message| message.over_at() >= first);
        self.questions.extend(open.flat_map(|message| message.questions.iter().copied().cloned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Link;
    use dns::question::Outcome;
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

    fn take(long: &mut LongMessages, stored: &mut Chooser, until: u64) -> Vec<Entry> {
        facts(|facts| long.take(stored, &LongWanted { slow: SECOND, until, facts }))
    }

    /// When the chosen questions came.
    fn taken(long: &mut LongMessages, until: u64) -> Vec<u64> {
        let chosen = take(long, &mut Chooser::default(), until);
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
        let mut taken = |until| taken(&mut long, until);
        assert_eq!(taken(5 * SECOND / 2), [0; 0], "they may go on");
        assert_eq!(taken(3 * SECOND), [1]);
        assert_eq!(taken(9 * SECOND), [4 * SECOND, 0, SECOND]);
        assert_eq!(taken(u64::MAX), [0; 0]);
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
        let mut take = |until| take(&mut long, &mut stored, until);
        let counts = |chosen: &[Entry]| {
            let is_flight = |entry: &&Entry| matches!(entry, Entry::Flight(_));
            let flights = chosen.iter().filter(is_flight).count();
            (flights, chosen.len() - flights)
        };
        assert_eq!(counts(&take(7 * SECOND / 2)), (1, 2));
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
        let mut take = |until| take(&mut long, &mut stored, until);
        assert_eq!(take(2 * SECOND).len(), 0, "it goes on");
        let chosen = take(u64::MAX);
        assert!(chosen.contains(&Entry::Flight(linked)) && chosen.len() == 2, "{chosen:#?}");
    }

    #[test]
    fn they_take_a_bounded_part_of_the_disk_and_the_longest_come_first() {
        let mut long = LongMessages::default();
        let messages = 120_000_u32;
        let mut stored = 0;
        let play = |long: &mut LongMessages, first: u32| {
            long.questions = (first..first + messages / 24)
                .flat_map(|client| {
                    let pause = SECOND + u64::from(client);
                    [0, pause].map(|at| question(client, at, 10, Outcome::Upstream))
                })
                .collect();
            let chosen = taken(long, u64::MAX);
            assert!(chosen.len() < 3 || chosen[1] == SECOND + u64::from(first + messages / 24 - 1));
            chosen.len() as u64
        };
        for part in 0..24 {
            stored += play(&mut long, part * (messages / 24));
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
