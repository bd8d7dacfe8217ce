//! `resolverctl zone`, `block` and `host`: add a zone with its own servers, a name that does not exist, or the addresses of a name, while the
//! daemon runs, or write it into the configuration file.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::moment;
use super::nta::span;
use super::outcome::CommandOutcome;
use super::render::{Format, text, zones};
use super::typed_name::{typed_domain, typed_name};
use config::defaults;
use protocol::zones::{AddedZone, ZoneWhat, without_entry};
use protocol::{Blame, Problem, Reply, Request};

/// The text before the first zone in a configuration file that did not exist before.
const EMPTY: &str = "version = 1\n";

/// The command line of `zone`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Resolve a zone through these servers, until the daemon ends by default.
    Add(Added),
    /// Show the configured zones and their servers, as `zones` does.
    List,
    /// Remove what `zone add`, `block` or `host add` added.
    Remove(Removed),
}

/// The command line of `zone remove` and `host remove`.
#[derive(Debug, clap::Args)]
pub(super) struct Removed {
    /// Apex of the zone, or name of the host.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    name: String,
    /// Remove what --write wrote from the configuration file, and reload it, as root.
    #[arg(long)]
    write: bool,
}

/// How long an entry stays.
#[derive(Debug, clap::Args)]
pub(super) struct Lifetime {
    /// Lifetime, such as 30m, 2h or 7d. Maximum: 7d. Without it: until the daemon ends.
    #[arg(long = "for", value_name = "DURATION", value_parser = span)]
    time: Option<Duration>,
    /// Append the entry to the configuration file and reload it, as root.
    #[arg(long, conflicts_with = "time")]
    write: bool,
}

/// The command line of `block`.
#[derive(Debug, clap::Args)]
pub(super) struct Blocked {
    /// Name to block, with all names below it. A mail address stands for its domain.
    #[arg(allow_hyphen_values = true, value_parser = typed_domain)]
    name: String,
    /// The name after one of the words `add`, `remove` and `delete`.
    #[arg(hide = true, allow_hyphen_values = true, value_parser = typed_domain)]
    after_word: Option<String>,
    #[command(flatten)]
    lifetime: Lifetime,
}

/// The command line of `host`.
#[derive(Debug, clap::Subcommand)]
pub(super) enum HostCommand {
    /// Give a name these addresses; each address gets this name as its PTR record.
    Add {
        /// Name of the host.
        #[arg(allow_hyphen_values = true, value_parser = typed_name)]
        name: String,
        /// IPv4 and IPv6 addresses of the host.
        #[arg(required = true, value_name = "ADDRESS", value_delimiter = ',')]
        addresses: Vec<String>,
        #[command(flatten)]
        lifetime: Lifetime,
    },
    /// Remove a host that `host add` added.
    Remove(Removed),
    /// Show the configured zones and hosts, as `zones` does.
    #[command(hide = true)]
    List,
}

/// The command line of `zone add`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("servers").required(true).args(["forward", "stub", "resolver"]))]
pub(super) struct Added {
    /// Apex of the zone.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    name: String,
    /// Resolvers to forward to: the same as --forward.
    #[arg(value_name = "ADDRESS", value_delimiter = ',')]
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
    #[command(flatten)]
    lifetime: Lifetime,
}

/// Without a sub-command, only shows the configured zones.
pub(super) fn run(
    command: Option<&Command>,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    match command {
        None | Some(Command::List) => show(client, format),
        Some(Command::Add(added)) => {
            let zone = AddedZone {
                forward: [added.forward.as_slice(), &added.resolver].concat(),
                stub: added.stub.clone(),
                validate: !added.insecure,
                ..blank(&added.name)
            };
            add(zone, &added.lifetime, client, format)
        }
        Some(Command::Remove(removed)) => remove(removed, client, format),
    }
}

