//! The time and the domain of the next check. Pure: moments and random numbers are given.

use std::collections::BTreeMap;
use std::time::Duration;

use hickory_proto::rr::Name;

use super::domain::WatchedDomain;
use super::history::{DomainHistory, FindingChange};
use super::kept::KeptDomain;
use crate::limits::{
    MAX_WATCH_AGAIN, WATCH_AGAIN, WATCH_FIRST, WATCH_JITTER_PERCENT, WATCH_QUERY_TIME, WATCH_START,
};
use dns::clock::{Mono, Now};
use dns::random::Random;
use dns::wire::presentation::name_text;
use resolver::config::ConfiguredWatch;
use resolver::limits::WATCH_INTERVALS;

/// The domains with their next checks.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    domains: BTreeMap<String, ScheduledDomain>,
    /// When the queries of all checks so far are paid; none before the first.
    paid: Option<Mono>,
}

#[derive(Debug)]
struct ScheduledDomain {
    watch: ConfiguredWatch,
    history: DomainHistory,
    due: Mono,
    /// The last checks in a row that came early to confirm a finding.
    early: u8,
}

/// A change that the log may have a line about.
pub(super) type WatchedChange = (ConfiguredWatch, FindingChange);

/// The next step of the task.
#[derive(Debug, PartialEq)]
pub(super) enum ScheduleStep {
    /// No domain is watched.
    Rest,
    /// Nothing is due for this time.
    Wait(Duration),
    /// This domain is due.
    Check(Box<ConfiguredWatch>),
}

impl Schedule {
    /// Changes to these domains. A domain that stays keeps its history and its time; a new one has that of `kept`. If it was
    /// checked for another side of a mail, it keeps the findings that apply, and is checked soon. Returns the changes by which
    /// other findings end.
    pub(super) fn set(
        &mut self,
        watches: &[ConfiguredWatch],
        kept: Vec<KeptDomain>,
        now: Now,
        random: &Random,
    ) -> Vec<WatchedChange> {
        let mut changes = Vec::new();
        let mut before = std::mem::take(&mut self.domains);
        let mut kept: BTreeMap<String, KeptDomain> =
            kept.into_iter().map(|one| (one.domain.clone(), one)).collect();
        for watch in watches {
            let name = name_text(&watch.domain);
            let domain = if let Some(old) = before.remove(&name) {
                let due = old.due.min(now.mono.after(watch.interval));
                let mut domain = ScheduledDomain { watch: watch.clone(), due, ..old };
                if old.watch.side != watch.side {
                    let left_out = domain.history.keep_for(watch.side, now.unix);
                    changes.extend(left_out.into_iter().map(|change| (watch.clone(), change)));
                    domain.due = now.mono.after(below(WATCH_FIRST, random));
                }
                domain
            } else {
                let kept = kept.remove(&name);
                let mut history = DomainHistory::default();
                let mut due = None;
                if let Some(kept) = kept {
                    history = kept.history;
                    if kept.side != watch.side {
                        let left_out = history.keep_for(watch.side, now.unix);
                        changes.extend(left_out.into_iter().map(|change| (watch.clone(), change)));
                        due = Some(now.mono.after(WATCH_START + below(WATCH_FIRST, random)));
                    }
                }
                let due = due.unwrap_or_else(|| now.mono.after(first(watch, &history, now.unix, random)));
                ScheduledDomain { watch: watch.clone(), history, due, early: 0 }
            };
            self.domains.insert(name, domain);
        }
        let removed = before.into_values().map(|domain| (domain.watch, domain.history));
        let forgotten = kept.into_values().filter_map(|one| {
            let domain = Name::from_ascii(&one.domain).ok()?;
            Some((ConfiguredWatch { domain, ..ConfiguredWatch::default() }, one.history))
        });
        for (watch, history) in removed.chain(forgotten) {
            changes.extend(history.ended(now.unix).into_iter().map(|change| (watch.clone(), change)));
        }
        changes
    }

