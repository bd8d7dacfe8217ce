//! The view of a group of clients: for each name, the servers or the local zone (route) that answer the questions of these clients.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::iter::successors;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::mirror::Mirror;
use super::names::ConfiguredNames;
use super::route::{Mirrored, Route, RouteTarget, Wrong, ZonePolicy, instead, is_for};
use super::trust::AnchorsInUse;
use super::{local, special};
use config::defaults::RECORD_TTL;
use config::limits::MAX_SHOWN_SENTENCE;
use config::seen::{SeenZones, Sees};
use config::{self, Config, LookaheadMode, ZoneKind};
use dns::cached::{Delegation, Evidence};
use dns::clock::Mono;
use dns::hash::Plain;
use dns::question::{ViewId, WireName, wire_name};
use dns::wire::presentation::shown;
use dnsbl::gate::Guarding;
use dnsbl::list::{List, WhenStale};
use dnsbl::rewrite::provider_of;

/// The TTL of NXDOMAIN, in seconds, for names of a DNS list that is shut down, and for names with the placeholder for a customer key. These
/// answers do not change soon.
const MADE_HERE_TTL: u32 = 3_600;

/// The routes (servers or local zones that answer questions), by the names of their zones in wire form. The hash needs no secret key,
/// because only the operator and the registry of DNS lists choose these names.
type Routes = HashMap<Vec<u8>, Arc<Route>, BuildHasherDefault<Plain>>;

/// The view of a group of clients: the route for each name, and the configuration. A resolution uses the same view from its begin to its
/// end, so a reload does not change its rules.
#[derive(Debug)]
pub struct View {
    /// The answers for clients of the view are cached under this id, separate from the answers of other views.
    pub id: ViewId,
    /// RRsets and delegations for the view are cached under this id. Views with the same zones share it, even if their clients get
    /// different answers.
    pub knows: ViewId,
    /// The configuration to which the view belongs.
    pub config: Arc<Config>,
    routes: Routes,
    names: ConfiguredNames,
    recursion: Arc<Route>,
    anchors: Arc<AnchorsInUse>,
    /// The names at and below which nothing is validated: negative trust anchors of the configuration, zones that are configured without
    /// validation, and unsigned zones that resolverd serves itself. `unvalidated` has only the zones that are configured without validation.
    ntas: HashSet<Vec<u8>>,
    unvalidated: HashSet<Vec<u8>>,
    /// Zones with the option `records`. They answer only clients; addresses of name servers are not taken from them.
    for_clients: HashSet<Vec<u8>>,
    /// What clients get when a DNS list refuses queries, does not answer, or gives an answer that is not a listing.
    pub guarding: Guarding,
    /// The mode of look-ahead for clients of the view.
    pub lookahead: LookaheadMode,
    pub(super) zones: SeenZones,
}

impl View {
    pub(super) fn new(
        (id, knows): (ViewId, ViewId),
        (config, anchors): (&Arc<Config>, &Arc<AnchorsInUse>),
        sees: Sees,
    ) -> Result<Self, Wrong> {
        let policy = ZonePolicy {
            source: config.resolve.source.clone(),
            max_ttl: config.cache.max_ttl,
            negative_max_ttl: config.cache.negative_max_ttl,
            serve_stale: config.cache.serve_stale,
            nxdomain_cut: true,
            minimise: true,
            list: None,
            race: config.resolve.race,
            one_at_a_time: !config.resolve.race,
            refusals_end: false,
        };
        let recursion = Route {
            zone: Name::root(),
            target: RouteTarget::Iterate,
            policy: policy.clone(),
            mirrored: None,
        };
        let mut view = Self {
            id,
            knows,
            config: Arc::clone(config),
            routes: Routes::default(),
            names: ConfiguredNames::new(config, &sees.zones, &policy)?,
            recursion: Arc::new(recursion),
            anchors: Arc::clone(anchors),
            ntas: config.dnssec.negative_trust_anchors.iter().map(wire_name).collect(),
            unvalidated: HashSet::new(),
            for_clients: HashSet::new(),
            guarding: sees.guarding,
            lookahead: sees.lookahead,
            zones: sees.zones,
        };
        let zones = view.zones.zones_in(config);
        for zone in special::zones()? {
            if !special::is_replaced(zone, &zones) {
                let route = special::route(zone, &policy);
                view.routes.insert(wire_name(&route.zone), Arc::new(route));
            }
        }
        let of_records =
            |zone: &&&config::ConfiguredZone| matches!(zone.kind, ZoneKind::Records(_) | ZoneKind::Blocked);
        view.for_clients = zones.iter().filter(of_records).map(|zone| wire_name(&zone.name)).collect();
        for zone in &zones {
            view.routes.insert(wire_name(&zone.name), Arc::new(configured(zone, &policy)?));
        }
        view.add_lists()?;
        let unvalidated = zones.iter().filter(|zone| !zone.validate).map(|zone| wire_name(&zone.name));
        view.unvalidated = unvalidated.collect();
        view.ntas.extend(view.unvalidated.iter().cloned());
        let unsigned = |target: &RouteTarget| matches!(target, RouteTarget::Local(authority) if !local::is_signed(authority));
        let here = view.routes.iter().filter(|(_, route)| unsigned(&route.target));
        view.ntas.extend(here.map(|(apex, _)| apex.clone()));
        Ok(view)
    }

