//! Reads addresses in the configuration file: of listeners, clients, servers and hosts.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::forms::Text;
use super::report::{WrongValue, quoted};
use super::value::{Read, Typed, list, text};
use crate::limits;
use dns::conduct::{EncryptedProtocol, Encryption};
use dns::wire::presentation::shown;

/// Lower ports belong to services of the host.
pub(super) const FIRST_SOURCE_PORT: u16 = 1_024;

/// The default port of DNS over UDP and TCP (RFC 1035 section 4.2).
pub const PORT: u16 = 53;

/// The default port of DNS over TLS (RFC 7858 section 3.1).
pub const TLS_PORT: u16 = 853;

/// The default port of DNS over HTTPS (RFC 8484 section 4.1).
pub const HTTPS_PORT: u16 = 443;

/// The default port of DNS over QUIC (RFC 9250 section 4.1.1).
pub const QUIC_PORT: u16 = 853;

/// The default path of DNS over HTTPS. RFC 8484 prescribes none, but all public resolvers and clients use this one.
pub const HTTPS_PATH: &str = "/dns-query";

/// A recursive server to which resolverd sends queries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Forwarder {
    /// The address and port. The default port is 53, with TLS 853, and with HTTPS 443.
    pub address: SocketAddr,
    /// The encryption, written as `tls://address#name` or `https://address/path#name`.
    pub encryption: Option<Encryption>,
}

/// Returns true if sockets cannot be bound to both addresses: their ports and families are equal, and their addresses are equal, or one is the
/// wildcard address. A listener at `::` does not receive IPv4.
pub fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    one.port() == other.port()
        && one.is_ipv4() == other.is_ipv4()
        && (one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified())
}

/// Error messages and the manual suggest this port for metrics.
pub(super) const METRICS_PORT: u16 = 9_453;

/// Error messages suggest this port for TLS policies: that of postfix-mta-sts-resolver, after RFC 8461.
const TLS_POLICY_PORT: u16 = 8_461;

pub(super) fn of_tls_policy(value: &Typed<'_>) -> Read<SocketAddr> {
    address_at(value, TLS_POLICY_PORT)
}

pub(super) fn of_metrics(value: &Typed<'_>) -> Read<SocketAddr> {
    address_at(value, METRICS_PORT)
}

pub(super) const NETWORK: Text<IpNet> = Text(network, IpNet::to_string);

fn address(value: &Typed<'_>) -> Read<SocketAddr> {
    address_at(value, PORT)
}

/// Reads an address with a port. If the port is missing, the error message suggests `port`.
fn address_at(value: &Typed<'_>, port: u16) -> Read<SocketAddr> {
    let typed = text(value)?;
    typed.parse().map_err(|_| match typed.parse::<IpAddr>() {
        Ok(address) => {
            let remedy = format!("write \"{}\"", SocketAddr::new(address, port));
            WrongValue::new(format!("{} has no port", quoted(typed)), remedy)
        }
        Err(_) => WrongValue::new(
            format!("{} is not an address with a port", quoted(typed)),
            format!("write it like \"127.0.0.1:{port}\" or \"[::1]:{port}\""),
        ),
    })
}

/// A single IP address is accepted too.
fn network(value: &Typed<'_>) -> Read<IpNet> {
    let typed = text(value)?;
    let net = typed.parse::<IpNet>().ok().or_else(|| typed.parse::<IpAddr>().ok().map(IpNet::from));
    net.map(|net| net.trunc()).ok_or_else(|| {
        WrongValue::new(
            format!("{} is not an address prefix", quoted(typed)),
            "write it like \"192.168.0.0/16\", \"fd00::/8\" or \"10.0.0.1\"",
        )
    })
}

/// Returns the IPv4 network for an IPv6 network within ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
pub fn mapped(net: IpNet) -> Option<IpNet> {
    let IpAddr::V4(address) = net.addr().to_canonical() else { return None };
    let length = net.prefix_len().checked_sub(96).filter(|_| net.addr().is_ipv6())?;
    IpNet::new(address.into(), length).ok()
}

