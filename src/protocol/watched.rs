//! Rows of the reply about watched domains, which are domains that the daemon checks regularly (`[[watch]]`).
//!
//! Durations are in seconds, points in time in seconds since 1970.

use serde::{Deserialize, Serialize};

use config::WatchAs;
use doctor::codes::Code;
use doctor::finding::{Level, Topic};
use watched::history::{FindingChange, Standing};

/// A watched domain, with what its checks have found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WatchedRow {
    /// The domain, without the final dot; or an own address.
    pub domain: String,
    /// True if `[own]` names the domain or address.
    pub own: bool,
    /// The role for which the domain is checked: sender, recipient or both.
    #[serde(rename = "as")]
    pub side: WatchAs,
    /// The time between two checks, in seconds.
    pub interval: f64,
    /// Time of the last check that had a result, in seconds since 1970; `None` before the first one.
    pub checked: Option<u64>,
    /// Why the last check had no result; `None` if it had one.
    pub could_not_tell: Option<String>,
    /// The time since which all checks had no result, in seconds since 1970; `None` if the last check had one.
    pub could_not_tell_since: Option<u64>,
    /// The time until the next check, in seconds.
    pub next: f64,
    /// The problems that the checks found (findings), the worst first.
    pub findings: Vec<WatchedFinding>,
    /// The last changes of findings, the newest first.
    pub changes: Vec<FindingChange>,
}

impl WatchedRow {
    /// Returns the confirmed findings: those that at least two checks have found.
    pub fn present(&self) -> impl Iterator<Item = &WatchedFinding> {
        self.findings.iter().filter(|finding| finding.standing != Standing::Coming)
    }

    /// Returns the number of confirmed findings with this level, for instance warnings.
    pub fn count(&self, level: Level) -> usize {
        self.present().filter(|finding| finding.level == level).count()
    }

    /// Returns the findings with this level that only one check has found so far.
    pub fn once(&self, level: Level) -> impl Iterator<Item = &WatchedFinding> {
        let is_once =
            move |finding: &&WatchedFinding| finding.standing == Standing::Coming && finding.level == level;
        self.findings.iter().filter(is_once)
    }

    /// Returns the number of confirmed findings for each level that needs attention.
    pub fn counts(&self) -> [(Level, usize); 4] {
        let levels = [Level::Failure, Level::Warning, Level::CouldNotTell, Level::Note];
        levels.map(|level| (level, self.count(level)))
    }
}

/// A problem (finding) of a watched domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedFinding {
    /// How serious the finding is.
    pub level: Level,
    /// What the finding is about, for instance the mail hosts.
    pub topic: Topic,
    /// The kind of finding.
    pub code: Code,
    /// How certain the finding is: from only one check, confirmed, or confirmed but missing in the last checks.
    pub standing: Standing,
    /// True if the last check could not look for this problem, which may still exist.
    pub unseen: bool,
    /// When a check first reported the finding, in seconds since 1970.
    pub since: u64,
    /// When a check last reported the finding, in seconds since 1970.
    pub seen: u64,
    /// The facts that show the problem, in words.
    pub evidence: String,
    /// The effect of the problem on mail, in words.
    pub effect: String,
    /// What the operator must change, in words.
    pub remedy: String,
    /// The RFC of the finding.
    pub source: String,
}
