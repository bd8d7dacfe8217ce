//! `resolverctl tls-policy`: shows the TLS policy of a next hop, and from what it follows.

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, tls_policy};
use ::tls_policy::TlsLevel;
use protocol::{Reply, Request};

/// The command line of `tls-policy`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Domain, or next hop as Postfix writes it: domain:port, [host] or [host]:port.
    #[arg(value_name = "DOMAIN")]
    next_hop: String,
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let request = Request::TlsPolicy { next_hop: arguments.next_hop.clone() };
    let Reply::TlsPolicy(reply) = client.ask_one(&request)? else { return Err(unexpected()) };
    let text = match format {
        Format::Json => json::line(&reply),
        Format::Text(style) => tls_policy::screen(&reply, style),
    };
    let exit = match reply.policy {
        TlsLevel::NoPolicy => Exit::No,
        TlsLevel::Temporary => Exit::CouldNotTell,
        TlsLevel::DaneOnly | TlsLevel::Dane | TlsLevel::Encrypt | TlsLevel::Secure => Exit::Yes,
    };
    Ok(CommandOutcome { text, exit })
}
