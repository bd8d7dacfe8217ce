//! Tests of DNS lists in the background: resolverd queries the test entries of each list (RFC 5782), to see whether it works.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::stage::{ONE_POINT_LIST, Stage, name, pass, question, sender};
use config::ConfiguredList;
use dns::question::{Client, ListSays, Question, ViewId};
use dnsbl::list::{ListSubject, Purpose, TestEntries};
use dnsbl::registry::Registry;
use dnsbl::state::ListState;
use lab::fault::Fault;
use lab::prelude::Lines;
use lab::simulation::paused;
use resolver::resolve::Asked;

const LIST: &str = "zen.spamhaus.org.";

/// The DNS list lists everything.
const WORLD: &str = "* 60 A 127.0.0.2\n*.0.0.127 60 A 127.0.0.2\n";
/// A DNS list without faults.
const SOUND: &str = "2.0.0.127 60 A 127.0.0.2\n7.0.18.198 60 A 127.0.0.2\n";

const MINUTE: Duration = Duration::from_secs(60);

/// Returns the number of tests of the DNS list: the queries for the last test entry.
fn tests(stage: &Stage) -> usize {
    let point = name(&format!("1.0.0.127.{LIST}"));
    stage.simulation.lab().log().received().iter().filter(|one| one.name.to_lowercase() == point).count()
}

/// Asks about a new address every minute.
async fn minutes(stage: &Stage, minutes: u32) {
    minutes_of(stage, LIST, minutes).await;
}

async fn minutes_of(stage: &Stage, list: &str, minutes: u32) {
    for number in 0..minutes {
        let unix = u32::try_from(stage.simulation.clock().now().unix % 60_000).unwrap();
        stage.ask(&question(sender(1_000 + unix + number), list)).await;
        pass(MINUTE).await;
    }
}

async fn code(stage: &Stage, text: &str) -> ResponseCode {
    stage.ask(text).await.message.metadata.response_code
}

// A list that nobody asks is not tested.
#[test]
fn list_is_tested_every_half_hour() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        assert_eq!(stage.entry(LIST).state(), ListState::Untested);
        stage.ask(&question(sender(1), LIST)).await;
        pass(Duration::from_secs(1)).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Ok);
        assert_eq!(tests(&stage), 1);
        minutes(&stage, 120).await;
        let made = tests(&stage);
        assert!((4..=5).contains(&made), "{made} in two hours");
        pass(600 * MINUTE).await;
        assert_eq!(tests(&stage), made, "a list that nobody asks is not tested");
    });
}

#[test]
fn list_of_world_loses_its_listings() {
    paused(async {
        let stage = Stage::new(&|_| "* 86400 A 127.0.0.2\n*.0.0.127 86400 A 127.0.0.2\n".to_owned(), |_| {});
        let listed = question(sender(7), LIST);
        let reply = stage.ask(&listed).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError);
        pass(MINUTE).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Untested, "one test condemns nobody");
        minutes(&stage, 8).await;
        let standing = stage.entry(LIST).standing();
        assert_eq!(standing.state, ListState::ListsTheWorld, "{standing:?}");
        assert!(standing.why.contains("lists everything"), "{standing:?}");
        let reply = stage.ask(&listed).await;
        assert_eq!(
            reply.message.metadata.response_code,
            ResponseCode::ServFail,
            "kept for a day, were it believed"
        );
    });
}

#[test]
fn silent_and_refusing_lists_are_classified() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        stage.serve(LIST, &[0, 1], "* 60 A 127.255.255.254\n");
        stage.ask(&question(sender(1), LIST)).await;
        pass(MINUTE).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Refusing);
        stage.serve(LIST, &[0, 1], SOUND);
        minutes(&stage, 1).await;
        for server in stage.servers(LIST) {
            server.set_faults(&[Fault::Dead]);
        }
        minutes(&stage, 45).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Silent);
    });
}

#[test]
fn probe_names_server_of_list() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        for server in stage.servers(LIST) {
            server.set_faults(&[Fault::Refused]);
        }
        let resolver = stage.simulation.resolver();
        let probed = async || {
            let (list, view) =
                resolver.list_resolver().asked_as(&stage.entry(LIST), ViewId::default()).unwrap();
            resolver.list_resolver().probe(&view, &list, &name(&question(sender(1), LIST)), None).await
        };
        assert_eq!(probed().await.server, None, "the root refers to the list, and is no server of it");
        for server in stage.servers(LIST) {
            server.set_faults(&[]);
        }
        pass(60 * MINUTE).await;
        let own = stage.servers(LIST).map(|server| server.addresses()[0]);
        assert!(own.contains(&probed().await.server.unwrap()));
    });
}

#[test]
fn single_world_listing_mirror_is_ignored() {
    for broken in [0, 1] {
        paused(async {
            let stage = Stage::new(&|_| String::new(), |_| {});
            stage.serve(LIST, &[0, 1], SOUND);
            stage.serve(LIST, &[broken], WORLD);
            for _ in 0..60 {
                minutes(&stage, 2).await;
                assert!(
                    matches!(stage.entry(LIST).state(), ListState::Untested | ListState::Ok),
                    "server {broken}"
                );
            }
        });
    }
}

