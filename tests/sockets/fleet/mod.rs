//! Gateways that share answers through a real store: two daemons and a Redis or Valkey.

mod foreign;
mod hostile;
mod lists;
mod nodes;
mod store;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use crate::daemon::client::{Client, is_servfail};
use crate::daemon::process::{Process, Setting, World, ask};
use protocol::fleet::FleetState;
use protocol::{FlushWhat, NtaWhat, Reply, Request};
use store::Store;

fn section(port: u16, more: &str) -> String {
    format!("[fleet]\nservers = [\"redis://127.0.0.1:{port}\"]\nkey = \"fleet.key\"\n{more}")
}

/// Starts a gateway whose fleet has the key `key`.
fn gateway(world: &World, sections: &str, key: &str) -> (Setting, Process) {
    let setting = Setting::new(world, sections);
    secret(&setting, "fleet.key", key);
    let process = setting.start();
    (setting, process)
}

/// Writes a file that other users may not read.
fn secret(setting: &Setting, file: &str, text: &str) {
    setting.write(file, text);
    let path = setting.config().with_file_name(file);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Two gateways of one fleet.
struct Pair {
    one: Process,
    other: Process,
    _settings: [Setting; 2],
}

/// Starts two gateways, and waits until both use the store.
fn pair(world: &World, sections: &str) -> Pair {
    let [(first, one), (second, other)] = [(), ()].map(|()| gateway(world, sections, KEY));
    joined(&one);
    joined(&other);
    Pair { one, other, _settings: [first, second] }
}

const KEY: &str = "a key of the fleet with more than 32 characters";

fn state(process: &Process) -> FleetState {
    match ask(process.socket(), &Request::Fleet).first() {
        Some(Reply::Fleet(state)) => (**state).clone(),
        other => panic!("no state: {other:?}"),
    }
}

fn joined(process: &Process) {
    process.wait_until("it uses the store", |process| {
        let state = state(process);
        state.failing.is_none() && state.round_trip.is_some()
    });
}

fn written(process: &Process, entries: u64) {
    process.wait_until("entries are written", |process| state(process).written >= entries);
}

/// Asks for the name. Returns the TTL of the answer, or `None` if there is no answer.
fn ttl(process: &Process, name: &str) -> Option<u32> {
    let reply = Client::new(process.address).ask(name, RecordType::A);
    if is_servfail(&reply) { None } else { reply.answers.first().map(|record| record.ttl) }
}

fn hits(process: &Process) -> u64 {
    process.stats().report.upstream.counts.named("fleet_hits").unwrap()
}

/// Counts the queries to the servers of `tld.`.
fn queries(world: &World) -> u64 {
    world.sockets.lab().log().count("ns.tld")
}

#[test]
fn shared_answer_saves_query() {
    let Some(store) = Store::start(&[]) else { return };
    let world = World::new(Duration::from_millis(20));
    let Pair { one, other, _settings } = pair(&world, &section(store.port, ""));
    assert_eq!(ttl(&one, "mail.tld."), Some(3_600));
    written(&one, 2);
    let before = queries(&world);
    let shared = ttl(&other, "mail.tld.").unwrap();
    assert!((3_590..=3_600).contains(&shared), "{shared}");
    assert_eq!((queries(&world), hits(&other)), (before, 1));
    // The zone cut is shared too, so a new name needs one query, and none to the root servers.
    let root = world.sockets.lab().log().count("a.root");
    assert!(ttl(&other, "new.tld.").is_some());
    assert_eq!(world.sockets.lab().log().count("a.root"), root);
    let members = ask(other.socket(), &Request::Fleet);
    let members = members.iter().filter(|reply| matches!(reply, Reply::FleetMember(member) if member.shares));
    assert!(members.count() >= 1);
}

#[test]
fn other_key_or_configuration_shares_nothing() {
    let Some(store) = Store::start(&[]) else { return };
    let world = World::new(Duration::from_millis(1));
    let (_first, one) = gateway(&world, &section(store.port, ""), KEY);
    let (_second, other) =
        gateway(&world, &section(store.port, ""), "another key of a fleet, also long enough");
    let stricter = section(store.port, "[cache]\nmax_ttl = \"1h\"\n");
    let (_third, third) = gateway(&world, &stricter, KEY);
    joined(&one);
    joined(&other);
    joined(&third);
    assert!(ttl(&one, "mail.tld.").is_some());
    written(&one, 2);
    for (place, process) in [(0, &other), (1, &third)] {
        let before = queries(&world);
        assert!(ttl(process, "mail.tld.").is_some());
        assert!(queries(&world) > before, "{place}");
        assert_eq!(hits(process), 0, "{place}");
    }
}

#[test]
fn forged_store_entries_are_refused() {
    let Some(store) = Store::start(&[]) else { return };
    let world = World::new(Duration::from_millis(1));
    let Pair { one, other, _settings } = pair(&world, &section(store.port, ""));
    for name in ["a.tld.", "b.tld.", "c.tld."] {
        assert!(ttl(&one, name).is_some());
    }
    written(&one, 4);
    let entries = store.entries();
    let values: Vec<_> = entries.iter().map(|name| store.command(&[b"GET", name]).remove(0)).collect();
    for (place, name) in entries.iter().enumerate() {
        let mut value = values[(place + 1) % values.len()].clone();
        if place % 2 == 0 {
            value = values[place].clone();
            *value.last_mut().unwrap() ^= 1;
        }
        store.command(&[b"SET", name, &value]);
    }
    for name in ["a.tld.", "b.tld.", "c.tld."] {
        let before = queries(&world);
        assert!(ttl(&other, name).is_some());
        assert!(queries(&world) > before, "{name}");
    }
    assert_eq!(hits(&other), 0);
    assert!(state(&other).refused >= 3);
}

#[test]
fn store_faults_fail_no_question() {
    let Some(mut store) = Store::start(&[]) else { return };
    let world = World::new(Duration::from_millis(1));
    let (_first, one) = gateway(&world, &section(store.port, ""), KEY);
    joined(&one);
    let mut number = 0;
    let mut ask_some = |what: &str| {
        for _ in 0..20 {
            number += 1;
            assert!(ttl(&one, &format!("n{number}.tld.")).is_some(), "{what}");
        }
    };
    ask_some("works");
    store.signal(Signal::STOP);
    ask_some("frozen");
    one.wait_until("it notices", |one| state(one).failing.is_some());
    ask_some("known to be frozen");
    store.signal(Signal::CONT);
    joined(&one);
    // The memory of the store is full, and it may evict nothing, so it refuses writes.
    store.command(&[b"CONFIG", b"SET", b"maxmemory", b"1"]);
    ask_some("full");
    one.wait_until("it notices", |one| state(one).refuses_writes.is_some());
    let order = ask(one.socket(), &Request::Flush { what: FlushWhat::All, fleet: true });
    assert!(matches!(order.first(), Some(Reply::Problem(_))), "nobody would hear of it: {order:?}");
    store.kill();
    ask_some("killed");
    one.wait_until("it notices", |one| state(one).failing.is_some());
    store.restart();
    joined(&one);
    ask_some("empty again");
    written(&one, 21);
}

#[test]
fn flush_and_nta_reach_fleet() {
    let Some(store) = Store::start(&[]) else { return };
    let world = World::new(Duration::from_millis(1));
    let Pair { one, other, _settings } = pair(&world, &section(store.port, ""));
    for name in ["mail.tld.", "www.tld."] {
        assert!(ttl(&one, name).is_some() && ttl(&other, name).is_some());
    }
    let what = FlushWhat::Name { name: "mail.tld.".to_owned(), tree: false, kind: None };
    let reply = ask(one.socket(), &Request::Flush { what, fleet: true });
    assert!(matches!(reply.first(), Some(Reply::Flushed(_))), "{reply:?}");
    let holds = |name: &str| {
        let cached =
            ask(other.socket(), &Request::Cache { name: name.to_owned(), kind: Some("A".to_owned()) });
        cached.iter().any(|reply| matches!(reply, Reply::Held(_)))
    };
    other.wait_until("the other gateway has flushed it", |_| !holds("mail.tld."));
    assert!(holds("www.tld."));
    // The store still has an answer from before the flush. The other gateway must not use it.
    let before = queries(&world);
    assert!(ttl(&other, "mail.tld.").is_some());
    assert_eq!(queries(&world), before + 1);
    let what = NtaWhat::Add { name: "tld.".to_owned(), seconds: 60 };
    ask(one.socket(), &Request::Nta { what, fleet: true });
    let anchors = |process: &Process| {
        let reply = ask(process.socket(), &Request::Nta { what: NtaWhat::List, fleet: false });
        reply.iter().filter(|reply| matches!(reply, Reply::Nta { .. })).count()
    };
    other.wait_until("the other gateway has the anchor", |other| anchors(other) == 1);
    ask(one.socket(), &Request::Nta { what: NtaWhat::Remove { name: "tld.".to_owned() }, fleet: true });
    other.wait_until("the anchor is removed", |other| anchors(other) == 0);
}

#[test]
fn fleet_order_without_fleet_is_refused() {
    let world = World::new(Duration::from_millis(1));
    let setting = Setting::new(&world, "");
    let process = setting.start();
    let reply = ask(process.socket(), &Request::Flush { what: FlushWhat::All, fleet: true });
    assert!(matches!(reply.first(), Some(Reply::Problem(problem)) if problem.sentence.contains("no fleet")));
    assert_eq!(state(&process), FleetState::default());
}
