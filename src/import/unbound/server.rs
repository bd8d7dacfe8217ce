//! Converts the `server:` section of unbound.conf.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

use super::reader::{Section, UnboundSetting};
use super::reported::OPTIONS;
use super::trust;
use crate::draft::Draft;
use crate::finding::Weight::{Dangerous, Different};
use crate::values;
use crate::values::{Clients, Networks, texts, unique};
use config::defaults::{HTTPS_PORT, TLS_PORT};

/// Options with the value yes or no, each with the section and the key of resolverd.
const FLAGS: [(&str, &str, &str); 2] =
    [("prefetch", "[cache]", "prefetch"), ("qname-minimisation", "[resolve]", "qname_minimisation")];

/// Options in seconds, each with the key of resolverd and the maximum of this key.
const SPANS: [(&str, &str, u64); 2] =
    [("cache-max-ttl", "max_ttl", 604_800), ("cache-max-negative-ttl", "negative_max_ttl", 86_400)];

/// Options that assign tags to networks. Unbound then answers clients in these networks even without `access-control` (unbound.conf(5),
/// "access-control-tag").
const ALLOWING: [&str; 3] = ["access-control-tag", "access-control-tag-action", "access-control-tag-data"];

const VIEW: &str = "access-control-view";

pub(super) fn add(server: &Section, draft: &mut Draft) {
    let clients = without_views(clients(server, draft), server);
    listen(server, draft);
    let typed = ALLOWING.iter().chain(&["access-control", VIEW]);
    if let Some(first) = typed.filter_map(|option| server.all(option).next()).min_by_key(|first| &first.place)
    {
        draft.set_clients(&(&first.place, "access-control"), clients);
    }
    families(server, draft);
    cache(server, draft);
    trust::add(server, draft);
    sources(server, draft);
    private(server, draft);
    for setting in &server.settings {
        one(setting, draft);
    }
}

/// Handles a setting whose effect does not depend on other settings.
fn one(setting: &UnboundSetting, draft: &mut Draft) {
    let option = setting.option.as_str();
    if let Some((_, head, key)) = FLAGS.iter().find(|(name, ..)| *name == option) {
        return draft.set(setting, (head, key), setting.is_yes());
    }
    match SPANS.iter().find(|(name, ..)| *name == option) {
        Some((_, key, most)) => span(setting, key, *most, draft),
        // The module `trust` reports this setting.
        None if (option, setting.value()) == ("harden-dnssec-stripped", "no") => {}
        None => OPTIONS.report(&OPTIONS.options, (option, setting.value()), setting, draft),
    }
}

fn span(setting: &UnboundSetting, key: &'static str, most: u64, draft: &mut Draft) {
    match values::seconds(setting.value(), most) {
        Some((text, is_more)) => {
            draft.set(setting, ("[cache]", key), text.clone());
            if is_more {
                let instead = format!("resolverd keeps answers for at most {text}");
                draft.report(Different, setting, ("kept answers longer", &instead));
            }
        }
        None => draft.report(Different, setting, ("is no number of seconds", "set it in [cache]")),
    }
}

/// Converts `access-control` to the clients of resolverd. If a prefix occurs several times, the last setting applies.
fn clients(server: &Section, draft: &mut Draft) -> Clients {
    let net_of = |setting: &UnboundSetting| values::network(setting.value());
    let last: HashMap<IpNet, &UnboundSetting> =
        server.all("access-control").filter_map(|setting| Some((net_of(setting)?, setting))).collect();
    let own = values::loopback().into_iter().filter(|own| !last.contains_key(own));
    let mut clients = Clients { allow: own.collect(), ..Clients::default() };
    for setting in server.all("access-control") {
        let net = net_of(setting);
        let (Some(net), Some(action)) = (net, setting.values.get(1)) else {
            draft.report(Dangerous, setting, ("cannot be read", "add the clients to listen.allow"));
            continue;
        };
        match action.as_str() {
            _ if last.get(&net).is_none_or(|last| !std::ptr::eq(*last, setting)) => {}
            "allow" | "allow_snoop" | "allow_setrd" | "allow_cookie" => clients.allow.push(net),
            "refuse" => clients.refuse.push(net),
            "deny" => clients.drop.push(net),
            "refuse_non_local" | "deny_non_local" => {
                let refuses = action == "refuse_non_local";
                if refuses {
                    clients.refuse.push(net)
                } else {
                    clients.drop.push(net)
                }
                let did = "answered these clients from local data only";
                let instead = "all their queries are refused or dropped here; if they need the local data, add them to listen.allow";
                draft.report(Different, setting, (did, instead));
            }
            _ => draft.report(Dangerous, setting, ("has an unknown action", "see listen.allow")),
        }
        if action.starts_with("allow") {
            report_everybody(&net, setting, draft);
        }
    }
    for setting in ALLOWING.iter().flat_map(|option| server.all(option)) {
        let Some(net) = net_of(setting) else { continue };
        if !last.contains_key(&net) && !clients.allow.contains(&net) {
            clients.allow.push(net);
            report_everybody(&net, setting, draft);
        }
    }
    clients
}

