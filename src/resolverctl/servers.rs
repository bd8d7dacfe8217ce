//! `resolverctl servers`: shows the states of the servers that the daemon has asked.

use std::net::IpAddr;

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, state};
use protocol::{Reply, Request};

/// The command line of `servers`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Show only this server. Exit code 1 if there are no data about it.
    address: Option<IpAddr>,
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let address = arguments.address;
    let screen = |replies: &[Reply], style| state::servers(replies, address, style);
    client.show(&Request::Servers { address }, format, screen, |replies| {
        if replies.is_empty() && address.is_some() { Exit::No } else { Exit::Yes }
    })
}
