//! Rows of the reply about watched domains.
//!
//! Moments are in seconds since 1970, spans in seconds.

use serde::{Deserialize, Serialize};

use doctor::codes::Code;
use doctor::finding::{Level, Topic};
use resolver::config::WatchAs;
use watched::history::{FindingChange, Standing};

/// A watched domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WatchedRow {
    /// The domain, without its last dot.
    pub domain: String,
    /// The side of a mail that it is checked for.
    #[serde(rename = "as")]
    pub side: WatchAs,
    /// The time between two checks.
    pub interval: f64,
    /// When a check last had a result; none before the first.
    pub checked: Option<u64>,
    /// Why the last check could not tell anything; none if it could.
    pub could_not_tell: Option<String>,
    /// The first check in a row that could not tell anything; none if the last one could.
    pub could_not_tell_since: Option<u64>,
    /// The time until the next check.
    pub next: f64,
    /// The findings, the worst first.
    pub findings: Vec<WatchedFinding>,
    /// The last changes, the newest first.
    pub changes: Vec<FindingChange>,
}

impl WatchedRow {
    /// The findings that are there: more than one check has seen each.
    pub fn present(&self) -> impl Iterator<Item = &WatchedFinding> {
        self.findings.iter().filter(|finding| finding.standing != Standing::Coming)
    }

    /// Their number of a level.
    pub fn count(&self, level: Level) -> usize {
        self.present().filter(|finding| finding.level == level).count()
    }

    /// Findings of a level that one check has found, and no second one yet.
    pub fn once(&self, level: Level) -> impl Iterator<Item = &WatchedFinding> {
        let is_once =
            move |finding: &&WatchedFinding| finding.standing == Standing::Coming && finding.level == level;
        self.findings.iter().filter(is_once)
    }

    /// Their number of each level that is worth a look.
    pub fn counts(&self) -> [(Level, usize); 4] {
        let levels = [Level::Failure, Level::Warning, Level::CouldNotTell, Level::Note];
        levels.map(|level| (level, self.count(level)))
    }
}

/// A finding about a watched domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedFinding {
    /// Its level.
    pub level: Level,
    /// Its topic.
    pub topic: Topic,
    /// Its code.
    pub code: Code,
    /// How sure it is.
    pub standing: Standing,
    /// Whether the last check could not look for it.
    pub unseen: bool,
    /// The first check that saw it.
    pub since: u64,
    /// The last check that saw it.
    pub seen: u64,
    /// The facts.
    pub evidence: String,
    /// The effect on mail.
    pub effect: String,
    /// The change that helps.
    pub remedy: String,
    /// The RFC that specifies it.
    pub source: String,
}
