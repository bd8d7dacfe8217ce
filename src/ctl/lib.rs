//! resolverctl: the commands of an administrator, and the screens that show the replies. Each command has one file,
//! each format one renderer.
//!
//! resolverctl never calls the resolver. It is a separate program that talks to the daemon over the control socket.
//!
//! Calls `control` for the protocol, `migrate`, `shadow`, `gather` and `doctor` for their commands, and the crates whose types the screens
//! show. No other crate calls it, except the demo for one screen.
//!
//! # Decisions
//!
//! - JSON output is the reply of the daemon itself, one object per line. A screen is drawn from the same reply, so
//!   that the two cannot differ.
//! - A renderer asks nothing and reads no clock. The golden files of `tests/golden` fix the words of every screen.
//! - A table shows the worst rows that fit a screen and the number of the others. JSON has all rows.
//! - Exit codes separate "no" from "could not tell", because scripts decide by them. `dnsbl test` once exited with 0
//!   when an allowlist knew the address, and a script read that as "is on a blocklist".

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod cache;
mod certificate_fault;
mod check;
mod client;
mod compare;
mod completion;
mod config;
mod dnsbl;
mod domain;
pub mod exit;
mod failed;
mod flush;
mod https;
mod import;
mod inflight;
mod input;
mod interrupt;
pub mod limits;
mod line_search;
mod lookahead;
mod moment;
mod monitor;
mod nta;
mod others;
mod outcome;
pub mod pasted;
mod peer;
mod policy_file;
mod query;
mod reload;
pub mod render;
mod root_keys;
mod secured;
mod servers;
mod shadow;
mod smtp;
mod stats;
mod status;
mod switch;
mod terms;
pub mod top;
mod trace;
mod typed_name;
mod typed_subject;
mod watched;
mod watching;
mod why;
mod zones;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use self::client::ControlClient;
pub use self::exit::{CommandFailure, Exit};
use self::outcome::CommandOutcome;
use self::render::{Format, Style};
use dns::wire::presentation::harmless;
use resolver::config::defaults;

/// The text below the help.
const EXIT_CODES: &str = "\
Exit codes:
  0  success, or yes
  1  no: not healthy, NXDOMAIN, or no data
  2  wrong command line
  3  daemon unreachable
  4  unknown: the query failed
  5  permission denied
  6  configuration invalid
The exit codes of status --plugin are those of Nagios: 0 OK, 1 warning, 2 critical, 3 unknown.";

