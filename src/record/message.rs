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

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use super::entry::{ByAsked, Link, QuestionEntry, is_without_client};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject<'n> {
    /// An address.
    Address(IpAddr),
    /// A domain of an organisation, in wire form.
    Domain(Cow<'n, [u8]>),
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
    questions: Vec<usize>,
    /// The numbers of its subjects.
    subjects: Vec<u32>,
    /// The begin of its last question, in microseconds.
    begun: u64,
    /// The ends of its questions behind that begin, the earliest first: earlier ones are not near to the next question. At most
    /// `MAX_MESSAGE_ENDS`.
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
    /// Of each message `ROOM`, and a bit for each of its subjects, by which most messages without a common subject are told; 0 if it has
    /// no room. Apart from the messages, because each question looks at all.
    bits: Vec<u64>,
    /// No message was quiet before this moment: until then none ends.
    quiet: u64,
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
    addresses: HashMap<IpAddr, u32>,
    domains: HashMap<Box<[u8]>, u32>,
    asked: Vec<AskedSubjects>,
}

impl<'n, Names: NumberedNames> NumberedSubjects<'n, Names> {
    fn of(names: &'n Names) -> Self {
        let asked = std::iter::repeat_with(AskedSubjects::default).take(names.count()).collect();
        Self { names, addresses: HashMap::new(), domains: HashMap::new(), asked }
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
        asking.push(Asking { at: question.at, end: question.end(), client: question.client, asked });
    }
    group_numbered(asking.into_iter(), &names)
}

/// As `group`, of questions whose names have numbers.
pub(super) fn group_numbered(
    questions: impl Iterator<Item = Asking>,
    names: &impl NumberedNames,
) -> Vec<Vec<usize>> {
    let mut open: BTreeMap<IpAddr, OpenOfClient> = BTreeMap::new();
    let mut ended = Vec::new();
    let mut numbered = NumberedSubjects::of(names);
    let none = AskedSubjects::default();
    for (place, question) in questions.enumerate() {
        let of_client = open.entry(question.client).or_default();
        of_client.end_quiet(question.at, &mut ended);
        numbered.find(question.asked);
        let asked = numbered.asked.get(question.asked).unwrap_or(&none);
        let at = match choose(of_client, &question, asked) {
            Some(at) => at,
            None => {
                ended.extend(of_client.make_room());
                of_client.messages.push(Open::default());
                of_client.bits.push(ROOM);
                of_client.messages.len().saturating_sub(1)
            }
        };
        of_client.add(at, place, &question, asked);
    }
    ended.extend(open.into_values().flat_map(|client| client.messages).map(|message| message.questions));
    ended.sort();
    ended
}

impl OpenOfClient {
    /// Ends the messages that were quiet for too long before a moment.
    fn end_quiet(&mut self, now: u64, ended: &mut Vec<Vec<usize>>) {
        let pause = micros(MESSAGE_PAUSE);
        if now <= self.quiet.saturating_add(pause) {
            return;
        }
        let is_quiet = |message: &Open| now > message.last.saturating_add(pause);
        let mut messages = self.messages.iter();
        self.bits.retain(|_| messages.next().is_some_and(|message| !is_quiet(message)));
        ended.extend(
            self.messages.extract_if(.., |message| is_quiet(message)).map(|message| message.questions),
        );
        self.quiet = self.messages.iter().map(|message| message.last).min().unwrap_or(now);
    }

    /// Ends the message that was quiet for the longest time if the table is full.
    fn make_room(&mut self) -> Option<Vec<usize>> {
        if self.messages.len() < MAX_OPEN_MESSAGES {
            return None;
        }
        let (at, _) = self.messages.iter().enumerate().min_by_key(|(_, message)| message.last)?;
        self.bits.swap_remove(at);
        Some(self.messages.swap_remove(at).questions)
    }

    /// Adds a question to a message.
    fn add(&mut self, at: usize, place: usize, question: &Asking, asked: &AskedSubjects) {
        let (Some(message), Some(bits)) = (self.messages.get_mut(at), self.bits.get_mut(at)) else { return };
        message.connected |= asked.connects;
        message.exchangers |= asked.exchangers;
        message.questions.push(place);
        for subject in &asked.numbers {
            let is_known = *bits & bit(*subject) != 0 && message.subjects.contains(subject);
            if message.subjects.len() < MAX_MESSAGE_SUBJECTS && !is_known {
                message.subjects.push(*subject);
                *bits |= bit(*subject);
            }
        }
        message.goes_on(question);
        if message.questions.len() >= MAX_MESSAGE_QUESTIONS {
            *bits = 0;
        }
        self.quiet = self.quiet.min(message.last);
    }
}

