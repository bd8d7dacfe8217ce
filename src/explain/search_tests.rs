use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::rr::{Name, RecordType};

use super::*;
use crate::culprit::DecisiveTime;
use crate::limits::FAILURE_COST;
use crate::subject::ListName;
use dns::clock::micros;
use dns::conduct::{Conduct, Transport};
use dns::question::{Outcome, wire_name};
use record::culprit::CulpritKind;
use record::entry::{FlightEntry, MessageEntry};
use record::event::Shows;

const MILLI: u64 = 1_000;
const SECOND: u64 = 1_000_000;

/// The date 2026-11-20 09:12:00 UTC.
const BEGIN: u64 = 1_795_165_920_000_000;

fn wire(text: &str) -> Arc<[u8]> {
    wire_name(&Name::from_ascii(text).unwrap()).into()
}

/// Creates a question for an A record. `client` is the last octet of the client's address; each client has only one email. Times are in
/// microseconds.
fn question(client: u8, at: u64, elapsed: u64, name: &str) -> QuestionEntry {
    let outcome = if elapsed == 0 { Outcome::Cache } else { Outcome::Upstream };
    QuestionEntry {
        outcome,
        elapsed,
        ..QuestionEntry::hit(wire(name), RecordType::A, [192, 0, 2, client].into(), 0, BEGIN + at)
    }
}

fn flight(of: &mut QuestionEntry, id: u64, server: u8, conduct: Conduct) -> FlightEntry {
    of.flight = Some(id);
    let failed = !conduct.came_back();
    if failed {
        (of.outcome, of.error) = (Outcome::Failed, "no server answered".into());
    }
    let message = MessageEntry {
        at: 0,
        elapsed: u32::try_from(of.elapsed).unwrap(),
        server: [198, 18, 0, server].into(),
        zone: wire("example."),
        transport: Transport::Udp,
        conduct: Some(conduct),
        reason: "first",
        depth: 0,
        keys: false,
    };
    FlightEntry {
        name: Arc::clone(&of.name),
        kind: of.kind,
        zone: wire("example."),
        shows: failed.then_some(Shows::Silence),
        messages: vec![message],
        ..FlightEntry::blank(id, of.at, of.elapsed)
    }
}

/// Returns the history of three emails: one was quick, one took three seconds, and one failed within a second.
fn three_messages() -> Recorded {
    let mut questions = vec![
        question(1, 0, 10 * MILLI, "quick.example."),
        question(2, SECOND, 3 * SECOND, "slow.example."),
        question(3, 2 * SECOND, SECOND, "failed.example."),
    ];
    let conducts = [Conduct::Answered, Conduct::Answered, Conduct::Silent];
    let flights = questions
        .iter_mut()
        .zip(conducts)
        .zip(1..)
        .map(|((one, conduct), id)| flight(one, u64::from(id), id, conduct));
    let flights = flights.collect();
    Recorded { questions, flights, begin: Some(BEGIN), ..Recorded::default() }
}

fn all() -> Wanted {
    Wanted { subject: None, from: 0, to: u64::MAX, client: None, most: 20, decisive: None }
}

fn of_name(name: &str) -> Wanted {
    Wanted { subject: Some(WantedSubject::Name((*wire(name)).into())), ..all() }
}

fn list(name: &[u8]) -> Option<ListName> {
    let apex = wire("list.test.");
    name.ends_with(&apex).then_some(ListName { apex: apex.len(), keyed: false, refuses: false })
}

fn found(recorded: &Recorded, wanted: &Wanted) -> Vec<MessageReport> {
    let facts = DaemonFacts { list: &list, ..DaemonFacts::default() };
    let recorded = recorded.clone().interned().in_order();
    why(&recorded, std::slice::from_ref(wanted), &facts, &|| false).remove(0)
}

fn names(found: &[MessageReport]) -> Vec<&str> {
    found.iter().map(|message| message.questions.first().map_or("", |one| &one.name)).collect()
}

// Without a subject the longest wait comes first.
#[test]
fn subject_search_prefers_failures() {
    assert!(micros(FAILURE_COST) > 3 * SECOND);
    let recorded = three_messages();
    let by_cost = ["failed.example.", "slow.example.", "quick.example."];
    let by_wait = ["slow.example.", "failed.example.", "quick.example."];
    for most in 1..=3 {
        let found_of = |wanted: Wanted| found(&recorded, &Wanted { most, ..wanted });
        assert_eq!(names(&found_of(of_name("example."))), by_cost[..most], "{most}");
        assert_eq!(names(&found_of(all())), by_wait[..most], "{most}");
    }
}

