//! The table of `resolverctl zones`: a row for each configured zone, and a row for each further server of the zone.

use super::style::{Paint, Style};
use super::table::{Align, TextTable};
use super::{state, words};
use protocol::Reply;
use protocol::zones::{Temporary, ZoneServer, ZoneSource, ZoneState};

/// Replaces a round trip for zones that need no server, and for servers that were not queried.
const NONE: &str = "none";

/// Returns the table of the configured zones, in the order of the configuration.
pub fn table(replies: &[Reply], style: Style) -> String {
    let mut table = TextTable::new(&[
        ("zone", Align::Left),
        ("type", Align::Left),
        ("answers from", Align::Left),
        ("round trip", Align::Right),
        ("state", Align::Left),
    ]);
    for reply in replies {
        if let Reply::ZoneState(row) = reply {
            rows(row).into_iter().for_each(|cells| table.row(cells));
        }
    }
    if table.is_empty() {
        return "no configured zones\n".to_owned();
    }
    table.text(style, None)
}

fn rows(row: &ZoneState) -> Vec<Vec<(String, Paint)>> {
    let plain = |text: String| (text, Paint::Plain);
    let mut targets: Vec<Vec<(String, Paint)>> = row.servers.iter().map(server).collect();
    if let Some(file) = &row.file {
        targets.push(vec![plain(file.clone()), plain(NONE.to_owned()), plain("zone file".to_owned())]);
    }
    for address in &row.addresses {
        targets.push(vec![
            plain(address.to_string()),
            plain(NONE.to_owned()),
            plain("local address".to_owned()),
        ]);
    }
    if row.kind == ZoneSource::Records {
        let here = plain("configuration file".to_owned());
        targets.push(vec![here, plain(NONE.to_owned()), plain("local records".to_owned())]);
    }
    if row.kind == ZoneSource::Blocked {
        let nothing = plain("nothing: NXDOMAIN".to_owned());
        targets.push(vec![nothing, plain(NONE.to_owned()), plain("blocked".to_owned())]);
    }
    if row.kind == ZoneSource::Recurse {
        let servers = plain("the zone's own servers".to_owned());
        targets.push(vec![servers, plain(NONE.to_owned()), plain("not forwarded".to_owned())]);
    }
    // A zone with `forward_first` is shown with this key of the configuration file, because an import has written most of these zones.
    let kind = if row.forward_first { "forward_first".to_owned() } else { words::word(&row.kind) };
    let zone = match (&row.view, &row.temporary) {
        (Some(view), _) => format!("{} (view {view})", row.zone),
        (None, Some(Temporary { left: Some(left) })) => {
            format!("{} (for {})", row.zone, words::age(*left))
        }
        (None, Some(Temporary { left: None })) => format!("{} (temporary)", row.zone),
        (None, None) => row.zone.clone(),
    };
    let named = [zone, kind];
    let lines = targets.into_iter().enumerate().map(|(place, target)| {
        let names = named.iter().map(|name| if place == 0 { name.clone() } else { String::new() });
        names.map(plain).chain(target).collect()
    });
    lines.collect()
}

fn server(server: &ZoneServer) -> Vec<(String, Paint)> {
    let address = match (&server.tls, &server.https) {
        (Some(name), Some(path)) => format!("https://{}{path}#{name}", server.address),
        (Some(name), None) => format!("tls://{}#{name}", server.address),
        (None, _) => server.address.to_string(),
    };
    let (health, paint) = match server.health {
        _ if server.lame => ("lame: gives no usable answer", Paint::Bad),
        None => ("not queried yet", Paint::Plain),
        Some(health) => state::health(health, server.round_trip.is_some()),
    };
    let none = if server.health.is_some() { "no reply" } else { NONE };
    let round_trip = server.round_trip.map_or_else(|| none.to_owned(), words::time);
    vec![(address, Paint::Plain), (round_trip, Paint::Plain), (health.to_owned(), paint)]
}
