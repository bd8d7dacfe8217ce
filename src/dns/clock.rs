//! The clock. Functions get the clock as an argument: only the crate `daemon` reads the clock of the machine directly.
//!
//! The daemon uses the machine's clock. Simulations use tokio's paused clock, which jumps ahead to the next timer, so that a test
//! does not wait for deadlines.
//!
//! # Decisions
//!
//! - Time spans come from CLOCK_BOOTTIME, which continues while the machine sleeps or is paused, so that no data are used after
//!   their TTL. tokio's timers do not continue during the sleep: a waiting task wakes late, and then finds that its time is over.
//! - tokio's paused clock jumps ahead while a test waits for real sockets. So a test uses either the paused clock and the network
//!   in memory, or real sockets and real time.
//! - A clock that is slow at boot must not prevent all names from resolving. If a valid signature of the root zone begins in the
//!   future, the clock is slow. Until the clock is set, resolverd does not check the validity periods of signatures, sets no AD,
//!   and caches nothing for longer than a minute.
//! - A cache miss reads the time about thirty times, mostly within microseconds. So its task runs in a `StillClock`, which reads
//!   the clock once for each poll of the task.

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
#[cfg(feature = "simulated")]
use std::sync::atomic::AtomicI64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::limits::{CLOCK_FLOOR, MONO_LEAD, SLOW_CLOCK};

/// Returns a time span in whole microseconds, or the largest number if the span is too long.
pub fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// Returns the smoothed round trip and its variation after one more measurement `sample` (RFC 6298 section 2): first the
/// variation, then the smoothed round trip. `last` is `None` before the first measurement.
#[inline]
pub fn smoothed(last: Option<(Duration, Duration)>, sample: Duration) -> (Duration, Duration) {
    match last {
        None => (sample, sample / 2),
        Some((smoothed, variation)) => {
            let off = smoothed.abs_diff(sample);
            ((smoothed * 7 + sample) / 8, (variation * 3 + off) / 4)
        }
    }
}

/// A time on the monotonic clock, in microseconds since `START`, which is `MONO_LEAD` before the clock was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

impl Mono {
    /// The smallest time. Cache entries that an earlier process wrote have times between `START` and the creation of the clock.
    pub const START: Self = Self(0);

    /// The time at which the clock was created.
    const MADE: Self = Self(MONO_LEAD.as_secs() * 1_000_000);

    /// Returns the time that is `micros` microseconds after `START`.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Returns the number of microseconds since `START`.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Returns the time that is `span` after this one; at most the largest time, 584 000 years after `START`.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(micros(span)))
    }

    /// Returns the time that is `span` before this one, but not before `START`.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(micros(span)))
    }

    /// Returns the time span from `earlier` to this time; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// Returns the whole seconds from `earlier` to this time, rounded down. For the calculation of a remaining TTL (RFC 1035
    /// section 3.2.1).
    pub fn seconds_since(self, earlier: Self) -> u32 {
        u32::try_from(self.0.saturating_sub(earlier.0) / 1_000_000).unwrap_or(u32::MAX)
    }
}

/// The current time on the monotonic clock and in the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The monotonic time, for TTLs, timers and deadlines.
    pub mono: Mono,
    /// The calendar time in seconds since 1970, for people and for the validity of signatures. This time jumps when somebody sets
    /// the machine's clock.
    pub unix: u64,
}

/// The calendar time for the validity periods of signatures, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// The time of the machine's clock, which seems right.
    Clock(u64),
    /// The machine's clock is slow: data that cannot be forged show that the real time is much later. The real time is after this value.
    After(u64),
}

/// The source of the current time.
#[derive(Clone)]
pub struct Clock {
    kind: ClockKind,
    /// The real time is after this value, in seconds since 1970. If the machine's clock shows a much earlier time, it is slow.
    passed: Arc<AtomicU64>,
}

/// The part of a [`Clock`] that returns only monotonic times. Its copies share no memory (except for simulated clocks), so threads with separate
/// copies do not slow each other down.
#[derive(Clone)]
pub struct Moments(ClockKind);

#[derive(Clone)]
enum ClockKind {
    Machine {
        /// When the clock was created, in nanoseconds since the machine booted.
        started: u64,
    },
    #[cfg(feature = "simulated")]
    Virtual {
        started: tokio::time::Instant,
        /// The calendar time when the clock was created, in seconds since 1970.
        unix_at_start: u64,
        /// In seconds: the error of the simulated machine's calendar time.
        shift: Arc<AtomicI64>,
        /// How long the simulated machine has slept, in microseconds.
        slept: Arc<AtomicU64>,
    },
}

thread_local! {
    /// While this thread polls a `StillClock`: the time of all reads, in nanoseconds since boot. Otherwise 0.
    static STILL: Cell<u64> = const { Cell::new(0) };
}

/// Runs a future that reads the machine's clock only once for each poll: all reads during one poll return the same time.
pub struct StillClock<Work>(Pin<Box<Work>>);

