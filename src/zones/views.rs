//! The views of a configuration: which zones each group of clients sees, and which views stay the same after a reload.
//!
//! A view keeps its id as long as its clients see the same zones with the same settings for DNS lists. Look-ahead does not change answers,
//! so it does not change the id. An id is never reused while the daemon runs, because clients of a view could then get data that were
//! cached for another view.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::clients::ClientNetworks;
use super::route::{Route, RouteTarget, Wrong, same_mirror};
use super::trust::AnchorsInUse;
use super::view::View;
use super::{circle, special};
use config::seen::{Sees, closest};
use config::{Config, ConfiguredHost, ZoneKind};
use dns::question::ViewId;
use dnsbl::list_way::Way;

/// All views of a configuration, and the clients that see each.
#[derive(Clone, Debug)]
pub struct Views {
    config: Arc<Config>,
    anchors: Arc<AnchorsInUse>,
    views: Vec<Arc<View>>,
    /// The first entry is for `[listen]`; the entries for each `[[listener]]` follow.
    of_listener: Vec<ClientViews>,
    next: ViewId,
}

/// The views for the clients of one listener.
#[derive(Clone, Debug)]
pub struct ClientViews {
    /// The view of clients whose address is in no `[[view]]`.
    general: Arc<View>,
    /// The views of clients by their address, for the `[[view]]` entries. `None` if all clients of the listener have the general view.
    by_client: Option<ViewsByClient>,
}

#[derive(Clone, Debug)]
struct ViewsByClient {
    networks: Arc<ClientNetworks>,
    views: Vec<Arc<View>>,
}

impl ClientViews {
    /// Returns the view of a client. An IPv4 address must not be in IPv6-mapped form.
    pub fn for_client(&self, client: IpAddr) -> &Arc<View> {
        let by_client = self.by_client.as_ref();
        let chosen = by_client.and_then(|by| by.views.get(by.networks.view(client)?));
        chosen.unwrap_or(&self.general)
    }
}

impl Views {
    /// Creates the views of a configuration. Groups of clients with the same zones, and the same settings for DNS lists and look-ahead,
    /// share a view.
    ///
    /// # Errors
    /// A zone file cannot be read, or the configured server of a zone is resolverd itself.
    pub fn new(config: &Arc<Config>) -> Result<Self, Wrong> {
        Self::build(config, &Arc::new(AnchorsInUse::new(&config.dnssec)), &[], ViewId::default())
    }

    /// Creates the views of the next configuration, for a reload. A view with the same zones and settings keeps its id. The present trust
    /// anchors stay in use until `AnchorsInUse::configure` is called.
    ///
    /// # Errors
    /// The same errors as for `new`.
    pub fn following(&self, config: &Arc<Config>) -> Result<Self, Wrong> {
        Self::build(config, &self.anchors, &self.views, self.next)
    }

    fn build(
        config: &Arc<Config>,
        anchors: &Arc<AnchorsInUse>,
        before: &[Arc<View>],
        mut next: ViewId,
    ) -> Result<Self, Wrong> {
        circle::refuse(config)?;
        special::refuse(config)?;
        let (seen, groups) = seen(config);
        let mut views: Vec<Arc<View>> = Vec::with_capacity(seen.len());
        for sees in seen {
            let id = match before.iter().chain(&views).find(|view| view.answers_as(&sees)) {
                Some(same) => same.id,
                None => {
                    let id = next;
                    next = next.following().ok_or_else(|| Wrong {
                        zone: "[[listener]]".to_owned(),
                        reason: "changed too often; restart resolverd".to_owned(),
                    })?;
                    id
                }
            };
            let alike = before.iter().chain(&views).find(|view| view.zones == sees.zones);
            let knows = alike.map_or(id, |view| view.knows);
            views.push(Arc::new(View::new((id, knows), (config, anchors), sees)?));
        }
        let of_listener = client_views(config, &groups, &views);
        Ok(Self { config: Arc::clone(config), anchors: Arc::clone(anchors), views, of_listener, next })
    }

    /// Returns the configuration to which the views belong.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Returns the DNSSEC trust anchors in use.
    pub fn anchors(&self) -> &AnchorsInUse {
        &self.anchors
    }

    /// Returns the views for the clients of a listener. `place` is the index of the listener. `[listen]` has the index 0.
    pub fn of_clients(&self, place: usize) -> Option<&ClientViews> {
        self.of_listener.get(place)
    }

    /// Returns the view of a listener for clients in no `[[view]]`.
    pub fn of_listener(&self, place: usize) -> Option<&Arc<View>> {
        self.of_clients(place).map(|views| &views.general)
    }

    /// Returns the view for clients of `[listen]` whose address is in no `[[view]]`. It sees all zones without the option `view`. It is
    /// also used for questions that no client asks, and for commands of the operator.
    pub fn general(&self) -> Option<&Arc<View>> {
        self.of_listener(0)
    }

    /// Returns true if the configuration has a zone that is resolved from the root servers, or if a view resolves all other names from them.
    /// Returns false if, for example, all names go to a forwarder.
    pub fn recurse(&self) -> bool {
        if self.config.zones.iter().any(|zone| zone.kind == ZoneKind::Recurse) {
            return true;
        }
        let root = |view: &Arc<View>| Arc::clone(view.route(&Name::root(), RecordType::NS));
        self.views.iter().any(|view| matches!(root(view).target, RouteTarget::Iterate))
    }

