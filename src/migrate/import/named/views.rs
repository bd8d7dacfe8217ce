//! Views of BIND: the zones of the view that this host's own queries meet are for all clients, because the mail software sees them.
//! Each other view that resolves names for its clients becomes a `[[view]]` with its networks and its zones.
//!
//! Only zones and forwarders are of a view here. Other settings of a view are told where they differ from those of this host. The clients
//! of views that cannot be carried over are refused, and told with their networks: those of views that resolve no names, views by the
//! address that is queried, and views beyond `limits::MAX_VIEWS`. Answers from zones that are not theirs would mislead them, or show
//! them names that were hidden.

use crate::limits;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use toml::Value;

use super::access::{self, AccessList};
use super::belonging::Belonging;
use super::clients::{self, Names, Sample};
use super::configuration::{self, acls, is_whole};
use super::lists::Lists;
use super::own_zones::ZoneClients;
use super::reader::{Part, Statement, find, options_of};
use crate::import::ImportError;
use crate::import::client_views;
use crate::import::client_views::NetworkZones;
use crate::import::draft::Draft;
use crate::import::finding::Weight;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::values;
use crate::import::values::{Clients, counted};

/// Classes whose views do not answer the queries of mail software.
const OTHER_CLASSES: [&str; 4] = ["ch", "chaos", "hs", "hesiod"];

/// A view, with the file as its clients see it.
struct SeenView<'s> {
    view: &'s Statement,
    file: Vec<Statement>,
    /// The clients of `match-clients`.
    matched: Clients,
    /// Whether it answers at the address that this host queries.
    is_here: bool,
    /// The settings that it becomes, for a comparison.
    settings: Draft,
    /// The clients that its options name; none if no option does.
    named: Option<Clients>,
}

/// The list of clients that a view is for; none: it is for all of them.
fn match_clients(view: &Statement) -> Option<&Statement> {
    find(view.block(), "match-clients")
}

/// Reads a file with views into `draft`.
///
/// # Errors
/// A zone stands outside of the views.
pub(super) fn add(path: &Path, statements: &[Statement], draft: &mut Draft) -> Result<(), ImportError> {
    if let Some(zone) = find(statements, "zone") {
        let reason =
            format!("zone \"{}\" stands outside of the views; named refuses this file", zone.value());
        return Err(ImportError::Text { place: zone.place.clone(), reason });
    }
    let lists = acls(statements);
    let views = of_the_internet(statements, draft);
    let found = own(&views, options_of(statements), &lists);
    let (own, address) = found.unwrap_or_else(|| (0, Ipv4Addr::LOCALHOST.into()));
    let seen: Vec<SeenView<'_>> =
        views.iter().map(|view| SeenView::new(path, (view, statements), (&lists, address))).collect();
    let Some(of_host) = seen.get(own) else { return Ok(()) };
    let same: Vec<bool> = seen.iter().map(|view| view.has_settings_of(of_host)).collect();
    let gathered = Gathered::new(&seen, (own, &same), &lists);
    let allowed = gathered.clients(draft);
    let resolved = allowed.as_ref().map_or_else(Clients::of_this_host, |list| list.clients.clone());
    let of_zones = ZoneClients { reaching: &gathered.reaching(own), resolved: &resolved };
    of_zones.tell(&of_host.file, &lists, draft);
    configuration::add(path, &of_host.file, allowed, draft);
    tell_own(of_host, (found.is_some(), !gathered.carried.is_empty()), draft);
    for place in (0..seen.len()).filter(|place| *place != own && !gathered.carried.contains(place)) {
        gathered.tell(place, draft);
    }
    gathered.add_views(&resolved, draft);
    Ok(())
}

/// The views of class IN.
fn of_the_internet<'s>(statements: &'s [Statement], draft: &mut Draft) -> Vec<&'s Statement> {
    let mut found = Vec::new();
    for view in statements.iter().filter(|statement| statement.option() == "view") {
        let class = view.words().get(2).copied().unwrap_or_default().to_ascii_lowercase();
        let mut tell = |weight, did, instead| draft.tell(weight, &view.place, &view.shown(), (did, instead));
        if OTHER_CLASSES.contains(&class.as_str()) {
            tell(Unneeded, "answered queries of another class than IN", "mail software sends none");
        } else if found.len() >= limits::MAX_IMPORTED_VIEWS {
            tell(Dangerous, "comes after the views that this import reads", "write its zones by hand");
        } else {
            found.push(view);
        }
    }
    found
}

