//! Converts a named.conf with views. The view that answers this host is imported, because the mail software sees its zones. This is the first view
//! that matches 127.0.0.1, or else the first view in the file.
//!
//! Every other view is reported, and its clients are refused, because the zones of the imported view may be wrong for these clients or secret. If the
//! client list of a view refers to networks that the file does not contain (such as `geoip`), the view may match any client.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use ipnet::IpNet;

use super::access::{self, AccessList};
use super::clients::{self, Belonging, Sample};
use super::configuration::{self, acls, is_whole};
use super::lists::Lists;
use super::reader::{Part, Statement, find, options_of};
use super::zone_clients::ZoneClients;
use crate::draft::Draft;
use crate::error::ImportError;
use crate::finding::Setting;
use crate::finding::Weight::{Dangerous, Different, Unneeded};
use crate::values::{Clients, loopback};

const OTHER_CLASSES: [&str; 4] = ["ch", "chaos", "hs", "hesiod"];

/// Without `match-clients`, a view is for all clients.
const CLIENTS: &str = "match-clients";

/// Without `match-destinations`, a view answers at all addresses of this host.
const DESTINATIONS: &str = "match-destinations";

/// Converts a file with views.
///
/// # Errors
/// Fails if a zone is outside the views.
pub(super) fn add(path: &Path, statements: &[Statement], draft: &mut Draft) -> Result<(), ImportError> {
    if let Some(zone) = find(statements, "zone") {
        let reason =
            format!("zone \"{}\" stands outside of the views; named refuses this file", zone.value());
        return Err(ImportError::Text { place: zone.place.clone(), reason });
    }
    let lists = acls(statements);
    let mut views: Vec<&Statement> = Vec::new();
    for view in statements.iter().filter(|statement| statement.option() == "view") {
        let class = view.words().get(2).copied().unwrap_or_default().to_ascii_lowercase();
        if OTHER_CLASSES.contains(&class.as_str()) {
            let did = "answered queries of another class than IN";
            draft.report(Unneeded, view, (did, "mail software sends none"));
        } else {
            views.push(view);
        }
    }
    let found = views.iter().position(|view| answers_this_host(view, &lists));
    let own = found.unwrap_or(0);
    let Some(view) = views.get(own) else { return Ok(()) };
    let file = seen_by(view, statements);
    let reaching = taken(&views, own, &lists);
    let allowed = allowed(view, &file, (&reaching, &lists), draft);
    let resolved = allowed.as_ref().map_or_else(Clients::of_this_host, |list| list.clients.clone());
    ZoneClients { reaching: &reaching, resolved: &resolved }.report(&file, &lists, draft);
    configuration::add(path, &file, (allowed, &lists), draft);
    lists.check()?;
    match found {
        Some(_) => {
            let instead = "its zones and options are imported, for its clients";
            draft.report(Unneeded, view, ("answered this host", instead));
        }
        None => {
            let did = "is the first view; none took the queries of this host";
            let instead = "its zones and options are imported: see that they are those that the mail software needs; if programs of this host query it, add 127.0.0.0/8 and ::1 to listen.allow";
            draft.report(Dangerous, view, (did, instead));
        }
    }
    let others = views.iter().enumerate().filter(|(place, _)| *place != own);
    others.for_each(|(_, view)| report_other(view, options_of(statements), draft));
    Ok(())
}

/// Returns true if the view answers a query from and to 127.0.0.1.
fn answers_this_host(view: &Statement, lists: &Lists<'_>) -> bool {
    [CLIENTS, DESTINATIONS].iter().all(|option| takes_this_host(view, option, lists))
}

fn takes_this_host(view: &Statement, option: &str, lists: &Lists<'_>) -> bool {
    let net = IpAddr::from(Ipv4Addr::LOCALHOST).into();
    takes(view, option, Sample { net, is_own: true, is_unknown: false }, lists)
}

/// Returns true if the `option` of the view matches the addresses in `of`, or is not set.
fn takes(view: &Statement, option: &str, of: Sample, lists: &Lists<'_>) -> bool {
    find(view.block(), option).is_none_or(|list| clients::decides(list.block(), of, lists, 0) == Some(true))
}

