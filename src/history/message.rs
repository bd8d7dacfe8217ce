//! Groups the recorded queries of clients by message: finds which queries were sent for the same email. A message here is such a group of queries.
//!
//! The grouping is a pure function of the recorded entries. Mail software does not say for which message it asks. So a message contains only queries
//! that certainly belong together: queries of one client that have a subject in common, with pauses of at most `MESSAGE_PAUSE` between them. A
//! subject is an address, a host or a domain. A query has the subject of its name (`_dmarc.example.com` is about `example.com`), and the subjects
//! that its answer names (the mail hosts of a domain).
//!
//! # Decisions
//!
//! - If several messages have the subject of a query, the query belongs to the message whose last query is most recent: mail software sends its next
//!   query within a few milliseconds.
//! - A query without a common subject joins the previous message only if the client has no other message in progress, and if the query comes within
//!   `MESSAGE_BURST`. On a busy gateway, queries of different messages come at the same time.
//! - A message has one sender, and a delivery has one domain. So a query for the MX of another name begins a new message, and so does a query for the
//!   reverse name of another address. It is better to cut a message in two than to join two messages, because a server would then be blamed for the
//!   wrong mail.
//! - If two names have only their organization in common, their queries are not joined, because different hosts and customers of a provider have
//!   names below the same domain.
//! - Queries that were read from disk are not joined by time, because the disk lacks the queries that were quick.

use std::collections::HashMap;
use std::net::IpAddr;

use hickory_proto::rr::RecordType;
use smallvec::SmallVec;

use super::entry::{ByAsked, Link, QuestionEntry, place_of};
use super::recorded::Recorded;
pub use super::subject::ListName;
use super::subject::{Subject, linked, subject};
use crate::limits::{
    GREETING_PAUSE, MAX_COMPARED_QUERIES, MAX_MESSAGE_QUESTIONS, MAX_MESSAGE_SUBJECTS, MAX_OPEN_MESSAGES,
    MESSAGE_BURST, MESSAGE_PAUSE, POSSIBLE_WAIT,
};
use dns::clock::micros;

/// Finds the DNS list to which a name in wire form belongs. Returns `None` for other names.
pub type ListOf<'a> = &'a dyn Fn(&[u8]) -> Option<ListName>;

/// The queries of one message (email), and what they show about the email. Times are in microseconds since 1970.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) client: IpAddr,
    /// When the first query of the message (email) came.
    pub(super) began: u64,
    /// When the last reply to a query of the message (email) was sent.
    pub(super) ended: u64,
    /// The indices of the queries of the message (email), sorted by the start of each query.
    pub(super) questions: Vec<usize>,
    /// When the last query of the message (email) began.
    begun: u64,
    /// The subjects of the queries of the message (email): addresses, hosts and domains, as their numbers in the table `Subjects`.
    subjects: Vec<u32>,
    /// A set of bits, one for each subject (`bit`). If two sets have no bit in common, there is no common subject. This comparison is cheap, and most
    /// messages (emails) need no other.
    bits: u64,
    /// The number of the subject that is the address of the connecting host; none if no query was about an address.
    host: Option<u32>,
    /// The names for whose MX the message (email) has asked, as numbers of subjects; mostly one name.
    exchangers: SmallVec<[u32; 1]>,
    /// True if the message (email) has asked for an MTA-STS policy. Mail software does this only if it delivers mail to another host.
    delivers: bool,
}

/// All messages (emails) that were found in a part of the history.
pub(super) struct Messages {
    /// All messages (emails), sorted by the time of their first query.
    pub(super) all: Vec<Message>,
    subjects: Subjects,
}

/// The step of a mail that a query shows: some queries are typical for the start of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// A query for the reverse name of an address: a host has connected.
    Connection,
    /// A query for the MX of a domain: the domain of a sender, or of the recipient of a delivery.
    Exchangers,
    /// A query for an MTA-STS policy: the policy of the recipient of a delivery.
    Delivery,
    /// Any other query. It does not begin a step of the SMTP session.
    None,
}

/// The subjects (names and addresses) that belong to a question of a client.
struct AskedSubjects {
    /// The number of the subject of the queried name; none if the name has no subject.
    own: Option<u32>,
    /// The numbers of the subjects that the answer to the question names.
    linked: SmallVec<[u32; 4]>,
    /// True if the subject of the name is an address. Then the query is about a connecting host.
    is_host: bool,
    opening: Opening,
}

