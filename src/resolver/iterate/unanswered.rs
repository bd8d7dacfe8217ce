//! A step (the queries to the servers of one zone) without an answer may end before the time limit of the question. This module decides when, and
//! with which failure.

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::Sleep;

use super::ask::Asking;
use super::classify::{Classified, Found};
use super::failure::Failure;
use super::query_form::Signed;
use super::select::{Candidate, CandidateProgress};
use super::server_role::ServerRole;
use crate::cache::servers::ServerStanding;
use crate::limits::{
    MAX_PACKETS_PER_QUESTION, SILENCES_OF_ANOTHER_ZONE, SILENT_ELSEWHERE_TIME, UNHEARD_TIME, UNKNOWN_TIMER,
};
use dns::conduct::Conduct;
use record::event::StepEvent;

/// A timer that runs if all servers of the zone were silent in queries for other zones. When it expires, the question does not wait longer for these
/// servers.
pub(super) type Doubt = Option<Pin<Box<Sleep>>>;

impl Asking<'_> {
    pub(super) async fn elapsed(timer: &mut Doubt) {
        if let Some(timer) = timer {
            timer.await;
        }
    }

    /// Returns a timer if each server of the zone was silent in queries for other zones. Such a server may drop only the queries for those zones, so
    /// it is asked. But it may also be dead. Then mail would wait for it in each of its zones, so the question waits for a shorter time than usual.
    pub(super) fn doubt(&self) -> Doubt {
        (self.is_doubted() && !self.context().is_on_the_side()).then(|| timer(self.doubt_time()))
    }

    /// Returns the time for the timer: `SILENT_ELSEWHERE_TIME`, or more if the servers usually take longer for this zone.
    fn doubt_time(&self) -> Duration {
        let usual = self.candidates.iter().filter_map(|candidate| candidate.standing.round_trip).max();
        let usual = usual.unwrap_or_default();
        SILENT_ELSEWHERE_TIME.max(usual + usual / 2)
    }

    /// Called when the timer that `doubt` returned has expired. Returns a new timer if a server has answered, or if further servers of the zone may
    /// be found. Otherwise gives up the queries to this zone, and returns `None`.
    pub(super) fn doubt_is_over(&mut self) -> Doubt {
        if !self.has_no_other() || !self.is_doubted() {
            return Some(timer(UNKNOWN_TIMER));
        }
        let (iterate, now) = (self.iterate, self.iterate.now());
        let (role, since) = (ServerRole::for_cut(self.lookup.route, self.cut), now.before(self.doubt_time()));
        if iterate.shared().uplink.is_own_fault(role, since) {
            let asked = |candidate: &&Candidate| u32::from(candidate.tries) >= SILENCES_OF_ANOTHER_ZONE;
            for candidate in self.candidates.iter().filter(asked) {
                iterate.server(candidate.address).did_not_answer(&self.cut.zone, since, now);
            }
        }
        self.mark_waiting_silent();
        self.given_up = true;
        None
    }

    /// Returns true if all servers of the zone were known to be silent, for this zone or for others, when they were first asked, and none has
    /// answered since.
    fn is_doubted(&self) -> bool {
        let is_silent =
            |standing: &ServerStanding| standing.silent_elsewhere || standing.silent_since.is_some();
        !self.candidates.is_empty()
            && self.candidates.iter().all(|candidate| is_silent(&candidate.standing) && !candidate.answered)
    }

    pub(super) fn mark_waiting_silent(&mut self) {
        for candidate in &self.candidates {
            if matches!(candidate.progress, CandidateProgress::Waiting | CandidateProgress::Overdue) {
                self.faults.push((candidate.address, candidate.fault(Conduct::Silent)));
            }
        }
    }

    /// Returns the result if no server gave a usable answer. If all servers gave a denial that a working server would not send, the result
    /// is this denial. Otherwise it is the failure.
    pub(super) fn end(&mut self) -> Result<Classified, Failure> {
        if self.shed {
            return Err(Failure::NoRoom { zone: self.cut.zone.clone() });
        }
        // The servers in `avoid` gave a bogus answer, and not this denial. So if there are any, not all servers agree.
        let all = self.doubted == self.faults.len()
            && self.lookup.avoid.is_empty()
            && self.lookup_failure.is_none()
            && self.unglued.is_empty();
        match self.doubtful.take() {
            // In a signed zone, a denial without proof is bogus.
            Some(found) if all && self.signed != Signed::Yes => {
                Ok(Classified::Doubtful(Found { doubted: true, ..found }))
            }
            _ => Err(self.failure()),
        }
    }

    /// Returns true if all servers of the zone were known to be silent before this question began. If they became silent later, returns true only
    /// after `UNHEARD_TIME`, or after the client's deadline if one of them has ever answered. Without the second limit, a client that repeats the
    /// question would wait for the same resolution again.
    pub(super) fn is_known_silence(&self) -> bool {
        let (now, zone, context) = (self.iterate.now(), &self.cut.zone, self.context());
        let began = context.began();
        let standing = |candidate: &Candidate| self.iterate.server(candidate.address).standing(zone, now);
        let was_heard = |candidate: &Candidate| standing(candidate).round_trip.is_some();
        let waited = now.since(began);
        let is_over = waited >= UNHEARD_TIME
            || waited >= context.view.config.resolve.deadline && self.candidates.iter().any(was_heard);
        let is_silent = |candidate: &Candidate| {
            standing(candidate).silent_since.is_some_and(|since| is_over || since < began)
        };
        !self.context().is_on_the_side()
            && self.has_no_other()
            && !self.candidates.is_empty()
            && self.candidates.iter().all(is_silent)
    }

    fn has_no_other(&self) -> bool {
        self.lookups.is_empty() && self.unglued.is_empty() && self.reserve.is_empty() && self.has_glue
    }

    fn failure(&mut self) -> Failure {
        let (zone, role) = (self.cut.zone.clone(), ServerRole::for_cut(self.lookup.route, self.cut));
        if self.is_known_silence() && self.lookup_failure.as_ref().is_none_or(Failure::is_known_silence) {
            let servers: Vec<SocketAddr> =
                self.candidates.iter().map(|candidate| candidate.address).collect();
            // The probes of DNS lists are not hastened: the breaker of a list decides when its silent servers are asked again.
            let is_list = self.lookup.route.policy.list.is_some();
            let now = self.iterate.now();
            let is_sooner =
                |server: &&SocketAddr| !is_list && self.iterate.server(**server).hasten_probe(&zone, now);
            self.hastened = servers.iter().filter(is_sooner).count() > 0;
            if self.hastened {
                self.iterate.shared.dead.added.notify_one();
            }
            let found = format!("no {} answers", role.text_with_zone(&zone, false));
            self.context().note(StepEvent::Memory { found });
            return Failure::Silent { zone, role, servers };
        }
        if self.context().budget.packets() >= MAX_PACKETS_PER_QUESTION {
            return Failure::Packets { packets: MAX_PACKETS_PER_QUESTION, zone };
        }
        if self.candidates.is_empty() {
            let unused = self.iterate.unused_family(self.context(), self.cut).map(Box::new);
            // If the name of a server is in the zone itself, the query for its address goes to this server and fails too. The real reason is then the
            // unused address family.
            if unused.as_ref().is_some_and(|unused| !unused.servers.is_empty()) {
                return Failure::Addresses { zone, why: None, unused };
            }
            return match self.lookup_failure.take() {
                Some(failure @ Failure::Depth { .. }) => failure,
                Some(why) => Failure::Addresses { zone, why: Some(Box::new(why)), unused: None },
                None => Failure::Addresses { zone, why: None, unused },
            };
        }
        Failure::Servers { zone, role, faults: std::mem::take(&mut self.faults) }
    }
}

fn timer(time: Duration) -> Pin<Box<Sleep>> {
    Box::pin(tokio::time::sleep(time))
}
