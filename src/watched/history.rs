//! The findings of a domain over time: which came, which went, and since when. Pure: a check is taken in at a moment.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ended::CheckEnd;
use super::followed::{FollowedFinding, Standing};
use super::unseen::Unseen;
use crate::limits::{
    MAX_WATCH_ABOUT, MAX_WATCH_CHANGES, MAX_WATCH_EVIDENCE, MAX_WATCH_FINDINGS, WATCH_FORGOTTEN, WATCH_GONE,
    WATCH_UNTOLD,
};
use dns::wire::presentation::shown;
use doctor::codes::Code;
use doctor::finding::{Finding, Level};
use doctor::part::{About, Part};
use resolver::config::WatchAs;

/// The history of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainHistory {
    /// When a check last told something, in seconds since 1970; none before the first.
    pub checked: Option<u64>,
    /// Why the last check could not tell anything; none if it could.
    pub untold: Option<String>,
    /// The first check in a row that could not tell anything, in seconds since 1970; none if the last one could.
    #[serde(default)]
    pub untold_since: Option<u64>,
    /// Whether the log has a line about that.
    #[serde(default)]
    pub(crate) untold_logged: bool,
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
    /// The last check that saw it; 0 in a history of an older version.
    #[serde(default)]
    pub seen: u64,
    /// If it went, the first check that did not find it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_since: Option<u64>,
}

/// A finding came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It came.
    Came,
    /// It went.
    Went,
    /// The checks look for it no more: the domain is watched for another side of a mail, or not any more.
    LeftOut,
}

/// How many checks make a change certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// One: a person looks on.
    Once,
    /// Two of three; and three in a row for the end of a finding.
    Twice,
}

impl DomainHistory {
    /// Takes in a check at `now`, in seconds since 1970; returns the changes that it made certain, the worst finding first.
    pub fn take(&mut self, end: CheckEnd, now: u64, confirmation: Confirmation) -> Vec<FindingChange> {
        let findings = match end {
            CheckEnd::Told(findings) => findings,
            CheckEnd::CouldNotTell(why) => {
                self.untell(why, now, now);
                return Vec::new();
            }
        };
        (self.checked, self.untold, self.untold_since) = (Some(now), None, None);
        let unseen = Unseen::of(&findings);
        let mut seen = joined(findings);
        let (mut kept, mut changes) = (Vec::new(), Vec::new());
        for mut finding in std::mem::take(&mut self.findings) {
            if let Some(one) = seen.remove(&(finding.level, finding.code)) {
                finding.renew(one, now);
                if finding.standing == Standing::Coming {
                    changes.push(finding.changed(ChangeKind::Came, now));
                }
                finding.standing = Standing::Present;
            } else if unseen.hides(&finding) {
                finding.unseen = true;
            } else if finding.is_over(confirmation, now) {
                if finding.standing != Standing::Coming {
                    changes.push(finding.changed(ChangeKind::Went, now));
                }
                continue;
            }
            kept.push(finding);
        }
        for ((level, code), JoinedFinding { evidence, remedy, about, parts }) in seen {
            let standing = match confirmation {
                Confirmation::Once => Standing::Present,
                Confirmation::Twice => Standing::Coming,
            };
            let (since, seen) = (now, now);
            let (unseen, missed, missed_since) = (false, 0, None);
            let finding = FollowedFinding {
                code,
                level,
                evidence,
                remedy,
                about,
                parts,
                since,
                seen,
                standing,
                unseen,
                missed,
                missed_since,
            };
            if standing == Standing::Present {
                changes.push(finding.changed(ChangeKind::Came, now));
            }
            kept.push(finding);
        }
        kept.sort_by_key(|finding| (finding.level, finding.code));
        kept.truncate(MAX_WATCH_FINDINGS);
        self.findings = kept;
        changes.sort_by_key(|change| (change.level, change.code));
        self.add(&changes);
        changes
    }

    /// Keeps these changes too.
    fn add(&mut self, changes: &[FindingChange]) {
        let older = std::mem::take(&mut self.changes);
        self.changes = changes.iter().cloned().chain(older).take(MAX_WATCH_CHANGES).collect();
    }

    /// Takes in that the check that is due since a moment is put off at `now`. A check that tells nothing does the same for the
    /// one who looks: the domain is not watched.
    pub(super) fn put_off(&mut self, since: u64, now: u64) {
        self.untell(
            "too many queries of clients are in progress, so checks are put off".to_owned(),
            since,
            now,
        );
    }

    /// Takes in that nothing is known since a moment. Moments in the future come from a wrong clock: they count as `now`.
    fn untell(&mut self, why: String, since: u64, now: u64) {
        self.untold = Some(why);
        self.untold_since = Some(self.untold_since.unwrap_or(since).min(now));
        self.checked = self.checked.map(|checked| checked.min(now));
    }

