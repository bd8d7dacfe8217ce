use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::{Name, RecordType};

use super::*;
use crate::subject::ListName;
use dns::conduct::{Conduct, Transport};
use dns::question::Outcome::{Cache, Deadline, Failed, Remembered, Shed, Upstream};
use dns::question::{DnsResult, Outcome, is_within, wire_name};
use record::Recorded;
use record::culprit::CulpritKind as Kind;
use record::entry::{FlightEntry, MessageEntry, QuestionEntry};
use record::event::Shows;

const SECOND: u64 = 1_000_000;
const BEGIN: u64 = 1_795_165_200 * SECOND;

fn wire(text: &str) -> Arc<[u8]> {
    wire_name(&Name::from_ascii(text).unwrap()).into()
}

/// A query: time and duration in milliseconds, the last octet of the server's address, the zone, and the behaviour of the server.
type Sent = (u32, u32, u8, &'static str, Option<Conduct>);

/// A client's question: time and duration in milliseconds, name, outcome, and its queries to servers.
struct One {
    at: u64,
    elapsed: u64,
    name: &'static str,
    outcome: Outcome,
    shows: Option<Shows>,
    sent: Vec<Sent>,
    /// The last octet of the address of each faulty server, with its last behaviour.
    faults: Vec<(u8, Conduct)>,
    /// The index of the first query in each group of queries that ask for the same data.
    begins: Vec<usize>,
}

impl One {
    /// Returns the zone whose servers made the question fail. If a DNS list refused the query, the name is empty, because the servers of
    /// the list have answered.
    fn zone(&self) -> Arc<[u8]> {
        let asked = self.sent.last().filter(|_| self.shows != Some(Shows::List));
        asked.map(|sent| wire(sent.3)).unwrap_or_default()
    }
}

fn one(at: u64, elapsed: u64, name: &'static str, outcome: Outcome, sent: Vec<Sent>) -> One {
    let shows = (outcome == Outcome::Failed).then_some(Shows::NoHelp);
    One { at, elapsed, name, outcome, shows, sent, faults: Vec::new(), begins: vec![0] }
}

/// Returns the transport of a query. A query without an answer that follows a truncated answer of the same server was sent over TCP.
fn transport_of((at, _, server, _, conduct): &Sent, all: &[Sent]) -> Transport {
    let is_cut = |other: &Sent| other.2 == *server && other.0 < *at && other.4 == Some(Conduct::Truncated);
    match conduct {
        Some(Conduct::NoTcp) => Transport::Tcp,
        None | Some(Conduct::Silent) if all.iter().any(is_cut) => Transport::Tcp,
        _ => Transport::Udp,
    }
}

fn entries(id: usize, one: &One) -> (QuestionEntry, FlightEntry) {
    let (at, name) = (BEGIN + one.at * 1_000, wire(one.name));
    let message = |(place, sent): (usize, &Sent)| MessageEntry {
        at: sent.0 * 1_000,
        elapsed: sent.1 * 1_000,
        server: [192, 0, 2, sent.2].into(),
        zone: wire(sent.3),
        transport: transport_of(sent, &one.sent),
        conduct: sent.4,
        reason: if one.begins.contains(&place) { "first" } else { "retry" },
        depth: 0,
        keys: false,
    };
    let flight = FlightEntry {
        id: id as u64 + 1,
        began: at,
        elapsed: one.elapsed * 1_000,
        name: name.clone(),
        kind: RecordType::A,
        zone: one.zone(),
        shows: one.shows,
        why: if one.shows.is_some() { "it failed".into() } else { Box::default() },
        messages: one.sent.iter().enumerate().map(message).collect(),
        faults: one.faults.iter().map(|(last, conduct)| ([192, 0, 2, *last].into(), *conduct)).collect(),
        links: Vec::new(),
        list_fault: None,
        concluded_from: None,
    };
    let question = QuestionEntry {
        name,
        kind: RecordType::A,
        client: [127, 0, 0, 1].into(),
        port: 0,
        transport: None,
        view: 0,
        at,
        outcome: one.outcome,
        elapsed: one.elapsed * 1_000,
        flight: (!one.sent.is_empty() || one.shows.is_some()).then_some(flight.id),
        error: Box::default(),
        code: None,
        user: None,
        result: DnsResult::Unknown,
        stored: false,
    };
    (question, flight)
}

/// Returns the kinds and zones of the culprits. `around`: other traffic at the same time.
fn judged(asked: &[One], around: &[One]) -> Vec<(CulpritKind, String)> {
    judged_in(asked, around, (&[], &[]))
}

/// The periods in which the network of this host was down, and those in which it lost packets. Each has its start and its end, in milliseconds.
type NetworkFaults<'t> = (&'t [(u64, u64)], &'t [(u64, u64)]);

fn judged_in(asked: &[One], around: &[One], faults: NetworkFaults<'_>) -> Vec<(CulpritKind, String)> {
    let entries = |ones: &[One], from: usize| -> Vec<_> {
        ones.iter().enumerate().map(|(id, one)| entries(from + id, one)).collect()
    };
    let (own, other) = (entries(asked, 0), entries(around, 1_000));
    let flights: Vec<FlightEntry> = own.iter().chain(&other).map(|(_, flight)| flight.clone()).collect();
    let list = wire("list.example.");
    let asked: Vec<ExplainedQuestion<'_>> = own
        .iter()
        .map(|(question, flight)| ExplainedQuestion {
            question,
            list: is_within(&question.name, &list).then_some(ListName {
                apex: list.len(),
                keyed: false,
                refuses: false,
            }),
            flight: question.flight.map(|_| flight),
        })
        .collect();
    let verdict = judge(&asked, &traffic_of(flights, faults));
    assert!(verdict.waited <= verdict.took);
    let zone = |zone: &[u8]| match zone {
        [] => String::new(),
        zone => dns::question::name_of_wire(zone).to_string(),
    };
    verdict.causes.iter().map(|cause| (cause.kind, zone(&cause.zone))).collect()
}

fn traffic_of(flights: Vec<FlightEntry>, (outages, losses): NetworkFaults<'_>) -> Traffic {
    let dated = |spans: &[(u64, u64)]| {
        spans.iter().map(|(since, until)| (BEGIN + since * 1_000, BEGIN + until * 1_000)).collect()
    };
    let (outages, losses) = (dated(outages), dated(losses));
    Traffic::from_recorded(
        &Recorded { flights, outages, losses, ..Recorded::default() },
        Duration::from_secs(1),
    )
}

const OK: Option<Conduct> = Some(Conduct::Answered);
const SILENT: Option<Conduct> = Some(Conduct::Silent);

/// Returns questions for another zone whose server answers all the time.
fn healthy() -> Vec<One> {
    let answered = |at| one(at, 20, "fine.test.", Outcome::Upstream, vec![(0, 20, 99, "test.", OK)]);
    (0..200).map(|number| answered(number * 50)).collect()
}

/// A test case: its name, the questions of a message, and the expected culprits with their zones.
type Case = (&'static str, Vec<One>, &'static [(Kind, &'static str)]);

/// A question that was answered after `elapsed` milliseconds.
fn up(elapsed: u64, sent: Vec<Sent>) -> One {
    one(0, elapsed, "a.example.", Upstream, sent)
}

/// A question that failed after `elapsed` milliseconds.
fn lost(elapsed: u64, sent: Vec<Sent>) -> One {
    one(0, elapsed, "a.example.", Failed, sent)
}

fn list(outcome: Outcome, elapsed: u64, sent: Vec<Sent>) -> One {
    one(0, elapsed, "2.0.0.127.list.example.", outcome, sent)
}

fn fault(conduct: Conduct) -> Vec<Sent> {
    vec![(0, 20, 1, "example.", Some(conduct))]
}

/// Returns messages with servers that are silent, slow or have another fault, each with the expected culprits.
fn of_servers() -> Vec<Case> {
    let bogus = One { shows: Some(Shows::Bogus), ..lost(60, vec![(0, 20, 1, "example.", OK)]) };
    vec![
        ("nothing", vec![up(20, vec![(0, 20, 1, "example.", OK)])], &[(Kind::None, "")]),
        ("from the cache", vec![one(0, 0, "a.example.", Cache, vec![])], &[(Kind::None, "")]),
        (
            "a silent zone",
            vec![lost(4_000, vec![(0, 4_000, 1, "example.", SILENT), (400, 3_600, 2, "example.", None)])],
            &[(Kind::ServerSilent, "example.")],
        ),
        (
            "one of two is silent",
            vec![up(720, vec![(0, 720, 1, "example.", None), (700, 20, 2, "example.", OK)])],
            &[(Kind::ServerSilent, "example.")],
        ),
        (
            "the loser of a race",
            vec![up(20, vec![(0, 20, 1, "example.", None), (0, 20, 2, "example.", OK)])],
            &[(Kind::None, "")],
        ),
        (
            "the slower of a race",
            vec![up(1_800, vec![(0, 1_800, 1, "example.", None), (0, 1_800, 2, "example.", OK)])],
            &[(Kind::ServerSlow, "example.")],
        ),
        ("slow", vec![up(1_800, vec![(0, 1_800, 1, "example.", OK)])], &[(Kind::ServerSlow, "example.")]),
        (
            "too slow",
            vec![one(0, 4_000, "a.example.", Deadline, vec![(0, 4_000, 1, "example.", None)])],
            &[(Kind::ServerSilent, "example.")],
        ),
        ("refused", vec![lost(20, fault(Conduct::Refused))], &[(Kind::ServerRefused, "example.")]),
        ("lame", vec![lost(20, fault(Conduct::Lame))], &[(Kind::ServerLame, "example.")]),
        ("SERVFAIL", vec![lost(20, fault(Conduct::ServFail))], &[(Kind::ServerFailed, "example.")]),
        ("a closed port", vec![lost(20, fault(Conduct::Unreachable))], &[(Kind::Unreachable, "example.")]),
        ("no route", vec![lost(20, fault(Conduct::NotSent))], &[(Kind::Unreachable, "example.")]),
        (
            "no TCP",
            vec![lost(
                60,
                vec![
                    (0, 20, 1, "example.", Some(Conduct::Truncated)),
                    (20, 20, 1, "example.", Some(Conduct::NoTcp)),
                ],
            )],
            &[(Kind::Truncated, "example.")],
        ),
        ("bogus", vec![bogus], &[(Kind::Bogus, "example.")]),
    ]
}

/// Returns cases with servers that truncate answers, and do not answer over TCP.
fn of_silence_over_tcp() -> Vec<Case> {
    const CUT: Option<Conduct> = Some(Conduct::Truncated);
    let faulty = |conduct, sent| One { faults: vec![(1, conduct)], ..lost(4_000, sent) };
    let later = || {
        vec![
            (0, 20, 1, "example.", CUT),
            (20, 3_980, 1, "example.", None),
            (420, 20, 1, "example.", CUT),
            (2_000, 2_000, 1, "example.", SILENT),
        ]
    };
    let deadline = One { shows: None, ..one(0, 4_000, "a.example.", Deadline, later()) };
    let faults = vec![(1, Conduct::Truncated)];
    let known = One { faults, ..lost(20, vec![(0, 20, 1, "example.", CUT)]) };
    vec![
        ("TCP is silent", faulty(Conduct::Silent, later())),
        ("TCP is silent, and the walk knows it", faulty(Conduct::NoTcp, later())),
        ("TCP is silent until the client's deadline", deadline),
        ("truncated, and known not to take TCP", known),
    ]
    .into_iter()
    .map(|(what, one)| (what, vec![one], &[(Kind::Truncated, "example.")][..]))
    .collect()
}

fn of_lists() -> Vec<Case> {
    let refusal = One { shows: Some(Shows::List), ..list(Failed, 30, vec![(0, 20, 1, "list.example.", OK)]) };
    vec![
        (
            "a silent list",
            vec![list(Failed, 4_000, vec![(0, 4_000, 1, "list.example.", SILENT)])],
            &[(Kind::ListSilent, "list.example.")],
        ),
        (
            "a slow list",
            vec![list(Upstream, 900, vec![(0, 900, 1, "list.example.", OK)])],
            &[(Kind::ListSlow, "list.example.")],
        ),
        (
            "a refusing list",
            vec![list(Failed, 20, vec![(0, 20, 1, "list.example.", Some(Conduct::Refused))])],
            &[(Kind::ListRefused, "list.example.")],
        ),
        ("a list that says that it refuses", vec![refusal], &[(Kind::ListRefused, "list.example.")]),
        (
            "the parent of a list",
            vec![list(Failed, 4_000, vec![(0, 4_000, 1, "example.", SILENT)])],
            &[(Kind::ServerSilent, "example.")],
        ),
        (
            "a list whose answer is of no use for another reason",
            vec![list(Failed, 20, vec![(0, 20, 1, "list.example.", OK)])],
            &[(Kind::Unknown, "list.example.")],
        ),
    ]
}

/// Returns the cases of servers whose behaviour changes. The last behaviour decides about the culprit.
fn of_last_words() -> Vec<Case> {
    vec![
        (
            "loss",
            vec![
                up(20, vec![(0, 20, 1, "example.", OK)]),
                one(
                    30,
                    600,
                    "b.example.",
                    Upstream,
                    vec![(0, 580, 1, "example.", SILENT), (580, 20, 1, "example.", OK)],
                ),
            ],
            &[(Kind::Loss, "example.")],
        ),
        (
            "a server that has a last word",
            vec![lost(
                420,
                vec![(0, 400, 1, "example.", SILENT), (400, 20, 1, "example.", Some(Conduct::Refused))],
            )],
            &[(Kind::ServerRefused, "example.")],
        ),
        (
            "two servers with different faults",
            vec![lost(
                400,
                vec![(0, 400, 1, "example.", SILENT), (0, 20, 2, "example.", Some(Conduct::Refused))],
            )],
            &[(Kind::ServerSilent, "example."), (Kind::ServerRefused, "example.")],
        ),
        (
            "a message that was on its way is no silence",
            vec![lost(
                60,
                vec![(0, 20, 1, "example.", Some(Conduct::Refused)), (20, 40, 2, "example.", None)],
            )],
            &[(Kind::ServerRefused, "example.")],
        ),
    ]
}

/// Cases with servers that did not answer a query, but answered the next one.
fn of_next_answers() -> Vec<Case> {
    vec![
        (
            "a server that answers the same query again has not been silent",
            vec![up(600, vec![(0, 580, 1, "example.", SILENT), (580, 20, 1, "example.", OK)])],
            &[(Kind::Loss, "example.")],
        ),
        (
            "a server that answers a query in a simpler form may not answer the usual one",
            vec![up(
                700,
                vec![
                    (0, 680, 1, "example.", SILENT),
                    (300, 380, 1, "example.", SILENT),
                    (680, 20, 1, "example.", OK),
                ],
            )],
            &[(Kind::Unknown, "example.")],
        ),
        (
            "a server that answers another query of the walk may not answer this one",
            vec![One {
                begins: vec![0, 1],
                ..up(600, vec![(0, 580, 1, "example.", SILENT), (580, 20, 1, "example.", OK)])
            }],
            &[(Kind::ServerSilent, "example.")],
        ),
        (
            "the answer that ended the wait came behind a silence of its own server",
            vec![up(
                600,
                vec![
                    (0, 600, 1, "example.", None),
                    (20, 560, 2, "example.", SILENT),
                    (300, 300, 1, "example.", None),
                    (580, 20, 2, "example.", OK),
                ],
            )],
            &[(Kind::Loss, "example.")],
        ),
        (
            "it came behind several",
            vec![up(
                900,
                vec![
                    (0, 900, 1, "example.", None),
                    (20, 860, 2, "example.", SILENT),
                    (300, 580, 2, "example.", SILENT),
                    (300, 600, 1, "example.", None),
                    (880, 20, 2, "example.", OK),
                ],
            )],
            &[(Kind::Unknown, "example.")],
        ),
        (
            "a server that was silent after its answer has not answered again",
            vec![lost(600, vec![(0, 20, 1, "example.", OK), (20, 580, 1, "example.", SILENT)])],
            &[(Kind::ServerSilent, "example.")],
        ),
    ]
}

/// Messages with several questions, or without queries to servers.
fn of_messages() -> Vec<Case> {
    vec![
        ("shed", vec![one(0, 0, "a.example.", Shed, vec![])], &[(Kind::Overload, "")]),
        (
            "failed before, and nobody knows why",
            vec![one(0, 0, "a.example.", Remembered, vec![])],
            &[(Kind::Unknown, "a.example.")],
        ),
        (
            "the client sleeps",
            vec![
                up(20, vec![(0, 20, 1, "example.", OK)]),
                one(1_900, 20, "b.example.", Upstream, vec![(0, 20, 1, "example.", OK)]),
            ],
            &[(Kind::Client, "")],
        ),
        (
            "a failure that the client sleeps after",
            vec![
                lost(20, fault(Conduct::ServFail)),
                one(2_000, 20, "b.example.", Upstream, vec![(0, 20, 1, "example.", OK)]),
            ],
            &[(Kind::ServerFailed, "example."), (Kind::Client, "")],
        ),
        (
            "in parallel only the last one delays",
            vec![
                up(1_000, vec![(0, 1_000, 1, "example.", OK)]),
                one(0, 1_500, "b.test.", Upstream, vec![(0, 1_500, 2, "test.", OK)]),
            ],
            &[(Kind::ServerSlow, "test.")],
        ),
        (
            "two that cost the same",
            vec![
                up(1_000, vec![(0, 1_000, 1, "example.", OK)]),
                one(1_000, 1_000, "b.test.", Upstream, vec![(0, 1_000, 2, "test.", OK)]),
            ],
            &[(Kind::ServerSlow, "test."), (Kind::ServerSlow, "example.")],
        ),
    ]
}

/// Returns messages with a failed question, and with a second failure or a slow answer, each with the expected culprits.
fn of_failures() -> Vec<Case> {
    vec![
        (
            "two failures of different domains, and nobody knows why",
            vec![
                one(0, 0, "a.example.", Remembered, vec![]),
                One { shows: Some(Shows::NoHelp), ..one(0, 20, "b.test.", Failed, vec![]) },
            ],
            &[(Kind::Unknown, "a.example."), (Kind::Unknown, "b.test.")],
        ),
        (
            "a failure costs more than a slow answer, which took most of the time",
            vec![
                up(1_800, vec![(0, 1_800, 1, "example.", OK)]),
                one(1_800, 20, "b.test.", Failed, vec![(0, 20, 2, "test.", Some(Conduct::Refused))]),
            ],
            &[(Kind::ServerRefused, "test."), (Kind::ServerSlow, "example.")],
        ),
        (
            "a failure, and an answer that took less than half of the time",
            vec![
                up(800, vec![(0, 800, 1, "example.", OK)]),
                one(800, 1_000, "b.test.", Failed, vec![(0, 1_000, 2, "test.", Some(Conduct::Refused))]),
            ],
            &[(Kind::ServerRefused, "test.")],
        ),
    ]
}

/// Returns the cases of failed queries to DNS lists, which defer no mail.
fn of_failed_lists() -> Vec<Case> {
    vec![
        (
            "a list that failed at once has not delayed the mail",
            vec![
                up(1_200, vec![(0, 1_200, 1, "example.", OK)]),
                One {
                    at: 1_200,
                    ..list(Failed, 1, vec![(0, 1, 2, "list.example.", Some(Conduct::Refused))])
                },
            ],
            &[(Kind::ServerSlow, "example."), (Kind::ListRefused, "list.example.")],
        ),
        (
            "a list that failed after a wait has",
            vec![
                up(800, vec![(0, 800, 1, "example.", OK)]),
                One { at: 800, ..list(Failed, 4_000, vec![(0, 4_000, 2, "list.example.", SILENT)]) },
            ],
            &[(Kind::ListSilent, "list.example.")],
        ),
        (
            "a list that failed at once, and a client that waited",
            vec![
                list(Failed, 20, vec![(0, 20, 2, "list.example.", Some(Conduct::Refused))]),
                one(2_000, 20, "b.example.", Upstream, vec![(0, 20, 1, "example.", OK)]),
            ],
            &[(Kind::ListRefused, "list.example."), (Kind::Client, "")],
        ),
    ]
}

#[test]
fn each_fault_has_its_culprit() {
    let of_silence = [of_silence_over_tcp(), of_last_words(), of_next_answers()];
    let others = [of_servers(), of_lists(), of_messages(), of_failures(), of_failed_lists()];
    for (what, asked, expected) in others.into_iter().chain(of_silence).flatten() {
        let expected: Vec<(Kind, String)> =
            expected.iter().map(|(kind, zone)| (*kind, (*zone).to_owned())).collect();
        assert_eq!(judged(&asked, &healthy()), expected, "{what}");
    }
}

#[test]
fn outage_needs_silent_root_servers() {
    let silent = || one(0, 4_000, "a.example.", Outcome::Failed, vec![(0, 4_000, 1, "example.", SILENT)]);
    let other = || one(10, 4_000, "b.test.", Outcome::Failed, vec![(0, 4_000, 2, "test.", SILENT)]);
    let within = |outages: &[(u64, u64)]| judged_in(&[silent()], &[other()], (outages, &[]))[0].0;
    assert_eq!(within(&[]), CulpritKind::ServerSilent, "nothing else was asked");
    assert_eq!(within(&[(0, 60_000)]), CulpritKind::Network);
    assert_eq!(within(&[(500, 60_000)]), CulpritKind::ServerSilent, "it was sent before");
}

#[test]
fn own_loss_blames_no_zone() {
    let waits = |number| {
        one(
            0,
            900,
            "a.example.",
            Upstream,
            vec![(0, 880, number, "example.", SILENT), (880, 20, 1, "example.", OK)],
        )
    };
    let answers = || up(5_000, vec![(5_000, 20, 2, "example.", OK)]);
    let within = |asked: One, losses: &[(u64, u64)]| judged_in(&[asked], &[answers()], (&[], losses));
    let ours = [(CulpritKind::NetworkLossy, String::new())];
    assert_eq!(within(waits(1), &[(0, 60_000)]), ours);
    assert_eq!(within(waits(2), &[(0, 60_000)]), ours);
    assert_eq!(within(waits(1), &[(500, 60_000)])[0].0, CulpritKind::Loss, "it was sent before");
    assert_eq!(within(waits(3), &[(0, 60_000)])[0].0, CulpritKind::ServerSilent, "it never answers");
    let slow = one(0, 1_500, "a.example.", Upstream, vec![(0, 1_500, 1, "example.", OK)]);
    assert_eq!(within(slow, &[(0, 60_000)])[0].0, CulpritKind::ServerSlow, "it answered");
}

#[test]
fn unusual_query_answer_is_no_loss() {
    let silence = || vec![(0, 580, 1, "example.", SILENT), (580, 20, 1, "example.", OK)];
    let asked = || {
        [
            one(0, 20, "a.example.", Outcome::Upstream, vec![(0, 20, 1, "example.", OK)]),
            one(30, 600, "b.example.", Outcome::Upstream, silence()),
        ]
    };
    let kind_for = |reason: &'static str, transport: Transport| {
        let entries = asked().iter().enumerate().map(|(id, one)| entries(id, one)).collect::<Vec<_>>();
        let flights: Vec<FlightEntry> = entries
            .iter()
            .map(|(_, flight)| {
                let mut flight = flight.clone();
                for message in flight.messages.iter_mut().filter(|message| message.conduct == OK) {
                    (message.reason, message.transport) = (reason, transport);
                }
                flight
            })
            .collect();
        let asked: Vec<ExplainedQuestion<'_>> = entries
            .iter()
            .zip(&flights)
            .map(|((question, _), flight)| ExplainedQuestion { question, list: None, flight: Some(flight) })
            .collect();
        judge(&asked, &traffic_of(flights.clone(), (&[], &[]))).causes[0].kind
    };
    assert_eq!(kind_for("first", Transport::Udp), CulpritKind::Loss);
    assert_eq!(kind_for("without_edns", Transport::Udp), CulpritKind::ServerSilent);
    assert_eq!(kind_for("own_case", Transport::Udp), CulpritKind::ServerSilent);
    assert_eq!(kind_for("first", Transport::Tcp), CulpritKind::ServerSilent);
}

#[test]
fn silent_server_is_not_lossy() {
    let at = |at: u64, conduct: Option<Conduct>| {
        let (outcome, elapsed) = if conduct == OK { (Upstream, 20) } else { (Failed, 1_700) };
        let sent = vec![(0, elapsed, 1, "list.example.", conduct)];
        one(at, u64::from(elapsed), "2.0.0.127.list.example.", outcome, sent)
    };
    let kind_of = |own: u64, silent: &[u64], answered: &[u64]| {
        let silent = silent.iter().map(|moment| at(*moment, SILENT));
        let around: Vec<One> = silent.chain(answered.iter().map(|moment| at(*moment, OK))).collect();
        judged(&[at(own, SILENT)], &around)[0].0
    };
    let silence = [1_000, 1_200, 1_400, 1_600, 7_000];
    for own in [1_000, 7_000] {
        assert_eq!(kind_of(own, &silence, &[500, 900, 15_000]), Kind::ListSilent, "at {own} ms");
        assert_eq!(kind_of(own, &silence, &[500, 900]), Kind::ListSilent, "at {own} ms, without an end");
    }
    assert_eq!(kind_of(1_000, &[], &[900, 15_000]), Kind::ListSilent, "no answer near");
    assert_eq!(kind_of(1_000, &[], &[900, 6_000]), Kind::Loss, "one query alone");
    assert_eq!(kind_of(1_000, &[1_200, 1_400, 1_600], &[900, 2_800]), Kind::Loss, "a burst");
}

#[test]
fn cached_list_failure_follows_list_state() {
    let asked = One { shows: None, ..one(0, 0, "2.0.0.127.list.example.", Remembered, Vec::new()) };
    let (question, _) = entries(0, &asked);
    let list = |refuses| Some(ListName { apex: wire("list.example.").len(), keyed: false, refuses });
    for (list, kind) in
        [(list(false), Kind::ListSilent), (list(true), Kind::ListRefused), (None, Kind::Unknown)]
    {
        let asked = ExplainedQuestion { question: &question, list, flight: None };
        assert_eq!(judge(&[asked], &traffic_of(Vec::new(), (&[], &[]))).causes[0].kind, kind);
    }
}

#[test]
fn shorter_slow_time_explains_shorter_delays() {
    let kind_of = |slow: Duration| {
        let (question, flight) = entries(0, &up(150, vec![(0, 150, 1, "example.", OK)]));
        let traffic =
            Traffic::from_recorded(&Recorded { flights: vec![flight.clone()], ..Recorded::default() }, slow);
        judge(&[ExplainedQuestion { question: &question, list: None, flight: Some(&flight) }], &traffic)
            .causes[0]
            .kind
    };
    assert_eq!(kind_of(Duration::from_millis(100)), Kind::ServerSlow);
    assert_eq!(kind_of(Duration::from_millis(200)), Kind::None);
    assert_eq!(kind_of(Duration::from_secs(60)), Kind::None);
}
