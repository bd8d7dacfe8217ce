//! The servers of one zone asked for one thing, until one says something that helps.
//!
//! May call: `attempt`, `select`, `classify`, `cache`. First contact races two servers; a timer from a server's own
//! round trips brings the next; a bad answer brings it at once; addresses of servers without glue are sought meanwhile.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use hickory_proto::rr::Name;
use tokio::sync::mpsc;

use super::attempt::{Attempt, Event};
use super::classify::Said;
use super::context::Context;
use super::failure::Failure;
use super::select::{self, Candidate, Progress};
use super::{Errand, Iterate, path};
use crate::cache::rrsets::Delegation;
use crate::cache::servers::Health;
use crate::limits::{
    MAX_ADDRESSES, MAX_PACKETS_PER_QUESTION, MAX_TRIES, MAX_UNDER_WAY, MAX_UNGLUED, UNGLUED_AT_ONCE,
};
use crate::record::event::Conduct;
use crate::zones::Kind;

/// One step of a walk: the servers of a zone, asked.
pub(super) struct Asking<'a> {
    iterate: &'a Iterate,
    errand: Errand<'a>,
    cut: &'a Delegation,
    candidates: Vec<Candidate>,
    /// Servers whose addresses are not known, to be sought.
    unglued: VecDeque<Name>,
    lookups: FuturesUnordered<BoxFuture<'a, Result<Vec<IpAddr>, Failure>>>,
    sender: mpsc::Sender<Event>,
    events: mpsc::Receiver<Event>,
    under_way: usize,
    faults: Vec<(SocketAddr, Conduct)>,
    lookup_failure: Option<Failure>,
}

impl<'a> Asking<'a> {
    /// The servers of `cut`, to be asked.
    pub(super) fn new(iterate: &'a Iterate, errand: Errand<'a>, cut: &'a Delegation) -> Self {
        // Four events an attempt at most: its messages with EDNS, without, and over TCP overdue, and its end.
        let (sender, events) = mpsc::channel(4 * MAX_UNDER_WAY * usize::from(MAX_TRIES));
        let mut asking = Self {
            iterate,
            errand,
            cut,
            candidates: Vec::new(),
            unglued: VecDeque::new(),
            lookups: FuturesUnordered::new(),
            sender,
            events,
            under_way: 0,
            faults: Vec::new(),
            lookup_failure: None,
        };
        let (known, unglued) = iterate.addresses(errand, cut);
        asking.unglued = unglued.into_iter().take(MAX_UNGLUED).collect();
        for address in known {
            asking.add(address);
        }
        asking
    }

    /// Addresses known at the begin.
    pub(super) fn known(&self) -> usize {
        self.candidates.len()
    }

    /// Asks until a server says something that helps.
    ///
    /// # Errors
    /// None does, or the question's budget is spent.
    pub(super) async fn run(mut self) -> Result<Said, Failure> {
        self.begin();
        loop {
            if self.under_way == 0 && self.lookups.is_empty() {
                return Err(self.failure());
            }
            let left = self.context().budget.left(self.iterate.now());
            tokio::select! {
                biased;
                Some(event) = self.events.recv() => {
                    if let Some(said) = self.heard(event) {
                        return Ok(said);
                    }
                }
                Some(found) = self.lookups.next() => self.looked_up(found),
                () = tokio::time::sleep(left) => {
                    let zone = self.cut.zone.clone();
                    self.mark_waiting_silent();
                    return Err(Failure::Time { zone, faults: self.faults });
                }
            }
        }
    }

    /// The best server; a second one beside it where the best was never asked, or where a dead one is due for a try.
    fn begin(&mut self) {
        let race = self.context().view.config.resolve.race;
        let due = if race { select::due(&self.candidates) } else { None };
        let Some(first) = self.next_candidate() else {
            self.seek_addresses();
            return;
        };
        let unknown =
            self.candidates.get(first).is_some_and(|candidate| candidate.standing.round_trip.is_none());
        self.launch(first, "first");
        if race && unknown {
            if let Some(second) = self.untried() {
                self.launch(second, "race");
            } else {
                // One address only: the others' are sought while it is asked.
                self.seek_addresses();
            }
        } else if let Some(due) = due.filter(|due| *due != first) {
            self.launch(due, "probe");
        }
    }

    /// Takes in what an attempt tells; gives what helps.
    fn heard(&mut self, event: Event) -> Option<Said> {
        match event {
            Event::Overdue(address) => {
                self.progress(address, Progress::Overdue);
                if !self.is_waiting() {
                    self.go_on("timer");
                }
            }
            Event::Ended(address, said) => {
                self.under_way = self.under_way.saturating_sub(1);
                let Said::Nothing(conduct) = *said else { return Some(*said) };
                self.faults.push((address, conduct));
                // What was lost may be sent again; what was said stays said.
                let silent = conduct == Conduct::Silent;
                self.progress(address, if silent { Progress::Overdue } else { Progress::Spent });
                if !self.is_waiting() {
                    self.go_on("next");
                }
            }
        }
        None
    }

