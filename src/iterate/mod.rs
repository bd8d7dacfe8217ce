//! Recursion: from the closest known zone along referrals to the zone that has the answer; and the servers of forward
//! zones.
//!
//! Server names without glue are resolved through `SubQuestions`, a trait that `resolve` hands down. RFC 1034 section
//! 5.3.3 with RFC 2181, RFC 9156 and RFC 9609.
//!
//! # Decisions
//!
//! - The iterator is our own. Hickory 0.26's recursor was tried against mock servers: one REFUSED server failed 8 of
//!   8 queries of a zone with a good server beside it; one dead server took the whole 5 s; IPv6 PTR names exceeded
//!   its depth of 24; strict minimisation made listed addresses look clean. `tests/hickory_faults.rs` has a test for
//!   each of its ten faults.
//! - Every response code other than NOERROR and NXDOMAIN moves on to the next server.
//! - The timer of a server is the 95th percentile of its own round trips. When it runs out, a second server is asked
//!   and the first may still answer. Second messages are at most one in five, and each late server has its own share
//!   of them, so that one dead zone does not use up the share of all.
//! - A first contact with a zone races two servers. Lists are not raced, because they count queries.
//! - Dead servers are probed by the clock, and no question waits for one that is known to be silent. Before, a mail
//!   from a dead domain cost its smtpd 24 s each time. Silence is known by zone, like in Unbound: a hoster's server that
//!   drops the queries for one domain answers those for the others.
//! - A server counts as dead only if others answered meanwhile. If no other server is being asked, a server of a zone
//!   above is asked as a witness. An outage of this host's network marks no server dead.
//! - At 30 % loss with one server of each zone broken, a third fewer questions fail since silent servers are retried
//!   two at a time.
//! - Only root and TLD servers are asked for minimised names (RFC 9156). Deeper servers belong to the owner of the
//!   name.
//! - A server of a signed zone is always asked with EDNS. A retry without it returned unsigned answers, and at 40 %
//!   loss a signed zone was called bogus for half a minute.
//! - A denial in doubt (under another zone's SOA, or without AA and SOA) holds only if all servers of the zone give
//!   it. Otherwise an old server of a domain that has moved would make mail bounce.

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
mod dead;
pub mod direct;
mod edns;
pub mod ending;
pub mod failure;
mod families;
mod hedges;
pub mod kept_answers;
pub mod late_answers;
mod late_messages;
mod means;
mod minimise;
mod news;
mod outdated;
mod prime;
mod probe;
mod role;
pub mod scrub;
mod secret_zone;
mod seek;
pub mod select;
mod stale;
mod unproven;
mod uplink;
mod zone_servers;

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, Record, RecordType};

use crate::cache::Memory;
use crate::cache::entries::Delegation;
use crate::cache::servers::Server;
use crate::clock::{Clock, Mono};
use crate::dnsbl::network_answers::NetworkAnswers;
use crate::dnsbl::rewrite::Rewrite;
use crate::exchange::Exchange;
use crate::exchange::network::Path;
use crate::limits::MAX_REFERRALS;
use crate::question::ViewId;
use crate::random::Random;
use crate::record::Recorder;
use crate::record::event::StepEvent;
use crate::record::note::Note;
#[cfg(feature = "lab")]
use crate::supervise::strike::Strike;
use crate::zones::{Kind, Route};
use ask::Asking;
use classify::{End, Found, Referral, Said};
use context::Context;
use failure::Failure;
use means::Means;
use minimise::{Minimise, PROBED};
use outdated::Outdated;
use prime::Refresh;

/// Sub-questions of recursion. They are routed like all questions, use the budget of the question that needs them,
/// and wait for no other flight.
pub trait SubQuestions: Send + Sync {
    /// The records of `kind` at `name`, aliases followed; empty if there are none.
    fn ask<'a>(
        &'a self,
        name: &'a Name,
        kind: RecordType,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Vec<Record>, Failure>>;

    /// Called when the servers of `cut` are about to be asked, so that the zone's keys are fetched at the same time.
    fn entering(&self, cut: &Delegation, context: &Context);
}

/// A question on its way: name, type, route and context.
#[derive(Clone, Copy)]
pub struct Errand<'a> {
    /// The name asked for.
    pub name: &'a Name,
    /// The type asked for.
    pub kind: RecordType,
    /// The route of the name.
    pub route: &'a Route,
    /// The budget, trail and ancestors of the question.
    pub context: &'a Context,
    /// If the name has a label that stands for a key: its replacement.
    pub rewrite: Option<&'a Rewrite>,
    /// The resolver of sub-questions.
    pub sub_questions: &'a dyn SubQuestions,
    /// Servers that are not asked, because an earlier answer of theirs was bogus.
    pub avoid: &'a [SocketAddr],
    /// The closest cut at or above the name, if it was looked up a moment ago. Memory has no cut between the two, not
    /// even an expired one.
    pub cut: Option<&'a Arc<Delegation>>,
}

