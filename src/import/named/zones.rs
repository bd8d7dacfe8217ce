//! Converts the `zone` statements and the forwarders of named.conf.

use std::net::IpAddr;
use std::path::Path;

use toml::Value;

use super::built_in_zones::{OWN, OwnRecords, is_first};
use super::reader::{Statement, find};
use super::reported::OPTIONS;
use super::settings::Settings;
use super::{built_in_zones, tls};
use crate::draft::Draft;
use crate::finding::Setting;
use crate::finding::Weight::{Dangerous, Different, Unneeded};
use crate::values::{Upstream, plain, texts, unique, upstream_text};
use crate::{limits, served};

/// Packages store the addresses of the root servers in these files.
const USUAL_HINTS: [&str; 7] =
    ["root.hints", "db.root", "named.ca", "named.root", "named.cache", "root.cache", "db.cache"];

/// Options of a zone that other functions of this file handle, so `rest` does not report them.
const READ: [&str; 13] = [
    "type",
    "file",
    "primaries",
    "masters",
    "server-addresses",
    "server-names",
    "in-view",
    "allow-query",
    "update-policy",
    "allow-update",
    "auto-dnssec",
    "inline-signing",
    "dnssec-policy",
];

pub(super) fn add(statements: &[Statement], settings: &Settings<'_>, draft: &mut Draft) {
    for zone in statements.iter().filter(|statement| statement.option() == "zone") {
        one(zone, settings, draft);
    }
    for disabled in built_in_zones::disabled(settings.options) {
        not_empty(disabled, settings, draft);
    }
}

/// Converts `disable-empty-zone NAME`. BIND then sends the names of the empty zone NAME to the forwarders of the zone above; the names of all other
/// empty zones it answers itself.
fn not_empty(disabled: &Statement, settings: &Settings<'_>, draft: &mut Draft) {
    let name = disabled.value().trim_end_matches('.');
    let Some(list) = forwarders_around(name, settings).filter(|_| !settings.has(name)) else { return };
    let servers = servers(list, settings, &mut Draft::default(), 0);
    let first = is_first(settings.options);
    upstreams(disabled, name, ("forward", first), servers, (settings, draft));
}

fn one(zone: &Statement, settings: &Settings<'_>, draft: &mut Draft) {
    let name = zone.value().trim_end_matches('.');
    let block = zone.block();
    let kind = find(block, "type").map_or("", Statement::value);
    let shown = format!("zone \"{}\" type {kind}", zone.value());
    if matches!(kind, "master" | "primary") && has_usual_records(zone, settings.base, draft) {
        return;
    }
    let mut report =
        |weight, did: &str, instead: &str| draft.report(weight, &(&zone.place, &shown), (did, instead));
    match kind {
        "hint" => hint(zone, settings.base, draft),
        "mirror" if name.is_empty() => {
            report(Unneeded, "kept a copy of the root zone", "resolverd keeps its delegations in the cache")
        }
        "mirror" => {
            let did = "kept a validated copy of the zone, transferred from its primaries";
            let instead = "resolverd asks the servers to which the zone is delegated; for others add a [[zone]] with their addresses in stub";
            report(Different, did, instead);
        }
        "redirect" => {
            report(Dangerous, "replaced answers that a name does not exist", "resolverd never does this")
        }
        "master" | "primary" => file(zone, name, settings, draft),
        "stub" | "static-stub" if forwarders_of(zone, name, settings).is_some() => {
            passed_over(zone, name, settings, draft);
        }
        "slave" | "secondary" | "stub" => secondary(zone, name, kind, settings, draft),
        "static-stub" => {
            let servers = find(block, "server-addresses")
                .map(|list| servers(list, settings, draft, 0))
                .unwrap_or_default();
            if let Some(named) = find(block, "server-names") {
                let did = "asked servers that it knew by their names";
                let instead = "add their addresses to stub of the [[zone]]: resolverd takes addresses only";
                draft.report(Dangerous, &(&named.place, &format!("{shown}: server-names")), (did, instead));
            }
            upstreams(zone, name, ("stub", false), servers, (settings, draft));
        }
        "forward" => forward(zone, name, settings, draft),
        _ if find(block, "in-view").is_some() => {
            report(Dangerous, "took the zone of a view that does not have it", "add a [[zone]] for it")
        }
        _ => report(Dangerous, "is of a type that this import does not know", "add a [[zone]] for it"),
    }
    if kind != "hint" {
        rest(zone, draft);
    }
}

