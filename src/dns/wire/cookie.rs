//! Reads the DNS cookie of a client and makes the cookie for its reply (RFC 7873, RFC 9018 section 4).
//!
//! resolverd never verifies server cookies, because its clients are on this host or in its network. So it may use any hash function.

use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;

use crate::hash::Keyed;

/// The length of a client cookie, in octets (RFC 7873 section 4.1).
pub(super) const CLIENT: usize = 8;

/// The length of the cookie in a reply, in octets: client cookie and server cookie.
pub const WHOLE: usize = CLIENT + 16;

/// The secret from which server cookies are computed. It is new at each start.
#[derive(Clone, Copy)]
pub struct CookieSecret(Keyed);

impl CookieSecret {
    /// Creates the secret for server cookies from a keyed hash function.
    pub fn new(keyed: Keyed) -> Self {
        Self(keyed)
    }

    /// Returns the cookie for a reply to `client`, whose own cookie is `from_client`. `unix` is the calendar time, in seconds since 1970.
    pub fn cookie(&self, from_client: [u8; CLIENT], client: IpAddr, unix: u64) -> [u8; WHOLE] {
        // Version 1, three reserved octets, and the lowest 32 bits of the time (RFC 9018 section 4).
        let [.., a, b, c, d] = unix.to_be_bytes();
        let head = [1, 0, 0, 0, a, b, c, d];
        let mut hasher = self.0.build_hasher();
        hasher.write(&from_client);
        hasher.write(&head);
        match client {
            IpAddr::V4(address) => hasher.write(&address.octets()),
            IpAddr::V6(address) => hasher.write(&address.octets()),
        }
        let mut cookie = [0; WHOLE];
        let parts = from_client.into_iter().chain(head).chain(hasher.finish().to_be_bytes());
        for (place, octet) in cookie.iter_mut().zip(parts) {
            *place = octet;
        }
        cookie
    }
}

/// Returns true if a client cookie, alone or with a server cookie after it, can have this length in octets (RFC 7873 section 5.2.2).
pub(super) fn is_sound(length: usize) -> bool {
    length == CLIENT || (16..=40).contains(&length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn cookie_depends_on_client_and_time() {
        let secret = CookieSecret::new(Keyed::new(&Random::seeded(1)));
        let (one, two) = ([127, 0, 0, 1].into(), [127, 0, 0, 2].into());
        let cookie = secret.cookie(*b"12345678", one, 1_000);
        assert!(cookie.starts_with(b"12345678\x01\0\0\0\0\0\x03\xe8"));
        assert_eq!(cookie, secret.cookie(*b"12345678", one, 1_000));
        assert_ne!(cookie, secret.cookie(*b"12345678", two, 1_000));
        assert_ne!(cookie, secret.cookie(*b"12345678", one, 1_001));
        assert!(is_sound(8) && is_sound(24) && !is_sound(7) && !is_sound(9) && !is_sound(41));
    }
}
