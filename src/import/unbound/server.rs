//! The `server:` section of Unbound.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use toml::Value;

use super::reader::{Section, UnboundSetting};
use crate::config::defaults::TLS_PORT;
use crate::config::usable_pair;
use crate::import::draft::Draft;
use crate::import::finding::Weight::{self, Dangerous, Different, Unneeded};
use crate::import::secret::keyword;
use crate::import::values::{self, Clients, texts};

/// Options with a yes or no and our key for it.
const FLAGS: [(&str, &str, &str); 2] =
    [("prefetch", "[cache]", "prefetch"), ("qname-minimisation", "[resolve]", "qname_minimisation")];

/// Spans in seconds, our key for each, and the most that it takes.
const SPANS: [(&str, &str, u64); 2] =
    [("cache-max-ttl", "max_ttl", 604_800), ("cache-max-negative-ttl", "negative_max_ttl", 86_400)];

/// Options that other functions of this module read.
const READ: [&str; 30] = [
    "tls-service-key",
    "tls-service-pem",
    "tls-port",
    "interface",
    "port",
    "interface-automatic",
    "do-ip4",
    "do-ip6",
    "access-control",
    "outgoing-interface",
    "msg-cache-size",
    "rrset-cache-size",
    "key-cache-size",
    "neg-cache-size",
    "serve-expired",
    "serve-expired-ttl",
    "domain-insecure",
    "private-address",
    "private-domain",
    "module-config",
    "auto-trust-anchor-file",
    "trust-anchor-file",
    "root-hints",
    "local-zone",
    "local-data",
    "local-data-ptr",
    "directory",
    "tls-upstream",
    "ssl-upstream",
    "val-permissive-mode",
];

/// Options with an effect that is missing here: effect, and what to do.
const TOLD: [(&str, Weight, &str, &str); 13] = [
    (
        "trust-anchor",
        Dangerous,
        "gave a key to validate with",
        "write it into a file and set dnssec.trust_anchor",
    ),
    ("trusted-keys-file", Dangerous, "gave keys to validate with", "set dnssec.trust_anchor to the file"),
    (
        "cache-min-ttl",
        Different,
        "kept answers longer than their TTL",
        "resolverd keeps no answer longer than its TTL, unless no server answers (serve_stale)",
    ),
    ("infra-cache-min-rtt", Unneeded, "bounded the timers of servers", "resolverd measures each server"),
    (
        "rrset-roundrobin",
        Different,
        "rotated the records of an answer",
        "see `resolverctl query`; clients choose among addresses themselves",
    ),
    (
        "tcp-upstream",
        Different,
        "sent all queries over TCP",
        "resolverd uses TCP after truncated answers only",
    ),
    ("deny-any", Different, "answered ANY with nothing", "resolverd answers ANY from its data"),
    ("log-queries", Different, "logged each query", "use resolverctl query and resolverctl stats"),
    (
        "do-not-query-address",
        Dangerous,
        "named servers that were never queried",
        "add them to resolve.deny_servers",
    ),
    (
        "do-not-query-localhost",
        Different,
        "allowed servers at 127.0.0.0/8",
        "a [[zone]] with stub or forward may have such servers",
    ),
    (
        "dns64-prefix",
        Dangerous,
        "made IPv6 addresses for IPv4 servers (DNS64)",
        "resolverd has no DNS64; keep another resolver for these clients",
    ),
    ("ratelimit", Unneeded, "limited queries to a zone", "resolverd gives each zone a share of its work"),
    (
        "ip-ratelimit",
        Unneeded,
        "limited queries of a client",
        "resolverd gives each client a share of its work",
    ),
];

