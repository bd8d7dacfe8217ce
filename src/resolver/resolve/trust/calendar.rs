//! Determines whether the clock of this host can be correct, and how DNSSEC validation works if it is not.
//!
//! Hosts without a battery start with a slow clock, and must resolve names to set it. A clock is known to be slow if it shows a time before
//! the build of this version, or if the validity period of a signature of the root zone has not begun (RFC 4035 section 5.3.1). Only the
//! owner of the root's key can make such a signature, so an attacker cannot fake a slow clock. While the clock is slow, signatures are
//! validated without their times, as in dnsmasq. No answer is then secure, and none is cached for longer than a minute. A fast clock cannot
//! be detected, because an attacker can replay expired signatures, which look the same. With a fast clock, no name in a signed zone
//! resolves, except below negative trust anchors.

use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};

use crate::cache::security::{ZoneSecurity, ZoneTrust};
use dns::clock::{Calendar, Clock, Mono, Now, date};
use dns::limits::CLOCK_JUMP;
use validate::verdict::{ValidationFailure, Why};

const ADVICE: &str = "set the clock and keep it in sync: `timedatectl set-ntp true`, or chrony";

const RIGHT: u8 = 0;
const SLOW: u8 = 1;
const FAST: u8 = 2;

pub(super) struct Timekeeper {
    /// The calendar time (seconds since 1970) minus the time since the start of the daemon, in seconds.
    offset: AtomicI64,
    /// When the clock of the host was last found to have been set, in microseconds since the start of the daemon. 0 means never.
    set: AtomicU64,
    reported: AtomicU8,
}

impl Timekeeper {
    pub(super) fn new(now: Now) -> Self {
        Self { offset: AtomicI64::new(offset(now)), set: AtomicU64::new(0), reported: AtomicU8::new(RIGHT) }
    }

    /// Returns the time with which the validity periods of signatures are checked. If the state of the clock has changed, the log reports
    /// this.
    pub(super) fn calendar(&self, clock: &Clock) -> Calendar {
        let now = clock.now();
        let calendar = clock.calendar_at(now);
        let set = self.look(now);
        match calendar {
            Calendar::After(passed) => {
                if self.turns(SLOW) {
                    tracing::warn!("{}", slow(now.unix, passed));
                }
            }
            Calendar::Clock(_) if set && self.turns(RIGHT) => {
                tracing::info!(
                    "the clock of this host was set and now says {}; from now on, the validity times of DNSSEC signatures are checked",
                    date(now.unix)
                );
            }
            Calendar::Clock(_) => {}
        }
        calendar
    }

    /// Warns once that the clock may be fast, if the signatures of the root's keys have expired.
    pub(super) fn suspects_clock(&self, clock: &Clock, fault: &ValidationFailure) {
        if fault.why == Why::Expired && self.turns(FAST) {
            tracing::warn!("{}", fast(clock.now().unix, fault));
        }
    }

    /// Returns true if the clock was set since the last call.
    fn look(&self, now: Now) -> bool {
        let offset = offset(now);
        let set = self.offset.swap(offset, Ordering::Relaxed).abs_diff(offset) > CLOCK_JUMP;
        if set {
            self.set.fetch_max(now.mono.as_micros(), Ordering::Relaxed);
        }
        set
    }

    /// Returns true if a validation result from `since` may be wrong, because the clock was set since then.
    pub(super) fn is_outdated(&self, since: Mono) -> bool {
        let set = self.set.load(Ordering::Relaxed);
        set > 0 && since.as_micros() <= set
    }

    /// Returns true if the cached security state of a zone may be wrong, because the clock was set after the state was stored. Secure and
    /// insecure states are never wrong for this reason.
    pub(super) fn outdates(&self, state: &ZoneTrust) -> bool {
        matches!(state.standing, ZoneSecurity::Bogus(_) | ZoneSecurity::NoZone(_))
            && self.is_outdated(state.stored)
    }

    /// Records that the log reports this state of the clock. Returns true if it last reported another state.
    fn turns(&self, reported: u8) -> bool {
        self.reported.swap(reported, Ordering::Relaxed) != reported
    }
}

/// Returns why an answer is not secure if its signatures were validated without their validity periods. The true time is after `passed`
/// (seconds since 1970).
pub(super) fn untimed(passed: u64) -> ValidationFailure {
    let text = format!(
        "the validity times of its signatures cannot be checked: the clock of this host is behind, the true time is after {}",
        date(passed)
    );
    ValidationFailure::new(Why::Indeterminate, text)
}

fn offset(now: Now) -> i64 {
    let seconds = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    seconds(now.unix).saturating_sub(seconds(now.mono.as_micros() / 1_000_000))
}

fn slow(unix: u64, passed: u64) -> String {
    format!(
        "the clock of this host is behind: it says {}, but signatures of the root prove that it is later than {}; until then, signatures are checked without their validity times, and no answer has the AD bit; {ADVICE}",
        date(unix),
        date(passed)
    )
}

fn fast(unix: u64, fault: &ValidationFailure) -> String {
    format!(
        "the clock of this host says {}, and {fault}; either the clock is ahead, or another server answers with old data in place of the root servers; names of signed zones fail until the clock is right, except names in dnssec.negative_trust_anchors; {ADVICE}",
        date(unix)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix: u64, seconds: u64) -> Now {
        Now { mono: Mono::from_micros(seconds * 1_000_000), unix }
    }

    // A clock that only runs on is not reported.
    #[test]
    fn clock_step_is_noticed() {
        let timekeeper = Timekeeper::new(at(1_000, 0));
        assert!(!timekeeper.look(at(101_000, 100_000)));
        assert!(!timekeeper.look(at(101_060, 100_000)));
        assert!(!timekeeper.is_outdated(Mono::START));
        assert!(timekeeper.look(at(500_000, 100_001)));
        assert!(!timekeeper.look(at(500_001, 100_002)));
        assert!(timekeeper.is_outdated(Mono::from_micros(100_000_000_000)));
        assert!(!timekeeper.is_outdated(Mono::from_micros(100_002_000_000)));
        assert!(timekeeper.look(at(1_000, 100_003)), "backwards too");
    }

    #[test]
    fn clock_fault_is_reported_once() {
        let timekeeper = Timekeeper::new(at(0, 0));
        assert_eq!(
            [SLOW, SLOW, FAST, SLOW, RIGHT, RIGHT].map(|reported| timekeeper.turns(reported)),
            [true, false, true, true, true, false]
        );
        assert!(
            slow(0, 1_793_491_200)
                .starts_with("the clock of this host is behind: it says 1970-01-01, but signatures of the root prove that it is later than 2026-11-01;")
        );
        let fault = ValidationFailure::new(Why::Expired, "the RRSIG of . DNSKEY expired 40 days ago");
        assert!(fast(1_800_000_000, &fault).starts_with("the clock of this host says 2027-01-15, and the RRSIG of . DNSKEY expired 40 days ago; either the clock is ahead"));
    }
}
