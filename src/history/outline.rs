//! The outline of the record: of each question and flight only the head, in the order of time. Questions are grouped and chosen by it, and
//! only those that are judged or shown are read in full.
//!
//! # Decisions
//!
//! - The octets of the entries are kept next to it. A second reading of the rings would find other entries in the place of the oldest.
//!   Entries of hits are not kept: the head of such an entry is all of it.
//! - A question is judged by its own flight, and by those that failed, of lists that failed, and to servers that were silent. All
//!   others answered, and answers to other questions explain nothing. So they are not read in full.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::net::IpAddr;

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use super::asked::AskedNames;
use super::asked_subjects::NumberedNames;
use super::entry::{Entry, FlightEntry, HIT_HEAD, Link, QuestionEntry, index};
use super::heads::{self, FlightHead, QuestionHead};
use super::message::{Asking, Messages, group_numbered};
use super::names::ReadNames;
use super::owner;
use super::reading;
use super::recorded::{Recorded, joined, keep_complete};
use super::redact::Secrets;
use super::spans::covered;
use super::subject::ListName;
use dns::conduct::Conduct;
use dns::hash::Plain;
use dns::question::Outcome;

/// The outline of the record, without `secrets`. Moments are in microseconds since 1970.
#[derive(Debug)]
pub struct Outline<'s> {
    pub(super) secrets: &'s Secrets,
    /// How far the record goes, and its outages and users. It has no questions and no flights.
    pub(super) extent: Recorded,
    /// The names and types of the questions and flights.
    pub(super) names: AskedNames<'s>,
    pub(super) questions: Vec<QuestionOutline>,
    /// Each once.
    pub(super) flights: Vec<FlightOutline>,
    /// The entries of the questions and flights, and some others.
    pub(super) entries: KeptEntries,
    /// Whether the entries are the links of flights and nothing else: then nothing is read in full.
    pub(super) light: bool,
}

/// Octets of a ring for a flight and its question, of usual names and with a query to a server.
const FLIGHT_ROOM: usize = 160;

/// A question of the outline.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuestionOutline {
    /// When it came.
    pub(super) at: u64,
    /// From its arrival to the reply, in microseconds.
    pub(super) elapsed: u32,
    /// The number of its name and type.
    pub(super) asked: u32,
    /// The place of its entry, behind the length; of a hit the number of its view.
    pub(super) place: u32,
    pub(super) client: IpAddr,
    pub(super) outcome: Outcome,
    /// Whether it is a hit, whose entry is not kept.
    pub(super) hit: bool,
}

/// A flight of the outline.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlightOutline {
    pub(super) id: u64,
    pub(super) began: u64,
    pub(super) elapsed: u32,
    pub(super) asked: u32,
    pub(super) place: u32,
    /// Whether it failed.
    pub(super) failed: bool,
    /// Whether its answer has names or addresses.
    pub(super) linked: bool,
}

impl QuestionOutline {
    /// When its reply left.
    pub(super) fn end(&self) -> u64 {
        self.at.saturating_add(self.elapsed.into())
    }
}

impl FlightOutline {
    /// When it ended, or was last looked at.
    pub(super) fn end(&self) -> u64 {
        self.began.saturating_add(self.elapsed.into())
    }
}

impl<'s> Outline<'s> {
    /// An outline without entries.
    pub(super) fn new(secrets: &'s Secrets) -> Self {
        let (extent, names) = (Recorded::default(), AskedNames::without(secrets));
        Self {
            secrets,
            extent,
            names,
            questions: Vec::new(),
            flights: Vec::new(),
            entries: KeptEntries::default(),
            light: false,
        }
    }

    /// Takes room for rings with `octets`, of which `kept` stay here, as far as `memory` allows. Entries that are moved to a larger piece
    /// of memory, again and again, take a tenth of the time of a command.
    pub(super) fn make_room(&mut self, octets: usize, kept: usize, memory: usize) {
        let fit = memory.checked_div(QuestionEntry::LEAST_WEIGHT).unwrap_or(0);
        self.questions.reserve(fit.min(octets / HIT_HEAD));
        if !self.light {
            self.entries.0.reserve(kept);
        }
        // Mostly each flight has a question, and a name of its own.
        let flights = kept / FLIGHT_ROOM;
        self.flights.reserve(flights);
        self.names.make_room(flights);
    }