impl Errand<'_> {
    /// Whether entries of memory that are about to end are not used. Those of a DNS list are: it gets no more queries
    /// than its clients send.
    pub fn renews(&self) -> bool {
        self.context.renews() && self.route.policy.list.is_none()
    }
}

/// The result of recursion, and its zone.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The answer.
    pub found: Found,
    /// The zone whose server gave it.
    pub zone: Name,
    /// The cut that this server serves.
    cut: Arc<Delegation>,
}

/// The result of asking for a part of a name.
enum ProbedLabel {
    /// There is a cut.
    Referral(Referral),
    /// There is no cut at this name: the next label may be probed.
    NoCut,
    /// Anything else: the whole name is asked for.
    Unclear,
}

/// Recursion.
pub struct Iterate {
    memory: Memory,
    random: Random,
    means: Arc<Means>,
    refresh: Refresh,
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

    /// Messages in progress or waiting, and streams.
    #[cfg(feature = "lab")]
    pub(crate) fn under_way(&self) -> usize {
        self.means.exchange.under_way()
    }

    /// A switch for tests: panics beside the walk of a question.
    #[cfg(feature = "lab")]
    pub(crate) fn strike(&self) -> &Strike {
        &self.means.strike
    }

    /// Forgets the state of views that no longer exist.
    pub fn keep_views(&self, is_in_use: impl Fn(ViewId) -> bool) {
        self.refresh.keep(is_in_use);
    }

    /// The same by live delegations alone.
    async fn find_fresh(&self, mut errand: Errand<'_>) -> Result<Resolved, Failure> {
        let known = errand;
        let mut outdated: Vec<Outdated> = Vec::new();
        // Each turn begins above the one before.
        for _ in 0..MAX_REFERRALS {
            let cut = self.start(errand).await?;
            errand.cut = None;
            let outcome = self.walk(errand, Arc::clone(&cut), &outdated).await;
            if let Ok(resolved) = &outcome
                && !matches!(errand.route.kind, Kind::Forward { .. })
            {
                let rrsets = self.memory.rrsets.of(errand.context.view.knows);
                // No delegation below the closest one has ended.
                if !known.known_cut().is_some_and(|known| Arc::ptr_eq(known, &resolved.cut)) {
                    rrsets.end_delegations(&errand.at_or_above(), &resolved.zone, self.now());
                }
                // The zone above, which is asked for DS, has no such name: its old delegation is not used any more.
                if errand.kind == RecordType::DS && resolved.found.denies_the_name() {
                    rrsets.forget_delegation(errand.name);
                }
            }
            match self.outdated(errand, cut, &outcome) {
                Some(one) => outdated.push(one),
                None => return outcome,
            }
        }
        Err(Failure::Referrals { name: errand.name.clone() })
    }

    /// The start: the closest cut in memory, or the servers that the operator has named.
    async fn start(&self, errand: Errand<'_>) -> Result<Arc<Delegation>, Failure> {
        match &errand.route.kind {
            Kind::Forward { servers, .. } => Ok(Arc::clone(servers)),
            Kind::Stub(servers) => Ok(self.closest_within(errand, servers)),
            Kind::Iterate | Kind::Local(_) => match errand.rewrite {
                Some(rewrite) => Box::pin(self.home(errand, rewrite)).await,
                None => self.closest_cut(errand).await,
            },
        }
    }

    /// The same from a referral that a local zone gave.
    ///
    /// # Errors
    /// As `find`.
    pub async fn find_from(&self, errand: Errand<'_>, referral: Referral) -> Result<Resolved, Failure> {
        let cut = self.keep_referral(errand, referral, None);
        self.walk(errand, cut, &[]).await
    }

