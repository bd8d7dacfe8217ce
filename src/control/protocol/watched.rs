//! Rows of the reply about watched domains.
//!
//! Times are in seconds since 1970, time spans in seconds.

use serde::{Deserialize, Serialize};

use doctor::codes::Code;
use doctor::finding::{Level, Topic};
use resolver::config::WatchAs;
use watched::history::{FindingChange, Standing};

/// A watched domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WatchedRow {
    /// The domain, without the final dot.
    pub domain: String,
    /// The role for which the domain is checked: sender, recipient or both.
    #[serde(rename = "as")]
    pub side: WatchAs,
    /// The time between two checks, in seconds.
    pub interval: f64,
    /// Time of the last check with a result; `None` before the first one.
    pub checked: Option<u64>,
    /// Why the last check had no result; `None` if it had one.
    pub could_not_tell: Option<String>,
    /// Time of the first check in the current series of checks without a result; `None` if the last check had a result.
    pub could_not_tell_since: Option<u64>,
    /// The time until the next check, in seconds.
    pub next: f64,
    /// The findings, the worst first.
    pub findings: Vec<WatchedFinding>,
    /// The last changes, the newest first.
    pub changes: Vec<FindingChange>,
}

impl WatchedRow {
    /// Returns the confirmed findings: those that more than one check has seen.
    pub fn present(&self) -> impl Iterator<Item = &WatchedFinding> {
        self.findings.iter().filter(|finding| finding.standing != Standing::Coming)
    }

    /// Returns the number of confirmed findings of a level.
    pub fn count(&self, level: Level) -> usize {
        self.present().filter(|finding| finding.level == level).count()
    }

    /// Returns the findings of a level that only one check has seen so far.
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

/// A finding about a watched domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedFinding {
    /// Level of the finding.
    pub level: Level,
    /// Topic of the finding.
    pub topic: Topic,
    /// Code of the finding.
    pub code: Code,
    /// How certain the finding is: found by only one check, confirmed, or confirmed but no longer found by the last checks.
    pub standing: Standing,
    /// True if the last check was unable to look for this problem.
    pub unseen: bool,
    /// Time of the first check that reported the finding.
    pub since: u64,
    /// Time of the last check that reported the finding.
    pub seen: u64,
    /// Facts that show the problem.
    pub evidence: String,
    /// Effect of the problem on mail.
    pub effect: String,
    /// Change that solves the problem.
    pub remedy: String,
    /// RFC on which the finding is based.
    pub source: String,
}
