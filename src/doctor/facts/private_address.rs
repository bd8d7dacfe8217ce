//! Detects addresses that cannot be reached from the internet (RFC 1918, RFC 6890, and RFC 6598 for the NAT of a provider).

use std::net::IpAddr;

pub(crate) const OUT_OF_REACH: &str = "has an address that no host on the internet reaches";

/// Returns true if no host on the internet can reach the address.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = matches!(v4.octets(), [100, second, ..] if second & 0xc0 == 64);
            // Multicast addresses and class E are never addresses of hosts (RFC 1112 sections 4 and 5).
            let reserved = v4.is_multicast() || v4.octets()[0] >= 240 || v4.octets()[0] == 0;
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared || reserved
        }
        IpAddr::V6(v6) => {
            let own =
                v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local();
            // A 6to4 address (RFC 3056) is private if the IPv4 address in it is private.
            let [first, high, low, ..] = v6.segments();
            let within = |octets: [u8; 4]| is_private(IpAddr::from(octets));
            let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
            own || v6.is_multicast()
                || v6.to_ipv4_mapped().is_some()
                || first == 0x2002 && within([a, b, c, d])
        }
    }
}
