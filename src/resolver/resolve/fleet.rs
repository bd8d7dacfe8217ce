//! Questions that another gateway of the fleet may already have answered.
//!
//! The store of the fleet is asked for the answer and for the zone cuts above the name. The servers are asked a moment later, and the first
//! usable answer wins. A store that is dead or slow is not asked (`HeadStart::Rests`).
//!
//! # Decisions
//!
//! - The servers are asked only after the time that the store usually takes (some hundred microseconds on a LAN). Otherwise each gateway
//!   would send the first query of each question, which is more than a third of all queries.
//! - Only data of public names in the general view, and of the zones in `fleet.zones`, are shared. Gateways share data only if the digest
//!   of their configurations is equal: a gateway that validates never believes one that does not.
//! - A reply of a DNS list is shared only if it says "listed" or "not listed". A refusal concerns the address of one gateway.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use hickory_proto::rr::{Name, RecordType};
use tokio::time::{sleep, timeout};

use super::chase::Chaser;
use super::chased::Chased;
use super::list_keys::secrets_of;
use crate::cache::flush::Aim;
use crate::cache::snapshot::shared::{Exported, Import};
use crate::cache::snapshot::{Scope, lies_in};
use crate::fleet::{FleetStore, Found, FoundEntry, HeadStart, Lease, SharedEntry, SharedKey};
use crate::iterate::Lookup;
use crate::iterate::classify::End;
use crate::iterate::failure::Failure;
use crate::limits::{LEASE_PAUSE, LEASE_WAIT, MAX_FLEET_FLUSHES, MAX_SHARED_CUTS, UNSHARED_LIST_TIME};
use dns::cached::Flush;
use dns::clock::Mono;
use dns::question::{ViewId, WireName, label_places, wire_name};
use dnsbl::gate::{self, ListVerdict};
use dnsbl::limits::MAX_LIST_WAYS;
use dnsbl::list::AskedAbout;
use dnsbl::state::ListState;
use record::Counter;
use record::event::StepEvent;
use record::redact::Secrets;
use zones::{RouteTarget, Views};

pub(super) type Fleet = ArcSwapOption<Sharing>;

/// Flushes of the operator. Older data of the fleet for the flushed names are not used.
#[derive(Debug, Default)]
struct Flushes {
    /// Each flush with its time, the oldest first.
    recent: Vec<(Aim, Mono)>,
    /// Data of any name that were written before this time are not used.
    all: Option<Mono>,
}

impl Flushes {
    fn add(&mut self, flush: &Flush, at: Mono) {
        match flush {
            // It is known only when data are read whether they are negative. So a flush of negative data counts for all data of the store.
            Flush::All | Flush::Negative => self.all = self.all.max(Some(at)),
            Flush::Name { .. } | Flush::Tree { .. } => self.recent.push((Aim::new(flush), at)),
        }
        if self.recent.len() > MAX_FLEET_FLUSHES {
            let (_, oldest) = self.recent.remove(0);
            self.all = self.all.max(Some(oldest));
        }
    }

    /// Returns true if data of `name` (in wire form) were flushed since `written`.
    fn concern(&self, name: &[u8], written: Mono) -> bool {
        self.all.is_some_and(|at| written <= at)
            || self.recent.iter().any(|(aim, at)| written <= *at && aim.concerns(name))
    }
}

#[derive(Debug)]
pub(super) struct Sharing {
    store: Arc<dyn FleetStore>,
    /// The digest of the configuration. It is part of each key, so gateways with different configurations do not share.
    fingerprint: [u8; 32],
    /// The general view, whose data are shared.
    view: ViewId,
    /// The names at and below which nothing is shared, in wire form: zones, hosts and records of the configuration.
    private: HashSet<Vec<u8>>,
    named: HashSet<Vec<u8>>,
    /// Finds the secret keys of DNS lists in names. Such names are not shared.
    secrets: Secrets,
    validates: bool,
    verifies: bool,
    learned: Arc<Learned>,
}

