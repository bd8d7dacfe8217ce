//! DNS lists in a fleet: the gateways share the answers of lists and the count of queries, and send each query once.

use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use rustix::process::Signal;

use super::store::Store;
use super::{KEY, Pair, gateway, joined, pair, secret, section, state, written};
use crate::daemon::client::Client;
use crate::daemon::process::{Process, Setting, Stage, World};
use protocol::fleet::FleetState;

/// A DNS list with one entry. For another address it has the code 127.255.255.254, with which Spamhaus refuses a host.
const ZONE: &str =
    "1.2.0.192 3600 A 127.0.0.2\n1.2.0.192 3600 TXT \"listed\"\n9.2.0.192 3600 A 127.255.255.254\n";

const LIST: &str = "[[list]]\nname = \"bl.tld\"\npurpose = \"block\"\nsubjects = [\"ip4\"]\nquota = 1000\n";

fn world() -> World {
    World::with(Duration::from_millis(20), &[("bl.tld.", ZONE.to_owned())])
}

fn ask(process: &Process, number: u8) -> ResponseCode {
    Client::new(process.address).ask(&format!("{number}.2.0.192.bl.tld."), RecordType::A).response_code
}

/// Returns how often the servers got the question about this address.
fn received(world: &World, number: u8) -> usize {
    let begin = format!("{number}.2.0.192.bl.tld.");
    let received = world.sockets.lab().log().received();
    received.iter().filter(|query| query.name.to_ascii().eq_ignore_ascii_case(&begin)).count()
}

fn today(process: &Process) -> u64 {
    process.lists().iter().find(|row| row.list == "bl.tld").map_or(0, |row| row.today)
}

#[test]
fn listing_is_shared_refusal_is_not() {
    let (Some(store), world) = (Store::start(&[]), world()) else { return };
    let sections = format!("{LIST}{}", section(store.port, ""));
    let Pair { one, other, _settings } = pair(&world, &sections);
    assert_eq!((ask(&one, 1), ask(&one, 2)), (ResponseCode::NoError, ResponseCode::NXDomain));
    written(&one, 3);
    let asked_before = [1, 2].map(|number| received(&world, number));
    assert_eq!((ask(&other, 1), ask(&other, 2)), (ResponseCode::NoError, ResponseCode::NXDomain));
    assert_eq!([1, 2].map(|number| received(&world, number)), asked_before, "the list was not asked");
    assert_eq!(ask(&one, 9), ResponseCode::ServFail);
    let FleetState { written: entries, .. } = state(&one);
    // Entries are written in their order. The list is not asked any more if the refusal is confirmed meanwhile.
    Client::new(one.address).ask("mail.tld.", RecordType::A);
    written(&one, entries + 1);
    let refused_before = received(&world, 9);
    assert_eq!(ask(&other, 9), ResponseCode::ServFail);
    assert!(received(&world, 9) > refused_before, "the other gateway asks itself");
}

// Restarts of the store and of a gateway do not change the count.
#[test]
fn fleet_quota_counts_queries_once() {
    let (Some(mut store), world) = (Store::start(&[]), world()) else { return };
    let sections = format!("{LIST}{}", section(store.port, ""));
    let stage = Stage::new(&world, &sections);
    secret(&stage.setting, "fleet.key", KEY);
    let mut one = stage.start(&[]);
    let (_second, other) = gateway(&world, &sections, KEY);
    joined(&one);
    joined(&other);
    for number in 10..20 {
        ask(&one, number);
        ask(&other, number + 50);
    }
    let all = |process: &Process| today(process) >= 20;
    one.wait_until("it counts the queries of the other", all);
    other.wait_until("it counts the queries of the other", |other| today(other) == today(&one));
    let sent = today(&one);
    // The restarted store is empty. The count of the fleet must still have each query once.
    store.restart();
    joined(&one);
    joined(&other);
    ask(&one, 30);
    one.wait_until("the other has added its queries again", |one| today(one) > sent);
    other.wait_until("the other knows of the new query", |other| today(other) == today(&one));
    let sent = today(&one);
    one.end(Signal::TERM);
    one = stage.start(&[]);
    joined(&one);
    ask(&one, 31);
    one.wait_until("the restarted gateway has the count", |one| today(one) > sent);
    other.wait_until("the other has the same", |other| today(other) == today(&one));
    assert!(today(&one) < sent + 10, "{} after {sent}", today(&one));
}

#[test]
fn name_with_list_key_stays_local() {
    let (Some(store), world) = (Store::start(&[]), world()) else { return };
    let sections =
        format!("[[list]]\nname = \"zen.tld\"\nwith_key = \"dq.tld\"\n{}", section(store.port, ""));
    let sections = sections
        .replace("[[list]]\n", "[[list]]\npurpose = \"block\"\nsubjects = [\"ip4\"]\nkey = \"list.key\"\n");
    let key = "0123456789abcdefghijklmnop";
    let setting = Setting::new(&world, &sections);
    secret(&setting, "fleet.key", KEY);
    secret(&setting, "list.key", key);
    let one = setting.start();
    joined(&one);
    Client::new(one.address).ask(&format!("1.2.0.192.{key}.dq.tld."), RecordType::A);
    Client::new(one.address).ask("mail.tld.", RecordType::A);
    written(&one, 1);
    assert_eq!(store.entries().len(), 1, "only the address of the mail host");
}
