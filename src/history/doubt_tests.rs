use super::*;
use crate::entry::{FlightEntry, MessageEntry, QuestionEntry};
use crate::event::Shows;
use crate::outline::Outline;
use crate::recorded::Recorded;
use crate::redact::Secrets;
use crate::search::why;
use crate::subject::ListName;
use crate::why::{DaemonFacts, MessageReport, Wanted, WantedSubject};
use dns::conduct::{Conduct, Transport};
use dns::question::{Outcome, wire_name};
use hickory_proto::rr::{Name, RecordType};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// The time of a query in `recorded` that fails.
const FAILS: u64 = 3;

/// 2026-11-20 09:12:00 UTC.
const BEGIN: u64 = 1_795_165_920_000_000;

/// A query of a client, 192.0.2.1: its name and type, when it came and how long it took, in milliseconds.
type Query<'a> = (&'a str, &'a str, u64, u64);

fn wire(text: &str) -> Arc<[u8]> {
    wire_name(&Name::from_ascii(text).unwrap()).into()
}

/// The record of queries, each answered by a server of the list `list.test.` or of `test.`.
fn recorded(queries: &[Query<'_>]) -> Recorded {
    let (mut questions, mut flights) = (Vec::new(), Vec::new());
    for (id, (name, kind, at, elapsed)) in (1..).zip(queries) {
        let (kind, at, elapsed) = (RecordType::from_str(kind).unwrap(), BEGIN + at * 1_000, elapsed * 1_000);
        let zone = wire(if name.ends_with("list.test.") { "list.test." } else { "test." });
        let fails = elapsed == FAILS * 1_000;
        let question = QuestionEntry {
            outcome: if fails { Outcome::Failed } else { Outcome::Upstream },
            elapsed,
            flight: Some(id),
            ..QuestionEntry::hit(wire(name), kind, [192, 0, 2, 1].into(), 0, at)
        };
        let message = MessageEntry {
            at: 0,
            elapsed: u32::try_from(elapsed).unwrap(),
            server: [198, 18, 0, 1].into(),
            zone: Arc::clone(&zone),
            transport: Transport::Udp,
            conduct: Some(if fails { Conduct::Refused } else { Conduct::Answered }),
            reason: "first",
            depth: 0,
            keys: false,
        };
        flights.push(FlightEntry {
            name: Arc::clone(&question.name),
            kind,
            zone,
            messages: vec![message],
            shows: fails.then_some(Shows::NoHelp),
            ..FlightEntry::blank(id, at, elapsed)
        });
        questions.push(question);
    }
    questions.sort_by_key(|question| question.at);
    let (begin, whole) = (Some(BEGIN), Some(0));
    Recorded { questions, flights, begin, whole, ..Recorded::default() }
}

fn list(name: &[u8]) -> Option<ListName> {
    let apex = wire("list.test.");
    name.ends_with(&apex).then_some(ListName { apex: apex.len(), keyed: false })
}

/// The messages of a name or an address.
fn told(recorded: &Recorded, subject: &str) -> Vec<MessageReport> {
    let secrets = Secrets::default();
    let facts = DaemonFacts { list: &list, usual: &|_| None, slow: Duration::from_secs(1), shortens: false };
    let subject = match subject.parse() {
        Ok(address) => WantedSubject::Address(address),
        Err(_) => WantedSubject::Name((*wire(subject)).into()),
    };
    let wanted =
        Wanted { subject: Some(subject), from: 0, to: u64::MAX, client: None, most: 20, decisive: None };
    why(&Outline::of(recorded, &secrets).in_order(), &[wanted], &facts, &|| false).remove(0)
}

/// The kind and the evidence of the only message of a name or an address.
fn verdict(queries: &[Query<'_>], subject: &str) -> (CulpritKind, String) {
    let [message] = &told(&recorded(queries), subject)[..] else { panic!("{subject}") };
    (message.culprit.kind, message.culprit.evidence.clone())
}

/// The end of the evidence of a message in doubt; none if nothing was slow.
fn doubt(queries: &[Query<'_>], subject: &str) -> Option<String> {
    match verdict(queries, subject) {
        (CulpritKind::None, _) => None,
        (CulpritKind::Unknown, evidence) => Some(evidence.split_once(", but ").unwrap().1.to_owned()),
        other => panic!("{subject}: {other:?}"),
    }
}

const REVERSE: &str = "8.2.0.192.in-addr.arpa.";
const LISTED: &str = "7.2.0.192.list.test.";

/// A mail from 192.0.2.7 waits 1.1 s for a list, which ends so many milliseconds before 1300; meanwhile 192.0.2.8 connects. Then a sender
/// is asked about at 1300.
fn beside(gap: u64) -> Vec<Query<'static>> {
    vec![
        (LISTED, "A", 200 - gap, 1_100),
        (REVERSE, "PTR", 1_298, 1),
        ("sender.example.", "MX", 1_300, 1),
        ("mx.sender.example.", "A", 1_302, 1),
    ]
}

#[test]
fn a_wait_just_before_a_quick_message_may_belong_to_its_mail() {
    let wait = "7.2.0.192.list.test. A (list list.test., 1.1 s); it may belong to this mail";
    for (gap, near) in [(5, true), (100, true), (101, false)] {
        let told = doubt(&beside(gap), "sender.example.");
        let wanted = format!("a wait of the same client ended {} before: {wait}", time(gap as f64 / 1e3));
        assert_eq!(told, near.then_some(wanted), "{gap}");
        // The message of the address has its first part.
        assert_eq!(doubt(&beside(gap), "192.0.2.8"), None);
        assert_eq!(verdict(&beside(gap), "192.0.2.7").0, CulpritKind::ListSlow);
    }
    let mut two = beside(5);
    two.insert(0, ("9.2.0.192.list.test.", "A", 50, 1_240));
    let told = doubt(&two, "sender.example.").unwrap();
    assert!(
        told.starts_with("2 waits of the same client ended just before, the last one 5 ms before: "),
        "{told}"
    );
    assert!(told.ends_with("; one of them may belong to this mail"), "{told}");
}

#[test]
fn a_quick_message_in_doubt_stands_behind_one_that_waited() {
    let slow = [
        ("5.2.0.192.in-addr.arpa.", "PTR", 0, 1),
        ("5.2.0.192.list.test.", "A", 2, 1_500),
        ("sender.example.", "MX", 1_505, 1),
    ];
    let later = beside(5).into_iter().map(|(name, kind, at, elapsed)| (name, kind, at + 10_000, elapsed));
    let queries: Vec<Query<'_>> = slow.into_iter().chain(later).collect();
    let kinds: Vec<_> =
        told(&recorded(&queries), "sender.example.").iter().map(|message| message.culprit.kind).collect();
    assert_eq!(kinds, [CulpritKind::ListSlow, CulpritKind::Unknown]);
}

#[test]
fn two_mails_of_one_domain_in_one_message_are_in_doubt_at_the_second_question() {
    let mails = |end: u64| {
        [
            (LISTED, "A", end - 1_200, 1_200),
            (REVERSE, "PTR", 1_300, 1),
            ("sender.example.", "MX", 1_310, 1),
            ("mx.sender.example.", "A", 1_320, 1),
            ("sender.example.", "TXT", 1_330, 1),
            ("sender.example.", "TXT", 2_200, 1),
        ]
    };
    assert!(doubt(&mails(2_195), "sender.example.").is_some());
    // It ended in the middle of the first mail, behind its begin.
    assert_eq!(doubt(&mails(1_700), "sender.example."), None);
}

#[test]
fn quick_queries_behind_a_wait_lead_back_to_it() {
    let mails = |pause: u64| {
        [
            ("7.2.0.192.in-addr.arpa.", "PTR", 0, 1_500),
            (LISTED, "A", 1_500 + pause, 60),
            (REVERSE, "PTR", 1_595 + pause, 1),
            ("sender.example.", "MX", 1_600 + pause, 1),
        ]
    };
    let told = doubt(&mails(30), "sender.example.").unwrap();
    assert!(told.contains("7.2.0.192.in-addr.arpa. PTR (1.5 s)"), "{told}");
    assert_eq!(doubt(&mails(200), "sender.example."), None);
}

#[test]
fn quick_queries_behind_a_connection_lead_to_a_wait_of_its_sender() {
    let others = |pause: u64| {
        vec![
            ("5.2.0.192.in-addr.arpa.", "PTR", 0, 20),
            ("mail.other.test.", "A", 20, 20),
            ("sender.test.", "MX", 42, 30),
            // The deliveries of other mails, so that no part is certain.
            ("one.example.", "MX", 30, 20),
            ("two.example.", "MX", 35, 20),
            ("sender.test.", "A", 72, 30),
            ("sender.test.", "TXT", 102 + pause, 30),
            ("_spf.provider.net.", "TXT", 133 + pause, 1_800),
        ]
    };
    assert_eq!(verdict(&others(0), "192.0.2.5").0, CulpritKind::Unknown);
    assert_eq!(verdict(&others(500), "192.0.2.5").0, CulpritKind::None, "another mail");
}

#[test]
fn a_wait_is_the_culprit_of_another_name_only_if_it_was_the_only_mail() {
    use CulpritKind::{ListSlow, None, ServerSlow, Unknown};
    let slow = |at| (LISTED, "A", at, 1_200);
    let sender = |at, elapsed| ("sender.example.", "MX", at, elapsed);
    // What else the client asked, the name that is looked for, and the culprit.
    for (case, queries, subject, kind) in [
        ("the only mail", vec![slow(0), sender(1_202, 1)], "sender.example.", ListSlow),
        ("its address", vec![slow(0), sender(1_202, 1)], "192.0.2.7", ListSlow),
        (
            "another mail before",
            vec![(REVERSE, "PTR", 0, 1), slow(100), sender(1_302, 1)],
            "sender.example.",
            Unknown,
        ),
        (
            "another mail that ended long before",
            vec![(REVERSE, "PTR", 0, 1), slow(2_100), sender(3_302, 1)],
            "sender.example.",
            ListSlow,
        ),
        (
            "the wait of the name itself",
            vec![(REVERSE, "PTR", 0, 1), slow(100), sender(1_302, 700)],
            "sender.example.",
            ServerSlow,
        ),
        (
            "a sender just after the address",
            vec![slow(0), (REVERSE, "PTR", 1_000, 1), sender(1_003, 1_500)],
            "192.0.2.8",
            Unknown,
        ),
        (
            "a sender long after the address",
            vec![slow(0), (REVERSE, "PTR", 1_000, 1), sender(1_150, 1_500)],
            "192.0.2.8",
            None,
        ),
        (
            "the address of a wait",
            vec![(REVERSE, "PTR", 0, 1), slow(100), sender(1_302, 1)],
            "192.0.2.7",
            ListSlow,
        ),
    ] {
        assert_eq!(verdict(&queries, subject).0, kind, "{case}");
    }
}

/// Fifty mails a second from one address each, as a gateway with one client address asks: the reverse name, then the sender's domain and
/// its policies. Every third mail waits for a slow list between.
fn crowd(mails: u64) -> Vec<(String, &'static str, u64, u64)> {
    let mut queries = Vec::new();
    for mail in 0..mails {
        let (begin, host, sender) = (mail * 20, mail % 250, format!("sender{mail}.example."));
        let mut at = begin;
        queries.push((format!("{host}.2.0.192.in-addr.arpa."), "PTR", at, 2));
        at += 3;
        if mail % 3 == 0 {
            queries.push((format!("{host}.2.0.192.list.test."), "A", at, 1_200));
            at += 1_201;
        }
        // The dialogue with the host.
        at += 40;
        queries.push((sender.clone(), "MX", at, 2));
        queries.push((sender.clone(), "TXT", at + 3, 2));
        queries.push((format!("_dmarc.{sender}"), "TXT", at + 6, 2));
    }
    queries
}

#[test]
fn a_healthy_mail_among_many_is_not_blamed_on_the_list_of_another() {
    let crowd = crowd(200);
    let queries: Vec<Query<'_>> =
        crowd.iter().map(|(name, kind, at, elapsed)| (&**name, *kind, *at, *elapsed)).collect();
    let recorded = recorded(&queries);
    let kinds = |subject: &str| -> Vec<CulpritKind> {
        told(&recorded, subject).iter().map(|message| message.culprit.kind).collect()
    };
    for mail in 70..130 {
        let of_sender = kinds(&format!("sender{mail}.example."));
        let of_host = kinds(&format!("192.0.2.{mail}"));
        let is_open = |kind: &CulpritKind| matches!(kind, CulpritKind::None | CulpritKind::Unknown);
        assert!(!of_sender.is_empty() && of_sender.iter().all(is_open), "{mail}: {of_sender:?}");
        if mail % 3 == 0 {
            assert_eq!(of_sender, [CulpritKind::Unknown], "its wait is not called nothing: {mail}");
            assert!(of_host.contains(&CulpritKind::ListSlow), "{mail}: {of_host:?}");
        } else {
            assert!(!of_host.is_empty() && of_host.iter().all(is_open), "{mail}: {of_host:?}");
        }
    }
}

#[test]
fn further_waits_are_counted() {
    let mut queries: Vec<(String, u64)> =
        (0..40).map(|host| (format!("{host}.2.0.192.list.test."), 5 * host)).collect();
    queries.push(("sender.example.".to_owned(), 1_300));
    let queries: Vec<Query<'_>> = queries
        .iter()
        .map(|(name, at)| (&**name, "MX", *at, if *at == 1_300 { 1 } else { 1_260 - *at }))
        .collect();
    let [message] = &told(&recorded(&queries), "sender.example.")[..] else { panic!() };
    assert_eq!(message.possible_waits.len(), MAX_WHY_POSSIBLE_WAITS);
    assert_eq!(message.possible_waits_left_out, 40 - MAX_WHY_POSSIBLE_WAITS as u64);
    assert!(message.possible_waits.is_sorted_by(|one, other| one.gap <= other.gap));
}

/// Two mails at once: from 192.0.2.7 with the sender refused.example, whose servers refuse, and from 192.0.2.8 with fine.example; no name
/// joins the hosts to the senders. The first letter of `order` begins, and small letters are the senders.
fn at_once(order: &str) -> Vec<Query<'static>> {
    let begin = |letter: char| -> Vec<(&'static str, &'static str, u64)> {
        match letter {
            'A' => vec![("7.2.0.192.in-addr.arpa.", "PTR", 1), (LISTED, "A", 1)],
            'B' => vec![(REVERSE, "PTR", 1), ("8.2.0.192.list.test.", "A", 1)],
            'a' => vec![("refused.example.", "MX", FAILS), ("refused.example.", "TXT", FAILS)],
            _ => vec![("fine.example.", "MX", 1), ("fine.example.", "TXT", 1)],
        }
    };
    let queries = order.chars().flat_map(begin);
    (0..).zip(queries).map(|(place, (name, kind, elapsed))| (name, kind, place / 2, elapsed)).collect()
}

#[test]
fn of_two_mails_at_once_the_healthy_one_does_not_get_the_culprit_of_the_other() {
    use CulpritKind::{None, ServerRefused, Unknown};
    let kind = |order: &str, subject: &str| verdict(&at_once(order), subject).0;
    for order in ["ABab", "ABba", "BAab", "BAba", "AaBb", "BbAa"] {
        assert_eq!(kind(order, "refused.example."), ServerRefused, "{order}");
        let healthy = [kind(order, "fine.example."), kind(order, "192.0.2.8")];
        assert!(healthy.iter().all(|kind| matches!(kind, None | Unknown)), "{order}: {healthy:?}");
    }
    for order in ["ABab", "ABba", "BAab", "BAba"] {
        assert_eq!(kind(order, "192.0.2.7"), Unknown, "{order}");
    }
    // A mail alone is certain.
    assert_eq!(kind("Aa", "192.0.2.7"), ServerRefused);
    assert_eq!(kind("Bb", "192.0.2.8"), None);
    // One comes in while another goes out.
    assert_eq!(kind("Aab", "192.0.2.7"), Unknown);
    assert_eq!(kind("Bab", "192.0.2.8"), Unknown);
}

#[test]
fn a_query_that_failed_at_once_may_belong_to_a_mail_among_many() {
    let failed = "a failed query of the same client began 2 ms after one of them: refused.example. MX (failed after 3 ms); it may belong to this mail";
    let crowd = |sender: &[Query<'static>]| {
        let others = [(REVERSE, "PTR", 0, 1), ("9.2.0.192.in-addr.arpa.", "PTR", 200, 1)];
        let own = [("7.2.0.192.in-addr.arpa.", "PTR", 400, 1), (LISTED, "A", 402, 1)];
        others.into_iter().chain(own).chain(sender.iter().copied()).collect::<Vec<_>>()
    };
    let sender = [("refused.example.", "MX", 405, FAILS)];
    assert_eq!(doubt(&crowd(&sender), "192.0.2.7").as_deref(), Some(failed));
    assert_eq!(verdict(&crowd(&sender), "refused.example.").0, CulpritKind::ServerRefused);
    assert_eq!(doubt(&crowd(&[("refused.example.", "MX", 505, FAILS)]), "192.0.2.7"), None, "later");
    assert_eq!(doubt(&crowd(&[("7.2.0.192.other.list.test.", "A", 403, 1)]), "192.0.2.7"), None);
    // A failed reverse name before a sender, whose host stands in another message.
    let queries = [
        ("9.2.0.192.in-addr.arpa.", "PTR", 0, 1),
        ("7.2.0.192.in-addr.arpa.", "PTR", 400, FAILS),
        (REVERSE, "PTR", 404, 1),
        ("fine.example.", "MX", 406, 1),
    ];
    assert!(
        doubt(&queries, "fine.example.")
            .unwrap()
            .starts_with("a failed query of the same client ended 3 ms before")
    );
    // A failed sender of another mail is none of this one.
    let queries = [
        ("9.2.0.192.in-addr.arpa.", "PTR", 0, 1),
        (REVERSE, "PTR", 399, 1),
        ("refused.example.", "MX", 400, FAILS),
        ("fine.example.", "MX", 406, 1),
    ];
    assert_eq!(doubt(&queries, "fine.example."), None);
}
