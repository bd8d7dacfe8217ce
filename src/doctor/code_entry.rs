//! The description of a code of the table, and the form of the table.

use super::level::{Level, Topic};

/// The description of a code.
#[derive(Clone, Copy, Debug)]
pub struct CodeEntry {
    /// Its word.
    pub word: &'static str,
    /// Its topic.
    pub topic: Topic,
    /// Its usual level.
    pub level: Level,
    /// The RFC that specifies it.
    pub source: &'static str,
    /// Its meaning, without a full stop.
    pub title: &'static str,
    /// The effect on mail; empty if there is none.
    pub effect: &'static str,
    /// The change that helps; empty if none is needed.
    pub remedy: &'static str,
}

/// The type `Code` with its descriptions from the rows of the table.
macro_rules! codes {
    ($($code:ident $word:literal $topic:ident $level:ident $source:literal: $title:literal; $effect:literal; $remedy:literal.)+) => {
        /// A code of a finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $code,)+
        }

        impl Code {
            /// All codes, in the order of worth.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// Its description.
            pub const fn entry(self) -> &'static CodeEntry {
                match self {
                    $(Self::$code => &CodeEntry {
                        word: $word,
                        topic: Topic::$topic,
                        level: Level::$level,
                        source: $source,
                        title: $title,
                        effect: $effect,
                        remedy: $remedy,
                    },)+
                }
            }
        }
    };
}

pub(super) use codes;
