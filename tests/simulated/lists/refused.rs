//! A DNS list that refuses queries: clients are answered without a query, a probe looks for the end, and the first good answer ends the refusal
//! everywhere.

use std::net::Ipv4Addr;
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;

use super::stage::{Stage, name, pass, question, sender};
use dns::question::{Client, ListSays, Question};
use dnsbl::state::ListState;
use lab::fault::Fault;
use lab::prelude::Lines;
use lab::simulation::paused;
use resolver::resolve::Asked;

const LIST: &str = "zen.spamhaus.org.";

/// The list refuses each query. Its zone lets the refusal be cached for 15 minutes.
const REFUSES: &str = "* 900 A 127.255.255.254\n";
/// The list works: it lists one sender.
const WORKS: &str = "2.0.0.127 60 A 127.0.0.2\n7.0.18.198 60 A 127.0.0.2\n";

const SECOND: Duration = Duration::from_secs(1);

async fn code(stage: &Stage, number: u32) -> ResponseCode {
    stage.ask(&question(sender(number), LIST)).await.message.metadata.response_code
}

/// Makes the list refuse until this is noticed.
async fn refuse(stage: &Stage) {
    stage.serve(LIST, &[0, 1], REFUSES);
    for number in 0..3 {
        assert_eq!(code(stage, 1_000 + number).await, ResponseCode::ServFail);
        pass(SECOND).await;
    }
    assert_eq!(stage.entry(LIST).state(), ListState::Refusing);
}

#[test]
fn refusal_probe_repeats_each_half_minute() {
    for (zone, faults) in [(REFUSES, &[][..]), (WORKS, &[Fault::Refused])] {
        paused(async {
            let stage = Stage::new(&|_| String::new(), |_| {});
            stage.servers(LIST).iter().for_each(|server| server.set_faults(faults));
            stage.serve(LIST, &[0, 1], zone);
            for number in 0..3 {
                assert_eq!(code(&stage, 1_000 + number).await, ResponseCode::ServFail);
                pass(SECOND).await;
            }
            assert_eq!(stage.entry(LIST).state(), ListState::Refusing);
            let before = stage.asked_of(LIST);
            for number in 0..300 {
                let began = stage.simulation.clock().mono();
                let reply = stage.ask(&question(sender(2_000 + number), LIST)).await;
                assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
                assert_eq!(stage.simulation.clock().mono(), began, "the client does not wait");
                let text = reply.extended_error.unwrap().text;
                assert!(text.contains("zen.spamhaus.org"), "{text}");
                pass(SECOND).await;
            }
            let probes = stage.asked_of(LIST) - before;
            assert!((9..=22).contains(&probes), "{probes} queries in five minutes");
        });
    }
}

#[test]
fn first_good_answer_ends_refusal() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        refuse(&stage).await;
        assert_eq!(code(&stage, 7).await, ResponseCode::ServFail);
        stage.serve(LIST, &[0, 1], WORKS);
        pass(31 * SECOND).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Ok);
        for number in (1_000..1_003).chain([7]) {
            let listed = if number == 7 { ResponseCode::NoError } else { ResponseCode::NXDomain };
            assert_eq!(code(&stage, number).await, listed, "no cached refusal is left");
        }
        for second in 0..1_000 {
            code(&stage, 5_000 + second).await;
            assert_eq!(stage.entry(LIST).state(), ListState::Ok, "after {second} s");
            pass(SECOND).await;
        }
    });
}

#[test]
fn operators_test_ends_refusal_at_once() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        refuse(&stage).await;
        let test = async || {
            let question = Question::new(&name(&question(sender(7), LIST)), RecordType::A);
            let client = Client { address: Ipv4Addr::UNSPECIFIED.into(), port: 0, id: 0 };
            let asked = stage.simulation.resolver().ask_unmarked(question, client).await;
            let Asked::Replied(replied) = asked else { panic!() };
            replied.answer.list.map(|mark| mark.says)
        };
        assert_eq!(test().await, None);
        stage.serve(LIST, &[0, 1], WORKS);
        assert_eq!(test().await, Some(ListSays::Listed));
        assert_eq!(stage.entry(LIST).state(), ListState::Ok);
        assert_eq!(code(&stage, 1_000).await, ResponseCode::NXDomain);
    });
}

// After an outage, no client may ask the list for hours, and only a check of own mail does.
#[test]
fn operators_question_ends_silence() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        stage.serve(LIST, &[0, 1], WORKS);
        stage.servers(LIST).iter().for_each(|server| server.set_faults(&[Fault::Dead]));
        for number in 100..160 {
            code(&stage, number).await;
            pass(SECOND).await;
        }
        assert_eq!(stage.entry(LIST).state(), ListState::Silent);
        stage.servers(LIST).iter().for_each(|server| server.set_faults(&[]));
        pass(3_600 * SECOND).await;
        let question = Question::new(&name(&question(sender(7), LIST)), RecordType::A);
        let client = Client { address: Ipv4Addr::UNSPECIFIED.into(), port: 0, id: 0 };
        let asked = stage.simulation.resolver().ask_unmarked(question, client).await;
        let Asked::Replied(replied) = asked else { panic!() };
        assert_eq!(replied.answer.list.map(|mark| mark.says), Some(ListSays::Listed));
    });
}

#[test]
fn single_refusal_lasts_half_a_minute() {
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        stage.serve(LIST, &[0, 1], WORKS);
        assert_eq!(code(&stage, 1).await, ResponseCode::NXDomain);
        pass(SECOND).await;
        stage.serve(LIST, &[0, 1], REFUSES);
        assert_eq!(code(&stage, 7).await, ResponseCode::ServFail);
        stage.serve(LIST, &[0, 1], WORKS);
        pass(SECOND).await;
        assert_eq!(stage.entry(LIST).state(), ListState::Ok, "its probe was answered");
        pass(30 * SECOND).await;
        assert_eq!(code(&stage, 7).await, ResponseCode::NoError);
    });
}

#[test]
fn repaired_list_has_two_log_lines() {
    let text = Lines::from_work(tracing::Level::INFO, || {
        paused(async {
            let stage = Stage::new(&|_| String::new(), |_| {});
            refuse(&stage).await;
            stage.serve(LIST, &[0, 1], WORKS);
            for second in 0..1_000 {
                code(&stage, 1_000 + second % 4).await;
                pass(SECOND).await;
            }
        });
    });
    let told: Vec<&str> = text.lines().filter(|line| line.contains("zen.spamhaus.org")).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("refuses queries") && told[1].contains("works again after"), "{told:#?}");
}

// Mail software asks Spamhaus's list of domains about addresses in links. The list answers with a code of its own, and refuses nothing.
#[test]
fn wrong_question_is_no_refusal() {
    const DOMAINS: &str = "dbl.spamhaus.org.";
    paused(async {
        let stage = Stage::new(&|_| String::new(), |_| {});
        stage.serve(DOMAINS, &[0, 1], "* 900 A 127.0.1.255\nspam.test 60 A 127.0.1.2\n");
        for number in 0..4 {
            let reply = stage.ask(&question(sender(1_000 + number), DOMAINS)).await;
            assert_eq!(reply.message.metadata.response_code, ResponseCode::ServFail);
            pass(SECOND).await;
        }
        assert_ne!(stage.entry(DOMAINS).state(), ListState::Refusing);
        let listed = stage.ask("spam.test.dbl.spamhaus.org.").await;
        assert_eq!(listed.message.metadata.response_code, ResponseCode::NoError);
    });
}
