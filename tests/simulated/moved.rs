//! A zone has moved to a new server, and its servers keep their names: the parent has new glue, and the old server still answers for the zone.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RData, RecordType};
use lab::delegations::Tree;
use lab::simulation::{Simulation, config_for, paused};
use lab::world::{Lab, ServerPlan};

/// `ns1.one.tld.` has the address 127.0.1.`last` in the delegation and in the zone, and `www.one.tld.` is 10.0.0.`last`. The delegation has a TTL of
/// 300 s, and the zone names its server for a day.
fn lab(server: &str, last: u8) -> Arc<Lab> {
    let mut tree = Tree::default();
    for (name, address) in [
        ("a.root", [127, 0, 0, 1]),
        ("ns.tld", [127, 0, 0, 2]),
        ("old.void", [127, 0, 1, 1]),
        ("new.void", [127, 0, 1, 2]),
    ] {
        tree.server(ServerPlan::new(name, vec![address.into()])).unwrap();
    }
    let delegation = format!("one 300 NS ns1.one.tld.\nns1.one 300 A 127.0.1.{last}\n");
    let zone = format!("@ 86400 NS ns1.one.tld.\nns1 86400 A 127.0.1.{last}\nwww 60 A 10.0.0.{last}\n");
    tree.zone(".", &["a.root".to_owned()], "").unwrap();
    tree.zone("tld.", &["ns.tld".to_owned()], &delegation).unwrap();
    tree.zone("void.", &["a.root".to_owned()], "").unwrap();
    tree.zone("one.tld.", &[server.to_owned()], &zone).unwrap();
    Arc::new(tree.build().unwrap())
}

async fn address_of_www(simulation: &Simulation) -> Option<Ipv4Addr> {
    let reply = simulation.ask(&Name::from_ascii("www.one.tld.").unwrap(), RecordType::A).await.unwrap();
    reply.message.answers.iter().find_map(|record| match &record.data {
        RData::A(address) => Some(address.0),
        _ => None,
    })
}

/// Returns the addresses of `www.one.tld.` before the move, and after the TTL of the old delegation. Before the move, the zone itself is asked for
/// `known`: its own name servers, and their addresses.
fn before_and_after(known: &[(&str, RecordType)]) -> [Option<Ipv4Addr>; 2] {
    let (before, after) = (lab("old.void", 1), lab("new.void", 2));
    paused(async {
        let simulation = Simulation::new(Arc::clone(&before), config_for(&before), 1);
        let first = address_of_www(&simulation).await;
        for (name, kind) in known {
            simulation.ask(&Name::from_ascii(name).unwrap(), *kind).await.unwrap();
        }
        for server in ["ns.tld", "new.void"] {
            before.server(server).unwrap().set_authority(after.server(server).unwrap().authority());
        }
        tokio::time::sleep(Duration::from_secs(301)).await;
        [first, address_of_www(&simulation).await]
    })
}

#[test]
fn moved_zone_with_same_server_followed() {
    let moved = [Some(Ipv4Addr::new(10, 0, 0, 1)), Some(Ipv4Addr::new(10, 0, 0, 2))];
    let own_address = ("ns1.one.tld.", RecordType::A);
    let own_servers = ("one.tld.", RecordType::NS);
    for known in [&[][..], &[own_address], &[own_servers], &[own_address, own_servers]] {
        assert_eq!(before_and_after(known), moved, "{known:?}");
    }
}
