//! Checks that `[[view]]`, `[[zone]]` and `[[listener]]` entries refer to each other correctly.

use std::collections::{BTreeMap, BTreeSet};

use hickory_proto::rr::Name;
use ipnet::IpNet;

use super::Config;
use super::check::Checks;
use super::report::quoted;
use super::seen::Sees;
use super::value::in_quotes;
use crate::limits;

/// Checks that no two views have the same name or network, that no two zones have the same name and view, and that the views and zones to which
/// entries refer are configured.
pub(super) fn check(checks: &mut Checks<'_>) {
    let config = checks.config;
    let shared: BTreeSet<&Name> =
        config.zones.iter().filter(|zone| zone.view.is_none()).map(|zone| &zone.name).collect();
    let mut names = BTreeSet::new();
    let mut taken: BTreeMap<&IpNet, &str> = BTreeMap::new();
    for (place, view) in config.views.iter().enumerate() {
        if !names.insert(view.name.as_str()) {
            let wrong = format!("{} appears twice", quoted(&view.name));
            checks.add_at(("view", place, "name"), wrong, "put all its networks into one [[view]]");
        }
        for network in &view.clients {
            if let Some(other) = taken.insert(network, &view.name).filter(|other| *other != view.name) {
                let wrong = format!("{network} is also a network of the view {}", quoted(other));
                checks.add_at(("view", place, "clients"), wrong, "remove it from one of them");
            }
        }
        for zone in view.zones.iter().flatten().filter(|zone| !shared.contains(zone)) {
            let (wrong, remedy) = not_shared(config, zone);
            checks.add_at(("view", place, "zones"), wrong, remedy);
        }
    }
    let zones = config.zones.iter().map(|zone| (&zone.name, zone.view.as_deref()));
    checks.once_each(("zone", "name"), zones, "remove one of them");
    known(checks, "zone", config.zones.iter().map(|zone| &zone.view), &names);
    known(checks, "host", config.hosts.iter().map(|host| &host.view), &names);
    known(checks, "record", config.records.iter().map(|record| &record.view), &names);
    sets(checks);
}

/// Counts the groups of clients that may get different answers, because of their zones or their settings for DNS lists. The error about more than
/// `MAX_VIEWS` groups is at the first entry that is too many.
fn sets(checks: &mut Checks<'_>) {
    let (config, most) = (checks.config, limits::MAX_VIEWS);
    let mut known: Vec<Sees> = Vec::new();
    let mut first = None;
    for (place, listener) in config.all_listeners().enumerate() {
        let general = std::iter::once((None, Sees::general(listener, config)));
        let by_client = Sees::by_client(listener, config).enumerate().map(|(view, sees)| (Some(view), sees));
        for (view, sees) in general.chain(by_client) {
            if known.iter().any(|other| other.has_answers_of(&sees)) {
                continue;
            }
            known.push(sees);
            if known.len() > most && first.is_none() {
                first = Some((place.checked_sub(1), view));
            }
        }
    }
    let at = match first {
        None => return,
        Some((None, view)) => ("view", view.unwrap_or_default(), "name"),
        Some((Some(listener), _)) => ("listener", listener, "addresses"),
    };
    let found = known.len();
    let wrong = format!(
        "has one set of zones too many: {found} groups of clients differ in zones, dnsbl or on_refusal, with the clients in no [[view]]; the maximum is {most}"
    );
    checks.add_about(at, wrong, "give views the same zones, or remove a [[view]] or [[listener]]");
}

/// Returns the error and the advice for an entry that refers to `zone`, if no `[[zone]]` without `view` has this name.
pub(super) fn not_shared(config: &Config, zone: &Name) -> (String, &'static str) {
    let name = in_quotes(zone);
    if config.zones.iter().any(|one| one.name == *zone) {
        let remedy = "add a [[zone]] for it without `view`, or remove it here";
        return (format!("{name} is a zone of a view only"), remedy);
    }
    (format!("{name} is not a configured zone"), "add a [[zone]] for it, or remove it here")
}

fn known<'c>(
    checks: &mut Checks<'_>,
    section: &str,
    views: impl Iterator<Item = &'c Option<String>>,
    known: &BTreeSet<&str>,
) {
    for (place, view) in views.enumerate() {
        if let Some(view) = view.as_deref().filter(|view| !known.contains(view)) {
            let wrong = format!("{} is not the name of a [[view]]", quoted(view));
            let remedy = "add a [[view]] with this name, or remove it here";
            checks.add_at((section, place, "view"), wrong, remedy);
        }
    }
}

/// Returns " in the view X" for the end of an error message; empty without a view.
pub(super) fn in_view(view: Option<&str>) -> String {
    view.map_or_else(String::new, |view| format!(" in the view {}", quoted(view)))
}
