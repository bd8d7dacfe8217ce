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
//! - Questions whose client `history.redact` has removed are joined by name only, because the questions of all clients look
//!   like the questions of one client.
//! - It is better to cut a message in two than to join two: a joined one blames a server for the wrong mail.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use super::entry::{ByAsked, Link, QuestionEntry};
use crate::clock::micros;
use crate::limits::{
    MAX_MESSAGE_ENDS, MAX_MESSAGE_QUESTIONS, MAX_MESSAGE_SUBJECTS, MAX_OPEN_MESSAGES, MESSAGE_BURST,
    MESSAGE_NEXT, MESSAGE_PAUSE,
};
use crate::question::label_places;

/// The DNS list of a name: the octets of its apex in wire form, and whether the label before it is a client's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListName {
    /// Octets of the apex.
    pub apex: usize,
    /// Whether the label before the apex is a secret of the client.
    pub keyed: bool,
}

/// The facts that grouping needs beside the questions.
pub trait Known {
    /// The DNS list that a name asks.
    fn list(&self, name: &[u8]) -> Option<ListName>;

    /// The names and addresses in the answer to a question, as far as they are known.
    fn links(&self, name: &[u8], kind: RecordType) -> &[Link];
}

/// The subject of a question: questions with a common subject belong together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageSubject {
    /// An address.
    Address(IpAddr),
    /// A domain of an organisation, in wire form.
    Domain(Box<[u8]>),
}

/// A message that may go on.
#[derive(Default)]
struct Open {
    questions: Vec<usize>,
    /// The numbers of its subjects.
    subjects: Vec<u32>,
    /// A bit for each of them, by which most messages without a common subject are told.
    bits: u64,
    /// The begin of its last question, in microseconds.
    begun: u64,
    /// The ends of its questions behind that begin: earlier ones are not near to the next question. At most `MAX_MESSAGE_ENDS`.
    ends: Vec<u64>,
    /// The end of its last question.
    last: u64,
    /// Whether it asked about an address: a host has connected.
    connected: bool,
    /// Whether it asked for an MX.
    exchangers: bool,
}

/// The messages of a client that may go on.
#[derive(Default)]
struct OpenOfClient {
    messages: Vec<Open>,
    /// No message was quiet before this moment: until then none ends.
    quiet: u64,
}

/// The subjects of a name and type. There is one for each name of the record, so it is small.
#[derive(Default)]
struct AskedSubjects {
    /// The numbers of the subjects: those of the name itself, then those that its answer names.
    numbers: SmallVec<[u32; 4]>,
    /// How many are of the name itself.
    own: u8,
    /// Whether the name has an address.
    connects: bool,
}

impl AskedSubjects {
    /// The subjects of the name itself.
    fn own(&self) -> &[u32] {
        self.numbers.get(..self.own.into()).unwrap_or_default()
    }
}

/// Numbers for subjects, because the subjects of each question are compared with the subjects of all open messages; and the
/// subjects of names and types, because most of them are asked more than once. Both are bounded by the number of questions.
#[derive(Default)]
struct NumberedSubjects {
    numbers: HashMap<MessageSubject, u32>,
    asked: ByAsked<AskedSubjects>,
}

impl NumberedSubjects {
    fn of(&mut self, question: &QuestionEntry, known: &impl Known) -> &AskedSubjects {
        let Self { numbers, asked } = self;
        let mut number = |subject: MessageSubject| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(subject).or_insert(next)
        };
        asked.entry(question.place()).or_insert_with(|| {
            let mut of_asked = AskedSubjects::default();
            for subject in subjects(&question.name, known) {
                of_asked.connects |= matches!(subject, MessageSubject::Address(_));
                of_asked.numbers.push(number(subject));
                of_asked.own = of_asked.own.saturating_add(1);
            }
            let links = known.links(&question.name, question.kind).iter().map(|link| match link {
                Link::Address(address) => MessageSubject::Address(*address),
                Link::Name(name) => MessageSubject::Domain(organisation(name).into()),
            });
            of_asked.numbers.extend(links.map(number));
            of_asked
        })
    }
}

/// The questions of each message, by their places, in the order of their begins. `questions` are in the order of
/// time.
pub fn group(questions: &[QuestionEntry], known: &impl Known) -> Vec<Vec<usize>> {
    let mut open: BTreeMap<IpAddr, OpenOfClient> = BTreeMap::new();
    let mut ended = Vec::new();
    let pause = micros(MESSAGE_PAUSE);
    let mut numbered = NumberedSubjects::default();
    for (place, question) in questions.iter().enumerate() {
        let OpenOfClient { messages: of_client, quiet } = open.entry(question.client).or_default();
        if question.at > quiet.saturating_add(pause) {
            let is_quiet = |message: &mut Open| question.at > message.last.saturating_add(pause);
            ended.extend(of_client.extract_if(.., is_quiet).map(|message| message.questions));
            *quiet = of_client.iter().map(|message| message.last).min().unwrap_or(question.at);
        }
        let asked = numbered.of(question, known);
        let place_of = choose(of_client, question, (asked.own(), asked.connects));
        let at = match place_of {
            Some(at) => at,
            None => {
                ended.extend(make_room(of_client));
                of_client.push(Open::default());
                of_client.len().saturating_sub(1)
            }
        };
        if let Some(message) = of_client.get_mut(at) {
            message.connected |= asked.connects;
            message.exchangers |= question.kind == RecordType::MX;
            message.add(place, question, &asked.numbers);
            *quiet = (*quiet).min(message.last);
        }
    }
    ended.extend(open.into_values().flat_map(|client| client.messages).map(|message| message.questions));
    ended.sort();
    ended
}