/// Assigns numbers to subjects. Numbers make it cheap to compare the subjects of each query with those of all messages (emails) in progress.
#[derive(Default)]
struct Subjects {
    /// The number of each subject. An attacker may choose the names, so the hash uses a secret.
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
    /// Adds the subjects of a query to `asked`, unless they are there already.
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

/// Groups the recorded queries into messages (emails). The queries must be sorted by time.
pub(super) fn group(recorded: &Recorded, list: ListOf<'_>) -> Messages {
    let mut links: ByAsked<&[Link]> = ByAsked::default();
    let linked = recorded.flights.iter().filter(|flight| !flight.links.is_empty());
    links.extend(linked.map(|flight| (place_of(&flight.name, flight.kind), &*flight.links)));
    let (mut all, mut subjects) = (Vec::<Message>::new(), Subjects::default());
    // For each client, the indices of the messages (emails) to which further queries may still belong.
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

/// Returns the index of the message (email) to which a query belongs. `open`: the indices of the messages in progress. Returns `None` if the query
/// begins a new message.
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

/// Returns the bit that stands for a subject (an address, host or domain) with this number.
const fn bit(subject: u32) -> u64 {
    1 << (subject % u64::BITS)
}

impl Messages {
    /// Returns true if the query `wait`, which is in the message (group of queries) `other`, may belong to the same mail as `message`. This is
    /// impossible if both messages are about a connecting host, or both are about a sender, because each mail has only one. But if domains share a
    /// mail host, the query for this host is in one message only, although the mails of all these domains wait for it. So `wait` may always belong to
    /// a message that has its subject.
    pub(super) fn may_be_of(&self, message: &Message, other: &Message, wait: &QuestionEntry) -> bool {
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

    /// Returns the queries of the message (email). `recorded` is the history in which it was found.
    pub(super) fn queries<'r>(&self, recorded: &'r Recorded) -> impl Iterator<Item = &'r QuestionEntry> {
        self.questions.iter().filter_map(|place| recorded.questions.get(*place))
    }

    /// Returns true if the queries may be those of an email. If all queries are for reverse names, they come from a program that reads logs.
    pub(super) fn is_email(&self, recorded: &Recorded) -> bool {
        self.queries(recorded).any(|question| question.kind != RecordType::PTR)
    }

    /// Returns true if a query of the message (group of queries) was about the address of a host.
    pub(super) fn has_host(&self) -> bool {
        self.host.is_some()
    }

    /// Returns the number of names for whose MX the message (group of queries) has asked.
    pub(super) fn exchangers(&self) -> usize {
        self.exchangers.len()
    }

    /// Returns true if the message (group of queries) `other` may be a part of an email that this message leads, judged only by the begin of this
    /// message.
    pub(super) fn may_lead(&self, other: &Self) -> bool {
        self.began <= other.ended.saturating_add(micros(GREETING_PAUSE))
    }

    /// Returns true if `other` has queries to DNS lists about the host, which connected to smtpd a little later: postscreen queries the lists and
    /// waits before it passes the connection to smtpd.
    pub(super) fn greets_after(&self, other: &Self) -> bool {
        self.host.is_some() && self.host == other.host && other.began <= self.began && self.may_lead(other)
    }

    /// Returns true if a query of the message (email) failed.
    pub(super) fn has_failed(&self, recorded: &Recorded) -> bool {
        self.queries(recorded).any(|question| question.outcome.is_failure())
    }

    /// Returns the time from the first query to the last reply, in microseconds.
    pub(super) fn took(&self) -> u64 {
        self.ended.saturating_sub(self.began)
    }

    /// Returns true if the message (email) `other` is of the same client, and overlaps this message or is less than `POSSIBLE_WAIT` apart from it.
    pub(super) fn is_near(&self, other: &Self) -> bool {
        let margin = micros(POSSIBLE_WAIT);
        self.client == other.client
            && self.began <= other.ended.saturating_add(margin)
            && other.began <= self.ended.saturating_add(margin)
    }

    /// Returns the time from the end of the message (email) to the moment `at`. If a reply is still missing at `at`, returns the time from the begin
    /// of the last query to `at`.
    fn gap(&self, at: u64) -> u64 {
        at.saturating_sub(if self.ended <= at { self.ended } else { self.begun })
    }

    /// Returns the time between the moment `at` and the nearest begin or end of a query, in microseconds. Of the queries that began before `at`, only
    /// the last `MAX_COMPARED_QUERIES` are compared.
    pub(super) fn distance(&self, at: u64, recorded: &Recorded) -> u64 {
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

    /// Returns true if the message (email) has the subject of a query, and the query is not for the MX of another name, which would begin a new
    /// message.
    fn is_about(&self, asked: &AskedSubjects) -> bool {
        let is_next = asked.opening == Opening::Exchangers && self.has_other_exchangers(asked);
        asked.own.is_some_and(|own| self.has(own)) && !is_next
    }

    fn has_other_exchangers(&self, asked: &AskedSubjects) -> bool {
        !self.exchangers.is_empty() && !asked.own.is_some_and(|own| self.exchangers.contains(&own))
    }

    /// Returns true if a query shows that another mail begins. The query has no subject in common with this message (group of queries).
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
