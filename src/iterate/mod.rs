//! Recursion: from the closest known zone along referrals to the zone that knows.
//!
//! May call: `exchange`, `cache`, `record`. What it needs besides (addresses of servers without glue) it asks for
//! through `SubQuestions`, which `resolve` hands down. RFC 1034 section 5.3.3 with RFC 2181 and RFC 9609.

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
pub mod scrub;
pub mod select;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::cache::Memory;
use crate::cache::rrsets::{Delegation, Known, Rank, capped, negative_ttl};
use crate::cache::servers::Server;
use crate::clock::Clock;
use crate::config::Config;
use crate::exchange::Exchange;
use crate::limits::{MAX_REFERRALS, MAX_SERVERS};
use crate::random::Random;
use crate::record::Recorder;
use crate::record::event::StepEvent;
use ask::Asking;
use attempt::Means;
use classify::{End, Found, Referral, Said};
use context::Context;
use failure::Failure;
use families::Families;

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
    config: Arc<Config>,
    memory: Memory,
    random: Random,
    means: Arc<Means>,
}

impl Iterate {
    /// Recursion that sends through `exchange` and remembers in `memory`.
    pub fn new(
        config: Arc<Config>,
        memory: Memory,
        exchange: Arc<Exchange>,
        recorder: Arc<Recorder>,
        clock: Clock,
        random: Random,
    ) -> Self {
        let families = Families::new(&config.resolve);
        Self { config, memory, random, means: Arc::new(Means { exchange, recorder, clock, families }) }
    }

    /// Finds `kind` at `name`: its data, what shows that there are none, or an alias that leads on.
    ///
    /// # Errors
    /// No server on the way helps, or the budget of the question is spent.
    pub async fn find(
        &self,
        name: &Name,
        kind: RecordType,
        context: &Context,
        sub_questions: &dyn SubQuestions,
    ) -> Result<Resolved, Failure> {
        let mut cut = self.closest_cut(name, kind, context, sub_questions).await?;
        for _ in 0..MAX_REFERRALS {
            match self.ask_zone(&cut, name, kind, context, sub_questions).await? {
                Said::Found(found) => {
                    let found = self.keep(found, kind);
                    return Ok(Resolved { found, zone: cut.zone.clone() });
                }
                Said::Referral(referral) => {
                    context.note(StepEvent::Referral { zone: referral.zone.to_string() });
                    cut = self.keep_referral(referral);
                }
                // `Asking` ends with something that helps, or fails.
                Said::Nothing(_) => break,
            }
        }
        Err(Failure::Referrals { name: name.clone() })
    }

    /// Asks the root servers of the hints who the root servers are (RFC 9609), unless that is known.
    ///
    /// # Errors
    /// None of them answers.
    pub async fn prime(
        &self,
        context: &Context,
        sub_questions: &dyn SubQuestions,
    ) -> Result<Arc<Delegation>, Failure> {
        let root = Name::root();
        if let Some(known) = self.memory.rrsets.delegation(&root, self.clock().mono()) {
            return Ok(known);
        }
        let hints = self.hints();
        let Said::Found(found) = self.ask_zone(&hints, &root, RecordType::NS, context, sub_questions).await?
        else {
            return Ok(Arc::new(hints));
        };
        let primed = Arc::new(self.primed(&hints, &found));
        self.memory.rrsets.put_delegation(Arc::clone(&primed));
        Ok(primed)
    }

    async fn closest_cut(
        &self,
        name: &Name,
        kind: RecordType,
        context: &Context,
        sub_questions: &dyn SubQuestions,
    ) -> Result<Arc<Delegation>, Failure> {
        // DS stands on the parent's side of a cut (RFC 4035 section 3.1.4.1).
        let from = if kind == RecordType::DS && !name.is_root() { name.base_name() } else { name.clone() };
        match self.memory.rrsets.closest_delegation(&from, self.clock().mono()) {
            Some(cut) => Ok(cut),
            None => self.prime(context, sub_questions).await,
        }
    }

    async fn ask_zone(
        &self,
        cut: &Delegation,
        name: &Name,
        kind: RecordType,
        context: &Context,
        sub_questions: &dyn SubQuestions,
    ) -> Result<Said, Failure> {
        let asking = Asking::new(self, cut, name, kind, context, sub_questions);
        context.note(StepEvent::Cut { zone: cut.zone.to_string(), addresses: asking.known() });
        asking.run().await
    }

    /// Keeps the RRsets of an answer, with its TTLs as they may be given.
    fn keep(&self, mut found: Found, kind: RecordType) -> Found {
        let now = self.clock().mono();
        let max_ttl = self.config.cache.max_ttl;
        for record in &mut found.answers {
            record.ttl = capped(record.ttl, max_ttl);
        }
        let mut kept: Vec<&Record> = Vec::new();
        for record in &found.answers {
            let same =
                |other: &Record| other.name == record.name && other.record_type() == record.record_type();
            if kept.iter().any(|other| same(other)) {
                continue;
            }
            kept.push(record);
            let rrset: Vec<&Record> = found.answers.iter().filter(|other| same(other)).collect();
            self.memory.rrsets.put(&rrset, Rank::Answer, max_ttl, now);
        }
        if let End::Negative { nxdomain, name, soa: Some(soa) } = &mut found.end {
            let max_ttl = self.config.cache.negative_max_ttl;
            self.memory.rrsets.put_negative(name, kind, *nxdomain, soa, max_ttl, now);
            soa.ttl = negative_ttl(soa, max_ttl);
        }
        found
    }