/// Reads a network of clients. An IPv4-mapped IPv6 network (in ::ffff:0:0/96) is an error, because no client would match it: resolverd compares the
/// addresses of IPv4 clients only with IPv4 networks.
pub(super) fn client_network(value: &Typed<'_>) -> Read<IpNet> {
    let net = network(value)?;
    match mapped(net) {
        None => Ok(net),
        Some(ipv4) => Err(WrongValue::new(
            format!("{net} is a prefix of IPv4 in the form of IPv6, which no client has"),
            format!("write \"{ipv4}\" for these clients, or remove it"),
        )),
    }
}

/// The list must not be empty.
pub(super) fn addresses(value: &Typed<'_>) -> Read<Vec<SocketAddr>> {
    filled(list(value, address)?, "127.0.0.1:53")
}

/// The list may be empty.
pub(super) fn tls_addresses(value: &Typed<'_>) -> Read<Vec<SocketAddr>> {
    at_most(list(value, |item| address_at(item, TLS_PORT))?)
}

/// The list may be empty.
pub(super) fn https_addresses(value: &Typed<'_>) -> Read<Vec<SocketAddr>> {
    at_most(list(value, |item| address_at(item, HTTPS_PORT))?)
}

/// The list may be empty.
pub(super) fn quic_addresses(value: &Typed<'_>) -> Read<Vec<SocketAddr>> {
    at_most(list(value, |item| address_at(item, QUIC_PORT))?)
}

/// The list must not be empty.
pub(super) fn host_addresses(value: &Typed<'_>) -> Read<Vec<IpAddr>> {
    filled(list(value, ip)?, "192.0.2.1")
}

/// Reads the source addresses of queries: at most one IPv4 and one IPv6 address.
pub(super) fn sources(value: &Typed<'_>) -> Read<Vec<IpAddr>> {
    let sources = list(value, |item| {
        let address = ip(item)?;
        if address.is_unspecified() || address.is_multicast() {
            return Err(WrongValue::new(
                format!("\"{address}\" cannot be an address of this host"),
                "write one of its addresses, like \"192.0.2.1\"",
            ));
        }
        Ok(address)
    })?;
    let ipv4 = sources.iter().filter(|address| address.is_ipv4()).count();
    if ipv4 > 1 || sources.len().saturating_sub(ipv4) > 1 {
        return Err(WrongValue::new(
            "has two addresses of the same family",
            "keep one IPv4 and one IPv6 address",
        ));
    }
    Ok(sources)
}

/// Reads the first and the last port of a range, which must be large enough.
pub(super) fn source_ports(value: &Typed<'_>) -> Read<RangeInclusive<u16>> {
    let typed = text(value)?;
    let first = FIRST_SOURCE_PORT;
    let remedy = || {
        let fewest = limits::MIN_SOURCE_PORTS;
        format!("write the first and the last of at least {fewest} ports, like \"{first}-65535\"")
    };
    let ports = typed
        .split_once('-')
        .and_then(|(one, other)| Some(one.trim().parse::<u16>().ok()?..=other.trim().parse::<u16>().ok()?));
    let ports = ports
        .ok_or_else(|| WrongValue::new(format!("{} is not a range of ports", quoted(typed)), remedy()))?;
    if *ports.start() < first {
        let wrong = format!("{} has ports below {first}, which are reserved for services", quoted(typed));
        return Err(WrongValue::new(wrong, remedy()));
    }
    if ports.len() < limits::MIN_SOURCE_PORTS {
        return Err(WrongValue::new(format!("{} has only {} ports", quoted(typed), ports.len()), remedy()));
    }
    Ok(ports)
}

pub(super) fn ports_text(ports: &RangeInclusive<u16>) -> String {
    format!("{}-{}", ports.start(), ports.end())
}

