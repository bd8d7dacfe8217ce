//! `resolverctl zone`: adds a zone with its own servers while the daemon runs, or writes it into the configuration file.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::nta::span;
use super::outcome::CommandOutcome;
use super::render::{Format, text, zones};
use super::typed_name::typed_name;
use control::protocol::zones::{AddedZone, ZoneWhat, without_entry};
use control::protocol::{Problem, Reply, Request};
use resolver::config::defaults;

/// The text before the first zone in a configuration file that did not exist before.
const EMPTY: &str = "version = 1\n";

/// The command line of `zone`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Resolve a zone through these servers, until the daemon ends by default.
    Add(Added),
    /// Show the configured zones and their servers, as `zones` does.
    List,
    /// Remove a zone that `zone add` added.
    Remove {
        /// Apex of the zone.
        #[arg(allow_hyphen_values = true, value_parser = typed_name)]
        name: String,
        /// Remove the zone that `zone add --write` wrote from the configuration file, and reload it, as root.
        #[arg(long)]
        write: bool,
    },
}

/// The command line of `zone add`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("servers").required(true).args(["forward", "stub", "resolver"]))]
pub(super) struct Added {
    /// Apex of the zone.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    name: String,
    /// Resolvers to forward to: the same as --forward.
    #[arg(value_name = "ADDRESS")]
    resolver: Vec<String>,
    /// Resolvers to forward to, as `forward` in resolverd.toml(5).
    #[arg(long, value_name = "SERVERS", value_delimiter = ',')]
    forward: Vec<String>,
    /// Name servers of the zone.
    #[arg(long, value_name = "SERVERS", value_delimiter = ',')]
    stub: Vec<String>,
    /// Do not validate the answers with DNSSEC.
    #[arg(long)]
    insecure: bool,
    /// Lifetime, such as 30m or 2h. Maximum: 7d.
    #[arg(long = "for", value_name = "DURATION", value_parser = span)]
    time: Option<Duration>,
    /// Append the zone to the configuration file and reload it, as root.
    #[arg(long, conflicts_with = "time")]
    write: bool,
}

/// Without a sub-command, only shows the configured zones.
pub(super) fn run(
    command: Option<&Command>,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let (what, note) = match command {
        None | Some(Command::List) => {
            return client.show(&Request::Zones, format, zones::table, |_| Exit::Yes);
        }
        Some(Command::Add(added)) if added.write => {
            let entry = added.zone().entry();
            let added = |text: &str| Ok(format!("{}\n{entry}", if text.is_empty() { EMPTY } else { text }));
            return rewrite(added, client, format);
        }
        Some(Command::Remove { name, write: true }) => {
            return rewrite(|text| without_entry(text, name), client, format);
        }
        Some(Command::Add(added)) => {
            let seconds = added.time.map(|time| time.as_secs());
            let note = "until resolverd ends; --write adds it to the configuration file\n";
            let note = if seconds.is_none() { note } else { "" };
            (ZoneWhat::Add { zone: added.zone(), seconds }, note)
        }
        Some(Command::Remove { name, write: false }) => (ZoneWhat::Remove { name: name.clone() }, ""),
    };
    let screen = |replies: &[Reply], style| text::reloaded(replies, style) + note;
    client.show(&Request::Zone { what }, format, screen, |_| Exit::Yes)
}

impl Added {
    fn zone(&self) -> AddedZone {
        AddedZone {
            name: self.name.clone(),
            forward: [self.forward.as_slice(), &self.resolver].concat(),
            stub: self.stub.clone(),
            validate: !self.insecure,
        }
    }
}

/// Changes the configuration file and reloads it. If the reload fails, the old text is written back.
fn rewrite(
    change: impl Fn(&str) -> Result<String, Problem>,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let Reply::Status(status) = client.ask_one(&Request::Status)? else { return Err(unexpected()) };
    let file = PathBuf::from(status.daemon.config.unwrap_or_else(|| defaults::FILE.to_owned()));
    let written = |error| CommandFailure::Written { file: file.clone(), error };
    let before = match fs::read_to_string(&file) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        text => text.map_err(written)?,
    };
    fs::write(&file, change(&before)?).map_err(written)?;
    let outcome = client.show(
        &Request::Reload,
        format,
        |replies, style| match Exit::of_reload(replies) {
            Exit::Yes => format!("{}written to {}\n", text::reloaded(replies, style), file.display()),
            _ => text::reloaded(replies, style),
        },
        Exit::of_reload,
    );
    if !matches!(outcome, Ok(CommandOutcome { exit: Exit::Yes, .. })) {
        fs::write(&file, before).map_err(written)?;
    }
    outcome
}
