//! `resolverctl inflight`: the daemon's queries in progress, and the servers that they wait for.

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, state};
use control::protocol::Request;

/// Sends the request, and shows the reply.
pub(super) fn run(client: &ControlClient, format: Format) -> Result<CommandOutcome, CommandFailure> {
    let replies = client.ask(&Request::Inflight)?;
    let text = match format {
        Format::Json => replies.iter().map(json::reply).collect(),
        Format::Text(style) => state::flights(&replies, style),
    };
    Ok(CommandOutcome { text, exit: Exit::Yes })
}
