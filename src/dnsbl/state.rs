//! The state of a DNS list, such as "ok" or "refuses queries". The module `gate` and the screens use the state, and a file keeps it over a restart.
//! The module `dnsbl::entry` changes it.

use serde::{Deserialize, Serialize};

use dns::words;

words! {
    /// The state of a DNS list. JSON and the screens show the same words.
    #[derive(Default)]
    pub enum ListState {
        /// The state is not known yet: there was no test of the DNS list, and no answer that shows it.
        #[default]
        #[serde(alias = "untested")]
        Untested = "not_tested",
        /// The DNS list works: it gives the expected answers.
        Ok = "ok",
        /// The DNS list works, but its answers are slow.
        Slow = "slow",
        /// The DNS list refuses to answer queries of this host.
        #[serde(alias = "refusing")]
        Refusing = "refuses_queries",
        /// The domain of the DNS list may have a new owner.
        Parked = "parked",
        /// The DNS list lists every name, even its test entry that must not be listed.
        #[serde(alias = "lists_the_world")]
        ListsTheWorld = "lists_everything",
        /// The DNS list lists no name, not even its test entry that must be listed.
        ListsNothing = "lists_nothing",
        /// A test entry of the DNS list has a wrong answer, but the list's answers to clients show that it works.
        TestsDiffer = "tests_differ",
        /// The local mirror of the DNS list has data older than `max_age`.
        DataTooOld = "data_too_old",
        /// The servers of the DNS list do not answer.
        #[serde(alias = "dead")]
        Silent = "silent",
    }
}

/// The state of a DNS list, the time since which it has this state, and the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListStanding {
    /// The state.
    pub state: ListState,
    /// The time at which this state began, in seconds since 1970.
    pub since: u64,
    /// The reason in one sentence. Empty if the DNS list works.
    pub why: String,
}

/// The complete state of a DNS list, which can have the state "lists everything" and another state at the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownList {
    /// The state from answers, silence and tests. It is never "lists everything".
    #[serde(flatten)]
    pub standing: ListStanding,
    /// The state "lists everything", which only tests begin and end. It is kept if the list fails in another way, because listings of such a list
    /// must never be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<ListStanding>,
    /// The state "data too old", which only looks at the local mirror begin and end. It is not kept over a restart.
    #[serde(skip)]
    pub(super) outdated: Option<ListStanding>,
}

impl KnownList {
    /// Returns the state to show. If the DNS list has the state "lists everything", this is shown, because it is the worst one. A list that works
    /// otherwise may have old data.
    pub fn shown(&self) -> &ListStanding {
        let found = self.found();
        self.outdated.as_ref().filter(|_| !found.state.is_incident()).unwrap_or(found)
    }

    /// Returns the state that answers and tests show, without regard to the age of the data.
    pub(super) fn found(&self) -> &ListStanding {
        self.world.as_ref().unwrap_or(&self.standing)
    }

    /// Changes the state. If one fault directly follows another, `since` remains the begin of the first fault.
    pub(super) fn turn(&mut self, state: ListState, why: &str, unix: u64) {
        let ListStanding { state: old, since, .. } = self.standing;
        let goes_on = old == state || (old.is_incident() && state.is_incident());
        self.standing =
            ListStanding { state, since: if goes_on { since } else { unix }, why: why.to_owned() };
    }
}

impl ListState {
    /// Returns true if the DNS list is faulty in this state. resolverd logs when such a fault begins and when it ends.
    pub const fn is_incident(self) -> bool {
        !matches!(self, Self::Untested | Self::Ok | Self::Slow | Self::TestsDiffer)
    }

    /// Returns true if the first good answer of the DNS list ends this state, whoever has asked. Tests end the others.
    pub(super) const fn ends_with_an_answer(self) -> bool {
        matches!(self, Self::Silent | Self::Refusing | Self::Parked)
    }
}
