//! Grouping: which queries were sent for one message (an email).
//!
//! Pure: a function over entries. Mail software does not say for which message it asks, so a message is no more than what can be shown:
//! queries of one client that have a subject in common, with pauses of at most `MESSAGE_PAUSE`. A subject is an address, a host or a
//! domain: that of the name (`_dmarc.example.com` is about `example.com`), and those in its answer (the exchangers of a domain).
//!
//! # Decisions
//!
//! - A query whose subject several messages have goes to the one that was active last: mail software sends its next query within a few
//!   milliseconds.
//! - A query without a common subject joins the message before it only if the client has no other message in progress, and if it comes
//!   within `MESSAGE_BURST`. On a busy gateway time shows nothing.
//! - A message has one sender, and a delivery one domain: the MX of another name begins a message, and so does the reverse name of another
//!   address. It is better to cut a message in two than to join two: a joined one blames a server for the wrong mail.
//! - A common organization joins nothing: the hosts and the customers of a provider have names below its domain.
//! - Time joins no queries of the disk, which lacks those that were quick, nor those that were stored before clients had numbers
//!   (`hidden_clients`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use super::asked_subjects::{AskedSubjects, NumberedNames, NumberedSubjects, Opening};
use super::entry::{ByAsked, Link, QuestionEntry, index};
use super::hidden_clients::is_of_any_client;
pub use super::subject::ListName;
use crate::limits::{
    MAX_MESSAGE_QUESTIONS, MAX_MESSAGE_SUBJECTS, MAX_OPEN_MESSAGES, MESSAGE_BURST, MESSAGE_PAUSE,
};
use dns::clock::micros;

/// The facts that grouping needs next to the queries.
pub trait Known {
    /// The DNS list that a name asks.
    fn list(&self, name: &[u8]) -> Option<ListName>;

    /// The names and addresses in the answer to a query, as far as they are known.
    fn links(&self, name: &[u8], kind: RecordType) -> &[Link];
}

/// A query, as grouping sees it.
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
    /// Whether other queries of its time may be missing: then time joins it to nothing.
    pub(super) sparse: bool,
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

/// The queries of each message, by their places, in the order of their begins. `questions` are in the order of time.
pub fn group(questions: &[QuestionEntry], known: &impl Known) -> Vec<Vec<usize>> {
    let mut names = NamesOfEntries { asked: Vec::new(), known };
    let mut numbers: ByAsked<usize> = ByAsked::default();
    let mut asking = Vec::with_capacity(questions.len());
    for question in questions {
        let asked = *numbers.entry(question.place()).or_insert_with(|| {
            names.asked.push((&question.name, question.kind));
            names.asked.len().saturating_sub(1)
        });
        asking.push(Asking {
            at: question.at,
            end: question.end(),
            client: question.client,
            asked,
            sparse: false,
        });
    }
    let grouped = group_numbered(asking.into_iter(), &names);
    grouped.iter().map(|places| places.iter().map(|place| index(*place)).collect()).collect()
}

/// As `group`, of queries whose names have numbers.
pub(super) fn group_numbered(
    questions: impl Iterator<Item = Asking>,
    names: &impl NumberedNames,
) -> Messages {
    let mut clients: BTreeMap<IpAddr, Vec<OpenMessage>> = BTreeMap::new();
    let mut subjects = NumberedSubjects::of(names);
    let (mut messages, mut count) = (Vec::new(), 0_u32);
    for question in questions {
        let asked = subjects.find(question.asked);
        let open = clients.entry(question.client).or_default();
        open.retain(|message| question.at <= message.end.saturating_add(micros(MESSAGE_PAUSE)));
        let place = choose(open, &question, asked).unwrap_or_else(|| {
            if open.len() >= MAX_OPEN_MESSAGES {
                let quietest = open.iter().enumerate().min_by_key(|(_, message)| message.end);
                let quietest = quietest.map_or(0, |(place, _)| place);
                open.swap_remove(quietest);
            }
            open.push(OpenMessage { number: count, ..OpenMessage::default() });
            count = count.saturating_add(1);
            open.len().saturating_sub(1)
        });
        if let Some(message) = open.get_mut(place) {
            message.add(&question, asked);
            messages.push(message.number);
        }
    }
    Messages::of(&messages, count)
}

/// A message that may go on.
#[derive(Default)]
struct OpenMessage {
    /// Its number, in the order of begins.
    number: u32,
    /// The number of its queries so far.
    questions: usize,
    /// The numbers of its subjects.
    subjects: Vec<u32>,
    /// A bit for each of these, which excludes most messages without a common subject.
    bits: u64,
    /// The begin of its last query.
    begun: u64,
    /// The end of its last query.
    end: u64,
    /// The address that it is about: a host has connected.
    host: Option<u32>,
    /// The names whose MX it has asked for; mostly one.
    exchangers: SmallVec<[u32; 1]>,
    /// It has asked for a policy of MTA-STS: it is a delivery.
    delivers: bool,
}

