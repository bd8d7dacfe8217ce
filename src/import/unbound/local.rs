//! `local-zone`, `local-data` and `local-data-ptr` of Unbound.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hickory_proto::rr::Name;
use toml::Value;

use super::default_zones::DefaultZone;
use super::reader::{Section, UnboundSetting};
use crate::import::draft::Draft;
use crate::import::finding::{SourcePlace, Weight};
use crate::import::values::{counted, texts};
use crate::wire::presentation::{kind_text, name_text, read_name};
use crate::zone_file::{self, Word, ZoneFileReader};

/// The kind of a zone that is there by default, as its entry names it.
const BY_DEFAULT: &str = "by default";

/// A `local-zone`.
struct LocalZone {
    place: SourcePlace,
    kind: String,
    /// Lines of a zone file.
    lines: Vec<String>,
}

/// A record of `local-data`.
struct LocalRecord {
    place: SourcePlace,
    option: String,
    name: Name,
    ttl: u32,
    kind: String,
    data: String,
}

/// Adds them, with the zones that are there by default.
pub(super) fn add(server: &Section, by_default: &[DefaultZone], draft: &mut Draft) {
    let mut zones = zones(server, draft);
    add_defaults(by_default, &mut zones);
    let mut alone: BTreeMap<(String, String), Vec<LocalRecord>> = BTreeMap::new();
    for setting in server.settings.iter() {
        let text = match setting.option.as_str() {
            "local-data" => Some(setting.value().to_owned()),
            "local-data-ptr" => pointer(setting.value()),
            _ => continue,
        };
        let Some(record) = text.and_then(|text| record(setting, &text)) else {
            let option = format!("{}: {}", setting.option, setting.value());
            let did = "gave a record that cannot be read";
            draft.tell(Weight::Dangerous, &setting.place, &option, (did, "add it as a [[record]]"));
            continue;
        };
        let around = zones.iter().rfind(|(apex, _)| apex.zone_of(&record.name));
        if around.is_some_and(|(_, zone)| zone.kind == "always_transparent") {
            let did = "had no effect, because the zone around it is always_transparent";
            draft.tell(Weight::Different, &setting.place, &setting.shown(), (did, "is left out"));
            continue;
        }
        match zones.iter_mut().filter(|(apex, zone)| apex.zone_of(&record.name) && zone.has_data()).last() {
            Some((_, zone)) => zone.lines.extend(zone.lines_of(&record)),
            None => alone.entry((name_text(&record.name), record.kind.clone())).or_default().push(record),
        }
    }
    tell_empty(&zones, draft);
    for (apex, zone) in zones.into_iter().filter(|(_, zone)| zone.has_data()) {
        let option = format!("local-zone {} {}", name_text(&apex), zone.kind);
        let keys = vec![("name", Value::from(name_text(&apex))), ("records", texts(zone.lines))];
        draft.add(&zone.place, &option, "[[zone]]", keys);
    }
    let mut told: Option<&Name> = None;
    for record in alone.values().filter_map(|records| records.first()) {
        // A name with several types is told once.
        if told.replace(&record.name) == Some(&record.name) {
            continue;
        }
        let did =
            "also answered that the name has no records of other types, unless its zone is typetransparent";
        let instead =
            "resolverd resolves other types as usual; for the whole name use a [[zone]] with records";
        draft.tell(Weight::Different, &record.place, &record.option, (did, instead));
    }
    for ((name, kind), records) in alone {
        let Some(first) = records.first() else { continue };
        let mut keys = vec![("name", Value::from(name)), ("type", Value::from(kind))];
        let mut data: Vec<String> = records.iter().map(|record| record.data.clone()).collect();
        data.dedup();
        keys.push(("data", texts(data)));
        keys.push(("ttl", Value::from(format!("{}s", first.ttl))));
        draft.add(&first.place, &first.option, "[[record]]", keys);
    }
}

/// Adds the zones of Unbound's defaults that the file does not change. A part of one that the file resolves keeps it out.
fn add_defaults(by_default: &[DefaultZone], zones: &mut Vec<(Name, LocalZone)>) {
    for default in by_default {
        if zones
            .iter()
            .any(|(apex, zone)| *apex == default.name || default.name.zone_of(apex) && !zone.has_data())
        {
            continue;
        }
        let zone = LocalZone { place: default.place.clone(), kind: BY_DEFAULT.to_owned(), lines: Vec::new() };
        zones.push((default.name.clone(), zone));
    }
    zones.sort_by_key(|(name, _)| name.iter().len());
}

/// Reports the zones without data whose own names did not exist: a zone here has a SOA record at its name.
fn tell_empty(zones: &[(Name, LocalZone)], draft: &mut Draft) {
    let is_empty = |zone: &&(Name, LocalZone)| {
        zone.1.lines.is_empty() && matches!(zone.1.kind.as_str(), "static" | "always_nxdomain")
    };
    let mut empty = zones.iter().filter(is_empty);
    let Some((apex, zone)) = empty.next() else { return };
    let option = format!("local-zone: {} {}", name_text(apex), zone.kind);
    let others: Vec<String> = empty.map(|(apex, _)| name_text(apex)).collect();
    let also = if others.is_empty() { String::new() } else { format!("; so did {}", counted(&others)) };
    let did = format!("answered that the name of the zone does not exist (NXDOMAIN){also}");
    let instead = "resolverd answers that this name has no records, and NXDOMAIN for the names below it";
    draft.tell(Weight::Different, &zone.place, &option, (&did, instead));
}

