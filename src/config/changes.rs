//! What differs between two configurations, in sentences: what a reload tells.
//!
//! May call: `config`, `config::{show, value}`. Keys come in the order of the shipped file, then listeners, zones and hosts.

use std::fmt;

use toml::Value;

use super::show::{self, list_entry, server_text, settings};
use super::{Config, Guard, Host, ListEntry, Listener, Zone, ZoneKind, lists, value};

/// Keys that are read when the daemon starts: its memory, threads and socket are made then.
const AT_START: [&str; 3] = ["listen.workers", "cache.size", "control.socket"];

/// What is different in `new`, each in a sentence; nothing where they mean the same.
pub fn changes(old: &Config, new: &Config) -> Vec<String> {
    let mut told = Vec::new();
    for (before, after) in settings(old).iter().zip(&settings(new)) {
        if let Some(change) = setting(&before.value, &after.value) {
            let key = format!("{}.{}", after.section, after.key);
            let when = if AT_START.contains(&key.as_str()) { ", from the next start on" } else { "" };
            told.push(format!("{key}: {change}{when}"));
        }
    }
    let (before, after) = (&old.resolve.root_hints, &new.resolve.root_hints);
    if before.path == after.path && before.servers != after.servers {
        told.push("resolve.root_hints: the file names other servers".to_owned());
    }
    let (before, after) = (&old.dnssec.trust_anchor, &new.dnssec.trust_anchor);
    if before.path == after.path && before.anchors != after.anchors {
        told.push("dnssec.trust_anchor: the file has other keys".to_owned());
    }
    if old.dnsbl.path == new.dnsbl.path && old.dnsbl.registry != new.dnsbl.registry {
        told.push("dnsbl.registry: the file has changed".to_owned());
    }
    told.extend(entries(&old.listeners, &new.listeners));
    told.extend(entries(&old.zones, &new.zones));
    told.extend(entries(&old.hosts, &new.hosts));
    told.extend(entries(&old.lists, &new.lists));
    told
}

/// What stands in the file any number of times, each with a name of its own.
trait Entry {
    /// What it is, and which.
    fn title(&self) -> String;
    /// What it does, where a few words tell that.
    fn tell(&self) -> Option<String>;
    /// What is different from `old` of the same title.
    fn changes(&self, old: &Self) -> Vec<String>;
}

/// Entries that came, went or changed.
fn entries<Kind: Entry>(old: &[Kind], new: &[Kind]) -> Vec<String> {
    let mut told = Vec::new();
    for entry in new {
        let title = entry.title();
        match old.iter().find(|before| before.title() == title) {
            Some(before) => {
                told.extend(entry.changes(before).iter().map(|change| format!("{title}: {change}")));
            }
            None => {
                let does = entry.tell().map_or_else(String::new, |does| format!(", {does}"));
                told.push(format!("{title}: added{does}"));
            }
        }
    }
    let gone = old.iter().map(Entry::title).filter(|title| new.iter().all(|entry| entry.title() != *title));
    told.extend(gone.map(|title| format!("{title}: removed")));
    told
}

impl Entry for Listener {
    fn title(&self) -> String {
        format!("listener {}", joined(&self.addresses))
    }

    fn tell(&self) -> Option<String> {
        None
    }

    fn changes(&self, old: &Self) -> Vec<String> {
        let mut told = Vec::new();
        told.extend(
            members(&texts(&old.allow), &texts(&self.allow)).map(|change| format!("allow: {change}")),
        );
        let zones = |listener: &Self| match &listener.zones {
            Some(zones) if zones.is_empty() => "none".to_owned(),
            Some(zones) => zones.iter().map(value::name_text).collect::<Vec<_>>().join(", "),
            None => "all".to_owned(),
        };
        let (before, after) = (zones(old), zones(self));
        if before != after {
            told.push(format!("zones: {after}, were {before}"));
        }
        if old.dnsbl != self.dnsbl {
            let (after, before) =
                if self.dnsbl == Guard::Pass { ("pass", "guard") } else { ("guard", "pass") };
            told.push(format!("dnsbl: {after}, was {before}"));
        }
        if old.on_refusal != self.on_refusal {
            let [before, after] = [old, self].map(|one| show::word(one.on_refusal, &lists::ON_REFUSAL_THERE));
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            told.push(format!("on_refusal: {}, was {}", text(&after), text(&before)));
        }
        told
    }
}

