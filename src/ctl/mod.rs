//! resolverctl: what an administrator asks the daemon, and how the answer is shown. One file a command, one renderer a
//! format.
//!
//! It never calls the resolver: it is another program, at the other end of the control socket.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod cache;
mod check;
mod client;
mod completion;
mod config;
mod dnsbl;
mod exit;
mod flush;
mod inflight;
mod nta;
mod query;
mod reload;
pub mod render;
mod servers;
mod stats;
mod status;
mod zones;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use self::client::Client;
pub use self::exit::{Exit, Failure};
use self::render::{Format, Style};
use crate::config::defaults;

/// What stands below the help.
const EXIT_CODES: &str = "\
Exit codes: 0 yes, 1 no (not well, no such name, no such data), 2 usage, 3 daemon unreachable, 4 could not tell, \
5 permission denied, 6 configuration invalid";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "resolverctl", version, about = "Asks resolverd how it is, where time went, and what a name is", after_help = EXIT_CODES)]
pub struct Arguments {
    /// The daemon's control socket.
    #[arg(long, value_name = "PATH", default_value = defaults::SOCKET, global = true)]
    socket: PathBuf,
    /// Print JSON, one object a line; times are in seconds.
    #[arg(long, global = true)]
    json: bool,
    /// Colours; auto is on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN", global = true)]
    color: Color,
    #[command(subcommand)]
    command: Option<Command>,
}

/// When there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// The commands; without one it is `status`.
#[derive(Debug, Subcommand)]
enum Command {
    /// Is it well? And if not, what to do.
    Status,
    /// Where the time went: questions, outcomes, latency, the slowest zones and servers.
    ///
    /// "shed" are questions that were turned away at once with SERVFAIL: for zones and of clients that have the most of all
    /// questions under way when more than half of the places are taken, and for zones from which no answer comes. The
    /// tables by zone and by client have a column of them.
    Stats(stats::Arguments),
    /// Ask a question through the daemon: the answer, where it came from, how long it took.
    Query(query::Arguments),
    /// Remove from the daemon's memory; says how much.
    Flush(flush::Arguments),
    /// What is known of servers, the slowest first: round trips, silence, EDNS, lameness.
    Servers(servers::Arguments),
    /// The configured zones: where each leads, and how its servers are.
    Zones,
    /// What is being found out now, for how many, and whom it waits for; the oldest first.
    Inflight,
    /// What memory holds under a name, and for how long yet.
    Cache(cache::Arguments),
    /// The DNS lists in use: how they answer, how they are and since when, and what to do.
    Dnsbl(dnsbl::Arguments),
    /// The configuration: what holds, and whether a file is right.
    #[command(subcommand)]
    Config(config::Command),
    /// Negative trust anchors: names at and below which broken signatures are overlooked.
    #[command(subcommand)]
    Nta(nta::Command),
    /// Have the daemon read its configuration file again; says what has changed. A wrong file changes nothing.
    Reload,
    /// Print a script that completes this program's command line.
    Completion(completion::Arguments),
    /// See what stands in the way of mail's questions; needs no daemon.
    Check(check::Arguments),
}

/// What a command comes to.
struct Outcome {
    /// What is printed, with its last newline.
    text: String,
    exit: Exit,
}

/// Runs the program: asks, prints, and says how it ended.
pub fn run(arguments: &Arguments) -> Exit {
    match arguments.outcome() {
        Ok(outcome) => match io::stdout().lock().write_all(outcome.text.as_bytes()) {
            Ok(()) => outcome.exit,
            // Whoever reads us, `head` for one, has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Yes,
            Err(error) => complain(&Failure::Output(error)),
        },
        Err(failure) => complain(&failure),
    }
}

/// Says on stderr why there is no answer.
fn complain(failure: &Failure) -> Exit {
    // Nobody is left to be told where stderr is closed; the exit code says it.
    let _closed = writeln!(io::stderr(), "resolverctl: {failure}");
    failure.exit()
}

impl Arguments {
    fn outcome(&self) -> Result<Outcome, Failure> {
        let client = Client::new(&self.socket);
        let format = self.format();
        match &self.command {
            None | Some(Command::Status) => status::run(&client, format),
            Some(Command::Stats(arguments)) => stats::run(arguments, &client, format),
            Some(Command::Query(arguments)) => query::run(arguments, &client, format),
            Some(Command::Flush(arguments)) => flush::run(arguments, &client, format),
            Some(Command::Servers(arguments)) => servers::run(arguments, &client, format),
            Some(Command::Zones) => zones::run(&client, format),
            Some(Command::Inflight) => inflight::run(&client, format),
            Some(Command::Cache(arguments)) => cache::run(arguments, &client, format),
            Some(Command::Dnsbl(arguments)) => dnsbl::run(arguments, &client, format),
            Some(Command::Config(command)) => config::run(command, &client, format),
            Some(Command::Nta(command)) => nta::run(command, &client, format),
            Some(Command::Reload) => reload::run(&client, format),
            Some(Command::Completion(arguments)) => completion::run(arguments),
            Some(Command::Check(arguments)) => Ok(check::run(arguments, format)),
        }
    }

    fn format(&self) -> Format {
        if self.json {
            return Format::Json;
        }
        // https://no-color.org: set and not empty.
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Format::Text(match self.color {
            Color::Always => Style::Colored,
            Color::Auto if !unwanted && io::stdout().is_terminal() => Style::Colored,
            Color::Auto | Color::Never => Style::Plain,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
