//! `forward-zone`, `stub-zone` and `auth-zone` of Unbound.

use std::path::Path;

use toml::Value;

use super::reader::Section;
use super::upstreams::{UpstreamZones, forwarders, has_own_tls, keys, name, servers, stub_servers};
use crate::import::draft::Draft;
use crate::import::finding::Weight;
use crate::import::values::{is_within, texts};

/// Settings of an `auth-zone` that `auth` reads, or whose effect resolverd always has.
const READ_OF_AUTH: [&str; 6] = ["name", "primary", "master", "zonefile", "for-upstream", "for-downstream"];

/// Adds a `forward-zone`.
pub(super) fn forward(section: &Section, upstreams: &UpstreamZones<'_>, draft: &mut Draft) {
    let servers = forwarders(section, upstreams.tls, draft);
    add(section, ("forward", servers), upstreams, draft);
    rest(section, "forward", draft);
}

/// Adds a `stub-zone`.
pub(super) fn stub(section: &Section, upstreams: &UpstreamZones<'_>, draft: &mut Draft) {
    if upstreams.tls || has_own_tls(section, "stub") {
        let option = format!("{} {}", section.kind, name(section));
        let did = "asked the servers of the zone over TLS";
        let instead = "resolverd asks the servers of stub in plain, at port 53 unless the address has a port; if they answer recursive queries, use forward with \"tls://\"";
        draft.tell(Weight::Dangerous, &section.place, &option, (did, instead));
    }
    let servers = stub_servers(section, draft);
    if servers.is_empty() && section.last("stub-host").is_some() {
        by_name(section, upstreams, draft);
    } else {
        add(section, ("stub", servers), upstreams, draft);
    }
    rest(section, "stub", draft);
}

/// Adds a stub zone whose servers are known by their names only. It must not be forwarded: DNS lists refuse the resolvers of
/// providers, and mail is then accepted without them.
fn by_name(section: &Section, upstreams: &UpstreamZones<'_>, draft: &mut Draft) {
    let zone = name(section);
    let option = format!("{} {zone}", section.kind);
    let did = "asked servers that it knew by their names (stub-host)";
    let instead = if upstreams.forwarded().any(|around| is_within(zone, around)) {
        draft.add(
            &section.place,
            &option,
            "[[zone]]",
            vec![("name", Value::from(zone)), ("recurse", Value::from(true))],
        );
        "[[zone]] with recurse = true asks the servers to which the zone is delegated; for a zone that is not, write their addresses into stub"
    } else {
        "resolverd asks the servers to which the zone is delegated; for a zone that is not, add a [[zone]] with their addresses in stub"
    };
    draft.tell(Weight::Dangerous, &section.place, &option, (did, instead));
}

