//! resolverd's command line, from which its manual is made too.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// A caching, recursing DNS resolver for mail gateways.
#[derive(Debug, Parser)]
#[command(name = "resolverd", version, about, args_conflicts_with_subcommands = false)]
pub struct Arguments {
    /// Configuration file; without it /etc/resolverd/resolverd.toml where that is there.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen at, instead of the configured ones; may be given several times.
    #[arg(long, value_name = "ADDR:PORT", global = true)]
    pub listen: Vec<SocketAddr>,
    /// Check the configuration and end.
    #[arg(long)]
    pub check: bool,
    /// Something else than to serve.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What it can do beside serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show it at work on an internet of its own, with mail traffic.
    #[cfg(feature = "lab")]
    Demo(Demo),
}

/// The command line of `resolverd demo`.
#[cfg(feature = "lab")]
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// End after the traffic instead of at Ctrl-C.
    #[arg(long)]
    pub once: bool,
    /// Messages to play, cold and then warm.
    #[arg(long, default_value_t = 150, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub messages: u16,
    /// Seed of the internet and of its traffic.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}