/// The place of the view that answers this host, and the address at which it does: the first view that takes a client counts.
/// None if this host is refused.
fn own(views: &[&Statement], options: &[Statement], lists: &Lists<'_>) -> Option<(usize, IpAddr)> {
    let addresses = own_addresses(options, lists);
    let takes = |view: &Statement, address: IpAddr| {
        ["match-clients", "match-destinations"].iter().all(|option| is_taken(view, option, address, lists))
    };
    addresses.iter().find_map(|address| {
        let place = views.iter().position(|view| takes(view, *address))?;
        Some((place, *address))
    })
}

/// Whether an option of a view takes an address of this host; it does if it is not set.
fn is_taken(view: &Statement, option: &str, address: IpAddr, lists: &Lists<'_>) -> bool {
    find(view.block(), option)
        .is_none_or(|list| clients::decides(list.block(), own_sample(address), lists, 0) == Some(true))
}

fn own_sample(address: IpAddr) -> Sample {
    Sample { net: address.into(), is_own: true }
}

/// The addresses at which programs of this host can query named: the loopback address if it listens there, then others.
fn own_addresses(options: &[Statement], lists: &Lists<'_>) -> Vec<IpAddr> {
    let families: [(&str, IpAddr); 2] =
        [("listen-on", Ipv4Addr::LOCALHOST.into()), ("listen-on-v6", Ipv6Addr::LOCALHOST.into())];
    let mut found = Vec::new();
    for (option, loopback) in families {
        let listens: Vec<&Statement> =
            options.iter().filter(|statement| statement.option() == option).collect();
        let has_loopback =
            |list: &&Statement| clients::decides(list.block(), own_sample(loopback), lists, 0) == Some(true);
        if listens.is_empty() || listens.iter().any(has_loopback) {
            found.push(loopback);
        }
        found.extend(listens.iter().flat_map(|list| lists.addresses(list)));
    }
    found
}

/// The file as the clients of a view see it: its options count before those of `options`, and only its zones are there.
fn seen_by(view: &Statement, statements: &[Statement]) -> Vec<Statement> {
    let (whole, options): (Vec<Statement>, Vec<Statement>) = view.block().iter().cloned().partition(is_whole);
    let inherited = options_of(statements).iter();
    let inherited = inherited.filter(|option| find(&options, option.option()).is_none()).cloned();
    let mut block: Vec<Statement> = inherited.collect();
    block.extend(options);
    let options = Statement {
        place: view.place.clone(),
        parts: vec![Part::Word("options".to_owned()), Part::Block(block)],
    };
    let outside = |statement: &&Statement| !matches!(statement.option(), "options" | "view");
    let mut file = vec![options];
    file.extend(statements.iter().filter(outside).cloned());
    file.extend(
        whole.into_iter().map(|statement| of_other_view(&statement, statements).unwrap_or(statement)),
    );
    file
}

/// The zone of another view that a zone with `in-view` stands for.
fn of_other_view(zone: &Statement, statements: &[Statement]) -> Option<Statement> {
    let other = find(zone.block(), "in-view")?.value();
    let is_other = |view: &&Statement| view.option() == "view" && view.value() == other;
    let same = |own: &&Statement| own.option() == "zone" && own.value().eq_ignore_ascii_case(zone.value());
    statements.iter().find(is_other)?.block().iter().find(same).cloned()
}

