//! The checks between `[[view]]`, `[[zone]]` and `[[listener]]`.

use std::collections::{BTreeMap, BTreeSet};

use hickory_proto::rr::Name;
use ipnet::IpNet;

use super::Config;
use super::reader::KeyLines;
use super::report::{Problems, WrongValue, quoted};
use super::value::in_quotes;

/// No two views have the same name or network; zones and views name each other as they are.
pub(super) fn check(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    let shared: BTreeSet<&Name> =
        config.zones.iter().filter(|zone| zone.view.is_none()).map(|zone| &zone.name).collect();
    let mut names = BTreeSet::new();
    let mut taken: BTreeMap<&IpNet, &str> = BTreeMap::new();
    for (place, view) in config.views.iter().enumerate() {
        let line = |key| lines.of_entry("view", place, key);
        if !names.insert(view.name.as_str()) {
            let wrong = format!("{} appears twice", quoted(&view.name));
            let wrong = WrongValue::new(wrong, "put all its networks into one [[view]]");
            problems.add(line("name"), Some("view.name"), wrong);
        }
        for network in &view.clients {
            if let Some(other) = taken.insert(network, &view.name).filter(|other| *other != view.name) {
                let wrong = format!("{network} is also a network of the view {}", quoted(other));
                problems.add(
                    line("clients"),
                    Some("view.clients"),
                    WrongValue::new(wrong, "remove it from one of them"),
                );
            }
        }
        for zone in view.zones.iter().flatten().filter(|zone| !shared.contains(zone)) {
            problems.add(line("zones"), Some("view.zones"), not_shared(config, zone));
        }
    }
    zones(config, &names, lines, problems);
}

/// A zone that a listener or a view names, and that is not configured without `view`.
pub(super) fn not_shared(config: &Config, zone: &Name) -> WrongValue {
    let name = in_quotes(zone);
    if config.zones.iter().any(|one| one.name == *zone) {
        let wrong = format!("{name} is a zone of a view only");
        return WrongValue::new(wrong, "add a [[zone]] for it without `view`, or remove it here");
    }
    WrongValue::new(format!("{name} is not a configured zone"), "add a [[zone]] for it, or remove it here")
}

/// Each zone is of a known view, and is there once.
fn zones(config: &Config, views: &BTreeSet<&str>, lines: &KeyLines, problems: &mut Problems) {
    let mut known = BTreeSet::new();
    for (place, zone) in config.zones.iter().enumerate() {
        let line = |key| lines.of_entry("zone", place, key);
        if let Some(view) = zone.view.as_deref().filter(|view| !views.contains(view)) {
            let wrong = format!("{} is not the name of a [[view]]", quoted(view));
            problems.add(
                line("view"),
                Some("zone.view"),
                WrongValue::new(wrong, "add a [[view]] with this name, or remove it here"),
            );
        }
        if !known.insert((&zone.name, &zone.view)) {
            let of_view = zone
                .view
                .as_deref()
                .map_or_else(String::new, |view| format!(" in the view {}", quoted(view)));
            let wrong = format!("{} appears twice{of_view}", in_quotes(&zone.name));
            problems.add(line("name"), Some("zone.name"), WrongValue::new(wrong, "remove one of them"));
        }
    }
}
