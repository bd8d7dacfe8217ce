//! Which address families lead anywhere: found out, not configured.
//!
//! May call: `config`, `clock`, `limits`. A host without IPv6 never waits for it: the first message for which the
//! kernel has no route leaves the family alone for a while. Where no family is left, our own network is down: what may
//! be used is tried, so that its return is noticed by the next question.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Mono;
use crate::config::{Family, Resolve};
use crate::limits::NO_ROUTE_TIME;

/// What has been found out of the two families: microseconds of the clock until which there is no route.
#[derive(Debug, Default)]
pub(super) struct Families {
    no_ipv4_until: AtomicU64,
    no_ipv6_until: AtomicU64,
}

impl Families {
    /// Whether servers of IPv4 are asked.
    pub(super) fn ipv4(&self, config: &Resolve, now: Mono) -> bool {
        let other = is_routed(config.ipv6, &self.no_ipv6_until, now);
        is_routed(config.ipv4, &self.no_ipv4_until, now) || (config.ipv4 == Family::Auto && !other)
    }

    /// Whether servers of IPv6 are asked.
    pub(super) fn ipv6(&self, config: &Resolve, now: Mono) -> bool {
        let other = is_routed(config.ipv4, &self.no_ipv4_until, now);
        is_routed(config.ipv6, &self.no_ipv6_until, now) || (config.ipv6 == Family::Auto && !other)
    }

    /// Whether the server at `address` is asked.
    pub(super) fn allows(&self, config: &Resolve, address: IpAddr, now: Mono) -> bool {
        if address.is_ipv4() { self.ipv4(config, now) } else { self.ipv6(config, now) }
    }

    /// The kernel has no route to `address`.
    pub(super) fn no_route(&self, address: IpAddr, now: Mono) {
        let until = if address.is_ipv4() { &self.no_ipv4_until } else { &self.no_ipv6_until };
        until.store(now.after(NO_ROUTE_TIME).as_micros(), Ordering::Relaxed);
    }
}

fn is_routed(configured: Family, none_until: &AtomicU64, now: Mono) -> bool {
    match configured {
        Family::On => true,
        Family::Off => false,
        Family::Auto => now.as_micros() >= none_until.load(Ordering::Relaxed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_family_without_route_is_left_alone_for_a_while() {
        let mut config = Config::default().resolve;
        config.ipv4 = Family::On;
        let families = Families::default();
        let (four, six) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        assert!(families.allows(&config, six, Mono::START));
        families.no_route(six, Mono::START);
        families.no_route(four, Mono::START);
        assert!(!families.allows(&config, six, Mono::START));
        assert!(families.allows(&config, four, Mono::START), "configured to be used");
        assert!(families.allows(&config, six, Mono::START.after(NO_ROUTE_TIME)));
    }

    #[test]
    fn where_no_family_is_left_both_are_tried() {
        let config = Config::default().resolve;
        let families = Families::default();
        let (four, six) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        families.no_route(six, Mono::START);
        assert!(!families.allows(&config, six, Mono::START));
        families.no_route(four, Mono::START);
        assert!(families.allows(&config, six, Mono::START) && families.allows(&config, four, Mono::START));
    }
}