impl Entry for Zone {
    fn title(&self) -> String {
        format!("zone {}", value::name_text(&self.name))
    }

    fn tell(&self) -> Option<String> {
        Some(match &self.kind {
            ZoneKind::Forward(forwarders) => format!("forwards to {}", joined(forwarders)),
            ZoneKind::Stub(servers) => {
                format!(
                    "asks {}",
                    servers.iter().map(|server| server_text(*server)).collect::<Vec<_>>().join(", ")
                )
            }
            ZoneKind::File { path, .. } => format!("comes from {}", path.display()),
        })
    }

    fn changes(&self, old: &Self) -> Vec<String> {
        let mut told = Vec::new();
        let (before, after) = (old.tell(), self.tell());
        if before != after {
            told.push(format!("{}; it {}", after.unwrap_or_default(), past(old)));
        } else if old.kind != self.kind {
            told.push("its file has changed".to_owned());
        }
        told.extend(
            members(&texts(&old.source), &texts(&self.source)).map(|change| format!("source: {change}")),
        );
        for (key, before, after) in [
            ("max_ttl", old.max_ttl, self.max_ttl),
            ("negative_max_ttl", old.negative_max_ttl, self.negative_max_ttl),
        ] {
            let text = |span: Option<_>| span.map_or_else(|| "that of [cache]".to_owned(), value::span_text);
            if before != after {
                told.push(format!("{key}: {}, was {}", text(after), text(before)));
            }
        }
        if old.validate != self.validate {
            told.push(format!("validate: {}, was {}", self.validate, old.validate));
        }
        told
    }
}

/// Where a zone's answers came from.
fn past(zone: &Zone) -> String {
    match &zone.kind {
        ZoneKind::Forward(forwarders) => format!("forwarded to {}", joined(forwarders)),
        ZoneKind::Stub(servers) => {
            format!(
                "asked {}",
                servers.iter().map(|server| server_text(*server)).collect::<Vec<_>>().join(", ")
            )
        }
        ZoneKind::File { path, .. } => format!("came from {}", path.display()),
    }
}

impl Entry for Host {
    fn title(&self) -> String {
        format!("host {}", value::name_text(&self.name))
    }

    fn tell(&self) -> Option<String> {
        Some(joined(&self.addresses))
    }

    fn changes(&self, old: &Self) -> Vec<String> {
        members(&texts(&old.addresses), &texts(&self.addresses)).into_iter().collect()
    }
}

impl Entry for ListEntry {
    fn title(&self) -> String {
        format!("list {}", value::name_text(&self.name))
    }

    fn tell(&self) -> Option<String> {
        None
    }

    fn changes(&self, old: &Self) -> Vec<String> {
        let (before, after) = (list_entry(old), list_entry(self));
        let find = |keys: &[(&str, Value)], wanted: &str| {
            keys.iter().find(|(key, _)| *key == wanted).map(|(_, value)| bare(value))
        };
        let known = |value: Option<String>| value.unwrap_or_else(|| "as the registry has it".to_owned());
        let mut keys: Vec<&str> = before.iter().chain(&after).map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        let secret = |entry: &Self| entry.key.as_ref().map(|file| (file.path.clone(), file.key.clone()));
        let other_key =
            secret(old).zip(secret(self)).is_some_and(|(old, new)| old.0 == new.0 && old.1 != new.1);
        let told = keys.into_iter().filter_map(|key| {
            let (before, after) = (find(&before, key), find(&after, key));
            (before != after).then(|| format!("{key}: {}, was {}", known(after), known(before)))
        });
        told.chain(other_key.then(|| "key: its file has changed".to_owned())).collect()
    }
}

/// What is different in the value of a key.
fn setting(before: &Value, after: &Value) -> Option<String> {
    let items = |value: &Value| value.as_array().map(|items| items.iter().map(bare).collect::<Vec<_>>());
    match (items(before), items(after)) {
        (Some(before), Some(after)) => members(&before, &after),
        _ => (before != after).then(|| format!("{}, was {}", bare(after), bare(before))),
    }
}

/// What is different in a list.
fn members(before: &[String], after: &[String]) -> Option<String> {
    let beyond = |one: &[String], other: &[String]| {
        one.iter().filter(|item| !other.contains(item)).cloned().collect::<Vec<_>>().join(", ")
    };
    let told = [(beyond(after, before), "added"), (beyond(before, after), "removed")];
    let told: Vec<String> = told
        .into_iter()
        .filter(|(items, _)| !items.is_empty())
        .map(|(items, what)| format!("{items} {what}"))
        .collect();
    match told.is_empty() {
        false => Some(told.join(", ")),
        true => (before != after).then(|| "in another order".to_owned()),
    }
}

