//! The events that the way of a question reports to the record: ended questions, queries to servers, flights and
//! their steps.
//!
//! Plain data; the code that reports does not wait.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use serde::{Deserialize, Serialize};

use dns::clock::Mono;
use dns::conduct::{Conduct, Transport};
use dns::question::{Outcome, Question};
use validate::verdict::SecurityStatus;

/// A client's question that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// The client.
    pub client: IpAddr,
    /// The type of the question.
    pub kind: RecordType,
    /// Its outcome.
    pub outcome: Outcome,
    /// From the arrival of its first copy to the reply.
    pub elapsed: Duration,
}

/// The origin of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerOrigin {
    /// Recursion from the root has found it.
    Recursion,
    /// The operator has named it, or a server that refers to it.
    Configuration,
}

/// One query to one server, and its result.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The server.
    pub server: SocketAddr,
    /// The zone that it was asked for.
    pub zone: Name,
    /// The origin of the server.
    pub origin: ServerOrigin,
    /// The transport.
    pub transport: Transport,
    /// The server's conduct.
    pub conduct: Conduct,
    /// The time from sending to the result.
    pub elapsed: Duration,
}

/// A query to a server whose answer is overdue.
#[derive(Clone, Copy, Debug)]
pub struct Overdue<'a> {
    /// The server.
    pub server: SocketAddr,
    /// The zone that it was asked for.
    pub zone: &'a Name,
    /// The origin of the server.
    pub origin: ServerOrigin,
    /// When it was sent.
    pub sent: Mono,
}

/// An ended flight: all work for one question, for all clients that waited for it.
#[derive(Clone, Debug)]
pub struct FlightEnded<'a> {
    /// The question.
    pub question: &'a Question,
    /// The route of its question.
    pub route: RouteKind,
    /// The deepest zone whose servers it asked; none if memory was enough.
    pub zone: Option<Name>,
    /// Why it failed, if it did.
    pub failed: Option<FlightFailure>,
    /// Whether it ended at a denial that all servers of the zone gave without authority.
    pub doubted: bool,
    /// The result of validation; none if nothing was validated.
    pub state: Option<SecurityStatus>,
    /// From its begin to its end.
    pub elapsed: Duration,
    /// How long its clients wait: a client that waited from the begin did not get a later result.
    pub patience: Duration,
    /// Queries sent for it, sub-questions included.
    pub packets: u32,
}

/// The kind of zone that the route of a question leads to. The words in metrics are those of the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    /// A zone that recursion from the root finds.
    #[default]
    Recursion,
    /// A configured zone with servers of its own.
    Stub,
    /// A configured zone with forwarders.
    Forward,
    /// A zone that resolverd answers from its configuration.
    Local,
}

impl RouteKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Recursion, Self::Stub, Self::Forward, Self::Local];

    /// Its place in `ALL`.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Why a flight failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlightFailure {
    /// A sentence.
    pub why: String,
    /// The meaning of the failure for the zone.
    pub shows: Shows,
    /// The origin of the zone's servers.
    pub origin: ServerOrigin,
    /// Servers with faults, and the last conduct of each.
    pub servers: Vec<(IpAddr, Conduct)>,
    /// Of a bogus answer, the zone at which the chain of trust breaks, if it is known.
    pub broken_at: Option<Name>,
    /// The behaviour of the DNS list, if it has one at fault.
    pub list: Option<ListFault>,
}

impl FlightFailure {
    /// The failure of a flight on the internet that has found an answer.
    pub(super) fn of_answer(why: String, shows: Shows) -> Self {
        let (origin, servers) = (ServerOrigin::Recursion, Vec::new());
        Self { why, shows, origin, servers, broken_at: None, list: None }
    }
}

/// The behaviour of a DNS list whose answer does not say whether a name is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFault {
    /// It refuses queries of this host.
    Refuses,
    /// It refuses the key of its client.
    RefusesKey,
    /// Its servers answer REFUSED.
    NotServed,
    /// It rejects the query as invalid.
    RejectsQuery,
    /// Its domain may have a new owner.
    NewOwner,
    /// It lists everything.
    ListsEverything,
    /// Its answer cannot be used: an alias leads nowhere, or its signatures are wrong.
    Unusable,
    /// It has text for the name, and no address.
    TextAlone,
    /// Its servers do not answer.
    Silent,
}

impl ListFault {
    /// All of them, in the order of their numbers in the record.
    pub const ALL: [Self; 9] = [
        Self::Refuses,
        Self::RefusesKey,
        Self::NotServed,
        Self::RejectsQuery,
        Self::NewOwner,
        Self::ListsEverything,
        Self::Unusable,
        Self::TextAlone,
        Self::Silent,
    ];
}

/// The meaning of a failure for the zone whose servers were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// No server answered: the zone's servers are silent, or our own network is down.
    Silence,
    /// Its servers answered, but no answer was of use.
    NoHelp,
    /// The answer of its servers is not what its owner signed.
    Bogus,
    /// Not known whether it is bogus: the keys could not be fetched, because of the zone or of our own network.
    Unchecked,
    /// It is a DNS list, whose state is reported as a list's.
    List,
    /// Its servers denied it without authority: clients got the denial.
    Doubt,
    /// The answer was found, too late for the clients.
    Late,
    /// No server was asked: as far as is known they have addresses only of a family that this host does not use.
    Unrouted,
}

