//! The screen of `resolverctl why` without a subject: which causes delayed mail, and by how much.

use super::columns::{self, Cell, Column, count, fault, number, word};
use super::spent::empty;
use super::style::{Paint, Style};
use super::words;
use explain::costs::{CostRow, CostSpan};
use protocol::Reply;

/// In seconds. If the delay has changed by less than this, the table shows "none" as the change.
const CHANGE: f64 = 0.05;

/// In seconds. A shorter wait is not shown: the query failed at once.
const SHORTEST_WAIT: f64 = 0.001;

/// Each side (a party that can remove causes) has a row with its sum; its causes are indented below this row.
const COSTS: &[Column<CostRow>] = &[
    Column("cause", 0, |row, _| cause(row)),
    Column("wait", 0, |row, _| number((row.time >= SHORTEST_WAIT).then(|| words::time(row.time)), "none")),
    Column("failed (defers mail)", 0, |row, _| fault(row.failed)),
    Column("change", 0, |row, _| number(row.before.map(|before| change(row.time - before)), "not known")),
    Column("messages", 0, |row, _| count(row.messages)),
    Column("share", 0, |row, _| {
        number(row.share.map(|share| words::percent((share * 1e3).round() as u64)), "not known")
    }),
    Column("next command", 0, |row, _| word(row.next.as_deref().unwrap_or_default())),
];

/// Returns the screen from the replies to a request. `moment` formats a point in time.
pub fn costs(replies: &[Reply], moment: &dyn Fn(f64) -> String, style: Style) -> String {
    let row = |reply: &Reply| if let Reply::Cost(row) = reply { Some(row.clone()) } else { None };
    let rows: Vec<CostRow> = replies.iter().filter_map(row).collect();
    let span =
        replies.iter().find_map(|reply| if let Reply::CostSpan(span) = reply { Some(span) } else { None });
    let Some(CostSpan { from, cut, to, messages, touched, slow, .. }) = span.filter(|span| !span.empty)
    else {
        return match span.and_then(|span| span.begin) {
            Some(begin) => format!("The query history begins at {}, after this time.\n", moment(begin)),
            None => empty(span.is_some_and(|span| span.off)).to_owned(),
        };
    };
    let of = match messages {
        Some(all) => format!(" of {} messages", words::number(*all)),
        None => " messages on disk".to_owned(),
    };
    let head = format!(
        "{}{} to {}: {}{of} waited {} or longer, or had a failed query that defers mail",
        moment(*from),
        if *cut { " (the history begins here)" } else { "" },
        moment(*to),
        words::number(*touched),
        words::time(*slow)
    );
    let paint = if *touched == 0 { Paint::Good } else { Paint::Head };
    let head = format!("{}\n", style.paint(paint, &head));
    if rows.is_empty() {
        return if *touched == 0 { head } else { head + &without_cause(*slow) };
    }
    head + &columns::table(COSTS, &rows, 0).text(style, None) + &legend(*slow) + words::MESSAGE
}

/// Returns the lines for messages that waited long, but for no single cause.
fn without_cause(slow: f64) -> String {
    format!(
        "No zone, server, list or pause took {} of one message: they had many short waits, as for names that are not in the cache.\n\
         Next command: resolverctl why --slowest 5\n",
        words::time(slow)
    )
}

/// Returns the lines below the table, which explain its columns. `slow` is the shortest wait for a cause, in seconds, with which
/// a message is in a row.
fn legend(slow: f64) -> String {
    let slow = words::time(slow);
    format!(
        "wait: how long messages waited because of the cause; change: of the wait, compared with the period of the same length before\n\
        messages: a message with several causes is in several rows; a message that waited less than {slow} for each cause is in no row\n\
        share: of all messages of the period\n\
        client: the mail program paused between its queries; `resolverctl why --help` explains the other causes\n"
    )
}

fn cause(row: &CostRow) -> Cell {
    let zone = row.zone.as_deref().unwrap_or_default();
    match (row.kind, &row.servers) {
        (Some(kind), Some(servers)) => word(&format!("  {} {servers} ({} zones)", kind.label(), row.zones)),
        (Some(kind), None) => word(format!("  {} {zone}", kind.label()).trim_end()),
        (None, _) => Cell { paint: Paint::Head, ..word(row.side.label()) },
    }
}

/// The change of a delay in seconds, with its sign.
fn change(seconds: f64) -> String {
    match seconds {
        _ if seconds.abs() < CHANGE => "none".to_owned(),
        _ if seconds < 0.0 => format!("-{}", words::time(-seconds)),
        _ => format!("+{}", words::time(seconds)),
    }
}
