//! What the resolver reports to the history: ended questions, queries to servers, resolutions (flights) and their steps. Reporting an event
//! never waits.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use serde::{Deserialize, Serialize};

use crate::limits::ENDING_ANSWER_TIME;
use dns::clock::Mono;
use dns::conduct::{Conduct, Transport};
use dns::question::{Outcome, Question};
use dns::words;
use validate::verdict::SecurityStatus;

/// A question of a client that has ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// The address of the client.
    pub client: IpAddr,
    /// The record type of the question.
    pub kind: RecordType,
    /// How the question was answered, or why it failed.
    pub outcome: Outcome,
    /// The time from the arrival of the first copy of the question to the reply.
    pub elapsed: Duration,
}

/// How resolverd learned the address of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerOrigin {
    /// resolverd found it by recursion from the root servers.
    Recursion,
    /// The operator configured it, or a configured server referred to it.
    Configuration,
}

/// One query to one server, and its result.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The address and port of the server.
    pub server: SocketAddr,
    /// The zone about which the server was asked.
    pub zone: Name,
    /// How resolverd learned the address.
    pub origin: ServerOrigin,
    /// The transport of the query.
    pub transport: Transport,
    /// The server's behaviour, for instance an answer or an error.
    pub conduct: Conduct,
    /// The time from the sending of the query to its answer or timeout.
    pub elapsed: Duration,
}

impl Sent {
    /// Returns true if the server replied soon enough for a client.
    pub(crate) fn came_in_time(&self) -> bool {
        self.conduct.came_back() && self.elapsed < ENDING_ANSWER_TIME
    }
}

/// A query to a server that was not answered in time. The answer may still come.
#[derive(Clone, Copy, Debug)]
pub struct Overdue<'a> {
    /// The server's address and port.
    pub server: SocketAddr,
    /// The zone about which the server was asked.
    pub zone: &'a Name,
    /// How resolverd learned the address.
    pub origin: ServerOrigin,
    /// When the query was sent.
    pub sent: Mono,
}

/// A resolution (flight) that has ended: all work for one question, for all clients that waited for its answer.
#[derive(Clone, Debug)]
pub struct FlightEnded<'a> {
    /// The question that the resolution resolves.
    pub question: &'a Question,
    /// By recursion, or from a configured zone.
    pub route: RouteKind,
    /// The deepest zone whose servers were asked; none if all data were in the cache.
    pub zone: Option<Name>,
    /// Why the resolution failed; none if it did not fail.
    pub failed: Option<FlightFailure>,
    /// True if all servers of the zone denied the name or type without authority (no AA flag), and clients got this denial.
    pub doubted: bool,
    /// The result of DNSSEC validation; none if nothing was validated.
    pub state: Option<SecurityStatus>,
    /// The time from the start of the resolution to its end.
    pub elapsed: Duration,
    /// How long a client waits. A result that comes later does not reach the clients that waited from the start.
    pub patience: Duration,
    /// The number of queries to servers, including those for sub-questions.
    pub packets: u32,
}

words! {
    /// How a question is resolved. Metrics and the configuration use the same words.
    #[derive(Default)]
    pub enum RouteKind {
        /// From the root servers downwards.
        #[default]
        Recursion = "recursion",
        /// By the authoritative servers of a configured zone.
        Stub = "stub",
        /// By the forwarders of a configured zone.
        Forward = "forward",
        /// From records in the configuration of resolverd.
        Local = "local",
    }
}

/// The reason why a resolution failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlightFailure {
    /// The reason, as a sentence.
    pub why: String,
    /// What the failure shows about the zone, for instance that its servers are silent.
    pub shows: Shows,
    /// How resolverd learned the addresses of the servers.
    pub origin: ServerOrigin,
    /// The servers with faults, and the last behaviour of each.
    pub servers: Vec<(IpAddr, Conduct)>,
    /// For a bogus answer: the zone at which the chain of trust breaks, if it is known.
    pub broken_at: Option<Name>,
    /// The fault of the DNS list; none if no list is at fault.
    pub list: Option<ListFault>,
}

