//! The history of the findings (problems) of a watched domain: which ones appeared, which ended, and since when each exists. All functions
//! are pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ended::CheckEnd;
use super::unseen::Unseen;
use crate::limits::{
    MAX_WATCH_ABOUT, MAX_WATCH_CHANGES, MAX_WATCH_EVIDENCE, MAX_WATCH_FINDINGS, WATCH_FORGOTTEN, WATCH_GONE,
};
use dns::wire::presentation::shown;
use doctor::codes::Code;
use doctor::finding::{Finding, Level};
use doctor::part::{About, Part};

/// What the checks of a domain have found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainHistory {
    /// The time of the last check with a result, in seconds since 1970; `None` before the first such check.
    pub checked: Option<u64>,
    /// The reason why the last check had no result; `None` if it had one.
    pub could_not_tell: Option<String>,
    /// The time of the first check in the current series without a result, in seconds since 1970. `None` if the last check had a result.
    pub could_not_tell_since: Option<u64>,
    /// The problems that the checks have found, the worst first.
    pub findings: Vec<FollowedFinding>,
    /// The last changes of findings, the newest first.
    pub changes: Vec<FindingChange>,
}

/// A confirmed change of a finding: it appeared or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingChange {
    /// The time at which the change was confirmed, in seconds since 1970.
    pub at: u64,
    /// Tells if the finding appeared or ended.
    pub change: ChangeKind,
    /// The code that identifies the kind of finding.
    pub code: Code,
    /// How serious the finding is, for instance a failure or a warning.
    pub level: Level,
    /// The facts about the problem, from the last check that found it.
    pub evidence: String,
    /// The time of the first check that found the problem, in seconds since 1970.
    pub since: u64,
}

/// The kind of a change of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The finding appeared: a second check has found the problem.
    Came,
    /// The finding ended: several checks have not found the problem any more.
    Went,
}

/// A finding (a problem of a domain) over several checks. Findings with the same code but different levels are separate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedFinding {
    /// The code that identifies the kind of finding.
    pub code: Code,
    /// How serious the finding is, for instance a failure or a warning.
    pub level: Level,
    /// The facts about the problem, from the last check that found it.
    pub evidence: String,
    /// The advice of the last check. If empty, the usual advice for the code applies.
    pub remedy: String,
    /// The hosts, addresses or lists with the problem. If empty, the finding is about the whole domain.
    pub about: Vec<About>,
    /// The parts of the check that could not be done; empty if the finding reports something else.
    pub parts: Vec<Part>,
    /// The time of the first check that found the problem, in seconds since 1970.
    pub since: u64,
    /// The time of the last check that found the problem, in seconds since 1970.
    pub seen: u64,
    /// How certain it is that the problem exists.
    pub standing: Standing,
    /// True if the last check was unable to look for this problem.
    pub unseen: bool,
    /// The number of checks, since the last one that found the problem, that were able to look for it and did not find it.
    pub missed: u8,
}

/// How certain it is that the problem of a finding exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Only one check has found the problem.
    Coming,
    /// At least two checks have found the problem.
    Present,
    /// The finding was confirmed, but the last one or two checks that looked for the problem did not find it.
    Going,
}