/// Shows the configured zones, with those of `zone add`, `block` and `host add`.
fn show(client: &ControlClient, format: Format) -> Result<CommandOutcome, CommandFailure> {
    client.show(&Request::Zones, format, zones::table, |_| Exit::Yes)
}

/// Blocks a name, or ends a block.
pub(super) fn block(
    blocked: &Blocked,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let (name, lifetime) = (blocked.after_word.as_ref().unwrap_or(&blocked.name), &blocked.lifetime);
    if blocked.after_word.is_some() && REMOVES.contains(&blocked.name.as_str()) {
        return remove(&Removed { name: name.clone(), write: lifetime.write }, client, format);
    }
    if blocked.after_word.is_some() && blocked.name != "add" || NO_NAMES.contains(&name.as_str()) {
        let sentence = format!(
            "`resolverctl block NAME` blocks a name. `resolverctl zone list` shows the blocked names, `resolverctl zone remove NAME` ends a block. \
             For the top-level domain, type `{}.`.",
            blocked.name
        );
        return Err(Problem { fault: Blame::Request, sentence }.into());
    }
    let zone = AddedZone { block: true, ..blank(name) };
    add(zone, lifetime, client, format)
}

/// Words after `block` that end a block.
const REMOVES: [&str; 2] = ["remove", "delete"];

/// Words that operators type after `block` for what `zone` does.
const NO_NAMES: [&str; 5] = ["list", "show", "add", "remove", "delete"];

/// Adds or removes a host.
pub(super) fn host(
    command: &HostCommand,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    match command {
        HostCommand::Add { name, addresses, lifetime } => {
            let host = AddedZone { addresses: addresses.clone(), ..blank(name) };
            add(host, lifetime, client, format)
        }
        HostCommand::Remove(removed) => remove(removed, client, format),
        HostCommand::List => show(client, format),
    }
}

fn blank(name: &str) -> AddedZone {
    AddedZone {
        name: name.to_owned(),
        forward: Vec::new(),
        stub: Vec::new(),
        block: false,
        addresses: Vec::new(),
        validate: true,
    }
}

fn add(
    zone: AddedZone,
    lifetime: &Lifetime,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    if lifetime.write {
        return append(&zone.entry(), client, format);
    }
    let seconds = lifetime.time.map(|time| time.as_secs());
    let note = lifetime.time.map_or_else(
        || "until resolverd ends; --write adds it to the configuration file\n".to_owned(),
        |time| format!("until {}\n", moment::shown(moment::now() + time.as_secs_f64())),
    );
    change(ZoneWhat::Add { zone, seconds }, &note, client, format)
}

fn remove(
    removed: &Removed,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    if removed.write {
        return rewrite(|text| without_entry(text, &removed.name), "", client, format);
    }
    change(ZoneWhat::Remove { name: removed.name.clone() }, "", client, format)
}

fn change(
    what: ZoneWhat,
    note: &str,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let screen = |replies: &[Reply], style| text::reloaded(replies, style) + note;
    client.show(&Request::Zone { what }, format, screen, |_| Exit::Yes)
}

/// Appends an entry to the configuration file, and reloads it.
pub(super) fn append(
    entry: &str,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let added = |text: &str| Ok(format!("{}\n{entry}", if text.is_empty() { EMPTY } else { text }));
    rewrite(added, ENDLESS, client, format)
}

/// How long an entry of the configuration file stays.
const ENDLESS: &str = "it has no end: it stays until it is removed from this file\n";

/// Changes the configuration file and reloads it. `note` follows the report of success. If the reload fails, the old text is written back.
fn rewrite(
    change: impl Fn(&str) -> Result<String, Problem>,
    note: &str,
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
            Exit::Yes => format!("{}written to {}\n{note}", text::reloaded(replies, style), file.display()),
            _ => text::reloaded(replies, style),
        },
        Exit::of_reload,
    );
    if !matches!(outcome, Ok(CommandOutcome { exit: Exit::Yes, .. })) {
        fs::write(&file, before).map_err(written)?;
    }
    outcome
}