/// What this gateway has learned about data of the fleet: flushed data are not used, and some DNS lists give answers that must not be
/// shared. It is kept when the configuration changes.
#[derive(Debug, Default)]
struct Learned {
    flushes: Mutex<Flushes>,
    /// The zones of the DNS lists that recently gave an answer that must not be shared, with the time of the last one.
    unshared: Mutex<HashMap<Name, Mono>>,
}

impl Sharing {
    /// Creates the rules for sharing through a store. `scope` has the digest of the configuration, and the names that have settings in it.
    /// Returns `None` if `scope` has no view.
    fn new(of: (Arc<dyn FleetStore>, Arc<Learned>), views: &Views, scope: Scope) -> Option<Self> {
        let config = views.config();
        let (store, learned) = of;
        Some(Self {
            store,
            learned,
            fingerprint: scope.fingerprint,
            view: *scope.views.first()?,
            private: scope.configured.into_keys().chain(scope.overlooked).collect(),
            named: config.fleet.zones.iter().map(wire_name).collect(),
            secrets: secrets_of(config),
            validates: config.dnssec.validate,
            verifies: config.fleet.verify,
        })
    }

    fn shares(&self, lookup: Lookup<'_>) -> bool {
        let Lookup { name, route, context, .. } = lookup;
        let is_public = matches!(route.target, RouteTarget::Iterate);
        let wire = WireName::new(name);
        let is_named = || lies_in(&self.named, &wire);
        context.view.knows == self.view
            && !context.is_on_the_side()
            && !matches!(route.target, RouteTarget::Local(_))
            // If `rewrite` is set, the name has a placeholder instead of the secret key.
            && (lookup.rewrite.is_some() || self.secrets.hidden(&wire).is_none())
            && (is_public && !lies_in(&self.private, &wire) || is_named())
    }

    /// Returns true if only one gateway asks the question, and the other gateways wait for its answer. This is so for questions to a DNS list,
    /// unless an answer of the list to this gateway could not be shared recently, for example a refusal. The others would wait in vain for such
    /// an answer.
    fn leases(&self, lookup: Lookup<'_>, now: Mono) -> bool {
        let Some(list) = lookup.route.policy.list.as_ref() else { return false };
        let unshared = self.learned.unshared.lock().unwrap_or_else(PoisonError::into_inner);
        unshared.get(&list.apex).is_none_or(|at| now.since(*at) >= UNSHARED_LIST_TIME)
    }

    fn not_shared(&self, list: &Name, now: Mono) {
        let mut unshared = self.learned.unshared.lock().unwrap_or_else(PoisonError::into_inner);
        if unshared.len() < MAX_LIST_WAYS || unshared.contains_key(list) {
            unshared.insert(list.clone(), now);
        }
    }

    fn flushes(&self) -> MutexGuard<'_, Flushes> {
        self.learned.flushes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, tag: u8, name: &[u8], kind: RecordType) -> SharedKey {
        let kind = u16::from(kind).to_be_bytes();
        SharedKey([&self.fingerprint[..], &[tag], name, &kind].concat().into())
    }

    fn question_key(&self, name: &Name, kind: RecordType) -> SharedKey {
        self.key(QUESTION, &WireName::new(name), kind)
    }

    fn zone_key(&self, zone: &[u8]) -> SharedKey {
        self.key(ZONE, zone, RecordType::NS)
    }

    fn entry(key: SharedKey, exported: Exported, begun: Mono) -> SharedEntry {
        SharedEntry { key, octets: exported.octets, left: exported.left, begun }
    }
}

/// Tags of the keys in the store.
const QUESTION: u8 = 1;
const ZONE: u8 = 2;

