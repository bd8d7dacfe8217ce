//! Grouping: which questions were asked for one message (an email).
//!
//! Pure: a function over entries. Mail software does not say for which message it asks. Questions belong together if
//! one client asks them with pauses of at most two seconds, and their names belong together: an address, its lists
//! and its host; a domain, its exchangers, its policies and keys, and the policies that it includes. A question whose
//! name belongs to nothing, for instance a link in the text, follows the message whose last question ended or began
//! just before.
//!
//! # Decisions
//!
//! - A question that could belong to two messages goes to the one that was active last: mail software asks its next
//!   question within a few milliseconds.
//! - Questions that were stored before clients had numbers (`hidden_clients`) have no client. They are joined by name only, because
//!   they look like the questions of one client.
//! - Two messages of one sender's domain are told apart by the connection that the second one begins with: the domain's MX is asked again,
//!   while the first message is quiet, for the one that has not asked for any.
//! - The record on the disk lacks the questions that were answered soon, so that its only message in progress was not the only one: there a
//!   question whose name belongs to nothing follows only what ended or began just before.
//! - It is better to cut a message in two than to join two: a joined one blames a server for the wrong mail.
//! - A question that no name joins is certainly of a message only if its client has no other message in progress. If it has, the question
//!   begins a part of the message that it follows, and later names join the part that has them. The questions of one part belong to one
//!   mail; those of another part may belong to another mail, and `search` makes no verdict of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use super::entry::{ByAsked, Link, QuestionEntry, index};
use super::hidden_clients::is_of_any_client;
pub use super::subject::ListName;
use super::subject::{Subject, organisation, subject};
use crate::clock::micros;
use crate::hash::Keyed;
use crate::limits::{
    MAX_MESSAGE_ENDS, MAX_MESSAGE_QUESTIONS, MAX_MESSAGE_SUBJECTS, MAX_OPEN_MESSAGES, MESSAGE_BURST,
    MESSAGE_NEXT, MESSAGE_PAUSE,
};

/// The facts that grouping needs beside the questions.
pub trait Known {
    /// The DNS list that a name asks.
    fn list(&self, name: &[u8]) -> Option<ListName>;

    /// The names and addresses in the answer to a question, as far as they are known.
    fn links(&self, name: &[u8], kind: RecordType) -> &[Link];
}

/// A question, as grouping sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    /// When it came, in microseconds.
    pub(super) at: u64,
    /// When its reply left.
    pub(super) end: u64,
    /// Its client.
    pub(super) client: IpAddr,
    /// The number of its name and type.
    pub(super) asked: usize,
    /// Whether other questions of its time may be missing.
    pub(super) sparse: bool,
}

/// Names and types by numbers, and the facts that grouping needs about them.
pub(super) trait NumberedNames {
    /// A number that is greater than all.
    fn count(&self) -> usize;

    /// The name, in lower-case wire form, and the type.
    fn asked(&self, number: usize) -> (&[u8], RecordType);

    /// The DNS list that a name asks.
    fn list(&self, name: &[u8]) -> Option<ListName>;

    /// The names and addresses in the answer, as far as they are known.
    fn links(&self, number: usize) -> impl Iterator<Item = Link>;
}

/// A message that may go on.
#[derive(Default)]
struct Open {
    /// Its number, in the order of begins.
    number: u32,
    /// The number of its questions so far.
    questions: usize,
    /// When its first question came, in microseconds.
    began: u64,
    /// The numbers of its subjects.
    subjects: Vec<u32>,
    /// The part of each of them.
    parts: Vec<u32>,
    /// The part of its last question.
    part: u32,
    /// Whether it has several parts.
    is_parted: bool,
    /// The begin of its last question, in microseconds.
    begun: u64,
    /// The ends of its questions behind that begin, the earliest first: earlier ones are not near to the next question. At most
    /// `MAX_MESSAGE_ENDS`.
    ends: Vec<u64>,
    /// Whether it asked about an address: a host has connected.
    connected: bool,
    /// The numbers of the names whose MX it asked: mostly one or two, at most `MAX_MESSAGE_QUESTIONS`.
    exchangers: SmallVec<[usize; 2]>,
}

