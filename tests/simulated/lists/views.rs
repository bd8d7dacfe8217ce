//! Listeners with and without the checks for DNS lists share the answers of the lists. A list is queried once, and resolverd decides for
//! each listener which reply the client gets.

use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::stage::{DOMAIN_LISTS, LISTS, Stage, name, pass, question, sender};
use config::{Config, ConfiguredZone, Listener, ZoneKind};
use dnsbl::list::{Guard, OnRefusal};
use dnsbl::state::ListState;
use lab::fault::Fault;
use lab::simulation::{Flags, SimulatedReply, paused};

const LIST: &str = LISTS[0].0;

/// The listener with the checks for DNS lists.
const GUARDED: usize = 0;
/// The listener that passes all answers of DNS lists on.
const PASSING: usize = 1;
/// The listener that answers "not listed" if a DNS list refuses the query.
const DENYING: usize = 2;
/// The listener whose clients see other zones.
const APART: usize = 3;

fn listeners(config: &mut Config) {
    let listener = |zones, dnsbl, on_refusal| Listener {
        addresses: Vec::new(),
        allow: Vec::new(),
        zones,
        dnsbl,
        on_refusal,
        ..Listener::default()
    };
    config.listeners = vec![
        listener(None, Guard::Pass, None),
        listener(None, Guard::Guard, Some(OnRefusal::Nxdomain)),
        listener(Some(Vec::new()), Guard::Pass, None),
    ];
}

async fn ask(stage: &Stage, listener: usize, text: &str, kind: RecordType) -> SimulatedReply {
    let flags = Flags { listener, ..Flags::default() };
    stage.simulation.ask_with(&name(text), kind, flags).await.unwrap()
}

fn given(reply: &SimulatedReply) -> (ResponseCode, usize) {
    (reply.message.metadata.response_code, reply.message.answers.len())
}

/// Returns the number of queries for this name and type that the DNS list has received.
fn asked(stage: &Stage, text: &str, kind: RecordType) -> usize {
    let received = stage.simulation.lab().log().received();
    received.iter().filter(|one| one.kind == kind && one.name.to_lowercase() == name(text)).count()
}

/// The orders in which clients of the first three listeners can ask.
const ORDERS: [[usize; 3]; 6] = [
    [GUARDED, PASSING, DENYING],
    [GUARDED, DENYING, PASSING],
    [PASSING, GUARDED, DENYING],
    [PASSING, DENYING, GUARDED],
    [DENYING, GUARDED, PASSING],
    [DENYING, PASSING, GUARDED],
];

/// Checks the replies if the DNS list refuses to answer: the client of each listener must get the response code for this listener.
async fn assert_refused(stage: &Stage, name: &str) {
    let codes = [
        (GUARDED, ResponseCode::ServFail),
        (PASSING, ResponseCode::NoError),
        (DENYING, ResponseCode::NXDomain),
    ];
    for (listener, code) in codes {
        assert_eq!(given(&ask(stage, listener, name, RecordType::A).await).0, code, "{listener}");
    }
}

// Each listener gets the reply of its own settings.
#[test]
fn listeners_share_list_answers() {
    use ResponseCode::{NXDomain, NoError, ServFail};
    // The text of the zone of the DNS list, and the answers at the listeners `GUARDED`, `PASSING` and `DENYING`.
    let table = [
        ("* 60 A 127.255.255.254\n* 60 TXT \"no\"\n", [(ServFail, 0), (NoError, 1), (NXDomain, 0)]),
        ("* 60 A 203.0.113.7\n* 60 TXT \"parked\"\n", [(ServFail, 0), (NoError, 1), (NXDomain, 0)]),
        ("* 60 A 127.0.0.4\n* 60 TXT \"because\"\n", [(NoError, 1); 3]),
        ("", [(NXDomain, 0); 3]),
    ];
    for (text, wanted) in table {
        for order in ORDERS {
            paused(async {
                let stage = Stage::new(&|_| text.to_owned(), listeners);
                let name = question(sender(1), LIST);
                for kind in [RecordType::A, RecordType::TXT] {
                    for listener in order.into_iter().chain(order) {
                        let reply = ask(&stage, listener, &name, kind).await;
                        assert_eq!(
                            given(&reply),
                            wanted[listener],
                            "{text:?} {kind} at {listener}, {order:?}"
                        );
                    }
                    // NXDOMAIN for the A record is for all types, so the TXT record is not queried.
                    let most = match (text.is_empty(), kind) {
                        (true, RecordType::TXT) => 0,
                        // After the first NXDOMAIN of the list, resolverd sends the query again in lower case.
                        (true, _) => 2,
                        (false, _) => 1,
                    };
                    assert_eq!(asked(&stage, &name, kind), most, "{text:?} {kind}, {order:?}");
                }
                // In this pause, the background test of the DNS list ends, whose queries count for the quota like those of clients.
                pass(Duration::from_secs(5)).await;
                let unix = stage.simulation.clock().now().unix;
                assert_eq!(stage.entry(LIST).watch.quota(unix).0, stage.asked_of(LIST));
            });
        }
    }
}

