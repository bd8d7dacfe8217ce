//! `resolverctl stats`: the statistics.

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, rows, screen};
use crate::control::protocol::{Reply, Request, Table};
use crate::record::Window;

/// The command line of `stats`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Time window of the statistics; since start if the daemon started later.
    #[arg(long, value_enum, default_value_t = Window::FiveMinutes, value_name = "WINDOW")]
    since: Window,
    /// Show a table instead of the overview.
    #[arg(long, value_enum, value_name = "TABLE", conflicts_with = "slow")]
    by: Option<Table>,
    /// Show the zones that took the most time, with a histogram of their resolution times.
    #[arg(long)]
    slow: bool,
}

/// Sends the request, and shows the reply.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let table = if arguments.slow { Some(Table::Slow) } else { arguments.by };
    let window = arguments.since;
    let replies = client.ask(&Request::Stats { window, table })?;
    let text = match (format, table) {
        (Format::Json, _) => replies.iter().map(json::reply).collect(),
        (Format::Text(style), Some(table)) => rows::table(table, &replies, window, style),
        (Format::Text(style), None) => match replies.as_slice() {
            [Reply::Stats(stats)] => screen::stats(stats, style),
            _ => return Err(unexpected()),
        },
    };
    Ok(CommandOutcome { text, exit: Exit::Yes })
}