/// Reads a list of servers. The port of a server may be left out if it is 53.
pub(super) fn servers(value: &Typed<'_>) -> Read<Vec<SocketAddr>> {
    let read = |item: &Typed<'_>| {
        let typed = text(item)?;
        server(typed, PORT).ok_or_else(|| {
            WrongValue::new(
                format!("{} is not the address of a server", quoted(typed)),
                "write it like \"10.1.1.1\", \"127.0.0.1:5300\" or \"[2001:db8::1]:53\"",
            )
        })
    };
    filled(list(value, read)?, "10.1.1.1")
}

/// Reads forwarders. A forwarder without encryption is written like an authoritative server. With encryption, `tls://` or `https://` is before the
/// address, and `#` with the name in the certificate after it.
pub(super) fn forwarders(value: &Typed<'_>) -> Read<Vec<Forwarder>> {
    filled(list(value, forwarder)?, "10.1.1.1")
}

fn forwarder(value: &Typed<'_>) -> Read<Forwarder> {
    let typed = text(value)?;
    let wrong = || {
        WrongValue::new(
            format!("{} is not a forwarder", quoted(typed)),
            "write it like \"10.1.1.1\", \"10.1.1.1:5353\", \"tls://192.0.2.1#dns.example\" or \"https://192.0.2.1/dns-query#dns.example\"",
        )
    };
    let (secure, over_https) = match (typed.strip_prefix("tls://"), typed.strip_prefix("https://")) {
        (Some(secure), _) => (secure, false),
        (None, Some(secure)) => (secure, true),
        (None, None) => {
            let address = server(typed, PORT).ok_or_else(wrong)?;
            return Ok(Forwarder { address, encryption: None });
        }
    };
    // A user or a query in the URL may contain a password, and logs show forwarders. The error message does not repeat the URL.
    if secure.contains(['@', '?']) {
        return Err(WrongValue::new(
            "has a user or a query in the URL of a forwarder",
            "remove the part before @ or behind ?; a URL has the form \"https://192.0.2.1/dns-query#dns.example\"",
        ));
    }
    let (address, certified) = secure.split_once('#').ok_or_else(|| {
        WrongValue::new(
            format!("{} has no name for the certificate of the server", quoted(typed)),
            format!("write it like \"{}#dns.example\"", shown(typed, limits::MAX_SHOWN_VALUE)),
        )
    })?;
    let (address, path) = if over_https { https_parts(address)? } else { (address, "") };
    let address = server(address, if over_https { HTTPS_PORT } else { TLS_PORT }).ok_or_else(wrong)?;
    let certificate = host_name(certified, over_https)?;
    let protocol =
        if over_https { EncryptedProtocol::Https(path.to_owned()) } else { EncryptedProtocol::Tls };
    Ok(Forwarder { address, encryption: Some(Encryption { certificate, protocol }) })
}

/// Splits a URL without its scheme into the address and the path, by default `HTTPS_PATH`.
fn https_parts(typed: &str) -> Read<(&str, &str)> {
    let (address, path) = typed.find('/').map_or((typed, HTTPS_PATH), |at| typed.split_at(at));
    if path.len() > limits::MAX_HTTPS_PATH {
        let most = limits::MAX_HTTPS_PATH;
        return Err(WrongValue::new(format!("has a path of more than {most} octets"), "write a shorter one"));
    }
    if !is_path(path) {
        return Err(WrongValue::new(
            format!("{} is not the path of a URL", quoted(path)),
            "write it like \"https://192.0.2.1/dns-query#dns.example\", without {?dns}; write other characters in the form %20",
        ));
    }
    if let Ok(ipv6) = address.parse::<Ipv6Addr>() {
        return Err(WrongValue::new(
            format!("{} has no brackets around its IPv6 address", quoted(typed)),
            format!("write \"https://[{ipv6}]{path}#dns.example\""),
        ));
    }
    Ok((address, path))
}

