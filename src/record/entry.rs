//! The entries of the history: questions of clients, resolutions, outages of the network of this host, and local users of clients. The
//! module `octets` defines their binary form.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::rr::RecordType;

use crate::culprit::{CulpritKind, Side};
use crate::dates::Dates;
use crate::event::{ListFault, Shows};
use crate::hidden_clients::is_without_client;
use dns::conduct::{Conduct, Transport};
use dns::hash::Plain;
use dns::question::{ClientTransport, DnsResult, ExtendedError, Outcome};

/// A question of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionEntry {
    /// The name in wire form; in lower case in an entry that was read from the history.
    pub name: Arc<[u8]>,
    /// The record type.
    pub kind: RecordType,
    /// The address of the client.
    pub client: IpAddr,
    /// The port of the client; 0 if it is not known, as for answers from the cache.
    pub port: u16,
    /// The transport of the question; none if it is not known, as for answers from the cache.
    pub transport: Option<ClientTransport>,
    /// The number of the client's view.
    pub view: u32,
    /// When the question was received, in microseconds: of the monotonic clock in an entry that is being written, since 1970 in an entry
    /// that was read from the history.
    pub at: u64,
    /// How the question was answered, or why it failed.
    pub outcome: Outcome,
    /// The time to the reply, in microseconds.
    pub elapsed: u64,
    /// The number of the resolution for which the question waited.
    pub flight: Option<u64>,
    /// Why the question failed; empty if it did not fail.
    pub error: Box<str>,
    /// The code of the extended error (RFC 8914) in the reply.
    pub code: Option<u16>,
    /// The name or number of the local user that owns the client's socket; none if it was not looked up, or not found.
    pub user: Option<Box<str>>,
    /// What the reply said, as far as its header shows it.
    pub result: DnsResult,
    /// True if the entry is from disk, where only a few questions are stored.
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
            result: DnsResult::Unknown,
            stored: false,
        }
    }

    /// Creates the entry of an MX question that failed immediately, for tests.
    #[cfg(any(test, feature = "simulated"))]
    pub fn failed(name: &[u8], at: u64) -> Self {
        let hit = Self::hit(name.into(), RecordType::MX, [127, 0, 0, 1].into(), 0, at);
        Self { port: 7, outcome: Outcome::Failed, elapsed: 1, ..hit }
    }

    /// The weight of a question with an empty name, in octets.
    pub(crate) const LEAST_WEIGHT: usize = size_of::<Self>() * 3 / 2;

    /// Returns an estimate of the memory, in octets, that a reader needs to store and sort the question, and to add it to a message
    /// (email).
    pub(crate) fn weight(&self) -> usize {
        Self::LEAST_WEIGHT.saturating_add(self.name.len()).saturating_add(self.error.len())
    }

    /// Returns the key of the question's name and type, for tables such as `ByAsked`.
    pub fn place(&self) -> AskedPlace {
        place_of(&self.name, self.kind)
    }

    /// Returns true if the client's address is missing, because `history.redact` has removed it.
    pub(crate) fn is_without_client(&self) -> bool {
        is_without_client(self.client)
    }

    /// Returns the address of the client, or `redacted`.
    pub fn client_text(&self) -> String {
        if self.is_without_client() { "redacted".to_owned() } else { self.client.to_string() }
    }

    /// Returns true if resolverd turned away the question because it had too much work. A question for a silent zone may also be turned
    /// away, but then the extended error says that the zone is silent.
    pub fn is_overload(&self) -> bool {
        let is_silent = self.code == Some(ExtendedError::NO_REACHABLE_AUTHORITY);
        self.outcome == Outcome::Shed && !is_silent && !self.was_stopped()
    }

    /// Returns true if the question failed because resolverd stopped.
    pub fn was_stopped(&self) -> bool {
        self.outcome == Outcome::Shed && &*self.error == ExtendedError::STOPPING
    }

    /// Returns true if the extended error of an answer only says why the answer is not validated. It explains no delay.
    pub fn is_only_insecure(&self) -> bool {
        !self.outcome.is_failure() && self.code.is_some_and(ExtendedError::is_of_insecurity)
    }

    /// Returns when the reply was sent, in the unit of `at`.
    pub fn end(&self) -> u64 {
        self.at.saturating_add(self.elapsed)
    }
}

