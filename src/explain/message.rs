//! Finds which recorded queries of clients were sent for the same email. A message here is such a group of queries.
//!
//! The grouping is a pure function of the recorded entries. Mail software does not say for which email it asks. So a message contains only
//! queries that certainly belong together: queries of one client with a common subject, and with pauses of at most `MESSAGE_PAUSE`. A
//! subject is an address, a host or a domain. A query has the subject of its name (`_dmarc.example.com` is about `example.com`), and the
//! subjects in its answer (the mail hosts of a domain).
//!
//! # Decisions
//!
//! - If several messages have the subject of a query, it belongs to the message with the most recent query: mail software sends its next
//!   query within a few milliseconds.
//! - A query without a common subject joins the previous message only if the client has no other message in progress, and if the query
//!   comes within `MESSAGE_BURST`. On a busy gateway, queries of different messages come at the same time.
//! - A query for the MX of another name, or for the reverse name of another address, begins a new message. It is better to cut a message in
//!   two than to join two, because with a joined message a server would be blamed for the wrong mail.
//! - Names that have only their organization in common are not joined, because different customers of a provider have names below the same
//!   domain.
//! - Queries that were read from disk are not joined by time, because the disk lacks the quick queries.

use std::collections::HashMap;
use std::net::IpAddr;

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use crate::limits::{
    GREETING_PAUSE, MAX_COMPARED_QUERIES, MAX_MESSAGE_QUESTIONS, MAX_MESSAGE_SUBJECTS, MAX_OPEN_MESSAGES,
    MESSAGE_BURST, MESSAGE_PAUSE, POSSIBLE_WAIT,
};
pub use crate::subject::ListName;
use crate::subject::{Subject, linked, subject};
use dns::clock::micros;
use record::Recorded;
use record::entry::{ByAsked, Link, QuestionEntry, place_of};

/// Finds the DNS list to which a name in wire form belongs. Returns `None` for other names.
pub type ListOf<'a> = &'a dyn Fn(&[u8]) -> Option<ListName>;

/// The queries of one email, and what they show about it. Times are in microseconds since 1970.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) client: IpAddr,
    pub(crate) began: u64,
    pub(crate) ended: u64,
    /// The indices of the queries, sorted by their start.
    pub(crate) questions: Vec<usize>,
    begun: u64,
    /// The subjects of the queries: addresses, hosts and domains, as their numbers in the table `Subjects`.
    subjects: Vec<u32>,
    /// A set with one bit for each subject (`bit`). Two messages whose sets have no bit in common have no common subject.
    bits: u64,
    /// The subject that is the address of the connecting host; none if no query was about an address.
    host: Option<u32>,
    /// The names whose MX was queried, as numbers of subjects; mostly one.
    exchangers: SmallVec<[u32; 1]>,
    /// True if an MTA-STS policy was queried. Mail software does this only if it delivers mail to another host.
    delivers: bool,
}

pub(crate) struct Messages {
    /// Sorted by the time of the first query.
    pub(crate) all: Vec<Message>,
    subjects: Subjects,
}

/// The step in the handling of a mail that begins with a certain query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// A query for the reverse name of an address: a host has connected.
    Connection,
    /// A query for the MX of a domain of a sender or recipient.
    Exchangers,
    /// A query for the MTA-STS policy of a recipient's domain.
    Delivery,
    None,
}

/// The subjects of a question: the addresses, hosts and domains that it is about, each as its number in `Subjects`.
struct AskedSubjects {
    /// The subject of the queried name, if it has one.
    own: Option<u32>,
    /// The subjects that the answer names.
    linked: SmallVec<[u32; 4]>,
    /// True if the subject of the name is an address: that of a connecting host.
    is_host: bool,
    opening: Opening,
}

/// Assigns numbers to subjects, so that comparing them is cheap.
#[derive(Default)]
struct Subjects {
    /// An attacker may choose the names, so the hash uses a secret.
    numbers: HashMap<Box<[u8]>, u32>,
    asked: ByAsked<AskedSubjects>,
}

impl Opening {
    fn from_question(name: &[u8], kind: RecordType) -> Self {
        match kind {
            RecordType::PTR => Self::Connection,
            RecordType::MX => Self::Exchangers,
            RecordType::TXT if name.starts_with(b"\x08_mta-sts") => Self::Delivery,
            _ => Self::None,
        }
    }
}

impl Subjects {
    fn find(&mut self, question: &QuestionEntry, links: &[Link], list: ListOf<'_>) {
        if self.asked.contains_key(&question.place()) {
            return;
        }
        let own = subject(&question.name, list);
        let is_host = matches!(own, Some(Subject::Address(_)));
        let own = own.map(|own| self.number(&own));
        let linked = links.iter().map(|link| match link {
            Link::Address(address) => self.number(&Subject::Address(*address)),
            Link::Name(name) => self.number(&linked(name)),
        });
        let (linked, opening) = (linked.collect(), Opening::from_question(&question.name, question.kind));
        self.asked.insert(question.place(), AskedSubjects { own, linked, is_host, opening });
    }

