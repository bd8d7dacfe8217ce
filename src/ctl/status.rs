//! `resolverctl status`: the health of the daemon.

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, text};
use crate::control::protocol::{Reply, Request};

/// Sends the request, and shows the reply. The exit code is "no" if the daemon is not healthy.
pub(super) fn run(client: &ControlClient, format: Format) -> Result<CommandOutcome, CommandFailure> {
    let Reply::Status(status) = client.ask_one(&Request::Status)? else { return Err(unexpected()) };
    let exit = if status.warnings.is_empty() { Exit::Yes } else { Exit::No };
    let text = match format {
        Format::Json => json::line(&*status),
        Format::Text(style) => text::status(&status, style),
    };
    Ok(CommandOutcome { text, exit })
}