/// A value without quotes, unless nothing else would be left.
fn bare(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    }
}

fn texts(values: &[impl fmt::Display]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn joined(values: &[impl fmt::Display]) -> String {
    texts(values).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Forwarder;
    use crate::dnsbl::list::OnRefusal;
    use hickory_proto::rr::Name;
    use std::time::Duration;

    fn zone(name: &str, kind: ZoneKind) -> Zone {
        let name = Name::from_ascii(name).unwrap();
        Zone { name, kind, source: Vec::new(), max_ttl: None, negative_max_ttl: None, validate: true }
    }

    fn forward(address: &str) -> ZoneKind {
        ZoneKind::Forward(vec![Forwarder { address: address.parse().unwrap(), tls: None }])
    }

    fn file(text: &str) -> ZoneKind {
        ZoneKind::File { path: "/etc/lan.zone".into(), text: text.to_owned() }
    }

    #[test]
    fn what_means_the_same_has_not_changed() {
        assert!(changes(&Config::default(), &Config::default()).is_empty());
    }

    #[test]
    fn keys_are_told_with_what_they_were() {
        let old = Config::default();
        let mut new = old.clone();
        new.cache.max_ttl = Duration::from_secs(2 * 86_400);
        new.listen.allow = vec!["::1/128".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        new.listen.addresses.reverse();
        new.cache.size = 1 << 30;
        new.resolve.root_hints.servers.pop();
        new.resolve.source = vec!["192.0.2.1".parse().unwrap()];
        let told = [
            "listen.addresses: in another order",
            "listen.allow: 10.0.0.0/8 added, 127.0.0.0/8 removed",
            "cache.size: 1GiB, was 256MiB, from the next start on",
            "cache.max_ttl: 2d, was 1d",
            "resolve.source: 192.0.2.1 added",
            "resolve.root_hints: the file names other servers",
        ];
        assert_eq!(changes(&old, &new), told);
        new = old.clone();
        new.resolve.root_hints.path = Some("/etc/hints".into());
        assert_eq!(changes(&old, &new), ["resolve.root_hints: /etc/hints, was \"\""]);
    }

    #[test]
    fn entries_come_go_and_change() {
        let mut old = Config::default();
        let mut new = old.clone();
        old.zones = vec![
            zone("corp.example.", forward("10.1.1.1:53")),
            zone("lan.", file("old")),
            zone("gone.", file("")),
        ];
        new.zones = vec![
            zone("new.example.", ZoneKind::Stub(vec!["127.0.0.1:5300".parse().unwrap()])),
            zone("corp.example.", forward("10.1.1.1:5353")),
            zone("lan.", file("new")),
        ];
        new.zones[2].max_ttl = Some(Duration::from_secs(3_600));
        let host = |address: &str| Host {
            name: Name::from_ascii("printer.lan.").unwrap(),
            addresses: vec![address.parse().unwrap()],
        };
        (old.hosts, new.hosts) = (vec![host("10.0.0.8")], vec![host("10.0.0.9")]);
        let listener = |zones| Listener {
            addresses: vec!["127.0.0.2:53".parse().unwrap()],
            allow: vec!["127.0.0.0/8".parse().unwrap()],
            zones,
            dnsbl: Guard::Guard,
            on_refusal: None,
        };
        old.listeners = vec![listener(None)];
        new.listeners = vec![listener(Some(vec![Name::from_ascii("lan.").unwrap()]))];
        new.listeners[0].on_refusal = Some(OnRefusal::Nxdomain);
        let told = [
            "listener 127.0.0.2:53: zones: lan, were all",
            "listener 127.0.0.2:53: on_refusal: nxdomain, was list",
            "zone new.example: added, asks 127.0.0.1:5300",
            "zone corp.example: forwards to 10.1.1.1:5353; it forwarded to 10.1.1.1",
            "zone lan: its file has changed",
            "zone lan: max_ttl: 1h, was that of [cache]",
            "zone gone: removed",
            "host printer.lan: 10.0.0.9 added, 10.0.0.8 removed",
        ];
        assert_eq!(changes(&old, &new), told);
    }
}