#[test]
fn latest_bogus_failure_comes_first() {
    let mut questions = vec![
        question(1, 0, 9 * SECOND, "slow.example."),
        question(2, 20 * SECOND, 2 * SECOND, "first.example."),
        question(3, 30 * SECOND, SECOND, "last.example."),
    ];
    let mut flights: Vec<FlightEntry> = Vec::new();
    for (one, id) in questions.iter_mut().zip(1..) {
        flights.push(flight(one, u64::from(id), id, Conduct::Answered));
    }
    let mut fail = |at: usize, shows: Shows| {
        (questions[at].outcome, questions[at].error) = (Outcome::Failed, "it failed".into());
        flights[at].shows = Some(shows);
    };
    fail(1, Shows::Bogus);
    fail(2, Shows::Bogus);
    let mut recorded = Recorded { questions, flights, begin: Some(BEGIN), ..Recorded::default() };
    let found_of = |recorded: &Recorded, most| {
        names(&found(recorded, &Wanted { most, ..of_name("example.") })).join(" ")
    };
    for (most, expected) in [(3, "last.example. first.example. slow.example."), (1, "last.example.")] {
        assert_eq!(found_of(&recorded, most), expected);
    }
    // A later failure with another cause shows that this is over.
    recorded.flights[2].shows = Some(Shows::NoHelp);
    assert_eq!(found_of(&recorded, 1), "slow.example.");
}

#[test]
fn insecurity_reason_explains_no_delay() {
    let error_of = |outcome: Outcome, code: u16| {
        let asked = question(1, 0, 3 * SECOND, "slow.example.");
        let asked = QuestionEntry { outcome, error: "the reason".into(), code: Some(code), ..asked };
        let recorded = Recorded { questions: vec![asked], begin: Some(BEGIN), ..Recorded::default() };
        found(&recorded, &all())[0].questions[0].error.clone()
    };
    for code in [1, 2, 27, 33] {
        assert_eq!(error_of(Outcome::Upstream, code), None, "{code}");
    }
    let told = Some("the reason".to_owned());
    assert_eq!(error_of(Outcome::Failed, 6), told);
    assert_eq!(error_of(Outcome::Stale, 3), told);
    assert_eq!(error_of(Outcome::Failed, 27), told);
}

#[test]
fn time_and_client_match_any_question() {
    let recorded = three_messages();
    let found_of = |wanted: &Wanted| {
        let mut found = found(&recorded, wanted);
        found.sort_by(|one, other| one.began.total_cmp(&other.began));
        names(&found).join(" ")
    };
    let slow = BEGIN + SECOND;
    assert_eq!(found_of(&Wanted { from: slow, ..all() }), "slow.example. failed.example.");
    assert_eq!(found_of(&Wanted { from: slow + 1, ..all() }), "failed.example.");
    assert_eq!(found_of(&Wanted { to: slow, ..all() }), "quick.example. slow.example.");
    assert_eq!(found_of(&Wanted { to: slow - 1, ..all() }), "quick.example.");
    let client = Some("192.0.2.3/32".parse().unwrap());
    assert_eq!(found_of(&Wanted { client, ..all() }), "failed.example.");
    assert_eq!(found_of(&Wanted { client, ..of_name("slow.example.") }), "", "of another client");
}