impl Chaser {
    /// Returns the store of the fleet and the rules of sharing. Returns `None` if there is no store, or if the data for this lookup may not be
    /// shared.
    fn shared(&self, lookup: Lookup<'_>) -> Option<Arc<Sharing>> {
        let sharing = self.fleet.load();
        let sharing = sharing.as_ref().filter(|sharing| sharing.shares(lookup))?;
        // Data below a negative trust anchor are not validated here, but other gateways may validate them.
        let is_unvalidated = self.trust.ntas().longest(lookup.name, self.clock.mono()).is_some();
        (!is_unvalidated).then(|| Arc::clone(sharing))
    }

    /// Looks up the name in the store of the fleet and at the servers at the same time. Returns the usable answer that comes first.
    pub(super) async fn seek_or_share(
        &self,
        lookup: Lookup<'_>,
        chased: &mut Chased,
    ) -> Result<End, Failure> {
        let Some(sharing) = self.shared(lookup) else { return self.seek(lookup, chased).await };
        match sharing.store.head_start() {
            HeadStart::Rests => self.seek(lookup, chased).await,
            // The future is boxed, so that it does not make the futures of gateways without a fleet larger.
            HeadStart::Wait(wait) => Box::pin(self.race(lookup, &sharing, wait, chased)).await,
        }
    }

    async fn race(
        &self,
        lookup: Lookup<'_>,
        sharing: &Sharing,
        wait: Duration,
        chased: &mut Chased,
    ) -> Result<End, Failure> {
        let keys = self.keys_to_find(lookup, sharing);
        let began = self.clock.mono();
        let leases = sharing.leases(lookup, began);
        let mut finding = sharing.store.find(keys.clone(), leases);
        let mut found = timeout(wait, &mut finding).await.ok();
        while let Some(Found { entries, lease }) = found.take() {
            if let Some(end) = self.remember_shared(&entries, sharing, lookup, chased).await {
                return Ok(end);
            }
            if lease != Lease::Other
                || self.clock.mono().since(began).saturating_add(LEASE_PAUSE) > LEASE_WAIT
            {
                self.recorder.count(Counter::FleetMisses, 1);
                return self.seek(Lookup { cut: None, ..lookup }, chased).await;
            }
            sleep(LEASE_PAUSE).await;
            let again = timeout(LEASE_PAUSE, sharing.store.find(keys.clone(), leases));
            found = Some(again.await.unwrap_or_default());
        }
        // The store is slower than usual, so the servers are asked in the meantime.
        let mut own = chased.clone();
        let mut seeking = Box::pin(self.seek(lookup, &mut own));
        let sought = tokio::select! {
            biased;
            Found { entries, .. } = &mut finding => {
                if let Some(end) = self.remember_shared(&entries, sharing, lookup, chased).await {
                    return Ok(end);
                }
                self.recorder.count(Counter::FleetMisses, 1);
                seeking.as_mut().await
            }
            sought = &mut seeking => sought,
        };
        drop(seeking);
        *chased = own;
        sought
    }

    /// Takes entries of the fleet into the cache. Returns the result for the name, if the cache then has it.
    async fn remember_shared(
        &self,
        entries: &[FoundEntry],
        sharing: &Sharing,
        lookup: Lookup<'_>,
        chased: &mut Chased,
    ) -> Option<End> {
        self.take_in(entries, sharing, lookup);
        let end = self.remember(lookup, chased).await?;
        self.recorder.count(Counter::FleetHits, 1);
        let found = "the store of the fleet had the answer".to_owned();
        lookup.context.note(StepEvent::Memory { found });
        Some(end)
    }

    /// Returns the keys of the question and of the zone cuts below the closest known one, from the top down.
    fn keys_to_find(&self, lookup: Lookup<'_>, sharing: &Sharing) -> Vec<SharedKey> {
        let wire = WireName::new(lookup.name);
        let rrsets = self.memory.rrsets.in_view(sharing.view);
        let known = rrsets.closest_delegation(lookup.name, self.clock.mono());
        let known = known.map_or(1, |cut| wire_name(&cut.zone).len());
        let mut cuts: Vec<&[u8]> = label_places(&wire)
            .filter_map(|place| wire.get(place..))
            .filter(|zone| zone.len() > known)
            .collect();
        cuts.reverse();
        cuts.truncate(MAX_SHARED_CUTS);
        let question = sharing.question_key(lookup.name, lookup.kind);
        std::iter::once(question).chain(cuts.into_iter().map(|zone| sharing.zone_key(zone))).collect()
    }