/// Ends the message that was quiet for the longest time if the table is full.
fn make_room(open: &mut Vec<Open>) -> Option<Vec<usize>> {
    if open.len() < MAX_OPEN_MESSAGES {
        return None;
    }
    let quietest = open.iter().enumerate().min_by_key(|(_, message)| message.last).map(|(at, _)| at)?;
    Some(open.swap_remove(quietest).questions)
}

impl Open {
    fn add(&mut self, place: usize, question: &QuestionEntry, subjects: &[u32]) {
        self.questions.push(place);
        for subject in subjects {
            let is_known = self.bits & bit(*subject) != 0 && self.subjects.contains(subject);
            if self.subjects.len() < MAX_MESSAGE_SUBJECTS && !is_known {
                self.subjects.push(*subject);
                self.bits |= bit(*subject);
            }
        }
        self.begun = question.at;
        self.ends.retain(|end| *end > question.at);
        if question.elapsed > 0 && self.ends.len() < MAX_MESSAGE_ENDS {
            self.ends.push(question.end());
        }
        self.last = self.last.max(question.end());
    }

    /// The time since its last question began or ended before `at`.
    fn gap(&self, at: u64) -> u64 {
        let ended = self.ends.iter().filter(|end| **end <= at).max();
        at.saturating_sub(ended.copied().unwrap_or(0).max(self.begun))
    }
}

/// The message that a question belongs to.
fn choose(open: &[Open], question: &QuestionEntry, (subjects, connects): (&[u32], bool)) -> Option<usize> {
    let room = |message: &Open| message.questions.len() < MAX_MESSAGE_QUESTIONS;
    let candidates = || open.iter().enumerate().filter(|(_, message)| room(message));
    let nearest = |message: &Open| (message.gap(question.at), std::cmp::Reverse(message.last));
    let bits = subjects.iter().fold(0, |bits, subject| bits | bit(*subject));
    let shares = |message: &Open| {
        message.bits & bits != 0 && message.subjects.iter().any(|subject| subjects.contains(subject))
    };
    let related = candidates().filter(|(_, message)| shares(message));
    if let Some((at, _)) = related.min_by_key(|(_, message)| nearest(message)) {
        return Some(at);
    }
    // It may be of any client, so that only its name joins it to others.
    if question.is_without_client() {
        return None;
    }
    let (at, message) = candidates().min_by_key(|(_, message)| nearest(message))?;
    let near = if begins(question, connects, message) { MESSAGE_NEXT } else { MESSAGE_BURST };
    let follows = message.gap(question.at) <= micros(near);
    (follows || (open.len() == 1 && near == MESSAGE_BURST)).then_some(at)
}

/// The bit of a subject in `Open::bits`.
const fn bit(subject: u32) -> u64 {
    1 << (subject % 64)
}

/// Whether a question that belongs to no other may be the first of a message: of a connection from another host, or of
/// a delivery to another domain. The sender's domain of an inbound mail is asked for its MX too.
fn begins(question: &QuestionEntry, connects: bool, message: &Open) -> bool {
    let delivers = question.kind == RecordType::MX && (message.exchangers || !message.connected);
    connects || delivers || is_mta_sts(&question.name)
}

fn is_mta_sts(name: &[u8]) -> bool {
    name.starts_with(b"\x08_mta-sts")
}

/// The subjects of a name.
pub fn subjects(name: &[u8], known: &impl Known) -> Vec<MessageSubject> {
    if let Some(address) = reversed(name) {
        return vec![MessageSubject::Address(address)];
    }
    if let Some(list) = known.list(name) {
        return asked_of_list(name, list);
    }
    if let Some(address) = address_before(name, 1) {
        // The zone looks like a list that is not known.
        return vec![MessageSubject::Address(address)];
    }
    match organisation(below_service(name)) {
        [0] => Vec::new(),
        domain => vec![MessageSubject::Domain(domain.into())],
    }
}

