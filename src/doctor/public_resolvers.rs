//! Public resolvers that many mail hosts use. They have no zones of their own.
//!
//! Addresses and names: developers.google.com/speed/public-dns, developers.cloudflare.com/1.1.1.1, quad9.net.

use std::net::IpAddr;

use crate::facts::{OtherResolver, ResolverWay, SecuredResolver};
use dns::conduct::Encryption;

/// A public resolver.
pub struct PublicResolver {
    /// The operator of the resolver.
    pub operator: &'static str,
    /// The addresses; the first one is asked by default.
    pub addresses: [&'static str; 4],
    /// The names for DNS over TLS, HTTPS and QUIC.
    names: &'static [&'static str],
}

/// The public resolvers. Quad9 answers that domains that spread malware do not exist, but never replaces records by other ones.
pub const PUBLIC_RESOLVERS: [PublicResolver; 3] = [
    PublicResolver {
        operator: "Google",
        addresses: ["8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"],
        names: &["dns.google"],
    },
    PublicResolver {
        operator: "Cloudflare",
        addresses: ["1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001"],
        names: &["cloudflare-dns.com", "one.one.one.one"],
    },
    PublicResolver {
        operator: "Quad9",
        addresses: ["9.9.9.9", "149.112.112.112", "2620:fe::fe", "2620:fe::9"],
        names: &["dns.quad9.net"],
    },
];

/// Returns true if a resolver is public. Over an encrypted transport, its certificate proves this.
pub(super) fn is_public(resolver: &OtherResolver) -> bool {
    let name = match &resolver.way {
        ResolverWay::Plain(address) => address.to_string(),
        ResolverWay::AtPort(_) => return false,
        ResolverWay::Secured(SecuredResolver { encryption: Encryption { certificate, .. }, .. }) => {
            match certificate.parse::<IpAddr>() {
                Ok(address) => address.to_string(),
                Err(_) => certificate.trim_end_matches('.').to_ascii_lowercase(),
            }
        }
    };
    PUBLIC_RESOLVERS
        .iter()
        .any(|public| public.addresses.iter().chain(public.names).any(|known| *known == name))
}

#[cfg(test)]
mod tests {
    use dns::conduct::EncryptedProtocol;

    use super::*;

    // By the address or by the name in the certificate.
    #[test]
    fn public_resolvers_are_recognized() {
        let is_public_at = |way: ResolverWay| is_public(&OtherResolver { way, name: String::new() });
        let secured = |host: &str, certificate: &str| {
            let (host, certificate) = (host.to_owned(), certificate.to_owned());
            let encryption = Encryption { certificate, protocol: EncryptedProtocol::Tls };
            ResolverWay::Secured(SecuredResolver { host, port: 853, encryption })
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
