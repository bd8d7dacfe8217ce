//! Tables of the daemon's state: the servers that it has queried, the resolutions in progress, and the cache entries of a name.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use super::columns::{self, Column, count, number, painted, time, word};
use super::style::{Paint, Style};
use super::table::{Align, TextTable};
use super::words;
use config::defaults;
use dns::conduct::{Health, ServerFeatures};
use protocol::Reply;
use protocol::rows::{FlightState, HeldRow, ServerState};

const SERVERS: &[Column<ServerState>] = &[
    Column("server", 0, |row, _| word(&address(row.address))),
    Column("round trip", 0, |row, _| {
        number(row.round_trip.map(words::time), if row.asked { "no reply" } else { "none" })
    }),
    Column("unanswered in a row", 0, |row, _| count(row.unanswered.into())),
    Column("does not support", 0, |row, _| word(&lacks(row))),
    Column("state", 0, |row, _| match (row.health, row.dead_for) {
        (Health::Answering, _) if !row.asked => word("not queried yet"),
        (Health::Dead, Some(left)) => {
            painted((&format!("dead, next probe in {} at the earliest", words::time(left)), Paint::Bad))
        }
        (other, _) => painted(health(other, row.round_trip.is_some())),
    }),
    Column("does not serve (lame)", 0, |row, _| match row.lame.as_slice() {
        [] => word("none"),
        lame => painted((&lame.join(" "), Paint::Bad)),
    }),
];

/// Returns the servers that the daemon has queried, or only the server at `address`.
pub fn servers(replies: &[Reply], address: Option<IpAddr>, style: Style) -> String {
    let rows = replies.iter().filter_map(|reply| match reply {
        Reply::ServerState(row) => Some(row),
        _ => None,
    });
    let table = columns::table(SERVERS, rows, 0);
    match (table.is_empty(), address) {
        (false, None) => table.worst(left_out(replies), style) + SERVER_TERMS,
        (false, Some(_)) => table.text(style, None),
        (true, Some(address)) => format!("no data about {address}\n"),
        (true, None) => "no servers: none was queried since start or since the last flush\n".to_owned(),
    }
}

pub(super) fn health(health: Health, has_answered: bool) -> (&'static str, Paint) {
    match health {
        Health::Answering if !has_answered => ("no answer yet", Paint::Plain),
        Health::Answering => ("answering", Paint::Good),
        Health::Doubtful => ("recent timeout", Paint::Plain),
        Health::Due => ("dead, test query (probe) due now", Paint::Bad),
        Health::Dead => ("dead: has not replied for some time", Paint::Bad),
    }
}

const SERVER_TERMS: &str = "round trip: mean time from a query to its reply; unanswered in a row: queries without a reply since the last reply\n\
    dead: did not reply for some time; resolverd sends it only a test query (probe) now and then, until it replies again\n";

/// Returns the features that a server does not support: EDNS, TCP, 0x20 (its replies repeat upper and lower case of the name in the query),
/// or datagrams of more than 512 octets.
fn lacks(row: &ServerState) -> String {
    let ServerFeatures { edns, tcp, keeps_case, long_datagrams } = row.features;
    let all = [
        (edns, "EDNS"),
        (tcp, "TCP"),
        (keeps_case, "mixed case in names (0x20)"),
        (long_datagrams, "UDP above 512 octets"),
    ];
    let missing: Vec<&str> = all.iter().filter(|(has, _)| !has).map(|(_, what)| *what).collect();
    if missing.is_empty() { "none".to_owned() } else { missing.join(", ") }
}

/// Returns the address, without the port if it is 53.
fn address(address: SocketAddr) -> String {
    if address.port() == defaults::PORT { address.ip().to_string() } else { address.to_string() }
}

const FLIGHTS: &[Column<FlightState>] = &[
    Column("query", 0, |row, _| word(&format!("{} {}", row.name, row.kind))),
    Column("age", 0, |row, _| time(row.age)),
    Column("clients waiting", 0, |row, _| count(row.clients as u64)),
    Column("queries sent", 0, |row, _| count(row.messages as u64)),
    Column("waiting for server (zone)", 0, |row, _| word(&waits_for(row))),
];

/// Returns the resolutions in progress, the oldest first.
pub fn flights(replies: &[Reply], style: Style) -> String {
    let rows = replies.iter().filter_map(|reply| match reply {
        Reply::Flight(row) => Some(row),
        _ => None,
    });
    let table = columns::table(FLIGHTS, rows.clone(), 0);
    if table.is_empty() {
        return "no queries in progress\n".to_owned();
    }
    let is_deserted = rows.into_iter().any(|row| row.clients == 0);
    table.worst(left_out(replies), style) + if is_deserted { DESERTED } else { "" }
}

/// Shown if there is a resolution for which no client waits.
const DESERTED: &str = "If the column \"clients waiting\" shows 0, all clients already got SERVFAIL (timeout), or resolverd began the query itself (for example prefetch).\n";

