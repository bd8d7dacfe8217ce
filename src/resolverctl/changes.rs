//! `resolverctl changes`: shows which records of a domain have changed.

use super::client::ControlClient;
use super::render::{Format, changes};
use super::typed_name::typed_domain;
use super::{CommandFailure, CommandOutcome, Exit, moment};
use protocol::{Reply, Request};

/// The command line of `changes`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Domain or mail address.
    #[arg(value_name = "NAME", allow_hyphen_values = true, value_parser = typed_domain)]
    name: String,
    /// Show changes since this time, like 03:00, or of the last 2d or 1h. Default: 30 days.
    #[arg(long, value_name = "SPAN|TIME")]
    since: Option<String>,
}

/// The exit code is "no" if no change was seen, and "could not tell" if the records are not watched.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let begin = arguments.since.as_deref().map(|since| moment::begin(since, moment::now()));
    let from = begin.transpose()?.unwrap_or(0.0);
    let request = Request::Changes { name: arguments.name.clone(), from };
    let screen =
        |replies: &[Reply], style| changes::table(replies, (&arguments.name, from), &moment::shown, style);
    client.show(&request, format, screen, exit)
}

fn exit(replies: &[Reply]) -> Exit {
    match replies {
        [Reply::RecordChange(_), ..] => Exit::Yes,
        [Reply::ChangesBegin { since: Some(_), .. }] => Exit::No,
        _ => Exit::CouldNotTell,
    }
}