impl<Work: Future> StillClock<Work> {
    /// Wraps the future `work`, and puts it on the heap; otherwise the runtime would copy the large future several times.
    pub fn during(work: Work) -> Self {
        Self(Box::pin(work))
    }
}

impl<Work: Future> Future for StillClock<Work> {
    type Output = Work::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Work::Output> {
        /// When this value is dropped, also by a panic, reads of this thread return the real time again.
        struct GoesOn;

        impl Drop for GoesOn {
            fn drop(&mut self) {
                STILL.set(0);
            }
        }

        STILL.set(since_boot());
        let _goes_on = GoesOn;
        self.0.as_mut().poll(context)
    }
}

/// Returns the nanoseconds since the machine booted. All calls during one poll of a `StillClock` return the same time.
fn since_boot_or_still() -> u64 {
    match STILL.get() {
        0 => since_boot(),
        still => still,
    }
}

/// Returns the nanoseconds since the machine booted, including the time that it slept (CLOCK_BOOTTIME of clock_gettime(2)).
fn since_boot() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}

impl ClockKind {
    fn mono(&self) -> Mono {
        match self {
            ClockKind::Machine { started } => {
                let micros = since_boot_or_still().saturating_sub(*started) / 1_000;
                Mono(Mono::MADE.0.saturating_add(micros))
            }
            #[cfg(feature = "simulated")]
            ClockKind::Virtual { started, slept, .. } => Mono::MADE.after(
                started.elapsed().saturating_add(Duration::from_micros(slept.load(Ordering::Relaxed))),
            ),
        }
    }
}

impl Moments {
    /// Returns the current monotonic time.
    pub fn mono(&self) -> Mono {
        self.0.mono()
    }
}

impl fmt::Debug for Moments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Moments({:?})", self.mono())
    }
}

impl Clock {
    /// Creates a clock that returns the time of the machine.
    pub fn machine() -> Self {
        let kind = ClockKind::Machine { started: since_boot() };
        Self { kind, passed: Arc::new(AtomicU64::new(CLOCK_FLOOR)) }
    }

    /// Creates a clock for a tokio runtime whose time is paused. `unix_at_start` is its calendar time now, in seconds since 1970.
    /// Must be called inside that runtime.
    #[cfg(feature = "simulated")]
    pub fn simulated(unix_at_start: u64) -> Self {
        let (started, shift, slept) = (tokio::time::Instant::now(), Arc::default(), Arc::default());
        let kind = ClockKind::Virtual { started, unix_at_start, shift, slept };
        Self { kind, passed: Arc::default() }
    }

    /// Makes the calendar time of a simulated clock wrong by this many seconds. The monotonic time does not change.
    #[cfg(feature = "simulated")]
    pub fn set_wrong_by(&self, seconds: i64) {
        if let ClockKind::Virtual { shift, .. } = &self.kind {
            shift.store(seconds, Ordering::Relaxed);
        }
    }

    /// Simulates a sleep of the machine: the monotonic time advances by `span`, but tokio's timers do not.
    #[cfg(feature = "simulated")]
    pub fn sleep(&self, span: Duration) {
        if let ClockKind::Virtual { slept, .. } = &self.kind {
            slept.fetch_add(micros(span), Ordering::Relaxed);
        }
    }

    /// Returns the monotonic part of the clock.
    pub fn moments(&self) -> Moments {
        Moments(self.kind.clone())
    }

    /// Returns the current monotonic time. Cache hits use this, because it reads only one clock.
    pub fn mono(&self) -> Mono {
        self.kind.mono()
    }

    /// Returns the current monotonic and calendar time.
    pub fn now(&self) -> Now {
        let mono = self.mono();
        let unix = match &self.kind {
            ClockKind::Machine { .. } => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
            }
            #[cfg(feature = "simulated")]
            ClockKind::Virtual { unix_at_start, shift, .. } => {
                let right = unix_at_start.saturating_add(mono.since(Mono::MADE).as_secs());
                right.saturating_add_signed(shift.load(Ordering::Relaxed))
            }
        };
        Now { mono, unix }
    }

    /// Returns the calendar time in microseconds since 1970, for the query history.
    pub fn unix_micros(&self) -> u64 {
        match &self.kind {
            ClockKind::Machine { .. } => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                micros(since)
            }
            #[cfg(feature = "simulated")]
            ClockKind::Virtual { .. } => {
                let fraction = self.mono().since(Mono::MADE).subsec_micros();
                self.now().unix.saturating_mul(1_000_000).saturating_add(fraction.into())
            }
        }
    }

    /// Returns the calendar time, unless the machine's clock is certainly slow.
    pub fn calendar(&self) -> Calendar {
        self.calendar_at(self.now())
    }

    /// Like `calendar`, with the calendar time in `now`, which the caller has read before.
    pub fn calendar_at(&self, now: Now) -> Calendar {
        let (unix, passed) = (now.unix, self.passed.load(Ordering::Relaxed));
        if unix.saturating_add(SLOW_CLOCK.as_secs()) <= passed {
            Calendar::After(passed)
        } else {
            Calendar::Clock(unix)
        }
    }

    /// Records that a calendar time, in seconds since 1970, has certainly passed. The caller must know this from data that cannot
    /// be forged.
    pub fn mark_passed(&self, unix: u64) {
        self.passed.fetch_max(unix, Ordering::Relaxed);
    }
}