/// Converts a zone with the addresses of the root servers. A file with an unusual name may have the servers of a private root.
fn hint(zone: &Statement, base: &Path, draft: &mut Draft) {
    let setting = (&zone.place, format!("zone \"{}\" type hint", zone.value()));
    let did = "named the servers of the root";
    let file = find(zone.block(), "file").map(Statement::value).filter(|file| {
        let name = Path::new(file).file_name();
        !USUAL_HINTS.iter().any(|usual| name.is_some_and(|name| name == *usual))
    });
    let Some(file) = file else {
        return draft.report(Unneeded, &setting, (did, "resolverd has them built in"));
    };
    let path = base.join(file);
    draft.set(&setting, ("[resolve]", "root_hints"), path.display().to_string());
    // If the file is missing, the draft of the configuration reports this.
    if path.is_file() {
        let instead = "resolve.root_hints has the file; remove it if these are the servers of the internet, which resolverd has built in";
        draft.report(Different, &setting, (did, instead));
    }
}

/// Returns true if the zone has only names of this host, such as localhost in BIND's packages, so that it needs no conversion.
fn has_usual_records(zone: &Statement, base: &Path, draft: &mut Draft) -> bool {
    let name = plain(zone.value());
    let Some(file) = find(zone.block(), "file").filter(|_| OWN.contains(&name.as_str())) else {
        return false;
    };
    let kind = find(zone.block(), "type").map_or("", Statement::value);
    let setting = (&zone.place, format!("zone \"{}\" type {kind}", zone.value()));
    let did = "gave names of this host";
    match built_in_zones::records(&name, &base.join(file.value())) {
        OwnRecords::Usual => {
            let is_built_in = !name.ends_with("localdomain");
            let instead = if is_built_in {
                "resolverd has this zone built in"
            } else {
                "programs of this host have the name in /etc/hosts"
            };
            draft.report(Unneeded, &setting, (did, instead));
        }
        OwnRecords::Unread(reason) => {
            let did = format!("{did}, and maybe others: {reason}");
            let instead = "resolverd has names of this host only: add a [[zone]] if the zone has others";
            draft.report(Different, &setting, (&did, instead));
        }
        OwnRecords::More => return false,
    }
    true
}

/// Reports the options of a zone that have no counterpart in resolverd.
fn rest(zone: &Statement, draft: &mut Draft) {
    for option in zone.block() {
        match option.option() {
            "allow-query" if option.block().iter().any(|element| element.option() != "any") => {
                let setting = (&option.place, format!("zone \"{}\": {}", zone.value(), option.shown()));
                let did = "answered some clients only";
                let instead = "all clients of [listen] get this zone here; for others add a [[listener]] with `zones` that do not name it";
                draft.report(Dangerous, &setting, (did, instead));
            }
            known if READ.contains(&known) => {}
            name => OPTIONS.report(&OPTIONS.options, (name, option.value()), option, draft),
        }
    }
}

fn file(zone: &Statement, name: &str, settings: &Settings<'_>, draft: &mut Draft) {
    let shown = format!("zone \"{}\"", zone.value());
    let Some(file) = find(zone.block(), "file") else {
        let did = "has no file";
        return draft.report(
            Dangerous,
            &(&zone.place, &shown),
            (did, "add a [[zone]] with file, stub or forward"),
        );
    };
    let path = settings.base.join(file.value());
    let keys = vec![("name", Value::from(named(name))), ("file", Value::from(path.display().to_string()))];
    draft.add(&(&zone.place, &shown), "[[zone]]", keys);
    let dynamic = ["update-policy", "allow-update", "auto-dnssec", "inline-signing", "dnssec-policy"];
    let is_off = |option: &Statement| {
        matches!(option.value(), "no" | "none" | "off")
            || matches!(option.block(), [none] if none.option() == "none")
    };
    let changes = dynamic.iter().filter_map(|option| find(zone.block(), option));
    for changed in changes.filter(|option| !is_off(option)) {
        let did = "changed or signed the zone while named ran";
        let instead = "resolverd serves the file as it is; run an authoritative server and name it with stub";
        draft.report(Dangerous, &(&changed.place, &format!("{shown}: {}", changed.shown())), (did, instead));
    }
}

/// Converts a zone that named transfers from its primaries. resolverd queries the primaries instead.
fn secondary(zone: &Statement, name: &str, kind: &str, settings: &Settings<'_>, draft: &mut Draft) {
    let list = find(zone.block(), "primaries").or_else(|| find(zone.block(), "masters"));
    let servers = list.map(|list| servers(list, settings, draft, 0)).unwrap_or_default();
    if kind != "stub" {
        let did = "kept a copy of the zone, transferred from its primaries";
        let instead =
            "resolverd asks the primaries, and caches; while they are down, only cached answers are given";
        draft.report(
            Different,
            &(&zone.place, &format!("zone \"{}\" type {kind}", zone.value())),
            (did, instead),
        );
    }
    upstreams(zone, name, ("stub", false), servers, (settings, draft));
}

