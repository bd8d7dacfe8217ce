//! The result of a command.

use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;

use super::exit::{CommandFailure, Exit};

/// The result of a command.
pub(super) struct CommandOutcome {
    /// The text to print, including its last newline.
    pub(super) text: String,
    pub(super) exit: Exit,
}

/// Prints a part of the output immediately. Breaks if the reader of the pipe, such as `head`, has closed it; this is not an error.
pub(super) fn print(text: &str) -> Result<ControlFlow<()>, CommandFailure> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(CommandFailure::Output(error)),
    }
}
