//! The causes of a delay or a failure.

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
    /// What made a message (email) slow or fail.
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
        /// The servers answered with an error other than REFUSED and NOTAUTH, or with octets that are not a valid answer.
        ServerFailed = "server_failed": "server failed",
        /// The answers of the servers are truncated, and TCP fails.
        Truncated = "truncated",
        /// The network reports that servers cannot be reached, or this host cannot send to them.
        Unreachable = "unreachable",
        /// The servers of a DNS list did not answer.
        ListSilent = "list_silent": "list silent",
        /// The servers of a DNS list answered late.
        ListSlow = "list_slow": "list slow",
        /// The servers of a DNS list refuse the queries of this host.
        ListRefused = "list_refused": "list refused",
        /// The answers of a zone fail DNSSEC validation.
        Bogus = "bogus",
        /// Some packets to or from a server get lost.
        Loss = "loss": "packet loss",
        /// The network of this host was down: no server answered.
        Network = "network",
        /// The network of this host lost packets: servers in many networks did not answer some queries.
        NetworkLossy = "network_lossy": "own network lossy",
        /// TCP port 53 of other hosts was blocked on the path from this host.
        TcpBlocked = "tcp_blocked": "own TCP blocked",
        /// resolverd itself had too much work.
        Overload = "overload",
        /// The client itself paused between its questions.
        Client = "client",
        /// DNS answered in time, and the mail was refused because of the answer: a name does not exist, or a DNS list has an entry.
        Answer = "answer": "DNS answer",
        /// No single cause took as long as a slow answer (`history.slow`, at most 300 ms) or had a failed question.
        None = "none": "nothing slow",
        /// The delay that a log line shows has another cause than DNS.
        NotDns = "not_dns": "not DNS",
        /// The culprit of the delay could not be found.
        #[default]
        Unknown = "unknown",
    }
}

impl CulpritKind {
    /// Returns true if the network or the load of this host is the culprit.
    pub const fn is_of_this_host(self) -> bool {
        matches!(self, Self::Network | Self::NetworkLossy | Self::TcpBlocked | Self::Overload)
    }

    /// Returns true if the servers of a zone are the culprit.
    pub(crate) fn is_of_servers(self) -> bool {
        self <= Self::Truncated || self == Self::Unreachable
    }
}

/// A cause of the delay or failure of a message (the questions for one email).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// What was slow or has failed.
    pub kind: CulpritKind,
    /// The zone of the cause in wire form; empty if there is none.
    pub zone: Box<[u8]>,
    /// The apexes, in wire form, of the DNS lists whose questions were delayed or failed.
    pub lists: BTreeSet<Box<[u8]>>,
    /// The time that the client waited, in microseconds.
    pub micros: u64,
    /// The number of failed questions.
    pub failures: u32,
    /// The number of failed questions that defer a mail. If a question to a DNS list fails, mail software continues with the mail.
    pub(crate) deferring: u32,
    /// The number of questions that resolverd turned away, because too many others were already waiting for the zone.
    pub(crate) turned_away: u32,
    /// The queries to each server: their number, and the sum of their times in microseconds.
    pub servers: BTreeMap<IpAddr, (u32, u64)>,
    /// The number of queries to each server that did not leave this host.
    pub unsent: BTreeMap<IpAddr, u32>,
    /// True if the path from this host to servers over IPv6 is broken.
    pub(crate) silent_path: bool,
    /// True for a pause of the client after which another mail may have begun.
    pub other_mail: bool,
    /// Why the question failed; empty if the reason is not known.
    pub why: Box<str>,
    /// What the DNS list did, if this made a question fail.
    pub(crate) list_fault: Option<ListFault>,
}

/// The key of a cause: its kind, and its zone in wire form.
pub(super) type CauseKey = (CulpritKind, Box<[u8]>);

impl Cause {
    pub(crate) fn new(kind: CulpritKind, zone: Box<[u8]>) -> Self {
        Self { kind, zone, ..Self::default() }
    }

    /// Returns the waiting time, and `FAILURE_COST` if any question failed, in microseconds.
    pub fn cost(&self) -> u64 {
        let failed = if self.failures > 0 { micros(FAILURE_COST) } else { 0 };
        self.micros.saturating_add(failed)
    }

    /// Returns the delay of mail because of this cause, in microseconds. Unlike in `cost`, failed questions to DNS lists do not count,
    /// because they defer no mail. If the cause is a pause after which another mail may have begun, the delay is 0.
    pub(crate) fn delay(&self) -> u64 {
        let deferred = if self.deferring > 0 { micros(FAILURE_COST) } else { 0 };
        if self.other_mail { 0 } else { self.micros.saturating_add(deferred) }
    }

    /// Returns true if no query to the servers could leave this host.
    pub(crate) fn is_of_this_host(&self) -> bool {
        self.kind == CulpritKind::Unreachable
            && !self.servers.is_empty()
            && self.servers.iter().all(|(server, (count, _))| self.unsent.get(server) == Some(count))
    }

    /// Adds the apex of the DNS list of a delayed or failed question. A cause without a zone, such as an overload of this host, has no
    /// lists.
    pub(super) fn add_list(&mut self, apex: Option<&[u8]>) {
        self.lists.extend(apex.filter(|_| !self.zone.is_empty()).map(Box::from));
    }

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

/// Returns the cause with this key, and adds it if it is missing.
pub(super) fn cause(causes: &mut BTreeMap<CauseKey, Cause>, key: CauseKey) -> &mut Cause {
    causes.entry(key).or_insert_with_key(|(kind, zone)| Cause::new(*kind, zone.clone()))
}

/// The time in a line of the mail log that decides which queries of a mail can be the culprit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisiveTime<Moment> {
    /// The program that wrote the log line worked on the mail in this period. Only waits within the period count. A failed query counts
    /// with the time that it took, without `FAILURE_COST`, because the program continued after the failure.
    Delay {
        /// The start of the period.
        from: Moment,
        /// The end of the period.
        to: Moment,
    },
    /// The time of a log line about a connection. At first, only queries about the connecting host that ended before this time count. If
    /// these queries were quick, all queries of the mail count, because the mail may have waited later.
    Until(Moment),
}

impl<Moment> DecisiveTime<Moment> {
    /// Returns the same value with converted times.
    pub fn map<Other>(self, change: impl Fn(Moment) -> Other) -> DecisiveTime<Other> {
        match self {
            Self::Delay { from, to } => DecisiveTime::Delay { from: change(from), to: change(to) },
            Self::Until(end) => DecisiveTime::Until(change(end)),
        }
    }
}
