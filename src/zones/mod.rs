//! The route of a question: the longest configured suffix of its name, or recursion.
//!
//! RFC 6303 and RFC 6761 (names that never leave this host) hold unless a configured zone covers them.
//!
//! # Decisions
//!
//! - A route carries its whole policy (minimisation, NXDOMAIN cut, race, validation, list, source address). Special
//!   treatment of DNS lists is that policy and the gate of `dnsbl`, nothing else.
//! - A `[[host]]` decides addresses and reverse names only. With all types, the MX of a name was lost and mail went
//!   to the host itself.
//! - Listeners that see the same zones share one view and its memory. Ids of views are never given twice: before, a
//!   listener could get what was learnt for another one's clients for ten seconds after a reload.
//! - Routes are found without a secret hash, because the operator chooses the names in the table.

pub mod authority;
mod denial;
pub mod local;
pub mod mirror;
mod routes;
mod special;
mod views;
pub mod zone;

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};

use crate::cache::rrsets::Delegation;
use crate::cache::security::Evidence;
use crate::clock::Mono;
use crate::config::{self, Config, ZoneKind};
use crate::dnsbl::gate::Guarding;
use crate::dnsbl::list::{List, WhenStale};
use crate::dnsbl::way::Way;
use crate::limits::MAX_SHOWN_SENTENCE;
use crate::question::{ViewId, WireName, wire_name};
use crate::wire::presentation::shown;
use authority::Authority;
use mirror::Mirror;
use routes::Routes;
use views::Sees;
pub use views::{Views, changed};

/// TTL of "does not exist" for names of a DNS list that is shut down, and for those that stand for a key: whoever still asks
/// need not be told of it more often.
const MADE_HERE_TTL: u32 = 3_600;

/// TTL of the records of a `[[host]]`: short, as the file may be changed any time.
const HOST_TTL: u32 = 300;

/// What a `[[host]]` decides, of its names and of its reverse names: mail, texts and all else are those of the name without it.
/// An address family that it does not give is denied, as the operator has given the addresses of the name.
const HOST_KINDS: [RecordType; 3] = [RecordType::A, RecordType::AAAA, RecordType::PTR];

/// The way of the names below one apex.
#[derive(Debug)]
pub struct Route {
    /// The apex.
    pub zone: Name,
    /// Where it leads.
    pub kind: Kind,
    /// What holds on the way.
    pub policy: ZonePolicy,
    /// Where its servers hold a mirror whose age is watched.
    pub mirrored: Option<Mirrored>,
}

/// A mirror, and what takes its place.
#[derive(Debug)]
pub struct Mirrored {
    /// How old its data are.
    pub mirror: Mirror,
    /// The way of names while they are too old; none where the mirror is asked all the same.
    pub public: Option<Arc<Route>>,
}

/// Where a way leads.
#[derive(Debug)]
pub enum Kind {
    /// Recursion from the closest known cut.
    Iterate,
    /// Recursion from these servers of the zone.
    Stub(Arc<Delegation>),
    /// Recursive servers, asked for the whole answer.
    Forward {
        /// They, as a delegation of what they are asked for.
        servers: Arc<Delegation>,
        /// Names of the certificates of those that are asked over TLS, by place.
        tls: Vec<Option<Arc<str>>>,
    },
    /// An answer is made here.
    Local(Authority),
}

impl Route {
    /// Whom the questions to a list on this way go to.
    pub fn way(&self) -> Way {
        match &self.kind {
            Kind::Iterate | Kind::Local(_) => Way::Public,
            Kind::Stub(servers) => Way::Stub(servers.configured.clone()),
            Kind::Forward { servers, .. } => Way::Forwarders(servers.configured.clone()),
        }
    }
}

/// What holds for a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZonePolicy {
    /// The addresses to ask from, where the system is not to choose.
    pub source: Vec<IpAddr>,
    /// No positive answer is kept longer.
    pub max_ttl: Duration,
    /// No negative answer is kept longer.
    pub negative_max_ttl: Duration,
    /// Whether nothing is asked below a name that is proven not to exist (RFC 8020).
    pub nxdomain_cut: bool,
    /// Whether names below the apex may be probed on the way to the whole one (RFC 9156); those of a DNS list may not.
    pub minimise: bool,
    /// The DNS list whose zone it is.
    pub list: Option<Arc<List>>,
    /// Whether two servers are raced where the best of them is not known.
    pub race: bool,
    /// Whether one server is asked at a time, and only for what is needed: no other while it may still answer, and none
    /// probed on the side.
    pub one_at_a_time: bool,
    /// Whether two servers that say REFUSED, one after the other, end the question: the zone's owner does not want to
    /// answer us, and each further message makes it worse.
    pub refusals_end: bool,
}

