//! The causes of a delay or a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::limits::FAILURE_COST;
use dns::clock::micros;
use dns::conduct::Conduct;
use record::culprit::CulpritKind;
use record::entry::MessageEntry;
use record::event::ListFault;

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

    /// Returns true if all servers of the cause run on this host: their addresses are loopback addresses.
    pub(crate) fn has_servers_here(&self) -> bool {
        !self.servers.is_empty() && self.servers.keys().all(|server| server.to_canonical().is_loopback())
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