    /// Returns true if clients with the settings `sees` get the same answers as clients of this view. The mode of look-ahead does not change
    /// answers.
    pub(super) fn answers_as(&self, sees: &Sees) -> bool {
        self.guarding == sees.guarding && self.zones == sees.zones
    }

    /// Returns the DNSSEC trust anchors in use.
    pub fn anchors(&self) -> &AnchorsInUse {
        &self.anchors
    }

    /// Returns the route of a question: of the `[[host]]` or `[[record]]` that answers this type for the name, or otherwise of the longest
    /// suffix of the name that has a route.
    pub fn route(&self, name: &Name, kind: RecordType) -> &Arc<Route> {
        self.route_of((name, &WireName::new(name)), kind)
    }

    /// The same as `route`, for a name with its wire form.
    pub fn route_of(&self, (name, wire): (&Name, &[u8]), kind: RecordType) -> &Arc<Route> {
        if let Some(route) = self.names.route(wire, kind) {
            return route;
        }
        // DS records belong to the zone above the zone cut (RFC 4035 section 3.1.4.1).
        let from = if kind == RecordType::DS { parent(wire) } else { Some(wire) };
        self.longest_suffix(from, |route| is_for(route, name, kind))
    }

    /// Returns the route for the address of a name server. `[[host]]`, `[[record]]` and zones with `records` are ignored, because they are
    /// meant only for clients: an operator who blocks a domain does not want to break zones whose name servers have names in it. Unbound
    /// does the same with its local data. A zone with a file is used.
    pub fn server_route(&self, name: &Name, kind: RecordType) -> &Arc<Route> {
        let is_for_clients = |route: &Route| {
            matches!(route.target, RouteTarget::Local(_))
                && self.for_clients.contains(wire_name(&route.zone).as_slice())
        };
        self.longest_suffix(Some(&WireName::new(name)), |route| {
            is_for(route, name, kind) && !is_for_clients(route)
        })
    }

    /// Returns the route of the DNS list at `apex`, even if the list is shut down. If `apex` has no route, returns that of the closest zone above.
    pub fn list_route(&self, apex: &Name) -> &Arc<Route> {
        self.longest_suffix(Some(&wire_name(apex)), |_| true)
    }

    /// Returns the route of the longest suffix of `name` that has a route for which `fits` returns true. If it is the route to a mirror
    /// whose data are too old, returns the route to the public servers instead. If no suffix has such a route, returns the route for
    /// recursion.
    fn longest_suffix(&self, name: Option<&[u8]>, fits: impl Fn(&Route) -> bool) -> &Arc<Route> {
        let mut left = name;
        while let Some(suffix) = left {
            if let Some(route) = self.routes.get(suffix).filter(|route| fits(route)) {
                return instead(route).unwrap_or(route);
            }
            left = parent(suffix);
        }
        &self.recursion
    }

    /// Returns true if the name is that of a `[[host]]` or `[[record]]`, the reverse name of a host's address, or a name above one of
    /// these.
    pub fn exists_here(&self, name: &Name) -> bool {
        self.names.exists(name)
    }

    /// Returns true if this name itself is a negative trust anchor, or the apex of a zone that is not validated.
    pub fn has_nta(&self, name: &Name) -> bool {
        !self.ntas.is_empty() && self.ntas.contains(wire_name(name).as_slice())
    }

    /// Returns true if the configuration says that data at or above `zone` are not validated.
    pub fn is_unvalidated(&self, zone: &Name) -> bool {
        let is_listed = |name: &[u8]| self.unvalidated.contains(name);
        !self.unvalidated.is_empty()
            && successors(Some(&*wire_name(zone)), |name| parent(name)).any(is_listed)
    }

