//! The findings of a domain over time: which came, which went, and since when. Pure: a check is taken in at a moment.

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

/// The history of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainHistory {
    /// When a check last had a result, in seconds since 1970; none before the first.
    pub checked: Option<u64>,
    /// Why the last check had no result; none if it had one.
    pub could_not_tell: Option<String>,
    /// The first check in a row without a result, in seconds since 1970; none if the last one had one.
    pub could_not_tell_since: Option<u64>,
    /// The findings, the worst first.
    pub findings: Vec<FollowedFinding>,
    /// The last changes, the newest first.
    pub changes: Vec<FindingChange>,
}

/// A change that is certain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingChange {
    /// When it was certain, in seconds since 1970.
    pub at: u64,
    /// Whether the finding came or went.
    pub change: ChangeKind,
    /// Its code.
    pub code: Code,
    /// Its level.
    pub level: Level,
    /// The facts of the last check that saw it.
    pub evidence: String,
    /// The first check that saw the finding.
    pub since: u64,
}

/// A finding came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It came.
    Came,
    /// It went.
    Went,
}

/// A finding that is followed. The same code at another level is another finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedFinding {
    /// Its code.
    pub code: Code,
    /// Its level.
    pub level: Level,
    /// The facts of the last check that saw it.
    pub evidence: String,
    /// The change that helps against its cause; empty: that of the code.
    pub remedy: String,
    /// The hosts, addresses or lists that it is about; empty: the domain.
    pub about: Vec<About>,
    /// The unknown parts, if it reports some.
    pub parts: Vec<Part>,
    /// The first check that saw it, in seconds since 1970.
    pub since: u64,
    /// The last check that saw it.
    pub seen: u64,
    /// How sure it is.
    pub standing: Standing,
    /// Whether the last check could not look for it.
    pub unseen: bool,
    /// The last checks in a row that looked for it and did not find it.
    pub missed: u8,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// One check has seen it.
    Coming,
    /// It is there.
    Present,
    /// It is there, but the last check that could tell, or the last two, have not seen it.
    Going,
}

impl DomainHistory {
    /// Takes in a check at `now`, in seconds since 1970; returns the changes that it made certain, the worst finding first.
    pub fn take(&mut self, end: CheckEnd, now: u64) -> Vec<FindingChange> {
        let findings = match end {
            CheckEnd::Judged(findings) => findings,
            CheckEnd::CouldNotTell(why) => {
                self.could_not_tell = Some(why);
                // Moments in the future come from a wrong clock.
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

    /// Whether the next check should come soon: the last one could not tell anything, or a change is not certain yet. A
    /// finding that could not be looked for waits for the interval: the part may be out of reach for ever.
    pub(crate) fn is_unsure(&self) -> bool {
        let is_unsure = |finding: &FollowedFinding| finding.standing != Standing::Present && !finding.unseen;
        self.could_not_tell.is_some() || self.findings.iter().any(is_unsure)
    }
}

impl FollowedFinding {
    /// Takes the facts of a check that has seen it again. It stays as sure as it is.
    fn renew(&mut self, one: Self) {
        *self = Self { since: self.since, standing: self.standing, ..one };
    }

    /// Takes in that a check looked for it and did not find it; returns whether it is over.
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

/// The findings of a check at `now` by level and code, equal findings joined. Findings of the level "ok" are left out.
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
        // With too many, and if one is about the domain, so is their sum.
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
