//! Detects addresses that cannot be reached from the internet.
//!
//! RFC 1918, RFC 6890 (private, loopback and reserved addresses), RFC 6598 (addresses behind the NAT of a provider).

use std::net::IpAddr;

/// The text in findings about a server with an address that no host on the internet can reach.
pub(crate) const OUT_OF_REACH: &str = "has an address that no host on the internet reaches";

/// Returns true if no host on the internet can reach the address.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = matches!(v4.octets(), [100, second, ..] if second & 0xc0 == 64);
            // Multicast addresses and the reserved class E are never addresses of hosts (RFC 1112 sections 4 and 5).
            let reserved = v4.is_multicast() || v4.octets()[0] >= 240 || v4.octets()[0] == 0;
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared || reserved
        }
        IpAddr::V6(v6) => {
            let own =
                v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local();
            // A 6to4 address (RFC 3056) contains an IPv4 address. It is private if this IPv4 address is private.
            let [first, high, low, ..] = v6.segments();
            let within = |octets: [u8; 4]| is_private(IpAddr::from(octets));
            let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
            own || v6.is_multicast()
                || v6.to_ipv4_mapped().is_some()
                || first == 0x2002 && within([a, b, c, d])
        }
    }
}