    /// The outline of a question that came at `at`, by its head and the place of its entry.
    pub(super) fn question_of(&mut self, head: &QuestionHead<'_>, at: u64, place: usize) -> QuestionOutline {
        let QuestionHead { elapsed, client, outcome, hit, .. } = *head;
        let asked = self.names.number(head.name, head.kind);
        let place = hit.unwrap_or_else(|| place_of(place));
        QuestionOutline { at, elapsed, asked, place, client, outcome, hit: hit.is_some() }
    }

    /// As `question_of`, of a flight.
    pub(super) fn flight_of(&mut self, head: &FlightHead<'_>, began: u64, place: usize) -> FlightOutline {
        let FlightHead { id, elapsed, failed, linked, .. } = *head;
        let asked = self.names.number(head.name, head.kind);
        FlightOutline { id, began, elapsed, asked, place: place_of(place), failed, linked }
    }

    /// The outline of recorded questions and flights.
    #[cfg(test)]
    pub(super) fn of(recorded: &Recorded, secrets: &'s Secrets) -> Self {
        let mut outline = Self::new(secrets);
        let questions = recorded.questions.iter().cloned().map(Entry::Question);
        for entry in questions.chain(recorded.flights.iter().cloned().map(Entry::Flight)) {
            let (mut octets, place) = (Vec::new(), outline.entries.0.len() + 2);
            entry.put(&mut octets);
            match heads::head(&octets[2..]) {
                Some(heads::EntryHead::Question(head)) => {
                    let question = outline.question_of(&head, head.at, place);
                    outline.questions.push(question);
                }
                Some(heads::EntryHead::Flight(head)) => {
                    let flight = outline.flight_of(&head, head.began, place);
                    outline.flights.push(flight);
                }
                _ => panic!(),
            }
            outline.keep(&octets[2..]);
        }
        outline.extent = Recorded { questions: Vec::new(), flights: Vec::new(), ..recorded.clone() };
        outline
    }

    /// Keeps the octets of an entry, which have no length; returns their place.
    pub(super) fn keep(&mut self, entry: &[u8]) -> usize {
        let length = u16::try_from(entry.len().saturating_add(2)).unwrap_or(0);
        self.entries.0.extend_from_slice(&length.to_le_bytes());
        let place = self.entries.0.len();
        self.entries.0.extend_from_slice(entry);
        place
    }

    /// In the order of time; of a flight that was kept twice the later entry, which is complete.
    #[must_use]
    pub(super) fn in_order(mut self) -> Self {
        self.questions.sort_by_key(|question| question.at);
        keep_complete(&mut self.flights, |flight| (flight.id, flight.elapsed.into()));
        self.flights.sort_by_key(|flight| flight.began);
        self.extent.outages = joined(std::mem::take(&mut self.extent.outages));
        self
    }

    /// All questions and flights in full.
    pub(super) fn in_full(mut self) -> Recorded {
        let mut names = ReadNames::without(self.secrets);
        let (extent, mut questions) =
            (std::mem::take(&mut self.extent), Vec::with_capacity(self.questions.len()));
        questions.extend(self.questions.iter().filter_map(|question| self.question(question, &mut names)));
        let flights =
            self.flights.iter().filter_map(|flight| self.entries.flight(flight, &mut names)).collect();
        let mut full = Recorded { questions, flights, ..extent };
        owner::give(&std::mem::take(&mut full.owners), &mut full.questions);
        full
    }

