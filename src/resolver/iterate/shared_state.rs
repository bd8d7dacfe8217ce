//! The state that all lookups and probes share: `exchange`, the clock, the state of this host's own network, dead servers, and late queries. This
//! module also counts the queries that servers did not answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::dead::DeadServers;
use super::families::Families;
use super::late_answers::LateAnswers;
use super::late_queries::Late;
use super::query_share::QueryShare;
use super::renewal::RenewalQueue;
use super::server_role::ServerRole;
use super::unproven::{Silent, Unproven};
use super::uplink::Uplink;
use crate::cache::servers::Server;
use crate::limits::WorkBounds;
use dns::clock::{Clock, Mono};
use dns::random::Random;
use exchange::Exchange;
use record::Recorder;
use supervise::caught;
#[cfg(feature = "simulated")]
use supervise::strike::Strike;

pub(super) struct SharedState {
    pub(super) bounds: WorkBounds,
    pub(super) exchange: Arc<Exchange>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) families: Families,
    pub(super) hedges: QueryShare,
    pub(super) measurements: QueryShare,
    pub(super) uplink: Uplink,
    pub(super) late: Arc<Late>,
    /// The queries that could not be delivered and are not counted as timeouts of the server yet.
    undelivered: Arc<Late>,
    pub(super) dead: DeadServers,
    pub(super) unproven: Unproven,
    pub(super) late_answers: LateAnswers,
    pub(super) renewals: RenewalQueue,
    /// A switch for tests. It causes a panic in the task that counts a query without a reply. This task runs apart from the resolution.
    #[cfg(feature = "simulated")]
    pub(super) strike: Strike,
}

impl SharedState {
    pub(super) fn new(
        bounds: WorkBounds,
        exchange: Arc<Exchange>,
        recorder: Arc<Recorder>,
        clock: Clock,
        random: Random,
    ) -> Self {
        let (families, uplink) = (Families::default(), Uplink::default());
        let late = || Arc::new(Late::new(bounds.late()));
        let (late, undelivered, late_answers) = (late(), late(), LateAnswers::default());
        let (dead, unproven, renewals) =
            (DeadServers::default(), Unproven::default(), RenewalQueue::default());
        Self {
            bounds,
            exchange,
            recorder,
            clock,
            random,
            families,
            hedges: QueryShare::of_hedges(),
            measurements: QueryShare::of_measurements(),
            uplink,
            late,
            undelivered,
            dead,
            unproven,
            late_answers,
            renewals,
            #[cfg(feature = "simulated")]
            strike: Strike::default(),
        }
    }

    /// Handles a query that was not answered. It counts as a timeout of the server if other servers have answered meanwhile. If none has, a server of
    /// a zone above is asked first, to learn if the network of this host works.
    pub(super) fn silent(&self, silent: Silent) {
        if self.is_proven(&silent) {
            self.count(silent);
        } else if silent.wanted.view.config.resolve.race && silent.needs_witness() {
            self.unproven.add(silent);
        }
    }

    /// Handles a query that could not be delivered to its server. It counts as a timeout of the server only after `patience`, and only if other
    /// servers answer in this time.
    pub(super) fn undelivered(self: &Arc<Self>, silent: Silent, patience: Duration) {
        let server = silent.wanted.aside.path.server;
        // If too many undelivered queries to the server wait already, this query is not counted: the waiting ones are enough to show that
        // the server is silent.
        let Some(waiting) = self.undelivered.listen(server) else { return };
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(patience).await;
            let counted = caught(async {
                #[cfg(feature = "simulated")]
                shared.strike.fall();
                shared.silent(silent);
            });
            if let Err(panicked) = counted.await {
                tracing::error!(
                    "{panicked}; an undelivered query to server {server} was not counted; please send this line to the makers of resolverd"
                );
            }
            drop(waiting);
        });
    }

    /// Records that a server has answered a question for `zone` after `round_trip`. A server that counted as dead may still drop the queries for
    /// other zones, so it is probed for these zones immediately.
    pub(super) fn answered(&self, server: &Server, (role, zone): (ServerRole, &Name), round_trip: Duration) {
        let now = self.clock.mono();
        let was_dead = if role.is_recursive() {
            server.answered_recursively(zone, round_trip, now)
        } else {
            server.answered(zone, round_trip, now)
        };
        if was_dead {
            self.dead.added.notify_one();
        }
    }

    /// Records that a server at this address has answered.
    pub(super) fn family_answered(&self, server: IpAddr, now: Mono) {
        if self.families.answered(server, now) {
            self.recorder.ipv6_works();
        }
    }

    pub(super) fn is_proven(&self, silent: &Silent) -> bool {
        self.uplink.is_own_fault(silent.wanted.aside.role, silent.sent)
    }

    pub(super) fn count(&self, silent: Silent) {
        if silent.aside {
            silent.server.probed_in_vain(&silent.wanted.aside.zone, silent.sent);
            return;
        }
        silent.server.silent(&silent.wanted.aside.zone, silent.sent, silent.late, &self.random);
        if silent.wanted.view.config.resolve.race
            && let Some(next) = silent.server.next_try(&silent.wanted.aside.zone)
        {
            self.dead.want(silent.wanted, next <= silent.late);
        }
    }
}