fn forward(zone: &Statement, name: &str, settings: &Settings<'_>, draft: &mut Draft) {
    // A zone of type forward without forwarders is resolved from the root, even if `options` has forwarders (BIND's Administrator Reference Manual,
    // "type forward").
    let list = find(zone.block(), "forwarders").filter(|list| !list.block().is_empty());
    let Some(list) = list else {
        let setting = (&zone.place, format!("zone \"{}\"", zone.value()));
        if let Some(empty) = built_in_zones::empty_zone(name, settings) {
            let did = "was not forwarded: named answered its names itself, by an empty zone";
            draft.report(Unneeded, &setting, (did, "resolverd answers them itself, too"));
            return stays_empty(zone, empty, settings, draft);
        }
        if is_below_forwarders(name, settings) {
            // Operators write such a zone for a DNS list, because DNS lists refuse the queries of a provider's forwarders. So resolverd does not
            // use the forwarders above either: it resolves these names from the root (`recurse`).
            let keys = vec![("name", Value::from(named(name))), ("recurse", Value::from(true))];
            return draft.add(&setting, "[[zone]]", keys);
        }
        let did = "was not forwarded";
        return draft.report(Unneeded, &setting, (did, "resolverd does not forward it"));
    };
    if built_in_zones::empty_zone(name, settings).is_some() && is_first(zone.block()) {
        let did = "had no effect for most names: with `forward first` named answers them itself, by the empty zone of private addresses";
        let instead = "the [[zone]] sends them to these forwarders; remove it if they must not get them";
        draft.report(Different, &(&zone.place, &format!("zone \"{}\"", zone.value())), (did, instead));
    }
    let servers = servers(list, settings, draft, 0);
    upstreams(zone, name, ("forward", is_first(zone.block())), servers, (settings, draft));
}

/// Adds an empty `[[zone]]` for an empty zone of BIND. Otherwise resolverd would send its names to the forwarders of a zone above.
fn stays_empty(zone: &Statement, name: &str, settings: &Settings<'_>, draft: &mut Draft) {
    let has_forwarders = forwarders_around(name, settings).is_some();
    let of_all = is_first(settings.options);
    if has_forwarders && !of_all {
        let keys = vec![("name", Value::from(named(name))), ("records", texts([]))];
        draft.add(zone, "[[zone]]", keys);
    }
}

/// Returns the forwarders that named queries before the servers of a zone: those of the zone, or else of the nearest zone above. Returns `None` if
/// this list is empty (BIND's Administrator Reference Manual, "forwarders").
fn forwarders_of<'s>(zone: &'s Statement, name: &str, settings: &Settings<'s>) -> Option<&'s Statement> {
    match find(zone.block(), "forwarders") {
        Some(list) => Some(list).filter(|list| !list.block().is_empty()),
        None => forwarders_around(name, settings),
    }
}

/// Returns the forwarders of the nearest forward zone above the zone `name`, or else of the options.
fn forwarders_around<'s>(name: &str, settings: &Settings<'s>) -> Option<&'s Statement> {
    let around = settings.forward_above(name).first().map_or(settings.options, |zone| zone.block());
    find(around, "forwarders").filter(|list| !list.block().is_empty())
}

fn is_below_forwarders(name: &str, settings: &Settings<'_>) -> bool {
    let around = settings.forward_above(name).into_iter().map(Statement::block);
    let mut lists = around.chain([settings.options]).filter_map(|block| find(block, "forwarders"));
    lists.any(|list| !list.block().is_empty())
}

/// Converts a zone whose servers named queried only after forwarders had failed. Only the forwarders are imported. The zone is left out if the zone
/// above has the same forwarders.
fn passed_over(zone: &Statement, name: &str, settings: &Settings<'_>, draft: &mut Draft) {
    if find(zone.block(), "forwarders").is_some() {
        return forward(zone, name, settings, draft);
    }
    if let Some(list) = forwarders_around(name, settings).filter(|_| served::zone_around(name).is_some()) {
        // If the zone above is imported with `locally_served = true`, resolverd answers its private names itself. So this zone needs its own entry.
        let servers = servers(list, settings, &mut Draft::default(), 0);
        let first = is_first(settings.options);
        upstreams(zone, name, ("forward", first), servers, (settings, &mut *draft));
    }
    let kind = find(zone.block(), "type").map_or("", Statement::value);
    let did = "had forwarders around it: named asked these first for its names, as the zone has no `forwarders { };`";
    let instead = "its names go to these forwarders here, too; if its servers are to be asked, add a [[zone]] with stub";
    draft.report(
        Dangerous,
        &(&zone.place, &format!("zone \"{}\" type {kind}", zone.value())),
        (did, instead),
    );
}