impl<'s> SeenView<'s> {
    fn new(
        path: &Path,
        (view, statements): (&'s Statement, &[Statement]),
        (lists, address): (&Lists<'_>, IpAddr),
    ) -> Self {
        let file = seen_by(view, statements);
        let mut settings = Draft::default();
        configuration::add_settings(path, &file, &mut settings);
        let list = match_clients(view);
        let matched = list.map_or_else(Clients::everybody, |list| {
            clients::clients(list, lists, Belonging::Allowed, &mut Draft::default())
        });
        let is_here = is_taken(view, "match-destinations", address, lists);
        let options = options_of(&file);
        let named = access::of(options, lists, &mut Draft::default());
        Self { view, matched, is_here, settings, named: named.map(|list| list.clients), file }
    }

    fn has_settings_of(&self, other: &Self) -> bool {
        self.settings.gathered() == other.settings.gathered()
    }

    /// Whether it resolves names for its clients.
    fn recurses(&self) -> bool {
        find(options_of(&self.file), "recursion").is_none_or(|recursion| recursion.value() != "no")
    }

    /// The data that its clients got, and those of another view did not, in words.
    fn unlike(&self, other: &Self) -> String {
        let mut words = self.settings.unlike(&other.settings);
        if !self.recurses() {
            words.insert(0, "answers from its own zones only".to_owned());
        }
        if words.is_empty() { "other settings".to_owned() } else { words.join(", ") }
    }
}

/// All views, with the place of that of this host, and whether each has its settings.
struct Gathered<'v, 's> {
    seen: &'v [SeenView<'s>],
    own: usize,
    same: &'v [bool],
    lists: &'v Lists<'s>,
    /// The places of the views that become a `[[view]]`.
    carried: Vec<usize>,
    /// All networks that a view or the clients of its options name.
    nets: Vec<ipnet::IpNet>,
}

impl<'v, 's> Gathered<'v, 's> {
    fn new(seen: &'v [SeenView<'s>], (own, same): (usize, &'v [bool]), lists: &'v Lists<'s>) -> Self {
        let matched = seen.iter().flat_map(|view| view.matched.nets());
        let listed = seen.iter().filter_map(|view| view.named.as_ref()).flat_map(Clients::nets);
        let nets = values::loopback().into_iter().chain(matched).chain(listed).collect();
        let mut gathered = Self { seen, own, same, lists, carried: Vec::new(), nets };
        let is_candidate = |place: usize| {
            let differs = place != own && same.get(place) == Some(&false);
            let recurses = seen.get(place).is_some_and(|view| view.is_here && view.recurses());
            differs && recurses && gathered.resolved_for(place).next().is_some()
        };
        let networks_of =
            |place| gathered.nets.iter().filter(|net| gathered.taking(net) == Some(place)).count();
        gathered.carried = client_views::carried(seen.len(), is_candidate, networks_of);
        gathered
    }

    /// The view that takes the clients of a prefix, if networks that the file does not have name none of them.
    fn taking(&self, net: &ipnet::IpNet) -> Option<usize> {
        let of = self.sample(net);
        let takes = |view: &SeenView<'_>| {
            let list = match_clients(view.view);
            list.is_none_or(|list| clients::decides(list.block(), of, self.lists, 0) == Some(true))
        };
        self.seen.iter().position(|view| view.is_here && takes(view))
    }

    fn sample(&self, net: &ipnet::IpNet) -> Sample {
        Sample { net: *net, is_own: self.lists.own().iter().any(|own| own.contains(net)) }
    }

    /// The first view whose list may take clients of a prefix, as the file does not have all of its networks, although these clients get
    /// other zones here.
    fn may_take(&self, net: &ipnet::IpNet) -> Option<&'v SeenView<'s>> {
        let zones = self.zones(net)?;
        let (mut unclear, mut differs) = (None, false);
        for (place, view) in self.seen.iter().enumerate().filter(|(_, view)| view.is_here) {
            let names = clients::takes(view.view, "match-clients", self.sample(net), self.lists);
            differs |= names != Names::No && self.given(place) != Some(zones);
            match names {
                Names::Yes => return unclear.filter(|_| differs),
                Names::Unknown => unclear = unclear.or(Some(view)),
                Names::No => {}
            }
        }
        unclear
    }

    /// The clients that a view takes.
    fn reaching(&self, place: usize) -> Clients {
        Clients::deciding(self.nets.iter().copied(), |net| self.taking(net) == Some(place))
    }

    /// The networks that a view takes and resolves names for.
    fn resolved_for(&self, place: usize) -> impl Iterator<Item = &ipnet::IpNet> {
        self.nets.iter().filter(move |net| self.taking(net) == Some(place) && self.resolves(place, net))
    }

    /// Whether the options of a view allow the clients of a prefix.
    fn resolves(&self, place: usize, net: &ipnet::IpNet) -> bool {
        self.seen.get(place).is_some_and(|view| match &view.named {
            Some(named) => named.permits(net),
            None => is_near(view, net),
        })
    }