    fn looked_up(&mut self, found: Result<Vec<IpAddr>, Failure>) {
        match found {
            Ok(addresses) => {
                let port = self.context().view.config.resolve.upstream_port;
                for address in addresses {
                    self.add(SocketAddr::new(address, port));
                }
            }
            Err(failure) => self.lookup_failure = Some(failure),
        }
        if !self.is_waiting() {
            self.go_on("address");
        }
    }

    /// Another server, or the addresses of more servers, or the same server again.
    fn go_on(&mut self, reason: &'static str) {
        if self.untried().is_none() && self.seek_addresses() {
            return;
        }
        if let Some(place) = self.untried() {
            self.launch(place, reason);
            return;
        }
        // While addresses are sought, the silent are not pressed: the new ones come first.
        if !self.lookups.is_empty() {
            return;
        }
        // Once all have been asked, silence is loss or an outage: two at a time, as at first contact.
        let at_once = if self.context().view.config.resolve.race { 2 } else { 1 };
        for _ in 0..at_once {
            if let Some(place) = self.next_candidate() {
                self.launch(place, reason);
            }
        }
    }

    /// Starts seeking addresses of further servers; false where there are none to seek, or enough are being sought.
    fn seek_addresses(&mut self) -> bool {
        let mut seeks = false;
        while self.lookups.len() < 2 * UNGLUED_AT_ONCE
            && let Some(server) = self.unglued.pop_front()
        {
            for kind in self.iterate.address_kinds(self.context()) {
                let (errand, server) = (self.errand, server.clone());
                self.lookups.push(Box::pin(async move {
                    let context = errand.context.below(&server, kind)?;
                    let records = errand.sub_questions.ask(&server, kind, &context).await?;
                    Ok(records.iter().filter_map(|record| record.data.ip_addr()).collect())
                }));
                seeks = true;
            }
        }
        seeks
    }

    fn launch(&mut self, place: usize, reason: &'static str) {
        if self.under_way >= MAX_UNDER_WAY || !self.context().budget.take() {
            return;
        }
        let (now, errand) = (self.iterate.now(), self.errand);
        let Some(candidate) = self.candidates.get_mut(place) else { return };
        let server = self.iterate.server(candidate.address);
        if candidate.standing.health == Health::Due {
            server.probing(now);
        }
        let doubled = 1_u32.checked_shl(candidate.tries.into()).unwrap_or(u32::MAX);
        let attempt = Attempt {
            means: self.iterate.means(),
            server,
            path: path(errand.route, self.cut, candidate.address),
            recursive: matches!(errand.route.kind, Kind::Forward { .. }),
            zone: self.cut.zone.clone(),
            name: errand.name.clone(),
            kind: errand.kind,
            // Some drop what carries an OPT: the third try goes without.
            edns: candidate.standing.edns && candidate.tries < 2,
            tries: candidate.tries,
            timer: candidate.standing.timer.saturating_mul(doubled),
            context: errand.context.clone(),
            events: self.sender.clone(),
        };
        candidate.tries = candidate.tries.saturating_add(1);
        candidate.progress = Progress::Waiting;
        self.under_way = self.under_way.saturating_add(1);
        tokio::spawn(attempt.run(reason));
    }

    fn add(&mut self, address: SocketAddr) {
        let full = self.candidates.len() >= MAX_ADDRESSES;
        if full || self.candidates.iter().any(|candidate| candidate.address == address) {
            return;
        }
        if self.iterate.may_ask(self.context(), self.cut, address.ip()) {
            let now = self.iterate.now();
            let standing = self.iterate.server(address).standing(&self.cut.zone, now);
            self.candidates.push(Candidate { address, standing, tries: 0, progress: Progress::Untried });
        }
    }

    fn next_candidate(&self) -> Option<usize> {
        select::next(&self.candidates, MAX_TRIES, |below| self.iterate.toss(below))
    }

    fn untried(&self) -> Option<usize> {
        select::next(&self.candidates, 1, |below| self.iterate.toss(below))
    }

    /// Whether a message is out whose timer runs.
    fn is_waiting(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.progress == Progress::Waiting)
    }

    fn progress(&mut self, address: SocketAddr, progress: Progress) {
        if let Some(candidate) = self.candidates.iter_mut().find(|candidate| candidate.address == address)
            && candidate.progress != Progress::Spent
        {
            candidate.progress = progress;
        }
    }

    fn context(&self) -> &'a Context {
        self.errand.context
    }

    fn mark_waiting_silent(&mut self) {
        for candidate in &self.candidates {
            if matches!(candidate.progress, Progress::Waiting | Progress::Overdue) {
                self.faults.push((candidate.address, Conduct::Silent));
            }
        }
    }

    fn failure(self) -> Failure {
        let zone = self.cut.zone.clone();
        if self.context().budget.packets() >= MAX_PACKETS_PER_QUESTION {
            return Failure::Packets { packets: MAX_PACKETS_PER_QUESTION, zone };
        }
        if self.candidates.is_empty() {
            let why = self
                .lookup_failure
                .map_or_else(|| "they have none that may be asked".to_owned(), |failure| failure.to_string());
            return Failure::Addresses { zone, why };
        }
        Failure::Servers { zone, faults: self.faults }
    }
}
