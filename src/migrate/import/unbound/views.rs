//! `view:` and `access-control-view` of Unbound: the local data that this host sees are for all clients.
//!
//! Unbound looks in the zones of the view of a client, and then in those of `server:` if the view says `view-first` (unbound.conf(5),
//! "view-first"). A view with other data becomes a `[[view]]` if its data take the place of all data of this host that its clients must not
//! see: a zone that of the same name, and a record all of its name. Clients of other views are refused and told.

use crate::limits;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use toml::Value;

use super::reader::{Section, UnboundSetting};
use super::upstreams::UpstreamZones;
use super::view_data::{data, is_data, merged};
use super::{local, told};
use crate::import::client_views;
use crate::import::client_views::NetworkZones;
use crate::import::draft::Draft;
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::values;
use crate::import::values::Clients;
use resolver::config::mapped;

/// Settings of a view that this module reads.
const READ: [&str; 2] = ["name", "view-first"];

/// The clients of a view.
struct ViewClients {
    net: IpNet,
    /// The zones that they get here; none if they are refused.
    zones: Option<NetworkZones>,
}

/// The settings of a view in our form.
struct ViewSettings {
    draft: Draft,
    /// The zones of servers that its local data replace.
    passed_over: Vec<SourcePlace>,
}

/// The views of a file.
pub(super) struct Views<'s> {
    server: &'s Section,
    upstreams: &'s UpstreamZones<'s>,
    /// The view of this host; none: it sees the data of `server:`.
    own: Option<&'s Section>,
    clients: Vec<ViewClients>,
    /// Whether clients of no view see the data that this host sees.
    others_same: bool,
}

impl<'s> Views<'s> {
    /// Reads them, and reports those whose clients saw other data than this host.
    pub(super) fn new(
        (server, sections): (&'s Section, &'s [Section]),
        upstreams: &'s UpstreamZones<'s>,
        draft: &mut Draft,
    ) -> Self {
        let of_file = || sections.iter().filter(|section| section.kind == "view");
        let views: Vec<&Section> = of_file().take(limits::MAX_IMPORTED_VIEWS).collect();
        for view in of_file().skip(limits::MAX_IMPORTED_VIEWS) {
            let did = "comes after the views that this import reads";
            draft.tell(Dangerous, &view.place, &shown(view), (did, "write its data by hand"));
        }
        let chosen = chosen(server, &views, draft);
        let here = IpNet::from(IpAddr::from(Ipv4Addr::LOCALHOST));
        let of_host = chosen.iter().filter(|(net, ..)| net.contains(&here));
        let own = of_host.max_by_key(|(net, ..)| net.prefix_len()).map(|(_, _, view)| *view);
        let own = own.and_then(|own| views.get(own)).copied();
        let mut found = Self { server, upstreams, own, clients: Vec::new(), others_same: true };
        let of_host = found.settings(own);
        let of_views: Vec<ViewSettings> = views.iter().map(|view| found.settings(Some(view))).collect();
        found.add_clients(&chosen, &of_views, (&of_host, draft));
        found.add_views((&views, &of_views), &of_host, draft);
        let of_others = found.settings(None);
        found.others_same = of_others.is_same(&of_host);
        for (place, view) in views.iter().enumerate() {
            if !chosen.iter().any(|(.., used)| *used == place) {
                draft.tell(Unneeded, &view.place, &shown(view), ("had no clients", "is left out"));
            }
        }
        if let Some(own) = own {
            let rest = own.settings.iter().filter(|setting| !is_read(setting));
            rest.for_each(|setting| told::tell(setting, draft));
            let did = "gave this host its data";
            draft.tell(Unneeded, &own.place, &shown(own), (did, "all clients of [listen] get them here"));
            if !found.others_same {
                let unlike = unlike(&of_others.draft, &of_host.draft);
                let did = format!("was not for clients outside of its networks, which got {unlike}");
                draft.tell(Dangerous, &own.place, &shown(own), (&did, REFUSED));
            }
        }
        found
    }

    /// The local data that this host sees.
    pub(super) fn data_of_host(&self) -> Section {
        self.data_of(self.own)
    }

