//! Spans from the moment of writing, and the rest of them at the moment of reading.

use std::time::Duration;

use super::octets::Octets;
use crate::clock::Mono;

/// The moments of restoring.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    pub(super) now: Mono,
    /// Time since the snapshot was written.
    pub(super) gone: Duration,
    /// The longest time for which an entry is kept.
    pub(super) most: Duration,
}

impl Moments {
    /// The rest of a span that began at the moment of writing; none if it is over.
    pub(super) fn left(self, span: Duration) -> Option<Duration> {
        span.checked_sub(self.gone).filter(|left| !left.is_zero()).map(|left| left.min(self.most))
    }

    /// The same as a TTL, which is rounded down.
    pub(super) fn ttl(self, span: Duration) -> Option<u32> {
        u32::try_from(self.left(span)?.as_secs()).ok().filter(|ttl| *ttl > 0)
    }
}

/// Milliseconds, rounded down.
fn millis(span: Duration) -> u32 {
    u32::try_from(span.as_millis()).unwrap_or(u32::MAX)
}

pub(super) fn put_span(out: &mut Vec<u8>, span: Duration) {
    out.extend_from_slice(&millis(span).to_be_bytes());
}

pub(super) fn span(left: &mut Octets<'_>) -> Option<Duration> {
    left.word().map(|millis| Duration::from_millis(millis.into()))
}
