//! `resolverctl own`: shows the state of own domains and addresses, and suggests the section `[own]` of the configuration.

use std::path::PathBuf;

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, own};
use super::{check, moment, watched};
use doctor::is_private;
use host::own_mail::suggest;
use protocol::watched::WatchedRow;

/// The command line of `own`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print the section [own] for this host, from the files of Postfix or Exim, rspamd or OpenDKIM, and the mail log.
    #[arg(long)]
    suggest: bool,
    /// Directory of the host; tests use another one.
    #[arg(long, value_name = "DIRECTORY", default_value = "/", hide = true)]
    root: PathBuf,
}

/// The exit code is "no" if there is a failure, and "could not tell" if it is unknown.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    if arguments.suggest {
        let mut addresses = check::own_addresses();
        addresses.retain(|address| !is_private(*address));
        let text = own::section(&suggest(&arguments.root, &addresses));
        return Ok(CommandOutcome { text, exit: Exit::Yes });
    }
    let rows: Vec<WatchedRow> = watched::all(client)?.into_iter().filter(|row| row.own).collect();
    let text = match format {
        Format::Json => rows.iter().map(json::line).collect(),
        Format::Text(style) => own::table(&rows, &moment::shown, style),
    };
    Ok(CommandOutcome { text, exit: watched::exit(&rows) })
}
