//! The result of a command.

use super::exit::Exit;

/// The result of a command.
pub(super) struct CommandOutcome {
    /// The output, with its last newline.
    pub(super) text: String,
    pub(super) exit: Exit,
}
