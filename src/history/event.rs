//! The events that the resolver reports to the history while it works on a question: ended questions, queries to servers, flights and their
//! steps.
//!
//! The events are plain data. The code that reports an event does not wait.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use serde::{Deserialize, Serialize};

use dns::clock::Mono;
use dns::conduct::{Conduct, Transport};
use dns::question::{Outcome, Question};
use dns::words;
use validate::verdict::SecurityStatus;

/// A client's question that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// The address of the client.
    pub client: IpAddr,
    /// The type of the question.
    pub kind: RecordType,
    /// How the question was answered, or why it failed.
    pub outcome: Outcome,
    /// The time from the arrival of the question's first copy to the reply.
    pub elapsed: Duration,
}

/// How resolverd came to know a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerOrigin {
    /// Recursion from the root servers found the server.
    Recursion,
    /// The operator configured the server, or a configured server referred to it.
    Configuration,
}

/// One query to one server, and its result.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The address and port of the server.
    pub server: SocketAddr,
    /// The zone for which the server was asked.
    pub zone: Name,
    /// How resolverd came to know the server.
    pub origin: ServerOrigin,
    /// The transport of the query.
    pub transport: Transport,
    /// What the server did.
    pub conduct: Conduct,
    /// The time from sending to the result.
    pub elapsed: Duration,
}

/// A query to a server whose answer is overdue.
#[derive(Clone, Copy, Debug)]
pub struct Overdue<'a> {
    /// The address and port of the server.
    pub server: SocketAddr,
    /// The zone for which the server was asked.
    pub zone: &'a Name,
    /// How resolverd came to know the server.
    pub origin: ServerOrigin,
    /// When the query was sent.
    pub sent: Mono,
}

/// A flight that has ended. A flight is all work for one question, on behalf of all clients that waited for its answer.
#[derive(Clone, Debug)]
pub struct FlightEnded<'a> {
    /// The question.
    pub question: &'a Question,
    /// The kind of zone to which the question was routed.
    pub route: RouteKind,
    /// The deepest zone whose servers were asked; none if no server was asked, because the answer was in memory.
    pub zone: Option<Name>,
    /// Why the flight failed; none if it succeeded.
    pub failed: Option<FlightFailure>,
    /// True if the flight ended with a denial that all servers of the zone gave without authority.
    pub doubted: bool,
    /// The result of DNSSEC validation; none if nothing was validated.
    pub state: Option<SecurityStatus>,
    /// The time from the start of the flight to its end.
    pub elapsed: Duration,
    /// How long the clients of the flight wait. A client that waited from the start did not get a result that came later than this.
    pub patience: Duration,
    /// The number of queries sent for the flight, including those for sub-questions.
    pub packets: u32,
}

words! {
    /// The kind of zone to which a question is routed. Metrics use the same words as the configuration.
    #[derive(Default)]
    pub enum RouteKind {
        /// A zone that recursion from the root finds.
        #[default]
        Recursion = "recursion",
        /// A configured zone with servers of its own.
        Stub = "stub",
        /// A configured zone with forwarders.
        Forward = "forward",
        /// A zone that resolverd answers from its configuration.
        Local = "local",
    }
}

/// Why a flight failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlightFailure {
    /// The reason, as a sentence.
    pub why: String,
    /// What the failure means for the zone.
    pub shows: Shows,
    /// How resolverd came to know the servers of the zone.
    pub origin: ServerOrigin,
    /// The servers with faults, and what each of them did last.
    pub servers: Vec<(IpAddr, Conduct)>,
    /// If the answer was bogus: the zone at which the chain of trust breaks, if this zone is known.
    pub broken_at: Option<Name>,
    /// The behaviour of the DNS list, if a list is at fault.
    pub list: Option<ListFault>,
}

impl FlightFailure {
    /// Creates the failure of a flight that found an answer from servers on the internet.
    pub(super) fn of_answer(why: String, shows: Shows) -> Self {
        let (origin, servers) = (ServerOrigin::Recursion, Vec::new());
        Self { why, shows, origin, servers, broken_at: None, list: None }
    }
}

words! {
    /// The behaviour of a DNS list whose answer does not show whether a name is listed.
    pub enum ListFault {
        /// The list refuses queries of this host.
        Refuses = "refuses",
        /// The list refuses the customer key in the query.
        RefusesKey = "refuses_key",
        /// The servers of the list answer REFUSED.
        NotServed = "not_served",
        /// The list rejects the query as invalid.
        RejectsQuery = "rejects_query",
        /// The domain of the list may have a new owner.
        NewOwner = "new_owner",
        /// The list lists everything.
        ListsEverything = "lists_everything",
        /// The answer of the list cannot be used: an alias leads nowhere, or its signatures are wrong.
        Unusable = "unusable",
        /// The list has a text for the name, but no address.
        TextAlone = "text_alone",
        /// The servers of the list do not answer.
        Silent = "silent",
    }
}

words! {
    /// What a failure means for the zone whose servers were asked.
    pub enum Shows {
        /// No server answered: the zone's servers are silent, or our own network is down.
        Silence = "silence",
        /// The servers of the zone answered, but no answer was usable.
        NoHelp = "no_help",
        /// The answer of the servers is not what the owner of the zone signed.
        Bogus = "bogus",
        /// It is not known whether the answer is bogus: the keys could not be fetched, because of the zone or because of our own network.
        Unchecked = "unchecked",
        /// The zone is a DNS list, and its state is reported as the state of a list.
        List = "list",
        /// The servers of the zone denied the name without authority, and clients got this denial.
        Doubt = "doubt",
        /// The answer was found, but too late for the clients.
        Late = "late",
        /// No server was asked: all known addresses of the servers belong to an address family that this host does not use.
        Unrouted = "unrouted",
    }
}

