//! The events that the resolver reports to the history while it works on a question: ended questions, queries to servers, and resolutions with their
//! steps. (A resolution is called flight; several clients may wait for it.)
//!
//! The events are plain data. The code that reports an event never waits for the history.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};
use serde::{Deserialize, Serialize};

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
    /// The outcome: how the question was answered, or why it failed.
    pub outcome: Outcome,
    /// The time from the arrival of the first copy of the question to the reply.
    pub elapsed: Duration,
}

/// How resolverd learned the address of a server.
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
    /// The zone about which the server was asked.
    pub zone: Name,
    /// How resolverd came to know the server.
    pub origin: ServerOrigin,
    /// The transport of the query.
    pub transport: Transport,
    /// The behaviour of the server, for instance an answer or an error.
    pub conduct: Conduct,
    /// The time from the sending of the query to its answer or timeout.
    pub elapsed: Duration,
}

/// A query to a server that was not answered in time. The answer may still come.
#[derive(Clone, Copy, Debug)]
pub struct Overdue<'a> {
    /// The address and port of the server.
    pub server: SocketAddr,
    /// The zone about which the server was asked.
    pub zone: &'a Name,
    /// How resolverd came to know the server.
    pub origin: ServerOrigin,
    /// The time at which the query was sent.
    pub sent: Mono,
}

/// A resolution that has ended. A resolution (flight) is all work for one question, on behalf of all clients that waited for its answer.
#[derive(Clone, Debug)]
pub struct FlightEnded<'a> {
    /// The question that the resolution resolves.
    pub question: &'a Question,
    /// Where the answer comes from: recursion, or a zone of the configuration.
    pub route: RouteKind,
    /// The deepest zone whose servers were asked. None if no server was asked, because all data were in the cache.
    pub zone: Option<Name>,
    /// Why the resolution failed; none if it did not fail.
    pub failed: Option<FlightFailure>,
    /// True if all servers of the zone answered that the name or type does not exist, but without authority (no AA flag), and clients got this
    /// denial.
    pub doubted: bool,
    /// The result of DNSSEC validation; none if nothing was validated.
    pub state: Option<SecurityStatus>,
    /// The time from the begin of the resolution to its end.
    pub elapsed: Duration,
    /// How long each client of the resolution waits for its answer. A result that came later than this did not reach a client that had waited from
    /// the start.
    pub patience: Duration,
    /// The number of queries to servers that were sent for the resolution, including those for sub-questions.
    pub packets: u32,
}

words! {
    /// How a question is resolved: by recursion, or from a configured zone. Metrics use the same words as the configuration.
    #[derive(Default)]
    pub enum RouteKind {
        /// By recursion: queries from the root servers downwards.
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
    /// Why the resolution failed, as a sentence.
    pub why: String,
    /// What the failure shows about the zone, for instance that its servers are silent.
    pub shows: Shows,
    /// How resolverd came to know the servers of the zone.
    pub origin: ServerOrigin,
    /// The servers with faults, and the last behaviour of each.
    pub servers: Vec<(IpAddr, Conduct)>,
    /// If the answer was bogus: the zone at which the chain of trust breaks, if this zone is known.
    pub broken_at: Option<Name>,
    /// The fault of the DNS list; none if no list is at fault.
    pub list: Option<ListFault>,
}

impl FlightFailure {
    /// Creates a failure for a resolution that has an answer of servers on the internet. The answer is a denial without authority (no AA flag), or it
    /// came too late.
    pub(super) fn of_answer(why: String, shows: Shows) -> Self {
        let (origin, servers) = (ServerOrigin::Recursion, Vec::new());
        Self { why, shows, origin, servers, broken_at: None, list: None }
    }
}

words! {
    /// The behaviour of a DNS list whose answer does not show whether a name is listed.
    pub enum ListFault {
        /// The list refuses the queries of this host, as its return code says.
        Refuses = "refuses",
        /// The list refuses the customer key in the query, the label that identifies the customer.
        RefusesKey = "refuses_key",
        /// The servers of the list answer REFUSED.
        NotServed = "not_served",
        /// The list rejects the query as invalid.
        RejectsQuery = "rejects_query",
        /// The domain of the list may have a new owner.
        NewOwner = "new_owner",
        /// The list lists every address and domain, so its entries have no meaning.
        ListsEverything = "lists_everything",
        /// The answer of the list cannot be used: an alias in it leads to no answer, or its signatures are wrong.
        Unusable = "unusable",
        /// The list has a TXT record for the name, but no address record. Only an address record says that the name is listed.
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
        /// It is not known if the answer is bogus: the DNSSEC keys could not be fetched, because of the zone or because of the network of
        /// this host.
        Unchecked = "unchecked",
        /// The zone is a DNS list. Its failures are not reported as those of a zone, because there is a separate report about DNS lists.
        List = "list",
        /// The servers of the zone denied the name without authority, and clients got this denial.
        Doubt = "doubt",
        /// The answer was found, but only after the deadline of the clients.
        Late = "late",
        /// No server was asked: all known addresses of the servers belong to an address family that this host does not use.
        Unrouted = "unrouted",
    }
}

/// One step of a resolution, for `resolverctl trace`. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The time since the resolution began, in seconds.
    pub at: f64,
    /// How deeply the sub-question of this step is nested; 0 is the client's own question.
    pub depth: u8,
    /// What happened in this step of the resolution.
    #[serde(flatten)]
    pub event: StepEvent,
}

