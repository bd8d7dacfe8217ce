//! A finding that is followed over several checks.

use serde::{Deserialize, Serialize};

use crate::check::domain::codes::Code;
use crate::check::domain::finding::Level;

/// A finding that is followed. The same code at another level is another finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedFinding {
    /// Its code.
    pub code: Code,
    /// Its level.
    pub level: Level,
    /// The facts of the last check that saw it.
    pub evidence: String,
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
