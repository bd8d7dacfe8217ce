//! The screen of `resolverctl why --list`: the messages that a DNS list delayed.

use super::columns::{self, Column, time, word};
use super::domains::cell;
use super::spent::empty;
use super::style::{Paint, Style};
use super::words;
use explain::costs::CostSpan;
use explain::delays::{ListDelay, ListDelays};
use protocol::Reply;

/// Returns the screen from the replies to a request. `moment` formats a point in time.
pub fn text(replies: &[Reply], moment: &dyn Fn(f64) -> String, style: Style) -> String {
    let (Some(delays), Some(span)) = parts(replies) else { return empty(false).to_owned() };
    if span.empty {
        return match span.begin {
            Some(begin) => format!("The query history begins at {}, after this time.\n", moment(begin)),
            None => empty(span.off).to_owned(),
        };
    }
    let ListDelays { list, messages, time: sum, longest, rows, more } = delays;
    let cut = if span.cut { " (the history begins here)" } else { "" };
    let head = format!("{}{cut} to {}: {list} delayed ", moment(span.from), moment(span.to));
    if *messages == 0 {
        return format!("{}\n", style.paint(Paint::Good, &format!("{head}no message")));
    }
    let of = span.messages.map(|all| format!(" of {}", words::number(all))).unwrap_or_default();
    let mean = sum / *messages as f64;
    let head = format!(
        "{head}{}{of} messages by {}: mean {}, longest {}",
        words::number(*messages),
        words::time(*sum),
        words::time(mean),
        words::time(*longest)
    );
    let mut text = format!("{}\n", style.paint(Paint::Head, &head));
    if !rows.is_empty() {
        let table: Vec<Row> =
            rows.iter().map(|row| Row { at: moment(row.began), row: row.clone() }).collect();
        text.push_str(&columns::table(COLUMNS, &table, 0).text(style, None));
    }
    if *more > 0 {
        text.push_str(&format!("{} more messages were delayed for a shorter time\n", words::number(*more)));
    }
    if delays.unlisted() > 0 {
        let unlisted = words::number(delays.unlisted());
        text.push_str(&format!(
            "{unlisted} messages are only in the sums: they waited for a short time, and memory has them no more\n"
        ));
    }
    text + "delay: the time in which the message waited for the list; waited: for DNS in total\n"
        + words::MESSAGE
}

/// Returns the messages as CSV (RFC 4180). Times are in seconds.
pub fn csv(replies: &[Reply]) -> String {
    let mut text = "began,client,message,list,delay,waited\n".to_owned();
    let (Some(delays), _) = parts(replies) else { return text };
    for ListDelay { began, client, about, delay, waited } in &delays.rows {
        let (client, numbers) = (client.to_string(), [began, delay, waited].map(|time| format!("{time:.3}")));
        let [began, delay, waited] = &numbers;
        let cells: [&str; 6] = [began, &client, about, &delays.list, delay, waited];
        text.push_str(&cells.map(cell).join(","));
        text.push('\n');
    }
    text
}

fn parts(replies: &[Reply]) -> (Option<&ListDelays>, Option<&CostSpan>) {
    let list = replies.iter().find_map(|reply| match reply {
        Reply::ListDelays(delays) => Some(&**delays),
        _ => None,
    });
    let span = replies.iter().find_map(|reply| match reply {
        Reply::CostSpan(span) => Some(span),
        _ => None,
    });
    (list, span)
}

struct Row {
    at: String,
    row: ListDelay,
}

const COLUMNS: &[Column<Row>] = &[
    Column("time", 0, |row, _| word(&row.at)),
    Column("message", 0, |row, _| word(&row.row.about)),
    Column("delay", 0, |row, _| time(row.row.delay)),
    Column("waited", 0, |row, _| time(row.row.waited)),
    Column("client", 0, |row, _| word(&row.row.client.to_string())),
];
