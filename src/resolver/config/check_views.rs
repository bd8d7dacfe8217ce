//! The checks between `[[view]]`, `[[zone]]` and `[[listener]]`.

use crate::limits;
use std::collections::{BTreeMap, BTreeSet};

use hickory_proto::rr::Name;
use ipnet::IpNet;

use super::Config;
use super::reader::KeyLines;
use super::report::{Problems, WrongValue, quoted};
use super::seen::Sees;
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
    zones(config, lines, problems);
    known("zone", config.zones.iter().map(|zone| &zone.view), &names, (lines, problems));
    known("host", config.hosts.iter().map(|host| &host.view), &names, (lines, problems));
    known("record", config.records.iter().map(|record| &record.view), &names, (lines, problems));
    sets(config, lines, problems);
}

/// All groups of clients together see few different sets of zones. The first entry with one more is reported.
fn sets(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    let most = limits::MAX_VIEWS;
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
    let (line, key) = match first {
        None => return,
        Some((None, view)) => (lines.of_entry("view", view.unwrap_or_default(), "name"), "view"),
        Some((Some(listener), _)) => (lines.of_entry("listener", listener, "addresses"), "listener"),
    };
    let found = known.len();
    let wrong = format!(
        "has one set of zones too many: {found} groups of clients differ in zones, dnsbl or on_refusal, with the clients in no [[view]]; the maximum is {most}"
    );
    let remedy = "give views the same zones, or remove a [[view]] or [[listener]]";
    problems.add(line, Some(key), WrongValue::new(wrong, remedy));
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

/// Each entry of a section is of a known view.
fn known<'c>(
    section: &'static str,
    views: impl Iterator<Item = &'c Option<String>>,
    known: &BTreeSet<&str>,
    (lines, problems): (&KeyLines, &mut Problems),
) {
    for (place, view) in views.enumerate() {
        if let Some(view) = view.as_deref().filter(|view| !known.contains(view)) {
            let wrong = format!("{} is not the name of a [[view]]", quoted(view));
            let wrong = WrongValue::new(wrong, "add a [[view]] with this name, or remove it here");
            problems.add(lines.of_entry(section, place, "view"), Some(&format!("{section}.view")), wrong);
        }
    }
}

/// The words for an entry of a view, behind an error about it.
pub(super) fn in_view(view: Option<&str>) -> String {
    view.map_or_else(String::new, |view| format!(" in the view {}", quoted(view)))
}

/// Each zone is there once.
fn zones(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    let mut known = BTreeSet::new();
    for (place, zone) in config.zones.iter().enumerate() {
        let line = |key| lines.of_entry("zone", place, key);
        if !known.insert((&zone.name, &zone.view)) {
            let wrong = format!("{} appears twice{}", in_quotes(&zone.name), in_view(zone.view.as_deref()));
            problems.add(line("name"), Some("zone.name"), WrongValue::new(wrong, "remove one of them"));
        }
    }
}
