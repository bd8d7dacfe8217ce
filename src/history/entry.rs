//! The entries of the record: a client's question, the flight that answered it, an outage, and the user of a client. They have one shape
//! when they are written and when they are read; `octets` has their form.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::rr::RecordType;

use super::dates::Dates;
use super::event::{ListFault, Shows};
use super::hidden_clients::is_without_client;
use dns::conduct::{Conduct, Transport};
use dns::hash::Plain;
use dns::question::{ClientTransport, ExtendedError, Outcome};

/// A client's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionEntry {
    /// The name asked for, in wire form; in lower case when it is read.
    pub name: Arc<[u8]>,
    /// The type asked for.
    pub kind: RecordType,
    /// The client.
    pub client: IpAddr,
    /// The client's port; 0 if it is not known, as for questions from the cache.
    pub port: u16,
    /// The way in which it came; none if it is not known, as for questions from the cache.
    pub transport: Option<ClientTransport>,
    /// The number of the view of its listener.
    pub view: u32,
    /// When it came: in microseconds of `Mono` when it is written, in microseconds since 1970 when it is read.
    pub at: u64,
    /// Its outcome.
    pub outcome: Outcome,
    /// From its arrival to the reply, in microseconds.
    pub elapsed: u64,
    /// The number of the flight that it waited for.
    pub flight: Option<u64>,
    /// Why it failed; empty if it did not.
    pub error: Box<str>,
    /// The code of its extended error (RFC 8914), if it has one.
    pub code: Option<u16>,
    /// The local user that owns the client's socket: a name, or a number if it has none. None if it was not looked up, or not found.
    pub user: Option<Box<str>>,
    /// Whether it was read from the disk, which lacks most other questions of its time.
    pub stored: bool,
}

impl QuestionEntry {
    /// A question that the cache answered.
    pub fn hit(name: Arc<[u8]>, kind: RecordType, client: IpAddr, view: u32, at: u64) -> Self {
        Self {
            name,
            kind,
            client,
            port: 0,
            transport: None,
            view,
            at,
            outcome: Outcome::Cache,
            elapsed: 0,
            flight: None,
            error: Box::default(),
            code: None,
            user: None,
            stored: false,
        }
    }

    /// A question for MX that failed at once, for tests.
    #[cfg(any(test, feature = "simulated"))]
    pub fn failed(name: &[u8], at: u64) -> Self {
        let hit = Self::hit(name.into(), RecordType::MX, [127, 0, 0, 1].into(), 0, at);
        Self { port: 7, outcome: Outcome::Failed, elapsed: 1, ..hit }
    }

    /// See `weight`: of a question without a name.
    pub(super) const LEAST_WEIGHT: usize = size_of::<Self>() * 3 / 2;

    /// Octets of memory that a reader needs for it: to hold it, to sort it, and to add it to a message.
    pub(super) fn weight(&self) -> usize {
        Self::LEAST_WEIGHT.saturating_add(self.name.len()).saturating_add(self.error.len())
    }

    /// The place of its name and type in tables.
    pub(super) fn place(&self) -> AskedPlace {
        place_of(&self.name, self.kind)
    }

    /// Returns true if `history.redact` has removed its client.
    pub(crate) fn is_without_client(&self) -> bool {
        is_without_client(self.client)
    }

    /// Its client as text; `redacted` if `history.redact` has removed it.
    pub(super) fn client_text(&self) -> String {
        if self.is_without_client() { "redacted".to_owned() } else { self.client.to_string() }
    }

    /// Returns true if this resolver turned it away because it had too much to do. Of a silent zone, it turns away more questions than a
    /// few, and the extended error names the zone.
    pub(crate) fn is_overload(&self) -> bool {
        let is_silent = self.code == Some(ExtendedError::NO_REACHABLE_AUTHORITY);
        self.outcome == Outcome::Shed && !is_silent && !self.was_stopped()
    }

    /// Returns true if its client still waited when this resolver stopped.
    pub(crate) fn was_stopped(&self) -> bool {
        self.outcome == Outcome::Shed && &*self.error == ExtendedError::STOPPING
    }

    /// When its reply left.
    pub fn end(&self) -> u64 {
        self.at.saturating_add(self.elapsed)
    }
}

/// A flight that has ended, or whose first client was answered at its deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlightEntry {
    /// Its number.
    pub id: u64,
    /// When it began; see `QuestionEntry::at`.
    pub began: u64,
    /// Its time so far, in microseconds.
    pub elapsed: u64,
    /// The name asked for, in lower-case wire form.
    pub name: Arc<[u8]>,
    /// The type asked for.
    pub kind: RecordType,
    /// The deepest zone whose servers it asked, in wire form; empty if there is none. Of a bogus answer, the zone at which the chain of trust
    /// breaks, if it is known.
    pub zone: Arc<[u8]>,
    /// The meaning of its failure, if it failed.
    pub shows: Option<Shows>,
    /// Why it failed, in a sentence; empty if it did not.
    pub why: Box<str>,
    /// The servers with faults, and the last conduct of each; at most `MAX_RECORDED_FAULTS`.
    pub faults: Vec<(IpAddr, Conduct)>,
    /// The queries to servers, in the order in which they were sent; at most `MAX_RECORDED_MESSAGES`.
    pub messages: Vec<MessageEntry>,
    /// The names and addresses in its answer; at most `MAX_RECORDED_LINKS`.
    pub links: Vec<Link>,
    /// The behaviour of the DNS list, if the list is at fault.
    pub(crate) list_fault: Option<ListFault>,
}