/// Begins of options that need nothing here: resolverd does it always, or has no such part.
const UNNEEDED: [&str; 62] = [
    "verbosity",
    "num-threads",
    "username",
    "chroot",
    "pidfile",
    "logfile",
    "use-syslog",
    "log-",
    "hide-",
    "identity",
    "version",
    "harden-",
    "use-caps-for-id",
    "caps-exempt",
    "caps-whitelist",
    "edns-buffer-size",
    "max-udp-size",
    "so-",
    "msg-cache-slabs",
    "rrset-cache-slabs",
    "key-cache-slabs",
    "infra-",
    "num-queries-per-thread",
    "outgoing-",
    "incoming-",
    "jostle-timeout",
    "delay-close",
    "unwanted-reply-threshold",
    "prefetch-key",
    "minimal-responses",
    "statistics-",
    "extended-statistics",
    "aggressive-nsec",
    "val-",
    "tcp-",
    "edns-",
    "do-udp",
    "do-tcp",
    "ede",
    "target-fetch-policy",
    "msg-buffer-size",
    "stream-wait-size",
    "discard-timeout",
    "wait-limit",
    "cookie-",
    "answer-cookie",
    "ip-transparent",
    "ip-freebind",
    "ip-dscp",
    "low-rtt",
    "fast-server-",
    "trust-anchor-signaling",
    "root-key-sentinel",
    "zonemd-",
    "unknown-server-time-limit",
    "max-reuse-tcp-queries",
    "udp-",
    "use-systemd",
    "do-daemonize",
    "serve-original-ttl",
    "unblock-lan-zones",
    "insecure-lan-zones",
];

/// Adds the section.
pub(super) fn add(server: &Section, draft: &mut Draft) {
    let clients = clients(server, draft);
    listen(server, draft);
    if let Some(first) = server.all("access-control").next() {
        for (key, value) in clients.keys() {
            draft.set(&first.place, "access-control", ("[listen]", key), value);
        }
    }
    families(server, draft);
    cache(server, draft);
    trust(server, draft);
    sources(server, draft);
    private(server, draft);
    for setting in &server.settings {
        one(setting, draft);
    }
}

/// The text of a setting.
fn shown(setting: &UnboundSetting) -> String {
    format!("{}: {}", setting.option, setting.values.join(" "))
}

/// Adds or reports a setting that stands alone.
fn one(setting: &UnboundSetting, draft: &mut Draft) {
    let option = setting.option.as_str();
    if let Some((_, head, key)) = FLAGS.iter().find(|(name, ..)| *name == option) {
        return draft.set(&setting.place, &shown(setting), (head, key), setting.is_yes());
    }
    if let Some((_, key, most)) = SPANS.iter().find(|(name, ..)| *name == option) {
        return span(setting, key, *most, draft);
    }
    if READ.contains(&option) {
        return;
    }
    if let Some((_, weight, did, instead)) = TOLD.iter().find(|(name, ..)| *name == option) {
        let is_off = setting.value() == "no" || setting.value() == "0";
        let (did, instead) =
            if is_off { ("turned it off", "resolverd has no such part") } else { (*did, *instead) };
        let weight = if is_off { Unneeded } else { *weight };
        return draft.tell(weight, &setting.place, &shown(setting), (did, instead));
    }
    if let ("do-udp" | "do-tcp", "no") = (option, setting.value()) {
        let did = "used one of UDP and TCP only";
        return draft.tell(Different, &setting.place, &shown(setting), (did, "resolverd uses both"));
    }
    if option == "tls-cert-bundle" {
        let instead = "resolverd trusts those of the system";
        return draft.tell(
            Unneeded,
            &setting.place,
            &shown(setting),
            ("named certificates to trust", instead),
        );
    }
    if option.starts_with("tls-") || option.starts_with("https-") || option.starts_with("quic-") {
        let did = "served or asked over TLS, HTTPS or QUIC";
        let instead = "clients: see tls of [listen]; forwarders may be tls://address#name; resolverd serves no DNS over HTTPS or QUIC";
        return draft.tell(Different, &setting.place, &shown(setting), (did, instead));
    }
    let begins = |begin: &&str| option == *begin || (begin.ends_with('-') && option.starts_with(*begin));
    let (weight, did, instead) = match UNNEEDED.iter().find(|begin| begins(begin)) {
        Some(_) => (Unneeded, "sets a detail of Unbound", "resolverd needs no such setting"),
        None if setting.value() == "no" => (Unneeded, "turned it off", "resolverd has no such part"),
        None => {
            let did = "is not known to this import";
            let instead = "see unbound.conf(5) for its effect and resolverd.toml(5)";
            return draft.tell(Different, &setting.place, keyword(option), (did, instead));
        }
    };
    draft.tell(weight, &setting.place, &shown(setting), (did, instead));
}

