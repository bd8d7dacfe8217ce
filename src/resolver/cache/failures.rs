//! Stores recent failures of questions, so that repeated questions cause no queries (RFC 9520).
//!
//! A failure is stored for 1 s, and for twice as long after each further failure, up to 30 s. A successful answer removes it. If no server at all
//! answered during the resolution, the network of this host may be at fault: the failure is stored for 1 s only, and ends when any server answers.
//!
//! The snapshot does not contain failures (RFC 9520 does not require this). So an operator who has repaired a zone can restart resolverd, which then
//! queries the zone's servers immediately.

use std::sync::Arc;
use std::time::Duration;

use super::store::QuestionStore;
use super::weights::{shared, weight};
use crate::limits::{
    FAILURE_RECHECK_TIME, FIRST_FAILURE_TIME, MAX_FAILURE_TIME, MAX_UNANSWERED_TIME, UNANSWERED_TIME,
};
use dns::clock::Mono;
use dns::question::{ExtendedError, QuestionKey};

/// Which servers answered queries during a failed resolution. If none did, the network of this host may have been down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServersMeanwhile {
    /// At least one server answered, and the question failed for another reason than timeouts.
    Answered,
    /// No server answered for this question, but at least one server answered for another question.
    AnsweredOthers,
    /// No server answered any query.
    Silent,
}

/// A cached failure of a question.
#[derive(Debug)]
pub struct CachedFailure {
    /// The question is answered with this failure until this time.
    pub until: Mono,
    /// When the failure was stored.
    pub since: Mono,
    /// The time from `since` to `until`. If the question fails again soon, the next failure is stored for twice as long.
    span: Duration,
    servers: ServersMeanwhile,
    /// If no server answered the question: for this time after `since`, clients that ask it again wait only briefly.
    unanswered_for: Duration,
    /// Why the question failed (RFC 8914).
    pub error: ExtendedError,
}

impl CachedFailure {
    /// Returns `unanswered_for` for the next failure. It is twice as long, up to `MAX_UNANSWERED_TIME`, if the time of this failure has
    /// passed and servers have answered other questions. Otherwise it stays the same.
    fn next_unanswered(&self, now: Mono) -> Duration {
        let is_over = now.since(self.since) >= self.unanswered_for;
        if is_over && self.servers == ServersMeanwhile::AnsweredOthers {
            self.unanswered_for.saturating_mul(2).min(MAX_UNANSWERED_TIME)
        } else {
            self.unanswered_for
        }
    }
}

/// Questions that failed recently.
#[derive(Clone)]
pub struct CachedFailures(QuestionStore<Arc<CachedFailure>>);

impl CachedFailures {
    pub(super) fn new(store: QuestionStore<Arc<CachedFailure>>) -> Self {
        Self(store)
    }

    pub(super) fn store(&self) -> &QuestionStore<Arc<CachedFailure>> {
        &self.0
    }

    /// Returns true if the last resolution of the question failed, however long ago.
    pub fn has(&self, key: &[u8]) -> bool {
        self.0.get(key).is_some()
    }

    /// Returns the failure with which the question must be answered, or `None` if the question may be resolved. `heard_since` returns true if any
    /// server has answered since the given time.
    pub fn get(
        &self,
        key: &[u8],
        now: Mono,
        heard_since: impl Fn(Mono) -> bool,
    ) -> Option<Arc<CachedFailure>> {
        let holds = |failed: &Arc<CachedFailure>| {
            now < failed.until && (failed.servers != ServersMeanwhile::Silent || !heard_since(failed.since))
        };
        self.0.get(key).filter(holds)
    }

    /// Returns the last failure of the question, if it is younger than `FAILURE_RECHECK_TIME`, and no server answered any query during the resolution
    /// and since. `heard_since` returns true if any server has answered since the given time.
    pub fn unheard(
        &self,
        key: &[u8],
        now: Mono,
        heard_since: impl Fn(Mono) -> bool,
    ) -> Option<Arc<CachedFailure>> {
        let holds = |failed: &Arc<CachedFailure>| {
            failed.servers == ServersMeanwhile::Silent
                && now.since(failed.since) < FAILURE_RECHECK_TIME
                && !heard_since(failed.since)
        };
        self.0.get(key).filter(holds)
    }

    /// Returns true if no server answered this question a short time ago, although servers answered other questions. The servers may drop queries for
    /// this type.
    pub(crate) fn was_unanswered(&self, key: &[u8], now: Mono) -> bool {
        self.0.get(key).is_some_and(|failed| {
            failed.servers == ServersMeanwhile::AnsweredOthers
                && now.since(failed.since) < failed.unanswered_for
        })
    }

    /// Stores a failure of a question. It lasts twice as long as the previous failure if that ended a short time ago, and if servers answered queries
    /// during the resolution.
    pub fn put(&self, key: QuestionKey, error: ExtendedError, servers: ServersMeanwhile, now: Mono) {
        let last = self.0.get(&key);
        let unanswered_for = last.as_ref().map_or(UNANSWERED_TIME, |last| last.next_unanswered(now));
        let last = last.filter(|_| servers != ServersMeanwhile::Silent);
        let span = last.map_or(FIRST_FAILURE_TIME, |last| next_span(last.until, last.span, now));
        let until = now.after(span);
        let failed = CachedFailure { until, since: now, span, servers, unanswered_for, error };
        self.0.insert(key, Arc::new(failed));
    }

