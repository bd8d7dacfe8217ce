//! How a list is, in words: what is shown, kept over a restart, and asked by the gate.
//!
//! What makes it so is in `dnsbl::entry`.

use serde::{Deserialize, Serialize};

/// How a list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody knows yet.
    #[default]
    Untested,
    /// It answers as a list does.
    Ok,
    /// It does, and takes its time.
    Slow,
    /// It refuses this host.
    Refusing,
    /// Somebody else has its zone.
    Parked,
    /// It lists whatever it is asked for.
    ListsTheWorld,
    /// It lists nothing, its test points neither.
    ListsNothing,
    /// Its test points are not as they should be, and its answers do not show that it lists nothing or the world.
    TestsDiffer,
    /// Its servers do not answer.
    Dead,
}

/// How a list is, since when, and why that is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// How it is.
    pub state: State,
    /// Seconds since 1970.
    pub since: u64,
    /// One sentence; empty where all is well.
    pub why: String,
}

/// All that is known of how a list is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// By its answers and by its silence, and by its tests but for `world`.
    #[serde(flatten)]
    pub standing: Standing,
    /// That it lists the world, since when, and why. Only its tests begin and end that: a list that dies in other ways too still
    /// lists whom it must not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<Standing>,
}

impl Known {
    /// The worse of both.
    pub fn shown(&self) -> &Standing {
        self.world.as_ref().unwrap_or(&self.standing)
    }

    /// It is so now. An incident that becomes another has begun when the first did.
    pub(super) fn turn(&mut self, state: State, why: &str, unix: u64) {
        let Standing { state: old, since, .. } = self.standing;
        let goes_on = old == state || (old.is_incident() && state.is_incident());
        self.standing = Standing { state, since: if goes_on { since } else { unix }, why: why.to_owned() };
    }
}

impl State {
    /// Whether it is worth a line when it begins and another when it ends.
    pub const fn is_incident(self) -> bool {
        !matches!(self, Self::Untested | Self::Ok | Self::Slow | Self::TestsDiffer)
    }
}