    /// Adds a route for each DNS list: the servers of the closest zone at or above the list, with the policy for DNS lists. resolverd itself
    /// answers the questions to a list that is shut down, unless the operator has configured a zone at or above the list.
    fn add_lists(&mut self) -> Result<(), Wrong> {
        let lists = self.config.lists();
        for rewrite in lists.values().filter_map(|list| list.rewrite.as_deref()) {
            let base = rewrite.secret().base();
            if let Some(provider) = provider_of(base) {
                self.keep_from_forwarders(&provider);
            }
            self.keep_from_forwarders(base);
        }
        for (apex, list) in lists {
            // The type is A, because for DS `route` would return the route of the zone above.
            let base = list.rewrite.as_ref().map_or(&apex, |rewrite| rewrite.secret().base());
            let around = Arc::clone(self.route(base, RecordType::A));
            // Each query counts against a quota of the DNS list. So a second server is asked only if the first one is late, and two
            // refusals end the question.
            let policy = ZonePolicy {
                list: Some(Arc::clone(&list)),
                nxdomain_cut: false,
                minimise: false,
                race: false,
                refusals_end: true,
                serve_stale: Duration::ZERO,
                ..around.policy.clone()
            };
            let (zone, target) = match &around.target {
                _ if !list.is_alive() && around.zone.is_root() => {
                    self.routes.insert(wire_name(&apex), Arc::new(nothing_at(&apex, policy)?));
                    continue;
                }
                _ if !list.is_alive() => continue,
                // Names in this list contain the secret key of a customer. Only the list's own servers may get it, so no local zone answers.
                RouteTarget::Local(_) if list.rewrite.is_some() => (apex.clone(), RouteTarget::Iterate),
                // The list is in a zone whose data resolverd itself has. That zone answers the questions, or delegates the zone of the list.
                RouteTarget::Local(authority) => (around.zone.clone(), RouteTarget::Local(authority.clone())),
                RouteTarget::Stub(servers) => (apex.clone(), RouteTarget::Stub(Arc::clone(servers))),
                RouteTarget::Forward { servers, encryption, beyond } => {
                    let (servers, encryption) = (Arc::clone(servers), encryption.clone());
                    let beyond = beyond.as_ref().map(|_| recursion_at(&apex, &policy));
                    (apex.clone(), RouteTarget::Forward { servers, encryption, beyond })
                }
                RouteTarget::Iterate => (apex.clone(), RouteTarget::Iterate),
            };
            if let Some(rewrite) = &list.rewrite
                && let Some(stand_in) = rewrite.stand_in()
            {
                // A client must not be able to query the placeholder label that replaces the customer key in cached names. Otherwise the
                // answer to a query without the key would be cached as the answer to a query with the key.
                let own = ZonePolicy { list: None, ..policy.clone() };
                self.routes.insert(wire_name(&stand_in), Arc::new(nothing_at(&stand_in, own)?));
            }
            let mirrored = mirrored(&list, &zone, &target, &policy);
            self.routes.insert(wire_name(&apex), Arc::new(Route { zone, target, policy, mirrored }));
        }
        Ok(())
    }

    /// Lets the names at and below `base` bypass the forwarders, also if a client asks for them. These names contain the customer key of a
    /// DNS list, which only the servers of the list may get.
    fn keep_from_forwarders(&mut self, base: &Name) {
        let inside = self.routes.values().filter(|route| base.zone_of(&route.zone));
        let mut kept: Vec<Name> = inside.map(|route| route.zone.clone()).collect();
        kept.push(base.clone());
        for zone in kept {
            let around = self.route(&zone, RecordType::A);
            if matches!(around.target, RouteTarget::Forward { .. }) {
                let route = recursion_at(&zone, &around.policy);
                self.routes.insert(wire_name(&zone), route);
            }
        }
    }

    /// Returns the routes to mirrors of DNS lists whose age is checked, sorted by zone.
    pub fn mirrored(&self) -> Vec<&Arc<Route>> {
        let mut routes: Vec<_> = self.routes.values().filter(|route| route.mirrored.is_some()).collect();
        routes.sort_by(|one, other| one.zone.cmp(&other.zone));
        routes
    }

    /// Returns the route of names for which no zone is configured: recursion from the root.
    pub fn recursion(&self) -> &Route {
        &self.recursion
    }
}

fn parent(wire: &[u8]) -> Option<&[u8]> {
    let (length, rest) = wire.split_first().filter(|(length, _)| **length > 0)?;
    rest.get(usize::from(*length)..)
}

fn nothing_at(apex: &Name, policy: ZonePolicy) -> Result<Route, Wrong> {
    let empty = local::from_records(apex, Vec::new(), MADE_HERE_TTL)
        .map_err(|reason| Wrong { zone: apex.to_string(), reason })?;
    Ok(Route { zone: apex.clone(), target: RouteTarget::Local(empty), policy, mirrored: None })
}

