//! DNS lists that do not answer, or that refuse queries.

use std::time::Duration;

use futures_util::future::join_all;
use hickory_proto::op::ResponseCode;

use super::stage::{ALLOW_LIST, LISTS, Stage, all, pass, question, sender};
use config::{ConfiguredZone, ZoneKind};
use dnsbl::kept_lists::KeptLists;
use dnsbl::list::ListSubject;
use dnsbl::registry::Registry;
use dnsbl::state::ListState;
use lab::fault::Fault;
use lab::simulation::paused;

const DEAD: &str = "psbl.surriel.com.";
const REFUSING: &str = "bl.mailspike.net.";

fn break_list(stage: &Stage, apex: &str, faults: &[Fault]) {
    for server in stage.servers(apex) {
        server.set_faults(faults);
    }
}

fn well() -> Vec<&'static str> {
    all().into_iter().filter(|apex| ![DEAD, REFUSING].contains(apex)).collect()
}

// One list is dead, one refuses queries; neither lists anybody.
#[test]
fn broken_lists_cost_little_time() {
    paused(async {
        let without = {
            let stage = Stage::new(&|_| String::new(), |_| {});
            let mut times = Vec::new();
            for number in 0..60 {
                times.push(stage.check(sender(number), &well()).await.0);
                pass(Duration::from_secs(1)).await;
            }
            times
        };
        // All DNS lists list every address, which resolverd must detect.
        let stage = Stage::new(&|_| "* 60 A 127.0.0.2\n".to_owned(), |_| {});
        break_list(&stage, DEAD, &[Fault::Dead]);
        break_list(&stage, REFUSING, &[Fault::Refused]);
        let macros = stage.simulation.lab().server("ns.spf.example").unwrap();
        macros.set_faults(&[Fault::Slow(Duration::from_millis(1_500))]);
        let mut worst_before = Duration::ZERO;
        for number in 0..60 {
            let open = [DEAD, REFUSING].iter().all(|apex| stage.entry(apex).watch.open().is_some());
            let began = stage.simulation.clock().mono();
            for apex in all() {
                let reply = stage.ask(&question(sender(number), apex)).await;
                if [DEAD, REFUSING].contains(&apex) {
                    assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail, "{apex}");
                    let text = reply.extended_error.unwrap().text;
                    assert!(text.contains(apex.trim_end_matches('.')), "{text}");
                }
            }
            let took = stage.simulation.clock().mono().since(began);
            let longer = took.saturating_sub(without[usize::try_from(number).unwrap()]);
            let most = if open { Duration::from_millis(300) } else { Duration::from_secs(4) };
            assert!(longer <= most, "message {number}, open: {open}: {longer:?} longer");
            if !open {
                worst_before = worst_before.max(longer);
            }
            // The names of this SPF macro look like those of a DNS list. They must be resolved, although their server is slow.
            let reply = stage.ask(&question(sender(number), "spf.example.")).await;
            assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError, "message {number}");
            pass(Duration::from_secs(1)).await;
        }
        assert!(worst_before > Duration::ZERO);
        println!("before the breakers opened: at most {worst_before:?} longer");
        for apex in [DEAD, REFUSING] {
            assert_eq!(stage.entry(apex).counts().listed, 0, "{apex} lists nobody");
        }
        assert_eq!(stage.entry(DEAD).state(), ListState::Silent);
        assert_eq!(stage.entry(REFUSING).state(), ListState::Refusing);
        for apex in [DEAD, REFUSING] {
            let times = stage.entry(apex).counts().elapsed;
            assert!(times.count == 0 || times.p50 > 0.005, "{apex}: an answer made here is no round trip");
        }
    });
}