impl Shows {
    /// All of them, in the order of their numbers in the record.
    pub const ALL: [Self; 8] = [
        Self::Silence,
        Self::NoHelp,
        Self::Bogus,
        Self::Unchecked,
        Self::List,
        Self::Doubt,
        Self::Late,
        Self::Unrouted,
    ];
}

/// One step on the way of a flight, for `resolverctl trace`. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Since the flight began.
    pub at: f64,
    /// The depth in sub-questions: 0 is the client's own.
    pub depth: u8,
    /// The event.
    #[serde(flatten)]
    pub event: StepEvent,
}

/// The event of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepEvent {
    /// A question, or a sub-question at a depth, was begun.
    Question {
        /// Name asked for.
        name: String,
        /// Type asked for.
        #[serde(rename = "type")]
        kind: String,
    },
    /// Memory had the answer.
    Memory {
        /// The answer.
        found: String,
    },
    /// The closest known zone, whose servers are asked next.
    Cut {
        /// The zone.
        zone: String,
        /// Servers whose addresses are known.
        addresses: usize,
    },
    /// Its servers are asked for a part of the name only (RFC 9156).
    Probe {
        /// The part.
        name: String,
    },
    /// A query was sent.
    Sent {
        /// The server.
        server: String,
        /// The transport.
        transport: Transport,
        /// The name that the server is asked for; none if name and type are those of the traced question. `_key` stands for
        /// the key of a DNS list.
        name: Option<String>,
        /// The type that the server is asked for; none like `name`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// Why this server is asked now: `first`, `race`, `retry`, `next`, `address`, `without_edns`, `truncated`,
        /// `other_case`, `own_case`, `alone`, `again`, `parent`.
        reason: String,
        /// Its usual round trip, by which servers are chosen; none if it is not known yet.
        usual: Option<f64>,
    },
    /// A server's reply came, or the query counts as lost.
    Received {
        /// The server.
        server: String,
        /// The server's conduct.
        conduct: Conduct,
        /// From sending.
        round_trip: f64,
        /// A summary of the message.
        said: String,
    },
    /// A query has no answer at its timer. Its answer may still come.
    Unanswered {
        /// The server.
        server: String,
        /// From sending.
        waited: f64,
    },
    /// Records were removed: the server had no authority to send them, or the query did not ask for them.
    Scrubbed {
        /// Their number.
        dropped: usize,
        /// The first of them, as name, type and data. Empty for a list whose queries carry a key.
        records: Vec<String>,
    },
    /// Addresses were removed from the answer because of `resolve.private_addresses`.
    PrivateRemoved {
        /// Their number.
        dropped: usize,
        /// The first of them, as name, type and data.
        records: Vec<String>,
    },
    /// The DS records of a zone: the link from its parent (RFC 4035 section 5). None: the parent proves that it is unsigned.
    Ds {
        /// The zone.
        zone: String,
        /// The DS records.
        records: Vec<DsFact>,
        /// Where they come from.
        from: DsSource,
    },
    /// The keys of a zone, which its DS records must confirm.
    Dnskey {
        /// The zone.
        zone: String,
        /// The DNSKEY records.
        records: Vec<KeyFact>,
        /// The server that sent them; none if they were in the cache.
        server: Option<String>,
    },
    /// Data, or a zone's keys, were checked.
    Checked {
        /// The data or the zone.
        subject: String,
        /// The result.
        state: SecurityStatus,
        /// Why it is not secure, if there is more to say.
        why: Option<String>,
    },
    /// A referral was followed.
    Referral {
        /// The zone referred to.
        zone: String,
    },
    /// No known server serves the zone, so its parent is asked for others.
    Outdated {
        /// The zone.
        zone: String,
    },
    /// The forwarders of a zone have failed, or have not answered for a while: the root servers are asked (`forward_first`).
    ForwardersFailed {
        /// The zone.
        zone: String,
    },
    /// A CNAME or DNAME leads on.
    Alias {
        /// The target.
        target: String,
    },
    /// The question, or the sub-question, ended.
    Ended {
        /// The result.
        result: String,
    },
}

impl StepEvent {
    /// Whether data or keys were found to be bogus.
    pub fn is_bogus(&self) -> bool {
        matches!(self, Self::Checked { state: SecurityStatus::Bogus, .. })
    }
}

/// A DS record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DsFact {
    /// The tag of the key that it confirms.
    pub tag: u16,
    /// The algorithm of that key.
    pub algorithm: u8,
    /// The type of its digest.
    pub digest: u8,
}

/// A DNSKEY record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFact {
    /// Its tag (RFC 4034 appendix B).
    pub tag: u16,
    /// Its algorithm.
    pub algorithm: u8,
    /// Its flags: 256 for a zone key, 257 for a key that DS records confirm.
    pub flags: u16,
}

/// Where the DS records of a zone come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DsSource {
    /// The zone above, which has signed them.
    Parent,
    /// A trust anchor.
    Anchor,
}