/// The domain that a failure of a name counts for if no zone is known: the domain of the organisation; of a reverse name the network
/// of its address, 256 addresses of IPv4 or a /48 of IPv6.
pub(in crate::record) fn domain_of(name: &[u8]) -> Box<[u8]> {
    let labels = match reversed(name) {
        Some(IpAddr::V4(_)) => REVERSE_FOUR,
        Some(IpAddr::V6(_)) => REVERSE_SIX,
        None => return organisation(below_service(name)).into(),
    };
    let places: Vec<usize> = label_places(name).collect();
    let begin = places.len().checked_sub(labels).and_then(|place| places.get(place));
    begin.and_then(|begin| name.get(*begin..)).unwrap_or(name).into()
}

/// Labels of the reverse zone of a /24 and of a /48.
const REVERSE_FOUR: usize = 5;

/// See `REVERSE_FOUR`.
const REVERSE_SIX: usize = 14;

/// The address or the domain that a list is asked about; none for a hash.
fn asked_of_list(name: &[u8], list: ListName) -> Vec<MessageSubject> {
    if let Some(address) = address_before(name, list.apex) {
        return vec![MessageSubject::Address(address)];
    }
    match asked_domain(name, list) {
        Some(domain) if label_places(&domain).count() >= 2 => {
            vec![MessageSubject::Domain(organisation(&domain).into())]
        }
        _ => Vec::new(),
    }
}

/// The name that a list is asked about, in wire form and without the label of a key; none if it is asked about its own apex.
pub fn asked_domain(name: &[u8], list: ListName) -> Option<Vec<u8>> {
    let own = name.get(..name.len().saturating_sub(list.apex))?;
    let key = label_places(own).last().filter(|_| list.keyed);
    let own = own.get(..key.unwrap_or(own.len())).filter(|own| !own.is_empty())?;
    Some(own.iter().copied().chain([0]).collect())
}

/// The name behind labels of services: `selector._domainkey.`, `_dmarc.`, `_25._tcp.`.
fn below_service(name: &[u8]) -> &[u8] {
    let service = |place: &usize| name.get(place.saturating_add(1)) == Some(&b'_');
    let Some(last) = label_places(name).filter(service).last() else { return name };
    let behind = label_places(name).find(|place| *place > last);
    behind.and_then(|place| name.get(place..)).unwrap_or(name)
}

/// The domain of an organisation: the last two labels, or three below names like `co.uk`. A list of public suffixes would
/// be more exact; a mistake joins or cuts a message and changes no answer.
fn organisation(name: &[u8]) -> &[u8] {
    let places: SmallVec<[usize; 16]> = label_places(name).collect();
    let label = |from_right: usize| {
        let place = *places.get(places.len().checked_sub(from_right)?)?;
        Some(usize::from(*name.get(place)?))
    };
    let many = match (label(1), label(2)) {
        (Some(2), Some(second)) if second <= 3 => 3,
        _ => 2,
    };
    let begin = places.get(places.len().saturating_sub(many)).copied().unwrap_or(0);
    name.get(begin..).unwrap_or(name)
}

/// The address of a name below in-addr.arpa or ip6.arpa (RFC 1035 section 3.5, RFC 3596 section 2.5).
fn reversed(name: &[u8]) -> Option<IpAddr> {
    const FOUR: &[u8] = b"\x07in-addr\x04arpa\x00";
    const SIX: &[u8] = b"\x03ip6\x04arpa\x00";
    let apex = [FOUR, SIX].into_iter().find(|apex| name.ends_with(apex))?;
    address_before(name, apex.len())
}

/// The reversed address in the first labels of a name, before an apex of some octets.
fn address_before(name: &[u8], apex: usize) -> Option<IpAddr> {
    let own = name.get(..name.len().checked_sub(apex)?)?;
    // Most names have no address: a label of an address has at most three octets.
    if own.first().is_none_or(|length| *length > 3) {
        return None;
    }
    let labels: Vec<&[u8]> = label_places(own).map_while(|place| label(own, place)).collect();
    let digit = |label: &&[u8]| match **label {
        [digit] => char::from(digit).to_digit(16),
        _ => None,
    };
    let digits = labels.get(..32).and_then(|labels| labels.iter().map(digit).collect::<Option<Vec<u32>>>());
    if let Some(digits) = digits {
        let bits = digits.iter().rev().fold(0_u128, |bits, digit| bits << 4 | u128::from(*digit));
        return Some(Ipv6Addr::from_bits(bits).into());
    }
    let number = |label: &&[u8]| std::str::from_utf8(label).ok()?.parse::<u8>().ok();
    let octets = labels.get(..4)?.iter().map(number).collect::<Option<Vec<u8>>>()?;
    let [d, c, b, a] = *octets.first_chunk()?;
    Some(Ipv4Addr::new(a, b, c, d).into())
}

/// The label at a place of a name in wire form, or of its begin.
fn label(octets: &[u8], place: usize) -> Option<&[u8]> {
    let length = usize::from(*octets.get(place)?);
    let begin = place.saturating_add(1);
    octets.get(begin..begin.saturating_add(length))
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
