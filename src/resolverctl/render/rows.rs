//! The tables of `resolverctl stats --by`.
//!
//! A table has only the worst rows, so that it fits on one screen; JSON has all rows.

use super::style::Style;
use super::{columns, spent, words};
use protocol;
use protocol::Reply;
use record::Window;

/// Returns a table, or a sentence if it has no rows. `moment` formats a point in time.
pub fn table(
    which: protocol::Table,
    replies: &[Reply],
    window: Window,
    moment: &dyn Fn(f64) -> String,
    style: Style,
) -> String {
    /// The lines of a reply that are rows of the given kind.
    macro_rules! rows {
        ($kind:ident) => {
            replies
                .iter()
                .filter_map(|reply| if let Reply::$kind(row) = reply { Some(row) } else { None })
                .collect::<Vec<_>>()
        };
    }
    let table = match which {
        _ if replies.is_empty() => return nothing(which, window),
        protocol::Table::Zone => columns::table(columns::ZONE, rows!(Zone), 0),
        protocol::Table::Stage => return spent::stages(replies, moment, style),
        protocol::Table::Server => columns::table(columns::SERVER, rows!(Server), 0),
        protocol::Table::Client => {
            let all = rows!(Client).iter().map(|row| row.questions).sum();
            columns::table(columns::CLIENT, rows!(Client), all)
        }
        protocol::Table::User => columns::table(columns::USER, rows!(User), 0),
        protocol::Table::Type => {
            let all = rows!(Type).iter().map(|row| row.questions).sum();
            columns::table(columns::TYPE, rows!(Type), all)
        }
    };
    let legend = match which {
        protocol::Table::Zone => ZONE_TERMS,
        protocol::Table::Server => SERVER_TERMS,
        protocol::Table::Client => CLIENT_TERMS,
        protocol::Table::User => USER_TERMS,
        protocol::Table::Type => TYPE_TERMS,
        _ => "",
    };
    table.worst(0, style) + legend + &period(which, window)
}

const ZONE_TERMS: &str = "resolution: all work for one query that is not in the cache\n\
    overload: queries that got SERVFAIL at once, without a resolution, because too many queries were in progress in resolverd\n\
    failed: resolutions that gave no usable answer; total time: the times of all resolutions of the zone, added up\n\
    server behaviour: number of queries to servers by result, or the mean round trip if all were answered\n";

const SERVER_TERMS: &str = "total wait: time that resolverd waited for the replies of the server; if several queries wait at the same time, each is counted\n\
    behaviour: number of queries by result, or the mean round trip if all were answered\n";

const CLIENT_TERMS: &str = "failed: queries that got SERVFAIL\n\
    overload: failed queries that got SERVFAIL at once, because too many queries were in progress in resolverd\n";

const USER_TERMS: &str = "cache misses: queries that were not answered from the cache; estimated, because resolverd finds out the user\n\
    only for failed and slow queries, and for one other query per second\n\
    unknown: the client closed its socket before resolverd found out its user\n\
    sum of waits: if several queries of a user wait at the same time, each is counted\n";

const TYPE_TERMS: &str = "failed: queries that got SERVFAIL\n";

/// Returns the sentence about the period of a table. All tables except that of record types count the current minute in addition to whole minutes.
fn period(which: protocol::Table, window: Window) -> String {
    if window == Window::Start {
        return "All figures are since start.\n".to_owned();
    }
    let last = words::window(window, f64::INFINITY);
    let current = if which == protocol::Table::Type { "" } else { " and of the minute in progress" };
    format!("All figures are of the {last}{current}, or since start if resolverd started later.\n")
}

fn nothing(which: protocol::Table, window: Window) -> String {
    let what =
        if which == protocol::Table::User { "cache misses of clients on this host" } else { "queries" };
    let since = match window {
        Window::Start => "since start".to_owned(),
        window => format!("in the {}", words::window(window, f64::INFINITY)),
    };
    format!("no {what} {since}\n")
}
