//! Counts the IPv6 networks whose servers are silent, and decides for how long IPv6 is then not used. Such a time is called a rest here.
//!
//! All servers of one hoster may be dead, so each network is counted once. The first rest is short, because IPv6 may work and the silent servers may
//! be dead. Each further rest is twice as long and begins after fewer silent networks, so that a host with a broken IPv6 connection seldom tries it.
//! An answer over IPv6 ends the rest and resets its length.

use std::net::Ipv6Addr;
use std::time::Duration;

use crate::limits::{BROKEN_IPV6_TIME, FIRST_BROKEN_IPV6_TIME, IPV6_SILENCES_AGAIN, MAX_IPV6_SILENCES};

/// The number of 16-bit segments at the start of an address that identify a site (RFC 6177: one site has a /48 at most).
const SITE: usize = 3;

/// The networks whose servers were silent since a server last answered over IPv6, or since IPv6 was last put out of use.
#[derive(Debug, Default)]
pub(super) struct SilentNetworks {
    networks: Vec<[u16; SITE]>,
    last_rest: Option<Duration>,
}

impl SilentNetworks {
    /// Adds the network of a silent server. Returns false if it is already known.
    pub(super) fn add(&mut self, server: Ipv6Addr) -> bool {
        let [first, second, third, ..] = server.segments();
        let network = [first, second, third];
        let is_new = !self.networks.contains(&network);
        if is_new {
            self.networks.push(network);
        }
        is_new
    }

    /// Returns true if IPv6 was put out of use, and no server has answered over it since.
    pub(super) fn has_rested(&self) -> bool {
        self.last_rest.is_some()
    }

    /// If enough networks are silent, returns for how long IPv6 is not used, and begins a new count.
    pub(super) fn rest(&mut self) -> Option<Duration> {
        let (enough, rest) = match self.last_rest {
            None => (MAX_IPV6_SILENCES, FIRST_BROKEN_IPV6_TIME),
            Some(last) => (IPV6_SILENCES_AGAIN, last.saturating_mul(2).min(BROKEN_IPV6_TIME)),
        };
        if self.networks.len() < enough {
            return None;
        }
        self.networks.clear();
        self.last_rest = Some(rest);
        Some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // A network of one site counts once.
    #[test]
    fn rest_grows_with_silent_networks() {
        let mut networks = SilentNetworks::default();
        let mut rests = Vec::new();
        for number in 0..64_u16 {
            let server = Ipv6Addr::new(0x2001, 0xdb8, number, 0, 0, 0, 0, 1);
            assert!(networks.add(server));
            assert!(!networks.add(Ipv6Addr::new(0x2001, 0xdb8, number, 9, 0, 0, 0, 2)), "the same site");
            rests.extend(networks.rest().map(|rest| (number, rest.as_secs())));
        }
        let firsts = [(5, 10), (7, 20), (9, 40), (11, 80), (13, 160), (15, 320), (17, 600), (19, 600)];
        assert_eq!(rests.get(..firsts.len()), Some(firsts.as_slice()));
    }
}