    /// The questions at these `count` places in full and in this order, and the flights that explain them.
    pub(super) fn explained(
        &self,
        (places, count): (impl Iterator<Item = u32>, usize),
        list: &dyn Fn(&[u8]) -> Option<ListName>,
    ) -> Recorded {
        let mut names = ReadNames::without(self.secrets);
        let mut questions: Vec<QuestionEntry> = Vec::with_capacity(count);
        questions
            .extend(places.filter_map(|place| self.question(self.questions.get(index(place))?, &mut names)));
        owner::give(&self.extent.owners, &mut questions);
        let own: HashSet<u64, BuildHasherDefault<Plain>> =
            questions.iter().filter_map(|question| question.flight).collect();
        let held = questions.iter().filter(|question| question.outcome == Outcome::Remembered);
        let held = held.filter_map(|question| list(&question.name)?.of(&question.name)).collect();
        let flights = self.flights_of(&own, held, list, &mut names);
        Recorded { questions, flights, owners: Vec::new(), ..self.extent.clone() }
    }

    fn question(&self, outline: &QuestionOutline, names: &mut ReadNames<'_>) -> Option<QuestionEntry> {
        if outline.hit {
            let (name, kind) = (names.of(self.names.name(outline.asked)), self.names.kind(outline.asked));
            return Some(QuestionEntry::hit(name, kind, outline.client, outline.place, outline.at));
        }
        match reading::read_one(self.entries.at(outline.place), names)? {
            Entry::Question(question) => Some(QuestionEntry { at: outline.at, ..question }),
            _ => None,
        }
    }

    /// The number of the flight that a question waited for.
    pub(super) fn flight_number(&self, question: &QuestionOutline) -> Option<u64> {
        (!question.hit).then(|| heads::flight_of(self.entries.at(question.place)))?
    }

    /// The places of the flights by their numbers.
    pub(super) fn flights_by_number(&self) -> FlightsByNumber {
        (0..).zip(&self.flights).map(|(place, flight)| (flight.id, place)).collect()
    }

    /// The time between two moments in which a flight did not wait for a server that answered before `slow`, or may not have: all of it if
    /// another query was no such one.
    pub(super) fn unclear(&self, flight: &FlightOutline, (begin, end): (u64, u64), slow: u64) -> u64 {
        let (all, mut clear) = (end.saturating_sub(begin), SmallVec::new());
        for (at, elapsed, conduct) in heads::queries(self.entries.at(flight.place)) {
            let is_clear = matches!(conduct, Some(Conduct::Answered | Conduct::Truncated));
            if !is_clear || u64::from(elapsed) >= slow {
                return all;
            }
            let sent = flight.began.saturating_add(at.into());
            clear.push((sent, sent.saturating_add(elapsed.into())));
        }
        all.saturating_sub(covered(clear, (begin, end)))
    }

    /// Calls `take` with the zone of each query of a flight that a server answered, and when it was sent.
    pub(super) fn answered(&self, flight: &FlightOutline, mut take: impl FnMut(u64, &[u8])) {
        for (at, zone) in heads::answered(self.entries.at(flight.place)) {
            let at = flight.began.saturating_add(at.into());
            match self.secrets.hidden(zone) {
                Some(hidden) => take(at, &hidden),
                None => take(at, zone),
            }
        }
    }