// A sound test ends the state.
#[test]
fn sole_answering_server_decides_state() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        stage.serve(LIST, &[0], WORLD);
        stage.serve(LIST, &[1], SOUND);
        stage.servers(LIST)[1].set_faults(&[Fault::Dead]);
        minutes(&stage, 20).await;
        assert_eq!(stage.entry(LIST).state(), ListState::ListsTheWorld);
        let listed = question(sender(7), LIST);
        assert_eq!(code(&stage, &listed).await, ResponseCode::ServFail);
        // The zone is parked for a minute, and then lists everything again. The list must count as broken all the time.
        stage.serve(LIST, &[0], "* 60 A 203.0.113.7\n");
        minutes(&stage, 1).await;
        stage.serve(LIST, &[0], WORLD);
        assert_eq!(code(&stage, &question(sender(8), LIST)).await, ResponseCode::ServFail);
        assert_eq!(stage.entry(LIST).state(), ListState::ListsTheWorld);
        // The DNS list works again.
        stage.serve(LIST, &[0], SOUND);
        stage.servers(LIST)[1].set_faults(&[]);
        minutes(&stage, 6).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Ok);
        assert_eq!(code(&stage, &listed).await, ResponseCode::NoError);
    });
}

async fn many(stage: &Stage, addresses: std::ops::Range<u32>) {
    for number in addresses {
        stage.ask(&question(sender(number), LIST)).await;
    }
}

#[test]
fn list_of_nothing_is_detected() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        stage.serve(LIST, &[0, 1], "");
        minutes(&stage, 2).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Untested, "one test condemns nobody");
        minutes(&stage, 8).await;
        let standing = stage.entry(LIST).standing();
        assert_eq!(standing.state, ListState::TestsDiffer, "{standing:?}");
        assert!(standing.why.contains("too few to decide"), "{standing:?}");
        many(&stage, 20_000..20_500).await;
        minutes(&stage, 6).await;
        let standing = stage.entry(LIST).standing();
        assert_eq!(standing.state, ListState::ListsNothing, "{standing:?}");
        assert!(standing.why.contains("none of its last 5"), "{standing:?}");
        assert_eq!(code(&stage, &question(sender(8), LIST)).await, ResponseCode::NXDomain);
        stage.serve(LIST, &[0, 1], SOUND);
        minutes(&stage, 6).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Ok);
    });
}

#[test]
fn list_with_differing_tests_is_used() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        // One address in four is listed. The test entry that must be listed is not.
        let tenth: String = (0..60).map(|n| format!("{}.0.18.198 60 A 127.0.0.2\n", n * 4)).collect();
        stage.serve(LIST, &[0, 1], &tenth);
        for round in 0..45 {
            many(&stage, round * 5..round * 5 + 5).await;
            pass(MINUTE).await;
            assert!(!stage.entry(LIST).state().is_incident(), "{:?}", stage.entry(LIST).standing());
        }
        let standing = stage.entry(LIST).standing();
        assert_eq!(standing.state, ListState::TestsDiffer, "{standing:?}");
        assert!(standing.why.contains("but lists other names"), "{standing:?}");
        // The test entry that must not be listed is listed. One address in ten is listed, too.
        stage.serve(LIST, &[0, 1], &format!("2.0.0.127 60 A 127.0.0.2\n1.0.0.127 60 A 127.0.0.2\n{tenth}"));
        for round in 0..60 {
            many(&stage, 20_000 + round * 5..20_000 + round * 5 + 5).await;
            pass(MINUTE).await;
            assert!(!stage.entry(LIST).state().is_incident(), "{:?}", stage.entry(LIST).standing());
        }
        let standing = stage.entry(LIST).standing();
        assert!(
            standing.why.contains("lists its test entry 1.0.0.127.")
                && standing.why.contains("which a working list does not list"),
            "{standing:?}"
        );
    });
}

#[test]
fn list_with_one_test_is_tested() {
    let (list, _) = ONE_POINT_LIST;
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        minutes_of(&stage, list, 1).await;
        assert_eq!(stage.entry(list).state(), ListState::Ok);
        stage.serve(list, &[0, 1], WORLD);
        minutes_of(&stage, list, 45).await;
        assert_eq!(stage.entry(list).state(), ListState::ListsTheWorld);
    });
}

#[test]
fn operator_test_updates_list_state() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        stage.serve(LIST, &[0, 1], "* 60 A 127.255.255.254\n*.0.0.127 60 A 127.255.255.254\n");
        let test = async || {
            stage.entry(LIST).watch.insist(stage.simulation.clock().mono());
            stage.simulation.resolver().lists().wake();
            pass(Duration::from_secs(2)).await;
            stage.entry(LIST).state()
        };
        assert_eq!(test().await, ListState::Refusing);
        stage.serve(LIST, &[0, 1], SOUND);
        assert_eq!(test().await, ListState::Ok);
        for server in stage.servers(LIST) {
            server.set_faults(&[Fault::Dead]);
        }
        minutes(&stage, 1).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Silent);
        for server in stage.servers(LIST) {
            server.set_faults(&[]);
        }
        assert_eq!(test().await, ListState::Ok);
    });
}