/// The messages of a client that may go on.
#[derive(Default)]
struct OpenOfClient {
    messages: Vec<Open>,
    /// Of each message `ROOM`, and a bit for each of its subjects, by which most messages without a common subject are told; 0 if it has
    /// no room. Apart from the messages, because each question looks at all.
    bits: Vec<u64>,
    /// Of each message its last moments. Apart from the messages for the same reason.
    lasts: Vec<LastMoments>,
    /// No message was quiet before this moment: until then none ends.
    quiet: u64,
}

/// The messages that may go on.
#[derive(Default)]
struct OpenMessages {
    clients: Vec<OpenOfClient>,
    places: BTreeMap<IpAddr, usize>,
    /// The last client and its place: questions of one client often follow each other.
    last: Option<(IpAddr, usize)>,
}

impl OpenMessages {
    /// Those of a client; always some.
    fn of(&mut self, client: IpAddr) -> Option<&mut OpenOfClient> {
        let place = match self.last {
            Some((last, place)) if last == client => place,
            _ => *self.places.entry(client).or_insert(self.clients.len()),
        };
        self.last = Some((client, place));
        if place >= self.clients.len() {
            self.clients.push(OpenOfClient::default());
        }
        self.clients.get_mut(place)
    }
}

/// The last moments of a message.
#[derive(Clone, Copy, Default)]
struct LastMoments {
    /// The end of its last question.
    end: u64,
    /// The last one of `Open::begun` and `Open::ends`.
    moment: u64,
}

/// The questions of each message, by their places.
#[derive(Debug, Default)]
pub(super) struct Grouped {
    /// Where each message begins in `places`, and where the last one ends.
    begins: Vec<u32>,
    places: Vec<u32>,
    /// The part of each question: the place of the first question of the part.
    parts: Vec<u32>,
}

impl Grouped {
    /// Of the number of the message of each question, in the order of begins, and of the part of each question.
    fn of(messages: &[u32], count: u32, parts: Vec<u32>) -> Self {
        let mut begins = vec![0_u32; index(count).saturating_add(1)];
        let mut places = vec![0; messages.len()];
        // First the number of questions before each message, then that behind each one that was placed.
        for message in messages {
            if let Some(behind) = begins.get_mut(index(*message).saturating_add(1)) {
                *behind = behind.saturating_add(1);
            }
        }
        let mut sum = 0_u32;
        for begin in &mut begins {
            sum = sum.saturating_add(*begin);
            *begin = sum;
        }
        let mut next = begins.clone();
        for (place, message) in (0..).zip(messages) {
            if let Some(next) = next.get_mut(index(*message)) {
                if let Some(room) = places.get_mut(index(*next)) {
                    *room = place;
                }
                *next = next.saturating_add(1);
            }
        }
        Self { begins, places, parts }
    }

    /// The questions of a message that certainly belong to one mail with a wanted one.
    pub(super) fn certain<'p>(&self, places: &'p [u32], is_wanted: impl Fn(u32) -> bool) -> Cow<'p, [u32]> {
        let part = |place: &u32| self.parts.get(index(*place)).copied();
        let first = places.first().and_then(part);
        if places.iter().all(|place| part(place) == first) {
            return Cow::Borrowed(places);
        }
        let wanted: BTreeSet<Option<u32>> =
            places.iter().filter(|place| is_wanted(**place)).map(part).collect();
        places.iter().filter(|place| wanted.contains(&part(place))).copied().collect()
    }

    /// The questions of each message in their order; the messages in the order of their begins.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let ends = self.begins.iter().skip(1);
        let spans = self.begins.iter().zip(ends);
        spans.filter_map(|(begin, end)| self.places.get(index(*begin)..index(*end)))
    }
}

