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
//! - Names below one domain are those of one mail only if nothing else tells: a provider has the names of its hosts and those of its
//!   customers in one domain, see `choice`.
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

use hickory_proto::rr::RecordType;

use super::asked_subjects::{AskedSubjects, NumberedNames, NumberedSubjects, Step};
use super::choice::{Choice, Chosen, JoinedBy, choose};
use super::entry::{ByAsked, Link, QuestionEntry, index};
use super::grouped::Grouped;
use super::next_mail::{self, MailQuery};
pub(super) use super::open_messages::Asking;
use super::open_messages::{Open, OpenMessages, OpenOfClient};
pub use super::subject::ListName;
use crate::limits::{MAX_RIVALS, MESSAGE_BURST};
use dns::clock::micros;

/// The facts that grouping needs beside the questions.
pub trait Known {
    /// The DNS list that a name asks.
    fn list(&self, name: &[u8]) -> Option<ListName>;

    /// The names and addresses in the answer to a question, as far as they are known.
    fn links(&self, name: &[u8], kind: RecordType) -> &[Link];
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
    let mut placed = Placed::of(count);
    let mut numbered = NumberedSubjects::of(names);
    let none = AskedSubjects::default();
    for (place, asking) in (0..).zip((0..count).map_while(&question)) {
        let Some(of_client) = open.of(asking.client) else { continue };
        of_client.end_quiet(asking.at);
        numbered.find(asking.asked);
        let asked = numbered.known(asking.asked).unwrap_or(&none);
        let mut choice = choose(of_client, &asking, asked);
        if let Choice::Joins(chosen) = &mut choice
            && chosen.is_sender(of_client, asked)
        {
            let later = (index(place).saturating_add(1)..).map_while(&question);
            let message = of_client.messages.get(chosen.at);
            if message.is_some_and(|message| has_rival(later, (&asking, chosen.by), message, &mut numbered)) {
                chosen.part = None;
            }
        }
        let asked = numbered.known(asking.asked).unwrap_or(&none);
        placed.put(of_client, choice, (place, &asking), asked);
    }
    let mut queries = Vec::new();
    placed.grouped().cut(|grouped, places| {
        queries.clear();
        queries.extend(places.iter().filter_map(|place| {
            let Asking { at, end, asked, .. } = question(index(*place))?;
            let AskedSubjects { step, connects, exchangers, .. } = *numbered.known(asked).unwrap_or(&none);
            Some(MailQuery { at, end, asked, part: grouped.part(*place), step, connects, exchangers })
        }));
        next_mail::begins(&queries)
    })
}

/// The message and the part of each question so far.
struct Placed {
    messages: Vec<u32>,
    parts: Vec<u32>,
    /// The number of the next message.
    next: u32,
    /// Messages that went on in an earlier one: the part of each, and the message and part that it went on in.
    merged: BTreeMap<u32, (u32, (u32, u32))>,
}

impl Placed {
    fn of(count: usize) -> Self {
        Self {
            messages: Vec::with_capacity(count),
            parts: Vec::with_capacity(count),
            next: 0,
            merged: BTreeMap::new(),
        }
    }

    /// Puts the next question where it was chosen to go.
    fn put(
        &mut self,
        of_client: &mut OpenOfClient,
        choice: Choice,
        (place, asking): (u32, &Asking),
        asked: &AskedSubjects,
    ) {
        let (at, part, is_aside) = match choice {
            Choice::Joins(chosen) => {
                let part = chosen.part.unwrap_or(place);
                let is_aside =
                    chosen.by == JoinedBy::Owner && matches!(asked.step, Step::Content | Step::List);
                (self.merge(of_client, &chosen, part).unwrap_or(chosen.at), part, is_aside)
            }
            Choice::Begins(again) => {
                self.next = self.next.saturating_add(1);
                (of_client.begin(self.next.saturating_sub(1), again), place, false)
            }
        };
        self.parts.push(part);
        self.messages.push(of_client.add((at, part), asking, asked, is_aside));
    }

    /// Notes that a message goes on in the one that was chosen; returns the place of that one.
    fn merge(&mut self, of_client: &mut OpenOfClient, chosen: &Chosen, part: u32) -> Option<usize> {
        let into = of_client.messages.get(chosen.at)?.number;
        let ((from, of_part), at) = of_client.merge(chosen.merged?, into)?;
        self.merged.insert(from, (of_part, (into, part)));
        Some(at)
    }

    /// The messages.
    fn grouped(mut self) -> Grouped {
        // A message that went on in another one has no questions.
        let empty: Vec<u32> = self.merged.keys().copied().collect();
        if !empty.is_empty() {
            for (message, part) in self.messages.iter_mut().zip(&mut self.parts) {
                while let Some((of_part, (into, into_part))) = self.merged.get(message) {
                    *message = *into;
                    if *part == *of_part {
                        *part = *into_part;
                    }
                }
            }
            let before =
                |message: u32| u32::try_from(empty.partition_point(|one| *one < message)).unwrap_or(0);
            self.messages.iter_mut().for_each(|message| *message = message.saturating_sub(before(*message)));
            self.next = self.next.saturating_sub(before(self.next));
        }
        Grouped::of(&self.messages, self.next, self.parts)
    }
}

/// Whether the client asks for the MX of another domain while a question for one that was joined by time is in progress, or of another domain
/// of its organisation: then one of them is of another mail. An MX behind the connection of another host is the sender of that one, and
/// tells nothing. `later` are the questions behind it.
fn has_rival(
    later: impl Iterator<Item = Asking>,
    (sender, by): (&Asking, JoinedBy),
    message: &Open,
    numbered: &mut NumberedSubjects<'_, impl NumberedNames>,
) -> bool {
    let burst = micros(MESSAGE_BURST);
    let (near, until) = (sender.at.saturating_add(burst), sender.end.saturating_add(burst));
    let of_sender = numbered.known(sender.asked);
    let own = of_sender.and_then(|asked| asked.own().first().copied());
    let owner = of_sender.and_then(AskedSubjects::owner);
    for other in later.take_while(|other| other.at <= until).take(MAX_RIVALS) {
        numbered.find(other.asked);
        let Some(asked) = numbered.known(other.asked).filter(|_| other.client == sender.client) else {
            continue;
        };
        if other.at > near && asked.connects && message.part_with(asked.own()).is_none() {
            return false;
        }
        let is_near = by == JoinedBy::Time || asked.owner() == owner;
        if asked.exchangers && asked.own().first().copied() != own && is_near {
            return true;
        }
    }
    false
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
