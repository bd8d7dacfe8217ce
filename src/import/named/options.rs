//! `options` of BIND, and the options of a view.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use super::clients::{self, Lists};
use super::reader::{Statement, find};
use super::{private, zones};
use crate::import::draft::Draft;
use crate::import::finding::SourcePlace;
use crate::import::finding::Weight::{self, Dangerous, Different, Unneeded};
use crate::import::secret::keyword;
use crate::import::values::{self, Clients, texts};

/// Options that other functions of this module read.
const READ: [&str; 23] = [
    "directory",
    "forwarders",
    "forward",
    "listen-on",
    "listen-on-v6",
    "allow-query",
    "allow-recursion",
    "allow-query-cache",
    "blackhole",
    "query-source",
    "query-source-v6",
    "dnssec-validation",
    "validate-except",
    "max-cache-size",
    "max-cache-ttl",
    "max-ncache-ttl",
    "max-stale-ttl",
    "stale-answer-enable",
    "recursion",
    "qname-minimization",
    "match-clients",
    "deny-answer-addresses",
    "zone",
];

/// Options whose effect is missing here.
const TOLD: [(&str, Weight, &str, &str); 11] = [
    (
        "deny-answer-aliases",
        Dangerous,
        "refused aliases into own domains from outside",
        "resolverd follows them",
    ),
    (
        "response-policy",
        Dangerous,
        "applied response policy zones",
        "resolverd has none; put names to block into a [[zone]] with records",
    ),
    (
        "dns64",
        Dangerous,
        "made IPv6 addresses for IPv4 servers (DNS64)",
        "resolverd has no DNS64; keep another resolver for these clients",
    ),
    ("sortlist", Different, "sorted the addresses of an answer", "clients choose among addresses themselves"),
    (
        "rrset-order",
        Different,
        "rotated the records of an answer",
        "clients choose among addresses themselves",
    ),
    (
        "min-cache-ttl",
        Different,
        "kept answers longer than their TTL",
        "resolverd keeps no answer longer than its TTL, unless no server answers (serve_stale)",
    ),
    ("min-ncache-ttl", Different, "kept negative answers longer than their TTL", "resolverd does not"),
    (
        "rate-limit",
        Different,
        "limited equal replies to a client",
        "resolverd gives each client a share of its work",
    ),
    (
        "disable-empty-zone",
        Different,
        "sent names of private networks to the internet",
        "add a [[zone]] for their servers",
    ),
    (
        "empty-zones-enable",
        Different,
        "turned the empty zones of private networks on or off",
        "resolverd has them unless a [[zone]] covers them",
    ),
    ("querylog", Different, "logged each query", "use resolverctl query and resolverctl stats"),
];

/// Begins of options that need nothing here.
const UNNEEDED: [&str; 34] = [
    "version",
    "hostname",
    "server-id",
    "auth-nxdomain",
    "pid-file",
    "session-key",
    "dump-file",
    "statistics-file",
    "memstatistics-file",
    "secroots-file",
    "recursing-file",
    "managed-keys-directory",
    "bindkeys-file",
    "key-directory",
    "geoip-directory",
    "max-udp-size",
    "edns-udp-size",
    "allow-transfer",
    "allow-update",
    "allow-notify",
    "notify",
    "transfer",
    "also-notify",
    "minimal-responses",
    "prefetch",
    "dnssec-enable",
    "dnssec-lookaside",
    "clients-per-query",
    "max-clients-per-query",
    "recursive-clients",
    "tcp-",
    "interface-interval",
    "zone-statistics",
    "stale-",
];

/// Adds `options`.
pub(super) fn add(options: &[Statement], lists: &Lists<'_>, path: &Path, draft: &mut Draft) {
    let start = SourcePlace { file: Arc::from(path), line: 1 };
    let allowed = add_inner(options, lists, draft);
    listen(options, lists, &start, allowed, draft);
}

/// Adds the options that a view may have too; whether they allow other clients than this host.
pub(super) fn add_inner(options: &[Statement], lists: &Lists<'_>, draft: &mut Draft) -> bool {
    let allowed = access(options, lists, draft);
    zones::forward_all(options, draft);
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
        tell(statement, draft);
    }
    allowed
}

fn tell(statement: &Statement, draft: &mut Draft) {
    let option = statement.option();
    if READ.contains(&option) {
        return;
    }
    let begins = |begin: &&str| option.starts_with(*begin);
    let (weight, did, instead) = match TOLD.iter().find(|(name, ..)| *name == option) {
        Some((_, weight, did, instead)) => (*weight, *did, *instead),
        None if UNNEEDED.iter().any(begins) => {
            (Unneeded, "sets a detail of BIND", "resolverd needs no such setting")
        }
        None => {
            let did = "is not known to this import";
            let instead = "see the manual of BIND for its effect and resolverd.toml(5)";
            return draft.tell(Different, &statement.place, keyword(option), (did, instead));
        }
    };
    draft.tell(weight, &statement.place, &statement.shown(), (did, instead));
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

/// The addresses at which named listens; all of them by default.
fn listen(options: &[Statement], lists: &Lists<'_>, start: &SourcePlace, allowed: bool, draft: &mut Draft) {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    let mut is_everywhere = false;
    for (option, all, own) in [("listen-on", "0.0.0.0", "127.0.0.1"), ("listen-on-v6", "::", "::1")] {
        let typed: Vec<&Statement> =
            options.iter().filter(|statement| statement.option() == option).collect();
        is_everywhere |= typed.is_empty();
        if typed.is_empty() {
            addresses.extend(all.parse::<IpAddr>().map(|all| SocketAddr::new(all, 53)));
        }
        for list in typed {
            let words = list.words();
            let port = words
                .iter()
                .skip_while(|word| **word != "port")
                .nth(1)
                .and_then(|port| port.parse().ok())
                .unwrap_or(53);
            for net in clients::clients(list, lists, draft).allow {
                let address = match net.prefix_len() {
                    0 => all.parse(),
                    _ if net.addr().is_loopback() => own.parse(),
                    _ => Ok(net.addr()),
                };
                is_everywhere |= net.prefix_len() == 0;
                let Ok(address) = address else { continue };
                let address = SocketAddr::new(
                    if net.max_prefix_len() == net.prefix_len() { net.addr() } else { address },
                    port,
                );
                if (address.is_ipv4() == (option == "listen-on")) && !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
    }
    let typed = find(options, "listen-on").or_else(|| find(options, "listen-on-v6"));
    let (place, option) = typed
        .map_or_else(|| (start.clone(), "listen-on".to_owned()), |list| (list.place.clone(), list.shown()));
    if is_everywhere && !allowed {
        let did = "listened at all addresses, and answered the networks of this host's interfaces";
        let instead = "resolverd listens at 127.0.0.1 and ::1 only; for other clients set listen.addresses and listen.allow";
        return draft.tell(Different, &place, &option, (did, instead));
    }
    draft.set(&place, &option, ("[listen]", "addresses"), texts(addresses.iter().map(ToString::to_string)));
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
    if let Some(validation) = find(options, "dnssec-validation").filter(|setting| setting.value() == "no") {
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
