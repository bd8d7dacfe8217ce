//! `resolverctl servers`: the states of the servers that the daemon asks.

use std::net::IpAddr;

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, state};
use control::protocol::Request;

/// The command line of `servers`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Show only this server. Exit code 1 if there are no data about it.
    address: Option<IpAddr>,
}

/// Sends the request, and shows the reply.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let address = arguments.address;
    let replies = client.ask(&Request::Servers { address })?;
    let text = match format {
        Format::Json => replies.iter().map(json::reply).collect(),
        Format::Text(style) => state::servers(&replies, address, style),
    };
    let exit = if replies.is_empty() && address.is_some() { Exit::No } else { Exit::Yes };
    Ok(CommandOutcome { text, exit })
}
