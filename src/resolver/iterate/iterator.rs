//! Recursion: its parts, which the files around extend by what they do with them.

use std::net::SocketAddr;
use std::sync::Arc;

use super::late_answers::LateAnswer;
use super::means::Means;
use super::prime::Refresh;
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

/// Recursion.
pub struct Iterate {
    pub(super) memory: Memory,
    random: Random,
    pub(super) means: Arc<Means>,
    pub(super) refresh: Refresh,
}

impl Iterate {
    /// Recursion that sends through `exchange` and remembers in `memory`.
    pub fn new(
        memory: Memory,
        exchange: Arc<Exchange>,
        recorder: Arc<Recorder>,
        clock: Clock,
        random: Random,
    ) -> Self {
        let means = Means::new(exchange, recorder, clock, random.clone());
        Self { memory, random, means: Arc::new(means), refresh: Refresh::default() }
    }

    /// Queries in progress or waiting, and streams.
    #[cfg(feature = "simulated")]
    pub(crate) fn under_way(&self) -> usize {
        self.means.exchange.under_way()
    }

    /// A switch for tests: panics beside the walk of a question.
    #[cfg(feature = "simulated")]
    pub(crate) fn strike(&self) -> &Strike {
        &self.means.strike
    }

    /// Forgets the state of views that no longer exist.
    pub(crate) fn keep_views(&self, is_in_use: impl Fn(ViewId) -> bool) {
        self.refresh.keep(is_in_use);
    }

    /// Whether servers of the internet answer.
    pub fn evidence(&self) -> NetworkAnswers {
        self.means.uplink.evidence()
    }

    /// Whether queries to servers in progress take half of their places or more.
    pub(crate) fn is_half_taken(&self) -> bool {
        self.means.exchange.is_half_taken()
    }

    /// The bounds of work in progress.
    pub fn bounds(&self) -> WorkBounds {
        self.means.exchange.bounds()
    }

    /// Whether any server was heard after `began`. If none was, later failures may be our own network's fault.
    pub(crate) fn heard_since(&self, began: Mono) -> bool {
        self.means.uplink.has_heard_any(began)
    }

    /// `heard_since`, as it is kept with a failure.
    pub(crate) fn servers_since(&self, began: Mono) -> ServersMeanwhile {
        if self.heard_since(began) { ServersMeanwhile::Answered } else { ServersMeanwhile::Silent }
    }

    pub(super) fn server(&self, address: SocketAddr) -> Arc<Server> {
        self.memory.servers.get(address)
    }

    pub(super) fn means(&self) -> Arc<Means> {
        Arc::clone(&self.means)
    }

    pub(super) fn now(&self) -> Mono {
        self.means.clock.mono()
    }

    pub(super) fn toss(&self, below: u32) -> u32 {
        self.random.below(below)
    }

    /// The next late answer; waits until there is one.
    pub(crate) async fn late_answer(&self) -> LateAnswer {
        self.means.late_answers.next().await
    }
}