/// Returns the mirror of a DNS list, for the check of the age of its data. Returns `None` if the list has no configured servers, or if the age is
/// not monitored.
fn mirrored(list: &List, zone: &Name, target: &RouteTarget, policy: &ZonePolicy) -> Option<Mirrored> {
    let max_age = list.max_age.filter(|_| matches!(target, RouteTarget::Stub(_)))?;
    let public = list.when_stale == WhenStale::Public;
    Some(Mirrored { mirror: Mirror::new(max_age), public: public.then(|| recursion_at(zone, policy)) })
}

fn recursion_at(zone: &Name, policy: &ZonePolicy) -> Arc<Route> {
    Arc::new(Route {
        zone: zone.clone(),
        target: RouteTarget::Iterate,
        policy: policy.clone(),
        mirrored: None,
    })
}

fn configured(zone: &config::ConfiguredZone, general: &ZonePolicy) -> Result<Route, Wrong> {
    let policy = ZonePolicy {
        source: if zone.source.is_empty() { general.source.clone() } else { zone.source.clone() },
        max_ttl: zone.max_ttl.unwrap_or(general.max_ttl),
        negative_max_ttl: zone.negative_max_ttl.unwrap_or(general.negative_max_ttl),
        nxdomain_cut: general.nxdomain_cut,
        ..general.clone()
    };
    let delegation = |addresses| {
        Arc::new(Delegation {
            zone: zone.name.clone(),
            servers: Vec::new(),
            glue: Vec::new(),
            configured: addresses,
            trusted: true,
            evidence: Evidence::default(),
            since: Mono::START,
            expires: Mono::from_micros(u64::MAX),
        })
    };
    let target = match &zone.kind {
        ZoneKind::Stub(servers) => RouteTarget::Stub(delegation(servers.clone())),
        ZoneKind::Recurse => RouteTarget::Iterate,
        ZoneKind::Forward(forwarders) => RouteTarget::Forward {
            servers: delegation(forwarders.iter().map(|forwarder| forwarder.address).collect()),
            encryption: forwarders
                .iter()
                .map(|forwarder| forwarder.encryption.clone().map(Arc::new))
                .collect(),
            beyond: zone.forward_first.then(|| recursion_at(&zone.name, &policy)),
        },
        ZoneKind::File { path, text } => {
            let authority = local::from_file(&zone.name, path, text)
                .map_err(|reason| Wrong::in_zone(zone, shown(&reason, MAX_SHOWN_SENTENCE)))?;
            RouteTarget::Local(authority)
        }
        ZoneKind::Records(lines) => {
            let authority =
                local::from_lines(&zone.name, lines).map_err(|reason| Wrong::in_zone(zone, reason))?;
            RouteTarget::Local(authority)
        }
        ZoneKind::Blocked => {
            // The apex of a zone exists. In an empty zone one label up, the name and all names below it do not exist.
            let empty = local::from_records(&zone.name.base_name(), Vec::new(), RECORD_TTL)
                .map_err(|reason| Wrong::in_zone(zone, reason))?;
            RouteTarget::Local(empty)
        }
    };
    Ok(Route { zone: zone.name.clone(), target, policy, mirrored: None })
}

impl View {
    /// Returns true if the address is removed from answers, because it is private and strangers control the name. Addresses at names of DNS
    /// lists, in configured zones and below `resolve.private_domains` are not removed. A zone that is the root or that is resolved from the
    /// root servers does not count as configured here, because it contains names of strangers.
    pub fn removes(&self, name: &Name, kind: RecordType, address: IpAddr) -> bool {
        let resolve = &self.config.resolve;
        // An address such as `::ffff:10.0.0.1` (IPv6-mapped) leads clients to 10.0.0.1.
        let inner = address.to_canonical();
        let is_private =
            resolve.private_addresses.iter().any(|net| net.contains(&address) || net.contains(&inner));
        is_private && self.is_of_strangers(name, kind)
    }

    /// Returns true if strangers control the name: it is in no DNS list, configured zone or private domain.
    pub fn is_of_strangers(&self, name: &Name, kind: RecordType) -> bool {
        let resolve = &self.config.resolve;
        let name = name.to_lowercase();
        let route = self.route(&name, kind);
        let is_public = route.zone.is_root() || matches!(route.target, RouteTarget::Iterate);
        let is_own = route.policy.list.is_some() || !is_public;
        !is_own && !resolve.private_domains.iter().any(|domain| domain.zone_of(&name))
    }
}
