//! Decides when the next check of a watched domain is due, and for which domain. All functions are pure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ended::CheckEnd;
use super::history::{DomainHistory, FindingChange};
use super::kept::KeptDomain;
use super::subject::{WatchedState, WatchedSubject};
use crate::limits::{
    MAX_WATCH_AGAIN, WATCH_AGAIN, WATCH_FIRST, WATCH_JITTER_PERCENT, WATCH_PAUSE, WATCH_START,
};
use config::limits::WATCH_INTERVALS;
use dns::clock::{Mono, Now};
use dns::random::Random;

#[derive(Debug, Default)]
pub(super) struct Schedule {
    domains: BTreeMap<String, ScheduledDomain>,
    /// The end of the pause after the last check; `None` before the first check.
    paused: Option<Mono>,
}

#[derive(Debug)]
struct ScheduledDomain {
    subject: WatchedSubject,
    history: DomainHistory,
    due: Mono,
    /// The number of early checks in a row, to confirm a finding.
    early: u8,
}

#[derive(Debug, PartialEq)]
pub(super) enum ScheduleStep {
    /// No domain is watched.
    Rest,
    /// No check is due before this time.
    Wait(Duration),
    Check(Box<WatchedSubject>),
}

impl Schedule {
    /// Applies a new configuration. A domain that remains keeps its history and the time of its next check; a new domain takes its history
    /// from `kept`. A domain that is now watched for another role (sender or recipient) starts with an empty history, because other
    /// findings are possible.
    pub(super) fn set(
        &mut self,
        subjects: &[WatchedSubject],
        kept: Vec<KeptDomain>,
        now: Now,
        random: &Random,
    ) {
        let mut before = std::mem::take(&mut self.domains);
        let mut kept: BTreeMap<String, KeptDomain> =
            kept.into_iter().map(|one| (one.domain.clone(), one)).collect();
        for subject in subjects {
            let name = subject.name.key();
            let old = before.remove(&name).filter(|old| old.subject.side == subject.side);
            let domain = if let Some(old) = old {
                let due = old.due.min(now.mono.after(subject.interval));
                ScheduledDomain { subject: subject.clone(), due, ..old }
            } else {
                let kept = kept.remove(&name).filter(|kept| kept.side == subject.side);
                let history = kept.map(|kept| kept.history).unwrap_or_default();
                let due = now.mono.after(first(subject, &history, now.unix, random));
                ScheduledDomain { subject: subject.clone(), history, due, early: 0 }
            };
            self.domains.insert(name, domain);
        }
    }

    pub(super) fn step(&self, now: Mono) -> ScheduleStep {
        let Some(next) = self.domains.values().min_by_key(|domain| domain.due) else {
            return ScheduleStep::Rest;
        };
        let at = next.due.max(self.paused.unwrap_or(next.due));
        if at > now {
            ScheduleStep::Wait(at.since(now))
        } else {
            ScheduleStep::Check(Box::new(next.subject.clone()))
        }
    }

    /// Returns `None` if a reload has removed or changed the domain.
    pub(super) fn history(&mut self, subject: &WatchedSubject) -> Option<&mut DomainHistory> {
        let domain = self.domains.get_mut(&subject.name.key())?;
        (domain.subject.side == subject.side).then_some(&mut domain.history)
    }

    /// Adds the result of a check, plans the next check, and returns the changes of findings. If a reload has removed or changed the
    /// domain, only the pause before the next check begins.
    pub(super) fn ended(
        &mut self,
        subject: &WatchedSubject,
        end: CheckEnd,
        now: Now,
        random: &Random,
    ) -> Vec<FindingChange> {
        self.paused = Some(now.mono.after(WATCH_PAUSE));
        let Some(history) = self.history(subject) else { return Vec::new() };
        let changes = history.take(end, now.unix);
        self.plan(subject, now.mono, random);
        changes
    }

    /// Plans the next check of a domain. It comes soon if the last check had no result, or if a change must be confirmed.
    fn plan(&mut self, subject: &WatchedSubject, now: Mono, random: &Random) {
        if let Some(domain) = self.domains.get_mut(&subject.name.key()) {
            let is_unknown = domain.history.could_not_tell.is_some();
            let again = is_unknown || domain.history.is_unsure() && domain.early < MAX_WATCH_AGAIN;
            domain.early = if again && !is_unknown { domain.early + 1 } else { 0 };
            let pause = if again { WATCH_AGAIN } else { domain.subject.interval };
            domain.due = now.after(about(pause.min(domain.subject.interval), random));
        }
    }

    pub(super) fn domains(&self, now: Mono) -> Vec<WatchedState> {
        let paused = self.paused.unwrap_or(now);
        let domain = |domain: &ScheduledDomain| WatchedState {
            subject: domain.subject.clone(),
            history: domain.history.clone(),
            next: domain.due.max(paused).since(now),
        };
        self.domains.values().map(domain).collect()
    }
}

/// Returns the time until the first check of a domain in this process. The check is due when the interval since the last saved check is
/// over, or after `WATCH_AGAIN` if that check left something unsure. The time is at least `WATCH_START` and a random part of `WATCH_FIRST`.
/// `unix` is the current time in seconds since 1970.
fn first(subject: &WatchedSubject, history: &DomainHistory, unix: u64, random: &Random) -> Duration {
    let spread = below(WATCH_FIRST, random);
    let left = history.checked.map(|checked| {
        // If the clock was set back, `checked` may be later than `unix`.
        subject.interval.saturating_sub(Duration::from_secs(unix.saturating_sub(checked)))
    });
    let left = if history.is_unsure() { left.map(|left| left.min(WATCH_AGAIN)) } else { left };
    left.unwrap_or_default().max(WATCH_START + spread)
}

fn about(time: Duration, random: &Random) -> Duration {
    let tenth = time * WATCH_JITTER_PERCENT / 100;
    time.saturating_sub(tenth) + below(tenth * 2, random)
}

/// Returns a random time that is shorter than `time` and than the longest interval, in whole seconds.
fn below(time: Duration, random: &Random) -> Duration {
    let seconds = time.min(*WATCH_INTERVALS.end()).as_secs();
    Duration::from_secs(random.below(u32::try_from(seconds).unwrap_or(u32::MAX).max(1)).into())
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
