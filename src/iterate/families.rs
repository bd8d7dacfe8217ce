//! Which address families lead anywhere: found out, not configured.
//!
//! May call: `config`, `clock`, `limits`. A host without IPv6 never waits for it: the first message for which the
//! kernel has no route leaves the family alone for a while.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Mono;
use crate::config::{Family, Resolve};
use crate::limits::NO_ROUTE_TIME;

/// What is known of the two families.
#[derive(Debug)]
pub(super) struct Families {
    ipv4: Route,
    ipv6: Route,
}

#[derive(Debug)]
struct Route {
    configured: Family,
    /// Microseconds of the clock until which there is no route.
    none_until: AtomicU64,
}

impl Families {
    /// As configured, and not yet tried.
    pub(super) fn new(config: &Resolve) -> Self {
        let route = |configured| Route { configured, none_until: AtomicU64::new(0) };
        Self { ipv4: route(config.ipv4), ipv6: route(config.ipv6) }
    }

    /// Whether servers of IPv4 are asked.
    pub(super) fn ipv4(&self, now: Mono) -> bool {
        self.ipv4.is_used(now)
    }

    /// Whether servers of IPv6 are asked.
    pub(super) fn ipv6(&self, now: Mono) -> bool {
        self.ipv6.is_used(now)
    }

    /// Whether the server at `address` is asked.
    pub(super) fn allows(&self, address: IpAddr, now: Mono) -> bool {
        if address.is_ipv4() { self.ipv4(now) } else { self.ipv6(now) }
    }

    /// The kernel has no route to `address`.
    pub(super) fn no_route(&self, address: IpAddr, now: Mono) {
        let route = if address.is_ipv4() { &self.ipv4 } else { &self.ipv6 };
        route.none_until.store(now.after(NO_ROUTE_TIME).as_micros(), Ordering::Relaxed);
    }
}

impl Route {
    fn is_used(&self, now: Mono) -> bool {
        match self.configured {
            Family::On => true,
            Family::Off => false,
            Family::Auto => now.as_micros() >= self.none_until.load(Ordering::Relaxed),
        }
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
        let families = Families::new(&config);
        let (four, six) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        assert!(families.allows(six, Mono::START));
        families.no_route(six, Mono::START);
        families.no_route(four, Mono::START);
        assert!(!families.allows(six, Mono::START));
        assert!(families.allows(four, Mono::START), "configured to be used");
        assert!(families.allows(six, Mono::START.after(NO_ROUTE_TIME)));
    }
}
