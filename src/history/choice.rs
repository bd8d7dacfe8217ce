//! The choice of the message that a question belongs to: by its name, else by the organisation of its name, else by time.
//!
//! # Decisions
//!
//! - A name joins a question to a message if the message has asked for that name, for its address, or for a name whose answer names it. A
//!   common organisation is less: the hosts and the customers of a provider have names below its domain. It joins a question certainly
//!   only if no other message of the client may be meant.
//! - A mail has one sender, and a delivery one domain. The MX of another name is not of a message that has asked for one, even if an answer
//!   has named it; behind no pause a filter may have asked for it, so that it is a part of its own.
//! - A host connects once for a mail. Its reverse name again, once its message has asked for the sender's domain or has paused, begins one, and
//!   so do its lists behind a pause, if the message began with lists: postscreen asks them before another program asks for the host. If the
//!   domain that follows is the same, it was another program, and the message goes on.
//! - The customers of a provider have its mail hosts and policies in common. Such a name, which only an answer has joined to a message, is
//!   certainly of it at once, and behind a pause only if the client has no other message in progress.
//! - Mail software asks for the sender's domain when it has looked up the host. An MX that is asked for before is that of a delivery meanwhile.
//!   A filter asks for the sender's domain beside the lists of the host, but at once: behind a pause in which only these lists are waited for, it
//!   is that of a delivery too, and without a pause it may be.
//! - A delivery asks no lists. A list that is asked about its domain behind a pause is asked about a link of another mail.
//! - A delivery whose mail hosts are known asks for the addresses of no other host. Those are of another program.
//! - The links of a text are looked up in lists first, and only mail software asks for keys of DKIM and policies of DMARC. Any other name of
//!   a stranger is not certainly of a mail that has asked for the domain of its sender, or of a delivery; behind a pause it is of another
//!   program.
//! - On a disk that lacks the questions that were answered soon, time is not certain, and an organisation only of what came at once behind
//!   the only message in progress.

use super::asked_subjects::{AskedSubjects, Step};
use super::hidden_clients::is_of_any_client;
use super::open_messages::{Asking, Open, OpenOfClient, ROOM, bit};
use crate::limits::{MESSAGE_BURST, MESSAGE_NEXT, MESSAGE_PAUSE};
use dns::clock::micros;

/// The message that a question belongs to.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    /// Its place.
    pub(super) at: usize,
    /// The part that the question is certainly of; none if it begins one.
    pub(super) part: Option<u32>,
    /// How it was found.
    pub(super) by: JoinedBy,
    /// The place of a message that goes on in it: a program has asked for the host again.
    pub(super) merged: Option<usize>,
}

/// How a question was joined to its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JoinedBy {
    /// By its name.
    Name,
    /// By the organisation of its name.
    Owner,
    /// By time.
    Time,
}

/// Where a question goes.
#[derive(Clone, Copy)]
pub(super) enum Choice {
    /// Into a message.
    Joins(Chosen),
    /// Into a new one; with the number of the message of an earlier connection of its host.
    Begins(Option<u32>),
}

impl Choice {
    fn joins(at: usize, part: Option<u32>, by: JoinedBy) -> Self {
        Self::Joins(Chosen { at, part, by, merged: None })
    }
}

/// The message that a question belongs to.
pub(super) fn choose(open: &OpenOfClient, question: &Asking, asked: &AskedSubjects) -> Choice {
    let search = Search { open, question, asked };
    search
        .by_name()
        .or_else(|| search.by_owner())
        // If it may be of any client, only its name joins it to others.
        .or_else(|| search.by_time().filter(|_| !is_of_any_client(question.client)))
        .unwrap_or(Choice::Begins(None))
}

/// The search for the message of a question.
struct Search<'a> {
    open: &'a OpenOfClient,
    question: &'a Asking,
    asked: &'a AskedSubjects,
}

