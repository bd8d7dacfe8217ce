use super::tests::{LINES, NOW, message, one, settled};
use super::{PastedLine, ToldMessage, failures_first, known_first, once, read};
use dns::question::Outcome;
use history::culprit::CulpritKind;
use history::why::MessageReport;

/// The subjects of the lines in the order in which they are told.
fn told(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<PastedLine> = failures_first(read(text, NOW));
    lines.into_iter().map(|line| line.subjects).collect()
}

const ENTRY: &str = "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n4A1B2C3D4E*    1834 Sat Nov 21 03:12:05  bob@our.example\n(Host or domain name not found. Name service error for name=silent.example type=MX: Host not found, try again)\n                                         anna@silent.example\n\n";

#[test]
fn a_failed_lookup_of_an_entry_of_mailq_or_of_a_bounce_is_told_before_its_sender() {
    assert_eq!(told(ENTRY), [["silent.example"], ["our.example"], ["silent.example"]]);
    let second = ENTRY.replace("silent", "gone").replace("4A1B2C3D4E", "5A1B2C3D4E");
    let both = told(&format!("{ENTRY}{second}"));
    assert_eq!(both[0], ["silent.example"]);
    assert_eq!(both[3..], [["gone.example"], ["our.example"], ["gone.example"]], "each entry by itself");
    let json = r#"{"arrival_time": 1795302000, "sender": "bob@our.example", "recipients": [{"address": "a@gone.example", "delay_reason": "Name service error for name=silent.example type=MX: Host not found, try again"}]}"#;
    assert_eq!(told(json), [vec!["silent.example", "gone.example"], vec!["our.example"]]);
    let bounce = "From: MAILER-DAEMON@mx1.our.example (Mail Delivery System)\nTo: bob@our.example\nDate: Sat, 21 Nov 2026 03:13:05 +0100 (CET)\n\nThis is the mail system at host mx1.our.example.\n\n<anna@silent.example>: Host or domain name not found. Name service error for\n    name=silent.example type=MX: Host not found, try again\n\nX-Postfix-Sender: rfc822; bob@our.example\nArrival-Date: Sat, 21 Nov 2026 03:12:05 +0100 (CET)\n\nFinal-Recipient: rfc822; anna@silent.example\n";
    assert_eq!(told(bounce)[..2], [["silent.example"], ["silent.example"]]);
}

#[test]
fn lines_of_a_log_stay_in_their_order() {
    let log = "Nov 21 03:12:05 mx postfix/smtpd[1]: connect from mail.a.example[192.0.2.7]\nNov 21 03:12:06 mx postfix/smtp[9]: 4A: to=<a@silent.example>, relay=none, delay=4, status=deferred (Name service error for name=silent.example type=MX: Host not found, try again)\n";
    assert_eq!(told(log)[1], ["silent.example"]);
}

#[test]
fn a_zone_behind_a_time_counts_and_one_that_is_not_known_is_told() {
    let at = |text: &str| {
        let line =
            read(&format!("{text} postfix/smtpd[1]: connect from a.example[192.0.2.7]"), NOW).remove(0);
        (line.at, line.unread_time)
    };
    let (zoned, _) = at("2026-11-21T12:00:00Z mx");
    let (local, _) = at("2026-11-21 12:00:00 mx");
    assert!(zoned.is_some() && local.is_some());
    for head in [
        "2026-11-21 12:00:00 UTC mx",
        "2026-11-21 12:00:00 GMT mx",
        "2026-11-21 12:00:00.000 UTC mx",
        "2026-11-21T12:00:00 UTC mx",
        "2026-11-21 12:00:00Z mx",
        "Nov 21 12:00:00 UTC mx",
        "Sat Nov 21 12:00:00 UTC 2026 mx",
        "Sat Nov 21 12:00:00 2026 UTC mx",
        "[2026-11-21 12:00:00 UTC] mx",
    ] {
        assert_eq!(at(head), (zoned, None), "{head}");
    }
    // These hosts have the name of a zone.
    for head in ["2026-11-21 12:00:00 UTC", "Nov 21 12:00:00 EST"] {
        assert_eq!(at(head), (local, None), "{head}");
    }
    for (head, time) in [
        ("2026-11-21 12:00:00 AKST mx", "2026-11-21 12:00:00 AKST"),
        ("Nov 21 12:00:00 AKST mx", "Nov 21 12:00:00 AKST"),
        ("Sat Nov 21 12:00:00 AKST 2026 mx", "Sat Nov 21 12:00:00 AKST"),
        ("2026-11-21T12:00:00 NZDT mx", "2026-11-21T12:00:00 NZDT"),
    ] {
        assert_eq!(at(head), (None, Some(time.to_owned())), "{head}");
    }
}

