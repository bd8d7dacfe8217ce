//! The checks between the keys and entries of a configuration, which may be in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use hickory_proto::rr::{Name, RecordType};

use super::addresses::{METRICS_PORT, overlap};
use super::check_views::{self, in_view};
use super::reader::KeyLines;
use super::report::{Problems, WrongValue};
use super::value::in_quotes;
use super::{Config, ConfiguredList, Family, ListenAt, ListenFor, Listener};
use crate::dnsbl::list::{Life, List};

/// Reports all errors.
pub(super) fn check(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    families(config, lines, problems);
    listeners(config, lines, problems);
    metrics(config, lines, problems);
    dnstap(config, lines, problems);
    check_views::check(config, lines, problems);
    hosts(config, lines, problems);
    records(config, lines, problems);
    watches(config, lines, problems);
    let lists = config.lists.iter().map(|list| &list.name);
    once_each("list", lists, "remove one of them", lines, problems);
    for (place, list) in config.lists.iter().enumerate() {
        let line = lines.of_entry("list", place, "name");
        for wrong in list_wrongs(config, list) {
            problems.add(line, Some("list.name"), wrong);
        }
    }
    groups(config, lines, problems);
}

/// No domain is watched twice.
fn watches(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    let mut known = BTreeSet::new();
    for (place, watch) in config.watches.iter().enumerate() {
        if !known.insert(&watch.domain) {
            let wrong = WrongValue::new(
                format!("{} is watched twice", in_quotes(&watch.domain)),
                "remove one of them",
            );
            problems.add(lines.of_entry("watch", place, "domain"), Some("watch.domain"), wrong);
        }
    }
}

/// At least one address family must be in use.
fn families(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    if config.resolve.ipv4 == Family::Off && config.resolve.ipv6 == Family::Off {
        let wrong = WrongValue::new(
            "and resolve.ipv4 are both false, so resolverd cannot query any server",
            "set one of them to true or \"auto\"",
        );
        problems.add(lines.line_of("resolve", "ipv6"), Some("resolve.ipv6"), wrong);
    }
}

/// Listeners share no address, and show configured zones only.
fn listeners(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    let shared = config.zones.iter().filter(|zone| zone.view.is_none());
    let known: BTreeSet<&Name> = shared.map(|zone| &zone.name).collect();
    let mut taken: Vec<ListenAt> = Vec::new();
    encrypted(&config.listen, &|key| lines.line_of("listen", key), ("listen", &mut taken), problems);
    for (place, listener) in config.listeners.iter().enumerate() {
        let line = |key| lines.of_entry("listener", place, key);
        if listener.all_addresses().next().is_none() {
            let wrong = WrongValue::new(
                "is missing",
                "write addresses =, tls =, https = or quic = below [[listener]]",
            );
            let keys = ListenFor::ALL.map(ListenFor::key);
            if !keys.iter().any(|key| problems.has(line(key), &format!("listener.{key}"))) {
                problems.add(line("addresses"), Some("listener.addresses"), wrong);
            }
        }
        encrypted(listener, &line, ("listener", &mut taken), problems);
        for zone in listener.zones.iter().flatten().filter(|zone| !known.contains(zone)) {
            problems.add(line("zones"), Some("listener.zones"), check_views::not_shared(config, zone));
        }
    }
}

