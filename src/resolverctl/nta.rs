//! `resolverctl nta`: sets negative trust anchors (RFC 7646). At and below the name of such an anchor, resolverd does not
//! validate for a limited time.

use std::time::Duration;

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::outcome::CommandOutcome;
use super::render::{Format, state};
use super::typed_name::typed_name;
use protocol::limits::MAX_NTA_TIME;
use protocol::{NtaWhat, Request};

const USUAL: Duration = Duration::from_secs(60 * 60);

/// The command line of `nta`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    /// Turn off validation at and below this name for 1h, as BIND's `rndc nta` does.
    #[arg(allow_hyphen_values = true, value_parser = typed_name)]
    name: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The sub-commands; without one and without a name, the list of negative trust anchors.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Turn off validation at and below a name for some time.
    Add {
        /// Name of the domain.
        #[arg(allow_hyphen_values = true, value_parser = typed_name)]
        name: String,
        /// Duration, such as 30m, 1h or 2d. Maximum: 7d.
        #[arg(long = "for", value_name = "DURATION", default_value = "1h", value_parser = span)]
        time: Duration,
        /// Do it on all gateways of the fleet.
        #[arg(long)]
        fleet: bool,
    },
    /// List the negative trust anchors and when they expire.
    List,
    /// Remove a negative trust anchor.
    Remove {
        /// Name of the domain.
        #[arg(allow_hyphen_values = true, value_parser = typed_name)]
        name: String,
        /// Do it on all gateways of the fleet.
        #[arg(long)]
        fleet: bool,
    },
}

/// Adds, removes or lists negative trust anchors. Without a sub-command and a name, only lists the current ones.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let add = |name: &String, time: Duration| NtaWhat::Add { name: name.clone(), seconds: time.as_secs() };
    let (what, fleet) = match (&arguments.command, &arguments.name) {
        (Some(Command::Add { name, time, fleet }), _) => (add(name, *time), *fleet),
        (Some(Command::Remove { name, fleet }), _) => (NtaWhat::Remove { name: name.clone() }, *fleet),
        (None, Some(name)) => (add(name, USUAL), false),
        (Some(Command::List) | None, _) => (NtaWhat::List, false),
    };
    client.show(&Request::Nta { what, fleet }, format, state::ntas, |_| Exit::Yes)
}

/// Parses the lifetime of a negative trust anchor or a temporary zone.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("write it like 30m, 1h or 2d".to_owned()),
    };
    let seconds = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    match seconds.map(Duration::from_secs) {
        Some(span) if !span.is_zero() && span <= MAX_NTA_TIME => Ok(span),
        _ => Err("write a duration from 1s to 7d, like 30m, 1h or 2d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_bounded() {
        assert_eq!(span("90m").unwrap(), Duration::from_secs(5_400));
        assert_eq!(span("7d").unwrap(), MAX_NTA_TIME);
        for wrong in ["", "1", "h", "0s", "8d", "1w", "99999999999999999999d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
