//! The requests of `resolverctl top` to the daemon, and the rows of its tables.

use super::table::TopTable;
use control::protocol::{FailedRequest, Reply, Request, Stats, Table};
use history::Window;
use history::limits::STORED_TIME;

/// The request for the rows of a table in a window, at the moment `now` in seconds since 1970.
pub(super) fn request((table, window): (TopTable, Window), now: f64) -> Request {
    let stats = |table| Request::Stats { window, table: Some(table) };
    match table {
        TopTable::Zones => stats(Table::Slow),
        TopTable::Servers => stats(Table::Server),
        TopTable::Clients => stats(Table::Client),
        TopTable::Lists => Request::Dnsbl,
        TopTable::Failures => {
            let length = window.length().unwrap_or(STORED_TIME);
            Request::Failed(FailedRequest { from: now - length.as_secs_f64(), zone: None, client: None })
        }
    }
}

/// The counters of a reply.
pub(super) fn counters(replies: Vec<Reply>) -> Option<Box<Stats>> {
    replies.into_iter().find_map(|reply| if let Reply::Stats(stats) = reply { Some(stats) } else { None })
}
