//! `options` of BIND, with those of a view.

use std::net::IpAddr;

use super::lists::Lists;
use super::reader::{KEYS, Statement, find, is_yes};
use super::{OPTIONS, empty_zones, ports, private, zones};
use crate::import::draft::Draft;
use crate::import::finding::Weight::{Dangerous, Different};
use crate::import::phrases::{PARTLY_VALIDATED, UNVALIDATED};
use crate::import::values;
use crate::import::values::texts;

/// Adds the options of `options`, but not the clients and the addresses to listen at. `statements` are all of the file.
pub(super) fn add(options: &[Statement], lists: &Lists<'_>, statements: &[Statement], draft: &mut Draft) {
    zones::forward_all(options, statements, draft);
    cache(options, draft);
    trust(options, statements, draft);
    sources(options, draft);
    ports::add(options, draft);
    private::add(options, lists, draft);
    if let Some(recursion) = find(options, "recursion").filter(|recursion| recursion.value() == "no") {
        let did = "refused to resolve names of others";
        draft.report(Dangerous, &(&recursion.place, "recursion no"), (did, "resolverd resolves for its clients, so that listen.allow has this host only: let another server give others the zones"));
    }
    // The zones have their effect then.
    let has_forwarders = find(options, "forwarders").is_some_and(|list| !list.block().is_empty());
    for statement in options {
        if !(has_forwarders && empty_zones::OPTIONS.contains(&statement.option())) {
            OPTIONS.report(&OPTIONS.options, (statement.option(), statement.value()), statement, draft);
        }
    }
}

/// The size and the times of the cache.
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

/// Validation. With `yes` named validates only if the file has keys to begin with; `auto`, the default, has those of the root (BIND's
/// Administrator Reference Manual, "dnssec-validation").
fn trust(options: &[Statement], statements: &[Statement], draft: &mut Draft) {
    let key = ("[dnssec]", "validate");
    // Before BIND 9.16, `dnssec-enable no` turned validation off as well.
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

/// The addresses to ask from.
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