/// What happened in a step of a resolution, with its details.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum StepEvent {
    /// The work on the question or on a sub-question began.
    Question {
        /// The name that was asked for.
        name: String,
        /// The record type that was asked for.
        #[serde(rename = "type")]
        kind: String,
    },
    /// The answer was found in the cache.
    Memory {
        /// The answer in the cache, as text.
        found: String,
    },
    /// NSEC or NSEC3 records in the cache prove that the name does not exist (RFC 8198).
    Synthesized {
        /// The zone whose records deny the name.
        zone: String,
    },
    /// The closest zone above the name whose servers are known was found. Its servers are asked next.
    Cut {
        /// The name of the closest zone in the cache.
        zone: String,
        /// How many servers of the zone have known addresses.
        addresses: usize,
    },
    /// The servers of the zone are asked for a part of the name only, so that they do not learn the whole name (RFC 9156).
    Probe {
        /// The part of the name for which the servers are asked.
        name: String,
    },
    /// A query was sent to a server.
    Sent {
        /// The address of the server to which the query was sent.
        server: String,
        /// The transport of the query.
        transport: Transport,
        /// The name for which the server is asked; none if the query has the name and type of the traced question. A customer key of a DNS list is
        /// replaced by `_key`.
        name: Option<String>,
        /// The record type for which the server is asked; none if name and type are those of the traced question.
        #[serde(rename = "type")]
        kind: Option<String>,
        /// The reason why this server is asked at this time: `first`, `race`, `retry`, `next`, `address`, `without_edns`, `truncated`, `other_case`,
        /// `own_case`, `forged`, `alone`, `again`, `parent`.
        reason: String,
        /// The usual round trip of the server in seconds; none if it is not known yet. Servers are chosen by it.
        usual: Option<f64>,
    },
    /// The reply of a server arrived, or the query to it counts as lost.
    Received {
        /// The address of the server that was queried.
        server: String,
        /// The behaviour of the server, for instance an answer or an error.
        conduct: Conduct,
        /// The time from the query to the reply, in seconds.
        round_trip: f64,
        /// A summary of the reply, as text.
        said: String,
    },
    /// No answer arrived before the timer of the query ran out. The answer may still come.
    Unanswered {
        /// The address of the server that did not answer.
        server: String,
        /// The time since the query was sent, in seconds.
        waited: f64,
    },
    /// Records were removed from a reply: the server had no authority to send them, or the query did not ask for them.
    Scrubbed {
        /// The number of records that were removed from the reply.
        dropped: usize,
        /// The first of the removed records, as name, type and data. Empty for a DNS list with a customer key, because the records may contain the
        /// key.
        records: Vec<String>,
    },
    /// Addresses were removed from the answer because of `resolve.private_addresses`.
    PrivateRemoved {
        /// The number of private addresses that were removed from the answer.
        dropped: usize,
        /// The first of the removed address records, as name, type and data.
        records: Vec<String>,
    },
    /// The DS records of a zone were found. They are the link from the parent zone to the zone (RFC 4035 section 5). If there are none, the parent
    /// has proved that the zone is unsigned.
    Ds {
        /// The name of the zone to which the DS records belong.
        zone: String,
        /// The DS records; empty if the zone has none.
        records: Vec<DsFact>,
        /// Where the DS records come from: the parent zone or the configuration.
        from: DsSource,
    },
    /// The DNSKEY records of a zone were found. One of the DS records of the zone must match one of these keys.
    Dnskey {
        /// The name of the zone to which the keys belong.
        zone: String,
        /// The DNSKEY records; empty if the zone has none.
        records: Vec<KeyFact>,
        /// The server that sent the DNSKEY records; none if they were in the cache.
        server: Option<String>,
    },
    /// The records of an answer, or the keys of a zone, were validated.
    Checked {
        /// The name and type of the validated data; for keys, the name of their zone.
        subject: String,
        /// The result of the validation.
        state: SecurityStatus,
        /// Why the result is not secure, as text; none if the reason is not known.
        why: Option<String>,
    },
    /// A server referred to the servers of another zone, which are asked next.
    Referral {
        /// The name of the zone to which the server referred.
        zone: String,
    },
    /// No known server serves the zone any more, so the parent zone is asked for the current servers.
    Outdated {
        /// The name of the zone that has no working server.
        zone: String,
    },
    /// The forwarders of a zone failed, or did not answer for a while, so the question is resolved from the root servers (`forward_first`).
    ForwardersFailed {
        /// The name of the zone whose forwarders failed.
        zone: String,
    },
    /// A CNAME or DNAME record leads to another name.
    Alias {
        /// The name to which the record leads.
        target: String,
    },
    /// The work on the question or on the sub-question ended.
    Ended {
        /// The result: a summary of the answer, or why there is none.
        result: String,
    },
}

impl StepEvent {
    /// Returns true if this step found the answer, or the keys of a zone, to be bogus.
    pub fn is_bogus(&self) -> bool {
        matches!(self, Self::Checked { state: SecurityStatus::Bogus, .. })
    }
}

/// A DS record, as a trace shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DsFact {
    /// The key tag of the DNSKEY record that the DS record confirms.
    pub tag: u16,
    /// The number of the DNSSEC algorithm of this key.
    pub algorithm: u8,
    /// The number of the digest type of the DS record.
    pub digest: u8,
}

/// A DNSKEY record, as a trace shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFact {
    /// The key tag of the record (RFC 4034 appendix B).
    pub tag: u16,
    /// The number of the DNSSEC algorithm of the key.
    pub algorithm: u8,
    /// The flags of the key: 256 for a zone key, 257 for a key to which DS records refer (SEP flag).
    pub flags: u16,
}

/// Where the DS records of a zone come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DsSource {
    /// The parent zone, whose signature covers the DS records.
    Parent,
    /// The configuration, which has a trust anchor for the zone.
    Anchor,
}
