//! `resolverctl monitor`: prints each query of a client when the daemon has answered it.

use std::time::Duration;

use super::client::ControlClient;
use super::exit::{CommandFailure, Exit};
use super::moment;
use super::outcome::{CommandOutcome, print_screen};
use super::render::{Format, json, monitor};
use super::typed_name::typed_domain;
use protocol::{MonitorRequest, Request};

/// The command line of `monitor`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Show queries that fail with SERVFAIL; with --slow, slow ones too.
    #[arg(long, alias = "failed")]
    failures: bool,
    /// Show queries that take this long, like 500ms or 2s; with --failures, failed ones too.
    #[arg(long, value_name = "SPAN", value_parser = span)]
    slow: Option<Duration>,
    /// Show only queries of these clients.
    #[arg(long, value_name = "ADDRESS|NETWORK")]
    client: Option<String>,
    /// Show only this name or mail address, and names below it.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, value_parser = typed_domain)]
    zone: Option<String>,
}

/// Fails if the daemon stops, because a script that reads the lines must know that no more lines follow.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    let request = MonitorRequest {
        failures: arguments.failures,
        slow: arguments.slow.map(|slow| slow.as_secs_f64()),
        client: arguments.client.clone(),
        zone: arguments.zone.clone(),
    };
    let mut has_reader = true;
    client.follow(&Request::Monitor(request), |reply| {
        let line = match format {
            Format::Json => json::reply(&reply),
            Format::Text(style) => monitor::line(&reply, &moment::time_of_day, style),
        };
        let written = print_screen(&line, format)?;
        has_reader = written.is_continue();
        Ok(written)
    })?;
    if has_reader {
        return Err(CommandFailure::Stopped);
    }
    Ok(CommandOutcome { text: String::new(), exit: Exit::Yes })
}

fn span(typed: &str) -> Result<Duration, String> {
    span_like(typed, "500ms, 2s or 1m")
}

/// Parses a duration. The error message shows `examples`.
pub(super) fn span_like(typed: &str, examples: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{typed}\" is not a duration: write it like {examples}");
    let unit_at = typed.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = typed.split_at_checked(unit_at).ok_or_else(wrong)?;
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let one = match unit {
        "ms" => Duration::from_millis(1),
        "s" => Duration::from_secs(1),
        "m" => Duration::from_secs(60),
        _ => return Err(wrong()),
    };
    Ok(one * number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_a_unit() {
        assert_eq!(span("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(span("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(span("1m"), Ok(Duration::from_secs(60)));
        for wrong in ["", "2", "ms", "1h", "-1s", "99999999999s"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