/// The bit of a subject.
const fn bit(subject: u32) -> u64 {
    1 << (subject % u64::BITS)
}

/// The place of the message that a query belongs to; none if it begins one.
fn choose(open: &[OpenMessage], question: &Asking, asked: &AskedSubjects) -> Option<usize> {
    let nearest = |(_, message): &(usize, &OpenMessage)| message.gap(question.at);
    let has_room = |(_, message): &(usize, &OpenMessage)| message.questions < MAX_MESSAGE_QUESTIONS;
    let related = open.iter().enumerate().filter(|(_, message)| message.is_about(asked));
    if let Some((place, _)) = related.filter(has_room).min_by_key(nearest) {
        return Some(place);
    }
    let [only] = open else { return None };
    let follows = only.gap(question.at) <= micros(MESSAGE_BURST) && !only.ends_before(asked);
    let is_known = !question.sparse && !is_of_any_client(question.client);
    (follows && has_room(&(0, only)) && is_known).then_some(0)
}

impl OpenMessage {
    /// The time since its last query began, or ended before `at`.
    fn gap(&self, at: u64) -> u64 {
        at.saturating_sub(if self.end <= at { self.end } else { self.begun })
    }

    /// Returns true if it has a subject of a query, and may have this query.
    fn is_about(&self, asked: &AskedSubjects) -> bool {
        let has = |subject: &u32| self.bits & bit(*subject) != 0 && self.subjects.contains(subject);
        let is_next = asked.opening == Opening::Exchangers && self.has_other_exchangers(asked);
        asked.own().iter().any(has) && !is_next
    }

    fn has_other_exchangers(&self, asked: &AskedSubjects) -> bool {
        !self.exchangers.is_empty() && !asked.own().iter().any(|own| self.exchangers.contains(own))
    }

    /// Returns true if a query that has no subject of this message begins another mail.
    fn ends_before(&self, asked: &AskedSubjects) -> bool {
        match asked.opening {
            Opening::Connection => self.questions > 0,
            Opening::Exchangers => self.has_other_exchangers(asked) || self.delivers,
            Opening::Delivery => true,
            Opening::None => asked.host.is_some() && (self.host.is_some() || !self.exchangers.is_empty()),
        }
    }

    fn add(&mut self, question: &Asking, asked: &AskedSubjects) {
        for subject in &asked.numbers {
            let is_known = self.bits & bit(*subject) != 0 && self.subjects.contains(subject);
            if !is_known && self.subjects.len() < MAX_MESSAGE_SUBJECTS {
                self.subjects.push(*subject);
                self.bits |= bit(*subject);
            }
        }
        self.host = self.host.or(asked.host);
        if asked.opening == Opening::Exchangers && self.exchangers.len() < MAX_MESSAGE_SUBJECTS {
            self.exchangers.extend(asked.own().first().copied());
        }
        self.delivers |= asked.opening == Opening::Delivery;
        self.questions = self.questions.saturating_add(1);
        (self.begun, self.end) = (self.begun.max(question.at), self.end.max(question.end));
    }
}

/// The queries of each message, by their places. They lie in one list, because a history has hundreds of thousands.
pub(super) struct Messages {
    /// Where the queries of each message begin in `places`, and the end of the last one.
    begins: Vec<u32>,
    places: Vec<u32>,
    /// The message of each query.
    messages: Vec<u32>,
}

impl Messages {
    /// `messages` has the message of each query; there are `count` messages.
    fn of(messages: &[u32], count: u32) -> Self {
        let mut begins = vec![0_u32; index(count).saturating_add(1)];
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
        let (mut next, mut places) = (begins.clone(), vec![0; messages.len()]);
        for (place, message) in (0..).zip(messages) {
            if let Some(next) = next.get_mut(index(*message)) {
                if let Some(room) = places.get_mut(index(*next)) {
                    *room = place;
                }
                *next = next.saturating_add(1);
            }
        }
        Self { begins, places, messages: messages.to_vec() }
    }

    /// The queries of each message in their order; the messages in the order of their begins.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..).map_while(|message| self.questions(message))
    }

    /// The queries of a message in their order.
    pub(super) fn questions(&self, message: u32) -> Option<&[u32]> {
        let (begin, end) =
            (self.begins.get(index(message))?, self.begins.get(index(message).saturating_add(1))?);
        self.places.get(index(*begin)..index(*end))
    }

    /// The message of a query.
    pub(super) fn message_of(&self, place: u32) -> Option<u32> {
        self.messages.get(index(place)).copied()
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