/// The subjects of a name and type. There is one for each name of the record, so it is small.
#[derive(Default)]
struct AskedSubjects {
    /// The numbers of the subjects: those of the name itself, then those that its answer names.
    numbers: SmallVec<[u32; 4]>,
    /// How many are of the name itself; none if they were not looked for.
    own: Option<u8>,
    /// Whether the name has an address.
    connects: bool,
    /// Whether it asks for an MX.
    exchangers: bool,
    /// Whether it asks for a policy of MTA-STS, which a delivery begins with.
    delivers: bool,
}

impl AskedSubjects {
    /// The subjects of the name itself.
    fn own(&self) -> &[u32] {
        self.numbers.get(..self.own.unwrap_or(0).into()).unwrap_or_default()
    }
}

/// Numbers for subjects, because the subjects of each question are compared with the subjects of all open messages; and the
/// subjects of names and types, because most of them are asked more than once. Both are bounded by the number of questions.
struct NumberedSubjects<'n, Names> {
    names: &'n Names,
    addresses: HashMap<IpAddr, u32, Keyed>,
    domains: HashMap<Box<[u8]>, u32, Keyed>,
    asked: Vec<AskedSubjects>,
}

impl<'n, Names: NumberedNames> NumberedSubjects<'n, Names> {
    fn of(names: &'n Names) -> Self {
        let asked = std::iter::repeat_with(AskedSubjects::default).take(names.count()).collect();
        let hash = Keyed::of_system();
        Self { names, addresses: HashMap::with_hasher(hash), domains: HashMap::with_hasher(hash), asked }
    }

    /// Looks for the subjects of a name and type, if it was not done yet.
    fn find(&mut self, asked: usize) {
        if self.asked.get(asked).is_none_or(|known| known.own.is_some()) {
            return;
        }
        let names = self.names;
        let (name, kind) = names.asked(asked);
        let subject = subject(name, |name| names.list(name));
        let mut found = AskedSubjects {
            own: Some(u8::from(subject.is_some())),
            connects: matches!(subject, Some(Subject::Address(_))),
            exchangers: kind == RecordType::MX,
            delivers: is_mta_sts(name),
            ..AskedSubjects::default()
        };
        found.numbers.extend(subject.map(|subject| self.number(&subject)));
        for link in names.links(asked) {
            found.numbers.push(match &link {
                Link::Address(address) => self.number(&Subject::Address(*address)),
                Link::Name(name) => self.number(&Subject::Domain(organisation(name).into())),
            });
        }
        if let Some(known) = self.asked.get_mut(asked) {
            *known = found;
        }
    }

    fn number(&mut self, subject: &Subject<'_>) -> u32 {
        let next = u32::try_from(self.addresses.len().saturating_add(self.domains.len())).unwrap_or(u32::MAX);
        match subject {
            Subject::Address(address) => *self.addresses.entry(*address).or_insert(next),
            Subject::Domain(domain) => match self.domains.get(&**domain) {
                Some(number) => *number,
                None => *self.domains.entry((**domain).into()).or_insert(next),
            },
        }
    }
}

/// The names and types of entries.
struct NamesOfEntries<'q, Facts> {
    asked: Vec<(&'q [u8], RecordType)>,
    known: &'q Facts,
}

impl<Facts: Known> NumberedNames for NamesOfEntries<'_, Facts> {
    fn count(&self) -> usize {
        self.asked.len()
    }

    fn asked(&self, number: usize) -> (&[u8], RecordType) {
        self.asked.get(number).copied().unwrap_or((&[], RecordType::ZERO))
    }

    fn list(&self, name: &[u8]) -> Option<ListName> {
        self.known.list(name)
    }

    fn links(&self, number: usize) -> impl Iterator<Item = Link> {
        let (name, kind) = self.asked(number);
        self.known.links(name, kind).iter().cloned()
    }
}

