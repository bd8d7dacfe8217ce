//! `resolverctl config`: shows the daemon's configuration, or checks a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, text};
use config::{Config, ConfigProblem, Errors, defaults, notes};
use protocol::{Reply, Request};
use zones::Views;

/// The command line of `config`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the configuration of the daemon in the format of the file.
    Show {
        /// Show only values that differ from the defaults.
        #[arg(long, alias = "diff")]
        changed: bool,
    },
    /// Check a configuration file and report its errors. Works without a daemon.
    Check {
        /// Configuration file. Default: /etc/resolverd/resolverd.toml.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

pub(super) fn run(
    command: &Command,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    match command {
        Command::Show { changed } => show(*changed, client, format),
        Command::Check { file } => Ok(check(file.as_deref(), format)),
    }
}

fn show(changed: bool, client: &ControlClient, format: Format) -> Result<CommandOutcome, CommandFailure> {
    let replies = client.ask(&Request::Config { changed })?;
    let line = |reply: &Reply| match reply {
        Reply::Config { line } => Some(format!("{line}\n")),
        _ => None,
    };
    let file: String = replies.iter().filter_map(line).collect();
    let text = match format {
        Format::Text(_) => file,
        Format::Json => {
            json::config(&file).map_err(|error| CommandFailure::CutOff(error.message().to_owned()))?
        }
    };
    Ok(CommandOutcome { text, exit: Exit::Yes })
}

/// Checks a configuration file. The errors of the file are the result of this command, so they go to stdout and not to
/// stderr.
fn check(file: Option<&Path>, format: Format) -> CommandOutcome {
    let usual = Path::new(defaults::FILE);
    let read = file.or_else(|| usual.exists().then_some(usual));
    let checked = Config::load(file).and_then(|config| {
        let notes = notes(&config);
        servable(config, read).map(|()| notes)
    });
    let text = match format {
        Format::Json => json::checked(read, &checked),
        Format::Text(_) => text::checked(read, &checked),
    };
    CommandOutcome { text, exit: if checked.is_ok() { Exit::Yes } else { Exit::ConfigInvalid } }
}

/// Checks that the daemon could serve the zones, and reads the zone files as the daemon does.
fn servable(config: Config, file: Option<&Path>) -> Result<(), Errors> {
    let views = Views::new(&Arc::new(config));
    views.map(drop).map_err(|wrong| Errors {
        file: file.map_or_else(String::new, |file| file.display().to_string()),
        problems: vec![ConfigProblem {
            line: None,
            key: Some(format!("zone {}", wrong.zone)),
            wrong: wrong.reason,
            remedy: "the daemon does not start with this zone; correct it".to_owned(),
        }],
    })
}