/// Simulates a resolver whose operator has configured the DNS list `LIST`, which is not in the registry.
fn own(tests: Option<TestEntries>) -> Stage {
    Stage::new(&|_| String::new(), |config| {
        let mut registry = Registry::clone(&config.dnsbl.registry);
        registry.lists.remove(&name(LIST));
        config.dnsbl.registry = Arc::new(registry);
        config.lists.push(ConfiguredList {
            name: name(LIST),
            purpose: Some(Purpose::Allow),
            subjects: Some(vec![ListSubject::Ip4]),
            tests,
            ..ConfiguredList::default()
        });
    })
}

#[test]
fn own_list_without_tests_stays_untested() {
    paused(async {
        let stage = own(None);
        // Like some allowlists, this list lists 127.0.0.0/24 (the host of the operator) and the address of a partner. It has no configured
        // test entries.
        stage.serve(LIST, &[0, 1], "*.0.0.127 60 A 127.0.0.2\n7.0.18.198 60 A 127.0.0.2\n");
        minutes(&stage, 60).await;
        assert_eq!(code(&stage, &question(sender(7), LIST)).await, ResponseCode::NoError);
        assert_eq!(stage.entry(LIST).state(), ListState::Untested);
    });
}

#[test]
fn own_list_uses_configured_tests() {
    paused(async {
        let point = |text: &str| vec![name(&format!("{text}.{LIST}"))];
        let stage = own(Some(TestEntries { listed: point("7.0.18.198"), unlisted: point("1.2.0.192") }));
        stage.serve(LIST, &[0, 1], "*.0.0.127 60 A 127.0.0.2\n7.0.18.198 60 A 127.0.0.2\n");
        minutes(&stage, 1).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Ok);
        stage.serve(LIST, &[0, 1], "* 60 A 127.0.0.2\n");
        minutes(&stage, 45).await;
        assert_eq!(stage.entry(LIST).state(), ListState::ListsTheWorld);
    });
}

#[test]
fn operator_query_changes_no_list_statistics() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        stage.serve(LIST, &[0, 1], SOUND);
        let resolver = stage.simulation.resolver();
        let asked = async |id| {
            let question = Question::new(&name(&question(sender(7), LIST)), RecordType::A);
            let client = Client { address: Ipv4Addr::LOCALHOST.into(), port: 1, id };
            let Asked::Replied(replied) = resolver.ask_unmarked(question, client).await else { panic!() };
            replied.answer.list.unwrap().says
        };
        for id in 1..4 {
            assert_eq!(asked(id).await, ListSays::Listed);
            pass(MINUTE).await;
        }
        assert_eq!(stage.entry(LIST).counts().questions, 0);
        assert_eq!(tests(&stage), 0, "nobody uses it");
        // The queries of a test count against the daily quota.
        let (today, ..) = stage.entry(LIST).watch.quota(stage.simulation.clock().now().unix);
        assert!(today > 0);
    });
}

/// Returns the log lines about the DNS list that `run` causes.
fn lines(run: impl AsyncFnOnce(&Stage)) -> Vec<String> {
    let text = Lines::from_work(tracing::Level::INFO, || {
        paused(async {
            let stage = Stage::new(&|_| String::new(), |_| {});
            run(&stage).await;
        });
    });
    let list = LIST.trim_end_matches('.');
    text.lines().filter(|line| line.contains(list)).map(|line| line.trim().to_owned()).collect()
}

// One line at the begin, one at the end.
#[test]
fn list_incident_has_two_log_lines() {
    let refuses = "* 60 A 127.255.255.254\n";
    let parked = "* 60 A 203.0.113.7\n";
    let told = lines(async |stage| {
        stage.serve(LIST, &[0], refuses);
        stage.serve(LIST, &[1], parked);
        for number in 0..100 {
            stage.servers(LIST)[number % 2].set_faults(&[Fault::Dead]);
            stage.servers(LIST)[(number + 1) % 2].set_faults(&[]);
            stage.ask(&question(sender(u32::try_from(number).unwrap()), LIST)).await;
            pass(Duration::from_secs(10)).await;
        }
        stage.serve(LIST, &[0, 1], SOUND);
        stage.servers(LIST).iter().for_each(|server| server.set_faults(&[]));
        minutes(stage, 3).await;
    });
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].starts_with("WARN") && told[0].contains("this is not a listing"), "{told:#?}");
    assert!(told[1].starts_with("INFO") && told[1].contains("works again"), "{told:#?}");
    let told = lines(async |stage| {
        stage.serve(LIST, &[0, 1], WORLD);
        minutes(stage, 20).await;
        stage.serve(LIST, &[0, 1], SOUND);
        minutes(stage, 20).await;
    });
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("its listings are ignored") && told[1].contains("works again"), "{told:#?}");
}
