//! The state of a list: for screens, the kept file, and the gate.
//!
//! `dnsbl::entry` changes it.

use serde::{Deserialize, Serialize};

/// The state of a list. JSON and the screen have the same words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListState {
    /// No test and no answer has shown the state yet.
    #[default]
    #[serde(rename = "not_tested", alias = "untested")]
    Untested,
    /// The list works.
    Ok,
    /// The list works, with slow answers.
    Slow,
    /// The list refuses queries of this host.
    #[serde(rename = "refuses_queries", alias = "refusing")]
    Refusing,
    /// The zone of the list may have a new owner.
    Parked,
    /// The list lists everything.
    #[serde(rename = "lists_everything", alias = "lists_the_world")]
    ListsTheWorld,
    /// The list lists nothing, not even its test entries.
    ListsNothing,
    /// A test entry of the list has the wrong answer, but other answers show that the list works.
    TestsDiffer,
    /// The servers of the list do not answer.
    #[serde(alias = "dead")]
    Silent,
}

/// The state of a list, since when, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListStanding {
    /// The state.
    pub state: ListState,
    /// Seconds since 1970.
    pub since: u64,
    /// One sentence; empty if the list works.
    pub why: String,
}

/// All parts of the state of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownList {
    /// By its answers, its silence and its tests, without `world`.
    #[serde(flatten)]
    pub standing: ListStanding,
    /// "Lists everything", since when, and why. Only tests begin and end it: a list that also fails in another way
    /// must still not be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<ListStanding>,
}

impl KnownList {
    /// The worse of both.
    pub fn shown(&self) -> &ListStanding {
        self.world.as_ref().unwrap_or(&self.standing)
    }

    /// Changes the state. If one incident becomes another, the time of the first stays.
    pub(super) fn turn(&mut self, state: ListState, why: &str, unix: u64) {
        let ListStanding { state: old, since, .. } = self.standing;
        let goes_on = old == state || (old.is_incident() && state.is_incident());
        self.standing =
            ListStanding { state, since: if goes_on { since } else { unix }, why: why.to_owned() };
    }
}

impl ListState {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Untested,
        Self::Ok,
        Self::Slow,
        Self::Refusing,
        Self::Parked,
        Self::ListsTheWorld,
        Self::ListsNothing,
        Self::TestsDiffer,
        Self::Silent,
    ];

    /// Returns true if it is logged when this state begins and when it ends.
    pub const fn is_incident(self) -> bool {
        !matches!(self, Self::Untested | Self::Ok | Self::Slow | Self::TestsDiffer)
    }
}