impl LocalZone {
    /// Whether its names have no other data than its own.
    fn has_data(&self) -> bool {
        !matches!(
            self.kind.as_str(),
            "transparent" | "typetransparent" | "nodefault" | "inform" | "always_transparent"
        )
    }

    /// The lines of a record: in a zone of type redirect, it is also the record of all names below its own.
    fn lines_of(&self, record: &LocalRecord) -> Vec<String> {
        let LocalRecord { ttl, kind, data, .. } = record;
        let name = name_text(&record.name);
        let mut lines = vec![format!("{name} {ttl} IN {kind} {data}")];
        if matches!(self.kind.as_str(), "redirect" | "inform_redirect") {
            lines.push(format!("*.{name} {ttl} IN {kind} {data}"));
        }
        lines
    }
}

/// The zones by name, shorter names first; and the report of zones without an exact counterpart.
fn zones(server: &Section, draft: &mut Draft) -> Vec<(Name, LocalZone)> {
    let mut zones: Vec<(Name, LocalZone)> = Vec::new();
    for setting in server.all("local-zone") {
        let (Some(mut name), Some(kind)) = (read_name(setting.value()), setting.values.get(1)) else {
            let option = format!("local-zone: {}", setting.values.join(" "));
            draft.tell(
                Weight::Dangerous,
                &setting.place,
                &option,
                ("cannot be read", "add a [[zone]] for it"),
            );
            continue;
        };
        name.set_fqdn(true);
        let name = name.to_lowercase();
        tell(setting, kind, draft);
        let lines = match kind.as_str() {
            "always_null" => {
                ["@ A 0.0.0.0", "* A 0.0.0.0", "@ AAAA ::", "* AAAA ::"].map(str::to_owned).to_vec()
            }
            _ => Vec::new(),
        };
        let zone = LocalZone { place: setting.place.clone(), kind: kind.clone(), lines };
        zones.retain(|(known, _)| *known != name);
        zones.push((name, zone));
    }
    zones.sort_by_key(|(name, _)| name.iter().len());
    zones
}

/// Reports a type of zone whose answers differ here.
fn tell(setting: &UnboundSetting, kind: &str, draft: &mut Draft) {
    let (did, instead) = match kind {
        "static" | "redirect" | "always_nxdomain" | "always_null" | "typetransparent" | "transparent" => {
            return;
        }
        "deny" | "always_deny" | "inform_deny" => {
            ("dropped the queries for it", "resolverd answers NXDOMAIN")
        }
        "refuse" | "always_refuse" => {
            ("answered REFUSED", "resolverd answers NXDOMAIN, which ends the lookup too")
        }
        "always_nodata" => ("answered that the name has no such record", "resolverd answers NXDOMAIN"),
        "inform" | "inform_redirect" => ("logged the queries for it", "resolverd does not log them"),
        "always_transparent" => (
            "resolved its names as usual, past local data",
            "resolverd answers names of private networks itself unless a [[zone]] has them",
        ),
        "nodefault" => (
            "let names of private networks leave this host",
            "resolverd answers these itself unless a [[zone]] has them",
        ),
        _ => ("has no counterpart", "resolverd answers NXDOMAIN for all names of it; change its [[zone]]"),
    };
    let option = format!("local-zone: {}", setting.values.join(" "));
    draft.tell(Weight::Different, &setting.place, &option, (did, instead));
}

/// `address [ttl] name` as the PTR record of the address.
fn pointer(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (address, ttl, name) = match words.as_slice() {
        [address, name] => (address, "", name),
        [address, ttl, name] => (address, *ttl, name),
        _ => return None,
    };
    let mut reverse = Name::from(address.parse::<IpAddr>().ok()?);
    reverse.set_fqdn(true);
    Some(format!("{} {ttl} IN PTR {name}", name_text(&reverse)))
}

fn record(setting: &UnboundSetting, text: &str) -> Option<LocalRecord> {
    let entry = zone_file::entries(text).next()?.ok()?;
    let head = ZoneFileReader::new(Name::root()).begin(&entry).ok()?;
    let kind = zone_file::kind(head.kind)?;
    let data = head.data.iter().map(written).collect::<Vec<_>>().join(" ");
    Some(LocalRecord {
        place: setting.place.clone(),
        option: format!("{}: {}", setting.option, setting.value()),
        name: head.owner.to_lowercase(),
        ttl: head.ttl,
        kind: kind_text(kind),
        data,
    })
}

/// A word as it was typed.
fn written(word: &Word) -> String {
    if word.quoted { format!("\"{}\"", word.text) } else { word.text.clone() }
}
