//! The screen of `resolverctl trace`.

use std::time::Duration;

use crate::render::{both, lines, query, record};
use dns::conduct::{Conduct, Transport};
use dns::question::{Outcome, Security};
use protocol::Reply;
use record::event::{DsFact, DsSource, KeyFact, Step, StepEvent};
use resolverctl::render::{Style, trace};
use validate::verdict::SecurityStatus;

pub(super) fn step(at_micros: u64, depth: u8, event: StepEvent) -> Step {
    Step { at: Duration::from_micros(at_micros).as_secs_f64(), depth, event }
}

fn question(name: &str) -> StepEvent {
    StepEvent::Question { name: name.to_owned(), kind: "A".to_owned() }
}

fn sent(server: &str, reason: &str) -> StepEvent {
    let of_the_zone = server == "192.0.2.53";
    StepEvent::Sent {
        server: server.to_owned(),
        transport: Transport::Udp,
        name: of_the_zone.then(|| "mail.example.".to_owned()),
        kind: of_the_zone.then(|| "A".to_owned()),
        reason: reason.to_owned(),
        usual: of_the_zone.then_some(0.0118),
    }
}

fn received(server: &str, (conduct, round_trip): (Conduct, f64), said: &str) -> StepEvent {
    StepEvent::Received { server: server.to_owned(), conduct, round_trip, said: said.to_owned() }
}

fn unanswered(server: &str, waited: f64) -> StepEvent {
    StepEvent::Unanswered { server: server.to_owned(), waited }
}

fn ended(result: &str) -> StepEvent {
    StepEvent::Ended { result: result.to_owned() }
}

/// Returns the steps from the query to the referral to the zone mail.example.
fn referred() -> Vec<Step> {
    let referral = "referral to mail.example. (servers: 3, addresses: 0)";
    vec![
        step(0, 0, question("www.mail.example.")),
        step(100, 0, StepEvent::Cut { zone: "example.".to_owned(), addresses: 1 }),
        step(110, 0, StepEvent::Probe { name: "mail.example.".to_owned() }),
        step(120, 0, sent("192.0.2.53", "first")),
        step(12_400, 0, received("192.0.2.53", (Conduct::Answered, 0.0123), referral)),
        step(12_410, 0, StepEvent::Referral { zone: "mail.example.".to_owned() }),
    ]
}

/// Returns the steps in which the addresses of three servers are looked up. The first two look-ups fail.
fn looked_up() -> Vec<Step> {
    vec![
        step(12_500, 1, question("ns.elsewhere.example.")),
        step(12_600, 1, sent("198.51.100.1", "first")),
        step(112_600, 1, unanswered("198.51.100.1", 0.1)),
        step(112_700, 1, sent("198.51.100.2", "retry")),
        step(412_600, 1, received("198.51.100.1", (Conduct::Silent, 0.4), "timeout")),
        step(412_700, 1, received("198.51.100.2", (Conduct::Silent, 0.3), "timeout")),
        step(412_800, 1, ended("SERVFAIL: no server answered")),
        step(412_900, 1, question("ns.other.example.")),
        step(413_000, 1, sent("198.51.100.3", "first")),
        step(424_000, 1, received("198.51.100.3", (Conduct::Answered, 0.011), "1 record")),
        step(424_100, 1, ds("other.example.", vec![20_326], DsSource::Parent)),
        step(424_200, 1, keys("other.example.", None)),
        step(424_300, 1, checked("other.example.", SecurityStatus::Bogus, Some("the signature has expired"))),
        step(424_400, 1, ended("SERVFAIL: DNSSEC validation failed (bogus)")),
        step(424_500, 1, question("ns.partner.example.")),
        step(424_600, 1, sent("203.0.113.1", "first")),
        step(824_600, 1, received("203.0.113.1", (Conduct::Silent, 0.4), "timeout")),
        step(824_700, 1, StepEvent::ForwardersFailed { zone: "partner.example.".to_owned() }),
        step(824_800, 1, sent("198.51.100.4", "first")),
        step(836_800, 1, received("198.51.100.4", (Conduct::Answered, 0.012), "1 record")),
        step(836_900, 1, ended("NOERROR, 1 record")),
    ]
}