/// The resolution (flight) of one question for all clients that wait. The entry is written when the resolution has ended, or when a client
/// was answered at its deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlightEntry {
    /// The unique number of the resolution.
    pub id: u64,
    /// When the resolution began, in the unit of `QuestionEntry::at`.
    pub began: u64,
    /// The time in microseconds until the end of the resolution, or until it was recorded.
    pub elapsed: u64,
    /// The name in lower-case wire form.
    pub name: Arc<[u8]>,
    /// The record type that the resolution asks for.
    pub kind: RecordType,
    /// The deepest zone whose servers were asked, in wire form; empty if there is none. For a bogus answer, the zone at which the chain of
    /// trust breaks, if it is known.
    pub zone: Arc<[u8]>,
    /// What the failure shows about the servers of the zone, for instance that they are silent.
    pub shows: Option<Shows>,
    /// Why the resolution failed; empty if it did not fail.
    pub why: Box<str>,
    /// The servers with faults, and their last behaviour; at most `MAX_RECORDED_FAULTS`.
    pub faults: Vec<(IpAddr, Conduct)>,
    /// The queries to servers, in order; at most `MAX_RECORDED_MESSAGES`.
    pub messages: Vec<MessageEntry>,
    /// The names and addresses in the answer; at most `MAX_RECORDED_LINKS`.
    pub links: Vec<Link>,
    /// The fault of the DNS list that made the resolution fail.
    pub list_fault: Option<ListFault>,
    /// The zone whose cached NSEC or NSEC3 records deny the name, in wire form. None if the answer was not concluded from such records (RFC 8198).
    pub concluded_from: Option<Arc<[u8]>>,
}

/// A query to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageEntry {
    /// When the query was sent, in microseconds since the resolution began.
    pub at: u32,
    /// The time to the answer, or to the end of the resolution, in microseconds.
    pub elapsed: u32,
    /// The address of the server.
    pub server: IpAddr,
    /// The zone of the query in wire form; empty if it is `FlightEntry::zone`.
    pub zone: Arc<[u8]>,
    /// The transport of the query.
    pub transport: Transport,
    /// The behaviour of the server; none if it had not answered when the resolution ended.
    pub conduct: Option<Conduct>,
    /// Why the query was sent: one word, such as `retry` (see `StepEvent::Sent`).
    pub reason: &'static str,
    /// The depth of the sub-question; 0 for the question of the resolution itself.
    pub depth: u8,
    /// True if the query asked for DNSSEC keys, or for data that are needed to fetch such keys.
    pub keys: bool,
}

impl MessageEntry {
    /// Returns true if any reply of the server arrived.
    pub fn came_back(&self) -> bool {
        self.conduct.is_some_and(Conduct::came_back)
    }
}

/// A name or an address in an answer. A later question about it probably belongs to the same mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// A name in lower-case wire form.
    Name(Arc<[u8]>),
    /// An address.
    Address(IpAddr),
}

/// The local user that owned the socket of a client when the user was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerEntry {
    /// The IP address of the client's socket.
    pub client: IpAddr,
    /// The port of the client's socket.
    pub port: u16,
    /// When the user was looked up, in microseconds: of the monotonic clock in an entry that is being written, since 1970 in an entry that
    /// was read from the history.
    pub at: u64,
    /// The name or number of the user.
    pub user: Box<str>,
}

/// The start and end (so far) of an outage of the network of this host, in the unit of `QuestionEntry::at`.
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
    /// The local user of a client, in memory only: on disk, the user is stored with the question.
    Owner(OwnerEntry),
    /// A sum of delayed mail, on disk only.
    Delay(DelayEntry),
}

