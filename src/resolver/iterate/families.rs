//! Determines which address families (IPv4, IPv6) can be used to reach servers.
//!
//! A host without IPv6 never waits for IPv6: the first query for which the kernel has no route excludes the family for a while. IPv6 is also excluded
//! if servers in enough IPv6 networks were silent, and servers answered over IPv4 in between (`silent_networks`). If no server answered over IPv4
//! either, the network of this host may be down. If no family is left, all are tried, so that the next question notices when the network works again.
//! A family over which a server has answered is never excluded in favour of a family over which none has ever answered.
//!
//! Many zones list an address at which there is no server. So the silence of a server that never answered is not counted if another server has just
//! answered over the same family.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::silent_networks::SilentNetworks;
use crate::limits::{IPV6_HEARD_PAUSE, IPV6_HEARD_TIME, NO_ROUTE_TIME};
use config::{Family, Resolve};
use dns::clock::Mono;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FamilyState {
    Used,
    /// The configuration excludes the family, or the kernel recently had no route.
    Unrouted,
    /// No server answers over the family.
    Silent,
}

/// What is known about the two address families. Times are in microseconds of the clock. Until `no_ipv4_until` or `no_ipv6_until`, this host is
/// assumed to have no route for the family.
#[derive(Debug, Default)]
pub(super) struct Families {
    no_ipv4_until: AtomicU64,
    no_ipv6_until: AtomicU64,
    /// For each of the two families: true if a server has ever answered over it.
    ipv4_works: AtomicBool,
    ipv6_works: AtomicBool,
    /// The time of the last answer over IPv6, in microseconds, written at most once per `IPV6_HEARD_PAUSE`. 0 means never.
    ipv6_heard: AtomicU64,
    /// The time until which IPv6 is not used, because the servers in `silent_networks` do not answer.
    silent_ipv6_until: AtomicU64,
    is_ipv6_silent: AtomicBool,
    silent_networks: Mutex<SilentNetworks>,
    /// True if a server has answered over IPv4 since the last unanswered query over IPv6 that was counted.
    ipv4_answers: AtomicBool,
}

impl Families {
    pub(super) fn ipv4(&self, config: &Resolve, now: Mono) -> bool {
        let better = self.is_ipv6_good(config, now) && is_as_good(&self.ipv6_works, &self.ipv4_works);
        is_routed(config.ipv4, &self.no_ipv4_until, now) || (config.ipv4 == Family::Auto && !better)
    }

    pub(super) fn ipv6(&self, config: &Resolve, now: Mono) -> bool {
        let other = is_routed(config.ipv4, &self.no_ipv4_until, now);
        let better = other && is_as_good(&self.ipv4_works, &self.ipv6_works);
        self.is_ipv6_good(config, now) || (config.ipv6 == Family::Auto && !better)
    }

    pub(super) fn allows(&self, config: &Resolve, address: IpAddr, now: Mono) -> bool {
        if address.is_ipv4() { self.ipv4(config, now) } else { self.ipv6(config, now) }
    }

    pub(super) fn state(&self, config: &Resolve, address: IpAddr, now: Mono) -> FamilyState {
        if self.allows(config, address, now) {
            return FamilyState::Used;
        }
        let is_silent = address.is_ipv6() && is_routed(config.ipv6, &self.no_ipv6_until, now);
        if is_silent { FamilyState::Silent } else { FamilyState::Unrouted }
    }

    fn is_ipv6_good(&self, config: &Resolve, now: Mono) -> bool {
        is_routed(config.ipv6, &self.no_ipv6_until, now)
            && is_routed(config.ipv6, &self.silent_ipv6_until, now)
    }

    /// Called when the kernel has no route to `address`. The family of this address is not used for `NO_ROUTE_TIME`.
    pub(super) fn no_route(&self, address: IpAddr, now: Mono) {
        let until = if address.is_ipv4() { &self.no_ipv4_until } else { &self.no_ipv6_until };
        until.store(now.after(NO_ROUTE_TIME).as_micros(), Ordering::Relaxed);
    }

