//! The screen of `resolverctl fleet`: the gateways, and the state of the store that they share.

use super::columns::{self, Column, count, key, painted, time, word};
use super::style::{Paint, Style};
use super::words;
use protocol::Reply;
use protocol::fleet::{FleetMember, FleetState};

/// Returns the gateways as a table, and lines about the state of the store.
pub fn screen(replies: &[Reply], style: Style) -> String {
    let state =
        replies.iter().find_map(|reply| if let Reply::Fleet(state) = reply { Some(state) } else { None });
    let Some(state) = state.filter(|state| state.group.is_some()) else { return NO_FLEET.to_owned() };
    let members = replies
        .iter()
        .filter_map(|reply| if let Reply::FleetMember(member) = reply { Some(&**member) } else { None });
    let table = columns::table(MEMBER, members, 0);
    let mut text = if table.is_empty() { String::new() } else { table.worst(0, style) + TERMS };
    text.push_str(&store(state, style));
    text
}

const NO_FLEET: &str =
    "This gateway is in no fleet. To share answers with other gateways, set [fleet] in resolverd.toml(5).\n";

const MEMBER: &[Column<FleetMember>] = &[
    Column("gateway", 0, |row, _| key(&row.host)),
    Column("version", 1, |row, _| word(&row.version)),
    Column("found in store", 2, |row, _| columns::share(row.hits, row.hits.saturating_add(row.misses))),
    Column("queries saved", 3, |row, _| count(row.saved)),
    Column("store round trip", 4, |row, _| time(row.round_trip)),
    Column("clock", 5, |row, _| word(&clock(row.clock_offset))),
    Column("state", 6, |row, _| {
        painted(match (row.own, row.shares) {
            (true, _) => ("this gateway", Paint::Good),
            (false, true) => ("shares answers", Paint::Good),
            (false, false) => ("other configuration: shares no answers", Paint::Bad),
        })
    }),
];

const TERMS: &str = "\
found in store: share of the cache misses that the store answered
queries saved: queries to servers that were not needed, because the store had the answer (estimated)
clock: compared with the clock of the store; the store is not used if they differ by more than 5 minutes
other configuration: settings that affect answers differ from those of this gateway; compare `resolverctl config show` on both
";

/// How far the clock is ahead or behind, to a tenth of a second.
fn clock(ahead: f64) -> String {
    if ahead.abs() < 0.1 {
        "in sync".to_owned()
    } else {
        format!("{:.1} s {}", ahead.abs(), if ahead > 0.0 { "ahead" } else { "behind" })
    }
}

fn store(state: &FleetState, style: Style) -> String {
    let group = state.group.as_deref().unwrap_or_default();
    let mut text = format!("store    {}, group {group}: ", state.servers.join(", "));
    match (&state.failing, state.failing_for) {
        (Some(why), since) => {
            let fails = since.map_or_else(
                || "does not work".to_owned(),
                |since| format!("has not worked for {}", words::time(since)),
            );
            text.push_str(&style.paint(Paint::Bad, &format!("{fails}: {why}")));
            text.push_str("\n         resolverd works without the store, and tries again every second\n");
        }
        (None, _) => {
            let (paint, words) = match state.round_trip {
                _ if let Some(why) = &state.refuses_writes => {
                    (Paint::Bad, format!("is read, but does not accept writes: {why}"))
                }
                Some(trip) => (Paint::Good, format!("works, replies in {}", words::time(trip))),
                None => (Paint::Plain, "not connected yet".to_owned()),
            };
            text.push_str(&style.paint(paint, &words));
            text.push('\n');
        }
    }
    let counts = [
        (state.written, "entries written"),
        (state.dropped, "entries not written"),
        (state.late, "reads without a reply within 20 ms"),
        (state.refused, "entries refused (forged or expired)"),
        (state.errors, "errors of the store"),
    ];
    let counts: Vec<_> = counts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", words::number(*number)))
        .collect();
    if !counts.is_empty() {
        text.push_str(&format!("counts   since start: {}\n", counts.join(", ")));
    }
    text
}
