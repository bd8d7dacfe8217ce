//! The section `[lookahead]`: questions that resolverd asks before a client asks them.

use serde::{Deserialize, Serialize};

use super::forms::Word;
use super::keys::{SingleSection, key};

/// The mode of look-ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookaheadMode {
    /// Asks only the questions of those look-ahead rules whose earlier answers clients have used.
    Learned,
    /// Asks the questions of all look-ahead rules.
    Rules,
    /// Asks no questions, but counts how many of them clients would have used.
    Observe,
    /// Neither asks nor counts questions.
    Off,
}

const MODES: [(&str, LookaheadMode); 4] = [
    ("learned", LookaheadMode::Learned),
    ("rules", LookaheadMode::Rules),
    ("observe", LookaheadMode::Observe),
    ("off", LookaheadMode::Off),
];

/// The values of `lookahead` of a listener. "general" applies the mode of `[lookahead]`.
pub(super) const LISTENER_MODES: [(&str, Option<LookaheadMode>); 5] = [
    ("general", None),
    ("learned", Some(LookaheadMode::Learned)),
    ("rules", Some(LookaheadMode::Rules)),
    ("observe", Some(LookaheadMode::Observe)),
    ("off", Some(LookaheadMode::Off)),
];

/// The section `[lookahead]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LookaheadSection {
    /// The mode for listeners without their own mode.
    pub mode: LookaheadMode,
}

pub(super) const LOOKAHEAD: SingleSection<LookaheadSection> = SingleSection {
    name: "lookahead",
    keys: &[key!(LookaheadSection, mode, Word(&MODES))
        .comment(&[(Some("\"learned\""), "sends early the queries that clients usually send next")])],
};