    /// The flights of these numbers, and all others that may explain questions. `failed_lists` are the apexes of lists that failed.
    fn flights_of<'n>(
        &'n self,
        own: &HashSet<u64, BuildHasherDefault<Plain>>,
        mut failed_lists: BTreeSet<&'n [u8]>,
        list: &dyn Fn(&[u8]) -> Option<ListName>,
        names: &mut ReadNames<'_>,
    ) -> Vec<FlightEntry> {
        let apex = |flight: &FlightOutline| {
            let name = self.names.name(flight.asked);
            list(name)?.of(name)
        };
        failed_lists.extend(self.flights.iter().filter(|flight| flight.failed).filter_map(apex));
        let is_of_list = |flight: &FlightOutline| {
            !failed_lists.is_empty() && apex(flight).is_some_and(|apex| failed_lists.contains(apex))
        };
        // First which ones, from their octets: entries that are read in full are large, and are put where they stay.
        let (mut wanted, mut silent, mut count) = (vec![false; self.flights.len()], BTreeSet::new(), 0_usize);
        for (outline, wanted) in self.flights.iter().zip(&mut wanted) {
            if outline.failed || own.contains(&outline.id) || is_of_list(outline) {
                (*wanted, count) = (true, count.saturating_add(1));
                let sent = heads::sent(self.entries.at(outline.place));
                let unanswered = sent.filter(|(_, conduct)| !conduct.is_some_and(Conduct::came_back));
                silent.extend(unanswered.map(|(server, _)| server));
            }
        }
        if silent.iter().any(IpAddr::is_ipv6) {
            // A single answer shows that the path to the silent ones leads somewhere.
            let answers = |flight: &FlightOutline| {
                let mut sent = heads::sent(self.entries.at(flight.place));
                sent.any(|(server, conduct)| server.is_ipv6() && conduct.is_some_and(Conduct::came_back))
            };
            if let Some(place) = self.flights.iter().rposition(answers)
                && let Some(wanted) = wanted.get_mut(place)
            {
                count = count.saturating_add(usize::from(!*wanted));
                *wanted = true;
            }
        }
        if !silent.is_empty() {
            for (outline, wanted) in self.flights.iter().zip(&mut wanted).filter(|(_, wanted)| !**wanted) {
                let mut sent = heads::sent(self.entries.at(outline.place));
                *wanted = sent.any(|(server, _)| silent.contains(&server));
                count = count.saturating_add(usize::from(*wanted));
            }
        }
        let mut full = Vec::with_capacity(count);
        let wanted = self.flights.iter().zip(wanted).filter(|(_, wanted)| *wanted);
        full.extend(wanted.filter_map(|(outline, _)| self.entries.flight(outline, names)));
        full
    }
}

/// The places of flights by their numbers, which strangers do not choose.
pub(super) type FlightsByNumber = HashMap<u64, u32, BuildHasherDefault<Plain>>;

/// Entries, each behind its length.
#[derive(Debug, Default)]
pub(super) struct KeptEntries(pub(super) Vec<u8>);

impl KeptEntries {
    fn flight(&self, outline: &FlightOutline, names: &mut ReadNames<'_>) -> Option<FlightEntry> {
        match reading::read_one(self.at(outline.place), names)? {
            Entry::Flight(flight) => Some(FlightEntry { began: outline.began, ..flight }),
            _ => None,
        }
    }

    /// The entry at a place, without its length.
    pub(super) fn at(&self, place: u32) -> &[u8] {
        let begin = index(place).saturating_sub(2);
        self.0.get(begin..).and_then(|octets| reading::entries(octets).next()).unwrap_or_default()
    }
}

/// A place in the octets of all entries, which are less than 4 GiB.
fn place_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// The names of an outline, with the facts that grouping needs.
pub(super) struct OutlineNames<'a> {
    outline: &'a Outline<'a>,
    list: &'a dyn Fn(&[u8]) -> Option<ListName>,
    /// The entry of the last flight with links, by the number of its name and type; 0: none.
    answers: Vec<u32>,
}

impl<'a> OutlineNames<'a> {
    pub(super) fn of(outline: &'a Outline<'_>, list: &'a dyn Fn(&[u8]) -> Option<ListName>) -> Self {
        let mut answers = vec![0; outline.names.count()];
        for flight in outline.flights.iter().filter(|flight| flight.linked) {
            if let Some(answer) = answers.get_mut(index(flight.asked)) {
                *answer = flight.place;
            }
        }
        Self { outline, list, answers }
    }

    /// The questions of each message, by their places, in the order of their begins.
    pub(super) fn messages(&self) -> Messages {
        let extent = &self.outline.extent;
        let asking = |question: &QuestionOutline| Asking {
            at: question.at,
            end: question.end(),
            client: question.client,
            asked: index(question.asked),
            sparse: extent.is_of_disk(question.at, question.hit),
        };
        group_numbered(self.outline.questions.iter().map(asking), self)
    }
}

