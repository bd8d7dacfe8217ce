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
//! - The MX of another name of a domain, behind a pause in which another host has connected, may be that of this host's sender: a provider
//!   has the names of its hosts and those of its customers in one domain. It begins a part of its own.
//! - The record on the disk lacks the questions that were answered soon, so that its only message in progress was not the only one: there a
//!   question whose name belongs to nothing follows only what ended or began just before.
//! - It is better to cut a message in two than to join two: a joined one blames a server for the wrong mail.
//! - The reverse name of another address, and the MX of another domain if no host has connected, begin a message of their own, however soon
//!   they come: a host connects once for a mail, and a delivery is to one domain.
//! - Mails of one sender from one host look like one message. `next_mail` cuts it where the next one begins.
//! - A question that no name joins is certainly of a message only if its client has no other message in progress, and if no MX of another
//!   domain is asked for at about the same time. If it has, the question
//!   begins a part of the message that it follows, and later names join the part that has them. The questions of one part belong to one
//!   mail; those of another part may belong to another mail, and `search` makes no verdict of them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use super::asked_subjects::{AskedSubjects, NumberedNames, NumberedSubjects, Step};
use super::entry::{ByAsked, Link, QuestionEntry, index};
use super::grouped::Grouped;
use super::hidden_clients::is_of_any_client;
use super::next_mail::{self, MailQuery};
pub use super::subject::ListName;
use crate::clock::micros;
use crate::limits::{
    MAX_MESSAGE_ENDS, MAX_MESSAGE_QUESTIONS, MAX_MESSAGE_SUBJECTS, MAX_OPEN_MESSAGES, MAX_RIVALS,
    MESSAGE_BURST, MESSAGE_NEXT, MESSAGE_PAUSE,
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
    /// Whether it asked about one address and nothing else.
    of_one_address: bool,
    /// Whether it asked for an MX or a policy of MTA-STS.
    delivers: bool,
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
    let grouped = group_numbered(asking.len(), |place| asking.get(place).copied(), &names);
    grouped.iter().map(|places| places.iter().map(|place| index(*place)).collect()).collect()
}

/// As `group`, of `count` questions whose names have numbers.
pub(super) fn group_numbered(
    count: usize,
    question: impl Fn(usize) -> Option<Asking>,
    names: &impl NumberedNames,
) -> Grouped {
    let mut open = OpenMessages::default();
    let (mut messages, mut parts, mut next) = (Vec::with_capacity(count), Vec::with_capacity(count), 0_u32);
    let mut numbered = NumberedSubjects::of(names);
    let none = AskedSubjects::default();
    for (place, asking) in (0..).zip((0..count).map_while(&question)) {
        let Some(of_client) = open.of(asking.client) else { continue };
        of_client.end_quiet(asking.at);
        numbered.find(asking.asked);
        let asked = numbered.known(asking.asked).unwrap_or(&none);
        let mut chosen = choose(of_client, &asking, asked);
        if let Some(chosen) = chosen.as_mut().filter(|chosen| chosen.is_sender) {
            let later = (index(place).saturating_add(1)..).map_while(&question);
            if has_rival(later, &asking, &mut numbered) {
                chosen.part = None;
            }
        }
        let asked = numbered.known(asking.asked).unwrap_or(&none);
        let part = chosen.and_then(|chosen| chosen.part).unwrap_or(place);
        let at = chosen.map(|chosen| chosen.at).unwrap_or_else(|| {
            next = next.saturating_add(1);
            of_client.begin(next.saturating_sub(1))
        });
        parts.push(part);
        messages.push(of_client.add(at, part, &asking, asked));
    }
    let mut queries = Vec::new();
    Grouped::of(&messages, next, parts).cut(|grouped, places| {
        queries.clear();
        queries.extend(places.iter().filter_map(|place| {
            let Asking { at, end, asked, .. } = question(index(*place))?;
            let AskedSubjects { step, connects, .. } = *numbered.known(asked).unwrap_or(&none);
            Some(MailQuery { at, end, asked, part: grouped.part(*place), step, connects })
        }));
        next_mail::begins(&queries)
    })
}

