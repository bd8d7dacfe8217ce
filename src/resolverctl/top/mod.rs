//! `resolverctl top`: shows figures of the daemon on the whole terminal, and updates them continuously.
//!
//! # Decisions
//!
//! - The state (`live`) and the drawing (`draw`) depend only on replies of the daemon and on keys. Only this file uses the
//!   control socket, and only `terminal` uses the terminal.
//! - Rates are differences between two readings of the counters since the start of the daemon. The counters of periods, such as
//!   the last minute, change only every ten seconds, but this screen changes every two seconds.
//! - If the daemon does not answer, for example during a restart, the command asks again. The last figures stay, and a line
//!   reports the problem. The command handles no keys while it waits for a reply, so it waits at most `TOP_PATIENCE`.

pub mod draw;
pub mod keys;
pub mod live;
pub mod table;
mod terminal;

use std::io::{self, IsTerminal};
use std::process::exit;
use std::thread;
use std::time::{Duration, Instant};

use ratatui_crossterm::crossterm::event::{self, Event};

use self::draw::draw;
use self::keys::key_of;
use self::live::{TopAct, TopLive};
use self::table::TopTable;
use self::terminal::{TopTerminal, give_back};
use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::interrupt::Interrupts;
use super::moment;
use super::monitor::span_like;
use super::outcome::CommandOutcome;
use super::render::{Format, Style};
use crate::limits::{TOP_INTERVALS, TOP_PATIENCE};
use protocol::{Blame, Problem, Reply, Request, Stats};
use record::Window;

/// The command line of `top`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The table that is shown first.
    #[arg(long, value_enum, default_value_t = TopTable::Zones, value_name = "TABLE")]
    by: TopTable,
    /// The same as --by.
    #[arg(value_enum, hide = true, conflicts_with = "by")]
    table: Option<TopTable>,
    /// Time window of the table.
    #[arg(long, value_enum, default_value_t = Window::Minute, value_name = "WINDOW")]
    since: Window,
    /// Time between two readings, 1s to 60m.
    #[arg(long, value_name = "INTERVAL", default_value = "2s", value_parser = interval)]
    interval: Duration,
}

fn interval(typed: &str) -> Result<Duration, String> {
    let interval = span_like(typed, "2s or 1m")?;
    match TOP_INTERVALS.contains(&interval) {
        true => Ok(interval),
        false => Err(format!("\"{typed}\" is out of range: 1s to 60m")),
    }
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let Format::Text(style) = format else { return Err(no_terminal()) };
    if !is_terminal() {
        return Err(no_terminal());
    }
    let client = client.clone().within(TOP_PATIENCE);
    let wanted = (arguments.table.unwrap_or(arguments.by), arguments.since);
    let mut live = TopLive::new(wanted, moment::time_of_day, style == Style::Colored);
    // If this first request fails, the command prints the error and shows no screen.
    take_reading(&client, &mut live)?;
    let mut interrupts = Interrupts::catch().map_err(CommandFailure::Output)?;
    let mut taken = TopTerminal::take().map_err(CommandFailure::Output)?;
    // The thread ends with the process.
    thread::spawn(move || {
        interrupts.wait();
        give_back();
        exit(Exit::Yes.code().into());
    });
    let ended = follow(&client, arguments.interval, &mut live, &mut taken);
    // Restores the terminal, so that the error below appears on a normal screen.
    drop(taken);
    ended.map_err(CommandFailure::Output)?;
    Ok(CommandOutcome { text: String::new(), exit: Exit::Yes })
}

fn follow(
    client: &ControlClient,
    interval: Duration,
    live: &mut TopLive,
    taken: &mut TopTerminal,
) -> io::Result<()> {
    let mut next = Instant::now() + interval;
    loop {
        taken.terminal.draw(|frame| draw(frame, live, moment::now()))?;
        if event::poll(next.saturating_duration_since(Instant::now()))?
            && let Event::Key(key) = event::read()?
        {
            match key_of(key).map(|key| live.press(key)) {
                Some(TopAct::End) => return Ok(()),
                Some(TopAct::Read) => next = Instant::now(),
                Some(TopAct::Draw) | None => {}
            }
        }
        if Instant::now() >= next {
            if let Err(failure) = take_reading(client, live) {
                live.failed(failure.to_string(), moment::now());
            }
            next = Instant::now() + interval;
        }
    }
}

fn take_reading(client: &ControlClient, live: &mut TopLive) -> Result<(), CommandFailure> {
    let replies = client.ask(&Request::Stats { window: Window::Start, table: None })?;
    let [Reply::Stats(stats)] = replies.as_slice() else { return Err(unexpected()) };
    let stats: &Stats = stats;
    let now = moment::now();
    let rows = client.ask(&live.request(now))?;
    live.read(stats, &rows, now);
    Ok(())
}

/// Returns true if standard input and output are a terminal that can place text anywhere, which a terminal of type `dumb` cannot.
fn is_terminal() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal.is_empty() || terminal == "dumb");
    io::stdin().is_terminal() && io::stdout().is_terminal() && !dumb
}

fn no_terminal() -> CommandFailure {
    let sentence = "top needs a terminal: use `resolverctl stats --by zone` or `--by user`, `resolverctl dnsbl` or `resolverctl failed`";
    CommandFailure::Problem(Problem { fault: Blame::Request, sentence: sentence.to_owned() })
}