impl FlightFailure {
    /// Creates the failure of a resolution that has an answer: a denial without authority, or an answer that came too late.
    pub(crate) fn of_answer(why: String, shows: Shows) -> Self {
        let (origin, servers) = (ServerOrigin::Recursion, Vec::new());
        Self { why, shows, origin, servers, broken_at: None, list: None }
    }
}

words! {
    /// The behaviour of a DNS list whose answer does not show whether a name is listed.
    pub enum ListFault {
        /// The list refuses the queries of this host, as its return code says.
        Refuses = "refuses",
        /// The list refuses the customer key in the query.
        RefusesKey = "refuses_key",
        /// The servers of the list answer REFUSED.
        NotServed = "not_served",
        /// The list rejects the query as invalid.
        RejectsQuery = "rejects_query",
        /// The domain of the list may have a new owner.
        NewOwner = "new_owner",
        /// The list lists every address and domain, so its entries have no meaning.
        ListsEverything = "lists_everything",
        /// An alias in the answer leads to no answer, or the signatures of the answer are wrong.
        Unusable = "unusable",
        /// The name has a TXT record, but no address record; only an address record is a listing.
        TextAlone = "text_alone",
        /// The servers of the list do not answer.
        Silent = "silent",
    }
}

words! {
    /// What a failure shows about the zone whose servers were asked.
    pub enum Shows {
        /// No server answered: the zone's servers are silent, or the network of this host is down.
        Silence = "silence",
        /// The servers of the zone answered, but no answer was usable.
        NoHelp = "no_help",
        /// The answer of the servers is not what the owner of the zone signed.
        Bogus = "bogus",
        /// It is not known if the answer is bogus, because the DNSSEC keys could not be fetched.
        Unchecked = "unchecked",
        /// The zone is a DNS list. There is a separate report about DNS lists.
        List = "list",
        /// The servers denied the name without authority, and clients got this denial.
        Doubt = "doubt",
        /// The answer came after the deadline of the clients.
        Late = "late",
        /// All known addresses of the servers belong to an address family that this host does not use.
        Unrouted = "unrouted",
    }
}

/// One step of a resolution, for `resolverctl trace`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Seconds since the resolution began.
    pub at: f64,
    /// How deeply the sub-question of this step is nested; 0 is the client's own question.
    pub depth: u8,
    /// What happened.
    #[serde(flatten)]
    pub event: StepEvent,
}