    fn number(&mut self, subject: &Subject<'_>) -> u32 {
        let octets = subject.octets();
        if let Some(known) = self.numbers.get(&*octets) {
            return *known;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(octets.into(), number);
        number
    }
}

/// Groups the recorded queries into messages: the queries of each message probably belong to one email. The recorded queries must be sorted
/// by time.
pub(crate) fn group(recorded: &Recorded, list: ListOf<'_>) -> Messages {
    let mut links: ByAsked<&[Link]> = ByAsked::default();
    let linked = recorded.flights.iter().filter(|flight| !flight.links.is_empty());
    links.extend(linked.map(|flight| (place_of(&flight.name, flight.kind), &*flight.links)));
    let (mut all, mut subjects) = (Vec::<Message>::new(), Subjects::default());
    // For each client, the indices of the messages to which further queries may belong.
    let mut clients: HashMap<IpAddr, Vec<usize>> = HashMap::new();
    for (place, question) in recorded.questions.iter().enumerate() {
        subjects.find(question, links.get(&question.place()).copied().unwrap_or_default(), list);
        let Some(asked) = subjects.asked.get(&question.place()) else { continue };
        let open = clients.entry(question.client).or_default();
        open.retain(|message| {
            all.get(*message)
                .is_some_and(|one| question.at <= one.ended.saturating_add(micros(MESSAGE_PAUSE)))
        });
        let chosen = choose(open, &all, question, asked).unwrap_or_else(|| {
            if open.len() >= MAX_OPEN_MESSAGES {
                let quietest = open
                    .iter()
                    .enumerate()
                    .min_by_key(|(_, message)| all.get(**message).map(|one| one.ended));
                open.swap_remove(quietest.map_or(0, |(quietest, _)| quietest));
            }
            open.push(all.len());
            all.push(Message::new(question));
            all.len().saturating_sub(1)
        });
        if let Some(message) = all.get_mut(chosen) {
            message.add(place, question, asked);
        }
    }
    Messages { all, subjects }
}

/// Returns the index of the message to which a query belongs. `open`: the messages in progress. Returns `None` if the query begins a new
/// message.
fn choose(open: &[usize], all: &[Message], question: &QuestionEntry, asked: &AskedSubjects) -> Option<usize> {
    let known = || open.iter().filter_map(|place| Some((*place, all.get(*place)?)));
    let with_room = || known().filter(|(_, message)| message.questions.len() < MAX_MESSAGE_QUESTIONS);
    let related = with_room().filter(|(_, message)| message.is_about(asked));
    if let Some((place, _)) = related.min_by_key(|(_, message)| message.gap(question.at)) {
        return Some(place);
    }
    let [_] = open else { return None };
    let (place, only) = with_room().next()?;
    let follows = only.gap(question.at) <= micros(MESSAGE_BURST) && !only.ends_before(asked);
    (follows && !question.stored).then_some(place)
}

const fn bit(subject: u32) -> u64 {
    1 << (subject % u64::BITS)
}

impl Messages {
    /// Returns true if the query `wait`, which is in the message `other`, may belong to the same mail as `message`. A message is a group of
    /// queries. A mail has one connecting host and one sender, so two messages belong to different mails if both have a host, or both have
    /// a sender. But several domains may share a mail host: the query for it is in only one message, and the mails of all these domains
    /// wait for it. So `wait` may belong to any message that has its subject.
    pub(crate) fn may_be_of(&self, message: &Message, other: &Message, wait: &QuestionEntry) -> bool {
        let excludes = message.host.is_some() && other.host.is_some()
            || !message.exchangers.is_empty() && !other.exchangers.is_empty();
        let subject = self.subjects.asked.get(&wait.place()).and_then(|asked| asked.own);
        !excludes || subject.is_some_and(|subject| message.has(subject))
    }
}

impl Message {
    fn new(first: &QuestionEntry) -> Self {
        Self {
            client: first.client,
            began: first.at,
            ended: 0,
            questions: Vec::new(),
            begun: 0,
            subjects: Vec::new(),
            bits: 0,
            host: None,
            exchangers: SmallVec::new(),
            delivers: false,
        }
    }