/// A query to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEntry {
    /// When it was sent, in microseconds since the flight began.
    pub at: u32,
    /// The time until its answer, or until the end of the flight if there was none, in microseconds.
    pub elapsed: u32,
    /// The server.
    pub server: IpAddr,
    /// The zone that it was asked for, in wire form. Empty in the octets if it is that of the flight.
    pub zone: Arc<[u8]>,
    /// The transport.
    pub transport: Transport,
    /// The server's conduct; none if it had not answered when the flight ended.
    pub conduct: Option<Conduct>,
    /// Why this server was asked then.
    pub reason: &'static str,
    /// The depth in sub-questions.
    pub depth: u8,
    /// Whether it asked for keys of DNSSEC, or for data that are needed to ask for these.
    pub keys: bool,
}

impl MessageEntry {
    /// Returns true if the server answered anything.
    pub(super) fn came_back(&self) -> bool {
        self.conduct.is_some_and(Conduct::came_back)
    }
}

/// A name or an address in an answer: it joins questions of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// A name, in lower-case wire form.
    Name(Arc<[u8]>),
    /// An address.
    Address(IpAddr),
}

/// The user of a client's socket at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerEntry {
    /// The client.
    pub client: IpAddr,
    /// Its port.
    pub port: u16,
    /// When the socket was looked up; see `QuestionEntry::at`.
    pub at: u64,
    /// The name of the user, or its number if it has none.
    pub user: Box<str>,
}

/// A time in which our own network was down: its begin and its end so far.
pub type OutageEntry = (u64, u64);

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A client's question.
    Question(QuestionEntry),
    /// A flight.
    Flight(FlightEntry),
    /// An outage of our own network.
    Outage(OutageEntry),
    /// The local user that owns the socket of a client. It is in memory only: on disk the question has it.
    Owner(OwnerEntry),
}

impl Entry {
    /// Puts dates in the place of its moments.
    pub(super) fn date(&mut self, dates: &Dates) {
        match self {
            Self::Question(question) => question.at = dates.unix(question.at),
            Self::Flight(flight) => flight.began = dates.unix(flight.began),
            Self::Outage((since, until)) => (*since, *until) = (dates.unix(*since), dates.unix(*until)),
            Self::Owner(owner) => owner.at = dates.unix(owner.at),
        }
    }

    /// When it ended.
    pub(super) fn end(&self) -> u64 {
        match self {
            Self::Question(question) => question.end(),
            Self::Flight(flight) => flight.end(),
            Self::Outage((_, until)) => *until,
            Self::Owner(owner) => owner.at,
        }
    }
}

impl FlightEntry {
    /// When it ended, or was last looked at.
    pub fn end(&self) -> u64 {
        self.began.saturating_add(self.elapsed)
    }

    /// See `QuestionEntry::weight`. A query to a server is also in the index of the traffic.
    pub(super) fn weight(&self) -> usize {
        let messages = self.messages.len().saturating_mul(size_of::<MessageEntry>() * 2);
        let links = self.links.len().saturating_mul(size_of::<Link>() * 2);
        (size_of::<Self>() * 2).saturating_add(self.why.len()).saturating_add(messages).saturating_add(links)
    }
}

/// A name and a type for tables of entries that are in memory together: equal names of one reading have the same memory, so
/// that no table needs to look at the name.
pub(super) fn place_of(name: &Arc<[u8]>, kind: RecordType) -> AskedPlace {
    (Arc::as_ptr(name).addr(), u16::from(kind).into())
}

/// See `place_of`.
pub(super) type AskedPlace = (usize, u64);

/// A table by names and types. Its keys are those of `place_of`, which strangers do not choose.
pub(super) type ByAsked<Known> = HashMap<AskedPlace, Known, BuildHasherDefault<Plain>>;

#[cfg(test)]
mod tests {
    use super::*;

    impl FlightEntry {
        /// A flight without a name and without queries to servers, for tests.
        pub(crate) fn blank(id: u64, began: u64, elapsed: u64) -> Self {
            Self {
                id,
                began,
                elapsed,
                name: Arc::default(),
                kind: RecordType::A,
                zone: Arc::default(),
                shows: None,
                why: Box::default(),
                faults: Vec::new(),
                messages: Vec::new(),
                links: Vec::new(),
                list_fault: None,
            }
        }
    }
}
