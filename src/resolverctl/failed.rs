//! `resolverctl failed`: shows the zones whose queries failed.

use super::client::ControlClient;
use super::render::{Format, failed};
use super::typed_name::typed_domain;
use super::{CommandFailure, CommandOutcome, Exit, moment};
use protocol::{FailedRequest, Reply, Request};

/// The command line of `failed`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Show only this zone, name or mail address, and what is below it.
    #[arg(value_name = "ZONE", allow_hyphen_values = true, value_parser = typed_domain, conflicts_with = "zone")]
    name: Option<String>,
    /// Show queries since this time, like 03:00, or of the last 1h or 30m.
    #[arg(long, value_name = "SPAN|TIME", default_value = "1h")]
    since: String,
    /// The same as ZONE.
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true, value_parser = typed_domain)]
    zone: Option<String>,
    /// Show only queries of these clients.
    #[arg(long, value_name = "ADDRESS|NETWORK")]
    client: Option<String>,
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let from = moment::begin(&arguments.since, moment::now())?;
    let (zone, of) = (arguments.zone.clone().or_else(|| arguments.name.clone()), arguments.client.clone());
    let request = FailedRequest { from, zone, client: of };
    let screen = |replies: &[Reply], style| failed::zones(replies, &request, &moment::shown, style);
    client.show(&Request::Failed(request.clone()), format, screen, exit)
}

/// Returns "could not tell" if the query history is empty, otherwise "yes".
fn exit(replies: &[Reply]) -> Exit {
    let known = replies.iter().any(|reply| matches!(reply, Reply::RecordBegin { begin: Some(_), .. }));
    if known { Exit::Yes } else { Exit::CouldNotTell }
}
