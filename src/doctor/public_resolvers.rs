//! Public resolvers that many mail hosts use. They serve everyone and have no zones of their own.
//!
//! Addresses and names: developers.google.com/speed/public-dns, developers.cloudflare.com/1.1.1.1, quad9.net.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::facts::{OtherResolver, ResolverWay, SecuredResolver};

/// A public resolver.
pub struct PublicResolver {
    /// Its operator.
    pub operator: &'static str,
    /// Its addresses; the first is asked by default.
    pub addresses: [IpAddr; 4],
    /// Its names over TLS and HTTPS.
    names: &'static [&'static str],
}

const fn v4(octets: [u8; 4]) -> IpAddr {
    let [a, b, c, d] = octets;
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6(first: [u16; 3], last: u16) -> IpAddr {
    let [a, b, c] = first;
    IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, last))
}

/// The public resolvers. Quad9 denies domains that spread malware, and gives no other records in their place.
pub const PUBLIC_RESOLVERS: [PublicResolver; 3] = [
    PublicResolver {
        operator: "Google",
        addresses: [
            v4([8, 8, 8, 8]),
            v4([8, 8, 4, 4]),
            v6([0x2001, 0x4860, 0x4860], 0x8888),
            v6([0x2001, 0x4860, 0x4860], 0x8844),
        ],
        names: &["dns.google"],
    },
    PublicResolver {
        operator: "Cloudflare",
        addresses: [
            v4([1, 1, 1, 1]),
            v4([1, 0, 0, 1]),
            v6([0x2606, 0x4700, 0x4700], 0x1111),
            v6([0x2606, 0x4700, 0x4700], 0x1001),
        ],
        names: &["cloudflare-dns.com", "one.one.one.one"],
    },
    PublicResolver {
        operator: "Quad9",
        addresses: [
            v4([9, 9, 9, 9]),
            v4([149, 112, 112, 112]),
            v6([0x2620, 0xfe, 0], 0xfe),
            v6([0x2620, 0xfe, 0], 9),
        ],
        names: &["dns.quad9.net"],
    },
];

/// Whether a resolver is one of them. Over TLS and HTTPS its certificate proves it.
pub(super) fn is_public(resolver: &OtherResolver) -> bool {
    let is_of = |address: &IpAddr| PUBLIC_RESOLVERS.iter().any(|public| public.addresses.contains(address));
    let is_named = |certificate: &str| match certificate.parse() {
        Ok(address) => is_of(&address),
        Err(_) => PUBLIC_RESOLVERS
            .iter()
            .flat_map(|public| public.names)
            .any(|name| certificate.trim_end_matches('.').eq_ignore_ascii_case(name)),
    };
    match &resolver.way {
        ResolverWay::Plain(address) => is_of(address),
        ResolverWay::AtPort(_) => false,
        ResolverWay::Secured(SecuredResolver { certificate, .. }) => is_named(certificate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_known_by_address_or_certificate() {
        let is_public_at = |way: ResolverWay| is_public(&OtherResolver { way, name: String::new() });
        let secured = |host: &str, certificate: &str| {
            let (host, certificate) = (host.to_owned(), certificate.to_owned());
            ResolverWay::Secured(SecuredResolver { host, port: 853, certificate, path: None })
        };
        for address in ["9.9.9.9", "1.0.0.1", "2001:4860:4860::8888", "2620:fe::9"] {
            assert!(is_public_at(ResolverWay::Plain(address.parse().unwrap())), "{address}");
        }
        assert!(is_public_at(secured("198.18.0.1", "DNS.google.")));
        assert!(is_public_at(secured("1.1.1.1", "1.1.1.1")));
        for way in [
            ResolverWay::Plain("1.1.1.3".parse().unwrap()),
            ResolverWay::AtPort("9.9.9.9:5353".parse().unwrap()),
            secured("9.9.9.9", "dns.example"),
            secured("dns.google", "not-dns.google"),
        ] {
            assert!(!is_public_at(way.clone()), "{way:?}");
        }
    }
}
