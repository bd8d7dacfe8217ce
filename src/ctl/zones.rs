//! `resolverctl zones`: the configured zones, their targets, and the states of their servers.

use super::client::Client;
use super::render::{Format, json, zones};
use super::{Exit, Failure, Outcome};
use crate::control::protocol::Request;

/// Asks and shows it.
pub(super) fn run(client: &Client, format: Format) -> Result<Outcome, Failure> {
    let replies = client.ask(&Request::Zones)?;
    let text = match format {
        Format::Json => replies.iter().map(json::reply).collect(),
        Format::Text(style) => zones::table(&replies, style),
    };
    Ok(Outcome { text, exit: Exit::Yes })
}
