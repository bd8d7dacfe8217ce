//! `resolverctl flush`: removes entries from the daemon's cache. After it has removed a name, it shows the current answers of the name servers.

use std::collections::BTreeSet;

use clap::ArgGroup;

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, json, text};
use super::typed_name::typed_name;
use crate::limits::MAX_ASKED_AGAIN;
use protocol::rows::{HeldAs, HeldRow};
use protocol::{FlushWhat, Reply, Request};

/// The types that are shown first, because mail needs them.
const FIRST: [&str; 2] = ["MX", "TXT"];

/// Puts the types of `FIRST` first, and leaves the others in their order.
fn mail_first(kinds: &mut [String]) {
    kinds.sort_by_key(|kind| FIRST.iter().position(|first| first == kind).unwrap_or(FIRST.len()));
}

/// Fails for the word `all`, which is meant as an option.
fn flushed(typed: &str) -> Result<String, String> {
    if typed.eq_ignore_ascii_case("all") {
        return Err(
            "`resolverctl flush --all` removes everything; a top-level domain needs a dot: `all.`".to_owned()
        );
    }
    typed_name(typed)
}

/// The command line of `flush`: a name, `--negative` or `--all`.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("what").required(true).args(["name", "negative", "all"]))]
pub(super) struct Arguments {
    /// Name to remove, with all its types.
    #[arg(allow_hyphen_values = true, value_parser = flushed)]
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
    /// Remove it from all gateways of the fleet.
    #[arg(long)]
    fleet: bool,
}

impl Arguments {
    fn request(&self) -> Request {
        Request::Flush { what: self.what(), fleet: self.fleet }
    }

    fn what(&self) -> FlushWhat {
        match &self.name {
            Some(name) => FlushWhat::Name { name: name.clone(), tree: self.tree, kind: self.kind.clone() },
            None if self.all => FlushWhat::All,
            None => FlushWhat::Negative,
        }
    }

    /// Returns the record types for which the cache has an answer or a failure of the name to remove, each together with this name. The list
    /// is empty if the command has no name.
    fn cached_kinds(&self, client: &ControlClient) -> Result<Vec<(String, String)>, CommandFailure> {
        let Some(name) = &self.name else { return Ok(Vec::new()) };
        let cached = client.ask(&Request::Cache { name: name.clone(), kind: self.kind.clone() })?;
        let kinds: BTreeSet<String> = cached
            .into_iter()
            .filter_map(|reply| match reply {
                Reply::Held(HeldRow { held: HeldAs::Answer | HeldAs::Failure, kind, .. }) => kind,
                _ => None,
            })
            .collect();
        let mut kinds: Vec<String> = kinds.into_iter().collect();
        mail_first(&mut kinds);
        Ok(kinds.into_iter().take(MAX_ASKED_AGAIN).map(|kind| (name.clone(), kind)).collect())
    }
}

pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let kinds = arguments.cached_kinds(client)?;
    let Reply::Flushed(removed) = client.ask_one(&arguments.request())? else {
        return Err(unexpected());
    };
    let mut text = match format {
        Format::Json => json::line(&removed),
        Format::Text(_) => text::removed(&removed),
    };
    if let Format::Text(_) = format
        && !kinds.is_empty()
    {
        text.push_str("current answers:\n");
    }
    for (name, kind) in kinds {
        let reply = client.ask_one(&Request::Query { name, kind: Some(kind), dnssec: false })?;
        let Reply::Query(reply) = reply else { return Err(unexpected()) };
        text.push_str(&match format {
            Format::Json => json::line(&*reply),
            Format::Text(style) => text::query(&reply, style),
        });
    }
    Ok(CommandOutcome { text, exit: Exit::Yes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_mail_come_first() {
        let mut kinds = ["A", "AAAA", "HTTPS", "MX", "TXT"].map(str::to_owned);
        mail_first(&mut kinds);
        assert_eq!(kinds, ["MX", "TXT", "A", "AAAA", "HTTPS"]);
    }
}