/// No address is `taken`, and an encrypted listener has a certificate with its key.
fn encrypted(
    listener: &Listener,
    line: &dyn Fn(&'static str) -> Option<usize>,
    (section, taken): (&str, &mut Vec<ListenAt>),
    problems: &mut Problems,
) {
    for at in listener.all_addresses() {
        let ListenAt { address, serves } = at;
        // With port 0 the system chooses a different one for each.
        let meets =
            |other: &&ListenAt| at.meets(**other) && (address == other.address || serves != other.serves);
        if let Some(other) = taken.iter().find(meets).filter(|_| address.port() != 0) {
            let key = serves.key();
            let wrong = if other.address == address {
                WrongValue::new(format!("{address} appears twice"), "remove one of them")
            } else {
                let wrong = format!("{address} overlaps {}, where other queries come", other.address);
                WrongValue::new(
                    wrong,
                    "use another port: 53 for plain DNS, 853 for TLS and QUIC, 443 for HTTPS",
                )
            };
            problems.add(line(key), Some(&format!("{section}.{key}")), wrong);
        }
        taken.push(at);
    }
    let mut missing = |key: &'static str, given: &'static str| {
        let name = format!("{section}.{key}");
        if !problems.has(line(key), &name) {
            let wrong = WrongValue::new(
                format!("is missing, and {given} is set"),
                format!("set {key} to a PEM file"),
            );
            problems.add(line(given), Some(&name), wrong);
        }
    };
    match (&listener.certificate, &listener.key) {
        (None, None) if !listener.tls.is_empty() => missing("certificate", "tls"),
        (None, None) if !listener.https.is_empty() => missing("certificate", "https"),
        (None, None) if !listener.quic.is_empty() => missing("certificate", "quic"),
        (None, Some(_)) => missing("certificate", "key"),
        (Some(_), None) => missing("key", "certificate"),
        _ => {}
    }
    if let Err(wrong) = listener.certified() {
        let wrong = WrongValue::new(wrong, "give the files of one pair");
        problems.add(line("key"), Some(&format!("{section}.key")), wrong);
    }
}

/// The listener for metrics has an address of its own.
fn metrics(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    let Some(address) = config.metrics.listen.filter(|address| address.port() != 0) else { return };
    let mut taken = config.all_listeners().flat_map(Listener::all_addresses).map(|at| at.address);
    // A listener for metrics at `::` has IPv4 too.
    let has_all = address.is_ipv6() && address.ip().is_unspecified();
    let meets = |other: SocketAddr| overlap(address, other) || (has_all && other.port() == address.port());
    let Some(other) = taken.find(|other| meets(*other)) else { return };
    let wrong = if other == address {
        format!("{address} is an address of a listener")
    } else {
        format!("{address} overlaps {other}, an address of a listener")
    };
    let free = SocketAddr::new(address.ip(), METRICS_PORT);
    let wrong = WrongValue::new(wrong, format!("use another port, like \"{free}\""));
    problems.add(lines.line_of("metrics", "listen"), Some("metrics.listen"), wrong);
}

/// dnstap has one output, which is its own, and something to write.
fn dnstap(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    if config.dnstap.socket.is_some() && config.dnstap.file.is_some() {
        let wrong = WrongValue::new("and dnstap.socket are both set", "remove one of them");
        problems.add(lines.line_of("dnstap", "file"), Some("dnstap.file"), wrong);
    }
    if config.dnstap.file.as_ref() == Some(&config.control.socket) {
        let wrong = WrongValue::new("is also control.socket", "use another path");
        problems.add(lines.line_of("dnstap", "file"), Some("dnstap.file"), wrong);
    }
    let is_on = config.dnstap.socket.is_some() || config.dnstap.file.is_some();
    if is_on && config.dnstap.messages.is_empty() {
        let wrong = WrongValue::new(
            "is empty, so resolverd writes no message",
            "set one of the kinds, or remove dnstap.socket and dnstap.file",
        );
        problems.add(lines.line_of("dnstap", "messages"), Some("dnstap.messages"), wrong);
    }
}

/// No two entries of a section have the same name.
fn once_each<'n>(
    section: &'static str,
    names: impl Iterator<Item = &'n Name>,
    remedy: &str,
    lines: &KeyLines,
    problems: &mut Problems,
) {
    let mut known = BTreeSet::new();
    for (place, name) in names.enumerate() {
        if !known.insert(name) {
            let wrong = WrongValue::new(format!("{} appears twice", in_quotes(name)), remedy);
            problems.add(lines.of_entry(section, place, "name"), Some(&format!("{section}.name")), wrong);
        }
    }
}

