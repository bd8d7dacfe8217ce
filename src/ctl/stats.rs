//! `resolverctl stats`: prints the statistics of the daemon about its queries.

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::moment;
use super::outcome::CommandOutcome;
use super::render::{Format, json, rows, screen};
use control::protocol::{Reply, Request, Table};
use history::Window;

/// The command line of `stats`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Time window of the statistics.
    #[arg(long, value_enum, default_value_t = Window::FiveMinutes, value_name = "WINDOW")]
    since: Window,
    /// Show a table instead of the overview.
    #[arg(long, value_enum, value_name = "TABLE")]
    by: Option<Table>,
}

/// Asks the daemon for the statistics, and prints them.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let (table, window) = (arguments.by, arguments.since);
    let replies = client.ask(&Request::Stats { window, table })?;
    let text = match (format, table) {
        (Format::Json, _) => replies.iter().map(json::reply).collect(),
        (Format::Text(style), Some(table)) => rows::table(table, &replies, window, &moment::shown, style),
        (Format::Text(style), None) => match replies.as_slice() {
            [Reply::Stats(stats)] => screen::stats(stats, style),
            _ => return Err(unexpected()),
        },
    };
    Ok(CommandOutcome { text, exit: Exit::Yes })
}