/// What one set of clients sees: its routes, and the configuration that goes with them.
///
/// A flight holds on to the view it began with, so a reload never changes the rules on its way.
#[derive(Debug)]
pub struct View {
    /// Tells its answers in memory from those of other views.
    pub id: ViewId,
    /// Tells what is known of names from what other views know of them: views that see the same zones know the same,
    /// whatever their clients are told of it.
    pub knows: ViewId,
    /// What the operator has decided.
    pub config: Arc<Config>,
    routes: Routes,
    hosts: BTreeMap<Vec<u8>, Arc<Route>>,
    recursion: Arc<Route>,
    /// Names at and below which nothing is validated: those of the operator, and of zones that are served here.
    exempt: HashSet<Vec<u8>>,
    /// What its clients are spared that lists say and that is no listing.
    pub guarding: Guarding,
    /// The configured zones that its clients see, in order; none where they see all.
    zones: Option<Vec<Name>>,
}

/// Why zones cannot be served as configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("zone {zone}: {reason}")]
pub struct Wrong {
    /// The zone.
    pub zone: String,
    /// What is wrong with it.
    pub reason: String,
}

impl View {
    fn new(id: ViewId, knows: ViewId, config: &Arc<Config>, sees: Sees) -> Result<Self, Wrong> {
        let policy = ZonePolicy {
            source: config.resolve.source.clone(),
            max_ttl: config.cache.max_ttl,
            negative_max_ttl: config.cache.negative_max_ttl,
            nxdomain_cut: true,
            minimise: true,
            list: None,
            race: config.resolve.race,
            one_at_a_time: !config.resolve.race,
            refusals_end: false,
        };
        let recursion =
            Route { zone: Name::root(), kind: Kind::Iterate, policy: policy.clone(), mirrored: None };
        let mut view = Self {
            id,
            knows,
            config: Arc::clone(config),
            routes: Routes::default(),
            hosts: hosts(config, &policy)?,
            recursion: Arc::new(recursion),
            exempt: config.dnssec.negative_trust_anchors.iter().map(wire_name).collect(),
            guarding: sees.guarding,
            zones: sees.zones,
        };
        let visible =
            |zone: &&config::Zone| view.zones.as_ref().is_none_or(|names| names.contains(&zone.name));
        let zones: Vec<&config::Zone> = config.zones.iter().filter(visible).collect();
        for zone in special::zones() {
            if !zones.iter().any(|configured| special::gives_way(&zone, &configured.name)) {
                let route = special::route(&zone, &policy)?;
                view.routes.insert(wire_name(&route.zone), Arc::new(route));
            }
        }
        for zone in &zones {
            view.routes.insert(wire_name(&zone.name), Arc::new(configured(zone, &policy)?));
        }
        view.add_lists()?;
        let exempted = zones.iter().filter(|zone| !zone.validate).map(|zone| wire_name(&zone.name));
        view.exempt.extend(exempted);
        let unsigned = |kind: &Kind| matches!(kind, Kind::Local(authority) if !local::is_signed(authority));
        let here = view.routes.iter().filter(|(_, route)| unsigned(&route.kind));
        view.exempt.extend(here.map(|(apex, _)| apex.clone()));
        Ok(view)
    }

    /// The way of a question: that of its host where the host is what it asks for, or of the longest suffix of its name.
    pub fn route(&self, name: &Name, kind: RecordType) -> &Arc<Route> {
        let wire = WireName::of(name);
        if let Some(host) = self.hosts.get(&*wire)
            && HOST_KINDS.contains(&kind)
        {
            return host;
        }
        // DS stands on the parent's side of a cut (RFC 4035 section 3.1.4.1).
        let from = if kind == RecordType::DS { parent(&wire) } else { Some(&*wire) };
        self.longest_suffix(from, |route| is_for(route, name, kind))
    }