    /// Why and since when the checks have told nothing, if that is so long that the log must have a line; the caller writes it.
    pub(super) fn line_due(&mut self, now: u64) -> Option<(String, u64)> {
        let (why, since) = (self.untold.clone()?, self.untold_since?);
        let is_due = !self.untold_logged && now.saturating_sub(since) >= WATCH_UNTOLD.as_secs();
        self.untold_logged |= is_due;
        is_due.then_some((why, since))
    }

    /// Whether a line said that the checks told nothing, and now they tell something again.
    pub(super) fn is_told_again(&mut self) -> bool {
        self.untold.is_none() && std::mem::take(&mut self.untold_logged)
    }

    /// Keeps the findings that the check for another side of a mail can find too; returns the changes by which the others end.
    pub(super) fn keep_for(&mut self, side: WatchAs, now: u64) -> Vec<FindingChange> {
        let findings = std::mem::take(&mut self.findings);
        let (stay, leave): (Vec<_>, Vec<_>) = findings.into_iter().partition(|finding| finding.is_for(side));
        self.findings = stay;
        let changes = left_out(leave, now);
        self.add(&changes);
        changes
    }

    /// The changes by which all findings end, because the domain is not watched any more.
    pub(super) fn ended(self, now: u64) -> Vec<FindingChange> {
        left_out(self.findings, now)
    }

    /// Whether the next check should come soon: the last one could not tell anything, or a change is not certain yet. A
    /// finding that could not be looked for waits for the interval: the part may be out of reach for ever.
    pub(crate) fn is_unsure(&self) -> bool {
        let is_unsure = |finding: &FollowedFinding| finding.standing != Standing::Present && !finding.unseen;
        self.untold.is_some() || self.findings.iter().any(is_unsure)
    }
}

impl FollowedFinding {
    /// Takes the facts of a check that has seen it again.
    fn renew(&mut self, one: JoinedFinding, now: u64) {
        (self.evidence, self.remedy) = (one.evidence, one.remedy);
        (self.about, self.parts) = (one.about, one.parts);
        (self.seen, self.unseen, self.missed, self.missed_since) = (now, false, 0, None);
    }

    /// Takes in that a check looked for it and did not find it; returns whether it is over.
    fn is_over(&mut self, confirmation: Confirmation, now: u64) -> bool {
        self.unseen = false;
        self.missed = self.missed.saturating_add(1);
        self.missed_since.get_or_insert(now);
        let most = match (self.standing, confirmation) {
            (Standing::Coming, _) => WATCH_FORGOTTEN,
            (_, Confirmation::Twice) => WATCH_GONE,
            (_, Confirmation::Once) => 1,
        };
        if self.standing == Standing::Present {
            self.standing = Standing::Going;
        }
        self.missed >= most
    }

    fn changed(&self, change: ChangeKind, at: u64) -> FindingChange {
        let Self { code, level, evidence, since, seen, missed_since, .. } = self.clone();
        let missed_since = missed_since.filter(|_| change == ChangeKind::Went);
        FindingChange { at, change, code, level, evidence, since, seen, missed_since }
    }
}

/// The changes by which findings end that the checks look for no more. One that no second check has seen had no line.
fn left_out(findings: Vec<FollowedFinding>, now: u64) -> Vec<FindingChange> {
    let told = findings.into_iter().filter(|finding| finding.standing != Standing::Coming);
    told.map(|finding| finding.changed(ChangeKind::LeftOut, now)).collect()
}

/// Findings of one code and level.
struct JoinedFinding {
    evidence: String,
    remedy: String,
    about: Vec<About>,
    parts: Vec<Part>,
}

/// The findings by level and code, equal findings joined. Findings of the level "ok" are left out.
fn joined(findings: Vec<Finding>) -> BTreeMap<(Level, Code), JoinedFinding> {
    let mut groups = BTreeMap::<_, Vec<Finding>>::new();
    for finding in findings.into_iter().filter(|finding| finding.level != Level::Ok) {
        groups.entry((finding.level, finding.code)).or_default().push(finding);
    }
    groups.into_iter().map(|(key, findings)| (key, JoinedFinding::of(&findings))).collect()
}

impl JoinedFinding {
    fn of(findings: &[Finding]) -> Self {
        let texts: Vec<&str> = findings.iter().map(|finding| finding.evidence.as_str()).collect();
        let about: BTreeSet<&About> = findings.iter().flat_map(|finding| &finding.about).collect();
        let parts: BTreeSet<Part> = findings.iter().filter_map(|finding| finding.part).collect();
        // With too many, and if one is about the domain, so is their sum.
        let is_named = about.len() <= MAX_WATCH_ABOUT && findings.iter().all(|one| !one.about.is_empty());
        let remedies: BTreeSet<Option<&str>> = findings.iter().map(|finding| finding.remedy).collect();
        let remedy = remedies.first().copied().flatten().filter(|_| remedies.len() == 1);
        Self {
            remedy: remedy.unwrap_or_default().to_owned(),
            evidence: shown(&texts.join("; "), MAX_WATCH_EVIDENCE),
            about: about.into_iter().filter(|_| is_named).cloned().collect(),
            parts: parts.into_iter().collect(),
        }
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
