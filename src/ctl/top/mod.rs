//! `resolverctl top`: the live numbers on the whole terminal.
//!
//! # Decisions
//!
//! - The state and the picture are pure functions of replies and keys: `live` and `draw`. Threads, sockets and the terminal are in
//!   `follow` and `terminal`.
//! - Rates are differences of two readings of the counters since the start: the windows of the statistics move every ten
//!   seconds, and this screen every two.
//! - A daemon that does not answer, for instance while it restarts, is asked again. The last numbers stay, and a line says so.
//! - A page about a row is asked for when no other is on its way. A text that comes for a row that was left is dropped.

pub mod draw;
mod follow;
pub mod keys;
pub mod live;
pub mod page;
mod reading;
pub mod table;
mod terminal;

use std::io::{self, IsTerminal};
use std::time::Duration;

use self::follow::TopScreen;
use self::live::TopLive;
use self::reading::request;
use self::table::TopTable;
use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::moment;
use super::outcome::CommandOutcome;
use super::render::spent::empty;
use super::render::{Format, Style, json};
use super::stats::interval;
use control::protocol::Reply;
use history::Window;

/// The command line of `top`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The table that is shown first.
    #[arg(long, value_enum, default_value_t = TopTable::Zones, value_name = "TABLE")]
    by: TopTable,
    /// Time window of the table.
    #[arg(long, value_enum, default_value_t = Window::Minute, value_name = "WINDOW")]
    since: Window,
    /// Time between two readings, 1s to 60m.
    #[arg(long, value_name = "INTERVAL", default_value = "2s", value_parser = interval)]
    interval: Duration,
}

/// Shows the screen until a key or a signal ends it. Without a terminal it prints the table once.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let now = moment::now();
    let wanted = (arguments.by, arguments.since);
    // A daemon that cannot be asked at all is reported without a screen.
    let replies = client.ask(&request(wanted, now))?;
    let style = match format {
        Format::Json => {
            let text = table::sorted(arguments.by, &replies, &moment::time_of_day);
            let text = text.into_iter().map(|(_, reply)| json::reply(reply)).collect();
            return Ok(CommandOutcome { text, exit: Exit::Yes });
        }
        Format::Text(style) => style,
    };
    if !is_terminal() {
        let rows = table::sorted(arguments.by, &replies, &moment::time_of_day);
        let rows: Vec<_> = rows.into_iter().map(|(row, _)| row).collect();
        let off = replies.iter().any(|reply| matches!(reply, Reply::RecordBegin { off: true, .. }));
        let text = if off { empty(true).to_owned() } else { table::plain(arguments.by, &rows, style) };
        return Ok(CommandOutcome { text, exit: Exit::Yes });
    }
    let live = TopLive::new(wanted, moment::time_of_day, style == Style::Colored);
    TopScreen { client: client.clone(), interval: arguments.interval }.follow(live)?;
    Ok(CommandOutcome { text: String::new(), exit: Exit::Yes })
}

/// Whether both ends are a terminal that understands more than text.
fn is_terminal() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal.is_empty() || terminal == "dumb");
    io::stdin().is_terminal() && io::stdout().is_terminal() && !dumb
}
