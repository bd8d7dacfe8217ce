//! Zones of the Recursor: `forward-zones`, `forward-zones-recurse`, `forward-zones-file` and `auth-zones`.

use std::sync::Arc;

use super::settings::{self, RecursorSetting, Settings, ZoneValue, address};
use crate::import::ImportError;
use crate::import::draft::Draft;
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight::{Dangerous, Different, Unneeded};
use crate::import::source::{Source, Sources};
use crate::import::upstreams::{GatheredZones, ZoneSource};
use crate::import::values::{Upstream, is_within, upstream_text};
use crate::import::yaml;

/// The setting that names a file of zones.
const OF_FILE: &str = "forward-zones-file";

/// Adds them.
pub(super) fn add(settings: &Settings, sources: &mut Sources, draft: &mut Draft) -> Result<(), ImportError> {
    // Only `validate` makes the answers of these servers depend on their signatures.
    let validate = settings.get("dnssec").is_some_and(|mode| mode.value() == "validate");
    // Servers at port 853 are asked over TLS.
    let tls = settings.get("dot-to-port-853").is_none_or(RecursorSetting::is_on);
    let mut zones = GatheredZones::default();
    for option in ["forward-zones", "forward-zones-recurse"] {
        let Some(setting) = settings.get(option) else { continue };
        for zone in &setting.zones {
            servers(zone, option, (tls, validate), &mut zones, draft);
        }
    }
    if let Some(file) = settings.get(OF_FILE).filter(|file| !file.value().is_empty()) {
        for zone in of_file(file, sources)? {
            servers(&zone, OF_FILE, (tls, validate), &mut zones, draft);
        }
    }
    private(settings, &mut zones, draft);
    zones.finish(draft);
    for zone in settings.get("auth-zones").map_or(&[][..], |setting| &setting.zones) {
        let directory = zone.place.file.parent().unwrap_or_else(|| std::path::Path::new(""));
        let path = directory.join(zone.values.first().map_or("", String::as_str)).display().to_string();
        let keys = vec![("name", toml::Value::from(name(zone))), ("file", toml::Value::from(path))];
        draft.add(&zone.place, &format!("auth-zones: {}", zone.name), "[[zone]]", keys);
    }
    Ok(())
}

/// `serve-rfc1918`, which is on by default, and `serve-rfc6303`: reverse names of private networks get no server, unless one is for
/// them alone.
fn private(settings: &Settings, zones: &mut GatheredZones, draft: &mut Draft) {
    let [ipv4, all] = ["serve-rfc1918", "serve-rfc6303"].map(|option| settings.get(option));
    let is_off = ipv4.is_some_and(|setting| !setting.is_on());
    // While `serve-rfc1918` is on, the names stay here, also those of the other networks of IPv4.
    let are_sent = |tree: &str| is_off && zones.have_servers_around(tree);
    let (ipv4_sent, all_sent) =
        (are_sent("in-addr.arpa"), ["in-addr.arpa", "ip6.arpa"].into_iter().all(are_sent));
    for (off, are_sent) in [(ipv4, ipv4_sent), (all, all_sent)] {
        let Some(off) = off.filter(|setting| !setting.is_on()) else { continue };
        let did = "sent reverse names of private networks to servers";
        let (weight, instead) = match are_sent {
            true => (Unneeded, "the [[zone]] does the same"),
            false => (Different, "resolverd answers these itself unless a [[zone]] has them"),
        };
        draft.tell(weight, &off.place, &off.typed, (did, instead));
    }
    if is_off {
        return;
    }
    // On by default in version 5.
    let has_all = all.map_or(settings.is_yaml, RecursorSetting::is_on);
    let all = all.filter(|_| has_all);
    let trees: &[&str] = if has_all { &["in-addr.arpa", "ip6.arpa"] } else { &["in-addr.arpa"] };
    let typed = ipv4.or(all).map(|setting| (setting.place.clone(), setting.typed.clone()));
    let (place, typed, weight) = match (typed, zones.first_place()) {
        (Some((place, typed)), _) => (place, typed, Unneeded),
        (None, Some(place)) => (place, "serve-rfc1918".to_owned(), Different),
        (None, None) => return,
    };
    let did = "answered reverse names of private networks itself";
    let kept = zones.keep_reverse((&place, &typed), trees);
    // A zone around the trees has names of other kinds, too.
    let whole = kept.iter().find(|zone| trees.iter().any(|tree| *zone != tree && is_within(tree, zone)));
    match (whole, kept.is_empty()) {
        (Some(zone), _) => {
            let instead = format!(
                "locally_served = true of [[zone]] \"{zone}\" does the same, also for the other names of RFC 6303 (IPv6, 100.64.0.0/10, home.arpa): for those that its servers have add a [[zone]]"
            );
            draft.tell(Different, &place, &typed, (did, &instead));
        }
        (None, false) => {
            let instead = "locally_served = true of [[zone]] \"in-addr.arpa\" does the same, also for the other networks of RFC 6303";
            draft.tell(weight, &place, &typed, (did, instead));
        }
        (None, true) if weight == Unneeded => {
            draft.tell(weight, &place, &typed, (did, "resolverd does, unless a [[zone]] has them"));
        }
        (None, true) => {}
    }
}

