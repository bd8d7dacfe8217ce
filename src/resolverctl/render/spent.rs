//! The table of `resolverctl stats --by stage`: how the time that clients waited is divided among the stages of a resolution.

use super::columns::{self, Column, count, number, time, word};
use super::style::Style;
use super::words;
use explain::spent::{Stage, StageRow, TableSpan};
use protocol::Reply;

/// Returns the sentence for an empty query history. `off` is true if the configuration switches the history off.
pub(crate) const fn empty(off: bool) -> &'static str {
    if off {
        "The query history is off (history.size = \"0\"): set history.size to keep queries.\n"
    } else {
        "The query history is empty: no client has sent a query since resolverd started.\n"
    }
}

const STAGE_TERMS: &str = "queries: number of queries that spent time in the stage; share: part of the total time of all stages\n\
    p50: half of these queries spent this time or less in the stage; p90, p99: 90 and 99 percent of them\n\
    queue: the time before resolverd began to resolve the query\n\
    own work: resolverd reads the cache, chooses servers and checks signatures; the time of waiting for servers is not included\n\
    waiting for servers: resolverd has sent queries for the answer and waits for replies\n\
    fetching DNSSEC keys: resolverd has the answer, and waits for the keys (DNSKEY, DS) that it needs to validate the answer\n\
    Queries that were answered from the cache are left out.\n";

/// The columns of the table of stages. A row has a stage of a resolution, and its share of the total time in tenths of a per cent.
const STAGES: &[Column<(StageRow, u64)>] = &[
    Column("stage", 0, |(row, _), _| word(label(row.stage))),
    Column("queries", 0, |(row, _), _| count(row.time.count)),
    Column("total time", 0, |(row, _), _| time(row.spent)),
    Column("share", 0, |(_, share), _| number(Some(words::percent(*share)), "")),
    Column("p50", 0, |(row, _), _| time(row.time.p50)),
    Column("p90", 0, |(row, _), _| time(row.time.p90)),
    Column("p99", 0, |(row, _), _| time(row.time.p99)),
    Column("max", 0, |(row, _), _| time(row.time.max)),
];

/// Returns a table with the time that questions spent in each stage of a resolution. `moment` formats a point in time.
pub(super) fn stages(replies: &[Reply], moment: &dyn Fn(f64) -> String, style: Style) -> String {
    let rows: Vec<&StageRow> = replies
        .iter()
        .filter_map(|reply| if let Reply::Stage(row) = reply { Some(row) } else { None })
        .collect();
    let micros = |row: &StageRow| (row.spent * 1e6).round() as u64;
    let shares = words::shares(&rows.iter().map(|row| micros(row)).collect::<Vec<_>>());
    let shared: Vec<(StageRow, u64)> = rows.iter().map(|row| (*row).clone()).zip(shares).collect();
    let table = columns::table(STAGES, &shared, 0);
    table.text(style, None) + STAGE_TERMS + &span(replies, moment)
}

fn span(replies: &[Reply], moment: &dyn Fn(f64) -> String) -> String {
    let span =
        replies.iter().find_map(|reply| if let Reply::TableSpan(span) = reply { Some(span) } else { None });
    let Some((TableSpan { since, shorter, .. }, begin)) = span.and_then(|span| Some((span, span.begin?)))
    else {
        return empty(span.is_some_and(|span| span.off)).to_owned();
    };
    let since = moment(*since);
    let why = match moment(begin) {
        _ if !shorter => ".".to_owned(),
        begin if begin == since => ", the start of the query history in memory.".to_owned(),
        begin => {
            format!(
                ". The query history in memory begins at {begin}, but not all queries before {since} are in it."
            )
        }
    };
    format!("All figures are since {since}{why}\n")
}

/// Returns the name of a stage on the screen. JSON has the words of the control protocol.
const fn label(stage: Stage) -> &'static str {
    match stage {
        Stage::Queue => "queue",
        Stage::Walk => "own work",
        Stage::Waiting => "waiting for servers",
        Stage::Validation => "fetching DNSSEC keys",
        Stage::Unknown => "no longer known",
    }
}
