//! `resolverctl status`: shows the health of the daemon.

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, plugin, text};
use crate::limits;
use protocol::{Reply, Request, Stats, Status};
use record::Window;

/// The command line of `status`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Arguments {
    /// Print one line in the format of a Nagios plug-in.
    ///
    /// For Nagios, Icinga, Zabbix and check_mk. Exit codes: 0 it works, or only zones and DNS lists of others fail, 1 (warning) a problem, such
    /// as many failing queries, packet loss or a certificate that expires soon, 2 (critical) queries of all kinds fail, a certificate has
    /// expired, or the daemon does not reply within 5 s, 3 (unknown) no permission.
    #[arg(long)]
    plugin: bool,
}

/// Shows the health of the daemon. The exit code is "no" if the daemon itself has a problem.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    if arguments.plugin {
        return Ok(check(&client.clone().within(limits::PLUGIN_TIME)));
    }
    let status = health(client)?;
    let exit = if status.works() { Exit::Yes } else { Exit::No };
    let text = match format {
        Format::Json => json::line(&*status),
        Format::Text(style) => text::status(&status, style),
    };
    Ok(CommandOutcome { text, exit })
}

/// Returns one line for a monitoring system. Such a system reads only stdout and the exit code, so the line is written even if the daemon
/// does not answer.
fn check(client: &ControlClient) -> CommandOutcome {
    let read = || Ok::<_, CommandFailure>((health(client)?, statistics(client)?));
    let (state, text) = match read() {
        Ok((status, stats)) => plugin::state(&status, &stats),
        Err(failure) => {
            let state = plugin::without_status(&failure);
            (state, plugin::failed(state, &failure.to_string()))
        }
    };
    CommandOutcome { text, exit: Exit::Plugin(state) }
}

fn health(client: &ControlClient) -> Result<Box<Status>, CommandFailure> {
    let Reply::Status(status) = client.ask_one(&Request::Status)? else { return Err(unexpected()) };
    Ok(status)
}

fn statistics(client: &ControlClient) -> Result<Box<Stats>, CommandFailure> {
    let request = Request::Stats { window: Window::FiveMinutes, table: None };
    let Reply::Stats(stats) = client.ask_one(&request)? else { return Err(unexpected()) };
    Ok(stats)
}
