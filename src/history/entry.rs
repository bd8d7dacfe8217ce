//! The entries of the record: a question of a client, the flight (resolution) that answered it, an outage of our own network, and the local user of
//! a client. The same types are used to write and to read entries; `octets` defines their stored form.

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
    /// The name for which the client asked, in wire form. It is in lower case when it is read.
    pub name: Arc<[u8]>,
    /// The type for which the client asked.
    pub kind: RecordType,
    /// The address of the client.
    pub client: IpAddr,
    /// The client's port; 0 if it is not known, as for questions from the cache.
    pub port: u16,
    /// How the question reached resolverd; none if this is not known, as for questions answered from the cache.
    pub transport: Option<ClientTransport>,
    /// The number of the client's view. The view belongs to the listener that received the question.
    pub view: u32,
    /// When the question was received, in microseconds. When the entry is written, the time is counted by the clock `Mono`; when the entry is read,
    /// since 1970.
    pub at: u64,
    /// How the question was answered, or why it failed.
    pub outcome: Outcome,
    /// The time from the arrival of the question to the reply, in microseconds.
    pub elapsed: u64,
    /// The number of the flight for which the question waited.
    pub flight: Option<u64>,
    /// Why the question failed, as a sentence; empty if it did not fail.
    pub error: Box<str>,
    /// The code of the extended error (RFC 8914) in the reply, if there is one.
    pub code: Option<u16>,
    /// The local user that owns the client's socket: a name, or a number if the user has no name. None if the user was not looked up, or not
    /// found.
    pub user: Option<Box<str>>,
    /// True if the entry was read from disk. The disk lacks most other questions of the same time.
    pub stored: bool,
}

impl QuestionEntry {
    /// Creates the entry of a question that the cache answered.
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

    /// Creates the entry of a question for MX that failed immediately, for tests.
    #[cfg(any(test, feature = "simulated"))]
    pub fn failed(name: &[u8], at: u64) -> Self {
        let hit = Self::hit(name.into(), RecordType::MX, [127, 0, 0, 1].into(), 0, at);
        Self { port: 7, outcome: Outcome::Failed, elapsed: 1, ..hit }
    }

    /// The `weight` of a question with an empty name, which is the smallest possible weight.
    pub(super) const LEAST_WEIGHT: usize = size_of::<Self>() * 3 / 2;

    /// Returns the octets of memory that a reader needs for the question: to hold it, to sort it, and to add it to a message.
    pub(super) fn weight(&self) -> usize {
        Self::LEAST_WEIGHT.saturating_add(self.name.len()).saturating_add(self.error.len())
    }

    /// Returns the key of the question's name and type, for tables by name and type.
    pub(super) fn place(&self) -> AskedPlace {
        place_of(&self.name, self.kind)
    }

    /// Returns true if the question has no address of its client, because `history.redact` has removed it.
    pub(crate) fn is_without_client(&self) -> bool {
        is_without_client(self.client)
    }

    /// Returns the address of the client as text. Returns `redacted` if `history.redact` has removed it.
    pub(super) fn client_text(&self) -> String {
        if self.is_without_client() { "redacted".to_owned() } else { self.client.to_string() }
    }

    /// Returns true if this resolver turned away the question because it had too much work. Beyond a few questions, those for a silent zone are
    /// turned away too; the extended error then names the zone.
    pub(crate) fn is_overload(&self) -> bool {
        let is_silent = self.code == Some(ExtendedError::NO_REACHABLE_AUTHORITY);
        self.outcome == Outcome::Shed && !is_silent && !self.was_stopped()
    }

    /// Returns true if the client still waited when this resolver stopped.
    pub(crate) fn was_stopped(&self) -> bool {
        self.outcome == Outcome::Shed && &*self.error == ExtendedError::STOPPING
    }

    /// Returns when the reply was sent. For the unit see `at`.
    pub fn end(&self) -> u64 {
        self.at.saturating_add(self.elapsed)
    }
}

/// A flight, which is the resolution of one question for all clients that wait for the answer. It has ended, or its first client was answered at its
/// deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlightEntry {
    /// The number of the flight.
    pub id: u64,
    /// When the flight began; for the unit see `QuestionEntry::at`.
    pub began: u64,
    /// The time that the flight has taken so far, in microseconds.
    pub elapsed: u64,
    /// The name for which the flight asked, in lower-case wire form.
    pub name: Arc<[u8]>,
    /// The record type for which the flight asked.
    pub kind: RecordType,
    /// The deepest zone whose servers the flight asked, in wire form; empty if there is none. If the answer was bogus and the zone at which
    /// the chain of trust breaks is known, this zone instead.
    pub zone: Arc<[u8]>,
    /// What the failure shows about the zone; none if the flight did not fail.
    pub shows: Option<Shows>,
    /// Why the flight failed, as a sentence; empty if it did not fail.
    pub why: Box<str>,
    /// The servers with faults, and what each of them did last; at most `MAX_RECORDED_FAULTS`.
    pub faults: Vec<(IpAddr, Conduct)>,
    /// The queries to servers, in the order in which they were sent; at most `MAX_RECORDED_MESSAGES`.
    pub messages: Vec<MessageEntry>,
    /// The names and addresses in the answer of the flight; at most `MAX_RECORDED_LINKS`.
    pub links: Vec<Link>,
    /// The behaviour of the DNS list, if the list is at fault.
    pub(crate) list_fault: Option<ListFault>,
}

