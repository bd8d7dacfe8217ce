//! `resolverctl completion`: the completion script of a shell.

use clap_complete::Shell;

use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;

/// The command line of `completion`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Shell that will read the script.
    shell: Shell,
}

/// Shows the script.
pub(super) fn run(
    arguments: &Arguments,
    command_line: &mut clap::Command,
) -> Result<CommandOutcome, CommandFailure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command_line, "resolverctl", &mut script);
    let text =
        String::from_utf8(script).map_err(|error| CommandFailure::Output(std::io::Error::other(error)))?;
    Ok(CommandOutcome { text, exit: Exit::Yes })
}
