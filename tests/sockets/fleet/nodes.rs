//! Stores of several servers: a cluster of three nodes, and a primary server with a replica and a sentinel.

use std::time::{Duration, Instant};

use super::store::Store;
use super::{KEY, Pair, gateway, hits, joined, pair, secret, state, ttl, written};
use crate::daemon::process::{PATIENCE, Setting, World};
use protocol::fleet::FleetState;

/// The hash slots of each node of a cluster.
const SLOTS: [(&str, &str); 3] = [("0", "5461"), ("5462", "10922"), ("10923", "16383")];

/// Repeats a command until its reply has these words.
fn until(store: &Store, command: &[&[u8]], words: &str) {
    let begin = Instant::now();
    let says = || {
        let reply = store.command(command);
        reply.iter().any(|line| String::from_utf8_lossy(line).contains(words))
    };
    while !says() {
        assert!(begin.elapsed() < PATIENCE, "not within {PATIENCE:?}: {words}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A cluster of three nodes. If one fails, its hash slots are missing, but the other nodes work.
fn cluster() -> Option<Vec<Store>> {
    let options = [
        "--cluster-enabled",
        "yes",
        "--cluster-require-full-coverage",
        "no",
        "--cluster-node-timeout",
        "500",
    ];
    let nodes: Vec<Store> = SLOTS
        .iter()
        .map(|(first, last)| {
            let bus = Store::free_port().to_string();
            let node = Store::start(&[&options[..], &["--cluster-port", &bus]].concat())?;
            node.command(&[b"CLUSTER", b"ADDSLOTSRANGE", first.as_bytes(), last.as_bytes()]);
            Some((node, bus))
        })
        .collect::<Option<Vec<_>>>()
        .map(|nodes| {
            let (first, rest) = nodes.split_first().unwrap();
            for (node, bus) in rest {
                let port = node.port.to_string();
                first.0.command(&[b"CLUSTER", b"MEET", b"127.0.0.1", port.as_bytes(), bus.as_bytes()]);
            }
            nodes.into_iter().map(|(node, _)| node).collect()
        })?;
    for node in &nodes {
        until(node, &[b"CLUSTER", b"INFO"], "cluster_known_nodes:3");
        until(node, &[b"CLUSTER", b"INFO"], "cluster_slots_ok:16384");
    }
    Some(nodes)
}

#[test]
fn cluster_survives_lost_node() {
    let Some(mut nodes) = cluster() else { return };
    let world = World::new(Duration::from_millis(1));
    let servers: Vec<_> = nodes.iter().map(|node| format!("\"redis://127.0.0.1:{}\"", node.port)).collect();
    let section =
        format!("[fleet]\nservers = [{}]\nmode = \"cluster\"\nkey = \"fleet.key\"\n", servers.join(", "));
    let Pair { one, other, _settings } = pair(&world, &section);
    let names: Vec<String> = (0..300).map(|number| format!("n{number}.tld.")).collect();
    for name in &names {
        assert!(ttl(&one, name).is_some());
    }
    written(&one, 301);
    nodes[2].kill();
    // On a slow machine, a reply of the store may arrive too late, so one name that is found in the store is enough.
    for name in names.iter().take_while(|_| hits(&other) == 0) {
        assert!(ttl(&other, name).is_some(), "{name}");
    }
    assert!(hits(&other) > 0, "the other nodes still have a part");
    // The heartbeat, with which a gateway measures the store once a second, must work without the dead node.
    let before = state(&other).written;
    for number in 400..420 {
        assert!(ttl(&other, &format!("n{number}.tld.")).is_some());
    }
    other.wait_until("entries are written to the other nodes", |other| state(other).written > before);
    other.wait_until("the store works without the node", |other| state(other).failing.is_none());
}

#[test]
fn a_sentinel_names_the_new_primary() {
    let (Some(mut primary), Some(world)) = (Store::start(&[]), Some(World::new(Duration::from_millis(1))))
    else {
        return;
    };
    let port = primary.port.to_string();
    let Some(replica) = Store::start(&["--replicaof", "127.0.0.1", &port]) else { return };
    until(&replica, &[b"INFO", b"replication"], "master_link_status:up");
    let settings = format!(
        "sentinel monitor mx 127.0.0.1 {port} 1\nsentinel down-after-milliseconds mx 300\nsentinel failover-timeout mx 1000\n"
    );
    let sentinel = Store::sentinel(&settings).unwrap();
    let section = format!(
        "[fleet]\nservers = [\"redis://127.0.0.1:{}\"]\nmode = \"sentinel\"\nprimary = \"mx\"\nkey = \"fleet.key\"\n",
        sentinel.port
    );
    let (_setting, one) = gateway(&world, &section, KEY);
    joined(&one);
    until(&sentinel, &[b"SENTINEL", b"REPLICAS", b"mx"], &replica.port.to_string());
    primary.kill();
    assert!(ttl(&one, "mail.tld.").is_some());
    one.wait_until("it notices", |one| state(one).failing.is_some());
    until(&sentinel, &[b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", b"mx"], &replica.port.to_string());
    joined(&one);
    assert!(ttl(&one, "www.tld.").is_some());
    one.wait_until("the new primary has entries", |_| !replica.entries().is_empty());
}

#[test]
fn store_with_tls_and_password_works() {
    let tls = |file: &str| format!("{}/tests/tls/{file}", env!("CARGO_MANIFEST_DIR"));
    let (port, certificate, key, ca) =
        (Store::free_port().to_string(), tls("first.pem"), tls("first.key"), tls("ca.pem"));
    let options = [
        ["--tls-port", &port],
        ["--tls-cert-file", &certificate],
        ["--tls-key-file", &key],
        ["--tls-ca-cert-file", &ca],
        ["--tls-auth-clients", "no"],
        ["--requirepass", "a password"],
    ];
    let Some(_store) = Store::start(options.as_flattened()) else { return };
    let world = World::new(Duration::from_millis(1));
    let servers = format!("[fleet]\nservers = [\"rediss://127.0.0.1:{port}\"]\nkey = \"fleet.key\"\n");
    // `why`: the reason why the store does not work, or nothing if it works.
    let expect = |more: &str, password: &str, why: &str| {
        let setting = Setting::new(&world, &format!("{servers}{more}"));
        secret(&setting, "fleet.key", KEY);
        secret(&setting, "password", password);
        let one = setting.start();
        one.wait_until(why, |one| match state(one) {
            FleetState { failing: Some(said), .. } => said.contains(why),
            FleetState { round_trip, .. } => why.is_empty() && round_trip.is_some(),
        });
        if why.is_empty() {
            // The store has the answers of the gateway before this one.
            assert!(ttl(&one, &format!("n{}.tld.", more.len())).is_some());
            written(&one, 1);
        }
    };
    let ca = format!("ca = \"{ca}\"\n");
    let password = "password = \"password\"\n";
    expect(&format!("{ca}{password}"), "a password", "");
    expect(&format!("{ca}{password}user = \"default\"\n"), "a password", "");
    expect(&format!("{ca}{password}"), "another", "WRONGPASS");
    expect(&ca, "a password", "NOAUTH");
    expect(password, "a password", "certificate");
}
