//! The questions that the log has, and the facts that a line needs next to the history.

use super::failure_lines::FailureLines;
use super::follow::NewsReader;
use super::long_messages::LongMessages;
use super::redact::{Redaction, Secrets};
use super::slow_lines::SlowLines;
use super::stored::Chooser;
use super::why::DaemonFacts;

/// The questions that the log has, and the place in the record up to which it was read.
#[derive(Debug, Default)]
pub struct Told {
    pub(super) follower: NewsReader,
    pub(super) failures: FailureLines,
    pub(super) slow: SlowLines,
    pub(super) stored: Chooser,
    pub(super) long: LongMessages,
}

/// The facts that are not in the record.
pub struct TellFacts<'a> {
    /// Keys that no line may have.
    pub secrets: &'a Secrets,
    /// The parts of an entry that are not written to disk.
    pub redaction: Redaction,
    /// See `DaemonFacts`.
    pub facts: DaemonFacts<'a>,
    /// Whether the log has a line about a list that does not work, by its apex in wire form.
    pub is_list_told: &'a dyn Fn(&[u8]) -> bool,
    /// Whether a zone is in the configuration, by its name in lower-case wire form.
    pub is_configured: &'a dyn Fn(&[u8]) -> bool,
}
