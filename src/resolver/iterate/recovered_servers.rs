//! Detects that a silent server answers again while a question waits, and then asks the servers of the zone again.
//!
//! If the servers of a question are known to be silent and are being probed, the question waits for a short time for the result of the probe.
//! Otherwise the first question for each rarely used zone would fail after an outage. Unbound asks such a server with the client's question.
//!
//! The time to wait begins with the probe. So if a mail from a domain with dead servers causes three questions, only the first one waits.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::ask::Asking;
use super::forward_first;
use super::select::Candidate;
use super::server_role::ServerRole;
use crate::cache::servers::ServerStanding;
use crate::limits::MAX_PROBE_WAIT;
use dns::clock::Mono;

impl Asking<'_> {
    /// Waits for a short time for the probe of a server. Returns true if a server answers again. The future is boxed, because it would otherwise make
    /// the future of each question larger, and few questions need it.
    pub(super) fn server_recovers(&mut self) -> BoxFuture<'_, bool> {
        let is_list = self.lookup.route.policy.one_at_a_time;
        let is_followed = forward_first::beyond(self.lookup.route).is_some();
        // Four kinds of questions do not wait: to DNS lists, because their servers are not probed here; with `forward first`, because recursion
        // follows immediately; of look-ahead, because no client waits for them; and those for which a server was already queried in vain.
        let has_asked = self.candidates.iter().any(|candidate| candidate.tries > 0);
        let may_wait = !is_list && !is_followed && !has_asked && !self.context().is_ahead();
        async move {
            let Some(until) = self.probed_until().filter(|_| may_wait) else { return false };
            loop {
                // `answered` is created before the state of the servers is read, so that no notification is missed.
                let answered = self.iterate.shared.dead.answered.notified();
                let left = until.since(self.iterate.now());
                if self.is_back() || left.is_zero() {
                    return self.is_back();
                }
                // If the wait has ended by timeout, the next turn of the loop reads the state of the servers a last time.
                let _ = timeout(left, answered).await;
            }
        }
        .boxed()
    }

    /// Returns true if an outage of this host's network has ended: no server answered when this question sent its queries, and a server has answered
    /// since. The question then asks the servers again. Otherwise new clients would wait for this question, and get stale answers.
    pub(super) fn ends_outage(&self) -> bool {
        let (role, uplink) = (ServerRole::for_cut(self.lookup.route, self.cut), &self.iterate.shared.uplink);
        let heard = |sent: &Mono| !self.is_waiting() && uplink.is_own_fault(role, *sent);
        let sent = self.sent_in_outage.filter(heard);
        if let Some(sent) = sent {
            uplink.end_outage(sent, self.iterate.now());
        }
        sent.is_some()
    }

    /// Forgets the results of all servers and asks them again, because one of the silent servers answers again.
    pub(super) fn restart(&mut self) {
        let servers: Vec<SocketAddr> = self.candidates.drain(..).map(|candidate| candidate.address).collect();
        self.faults.clear();
        self.given_up = false;
        servers.into_iter().for_each(|server| self.put(server));
    }

    /// Returns the time until which the question waits for probes of its servers. If the question has made a probe due earlier (`hastened`), the
    /// probe begins now.
    fn probed_until(&self) -> Option<Mono> {
        let (now, zone) = (self.iterate.now(), &self.cut.zone);
        let ends = |candidate: &Candidate| {
            let server = self.iterate.server(candidate.address);
            let is_due = self.hastened && server.next_try(zone).is_some_and(|next| next <= now);
            let began = if is_due { now } else { server.last_probe(zone)? };
            Some(began.after(wait(&candidate.standing)?))
        };
        self.candidates.iter().filter_map(ends).max().filter(|until| *until > now)
    }

    fn is_back(&self) -> bool {
        let (now, zone) = (self.iterate.now(), &self.cut.zone);
        self.candidates.iter().any(|candidate| {
            self.iterate.server(candidate.address).standing(zone, now).silent_since.is_none()
        })
    }
}

/// Returns the time that a question waits for a probe, or `None` if the server has never answered.
fn wait(standing: &ServerStanding) -> Option<Duration> {
    let usual = standing.round_trip?;
    Some(standing.timer.max(usual.saturating_mul(2)).min(MAX_PROBE_WAIT))
}