/// The questions of each message, by their places, in the order of their begins. `questions` are in the order of
/// time.
pub fn group(questions: &[QuestionEntry], known: &impl Known) -> Vec<Vec<usize>> {
    let mut names = NamesOfEntries { asked: Vec::new(), known };
    let mut numbers: ByAsked<usize> = ByAsked::default();
    let mut asking = Vec::with_capacity(questions.len());
    for question in questions {
        let asked = *numbers.entry(question.place()).or_insert_with(|| {
            names.asked.push((&question.name, question.kind));
            names.asked.len().saturating_sub(1)
        });
        let (at, end, client) = (question.at, question.end(), question.client);
        asking.push(Asking { at, end, client, asked, sparse: false });
    }
    let grouped = group_numbered(asking.into_iter(), &names);
    grouped.iter().map(|places| places.iter().map(|place| index(*place)).collect()).collect()
}

/// As `group`, of questions whose names have numbers.
pub(super) fn group_numbered(questions: impl Iterator<Item = Asking>, names: &impl NumberedNames) -> Grouped {
    let mut open = OpenMessages::default();
    let count = questions.size_hint().0;
    let (mut messages, mut parts, mut next) = (Vec::with_capacity(count), Vec::with_capacity(count), 0_u32);
    let mut numbered = NumberedSubjects::of(names);
    let none = AskedSubjects::default();
    for (place, question) in (0..).zip(questions) {
        let Some(of_client) = open.of(question.client) else { continue };
        of_client.end_quiet(question.at);
        numbered.find(question.asked);
        let asked = numbered.asked.get(question.asked).unwrap_or(&none);
        let chosen = choose(of_client, &question, asked);
        let part = chosen.and_then(|chosen| chosen.part).unwrap_or(place);
        let at = chosen.map(|chosen| chosen.at).unwrap_or_else(|| {
            next = next.saturating_add(1);
            of_client.begin(next.saturating_sub(1))
        });
        parts.push(part);
        messages.push(of_client.add(at, part, &question, asked));
    }
    Grouped::of(&messages, next, parts)
}

impl OpenOfClient {
    /// Ends the messages that were quiet for too long before a moment.
    fn end_quiet(&mut self, now: u64) {
        let pause = micros(MESSAGE_PAUSE);
        if now <= self.quiet.saturating_add(pause) {
            return;
        }
        let goes_on = |last: &LastMoments| now <= last.end.saturating_add(pause);
        let (mut of_bits, mut of_messages) = (self.lasts.iter(), self.lasts.iter());
        self.bits.retain(|_| of_bits.next().is_some_and(goes_on));
        self.messages.retain(|_| of_messages.next().is_some_and(goes_on));
        self.lasts.retain(goes_on);
        self.quiet = self.lasts.iter().map(|last| last.end).min().unwrap_or(now);
    }

    /// Begins a message, at the place that is returned. If the table is full, it takes that of the message that was quiet for the longest
    /// time.
    fn begin(&mut self, number: u32) -> usize {
        let place = self.messages.len().min(MAX_OPEN_MESSAGES.saturating_sub(1));
        if self.messages.len() < MAX_OPEN_MESSAGES {
            self.messages.push(Open { number, ..Open::default() });
            self.bits.push(ROOM);
            self.lasts.push(LastMoments::default());
            return place;
        }
        let quietest = self.lasts.iter().enumerate().min_by_key(|(_, last)| last.end);
        let quietest = quietest.map_or(place, |(at, _)| at);
        self.messages.swap(quietest, place);
        self.bits.swap(quietest, place);
        self.lasts.swap(quietest, place);
        if let Some(message) = self.messages.get_mut(place) {
            message.begin_anew(number);
        }
        self.bits.get_mut(place).into_iter().for_each(|bits| *bits = ROOM);
        self.lasts.get_mut(place).into_iter().for_each(|last| *last = LastMoments::default());
        place
    }

