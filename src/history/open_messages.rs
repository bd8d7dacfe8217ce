//! The messages of each client that may go on, with the facts by which the next question finds its own.

use std::collections::BTreeMap;
use std::net::IpAddr;

use smallvec::SmallVec;

use super::asked_subjects::{AskedSubjects, Step};
use crate::limits::{
    MAX_MESSAGE_ENDS, MAX_MESSAGE_QUESTIONS, MAX_MESSAGE_SUBJECTS, MAX_OPEN_MESSAGES, MESSAGE_BURST,
    MESSAGE_PAUSE,
};
use dns::clock::micros;

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
pub(super) struct Open {
    /// Its number, in the order of begins.
    pub(super) number: u32,
    /// The number of its questions so far.
    questions: usize,
    /// When its first question came, in microseconds.
    pub(super) began: u64,
    /// The numbers of its subjects, and of the organisations of these.
    subjects: Vec<u32>,
    /// The part of each of them; `SEVERAL` if an organisation is of several.
    parts: Vec<u32>,
    /// Those of its subjects that it has from an answer. Others have them too: the mail hosts and policies of a provider.
    linked: Vec<u32>,
    /// The part of its last question.
    pub(super) part: u32,
    /// Whether it has several parts.
    is_parted: bool,
    /// The end of the last question of each part, in the order of the parts; at most `MAX_MESSAGE_QUESTIONS`.
    ends_of_parts: SmallVec<[(u32, u64); 2]>,
    /// The begin of its last question, in microseconds.
    begun: u64,
    /// The ends of its questions behind that begin, the earliest first: earlier ones are not near to the next question. At most
    /// `MAX_MESSAGE_ENDS`.
    ends: Vec<u64>,
    /// Whether it asked about an address: a host has connected.
    pub(super) connected: bool,
    /// Whether its first question was for an address in a list.
    pub(super) began_with_list: bool,
    /// Whether it asked about one address and nothing else.
    pub(super) of_one_address: bool,
    /// Whether it asked for an MX or a policy of MTA-STS.
    pub(super) delivers: bool,
    /// Whether it asked for a text or a list: then a program examines a mail, which may have links to any host.
    examines: bool,
    /// The end of its last question for the host that has connected.
    host_end: u64,
    /// The end of its last question about a domain, as of a sender, which comes behind the connection.
    pub(super) past: Option<u64>,
    /// The subjects of the reverse names that it asked: mostly one, at most `MAX_MESSAGE_QUESTIONS`.
    reverse: SmallVec<[u32; 2]>,
    /// The number of the message with an earlier connection of its host.
    pub(super) again: Option<u32>,
    /// The subjects of the names whose MX it asked: mostly one or two, at most `MAX_MESSAGE_QUESTIONS`.
    pub(super) exchangers: SmallVec<[u32; 2]>,
}

/// The messages of a client that may go on.
#[derive(Default)]
pub(super) struct OpenOfClient {
    pub(super) messages: Vec<Open>,
    /// Of each message `ROOM`, and a bit for each of its subjects, by which most messages without a common subject are told; 0 if it has
    /// no room. Apart from the messages, because each question looks at all.
    bits: Vec<u128>,
    /// Of each message its last moments. Apart from the messages for the same reason.
    pub(super) lasts: Vec<LastMoments>,
    /// No message was quiet before this moment: until then none ends.
    quiet: u64,
}

/// The messages that may go on.
#[derive(Default)]
pub(super) struct OpenMessages {
    clients: Vec<OpenOfClient>,
    places: BTreeMap<IpAddr, usize>,
    /// The last client and its place: questions of one client often follow each other.
    last: Option<(IpAddr, usize)>,
}

