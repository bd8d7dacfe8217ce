//! `resolverctl reload`: makes the daemon read its configuration file again.

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, text};
use control::protocol::{Reply, Request};

/// Sends the request, and shows the changes or the errors of the file.
pub(super) fn run(client: &ControlClient, format: Format) -> Result<CommandOutcome, CommandFailure> {
    let replies = client.ask(&Request::Reload)?;
    let wrong = replies.iter().any(|reply| matches!(reply, Reply::Wrong { .. }));
    let text = match format {
        Format::Json => replies.iter().map(json::reply).collect(),
        Format::Text(style) => text::reloaded(&replies, style),
    };
    Ok(CommandOutcome { text, exit: if wrong { Exit::ConfigInvalid } else { Exit::Yes } })
}
