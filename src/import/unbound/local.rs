//! `local-zone`, `local-data` and `local-data-ptr` of Unbound.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hickory_proto::rr::Name;
use toml::Value;

use super::reader::{Section, UnboundSetting};
use crate::import::draft::Draft;
use crate::import::finding::{SourcePlace, Weight};
use crate::import::values::texts;
use crate::wire::presentation::{kind_text, name_text, read_name};
use crate::zone_file::{self, Word, ZoneFileReader};

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

/// Adds them.
pub(super) fn add(server: &Section, draft: &mut Draft) {
    let mut zones = zones(server, draft);
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
        match zones.iter_mut().filter(|(apex, zone)| apex.zone_of(&record.name) && zone.has_data()).last() {
            Some((_, zone)) => zone.lines.extend(zone.lines_of(&record)),
            None => alone.entry((name_text(&record.name), record.kind.clone())).or_default().push(record),
        }
    }
    for (apex, zone) in zones.into_iter().filter(|(_, zone)| zone.has_data()) {
        let option = format!("local-zone {} {}", name_text(&apex), zone.kind);
        let keys = vec![("name", Value::from(name_text(&apex))), ("records", texts(zone.lines))];
        draft.add(&zone.place, &option, "[[zone]]", keys);
    }
    if let Some(first) = alone.values().flatten().next() {
        let did =
            "also answered that the name has no records of other types, unless its zone is typetransparent";
        let instead =
            "resolverd resolves other types as usual; for the whole name use a [[zone]] with records";
        draft.tell(Weight::Different, &first.place, &first.option, (did, instead));
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
        "nodefault" | "always_transparent" => (
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