#[test]
fn of_an_entry_of_mailq_the_part_whose_cause_is_known_is_told_first() {
    let entry = ENTRY.replace("Host or domain name not found. Name service error for name=silent.example type=MX: Host not found, try again", "connect to mx.silent.example[192.0.2.1]:25: Connection timed out");
    let told = |line: &PastedLine| {
        let is_sender = line.subjects == ["our.example"];
        let kind = if is_sender { CulpritKind::Unknown } else { CulpritKind::NotDns };
        ToldMessage::of(line, message(0.0, kind, Outcome::Upstream))
    };
    let kinds =
        |told: Vec<ToldMessage>| told.into_iter().map(|one| one.message.culprit.kind).collect::<Vec<_>>();
    let lines = failures_first(read(&format!("{entry}{entry}"), NOW));
    let before = kinds(lines.iter().map(told).collect());
    assert_eq!(before[0], CulpritKind::Unknown);
    let after = kinds(known_first(lines.iter().map(told).collect()));
    assert!(after[..before.len() / 2].ends_with(&[CulpritKind::Unknown]), "{after:?}");
    assert_eq!(after[0], CulpritKind::NotDns);
    // The record has no query for the sender.
    let absent = |line: &PastedLine| {
        let mut told = told(line);
        if told.message.culprit.kind == CulpritKind::Unknown {
            told.message.client.clear();
            told.message.questions.clear();
        }
        told
    };
    let shown = kinds(known_first(lines.iter().map(absent).collect()));
    assert_eq!(shown, after.into_iter().filter(|kind| *kind != CulpritKind::Unknown).collect::<Vec<_>>());
    let sender = |line: &&PastedLine| line.is_arrival;
    assert_eq!(known_first(lines.iter().filter(sender).map(absent).collect()).len(), 2, "no other cause");
}

#[test]
fn a_line_that_rejects_a_name_is_told_by_the_failed_lookup_of_this_name() {
    let about = |name: &str, kind: CulpritKind, took: f64| {
        let mut one = message(took, kind, Outcome::Failed);
        one.questions[0].name = name.to_owned();
        one.questions[0].of_subject = true;
        one.culprit.zone = Some(name.to_owned());
        one.began -= took + 0.2;
        one.client = name.to_owned();
        one
    };
    let host = || about("mail.host.example.", CulpritKind::ServerRefused, 0.1);
    let sender = || about("sender.example.", CulpritKind::ServerSilent, 4.0);
    let recipient = || about("recipient.example.", CulpritKind::ServerFailed, 0.1);
    for (text, zone) in [
        (
            "Nov 21 03:12:05 mx postfix/smtpd[8]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.1.8 <a@sender.example>: Sender address rejected: Domain not found; from=<a@sender.example> to=<b@recipient.example> proto=ESMTP helo=<mail.host.example>",
            "sender.example.",
        ),
        (
            "Nov 21 03:12:05 mx postfix/smtpd[8]: NOQUEUE: reject: RCPT from mail.host.example[192.0.2.7]: 450 4.1.2 <b@recipient.example>: Recipient address rejected: Domain not found; from=<a@sender.example> to=<b@recipient.example> proto=ESMTP helo=<mail.host.example>",
            "recipient.example.",
        ),
        (
            "2026-11-21 03:12:05 H=mail.host.example [192.0.2.7] F=<a@sender.example> temporarily rejected RCPT <b@recipient.example>: Could not complete recipient verify",
            "recipient.example.",
        ),
        (
            "Nov 21 03:12:05 mx sendmail[99]: 0AL3C5: ruleset=check_mail, arg1=<a@sender.example>, relay=mail.host.example [192.0.2.7], reject=451 4.1.8 Domain of sender address a@sender.example does not resolve",
            "sender.example.",
        ),
    ] {
        // Two subjects of the line have found the host.
        let found = vec![host(), host(), sender(), recipient()];
        let told = settled(text, found).unwrap();
        assert_eq!(told.culprit.zone.as_deref(), Some(zone), "{text}");
        // Without a failed lookup of the name, the line is told by the others.
        let told = settled(text, vec![host(), host()]).unwrap();
        assert_eq!(told.questions[0].name, "mail.host.example.", "{text}");
    }
}

#[test]
fn a_program_gets_each_message_once_with_the_causes_of_all_its_lines() {
    let of = |kind, began| MessageReport { began, ..message(2.0, kind, Outcome::Upstream) };
    let (slow, silent) = (CulpritKind::ServerSlow, CulpritKind::ServerSilent);
    let of_lines = |messages: Vec<MessageReport>| -> Vec<ToldMessage> {
        let line = |number| PastedLine { number, ..one(LINES[0].0) };
        (1..).zip(messages).map(|(number, message)| ToldMessage::of(&line(number), message)).collect()
    };
    let told = once(of_lines(vec![of(slow, NOW), of(silent, NOW), of(slow, NOW + 9.0), of(silent, NOW)]));
    let kinds: Vec<_> = told
        .iter()
        .map(|message| {
            (message.began, message.culprit.kind, message.also.iter().map(|also| also.kind).collect())
        })
        .collect();
    assert_eq!(kinds, [(NOW, slow, vec![silent]), (NOW + 9.0, slow, Vec::new())]);
    assert_eq!(told.iter().map(|message| message.more_lines).collect::<Vec<_>>(), [2, 0]);
    // A line whose mail it certainly is counts more than one whose own mail is not known.
    for kinds in [[CulpritKind::Unknown, slow], [slow, CulpritKind::Unknown]] {
        let told = once(of_lines(kinds.map(|kind| of(kind, NOW)).to_vec())).remove(0);
        assert_eq!((told.culprit.kind, told.also), (slow, Vec::new()));
    }
    // The wait that one line tells is not denied by another one, whose delay is elsewhere.
    for kinds in [[CulpritKind::NotDns, slow], [slow, CulpritKind::NotDns]] {
        let told = once(of_lines(kinds.map(|kind| of(kind, NOW)).to_vec())).remove(0);
        assert_eq!((told.culprit.kind, told.also), (slow, Vec::new()));
    }
}
