//! Whether our own network works: when any server was last heard.
//!
//! While no server is heard, silence is no server's fault: an outage of our own network must not mark all servers
//! dead. Servers that the operator has named may be in our own network, so they prove nothing about the others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::clock::Mono;
use crate::dnsbl::network_answers::NetworkAnswers;

/// When servers were last heard, in microseconds of the clock; 0 is never.
#[derive(Debug, Default)]
pub(super) struct Uplink {
    world: AtomicU64,
    configured: AtomicU64,
    /// The same for answers that helped.
    helped: Mutex<NetworkAnswers>,
}

impl Uplink {
    /// A server was heard; `configured`: the operator has named it.
    pub(super) fn heard(&self, configured: bool, now: Mono) {
        let last = if configured { &self.configured } else { &self.world };
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

    /// Whether the silence of a server since `sent` is its own fault, because others were heard meanwhile.
    pub(super) fn proves_silence(&self, configured: bool, sent: Mono) -> bool {
        let heard = |last: &AtomicU64| last.load(Ordering::Relaxed) > sent.as_micros();
        heard(&self.world) || (configured && heard(&self.configured))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_proven_by_whoever_was_heard_meanwhile() {
        let (uplink, at) = (Uplink::default(), Mono::from_micros);
        assert!(!uplink.proves_silence(true, at(5)), "nobody was heard");
        uplink.heard(true, at(10));
        assert!(uplink.proves_silence(true, at(5)));
        assert!(!uplink.proves_silence(false, at(5)), "the office's own server answers without the internet");
        uplink.heard(false, at(10));
        assert!(uplink.proves_silence(false, at(5)));
        assert!(!uplink.proves_silence(true, at(10)));
    }
}
