//! `[lookahead]`: questions that are asked before a client asks them.

use serde::{Deserialize, Serialize};

use super::forms::Word;
use super::keys::{SingleSection, key};

/// The mode of look-ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookaheadMode {
    /// It asks by the rules whose questions clients use.
    Learned,
    /// It asks by all rules.
    Rules,
    /// It asks nothing, and counts how many of its questions clients would use.
    Observe,
    /// It neither asks nor counts.
    Off,
}

const MODES: [(&str, LookaheadMode); 4] = [
    ("learned", LookaheadMode::Learned),
    ("rules", LookaheadMode::Rules),
    ("observe", LookaheadMode::Observe),
    ("off", LookaheadMode::Off),
];

/// The modes of a listener; "general" leaves it to `[lookahead]`.
pub(super) const LISTENER_MODES: [(&str, Option<LookaheadMode>); 5] = [
    ("general", None),
    ("learned", Some(LookaheadMode::Learned)),
    ("rules", Some(LookaheadMode::Rules)),
    ("observe", Some(LookaheadMode::Observe)),
    ("off", Some(LookaheadMode::Off)),
];

/// `[lookahead]`
#[derive(Clone, Debug, PartialEq)]
pub struct LookaheadSection {
    /// The mode of all listeners without a mode of their own.
    pub mode: LookaheadMode,
}

pub(super) const LOOKAHEAD: SingleSection<LookaheadSection> = SingleSection {
    name: "lookahead",
    keys: &[key!(LookaheadSection, mode, Word(&MODES))
        .comment(&[(Some("\"learned\""), "sends queries that clients usually send next")])],
};
