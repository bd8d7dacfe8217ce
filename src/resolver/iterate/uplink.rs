//! Determines if the network of this host works, from the times at which servers last answered.
//!
//! In an outage of this host's network, servers must not count as dead. Servers that the operator has configured may be in this network, so their
//! answers prove nothing about the connection to other servers.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::iterate::server_role::ServerRole;
use dns::clock::Mono;
use dnsbl::network_answers::NetworkAnswers;

/// The times at which servers last answered, in microseconds of the clock (0 means never): `world` for servers of the internet, `configured` for
/// configured servers.
#[derive(Debug, Default)]
pub(super) struct Uplink {
    world: AtomicU64,
    configured: AtomicU64,
    /// The times of usable answers of servers of the internet.
    helped: Mutex<NetworkAnswers>,
    /// The number of ended outages of this host's network. `outage_ended` is the time at which the end of the last one was noticed.
    outages: AtomicU8,
    outage_ended: AtomicU64,
}

impl Uplink {
    pub(super) fn heard(&self, role: ServerRole, now: Mono) {
        let last = if role.is_configured() { &self.configured } else { &self.world };
        last.fetch_max(now.as_micros(), Ordering::Relaxed);
    }

    /// Records that a server found by recursion gave a usable answer. A middlebox in the network of this host may send REFUSED to every query, so
    /// REFUSED is not usable.
    pub(super) fn helped(&self, now: Mono) {
        self.helped.lock().unwrap_or_else(PoisonError::into_inner).heard(now);
    }

    /// Returns when servers of the internet last gave usable answers.
    pub(super) fn evidence(&self) -> NetworkAnswers {
        *self.helped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has_heard_internet(&self, moment: Mono) -> bool {
        self.world.load(Ordering::Relaxed) > moment.as_micros()
    }

    pub(super) fn has_heard_any(&self, moment: Mono) -> bool {
        self.has_heard_internet(moment) || self.configured.load(Ordering::Relaxed) > moment.as_micros()
    }

    /// Called when a server answers after an outage of this host's network. `sent`: when a query of the outage was sent. Many questions may call
    /// this for the same outage, but each outage is counted once.
    pub(super) fn end_outage(&self, sent: Mono, now: Mono) {
        if self.outage_ended.fetch_max(now.as_micros(), Ordering::Relaxed) <= sent.as_micros() {
            self.outages.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the number of ended outages, modulo 256.
    pub(super) fn outages(&self) -> u8 {
        self.outages.load(Ordering::Relaxed)
    }

    /// Returns true if the silence of a server since `sent` is due to the server: other servers have answered since then.
    pub(super) fn is_own_fault(&self, role: ServerRole, sent: Mono) -> bool {
        if role.is_configured() { self.has_heard_any(sent) } else { self.has_heard_internet(sent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_ends_once() {
        let (uplink, at) = (Uplink::default(), Mono::from_micros);
        let ended = [(10, 20), (15, 21), (22, 30), (25, 31)].map(|(sent, now)| {
            uplink.end_outage(at(sent), at(now));
            uplink.outages()
        });
        assert_eq!(ended, [1, 1, 2, 2]);
    }

    // Forwarders and servers of the internet are counted apart.
    #[test]
    fn silence_beside_replies_blames_server() {
        let (uplink, at) = (Uplink::default(), Mono::from_micros);
        let (office, internet) = (ServerRole::Forwarder, ServerRole::Found);
        assert!(!uplink.is_own_fault(office, at(5)), "no server was heard");
        uplink.heard(office, at(10));
        assert!(uplink.is_own_fault(office, at(5)));
        assert!(
            !uplink.is_own_fault(internet, at(5)),
            "the office's own server answers without the internet"
        );
        uplink.heard(internet, at(10));
        assert!(uplink.is_own_fault(internet, at(5)));
        assert!(!uplink.is_own_fault(office, at(10)));
    }
}
