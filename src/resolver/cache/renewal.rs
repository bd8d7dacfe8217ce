//! When data in use are renewed: shortly before their TTL ends.

use crate::limits::{LEAST_RENEWAL_TIME, LEAST_RENEWED_TTL, MOST_RENEWAL_SHARE, RENEWAL_SHARE};
use dns::clock::Mono;

/// The moment from which an entry that is fresh from `stored` to `expires` must be renewed when it is used; none if it is
/// never renewed.
pub(crate) fn renewal_due(stored: Mono, expires: Mono) -> Option<Mono> {
    let whole = expires.as_micros().saturating_sub(stored.as_micros());
    let least = LEAST_RENEWAL_TIME.min(whole / MOST_RENEWAL_SHARE);
    let left = (whole / RENEWAL_SHARE).max(least);
    (whole >= LEAST_RENEWED_TTL).then(|| Mono::from_micros(expires.as_micros().saturating_sub(left)))
}

/// Whether an entry that is fresh from `stored` to `expires` must be renewed, because it is used now.
pub(crate) fn is_renewal_due(stored: Mono, expires: Mono, now: Mono) -> bool {
    renewal_due(stored, expires).is_some_and(|due| due <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn at(seconds: u64) -> Mono {
        Mono::START.after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_renewal_is_due_in_the_last_tenth_and_in_the_last_five_seconds_but_not_before_the_last_sixth() {
        for (seconds, due) in [(86_400, 77_760), (300, 270), (60, 54), (50, 45), (30, 25), (12, 10), (10, 9)]
        {
            let is_due = |second: u64| is_renewal_due(at(7), at(7 + seconds), at(7 + second));
            assert!(!is_due(due - 1) && is_due(due), "{seconds}");
        }
        for seconds in 0..10 {
            assert!(!is_renewal_due(at(0), at(seconds), at(seconds)), "{seconds}");
        }
    }
}
