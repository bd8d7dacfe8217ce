//! `resolverctl stats`: the statistics.

use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::Duration;

use super::client::{ControlClient, unexpected};
use super::exit::{CommandFailure, Exit};
use super::moment;
use super::monitor::span_like;
use super::outcome::CommandOutcome;
use super::render::{Format, Paint, json, rows, screen};
use crate::limits::STATS_INTERVALS;
use control::protocol::{Reply, Request, Table};
use history::Window;

/// The command line of `stats`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Time window of the statistics.
    #[arg(long, value_enum, default_value_t = Window::FiveMinutes, value_name = "WINDOW")]
    since: Window,
    /// Show a table instead of the overview.
    #[arg(long, value_enum, value_name = "TABLE", conflicts_with = "slow")]
    by: Option<Table>,
    /// Show the zones that took the most time, with a histogram.
    #[arg(long)]
    slow: bool,
    /// Show it again after each interval, 1s to 60m, until Ctrl-C. Default: 2s.
    #[arg(long, value_name = "INTERVAL", num_args = 0..=1, default_missing_value = "2s", value_parser = interval)]
    watch: Option<Duration>,
}

/// Reads the time between two reports.
pub(super) fn interval(typed: &str) -> Result<Duration, String> {
    let interval = span_like(typed, "2s or 1m")?;
    let (least, most) = (*STATS_INTERVALS.start(), *STATS_INTERVALS.end());
    if STATS_INTERVALS.contains(&interval) {
        Ok(interval)
    } else {
        Err(format!("\"{typed}\" is out of range: {}s to {}m", least.as_secs(), most.as_secs() / 60))
    }
}

/// Sends the request, and shows the reply.
pub(super) fn run(
    arguments: &Arguments,
    client: &ControlClient,
    format: Format,
) -> Result<CommandOutcome, CommandFailure> {
    match arguments.watch {
        Some(interval) => watch(interval, format, || report(arguments, client, format)),
        None => Ok(CommandOutcome { text: report(arguments, client, format)?, exit: Exit::Yes }),
    }
}

fn report(arguments: &Arguments, client: &ControlClient, format: Format) -> Result<String, CommandFailure> {
    let table = if arguments.slow { Some(Table::Slow) } else { arguments.by };
    let window = arguments.since;
    let replies = client.ask(&Request::Stats { window, table })?;
    Ok(match (format, table) {
        (Format::Json, _) => replies.iter().map(json::reply).collect(),
        (Format::Text(style), Some(table)) => rows::table(table, &replies, window, &moment::shown, style),
        (Format::Text(style), None) => match replies.as_slice() {
            [Reply::Stats(stats)] => screen::stats(stats, style),
            _ => return Err(unexpected()),
        },
    })
}

/// Prints a report, and others after each interval, until the user or the reader of the output ends it. A daemon that does not
/// answer for a while, for instance at a restart, is reported and asked again.
///
/// # Errors
/// The output cannot be written, or the first report fails for another reason, which time does not change.
fn watch(
    interval: Duration,
    format: Format,
    mut next: impl FnMut() -> Result<String, CommandFailure>,
) -> Result<CommandOutcome, CommandFailure> {
    let mut output = io::stdout();
    let replaces = output.is_terminal();
    let mut report = next();
    if report.as_ref().is_err_and(|failure| matches!(failure.exit(), Exit::Permission | Exit::Usage)) {
        return report.map(|text| CommandOutcome { text, exit: Exit::Yes });
    }
    loop {
        let text = shown(report, moment::now(), (format, replaces));
        match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
            Ok(()) => {}
            // The reader of the pipe, for instance `head`, has closed it. This is no error.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Ok(CommandOutcome { text: String::new(), exit: Exit::Yes });
            }
            Err(error) => return Err(CommandFailure::Output(error)),
        }
        thread::sleep(interval);
        report = next();
    }
}

/// A report at a moment in seconds since 1970: it replaces the last one on a terminal, else it stands below the last one. In JSON the
/// moment is an object of its own before the rows, so that a reader sees where a report begins, also if it has no rows.
fn shown(report: Result<String, CommandFailure>, now: f64, (format, replaces): (Format, bool)) -> String {
    /// The cursor goes home, and the rest of the screen is erased (ECMA-48 CUP, ED).
    const REPLACE: &str = "\u{1b}[H\u{1b}[J";
    let style = match (format, report.as_ref()) {
        (Format::Json, Ok(report)) => return json::moment(now) + report,
        (Format::Json, Err(failure)) => return json::moment(now) + &json::failure(&failure.to_string()),
        (Format::Text(style), _) => style,
    };
    let text =
        report.unwrap_or_else(|failure| format!("{}\n", style.paint(Paint::Bad, &failure.to_string())));
    let head = style.paint(Paint::Faint, &moment::shown(now));
    let before = if replaces { REPLACE } else { "\n" };
    format!("{before}{head}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Style;

    #[test]
    fn an_interval_is_not_shorter_than_a_second() {
        assert_eq!(interval("1s"), Ok(Duration::from_secs(1)));
        assert_eq!(interval("5m"), Ok(Duration::from_secs(300)));
        for wrong in ["0s", "999ms", "61m", "5", ""] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
        assert_eq!(interval("slow"), Err("\"slow\" is not a duration: write it like 2s or 1m".to_owned()));
    }

    /// A moment in the middle of 1970, in any time zone.
    const SUMMER: f64 = 15_552_000.0;

    #[test]
    fn a_report_replaces_the_last_one_on_a_terminal_alone() {
        let report = || Ok("resolverd\n".to_owned());
        let format = Format::Text(Style::Plain);
        assert!(shown(report(), SUMMER, (format, true)).starts_with("\u{1b}[H\u{1b}[J1970-"));
        assert!(shown(report(), SUMMER, (format, false)).starts_with("\n1970-"));
        assert_eq!(shown(Ok("{}\n".to_owned()), 1.5, (Format::Json, true)), "{\"at\":1.5}\n{}\n");
        assert_eq!(shown(Ok(String::new()), 1.5, (Format::Json, true)), "{\"at\":1.5}\n", "no rows");
    }

    #[test]
    fn a_daemon_that_does_not_answer_is_reported() {
        let failure = || Err(CommandFailure::Timeout(Duration::from_secs(5)));
        let text = shown(failure(), 0.0, (Format::Text(Style::Plain), false));
        assert!(text.contains("resolverd did not reply within 5 s"), "{text}");
        let json = shown(failure(), 0.0, (Format::Json, false));
        assert_eq!(
            json,
            "{\"at\":0.0}\n{\"failure\":\"resolverd did not reply within 5 s; see `systemctl status resolverd`\"}\n"
        );
    }
}
