//! Finds further servers of a zone, for use after the known addresses: servers whose addresses must be looked up, servers of the parent's NS set,
//! servers known by glue, and the server that a test or a probe should avoid.
//!
//! The addresses that the zone of a server's name gives are used before addresses in delegations (RFC 2181 section 5.4.1). If that zone denies the
//! addresses, or no server answers at them, the addresses in delegations are used, as in Unbound.
//!
//! The first lookup of a server's address ends as soon as a referral contains the address as glue: one more query would only ask the server for its
//! own address. If no server answers, the zone of the server's name is asked too (`seek_again`).

use std::net::SocketAddr;

use super::ask::{Asking, Sought};
use super::failure::Failure;
use crate::limits::{MAX_UNGLUED, UNGLUED_AT_ONCE};

impl Asking<'_> {
    /// Called when a lookup of a server's addresses has ended. Adds the addresses that were found to the candidates. If a delegation with addresses
    /// of this server has arrived in the meantime, adds these to `reserve`, which is used when no candidate answers.
    pub(super) fn looked_up(&mut self, sought: Sought) {
        match sought.found {
            Ok(addresses) | Err(Failure::Glued { addresses, .. }) => {
                let port = self.context().view.config.resolve.upstream_port;
                for address in addresses {
                    self.add(SocketAddr::new(address, port));
                }
            }
            // `Depth` (address lookups are nested too deeply) is never replaced: it shows that this question is the cause, and not the zone.
            Err(failure) => {
                let tells_more = match &self.lookup_failure {
                    Some(Failure::Depth { .. }) => false,
                    // Any other reason says more than that servers are known not to answer.
                    Some(before) => before.is_known_silence() || !failure.is_known_silence(),
                    None => true,
                };
                if tells_more {
                    self.lookup_failure = Some(failure);
                }
            }
        }
        let glue = self.iterate.glue_of(self.context(), &sought.server);
        self.reserve.extend(glue);
        if !self.is_waiting() {
            self.go_on("address");
        } else if self.waits_for_a_stranger()
            && let Some(place) = self.untried()
        {
            self.launch(place, "race");
        }
    }

    /// Returns true if the question waits for one server only, and this server has never answered. A second server is then asked too, as at the
    /// first contact with a zone.
    fn waits_for_a_stranger(&self) -> bool {
        let policy = &self.lookup.route.policy;
        let mut awaited = self.candidates.iter().filter(|candidate| candidate.awaited() > 0);
        policy.race
            && !policy.one_at_a_time
            && !self.context().is_ahead()
            && self.awaited() == 1
            && awaited.all(|candidate| candidate.standing.round_trip.is_none())
    }

    /// When no candidate is likely to answer, adds further candidates: the servers in `reserve`, and the servers of the zone whose
    /// addresses only delegations gave. Returns false if there are none.
    pub(super) fn fall_back(&mut self) -> bool {
        if self.untried().is_some() {
            return false;
        }
        if !std::mem::replace(&mut self.has_glue, true) && self.cut.configured.is_empty() {
            self.reserve.extend(self.iterate.glue_of_servers(self.lookup, self.cut));
        }
        let known = self.known();
        for address in std::mem::take(&mut self.reserve) {
            self.add(address);
        }
        self.known() > known
    }

    /// Called when no other server is likely to answer. Asks a server that this test or probe should avoid (`avoided`). Returns false if there is
    /// none.
    pub(super) fn ask_avoided(&mut self) -> bool {
        for address in std::mem::take(&mut self.avoided) {
            self.put(address);
        }
        let place = self.untried();
        if let Some(place) = place {
            self.launch(place, "alone");
        }
        place.is_some()
    }

    /// Looks up the addresses of further servers. Returns false if there are none, or if enough lookups are in progress.
    pub(super) fn seek_addresses(&mut self) -> bool {
        let mut seeks = false;
        while self.lookups.len() < 2 * UNGLUED_AT_ONCE
            && let Some(server) = self.unglued.pop_front()
            && self.context().budget.seek()
        {
            for kind in self.iterate.address_kinds(self.context(), self.iterate.now()) {
                let (lookup, server, is_first) = (self.lookup, server.clone(), !self.sought_again);
                self.lookups.push(Box::pin(async move {
                    let found = async {
                        let context = lookup.context.below(&server, kind)?;
                        let context = if is_first { context.taking_glue() } else { context };
                        let records = lookup.sub_questions.ask(&server, kind, &context).await?;
                        Ok(records.iter().filter_map(|record| record.data.ip_addr()).collect())
                    };
                    let found = found.await;
                    Sought { server, found }
                }));
                seeks = true;
            }
        }
        seeks
    }

    /// Called when all servers have failed. Looks up the current addresses of servers outside the zone that are known only from delegations. The
    /// known addresses are usually correct, so the caller also sends queries to them again.
    pub(super) fn seek_again(&mut self) {
        if !std::mem::replace(&mut self.sought_again, true) {
            let known = self.iterate.known_by_glue(self.context(), self.cut);
            self.unglued.extend(known.into_iter().take(MAX_UNGLUED));
            self.seek_addresses();
        }
    }
}
