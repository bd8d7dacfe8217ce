//! Converts the times of entries to spans from the time at which the snapshot is written, and back to times when the
//! snapshot is read.

use std::time::Duration;

use super::blocks::Octets;
use dns::clock::Mono;

/// What is needed to compute the times of an entry from the spans in the snapshot.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    pub(super) now: Mono,
    /// The time that has passed since the snapshot was written.
    pub(super) gone: Duration,
    /// The longest time for which an entry from the snapshot may be stored.
    pub(super) most: Duration,
    /// How long an entry is still restored after its expiry, if entries of its kind may be used as stale answers.
    pub(super) stale: Duration,
}

/// How an entry of the cache may be used after its TTL has expired.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PastEnd {
    /// The entry may be used while no server answers (as a stale answer).
    Used,
    /// The entry must not be used.
    Unused,
}

/// When a restored entry was stored and when it expires, on the clock of this process.
#[derive(Clone, Copy)]
pub(super) struct Lifetime {
    /// The time at which the entry was stored, before this process began.
    pub(super) since: Mono,
    pub(super) expires: Mono,
}

impl Lifetime {
    /// Returns the time from storing the entry until its TTL expires, in whole seconds.
    pub(super) fn ttl(self) -> u32 {
        self.expires.seconds_since(self.since)
    }
}

impl Moments {
    /// Returns the remaining part of a span that had the length `span` when the snapshot was written. Returns `None` if the span has ended since.
    pub(super) fn left(self, span: Duration) -> Option<Duration> {
        span.checked_sub(self.gone).filter(|left| !left.is_zero()).map(|left| left.min(self.most))
    }

    /// Returns the times of an entry that had the age `age` when the snapshot was written, and whose TTL is `whole`.
    /// Returns `None` if the entry can no longer be used.
    pub(super) fn lifetime(self, age: Duration, whole: Duration, past_end: PastEnd) -> Option<Lifetime> {
        let age = age.saturating_add(self.gone);
        // The monotonic clock of a process starts at a value far above `Mono::START`. An entry that would be older than `Mono::START` cannot come
        // from a snapshot of resolverd.
        let since = Some(self.now.before(age)).filter(|since| *since > Mono::START)?;
        let whole = whole.min(age.saturating_add(self.most));
        let stale = if past_end == PastEnd::Used { self.stale } else { Duration::ZERO };
        (age < whole.saturating_add(stale)).then(|| Lifetime { since, expires: since.after(whole) })
    }
}

/// Returns a span in milliseconds, rounded down.
fn millis(span: Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(u32::MAX)
}

pub(super) fn put_span(out: &mut Vec<u8>, span: Duration) {
    out.extend_from_slice(&millis(span).to_be_bytes());
}

/// Appends the age and the TTL of an entry. `Moments::lifetime` later computes the times of the entry from them.
pub(super) fn put_lifetime(out: &mut Vec<u8>, (since, expires): (Mono, Mono), now: Mono) {
    put_span(out, now.since(since));
    put_span(out, expires.since(since));
}

/// Reads the times of an entry that must not be used after its TTL has expired.
pub(super) fn lifetime(left: &mut Octets<'_>, moments: Moments) -> Option<Lifetime> {
    moments.lifetime(span(left)?, span(left)?, PastEnd::Unused)
}

pub(super) fn span(left: &mut Octets<'_>) -> Option<Duration> {
    left.word().map(|millis| Duration::from_millis(millis.into()))
}