/// No two `[[host]]` of the same clients have the same name.
fn hosts(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    let mut known = BTreeSet::new();
    for (place, host) in config.hosts.iter().enumerate() {
        if !known.insert((&host.name, &host.view)) {
            let wrong = format!("{} appears twice{}", in_quotes(&host.name), in_view(host.view.as_deref()));
            let wrong = WrongValue::new(wrong, "put all its addresses into one [[host]]");
            problems.add(lines.of_entry("host", place, "name"), Some("host.name"), wrong);
        }
    }
}

/// No two `[[record]]` of the same clients have the same name and type, an alias has no other records at its name, and addresses are in one
/// place.
fn records(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    let hosts: BTreeSet<_> = config.hosts.iter().map(|host| (&host.name, &host.view)).collect();
    let mut kinds: BTreeMap<_, Vec<RecordType>> = BTreeMap::new();
    for (place, record) in config.records.iter().enumerate() {
        let of_name = (&record.name, &record.view);
        let known = kinds.entry(of_name).or_default();
        let is_alias = |kind: RecordType| kind == RecordType::CNAME;
        let is_address = matches!(record.kind, RecordType::A | RecordType::AAAA);
        let name = format!("{}{}", in_quotes(&record.name), in_view(record.view.as_deref()));
        let wrong = if known.contains(&record.kind) {
            let wrong = format!("{name} appears twice with type {}", record.kind);
            Some(WrongValue::new(wrong, "put all data into one [[record]]"))
        } else if hosts.contains(&of_name) && (is_address || is_alias(record.kind)) {
            let wrong = format!("{name} has a [[host]], which has its addresses");
            Some(WrongValue::new(wrong, "put all addresses into the [[host]]"))
        } else if !known.is_empty() && (is_alias(record.kind) || known.iter().any(|kind| is_alias(*kind))) {
            let wrong = format!("{name} has a CNAME and other records");
            Some(WrongValue::new(wrong, "remove the CNAME or the others (RFC 1034 section 3.6.2)"))
        } else if is_alias(record.kind) && record.data.len() > 1 {
            Some(WrongValue::new(format!("{name} has two CNAME"), "keep one of them"))
        } else {
            None
        };
        if let Some(wrong) = wrong {
            problems.add(lines.of_entry("record", place, "name"), Some("record.name"), wrong);
        }
        known.push(record.kind);
    }
}

/// The errors of a list entry: a list that is not in the registry must have a purpose and subjects.
fn list_wrongs(config: &Config, list: &ConfiguredList) -> Vec<WrongValue> {
    let registry = &config.dnsbl.registry;
    let mut wrongs = Vec::new();
    let known = registry.lists.get(&list.name).map(AsRef::as_ref);
    let name = in_quotes(&list.name);
    match known {
        Some(List { life: Life::ShutDown { how }, .. }) if list.subjects.is_none() => {
            wrongs.push(WrongValue::new(
                format!("{name} is shut down: {how}"),
                "remove it, or set purpose and subjects if it is in use again",
            ))
        }
        _ if list.list(known).is_none() => {
            let wrong = format!("{name} is not a known list");
            wrongs.push(WrongValue::new(wrong, "set purpose and subjects"));
        }
        _ => {}
    }
    let (listed, refused) = (list.listed.iter().flatten(), list.refused.iter().flatten());
    if let Some(both) = listed.clone().find(|one| refused.clone().any(|other| other.meets(**one))) {
        let wrong = format!("{name}: {both} is both listed and refused");
        wrongs.push(WrongValue::new(wrong, "remove it from one of them"));
    }
    if list.key.is_some() && list.with_key.is_none() && !registry.keyed.contains_key(&list.name) {
        let wrong = format!("resolverd knows no zone that takes a key for {name}");
        wrongs.push(WrongValue::new(wrong, "set with_key"));
    }
    wrongs
}

/// The lists of a group are known.
fn groups(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    let known = config.lists();
    for name in config.dnsbl.batch_groups.iter().flatten().filter(|name| !known.contains_key(*name)) {
        let wrong = WrongValue::new(
            format!("{} is not a known list", in_quotes(name)),
            "use a known list, or add a [[list]] for it",
        );
        problems.add(lines.line_of("dnsbl", "batch_groups"), Some("dnsbl.batch_groups"), wrong);
    }
}
