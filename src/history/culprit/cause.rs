//! The causes of a delay or a failure: their kinds, and the time and the servers that are counted for each cause.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::entry::MessageEntry;
use crate::event::ListFault;
use crate::limits::FAILURE_COST;
use dns::clock::micros;
use dns::conduct::Conduct;
use dns::words;

words! {
    /// The kind of a culprit: what was slow or has failed.
    #[derive(Default)]
    pub enum CulpritKind {
        /// The servers of a zone did not answer.
        ServerSilent = "server_silent": "server silent",
        /// The servers of a zone answered late.
        ServerSlow = "server_slow": "server slow",
        /// The servers of a zone answered REFUSED or NOTAUTH.
        ServerRefused = "server_refused": "server refused",
        /// The servers do not serve the zone that is delegated to them.
        ServerLame = "server_lame": "server lame",
        /// The servers answered with another error, or with octets that are not a valid answer.
        ServerFailed = "server_failed": "server failed",
        /// The answers of the servers are truncated, and TCP fails.
        Truncated = "truncated",
        /// The network reports that servers cannot be reached, or this host cannot send to them.
        Unreachable = "unreachable",
        /// Servers of a DNS list did not answer.
        ListSilent = "list_silent": "list silent",
        /// Servers of a DNS list answered late.
        ListSlow = "list_slow": "list slow",
        /// Servers of a DNS list refuse our queries.
        ListRefused = "list_refused": "list refused",
        /// Answers fail DNSSEC validation.
        Bogus = "bogus",
        /// Some queries to a server get lost.
        Loss = "loss": "packet loss",
        /// Our own network was down: no server answered.
        Network = "network",
        /// Our own network lost packets: servers in many networks did not answer some queries.
        NetworkLossy = "network_lossy": "own network lossy",
        /// This resolver had too much work.
        Overload = "overload",
        /// The client waited between its questions.
        Client = "client",
        /// Nothing was slow.
        None = "none": "nothing slow",
        /// The delay of a log line is not in DNS.
        NotDns = "not_dns": "not DNS",
        /// It is not known what the culprit is.
        #[default]
        Unknown = "unknown",
    }
}

/// A cause of a delay, or of a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// The kind of the cause.
    pub kind: CulpritKind,
    /// The zone to which the cause belongs, in wire form; empty if it belongs to no zone.
    pub zone: Box<[u8]>,
    /// The DNS lists whose questions were delayed or failed because of this cause, named by their apexes in wire form.
    pub lists: BTreeSet<Box<[u8]>>,
    /// The time that the client waited because of this cause, in microseconds.
    pub micros: u64,
    /// The number of questions that failed because of this cause.
    pub failures: u32,
    /// The number of failed questions that were not for a DNS list. Mail software defers a mail for these; if only a list fails, it goes on.
    pub(crate) deferring: u32,
    /// The number of failed questions that this resolver turned away immediately, because others were already waiting for the zone.
    pub(crate) turned_away: u32,
    /// For each server of the cause: the number of queries to it, and the sum of their times in microseconds.
    pub servers: BTreeMap<IpAddr, (u32, u64)>,
    /// For each server of the cause: the number of queries to it that did not leave this host.
    pub unsent: BTreeMap<IpAddr, u32>,
    /// True if the servers did not answer because no IPv6 server answers; see `Traffic`.
    pub(crate) silent_path: bool,
    /// True if the cause is a pause of the client after which another mail may have begun.
    pub other_mail: bool,
    /// Why the question failed, as a sentence; empty if there is none.
    pub why: Box<str>,
    /// The behaviour of the list that made a question fail.
    pub(crate) list_fault: Option<ListFault>,
}

/// The key of a cause in a table: its kind, and its zone in wire form.
pub(super) type CauseKey = (CulpritKind, Box<[u8]>);

impl Cause {
    pub(crate) fn new(kind: CulpritKind, zone: Box<[u8]>) -> Self {
        Self { kind, zone, ..Self::default() }
    }

    /// Returns the time by which the cause delays the mail, in microseconds.
    pub fn cost(&self) -> u64 {
        let failed = if self.failures > 0 { micros(FAILURE_COST) } else { 0 };
        self.micros.saturating_add(failed)
    }

    /// Returns true if this host is the cause: no query to the servers was sent.
    pub(crate) fn is_of_this_host(&self) -> bool {
        self.kind == CulpritKind::Unreachable
            && !self.servers.is_empty()
            && self.servers.iter().all(|(server, (count, _))| self.unsent.get(server) == Some(count))
    }

    /// Notes the list to which a question belongs, if the cause belongs to a zone.
    pub(super) fn add_list(&mut self, apex: Option<&[u8]>) {
        self.lists.extend(apex.filter(|_| !self.zone.is_empty()).map(Box::from));
    }

    /// Counts a query to one of the servers to which the cause belongs.
    pub(super) fn add(&mut self, message: &MessageEntry) {
        let (count, time) = self.servers.entry(message.server).or_default();
        *count = count.saturating_add(1);
        if message.conduct == Some(Conduct::NotSent) {
            let unsent = self.unsent.entry(message.server).or_default();
            *unsent = unsent.saturating_add(1);
        }
        *time = time.saturating_add(message.elapsed.into());
    }
}

/// Returns the cause with this key from the table. A new cause is added first.
pub(super) fn cause(causes: &mut BTreeMap<CauseKey, Cause>, key: CauseKey) -> &mut Cause {
    causes.entry(key).or_insert_with_key(|(kind, zone)| Cause::new(*kind, zone.clone()))
}

/// The time that a log line names. It decides which queries of a mail are the culprit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisiveTime<Moment> {
    /// The time that the program of the line took: only waits within this time count. A query that failed within this time counts only with
    /// the time that it took, because the program went on.
    Delay {
        /// The start of this time.
        from: Moment,
        /// The end of this time.
        to: Moment,
    },
    /// The moment of a line about a connection. The queries that look up the connecting host and that ended before this moment count first.
    /// Queries of the mail itself may come in the same second. If the queries were quick, the line is about a mail that waited after this
    /// moment.
    Until(Moment),
}

impl<Moment> DecisiveTime<Moment> {
    /// Returns the same value with converted moments.
    pub fn map<Other>(self, change: impl Fn(Moment) -> Other) -> DecisiveTime<Other> {
        match self {
            Self::Delay { from, to } => DecisiveTime::Delay { from: change(from), to: change(to) },
            Self::Until(end) => DecisiveTime::Until(change(end)),
        }
    }
}