/// Whether the client asks for the MX of another domain at about the time of a question for one: then one of them is of another mail.
/// `later` are the questions behind it.
fn has_rival(
    later: impl Iterator<Item = Asking>,
    sender: &Asking,
    numbered: &mut NumberedSubjects<'_, impl NumberedNames>,
) -> bool {
    let until = sender.at.saturating_add(micros(MESSAGE_BURST));
    let own = numbered.known(sender.asked).and_then(|asked| asked.own().first().copied());
    later.take_while(|other| other.at <= until).take(MAX_RIVALS).any(|other| {
        numbered.find(other.asked);
        let asked = numbered.known(other.asked);
        let is_other = asked.is_some_and(|asked| asked.exchangers && asked.own().first().copied() != own);
        other.client == sender.client && is_other
    })
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
        message.delivers |= asked.exchangers || asked.delivers;
        if message.questions == 0 {
            message.began = question.at;
            message.of_one_address = asked.connects;
        } else {
            message.of_one_address &= asked.connects && message.part == part;
            message.is_parted |= message.part != part;
        }
        if message.part != part && !message.parts.contains(&part) {
            message.give_to_part(asked.own(), part);
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

    /// Whether a message has asked this before, for an MX.
    fn has_asked(&self, place: usize, question: &Asking) -> bool {
        self.messages.get(place).is_some_and(|message| message.exchangers.contains(&question.asked))
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

    /// The subjects are those of a new part from now on: what is asked about them next is more likely of it than of the part before.
    fn give_to_part(&mut self, subjects: &[u32], part: u32) {
        let known = self.subjects.iter().zip(&mut self.parts);
        known.filter(|(known, _)| subjects.contains(known)).for_each(|(_, of)| *of = part);
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
    /// Whether it is the sender's domain of a host's mail, joined by time only.
    is_sender: bool,
}

impl Chosen {
    fn by_name(at: usize, part: Option<u32>) -> Self {
        Self { at, part, is_sender: false }
    }
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
        let is_next = |other: &usize| open.is_next(*other, place);
        let next = (asked.exchangers && open.gap(place, question.at) > micros(MESSAGE_BURST))
            .then(|| open.with_any(ROOM).filter(is_next).min_by_key(nearest));
        return Some(match next.flatten() {
            Some(next) if open.has_asked(place, question) => Chosen::by_name(next, open.only_part(next, 2)),
            // The sender of the next host's mail may have a domain of the same owner.
            Some(next) if nearest(&next) < nearest(&place) => Chosen::by_name(place, None),
            _ => Chosen::by_name(place, part_of(place)),
        });
    }
    // It may be of any client, so that only its name joins it to others.
    if is_of_any_client(question.client) {
        return None;
    }
    let place = open.with_any(ROOM).min_by_key(nearest)?;
    let message = open.messages.get(place)?;
    if is_of_another(asked, message) {
        return None;
    }
    let near = if begins(asked, message) { MESSAGE_NEXT } else { MESSAGE_BURST };
    let follows = open.gap(place, question.at) <= micros(near);
    let is_alone = open.messages.len() == 1 && near == MESSAGE_BURST && !question.sparse;
    let part = open.only_part(place, 1).filter(|_| !is_doubtful(asked, message));
    let is_sender = asked.exchangers && message.connected && part.is_some();
    (follows || is_alone).then_some(Chosen { at: place, part, is_sender })
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

/// Whether a question that belongs to no other is certainly not of a message: the host of another connection, or the domain of another
/// delivery, however soon it comes.
fn is_of_another(asked: &AskedSubjects, message: &Open) -> bool {
    let delivers = asked.exchangers || asked.delivers;
    let is_host = asked.connects && asked.step == Step::Reverse;
    (is_host && message.connected) || (delivers && message.delivers && !message.connected)
}

/// Whether a question about an address may be of another connection, though it comes within `MESSAGE_NEXT`: of a delivery nobody connects,
/// and lists that are asked about one address only are asked at the begin of a connection. A filter asks about several at once, but beside
/// them also about domains.
fn is_doubtful(asked: &AskedSubjects, message: &Open) -> bool {
    asked.connects && (message.of_one_address || (message.delivers && !message.connected))
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
