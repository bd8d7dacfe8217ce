//! `options` of BIND, and the options of a view.

use std::net::IpAddr;

use ipnet::IpNet;

use super::clients::{self, Lists};
use super::reader::{Statement, find};
use super::{private, told, zones};
use crate::import::draft::Draft;
use crate::import::finding::Weight::{Dangerous, Different};
use crate::import::values::{self, Clients, texts};

/// Adds the options of `options` and of a view; whether they allow other clients than this host. `statements` are all of the
/// file.
pub(super) fn add(
    options: &[Statement],
    lists: &Lists<'_>,
    statements: &[Statement],
    draft: &mut Draft,
) -> bool {
    let allowed = access(options, lists, draft);
    zones::forward_all(options, statements, draft);
    cache(options, draft);
    trust(options, draft);
    sources(options, draft);
    private::add(options, lists, draft);
    if let Some(recursion) = find(options, "recursion").filter(|recursion| recursion.value() == "no") {
        let did = "refused to resolve names of others";
        draft.tell(
            Dangerous,
            &recursion.place,
            "recursion no",
            (did, "resolverd always resolves for the clients in listen.allow"),
        );
    }
    for statement in options {
        told::tell(statement, draft);
    }
    allowed
}

/// Reads the clients: BIND answers them from its cache. Returns whether there are clients on other hosts.
fn access(options: &[Statement], lists: &Lists<'_>, draft: &mut Draft) -> bool {
    let order = ["allow-recursion", "allow-query-cache", "allow-query"];
    let chosen = order.iter().find_map(|option| find(options, option));
    let dropped =
        find(options, "blackhole").map(|list| clients::clients(list, lists, draft).allow).unwrap_or_default();
    let Some(place) = chosen.or_else(|| find(options, "blackhole")).map(|list| list.place.clone()) else {
        return false;
    };
    let mut clients = chosen.map_or_else(
        || Clients { allow: values::loopback(), ..Clients::default() },
        |list| clients::clients(list, lists, draft),
    );
    clients.drop = dropped;
    let queries = find(options, "allow-query");
    if let Some(queries) =
        queries.filter(|queries| !chosen.is_some_and(|chosen| std::ptr::eq(chosen, *queries)))
    {
        restrict(&mut clients, queries, lists, draft);
    }
    let option = chosen.map_or_else(|| "blackhole".to_owned(), Statement::shown);
    if clients.allow.iter().any(|net| net.prefix_len() == 0) {
        let did = "answered every client";
        let instead = "remove it from listen.allow unless a firewall keeps strangers out: open resolvers are used for attacks";
        draft.tell(Dangerous, &place, &option, (did, instead));
    }
    let has_others = clients.has_others();
    for (key, value) in clients.keys() {
        draft.set(&place, &option, ("[listen]", key), value);
    }
    has_others
}

/// Restricts the clients that are resolved for to those of `allow-query`, which BIND demands too.
fn restrict(clients: &mut Clients, queries: &Statement, lists: &Lists<'_>, draft: &mut Draft) {
    let Clients { allow, refuse, .. } = clients::clients(queries, lists, draft);
    let has = |nets: &[IpNet], net: &IpNet| nets.iter().any(|other| other.contains(net));
    let is_wider = allow.iter().any(|net| !has(&clients.allow, net) && !net.addr().is_loopback());
    let common = clients.allow.iter().filter(|net| has(&allow, net));
    let common = common.chain(allow.iter().filter(|net| has(&clients.allow, net)));
    clients.allow = common.copied().collect();
    clients.refuse.extend(refuse);
    if is_wider {
        let did = "answered more clients from its own zones than it resolved names for";
        let instead = "resolverd refuses clients that are not in listen.allow; an authoritative server answers strangers";
        draft.tell(Different, &queries.place, &queries.shown(), (did, instead));
    }
}

/// The size and the times of the cache.
fn cache(options: &[Statement], draft: &mut Draft) {
    if let Some(size) = find(options, "max-cache-size") {
        match values::size(size.value()) {
            Some(octets) if octets > 0 => {
                draft.set(&size.place, &size.shown(), ("[cache]", "size"), values::size_text(octets))
            }
            _ => draft.tell(
                Different,
                &size.place,
                &size.shown(),
                ("bounded the cache by the memory of this host", "set cache.size"),
            ),
        }
    }
    for (option, key, most) in
        [("max-cache-ttl", "max_ttl", 604_800), ("max-ncache-ttl", "negative_max_ttl", 86_400)]
    {
        let Some(setting) = find(options, option) else { continue };
        match values::seconds(setting.value(), most) {
            Some((text, _)) => draft.set(&setting.place, &setting.shown(), ("[cache]", key), text),
            None => draft.tell(
                Different,
                &setting.place,
                &setting.shown(),
                ("is no number of seconds", "set it in [cache]"),
            ),
        }
    }
    let Some(stale) = find(options, "stale-answer-enable") else { return };
    let span = match find(options, "max-stale-ttl").and_then(|ttl| values::seconds(ttl.value(), 259_200)) {
        _ if stale.value() != "yes" => "0s".to_owned(),
        Some((text, _)) => text,
        None => "1d".to_owned(),
    };
    draft.set(&stale.place, &stale.shown(), ("[cache]", "serve_stale"), span);
}

/// Validation.
fn trust(options: &[Statement], draft: &mut Draft) {
    // Before BIND 9.16, `dnssec-enable no` turned validation off as well.
    let mut off = ["dnssec-validation", "dnssec-enable"].iter().filter_map(|option| find(options, option));
    if let Some(validation) = off.find(|setting| setting.value() == "no") {
        draft.set(&validation.place, &validation.shown(), ("[dnssec]", "validate"), false);
    }
    if let Some(minimise) = find(options, "qname-minimization") {
        let on = !matches!(minimise.value(), "off" | "disabled");
        draft.set(&minimise.place, &minimise.shown(), ("[resolve]", "qname_minimisation"), on);
    }
    if let Some(except) = find(options, "validate-except") {
        let names = texts(except.block().iter().map(|name| name.option().to_owned()));
        draft.set(&except.place, &except.shown(), ("[dnssec]", "negative_trust_anchors"), names);
    }
}

/// The addresses to ask from.
fn sources(options: &[Statement], draft: &mut Draft) {
    let mut found: Vec<String> = Vec::new();
    let mut first: Option<&Statement> = None;
    for setting in ["query-source", "query-source-v6"].iter().filter_map(|option| find(options, option)) {
        first = first.or(Some(setting));
        found.extend(
            setting
                .words()
                .iter()
                .filter_map(|word| word.parse::<IpAddr>().ok())
                .map(|address| address.to_string()),
        );
    }
    if let Some(setting) = first.filter(|_| !found.is_empty()) {
        draft.set(&setting.place, &setting.shown(), ("[resolve]", "source"), texts(found));
    }
}