impl OpenMessages {
    /// Those of a client; always some.
    pub(super) fn of(&mut self, client: IpAddr) -> Option<&mut OpenOfClient> {
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
pub(super) struct LastMoments {
    /// The end of its last question.
    pub(super) end: u64,
    /// The last one of `Open::begun` and `Open::ends`.
    pub(super) moment: u64,
}

/// The part of an organisation whose names are in several parts of a message.
const SEVERAL: u32 = u32::MAX;

/// The bit of a message with room in `OpenOfClient::bits`.
pub(super) const ROOM: u128 = 1 << 127;

/// The bit of a subject.
pub(super) const fn bit(subject: u32) -> u128 {
    1 << (subject % 127)
}

/// Messages whose bits are looked at together.
const CHUNK: usize = 8;

/// Whether one of these subjects is of the name that is asked.
fn has_any(subjects: &[u32], asked: &AskedSubjects) -> bool {
    asked.own().iter().any(|own| subjects.contains(own))
}

impl OpenOfClient {
    /// Ends the messages that were quiet for too long before a moment.
    pub(super) fn end_quiet(&mut self, now: u64) {
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
    /// time. `again`: see `Open::again`.
    pub(super) fn begin(&mut self, number: u32, again: Option<u32>) -> usize {
        let place = self.messages.len().min(MAX_OPEN_MESSAGES.saturating_sub(1));
        if self.messages.len() < MAX_OPEN_MESSAGES {
            self.messages.push(Open { number, again, ..Open::default() });
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
            message.begin_anew(number, again);
        }
        self.bits.get_mut(place).into_iter().for_each(|bits| *bits = ROOM);
        self.lasts.get_mut(place).into_iter().for_each(|last| *last = LastMoments::default());
        place
    }

    /// Adds a question to a part of a message, whose number is returned. `is_aside`: its name is a policy or a list's of another name of its
    /// organisation, so that the name itself is no subject of the message.
    pub(super) fn add(
        &mut self,
        (at, part): (usize, u32),
        question: &Asking,
        asked: &AskedSubjects,
        is_aside: bool,
    ) -> u32 {
        let (message, bits) = (self.messages.get_mut(at), self.bits.get_mut(at));
        let (Some(message), Some(bits), Some(last)) = (message, bits, self.lasts.get_mut(at)) else {
            return u32::MAX;
        };
        message.note_steps(part, question, asked);
        let own = asked.own().len();
        let skipped = if is_aside { own } else { 0 };
        for (place, subject) in asked.numbers.iter().enumerate().skip(skipped) {
            let is_known = *bits & bit(*subject) != 0 && message.subjects.contains(subject);
            if message.subjects.len() < MAX_MESSAGE_SUBJECTS && !is_known {
                message.subjects.push(*subject);
                message.parts.push(part);
                if place >= own {
                    message.linked.push(*subject);
                }
                *bits |= bit(*subject);
            }
        }
        for owner in asked.owners() {
            if message.add_owner(owner, part) {
                *bits |= bit(owner);
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

    /// Removes the message at a place; returns its number and its part. The message with another number has its questions from now on, and
    /// its place is the second one.
    pub(super) fn merge(&mut self, place: usize, into: u32) -> Option<((u32, u32), usize)> {
        let last = self.lasts.get(place).copied()?;
        self.lasts.swap_remove(place);
        self.bits.swap_remove(place);
        let message = self.messages.swap_remove(place);
        let at = self.messages.iter().position(|open| open.number == into)?;
        let (open, lasts) = (self.messages.get_mut(at)?, self.lasts.get_mut(at)?);
        open.questions = open.questions.saturating_add(message.questions);
        (open.begun, open.ends) = (message.begun.max(open.begun), message.ends);
        open.ends_of_parts.extend(message.ends_of_parts);
        open.ends_of_parts.sort_unstable();
        lasts.end = lasts.end.max(last.end);
        lasts.moment = lasts.moment.max(last.moment);
        Some(((message.number, message.part), at))
    }

    /// The time since the last question of a message began or ended before `at`.
    pub(super) fn gap(&self, place: usize, at: u64) -> u64 {
        match (self.lasts.get(place), self.messages.get(place)) {
            (Some(last), _) if last.moment <= at => at.saturating_sub(last.moment),
            (_, message) => message.map_or(u64::MAX, |message| message.gap(at)),
        }
    }

    /// The places of the messages with room that have one of these bits.
    pub(super) fn with_any(&self, wanted: u128) -> impl Iterator<Item = usize> {
        // Mostly one or none of a chunk has them, and a chunk is looked at in a few instructions.
        let has_any = move |chunk: &[u128]| chunk.iter().fold(0, |any, bits| any | bits & wanted) != 0;
        let chunks = self.bits.chunks(CHUNK).enumerate().filter(move |(_, bits)| has_any(bits));
        chunks.flat_map(move |(number, bits)| {
            let of_chunk = bits.iter().enumerate().filter(move |(_, bits)| **bits & wanted != 0);
            of_chunk.map(move |(at, _)| number.saturating_mul(CHUNK).saturating_add(at))
        })
    }

    /// The part of a message, if it has one only, and at most `most` messages of its client are in progress: then a question that no name
    /// joins is certainly of it.
    pub(super) fn only_part(&self, place: usize, most: usize) -> Option<u32> {
        let message = self.messages.get(place).filter(|_| self.messages.len() <= most)?;
        (!message.is_parted).then_some(message.part)
    }

    /// Whether a message has asked for the MX of this name before.
    pub(super) fn has_asked(&self, place: usize, asked: &AskedSubjects) -> bool {
        self.messages.get(place).is_some_and(|message| has_any(&message.exchangers, asked))
    }

    /// Whether a message is that of another connection, which began when the one at `before` was quiet, and has not asked for an MX.
    pub(super) fn is_next(&self, place: usize, before: usize) -> bool {
        let (message, last) = (self.messages.get(place), self.lasts.get(before));
        let began = message.filter(|message| message.connected && message.exchangers.is_empty());
        place != before && began.zip(last).is_some_and(|(message, last)| message.began >= last.moment)
    }
}

impl Open {
    /// Forgets all but its memory.
    fn begin_anew(&mut self, number: u32, again: Option<u32>) {
        let Self { mut subjects, mut parts, mut linked, mut ends, .. } = std::mem::take(self);
        subjects.clear();
        parts.clear();
        linked.clear();
        ends.clear();
        *self = Self { number, again, subjects, parts, linked, ends, ..Self::default() };
    }

    /// Notes the step of a question.
    fn note_steps(&mut self, part: u32, question: &Asking, asked: &AskedSubjects) {
        self.connected |= asked.connects;
        self.delivers |= asked.exchangers || asked.delivers;
        self.examines |= asked.examines;
        if matches!(asked.step, Step::Reverse | Step::Host) && self.past.is_none() {
            self.host_end = self.host_end.max(question.end);
        }
        if matches!(asked.step, Step::Other | Step::Content) {
            self.past = self.past.max(Some(question.end));
        }
        if self.questions == 0 {
            self.began = question.at;
            self.of_one_address = asked.connects;
            self.began_with_list = asked.connects && asked.step == Step::List;
        } else {
            self.of_one_address &= asked.connects && self.part == part;
            self.is_parted |= self.part != part;
        }
        if self.part != part && !self.parts.contains(&part) {
            self.give_to_part(asked.own(), part);
        }
        self.part = part;
        match self.place_of_part(part) {
            Ok(place) => {
                let known = self.ends_of_parts.get_mut(place).into_iter();
                known.for_each(|(_, end)| *end = question.end.max(*end));
            }
            Err(place) => self.ends_of_parts.insert(place, (part, question.end)),
        }
        if asked.exchangers && !has_any(&self.exchangers, asked) {
            self.exchangers.extend(asked.own().first().copied());
        }
        if asked.step == Step::Reverse && !has_any(&self.reverse, asked) {
            self.reverse.extend(asked.own().first().copied());
        }
        self.questions = self.questions.saturating_add(1);
    }

    /// Whether it has asked for the reverse name of an address, and then for a domain, or has paused: its host connects once.
    pub(super) fn is_past(&self, asked: &AskedSubjects, at: u64) -> bool {
        let pauses = || {
            let part = self.part_with(asked.own());
            part.is_some_and(|part| self.gap_of_part(part, at) > micros(MESSAGE_BURST))
        };
        has_any(&self.reverse, asked) && (self.past.is_some() || pauses())
    }

    /// The time since the last question of a part ended.
    pub(super) fn gap_of_part(&self, part: u32, at: u64) -> u64 {
        let end = self.place_of_part(part).ok().and_then(|place| self.ends_of_parts.get(place));
        end.map_or(0, |(_, end)| at.saturating_sub(*end))
    }

    /// The place of a part in `ends_of_parts`, or that at which it would stand. A new part is mostly the last one.
    fn place_of_part(&self, part: u32) -> Result<usize, usize> {
        match self.ends_of_parts.last() {
            Some((last, _)) if *last < part => Err(self.ends_of_parts.len()),
            _ => self.ends_of_parts.binary_search_by_key(&part, |(of, _)| *of),
        }
    }

    /// Whether it is a delivery: no host has connected, and no program examines a mail.
    pub(super) fn is_delivery(&self) -> bool {
        self.delivers && !self.connected && !self.examines
    }

    /// Whether it is a delivery whose mail hosts are known: it asks for their addresses, and for those of no other host.
    pub(super) fn knows_exchangers(&self) -> bool {
        self.is_delivery() && !self.linked.is_empty()
    }

    /// Whether a host has connected, and is still looked up at a moment: mail software asks for the sender's domain behind that.
    pub(super) fn looks_up_host(&self, at: u64) -> bool {
        self.connected && self.past.is_none() && self.host_end > at
    }

    /// Whether a host has connected, and a query about it, mostly one to a list, is in progress at a moment, before the sender's domain was
    /// asked for.
    pub(super) fn awaits_lists(&self, at: u64) -> bool {
        self.connected && self.past.is_none() && self.ends.last().is_some_and(|end| *end > at)
    }

    /// Whether it has a name from an answer.
    pub(super) fn is_linked(&self, asked: &AskedSubjects) -> bool {
        has_any(&self.linked, asked)
    }

    /// Adds an organisation of a part. Whether it is a new one.
    fn add_owner(&mut self, owner: u32, part: u32) -> bool {
        if let Some(place) = self.place_of_subject(owner) {
            self.parts
                .get_mut(place)
                .filter(|known| **known != part)
                .into_iter()
                .for_each(|of| *of = SEVERAL);
            return false;
        }
        let has_room = self.subjects.len() < MAX_MESSAGE_SUBJECTS;
        if has_room {
            self.subjects.push(owner);
            self.parts.push(part);
        }
        has_room
    }

    /// The part with one of these subjects.
    pub(super) fn part_with(&self, subjects: &[u32]) -> Option<u32> {
        let place = subjects.iter().filter_map(|subject| self.place_of_subject(*subject)).min()?;
        self.parts.get(place).copied()
    }

    /// The place of a subject. Mostly there is none, which `contains` tells in a few instructions for several subjects.
    fn place_of_subject(&self, subject: u32) -> Option<usize> {
        let is_known = self.subjects.contains(&subject);
        is_known.then(|| self.subjects.iter().position(|known| *known == subject)).flatten()
    }

    /// Whether it has names of an organisation; the part of them, if it is one.
    pub(super) fn part_of_owner(&self, owner: u32) -> Option<Option<u32>> {
        self.part_with(&[owner]).map(|part| Some(part).filter(|part| *part != SEVERAL))
    }

    /// The subjects are those of a new part from now on: what is asked about them next is more likely of it than of the part before.
    fn give_to_part(&mut self, subjects: &[u32], part: u32) {
        for subject in subjects {
            let place = self.place_of_subject(*subject);
            place.and_then(|place| self.parts.get_mut(place)).into_iter().for_each(|of| *of = part);
        }
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
