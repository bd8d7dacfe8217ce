//! Finds out which address families work.
//!
//! A host without IPv6 never waits for it: the first query for which the kernel has no route excludes the family
//! for a while. Queries into an IPv6 that leads nowhere do the same, once there are enough of them with answers over
//! IPv4 between them. If IPv4 is silent too, our network is down, and not IPv6 alone. If no family is left, our own
//! network is down too: all families are tried, so that the next question notices its return. A family that has
//! answered is never excluded in favour of one that never has.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::clock::Mono;
use crate::config::{Family, Resolve};
use crate::limits::{BROKEN_IPV6_TIME, MAX_IPV6_SILENCES, NO_ROUTE_TIME};

/// The state of the two families: microseconds of the clock until which there is no route.
#[derive(Debug, Default)]
pub(super) struct Families {
    no_ipv4_until: AtomicU64,
    no_ipv6_until: AtomicU64,
    /// Whether a server has ever answered over each.
    ipv4_works: AtomicBool,
    ipv6_works: AtomicBool,
    /// Silences over IPv6 since it last answered, each after an answer over IPv4.
    ipv6_silences: AtomicU32,
    /// Whether IPv4 has answered since the last of them.
    ipv4_answers: AtomicBool,
}

impl Families {
    /// Whether servers of IPv4 are asked.
    pub(super) fn ipv4(&self, config: &Resolve, now: Mono) -> bool {
        let other = is_routed(config.ipv6, &self.no_ipv6_until, now);
        let better = other && is_as_good(&self.ipv6_works, &self.ipv4_works);
        is_routed(config.ipv4, &self.no_ipv4_until, now) || (config.ipv4 == Family::Auto && !better)
    }

    /// Whether servers of IPv6 are asked.
    pub(super) fn ipv6(&self, config: &Resolve, now: Mono) -> bool {
        let other = is_routed(config.ipv4, &self.no_ipv4_until, now);
        let better = other && is_as_good(&self.ipv4_works, &self.ipv6_works);
        is_routed(config.ipv6, &self.no_ipv6_until, now) || (config.ipv6 == Family::Auto && !better)
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

    /// The server at `address` has answered: its family works again.
    pub(super) fn answered(&self, address: IpAddr) {
        let (works, none_until) = match address.is_ipv4() {
            true => (&self.ipv4_works, &self.no_ipv4_until),
            false => (&self.ipv6_works, &self.no_ipv6_until),
        };
        // Each answer comes here. A write takes the state from other processors, so only changes are written.
        if !works.load(Ordering::Relaxed) {
            works.store(true, Ordering::Relaxed);
        }
        if none_until.load(Ordering::Relaxed) != 0 {
            none_until.store(0, Ordering::Relaxed);
        }
        if address.is_ipv4() && !self.ipv4_answers.load(Ordering::Relaxed) {
            self.ipv4_answers.store(true, Ordering::Relaxed);
        }
        if address.is_ipv6() && self.ipv6_silences.load(Ordering::Relaxed) != 0 {
            self.ipv6_silences.store(0, Ordering::Relaxed);
        }
    }

    /// The server at `address` has not answered in time. When the bound is reached, each further silence excludes
    /// IPv6 again, until it answers.
    pub(super) fn silent(&self, address: IpAddr, now: Mono) {
        if address.is_ipv4() || !self.ipv4_answers.swap(false, Ordering::Relaxed) {
            return;
        }
        let silences = self.ipv6_silences.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if silences >= MAX_IPV6_SILENCES {
            self.no_ipv6_until.store(now.after(BROKEN_IPV6_TIME).as_micros(), Ordering::Relaxed);
        }
    }
}

/// Whether one family may replace the other: it has answered before, or neither has.
fn is_as_good(one: &AtomicBool, other: &AtomicBool) -> bool {
    one.load(Ordering::Relaxed) || !other.load(Ordering::Relaxed)
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
    fn an_ipv6_that_leads_nowhere_is_told_from_an_outage() {
        let config = Config::default().resolve;
        let families = Families::default();
        let (four, six) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        let now = Mono::START;
        families.answered(four);
        for _ in 0..100 {
            families.silent(six, now);
            families.silent(four, now);
        }
        assert!(families.allows(&config, six, now), "all is silent");
        for _ in 1..MAX_IPV6_SILENCES {
            assert!(families.allows(&config, six, now));
            families.answered(four);
            families.silent(six, now);
        }
        assert!(!families.allows(&config, six, now));
        let later = now.after(BROKEN_IPV6_TIME);
        assert!(families.allows(&config, six, later));
        families.answered(four);
        families.silent(six, later);
        assert!(!families.allows(&config, six, later), "one silence more is enough");
        families.answered(six);
        assert!(families.allows(&config, six, later.after(BROKEN_IPV6_TIME)));
    }

    #[test]
    fn a_family_that_has_answered_is_not_left_for_one_that_never_has() {
        let config = Config::default().resolve;
        let families = Families::default();
        let (four, six) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        families.answered(four);
        families.no_route(six, Mono::START);
        let later = Mono::START.after(NO_ROUTE_TIME / 2);
        families.no_route(four, later);
        let last = Mono::START.after(NO_ROUTE_TIME);
        assert!(families.allows(&config, six, last) && families.allows(&config, four, last));
        families.no_route(six, last);
        families.answered(four);
        assert!(families.allows(&config, four, last), "an answer lifts the mark");
        assert!(!families.allows(&config, six, last));
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

    #[test]
    fn an_answer_over_ipv6_begins_the_count_of_silences_again_and_is_none_over_ipv4() {
        let config = Config::default().resolve;
        let families = Families::default();
        let (four, six) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        families.answered(six);
        families.silent(six, Mono::START);
        for _ in 1..MAX_IPV6_SILENCES {
            families.answered(four);
            families.silent(six, Mono::START);
        }
        assert!(families.allows(&config, six, Mono::START));
        families.answered(six);
        families.answered(four);
        families.silent(six, Mono::START);
        assert!(families.allows(&config, six, Mono::START));
    }

    #[test]
    fn a_family_that_is_off_is_not_tried_even_if_the_other_has_no_route() {
        let (four, six): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        for (off, other) in [(four, six), (six, four)] {
            let mut config = Config::default().resolve;
            let family = if off.is_ipv4() { &mut config.ipv4 } else { &mut config.ipv6 };
            *family = Family::Off;
            let families = Families::default();
            families.no_route(other, Mono::START);
            assert!(
                !families.allows(&config, off, Mono::START) && families.allows(&config, other, Mono::START)
            );
        }
    }
}