fn waits_for(row: &FlightState) -> String {
    match (&row.server, &row.zone) {
        (Some(server), Some(zone)) => format!("{server} ({zone})"),
        (Some(server), None) => server.clone(),
        (None, _) => "no query sent yet".to_owned(),
    }
}

/// Returns the cache entries for a name, with one row for each record.
pub fn held(replies: &[Reply], style: Style) -> String {
    let mut table = TextTable::new(&[
        ("entry", Align::Left),
        ("type", Align::Left),
        ("expires in", Align::Right),
        ("data", Align::Left),
    ]);
    let views: BTreeSet<_> = replies
        .iter()
        .filter_map(|reply| if let Reply::Held(row) = reply { Some(row.view) } else { None })
        .collect();
    let is_grouped = views.len() > 1;
    for reply in replies {
        if let Reply::Held(row) = reply {
            entry(row, is_grouped).into_iter().for_each(|cells| table.plain(cells));
        }
    }
    if table.is_empty() {
        return "nothing is cached for that name\n".to_owned();
    }
    let left_out = left_out(replies);
    let more = if left_out > 0 { super::table::more(left_out, style) } else { String::new() };
    let is_from_others = replies.iter().any(|reply| matches!(reply, Reply::Held(row) if row.source.as_ref().is_some_and(|from| source(from) == OTHERS)));
    let legend = [(is_from_others, FROM_OTHERS), (is_grouped, GROUPED)];
    let legend = legend.iter().filter(|(is_shown, _)| *is_shown).map(|(_, line)| *line);
    table.text(style, None) + &more + &legend.collect::<String>()
}

/// The word for cache entries whose data did not come from a server with authority for the zone.
const OTHERS: &str = "non-authoritative";

const FROM_OTHERS: &str =
    "non-authoritative: not from a server of the zone, or behind an alias (CNAME), or DNSSEC keys\n";

/// Shown if different groups of clients have different entries for the name.
const GROUPED: &str = "group: clients that see the same zones, because of their [[view]] or `zones` of their listener; an entry answers only clients of its group\n";

/// Returns the rows of the screen about a cache entry. If `is_grouped` is true, they name the group of clients that use the entry.
fn entry(row: &HeldRow, is_grouped: bool) -> Vec<Vec<String>> {
    let mut data = row.data.iter().cloned();
    let source = row.source.as_ref().map(|from| format!(", {}", source(from))).unwrap_or_default();
    let flags = if row.flags.is_empty() {
        String::new()
    } else {
        let flags: Vec<String> = row.flags.iter().map(|flag| flag.to_uppercase()).collect();
        format!(" to queries with {}", flags.join(" and "))
    };
    let group = if is_grouped { format!(", group {}", row.view) } else { String::new() };
    let cells = [
        format!("{}{flags}{source}{group}", held_label(&words::word(&row.held))),
        row.kind.clone().unwrap_or_else(|| "all types".to_owned()),
        words::age(row.ttl as f64),
    ];
    let blank = cells.iter().map(|_| String::new()).collect::<Vec<_>>();
    let mut first = cells.to_vec();
    first.push(data.next().unwrap_or_default());
    let further = data.map(|data| blank.iter().cloned().chain([data]).collect());
    std::iter::once(first).chain(further).collect()
}

/// Returns the name of a kind of entry for the screen. `word` is its name in the control protocol.
fn held_label(word: &str) -> String {
    match word {
        "rrset" => "record set".to_owned(),
        "negative" => "negative answer".to_owned(),
        "failure" => "cached failure".to_owned(),
        other => other.to_owned(),
    }
}

/// Returns the word for the source of an RRset. The control protocol calls one source "answer". The screen has another word for it, because
/// "answer" is also the name of a kind of cache entry.
fn source(source: &impl serde::Serialize) -> String {
    let word = words::word(source);
    if word == "answer" { OTHERS.to_owned() } else { word }
}

/// Returns each negative trust anchor with the time until it expires.
pub fn ntas(replies: &[Reply], style: Style) -> String {
    let mut table =
        TextTable::new(&[("name", Align::Left), ("expires in", Align::Right), ("set by", Align::Left)]);
    for reply in replies {
        if let Reply::Nta { name, left } = reply {
            let (time, by) = match left {
                Some(left) => (words::age(*left), "resolverctl"),
                None => ("never".to_owned(), "configuration"),
            };
            table.plain(vec![name.clone(), time, by.to_owned()]);
        }
    }
    if table.is_empty() {
        return "no negative trust anchors\n".to_owned();
    }
    table.text(style, None)
}

/// The number of rows that are missing in a reply that would have become too long.
fn left_out(replies: &[Reply]) -> u64 {
    replies.iter().map(|reply| if let Reply::LeftOut { left_out } = reply { *left_out } else { 0 }).sum()
}