fn span(setting: &UnboundSetting, key: &'static str, most: u64, draft: &mut Draft) {
    match values::seconds(setting.value(), most) {
        Some((text, is_more)) => {
            draft.set(&setting.place, &shown(setting), ("[cache]", key), text.clone());
            if is_more {
                let instead = format!("resolverd keeps answers for at most {text}");
                draft.tell(Different, &setting.place, &shown(setting), ("kept answers longer", &instead));
            }
        }
        None => draft.tell(
            Different,
            &setting.place,
            &shown(setting),
            ("is no number of seconds", "set it in [cache]"),
        ),
    }
}

/// The clients of `access-control`; of equal prefixes the last counts.
fn clients(server: &Section, draft: &mut Draft) -> Clients {
    let mut clients = Clients { allow: values::loopback(), ..Clients::default() };
    for setting in server.all("access-control") {
        let net = values::network(setting.value());
        let (Some(net), Some(action)) = (net, setting.values.get(1)) else {
            draft.tell(
                Dangerous,
                &setting.place,
                &shown(setting),
                ("cannot be read", "add the clients to listen.allow"),
            );
            continue;
        };
        for list in [&mut clients.allow, &mut clients.refuse, &mut clients.drop] {
            list.retain(|known| *known != net);
        }
        match action.as_str() {
            "allow" | "allow_snoop" | "allow_setrd" | "allow_cookie" => clients.allow.push(net),
            "refuse" | "refuse_non_local" => clients.refuse.push(net),
            "deny" | "deny_non_local" => clients.drop.push(net),
            _ => draft.tell(
                Dangerous,
                &setting.place,
                &shown(setting),
                ("has an unknown action", "see listen.allow"),
            ),
        }
        if net.prefix_len() == 0 && action.starts_with("allow") {
            let did = "answered every client";
            let instead = "remove it from listen.allow unless a firewall keeps strangers out: open resolvers are used for attacks";
            draft.tell(Dangerous, &setting.place, &shown(setting), (did, instead));
        }
    }
    clients
}

/// The addresses at which Unbound listens.
fn listen(server: &Section, draft: &mut Draft) {
    let port: u16 = server.last("port").and_then(|port| port.value().parse().ok()).unwrap_or(53);
    let is_off = |family: &str| server.last(family).is_some_and(|setting| setting.value() == "no");
    let is_used = |address: &IpAddr| !is_off(if address.is_ipv4() { "do-ip4" } else { "do-ip6" });
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for setting in server.all("interface").chain(server.all("ip-address")) {
        let (address, own) = match setting.value().split_once('@') {
            Some((address, own)) => (address, own.parse().ok()),
            None => (setting.value(), Some(port)),
        };
        match (address.parse::<IpAddr>(), own) {
            (Ok(address), Some(own)) if is_used(&address) => addresses.push(SocketAddr::new(address, own)),
            (Ok(_), Some(_)) => {}
            _ => draft.tell(
                Dangerous,
                &setting.place,
                &shown(setting),
                (
                    "listened at the addresses of a network interface",
                    "add these addresses with their port to listen.addresses",
                ),
            ),
        }
    }
    if let Some(automatic) = server.last("interface-automatic").filter(|setting| setting.is_yes()) {
        addresses = ["0.0.0.0", "::"]
            .iter()
            .filter_map(|any| any.parse().ok())
            .filter(is_used)
            .map(|any| SocketAddr::new(any, port))
            .collect();
        let did = "listened at all addresses of this host";
        draft.tell(Different, &automatic.place, &shown(automatic), (did, "remove those that no client uses"));
    }
    over_tls(server, &mut addresses, draft);
    let typed = server
        .last("interface")
        .or_else(|| server.last("port"))
        .or_else(|| server.last("interface-automatic"));
    let Some(typed) = typed else { return };
    if addresses.is_empty() {
        addresses = ["127.0.0.1", "::1"]
            .iter()
            .filter_map(|own| own.parse().ok())
            .filter(is_used)
            .map(|own| SocketAddr::new(own, port))
            .collect();
    }
    let mut known: Vec<String> = Vec::new();
    for address in addresses {
        let address = address.to_string();
        if !known.contains(&address) {
            known.push(address);
        }
    }
    draft.set(&typed.place, &shown(typed), ("[listen]", "addresses"), texts(known));
}