    /// Adds the networks, and reports those whose clients saw other data than this host.
    fn add_clients(
        &mut self,
        chosen: &[Chosen<'_>],
        of_views: &[ViewSettings],
        (of_host, draft): (&ViewSettings, &mut Draft),
    ) {
        let networks_of = |place| chosen.iter().filter(|(.., view)| *view == place).count();
        let is_candidate = |place: usize| {
            let view = of_views.get(place).filter(|_| networks_of(place) > 0);
            view.is_some_and(|view| !view.has_data_of(of_host) && view.replaces(of_host))
        };
        let carried = client_views::carried(of_views.len(), is_candidate, networks_of);
        for (net, setting, view) in chosen {
            let Some(settings) = of_views.get(*view) else { continue };
            let did = || format!("gave these clients {}", unlike(&settings.draft, &of_host.draft));
            let zones = if settings.has_data_of(of_host) {
                draft.take_findings(&settings.draft);
                Some(NetworkZones::OfHost)
            } else if carried.contains(view) {
                draft.tell(Unneeded, &setting.place, &setting.shown(), (&did(), CARRIED));
                Some(NetworkZones::OfView(*view))
            } else {
                draft.tell(Dangerous, &setting.place, &setting.shown(), (&did(), REFUSED));
                None
            };
            self.clients.push(ViewClients { net: *net, zones });
        }
    }

    /// Adds a `[[view]]` with its zones for each view that is carried over, and one for networks inside of those of such views whose clients
    /// see the data of this host.
    fn add_views(
        &self,
        (views, of_views): (&[&Section], &[ViewSettings]),
        of_host: &ViewSettings,
        draft: &mut Draft,
    ) {
        let nets: Vec<IpNet> = self.clients.iter().map(|clients| clients.net).collect();
        let zones = |net: &IpNet| self.clients.iter().find(|clients| clients.net == *net)?.zones;
        let mut names: Vec<String> = Vec::new();
        for (zones, clients) in client_views::networks(&nets, zones) {
            let view = match zones {
                NetworkZones::OfHost => None,
                NetworkZones::OfView(place) => views.get(place).zip(of_views.get(place)),
            };
            let typed = view.map_or("host", |(view, _)| name(view));
            let named = client_views::name(typed, &names);
            let (place, shown) = view.map_or_else(
                || (&self.server.place, "access-control-view".to_owned()),
                |(view, _)| (&view.place, shown(view)),
            );
            let clients = values::texts(clients.iter().map(ToString::to_string));
            let keys = vec![("name", Value::from(named.clone())), ("clients", clients)];
            draft.add(place, &shown, "[[view]]", keys);
            if let Some((_, settings)) = view {
                let own = settings.draft.beside(&of_host.draft);
                draft.add_view(&named, (place, &shown), &own, &Draft::default());
            }
            names.push(named);
        }
    }

    /// The clients that see the data of this host, or those of a view that is carried over.
    pub(super) fn restricted(&self, clients: Clients) -> Clients {
        if self.others_same && self.clients.iter().all(|clients| clients.zones.is_some()) {
            return clients;
        }
        let is_served = |net: &IpNet| {
            let around = self.clients.iter().filter(|clients| clients.net.contains(net));
            let closest = around.max_by_key(|clients| clients.net.prefix_len());
            closest.map_or(self.others_same, |found| found.zones.is_some())
        };
        let nets = clients.nets().chain(self.clients.iter().map(|clients| clients.net));
        let mut left = Clients::deciding(nets, |net| clients.permits(net) && is_served(net));
        left.drop = clients.drop;
        left
    }

    /// The settings of a view in our form.
    fn settings(&self, view: Option<&Section>) -> ViewSettings {
        let mut draft = Draft::default();
        let passed_over = local::add(&self.data_of(view), (&[], self.upstreams), &mut draft);
        let rest = view.iter().flat_map(|view| &view.settings).filter(|setting| !is_read(setting));
        rest.for_each(|setting| told::tell(setting, &mut draft));
        ViewSettings { draft, passed_over }
    }

    /// The local data that the clients of a view see; those of `server:` if it is none. A view without data has those of `server:`.
    fn data_of(&self, view: Option<&Section>) -> Section {
        let of_server = || data(self.server).cloned().collect();
        match view {
            None => Section { settings: of_server(), ..self.server.clone() },
            Some(view) if data(view).next().is_none() => Section { settings: of_server(), ..view.clone() },
            Some(view) => Section { settings: merged(view, self.server), ..view.clone() },
        }
    }
}

impl ViewSettings {
    fn is_same(&self, other: &Self) -> bool {
        self.draft.gathered() == other.draft.gathered()
    }

    /// Whether its clients get the same here: types of zones that leave names to resolution become no entries.
    fn has_data_of(&self, other: &Self) -> bool {
        self.passed_over == other.passed_over && self.draft.has_entries_of(&other.draft)
    }

    /// Whether its zones, for clients that see those of another one too, give them the same as Unbound did.
    fn replaces(&self, general: &Self) -> bool {
        self.passed_over == general.passed_over && self.draft.replaces(&general.draft)
    }
}

/// The way to the same effect here, if the clients cannot have a `[[view]]`.
const REFUSED: &str = "resolverd refuses them, as a [[view]] hides data of this host only where it has data of the same name: add them to listen.allow if they may get the data of this host, or let another resolver answer them";

/// The way to the same effect here.
const CARRIED: &str = "they are the clients of a [[view]]: see its entries";

/// A network, its setting, and the place of its view.
type Chosen<'s> = (IpNet, &'s UnboundSetting, usize);

/// The networks of `access-control-view`; of equal prefixes the last counts.
fn chosen<'s>(server: &'s Section, views: &[&Section], draft: &mut Draft) -> Vec<Chosen<'s>> {
    let mut chosen: Vec<Chosen<'s>> = Vec::new();
    for setting in server.all("access-control-view") {
        let wanted = setting.values.get(1);
        let view = wanted.and_then(|wanted| views.iter().position(|view| name(view) == wanted));
        match (values::network(setting.value()), view) {
            (Some(net), Some(_)) if mapped(net).is_some() => {
                draft.tell(Different, &setting.place, &setting.shown(), values::MAPPED);
            }
            (Some(net), Some(view)) => {
                chosen.retain(|(known, ..)| *known != net);
                chosen.push((net, setting, view));
            }
            _ => {
                let most = limits::MAX_IMPORTED_VIEWS;
                let did = format!("has no network, or its view is not among the first {most} of the file");
                draft.tell(
                    Dangerous,
                    &setting.place,
                    &setting.shown(),
                    (&did, "correct it, and import again"),
                );
            }
        }
    }
    chosen
}

/// The data that clients got, and this host did not, in words.
fn unlike(settings: &Draft, of_host: &Draft) -> String {
    let words = settings.unlike(of_host);
    if words.is_empty() { "other settings".to_owned() } else { words.join(", ") }
}

fn shown(view: &Section) -> String {
    format!("view {}", name(view))
}

fn name(view: &Section) -> &str {
    view.last("name").map_or("", UnboundSetting::value)
}

fn is_read(setting: &UnboundSetting) -> bool {
    let option = setting.option.as_str();
    is_data(option) || READ.contains(&option)
}