    pub(crate) fn queries<'r>(&self, recorded: &'r Recorded) -> impl Iterator<Item = &'r QuestionEntry> {
        self.questions.iter().filter_map(|place| recorded.questions.get(*place))
    }

    /// Returns true if the queries may be those of an email: not all are for PTR records. A program that reads logs sends only queries for PTR
    /// records.
    pub(crate) fn is_email(&self, recorded: &Recorded) -> bool {
        self.queries(recorded).any(|question| question.kind != RecordType::PTR)
    }

    pub(crate) fn has_host(&self) -> bool {
        self.host.is_some()
    }

    pub(crate) fn exchangers(&self) -> usize {
        self.exchangers.len()
    }

    /// Returns true if `other` may belong to the email whose leading message is this one (see `emails`): this message began at most
    /// `GREETING_PAUSE` after the end of `other`.
    pub(crate) fn may_lead(&self, other: &Self) -> bool {
        self.began <= other.ended.saturating_add(micros(GREETING_PAUSE))
    }

    /// Returns true if `other` has the queries of postscreen about this message's host: postscreen queries DNS lists and waits before it
    /// passes the connection to smtpd.
    pub(crate) fn greets_after(&self, other: &Self) -> bool {
        self.host.is_some() && self.host == other.host && other.began <= self.began && self.may_lead(other)
    }

    pub(crate) fn has_failed(&self, recorded: &Recorded) -> bool {
        self.queries(recorded).any(|question| question.outcome.is_failure())
    }

    pub(crate) fn took(&self) -> u64 {
        self.ended.saturating_sub(self.began)
    }

    /// Returns true if `other` is of the same client, and overlaps this message or is less than `POSSIBLE_WAIT` apart from it.
    pub(crate) fn is_near(&self, other: &Self) -> bool {
        let margin = micros(POSSIBLE_WAIT);
        self.client == other.client
            && self.began <= other.ended.saturating_add(margin)
            && other.began <= self.ended.saturating_add(margin)
    }

    /// Returns the time from the end of the message to `at`, in microseconds. If a reply is still missing at `at`, returns the time from the
    /// start of the last query.
    fn gap(&self, at: u64) -> u64 {
        at.saturating_sub(if self.ended <= at { self.ended } else { self.begun })
    }

    /// Returns the time between `at` and the nearest start or end of a query, in microseconds. Of the queries before `at`, compares only
    /// the last `MAX_COMPARED_QUERIES`.
    pub(crate) fn distance(&self, at: u64, recorded: &Recorded) -> u64 {
        let queries = |places: &[usize]| -> Option<u64> {
            let queries = places.iter().filter_map(|place| recorded.questions.get(*place));
            queries.map(|query| at.abs_diff(query.at).min(at.abs_diff(query.end()))).min()
        };
        let begin = |place: &usize| recorded.questions.get(*place).map_or(u64::MAX, |query| query.at);
        let later = self.questions.partition_point(|place| begin(place) <= at);
        let last =
            later.saturating_sub(MAX_COMPARED_QUERIES)..later.saturating_add(1).min(self.questions.len());
        self.questions.get(last).and_then(queries).unwrap_or(u64::MAX)
    }

    fn has(&self, subject: u32) -> bool {
        self.bits & bit(subject) != 0 && self.subjects.contains(&subject)
    }

    /// Returns true if the query is about a subject of this message. Returns false for an MX query if the message already has MX queries, but none
    /// for this name, because such a query begins a new message.
    fn is_about(&self, asked: &AskedSubjects) -> bool {
        let is_next = asked.opening == Opening::Exchangers && self.has_other_exchangers(asked);
        asked.own.is_some_and(|own| self.has(own)) && !is_next
    }

    fn has_other_exchangers(&self, asked: &AskedSubjects) -> bool {
        !self.exchangers.is_empty() && !asked.own.is_some_and(|own| self.exchangers.contains(&own))
    }

    fn ends_before(&self, asked: &AskedSubjects) -> bool {
        match asked.opening {
            Opening::Connection => true,
            Opening::Exchangers => self.has_other_exchangers(asked) || self.delivers,
            Opening::Delivery => true,
            Opening::None => asked.is_host && (self.host.is_some() || !self.exchangers.is_empty()),
        }
    }

    fn add(&mut self, place: usize, question: &QuestionEntry, asked: &AskedSubjects) {
        for subject in asked.own.iter().chain(&asked.linked) {
            if !self.has(*subject) && self.subjects.len() < MAX_MESSAGE_SUBJECTS {
                self.subjects.push(*subject);
                self.bits |= bit(*subject);
            }
        }
        self.host = self.host.or_else(|| asked.own.filter(|_| asked.is_host));
        if asked.opening == Opening::Exchangers && self.exchangers.len() < MAX_MESSAGE_SUBJECTS {
            self.exchangers.extend(asked.own);
        }
        self.delivers |= asked.opening == Opening::Delivery;
        self.questions.push(place);
        (self.begun, self.ended) = (self.begun.max(question.at), self.ended.max(question.end()));
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