    /// Takes over what the `old` views knew about local mirrors of DNS lists before a reload, for each mirror that still has the same
    /// servers.
    pub fn go_on_from(&self, old: &Self) {
        let before: Vec<_> = old.views.iter().flat_map(|view| view.mirrored()).collect();
        for route in self.views.iter().flat_map(|view| view.mirrored()) {
            let known = before.iter().find(|other| same_mirror(route, other));
            if let (Some(new), Some(old)) = (&route.mirrored, known.and_then(|known| known.mirrored.as_ref()))
            {
                new.mirror.go_on_from(&old.mirror);
            }
        }
    }

    /// Returns all views of the configuration.
    pub fn all(&self) -> &[Arc<View>] {
        &self.views
    }

    /// Returns the first view with each id. Several views may have the same id.
    pub fn distinct(&self) -> impl Iterator<Item = &Arc<View>> {
        let mut known = BTreeSet::new();
        self.views.iter().filter(move |view| known.insert(view.id))
    }

    /// Returns the first view with this id.
    pub fn get(&self, id: ViewId) -> Option<&Arc<View>> {
        self.views.iter().find(|view| view.id == id)
    }

    /// Returns true if `view` is one of these views. Another object with the same id is not enough.
    pub fn holds(&self, view: &Arc<View>) -> bool {
        self.views.iter().any(|own| Arc::ptr_eq(own, view))
    }

    /// Returns true if data may be cached under this id: it is the id of a view, or the id of data that several views share.
    pub fn is_in_use(&self, id: ViewId) -> bool {
        self.views.iter().any(|view| view.id == id || view.knows == id)
    }

    /// Returns a view whose clients query the DNS list at `apex` at these servers (`way`), if possible the view with this id.
    pub fn asking(&self, apex: &Name, way: &Way, id: ViewId) -> Option<&Arc<View>> {
        let asks = |view: &&Arc<View>| {
            let route: &Route = view.list_route(apex);
            route.policy.list.as_ref().is_some_and(|list| list.apex == *apex) && route.way() == *way
        };
        self.get(id).filter(asks).or_else(|| self.views.iter().find(asks))
    }
}

/// The settings for the clients of one listener, as indexes of the list of settings that `seen` returns.
struct Group {
    general: usize,
    /// One index for each `[[view]]`. Empty if the address of a client has no influence.
    by_client: Vec<usize>,
}

/// Returns the different settings of all groups of clients, and for each listener the indexes of its settings.
fn seen(config: &Config) -> (Vec<Sees>, Vec<Group>) {
    let mut seen = Vec::new();
    let mut place = |sees: Sees| {
        seen.iter().position(|other| *other == sees).unwrap_or_else(|| {
            seen.push(sees);
            seen.len().saturating_sub(1)
        })
    };
    let groups = config.all_listeners().map(|listener| {
        let general = place(Sees::general(listener, config));
        let by_client = Sees::by_client(listener, config).map(&mut place).collect();
        Group { general, by_client }
    });
    let groups = groups.collect();
    (seen, groups)
}

fn client_views(config: &Config, groups: &[Group], views: &[Arc<View>]) -> Vec<ClientViews> {
    let networks = Arc::new(ClientNetworks::from_views(&config.views));
    let of_group = |group: &Group| {
        let own: Vec<Arc<View>> =
            group.by_client.iter().filter_map(|place| views.get(*place).cloned()).collect();
        let networks = Arc::clone(&networks);
        let by_client = (!own.is_empty()).then_some(ViewsByClient { networks, views: own });
        Some(ClientViews { general: Arc::clone(views.get(group.general)?), by_client })
    };
    groups.iter().filter_map(of_group).collect()
}

/// Returns the names at and below which two configurations give different answers. Data cached there under the old configuration must not
/// be used.
pub fn changed(old: &Config, new: &Config) -> Vec<Name> {
    let mut names = Vec::new();
    for (one, other) in [(old, new), (new, old)] {
        names.extend(
            one.zones.iter().filter(|zone| !other.zones.contains(zone)).map(|zone| zone.name.clone()),
        );
    }
    // The closest zone above a `[[host]]` decides which listeners see the host, so a change of the zone affects its hosts. Their reverse
    // names are not in this zone and are added here.
    let zones = names.clone();
    let around: HashSet<&Name> = zones.iter().collect();
    for (one, other) in [(old, new), (new, old)] {
        let is_other =
            |host: &&ConfiguredHost| !other.hosts.contains(host) || closest(&host.name, &around).is_some();
        for host in one.hosts.iter().filter(is_other) {
            names.push(host.name.clone());
            names.extend(host.addresses.iter().map(|address| Name::from(*address)));
        }
    }
    for (one, other) in [(old, new), (new, old)] {
        let records = one.records.iter().filter(|record| !other.records.contains(record));
        names.extend(records.map(|record| record.name.clone()));
        let ntas = one.dnssec.negative_trust_anchors.iter();
        names.extend(ntas.filter(|name| !other.dnssec.negative_trust_anchors.contains(name)).cloned());
    }
    let trust = |config: &Config| {
        let dnssec = &config.dnssec;
        (dnssec.validate, dnssec.sha1, dnssec.trust_anchor.anchors.clone(), dnssec.update_trust_anchors)
    };
    // Private addresses are removed before answers are cached, so this setting affects all cached data.
    let private =
        |config: &Config| (config.resolve.private_addresses.clone(), config.resolve.private_domains.clone());
    if trust(old) != trust(new) || private(old) != private(new) {
        names.push(Name::root());
    }
    let (before, after) = (old.lists(), new.lists());
    for (one, other) in [(&before, &after), (&after, &before)] {
        names.extend(
            one.iter().filter(|(apex, list)| other.get(*apex) != Some(*list)).map(|(apex, _)| apex.clone()),
        );
    }
    names.sort();
    names.dedup();
    names
}