    /// Adds a question to a part of a message, whose number is returned.
    fn add(&mut self, at: usize, part: u32, question: &Asking, asked: &AskedSubjects) -> u32 {
        let (message, bits) = (self.messages.get_mut(at), self.bits.get_mut(at));
        let (Some(message), Some(bits), Some(last)) = (message, bits, self.lasts.get_mut(at)) else {
            return u32::MAX;
        };
        message.connected |= asked.connects;
        if message.questions == 0 {
            message.began = question.at;
        } else {
            message.is_parted |= message.part != part;
        }
        message.part = part;
        if asked.exchangers && !message.exchangers.contains(&question.asked) {
            message.exchangers.push(question.asked);
        }
        message.questions = message.questions.saturating_add(1);
        for subject in &asked.numbers {
            let is_known = *bits & bit(*subject) != 0 && message.subjects.contains(subject);
            if message.subjects.len() < MAX_MESSAGE_SUBJECTS && !is_known {
                message.subjects.push(*subject);
                message.parts.push(part);
                *bits |= bit(*subject);
            }
        }
        message.goes_on(question);
        last.end = last.end.max(question.end);
        last.moment = message.begun.max(message.ends.last().copied().unwrap_or(0));
        if message.questions >= MAX_MESSAGE_QUESTIONS {
            *bits = 0;
        }
        self.quiet = self.quiet.min(last.end);
        message.number
    }

    /// The time since the last question of a message began or ended before `at`.
    fn gap(&self, place: usize, at: u64) -> u64 {
        match (self.lasts.get(place), self.messages.get(place)) {
            (Some(last), _) if last.moment <= at => at.saturating_sub(last.moment),
            (_, message) => message.map_or(u64::MAX, |message| message.gap(at)),
        }
    }
}

impl OpenOfClient {
    /// The places of the messages with room that have one of these bits.
    fn with_any(&self, wanted: u64) -> impl Iterator<Item = usize> {
        // Mostly one or none of a chunk has them, and a chunk is looked at in a few instructions.
        let has_any = move |chunk: &[u64]| chunk.iter().fold(0, |any, bits| any | bits & wanted) != 0;
        let chunks = self.bits.chunks(CHUNK).enumerate().filter(move |(_, bits)| has_any(bits));
        chunks.flat_map(move |(number, bits)| {
            let of_chunk = bits.iter().enumerate().filter(move |(_, bits)| **bits & wanted != 0);
            of_chunk.map(move |(at, _)| number.saturating_mul(CHUNK).saturating_add(at))
        })
    }
}

impl OpenOfClient {
    /// The part of a message, if it has one only, and at most `most` messages of its client are in progress: then a question that no name
    /// joins is certainly of it.
    fn only_part(&self, place: usize, most: usize) -> Option<u32> {
        let message = self.messages.get(place).filter(|_| self.messages.len() <= most)?;
        (!message.is_parted).then_some(message.part)
    }

    /// Whether a message has asked this before, and was quiet since.
    fn has_left(&self, place: usize, question: &Asking) -> bool {
        let message = self.messages.get(place);
        let has_asked = message.is_some_and(|message| message.exchangers.contains(&question.asked));
        has_asked && self.gap(place, question.at) > micros(MESSAGE_BURST)
    }

    /// Whether a message is that of another connection, which began when the one at `before` was quiet, and has not asked for an MX.
    fn is_next(&self, place: usize, before: usize) -> bool {
        let (message, last) = (self.messages.get(place), self.lasts.get(before));
        let began = message.filter(|message| message.connected && message.exchangers.is_empty());
        place != before && began.zip(last).is_some_and(|(message, last)| message.began >= last.moment)
    }
}

/// Messages whose bits are looked at together.
const CHUNK: usize = 8;

