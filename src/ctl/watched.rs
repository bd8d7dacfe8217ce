//! `resolverctl check watched`: the watched domains with their findings, and since when.

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit, PluginState};
use super::moment;
use super::outcome::CommandOutcome;
use super::render::{Format, json, plugin, watched};
use crate::limits::PLUGIN_TIME;
use control::lookup::read_name;
use control::protocol::watched::WatchedRow;
use control::protocol::{Blame, Problem, Reply, Request};
use dns::wire::presentation::name_text;
use doctor::finding::Level;

/// The command line of `check watched`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Show this domain only, with its last changes.
    #[arg(value_name = "DOMAIN")]
    domain: Option<String>,
    /// Print one line in the format of a Nagios plug-in.
    ///
    /// Exit codes: 0 OK, 1 (warning) a warning or an unconfirmed failure, 2 (critical) a failure, 3 (unknown) a domain could not be
    /// checked or the daemon does not reply.
    #[arg(long)]
    plugin: bool,
}

/// Sends the request, and shows the reply.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    if arguments.plugin {
        let (state, text) = match rows(arguments, &client.clone().within(PLUGIN_TIME)) {
            Ok(rows) => plugin::watched(state(&rows), &rows),
            Err(failure) => {
                (PluginState::Unknown, plugin::failed(PluginState::Unknown, &failure.to_string()))
            }
        };
        return Ok(CommandOutcome { text, exit: Exit::Plugin(state) });
    }
    let rows = rows(arguments, client)?;
    let text = match format {
        Format::Json => rows.iter().map(json::line).collect(),
        Format::Text(style) => watched::text(&rows, arguments.domain.is_some(), &moment::shown, style),
    };
    let unsure = is_failure_found_once(&rows) || rows.iter().any(is_untold);
    let unknown = any(&rows, Level::CouldNotTell) || unsure;
    Ok(CommandOutcome { text, exit: Exit::judged(any(&rows, Level::Failure), unknown) })
}

/// The wanted domains.
fn rows(arguments: &Arguments, client: &ControlClient) -> Result<Vec<WatchedRow>, CommandFailure> {
    let wanted = arguments.domain.as_deref().map(read_name).transpose()?;
    let wanted = wanted.map(|name| name_text(&name.to_lowercase()).trim_end_matches('.').to_owned());
    let row = |reply| match reply {
        Reply::Watched(row) => Some(*row),
        _ => None,
    };
    let all = client.ask(&Request::Watched)?.into_iter().filter_map(row);
    let rows: Vec<WatchedRow> =
        all.filter(|row| wanted.as_ref().is_none_or(|wanted| row.domain == *wanted)).collect();
    match wanted {
        Some(domain) if rows.is_empty() => Err(CommandFailure::Problem(Problem {
            fault: Blame::Request,
            sentence: format!(
                "{domain} is not watched; add a [[watch]] for it to the configuration, and reload"
            ),
        })),
        _ => Ok(rows),
    }
}

/// The state of all, by the worst: a failure, a warning or a failure that is not confirmed, what is unknown.
fn state(rows: &[WatchedRow]) -> PluginState {
    if any(rows, Level::Failure) {
        PluginState::Critical
    } else if any(rows, Level::Warning) || is_failure_found_once(rows) {
        PluginState::Warning
    } else if any(rows, Level::CouldNotTell) || rows.iter().any(is_untold) {
        PluginState::Unknown
    } else {
        PluginState::Ok
    }
}

fn any(rows: &[WatchedRow], level: Level) -> bool {
    rows.iter().any(|row| row.count(level) > 0)
}

/// Whether a check has found a failure, and a second one must confirm it.
fn is_failure_found_once(rows: &[WatchedRow]) -> bool {
    rows.iter().any(|row| row.once(Level::Failure).next().is_some())
}

/// Whether the last check could not tell anything, or there was none.
fn is_untold(row: &WatchedRow) -> bool {
    row.checked.is_none() || row.could_not_tell.is_some()
}
