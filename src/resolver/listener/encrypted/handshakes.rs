//! Limits the rate of handshakes of each client, because a handshake is the greatest work that a client can cause with little effort.
//!
//! The limit uses the generic cell rate algorithm, like `refusals`. One client is an IPv4 address, or the /64 network of an IPv6 address.
//! Larger networks are not counted together, because the gateways of a site may share a network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::super::queued::ClientKey;
use crate::limits::{HANDSHAKE_BURST, HANDSHAKE_INTERVAL, HANDSHAKE_LOG_PAUSE, MAX_HANDSHAKE_CLIENTS};
use dns::clock::Mono;

#[derive(Debug, Default)]
pub(in super::super) struct Handshakes(Mutex<Rates>);

#[derive(Debug, Default)]
struct Rates {
    /// For each client, the theoretical arrival time of the generic cell rate algorithm.
    due: BTreeMap<ClientKey, Mono>,
    logged: Option<Mono>,
}

impl Handshakes {
    /// Returns true if the handshake of a client may continue. A refusal is logged, but at most once in `HANDSHAKE_LOG_PAUSE`.
    pub(in super::super) fn may(&self, client: IpAddr, now: Mono) -> bool {
        let mut rates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let may = rates.may(ClientKey::from_address(client), now);
        if !may && rates.logged.is_none_or(|logged| now.since(logged) >= HANDSHAKE_LOG_PAUSE) {
            rates.logged = Some(now);
            drop(rates);
            tracing::warn!(
                "client {client} begins more than {} TLS handshakes a second; resolverd closes the others; let its programs keep their connections, or add it to `drop` of the listener",
                1_000 / HANDSHAKE_INTERVAL.as_millis().max(1)
            );
        }
        may
    }
}

impl Rates {
    fn may(&mut self, client: ClientKey, now: Mono) -> bool {
        if self.due.len() >= MAX_HANDSHAKE_CLIENTS && !self.due.contains_key(&client) {
            self.due.retain(|_, due| *due > now);
            let quietest = self.due.iter().min_by_key(|(_, due)| **due).map(|(client, _)| *client);
            if let Some(quietest) = quietest.filter(|_| self.due.len() >= MAX_HANDSHAKE_CLIENTS) {
                self.due.remove(&quietest);
            }
        }
        let due = self.due.get(&client).copied().unwrap_or(now).max(now).after(HANDSHAKE_INTERVAL);
        let may = due.since(now) <= HANDSHAKE_INTERVAL.saturating_mul(HANDSHAKE_BURST);
        if may {
            self.due.insert(client, due);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn handshakes_are_burst_then_rate() {
        let handshakes = Handshakes::default();
        let may = |last: u8, millis: u64| {
            handshakes.may([192, 0, 2, last].into(), Mono::START.after(Duration::from_millis(millis)))
        };
        assert_eq!((0..1_000).filter(|_| may(1, 5)).count(), usize::try_from(HANDSHAKE_BURST).unwrap());
        assert!(may(2, 5), "another gateway of the site");
        assert_eq!((0..1_000).filter(|_| may(1, 5 + 10)).count(), 1);
        assert_eq!((0..1_000).filter(|_| may(1, 5 + 1_010)).count(), 100);
    }

    #[test]
    fn known_handshake_clients_are_bounded() {
        let mut rates = Rates::default();
        for number in 0..4 * u32::try_from(MAX_HANDSHAKE_CLIENTS).unwrap() {
            assert!(rates.may(ClientKey::V4(number), Mono::START));
        }
        assert_eq!(rates.due.len(), MAX_HANDSHAKE_CLIENTS);
    }
}