fn name(zone: &ZoneValue) -> String {
    match zone.name.trim_end_matches('.') {
        "" => ".".to_owned(),
        name => name.to_ascii_lowercase(),
    }
}

fn servers(
    zone: &ZoneValue,
    option: &str,
    (tls, validate): (bool, bool),
    zones: &mut GatheredZones,
    draft: &mut Draft,
) {
    let typed = format!("{option}: {}", zone.name);
    if zone.has_void_recurse {
        let did = match zone.recurse {
            true => "had no effect with recurse: false: queries to these servers asked for recursion",
            false => "had no effect with recurse: true: queries to these servers did not ask for recursion",
        };
        let instead = "the [[zone]] does the same; recurse counts in a file of forward_zones_file only";
        draft.tell(Different, &zone.place, &typed, (did, instead));
    }
    let mut found = Vec::new();
    for text in &zone.values {
        let Some(server) = address(text, 53) else {
            let did = "named a server by something else than an address";
            // A file may be of another kind, with secrets.
            let did = if option == OF_FILE { did.to_owned() } else { format!("{did}: {text}") };
            draft.tell(Dangerous, &zone.place, &typed, (&did, "add its address to the [[zone]]"));
            continue;
        };
        let over_tls = tls && server.port() == 853;
        let upstream =
            Upstream { address: server.ip(), port: Some(server.port()), tls: over_tls, name: None };
        match upstream_text(&upstream) {
            Some(text) => found.push(text),
            None => {
                let did = format!("asked {text} over TLS without a check of the certificate");
                let instead =
                    "add the server with the name of its certificate, like \"tls://192.0.2.1#dns.example\"";
                draft.tell(Dangerous, &zone.place, &typed, (&did, instead));
            }
        }
    }
    if found.is_empty() {
        let did = "sent queries to servers that cannot be named here";
        let instead = "add a [[zone]] with their addresses; until then the zone is resolved from the root";
        return draft.tell(Dangerous, &zone.place, &typed, (did, instead));
    }
    let source = if zone.recurse { ZoneSource::Forward } else { ZoneSource::Stub };
    zones.add((&zone.place, &typed), (&zone.name, validate), (source, found), draft);
}

/// The zones of a file: a line each, `zone=server,server`, with `+` before the name if the servers are recursive and `^`
/// if they may notify; or a list in YAML.
fn of_file(file: &RecursorSetting, sources: &mut Sources) -> Result<Vec<ZoneValue>, ImportError> {
    let found = sources.readable((&file.place, &file.typed), vec![file.path()]);
    let Some(path) = found.first() else { return Ok(Vec::new()) };
    let Source { path, text } = sources.begin(path)?;
    sources.end();
    if settings::is_yaml(&text) {
        let tree = yaml::read(&path, &text)?;
        return Ok(tree.items().iter().filter_map(settings::of_file_item).collect());
    }
    let mut zones = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let text = text.split('#').next().unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        let place = SourcePlace { file: Arc::clone(&path), line };
        let recurse = text.starts_with('+') || text.starts_with("^+");
        match settings::zone_of(&place, text.trim_start_matches(['+', '^']), recurse) {
            Some(zone) => zones.push(zone),
            None => {
                return Err(ImportError::Text { place, reason: "is no zone with its servers".to_owned() });
            }
        }
    }
    Ok(zones)
}
