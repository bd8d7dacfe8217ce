//! The result of a command of resolverctl: its output and its exit code.

use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;

use super::exit::{CommandFailure, Exit};

/// The output and the exit code of a command that has not failed.
pub(super) struct CommandOutcome {
    /// The text that the command prints, including its last newline.
    pub(super) text: String,
    pub(super) exit: Exit,
}

/// Prints a part of the output immediately. Returns `Break` if the program that reads the output, such as `head`, has closed the pipe; this is no
/// error.
pub(super) fn print(text: &str) -> Result<ControlFlow<()>, CommandFailure> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(CommandFailure::Output(error)),
    }
}
