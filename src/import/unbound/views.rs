//! `view:` and `access-control-view` of Unbound: the local data that this host sees are imported.
//!
//! Unbound looks in the zones of the view of a client, and then in those of `server:` if the view says `view-first` (unbound.conf(5),
//! "view-first"). As for the views of BIND, clients that see the same data are allowed, and others are refused and told.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::reader::{Section, UnboundSetting};
use super::upstreams::UpstreamZones;
use super::view_data::{data, is_data, merged};
use super::{local, told};
use crate::import::draft::Draft;
use crate::import::finding::Weight::{Dangerous, Unneeded};
use crate::import::values::{self, Clients};
use crate::limits;

/// Settings of a view that this module reads.
const READ: [&str; 2] = ["name", "view-first"];

/// The clients of a view.
struct ViewClients {
    net: IpNet,
    /// Whether they see the data that this host sees.
    same: bool,
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
        let of_views: Vec<Draft> = views.iter().map(|view| found.settings(Some(view))).collect();
        for (net, setting, view) in &chosen {
            let Some(settings) = of_views.get(*view) else { continue };
            let same = settings.gathered() == of_host.gathered();
            if !same {
                let did = format!("gave these clients {}", unlike(settings, &of_host));
                draft.tell(Dangerous, &setting.place, &setting.shown(), (&did, REFUSED));
            }
            found.clients.push(ViewClients { net: *net, same });
        }
        let of_others = found.settings(None);
        found.others_same = of_others.gathered() == of_host.gathered();
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
                let unlike = unlike(&of_others, &of_host);
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

    /// The clients that see the data of this host.
    pub(super) fn restricted(&self, clients: Clients) -> Clients {
        if self.others_same && self.clients.iter().all(|clients| clients.same) {
            return clients;
        }
        let sees_same = |net: &IpNet| {
            let around = self.clients.iter().filter(|clients| clients.net.contains(net));
            around.max_by_key(|clients| clients.net.prefix_len()).map_or(self.others_same, |found| found.same)
        };
        let nets = clients.nets().chain(self.clients.iter().map(|clients| clients.net));
        let mut left = Clients::deciding(nets, |net| clients.permits(net) && sees_same(net));
        left.drop = clients.drop;
        left
    }

    /// The settings of a view in our form, for a comparison.
    fn settings(&self, view: Option<&Section>) -> Draft {
        let mut settings = Draft::default();
        local::add(&self.data_of(view), (&[], self.upstreams), &mut settings);
        let rest = view.iter().flat_map(|view| &view.settings).filter(|setting| !is_read(setting));
        rest.for_each(|setting| told::tell(setting, &mut settings));
        settings
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

/// The way to the same effect here.
const REFUSED: &str = "resolverd refuses them, as all clients of an address get the same data: add them to listen.allow if they may get those of this host, or let another resolver answer them";

/// A network, its setting, and the place of its view.
type Chosen<'s> = (IpNet, &'s UnboundSetting, usize);

/// The networks of `access-control-view`; of equal prefixes the last counts.
fn chosen<'s>(server: &'s Section, views: &[&Section], draft: &mut Draft) -> Vec<Chosen<'s>> {
    let mut chosen: Vec<Chosen<'s>> = Vec::new();
    for setting in server.all("access-control-view") {
        let wanted = setting.values.get(1);
        let view = wanted.and_then(|wanted| views.iter().position(|view| name(view) == wanted));
        match (values::network(setting.value()), view) {
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