pub(super) fn forward_all(settings: &Settings<'_>, draft: &mut Draft) {
    let list = find(settings.options, "forwarders").filter(|list| !list.block().is_empty());
    let Some(list) = list else { return };
    let servers = servers(list, settings, draft, 0);
    upstreams(list, ".", ("forward", is_first(settings.options)), servers, (settings, draft));
}

/// The advice about `forward first`.
const FIRST: &str = "forward_first = true does the same: while the forwarders fail, a name that only they know gets the answer of the root servers, mostly NXDOMAIN; remove forward_first from zones with internal names";

fn named(name: &str) -> String {
    if name.is_empty() { ".".to_owned() } else { name.to_owned() }
}

/// Adds a `[[zone]]` whose `key` (`forward` or `stub`) has these servers. `first` is true if named resolved names from the root when the servers
/// failed.
fn upstreams(
    zone: &Statement,
    name: &str,
    (key, first): (&'static str, bool),
    servers: Vec<String>,
    (settings, draft): (&Settings<'_>, &mut Draft),
) {
    if servers.is_empty() {
        let did = "sent queries to servers that cannot be named here";
        let instead = "add a [[zone]] with their addresses; until then the zone is resolved from the root";
        return draft.report(Dangerous, zone, (did, instead));
    }
    let mut keys = vec![("name", Value::from(named(name))), (key, texts(servers))];
    if first {
        keys.push(("forward_first", Value::from(true)));
        let did = "resolved names from the root servers if the forwarders failed";
        draft.report(Different, zone, (did, FIRST));
    }
    if (first || key == "stub") && built_in_zones::has_empty_zones_below(name, settings.options) {
        keys.push(("locally_served", Value::from(true)));
    }
    draft.add(zone, "[[zone]]", keys);
}

/// Returns the servers in a list. An element of the list is an address with `port` and `tls`, or the name of another list of primaries.
fn servers(list: &Statement, settings: &Settings<'_>, draft: &mut Draft, depth: usize) -> Vec<String> {
    let (usual, usual_tls) = (after(&list.words(), "port"), after(&list.words(), "tls"));
    let mut found: Vec<String> = Vec::new();
    for element in settings.lists.read(list.block()) {
        let words = element.words();
        let Ok(address) = element.option().parse::<IpAddr>() else {
            match settings.servers(element.option()).filter(|_| depth < limits::MAX_NESTED) {
                Some(list) => found.extend(servers(list, settings, draft, depth.saturating_add(1))),
                None => draft.report(
                    Dangerous,
                    element,
                    ("named a server by something else than an address", "add its address to the [[zone]]"),
                ),
            }
            continue;
        };
        if settings.never_asked.longest_around(&address.into()).is_some() {
            continue;
        }
        if after(&words, "key").is_some() {
            let did = "signed its queries to this server with a key (TSIG)";
            let instead =
                "resolverd has no TSIG: see that the server gives this host the same answers without the key";
            draft.report(Dangerous, &(&element.place, &format!("primary {address}")), (did, instead));
        }
        let tls = after(&words, "tls").or(usual_tls);
        // Without a port in the list of primaries, the port in `options` applies, because BIND also sends its queries to this port (BIND's
        // Administrator Reference Manual, "port").
        let of_options = find(settings.options, "port").filter(|_| tls.is_none());
        let port = after(&words, "port").or(usual).or_else(|| of_options.map(Statement::value));
        let port = port.and_then(|port| port.parse().ok());
        let checked = tls.and_then(|tls| settings.tls(tls));
        let name = checked.and_then(tls::remote_name);
        if let Some(checked) = checked {
            tls::report_own_cas(checked, draft);
        }
        let server = Upstream { address, port, tls: tls.is_some(), name };
        match upstream_text(&server) {
            Some(text) => found.push(text),
            None => draft.report(
                Dangerous,
                element,
                (
                    "sent queries over TLS",
                    "add the server with the name of its certificate, like \"tls://192.0.2.1#dns.example\"",
                ),
            ),
        }
    }
    unique(found)
}

fn after<'w>(words: &[&'w str], before: &str) -> Option<&'w str> {
    let mut words = words.iter();
    words.find(|word| **word == before)?;
    words.next().copied()
}
