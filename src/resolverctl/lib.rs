//! resolverctl: its commands, and the screens that show the replies.
//!
//! resolverctl is a separate program: it never calls the resolver, but sends requests to the daemon over the control socket.
//!
//! No other crate calls this crate, except the demo for one screen.
//!
//! # Decisions
//!
//! - JSON output is the reply of the daemon, one object per line. A screen is drawn from the same reply, so that the two cannot
//!   differ.
//! - A renderer sends no request and reads no clock. The golden files of `tests/golden` have the text of every screen.
//! - A table shows the worst rows that fit on a screen, and the number of the others. JSON has all rows.
//! - Exit codes separate "no" from "could not tell", because scripts use them for decisions.
//! - `-h` fits on a screen of 25 lines, and `--help` on three such screens. Details that are seldom needed are in the manual.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod cache;
mod changes;
mod check;
mod client;
mod compare;
mod config;
mod dnsbl;
mod domain;
pub mod exit;
mod failed;
mod flush;
mod guessed;
mod import;
mod input;
mod interrupt;
pub mod limits;
mod line_search;
pub mod moment;
mod monitor;
mod nta;
mod others;
mod outcome;
mod own;
pub mod pasted;
mod query;
pub mod refused;
pub mod render;
mod root_keys;
mod secured;
mod servers;
mod shadow;
mod stats;
mod status;
mod switch;
mod terms;
mod tls_policy;
pub mod top;
mod trace;
mod typed_name;
mod watched;
mod why;
mod zone;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use self::client::ControlClient;
pub use self::exit::{CommandFailure, Exit};
use self::outcome::CommandOutcome;
use self::render::{Format, Style, fleet, lookahead, state, text, zones};
use ::config::defaults;
use dns::wire::presentation::harmless;
use doctor::authentication::PUBLIC_SUFFIX_LIST;
use protocol::Request;

/// The commands in the order of the help.
const COMMAND_GROUPS: [(&str, &[&str]); 4] = [
    (
        "see",
        &[
            "status",
            "stats",
            "top",
            "servers",
            "zones",
            "inflight",
            "lookahead",
            "dnsbl",
            "own",
            "cache",
            "fleet",
        ],
    ),
    (
        "find the cause",
        &["why", "failed", "changes", "monitor", "check", "tls-policy", "compare", "query", "trace"],
    ),
    ("change", &["zone", "block", "host", "flush", "nta", "config", "reload"]),
    ("migrate", &["import", "shadow", "switch", "completion"]),
];

const MORE: &str = "\
`resolverctl why -` finds the cause of a mail from its pasted lines of the mail log.
`resolverctl --help` has a line for each command and the exit codes, `resolverctl COMMAND -h` the options
of a command, `resolverctl COMMAND --help` also the terms of its screen.";

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

const HELP: &str = "\
{about}

{usage-heading} {usage}

{before-help}Options:
{options}{after-help}";

const GLOBAL: &str = "Options of every command";

/// The short help has a line for each group, because a line for each command would not fit on a screen.
fn groups() -> String {
    let line = |(group, names): &(&str, &[&str])| format!("\n  {group:<15} {}", names.join(", "));
    format!("Commands (without one: status):{}", COMMAND_GROUPS.iter().map(line).collect::<String>())
}

fn summaries() -> String {
    let commands = Command::augment_subcommands(clap::Command::new("resolverctl"));
    let line = |name: &&str| {
        let about = commands.find_subcommand(name).and_then(clap::Command::get_about);
        format!("\n  {name:<11} {}", about.map(ToString::to_string).unwrap_or_default())
    };
    let group = |(group, names): &(&str, &[&str])| {
        format!("\n {group}{}", names.iter().map(line).collect::<String>())
    };
    format!("Commands:{}", COMMAND_GROUPS.iter().map(group).collect::<String>())
}

