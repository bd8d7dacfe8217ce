//! The prefixes of DNS64: a resolver shows them in its addresses of a name that has IPv4 addresses only.
//!
//! RFC 7050 (ipv4only.arpa), RFC 6052 section 2.2 (the place of the IPv4 address).

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The name that has IPv4 addresses only.
pub const IPV4_ONLY: &str = "ipv4only.arpa.";

/// Its addresses.
const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 0, 170), Ipv4Addr::new(192, 0, 0, 171)];

/// Octets of the prefixes that DNS64 may have.
const LENGTHS: [usize; 6] = [4, 5, 6, 7, 8, 12];

/// The octet that is always 0 in a prefix of up to 64 bits.
const ZERO: usize = 8;

/// A prefix of DNS64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MadePrefix {
    octets: [u8; 16],
    length: usize,
}

/// The prefix that every network may use (RFC 6052 section 2.1): 64:ff9b::/96.
pub(super) const WELL_KNOWN: MadePrefix =
    MadePrefix { octets: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], length: 12 };

impl MadePrefix {
    /// Whether an address may be made with it.
    pub(super) fn has_made(&self, address: Ipv6Addr) -> bool {
        let octets = address.octets();
        octets.iter().zip(&self.octets).take(self.length).all(|(one, other)| one == other)
            && (self.length > ZERO || octets.get(ZERO) == Some(&0))
    }
}

/// The IPv4 address in an address that was made with a prefix of so many octets.
fn embedded(octets: &[u8; 16], length: usize) -> Option<Ipv4Addr> {
    let behind = octets.iter().enumerate().skip(length).filter(|(at, _)| *at != ZERO);
    let four: Vec<u8> = behind.map(|(_, octet)| *octet).take(4).collect();
    <[u8; 4]>::try_from(four).ok().map(Ipv4Addr::from)
}

/// The prefixes in the IPv6 addresses that a resolver gives for `IPV4_ONLY`.
pub(super) fn prefixes(addresses: &BTreeSet<String>) -> Vec<MadePrefix> {
    let of_address = |data: &String| {
        let octets = data.parse::<Ipv6Addr>().ok()?.octets();
        let length = LENGTHS.into_iter().find(|length| {
            (*length > ZERO || octets.get(ZERO) == Some(&0))
                && embedded(&octets, *length).is_some_and(|four| ADDRESSES.contains(&four))
        })?;
        Some(MadePrefix { octets, length })
    };
    addresses.iter().filter_map(of_address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(address: &str) -> Option<MadePrefix> {
        prefixes(&BTreeSet::from([address.to_owned()])).into_iter().next()
    }

    /// The table of RFC 6052 section 2.4, with the addresses of RFC 7050.
    #[test]
    fn the_prefix_of_each_length_is_found_in_the_addresses_of_the_name_and_in_no_others() {
        for (shown, made, other) in [
            ("2001:db8:c000:aa::", "2001:db8:c000:221::", "2001:db9:c000:221::"),
            ("2001:db8:1c0:0:aa::", "2001:db8:1c0:2:21::", "2001:db8:2c0:2:21::"),
            ("2001:db8:122:c000:0:aa00::", "2001:db8:122:c000:2:2100::", "2001:db8:123:c000:2:2100::"),
            ("2001:db8:122:3c0:0:aa::", "2001:db8:122:3c0:0:221::", "2001:db8:122:4c0:0:221::"),
            ("2001:db8:122:344:c0:0:aa00::", "2001:db8:122:344:c0:2:2100::", "2001:db8:122:345:c0:2:2100::"),
            ("2001:db8:122:344::c000:aa", "2001:db8:122:344::c000:221", "2001:db8:122:344:1::c000:221"),
        ] {
            let found = prefix(shown).unwrap_or_else(|| panic!("{shown}"));
            assert!(found.has_made(made.parse().unwrap()), "{shown} {made}");
            assert!(!found.has_made(other.parse().unwrap()), "{shown} {other}");
        }
        assert_eq!(prefix("2001:db8::1"), None);
        assert_eq!(prefix("192.0.0.170"), None);
    }
}
