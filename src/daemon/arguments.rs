//! The command line of resolverd. Its manual is generated from this file.
//!
//! # Decisions
//!
//! - The only options are those that a start needs: the configuration file, addresses for a second instance, a start without the
//!   snapshot of the cache, and a check of the configuration. All other settings are keys of the configuration, so that a reload
//!   can change them and a command can show them.
//! - Commands for operators are in `resolverctl`, which needs neither root rights nor the simulated internet (`lab`).
//!   `resolverd demo` is here, because it runs the daemon and the simulated internet in one process. A build without the feature
//!   `lab` does not have it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// The first line of the help and of the manual.
const ABOUT: &str =
    "A caching, validating DNS resolver for mail gateways that shows which zone or server was slow";

/// The command line of resolverd.
#[derive(Debug, Parser)]
#[command(name = "resolverd", version, about = ABOUT, args_conflicts_with_subcommands = false)]
pub struct Arguments {
    /// Configuration file. Default: /etc/resolverd/resolverd.toml if it exists.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen at, instead of listen.addresses. May be repeated.
    #[arg(long, value_name = "ADDR:PORT", global = true)]
    pub listen: Vec<SocketAddr>,
    /// Start with an empty cache, and remove the saved one. Overrides cache.snapshot.
    #[arg(long)]
    pub no_snapshot: bool,
    /// Check the configuration and exit.
    #[arg(long)]
    pub check: bool,
    /// Another task than serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Tasks other than serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a demonstration: a daemon, a simulated internet and mail traffic in one process.
    #[cfg(feature = "lab")]
    Demo(Demo),
}

/// The command line of `resolverd demo`.
#[cfg(feature = "lab")]
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Exit after the traffic instead of at Ctrl-C.
    #[arg(long)]
    pub once: bool,
    /// Measure the DNS of a message with each mode of look-ahead on a virtual clock, and exit.
    #[arg(long)]
    pub bench: bool,
    /// With --bench: measure an installed resolver instead, in real time; may be repeated.
    ///
    /// COMMAND starts the resolver, which must answer at 127.0.0.1:53. With NAME:GATEWAYS it starts that many, at 127.0.0.1, 127.0.0.2
    /// and so on, and the messages go to them in turn. root.hints and root.ds of the working directory have the root
    /// servers and the trust anchor. Needs port 53 of 127.53.0.0/16: run it in a network namespace, as benches/compare/mail.sh does.
    #[arg(long, value_name = "NAME[:GATEWAYS]=COMMAND", requires = "bench", value_parser = name_and_command)]
    pub through: Vec<(String, u8, String)>,
    /// Number of mail messages. Default: 150, with --bench 1200.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub messages: Option<u16>,
    /// Seed of the simulated internet and of its traffic.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// With --bench: number of seeds, from --seed on; the table shows medians.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub seeds: u8,
}

#[cfg(feature = "lab")]
fn name_and_command(text: &str) -> Result<(String, u8, String), String> {
    let (name, command) = text.split_once('=').ok_or("it must be NAME=COMMAND")?;
    let (name, gateways) = match name.split_once(':') {
        Some((name, gateways)) => {
            let number = gateways.parse().ok().filter(|number| (1..=250).contains(number));
            (name, number.ok_or("GATEWAYS must be a number from 1 to 250")?)
        }
        None => (name, 1),
    };
    Ok((name.to_owned(), gateways, command.to_owned()))
}
