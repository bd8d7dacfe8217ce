//! Describes the differences between two configurations in sentences, for the operator after a reload.
//!
//! Sections that occur only once are first, in the order of the shipped configuration file. Listeners, views, zones, hosts and lists follow.

use toml::Value;

use super::Config;
use super::keys::{ConfigKey, SingleSection, TableEntry};
use super::table::{KeyPlace, Visitor, visit};

/// Returns one sentence for each difference.
pub fn changes(old: &Config, new: &Config) -> Vec<String> {
    let mut changes = Changes { old, new, once: Vec::new(), many: Vec::new() };
    visit(&mut changes);
    let Changes { mut once, many, .. } = changes;
    once.extend(many);
    once
}

struct Changes<'c> {
    old: &'c Config,
    new: &'c Config,
    /// Differences in sections that occur only once, such as `[cache]`. They come first in the result.
    once: Vec<String>,
    many: Vec<String>,
}

impl Visitor for Changes<'_> {
    fn once<Holder>(&mut self, section: &SingleSection<Holder>, place: &KeyPlace<Holder>) {
        let (old, new) = ((place.of)(self.old), (place.of)(self.new));
        let reported = keys(section.keys, old, new);
        self.once.extend(reported.into_iter().map(|change| format!("{}.{change}", section.name)));
    }

    fn many<Kind: TableEntry>(&mut self, place: &KeyPlace<Vec<Kind>>) {
        let (old, new) = ((place.of)(self.old), (place.of)(self.new));
        for entry in new {
            let title = entry.title();
            match old.iter().find(|before| before.title() == title) {
                Some(before) => {
                    let reported = keys(Kind::KEYS, before, entry).into_iter();
                    self.many.extend(reported.map(|change| format!("{title}: {change}")));
                }
                None => self.many.push(format!("{title}: added")),
            }
        }
        let gone = old.iter().map(TableEntry::title);
        let gone = gone.filter(|title| new.iter().all(|entry| entry.title() != *title));
        self.many.extend(gone.map(|title| format!("{title}: removed")));
    }
}

/// Returns a sentence for each changed value, and then one for each file whose path is unchanged but whose content has changed.
fn keys<Holder>(keys: &[ConfigKey<Holder>], old: &Holder, new: &Holder) -> Vec<String> {
    let values = keys.iter().filter_map(|key| {
        let change = change(key, (key.show)(old), (key.show)(new))?;
        let when = if key.at_start { " (takes effect at the next start)" } else { "" };
        Some(format!("{}: {change}{when}", key.name))
    });
    let files = keys.iter().filter_map(|key| {
        let content = key.content.as_ref()?;
        let is_same_file = (key.show)(old) == (key.show)(new);
        (is_same_file && (content.differs)(old, new)).then(|| format!("{}: {}", key.name, content.sentence))
    });
    values.chain(files).collect()
}

/// Returns the change of a key as text, or `None` if the values are equal. `old` or `new` is `None` if the key is left out.
fn change<Holder>(key: &ConfigKey<Holder>, old: Option<Value>, new: Option<Value>) -> Option<String> {
    if old == new {
        return None;
    }
    if let (Some(old), Some(new)) = (old.as_ref().and_then(items), new.as_ref().and_then(items)) {
        return Some(members(&old, &new));
    }
    let are_many = [&old, &new].iter().any(|value| matches!(value, Some(Value::Array(_))));
    let text = |value: Option<Value>| match value.as_ref().map(|value| (value, items(value))) {
        None => key.unset.to_owned(),
        Some((_, Some(items))) if items.is_empty() => "none".to_owned(),
        Some((_, Some(items))) => items.join(", "),
        Some((value, None)) => bare(value),
    };
    Some(format!("{}, {} {}", text(new), if are_many { "were" } else { "was" }, text(old)))
}

/// Returns `None` if `value` is not a list.
fn items(value: &Value) -> Option<Vec<String>> {
    value.as_array().map(|items| items.iter().map(bare).collect())
}

fn members(old: &[String], new: &[String]) -> String {
    let beyond = |one: &[String], other: &[String]| {
        one.iter().filter(|item| !other.contains(item)).cloned().collect::<Vec<_>>().join(", ")
    };
    let reported = [(beyond(new, old), "added"), (beyond(old, new), "removed")];
    let reported: Vec<String> = reported
        .into_iter()
        .filter(|(items, _)| !items.is_empty())
        .map(|(items, what)| format!("{items} {what}"))
        .collect();
    if reported.is_empty() { "order changed".to_owned() } else { reported.join(", ") }
}

