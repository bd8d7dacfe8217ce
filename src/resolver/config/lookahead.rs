//! The section `[lookahead]`: questions that resolverd asks before a client asks them.

use serde::{Deserialize, Serialize};

use super::forms::Word;
use super::keys::{SingleSection, key};

/// The mode of look-ahead, which asks in advance the questions that a client will probably ask next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookaheadMode {
    /// Look-ahead asks only questions of those rules whose earlier answers clients have used.
    Learned,
    /// Look-ahead asks the questions of all its rules, even of rules whose answers no client uses.
    Rules,
    /// Look-ahead asks no questions, but counts how many of them clients would have used.
    Observe,
    /// Look-ahead neither asks nor counts questions.
    Off,
}

const MODES: [(&str, LookaheadMode); 4] = [
    ("learned", LookaheadMode::Learned),
    ("rules", LookaheadMode::Rules),
    ("observe", LookaheadMode::Observe),
    ("off", LookaheadMode::Off),
];

/// The permitted values of `lookahead` for a listener. "general" means that the mode in `[lookahead]` applies.
pub(super) const LISTENER_MODES: [(&str, Option<LookaheadMode>); 5] = [
    ("general", None),
    ("learned", Some(LookaheadMode::Learned)),
    ("rules", Some(LookaheadMode::Rules)),
    ("observe", Some(LookaheadMode::Observe)),
    ("off", Some(LookaheadMode::Off)),
];

/// The values of the section `[lookahead]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LookaheadSection {
    /// The mode of look-ahead for all listeners without a mode of their own.
    pub mode: LookaheadMode,
}

pub(super) const LOOKAHEAD: SingleSection<LookaheadSection> = SingleSection {
    name: "lookahead",
    keys: &[key!(LookaheadSection, mode, Word(&MODES))
        .comment(&[(Some("\"learned\""), "sends early the queries that clients usually send next")])],
};