/// Returns the clients of a view, without the clients of earlier views that answer at the same addresses.
fn taken(views: &[&Statement], own: usize, lists: &Lists<'_>) -> Clients {
    let named = views.iter().filter_map(|view| find(view.block(), CLIENTS));
    let named: Vec<IpNet> = named.flat_map(|list| clients::networks(list, lists)).collect();
    let everybody = Clients::everybody();
    let nets = loopback().into_iter().chain(everybody.nets()).chain(named);
    let earlier = views.iter().take(own).filter(|view| takes_this_host(view, DESTINATIONS, lists));
    let earlier: Vec<&Statement> = earlier.copied().collect();
    Clients::deciding(nets, |net| {
        let is_own = lists.own().longest_around(net).is_some();
        let takes = |view: &Statement, is_unknown: bool| {
            takes(view, CLIENTS, Sample { net: *net, is_own, is_unknown }, lists)
        };
        let [certainly, maybe] = [false, true].map(|is_unknown| is_unknown && !is_own);
        let is_earlier = earlier.iter().any(|view| takes(view, certainly) || takes(view, maybe));
        !is_earlier && views.get(own).is_some_and(|view| takes(view, certainly) && takes(view, maybe))
    })
}

/// Returns the clients for which the view resolves names; `None` if no option selects clients.
fn allowed(
    view: &Statement,
    file: &[Statement],
    (reaching, lists): (&Clients, &Lists<'_>),
    draft: &mut Draft,
) -> Option<AccessList> {
    let list = find(view.block(), CLIENTS);
    let matched =
        list.map_or_else(Clients::everybody, |list| clients::clients(list, lists, Belonging::Allowed, draft));
    let chosen = access::from_options(options_of(file), lists, draft);
    // By default, named resolves names for this host and the networks of its interfaces.
    let is_near = |net: &IpNet| {
        net.addr().is_loopback() || matched.allow.longest_around(net).is_some_and(|length| length > 0)
    };
    let resolves =
        |net: &IpNet| chosen.as_ref().map_or_else(|| is_near(net), |list| list.clients.permits(net));
    let nets = reaching.nets().chain(chosen.iter().flat_map(|list| list.clients.nets()));
    let clients = Clients::deciding(nets, |net| reaching.permits(net) && resolves(net));
    let named = list.unwrap_or(view);
    if clients.has_others() {
        clients::report_own(named, lists, draft);
    }
    match chosen {
        Some(AccessList { setting, .. }) => Some(AccessList { setting, clients }),
        None if !clients.has_others() && clients.refuse.is_empty() => None,
        None => {
            let did =
                "resolved names for those of its clients that are in networks of this host's interfaces";
            let instead = "all of its clients are in listen.allow; remove those that must not query";
            draft.report(Different, named, (did, instead));
            Some(AccessList { setting: named.typed(), clients })
        }
    }
}

/// Returns the statements that apply to the clients of a view. Options of the view replace those in `options`. Zones outside of the view are left
/// out.
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
    let in_views = zones_of_views(statements);
    file.extend(whole.into_iter().map(|statement| zone_in_view(&statement, &in_views).unwrap_or(statement)));
    file
}

/// The zones by the names of their view and of the zone. The name of the zone is in lower case.
type ZonesOfViews<'s> = HashMap<(&'s str, String), &'s Statement>;

fn zones_of_views(statements: &[Statement]) -> ZonesOfViews<'_> {
    let mut found = ZonesOfViews::new();
    for view in statements.iter().filter(|statement| statement.option() == "view") {
        for zone in view.block().iter().filter(|statement| statement.option() == "zone") {
            found.entry((view.value(), zone.value().to_ascii_lowercase())).or_insert(zone);
        }
    }
    found
}

/// Returns the zone of another view to which `in-view` refers.
fn zone_in_view(zone: &Statement, in_views: &ZonesOfViews<'_>) -> Option<Statement> {
    let other = find(zone.block(), "in-view")?.value();
    in_views.get(&(other, zone.value().to_ascii_lowercase())).map(|zone| (*zone).clone())
}

fn report_other(view: &Statement, options: &[Statement], draft: &mut Draft) {
    let recursion = find(view.block(), "recursion").or_else(|| find(options, "recursion"));
    let (did, instead) = match recursion.map_or("", Statement::value) {
        _ if find(view.block(), DESTINATIONS).is_some() => (
            "answered at some addresses of this host only",
            "is not converted: remove these addresses from listen.addresses, and add a [[listener]] with them, `allow` and `zones`",
        ),
        "no" => (
            "gave its clients answers from its own zones only",
            "is not converted, and its clients are refused, as resolverd is no authoritative server: let one on another address answer them",
        ),
        _ => (
            "gave its clients zones and options of their own",
            "is not converted, and its clients are refused: write a [[view]] with their networks, and its zones as [[zone]] with the key `view`, as resolverd.toml(5) shows, and add the networks to listen.allow",
        ),
    };
    draft.report(Dangerous, view, (did, instead));
}
