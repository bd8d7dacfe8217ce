//! The screen of `resolverctl fleet`.

use super::golden;
use protocol::Reply;
use protocol::fleet::{FleetMember, FleetState};
use resolverctl::render::{Style, fleet};

fn member(host: &str, configuration: &str, own: bool) -> Reply {
    let shares = configuration == "5f0c11ab";
    Reply::FleetMember(Box::new(FleetMember {
        host: host.to_owned(),
        own,
        version: "0.2.0".to_owned(),
        configuration: configuration.to_owned(),
        shares,
        hits: if shares { 18_230 } else { 0 },
        misses: 4_112,
        saved: if shares { 31_800 } else { 0 },
        clock_offset: if own || !shares { 0.004 } else { -60.2 },
        round_trip: 0.000_41,
        age: 1.2,
    }))
}

fn state() -> FleetState {
    FleetState {
        group: Some("mx".to_owned()),
        servers: vec!["rediss://valkey-1.example:6379".to_owned()],
        round_trip: Some(0.000_41),
        written: 51_230,
        refused: 3,
        ..FleetState::default()
    }
}

#[test]
fn the_gateways_and_their_store() {
    let members = [
        member("mx1.example", "5f0c11ab", true),
        member("mx2.example", "5f0c11ab", false),
        member("mx3.example", "00aa41c2", false),
    ];
    let replies = [vec![Reply::Fleet(Box::new(state()))], members.to_vec()].concat();
    golden("fleet.txt", &fleet::screen(&replies, Style::Plain));
}

#[test]
fn failing_and_missing_store_match_screens() {
    let failing = FleetState {
        failing: Some("Connection refused (os error 111)".to_owned()),
        failing_for: Some(72.0),
        late: 3,
        dropped: 88,
        ..state()
    };
    golden("fleet_failing.txt", &fleet::screen(&[Reply::Fleet(Box::new(failing))], Style::Plain));
    golden("fleet_none.txt", &fleet::screen(&[Reply::Fleet(Box::default())], Style::Plain));
}