/// The output of `--version`. `-V` prints only the version.
static LONG_VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{}\n{PUBLIC_SUFFIX_LIST}", env!("CARGO_PKG_VERSION")));

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "resolverctl", version, long_version = LONG_VERSION.as_str(), about = "Query and control the resolverd daemon", help_template = HELP)]
#[command(before_help = groups(), before_long_help = summaries(), after_help = MORE, after_long_help = EXIT_CODES)]
pub struct Arguments {
    /// Control socket of the daemon.
    #[arg(long, value_name = "PATH", default_value = defaults::SOCKET, global = true, help_heading = GLOBAL)]
    #[arg(hide_short_help = true)]
    socket: PathBuf,
    /// Print JSON, one object per line. Times are in seconds.
    #[arg(long, global = true, help_heading = GLOBAL)]
    json: bool,
    /// Colours: auto (on a terminal, unless NO_COLOR is set), always or never.
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN", global = true, help_heading = GLOBAL)]
    #[arg(hide_possible_values = true, hide_short_help = true)]
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
    /// Show statistics of queries, servers, the cache and DNSSEC.
    #[command(after_long_help = terms::STATS)]
    Stats(stats::Arguments),
    /// Show live rates and the slowest zones, servers, lists and clients.
    #[command(after_long_help = terms::TOP)]
    Top(top::Arguments),
    /// Send a query through the daemon and show the answer.
    #[command(after_long_help = terms::QUERY)]
    Query(query::Arguments),
    /// Resolve a name and show each step.
    #[command(after_long_help = terms::TRACE)]
    Trace(trace::Arguments),
    /// Show the TLS policy of mail to a domain: DANE or MTA-STS, and why.
    ///
    /// The reply that Postfix gets for smtp_tls_policy_maps; works without [tls_policy] too. A policy of MTA-STS that is
    /// not known is fetched. Exit codes: 0 a policy, 1 none, 4 could not tell.
    #[command(after_long_help = terms::TLS_POLICY)]
    TlsPolicy(tls_policy::Arguments),
    /// Compare the answers of resolvers and of each name server of the zone.
    ///
    /// Without --with, 8.8.8.8, 1.1.1.1, 9.9.9.9 and the nameservers of /etc/resolv.conf are queried too. Aliases are
    /// followed up to 4 names. At most 10 s a name, 6 resolvers, 24 name servers and 200 queries.
    #[command(after_long_help = terms::COMPARE)]
    Compare(compare::Arguments),
    /// Compare resolverd with the current resolver, before a switch.
    ///
    /// Each different question of a file is sent to both. A difference counts if both give it again;
    /// its cause is looked for at the name servers of the zone. At most 20000 questions. Ctrl-C ends with the report so far.
    /// Names with the key of a DNS list, .onion and localhost are not sent.
    #[command(after_long_help = terms::SHADOW)]
    Shadow(shadow::Arguments),
    /// Remove entries from the cache.
    #[command(after_long_help = terms::FLUSH)]
    Flush(flush::Arguments),
    /// Show the known servers: dead ones first, then those with the longest timeout.
    #[command(after_long_help = terms::SERVERS)]
    Servers(servers::Arguments),
    /// Show the configured zones and their servers.
    #[command(after_long_help = terms::ZONES)]
    Zones,
    /// Show, add or remove zones with their own servers, without a restart.
    #[command(after_long_help = terms::ZONE, alias = "forward")]
    Zone {
        #[command(subcommand)]
        command: Option<zone::Command>,
    },
    /// Let a name and all names below it not exist (NXDOMAIN).
    #[command(after_long_help = terms::BLOCK)]
    Block(zone::Blocked),
    /// Give a name addresses of your own.
    #[command(after_long_help = terms::HOST)]
    Host {
        #[command(subcommand)]
        command: zone::HostCommand,
    },
    /// Show the queries in progress, the oldest first.
    #[command(after_long_help = terms::INFLIGHT)]
    Inflight,
    /// Show why mail was slow, and what to do.
    #[command(after_long_help = terms::WHY)]
    Why(why::Arguments),
    /// Show the zones whose queries failed, and what to do.
    #[command(after_long_help = terms::FAILED)]
    Failed(failed::Arguments),
    /// Show which records of a domain have changed, from what to what, and when.
    #[command(after_long_help = terms::CHANGES)]
    Changes(changes::Arguments),
    /// Show queries that the cache does not answer, as they end.
    #[command(after_long_help = terms::MONITOR)]
    Monitor(monitor::Arguments),
    /// Show how full the cache is, or the entries of a name and when they expire.
    #[command(after_long_help = terms::CACHE)]
    Cache(cache::Arguments),
    /// Show the state of the DNS lists in use.
    #[command(after_long_help = terms::DNSBL)]
    Dnsbl(dnsbl::Arguments),
    /// Show the state of own domains and addresses: certificates, DKIM, SPF, PTR, lists.
    #[command(after_long_help = terms::OWN)]
    Own(own::Arguments),
    /// Show the rules of look-ahead and the time saved.
    #[command(after_long_help = terms::LOOKAHEAD)]
    Lookahead,
    /// Show the gateways that share answers, and their store.
    #[command(after_long_help = terms::FLEET)]
    Fleet,
    /// Show the running configuration, or check a configuration file.
    #[command(subcommand)]
    Config(config::Command),
    /// Turn off DNSSEC validation for a domain (negative trust anchors).
    #[command(after_long_help = terms::NTA)]
    Nta(nta::Arguments),
    /// Reload the configuration file and show the changes.
    Reload,
    /// Convert the configuration of another resolver.
    ///
    /// Works without a daemon. Comments at the top of the output list the settings that were not converted, dangerous ones
    /// first. Exit code 1 if there is a dangerous one.
    Import(import::Arguments),
    /// Replace the resolver of this host by resolverd, or go back.
    ///
    /// Shows the steps; --yes carries them out, as root. Finds named, unbound, dnsmasq and other resolvers, systemd-resolved,
    /// NetworkManager, dhclient, dhcpcd, cloud-init, openresolv and Postfix's chroot. If a step or the check at the end fails,
    /// or after Ctrl-C, all steps are undone. The steps are recorded in /var/lib/resolverctl/switch.json.
    /// Exit codes of --back: 0 all is as before, 1 a changed file or service stays, 4 some steps could not be undone.
    Switch(switch::Arguments),
    /// Print a completion script for a shell.
    Completion {
        /// Shell that will read the script.
        shell: clap_complete::Shell,
    },
    /// Check a domain, an address, a message or this host for faults.
    ///
    /// The first line is the worst finding. At most 200 questions to the daemon in 10 s, or 20 s with --connect.
    #[command(after_long_help = terms::CHECK)]
    Check(check::Arguments),
}

