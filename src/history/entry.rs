//! The entries of the history (the recorded questions and resolutions): a question of a client, the resolution that answered it, an outage of the
//! network of this host, and the local user of a client. The same types are used to write and to read entries. The module `octets` defines their
//! binary form.

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
use dns::question::{ClientTransport, DnsResult, ExtendedError, Outcome};

/// An entry of the history about a question of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionEntry {
    /// The name for which the client asked, in wire form. In an entry that was read, it is in lower case.
    pub name: Arc<[u8]>,
    /// The record type for which the client asked.
    pub kind: RecordType,
    /// The address of the client.
    pub client: IpAddr,
    /// The port of the client; 0 if it is not known. For questions that the cache answered, it is not known.
    pub port: u16,
    /// How the question reached resolverd; none if this is not known. For questions that the cache answered, it is not known.
    pub transport: Option<ClientTransport>,
    /// The number of the client's view, which is the set of configured zones that the client sees.
    pub view: u32,
    /// When the question was received, in microseconds. In an entry that is being written, this is a time of the monotonic clock; in an entry that
    /// was read, it is the time since 1970.
    pub at: u64,
    /// The outcome: how the question was answered, or why it failed.
    pub outcome: Outcome,
    /// The time from the arrival of the question to the reply, in microseconds.
    pub elapsed: u64,
    /// The number of the resolution for which the question waited; none if it waited for none.
    pub flight: Option<u64>,
    /// Why the question failed, as a sentence; empty if it did not fail.
    pub error: Box<str>,
    /// The code of the extended error (RFC 8914) in the reply, if there is one.
    pub code: Option<u16>,
    /// The local user that owns the client's socket: a name, or a number if the user has no name. None if the user was not looked up, or not
    /// found.
    pub user: Option<Box<str>>,
    /// What the reply to the client said, as far as its header shows it.
    pub result: DnsResult,
    /// True if the entry was read from disk. The disk has only a few of the questions of that time.
    pub stored: bool,
}

impl QuestionEntry {
    /// Creates the entry of a question that was answered from the cache.
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
            result: DnsResult::Unknown,
            stored: false,
        }
    }

    /// Creates the entry of a question for MX that failed immediately, for tests.
    #[cfg(any(test, feature = "simulated"))]
    pub fn failed(name: &[u8], at: u64) -> Self {
        let hit = Self::hit(name.into(), RecordType::MX, [127, 0, 0, 1].into(), 0, at);
        Self { port: 7, outcome: Outcome::Failed, elapsed: 1, ..hit }
    }

    /// The smallest possible result of `weight`, in octets: the result for a question with an empty name.
    pub(super) const LEAST_WEIGHT: usize = size_of::<Self>() * 3 / 2;

    /// Returns an estimate of the memory, in octets, that a reader of the history needs for the question: to store it, to sort it, and to add it to a
    /// message (email).
    pub(super) fn weight(&self) -> usize {
        Self::LEAST_WEIGHT.saturating_add(self.name.len()).saturating_add(self.error.len())
    }

    /// Returns the key of the question's name and type, for tables such as `ByAsked`.
    pub(super) fn place(&self) -> AskedPlace {
        place_of(&self.name, self.kind)
    }

    /// Returns true if the entry lacks the address of the client, because `history.redact` has removed it.
    pub(crate) fn is_without_client(&self) -> bool {
        is_without_client(self.client)
    }

    /// Returns the address of the client as text. Returns `redacted` if `history.redact` has removed it.
    pub(super) fn client_text(&self) -> String {
        if self.is_without_client() { "redacted".to_owned() } else { self.client.to_string() }
    }

    /// Returns true if this resolver turned away the question because it had too much work. A question for a silent zone may also be turned away,
    /// because only a few questions may wait for such a zone; then the extended error says that the zone is silent, and the result is false.
    pub(crate) fn is_overload(&self) -> bool {
        let is_silent = self.code == Some(ExtendedError::NO_REACHABLE_AUTHORITY);
        self.outcome == Outcome::Shed && !is_silent && !self.was_stopped()
    }

    /// Returns true if the question failed because this resolver stopped while the client still waited.
    pub(crate) fn was_stopped(&self) -> bool {
        self.outcome == Outcome::Shed && &*self.error == ExtendedError::STOPPING
    }

    /// Returns when the reply was sent, in the unit of `at`.
    pub fn end(&self) -> u64 {
        self.at.saturating_add(self.elapsed)
    }
}

/// The resolution (flight) of one question for all clients that wait for the answer. The entry is written when the resolution has ended, or earlier
/// when a client was answered at its deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlightEntry {
    /// The number of the resolution, which no other resolution in the history has.
    pub id: u64,
    /// When the resolution began, in the unit of `QuestionEntry::at`.
    pub began: u64,
    /// The time in microseconds from the start of the resolution to its end. If it was recorded while still in progress, the time to the recording.
    pub elapsed: u64,
    /// The name that the resolution resolves, in lower-case wire form.
    pub name: Arc<[u8]>,
    /// The record type for which the resolution asks.
    pub kind: RecordType,
    /// The zone to which the resolution belongs, in wire form: the deepest zone whose servers were asked; empty if no server was asked. If the answer
    /// was bogus, it is the zone at which the chain of trust breaks, if that zone is known.
    pub zone: Arc<[u8]>,
    /// What the failure shows about the servers of the zone, for instance that they are silent; none if the resolution did not fail.
    pub shows: Option<Shows>,
    /// Why the resolution failed, as a sentence; empty if it did not fail.
    pub why: Box<str>,
    /// The servers with faults, and the last behaviour of each; at most `MAX_RECORDED_FAULTS`.
    pub faults: Vec<(IpAddr, Conduct)>,
    /// The queries to servers, in the order in which they were sent; at most `MAX_RECORDED_MESSAGES`.
    pub messages: Vec<MessageEntry>,
    /// The names and addresses in the answer of the resolution; at most `MAX_RECORDED_LINKS`.
    pub links: Vec<Link>,
    /// The fault of the DNS list that made the resolution fail; none if no list is at fault.
    pub(crate) list_fault: Option<ListFault>,
}

