//! Spans from the moment of writing, and the rest of them at the moment of reading.

use std::time::Duration;

use super::blocks::Octets;
use dns::clock::Mono;

/// The moments of restoring.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    pub(super) now: Mono,
    /// Time since the snapshot was written.
    pub(super) gone: Duration,
    /// The longest time for which an entry is kept.
    pub(super) most: Duration,
    /// Entries that may be used past their end are restored for so long after it.
    pub(super) stale: Duration,
}

/// The use of an entry past its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PastEnd {
    /// While no server answers.
    Used,
    /// It is not used.
    Unused,
}

/// The times of an entry in this process.
#[derive(Clone, Copy)]
pub(super) struct Lifetime {
    /// Before this process began.
    pub(super) since: Mono,
    pub(super) expires: Mono,
}

impl Lifetime {
    /// From its start to its end, in whole seconds.
    pub(super) fn ttl(self) -> u32 {
        self.expires.seconds_since(self.since)
    }
}

impl Moments {
    /// The rest of a span that began at the moment of writing; none if it is over.
    pub(super) fn left(self, span: Duration) -> Option<Duration> {
        span.checked_sub(self.gone).filter(|left| !left.is_zero()).map(|left| left.min(self.most))
    }

    /// The times of an entry that had this age at the moment of writing, and whose whole life is `whole`. None if it is
    /// over.
    pub(super) fn lifetime(self, age: Duration, whole: Duration, past_end: PastEnd) -> Option<Lifetime> {
        let age = age.saturating_add(self.gone);
        // An older one is not one of our entries.
        let since = Some(self.now.before(age)).filter(|since| *since > Mono::START)?;
        let whole = whole.min(age.saturating_add(self.most));
        let stale = if past_end == PastEnd::Used { self.stale } else { Duration::ZERO };
        (age < whole.saturating_add(stale)).then(|| Lifetime { since, expires: since.after(whole) })
    }
}

/// Milliseconds, rounded down.
fn millis(span: Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(u32::MAX)
}

pub(super) fn put_span(out: &mut Vec<u8>, span: Duration) {
    out.extend_from_slice(&millis(span).to_be_bytes());
}

/// Appends the age of an entry and its whole life, for `Moments::lifetime`.
pub(super) fn put_lifetime(out: &mut Vec<u8>, (since, expires): (Mono, Mono), now: Mono) {
    put_span(out, now.since(since));
    put_span(out, expires.since(since));
}

/// Reads them, for an entry that is not used past its end.
pub(super) fn lifetime(left: &mut Octets<'_>, moments: Moments) -> Option<Lifetime> {
    moments.lifetime(span(left)?, span(left)?, PastEnd::Unused)
}

pub(super) fn span(left: &mut Octets<'_>) -> Option<Duration> {
    left.word().map(|millis| Duration::from_millis(millis.into()))
}
