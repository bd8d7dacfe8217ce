//! Limits how many REFUSED replies are sent over UDP to clients that are not allowed to ask. The source address of a query may be forged.
//!
//! The number of counters is fixed, and the hash of a network selects its counter. So the replies to all networks together are limited too.
//! Each counter uses the generic cell rate algorithm, which stores only a time.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits::{REFUSAL_BURST, REFUSAL_INTERVAL, REFUSAL_NETWORKS};
use dns::clock::Mono;
use dns::hash::Keyed;

pub(super) struct Refusals {
    keyed: Keyed,
    /// For each counter, the theoretical arrival time of the generic cell rate algorithm, in microseconds of the clock.
    due: [AtomicU64; REFUSAL_NETWORKS],
}

impl Refusals {
    pub(super) fn new(keyed: Keyed) -> Self {
        Self { keyed, due: [const { AtomicU64::new(0) }; REFUSAL_NETWORKS] }
    }

    pub(super) fn may(&self, client: IpAddr, now: Mono) -> bool {
        // A network is a /24 or /56, as in the response rate limiting of BIND and NSD.
        let hash = match client.to_canonical() {
            IpAddr::V4(address) => self.keyed.hash_one(address.to_bits() >> 8),
            IpAddr::V6(address) => self.keyed.hash_one(address.to_bits() >> 72),
        };
        let place = usize::try_from(hash).unwrap_or(0) % REFUSAL_NETWORKS;
        let Some(due) = self.due.get(place) else { return false };
        let next = |last: u64| {
            let due = Mono::from_micros(last.max(now.as_micros())).after(REFUSAL_INTERVAL);
            (due.since(now) <= REFUSAL_INTERVAL * REFUSAL_BURST).then_some(due.as_micros())
        };
        due.try_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::random::Random;
    use std::time::Duration;

    #[test]
    fn refused_replies_are_limited_per_network() {
        let refusals = Refusals::new(Keyed::new(&Random::seeded(1)));
        let sent = |addresses: &mut dyn Iterator<Item = IpAddr>, at: u64| {
            let now = Mono::START.after(Duration::from_secs(at));
            addresses.filter(|address| refusals.may(*address, now)).count()
        };
        let one_network = || (0..=255).map(|last| IpAddr::from([192, 0, 2, last]));
        let burst = usize::try_from(REFUSAL_BURST).unwrap();
        assert_eq!(sent(&mut one_network(), 100), burst);
        assert_eq!(sent(&mut one_network(), 101), 1);
        assert_eq!(sent(&mut one_network(), 200), burst);
        let mapped = &mut std::iter::once("::ffff:192.0.2.77".parse().unwrap());
        assert_eq!(sent(mapped, 200), 0, "the same network on a socket of both families");
        let mut all = (0..1_000_000_u32).map(|number| IpAddr::V4((number << 8).into()));
        assert!(sent(&mut all, 300) <= burst * REFUSAL_NETWORKS);
    }
}
