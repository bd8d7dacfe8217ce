//! Tests of pasted lines, and what they share: the current time, a line, and a message (email) of the query history.

mod reading;
mod settling;

use super::*;
use dns::question::{DnsResult, Outcome};
use explain::why::{CulpritReport, HistoryReach, MessageReport, QuestionReport};
use record::culprit::CulpritKind;

/// 2026-11-22 00:00 UTC.
pub(super) const NOW: f64 = 1_795_305_600.0;

pub(super) fn one(text: &str) -> PastedLine {
    let mut lines = read(text, NOW);
    assert_eq!(lines.len(), 1, "{text}: {lines:?}");
    lines.remove(0)
}

/// One query that waited for `waited` seconds.
pub(super) fn message(waited: f64, kind: CulpritKind, outcome: Outcome) -> MessageReport {
    let question = QuestionReport {
        at: 0.0,
        name: "fine.example.".to_owned(),
        kind: "MX".to_owned(),
        outcome,
        result: DnsResult::Unknown,
        list: None,
        codes: Vec::new(),
        named_by: None,
        concluded_from: None,
        elapsed: waited,
        queued: 0.0,
        servers: waited,
        of_subject: false,
        transport: None,
        user: None,
        error: None,
        messages: Vec::new(),
    };
    let culprit = CulpritReport {
        kind,
        zone: None,
        server: None,
        list: None,
        evidence: "evidence".to_owned(),
        usual: None,
        advice: "advice".to_owned(),
    };
    MessageReport {
        began: NOW,
        client: "127.0.0.1".to_owned(),
        took: waited,
        waited,
        questions: vec![question],
        culprit,
        ..MessageReport::default()
    }
}

/// Chooses the message for the log line `text` among the messages in `found`. In their times, `NOW` stands for the last moment at which the mail
/// of the line may have sent queries.
pub(super) fn settled(text: &str, found: Vec<MessageReport>) -> Option<MessageReport> {
    settle_at_its_end(&one(text), found)
}

fn settle_at_its_end(line: &PastedLine, mut found: Vec<MessageReport>) -> Option<MessageReport> {
    let shift = line.end().unwrap() - NOW;
    found.iter_mut().for_each(|message| message.began += shift);
    let described =
        settle(line, found, &|began| format!("{:.0} s", began - shift - NOW)).into_iter().next()?;
    Some(MessageReport { began: (described.began - shift).round(), ..described })
}

fn of_subject(message: MessageReport, name: &str, zone: &str) -> MessageReport {
    let own = QuestionReport {
        name: name.to_owned(),
        of_subject: true,
        outcome: Outcome::Failed,
        ..message.questions[0].clone()
    };
    let culprit = CulpritReport { zone: Some(zone.to_owned()), ..message.culprit.clone() };
    MessageReport { questions: vec![own], culprit, ..message }
}