/// What happened in a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepEvent {
    /// The work on a question or sub-question began.
    Question {
        /// Its name.
        name: String,
        /// Its record type.
        #[serde(rename = "type")]
        kind: String,
    },
    /// The answer was found in the cache.
    Memory {
        /// The answer, as text.
        found: String,
    },
    /// NSEC or NSEC3 records in the cache prove that the name does not exist (RFC 8198).
    Synthesized {
        /// The zone whose records deny the name.
        zone: String,
    },
    /// The closest zone above the name whose servers are known was found. These servers are asked next.
    Cut {
        /// The name of this zone.
        zone: String,
        /// How many servers of the zone have known addresses.
        addresses: usize,
    },
    /// The servers are asked for a part of the name, so that they do not learn the whole name (RFC 9156).
    Probe {
        /// This part of the name.
        name: String,
    },
    /// A query was sent to a server.
    Sent {
        /// The server's address.
        server: String,
        /// The transport of the query.
        transport: Transport,
        /// The name in the query; none if name and type are those of the traced question. `_key` replaces a customer key.
        name: Option<String>,
        /// The type in the query; none if name and type are those of the traced question.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// Why this server is asked now: it is the preferred server (`first`), a second server in parallel (`race`), the next one after
        /// silence (`retry`) or after an unusable reply (`next`), a new address (`address`), the last server left (`alone`), asked again
        /// after errors of all servers (`again`), or named in the parent's referral (`parent`); or its round trip is measured (`measure`); or
        /// the same server is asked again without EDNS (`without_edns`), in lower case (`own_case`), or because its reply was truncated
        /// (`truncated`), changed the case (`other_case`) or was forged (`forged`).
        reason: String,
        /// The server's usual round trip in seconds, if it is known. Servers are chosen by it.
        usual: Option<f64>,
    },
    /// The reply of a server arrived, or the query to it counts as lost.
    Received {
        /// The server's address.
        server: String,
        /// The server's behaviour, for instance an answer or an error.
        conduct: Conduct,
        /// Seconds from the query to the reply.
        round_trip: f64,
        /// A summary of the reply, as text.
        said: String,
    },
    /// No answer arrived before the timer of the query ran out. The answer may still come.
    Unanswered {
        /// The server's address.
        server: String,
        /// Seconds since the query was sent.
        waited: f64,
    },
    /// Records were removed from a reply: the server had no authority to send them, or the query did not ask for them.
    Scrubbed {
        /// The number of removed records.
        dropped: usize,
        /// The first removed records: name, type and data. Empty for a DNS list with a customer key, which the records may contain.
        records: Vec<String>,
    },
    /// Addresses were removed from the answer because of `resolve.private_addresses`.
    PrivateRemoved {
        /// The number of removed addresses.
        dropped: usize,
        /// The first removed records: name, type and data.
        records: Vec<String>,
    },
    /// The DS records of a zone were found (RFC 4035 section 5), or the parent has proved that the zone is unsigned.
    Ds {
        /// The zone.
        zone: String,
        /// Its DS records; empty if the zone has none.
        records: Vec<DsFact>,
        /// Where the DS records come from: the parent zone or the configuration.
        from: DsSource,
    },
    /// The DNSKEY records of a zone were found.
    Dnskey {
        /// The zone.
        zone: String,
        /// Its DNSKEY records; empty if the zone has none.
        records: Vec<KeyFact>,
        /// The server that sent them; none if they were in the cache.
        server: Option<String>,
    },
    /// The records of an answer, or the keys of a zone, were validated.
    Checked {
        /// Name and type of the validated data; for keys, their zone.
        subject: String,
        /// The result.
        state: SecurityStatus,
        /// Why the result is not secure, if the reason is known.
        why: Option<String>,
    },
    /// A server referred to the servers of a zone, which are asked next.
    Referral {
        /// The zone.
        zone: String,
    },
    /// No known server serves the zone any more, so the parent zone is asked for the current servers.
    Outdated {
        /// The zone.
        zone: String,
    },
    /// The forwarders failed or were slow, so the question is resolved from the root servers (`forward_first`).
    ForwardersFailed {
        /// The zone of the forwarders.
        zone: String,
    },
    /// A CNAME or DNAME record leads to another name.
    Alias {
        /// This other name.
        target: String,
    },
    /// The work on the question or sub-question ended.
    Ended {
        /// A summary of the answer, or why there is none.
        result: String,
    },
}

impl StepEvent {
    /// Returns true if the data validated in this step are bogus.
    pub fn is_bogus(&self) -> bool {
        matches!(self, Self::Checked { state: SecurityStatus::Bogus, .. })
    }
}

/// A DS record, as a trace shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DsFact {
    /// The key tag of the DNSKEY record to which it refers.
    pub tag: u16,
    /// The DNSSEC algorithm of this key.
    pub algorithm: u8,
    /// The digest type.
    pub digest: u8,
}

/// A DNSKEY record, as a trace shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFact {
    /// The key tag (RFC 4034 appendix B).
    pub tag: u16,
    /// The DNSSEC algorithm.
    pub algorithm: u8,
    /// 256 for a zone key, 257 for a zone key to which DS records refer (SEP flag).
    pub flags: u16,
}

/// Where the DS records of a zone come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DsSource {
    /// The parent zone.
    Parent,
    /// A trust anchor in the configuration.
    Anchor,
}