    /// Takes in that checks are put off. A domain whose check is late is not watched meanwhile. Returns the domains of which the
    /// log must have a line, with the reason and since when.
    pub(super) fn put_off(&mut self, now: Now) -> Vec<(ConfiguredWatch, (String, u64))> {
        let mut lines = Vec::new();
        for domain in self.domains.values_mut() {
            let late = now.mono.since(domain.due);
            if late >= WATCH_AGAIN {
                domain.history.put_off(now.unix.saturating_sub(late.as_secs()), now.unix);
                lines.extend(domain.history.line_due(now.unix).map(|line| (domain.watch.clone(), line)));
            }
        }
        lines
    }

    /// The next step.
    pub(super) fn step(&self, now: Mono) -> ScheduleStep {
        let Some(next) = self.domains.values().min_by_key(|domain| domain.due) else {
            return ScheduleStep::Rest;
        };
        let at = next.due.max(self.paid.unwrap_or(next.due));
        if at > now {
            ScheduleStep::Wait(at.since(now))
        } else {
            ScheduleStep::Check(Box::new(next.watch.clone()))
        }
    }

    /// Takes the price of a check that began then.
    pub(super) fn pay(&mut self, asked: u32, began: Mono) {
        self.paid = Some(began.after(WATCH_QUERY_TIME.saturating_mul(asked)));
    }

    /// The history of a domain; none if a reload has removed or changed it meanwhile.
    pub(super) fn history(&mut self, watch: &ConfiguredWatch) -> Option<&mut DomainHistory> {
        let domain = self.domains.get_mut(&name_text(&watch.domain))?;
        (domain.watch.side == watch.side).then_some(&mut domain.history)
    }

    /// Plans the next check of a domain; soon if the last one told nothing, or if a finding must be confirmed.
    pub(super) fn plan(&mut self, watch: &ConfiguredWatch, now: Mono, random: &Random) {
        if let Some(domain) = self.domains.get_mut(&name_text(&watch.domain)) {
            let untold = domain.history.untold.is_some();
            let again = untold || domain.history.is_unsure() && domain.early < MAX_WATCH_AGAIN;
            domain.early = if again && !untold { domain.early + 1 } else { 0 };
            let pause = if again { WATCH_AGAIN } else { domain.watch.interval };
            domain.due = now.after(about(pause.min(domain.watch.interval), random));
        }
    }

    /// The domains, for people.
    pub(super) fn domains(&self, now: Mono) -> Vec<WatchedDomain> {
        let paid = self.paid.unwrap_or(now);
        let domain = |domain: &ScheduledDomain| WatchedDomain {
            watch: domain.watch.clone(),
            history: domain.history.clone(),
            next: domain.due.max(paid).since(now),
        };
        self.domains.values().map(domain).collect()
    }
}

/// The time until the first check of this process.
fn first(watch: &ConfiguredWatch, history: &DomainHistory, unix: u64, random: &Random) -> Duration {
    let spread = below(WATCH_FIRST, random);
    let left = history.checked.map(|checked| {
        // A calendar that was set back must not put the check off for longer than the interval.
        watch.interval.saturating_sub(Duration::from_secs(unix.saturating_sub(checked)))
    });
    let left = if history.is_unsure() { left.map(|left| left.min(WATCH_AGAIN)) } else { left };
    left.unwrap_or_default().max(WATCH_START + spread)
}

/// The time, up to a tenth shorter or longer.
fn about(time: Duration, random: &Random) -> Duration {
    let tenth = time * WATCH_JITTER_PERCENT / 100;
    time.saturating_sub(tenth) + below(tenth * 2, random)
}

/// A random time below this one, in whole seconds. No time is longer than the longest interval.
fn below(time: Duration, random: &Random) -> Duration {
    let seconds = time.min(*WATCH_INTERVALS.end()).as_secs();
    Duration::from_secs(random.below(u32::try_from(seconds).unwrap_or(u32::MAX).max(1)).into())
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