/// Runs resolverctl with the words of a command line, and returns the exit code.
pub fn run(words: &[OsString]) -> Exit {
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => match guessed::instead(words, &error) {
            Some(command) => return complain(&CommandFailure::Guessed(command)),
            // `error.exit()` prints the error, and ends the program.
            None => error.exit(),
        },
        Err(help) => {
            let printed = outcome::print_screen(&help.to_string(), Format::Text(Style::Plain));
            return printed.map_or_else(|failure| complain(&failure), |_| Exit::Yes);
        }
    };
    match arguments.outcome() {
        Ok(CommandOutcome { text, exit }) => match arguments.print(&text) {
            Ok(ControlFlow::Continue(())) => exit,
            Ok(ControlFlow::Break(())) => Exit::Yes,
            Err(failure) => complain(&failure),
        },
        Err(failure) => complain(&failure),
    }
}

fn complain(failure: &CommandFailure) -> Exit {
    // If stderr is closed, the exit code still reports the failure.
    let _closed = writeln!(io::stderr(), "resolverctl: {}", shown(&failure.to_string()));
    failure.exit()
}

/// Returns an error message with escaped control characters. They may come from files or the command line, and a terminal would interpret them.
fn shown(sentence: &str) -> String {
    sentence.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
}

impl Arguments {
    fn outcome(&self) -> Result<CommandOutcome, CommandFailure> {
        let format = self.format();
        let client = ControlClient::new(&self.socket);
        match &self.command {
            None => status::run(&status::Arguments::default(), &client, format),
            Some(Command::Status(arguments)) => status::run(arguments, &client, format),
            Some(Command::Stats(arguments)) => stats::run(arguments, &client, format),
            Some(Command::Top(arguments)) => top::run(arguments, &client, format),
            Some(Command::Query(arguments)) => query::run(arguments, &client, format),
            Some(Command::Trace(arguments)) => trace::run(arguments, &client, format),
            Some(Command::TlsPolicy(arguments)) => tls_policy::run(arguments, &client, format),
            Some(Command::Compare(arguments)) => compare::run(arguments, &client, format),
            Some(Command::Shadow(arguments)) => shadow::run(arguments, &client, format),
            Some(Command::Flush(arguments)) => flush::run(arguments, &client, format),
            Some(Command::Servers(arguments)) => servers::run(arguments, &client, format),
            Some(Command::Zones) => client.show(&Request::Zones, format, zones::table, |_| Exit::Yes),
            Some(Command::Inflight) => client.show(&Request::Inflight, format, state::flights, |_| Exit::Yes),
            Some(Command::Why(arguments)) => why::run(arguments, &client, format),
            Some(Command::Failed(arguments)) => failed::run(arguments, &client, format),
            Some(Command::Changes(arguments)) => changes::run(arguments, &client, format),
            Some(Command::Monitor(arguments)) => monitor::run(arguments, &client, format),
            Some(Command::Cache(arguments)) => cache::run(arguments, &client, format),
            Some(Command::Dnsbl(arguments)) => dnsbl::run(arguments, &client, format),
            Some(Command::Own(arguments)) => own::run(arguments, &client, format),
            Some(Command::Lookahead) => {
                client.show(&Request::Lookahead, format, lookahead::table, |_| Exit::Yes)
            }
            Some(Command::Fleet) => client.show(&Request::Fleet, format, fleet::screen, |_| Exit::Yes),
            Some(Command::Config(command)) => config::run(command, &client, format),
            Some(Command::Nta(arguments)) => nta::run(arguments, &client, format),
            Some(Command::Zone { command }) => zone::run(command.as_ref(), &client, format),
            Some(Command::Block(blocked)) => zone::block(blocked, &client, format),
            Some(Command::Host { command }) => zone::host(command, &client, format),
            Some(Command::Reload) => client.show(&Request::Reload, format, text::reloaded, Exit::of_reload),
            Some(Command::Import(arguments)) => import::run(arguments, format),
            Some(Command::Switch(arguments)) => switch::run(arguments, format),
            Some(Command::Completion { shell }) => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut Self::command(), "resolverctl", &mut script);
                let text = String::from_utf8_lossy(&script).into_owned();
                Ok(CommandOutcome { text, exit: Exit::Yes })
            }
            Some(Command::Check(arguments)) => check::run(arguments, &client, format),
        }
    }

    /// Prints the output of a command. Configurations and scripts are printed unchanged, because other programs read them.
    fn print(&self, text: &str) -> Result<ControlFlow<()>, CommandFailure> {
        match self.command {
            Some(Command::Import(_) | Command::Config(_) | Command::Completion { .. }) => {
                outcome::print(text)
            }
            _ => outcome::print_screen(text, self.format()),
        }
    }

    fn format(&self) -> Format {
        if self.json {
            return Format::Json;
        }
        // See https://no-color.org: an empty `NO_COLOR` does not switch colours off.
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

    /// Calls `look` with a command and all its sub-commands, at every depth.
    fn each(command: &mut clap::Command, look: &mut dyn FnMut(&mut clap::Command)) {
        look(command);
        for below in command.get_subcommands_mut().filter(|below| below.get_name() != "help") {
            each(below, look);
        }
    }

    // The short help has 25 lines at most and the long help 75.
    #[test]
    fn help_fits_its_screens() {
        let mut command = Arguments::command();
        command.build();
        each(&mut command, &mut |command: &mut clap::Command| {
            let (short, long) = (command.render_help().to_string(), command.render_long_help().to_string());
            assert!(short.lines().count() <= 25, "{short}");
            assert!(long.lines().count() <= 75, "{long}");
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!((1..=80).contains(&about.len()), "{about}");
        });
    }

    #[test]
    fn each_command_is_in_one_group() {
        let command = Arguments::command();
        let mut known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let mut grouped: Vec<&str> = COMMAND_GROUPS.iter().flat_map(|(_, names)| *names).copied().collect();
        known.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(grouped, known);
    }
}