    /// Keeps a referral: the cut with its glue, and the glue for others' cuts too, as glue.
    fn keep_referral(&self, referral: Referral) -> Arc<Delegation> {
        let now = self.clock().mono();
        let max_ttl = self.config.cache.max_ttl;
        for (place, address) in referral.addresses.iter().enumerate() {
            let same =
                |other: &&Record| other.name == address.name && other.record_type() == address.record_type();
            let first = referral.addresses.iter().position(|other| same(&other)) == Some(place);
            if first {
                let rrset: Vec<&Record> = referral.addresses.iter().filter(same).collect();
                self.memory.rrsets.put(&rrset, Rank::Glue, max_ttl, now);
            }
        }
        let ttl = capped(referral.ttl, max_ttl);
        let delegation = Arc::new(Delegation {
            zone: referral.zone,
            servers: referral.servers,
            glue: referral.glue,
            expires: now.after(Duration::from_secs(ttl.into())),
        });
        self.memory.rrsets.put_delegation(Arc::clone(&delegation));
        delegation
    }

    /// The addresses of a zone's servers that are known, and the names of those that have none.
    fn addresses(&self, cut: &Delegation) -> (Vec<SocketAddr>, Vec<Name>) {
        let now = self.clock().mono();
        let (mut known, mut unglued) = (Vec::new(), Vec::new());
        for (place, server) in cut.servers.iter().enumerate() {
            let before = known.len();
            for kind in self.address_kinds() {
                if let Some(Known::Rrset(rrset)) = self.memory.rrsets.get(server, kind, Rank::Glue, now) {
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
        let port = self.port();
        (known.into_iter().map(|address| SocketAddr::new(address, port)).collect(), unglued)
    }

    /// The root as the hints have it. It is asked who the root's servers are, and nothing else, so it never expires.
    fn hints(&self) -> Delegation {
        let mut servers = Vec::new();
        let mut glue = Vec::new();
        for (place, (name, addresses)) in
            self.config.resolve.root_hints.servers.iter().take(MAX_SERVERS).enumerate()
        {
            servers.push(name.to_lowercase());
            glue.extend(addresses.iter().map(|address| (place, *address)));
        }
        Delegation { zone: Name::root(), servers, glue, expires: self.clock().mono() }
    }

    /// The root as its own servers have it; addresses that did not come along are those of the hints.
    fn primed(&self, hints: &Delegation, found: &Found) -> Delegation {
        let now = self.clock().mono();
        let mut servers: Vec<Name> = Vec::new();
        let mut ttl = u32::MAX;
        for record in found.answers.iter().take(MAX_SERVERS) {
            if let RData::NS(server) = &record.data {
                servers.push(server.0.to_lowercase());
                ttl = ttl.min(record.ttl);
            }
        }
        if servers.is_empty() {
            servers.clone_from(&hints.servers);
            ttl = 0;
        }
        let mut glue = Vec::new();
        for (place, server) in servers.iter().enumerate() {
            let before = glue.len();
            glue.extend(
                found.glue.iter().filter(|(of, _)| of == server).map(|(_, address)| (place, *address)),
            );
            if glue.len() == before {
                let hinted = hints.servers.iter().position(|of| of == server);
                let addresses = hints.glue.iter().filter(|(of, _)| Some(*of) == hinted);
                glue.extend(addresses.map(|(_, address)| (place, *address)));
            }
        }
        let ttl = capped(ttl, self.config.cache.max_ttl);
        Delegation { zone: Name::root(), servers, glue, expires: now.after(Duration::from_secs(ttl.into())) }
    }

    fn address_kinds(&self) -> impl Iterator<Item = RecordType> + use<> {
        let now = self.clock().mono();
        let (ipv4, ipv6) = (self.means.families.ipv4(now), self.means.families.ipv6(now));
        ipv4.then_some(RecordType::A).into_iter().chain(ipv6.then_some(RecordType::AAAA))
    }

    /// Whether a server may be asked: its family leads somewhere, and the operator has not denied it.
    fn may_ask(&self, address: IpAddr) -> bool {
        let denied = self.config.resolve.deny_servers.iter().any(|net| net.contains(&address));
        !denied && self.means.families.allows(address, self.clock().mono())
    }

    fn server(&self, address: SocketAddr) -> Arc<Server> {
        self.memory.servers.get(address)
    }

    fn means(&self) -> Arc<Means> {
        Arc::clone(&self.means)
    }

    fn clock(&self) -> &Clock {
        &self.means.clock
    }

    fn port(&self) -> u16 {
        self.config.resolve.upstream_port
    }

    fn races(&self) -> bool {
        self.config.resolve.race
    }

    fn toss(&self, below: u32) -> u32 {
        self.random.below(below)
    }
}