/// A query to a server, which was sent for a resolution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEntry {
    /// When the query was sent, in microseconds since the resolution began.
    pub at: u32,
    /// The time from the query to its answer, in microseconds. If there was no answer, the time from the query to the end of the
    /// resolution.
    pub elapsed: u32,
    /// The address of the server to which the query was sent.
    pub server: IpAddr,
    /// The zone for which the server was asked, in wire form; empty if it is the zone of the resolution (`FlightEntry::zone`).
    pub zone: Arc<[u8]>,
    /// The transport of the query: UDP, TCP, TLS or HTTPS.
    pub transport: Transport,
    /// The behaviour of the server, for instance an answer or an error; none if it had not answered when the resolution ended.
    pub conduct: Option<Conduct>,
    /// Why the query was sent to this server at this time: one word, such as `retry` (see `StepEvent::Sent`).
    pub reason: &'static str,
    /// How deeply the sub-question of this query is nested; 0 for a query about the question of the resolution itself.
    pub depth: u8,
    /// True if the query asked for DNSSEC keys, or for data that are needed to fetch such keys.
    pub keys: bool,
}

impl MessageEntry {
    /// Returns true if any reply of the server arrived, even one with an error.
    pub(super) fn came_back(&self) -> bool {
        self.conduct.is_some_and(Conduct::came_back)
    }
}

/// A name or an address in an answer. If a later question is about it, the two questions probably belong to the same mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// A name in the answer, in lower-case wire form.
    Name(Arc<[u8]>),
    /// An address in the answer.
    Address(IpAddr),
}

/// The local user that owned the socket of a client at the time at which resolverd looked the user up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerEntry {
    /// The IP address of the client's socket.
    pub client: IpAddr,
    /// The port of the client's socket.
    pub port: u16,
    /// When the user of the socket was looked up, in the unit of `QuestionEntry::at`.
    pub at: u64,
    /// The name of the local user who owns the client's socket, or the number of the user if it has no name.
    pub user: Box<str>,
}

/// A period in which the network of this host was down: its start, and its end (so far, if it is still down). In the unit of `QuestionEntry::at`.
pub type OutageEntry = (u64, u64);

/// An entry of the query history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A client's question.
    Question(QuestionEntry),
    /// A resolution with its queries to servers.
    Flight(FlightEntry),
    /// An outage of the network of this host.
    Outage(OutageEntry),
    /// The local user that owns the socket of a client. Such an entry exists in memory only: on disk, the user is stored with the question.
    Owner(OwnerEntry),
}

impl Entry {
    /// Converts the times of the entry from the monotonic clock to microseconds since 1970.
    pub(super) fn date(&mut self, dates: &Dates) {
        match self {
            Self::Question(question) => question.at = dates.unix(question.at),
            Self::Flight(flight) => flight.began = dates.unix(flight.began),
            Self::Outage((since, until)) => (*since, *until) = (dates.unix(*since), dates.unix(*until)),
            Self::Owner(owner) => owner.at = dates.unix(owner.at),
        }
    }

    /// Returns when the question, the resolution, the outage or the lookup of the user in this entry ended.
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
    /// Returns when the resolution ended. If it was recorded while still in progress, returns the time of the recording.
    pub fn end(&self) -> u64 {
        self.began.saturating_add(self.elapsed)
    }

    /// Returns an estimate of the memory, in octets, that a reader of the history needs for the resolution (as `QuestionEntry::weight`). The memory
    /// for a query to a server is counted twice, because the module `traffic` has an index of queries.
    pub(super) fn weight(&self) -> usize {
        let messages = self.messages.len().saturating_mul(size_of::<MessageEntry>() * 2);
        let links = self.links.len().saturating_mul(size_of::<Link>() * 2);
        (size_of::<Self>() * 2).saturating_add(self.why.len()).saturating_add(messages).saturating_add(links)
    }
}

/// Returns the key of a name and a type, for tables of entries that are in memory at the same time. When entries are read together, equal names share
/// their memory, so the memory address of the name identifies it.
pub(super) fn place_of(name: &Arc<[u8]>, kind: RecordType) -> AskedPlace {
    (Arc::as_ptr(name).addr(), u16::from(kind).into())
}

/// The key of a name and a type, as returned by `place_of`.
pub(super) type AskedPlace = (usize, u64);

/// A table whose keys are names and types. `place_of` makes the keys from addresses in memory, so an attacker cannot choose keys that collide, and
/// the hash needs no secret.
pub(super) type ByAsked<Known> = HashMap<AskedPlace, Known, BuildHasherDefault<Plain>>;

#[cfg(test)]
mod tests {
    use super::*;

    impl FlightEntry {
        /// Creates a resolution without a name and without queries to servers, for tests.
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