fn add(
    section: &Section,
    (key, servers): (&'static str, Vec<String>),
    upstreams: &UpstreamZones<'_>,
    draft: &mut Draft,
) {
    let option = format!("{} {}", section.kind, name(section));
    if servers.is_empty() {
        let did = "sent queries to servers that cannot be named here";
        let instead = "add a [[zone]] with the addresses of these servers; until then the zone is resolved as the names around it";
        return draft.tell(Weight::Dangerous, &section.place, &option, (did, instead));
    }
    let mut zone = vec![("name", Value::from(name(section)))];
    zone.extend(keys(section, key, servers));
    if upstreams.keeps_locally_served(name(section)) {
        zone.push(("locally_served", Value::from(true)));
    }
    draft.add(&section.place, &option, "[[zone]]", zone);
}

/// Reports all other settings.
fn rest(section: &Section, kind: &str, draft: &mut Draft) {
    for setting in &section.settings {
        let option = setting.option.strip_prefix(kind).unwrap_or(&setting.option);
        let shown = format!("{}: {}", setting.option, setting.value());
        let (weight, did, instead) = match option {
            "name" | "-addr" | "-tls-upstream" | "-ssl-upstream" => continue,
            "-host" if kind == "stub" && section.last("stub-addr").is_none() => continue,
            "-host" => (
                Weight::Dangerous,
                "named a server by its name",
                "add its addresses to the [[zone]]: resolverd takes addresses only",
            ),
            "-first" if kind == "forward" => continue,
            "-first" if setting.is_yes() => (
                Weight::Different,
                "resolved the zone from the root if the servers failed",
                "resolverd answers SERVFAIL then; name several servers",
            ),
            _ if !setting.is_yes() => continue,
            "-no-cache" => (
                Weight::Different,
                "asked the servers at each query",
                "resolverd keeps their answers for their TTL, at most cache.max_ttl",
            ),
            "-prime" => (
                Weight::Unneeded,
                "asked the servers for the name servers of the zone",
                "resolverd asks the servers of stub",
            ),
            _ => (Weight::Different, "has no counterpart", "see zone in resolverd.toml(5)"),
        };
        draft.tell(weight, &setting.place, &shown, (did, instead));
    }
}

/// Adds an `auth-zone`: that of a file is a zone file, others are asked as stub zones.
pub(super) fn auth(section: &Section, directory: &Path, draft: &mut Draft) {
    let option = format!("auth-zone {}", name(section));
    if name(section) == "." {
        let did = "kept a copy of the root zone";
        let instead = "resolverd keeps delegations of the root in its cache and renews them";
        return draft.tell(Weight::Unneeded, &section.place, &option, (did, instead));
    }
    let is_no = |option| section.last(option).is_some_and(|setting| setting.value() == "no");
    if is_no("for-upstream") && is_no("for-downstream") {
        let did = "kept a copy of the zone, and gave no answers from it";
        return draft.tell(Weight::Unneeded, &section.place, &option, (did, "is left out"));
    }
    rest_of_auth(section, draft);
    let primaries: Vec<String> =
        ["primary", "master"].iter().flat_map(|option| servers(section, option, false, draft)).collect();
    if !primaries.is_empty() {
        let zone = vec![("name", Value::from(name(section))), ("stub", texts(primaries))];
        draft.add(&section.place, &option, "[[zone]]", zone);
        let did = "kept a copy of the zone, transferred from its primaries";
        let instead =
            "resolverd asks the primaries; for a copy, fetch the zone with another program and set file";
        return draft.tell(Weight::Different, &section.place, &option, (did, instead));
    }
    match section.last("zonefile") {
        Some(file) => {
            if is_no("for-downstream") {
                let did =
                    "used the file for its own lookups, and validated these records as those of other zones";
                let instead = "resolverd gives clients the records of the file, and validates them if the zone is signed";
                draft.tell(Weight::Different, &section.place, &option, (did, instead));
            }
            let path = directory.join(file.value()).display().to_string();
            let zone = vec![("name", Value::from(name(section))), ("file", Value::from(path))];
            draft.add(&section.place, &option, "[[zone]]", zone);
        }
        None => {
            let did = "kept a copy of the zone that cannot be had here";
            draft.tell(Weight::Dangerous, &section.place, &option, (did, "add a [[zone]] with stub or file"));
        }
    }
}

/// Reports the settings of an `auth-zone` that have no effect here.
fn rest_of_auth(section: &Section, draft: &mut Draft) {
    for setting in &section.settings {
        let (weight, did, instead) = match setting.option.as_str() {
            read if READ_OF_AUTH.contains(&read) => continue,
            "url" => (
                Weight::Dangerous,
                "fetched the zone from a web server",
                "fetch it with another program and set file; resolverd reads the file again after a reload",
            ),
            "allow-notify" => {
                (Weight::Unneeded, "took notices of changes (NOTIFY)", "resolverd transfers no zones")
            }
            _ if setting.value() == "no" => continue,
            "fallback-enabled" => (
                Weight::Different,
                "resolved the zone from the root if the copy failed",
                "resolverd answers SERVFAIL then",
            ),
            "zonemd-check" | "zonemd-reject-absence" => {
                (Weight::Different, "checked the digest of the zone (ZONEMD)", "resolverd does not check it")
            }
            _ => (Weight::Different, "has no counterpart", "see zone in resolverd.toml(5)"),
        };
        draft.tell(weight, &setting.place, &setting.shown(), (did, instead));
    }
}
