//! The output of `resolverctl failed`: some lines for each zone whose queries failed, the zone with the most failed queries
//! first.

use super::spent::empty;
use super::style::{Paint, Style};
use super::table::more;
use super::words;
use crate::limits::MAX_SHOWN_ROWS;
use dns::wire::presentation::harmless;
use explain::failed::{FailedServer, FailedZone, StillFails};
use protocol::{FailedRequest, Reply};

/// The length of a date and the space after it. If both times of a row have the same date, the second time is shown without it.
const DATE: usize = "2026-08-01 ".len();

/// Returns the zones with failed questions as `resolverctl failed` prints them. `moment` formats a point in time.
pub fn zones(
    replies: &[Reply],
    request: &FailedRequest,
    moment: &dyn Fn(f64) -> String,
    style: Style,
) -> String {
    let zones: Vec<&FailedZone> = replies
        .iter()
        .filter_map(|reply| if let Reply::FailedZone(zone) = reply { Some(&**zone) } else { None })
        .collect();
    let left_out = replies
        .iter()
        .find_map(|reply| if let Reply::LeftOut { left_out } = reply { Some(*left_out) } else { None });
    let begin = replies
        .iter()
        .find_map(|reply| if let Reply::RecordBegin { begin, .. } = reply { *begin } else { None });
    let Some(begin) = begin else {
        let off = replies.iter().any(|reply| matches!(reply, Reply::RecordBegin { off: true, .. }));
        return empty(off).to_owned();
    };
    let since = begin.max(request.from);
    let reach = if zones.is_empty() && begin > request.from {
        "The query history does not reach back further.\n".to_owned()
    } else if begin > request.from {
        format!("Older failures are not known: the query history begins at {}.\n", moment(begin))
    } else {
        String::new()
    };
    if zones.is_empty() {
        return format!("{}\n{reach}", style.paint(Paint::Good, &none_failed(request, since, moment)));
    }
    let mut text: String = zones.iter().take(MAX_SHOWN_ROWS).map(|zone| block(zone, moment, style)).collect();
    let hidden = (zones.len().saturating_sub(MAX_SHOWN_ROWS) as u64).saturating_add(left_out.unwrap_or(0));
    if hidden > 0 {
        text.push_str(&more(hidden, style));
    }
    text + &reach
}

/// Says that no query failed, with the zone, the clients and the period of the request.
fn none_failed(request: &FailedRequest, since: f64, moment: &dyn Fn(f64) -> String) -> String {
    let part = |word: &str, of: &Option<String>| of.as_ref().map(|of| format!(" {word} {}", harmless(of)));
    let client = part("of", &request.client).unwrap_or_default();
    let zone = part("for", &request.zone).unwrap_or_default();
    format!("No query{client}{zone} failed since {}.", moment(since))
}

fn block(zone: &FailedZone, moment: &dyn Fn(f64) -> String, style: Style) -> String {
    let queries = if zone.questions == 1 { "failed query" } else { "failed queries" };
    let (first, last) = (moment(zone.first), moment(zone.last));
    let time = match (first == last, first.get(..DATE) == last.get(..DATE)) {
        (true, _) => format!("at {first}"),
        (false, true) => format!("from {first} to {}", last.get(DATE..).unwrap_or_default()),
        (false, false) => format!("from {first} to {last}"),
    };
    let (paint, state) = match zone.still_fails {
        StillFails::Yes => (Paint::Bad, "failing when last queried"),
        StillFails::No => (Paint::Good, "works again"),
        StillFails::Unknown => (Paint::Plain, "not known if it still fails"),
    };
    let name = zone.zone.as_deref().map_or_else(|| "resolverd (overload)".to_owned(), harmless);
    let (reason, advice) = (harmless(&zone.reason), harmless(&zone.advice));
    let head = style.paint(Paint::Head, &name);
    let mut text = format!(
        "{head}  {} {queries} {time}, {}\n",
        words::number(zone.questions),
        style.paint(paint, state)
    );
    let user =
        zone.user.as_ref().map(|user| format!(", sent by user {}", harmless(user))).unwrap_or_default();
    text.push_str(&format!("  last query: {} {}{user}\n", harmless(&zone.name), zone.kind));
    text.push_str(&match zone.other_causes {
        0 => format!("  cause: {reason}\n"),
        others => {
            format!(
                "  most frequent cause: {reason}\n  other causes: {} of the queries\n",
                words::number(others)
            )
        }
    });
    let servers: Vec<String> = zone.servers.iter().map(server).collect();
    if !servers.is_empty() {
        text.push_str(&format!("  its servers: {}\n", servers.join(", ")));
    }
    text + &format!("  to do: {advice}\n")
}

/// The server, and how it replied to the last query.
fn server(server: &FailedServer) -> String {
    let conduct = server.conduct.map_or("still waited for", |conduct| conduct.label());
    format!("{} {conduct}", server.server)
}