    fn take_in(&self, entries: &[FoundEntry], sharing: &Sharing, lookup: Lookup<'_>) {
        let now = self.clock.mono();
        for entry in entries {
            let written = now.before(entry.age);
            let import = Import {
                view: sharing.view,
                age: entry.age,
                max_ttl: lookup.route.policy.max_ttl,
                refuses: &|name| sharing.flushes().concern(name, written),
                verifies: sharing.verifies,
            };
            self.memory.import(&entry.octets, import, now);
        }
    }

    /// Gives the answer of servers to the fleet, with the zone cuts that were found.
    pub(super) fn share(&self, lookup: Lookup<'_>, zone: &Name) {
        let Some(sharing) = self.shared(lookup) else { return };
        let Lookup { name, kind, context, .. } = lookup;
        let now = self.clock.mono();
        let mut entries = Vec::new();
        let may_share = self.may_share_list(lookup);
        if !may_share && let Some(list) = &lookup.route.policy.list {
            sharing.not_shared(&list.apex, now);
        }
        if may_share
            && let Some(exported) = self.memory.export((name, kind), (sharing.view, sharing.validates), now)
        {
            entries.push(Sharing::entry(sharing.question_key(name, kind), exported, context.began()));
        }
        let mut above = zone.clone();
        while !above.is_root() {
            if let Some(exported) = self.memory.export_zone(&above, sharing.view, (context.began(), now)) {
                entries.push(Sharing::entry(
                    sharing.zone_key(&WireName::new(&above)),
                    exported,
                    context.began(),
                ));
            }
            above = above.base_name();
        }
        if !entries.is_empty() {
            sharing.store.keep(entries);
        }
    }

    /// Returns false if the answer of a DNS list says neither "listed" nor "not listed".
    fn may_share_list(&self, lookup: Lookup<'_>) -> bool {
        let Lookup { name, kind, route, context, .. } = lookup;
        let Some(list) = route.policy.list.as_ref() else { return true };
        let outward = lookup.rewrite.map(|rewrite| rewrite.outward(name));
        let name = outward.as_ref().unwrap_or(name);
        if list.asked(name) == AskedAbout::Nothing {
            return true;
        }
        // An answer of type A or TXT goes to the store of the fleet only if the cached address records of its name say "listed" or "not listed".
        let known = matches!(kind, RecordType::A | RecordType::TXT)
            .then(|| self.remembered_addresses(list, name, context))
            .flatten();
        known.is_some_and(|records| {
            let verdict = gate::judge(list, ListState::Untested, &records);
            matches!(verdict, ListVerdict::Listed | ListVerdict::NotListed)
        })
    }
}

impl super::Resolver {
    /// Shares answers through `store` from now on.
    pub fn share_through(&self, store: Arc<dyn FleetStore>) {
        self.share_from((store, Arc::default()));
    }

    /// Adapts the sharing of answers to a change of the configuration or of the trust anchors.
    pub fn refresh_sharing(&self) {
        let sharing = self.flight.chaser.fleet.load_full();
        if let Some(sharing) = sharing {
            self.share_from((Arc::clone(&sharing.store), Arc::clone(&sharing.learned)));
        }
    }

    fn share_from(&self, of: (Arc<dyn FleetStore>, Arc<Learned>)) {
        let sharing = Sharing::new(of, &self.views(), self.snapshot_scope());
        self.flight.chaser.fleet.store(sharing.map(Arc::new));
    }

    /// Called after a flush: data that were written to the store before `at` are no longer taken from it.
    pub fn flushed(&self, flush: &Flush, at: Mono) {
        if let Some(sharing) = self.flight.chaser.fleet.load().as_ref() {
            sharing.flushes().add(flush, at);
        }
    }
}
