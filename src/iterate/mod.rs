//! Recursion: from the closest known zone along referrals to the zone that knows; and the servers of forward zones.
//!
//! May call: `exchange`, `cache`, `record`, `zones` for its types. What it needs besides (addresses of servers without
//! glue) it asks for through `SubQuestions`, which `resolve` hands down. RFC 1034 section 5.3.3 with RFC 2181 and RFC 9609.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod ask;
mod attempt;
pub mod classify;
pub mod context;
pub mod failure;
mod families;
mod hedges;
mod keep;
mod prime;
mod probe;
pub mod scrub;
pub mod select;
mod uplink;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, Record, RecordType};

use crate::cache::Memory;
use crate::cache::rrsets::{Delegation, Known, Rank};
use crate::cache::servers::Server;
use crate::clock::{Clock, Mono};
use crate::exchange::Exchange;
use crate::exchange::network::Path;
use crate::limits::MAX_REFERRALS;
use crate::random::Random;
use crate::record::Recorder;
use crate::record::event::StepEvent;
use crate::zones::{Kind, Route};
use ask::Asking;
use attempt::Means;
use classify::{Found, Referral, Said};
use context::Context;
use failure::Failure;

/// Questions that recursion needs answered on its way. They go through the routing of all questions, within the budget
/// of the one that needs them, and wait for no other's flight.
pub trait SubQuestions: Send + Sync {
    /// The records of `kind` at `name`, aliases followed; none where there are none.
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Vec<Record>, Failure>>;
}

/// What is asked, on which way, and for whom.
#[derive(Clone, Copy)]
pub struct Errand<'a> {
    /// The name asked for.
    pub name: &'a Name,
    /// The type asked for.
    pub kind: RecordType,
    /// The way of the name.
    pub route: &'a Route,
    /// What the question brings along.
    pub context: &'a Context,
    /// Where sub-questions go.
    pub sub_questions: &'a dyn SubQuestions,
}

/// What recursion found, and in which zone.
#[derive(Debug)]
pub struct Resolved {
    /// The answer.
    pub found: Found,
    /// The zone whose server gave it.
    pub zone: Name,
}

