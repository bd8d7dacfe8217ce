//! The state of a list. The displays, the file that keeps it over a restart, and the gate use it.
//!
//! `dnsbl::entry` changes the state.

use serde::{Deserialize, Serialize};

use dns::words;

words! {
    /// The state of a list. JSON and the screen have the same words.
    #[derive(Default)]
    pub enum ListState {
        /// No test and no answer has shown the state yet.
        #[default]
        #[serde(alias = "untested")]
        Untested = "not_tested",
        /// The list works.
        Ok = "ok",
        /// The list works, with slow answers.
        Slow = "slow",
        /// The list refuses queries of this host.
        #[serde(alias = "refusing")]
        Refusing = "refuses_queries",
        /// The zone of the list may have a new owner.
        Parked = "parked",
        /// The list lists everything.
        #[serde(alias = "lists_the_world")]
        ListsTheWorld = "lists_everything",
        /// The list lists nothing, not even its test entries.
        ListsNothing = "lists_nothing",
        /// A test entry of the list has the wrong answer, but other answers show that the list works.
        TestsDiffer = "tests_differ",
        /// The servers of the list do not answer.
        #[serde(alias = "dead")]
        Silent = "silent",
    }
}

/// The state of a list, the time since which it has this state, and the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListStanding {
    /// The state of the list.
    pub state: ListState,
    /// The time since which the list has this state, in seconds since 1970.
    pub since: u64,
    /// The reason, in one sentence. Empty if the list works.
    pub why: String,
}

/// All parts of the state of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownList {
    /// The state according to the answers, the silence and the tests of the list, except for `world`.
    #[serde(flatten)]
    pub standing: ListStanding,
    /// The state "lists everything", if the list has it. Only tests begin and end this state, because a list that also fails in another way must
    /// still not be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<ListStanding>,
}

impl KnownList {
    /// Returns the state to show: `world` if the list has this state, because it is the worst one, and otherwise `standing`.
    pub fn shown(&self) -> &ListStanding {
        self.world.as_ref().unwrap_or(&self.standing)
    }

    /// Changes the state of the list. If one incident directly follows another, `since` stays the time at which the first one began.
    pub(super) fn turn(&mut self, state: ListState, why: &str, unix: u64) {
        let ListStanding { state: old, since, .. } = self.standing;
        let goes_on = old == state || (old.is_incident() && state.is_incident());
        self.standing =
            ListStanding { state, since: if goes_on { since } else { unix }, why: why.to_owned() };
    }
}

impl ListState {
    /// Returns true if this state is an incident: resolverd logs when it begins and when it ends.
    pub const fn is_incident(self) -> bool {
        !matches!(self, Self::Untested | Self::Ok | Self::Slow | Self::TestsDiffer)
    }
}