/// Takes the addresses for DNS over TLS out of all addresses. The certificate is taken over if it can be used here.
fn over_tls(server: &Section, addresses: &mut Vec<SocketAddr>, draft: &mut Draft) {
    let (Some(key), Some(certificate)) = (server.last("tls-service-key"), server.last("tls-service-pem"))
    else {
        return;
    };
    let port = server.last("tls-port").and_then(|port| port.value().parse().ok()).unwrap_or(TLS_PORT);
    let (secure, plain): (Vec<_>, Vec<_>) =
        addresses.iter().copied().partition(|address: &SocketAddr| address.port() == port);
    *addresses = plain;
    if secure.is_empty() {
        return;
    }
    let texts = texts(secure.iter().map(SocketAddr::to_string));
    match usable_pair(Path::new(certificate.value()), Path::new(key.value())) {
        Ok(()) => {
            draft.set(&key.place, &shown(key), ("[listen]", "tls"), texts);
            draft.set(
                &certificate.place,
                &shown(certificate),
                ("[listen]", "certificate"),
                certificate.value(),
            );
            draft.set(&key.place, &shown(key), ("[listen]", "key"), key.value());
        }
        Err(why) => {
            let instead =
                format!("set tls = {texts}, certificate and key of [listen]; not done, because {why}");
            draft.tell(Dangerous, &key.place, &shown(key), ("served DNS over TLS", &instead));
        }
    }
}

fn families(server: &Section, draft: &mut Draft) {
    for (option, key) in [("do-ip4", "ipv4"), ("do-ip6", "ipv6")] {
        if let Some(setting) = server.last(option).filter(|setting| setting.value() == "no") {
            draft.set(&setting.place, &shown(setting), ("[resolve]", key), false);
        }
    }
}

/// The size of the cache, and how long it may give stale answers.
fn cache(server: &Section, draft: &mut Draft) {
    let sizes = ["msg-cache-size", "rrset-cache-size", "key-cache-size", "neg-cache-size"];
    let typed: Vec<&UnboundSetting> = sizes.iter().filter_map(|option| server.last(option)).collect();
    if let Some(first) = typed.first() {
        // Unbound counts data only: the process takes twice as much.
        let octets: u64 = typed.iter().filter_map(|setting| values::size(setting.value())).sum();
        draft.set(&first.place, &shown(first), ("[cache]", "size"), values::size_text(octets));
    }
    let Some(expired) = server.last("serve-expired") else { return };
    let span = match server.last("serve-expired-ttl").map(UnboundSetting::value) {
        _ if !expired.is_yes() => "0s".to_owned(),
        None | Some("0") => "3d".to_owned(),
        Some(ttl) => values::seconds(ttl, 259_200).map_or_else(|| "1d".to_owned(), |(text, _)| text),
    };
    draft.set(&expired.place, &shown(expired), ("[cache]", "serve_stale"), span);
}