/// A sum of the mail that was delayed in a period, on disk only (see `delays`). With a side: by all causes of the side, or by the cause `kind` of
/// `zone`. Without a side: by the DNS list `zone`; without a zone, the number of all emails. Times are in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DelayEntry {
    /// The begin of the period, since 1970.
    pub at: u64,
    /// The end of the period, since 1970.
    pub until: u64,
    /// The party that can remove the cause.
    pub side: Option<Side>,
    /// The kind of the cause.
    pub kind: Option<CulpritKind>,
    /// The zone of the cause or the apex of the list, in wire form; empty if there is none.
    pub zone: Arc<[u8]>,
    /// The first servers of the cause.
    pub servers: Vec<IpAddr>,
    /// The time that mail waited, plus a fixed time for failures.
    pub worth: u64,
    /// The time that mail waited.
    pub micros: u64,
    /// The number of failed queries; in the number of all emails, how many were delayed.
    pub failed: u64,
    /// The number of emails.
    pub messages: u64,
    /// The longest delay of an email by the list.
    pub longest: u64,
}

impl DelayEntry {
    /// Returns true for the number of all emails.
    pub fn is_total(&self) -> bool {
        self.side.is_none() && self.zone.is_empty()
    }

    /// Returns true for the delay of mail by a DNS list.
    pub fn is_of_list(&self) -> bool {
        self.side.is_none() && !self.zone.is_empty()
    }

    /// Returns true for the delay of mail by all causes of a side.
    pub const fn is_of_side(&self) -> bool {
        self.side.is_some() && self.kind.is_none()
    }
}

impl Entry {
    /// Converts the times from the monotonic clock to microseconds since 1970.
    pub(crate) fn date(&mut self, dates: &Dates) {
        match self {
            Self::Question(question) => question.at = dates.unix(question.at),
            Self::Flight(flight) => flight.began = dates.unix(flight.began),
            Self::Outage((since, until)) => (*since, *until) = (dates.unix(*since), dates.unix(*until)),
            Self::Owner(owner) => owner.at = dates.unix(owner.at),
            // Sums have dates when they are made.
            Self::Delay(_) => {}
        }
    }

    pub(crate) fn end(&self) -> u64 {
        match self {
            Self::Question(question) => question.end(),
            Self::Flight(flight) => flight.end(),
            Self::Outage((_, until)) => *until,
            Self::Owner(owner) => owner.at,
            Self::Delay(delay) => delay.until,
        }
    }
}

impl FlightEntry {
    /// Returns when the resolution ended, or was recorded.
    pub fn end(&self) -> u64 {
        self.began.saturating_add(self.elapsed)
    }

    /// Returns an estimate of the memory, in octets, that a reader needs. All but the text counts twice, because the reader also builds tables,
    /// such as the index of queries in the module `traffic`.
    pub(crate) fn weight(&self) -> usize {
        let messages = self.messages.len().saturating_mul(size_of::<MessageEntry>() * 2);
        let links = self.links.len().saturating_mul(size_of::<Link>() * 2);
        (size_of::<Self>() * 2).saturating_add(self.why.len()).saturating_add(messages).saturating_add(links)
    }
}

/// Returns the key of a name and a type, for entries that are in memory together. Equal names share their memory, so the memory address
/// identifies the name.
pub fn place_of(name: &Arc<[u8]>, kind: RecordType) -> AskedPlace {
    (Arc::as_ptr(name).addr(), u16::from(kind).into())
}

pub(crate) type AskedPlace = (usize, u64);

/// A table whose keys are names and types. `place_of` makes the keys from memory addresses, so an attacker cannot choose keys that collide,
/// and the hash needs no secret.
pub type ByAsked<Known> = HashMap<AskedPlace, Known, BuildHasherDefault<Plain>>;

#[cfg(any(test, feature = "simulated"))]
impl FlightEntry {
    /// Creates an entry without a name, for tests.
    pub fn blank(id: u64, began: u64, elapsed: u64) -> Self {
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
            concluded_from: None,
        }
    }
}