impl DomainHistory {
    /// Adds the result of a check at the time `now`, in seconds since 1970. Returns the changes that this result confirms, the worst
    /// finding first.
    pub fn take(&mut self, end: CheckEnd, now: u64) -> Vec<FindingChange> {
        let findings = match end {
            CheckEnd::Judged(findings) => findings,
            CheckEnd::CouldNotTell(why) => {
                self.could_not_tell = Some(why);
                // A stored time after `now` comes from a wrong clock.
                self.could_not_tell_since = Some(self.could_not_tell_since.unwrap_or(now).min(now));
                self.checked = self.checked.map(|checked| checked.min(now));
                return Vec::new();
            }
        };
        (self.checked, self.could_not_tell, self.could_not_tell_since) = (Some(now), None, None);
        let unseen = Unseen::in_check(&findings);
        let mut seen = joined(findings, now);
        let (mut kept, mut changes) = (Vec::new(), Vec::new());
        for mut finding in std::mem::take(&mut self.findings) {
            if let Some(one) = seen.remove(&(finding.level, finding.code)) {
                finding.renew(one);
                if finding.standing == Standing::Coming {
                    changes.push(finding.changed(ChangeKind::Came, now));
                }
                finding.standing = Standing::Present;
            } else if unseen.hides(&finding) {
                finding.unseen = true;
            } else if finding.is_over() {
                if finding.standing != Standing::Coming {
                    changes.push(finding.changed(ChangeKind::Went, now));
                }
                continue;
            }
            kept.push(finding);
        }
        kept.extend(seen.into_values());
        kept.sort_by_key(|finding| (finding.level, finding.code));
        kept.truncate(MAX_WATCH_FINDINGS);
        self.findings = kept;
        changes.sort_by_key(|change| (change.level, change.code));
        let older = std::mem::take(&mut self.changes);
        self.changes = changes.iter().cloned().chain(older).take(MAX_WATCH_CHANGES).collect();
        changes
    }

    /// Returns true if the next check should come soon: the last one had no result, or a change is not confirmed. A finding that the last
    /// check was unable to look for does not count, because the next check may be unable too.
    pub(crate) fn is_unsure(&self) -> bool {
        let is_unsure = |finding: &FollowedFinding| finding.standing != Standing::Present && !finding.unseen;
        self.could_not_tell.is_some() || self.findings.iter().any(is_unsure)
    }
}

impl FollowedFinding {
    fn renew(&mut self, one: Self) {
        *self = Self { since: self.since, standing: self.standing, ..one };
    }

    /// Counts a check that looked for the problem and did not find it. Returns true if the finding has ended.
    fn is_over(&mut self) -> bool {
        self.unseen = false;
        self.missed = self.missed.saturating_add(1);
        let most = if self.standing == Standing::Coming { WATCH_FORGOTTEN } else { WATCH_GONE };
        if self.standing == Standing::Present {
            self.standing = Standing::Going;
        }
        self.missed >= most
    }

    fn changed(&self, change: ChangeKind, at: u64) -> FindingChange {
        let Self { code, level, evidence, since, .. } = self.clone();
        FindingChange { at, change, code, level, evidence, since }
    }
}

/// Merges findings with the same level and code. The level "ok" is left out.
fn joined(findings: Vec<Finding>, now: u64) -> BTreeMap<(Level, Code), FollowedFinding> {
    let mut groups = BTreeMap::<_, Vec<Finding>>::new();
    for finding in findings.into_iter().filter(|finding| finding.level != Level::Ok) {
        groups.entry((finding.level, finding.code)).or_default().push(finding);
    }
    groups.into_iter().map(|(key, findings)| (key, FollowedFinding::join(key, &findings, now))).collect()
}

impl FollowedFinding {
    fn join((level, code): (Level, Code), findings: &[Finding], now: u64) -> Self {
        let texts: Vec<&str> = findings.iter().map(|finding| finding.evidence.as_str()).collect();
        let about: BTreeSet<&About> = findings.iter().flat_map(|finding| &finding.about).collect();
        let parts: BTreeSet<Part> = findings.iter().filter_map(|finding| finding.part).collect();
        // An empty `about` means the whole domain. It is left empty if there are too many hosts.
        let is_named = about.len() <= MAX_WATCH_ABOUT && findings.iter().all(|one| !one.about.is_empty());
        let remedies: BTreeSet<Option<&str>> = findings.iter().map(|finding| finding.remedy).collect();
        let remedy = remedies.first().copied().flatten().filter(|_| remedies.len() == 1);
        Self {
            code,
            level,
            evidence: shown(&texts.join("; "), MAX_WATCH_EVIDENCE),
            remedy: remedy.unwrap_or_default().to_owned(),
            about: about.into_iter().filter(|_| is_named).cloned().collect(),
            parts: parts.into_iter().collect(),
            since: now,
            seen: now,
            standing: Standing::Coming,
            unseen: false,
            missed: 0,
        }
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
