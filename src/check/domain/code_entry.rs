//! The description of a code of the table.

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
