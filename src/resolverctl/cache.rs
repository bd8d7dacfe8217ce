//! `resolverctl cache`: shows how full the daemon's cache is, or its entries for a name.

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, screen, state};
use super::typed_name::typed_name;
use protocol::{Reply, Request};
use record::Window;

/// The command line of `cache`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Name to look up in the cache. Default: how full the cache is.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    name: Option<String>,
    /// Show only this record type.
    #[arg(long = "type", value_name = "TYPE", requires = "name")]
    kind: Option<String>,
}

/// The exit code is "no" if the cache has no entry for the name.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let Arguments { name: Some(name), kind } = arguments else {
        let screen = |replies: &[Reply], style| match replies {
            [Reply::Stats(stats)] => screen::fill_and_use(stats, style),
            _ => String::new(),
        };
        let request = Request::Stats { window: Window::Hour, table: None };
        return client.show(&request, format, screen, |_| Exit::Yes);
    };
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
