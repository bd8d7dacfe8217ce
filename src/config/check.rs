//! Finds keys and entries that are invalid in combination. They are checked after the whole file was read, because they may be in any order.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use hickory_proto::rr::{Name, RecordType};
use ipnet::IpNet;

use super::addresses::{METRICS_PORT, overlap};
use super::check_views::{self, in_view};
use super::reader::KeyLines;
use super::report::{Problems, WrongValue};
use super::value::{in_quotes, name_text};
use super::{Config, ConfiguredList, Family, ListenAt, ListenFor, Listener, SigningKeyFile};
use crate::limits::{MAX_FLEET_SERVERS, MAX_FLEET_ZONES, MAX_OWN_FILES, MAX_WATCHED};
use dnsbl::list::{Life, List};

pub(super) struct Checks<'c> {
    pub(super) config: &'c Config,
    lines: &'c KeyLines,
    problems: &'c mut Problems,
}

/// Adds an error to `problems` for each invalid combination of settings. `lines` has the line number of each key.
pub(super) fn check(config: &Config, lines: &KeyLines, problems: &mut Problems) {
    let mut checks = Checks { config, lines, problems };
    families(&mut checks);
    listeners(&mut checks);
    metrics(&mut checks);
    dnstap(&mut checks);
    fleet(&mut checks);
    check_views::check(&mut checks);
    let hosts = config.hosts.iter().map(|host| (&host.name, host.view.as_deref()));
    checks.once_each(("host", "name"), hosts, "put all its addresses into one [[host]]");
    records(&mut checks);
    let watches = config.watches.iter().map(|watch| (&watch.domain, None));
    checks.once_each(("watch", "domain"), watches, "remove one of them");
    own(&mut checks);
    let lists = config.lists.iter().map(|list| (&list.name, None));
    checks.once_each(("list", "name"), lists, "remove one of them");
    for (place, list) in config.lists.iter().enumerate() {
        for (wrong, remedy) in list_wrongs(config, list) {
            checks.add_at(("list", place, "name"), wrong, remedy);
        }
    }
    groups(&mut checks);
}

impl Checks<'_> {
    /// Adds an error about a key of a section that occurs only once, such as `[cache]`.
    fn add(&mut self, section: &'static str, key: &str, wrong: impl Into<String>, remedy: impl Into<String>) {
        let line = self.lines.line_of(section, key);
        self.problems.add(line, Some(&format!("{section}.{key}")), WrongValue::new(wrong, remedy));
    }

    /// Adds an error about a key of an entry, such as a `[[zone]]`, with the section and the index (`place`) of the entry.
    pub(super) fn add_at(
        &mut self,
        (section, place, key): (&str, usize, &str),
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let line = self.lines.of_entry(section, place, key);
        self.problems.add(line, Some(&format!("{section}.{key}")), WrongValue::new(wrong, remedy));
    }

    /// Adds an error about an entry as a whole, with the line number of `key` in the entry.
    pub(super) fn add_about(
        &mut self,
        (section, place, key): (&str, usize, &str),
        wrong: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let line = self.lines.of_entry(section, place, key);
        self.problems.add(line, Some(section), WrongValue::new(wrong, remedy));
    }

    /// Adds an error for each entry that has the same name and `view` as an earlier entry of the section.
    pub(super) fn once_each<'n>(
        &mut self,
        (section, key): (&str, &str),
        names: impl Iterator<Item = (&'n Name, Option<&'n str>)>,
        remedy: &str,
    ) {
        let mut known = BTreeSet::new();
        for (place, (name, view)) in names.enumerate() {
            if !known.insert((name, view)) {
                let wrong = format!("{} appears twice{}", in_quotes(name), in_view(view));
                self.add_at((section, place, key), wrong, remedy);
            }
        }
    }
}

fn families(checks: &mut Checks<'_>) {
    let resolve = &checks.config.resolve;
    if resolve.ipv4 == Family::Off && resolve.ipv6 == Family::Off {
        let wrong = "and resolve.ipv4 are both false, so resolverd cannot query any server";
        checks.add("resolve", "ipv6", wrong, "set one of them to true or \"auto\"");
    }
}