    /// The zones that the clients of a prefix get here; none if they are refused.
    fn zones(&self, net: &ipnet::IpNet) -> Option<NetworkZones> {
        self.given(self.taking(net).filter(|place| self.resolves(*place, net))?)
    }

    /// The zones here of the clients of a view; none if they are refused.
    fn given(&self, place: usize) -> Option<NetworkZones> {
        if self.carried.contains(&place) {
            return Some(NetworkZones::OfView(place));
        }
        (self.same.get(place) == Some(&true)).then_some(NetworkZones::OfHost)
    }

    /// The use of the list of this host's view.
    fn of_host_view(&self) -> Belonging<'static> {
        if self.carried.is_empty() { Belonging::Allowed } else { Belonging::HostView }
    }

    /// Reports the networks that are refused because clients in them may be those of another view.
    fn tell_unclear(&self, draft: &mut Draft) {
        let unclear: Vec<_> = self.nets.iter().filter_map(|net| Some((net, self.may_take(net)?))).collect();
        for view in self.seen {
            let of_view = unclear.iter().filter(|(_, may)| std::ptr::eq(*may, view));
            let mut nets: Vec<String> = Vec::new();
            for net in of_view.map(|(net, _)| net.to_string()) {
                if !nets.contains(&net) {
                    nets.push(net);
                }
            }
            let list = match_clients(view.view).filter(|_| !nets.is_empty());
            let Some(list) = list else { continue };
            let nets = counted(&nets);
            let did = format!(
                "chose the zones of clients whose networks the file does not have; they may be in {nets}"
            );
            let instead = "resolverd refuses these networks, so that nobody gets the zones of another view: put the missing prefixes into `clients` of each [[view]], then add those that may query to listen.allow";
            draft.tell(Dangerous, &list.place, &list.shown(), (&did, instead));
        }
    }

    /// The clients that are answered, as far as the options of their views allow them.
    fn clients(&self, draft: &mut Draft) -> Option<AccessList> {
        let of_host = self.seen.get(self.own)?;
        if let Some(list) = match_clients(of_host.view) {
            clients::clients(list, self.lists, self.of_host_view(), draft);
        }
        let found = access::of(options_of(&of_host.file), self.lists, draft);
        let is_chosen = found.is_some();
        let is_allowed = |net: &ipnet::IpNet| self.zones(net).is_some() && self.may_take(net).is_none();
        let allowed = Clients::deciding(self.nets.iter().copied(), is_allowed);
        self.tell_unclear(draft);
        let named = match_clients(of_host.view).unwrap_or(of_host.view);
        if allowed.has_others() {
            clients::tell_own(named, self.lists, draft);
        }
        let (place, option) =
            found.map_or_else(|| (named.place.clone(), named.shown()), |list| (list.place, list.option));
        let is_near =
            |net: &ipnet::IpNet| self.zones(net) == Some(NetworkZones::OfHost) && !net.addr().is_loopback();
        if !is_chosen && allowed.allow.iter().any(is_near) {
            draft.tell(Different, &place, &option, (NEAR, ALL_ALLOWED));
        }
        let is_usual = allowed.allow == values::loopback() && allowed.nets().count() == allowed.allow.len();
        (is_chosen || !is_usual).then_some(AccessList { place, option, clients: allowed })
    }

    /// Adds a `[[view]]` for each view that is carried over, with its zones.
    fn add_views(&self, resolved: &Clients, draft: &mut Draft) {
        let mut networks = client_views::networks(&self.nets, |net| self.zones(net));
        let (Some(of_host), mut names) = (self.seen.get(self.own), Vec::new()) else { return };
        let mut add = |view: &SeenView<'_>,
                       clients: Vec<ipnet::IpNet>,
                       keys: Vec<(&'static str, Value)>,
                       draft: &mut Draft| {
            let name = client_views::name(view.view.value(), &names);
            let clients = values::texts(clients.iter().map(ToString::to_string));
            let head = vec![("name", Value::from(name.clone())), ("clients", clients)];
            draft.add(
                &view.view.place,
                &view.view.shown(),
                "[[view]]",
                head.into_iter().chain(keys).collect(),
            );
            names.push(name.clone());
            name
        };
        if let Some(clients) = networks.remove(&NetworkZones::OfHost) {
            let name = add(of_host, clients, Vec::new(), draft);
            let did = "took clients inside of networks of other views";
            let instead =
                format!("they are the clients of the [[view]] {name}, which sees the zones of [listen]");
            draft.tell(Unneeded, &of_host.view.place, &of_host.view.shown(), (did, &instead));
        }
        for place in &self.carried {
            let zones = NetworkZones::OfView(*place);
            let (Some(view), Some(clients)) = (self.seen.get(*place), networks.remove(&zones)) else {
                continue;
            };
            let name = add(view, clients, vec![("zones", values::texts([]))], draft);
            draft.add_view(&name, (&view.view.place, &view.view.shown()), &view.settings, &of_host.settings);
            if let Some(list) = match_clients(view.view) {
                clients::clients(list, self.lists, Belonging::View(&name), draft);
            }
            access::of(options_of(&view.file), self.lists, draft);
            let of_zones = ZoneClients { reaching: &self.reaching(*place), resolved };
            of_zones.tell(&view.file, self.lists, draft);
            self.tell_carried(*place, view, &name, draft);
        }
    }

    /// Reports a view that is carried over.
    fn tell_carried(&self, place: usize, view: &SeenView<'_>, name: &str, draft: &mut Draft) {
        let Some(of_host) = self.seen.get(self.own) else { return };
        let clients = self.reached(place, view).unwrap_or_default();
        let did = format!("gave {clients} {}", view.unlike(of_host));
        let instead = format!("they are the clients of the [[view]] {name}: see its [[zone]] entries");
        let (place_of_view, shown) = (&view.view.place, view.view.shown());
        draft.tell(Unneeded, place_of_view, &shown, (&did, &instead));
        let is_refused = |net: &&ipnet::IpNet| self.taking(net) == Some(place) && !self.resolves(place, net);
        if view.named.is_none() {
            draft.tell(Different, place_of_view, &shown, (NEAR, ALL_ALLOWED));
        } else if self.nets.iter().any(|net| is_refused(&net)) {
            let did = "resolved names for some of its clients only";
            draft.tell(Different, place_of_view, &shown, (did, "the others are refused for all names"));
        }
        tell_matches(view.view, draft);
    }

    /// The clients of a view with the settings of the own one that get the same here, in words.
    fn served(&self, place: usize, view: &SeenView<'_>) -> (Weight, &'static str, &'static str) {
        let named = view.named.iter().flat_map(Clients::nets);
        let nets = view.matched.nets().chain(named).filter(|net| self.taking(net) == Some(place));
        let verdicts: Vec<bool> = nets.map(|net| self.zones(&net).is_some()).collect();
        match (verdicts.contains(&true), verdicts.contains(&false)) {
            (false, true) if view.named.is_some() => (
                Different,
                "had the zones and options of the view of this host, but resolved names for none of its clients",
                "resolverd refuses them for all names; if they need the zones, add them to listen.allow",
            ),
            (_, true) => (
                Different,
                "had the zones and options of the view of this host, and resolved names for some of its clients",
                "these get the same here, and the others are refused for all names",
            ),
            _ => {
                let did = "had the zones and options of the view of this host";
                (Unneeded, did, "its clients get the same here")
            }
        }
    }

    /// Reports a view that is not that of this host.
    fn tell(&self, place: usize, draft: &mut Draft) {
        let (Some(view), Some(of_host)) = (self.seen.get(place), self.seen.get(self.own)) else { return };
        let mut tell = |weight, did: &str, instead: &str| {
            draft.tell(weight, &view.view.place, &view.view.shown(), (did, instead))
        };
        if !view.is_here {
            let did = format!("answered other addresses of this host, with {}", view.unlike(of_host));
            let instead = "remove these addresses from listen.addresses, and add a [[listener]] with them, `allow` and `zones`";
            return tell(Dangerous, &did, instead);
        }
        if self.same.get(place) == Some(&true) {
            let (weight, did, instead) = self.served(place, view);
            return tell(weight, did, instead);
        }
        let list = match_clients(view.view);
        let is_unknown = list.is_some_and(|list| clients::has_unknown(list.block(), self.lists, 0));
        let Some(clients) = self.reached(place, view) else {
            if is_unknown {
                let did =
                    format!("gave clients whose networks the file does not have {}", view.unlike(of_host));
                let instead = "add a [[view]] with their prefixes as `clients` and its zones, and add the prefixes to listen.allow";
                return tell(Dangerous, &did, instead);
            }
            if !view.matched.allow.is_empty() {
                let did = "had no clients, because the views before it took them";
                return tell(Unneeded, did, "is left out");
            }
            let did = format!(
                "gave clients that it does not name by addresses, such as those with a TSIG key, {}",
                view.unlike(of_host)
            );
            let instead = "resolverd has no TSIG: they get what others at their addresses get";
            return tell(Dangerous, &did, instead);
        };
        let did = format!("gave {clients} {}", view.unlike(of_host));
        let instead = if view.recurses() {
            "resolverd refuses them, as the view resolved names for none of them, or is one more than resolverd takes: add a [[view]] with them and its zones, and add them to listen.allow, or let another resolver answer them"
        } else {
            "resolverd refuses them, as it is no authoritative server: let one on another address answer them"
        };
        tell(Dangerous, &did, instead);
    }

    /// The clients that a view took, in words; none if it took none that it names by addresses.
    fn reached(&self, place: usize, view: &SeenView<'_>) -> Option<String> {
        let is_taken = |net: &ipnet::IpNet| self.taking(net) == Some(place);
        if view.matched.allow.iter().any(|net| net.prefix_len() == 0 && is_taken(net)) {
            return Some("all other clients".to_owned());
        }
        let reached: Vec<String> = view.matched.nets().filter(is_taken).map(|net| net.to_string()).collect();
        (!reached.is_empty()).then(|| counted(&reached))
    }
}

