//! `resolverctl failed`: the zones whose queries failed.

use super::client::ControlClient;
use super::render::{Format, failed, json};
use super::typed_name::typed_domain;
use super::{CommandFailure, CommandOutcome, Exit, moment};
use control::protocol::{FailedRequest, Reply, Request};

/// The command line of `failed`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Show only queries since this time, like 03:00, or of the last 1h, 30m and so on.
    #[arg(long, value_name = "SPAN|TIME", default_value = "1h")]
    since: String,
    /// Show only this zone, the zones below it, and queries for this name and names below it. A mail address stands for its
    /// domain.
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true, value_parser = typed_domain)]
    zone: Option<String>,
    /// Show only queries of this client: an address or a network.
    #[arg(long, value_name = "ADDRESS|NETWORK")]
    client: Option<String>,
}

/// Sends the request, and shows the reply. The exit code is "could not tell" if the record is empty.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let from = moment::begin(&arguments.since, moment::now())?;
    let (zone, of) = (arguments.zone.clone(), arguments.client.clone());
    let request = FailedRequest { from, zone, client: of };
    let replies = client.ask(&Request::Failed(request.clone()))?;
    let text = match format {
        Format::Json => replies.iter().map(json::reply).collect(),
        Format::Text(style) => failed::zones(&replies, &request, &moment::shown, style),
    };
    let found = replies.iter().any(|reply| matches!(reply, Reply::FailedZone(_)));
    let known = replies.iter().any(|reply| match reply {
        Reply::RecordBegin { begin, without_client, .. } => begin.is_some() && (found || !without_client),
        _ => false,
    });
    Ok(CommandOutcome { text, exit: if known { Exit::Yes } else { Exit::CouldNotTell } })
}