/// Returns the text of a value without quotes. Only an empty text has quotes.
fn bare(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConfiguredHost, ConfiguredList, ConfiguredZone, Forwarder, Listener, ZoneKind};
    use dnsbl::list::OnRefusal;
    use hickory_proto::rr::Name;
    use std::time::Duration;

    fn zone(name: &str, kind: ZoneKind) -> ConfiguredZone {
        let name = Name::from_ascii(name).unwrap();
        ConfiguredZone { name, kind, ..ConfiguredZone::default() }
    }

    fn forward(address: &str) -> ZoneKind {
        ZoneKind::Forward(vec![Forwarder { address: address.parse().unwrap(), encryption: None }])
    }

    fn file(text: &str) -> ZoneKind {
        ZoneKind::File { path: "/etc/lan.zone".into(), text: text.to_owned() }
    }

    #[test]
    fn equal_configurations_have_no_changes() {
        assert!(changes(&Config::default(), &Config::default()).is_empty());
    }

    #[test]
    fn changed_keys_show_old_value() {
        let old = Config::default();
        let mut new = old.clone();
        new.cache.max_ttl = Duration::from_secs(2 * 86_400);
        new.listen.allow = vec!["::1/128".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        new.listen.addresses.reverse();
        new.cache.size = 1 << 30;
        new.resolve.root_hints.servers.pop();
        new.resolve.source = vec!["192.0.2.1".parse().unwrap()];
        new.metrics.listen = Some("127.0.0.1:9453".parse().unwrap());
        let reported = [
            "listen.addresses: order changed",
            "listen.allow: 10.0.0.0/8 added, 127.0.0.0/8 removed",
            "cache.size: 1GiB, was 256MiB (takes effect at the next start)",
            "cache.max_ttl: 2d, was 1d",
            "resolve.source: 192.0.2.1 added",
            "resolve.root_hints: the servers in the file changed",
            "metrics.listen: 127.0.0.1:9453, was \"\"",
        ];
        assert_eq!(changes(&old, &new), reported);
        new = old.clone();
        new.resolve.root_hints.path = Some("/etc/hints".into());
        assert_eq!(changes(&old, &new), ["resolve.root_hints: /etc/hints, was \"\""]);
    }

    #[test]
    fn changed_list_shows_registry_default() {
        let (mut old, mut new) = (Config::default(), Config::default());
        let list =
            ConfiguredList { name: Name::from_ascii("bl.example.").unwrap(), ..ConfiguredList::default() };
        let listed = |codes: &[&str]| Some(codes.iter().map(|code| code.parse().unwrap()).collect());
        old.lists = vec![ConfiguredList { listed: listed(&["127.0.0.2"]), quota: Some(1), ..list.clone() }];
        new.lists =
            vec![ConfiguredList { listed: listed(&["127.0.0.3"]), refused: listed(&["127.0.0.1"]), ..list }];
        let reported = [
            "list bl.example: listed: 127.0.0.3 added, 127.0.0.2 removed",
            "list bl.example: refused: 127.0.0.1, were the default of the list",
            "list bl.example: quota: the default of the list, was 1",
        ];
        assert_eq!(changes(&old, &new), reported);
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
        let host = |address: &str| ConfiguredHost {
            name: Name::from_ascii("printer.lan.").unwrap(),
            addresses: vec![address.parse().unwrap()],
            view: None,
        };
        (old.hosts, new.hosts) = (vec![host("10.0.0.8")], vec![host("10.0.0.9")]);
        let listener = |zones| Listener {
            addresses: vec!["127.0.0.2:53".parse().unwrap()],
            zones,
            ..Listener::default()
        };
        old.listeners = vec![listener(None)];
        new.listeners = vec![listener(Some(vec![Name::from_ascii("lan.").unwrap()]))];
        new.listeners[0].on_refusal = Some(OnRefusal::Nxdomain);
        let reported = [
            "listener 127.0.0.2:53: zones: lan, were all",
            "listener 127.0.0.2:53: on_refusal: nxdomain, was list",
            "zone new.example: added",
            "zone corp.example: forward: 10.1.1.1:5353 added, 10.1.1.1 removed",
            "zone lan: max_ttl: 1h, was that of [cache]",
            "zone lan: file: its content changed",
            "zone gone: removed",
            "host printer.lan: addresses: 10.0.0.9 added, 10.0.0.8 removed",
        ];
        assert_eq!(changes(&old, &new), reported);
    }
}
