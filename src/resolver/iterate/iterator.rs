//! The iterator: its parts. The other files of this folder implement its methods.

use std::net::SocketAddr;
use std::sync::Arc;

use super::late_answers::LateAnswer;
use super::prime::PrimingTimes;
use super::shared_state::SharedState;
use crate::cache::Memory;
use crate::cache::failures::ServersMeanwhile;
use crate::cache::servers::Server;
use crate::dnsbl::network_answers::NetworkAnswers;
use crate::exchange::Exchange;
use crate::limits::WorkBounds;
#[cfg(feature = "simulated")]
use crate::supervise::strike::Strike;
use dns::clock::{Clock, Mono};
use dns::question::ViewId;
use dns::random::Random;
use history::Recorder;

/// The iterator: resolves names by queries to authoritative servers and forwarders.
pub struct Iterate {
    pub(super) memory: Memory,
    random: Random,
    pub(super) shared: Arc<SharedState>,
    pub(super) priming_times: PrimingTimes,
}

impl Iterate {
    /// An iterator that sends through `exchange` and remembers in `memory`.
    pub fn new(
        memory: Memory,
        exchange: Arc<Exchange>,
        recorder: Arc<Recorder>,
        clock: Clock,
        random: Random,
    ) -> Self {
        let shared = SharedState::new(exchange, recorder, clock, random.clone());
        Self { memory, random, shared: Arc::new(shared), priming_times: PrimingTimes::default() }
    }

    /// Queries in progress or waiting, and streams.
    #[cfg(feature = "simulated")]
    pub(crate) fn under_way(&self) -> usize {
        self.shared.exchange.under_way()
    }

    /// A switch for tests: panics in a task that is concurrent with the walk of a question.
    #[cfg(feature = "simulated")]
    pub(crate) fn strike(&self) -> &Strike {
        &self.shared.strike
    }

    /// Forgets the state of views that no longer exist.
    pub(crate) fn keep_views(&self, is_in_use: impl Fn(ViewId) -> bool) {
        self.priming_times.keep(is_in_use);
    }

    /// Whether servers of the internet answer.
    pub fn evidence(&self) -> NetworkAnswers {
        self.shared.uplink.evidence()
    }

    /// Returns true if queries to servers in progress take half of their places or more.
    pub(crate) fn is_half_taken(&self) -> bool {
        self.shared.exchange.is_half_taken()
    }

    /// The bounds of work in progress.
    pub fn bounds(&self) -> WorkBounds {
        self.shared.exchange.bounds()
    }

    /// Returns true if any server was heard after `began`. If none was, later failures may be our own network's fault.
    pub(crate) fn heard_since(&self, began: Mono) -> bool {
        self.shared.uplink.has_heard_any(began)
    }

    /// `heard_since`, as it is kept with a failure.
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

    /// The next late answer; waits until there is one.
    pub(crate) async fn late_answer(&self) -> LateAnswer {
        self.shared.late_answers.next().await
    }
}
