//! A finding that is followed over several checks.

use serde::{Deserialize, Serialize};

use doctor::codes::Code;
use doctor::finding::Level;
use doctor::part::{About, Part};
use resolver::config::WatchAs;

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
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
    /// The hosts, addresses or lists that it is about; empty: the domain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<About>,
    /// The parts that could not be told, if it says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The first check that saw it, in seconds since 1970.
    pub since: u64,
    /// The last check that saw it.
    pub seen: u64,
    /// How sure it is.
    pub standing: Standing,
    /// Whether the last check could not look for it.
    #[serde(default)]
    pub unseen: bool,
    /// The last checks in a row that looked for it and did not find it.
    #[serde(default)]
    pub missed: u8,
    /// The first of these checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed_since: Option<u64>,
}

impl FollowedFinding {
    /// Whether a check for this side of a mail can find it too.
    pub(super) fn is_for(&self, side: WatchAs) -> bool {
        let others: &[Part] = match side {
            WatchAs::Both => &[],
            WatchAs::Sender => &[Part::MtaSts, Part::TlsRpt, Part::Dane],
            WatchAs::Recipient => &[Part::Spf, Part::Dkim, Part::Dmarc, Part::Bimi],
        };
        let is_other = |part: &Part| others.contains(part);
        match self.parts.as_slice() {
            [] => !self.code.entry().parts.iter().any(is_other),
            // One of them is enough.
            untold => !untold.iter().all(is_other),
        }
    }
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
