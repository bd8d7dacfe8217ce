//! Replaces the addresses of clients by numbers in entries for the disk and the log, if `history.redact` demands it.
//!
//! The number is a keyed hash of the address, so questions of different clients stay separate. Each process draws a new random key and
//! never writes it. Without the key, nobody can find an address by trying all addresses, or recognize a client after a restart.

use std::net::{IpAddr, Ipv6Addr};

use dns::hash::Keyed;

/// The 64-bit number that replaces a client's address is stored as an address: `ff00::` plus the number. No client has a multicast address,
/// because it is never the source of a packet (RFC 4291 section 2.7).
const NUMBERS: u128 = 0xff00 << 112;

#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientNumbers {
    hash: Keyed,
}

impl ClientNumbers {
    pub(crate) fn draw() -> Self {
        Self { hash: Keyed::of_system() }
    }

    /// Returns the number that replaces the address of a client, in the form of an IPv6 address. If `client` is such a number already, it is
    /// returned unchanged.
    pub(crate) fn number(self, client: IpAddr) -> IpAddr {
        if is_without_client(client) {
            return client;
        }
        let number = match client {
            IpAddr::V4(client) => self.hash.octets(&client.octets()),
            IpAddr::V6(client) => self.hash.octets(&client.octets()),
        };
        Ipv6Addr::from_bits(NUMBERS | u128::from(number)).into()
    }
}

pub(crate) fn is_without_client(client: IpAddr) -> bool {
    let is_number = |client: Ipv6Addr| client.to_bits() >> 64 == NUMBERS >> 64;
    matches!(client, IpAddr::V6(client) if is_number(client))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_client_has_own_number() {
        let (numbers, others) = (ClientNumbers::draw(), ClientNumbers::draw());
        let clients: [IpAddr; 4] =
            ["192.0.2.1", "192.0.2.2", "2001:db8::1", "127.0.0.1"].map(|text| text.parse().unwrap());
        for client in clients {
            let number = numbers.number(client);
            assert!(is_without_client(number) && !is_without_client(client));
            assert_eq!((numbers.number(client), numbers.number(number)), (number, number));
            assert_ne!(others.number(client), number, "drawn anew");
            assert_eq!(clients.iter().filter(|other| numbers.number(**other) == number).count(), 1);
        }
    }
}