    /// Removes the failure of a question that has been answered.
    pub fn clear(&self, key: &QuestionKey) {
        self.0.remove(key);
    }
}

/// Returns how long a failure is stored: twice the time of the previous failure, up to `MAX_FAILURE_TIME`; or `FIRST_FAILURE_TIME` if the previous
/// failure ended more than `MAX_FAILURE_TIME` ago.
fn next_span(last_until: Mono, last_span: Duration, now: Mono) -> Duration {
    if now.since(last_until) > MAX_FAILURE_TIME {
        FIRST_FAILURE_TIME
    } else {
        last_span.saturating_mul(2).min(MAX_FAILURE_TIME)
    }
}

pub(super) fn weigh(key: &QuestionKey, failed: &Arc<CachedFailure>) -> u32 {
    weight(key, &[shared::<CachedFailure>(), failed.error.text.len()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::RecordType;

    // An outage of the uplink must not lengthen the time for which a failure is kept.
    #[test]
    fn failure_during_outage_expires_after_second() {
        let failures = crate::cache::stage::memory().failures;
        let key = dns::question::Question::new(
            &crate::cache::stage::name("www."),
            hickory_proto::rr::RecordType::A,
        )
        .key();
        let mut now = Mono::START;
        let mut fail = |servers| {
            failures.put(key.clone(), ExtendedError::new(22, "no"), servers, now);
            let until = failures.get(key.as_bytes(), now, |_| false).unwrap().until;
            let span = until.since(now);
            now = until;
            span.as_secs()
        };
        let (answered, silent) = (ServersMeanwhile::Answered, ServersMeanwhile::Silent);
        let servers = [answered, answered, answered, silent, silent, answered];
        assert_eq!(servers.map(&mut fail), [1, 2, 4, 1, 1, 2]);
    }

    // A failure from the time when no server answered is dropped once a server replies.
    #[test]
    fn outage_failure_ends_with_next_reply() {
        let failures = crate::cache::stage::memory().failures;
        let name = crate::cache::stage::name("www.");
        let key = |kind| dns::question::Question::new(&name, kind).key();
        let (one, other) = (key(hickory_proto::rr::RecordType::A), key(hickory_proto::rr::RecordType::MX));
        let at = |millis| Mono::START.after(Duration::from_millis(millis));
        failures.put(one.clone(), ExtendedError::new(22, "no"), ServersMeanwhile::Silent, at(10));
        failures.put(other.clone(), ExtendedError::new(22, "no"), ServersMeanwhile::Answered, at(10));
        let heard_at = |moment: Mono| move |since: Mono| moment > since;
        assert!(failures.get(one.as_bytes(), at(20), heard_at(at(10))).is_some());
        assert!(failures.get(one.as_bytes(), at(20), heard_at(at(15))).is_none());
        assert!(
            failures.get(other.as_bytes(), at(20), heard_at(at(15))).is_some(),
            "a server had answered already"
        );
    }

    // Servers answered other questions meanwhile, so this question alone gets no answer.
    #[test]
    fn failure_beside_answers_counts_as_unanswered() {
        let failures = crate::cache::stage::memory().failures;
        let key = dns::question::Question::new(&crate::cache::stage::name("www."), RecordType::MX).key();
        let was_unanswered = |moment| failures.was_unanswered(key.as_bytes(), moment);
        let just_before = UNANSWERED_TIME - Duration::from_millis(1);
        for (servers, expected) in [
            (ServersMeanwhile::Answered, false),
            (ServersMeanwhile::Silent, false),
            (ServersMeanwhile::AnsweredOthers, true),
        ] {
            assert!(!was_unanswered(Mono::START) || servers == ServersMeanwhile::Answered);
            failures.put(key.clone(), ExtendedError::new(22, "no"), servers, Mono::START);
            assert_eq!(was_unanswered(Mono::START.after(just_before)), expected, "{servers:?}");
            assert!(!was_unanswered(Mono::START.after(UNANSWERED_TIME)));
        }
        let mut now = Mono::START;
        let mut span = UNANSWERED_TIME;
        for _ in 0..10 {
            now = now.after(span);
            assert!(!was_unanswered(now), "{span:?}");
            failures.put(key.clone(), ExtendedError::new(22, "no"), ServersMeanwhile::AnsweredOthers, now);
            span = (span * 2).min(MAX_UNANSWERED_TIME);
            assert!(was_unanswered(now.after(span - Duration::from_millis(1))), "{span:?}");
        }
        assert_eq!(span, MAX_UNANSWERED_TIME);
        failures.clear(&key);
        assert!(!was_unanswered(now), "it was answered");
    }

    // The time begins anew after a quiet time.
    #[test]
    fn failure_time_doubles_to_thirty_seconds() {
        let mut span = FIRST_FAILURE_TIME;
        let mut spans = vec![span];
        for _ in 0..6 {
            span = next_span(Mono::START, span, Mono::START.after(Duration::from_secs(1)));
            spans.push(span);
        }
        assert_eq!(spans.iter().map(Duration::as_secs).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 30, 30]);
        let later = Mono::START.after(Duration::from_secs(31));
        assert_eq!(next_span(Mono::START, span, later), FIRST_FAILURE_TIME);
    }
}
