//! Clients of the store that do not have the key of the fleet, and a store that repeats what gateways have written.

use std::time::{Duration, Instant};

use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use super::store::Store;
use super::{KEY, Pair, gateway, joined, pair, queries, secret, section, ttl, written};
use crate::daemon::client::Client;
use crate::daemon::memory::most_taken;
use crate::daemon::process::{Process, Setting, Stage, World, ask, busy};
use protocol::{FlushWhat, NtaWhat, Reply, Request};

/// A client of the store runs this script with the keys of the fleet's streams.
const ADD_ITEMS: &str = "for number = 1, tonumber(ARGV[1]) do redis.call('XADD', KEYS[1], '*', 'news', string.rep('x', tonumber(ARGV[2]))) end";

/// Adds foreign items to both streams of the fleet.
fn add_items(store: &Store, number: &str, size: &str) {
    for stream in streams(store) {
        store.command(&[b"EVAL", ADD_ITEMS.as_bytes(), b"1", &stream, number.as_bytes(), size.as_bytes()]);
    }
}

fn streams(store: &Store) -> Vec<Vec<u8>> {
    let of = |pattern: &[u8]| store.command(&[b"KEYS", pattern]);
    [of(b"*:news:*"), of(b"*:orders:*")].concat()
}

fn flush_fleet(process: &Process, name: &str) -> Vec<Reply> {
    let what = FlushWhat::Name { name: name.to_owned(), tree: false, kind: None };
    ask(process.socket(), &Request::Flush { what, fleet: true })
}

fn holds(process: &Process, name: &str) -> bool {
    let cached = ask(process.socket(), &Request::Cache { name: name.to_owned(), kind: Some("A".to_owned()) });
    cached.iter().any(|reply| matches!(reply, Reply::Held(_)))
}

fn anchors(process: &Process) -> usize {
    let reply = ask(process.socket(), &Request::Nta { what: NtaWhat::List, fleet: false });
    reply.iter().filter(|reply| matches!(reply, Reply::Nta { .. })).count()
}

fn members(process: &Process) -> usize {
    let reply = ask(process.socket(), &Request::Fleet);
    reply.iter().filter(|reply| matches!(reply, Reply::FleetMember(_))).count()
}

/// Makes both streams exist.
fn begin_streams(pair: &Pair, store: &Store) {
    pair.one.flush_name("none.tld.");
    pair.one.wait_until("the streams exist", |_| !streams(store).is_empty());
}

/// Flushes a name on all gateways, and returns how long it took until the other gateway did it.
fn time_of_flush(pair: &Pair, name: &str) -> Duration {
    assert!(ttl(&pair.one, name).is_some() && ttl(&pair.other, name).is_some());
    let begin = Instant::now();
    let reply = flush_fleet(&pair.one, name);
    assert!(matches!(reply.first(), Some(Reply::Flushed(_))), "{reply:?}");
    pair.other.wait_until("the other gateway has flushed it", |other| !holds(other, name));
    begin.elapsed()
}

