//! What the queue of a worker thread needs to know about a waiting cache miss.

use std::net::IpAddr;

/// A client: an IPv4 address, or the /64 network of an IPv6 address, because one client may use a whole /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClientKey {
    V4(u32),
    V6(u64),
}

impl ClientKey {
    pub(super) fn from_address(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
            }
        }
    }
}

pub(super) trait Queued {
    fn client(&self) -> ClientKey;

    fn port(&self) -> u16;

    /// Returns the keyed hash of the zone of the query.
    fn zone(&self) -> u64;
}

#[cfg(test)]
pub(super) mod stage {
    use super::{ClientKey, Queued};
    use dns::clock::Mono;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(in super::super) struct Asked {
        pub(in super::super) client: ClientKey,
        pub(in super::super) port: u16,
        pub(in super::super) zone: u64,
        pub(in super::super) at: Mono,
        pub(in super::super) number: usize,
    }

    impl Asked {
        pub(in super::super) fn numbered(number: usize) -> Self {
            Self { client: ClientKey::V4(1), port: 1, zone: 1, at: Mono::START, number }
        }
    }

    impl Queued for Asked {
        fn client(&self) -> ClientKey {
            self.client
        }

        fn port(&self) -> u16 {
            self.port
        }

        fn zone(&self) -> u64 {
            self.zone
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // An IPv4 client is its address, also in mapped form.
    #[test]
    fn ipv6_client_is_slash_64_network() {
        let of = |text: &str| ClientKey::from_address(text.parse().unwrap());
        assert_eq!(of("127.0.0.1"), of("::ffff:127.0.0.1"));
        assert_ne!(of("127.0.0.1"), of("127.0.0.2"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::2:0:0:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("0.0.0.1"), of("0:0:0:1::"));
    }
}
