//! The output of `resolverctl monitor`: one line for each query that the daemon has answered.

use super::style::{Paint, Style};
use super::words;
use dns::question::Outcome;
use dns::wire::presentation::harmless;
use protocol::{QueryEvent, Reply};

/// Returns the line about a query that the daemon has answered, or the line that says how many queries are not shown. `time`
/// formats a point in time.
pub fn line(reply: &Reply, time: &dyn Fn(f64) -> String, style: Style) -> String {
    match reply {
        Reply::Event(event) => self::event(event, time, style),
        Reply::Lost { lost } => {
            let queries = if *lost == 1 { "query is" } else { "queries are" };
            let text = format!(
                "{} {queries} not shown: the terminal, or the program after the pipe, is too slow; --slow, --failures, --client or --zone show fewer queries",
                words::number(*lost)
            );
            style.paint(Paint::Bad, &text) + "\n"
        }
        _ => String::new(),
    }
}

fn event(event: &QueryEvent, time: &dyn Fn(f64) -> String, style: Style) -> String {
    let paint = if event.outcome.is_failure() { Paint::Bad } else { Paint::Plain };
    let outcome = style.paint(paint, event.outcome.label());
    let time_word = match event.outcome {
        Outcome::Failed | Outcome::Deadline => "after",
        _ => "in",
    };
    let error = event.error.as_ref().map(|error| format!(": {}", harmless(error))).unwrap_or_default();
    format!(
        "{}  {}  {} {}  {outcome} {time_word} {}{error}\n",
        style.paint(Paint::Faint, &time(event.at)),
        event.client,
        harmless(&event.name),
        event.kind,
        words::time(event.elapsed)
    )
}