/// The heading of the options of every command.
const GLOBAL: &str = "Options of every command";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "resolverctl", version, about = "Query and control the resolverd daemon", after_help = EXIT_CODES)]
pub struct Arguments {
    /// Control socket of the daemon.
    #[arg(long, value_name = "PATH", default_value = defaults::SOCKET, global = true, help_heading = GLOBAL)]
    socket: PathBuf,
    /// Print JSON, one object per line. Times are in seconds.
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    /// Use of colours. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN", global = true, help_heading = GLOBAL)]
    color: Color,
    #[command(subcommand)]
    command: Option<Command>,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// The commands; without one it is `status`.
#[derive(Debug, Subcommand)]
enum Command {
    /// Show whether the daemon is healthy, and if not, what to do.
    #[command(after_long_help = terms::STATUS)]
    Status(status::Arguments),
    /// Show statistics: queries, outcomes, latency, the slowest zones and servers.
    #[command(after_long_help = terms::STATS)]
    Stats(stats::Arguments),
    /// Show live rates, and the slowest zones, servers, lists and clients, on the whole terminal, until q.
    #[command(after_long_help = terms::TOP)]
    Top(top::Arguments),
    /// Send a query through the daemon; show the answer, its source and the time it took.
    #[command(after_long_help = terms::QUERY)]
    Query(query::Arguments),
    /// Resolve a name and show each step as it happens: the choice of servers, their replies, and the DNSSEC chain.
    #[command(after_long_help = terms::TRACE)]
    Trace(trace::Arguments),
    /// Compare the answers of this resolver, of other resolvers and of each name server of the zone.
    ///
    /// The first line says what differs, and why: an old answer in a cache, a name server that has not yet transferred the zone, a filter,
    /// or a zone that answers in turn. The name servers are found by referrals from the zone above, also if this resolver
    /// has no answer. Without --with, 8.8.8.8, 1.1.1.1, 9.9.9.9 and the nameservers of /etc/resolv.conf are queried too. If the name is
    /// an alias, its target is compared next, up to 4 names. Queries end after 10 seconds for each name. At most 6 resolvers, 24 name
    /// servers and 200 queries; the screen says which servers it left out. A name that contains the key of a DNS list, and names of .onion
    /// and localhost, are asked only at this resolver.
    #[command(after_long_help = terms::COMPARE)]
    Compare(compare::Arguments),
    /// Compare the answers of the resolver in place with those of resolverd, over the questions of this host, before a switch.
    ///
    /// Each different question of a query log, a pcap file or a dnstap file is asked of both at the same moment. With --from live a listener
    /// takes the questions of clients, answers with the answer of the resolver in place as soon as it comes, and compares beside that. A difference counts only
    /// if both give it again. Its cause is sought at the name servers of the zone; a cause that is not proven is "unknown". The first
    /// line is the verdict: safe to switch, what to look at first, or could not tell. Names that contain the key of a DNS list, and names
    /// of .onion and localhost, are not asked. At most 20000 questions; the causes of at most 200 differences are sought. An address
    /// whose TTL ends within 65 seconds is looked at again after that. A run over a file ends after 64 questions if one of the resolvers has replied to
    /// none of them. Ctrl-C ends with the report so far.
    #[command(after_long_help = terms::SHADOW)]
    Shadow(shadow::Arguments),
    /// Remove entries from the cache; show how many.
    #[command(after_long_help = terms::FLUSH)]
    Flush(flush::Arguments),
    /// Show the servers that were queried, the slowest first: round trip, state, missing features.
    #[command(after_long_help = terms::SERVERS)]
    Servers(servers::Arguments),
    /// Show the configured zones, the servers of each, and whether these reply.
    #[command(after_long_help = terms::ZONES)]
    Zones,
    /// Show the queries in progress, the oldest first: age, clients, and the server that resolverd waits for.
    #[command(after_long_help = terms::INFLIGHT)]
    Inflight,
    /// Show why mail was slow: the queries of a message, the servers that they waited for, the culprit, what to do.
    #[command(after_long_help = terms::WHY)]
    Why(why::Arguments),
    /// Show the zones whose queries failed, most queries first: reason, servers, whether they still fail, what to do.
    #[command(after_long_help = terms::FAILED)]
    Failed(failed::Arguments),
    /// Show queries that the cache does not answer, one line each as they end, until Ctrl-C: time, client, outcome, reason.
    #[command(after_long_help = terms::MONITOR)]
    Monitor(monitor::Arguments),
    /// Show the cache entries of a name and when they expire.
    #[command(after_long_help = terms::CACHE)]
    Cache(cache::Arguments),
    /// Show the DNS lists in use: latency, listings, state and its age, and what to do.
    #[command(after_long_help = terms::DNSBL)]
    Dnsbl(dnsbl::Arguments),
    /// Show the rules of look-ahead: how many of their queries clients used, and the time saved.
    #[command(after_long_help = terms::LOOKAHEAD)]
    Lookahead,
    /// Show the running configuration, or check a configuration file.
    #[command(subcommand)]
    Config(config::Command),
    /// Manage negative trust anchors: domains that are excluded from DNSSEC validation.
    #[command(subcommand, after_long_help = terms::NTA)]
    Nta(nta::Command),
    /// Reload the configuration file; show the changes. If the file has an error, nothing changes.
    Reload,
    /// Convert the configuration of another resolver. Works without a daemon.
    ///
    /// Prints the file for resolverd. Comments at its top list each setting that was not converted, its effect, and the setting of
    /// resolverd to use instead. Dangerous settings come first. The exit code is 1 if there is a dangerous setting.
    Import(import::Arguments),
    /// Put resolverd in the place of the resolver that this host uses. Run as root.
    ///
    /// Finds named, unbound, dnsmasq and other resolvers, systemd-resolved, NetworkManager, dhclient, dhcpcd, cloud-init, openresolv
    /// and Postfix's chroot, and shows the steps. With --yes it carries them out, and records each
    /// step before in /var/lib/resolverctl/switch.json. It refuses if `resolverctl check system` finds a failure that no step corrects.
    /// At the end it checks the host again and resolves names through the C library. If that fails, or after Ctrl-C, it undoes all steps.
    ///
    /// With --back it undoes the last switch, unless no resolver would answer then. Exit codes of --back: 0, all is as before; 1, a
    /// file or service was changed after the switch and stays; 4, some steps could not be undone, and resolverd keeps running.
    Switch(switch::Arguments),
    /// Print a completion script for a shell.
    Completion(completion::Arguments),
    /// Find out why mail to or from a domain fails, what an address lacks, or what is wrong with the DNS of this host.
    ///
    /// With a domain, it checks each name server, MX records, PTR records, SPF, DKIM, DMARC, DNSSEC and DNS lists. The first line
    /// is the worst finding. A check asks the daemon at most 200 questions, not counting its retries and its queries over TCP, within
    /// 10 seconds, or 20 with --connect; a question to the DNS lists goes to each list in use. `resolverctl check watched` shows the
    /// domains that the daemon checks on schedule.
    #[command(after_long_help = terms::check())]
    Check(check::Arguments),
}

/// Runs the program with the words of a command line: asks, prints, and returns the exit code.
pub fn run(words: &[OsString]) -> Exit {
    let outcome = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments.outcome(),
        // This prints the error, the help or the version, and ends the program.
        Err(error) => Ok(status::wrong_command_line(words, &error).unwrap_or_else(|| error.exit())),
    };
    match outcome {
        Ok(outcome) => match io::stdout().lock().write_all(outcome.text.as_bytes()) {
            Ok(()) => outcome.exit,
            // The reader of the pipe, for instance `head`, has closed it. This is no error.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Yes,
            Err(error) => complain(&CommandFailure::Output(error)),
        },
        Err(failure) => complain(&failure),
    }
}