/// Recursion.
pub struct Iterate {
    memory: Memory,
    random: Random,
    means: Arc<Means>,
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
        Self { memory, random, means: Arc::new(means) }
    }

    /// Finds what is asked: its data, what shows that there are none, or an alias that leads on.
    ///
    /// # Errors
    /// No server on the way helps, or the budget of the question is spent.
    pub async fn find(&self, errand: Errand<'_>) -> Result<Resolved, Failure> {
        let cut = match &errand.route.kind {
            Kind::Forward { servers, .. } => Arc::clone(servers),
            Kind::Stub(servers) => self.closest_within(errand, servers),
            Kind::Iterate | Kind::Local(_) => self.closest_cut(errand).await?,
        };
        self.walk(errand, cut).await
    }

    /// The same from a referral that was found on the way of a local zone.
    ///
    /// # Errors
    /// As `find`.
    pub async fn find_from(&self, errand: Errand<'_>, referral: Referral) -> Result<Resolved, Failure> {
        let cut = self.keep_referral(errand, referral, true);
        self.walk(errand, cut).await
    }

    async fn walk(&self, errand: Errand<'_>, mut cut: Arc<Delegation>) -> Result<Resolved, Failure> {
        for _ in 0..MAX_REFERRALS {
            match self.ask_zone(errand, &cut).await? {
                Said::Found(found) => {
                    let found = self.keep(errand, found);
                    return Ok(Resolved { found, zone: cut.zone.clone() });
                }
                Said::Referral(referral) => {
                    errand.context.note(StepEvent::Referral { zone: referral.zone.to_string() });
                    cut = self.keep_referral(errand, referral, cut.trusted);
                }
                // `Asking` ends with something that helps, or fails.
                Said::Nothing(_) => break,
            }
        }
        Err(Failure::Referrals { name: errand.name.clone() })
    }

    async fn closest_cut(&self, errand: Errand<'_>) -> Result<Arc<Delegation>, Failure> {
        match self.closest_delegation(errand) {
            Some(cut) => Ok(cut),
            None => self.prime(errand.context, errand.sub_questions).await,
        }
    }

    /// The closest known cut below a stub zone, or the stub zone itself: its sub-zones are followed.
    fn closest_within(&self, errand: Errand<'_>, stub: &Arc<Delegation>) -> Arc<Delegation> {
        let closest = self.closest_delegation(errand);
        let below = closest.filter(|cut| cut.zone != stub.zone && stub.zone.zone_of(&cut.zone));
        below.unwrap_or_else(|| Arc::clone(stub))
    }

    fn closest_delegation(&self, errand: Errand<'_>) -> Option<Arc<Delegation>> {
        // DS stands on the parent's side of a cut (RFC 4035 section 3.1.4.1).
        let name = errand.name;
        let above = errand.kind == RecordType::DS && !name.is_root();
        let from = if above { name.base_name() } else { name.clone() };
        self.memory.rrsets.of(errand.context.view.id).closest_delegation(&from, self.now())
    }

    async fn ask_zone(&self, errand: Errand<'_>, cut: &Delegation) -> Result<Said, Failure> {
        let asking = Asking::new(self, errand, cut);
        errand.context.note(StepEvent::Cut { zone: cut.zone.to_string(), addresses: asking.known() });
        asking.run().await
    }

    /// The addresses of a zone's servers that are known, and the names of those that have none.
    fn addresses(&self, errand: Errand<'_>, cut: &Delegation) -> (Vec<SocketAddr>, Vec<Name>) {
        if !cut.configured.is_empty() {
            return (cut.configured.clone(), Vec::new());
        }
        let now = self.now();
        let rrsets = self.memory.rrsets.of(errand.context.view.id);
        let (mut known, mut unglued) = (Vec::new(), Vec::new());
        for (place, server) in cut.servers.iter().enumerate() {
            let before = known.len();
            for kind in self.address_kinds(errand.context) {
                if let Some(Known::Rrset(rrset)) = rrsets.get(server, kind, Rank::Glue, now) {
                    let records = rrset.records(server, now);
                    known.extend(records.iter().filter_map(|record| record.data.ip_addr()));
                }
            }
            if known.len() == before {
                let came_along = cut.glue.iter().filter(|(of, _)| *of == place).map(|(_, address)| *address);
                known.extend(came_along);
            }
            if known.len() == before {
                unglued.push(server.clone());
            }
        }
        let port = errand.context.view.config.resolve.upstream_port;
        (known.into_iter().map(|address| SocketAddr::new(address, port)).collect(), unglued)
    }

    fn address_kinds(&self, context: &Context) -> impl Iterator<Item = RecordType> + use<> {
        let (now, config) = (self.now(), &context.view.config.resolve);
        let ipv4 = self.means.families.ipv4(config, now);
        let ipv6 = self.means.families.ipv6(config, now);
        ipv4.then_some(RecordType::A).into_iter().chain(ipv6.then_some(RecordType::AAAA))
    }

    /// Whether a server may be asked: its family leads somewhere, and the operator has not denied it. What the operator
    /// has named is asked.
    fn may_ask(&self, context: &Context, cut: &Delegation, address: IpAddr) -> bool {
        let config = &context.view.config.resolve;
        let denied = !cut.trusted && config.deny_servers.iter().any(|net| net.contains(&address));
        !denied && (!cut.configured.is_empty() || self.means.families.allows(config, address, self.now()))
    }

    fn server(&self, address: SocketAddr) -> Arc<Server> {
        self.memory.servers.get(address)
    }

    fn means(&self) -> Arc<Means> {
        Arc::clone(&self.means)
    }

    fn now(&self) -> Mono {
        self.means.clock.mono()
    }

    fn toss(&self, below: u32) -> u32 {
        self.random.below(below)
    }
}

/// The way to a server of `cut` on `route`: from the configured address of its family, over TLS where that is wanted.
fn path(route: &Route, cut: &Delegation, server: SocketAddr) -> Path {
    let source = route.policy.source.iter().find(|source| source.is_ipv4() == server.is_ipv4()).copied();
    let tls = match &route.kind {
        Kind::Forward { tls, .. } => {
            let place = cut.configured.iter().position(|configured| *configured == server);
            place.and_then(|place| tls.get(place)).cloned().flatten()
        }
        _ => None,
    };
    Path { server, source, tls }
}