// It is used again six seconds after it works again.
#[test]
fn dead_list_is_detected_within_seconds() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        for number in 0..5 {
            stage.check(sender(number), &all()).await;
        }
        break_list(&stage, DEAD, &[Fault::Dead]);
        // A list counts as silent only if another server answers at the same time. Here no other server is queried.
        let reply = stage.ask(&question(sender(10), DEAD)).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
        assert!(reply.elapsed <= Duration::from_secs(2), "{:?}", reply.elapsed);
        for number in 11..40 {
            let reply = stage.ask(&question(sender(number), DEAD)).await;
            assert!(reply.elapsed <= Duration::from_millis(50), "{:?}", reply.elapsed);
            pass(Duration::from_secs(1)).await;
        }
        let entry = stage.entry(DEAD);
        assert_eq!(entry.counts().elapsed.count, 5, "only replies of its servers show how long it takes");
        let unix = stage.simulation.clock().now().unix;
        let (today, asked) = (entry.watch.quota(unix).0, stage.asked_of(DEAD));
        // Two probes may be in progress. A probe is counted when it ends.
        assert!(today * 4 >= asked * 3 && today <= asked, "{today} counted of {asked}");
        break_list(&stage, DEAD, &[]);
        pass(Duration::from_secs(6)).await;
        let reply = stage.ask(&question(sender(50), DEAD)).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::NXDomain);
        assert_eq!(stage.entry(DEAD).state(), ListState::Ok);
    });
}

#[test]
fn dead_list_stays_known_after_restart() {
    paused(async {
        let before = Stage::new(&|_| String::new(), |_| {});
        break_list(&before, DEAD, &[Fault::Dead]);
        for number in 0..5 {
            before.check(sender(number), &all()).await;
            pass(Duration::from_secs(1)).await;
        }
        let after = Stage::new(&|_| String::new(), |_| {});
        break_list(&after, DEAD, &[Fault::Dead]);
        let now = after.simulation.clock().now();
        let kept = KeptLists::from_lists(before.simulation.resolver().lists(), now.unix);
        kept.restore(after.simulation.resolver().lists(), now, |_, _| true);
        for number in 5..10 {
            let reply = after.ask(&question(sender(number), DEAD)).await;
            assert!(reply.elapsed <= Duration::from_millis(50), "{:?}", reply.elapsed);
            pass(Duration::from_secs(1)).await;
        }
        break_list(&after, DEAD, &[]);
        pass(Duration::from_secs(6)).await;
        let reply = after.ask(&question(sender(50), DEAD)).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::NXDomain);
    });
}

#[test]
fn stuttering_list_is_detected_as_soon() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        for number in 0..3 {
            stage.ask(&question(sender(number), DEAD)).await;
        }
        // The servers of this DNS list do not answer for 700 ms, then they answer, and then they stop for good.
        break_list(&stage, DEAD, &[Fault::Dead]);
        let text = question(sender(4), DEAD);
        let (late, ()) = tokio::join!(stage.ask(&text), async {
            pass(Duration::from_millis(700)).await;
            break_list(&stage, DEAD, &[]);
        });
        assert_eq!(late.message.metadata.response_code, ResponseCode::NXDomain);
        assert!(late.elapsed > Duration::from_millis(700), "{:?}", late.elapsed);
        break_list(&stage, DEAD, &[Fault::Dead]);
        let reply = stage.ask(&question(sender(10), DEAD)).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
        assert!(reply.elapsed <= Duration::from_secs(2), "{:?}", reply.elapsed);
    });
}