/// Prints on stderr why there is no reply.
fn complain(failure: &CommandFailure) -> Exit {
    // If stderr is closed, only the exit code is left.
    let _closed = writeln!(io::stderr(), "resolverctl: {}", shown(&failure.to_string()));
    failure.exit()
}

/// A sentence for stderr: it may have words of the command line and of files.
fn shown(sentence: &str) -> String {
    sentence.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
}

impl Command {
    /// The name on the command line, as it was typed.
    fn typed_name(&self) -> Option<&str> {
        match self {
            Self::Query(arguments) => Some(arguments.typed_name()),
            Self::Trace(arguments) => Some(arguments.typed_name()),
            Self::Compare(arguments) => Some(arguments.typed_name()),
            Self::Flush(arguments) => arguments.typed_name(),
            Self::Why(arguments) => arguments.typed_name(),
            Self::Cache(arguments) => Some(arguments.typed_name()),
            Self::Check(arguments) => arguments.typed_name(),
            _ => None,
        }
    }
}

impl Arguments {
    /// The output of the command. Names on screens are those of the DNS, so the last line says if one was typed otherwise.
    fn outcome(&self) -> Result<CommandOutcome, CommandFailure> {
        let format = self.format();
        let mut outcome = self.of_command(format)?;
        let typed = self.command.as_ref().and_then(Command::typed_name);
        if let (Some(line), Format::Text(_)) = (typed.and_then(typed_name::ascii_form), format) {
            outcome.text.push_str(&line);
        }
        Ok(outcome)
    }

    fn of_command(&self, format: Format) -> Result<CommandOutcome, CommandFailure> {
        let client = ControlClient::new(&self.socket);
        match &self.command {
            None => status::run(&status::Arguments::default(), &client, format),
            Some(Command::Status(arguments)) => status::run(arguments, &client, format),
            Some(Command::Stats(arguments)) => stats::run(arguments, &client, format),
            Some(Command::Top(arguments)) => top::run(arguments, &client, format),
            Some(Command::Query(arguments)) => query::run(arguments, &client, format),
            Some(Command::Trace(arguments)) => trace::run(arguments, &client, format),
            Some(Command::Compare(arguments)) => compare::run(arguments, &client, format),
            Some(Command::Shadow(arguments)) => shadow::run(arguments, &client, format),
            Some(Command::Flush(arguments)) => flush::run(arguments, &client, format),
            Some(Command::Servers(arguments)) => servers::run(arguments, &client, format),
            Some(Command::Zones) => zones::run(&client, format),
            Some(Command::Inflight) => inflight::run(&client, format),
            Some(Command::Why(arguments)) => why::run(arguments, &client, format),
            Some(Command::Failed(arguments)) => failed::run(arguments, &client, format),
            Some(Command::Monitor(arguments)) => monitor::run(arguments, &client, format),
            Some(Command::Cache(arguments)) => cache::run(arguments, &client, format),
            Some(Command::Dnsbl(arguments)) => dnsbl::run(arguments, &client, format),
            Some(Command::Lookahead) => lookahead::run(&client, format),
            Some(Command::Config(command)) => config::run(command, &client, format),
            Some(Command::Nta(command)) => nta::run(command, &client, format),
            Some(Command::Reload) => reload::run(&client, format),
            Some(Command::Import(arguments)) => import::run(arguments, format),
            Some(Command::Switch(arguments)) => switch::run(arguments, format),
            Some(Command::Completion(arguments)) => completion::run(arguments, &mut Self::command()),
            Some(Command::Check(arguments)) => check::run(arguments, &client, format),
        }
    }

    fn format(&self) -> Format {
        if self.json {
            return Format::Json;
        }
        // https://no-color.org: set and not empty.
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        Format::Text(match self.color {
            Color::Always => Style::Colored,
            Color::Auto if !unwanted && !is_dumb && io::stdout().is_terminal() => Style::Colored,
            Color::Auto | Color::Never => Style::Plain,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }
}