/// A query to a server, sent for a flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEntry {
    /// When the query was sent, in microseconds since the flight began.
    pub at: u32,
    /// The time until its answer, in microseconds. If there was no answer, the time until the end of the flight.
    pub elapsed: u32,
    /// The address of the server.
    pub server: IpAddr,
    /// The zone for which the server was asked, in wire form. It is stored as empty if it is the zone of the flight.
    pub zone: Arc<[u8]>,
    /// The transport of the query: UDP, TCP, TLS or HTTPS.
    pub transport: Transport,
    /// What the server did; none if it had not answered when the flight ended.
    pub conduct: Option<Conduct>,
    /// Why the query was sent to this server at this time.
    pub reason: &'static str,
    /// How deeply the sub-question for which the query was sent is nested; 0 is the question of the flight itself.
    pub depth: u8,
    /// True if the query asked for DNSSEC keys, or for data that are needed to fetch such keys.
    pub keys: bool,
}

impl MessageEntry {
    /// Returns true if any reply of the server arrived.
    pub(super) fn came_back(&self) -> bool {
        self.conduct.is_some_and(Conduct::came_back)
    }
}

/// A name or an address in an answer. It shows which questions belong to the same mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// A name, in lower-case wire form.
    Name(Arc<[u8]>),
    /// An address.
    Address(IpAddr),
}

/// The local user that owned the socket of a client at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerEntry {
    /// The address of the client.
    pub client: IpAddr,
    /// The port of the client's socket.
    pub port: u16,
    /// When the socket was looked up; for the unit see `QuestionEntry::at`.
    pub at: u64,
    /// The name of the user, or the number of the user if there is no name.
    pub user: Box<str>,
}

/// A time in which our own network was down: its start, and its end so far.
pub type OutageEntry = (u64, u64);

/// An entry of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A client's question.
    Question(QuestionEntry),
    /// A flight.
    Flight(FlightEntry),
    /// An outage of our own network.
    Outage(OutageEntry),
    /// The local user that owns the socket of a client. This entry is in memory only: on disk, the user is stored with the question.
    Owner(OwnerEntry),
}

impl Entry {
    /// Converts the times of the entry from the clock `Mono` to dates.
    pub(super) fn date(&mut self, dates: &Dates) {
        match self {
            Self::Question(question) => question.at = dates.unix(question.at),
            Self::Flight(flight) => flight.began = dates.unix(flight.began),
            Self::Outage((since, until)) => (*since, *until) = (dates.unix(*since), dates.unix(*until)),
            Self::Owner(owner) => owner.at = dates.unix(owner.at),
        }
    }

    /// Returns when the event of the entry ended.
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
    /// Returns when the flight ended. If it has not ended yet, returns when it was last recorded.
    pub fn end(&self) -> u64 {
        self.began.saturating_add(self.elapsed)
    }

    /// Returns the octets of memory that a reader needs for the flight, see `QuestionEntry::weight`. Each query to a server is counted with its
    /// place in the index of `traffic`.
    pub(super) fn weight(&self) -> usize {
        let messages = self.messages.len().saturating_mul(size_of::<MessageEntry>() * 2);
        let links = self.links.len().saturating_mul(size_of::<Link>() * 2);
        (size_of::<Self>() * 2).saturating_add(self.why.len()).saturating_add(messages).saturating_add(links)
    }
}

/// Returns the key of a name and a type, for tables of entries that are in memory at the same time. Equal names of one reading share their
/// memory, so the address of the name is enough as a key.
pub(super) fn place_of(name: &Arc<[u8]>, kind: RecordType) -> AskedPlace {
    (Arc::as_ptr(name).addr(), u16::from(kind).into())
}

/// The key of a name and a type, which `place_of` returns.
pub(super) type AskedPlace = (usize, u64);

/// A table with names and types as keys. The keys come from `place_of`, so strangers cannot choose them, and the hash needs no secret.
pub(super) type ByAsked<Known> = HashMap<AskedPlace, Known, BuildHasherDefault<Plain>>;

#[cfg(test)]
mod tests {
    use super::*;

    impl FlightEntry {
        /// Creates a flight without a name and without queries to servers, for tests.
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