    /// The way of the questions to the list at `apex`, one that is shut down included; of the zone around it where no list is known
    /// there.
    pub fn list_route(&self, apex: &Name) -> &Arc<Route> {
        self.longest_suffix(Some(&wire_name(apex)), |_| true)
    }

    /// The way of the longest suffix of `name`, in wire form, whose way `fits`.
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

    /// Whether it is the name of a `[[host]]`, or the reverse name of one of its addresses.
    pub fn is_host(&self, name: &Name) -> bool {
        !self.hosts.is_empty() && self.hosts.contains_key(&wire_name(name))
    }

    /// Whether validation ends at exactly this name: a negative trust anchor, or a zone that is not validated.
    pub fn is_exempt(&self, name: &Name) -> bool {
        !self.exempt.is_empty() && self.exempt.contains(wire_name(name).as_slice())
    }

    /// Routes of DNS lists: each leads where the zone that it lies in leads, but as a list's. Nobody is asked for what is
    /// in a list that is shut down, unless the operator has configured its zone.
    fn add_lists(&mut self) -> Result<(), Wrong> {
        for (apex, list) in self.config.lists() {
            // DS would pass over the apex, and here its own route counts.
            let base = list.rewrite.as_ref().map_or(&apex, |rewrite| rewrite.secret().base());
            let around = Arc::clone(self.route(base, RecordType::A));
            // Each message counts against a quota: a second server is asked only once the first is late, and two refusals
            // are an answer.
            let policy = ZonePolicy {
                list: Some(Arc::clone(&list)),
                nxdomain_cut: false,
                minimise: false,
                race: false,
                refusals_end: true,
                ..around.policy.clone()
            };
            let (zone, kind) = match &around.kind {
                _ if !list.is_alive() && around.zone.is_root() => {
                    self.routes.insert(wire_name(&apex), Arc::new(nothing_at(&apex, policy)?));
                    continue;
                }
                _ if !list.is_alive() => continue,
                // A key is for the list's own servers: no forwarder is told it.
                Kind::Forward { .. } | Kind::Local(_) if list.rewrite.is_some() => {
                    (apex.clone(), Kind::Iterate)
                }
                // The servers of the zone around it are asked; it is they who serve the list, as far as we know.
                Kind::Local(authority) => (around.zone.clone(), Kind::Local(authority.clone())),
                Kind::Stub(servers) => (apex.clone(), Kind::Stub(Arc::clone(servers))),
                Kind::Forward { servers, tls } => {
                    (apex.clone(), Kind::Forward { servers: Arc::clone(servers), tls: tls.clone() })
                }
                Kind::Iterate => (apex.clone(), Kind::Iterate),
            };
            if let Some(rewrite) = &list.rewrite
                && let Some(stand_in) = rewrite.stand_in()
            {
                // What stands for the key is a name of ours: whoever asked for it himself would have what its servers say
                // without the key kept as what they say with it.
                let own = ZonePolicy { list: None, ..policy.clone() };
                self.routes.insert(wire_name(&stand_in), Arc::new(nothing_at(&stand_in, own)?));
            }
            let mirrored = mirrored(&list, &zone, &kind, &policy);
            self.routes.insert(wire_name(&apex), Arc::new(Route { zone, kind, policy, mirrored }));
        }
        Ok(())
    }

    /// The ways to mirrors whose age is watched, by zone.
    pub fn mirrored(&self) -> Vec<&Arc<Route>> {
        let mut routes: Vec<_> = self.routes.values().filter(|route| route.mirrored.is_some()).collect();
        routes.sort_by(|one, other| one.zone.cmp(&other.zone));
        routes
    }

    /// The way of names that no zone is configured for.
    pub fn recursion(&self) -> &Route {
        &self.recursion
    }
}

/// Whether a question goes the way of the zone that it lies in. All do, but that of a list that is shut down is the way of what
/// asks that list: its owner may have mail and a website there.
fn is_for(route: &Route, name: &Name, kind: RecordType) -> bool {
    match &route.policy.list {
        Some(list) if !list.is_alive() && matches!(route.kind, Kind::Local(_)) => {
            matches!(kind, RecordType::A | RecordType::TXT) && list.asks_the_dead(name)
        }
        _ => true,
    }
}