/// The effect of a view without a list of the clients that it resolves names for.
const NEAR: &str = "resolved names for those of its clients that are in networks of this host's interfaces";

/// The way to the same effect here.
const ALL_ALLOWED: &str = "all of its clients are in listen.allow; remove those that must not query";

/// Whether a client of a view is resolved for if no option names the clients: this host, and networks that the view names.
fn is_near(view: &SeenView<'_>, net: &ipnet::IpNet) -> bool {
    let is_around = |other: &ipnet::IpNet| other.prefix_len() > 0 && other.contains(net);
    net.addr().is_loopback() || view.matched.allow.iter().any(is_around)
}

/// Reports the view whose zones are those of `[listen]`. `is_found`: whether it took the queries of this host; `has_others`: whether other
/// views are carried over.
fn tell_own(own: &SeenView<'_>, (is_found, has_others): (bool, bool), draft: &mut Draft) {
    let view = own.view;
    let everybody = match_clients(view)
        .is_none_or(|list| list.block().first().is_some_and(|element| element.option() == "any"));
    let (did, instead) = if !is_found {
        let instead = "its zones and options are imported: see that they are those that the mail software needs; if programs of this host query it, add 127.0.0.0/8 and ::1 to listen.allow";
        ("is the first view; none took the queries of this host", instead)
    } else if has_others {
        let instead =
            "its zones and options are imported, for all clients of [listen] that are in no [[view]]";
        ("answered this host", instead)
    } else if everybody {
        ("gave its clients these zones", "all clients of [listen] get them here")
    } else {
        ("answered this host", "its zones and options are imported, for all clients of [listen]")
    };
    let weight = if is_found { Unneeded } else { Dangerous };
    draft.tell(weight, &view.place, &view.shown(), (did, instead));
    tell_matches(view, draft);
}

/// Reports what a view chose its clients by, beside their addresses.
fn tell_matches(view: &Statement, draft: &mut Draft) {
    if let Some(destinations) = find(view.block(), "match-destinations") {
        let did = "answered at some addresses of this host only";
        let instead = "remove the other addresses from listen.addresses, or give them a [[listener]] with `allow` and `zones`";
        draft.tell(Dangerous, &destinations.place, &destinations.shown(), (did, instead));
    }
    if let Some(only) = find(view.block(), "match-recursive-only").filter(|only| only.value() == "yes") {
        let did = "left queries without the RD bit to the views after it";
        let instead = "resolverd gives a client the same zones for all queries";
        draft.tell(Different, &only.place, &only.shown(), (did, instead));
    }
}
