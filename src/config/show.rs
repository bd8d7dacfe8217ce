//! A configuration as the file that means it, for `resolverctl config show`.
//!
//! May call: `config`, `config::value`, `dnsbl::list` for its types. What is shown here and read again is equal; files that it names are told by
//! their path.

use std::fmt;
use std::net::SocketAddr;

use hickory_proto::rr::Name;
use toml::Value;

use super::{
    Config, Family, Forwarder, Guard, Host, ListEntry, Listener, Zone, ZoneKind, defaults, lists, value,
};
use crate::dnsbl::list::TestPoints;

/// A key that stands once in the file, and its value.
#[derive(Debug, PartialEq)]
pub(super) struct Setting {
    pub(super) section: &'static str,
    pub(super) key: &'static str,
    pub(super) value: Value,
}

/// The file that means `config`: every key, or with `changed` only those that differ from the default.
pub fn show(config: &Config, changed: bool) -> String {
    let mut text = String::from("version = 1\n");
    let mut section = "";
    for (setting, default) in settings(config).iter().zip(&settings(&Config::default())) {
        if changed && setting == default {
            continue;
        }
        if setting.section != section {
            section = setting.section;
            text.push_str(&format!("\n[{section}]\n"));
        }
        text.push_str(&format!("{} = {}\n", setting.key, setting.value));
    }
    let listeners = config.listeners.iter().map(|entry| ("listener", listener(entry, changed)));
    let zones = config.zones.iter().map(|entry| ("zone", zone(entry, changed)));
    let hosts = config.hosts.iter().map(|entry| ("host", host(entry)));
    let lists = config.lists.iter().map(|entry| ("list", list_entry(entry)));
    for (section, keys) in listeners.chain(zones).chain(hosts).chain(lists) {
        text.push_str(&format!("\n[[{section}]]\n"));
        for (key, value) in keys {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    text
}

/// Every key that stands once, in the order of the shipped file.
pub(super) fn settings(config: &Config) -> Vec<Setting> {
    let setting = |section, key, value| Setting { section, key, value };
    let Config { listen, cache, resolve, dnssec, dnsbl, control, log, .. } = config;
    let registry = dnsbl.path.as_ref().map_or_else(String::new, |path| path.display().to_string());
    let hints = resolve.root_hints.path.as_ref().map_or_else(String::new, |path| path.display().to_string());
    let anchor =
        dnssec.trust_anchor.path.as_ref().map_or_else(String::new, |path| path.display().to_string());
    vec![
        setting("listen", "addresses", list(&listen.addresses)),
        setting("listen", "allow", list(&listen.allow)),
        setting("listen", "workers", Value::Integer(i64::try_from(listen.workers).unwrap_or(i64::MAX))),
        setting("listen", "dnsbl", word(listen.dnsbl, &lists::GUARDS)),
        setting("listen", "on_refusal", word(listen.on_refusal, &lists::ON_REFUSAL_THERE)),
        setting("cache", "size", Value::String(value::size_text(cache.size))),
        setting("cache", "max_ttl", Value::String(value::span_text(cache.max_ttl))),
        setting("cache", "negative_max_ttl", Value::String(value::span_text(cache.negative_max_ttl))),
        setting("resolve", "deadline", Value::String(value::span_text(resolve.deadline))),
        setting("resolve", "root_hints", Value::String(hints)),
        setting("resolve", "ipv4", family(resolve.ipv4)),
        setting("resolve", "ipv6", family(resolve.ipv6)),
        setting("resolve", "deny_servers", list(&resolve.deny_servers)),
        setting("resolve", "qname_minimisation", Value::Boolean(resolve.qname_minimisation)),
        setting("resolve", "race", Value::Boolean(resolve.race)),
        setting("resolve", "upstream_port", Value::Integer(resolve.upstream_port.into())),
        setting("resolve", "source", list(&resolve.source)),
        setting("resolve", "source_ports", Value::String(value::ports_text(&resolve.source_ports))),
        setting("dnssec", "validate", Value::Boolean(dnssec.validate)),
        setting("dnssec", "trust_anchor", Value::String(anchor)),
        setting("dnssec", "negative_trust_anchors", names(&dnssec.negative_trust_anchors)),
        setting("dnssec", "sha1", Value::Boolean(dnssec.sha1)),
        setting("dnsbl", "registry", Value::String(registry)),
        setting("dnsbl", "batch", word(dnsbl.batch, &lists::BATCHES)),
        setting(
            "dnsbl",
            "batch_groups",
            Value::Array(dnsbl.batch_groups.iter().map(|group| names(group)).collect()),
        ),
        setting("dnsbl", "batch_waste", Value::Integer(dnsbl.batch_waste.into())),
        setting("control", "socket", Value::String(control.socket.display().to_string())),
        setting("log", "level", Value::String(log.level.as_str().to_ascii_lowercase())),
    ]
}

fn listener(listener: &Listener, changed: bool) -> Vec<(&'static str, Value)> {
    let mut keys = vec![("addresses", list(&listener.addresses))];
    if !changed || listener.allow != defaults::ALLOW {
        keys.push(("allow", list(&listener.allow)));
    }
    keys.extend(listener.zones.as_deref().map(|zones| ("zones", names(zones))));
    if !changed || listener.dnsbl != Guard::Guard {
        keys.push(("dnsbl", word(listener.dnsbl, &lists::GUARDS)));
    }
    if !changed || listener.on_refusal.is_some() {
        keys.push(("on_refusal", word(listener.on_refusal, &lists::ON_REFUSAL_THERE)));
    }
    keys
}

fn zone(zone: &Zone, changed: bool) -> Vec<(&'static str, Value)> {
    let kind = match &zone.kind {
        ZoneKind::Forward(forwarders) => ("forward", list(forwarders)),
        ZoneKind::Stub(servers) => ("stub", texts(servers.iter().map(|server| server_text(*server)))),
        ZoneKind::File { path, .. } => ("file", Value::String(path.display().to_string())),
    };
    let mut keys = vec![("name", Value::String(value::name_text(&zone.name))), kind];
    if !changed || !zone.source.is_empty() {
        keys.push(("source", list(&zone.source)));
    }
    let spans = [("max_ttl", zone.max_ttl), ("negative_max_ttl", zone.negative_max_ttl)];
    keys.extend(
        spans.into_iter().filter_map(|(key, span)| Some((key, Value::String(value::span_text(span?))))),
    );
    if !zone.validate {
        keys.push(("validate", Value::Boolean(false)));
    }
    keys
}

fn host(host: &Host) -> Vec<(&'static str, Value)> {
    vec![("name", Value::String(value::name_text(&host.name))), ("addresses", list(&host.addresses))]
}

pub(super) fn list_entry(entry: &ListEntry) -> Vec<(&'static str, Value)> {
    let ListEntry {
        name,
        purpose,
        subjects,
        listed,
        refused,
        tests,
        on_refusal,
        when_dead,
        quota,
        key,
        with_key,
        max_age,
        when_stale,
    } = entry;
    let subjects = subjects.as_ref().map(|subjects| {
        Value::Array(subjects.iter().map(|subject| word(*subject, &lists::SUBJECTS)).collect())
    });
    let keys = [
        ("name", Some(Value::String(value::name_text(name)))),
        ("purpose", purpose.map(|purpose| word(purpose, &lists::PURPOSES))),
        ("subjects", subjects),
        ("listed", listed.as_deref().map(list)),
        ("refused", refused.as_deref().map(list)),
        ("tests", tests.as_ref().map(|tests| test_points(name, tests))),
        ("on_refusal", on_refusal.map(|choice| word(choice, &lists::ON_REFUSAL))),
        ("when_dead", when_dead.map(|choice| word(choice, &lists::WHEN_DEAD))),
        ("quota", quota.map(|quota| Value::Integer(i64::try_from(quota).unwrap_or(i64::MAX)))),
        ("key", key.as_ref().map(|file| Value::String(file.path.display().to_string()))),
        ("with_key", with_key.as_ref().map(|name| Value::String(value::name_text(name)))),
        ("max_age", max_age.map(|span| Value::String(value::span_text(span)))),
        ("when_stale", when_stale.map(|choice| word(choice, &lists::WHEN_STALE))),
    ];
    keys.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

/// The test points of the list at `apex`, as they are typed: without it.
fn test_points(apex: &Name, tests: &TestPoints) -> Value {
    let labels = |point: &Name| {
        let own = point.iter().len().saturating_sub(apex.iter().len());
        Name::from_labels(point.iter().take(own)).map_or_else(|_| String::new(), |own| value::name_text(&own))
    };
    let points = |points: &[Name]| texts(points.iter().map(labels));
    let both = [("listed", points(&tests.listed)), ("unlisted", points(&tests.unlisted))];
    Value::Table(both.map(|(key, value)| (key.to_owned(), value)).into_iter().collect())
}

/// The word that means a value.
pub(super) fn word<Meant: Copy + PartialEq>(meant: Meant, words: &[(&str, Meant)]) -> Value {
    let known = words.iter().find(|(_, other)| *other == meant);
    Value::String(known.map_or_else(String::new, |(word, _)| (*word).to_owned()))
}

fn list(values: &[impl fmt::Display]) -> Value {
    texts(values.iter().map(ToString::to_string))
}

fn texts(values: impl Iterator<Item = String>) -> Value {
    Value::Array(values.map(Value::String).collect())
}

fn names(names: &[Name]) -> Value {
    texts(names.iter().map(value::name_text))
}

fn family(family: Family) -> Value {
    match family {
        Family::Auto => Value::String("auto".to_owned()),
        Family::On => Value::Boolean(true),
        Family::Off => Value::Boolean(false),
    }
}

/// An authoritative server as it is typed: without the port where that is the usual one.
pub(super) fn server_text(server: SocketAddr) -> String {
    if server.port() == defaults::PORT { server.ip().to_string() } else { server.to_string() }
}

impl fmt::Display for Forwarder {
    /// As it is typed: without the port where that is the usual one.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tls {
            None => formatter.write_str(&server_text(self.address)),
            Some(name) if self.address.port() == defaults::TLS_PORT => {
                write!(formatter, "tls://{}#{name}", self.address.ip())
            }
            Some(name) => write!(formatter, "tls://{}#{name}", self.address),
        }
    }
}
