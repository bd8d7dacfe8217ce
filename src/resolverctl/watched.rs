//! `resolverctl check watched`: shows the findings of the watched domains, and since when each finding exists.

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::moment;
use super::outcome::CommandOutcome;
use super::render::{Format, json, watched};
use dns::wire::presentation::name_text;
use doctor::finding::Level;
use protocol::lookup::read_name;
use protocol::watched::WatchedRow;
use protocol::{Blame, Problem, Reply, Request};

/// The command line of `check watched`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Show this domain only, with its last changes.
    #[arg(value_name = "DOMAIN")]
    domain: Option<String>,
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let rows = rows(arguments, client)?;
    let text = match format {
        Format::Json => rows.iter().map(json::line).collect(),
        Format::Text(style) => watched::text(&rows, arguments.domain.is_some(), &moment::shown, style),
    };
    Ok(CommandOutcome { text, exit: exit(&rows) })
}

/// Returns "no" for a confirmed failure, and "could not tell" if a result is unknown or a failure is not confirmed.
pub(super) fn exit(rows: &[WatchedRow]) -> Exit {
    let unsure = is_failure_found_once(rows) || rows.iter().any(is_unknown);
    let unknown = any(rows, Level::CouldNotTell) || unsure;
    Exit::judged(any(rows, Level::Failure), unknown)
}

/// Returns all watched domains and own addresses.
pub(super) fn all(client: &ControlClient) -> Result<Vec<WatchedRow>, CommandFailure> {
    let row = |reply| match reply {
        Reply::Watched(row) => Some(*row),
        _ => None,
    };
    Ok(client.ask(&Request::Watched)?.into_iter().filter_map(row).collect())
}

fn rows(arguments: &Arguments, client: &ControlClient) -> Result<Vec<WatchedRow>, CommandFailure> {
    let wanted = arguments.domain.as_deref().map(read_name).transpose()?;
    let wanted = wanted.map(|name| name_text(&name.to_lowercase()).trim_end_matches('.').to_owned());
    let rows: Vec<WatchedRow> = all(client)?
        .into_iter()
        .filter(|row| wanted.as_ref().is_none_or(|wanted| row.domain == *wanted))
        .collect();
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

fn any(rows: &[WatchedRow], level: Level) -> bool {
    rows.iter().any(|row| row.count(level) > 0)
}

/// Returns true if only one check has found a failure, so that a second check must confirm it.
fn is_failure_found_once(rows: &[WatchedRow]) -> bool {
    rows.iter().any(|row| row.once(Level::Failure).next().is_some())
}

/// Returns true if the domain was not checked yet, or if its last check had no result.
fn is_unknown(row: &WatchedRow) -> bool {
    row.checked.is_none() || row.could_not_tell.is_some()
}
