//! The causes of a delay or a failure: their kinds, and the time and the servers that each is counted with.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::entry::MessageEntry;
use crate::event::ListFault;
use crate::limits::FAILURE_COST;
use dns::clock::micros;
use dns::conduct::Conduct;

/// The kind of a culprit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CulpritKind {
    /// Servers of a zone did not answer.
    ServerSilent,
    /// Servers of a zone answered late.
    ServerSlow,
    /// Servers of a zone answered REFUSED or NOTAUTH.
    ServerRefused,
    /// Servers do not serve the zone that is delegated to them.
    ServerLame,
    /// Servers answered with another error, or with octets that are no answer.
    ServerFailed,
    /// Answers of servers are cut, and TCP fails.
    Truncated,
    /// The network reports that servers cannot be reached, or this host cannot send to them.
    Unreachable,
    /// Servers of a DNS list did not answer.
    ListSilent,
    /// Servers of a DNS list answered late.
    ListSlow,
    /// Servers of a DNS list refuse our queries.
    ListRefused,
    /// Answers fail DNSSEC validation.
    Bogus,
    /// Some queries to a server get lost.
    Loss,
    /// Our own network: everything was silent.
    Network,
    /// This resolver had too much to do.
    Overload,
    /// The client waited between its questions.
    Client,
    /// Nothing was slow.
    None,
    /// The delay of a log line is not in DNS.
    NotDns,
    /// Could not tell.
    Unknown,
}

impl CulpritKind {
    /// Its word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::ServerSilent => "server_silent",
            Self::ServerSlow => "server_slow",
            Self::ServerRefused => "server_refused",
            Self::ServerLame => "server_lame",
            Self::ServerFailed => "server_failed",
            Self::Truncated => "truncated",
            Self::Unreachable => "unreachable",
            Self::ListSilent => "list_silent",
            Self::ListSlow => "list_slow",
            Self::ListRefused => "list_refused",
            Self::Bogus => "bogus",
            Self::Loss => "loss",
            Self::Network => "network",
            Self::Overload => "overload",
            Self::Client => "client",
            Self::None => "none",
            Self::NotDns => "not_dns",
            Self::Unknown => "unknown",
        }
    }
}

/// A cause of a delay, or of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its kind.
    pub kind: CulpritKind,
    /// The zone, in wire form; empty if there is none.
    pub zone: Box<[u8]>,
    /// The apexes of the DNS lists whose questions it delayed or made fail, in wire form.
    pub lists: BTreeSet<Box<[u8]>>,
    /// The time that the client waited for it, in microseconds.
    pub micros: u64,
    /// Questions that failed by it.
    pub failures: u32,
    /// Failed questions that were for no DNS list. Mail software defers a mail for them; without a list it goes on.
    pub(crate) deferring: u32,
    /// Failed questions that this resolver turned away at once, because others waited for the zone.
    pub(crate) turned_away: u32,
    /// The queries to each server, and the sum of their times in microseconds.
    pub servers: BTreeMap<IpAddr, (u32, u64)>,
    /// Those of these queries that did not leave this host.
    pub unsent: BTreeMap<IpAddr, u32>,
    /// Whether they did not answer because no server of IPv6 does; see `Traffic`.
    pub(crate) silent_path: bool,
    /// Whether it is a pause of the client, behind which another mail may have begun.
    pub other_mail: bool,
    /// The sentence of the failure, if there is one.
    pub why: Box<str>,
    /// The behaviour of the list that made a question fail.
    pub(crate) list_fault: Option<ListFault>,
}

/// The key of a cause.
pub(super) type CauseKey = (CulpritKind, Box<[u8]>);

impl Cause {
    pub(crate) fn of(kind: CulpritKind, zone: Box<[u8]>) -> Self {
        let (lists, servers, unsent, why) = Default::default();
        Self {
            kind,
            zone,
            lists,
            micros: 0,
            failures: 0,
            deferring: 0,
            turned_away: 0,
            servers,
            unsent,
            silent_path: false,
            other_mail: false,
            why,
            list_fault: None,
        }
    }

    /// The time by which it delays the mail, in microseconds.
    pub fn cost(&self) -> u64 {
        let failed = if self.failures > 0 { micros(FAILURE_COST) } else { 0 };
        self.micros.saturating_add(failed)
    }

    /// Whether it is this host's: no query to its servers was sent.
    pub(crate) fn is_of_this_host(&self) -> bool {
        self.kind == CulpritKind::Unreachable
            && !self.servers.is_empty()
            && self.servers.iter().all(|(server, (count, _))| self.unsent.get(server) == Some(count))
    }

    /// Notes the list that a question asks, if the cause is one of a zone.
    pub(super) fn add_list(&mut self, apex: Option<&[u8]>) {
        self.lists.extend(apex.filter(|_| !self.zone.is_empty()).map(Box::from));
    }

    /// Counts a query to a server of it.
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

/// The cause of a key, which is added if it is new.
pub(super) fn cause(causes: &mut BTreeMap<CauseKey, Cause>, key: CauseKey) -> &mut Cause {
    causes.entry(key).or_insert_with_key(|(kind, zone)| Cause::of(*kind, zone.clone()))
}

/// The time of a log line, which decides which queries of a mail are its culprit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisiveTime<Moment> {
    /// The time that the program of the line took: only waits in it count. A query that failed in it counts no more than its time,
    /// because the program went on.
    Delay {
        /// Its begin.
        from: Moment,
        /// Its end.
        to: Moment,
    },
    /// The moment of the line of a connection: queries that ended before it count first, of the types that its host is looked up by. Those
    /// of the mail may come in the same second. If they were quick, the line is about a mail that waited behind it.
    Until(Moment),
}

impl<Moment> DecisiveTime<Moment> {
    /// The same with other moments.
    pub fn map<Other>(self, change: impl Fn(Moment) -> Other) -> DecisiveTime<Other> {
        match self {
            Self::Delay { from, to } => DecisiveTime::Delay { from: change(from), to: change(to) },
            Self::Until(end) => DecisiveTime::Until(change(end)),
        }
    }
}
