//! Converts `listen-on` and `listen-on-v6` of BIND: the addresses at which named listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

use super::clients::{self, Belonging};
use super::lists::Lists;
use super::reader::{Statement, find};
use crate::draft::Draft;
use crate::finding::Weight::{Dangerous, Different};
use crate::finding::{Setting, SourcePlace};
use crate::values::{texts, unique};

const DNS_PORT: u16 = 53;

/// Each option with the wildcard address of its address family.
const FAMILIES: [(&str, IpAddr); 2] =
    [("listen-on", IpAddr::V4(Ipv4Addr::UNSPECIFIED)), ("listen-on-v6", IpAddr::V6(Ipv6Addr::UNSPECIFIED))];

/// Sets the addresses at which resolverd listens to those of named, which listens at all addresses by default. `allowed` is true if clients
/// on other hosts are allowed.
pub(super) fn add(
    options: &[Statement],
    lists: &Lists<'_>,
    (start, allowed): (&SourcePlace, bool),
    draft: &mut Draft,
) {
    let usual = find(options, "port").and_then(|port| port.value().parse().ok()).unwrap_or(DNS_PORT);
    let (mut addresses, mut has_encrypted): (Vec<SocketAddr>, bool) = (Vec::new(), false);
    for (option, all) in FAMILIES {
        let mut typed = options.iter().filter(|statement| statement.option() == option).peekable();
        if typed.peek().is_none() {
            addresses.push(SocketAddr::new(all, usual));
        }
        for list in typed {
            if is_encrypted(list) {
                let instead = "set tls or https of [listen], with certificate and key";
                draft.report(Dangerous, list, ("served DNS over TLS or HTTPS", instead));
                has_encrypted = true;
                continue;
            }
            addresses.extend(list_addresses(list, lists, (all, usual), draft));
        }
    }
    addresses = unique(addresses);
    if addresses.is_empty() && has_encrypted {
        // named listened only with TLS or HTTPS. Programs of this host send queries without TLS, so resolverd listens at its default addresses.
        return;
    }
    let is_everywhere = addresses.iter().any(|address| address.ip().is_unspecified());
    let typed = find(options, "listen-on").or_else(|| find(options, "listen-on-v6"));
    let setting = typed.map_or_else(|| (start, "listen-on").typed(), Setting::typed);
    if is_everywhere && !allowed {
        let did = "listened at all addresses, and answered the networks of this host's interfaces";
        let instead = "resolverd listens at 127.0.0.1 and ::1 only; for other clients set listen.addresses and listen.allow";
        draft.report(Different, &setting, (did, instead));
        addresses = own(&addresses);
        let usual = own(&FAMILIES.map(|(_, all)| SocketAddr::new(all, DNS_PORT)));
        if addresses == usual {
            return;
        }
    }
    draft.set(&setting, ("[listen]", "addresses"), texts(addresses.iter().map(ToString::to_string)));
}

/// Returns true if the statement is for DNS over TLS or HTTPS.
fn is_encrypted(list: &Statement) -> bool {
    let words = list.words();
    let tls = words.iter().skip_while(|word| **word != "tls").nth(1);
    tls.is_some_and(|name| *name != "none") || words.contains(&"http")
}

/// Replaces each address by the loopback address of its family, with the same port.
fn own(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let own = |address: &SocketAddr| SocketAddr::new(loopback(address.ip()), address.port());
    unique(addresses.iter().map(own).collect())
}

/// Returns the addresses in one `listen-on` or `listen-on-v6`.
fn list_addresses(
    list: &Statement,
    lists: &Lists<'_>,
    (all, usual): (IpAddr, u16),
    draft: &mut Draft,
) -> Vec<SocketAddr> {
    let words = list.words();
    let port = words.iter().skip_while(|word| **word != "port").nth(1).and_then(|port| port.parse().ok());
    let port = port.unwrap_or(usual);
    let built_in = ["localhost", "localnets"].iter().any(|name| lists.built_in(list.block(), name).is_some());
    if built_in {
        // In `listen-on`, `localhost` and `localnets` stand for all addresses of the host.
        return vec![SocketAddr::new(all, port)];
    }
    let clients = clients::clients(list, lists, Belonging::Listening, draft);
    if clients.refuse.iter().any(|net| net.prefix_len() > 0) {
        let did = "did not listen at some addresses";
        let instead = "write the other addresses of this host into listen.addresses";
        draft.report(Dangerous, list, (did, instead));
    }
    let mut found = Vec::new();
    for net in clients.allow.iter().filter(|net| net.addr().is_ipv4() == all.is_ipv4()) {
        let address = match net.prefix_len() {
            0 => Some(all),
            _ if is_host(net) => Some(net.addr()),
            _ if net.addr().is_loopback() => Some(loopback(all)),
            _ => {
                let did = format!("listened at the addresses of this host in {net}");
                draft.report(Dangerous, list, (&did, "add these addresses to listen.addresses"));
                None
            }
        };
        found.extend(address.map(|address| SocketAddr::new(address, port)));
    }
    found
}

fn loopback(address: IpAddr) -> IpAddr {
    if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() }
}

fn is_host(net: &IpNet) -> bool {
    net.prefix_len() == net.max_prefix_len()
}
