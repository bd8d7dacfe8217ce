//! `resolverctl zones`: the configured zones, their targets, and the states of their servers.

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, zones};
use control::protocol::Request;

/// Sends the request, and shows the reply.
pub(super) fn run(client: &ControlClient, format: Format) -> Result<CommandOutcome, CommandFailure> {
    let replies = client.ask(&Request::Zones)?;
    let text = match format {
        Format::Json => replies.iter().map(json::reply).collect(),
        Format::Text(style) => zones::table(&replies, style),
    };
    Ok(CommandOutcome { text, exit: Exit::Yes })
}