    /// Records that a server has answered. Returns true if this is the first answer over IPv6 since `silent` returned true.
    pub(super) fn answered(&self, address: IpAddr, now: Mono) -> bool {
        let (works, none_until) = match address.is_ipv4() {
            true => (&self.ipv4_works, &self.no_ipv4_until),
            false => (&self.ipv6_works, &self.no_ipv6_until),
        };
        // Only changes are written, because each write would invalidate these fields in the caches of other processors.
        if !works.load(Ordering::Relaxed) {
            works.store(true, Ordering::Relaxed);
        }
        if none_until.load(Ordering::Relaxed) != 0 {
            none_until.store(0, Ordering::Relaxed);
        }
        match address {
            IpAddr::V4(_) if !self.ipv4_answers.load(Ordering::Relaxed) => {
                self.ipv4_answers.store(true, Ordering::Relaxed);
                false
            }
            IpAddr::V4(_) => false,
            IpAddr::V6(_) => self.ipv6_answered(now),
        }
    }

    fn ipv6_answered(&self, now: Mono) -> bool {
        if !self.has_heard_ipv6(IPV6_HEARD_PAUSE, now) {
            self.ipv6_heard.store(now.as_micros(), Ordering::Relaxed);
        }
        if !self.is_ipv6_silent.load(Ordering::Relaxed) {
            return false;
        }
        self.is_ipv6_silent.store(false, Ordering::Relaxed);
        let silent =
            std::mem::take(&mut *self.silent_networks.lock().unwrap_or_else(PoisonError::into_inner));
        self.silent_ipv6_until.store(0, Ordering::Relaxed);
        silent.has_rested()
    }

    /// Records that a server has not answered in time. `known` is true if it has answered before. Returns true if IPv6 now counts as broken, and did
    /// not before.
    pub(super) fn silent(&self, address: IpAddr, known: bool, now: Mono) -> bool {
        let IpAddr::V6(address) = address else { return false };
        let counts = known || !self.has_heard_ipv6(IPV6_HEARD_TIME, now);
        let rests = now.as_micros() < self.silent_ipv6_until.load(Ordering::Relaxed);
        if !counts || rests || !self.ipv4_answers.load(Ordering::Relaxed) {
            return false;
        }
        let mut networks = self.silent_networks.lock().unwrap_or_else(PoisonError::into_inner);
        if !networks.add(address) {
            return false;
        }
        self.ipv4_answers.store(false, Ordering::Relaxed);
        self.is_ipv6_silent.store(true, Ordering::Relaxed);
        let is_first = !networks.has_rested();
        let Some(rest) = networks.rest() else { return false };
        self.silent_ipv6_until.store(now.after(rest).as_micros(), Ordering::Relaxed);
        is_first
    }

    fn has_heard_ipv6(&self, time: Duration, now: Mono) -> bool {
        let heard = self.ipv6_heard.load(Ordering::Relaxed);
        heard != 0 && now.since(Mono::from_micros(heard)) < time
    }
}