impl OpenOfClient {
    /// The messages with room that have one of these bits, and their places.
    fn with_any(&self, wanted: u64) -> impl Iterator<Item = (usize, &Open)> {
        // Mostly one or none of a chunk has them, and a chunk is looked at in a few instructions.
        let has_any = move |chunk: &[u64]| chunk.iter().fold(0, |any, bits| any | bits & wanted) != 0;
        let chunks = self.bits.chunks(CHUNK).zip(self.messages.chunks(CHUNK)).enumerate();
        let chunks = chunks.filter(move |(_, (bits, _))| has_any(bits));
        chunks.flat_map(move |(number, (bits, messages))| {
            let of_chunk = bits.iter().zip(messages).enumerate();
            let of_chunk = of_chunk.filter(move |(_, (bits, _))| **bits & wanted != 0);
            of_chunk.map(move |(at, (_, message))| (number.saturating_mul(CHUNK).saturating_add(at), message))
        })
    }
}

/// Messages whose bits are looked at together.
const CHUNK: usize = 8;

impl Open {
    /// Notes the moments of its last question.
    fn goes_on(&mut self, question: &Asking) {
        self.begun = question.at;
        let passed = self.ends.partition_point(|end| *end <= question.at);
        self.ends.drain(..passed);
        if question.end > question.at && self.ends.len() < MAX_MESSAGE_ENDS {
            let place = self.ends.partition_point(|end| *end <= question.end);
            self.ends.insert(place, question.end);
        }
        self.last = self.last.max(question.end);
    }

    /// The time since its last question began or ended before `at`.
    fn gap(&self, at: u64) -> u64 {
        let ended = self.ends.partition_point(|end| *end <= at).checked_sub(1);
        let ended = ended.and_then(|last| self.ends.get(last)).copied();
        at.saturating_sub(ended.unwrap_or(0).max(self.begun))
    }
}

/// The message that a question belongs to.
fn choose(open: &OpenOfClient, question: &Asking, asked: &AskedSubjects) -> Option<usize> {
    let nearest = |message: &Open| (message.gap(question.at), std::cmp::Reverse(message.last));
    let wanted = asked.own().iter().fold(0, |wanted, subject| wanted | bit(*subject));
    let related = open
        .with_any(wanted)
        .filter(|(_, message)| asked.own().iter().any(|subject| message.subjects.contains(subject)));
    if let Some((at, _)) = related.min_by_key(|(_, message)| nearest(message)) {
        return Some(at);
    }
    // It may be of any client, so that only its name joins it to others.
    if is_without_client(question.client) {
        return None;
    }
    let (at, message) = open.with_any(ROOM).min_by_key(|(_, message)| nearest(message))?;
    let near = if begins(asked, message) { MESSAGE_NEXT } else { MESSAGE_BURST };
    let follows = message.gap(question.at) <= micros(near);
    (follows || (open.messages.len() == 1 && near == MESSAGE_BURST)).then_some(at)
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
    let delivers = asked.exchangers && (message.exchangers || !message.connected);
    asked.connects || delivers || asked.delivers
}

fn is_mta_sts(name: &[u8]) -> bool {
    name.starts_with(b"\x08_mta-sts")
}

/// The subject of a name, whose list `list_of` knows; none if it has none.
pub(super) fn subject(name: &[u8], list_of: impl FnOnce(&[u8]) -> Option<ListName>) -> Option<Subject<'_>> {
    if let Some(address) = reversed(name) {
        return Some(Subject::Address(address));
    }
    if let Some(list) = list_of(name) {
        return asked_of_list(name, list);
    }
    if let Some(address) = address_before(name, 1) {
        // The zone looks like a list that is not known.
        return Some(Subject::Address(address));
    }
    match organisation(below_service(name)) {
        [0] => None,
        domain => Some(Subject::Domain(domain.into())),
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
fn asked_of_list(name: &[u8], list: ListName) -> Option<Subject<'_>> {
    if let Some(address) = address_before(name, list.apex) {
        return Some(Subject::Address(address));
    }
    let domain = asked_domain(name, list).filter(|domain| label_places(domain).count() >= 2)?;
    Some(Subject::Domain(Cow::Owned(organisation(&domain).to_vec())))
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
    if !name.contains(&b'_') {
        return name;
    }
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
    let labels: SmallVec<[&[u8]; 40]> = label_places(own).map_while(|place| label(own, place)).collect();
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