/// Removes the clients that have their own view, except this host.
fn without_views(clients: Clients, server: &Section) -> Clients {
    let of_views: Networks =
        server.all(VIEW).filter_map(|setting| values::network(setting.value())).collect();
    if of_views.is_empty() {
        return clients;
    }
    let host: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let is_host = |net: &IpNet| net.addr().is_loopback() && host.iter().any(|own| net.contains(own));
    let has_view = |net: &IpNet| !is_host(net) && of_views.longest_around(net).is_some();
    let nets = clients.nets().chain(of_views.iter().copied());
    let mut left = Clients::deciding(nets, |net| clients.permits(net) && !has_view(net));
    left.drop = clients.drop;
    left
}

/// Reports a prefix that contains all clients.
fn report_everybody(net: &IpNet, setting: &UnboundSetting, draft: &mut Draft) {
    if net.prefix_len() == 0 {
        let did = "answered every client";
        let instead = "remove it from listen.allow, and listen.open_resolver, unless a firewall keeps strangers out: attackers abuse open resolvers";
        draft.report(Dangerous, setting, (did, instead));
    }
}

fn listen(server: &Section, draft: &mut Draft) {
    let port: u16 = server.last("port").and_then(|port| port.value().parse().ok()).unwrap_or(53);
    let is_off = |family: &str| server.last(family).is_some_and(|setting| setting.value() == "no");
    let is_used = |address: &IpAddr| !is_off(if address.is_ipv4() { "do-ip4" } else { "do-ip6" });
    let mut addresses = interface_addresses(server, port, draft);
    addresses.retain(|address| is_used(&address.ip()));
    if let Some(automatic) = server.last("interface-automatic").filter(|setting| setting.is_yes()) {
        addresses = ["0.0.0.0", "::"]
            .iter()
            .filter_map(|any| any.parse().ok())
            .filter(is_used)
            .map(|any| SocketAddr::new(any, port))
            .collect();
        let did = "listened at all addresses of this host";
        draft.report(Different, automatic, (did, "remove those that no client uses"));
    }
    take_encrypted(server, &mut addresses, draft);
    let typed = server
        .last("interface")
        .or_else(|| server.last("ip-address"))
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
    let addresses = unique(addresses).into_iter().map(|address| address.to_string());
    draft.set(typed, ("[listen]", "addresses"), texts(addresses));
}

/// `ip-address` is another name of `interface`.
fn interface_addresses(server: &Section, port: u16, draft: &mut Draft) -> Vec<SocketAddr> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for setting in server.all("interface").chain(server.all("ip-address")) {
        let (address, own) = match setting.value().split_once('@') {
            Some((address, own)) => (address, own.parse().ok()),
            None => (setting.value(), Some(port)),
        };
        match (address.parse::<IpAddr>(), own) {
            (Ok(address), Some(own)) => addresses.push(SocketAddr::new(address, own)),
            _ => draft.report(
                Dangerous,
                setting,
                (
                    "listened at the addresses of a network interface",
                    "add these addresses with their port to listen.addresses",
                ),
            ),
        }
    }
    addresses
}

