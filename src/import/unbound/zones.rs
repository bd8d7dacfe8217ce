//! Converts the sections `forward-zone`, `stub-zone` and `auth-zone` of unbound.conf.

use std::path::Path;

use toml::Value;

use super::reader::Section;
use super::reported::OPTIONS;
use super::upstreams::{UpstreamZones, forwarders, has_own_tls, keys, name, servers, stub_servers};
use crate::draft::Draft;
use crate::finding::Weight;
use crate::values::texts;

pub(super) fn forward(section: &Section, upstreams: &UpstreamZones<'_>, draft: &mut Draft) {
    let servers = forwarders(section, upstreams.tls, draft);
    add(section, ("forward", servers), upstreams, draft);
    rest(section, draft);
}

pub(super) fn stub(section: &Section, upstreams: &UpstreamZones<'_>, draft: &mut Draft) {
    if upstreams.tls || has_own_tls(section, "stub") {
        let did = "asked the servers of the zone over TLS";
        let instead = "resolverd asks the servers of stub in plain, at port 53 unless the address has a port; if they answer recursive queries, use forward with \"tls://\"";
        draft.report(Weight::Dangerous, section, (did, instead));
    }
    let servers = stub_servers(section, draft);
    if servers.is_empty() && section.last("stub-host").is_some() {
        by_name(section, upstreams, draft);
    } else {
        add(section, ("stub", servers), upstreams, draft);
    }
    rest(section, draft);
}

/// Converts a stub zone whose servers are given only by name. resolverd resolves its names from the root and does not forward them. The zone
/// may be a DNS list: such lists do not answer the resolvers of providers, and mail would be accepted without the list.
fn by_name(section: &Section, upstreams: &UpstreamZones<'_>, draft: &mut Draft) {
    let zone = name(section);
    let did = "asked servers that it knew by their names (stub-host)";
    let instead = if upstreams.is_forwarded(zone) {
        draft.add(section, "[[zone]]", vec![("name", Value::from(zone)), ("recurse", Value::from(true))]);
        "[[zone]] with recurse = true asks the servers to which the zone is delegated; for a zone that is not, write their addresses into stub"
    } else {
        "resolverd asks the servers to which the zone is delegated; for a zone that is not, add a [[zone]] with their addresses in stub"
    };
    draft.report(Weight::Dangerous, section, (did, instead));
}

fn add(
    section: &Section,
    (key, servers): (&'static str, Vec<String>),
    upstreams: &UpstreamZones<'_>,
    draft: &mut Draft,
) {
    if servers.is_empty() {
        let did = "sent queries to servers that cannot be named here";
        let instead = "add a [[zone]] with the addresses of these servers; until then the zone is resolved as the names around it";
        return draft.report(Weight::Dangerous, section, (did, instead));
    }
    let mut zone = vec![("name", Value::from(name(section)))];
    zone.extend(keys(section, key, servers));
    if upstreams.keeps_locally_served(name(section)) {
        zone.push(("locally_served", Value::from(true)));
    }
    draft.add(section, "[[zone]]", zone);
}

/// Reports the settings of a zone that are not converted.
fn rest(section: &Section, draft: &mut Draft) {
    let is_named = section.kind == "stub-zone" && section.last("stub-addr").is_none();
    for setting in &section.settings {
        let is_server = setting.option.ends_with("-host");
        // The function `by_name` handles these settings.
        if is_server && is_named || !is_server && !setting.is_yes() {
            continue;
        }
        let option = (setting.option.as_str(), setting.value());
        OPTIONS.report(&OPTIONS.zones, option, setting, draft);
    }
}

/// Converts an `auth-zone`. If it has a file, resolverd serves the zone from this file; otherwise resolverd queries its servers as for a stub zone.
pub(super) fn auth(section: &Section, directory: &Path, draft: &mut Draft) {
    if name(section) == "." {
        let did = "kept a copy of the root zone";
        let instead = "resolverd keeps delegations of the root in its cache";
        return draft.report(Weight::Unneeded, section, (did, instead));
    }
    let is_no = |option| section.last(option).is_some_and(|setting| setting.value() == "no");
    if is_no("for-upstream") && is_no("for-downstream") {
        let did = "kept a copy of the zone, and gave no answers from it";
        return draft.report(Weight::Unneeded, section, (did, "is left out"));
    }
    rest_of_auth(section, draft);
    let primaries: Vec<String> =
        ["primary", "master"].iter().flat_map(|option| servers(section, option, false, draft)).collect();
    if !primaries.is_empty() {
        let zone = vec![("name", Value::from(name(section))), ("stub", texts(primaries))];
        draft.add(section, "[[zone]]", zone);
        let did = "kept a copy of the zone, transferred from its primaries";
        let instead =
            "resolverd asks the primaries; for a copy, fetch the zone with another program and set file";
        return draft.report(Weight::Different, section, (did, instead));
    }
    match section.last("zonefile") {
        Some(file) => {
            if is_no("for-downstream") {
                let did =
                    "used the file for its own lookups, and validated these records as those of other zones";
                let instead = "resolverd gives clients the records of the file, and validates them if the zone is signed";
                draft.report(Weight::Different, section, (did, instead));
            }
            let path = directory.join(file.value()).display().to_string();
            let zone = vec![("name", Value::from(name(section))), ("file", Value::from(path))];
            draft.add(section, "[[zone]]", zone);
        }
        None => {
            let did = "kept a copy of the zone that cannot be had here";
            draft.report(Weight::Dangerous, section, (did, "add a [[zone]] with stub or file"));
        }
    }
}

fn rest_of_auth(section: &Section, draft: &mut Draft) {
    for setting in section.settings.iter().filter(|setting| setting.value() != "no") {
        OPTIONS.report(&OPTIONS.auth_zones, (&setting.option, setting.value()), setting, draft);
    }
}
