//! The clients of entries whose addresses `history.redact` withholds from the disk and the log.
//!
//! A client gets a number in the place of its address, so that messages of different clients stay apart. The number is a keyed
//! hash of the address with a secret that each process draws anew and never writes. Without the secret, a reader of the
//! disk cannot find the address by trying all addresses, nor tell a client again after a restart of the daemon.

use std::net::{IpAddr, Ipv6Addr};

use dns::hash::Keyed;

/// The addresses from `ff00::` on, of 64 bits, hold the numbers. No client has such an address: it is multicast of a reserved scope, and
/// multicast is no source of a packet (RFC 4291 section 2.7).
const NUMBERS: u128 = 0xff00 << 112;

/// Gives numbers to clients.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientNumbers {
    hash: Keyed,
}

impl ClientNumbers {
    /// Numbers with a secret of their own.
    pub(super) fn draw() -> Self {
        Self { hash: Keyed::of_system() }
    }

    /// The number of a client, in the form of an address. A number stays as it is.
    pub(super) fn of(self, client: IpAddr) -> IpAddr {
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

/// Whether `history.redact` has removed the address of a client.
pub(super) fn is_without_client(client: IpAddr) -> bool {
    let is_number = |client: Ipv6Addr| client.to_bits() >> 64 == NUMBERS >> 64;
    matches!(client, IpAddr::V6(client) if is_number(client))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_one_number_of_each_process_and_no_other_client_has_it() {
        let (numbers, others) = (ClientNumbers::draw(), ClientNumbers::draw());
        let clients: [IpAddr; 4] =
            ["192.0.2.1", "192.0.2.2", "2001:db8::1", "127.0.0.1"].map(|text| text.parse().unwrap());
        for client in clients {
            let number = numbers.of(client);
            assert!(is_without_client(number) && !is_without_client(client));
            assert_eq!((numbers.of(client), numbers.of(number)), (number, number));
            assert_ne!(others.of(client), number, "drawn anew");
            assert_eq!(clients.iter().filter(|other| numbers.of(**other) == number).count(), 1);
        }
    }
}