    /// Walks down from `cut`. Ends if it is referred to the servers of `outdated` again.
    async fn walk(
        &self,
        errand: Errand<'_>,
        mut cut: Arc<Delegation>,
        outdated: &[Outdated],
    ) -> Result<Resolved, Failure> {
        self.foresee_end(&cut, errand.context);
        let mut minimise = Minimise::new(&errand.context.view.config.resolve, errand.route, errand.name);
        for _ in 0..MAX_REFERRALS {
            let referral = match minimise.probe(&cut.zone, errand.name) {
                Some(part) => match Box::pin(self.probe(errand, &part, &cut)).await? {
                    ProbedLabel::Referral(referral) => referral,
                    ProbedLabel::NoCut => continue,
                    ProbedLabel::Unclear => {
                        minimise.end();
                        continue;
                    }
                },
                None => match self.ask_zone(errand, &cut).await? {
                    Said::Found(found) | Said::Doubtful(found) => {
                        return Ok(Resolved { found, zone: cut.zone.clone(), cut });
                    }
                    Said::Referral(referral) => referral,
                    // `Asking` ends with an answer that helps, or fails.
                    Said::Nothing(_) => break,
                },
            };
            errand.context.note(StepEvent::Referral { zone: referral.zone.to_string() });
            cut = self.keep_referral(errand, referral, Some(&cut));
            if let Some(outcome) = outdated.iter().find_map(|outdated| outdated.confirmed_by(&cut)) {
                return outcome;
            }
        }
        Err(Failure::Referrals { name: errand.name.clone() })
    }

    /// Asks the servers of `cut` for `part` of the name. Only a referral is kept of the answers: some servers deny a
    /// name that has names below it (RFC 9156 section 3).
    async fn probe(
        &self,
        errand: Errand<'_>,
        part: &Name,
        cut: &Arc<Delegation>,
    ) -> Result<ProbedLabel, Failure> {
        errand.sub_questions.entering(cut, errand.context);
        let mut asking = Asking::new(self, Errand { name: part, kind: PROBED, ..errand }, cut).probing();
        errand.context.note(Note::Cut { zone: cut.zone.clone(), addresses: asking.known() });
        errand.context.note(StepEvent::Probe { name: part.to_string() });
        match asking.run().await {
            Ok(Said::Referral(referral)) => Ok(ProbedLabel::Referral(referral)),
            Ok(Said::Found(Found { answers, end: End::Negative { nxdomain: false, .. }, .. }))
                if answers.is_empty() =>
            {
                Ok(ProbedLabel::NoCut)
            }
            Ok(_) | Err(Failure::Servers { .. }) => Ok(ProbedLabel::Unclear),
            Err(failure) => Err(failure),
        }
    }

    /// Whether servers of the internet answer.
    pub fn evidence(&self) -> NetworkAnswers {
        self.means.uplink.evidence()
    }

    async fn closest_cut(&self, errand: Errand<'_>) -> Result<Arc<Delegation>, Failure> {
        match self.closest_delegation(errand) {
            Some(cut) => Ok(cut),
            None => self.root(errand.context, errand.sub_questions).await,
        }
    }

    /// The closest known cut below a stub zone, or the stub zone itself: its delegations are followed.
    fn closest_within(&self, errand: Errand<'_>, stub: &Arc<Delegation>) -> Arc<Delegation> {
        let closest = self.closest_delegation(errand);
        let below = closest.filter(|cut| cut.zone != stub.zone && stub.zone.zone_of(&cut.zone));
        below.unwrap_or_else(|| Arc::clone(stub))
    }

    fn closest_delegation(&self, errand: Errand<'_>) -> Option<Arc<Delegation>> {
        if let Some(cut) = errand.known_cut() {
            return Some(Arc::clone(cut));
        }
        let rrsets = self.memory.rrsets.of(errand.context.view.knows);
        rrsets.closest_delegation(&errand.at_or_above(), self.now())
    }

    async fn ask_zone(&self, errand: Errand<'_>, cut: &Arc<Delegation>) -> Result<Said, Failure> {
        errand.sub_questions.entering(cut, errand.context);
        let mut asking = Asking::new(self, errand, cut);
        errand.context.note(Note::Cut { zone: cut.zone.clone(), addresses: asking.known() });
        asking.run().await
    }

    /// Messages to servers in progress.
    pub fn messages_under_way(&self) -> usize {
        self.means.exchange.taken()
    }

    /// Whether any server was heard after `began`. If none was, later failures may be our own network's fault.
    pub fn heard_since(&self, began: Mono) -> bool {
        self.means.uplink.proves_silence(true, began)
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

/// The path to a server of `cut` on `route`: from the configured address of its family, over TLS if configured.
fn path(route: &Route, cut: &Delegation, server: SocketAddr) -> Path {
    let source = route.source_for(server.ip());
    let tls = match &route.kind {
        Kind::Forward { tls, .. } => {
            let place = cut.configured.iter().position(|configured| *configured == server);
            place.and_then(|place| tls.get(place)).cloned().flatten()
        }
        _ => None,
    };
    Path { server, source, tls }
}
