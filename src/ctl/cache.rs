//! `resolverctl cache`: shows the entries of the daemon's cache for a name.

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, state};
use super::typed_name::typed_name;
use control::protocol::Request;

/// The command line of `cache`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Name to look up in the cache.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    name: String,
    /// Show only this record type.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
}

/// Asks the daemon for the cache entries of the name, and prints them. The exit code is "no" if the cache has no entry for the name.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let Arguments { name, kind } = arguments;
    let request = Request::Cache { name: name.clone(), kind: kind.clone() };
    client.show(
        &request,
        format,
        state::held,
        |replies| {
            if replies.is_empty() { Exit::No } else { Exit::Yes }
        },
    )
}