/// Checks that no two listeners have the same address, and that the zones of each listener are configured.
fn listeners(checks: &mut Checks<'_>) {
    let (config, lines) = (checks.config, checks.lines);
    let shared = config.zones.iter().filter(|zone| zone.view.is_none());
    let known: BTreeSet<&Name> = shared.map(|zone| &zone.name).collect();
    let mut taken: Vec<ListenAt> = Vec::new();
    let line = |key: &'static str| lines.line_of("listen", key);
    one_listener(&config.listen, &line, ("listen", &mut taken), checks.problems);
    for (place, listener) in config.listeners.iter().enumerate() {
        let line = |key: &'static str| lines.of_entry("listener", place, key);
        if listener.all_addresses().next().is_none() {
            let keys = ListenFor::ALL.map(ListenFor::key);
            if !keys.iter().any(|key| checks.problems.has(line(key), &format!("listener.{key}"))) {
                let remedy = "write addresses =, tls =, https = or quic = below [[listener]]";
                checks.add_at(("listener", place, "addresses"), "is missing", remedy);
            }
        }
        one_listener(listener, &line, ("listener", &mut taken), checks.problems);
        for zone in listener.zones.iter().flatten().filter(|zone| !known.contains(zone)) {
            let (wrong, remedy) = check_views::not_shared(config, zone);
            checks.add_at(("listener", place, "zones"), wrong, remedy);
        }
    }
}

/// Adds an error if an address of the listener is in `taken`, if an encrypted listener has no certificate or key, if the key is not that of
/// the certificate, or if `allow` contains all clients although `open_resolver` is not set.
fn one_listener(
    listener: &Listener,
    line: &dyn Fn(&'static str) -> Option<usize>,
    (section, taken): (&str, &mut Vec<ListenAt>),
    problems: &mut Problems,
) {
    for at in listener.all_addresses() {
        let ListenAt { address, serves } = at;
        // Several listeners may have port 0, because the system then chooses a different port for each.
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
    // Several prefixes may together contain all addresses.
    let allowed = IpNet::aggregate(&listener.allow);
    if let Some(all) = allowed.iter().find(|network| network.prefix_len() == 0)
        && !listener.open_resolver
    {
        let wrong = format!("permits every client ({all}), and attackers abuse open resolvers");
        let wrong = WrongValue::new(wrong, "name the networks of your clients, or set open_resolver = true");
        problems.add(line("allow"), Some(&format!("{section}.allow")), wrong);
    }
    if let Err(wrong) = listener.certified() {
        let wrong = WrongValue::new(wrong, "give the files of one pair");
        problems.add(line("key"), Some(&format!("{section}.key")), wrong);
    }
}

fn metrics(checks: &mut Checks<'_>) {
    let config = checks.config;
    let Some(address) = config.metrics.listen.filter(|address| address.port() != 0) else { return };
    let mut taken = config.all_listeners().flat_map(Listener::all_addresses).map(|at| at.address);
    // A listener for metrics at `::` also receives IPv4.
    let has_all = address.is_ipv6() && address.ip().is_unspecified();
    let meets = |other: SocketAddr| overlap(address, other) || (has_all && other.port() == address.port());
    let Some(other) = taken.find(|other| meets(*other)) else { return };
    let wrong = if other == address {
        format!("{address} is an address of a listener")
    } else {
        format!("{address} overlaps {other}, an address of a listener")
    };
    let free = SocketAddr::new(address.ip(), METRICS_PORT);
    checks.add("metrics", "listen", wrong, format!("use another port, like \"{free}\""));
}

fn dnstap(checks: &mut Checks<'_>) {
    let dnstap = &checks.config.dnstap;
    if dnstap.socket.is_some() && dnstap.messages.is_empty() {
        let wrong = "is empty, so resolverd writes no message";
        checks.add("dnstap", "messages", wrong, "set one of the kinds, or remove dnstap.socket");
    }
}

/// Checks that no domain is in `[own]` and in a `[[watch]]`, that the keys of `[own]` are of its domains, and that not too much is watched.
fn own(checks: &mut Checks<'_>) {
    let own = &checks.config.own;
    let watched = checks.config.watches.len();
    for (place, watch) in checks.config.watches.iter().enumerate() {
        if own.domains.contains(&watch.domain) {
            checks.add_at(("watch", place, "domain"), "is also in own.domains", "remove the [[watch]]");
        }
    }
    let is_other = |key: &&SigningKeyFile| !own.domains.contains(&key.domain);
    if let Some(other) = own.dkim_keys.iter().find(is_other) {
        let wrong = format!("has a key of {}, which is not in own.domains", name_text(&other.domain));
        checks.add("own", "dkim_keys", wrong, "add the domain, or remove the key");
    }
    let count = own.checks() + watched;
    if own.checks() > 0 && count > MAX_WATCHED {
        let wrong = format!(
            "has {} domains and addresses; with [[watch]] these are more than {MAX_WATCHED}",
            own.checks()
        );
        checks.add("own", "domains", wrong, "remove some");
    }
    let files = [("certificates", own.certificates.len()), ("dkim_keys", own.dkim_keys.len())];
    for (key, count) in files.into_iter().filter(|(_, count)| *count > MAX_OWN_FILES) {
        checks.add("own", key, format!("has {count} entries, more than {MAX_OWN_FILES}"), "remove some");
    }
}

/// Checks that `[fleet]` with servers has a key, not too many servers or zones, and TLS for all servers or for none.
fn fleet(checks: &mut Checks<'_>) {
    let fleet = &checks.config.fleet;
    if fleet.servers.is_empty() {
        return;
    }
    // If the file has the key but its value is wrong, that error has already been reported.
    if fleet.key.is_none() && checks.lines.line_of("fleet", "key").is_none() {
        let remedy = "set it to a file with a key that all gateways of the fleet have";
        checks.add("fleet", "key", "is missing, so others could write wrong answers to the store", remedy);
    }
    for (key, count, most) in
        [("servers", fleet.servers.len(), MAX_FLEET_SERVERS), ("zones", fleet.zones.len(), MAX_FLEET_ZONES)]
    {
        if count > most {
            checks.add("fleet", key, format!("has {count} entries, more than {most}"), "remove some");
        }
    }
    if fleet.servers.iter().any(|server| server.tls != fleet.servers.first().is_some_and(|first| first.tls)) {
        checks.add("fleet", "servers", "has servers with TLS and servers without", "write rediss:// for all");
    }
}

/// Adds an error if `[[record]]` entries contradict other entries of their view. For example: two entries with the same name and type, a name with an
/// alias and other records, or a `[[record]]` with an address for the name of a `[[host]]`.
fn records(checks: &mut Checks<'_>) {
    let config = checks.config;
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
            Some((wrong, "put all data into one [[record]]"))
        } else if hosts.contains(&of_name) && (is_address || is_alias(record.kind)) {
            let wrong = format!("{name} has a [[host]], which has its addresses");
            Some((wrong, "put all addresses into the [[host]]"))
        } else if !known.is_empty() && (is_alias(record.kind) || known.iter().any(|kind| is_alias(*kind))) {
            let wrong = format!("{name} has a CNAME and other records");
            Some((wrong, "remove the CNAME or the others (RFC 1034 section 3.6.2)"))
        } else if is_alias(record.kind) && record.data.len() > 1 {
            Some((format!("{name} has two CNAME"), "keep one of them"))
        } else {
            None
        };
        if let Some((wrong, remedy)) = wrong {
            checks.add_at(("record", place, "name"), wrong, remedy);
        }
        known.push(record.kind);
    }
}