/// A name in wire form without its first label; none of the root.
fn parent(wire: &[u8]) -> Option<&[u8]> {
    let (length, rest) = wire.split_first().filter(|(length, _)| **length > 0)?;
    rest.get(usize::from(*length)..)
}

/// The route of a zone that holds nothing.
fn nothing_at(apex: &Name, policy: ZonePolicy) -> Result<Route, Wrong> {
    let empty = local::from_records(apex, Vec::new(), MADE_HERE_TTL)
        .map_err(|reason| Wrong { zone: apex.to_string(), reason })?;
    Ok(Route { zone: apex.clone(), kind: Kind::Local(empty), policy, mirrored: None })
}

/// The way that takes a route's place while its mirror is too old.
fn instead(route: &Route) -> Option<&Arc<Route>> {
    let mirrored = route.mirrored.as_ref().filter(|mirrored| mirrored.mirror.is_stale())?;
    mirrored.public.as_ref()
}

/// Whether two ways lead to the same servers of the same mirror.
pub fn same_mirror(one: &Route, other: &Route) -> bool {
    one.zone == other.zone && one.way() == other.way()
}

/// The mirror that a list's own servers hold, where its age is to be watched.
fn mirrored(list: &List, zone: &Name, kind: &Kind, policy: &ZonePolicy) -> Option<Mirrored> {
    let max_age = list.max_age.filter(|_| matches!(kind, Kind::Stub(_)))?;
    let public = list.when_stale == WhenStale::Public;
    let route = || Route { zone: zone.clone(), kind: Kind::Iterate, policy: policy.clone(), mirrored: None };
    Some(Mirrored { mirror: Mirror::new(max_age), public: public.then(|| Arc::new(route())) })
}

fn configured(zone: &config::Zone, general: &ZonePolicy) -> Result<Route, Wrong> {
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
    let kind = match &zone.kind {
        ZoneKind::Stub(servers) => Kind::Stub(delegation(servers.clone())),
        ZoneKind::Forward(forwarders) => Kind::Forward {
            servers: delegation(forwarders.iter().map(|forwarder| forwarder.address).collect()),
            tls: forwarders.iter().map(|forwarder| forwarder.tls.as_deref().map(Arc::from)).collect(),
        },
        ZoneKind::File { path, text } => {
            let authority = local::from_file(&zone.name, path, text).map_err(|reason| Wrong {
                zone: zone.name.to_string(),
                reason: shown(&reason, MAX_SHOWN_SENTENCE),
            })?;
            Kind::Local(authority)
        }
    };
    Ok(Route { zone: zone.name.clone(), kind, policy, mirrored: None })
}

/// A route for each name of a `[[host]]`, and for the reverse name of each of its addresses.
fn hosts(config: &Config, policy: &ZonePolicy) -> Result<BTreeMap<Vec<u8>, Arc<Route>>, Wrong> {
    let mut records: BTreeMap<Vec<u8>, (Name, Vec<Record>)> = BTreeMap::new();
    let mut add = |name: &Name, data: RData| {
        let (_, records) = records.entry(wire_name(name)).or_insert_with(|| (name.clone(), Vec::new()));
        records.push(Record::from_rdata(name.clone(), HOST_TTL, data));
    };
    for host in &config.hosts {
        for address in &host.addresses {
            let data = match address {
                IpAddr::V4(address) => RData::A(rdata::A(*address)),
                IpAddr::V6(address) => RData::AAAA(rdata::AAAA(*address)),
            };
            add(&host.name, data);
            let mut reverse = Name::from(*address);
            reverse.set_fqdn(true);
            add(&reverse, RData::PTR(rdata::PTR(host.name.clone())));
        }
    }
    let route = |(key, (name, records)): (Vec<u8>, (Name, Vec<Record>))| {
        let authority = local::from_records(&name, records, HOST_TTL)
            .map_err(|reason| Wrong { zone: name.to_string(), reason })?;
        Ok((
            key,
            Arc::new(Route {
                zone: name,
                kind: Kind::Local(authority),
                policy: policy.clone(),
                mirrored: None,
            }),
        ))
    };
    records.into_iter().map(route).collect()
}

#[cfg(test)]
mod tests;