impl Search<'_> {
    fn nearest(&self, place: &usize) -> (u64, std::cmp::Reverse<u64>) {
        let end = self.open.lasts.get(*place).map_or(0, |last| last.end);
        (self.gap(*place), std::cmp::Reverse(end))
    }

    fn gap(&self, place: usize) -> u64 {
        self.open.gap(place, self.question.at)
    }

    fn message(&self, place: usize) -> Option<&Open> {
        self.open.messages.get(place)
    }

    fn by_name(&self) -> Option<Choice> {
        let Self { open, asked, .. } = *self;
        let wanted = asked.own().iter().fold(0, |wanted, subject| wanted | bit(*subject));
        let part_of = |place: usize| self.message(place)?.part_with(asked.own());
        let is_related = |place: &usize| part_of(*place).is_some() && self.may_go_on(*place);
        let place = open.with_any(wanted).filter(is_related).min_by_key(|place| self.nearest(place))?;
        let message = self.message(place)?;
        if self.connects_again(place, message) {
            return Some(Choice::Begins(Some(message.number)));
        }
        let again = open.with_any(ROOM).find(|other| self.is_again(*other, message));
        if let Some(again) = again {
            let part = open.messages.get(again).map(|message| message.part);
            let (by, merged) = (JoinedBy::Name, Some(again));
            return Some(match asked.step {
                Step::Host | Step::List => Choice::joins(again, part, by),
                _ => Choice::Joins(Chosen { at: place, part: part_of(place), by, merged }),
            });
        }
        if let Some(next) = self.next(place) {
            return Some(if open.has_asked(place, asked) {
                Choice::joins(next, open.only_part(next, 2), JoinedBy::Name)
            } else {
                let is_nearer = self.nearest(&place) < self.nearest(&next);
                Choice::joins(place, part_of(place).filter(|_| is_nearer), JoinedBy::Name)
            });
        }
        let part = part_of(place).filter(|part| !self.is_late(place, *part));
        Some(Choice::joins(place, part, JoinedBy::Name))
    }

    /// Whether the host of a message connects again, as far as a question about its address shows: its reverse name comes again, or its lists
    /// come again behind a pause in a message that began with them.
    fn connects_again(&self, place: usize, message: &Open) -> bool {
        let opens = match self.asked.step {
            Step::Reverse => true,
            Step::List => message.began_with_list && self.gap(place) > micros(MESSAGE_BURST),
            _ => false,
        };
        opens && message.is_past(self.asked, self.question.at)
    }

    /// Whether a question for a name of a part may be of another mail: the part was quiet for too long. Mail software asks for a name of an
    /// answer at once.
    fn is_late(&self, place: usize, part: u32) -> bool {
        let Some(message) = self.message(place) else { return false };
        let gap = message.gap_of_part(part, self.question.at);
        let is_alone = self.open.only_part(place, 1).is_some() && !self.question.sparse;
        gap > micros(MESSAGE_PAUSE)
            || (gap > micros(MESSAGE_BURST) && message.is_linked(self.asked) && !is_alone)
    }

    /// Whether a message is that of the host of another one that has connected again, or whose host a program has looked up again: it has no
    /// sender yet, and the other one was quiet when it began.
    fn is_again(&self, place: usize, before: &Open) -> bool {
        let Some(message) = self.message(place) else { return false };
        let quiet = before.past.map(|past| past.saturating_add(micros(MESSAGE_BURST)));
        message.again == Some(before.number)
            && message.past.is_none()
            && quiet.is_some_and(|quiet| quiet < message.began)
    }

    /// Whether a question for a name of a message may be of it.
    fn may_go_on(&self, place: usize) -> bool {
        let Some(message) = self.message(place) else { return false };
        if self.asked.exchangers {
            return message.exchangers.is_empty() || self.open.has_asked(place, self.asked);
        }
        // The address of a mail host may connect too.
        let is_of_host = self.asked.connects && message.is_delivery();
        !is_of_host && !self.is_of_text(place)
    }

    /// Whether a question to a list is about the text of another mail than that of a message: a delivery asks no lists.
    fn is_of_text(&self, place: usize) -> bool {
        self.asked.step == Step::List
            && self.gap(place) > micros(MESSAGE_BURST)
            && self.message(place).is_some_and(Open::is_delivery)
    }

    /// The message of the next connection, whose sender a question for an MX behind a pause may be for.
    fn next(&self, place: usize) -> Option<usize> {
        if !self.asked.exchangers || self.gap(place) <= micros(MESSAGE_BURST) {
            return None;
        }
        let number = self.message(place).map(|message| message.number);
        let is_again = |other: usize| {
            self.message(other).is_some_and(|other| other.again.is_some() && other.again == number)
        };
        let is_next = |other: &usize| self.open.is_next(*other, place) && !is_again(*other);
        self.open.with_any(ROOM).filter(is_next).min_by_key(|place| self.nearest(place))
    }

    fn by_owner(&self) -> Option<Choice> {
        let Self { open, question, asked } = *self;
        let owner = asked.owner()?;
        let part_of = |place: usize| self.message(place)?.part_of_owner(owner);
        let related = || open.with_any(bit(owner)).filter(move |place| part_of(*place).is_some());
        let is_open = |place: &usize| {
            let has_room = |message: &Open| !asked.exchangers || message.exchangers.is_empty();
            self.message(*place).is_some_and(has_room) && !self.is_of_text(*place)
        };
        let Some(place) = related().filter(is_open).min_by_key(|place| self.nearest(place)) else {
            let is_near = |place: &usize| {
                self.gap(*place) <= micros(MESSAGE_BURST)
                    && self.message(*place).is_some_and(|one| one.connected)
            };
            let near = related().filter(is_near).min_by_key(|place| self.nearest(place))?;
            return Some(Choice::joins(near, None, JoinedBy::Owner));
        };
        let follows = self.gap(place) <= micros(MESSAGE_BURST);
        let is_rival = |other: &usize| {
            let is_near = self.gap(*other) <= micros(MESSAGE_BURST);
            let is_related = part_of(*other).is_some() && (is_near || !follows);
            // A mail that has just asked for another name of the organisation is nearer than one that has not.
            let is_nearer = is_near && !follows && asked.step == Step::Other;
            *other != place && is_open(other) && (is_related || is_nearer)
        };
        // The sender of the next host's mail may have a domain of the same owner.
        let is_later = self.next(place).is_some_and(|next| self.nearest(&next) < self.nearest(&place));
        let is_next = asked.step == Step::Host || (follows && asked.step != Step::List);
        let is_known = !question.sparse || (open.messages.len() == 1 && is_next);
        let is_certain = is_known && !is_later && !open.with_any(ROOM).any(|other| is_rival(&other));
        Some(Choice::joins(place, part_of(place).flatten().filter(|_| is_certain), JoinedBy::Owner))
    }

    fn by_time(&self) -> Option<Choice> {
        let Self { open, question, asked } = *self;
        let place = open.with_any(ROOM).min_by_key(|place| self.nearest(place))?;
        let message = self.message(place)?;
        let overtakes = asked.exchangers && message.looks_up_host(question.at);
        let waits = asked.exchangers && message.awaits_lists(question.at);
        let is_apart = (overtakes || waits) && self.gap(place) > micros(MESSAGE_BURST);
        if is_apart || self.is_of_text(place) || is_of_another(asked, message) {
            return None;
        }
        let near = if begins(asked, message) { MESSAGE_NEXT } else { MESSAGE_BURST };
        let follows = self.gap(place) <= micros(near);
        let is_known = !question.sparse && !is_of_stranger(asked, message);
        let is_alone = open.messages.len() == 1 && near == MESSAGE_BURST && is_known;
        let is_certain = is_known && !overtakes && !waits && !is_doubtful(asked, message);
        let part = open.only_part(place, 1).filter(|_| is_certain);
        (follows || is_alone).then(|| Choice::joins(place, part, JoinedBy::Time))
    }
}

