//! Converts the `options` statement of BIND, and the options of the imported view.

use std::net::IpAddr;

use super::clients::Belonging;
use super::lists::Lists;
use super::reader::{KEYS, Part, Statement, find, is_yes};
use super::settings::Settings;
use super::{OPTIONS, built_in_zones, clients, zones};
use crate::draft::Draft;
use crate::finding::Weight::{Dangerous, Different};
use crate::finding::{PARTLY_VALIDATED, UNVALIDATED};
use crate::values;
use crate::values::texts;

/// Converts the options, except those for clients and listening addresses. `statements` is the whole file.
pub(super) fn add(settings: &Settings<'_>, statements: &[Statement], draft: &mut Draft) {
    let options = settings.options;
    zones::forward_all(settings, draft);
    cache(options, draft);
    trust(options, statements, draft);
    sources(options, draft);
    source_ports(options, draft);
    private_addresses(options, settings.lists, draft);
    if let Some(recursion) = find(options, "recursion").filter(|recursion| recursion.value() == "no") {
        let did = "refused to resolve names of others";
        draft.report(Dangerous, &(&recursion.place, "recursion no"), (did, "resolverd resolves for its clients, so that listen.allow has this host only: let another server give others the zones"));
    }
    // If named has forwarders, `zones` converts the options for empty zones.
    let has_forwarders = find(options, "forwarders").is_some_and(|list| !list.block().is_empty());
    for statement in options {
        if !(has_forwarders && built_in_zones::EMPTY_ZONES.contains(&statement.option())) {
            OPTIONS.report(&OPTIONS.options, (statement.option(), statement.value()), statement, draft);
        }
    }
}

fn cache(options: &[Statement], draft: &mut Draft) {
    if let Some(size) = find(options, "max-cache-size") {
        match values::size(size.value()) {
            Some(octets) if octets > 0 => draft.set(size, ("[cache]", "size"), values::size_text(octets)),
            _ => draft.report(
                Different,
                size,
                ("bounded the cache by the memory of this host", "set cache.size"),
            ),
        }
    }
    for (option, key, most) in
        [("max-cache-ttl", "max_ttl", 604_800), ("max-ncache-ttl", "negative_max_ttl", 86_400)]
    {
        let Some(setting) = find(options, option) else { continue };
        match values::span(setting.value(), most) {
            Some((text, _)) => draft.set(setting, ("[cache]", key), text),
            None => draft.report(Different, setting, ("is no number of seconds", "set it in [cache]")),
        }
    }
    let Some(stale) = find(options, "stale-answer-enable") else { return };
    let span = match find(options, "max-stale-ttl").and_then(|ttl| values::span(ttl.value(), 259_200)) {
        _ if stale.value() != "yes" => "0s".to_owned(),
        Some((text, _)) => text,
        None => "1d".to_owned(),
    };
    draft.set(stale, ("[cache]", "serve_stale"), span);
}

/// Converts the options for DNSSEC validation. With `yes`, named validates only if the file has trust anchors. With `auto`, the default, named uses
/// the trust anchors of the root (BIND's Administrator Reference Manual, "dnssec-validation").
fn trust(options: &[Statement], statements: &[Statement], draft: &mut Draft) {
    let key = ("[dnssec]", "validate");
    // Before BIND 9.16, `dnssec-enable no` also turned validation off.
    let mut off = ["dnssec-validation", "dnssec-enable"].iter().filter_map(|option| find(options, option));
    let by_hand = find(options, "dnssec-validation").filter(|setting| is_yes(setting));
    let keys: Vec<&Statement> =
        statements.iter().filter(|statement| KEYS.contains(&statement.option())).collect();
    if let Some(validation) = off.find(|setting| matches!(setting.value(), "no" | "false" | "0")) {
        draft.set(validation, key, false);
    } else if let Some(validation) = by_hand.filter(|_| keys.is_empty()) {
        draft.set(validation, key, false);
        let did = "passed answers on without validation, as the file has no trust-anchors";
        draft.report(Different, validation, (did, UNVALIDATED));
    } else if let Some(validation) = by_hand
        && !keys.iter().flat_map(|keys| keys.block()).any(|key| key.option() == ".")
    {
        draft.report(Different, validation, PARTLY_VALIDATED);
    }
    if let Some(minimise) = find(options, "qname-minimization") {
        let on = !matches!(minimise.value(), "off" | "disabled");
        draft.set(minimise, ("[resolve]", "qname_minimisation"), on);
    }
    if let Some(except) = find(options, "validate-except") {
        let names = texts(except.block().iter().map(|name| name.option().to_owned()));
        draft.set(except, ("[dnssec]", "negative_trust_anchors"), names);
    }
}