// Its reverse name, its names in lists, and hosts with this address.
#[test]
fn address_search_finds_related_names() {
    let mut questions = vec![
        question(1, 0, MILLI, "7.2.0.192.in-addr.arpa."),
        question(2, MILLI, MILLI, "7.2.0.192.list.test."),
        question(3, 2 * MILLI, MILLI, "host.example."),
        question(4, 3 * MILLI, MILLI, "8.2.0.192.list.test."),
        question(5, 4 * MILLI, MILLI, "mail.test.list.test."),
    ];
    let address = IpAddr::from([192, 0, 2, 7]);
    let mut of_host = flight(&mut questions[2], 1, 1, Conduct::Answered);
    of_host.links.push(Link::Address(address));
    let recorded = Recorded { questions, flights: vec![of_host], ..Recorded::default() };
    let found = |subject: WantedSubject| {
        let mut found = found(&recorded, &Wanted { subject: Some(subject), ..all() });
        found.sort_by(|one, other| one.began.total_cmp(&other.began));
        found.iter().filter(|one| !one.is_absent()).map(|one| one.client.clone()).collect::<Vec<_>>()
    };
    assert_eq!(found(WantedSubject::Address(address)), ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
    let name = |text: &str| WantedSubject::Name((*wire(text)).into());
    assert_eq!(found(name("mail.test.")), ["192.0.2.5"], "as the subject of a list");
    assert_eq!(found(name("list.test.")), ["192.0.2.2", "192.0.2.4", "192.0.2.5"]);
    assert_eq!(found(name("example.")), ["192.0.2.3"]);
    assert_eq!(found(name("xample.")), [""; 0]);
    assert_eq!(found(WantedSubject::Itself((*wire("example.")).into())), [""; 0], "not what is below");
}

#[test]
fn wanted_question_culprit_comes_first() {
    // Two questions at the same time; the wanted one takes less time.
    let mut questions =
        vec![question(1, 0, 4 * SECOND, "other.example."), question(1, 1, 2 * SECOND, "own.test.")];
    let mut flights = vec![flight(&mut questions[0], 1, 1, Conduct::Answered)];
    flights.push(flight(&mut questions[1], 2, 2, Conduct::Answered));
    flights[1].messages[0].zone = wire("test.");
    flights[1].zone = wire("test.");
    let recorded = Recorded { questions, flights, begin: Some(BEGIN), ..Recorded::default() };
    let [message] = &found(&recorded, &of_name("own.test."))[..] else { panic!() };
    let marked: Vec<_> = message.questions.iter().map(|one| (&*one.name, one.of_subject)).collect();
    assert_eq!(marked, [("other.example.", false), ("own.test.", true)]);
    assert_eq!(message.culprit.zone.as_deref(), Some("test."));
    let [message] = &found(&recorded, &all())[..] else { panic!() };
    assert!(message.questions.iter().all(|one| !one.of_subject));
    assert_eq!(message.culprit.zone.as_deref(), Some("example."));
}

#[test]
fn many_messages_are_weighed_briefly() {
    // The client pauses between questions that the cache answers, so this email lasts longer than the quick one.
    let mut questions = vec![question(9, 0, MILLI, "quick.example.")];
    questions.push(question(1, MILLI, 0, "mail.example."));
    questions.push(question(1, 500 * MILLI, 0, "_dmarc.mail.example."));
    questions.push(question(1, 1_900 * MILLI, 0, "s1._domainkey.mail.example."));
    let recorded = Recorded { questions, begin: Some(BEGIN), ..Recorded::default() };
    let worst = found(&recorded, &Wanted { most: 1, ..of_name("example.") });
    assert_eq!(names(&worst), ["mail.example."]);
    assert_eq!((worst[0].questions.len(), worst[0].culprit.kind), (3, CulpritKind::Client));
}

#[test]
fn absent_message_says_why() {
    let found_of = |recorded: &Recorded| {
        let [message] = &found(recorded, &of_name("mail.none.test."))[..] else { panic!() };
        assert!(message.is_absent() && message.culprit.kind == CulpritKind::Unknown);
        (message.history_begin, message.culprit.evidence.clone())
    };
    let others = found_of(&three_messages());
    assert_eq!(others.0, Some(seconds(BEGIN)));
    let empty = found_of(&Recorded::default());
    let off = found_of(&Recorded { off: true, ..Recorded::default() });
    assert_eq!(found_of(&Recorded { stored_since: Some(BEGIN), ..Recorded::default() }), others);
    assert_eq!((empty.0, off.0), (None, None));
    assert!(others.1 != empty.1 && empty.1 != off.1, "{others:?} {empty:?} {off:?}");
}

#[test]
fn record_parts_have_own_reach() {
    let reach = |recorded: &Recorded| {
        found(recorded, &of_name("mail.none.test."))[0].history.map(|history| {
            let since = |at: Option<f64>| at.map(|at| (at - seconds(BEGIN)).round());
            [since(history.resolved), since(history.cache), since(history.disk)]
        })
    };
    let full = three_messages();
    assert_eq!(reach(&full), Some([Some(0.0), Some(0.0), None]), "nothing was overwritten");
    let lost = |seconds: u64| Some(BEGIN + seconds * SECOND);
    let long = Recorded { lost: lost(60), lost_hits: lost(5), stored_since: lost(0), ..full };
    assert_eq!(reach(&long), Some([Some(60.0), Some(5.0), Some(0.0)]));
    let stored = Recorded { stored_since: Some(BEGIN), ..Recorded::default() };
    assert_eq!(reach(&stored), Some([None, None, Some(0.0)]), "after a restart");
    assert_eq!(reach(&Recorded::default()), None);
}

/// Returns the queries of a mail from 192.0.2.`host`, beginning at `begin` milliseconds. The servers of its sender's domain take 1.8 s.
fn of_slow_sender(host: u8, begin: u64, domain: &str) -> Vec<(QuestionEntry, Option<FlightEntry>)> {
    let (reverse, listed) = (format!("{host}.2.0.192.in-addr.arpa."), format!("{host}.2.0.192.list.test."));
    let mail = format!("mail.{domain}");
    let asked = [
        (0, 4, listed.as_str(), RecordType::A),
        (5, 3, &reverse, RecordType::PTR),
        (8, 1, &mail, RecordType::A),
        (10, 0, &mail, RecordType::A),
        (12, 1_825, domain, RecordType::MX),
        (1_838, 3, domain, RecordType::TXT),
        (1_839, 0, &mail, RecordType::A),
        (1_840, 3, &mail, RecordType::AAAA),
        (1_841, 0, &listed, RecordType::A),
    ];
    let entry = |(number, (at, elapsed, name, kind)): (u64, (u64, u64, &str, RecordType))| {
        let mut one = question(1, begin + at * MILLI, elapsed * MILLI, name);
        one.kind = kind;
        let id = u64::from(host) * 100 + number;
        let flight = (elapsed > 0).then(|| {
            let mut flight = flight(&mut one, id, host, Conduct::Answered);
            flight.links.extend((kind == RecordType::PTR).then(|| Link::Name(wire(&mail))));
            flight
        });
        (one, flight)
    };
    (0..).zip(asked).map(entry).collect()
}

#[test]
fn wait_for_organisation_is_no_pause() {
    let mut mails: Vec<_> = of_slow_sender(1, 0, "one.example.");
    mails.extend(of_slow_sender(2, 30, "two.example."));
    mails.sort_by_key(|(question, _)| question.at);
    let (questions, flights): (Vec<_>, Vec<_>) = mails.into_iter().unzip();
    let flights = flights.into_iter().flatten().collect();
    let recorded = Recorded { questions, flights, begin: Some(BEGIN), ..Recorded::default() };
    for domain in ["one.example.", "two.example."] {
        let itself =
            |name: &str| Wanted { subject: Some(WantedSubject::Itself((*wire(name)).into())), ..all() };
        let of_host = found(&recorded, &itself(&format!("mail.{domain}")));
        for message in &of_host {
            let culprit = &message.culprit;
            assert_ne!(culprit.kind, CulpritKind::Client, "{domain} {message:#?}");
            assert!(message.also.iter().all(|also| also.kind != CulpritKind::Client), "{message:#?}");
        }
        let of_sender = found(&recorded, &itself(domain));
        assert_eq!(of_sender[0].culprit.kind, CulpritKind::ServerSlow, "{of_sender:#?}");
    }
    let address = Wanted { subject: Some(WantedSubject::Address([192, 0, 2, 2].into())), ..all() };
    for message in found(&recorded, &address) {
        assert_ne!(message.culprit.kind, CulpritKind::Client, "{message:#?}");
    }
}

#[test]
fn message_from_disk_is_marked() {
    let mut recorded = three_messages();
    recorded.questions[0].stored = true;
    let of_disk = |recorded: &Recorded, name: &str| found(recorded, &of_name(name))[0].of_disk;
    assert!(of_disk(&recorded, "quick.example.") && !of_disk(&recorded, "slow.example."));
    let quick = found(&recorded, &of_name("quick.example.")).remove(0).culprit;
    assert!(quick.kind == CulpritKind::Unknown && quick.evidence.contains("on disk"), "{quick:?}");
}

#[test]
fn held_late_list_is_slow() {
    for (elapsed, kind) in [(1_800 * MILLI, CulpritKind::ListSlow), (20 * MILLI, CulpritKind::Unknown)] {
        let mut late = question(1, 0, elapsed, "2.0.0.127.list.test.");
        let mut flight = flight(&mut late, 1, 1, Conduct::Answered);
        (flight.zone, flight.messages[0].zone) = (wire("list.test."), wire("list.test."));
        let held = QuestionEntry {
            outcome: Outcome::Remembered,
            error: "its servers do not answer".into(),
            ..question(2, SECOND, 10, "3.0.0.127.list.test.")
        };
        let recorded = Recorded { questions: vec![late, held], flights: vec![flight], ..Recorded::default() };
        let found = found(&recorded, &of_name("3.0.0.127.list.test."));
        assert_eq!((found.len(), found[0].culprit.kind), (1, kind), "{found:#?}");
        let is_timed = found[0].culprit.evidence.contains("answered 1 query for list.test. after 1.8 s");
        assert_eq!(is_timed, kind == CulpritKind::ListSlow, "{found:#?}");
    }
}

#[test]
fn time_joined_mail_is_separated() {
    // The third question comes just after the second one, and less than `MESSAGE_PAUSE` after the first one. It may belong to the message
    // of the first or to that of the second question, so it becomes a message of its own.
    let questions = vec![
        question(1, 0, 10 * MILLI, "7.2.0.192.list.test."),
        question(1, SECOND / 2, 10 * MILLI, "8.2.0.192.list.test."),
        question(1, SECOND / 2 + 12 * MILLI, 3 * SECOND, "c.three.test."),
    ];
    let recorded = Recorded { questions, begin: Some(BEGIN), ..Recorded::default() };
    let found = found(&recorded, &all());
    assert_eq!(names(&found)[0], "c.three.test.", "{found:#?}");
    assert!(found.len() == 3 && found.iter().all(|message| message.questions.len() == 1), "{found:#?}");
}

/// Returns the zones of the culprits of a mail with two queries, the main culprit first. Leaves out the first culprit of the kind `none` and all
/// after it. `decisive`: the time from a log line.
fn causes_in_time(
    first: (u64, Conduct),
    second: (u64, u64, Conduct, RecordType),
    decisive: Option<DecisiveTime<u64>>,
) -> Vec<String> {
    let mut questions = [
        question(1, 0, first.0, "host.mail.example."),
        QuestionEntry { kind: second.3, ..question(1, second.0, second.1, "sender.mail.example.") },
    ];
    let conducts = [first.1, second.2];
    let of = |((one, conduct), id): ((&mut QuestionEntry, Conduct), u8)| {
        let mut flight = flight(one, id.into(), id, conduct);
        flight.zone = wire(["one.example.", "two.example."][usize::from(id) - 1]);
        flight.messages[0].zone = Arc::clone(&flight.zone);
        flight
    };
    let flights = questions.iter_mut().zip(conducts).zip(1..).map(of).collect();
    let questions = questions.into();
    let recorded = Recorded { questions, flights, begin: Some(BEGIN), ..Recorded::default() };
    let wanted = Wanted { decisive, ..of_name("mail.example.") };
    let report = found(&recorded, &wanted).remove(0);
    let causes = std::iter::once(&report.culprit).chain(&report.also);
    let known = causes.take_while(|one| one.kind != CulpritKind::None);
    known.filter_map(|one| one.zone.as_deref()?.split('.').next().map(str::to_owned)).collect::<Vec<_>>()
}

#[test]
fn sender_addresses_are_not_clients() {
    let sender = |kind, at| QuestionEntry { kind, ..question(1, at, 2_500 * MILLI, "sender.mail.example.") };
    let mut questions = [
        question(1, 0, 1_800 * MILLI, "host.mail.example."),
        sender(RecordType::MX, 1_810 * MILLI),
        sender(RecordType::A, 1_830 * MILLI),
    ];
    let conducts = [Conduct::Answered, Conduct::Silent, Conduct::Silent];
    let flights = questions.iter_mut().zip(conducts).zip(1..);
    let flights = flights.map(|((one, conduct), id)| flight(one, u64::from(id), id, conduct)).collect();
    let questions = questions.into();
    let recorded = Recorded { questions, flights, begin: Some(BEGIN), ..Recorded::default() };
    let told_at = |moment| {
        let decisive = Some(DecisiveTime::Until(BEGIN + moment));
        found(&recorded, &Wanted { decisive, ..of_name("mail.example.") }).remove(0).culprit.kind
    };
    assert_eq!(told_at(5 * SECOND), CulpritKind::ServerSlow);
    let wanted = of_name("mail.example.");
    assert_eq!(found(&recorded, &wanted).remove(0).culprit.kind, CulpritKind::ServerSilent, "no line");
}

#[test]
fn cause_at_line_time_comes_first() {
    let delay = |from, to| Some(DecisiveTime::Delay { from: BEGIN + from, to: BEGIN + to });
    let until = |end| Some(DecisiveTime::Until(BEGIN + end));
    let (answered, silent) = (Conduct::Answered, Conduct::Silent);
    let (a, mx) = (RecordType::A, RecordType::MX);
    let slow_then_silent = ((1_800 * MILLI, answered), (1_900 * MILLI, 4 * SECOND, silent, a));
    let silent_then_slow = ((2 * SECOND, silent), (2_100 * MILLI, 1_800 * MILLI, answered, a));
    let slow_then_no_mail = ((1_800 * MILLI, answered), (1_810 * MILLI, 10 * MILLI, silent, mx));
    let quick_then_no_mail = ((20 * MILLI, answered), (300 * MILLI, 10 * MILLI, silent, mx));
    for (case, (first, second), decisive, expected) in [
        ("no line: the failure is worse", slow_then_silent, None, &["two"][..]),
        ("a connection, which is before the failure", slow_then_silent, until(2 * SECOND), &["one", "two"]),
        (
            "a connection, with the failure of its mail in the same second",
            slow_then_no_mail,
            until(2 * SECOND),
            &["one", "two"],
        ),
        (
            "a quick connection, with the failure of its mail behind it",
            quick_then_no_mail,
            until(SECOND),
            &["two"],
        ),
        (
            "a filter that began behind the first wait",
            slow_then_silent,
            delay(1_850 * MILLI, 6 * SECOND),
            &["two"],
        ),
        ("no line: the failure is worse, though it came first", silent_then_slow, None, &["one"]),
        (
            "a filter that began within the failure",
            silent_then_slow,
            delay(1_500 * MILLI, 4 * SECOND),
            &["two", "one"],
        ),
        ("a failure counts as its time", silent_then_slow, delay(0, 4 * SECOND), &["one", "two"]),
        ("a time without a wait decides nothing", silent_then_slow, delay(5 * SECOND, 6 * SECOND), &["one"]),
    ] {
        assert_eq!(causes_in_time(first, second, decisive), expected, "{case}");
    }
}

#[test]
fn failed_mail_host_doubts_its_deliveries() {
    let host = |id: u64, question: &mut QuestionEntry| {
        let mut flight = flight(question, id, 1, Conduct::Answered);
        flight.links.push(Link::Name(wire("mx.silent.test.")));
        flight
    };
    let domain =
        |at: u64, name: &str| QuestionEntry { kind: RecordType::MX, ..question(1, at, 10 * MILLI, name) };
    let (mut one, mut two) = (domain(0, "one.example."), domain(5 * MILLI, "two.example."));
    let mut failed = QuestionEntry {
        kind: RecordType::A,
        outcome: Outcome::Failed,
        ..question(1, 20 * MILLI, 4 * SECOND, "mx.silent.test.")
    };
    let flights = vec![host(1, &mut one), host(2, &mut two), flight(&mut failed, 3, 2, Conduct::Silent)];
    let questions = vec![one, two, failed];
    let recorded = Recorded { questions, flights, begin: Some(BEGIN), ..Recorded::default() };
    for name in ["one.example.", "two.example."] {
        let report = found(&recorded, &of_name(name)).remove(0);
        assert_ne!(report.culprit.kind, CulpritKind::None, "{name}: {report:#?}");
        assert!(serde_json::to_string(&report).unwrap().contains("mx.silent.test."), "{report:#?}");
    }
}

#[test]
fn hidden_clients_are_not_searched() {
    let recorded = Recorded { hides_clients: true, ..three_messages() };
    let client = Some("203.0.113.9/32".parse().unwrap());
    let advice = |wanted: &Wanted| found(&recorded, wanted).remove(0).culprit.advice;
    assert_eq!(advice(&Wanted { client, ..all() }), "repeat the command without --client");
    assert!(advice(&of_name("other.example.")).contains("history.size"));
}