/// Returns the errors of a `[[list]]`, each with advice. A list that is not in the registry needs a purpose and subjects.
fn list_wrongs(config: &Config, list: &ConfiguredList) -> Vec<(String, &'static str)> {
    let registry = &config.dnsbl.registry;
    let mut wrongs = Vec::new();
    let known = registry.lists.get(&list.name).map(AsRef::as_ref);
    let name = in_quotes(&list.name);
    match known {
        Some(List { life: Life::ShutDown { how }, .. }) if list.subjects.is_none() => {
            let remedy = "remove it, or set purpose and subjects if it is in use again";
            wrongs.push((format!("{name} is shut down: {how}"), remedy));
        }
        _ if list.list(known).is_none() => {
            wrongs.push((format!("{name} is not a known list"), "set purpose and subjects"));
        }
        _ => {}
    }
    let (listed, refused) = (list.listed.iter().flatten(), list.refused.iter().flatten());
    if let Some(both) = listed.clone().find(|one| refused.clone().any(|other| other.meets(**one))) {
        wrongs.push((format!("{name}: {both} is both listed and refused"), "remove it from one of them"));
    }
    if list.key.is_some() && list.with_key.is_none() && !registry.keyed.contains_key(&list.name) {
        wrongs.push((format!("resolverd knows no zone that takes a key for {name}"), "set with_key"));
    }
    wrongs
}

fn groups(checks: &mut Checks<'_>) {
    let (config, known) = (checks.config, checks.config.lists());
    for name in config.dnsbl.batch_groups.iter().flatten().filter(|name| !known.contains_key(*name)) {
        let wrong = format!("{} is not a known list", in_quotes(name));
        checks.add("dnsbl", "batch_groups", wrong, "use a known list, or add a [[list]] for it");
    }
}