// Many other DNS lists were queried before.
#[test]
fn late_dying_list_is_detected_soon() {
    paused(async {
        let known = Registry::built_in();
        let elsewhere = known.lists.values().filter(|list| {
            let asked = list.subjects.contains(&ListSubject::Ip4) && !list.keyed && list.is_alive();
            asked && !all().contains(&list.apex.to_ascii().as_str())
        });
        let others: Vec<_> = elsewhere.map(|list| list.apex.clone()).take(24).collect();
        let stage = Stage::new(&|_| String::new(), |config| {
            let nobody = vec!["192.0.2.250:53".parse().unwrap()];
            config.zones.extend(others.iter().map(|name| ConfiguredZone {
                name: name.clone(),
                kind: ZoneKind::Stub(nobody.clone()),
                ..ConfiguredZone::default()
            }));
        });
        stage.check(sender(0), &all()).await;
        let names: Vec<_> = others.iter().map(|apex| question(sender(1), &apex.to_ascii())).collect();
        join_all(names.iter().map(|name| stage.ask(name))).await;
        // Background tests have queried all DNS lists, so their servers are known. Even then, a list counts as silent only if another
        // server answers.
        break_list(&stage, DEAD, &[Fault::Dead]);
        let reply = stage.ask(&question(sender(10), DEAD)).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
        assert!(reply.elapsed <= Duration::from_secs(2), "{:?}", reply.elapsed);
    });
}

#[test]
fn a_slow_list_is_waited_for() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        break_list(&stage, DEAD, &[Fault::Slow(Duration::from_millis(1_400))]);
        for number in 0..40 {
            stage.ask(&format!("h{number}.mail.example.")).await;
            let reply = stage.ask(&question(sender(number), DEAD)).await;
            assert_eq!(reply.message.metadata.response_code, ResponseCode::NXDomain, "message {number}");
            pass(Duration::from_secs(1)).await;
        }
    });
}

#[test]
fn local_outage_condemns_no_list() {
    for silent in [true, false] {
        paused(async {
            let stage = Stage::new(&|_| "* 60 A 127.0.0.2\n".to_owned(), |_| {});
            for number in 0..10 {
                assert_eq!(stage.check(sender(number), &all()).await.1, Some(LISTS[0].0));
                stage.ask(&question(sender(number), ALLOW_LIST.0)).await;
            }
            let everybody = || stage.simulation.lab().servers().iter();
            if silent {
                everybody().for_each(|server| server.set_faults(&[Fault::Dead]));
            } else {
                stage.simulation.network().set_down(true);
            }
            for number in 20..40 {
                // No server answers. resolverd itself makes the answer "not listed" of the allowlist.
                let (lists, allowed) = (all(), question(sender(number), ALLOW_LIST.0));
                let (_, allowed) = tokio::join!(stage.check(sender(number), &lists), stage.ask(&allowed));
                assert_eq!(allowed.message.metadata.response_code, ResponseCode::NXDomain);
            }
            for (apex, _) in LISTS.into_iter().chain([ALLOW_LIST]) {
                assert_eq!(stage.entry(apex).watch.open(), None, "{apex}");
            }
            everybody().for_each(|server| server.set_faults(&[]));
            stage.simulation.network().set_down(false);
            pass(Duration::from_secs(40)).await;
            for number in 50..60 {
                let (_, listed) = stage.check(sender(number), &all()).await;
                assert_eq!(listed, Some(LISTS[0].0), "silent: {silent}, message {number}");
            }
        });
    }
}

#[test]
fn lookalike_zone_opens_no_breaker() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        stage.ask(&question(sender(0), "spf.example.")).await;
        let server = stage.simulation.lab().server("ns.spf.example").unwrap();
        for (begin, fault) in [(1, Fault::Slow(Duration::from_millis(2_500))), (20, Fault::Dead)] {
            server.set_faults(&[fault]);
            for number in begin..begin + 15 {
                stage.ask(&format!("h{number}.mail.example.")).await;
                let reply = stage.ask(&question(sender(number), "spf.example.")).await;
                let slow = reply.message.metadata.response_code == ResponseCode::NoError;
                assert_eq!(slow, fault != Fault::Dead, "message {number}, {fault}");
            }
        }
        server.set_faults(&[]);
        pass(Duration::from_secs(60)).await;
        let reply = stage.ask(&question(sender(99), "spf.example.")).await;
        assert_eq!(reply.message.metadata.response_code, ResponseCode::NoError);
        assert!(stage.simulation.resolver().lists().all().is_empty(), "it is no list of ours");
    });
}