/// One step of a flight, for `resolverctl trace`. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The time since the flight began.
    pub at: f64,
    /// How deeply the sub-question is nested; 0 is the client's own question.
    pub depth: u8,
    /// What happened in this step.
    #[serde(flatten)]
    pub event: StepEvent,
}

/// The kind of a step, with its details.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepEvent {
    /// Work on the question, or on a sub-question, began.
    Question {
        /// The name that was asked for.
        name: String,
        /// The type that was asked for.
        #[serde(rename = "type")]
        kind: String,
    },
    /// The answer was found in memory.
    Memory {
        /// The answer, as text.
        found: String,
    },
    /// The closest known zone, whose servers are asked next.
    Cut {
        /// The name of the zone.
        zone: String,
        /// The number of servers of the zone whose addresses are known.
        addresses: usize,
    },
    /// The servers of the zone are asked for a part of the name only, so that they do not learn the whole name (RFC 9156).
    Probe {
        /// The part of the name for which the servers are asked.
        name: String,
    },
    /// A query was sent.
    Sent {
        /// The address of the server.
        server: String,
        /// The transport.
        transport: Transport,
        /// The name for which the server is asked; none if name and type are those of the traced question. `_key` stands for the key of a DNS
        /// list.
        name: Option<String>,
        /// The type for which the server is asked; none in the same case as `name`.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// Why this server is asked now: `first`, `race`, `retry`, `next`, `address`, `without_edns`, `truncated`,
        /// `other_case`, `own_case`, `alone`, `again`, `parent`.
        reason: String,
        /// The usual round trip of the server, by which servers are chosen; none if it is not known yet.
        usual: Option<f64>,
    },
    /// The reply of a server arrived, or the query is taken for lost.
    Received {
        /// The address of the server.
        server: String,
        /// What the server did.
        conduct: Conduct,
        /// The time from the query to the reply.
        round_trip: f64,
        /// A summary of the reply.
        said: String,
    },
    /// No answer arrived before the timer of the query ran out. The answer may still come.
    Unanswered {
        /// The address of the server.
        server: String,
        /// The time since the query was sent.
        waited: f64,
    },
    /// Records were removed: the server had no authority to send them, or the query did not ask for them.
    Scrubbed {
        /// The number of removed records.
        dropped: usize,
        /// The first of the removed records, as name, type and data. Empty for a list whose queries carry a key.
        records: Vec<String>,
    },
    /// Addresses were removed from the answer because of `resolve.private_addresses`.
    PrivateRemoved {
        /// The number of removed addresses.
        dropped: usize,
        /// The first of the removed records, as name, type and data.
        records: Vec<String>,
    },
    /// The DS records of a zone, which link the zone to its parent (RFC 4035 section 5). If there are none, the parent proves that the zone is
    /// unsigned.
    Ds {
        /// The name of the zone.
        zone: String,
        /// The DS records; empty if the zone has none.
        records: Vec<DsFact>,
        /// Where the DS records come from.
        from: DsSource,
    },
    /// The keys of a zone, which its DS records must confirm.
    Dnskey {
        /// The name of the zone.
        zone: String,
        /// The DNSKEY records; empty if the zone has none.
        records: Vec<KeyFact>,
        /// The server that sent the DNSKEY records; none if they were in the cache.
        server: Option<String>,
    },
    /// The records of an answer, or the keys of a zone, were validated.
    Checked {
        /// The name and type of the validated data, or the name of the zone.
        subject: String,
        /// The result of validation.
        state: SecurityStatus,
        /// Why the result is not secure, if more is known than the result itself.
        why: Option<String>,
    },
    /// A server referred to the servers of another zone, which are asked next.
    Referral {
        /// The name of the zone to which the server referred.
        zone: String,
    },
    /// No known server serves the zone any more, so the parent zone is asked for the current servers.
    Outdated {
        /// The name of the zone.
        zone: String,
    },
    /// The forwarders of a zone failed, or did not answer for a while, so the question is resolved from the root servers (`forward_first`).
    ForwardersFailed {
        /// The name of the zone.
        zone: String,
    },
    /// A CNAME or DNAME record leads to another name.
    Alias {
        /// The name to which the record leads.
        target: String,
    },
    /// Work on the question, or on the sub-question, ended.
    Ended {
        /// The result of the question: a summary of the answer, or why it failed.
        result: String,
    },
}

impl StepEvent {
    /// Returns true if data or keys were found to be bogus.
    pub fn is_bogus(&self) -> bool {
        matches!(self, Self::Checked { state: SecurityStatus::Bogus, .. })
    }
}

/// A DS record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DsFact {
    /// The key tag of the DNSKEY record that the DS record confirms.
    pub tag: u16,
    /// The DNSSEC algorithm of that key, as its number.
    pub algorithm: u8,
    /// The digest type of the DS record, as its number.
    pub digest: u8,
}

/// A DNSKEY record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFact {
    /// The key tag of the record (RFC 4034 appendix B).
    pub tag: u16,
    /// The DNSSEC algorithm of the key, as its number.
    pub algorithm: u8,
    /// The flags of the key: 256 for a zone key, 257 for a key that DS records confirm.
    pub flags: u16,
}

/// Where the DS records of a zone come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DsSource {
    /// The parent zone, which has signed the records.
    Parent,
    /// The configuration: a trust anchor of the zone.
    Anchor,
}
