//! Converts the monotonic times of entries to spans of time before or after the snapshot is written, and back. A monotonic time has no meaning
//! in another process.

use std::time::Duration;

use super::blocks::Octets;
use dns::clock::Mono;

#[derive(Clone, Copy)]
pub(super) struct Moments {
    pub(super) now: Mono,
    /// The time since the snapshot was written.
    pub(super) gone: Duration,
    /// The longest validity of an entry.
    pub(super) most: Duration,
    /// How long after its expiry an entry may be a stale answer.
    pub(super) stale: Duration,
}

/// How an entry may be used after its TTL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PastEnd {
    /// As a stale answer, while no server answers.
    Used,
    Unused,
}

/// The times of a restored entry on the clock of this process.
#[derive(Clone, Copy)]
pub(super) struct Lifetime {
    /// When the entry was stored, before this process began.
    pub(super) since: Mono,
    pub(super) expires: Mono,
}

impl Lifetime {
    /// Returns the TTL in whole seconds.
    pub(super) fn ttl(self) -> u32 {
        self.expires.seconds_since(self.since)
    }
}

impl Moments {
    /// Returns what is left now of a time span that was `span` when the snapshot was written, at most `most`. Returns `None` if nothing is left.
    pub(super) fn left(self, span: Duration) -> Option<Duration> {
        span.checked_sub(self.gone).filter(|left| !left.is_zero()).map(|left| left.min(self.most))
    }

    /// Returns the times of an entry that had the age `age` when the snapshot was written, and the TTL `whole`. Returns `None` if the entry can no
    /// longer be used.
    pub(super) fn lifetime(self, age: Duration, whole: Duration, past_end: PastEnd) -> Option<Lifetime> {
        let age = age.saturating_add(self.gone);
        // The clock of a process starts far above `Mono::START`. So this check never refuses an entry of a real snapshot.
        let since = Some(self.now.before(age)).filter(|since| *since > Mono::START)?;
        let whole = whole.min(age.saturating_add(self.most));
        let stale = if past_end == PastEnd::Used { self.stale } else { Duration::ZERO };
        (age < whole.saturating_add(stale)).then(|| Lifetime { since, expires: since.after(whole) })
    }
}

/// Returns the span in milliseconds, rounded down.
fn millis(span: Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(u32::MAX)
}

pub(super) fn put_span(out: &mut Vec<u8>, span: Duration) {
    out.extend_from_slice(&millis(span).to_be_bytes());
}

/// Appends the age and the TTL of an entry, which `Moments::lifetime` reads.
pub(super) fn put_lifetime(out: &mut Vec<u8>, (since, expires): (Mono, Mono), now: Mono) {
    put_span(out, now.since(since));
    put_span(out, expires.since(since));
}

/// Reads the times of an entry that must not be used after its TTL.
pub(super) fn lifetime(left: &mut Octets<'_>, moments: Moments) -> Option<Lifetime> {
    moments.lifetime(span(left)?, span(left)?, PastEnd::Unused)
}

pub(super) fn span(left: &mut Octets<'_>) -> Option<Duration> {
    left.word().map(|millis| Duration::from_millis(millis.into()))
}
