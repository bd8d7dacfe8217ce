//! `resolverctl flush`: removes entries from the daemon's cache.

use clap::ArgGroup;

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, text};
use super::typed_name::typed_name;
use control::protocol::{FlushWhat, Reply, Request};

/// The command line of `flush`: a name, `--negative` or `--all`.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("what").required(true).args(["name", "negative", "all"]))]
pub(super) struct Arguments {
    /// Name to remove, with all its types.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    name: Option<String>,
    /// Also remove all names below NAME.
    #[arg(long, requires = "name", conflicts_with_all = ["negative", "all"])]
    tree: bool,
    /// Remove only this record type.
    #[arg(long = "type", value_name = "TYPE", requires = "name", conflicts_with_all = ["negative", "all"])]
    kind: Option<String>,
    /// Remove all negative answers and cached failures.
    #[arg(long)]
    negative: bool,
    /// Remove everything, also data about servers.
    #[arg(long)]
    all: bool,
}

impl Arguments {
    fn what(&self) -> FlushWhat {
        match &self.name {
            Some(name) => FlushWhat::Name { name: name.clone(), tree: self.tree, kind: self.kind.clone() },
            None if self.all => FlushWhat::All,
            None => FlushWhat::Negative,
        }
    }
}

/// Sends the request, and shows the number of removed entries.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let Reply::Flushed(removed) = client.ask_one(&Request::Flush { what: arguments.what() })? else {
        return Err(unexpected());
    };
    let text = match format {
        Format::Json => json::line(&removed),
        Format::Text(_) => text::removed(&removed),
    };
    Ok(CommandOutcome { text, exit: Exit::Yes })
}
