//! `resolverctl check`: finds problems of this host. It needs no daemon.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Subcommand;

use super::render::{Format, findings, json};
use super::{CommandOutcome, Exit};
use crate::check::system::{gather, judge};
use crate::check::{CheckVerdict, Finding};
use crate::config::{RootHints, defaults};

/// The command line of `check`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: CheckCommand,
}

/// The subject of the check.
#[derive(Debug, Subcommand)]
enum CheckCommand {
    /// Check resolv.conf, port 53, Postfix, the clock, and whether this host reaches servers on the internet. Run as root;
    /// otherwise some checks cannot be made.
    System(System),
}

/// The command line of `check system`; tests bring a host and a root server of their own.
#[derive(Debug, clap::Args)]
struct System {
    #[arg(long, value_name = "DIRECTORY", default_value = "/", hide = true)]
    root: PathBuf,
    #[arg(long, value_name = "ADDR:PORT", hide = true)]
    root_server: Vec<SocketAddr>,
}

/// Checks, and shows the findings.
pub(super) fn run(arguments: &Arguments, format: Format) -> CommandOutcome {
    let CheckCommand::System(system) = &arguments.what;
    let mut servers = system.root_server.clone();
    if servers.is_empty() {
        servers = root_servers();
    }
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let found = judge(&gather::gather(&system.root, &servers, unix));
    let text = match format {
        Format::Json => found.iter().map(json::line).collect(),
        Format::Text(style) => findings::text(&found, style),
    };
    CommandOutcome { text, exit: exit(&found) }
}

/// The IPv4 addresses of the root servers.
fn root_servers() -> Vec<SocketAddr> {
    let addresses = RootHints::default().servers.into_iter().flat_map(|(_, addresses)| addresses);
    addresses.filter(|address| address.is_ipv4()).map(|address| (address, defaults::PORT).into()).collect()
}

/// "No" for any failure; a warning is still a yes.
fn exit(findings: &[Finding]) -> Exit {
    let any = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
    match (any(CheckVerdict::Failure), any(CheckVerdict::CouldNotTell)) {
        (true, _) => Exit::No,
        (false, true) => Exit::CouldNotTell,
        (false, false) => Exit::Yes,
    }
}
