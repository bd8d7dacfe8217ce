//! The iterator, which resolves names by queries to servers. The other files of this folder implement its methods.

use std::net::SocketAddr;
use std::sync::Arc;

use super::late_answers::LateAnswer;
use super::prime::PrimingTimes;
use super::shared_state::SharedState;
use crate::cache::Memory;
use crate::cache::failures::ServersMeanwhile;
use crate::cache::servers::Server;
use crate::limits::WorkBounds;
use dns::clock::{Clock, Mono};
use dns::question::ViewId;
use dns::random::Random;
use dnsbl::network_answers::NetworkAnswers;
use exchange::Exchange;
use record::Recorder;
#[cfg(feature = "simulated")]
use supervise::strike::Strike;

/// The iterator: resolves names by queries to authoritative servers and forwarders.
pub struct Iterate {
    pub(super) memory: Memory,
    random: Random,
    pub(super) shared: Arc<SharedState>,
    pub(super) priming_times: PrimingTimes,
}

impl Iterate {
    /// Creates an iterator that sends queries through `exchange` and uses `memory` as its cache.
    pub fn new(
        memory: Memory,
        exchange: Arc<Exchange>,
        recorder: Arc<Recorder>,
        clock: Clock,
        random: Random,
    ) -> Self {
        let shared = SharedState::new(memory.bounds, exchange, recorder, clock, random.clone());
        Self { memory, random, shared: Arc::new(shared), priming_times: PrimingTimes::default() }
    }

    #[cfg(feature = "simulated")]
    pub(crate) fn under_way(&self) -> usize {
        self.shared.exchange.under_way()
    }

    /// Returns a switch with which tests cause a panic in work that continues after the resolution, such as waiting for late replies.
    #[cfg(feature = "simulated")]
    pub(crate) fn strike(&self) -> &Strike {
        &self.shared.strike
    }

    /// Removes the times of the queries for the root servers (priming) for views that no longer exist.
    pub(crate) fn keep_views(&self, is_in_use: impl Fn(ViewId) -> bool) {
        self.priming_times.keep(is_in_use);
    }

    /// Returns when authoritative servers on the internet last gave usable answers, as evidence that the network of this host works.
    pub fn evidence(&self) -> NetworkAnswers {
        self.shared.uplink.evidence()
    }

    /// Returns true if at least half of the allowed queries to servers are in progress.
    pub(crate) fn is_half_taken(&self) -> bool {
        self.shared.exchange.is_half_taken()
    }

    /// Returns the maximum numbers of resolutions (flights), waiting clients and queries in progress.
    pub fn bounds(&self) -> WorkBounds {
        self.shared.bounds
    }

    /// Returns true if any server has answered after `began`. If none has, the network of this host may have an outage.
    pub(crate) fn heard_since(&self, began: Mono) -> bool {
        self.shared.uplink.has_heard_any(began)
    }

    /// Returns the result of `heard_since` as it is stored with a failure.
    pub(crate) fn servers_since(&self, began: Mono) -> ServersMeanwhile {
        if self.heard_since(began) { ServersMeanwhile::Answered } else { ServersMeanwhile::Silent }
    }

    pub(super) fn server(&self, address: SocketAddr) -> Arc<Server> {
        self.memory.servers.get(address)
    }

    pub(super) fn shared(&self) -> Arc<SharedState> {
        Arc::clone(&self.shared)
    }

    pub(super) fn now(&self) -> Mono {
        self.shared.clock.mono()
    }

    pub(super) fn toss(&self, below: u32) -> u32 {
        self.random.below(below)
    }

    /// Waits for the next answer whose question has already failed, and returns it.
    pub(crate) async fn late_answer(&self) -> LateAnswer {
        self.shared.late_answers.next().await
    }
}
