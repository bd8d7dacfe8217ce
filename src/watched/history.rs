//! The findings of a domain over time: which came, which went, and since when. Pure: a check is taken in at a moment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ended::CheckEnd;
use super::followed::{FollowedFinding, Standing};
use super::unseen::Unseen;
use crate::check::domain::codes::Code;
use crate::check::domain::finding::{Finding, Level};
use crate::config::WatchAs;
use crate::limits::{
    MAX_WATCH_CHANGES, MAX_WATCH_EVIDENCE, MAX_WATCH_FINDINGS, WATCH_FORGOTTEN, WATCH_GONE, WATCH_UNTOLD,
};
use crate::wire::presentation::shown;

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
    pub untold_logged: bool,
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
                self.untold = Some(why);
                self.untold_since.get_or_insert(now);
                return Vec::new();
            }
        };
        (self.checked, self.untold, self.untold_since) = (Some(now), None, None);
        let unseen = Unseen::of(&findings);
        let mut seen = joined(findings);
        let (mut kept, mut changes) = (Vec::new(), Vec::new());
        for mut finding in std::mem::take(&mut self.findings) {
            if let Some(evidence) = seen.remove(&(finding.level, finding.code)) {
                (finding.evidence, finding.seen, finding.unseen, finding.missed) = (evidence, now, false, 0);
                if finding.standing == Standing::Coming {
                    changes.push(finding.changed(ChangeKind::Came, now));
                }
                finding.standing = Standing::Present;
            } else if unseen.hides(&finding) {
                finding.unseen = true;
            } else if finding.is_over(confirmation) {
                if finding.standing != Standing::Coming {
                    changes.push(finding.changed(ChangeKind::Went, now));
                }
                continue;
            }
            kept.push(finding);
        }
        for ((level, code), evidence) in seen {
            let standing = match confirmation {
                Confirmation::Once => Standing::Present,
                Confirmation::Twice => Standing::Coming,
            };
            let (since, seen) = (now, now);
            let finding =
                FollowedFinding { code, level, evidence, since, seen, standing, unseen: false, missed: 0 };
            if standing == Standing::Present {
                changes.push(finding.changed(ChangeKind::Came, now));
            }
            kept.push(finding);
        }
        kept.sort_by_key(|finding| (finding.level, finding.code));
        kept.truncate(MAX_WATCH_FINDINGS);
        self.findings = kept;
        changes.sort_by_key(|change| (change.level, change.code));
        let older = std::mem::take(&mut self.changes);
        self.changes = changes.iter().cloned().chain(older).take(MAX_WATCH_CHANGES).collect();
        changes
    }

    /// Whether the checks have told nothing for so long that the log must have a line; the caller writes it.
    pub(super) fn is_line_due(&mut self, now: u64) -> bool {
        let is_long = |since: u64| now.saturating_sub(since) >= WATCH_UNTOLD.as_secs();
        let due = !self.untold_logged && self.untold_since.is_some_and(is_long);
        self.untold_logged |= due;
        due
    }

    /// Whether a line said that the checks told nothing, and now they tell something again.
    pub(super) fn is_told_again(&mut self) -> bool {
        self.untold.is_none() && std::mem::take(&mut self.untold_logged)
    }

    /// Keeps the findings that the check for another side of a mail can find too.
    pub(super) fn keep_for(&mut self, side: WatchAs) {
        let other: &[&str] = match side {
            WatchAs::Both => &[],
            WatchAs::Sender => &["mta_sts_", "tls_rpt_", "bimi_", "dane_", "tlsa_", "certificate_"],
            WatchAs::Recipient => &["spf_", "dmarc_", "dkim_"],
        };
        let stays = |code: Code| !other.iter().any(|begin| code.entry().word.starts_with(begin));
        self.findings.retain(|finding| stays(finding.code));
        self.changes.retain(|change| stays(change.code));
    }

    /// Whether the next check should come soon: the last one could not tell anything, or a change is not certain yet. A
    /// finding that could not be looked for waits for the interval: the part may be out of reach for ever.
    pub fn is_unsure(&self) -> bool {
        let is_unsure = |finding: &FollowedFinding| finding.standing != Standing::Present && !finding.unseen;
        self.untold.is_some() || self.findings.iter().any(is_unsure)
    }
}

impl FollowedFinding {
    /// Takes in that a check looked for it and did not find it; returns whether it is over.
    fn is_over(&mut self, confirmation: Confirmation) -> bool {
        self.unseen = false;
        self.missed = self.missed.saturating_add(1);
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
        let Self { code, level, evidence, since, .. } = self.clone();
        FindingChange { at, change, code, level, evidence, since }
    }
}

/// The findings by level and code, the evidence of equal ones joined; those that all is well are left out.
fn joined(findings: Vec<Finding>) -> BTreeMap<(Level, Code), String> {
    let mut joined = BTreeMap::<_, Vec<String>>::new();
    for finding in findings.into_iter().filter(|finding| finding.level != Level::Ok) {
        joined.entry((finding.level, finding.code)).or_default().push(finding.evidence);
    }
    joined.into_iter().map(|(key, texts)| (key, shown(&texts.join("; "), MAX_WATCH_EVIDENCE))).collect()
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