impl Open {
    /// Forgets all but its memory.
    fn begin_anew(&mut self, number: u32) {
        let Self { mut subjects, mut parts, mut ends, .. } = std::mem::take(self);
        subjects.clear();
        parts.clear();
        ends.clear();
        *self = Self { number, subjects, parts, ends, ..Self::default() };
    }

    /// The part with one of these subjects.
    fn part_with(&self, subjects: &[u32]) -> Option<u32> {
        let place = self.subjects.iter().position(|known| subjects.contains(known))?;
        self.parts.get(place).copied()
    }

    /// Notes the moments of its last question.
    fn goes_on(&mut self, question: &Asking) {
        self.begun = question.at;
        let passed = self.ends.partition_point(|end| *end <= question.at);
        self.ends.drain(..passed);
        if question.end > question.at && self.ends.len() < MAX_MESSAGE_ENDS {
            let place = self.ends.partition_point(|end| *end <= question.end);
            self.ends.insert(place, question.end);
        }
    }

    /// The time since its last question began or ended before `at`.
    fn gap(&self, at: u64) -> u64 {
        let ended = self.ends.partition_point(|end| *end <= at).checked_sub(1);
        let ended = ended.and_then(|last| self.ends.get(last)).copied();
        at.saturating_sub(ended.unwrap_or(0).max(self.begun))
    }
}

/// The message that a question belongs to.
#[derive(Clone, Copy)]
struct Chosen {
    /// Its place.
    at: usize,
    /// The part that the question is certainly of; none if it begins one.
    part: Option<u32>,
}

/// The message that a question belongs to.
fn choose(open: &OpenOfClient, question: &Asking, asked: &AskedSubjects) -> Option<Chosen> {
    let nearest = |place: &usize| {
        let end = open.lasts.get(*place).map_or(0, |last| last.end);
        (open.gap(*place, question.at), std::cmp::Reverse(end))
    };
    let wanted = asked.own().iter().fold(0, |wanted, subject| wanted | bit(*subject));
    let part_of = |place: usize| open.messages.get(place)?.part_with(asked.own());
    let is_related = |place: &usize| part_of(*place).is_some();
    if let Some(place) = open.with_any(wanted).filter(is_related).min_by_key(nearest) {
        let other = || open.with_any(ROOM).filter(|other| open.is_next(*other, place)).min_by_key(nearest);
        let again = asked.exchangers && open.has_left(place, question);
        return Some(match again.then(other).flatten() {
            Some(next) => Chosen { at: next, part: open.only_part(next, 2) },
            None => Chosen { at: place, part: part_of(place) },
        });
    }
    // It may be of any client, so that only its name joins it to others.
    if is_of_any_client(question.client) {
        return None;
    }
    let place = open.with_any(ROOM).min_by_key(nearest)?;
    let near = if begins(asked, open.messages.get(place)?) { MESSAGE_NEXT } else { MESSAGE_BURST };
    let follows = open.gap(place, question.at) <= micros(near);
    let is_alone = open.messages.len() == 1 && near == MESSAGE_BURST && !question.sparse;
    (follows || is_alone).then(|| Chosen { at: place, part: open.only_part(place, 1) })
}

/// The bit of a message with room in `OpenOfClient::bits`.
const ROOM: u64 = 1 << 63;

/// The bit of a subject.
const fn bit(subject: u32) -> u64 {
    1 << (subject % 63)
}

/// Whether a question that belongs to no other may be the first of a message: of a connection from another host, or of
/// a delivery to another domain. The sender's domain of an inbound mail is asked for its MX too.
fn begins(asked: &AskedSubjects, message: &Open) -> bool {
    let delivers = asked.exchangers && (!message.exchangers.is_empty() || !message.connected);
    asked.connects || delivers || asked.delivers
}

fn is_mta_sts(name: &[u8]) -> bool {
    name.starts_with(b"\x08_mta-sts")
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
