//! Whether our own network works: when any server was last heard.
//!
//! While no server is heard, silence is no server's fault: an outage of our own network must not mark all servers
//! dead. Servers that the operator has named may be in our own network, so they prove nothing about the others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::clock::Mono;
use crate::dnsbl::network_answers::NetworkAnswers;
use crate::iterate::role::ServerRole;

/// When servers were last heard, in microseconds of the clock; 0 is never.
#[derive(Debug, Default)]
pub(super) struct Uplink {
    world: AtomicU64,
    configured: AtomicU64,
    /// When servers last gave an answer that helped.
    helped: Mutex<NetworkAnswers>,
}

impl Uplink {
    /// A server of this role was heard.
    pub(super) fn heard(&self, role: ServerRole, now: Mono) {
        let last = if role.is_configured() { &self.configured } else { &self.world };
        last.fetch_max(now.as_micros(), Ordering::Relaxed);
    }

    /// A server that recursion has found gave an answer that helped. REFUSED does not count, because a middlebox on
    /// our way may send it for everything.
    pub(super) fn helped(&self, now: Mono) {
        self.helped.lock().unwrap_or_else(PoisonError::into_inner).heard(now);
    }

    /// Whether servers of the internet answer.
    pub(super) fn evidence(&self) -> NetworkAnswers {
        *self.helped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a server of the internet was heard after `moment`.
    pub(super) fn has_heard_internet(&self, moment: Mono) -> bool {
        self.world.load(Ordering::Relaxed) > moment.as_micros()
    }

    /// Whether any server was heard after `moment`: one of the internet, or one that the operator has named.
    pub(super) fn has_heard_any(&self, moment: Mono) -> bool {
        self.has_heard_internet(moment) || self.configured.load(Ordering::Relaxed) > moment.as_micros()
    }

    /// Whether the silence of a server of this role since `sent` is its own fault, because others were heard
    /// meanwhile.
    pub(super) fn is_own_fault(&self, role: ServerRole, sent: Mono) -> bool {
        if role.is_configured() { self.has_heard_any(sent) } else { self.has_heard_internet(sent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_a_servers_own_fault_if_others_were_heard_meanwhile() {
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