#[test]
fn alias_to_listing_counts_for_list() {
    paused(async {
        let kind = ZoneKind::Records(vec![format!("alias CNAME {}", question(sender(1), LIST))]);
        let zone = ConfiguredZone { name: name("corp.test."), kind, ..ConfiguredZone::default() };
        let stage = Stage::new(&|_| "* 60 A 127.0.0.4\n".to_owned(), |config| config.zones.push(zone));
        for _ in 0..2 {
            let reply = ask(&stage, GUARDED, "alias.corp.test.", RecordType::A).await;
            assert_eq!(given(&reply), (ResponseCode::NoError, 2));
        }
        let counts = stage.entry(LIST).counts();
        assert_eq!((counts.questions, counts.hits, counts.listed), (2, 1, 2));
        let unix = stage.simulation.clock().now().unix;
        let sent = asked(&stage, &question(sender(1), LIST), RecordType::A);
        assert_eq!((stage.entry(LIST).watch.quota(unix).0, sent), (1, 1));
    });
}

#[test]
fn simultaneous_listeners_send_one_query() {
    paused(async {
        let stage = Stage::new(&|_| "* 60 A 127.255.255.254\n".to_owned(), listeners);
        // resolverd learns the servers of the list and their round trips.
        ask(&stage, GUARDED, &question(sender(1), LIST), RecordType::A).await;
        pass(Duration::from_secs(5)).await;
        let before = stage.asked_of(LIST);
        for number in 2..12 {
            let name = question(sender(number), LIST);
            let replies = tokio::join!(
                ask(&stage, GUARDED, &name, RecordType::A),
                ask(&stage, PASSING, &name, RecordType::A),
                ask(&stage, DENYING, &name, RecordType::A)
            );
            let codes = [&replies.0, &replies.1, &replies.2].map(|reply| given(reply).0);
            assert_eq!(codes, [ResponseCode::ServFail, ResponseCode::NoError, ResponseCode::NXDomain]);
        }
        assert_eq!(stage.asked_of(LIST) - before, 10 + 1, "and a probe");
        let unix = stage.simulation.clock().now().unix;
        assert_eq!(
            stage.entry(LIST).watch.quota(unix).0,
            stage.asked_of(LIST),
            "the quota counts what went out"
        );
    });
}

#[test]
fn listeners_with_other_zones_share_nothing() {
    paused(async {
        let stage = Stage::new(&|_| "* 60 A 127.255.255.254\n".to_owned(), |config| {
            listeners(config);
            config.zones = vec![super::stage::local_zone("corp.example.")];
        });
        let name = question(sender(1), LIST);
        for listener in [GUARDED, PASSING, APART, APART] {
            ask(&stage, listener, &name, RecordType::A).await;
        }
        assert_eq!(asked(&stage, &name, RecordType::A), 2);
    });
}

#[test]
fn changed_list_state_reaches_all_listeners() {
    paused(async {
        let stage = Stage::new(&|_| "* 86400 A 127.0.0.4\n".to_owned(), listeners);
        let name = question(sender(1), LIST);
        for listener in [GUARDED, PASSING, DENYING] {
            assert_eq!(given(&ask(&stage, listener, &name, RecordType::A).await), (ResponseCode::NoError, 1));
        }
        pass(Duration::from_secs(5)).await;
        let entry = stage.entry(LIST);
        stage
            .simulation
            .resolver()
            .list_resolver()
            .list_is(&entry, ListState::ListsTheWorld, "it does")
            .await;
        assert_refused(&stage, &name).await;
        assert_eq!(asked(&stage, &name, RecordType::A), 2, "once before and once after");
    });
}

#[test]
fn open_breaker_holds_for_all_listeners() {
    paused(async {
        let stage = Stage::new(&|_| "* 60 A 127.0.0.4\n".to_owned(), listeners);
        for number in 0..5 {
            stage.check(sender(number), &super::stage::all()).await;
        }
        for server in stage.servers(LIST) {
            server.set_faults(&[Fault::Dead]);
        }
        ask(&stage, PASSING, &question(sender(20), LIST), RecordType::A).await;
        assert!(stage.entry(LIST).watch.open().is_some());
        for listener in [GUARDED, PASSING, DENYING] {
            let reply = ask(&stage, listener, &question(sender(30), LIST), RecordType::A).await;
            assert_eq!(given(&reply), (ResponseCode::ServFail, 0));
            assert!(reply.elapsed <= Duration::from_millis(50), "{listener}: {:?}", reply.elapsed);
        }
    });
}

#[test]
fn lists_of_domains_are_shared_alike() {
    paused(async {
        let (apex, _) = DOMAIN_LISTS[2];
        let stage = Stage::new(&|_| "* 60 A 127.0.0.1\n".to_owned(), listeners);
        let name = format!("spam.example.{apex}");
        assert_refused(&stage, &name).await;
        assert_eq!(asked(&stage, &name, RecordType::A), 1);
    });
}