#[test]
fn foreign_items_delay_no_order() {
    let Some(store) = Store::start(&[]) else { return };
    let _busy = busy();
    let world = World::new(Duration::from_millis(1));
    let pair = pair(&world, &section(store.port, ""));
    begin_streams(&pair, &store);
    add_items(&store, "9000", "100");
    let took = time_of_flush(&pair, "mail.tld.");
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[test]
fn huge_foreign_data_take_no_memory() {
    let Some(store) = Store::start(&[]) else { return };
    let _busy = busy();
    let world = World::new(Duration::from_millis(1));
    let alone = Setting::new(&world, "").start();
    let pair = pair(&world, &section(store.port, ""));
    for number in 0..20 {
        assert!(ttl(&alone, &format!("n{number}.tld.")).is_some());
        assert!(ttl(&pair.one, &format!("n{number}.tld.")).is_some());
    }
    begin_streams(&pair, &store);
    written(&pair.one, 20);
    for entry in store.entries() {
        store.command(&[b"SETRANGE", &entry, b"20000000", b"x"]);
    }
    for number in 0..20 {
        assert!(ttl(&pair.other, &format!("n{number}.tld.")).is_some());
    }
    add_items(&store, "2000", "50000");
    add_items(&store, "1", "200000000");
    let fill = "redis.call('HSET', KEYS[1], '7', string.rep('x', 200000000))";
    store.command(&[b"EVAL", fill.as_bytes(), b"1", b"resolverd:default:members:"]);
    // The store was busy with the data.
    joined(&pair.one);
    joined(&pair.other);
    let took = time_of_flush(&pair, "mail.tld.");
    assert!(took < Duration::from_secs(30), "{took:?}");
    pair.one.wait_until("the gateways report again", |one| members(one) == 2);
    // A gateway that starts reads the streams from their begin.
    let (_setting, third) = gateway(&world, &section(store.port, ""), KEY);
    pair.one.wait_until("it reports", |one| members(one) == 3);
    joined(&third);
    let without = most_taken(&alone);
    for process in [&pair.one, &pair.other, &third] {
        let with = most_taken(process);
        println!("without a fleet {} KiB, with one {} KiB", without >> 10, with >> 10);
        assert!(with < without + (64 << 20), "{with} octets, {without} without a fleet");
    }
}

#[test]
fn a_trimmed_order_is_not_done() {
    let Some(store) = Store::start(&[]) else { return };
    let world = World::new(Duration::from_millis(1));
    let pair = pair(&world, &section(store.port, ""));
    begin_streams(&pair, &store);
    let reply = std::thread::scope(|scope| {
        let asked = scope.spawn(|| flush_fleet(&pair.one, "mail.tld."));
        while !asked.is_finished() {
            for stream in streams(&store) {
                store.command(&[b"XTRIM", &stream, b"MAXLEN", b"0"]);
            }
        }
        asked.join().unwrap()
    });
    let problem = reply.first();
    assert!(
        matches!(problem, Some(Reply::Problem(problem)) if problem.sentence.contains("Other gateways may not")),
        "{reply:?}"
    );
}

#[test]
fn foreign_content_of_keys_is_removed() {
    let Some(store) = Store::start(&[]) else { return };
    let world = World::with(Duration::from_millis(1), &[("bl.tld.", String::new())]);
    let list = "[[list]]\nname = \"bl.tld\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\nquota = 1000\n";
    let mut pair = pair(&world, &format!("{list}{}", section(store.port, "")));
    begin_streams(&pair, &store);
    for number in 0..3 {
        Client::new(pair.one.address).ask(&format!("{number}.2.0.192.bl.tld."), RecordType::A);
    }
    pair.one.wait_until("queries are counted", |_| !store.command(&[b"KEYS", b"*:queries:*"]).is_empty());
    let members_key = b"resolverd:default:members:";
    store.command(&[b"HSET", members_key, b"no number", b"x"]);
    for number in 0..1_000 {
        let field = format!("{}", 1_000 + number);
        store.command(&[b"HSET", members_key, field.as_bytes(), b"junk"]);
    }
    for count in store.command(&[b"KEYS", b"*:queries:*"]) {
        store.command(&[b"SET", &count, b"no number"]);
    }
    for stream in streams(&store) {
        let largest = b"18446744073709551615-18446744073709551615";
        store.command(&[b"XADD", &stream, largest, b"news", b"x"]);
    }
    let took = time_of_flush(&pair, "mail.tld.");
    assert!(took < Duration::from_secs(15), "{took:?}");
    pair.one.wait_until("the gateways know each other", |one| members(one) == 2);
    let is_number = |count: &Vec<u8>| {
        let value = store.command(&[b"GET", count]);
        value.first().is_some_and(|value| value.iter().all(u8::is_ascii_digit))
    };
    pair.one.wait_until("queries are counted again", |_| {
        store.command(&[b"KEYS", b"*:queries:*"]).iter().all(is_number)
    });
    for key in streams(&store).into_iter().chain([members_key.to_vec()]) {
        store.command(&[b"DEL", &key]);
        store.command(&[b"SET", &key, b"x"]);
    }
    let took = time_of_flush(&pair, "www.tld.");
    assert!(took < Duration::from_secs(15), "{took:?}");
    pair.one.wait_until("the gateways know each other", |one| members(one) == 2);
    pair.one.end(Signal::TERM);
    let said = pair.one.said_later();
    for notice in ["cannot be read: their gateways have another key", "that no gateway writes"] {
        assert_eq!(said.iter().filter(|line| line.contains(notice)).count(), 1, "{notice}: {said:#?}");
    }
    assert!(!said.iter().any(|line| line.contains("does not work")), "{said:#?}");
}

#[test]
fn repeated_order_is_not_carried_out() {
    let Some(store) = Store::start(&[]) else { return };
    let world = World::new(Duration::from_millis(1));
    let sections = section(store.port, "");
    let stage = Stage::new(&world, &sections);
    secret(&stage.setting, "fleet.key", KEY);
    let mut one = stage.start(&[]);
    let (_setting, other) = gateway(&world, &sections, KEY);
    joined(&one);
    joined(&other);
    let what = NtaWhat::Add { name: "tld.".to_owned(), seconds: 600 };
    let reply = ask(other.socket(), &Request::Nta { what, fleet: true });
    assert!(matches!(reply.first(), Some(Reply::Nta { .. })), "{reply:?}");
    one.wait_until("it has the anchor", |one| anchors(one) == 1);
    // The operator gives an order at this gateway too.
    let what = NtaWhat::Add { name: "other.".to_owned(), seconds: 600 };
    ask(one.socket(), &Request::Nta { what, fleet: true });
    for name in ["tld.", "other."] {
        let what = NtaWhat::Remove { name: name.to_owned() };
        ask(one.socket(), &Request::Nta { what, fleet: false });
    }
    assert_eq!(anchors(&one), 0);
    for repeats in [false, true] {
        one.end(Signal::TERM);
        if repeats {
            // A hostile store sends the old orders under new ids.
            for stream in streams(&store) {
                let repeat = "for _, item in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do redis.call('XADD', KEYS[1], '*', unpack(item[2])) end";
                store.command(&[b"EVAL", repeat.as_bytes(), b"1", &stream]);
            }
        }
        one = stage.start(&[]);
        joined(&one);
        // The orders are read in their order, so the anchors would exist before this flush is done.
        assert!(ttl(&one, "mail.tld.").is_some());
        flush_fleet(&other, "mail.tld.");
        one.wait_until("it has flushed", |one| !holds(one, "mail.tld."));
        assert_eq!(anchors(&one), 0, "repeated: {repeats}");
    }
}

#[test]
fn flushed_data_stay_away_after_restart() {
    let Some(store) = Store::start(&[]) else { return };
    let world = World::new(Duration::from_millis(1));
    let sections = section(store.port, "");
    let stage = Stage::new(&world, &sections);
    secret(&stage.setting, "fleet.key", KEY);
    let mut one = stage.start(&[]);
    let (_setting, other) = gateway(&world, &sections, KEY);
    joined(&one);
    joined(&other);
    assert!(ttl(&other, "mail.tld.").is_some());
    written(&other, 2);
    assert!(ttl(&one, "mail.tld.").is_some());
    flush_fleet(&other, "mail.tld.");
    one.wait_until("it has flushed", |one| !holds(one, "mail.tld."));
    // The restarted gateway has the cache from before.
    assert!(ttl(&one, "www.tld.").is_some());
    one.end(Signal::TERM);
    one = stage.start(&[]);
    joined(&one);
    // The list of gateways is read after the orders.
    one.wait_until("it has read the orders", |one| members(one) == 2);
    let before = queries(&world);
    assert!(ttl(&one, "mail.tld.").is_some());
    assert_eq!(queries(&world), before + 1, "the store has the answer from before the flush");
}