/// Returns the steps for a reply of the server, from which resolverd removes records.
fn answered() -> Vec<Step> {
    let texts = |records: [&str; 2]| records.map(str::to_owned).to_vec();
    let foreign = texts(["www.bank.example. A 192.0.2.66", "bank.example. NS ns.mail.example."]);
    let private = texts(["mx.mail.example. A 10.0.0.1", "mx.mail.example. A 10.0.0.2"]);
    vec![
        step(837_000, 0, sent("192.0.2.54", "first")),
        step(849_000, 0, received("192.0.2.54", (Conduct::Answered, 0.012), "10 records")),
        step(849_000, 0, StepEvent::Scrubbed { dropped: 2, records: foreign }),
        step(849_100, 0, StepEvent::Alias { target: "mx.mail.example.".to_owned() }),
        step(849_200, 0, StepEvent::PrivateRemoved { dropped: 6, records: private }),
    ]
}

pub(super) fn ds(zone: &str, tags: Vec<u16>, from: DsSource) -> StepEvent {
    let records = tags.into_iter().map(|tag| DsFact { tag, algorithm: 8, digest: 2 }).collect();
    StepEvent::Ds { zone: zone.to_owned(), records, from }
}

pub(super) fn keys(zone: &str, server: Option<&str>) -> StepEvent {
    let records = [(20_326, 257), (5_613, 256)];
    let records = records.map(|(tag, flags)| KeyFact { tag, algorithm: 8, flags }).into();
    StepEvent::Dnskey { zone: zone.to_owned(), records, server: server.map(str::to_owned) }
}

pub(super) fn checked(zone: &str, state: SecurityStatus, why: Option<&str>) -> StepEvent {
    StepEvent::Checked { subject: zone.to_owned(), state, why: why.map(str::to_owned) }
}

/// Returns the steps for the chain of trust, and the end of the resolution.
fn validated() -> Vec<Step> {
    let dnskey = StepEvent::Question { name: "example.".to_owned(), kind: "DNSKEY".to_owned() };
    let asked = StepEvent::Sent {
        server: "192.0.2.53".to_owned(),
        transport: Transport::Udp,
        name: None,
        kind: None,
        reason: "first".to_owned(),
        usual: Some(0.0118),
    };
    vec![
        step(849_300, 0, ds("example.", vec![20_326], DsSource::Anchor)),
        step(849_400, 1, dnskey),
        step(849_500, 1, asked),
        step(861_500, 1, received("192.0.2.53", (Conduct::Answered, 0.012), "2 records")),
        step(861_600, 1, ended("NOERROR, 2 records")),
        step(861_700, 0, keys("example.", Some("192.0.2.53"))),
        step(861_800, 0, checked("example.", SecurityStatus::Secure, None)),
        step(861_900, 0, ds("mail.example.", vec![], DsSource::Parent)),
        step(862_000, 0, checked("mail.example.", SecurityStatus::Insecure, None)),
        step(862_100, 0, ended("NOERROR, 2 records")),
    ]
}

#[test]
fn a_trace() {
    let alias = record("www.mail.example.", 60, "CNAME", "mx.mail.example.");
    let address = record("mx.mail.example.", 60, "A", "192.0.2.25");
    let mut reply = query("A", "NOERROR", Outcome::Upstream, vec![alias, address]);
    reply.name = "www.mail.example.".to_owned();
    reply.elapsed = 0.8621;
    reply.security = Security::Insecure;
    let steps = [referred(), looked_up(), answered(), validated()].concat();
    let text: String = steps.iter().map(|step| trace::step(step, false, Style::Plain)).collect();
    let text = text + &trace::end(&reply, true, false, Style::Plain);
    let mut replies: Vec<Reply> = steps.into_iter().map(Reply::Step).collect();
    replies.push(Reply::Query(Box::new(reply)));
    both("trace", &text, &lines(&replies));
}

/// A trace with `--fresh` begins with an empty cache. So its text does not say what the cache contained.
#[test]
fn fresh_trace_mentions_no_cache() {
    let records = vec![KeyFact { tag: 20_326, algorithm: 8, flags: 257 }];
    let events = [
        StepEvent::Memory { found: "local zone example.".to_owned() },
        StepEvent::Dnskey { zone: ".".to_owned(), records, server: None },
    ];
    let step = |event| trace::step(&Step { at: 0.0, depth: 0, event }, true, Style::Plain);
    let steps: String = events.map(step).concat();
    let reply = query("A", "NXDOMAIN", Outcome::Cache, Vec::new());
    let text = steps + &trace::end(&reply, true, true, Style::Plain);
    assert!(text.contains("note      local zone example.\n"), "{text}");
    assert!(text.contains("flags 257), already known in this trace\n"), "{text}");
    assert!(text.contains("NXDOMAIN, known without a server in"), "{text}");
    assert!(!text.contains("cache"), "{text}");
}