/// Reads the name in the certificate of a forwarder, with or without a final dot.
fn host_name(typed: &str, over_https: bool) -> Read<String> {
    let name = typed.strip_suffix('.').unwrap_or(typed);
    if is_host_name(name) {
        return Ok(name.to_ascii_lowercase());
    }
    let remedy = if over_https {
        "write it like \"https://192.0.2.1/dns-query#dns.example\""
    } else {
        "write it like \"tls://192.0.2.1#dns.example\""
    };
    Err(WrongValue::new(format!("{} is not a host name", quoted(name)), remedy))
}

/// Returns true for the path of a URL (RFC 3986 section 3.3) without variables of a URI template (RFC 8484 section 3).
fn is_path(text: &str) -> bool {
    let is_hex = |octet: Option<u8>| octet.is_some_and(|octet| octet.is_ascii_hexdigit());
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        let is_right = match octet {
            b'%' => is_hex(octets.next()) && is_hex(octets.next()),
            other => other.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:".contains(&other),
        };
        if !is_right {
            return false;
        }
    }
    true
}

/// Returns true if a text can be the name of a host (RFC 1123 section 2.1): at most 253 characters, and each label has 1 to 63 letters, digits and
/// hyphens, but no hyphen at its begin or end.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        let letters = label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-');
        letters && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// Parses the address of a server, with or without a port. The default port is `usual`. An IPv6 address without a port may be in brackets.
fn server(typed: &str, usual: u16) -> Option<SocketAddr> {
    let bracketed = typed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = || match bracketed {
        Some(six) => six.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => typed.parse().ok(),
    };
    let alone = || address().map(|address| SocketAddr::new(address, usual));
    let server = typed.parse::<SocketAddr>().ok().or_else(alone)?;
    (server.port() != 0 && !server.ip().is_unspecified() && !server.ip().is_multicast()).then_some(server)
}

fn ip(value: &Typed<'_>) -> Read<IpAddr> {
    let typed = text(value)?;
    typed.parse().map_err(|_| {
        WrongValue::new(
            format!("{} is not an address", quoted(typed)),
            "write it like \"192.0.2.1\" or \"2001:db8::1\"",
        )
    })
}

/// Returns the list, or an error if the list is empty or too long. The error message shows `example`.
fn filled<Meant>(list: Vec<Meant>, example: &str) -> Read<Vec<Meant>> {
    if list.is_empty() {
        return Err(WrongValue::new("is empty", format!("give at least one address, like \"{example}\"")));
    }
    at_most(list)
}

fn at_most<Meant>(list: Vec<Meant>) -> Read<Vec<Meant>> {
    let most = limits::MAX_CONFIGURED_ADDRESSES;
    if list.len() > most {
        return Err(WrongValue::new(format!("has more than {most} addresses"), "remove some"));
    }
    Ok(list)
}

/// Leaves out the port if it is 53.
pub(super) fn server_text(server: SocketAddr) -> String {
    if server.port() == PORT { server.ip().to_string() } else { server.to_string() }
}

impl fmt::Display for Forwarder {
    /// Writes the forwarder as in the configuration file: without the port if it is the default port of the protocol.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Encryption { certificate, protocol }) = &self.encryption else {
            return formatter.write_str(&server_text(self.address));
        };
        let (scheme, usual, path) = match protocol {
            EncryptedProtocol::Tls => ("tls", TLS_PORT, ""),
            EncryptedProtocol::Quic => ("quic", TLS_PORT, ""),
            EncryptedProtocol::Https(path) => ("https", HTTPS_PORT, path.as_str()),
        };
        match self.address {
            address if address.port() != usual => {
                write!(formatter, "{scheme}://{address}{path}#{certificate}")
            }
            // Before a path, an IPv6 address is in brackets.
            SocketAddr::V6(address) if !path.is_empty() => {
                write!(formatter, "{scheme}://[{}]{path}#{certificate}", address.ip())
            }
            address => write!(formatter, "{scheme}://{}{path}#{certificate}", address.ip()),
        }
    }
}