/// Validation and its anchors.
fn trust(server: &Section, draft: &mut Draft) {
    let modules = server.last("module-config").filter(|modules| !modules.value().contains("validator"));
    if let Some(modules) = modules {
        draft.set(&modules.place, &shown(modules), ("[dnssec]", "validate"), false);
    }
    if let Some(permissive) = server.last("val-permissive-mode").filter(|setting| setting.is_yes()) {
        let did = "answered although signatures were wrong";
        let instead = "resolverd answers SERVFAIL then; set dnssec.validate = false to have no validation";
        draft.tell(Dangerous, &permissive.place, &shown(permissive), (did, instead));
    }
    let mut names: Vec<String> =
        server.all("domain-insecure").map(|setting| setting.value().to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    if let Some(first) = server.all("domain-insecure").next() {
        draft.set(&first.place, &shown(first), ("[dnssec]", "negative_trust_anchors"), texts(names));
    }
    anchors(server, draft);
    if let Some(hints) = server.last("root-hints").filter(|hints| !hints.value().is_empty()) {
        let did = "named the servers of the root";
        let instead = "resolverd has them built in; for a private root set resolve.root_hints to the file";
        draft.tell(Unneeded, &hints.place, &shown(hints), (did, instead));
    }
}

/// The files of trust anchors. Anchors of the root are built in, and resolverd keeps a state of its own about them.
fn anchors(server: &Section, draft: &mut Draft) {
    let files = server.all("auto-trust-anchor-file").chain(server.all("trust-anchor-file"));
    for file in files.filter(|file| !file.value().is_empty()) {
        let of_the_root = Path::new(file.value()).file_name().is_some_and(|name| {
            ["root.key", "root.ds", "root-anchors.txt", "trusted-key.key"].iter().any(|known| name == *known)
        });
        if of_the_root {
            let did = "held the keys of the root";
            let instead =
                "resolverd has them built in and follows their changes (dnssec.update_trust_anchors)";
            draft.tell(Unneeded, &file.place, &shown(file), (did, instead));
        } else {
            draft.set(&file.place, &shown(file), ("[dnssec]", "trust_anchor"), Value::from(file.value()));
            if file.option.starts_with("auto") {
                let did = "updated the keys in the file";
                let instead = "resolverd follows the keys of the root only; replace the file when the owner of the zone changes its keys";
                draft.tell(Different, &file.place, &shown(file), (did, instead));
            }
        }
    }
}

/// The addresses to ask from, at most one of each family.
fn sources(server: &Section, draft: &mut Draft) {
    let mut chosen: Vec<IpAddr> = Vec::new();
    for setting in server.all("outgoing-interface") {
        match setting.value().parse::<IpAddr>() {
            Ok(address) if !chosen.iter().any(|known| known.is_ipv4() == address.is_ipv4()) => {
                chosen.push(address)
            }
            Ok(address) if chosen.contains(&address) => {}
            _ => draft.tell(
                Different,
                &setting.place,
                &shown(setting),
                (
                    "was one more address to send queries from",
                    "resolverd takes one of each family (resolve.source); DNS lists judge it",
                ),
            ),
        }
    }
    if let Some(first) = server.all("outgoing-interface").next().filter(|_| !chosen.is_empty()) {
        let value = texts(chosen.iter().map(ToString::to_string));
        draft.set(&first.place, &shown(first), ("[resolve]", "source"), value);
    }
}

/// The networks whose addresses are removed from answers, and the domains that may have them.
fn private(server: &Section, draft: &mut Draft) {
    for (option, key) in [("private-address", "private_addresses"), ("private-domain", "private_domains")] {
        let Some(first) = server.all(option).next() else { continue };
        let mut typed: Vec<String> = Vec::new();
        for setting in server.all(option) {
            let net = values::network(setting.value()).map(|net| net.to_string());
            let value = net.unwrap_or_else(|| setting.value().trim_end_matches('.').to_ascii_lowercase());
            if !typed.contains(&value) {
                typed.push(value);
            }
        }
        draft.set(&first.place, &shown(first), ("[resolve]", key), texts(typed));
    }
}