impl Chosen {
    /// Whether it is the sender's domain of a host's mail, and certainly so if no other mail asks for its sender at about the same time.
    pub(super) fn is_sender(&self, open: &OpenOfClient, asked: &AskedSubjects) -> bool {
        let is_connected = open.messages.get(self.at).is_some_and(|message| message.connected);
        asked.exchangers && is_connected && self.part.is_some() && self.by != JoinedBy::Name
    }
}

/// Whether a question that belongs to no other may be the first of a message: of a connection from another host, or of
/// a delivery to another domain. The sender's domain of an inbound mail is asked for its MX too.
fn begins(asked: &AskedSubjects, message: &Open) -> bool {
    let delivers = asked.exchangers && (!message.exchangers.is_empty() || !message.connected);
    asked.connects || delivers || asked.delivers
}

/// Whether a question that belongs to no other is certainly not of a message: the host of another connection, or the domain or a host of
/// another delivery, however soon it comes.
fn is_of_another(asked: &AskedSubjects, message: &Open) -> bool {
    let delivers = asked.exchangers || asked.delivers;
    let connects = asked.connects && asked.step == Step::Reverse;
    (connects && message.connected)
        || (delivers && message.delivers && !message.connected)
        || (asked.step == Step::Host && message.knows_exchangers())
}

/// Whether a name that belongs to no other may be of another program than the mail of a message, which has asked for its sender's domain, or
/// is a delivery.
fn is_of_stranger(asked: &AskedSubjects, message: &Open) -> bool {
    let is_known = message.past.is_some() || message.is_delivery();
    is_known && !matches!(asked.step, Step::List | Step::Content) && !asked.exchangers
}

/// Whether a question about an address may be of another connection, though it comes within `MESSAGE_NEXT`: of a delivery nobody connects,
/// and lists that are asked about one address only are asked at the begin of a connection. A filter asks about several at once, but beside
/// them also about domains.
fn is_doubtful(asked: &AskedSubjects, message: &Open) -> bool {
    asked.connects && (message.of_one_address || (message.delivers && !message.connected))
}