/// Returns true if servers have answered over the first family, or over neither.
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
    use crate::limits::{FIRST_BROKEN_IPV6_TIME, IPV6_SILENCES_AGAIN, MAX_IPV6_SILENCES};
    use config::Config;

    #[test]
    fn unrouted_family_rests_for_while() {
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

    fn six(network: usize) -> IpAddr {
        format!("2001:db8:{network:x}::1").parse().unwrap()
    }

    /// Simulates an answer over IPv4 and then an unanswered query over IPv6. `known` is true if the IPv6 server has answered before.
    fn one_silence(families: &Families, network: usize, known: bool, now: Mono) {
        families.answered("192.0.2.1".parse().unwrap(), now);
        families.silent(six(network), known, now);
    }

    // IPv6 that leads nowhere rests for a while; silence over both families is an outage.
    #[test]
    fn broken_ipv6_differs_from_outage() {
        let config = Config::default().resolve;
        let families = Families::default();
        let now = Mono::START;
        families.answered("192.0.2.1".parse().unwrap(), now);
        for network in 0..100 {
            families.silent(six(network), false, now);
        }
        assert!(families.allows(&config, six(1), now), "all is silent");
        for network in 1..MAX_IPV6_SILENCES {
            assert!(families.allows(&config, six(1), now));
            one_silence(&families, network, false, now);
        }
        assert_eq!(families.state(&config, six(1), now), FamilyState::Silent);
        let later = now.after(FIRST_BROKEN_IPV6_TIME);
        assert!(families.allows(&config, six(1), later));
        for network in 0..IPV6_SILENCES_AGAIN {
            assert!(families.allows(&config, six(1), later));
            one_silence(&families, network, false, later);
        }
        assert!(!families.allows(&config, six(1), later.after(FIRST_BROKEN_IPV6_TIME)), "a longer rest");
        families.answered(six(7), later);
        assert!(families.allows(&config, six(1), later), "an answer ends it");
    }

    #[test]
    fn silent_network_leaves_ipv6_usable() {
        let config = Config::default().resolve;
        let families = Families::default();
        for _ in 0..100 {
            one_silence(&families, 1, false, Mono::START);
        }
        assert!(families.allows(&config, six(1), Mono::START));
    }

    // Servers that never answered prove nothing while IPv6 answers elsewhere.
    #[test]
    fn never_heard_servers_leave_ipv6_usable() {
        let config = Config::default().resolve;
        let now = Mono::from_micros(1);
        for (known, time, is_used) in
            [(false, Duration::ZERO, true), (true, Duration::ZERO, false), (false, IPV6_HEARD_TIME, false)]
        {
            let families = Families::default();
            families.answered(six(1), now);
            for network in 0..MAX_IPV6_SILENCES {
                one_silence(&families, network, known, now.after(time));
            }
            assert_eq!(families.allows(&config, six(1), now.after(time)), is_used, "{known} {time:?}");
        }
    }

    #[test]
    fn unrouted_family_is_not_silent() {
        let mut config = Config::default().resolve;
        let families = Families::default();
        assert_eq!(families.state(&config, six(1), Mono::START), FamilyState::Used);
        families.no_route(six(1), Mono::START);
        assert_eq!(families.state(&config, six(1), Mono::START), FamilyState::Unrouted);
        config.ipv6 = Family::Off;
        assert_eq!(Families::default().state(&config, six(1), Mono::START), FamilyState::Unrouted);
    }

    // A family that has answered is not given up for one that never has.
    #[test]
    fn answered_family_survives_lost_route() {
        let config = Config::default().resolve;
        let families = Families::default();
        let (four, six) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        families.answered(four, Mono::START);
        families.no_route(six, Mono::START);
        let later = Mono::START.after(NO_ROUTE_TIME / 2);
        families.no_route(four, later);
        let last = Mono::START.after(NO_ROUTE_TIME);
        assert!(families.allows(&config, six, last) && families.allows(&config, four, last));
        families.no_route(six, last);
        families.answered(four, Mono::START);
        assert!(families.allows(&config, four, last), "an answer lifts the mark");
        assert!(!families.allows(&config, six, last));
    }

    #[test]
    fn both_families_are_tried_without_routes() {
        let config = Config::default().resolve;
        let families = Families::default();
        let (four, six) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        families.no_route(six, Mono::START);
        assert!(!families.allows(&config, six, Mono::START));
        families.no_route(four, Mono::START);
        assert!(families.allows(&config, six, Mono::START) && families.allows(&config, four, Mono::START));
    }

    // An answer over IPv4 does not.
    #[test]
    fn ipv6_answer_restarts_silence_count() {
        let config = Config::default().resolve;
        let families = Families::default();
        families.answered(six(1), Mono::START);
        families.silent(six(0), true, Mono::START);
        for network in 1..MAX_IPV6_SILENCES {
            one_silence(&families, network, true, Mono::START);
        }
        assert!(families.allows(&config, six(1), Mono::START));
        families.answered(six(1), Mono::START);
        one_silence(&families, MAX_IPV6_SILENCES, true, Mono::START);
        assert!(families.allows(&config, six(1), Mono::START));
    }

    // Not even when the other family has no route.
    #[test]
    fn disabled_family_is_never_tried() {
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
