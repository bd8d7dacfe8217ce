//! `resolverctl lookahead`: the rules of look-ahead, and the share of their questions that clients use.

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, lookahead};
use control::protocol::Request;

/// Sends the request, and shows the reply.
pub(super) fn run(client: &ControlClient, format: Format) -> Result<CommandOutcome, CommandFailure> {
    let replies = client.ask(&Request::Lookahead)?;
    let text = match format {
        Format::Json => replies.iter().map(json::reply).collect(),
        Format::Text(style) => lookahead::table(&replies, style),
    };
    Ok(CommandOutcome { text, exit: Exit::Yes })
}