fn sources(options: &[Statement], draft: &mut Draft) {
    let mut found: Vec<String> = Vec::new();
    let mut first: Option<&Statement> = None;
    for setting in ["query-source", "query-source-v6"].iter().filter_map(|option| find(options, option)) {
        first = first.or(Some(setting));
        let words = setting.words();
        let addresses = words.iter().filter_map(|word| word.parse::<IpAddr>().ok());
        found.extend(addresses.map(|address| address.to_string()));
        if words.contains(&"none") {
            let key = if setting.option() == "query-source" { "ipv4" } else { "ipv6" };
            draft.set(setting, ("[resolve]", key), false);
        }
        let port = words.iter().skip_while(|word| **word != "port").nth(1);
        if port.is_some_and(|port| *port != "*") {
            let did = "sent all queries from one port";
            let instead = "resolverd uses random ports; permit those of resolve.source_ports in the firewall";
            draft.report(Dangerous, setting, (did, instead));
        }
    }
    if let Some(setting) = first.filter(|_| !found.is_empty()) {
        draft.set(setting, ("[resolve]", "source"), texts(found));
    }
}

const PORTS: [&str; 2] = ["use-v4-udp-ports", "use-v6-udp-ports"];

/// The first default source port of BIND. resolverd uses no lower port.
const FIRST_PORT: u16 = 1024;

/// Sets the source ports if the options permit other ports than BIND's defaults.
fn source_ports(options: &[Statement], draft: &mut Draft) {
    let mut typed = PORTS.iter().filter_map(|option| find(options, option));
    let Some(first) = typed.next() else { return };
    let ranges = ranges_of(first);
    let mut report = |list: &Statement, did: &str, instead: &str| {
        draft.report(Different, list, (did, instead));
    };
    if let Some(other) = typed.find(|other| ranges_of(other) != ranges) {
        let instead = "resolverd takes one range for both (resolve.source_ports): that of IPv4 is set";
        report(other, "permitted other ports over IPv6", instead);
    }
    let longest = ranges.iter().copied().max_by_key(|(from, to)| to.abs_diff(*from));
    let Some((from, to)) = longest else {
        return report(first, "has no range of ports from 1024 on", "set resolve.source_ports");
    };
    if ranges.len() > 1 {
        let did = format!("permitted {} ranges of ports", ranges.len());
        report(first, &did, "resolverd takes one range (resolve.source_ports); the longest is set");
    }
    if (from, to) != (FIRST_PORT, u16::MAX) {
        let key = ("[resolve]", "source_ports");
        draft.set(first, key, format!("{from}-{to}"));
    }
}

/// Returns the ranges and single ports in a list, without ports that resolverd never uses.
fn ranges_of(list: &Statement) -> Vec<(u16, u16)> {
    let of = |element: &Statement| {
        let words = element.words();
        let (from, to) = match words.as_slice() {
            ["range", from, to] => (*from, *to),
            [port] => (*port, *port),
            _ => return None,
        };
        let (from, to) = (from.parse::<u16>().ok()?.max(FIRST_PORT), to.parse::<u16>().ok()?);
        (from <= to).then_some((from, to))
    };
    list.block().iter().filter_map(of).collect()
}

/// Converts `deny-answer-addresses`: named refuses answers with these addresses for names on the internet, except for the domains in
/// `except-from`.
fn private_addresses(options: &[Statement], lists: &Lists<'_>, draft: &mut Draft) {
    let Some(denied) = find(options, "deny-answer-addresses") else { return };
    let mut blocks = denied.parts.iter().filter_map(|part| match part {
        Part::Block(statements) => Some(statements.as_slice()),
        Part::Word(_) => None,
    });
    let addresses = Part::Block(blocks.next().unwrap_or_default().to_vec());
    let excepted = blocks.next().unwrap_or_default();
    let alone = Statement { place: denied.place.clone(), parts: vec![addresses] };
    let networks = clients::clients(&alone, lists, Belonging::Private, draft);
    if networks.refuse.iter().any(|net| net.prefix_len() > 0) {
        let did = "let some of these addresses through";
        let instead = "resolverd removes them; add the domains that have them to resolve.private_domains";
        draft.report(Dangerous, denied, (did, instead));
    }
    let networks = texts(networks.allow.iter().map(ToString::to_string));
    draft.set(denied, ("[resolve]", "private_addresses"), networks);
    if !excepted.is_empty() {
        let names = texts(excepted.iter().map(|name| name.option().to_ascii_lowercase()));
        draft.set(denied, ("[resolve]", "private_domains"), names);
    }
    let did = "answered SERVFAIL if an answer had such an address";
    let instead = "resolverd removes these addresses, and answers NODATA if none is left";
    draft.report(Different, denied, (did, instead));
}