/// Returns the date, such as 2026-08-01. Uses Howard Hinnant's civil_from_days: years begin in March, so a leap day is the last
/// day of its year.
pub fn date(unix: u64) -> String {
    let days = unix / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Returns the time in UTC, rounded down to the minute, such as 2026-08-01 09:30 UTC.
pub fn minute(unix: u64) -> String {
    let seconds = unix % 86_400;
    format!("{} {:02}:{:02} UTC", date(unix), seconds / 3_600, seconds % 3_600 / 60)
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Clock({:?})", self.mono())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::stage::skipped;

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(minute(1_795_172_460), "2026-11-20 11:01 UTC");
        assert_eq!(minute(951_782_340), "2000-02-28 23:59 UTC");
        assert_eq!(minute(951_782_400), "2000-02-29 00:00 UTC");
    }

    #[test]
    fn spans_saturate_and_seconds_round_down() {
        let early = Mono::from_micros(500_000);
        let late = early.after(Duration::from_millis(1_999));
        assert_eq!(late.seconds_since(early), 1);
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(Mono::from_micros(u64::MAX).after(Duration::from_secs(1)).as_micros(), u64::MAX);
    }

    #[test]
    fn days_have_their_dates() {
        let days = [0, 951_782_399, 951_782_400, 951_868_800, 1_795_165_200, 4_102_444_800].map(date);
        assert_eq!(
            days,
            ["1970-01-01", "2000-02-28", "2000-02-29", "2000-03-01", "2026-11-20", "2100-01-01"]
        );
    }

    #[test]
    fn clock_counts_time_of_sleep() {
        let clock = Clock::machine();
        let up: f64 =
            std::fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(Duration::from_nanos(since_boot()).as_secs_f64() >= up - 0.01);
        assert!(clock.mono() <= clock.mono());
        assert!(clock.mono().since(Mono::MADE) < Duration::from_secs(60));
    }

    /// Runs another test in a time namespace (time_namespaces(7)), in which the boot-time clock is ahead of the other clocks, as
    /// after a sleep of the machine.
    #[test]
    fn tests_pass_after_machine_sleep() {
        let asleep = |program: &Path, arguments: &[&str]| {
            let mut unshare = Command::new("unshare");
            unshare.args(["--user", "--map-root-user", "--time", "--boottime", "1000000", "--fork"]);
            unshare.arg(program).args(arguments).output()
        };
        if !asleep(Path::new("true"), &[]).is_ok_and(|ran| ran.status.success()) {
            return skipped("no time namespace can be made here");
        }
        let test = "clock::tests::clock_counts_time_of_sleep";
        let ran = asleep(&std::env::current_exe().unwrap(), &["--exact", test]).unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success() && said.contains("1 passed"), "{said}");
    }

    #[tokio::test]
    async fn still_clock_holds_within_poll() {
        let clock = Clock::machine();
        let begun = clock.mono();
        let spin = |from: Mono| while clock.mono() == from {};
        let until_later = || {
            let from = since_boot();
            while since_boot() < from + 2_000_000 {}
        };
        let task = StillClock::during(async {
            let first = clock.mono();
            until_later();
            let second = clock.mono();
            tokio::task::yield_now().await;
            [first, second, clock.mono()]
        });
        let [first, second, third] = task.await;
        assert!(begun <= first && first == second && second < third);
        spin(clock.mono());
        let broken = tokio::spawn(StillClock::during(async { panic!("of the test") }));
        assert!(broken.await.is_err());
        spin(clock.mono());
    }

    /// A clock counts as right if it is less than `SLOW_CLOCK` slow.
    #[tokio::test]
    async fn known_past_corrects_slow_clock() {
        let clock = Clock::simulated(10_000_000);
        assert_eq!(clock.calendar(), Calendar::Clock(10_000_000));
        clock.mark_passed(10_000_000 + SLOW_CLOCK.as_secs() - 1);
        assert_eq!(clock.calendar(), Calendar::Clock(10_000_000));
        clock.mark_passed(20_000_000);
        clock.mark_passed(15_000_000);
        assert_eq!(clock.clone().calendar(), Calendar::After(20_000_000));
        clock.set_wrong_by(11_000_000);
        assert_eq!(clock.calendar(), Calendar::Clock(21_000_000));
        assert_eq!(clock.mono().seconds_since(Mono::MADE), 0);
        clock.sleep(Duration::from_secs(7));
        assert_eq!(clock.mono().seconds_since(Mono::MADE), 7);
        assert_eq!(clock.calendar(), Calendar::Clock(21_000_007));
    }
}