impl NumberedNames for OutlineNames<'_> {
    fn count(&self) -> usize {
        self.outline.names.count()
    }

    fn asked(&self, number: usize) -> (&[u8], RecordType) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        (self.outline.names.name(number), self.outline.names.kind(number))
    }

    fn list(&self, name: &[u8]) -> Option<ListName> {
        (self.list)(name)
    }

    fn links(&self, number: usize) -> impl Iterator<Item = Link> {
        let place = self.answers.get(number).copied().filter(|place| *place > 0);
        let links = place.map(|place| {
            let kept = self.outline.entries.at(place);
            let octets = if self.outline.light { kept } else { heads::links_of(kept) };
            heads::links(octets, self.outline.secrets)
        });
        links.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::MessageEntry;
    use crate::event::Shows;
    use crate::trail::Trail;
    use crate::{Flown, ReadSpan, Recorder};
    use dns::clock::{Clock, Mono};
    use dns::conduct::Transport;
    use dns::question::{Question, ViewId, wire_name};
    use hickory_proto::rr::rdata::A;
    use hickory_proto::rr::{Name, RData, Record};

    fn wire(text: &str) -> std::sync::Arc<[u8]> {
        wire_name(&Name::from_ascii(text).unwrap()).into()
    }

    fn flight(id: u64, name: &str, server: u8, conduct: Conduct) -> FlightEntry {
        let message = MessageEntry {
            at: 0,
            elapsed: 10,
            server: [198, 18, 0, server].into(),
            zone: wire("example."),
            transport: Transport::Udp,
            conduct: Some(conduct),
            reason: "first",
            depth: 0,
            keys: false,
        };
        FlightEntry {
            name: wire(name),
            zone: wire("example."),
            messages: vec![message],
            ..FlightEntry::blank(id, id, 10)
        }
    }

    fn list(name: &[u8]) -> Option<ListName> {
        let apex = wire(if name.ends_with(&wire("one.test.")) { "one.test." } else { "two.test." });
        name.ends_with(&apex).then_some(ListName { apex: apex.len(), keyed: false })
    }

    fn read(flights: Vec<FlightEntry>, own: &[u64]) -> Vec<u64> {
        let secrets = Secrets::default();
        let outline = Outline::of(&Recorded { flights, ..Recorded::default() }, &secrets);
        let own = own.iter().copied().collect();
        let full = outline.flights_of(&own, BTreeSet::new(), &list, &mut ReadNames::without(&secrets));
        full.into_iter().map(|flight| flight.id).collect()
    }

    #[test]
    fn only_flights_that_may_explain_a_question_are_read_in_full() {
        let failed = |flight: FlightEntry| FlightEntry { shows: Some(Shows::NoHelp), ..flight };
        let usual = || {
            vec![
                flight(1, "a.example.", 1, Conduct::Answered),
                flight(2, "b.example.", 2, Conduct::Answered),
                flight(3, "1.0.0.127.one.test.", 3, Conduct::Answered),
                flight(4, "1.0.0.127.two.test.", 4, Conduct::Answered),
            ]
        };
        let with = |more: FlightEntry| usual().into_iter().chain([more]).collect::<Vec<_>>();
        assert_eq!(read(usual(), &[]), [0; 0]);
        assert_eq!(read(usual(), &[2, 9]), [2], "its own");
        assert_eq!(
            read(with(failed(flight(5, "c.example.", 5, Conduct::Refused))), &[]),
            [5],
            "one that failed"
        );
        let of_list = failed(flight(5, "2.0.0.127.one.test.", 5, Conduct::Refused));
        assert_eq!(read(with(of_list), &[]), [3, 5], "those of a list that failed");
        let silent = failed(flight(5, "c.example.", 2, Conduct::Silent));
        assert_eq!(read(with(silent.clone()), &[1]), [1, 2, 5], "those to a server that was silent");
        let not_read = FlightEntry { shows: None, ..silent };
        assert_eq!(read(with(not_read), &[1]), [1], "no silence of a flight that explains nothing");
    }

    #[test]
    fn answered_queries_are_told_with_their_zones() {
        let query = |at, zone: &str, conduct| MessageEntry {
            at,
            zone: wire(zone),
            ..flight(1, "a.example.", 1, conduct).messages.remove(0)
        };
        let messages = vec![
            query(0, "test.", Conduct::Answered),
            query(5, "example.", Conduct::Silent),
            query(900, "example.", Conduct::Answered),
        ];
        let flights =
            vec![FlightEntry { messages, began: 1_000, ..flight(1, "a.example.", 1, Conduct::Answered) }];
        let secrets = Secrets::default();
        let outline = Outline::of(&Recorded { flights, ..Recorded::default() }, &secrets);
        let mut told = Vec::new();
        outline.answered(&outline.flights[0], |at, zone| told.push((at, zone.to_vec())));
        assert_eq!(told, [(1_000, wire("test.").to_vec()), (1_900, wire("example.").to_vec())]);
    }

    #[test]
    fn the_last_answer_with_links_joins_questions() {
        let link = |number| Link::Address([192, 0, 2, number].into());
        let linked = |id, name, links: &[Link]| {
            let flight = flight(id, name, 1, Conduct::Answered);
            FlightEntry { links: links.to_vec(), ..flight }
        };
        let flights = vec![
            linked(1, "a.example.", &[link(1)]),
            linked(2, "a.example.", &[link(2)]),
            linked(3, "a.example.", &[]),
            linked(4, "b.example.", &[]),
        ];
        // An entry before them, because place 0 means none.
        let questions =
            vec![QuestionEntry::hit(wire("a.example."), RecordType::A, [127, 0, 0, 1].into(), 0, 1)];
        let secrets = Secrets::default();
        let outline =
            Outline::of(&Recorded { questions, flights, ..Recorded::default() }, &secrets).in_order();
        let names = OutlineNames::of(&outline, &list);
        let links = |name: &str| {
            let number = outline.names.find(&wire(name), RecordType::A).unwrap();
            names.links(index(number)).collect::<Vec<_>>()
        };
        assert_eq!((links("a.example."), links("b.example.")), (vec![link(2)], Vec::new()));
    }

    #[test]
    fn a_light_outline_of_memory_has_the_same_links() {
        let recorder = Recorder::new(Clock::machine(), 1);
        let name = wire("a.example.");
        let owner = Name::from_ascii("a.example.").unwrap();
        let question = Question {
            name: owner.clone(),
            kind: RecordType::A,
            dnssec_ok: false,
            checking_disabled: false,
            view: ViewId::default(),
        };
        let address = [192, 0, 2, 9].into();
        for answers in [&[Record::from_rdata(owner, 300, RData::A(A(address)))][..], &[]] {
            let trail = Trail::new(recorder.clock.moments(), recorder.clock.mono());
            recorder.flown(&Flown { answers, ..Flown::so_far(&trail, &question, &name) });
        }
        let (secrets, span) = (Secrets::default(), ReadSpan::default());
        let links = |outline: &Outline<'_>| {
            let names = OutlineNames::of(outline, &list);
            (0..names.count()).map(|number| names.links(number).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        let light = recorder.outline_in_memory(&span, &secrets);
        assert_eq!(links(&light), [[Link::Address(address.into())]]);
        assert_eq!(links(&light), links(&recorder.outline(&span, &secrets)));
        assert!(light.entries.0.len() < 30, "nothing else is kept");
    }

    #[test]
    fn a_hit_is_read_in_full_though_its_entry_is_not_kept() {
        let recorder = Recorder::new(Clock::machine(), 1);
        let client = [192, 0, 2, 5].into();
        recorder.hits(0, Mono::from_micros(9), 7).unwrap().put(b"\x04MAIL\x07example\x00\x00\x0f", client);
        let secrets = Secrets::default();
        let outline = recorder.outline(&ReadSpan::default(), &secrets);
        assert!(outline.entries.0.is_empty());
        let at = outline.questions[0].at;
        let expected = QuestionEntry::hit(wire("mail.example."), RecordType::MX, client, 7, at);
        assert_eq!(
            outline.explained(([0, 9].into_iter(), 2), &list).questions,
            std::slice::from_ref(&expected)
        );
        assert_eq!(outline.in_full().questions, [expected]);
    }
}
