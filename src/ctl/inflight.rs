//! `resolverctl inflight`: what the daemon is finding out at this moment, and whom it waits for.

use super::client::Client;
use super::render::{Format, json, state};
use super::{Exit, Failure, Outcome};
use crate::control::protocol::Request;

/// Asks and shows it.
pub(super) fn run(client: &Client, format: Format) -> Result<Outcome, Failure> {
    let replies = client.ask(&Request::Inflight)?;
    let text = match format {
        Format::Json => replies.iter().map(json::reply).collect(),
        Format::Text(style) => state::flights(&replies, style),
    };
    Ok(Outcome { text, exit: Exit::Yes })
}