/// Removes and reports the addresses at which Unbound serves DNS over TLS, HTTPS or QUIC.
fn take_encrypted(server: &Section, addresses: &mut Vec<SocketAddr>, draft: &mut Draft) {
    // Older versions of Unbound have `ssl` instead of `tls` in these names.
    let last = |old: &str, new: &str| server.last(new).or_else(|| server.last(old));
    let Some(key) = last("ssl-service-key", "tls-service-key") else { return };
    let typed = [
        (last("ssl-port", "tls-port"), TLS_PORT),
        (server.last("https-port"), HTTPS_PORT),
        (server.last("quic-port"), TLS_PORT),
    ];
    let ports = typed.map(|(typed, usual)| typed.and_then(|port| port.value().parse().ok()).unwrap_or(usual));
    let of_port = |address: &SocketAddr| ports.contains(&address.port());
    if addresses.iter().any(of_port) {
        addresses.retain(|address| !of_port(address));
        let instead = "set tls, https or quic of [listen], with certificate and key";
        draft.report(Dangerous, key, ("served DNS over TLS, HTTPS or QUIC", instead));
    }
}

fn families(server: &Section, draft: &mut Draft) {
    for (option, key) in [("do-ip4", "ipv4"), ("do-ip6", "ipv6")] {
        if let Some(setting) = server.last(option).filter(|setting| setting.value() == "no") {
            draft.set(setting, ("[resolve]", key), false);
        }
    }
}

/// Converts the size of the cache, and how long stale answers may be given.
fn cache(server: &Section, draft: &mut Draft) {
    let sizes = ["msg-cache-size", "rrset-cache-size", "key-cache-size", "neg-cache-size"];
    let typed: Vec<&UnboundSetting> = sizes.iter().filter_map(|option| server.last(option)).collect();
    if let Some(first) = typed.first() {
        // Unbound's sizes count only the cached data, and the process needs twice as much memory. `cache.size` of resolverd counts all memory of the
        // cache.
        let octets: u64 = typed.iter().filter_map(|setting| values::size(setting.value())).sum();
        draft.set(first, ("[cache]", "size"), values::size_text(octets));
    }
    let Some(expired) = server.last("serve-expired") else { return };
    let span = match server.last("serve-expired-ttl").map(UnboundSetting::value) {
        _ if !expired.is_yes() => "0s".to_owned(),
        None | Some("0") => "3d".to_owned(),
        Some(ttl) => values::seconds(ttl, 259_200).map_or_else(|| "1d".to_owned(), |(text, _)| text),
    };
    draft.set(expired, ("[cache]", "serve_stale"), span);
}

/// Converts the source addresses of queries, at most one for each address family.
fn sources(server: &Section, draft: &mut Draft) {
    let mut chosen: Vec<IpAddr> = Vec::new();
    for setting in server.all("outgoing-interface") {
        match setting.value().parse::<IpAddr>() {
            Ok(address) if !chosen.iter().any(|known| known.is_ipv4() == address.is_ipv4()) => {
                chosen.push(address)
            }
            Ok(address) if chosen.contains(&address) => {}
            _ => draft.report(
                Different,
                setting,
                (
                    "was one more address to send queries from",
                    "resolverd takes one of each family (resolve.source); DNS lists judge it",
                ),
            ),
        }
    }
    if let Some(first) = server.all("outgoing-interface").next().filter(|_| !chosen.is_empty()) {
        let value = texts(chosen.iter().map(ToString::to_string));
        draft.set(first, ("[resolve]", "source"), value);
    }
}

/// Converts the networks whose addresses are removed from answers, and the domains that may have such addresses.
fn private(server: &Section, draft: &mut Draft) {
    for (option, key) in [("private-address", "private_addresses"), ("private-domain", "private_domains")] {
        let Some(first) = server.all(option).next() else { continue };
        let typed = server.all(option).map(|setting| {
            let net = values::network(setting.value()).map(|net| net.to_string());
            net.unwrap_or_else(|| values::plain(setting.value()))
        });
        draft.set(first, ("[resolve]", key), texts(unique(typed.collect())));
    }
}
