//! The pauses of a client between its questions.
//!
//! # Decisions
//!
//! - A pause is blamed on the client only in what is surely one mail. Another mail may have begun after a pause if the next question was
//!   already asked in the same message (group of questions), or is about another address: mails of one sender from one host ask for the
//!   same names, so the history takes them for one message. Then the verdict is "could not tell", and no delay is counted.
//! - Mail software pauses for some milliseconds between any two questions. In dozens of questions this adds up, and is no pause.
//! - Within a message, no pause is longer than `MESSAGE_PAUSE`. If there is a longer pause, the history has lost questions.

use std::net::IpAddr;

use crate::culprit::explained_question::ExplainedQuestion;
use crate::limits::{MESSAGE_BURST, MESSAGE_PAUSE};
use crate::subject::{Subject, subject};
use dns::clock::micros;

/// The pauses of a client in a message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pauses {
    /// Their total time in microseconds, without those that mail software makes between any two questions.
    pub(super) time: u64,
    /// True if another mail may have begun after one of them. Then the client may have paused in none of the mails.
    pub(super) before_other_mail: bool,
}

/// Returns the pauses in a message, whose questions are sorted by time.
pub(super) fn pauses(asked: &[ExplainedQuestion<'_>]) -> Pauses {
    let (mut end, mut pauses) = (0_u64, Pauses::default());
    for (place, one) in asked.iter().enumerate() {
        let pause = one.question.at.saturating_sub(end);
        let (before, rest) = (asked.get(..place).unwrap_or_default(), asked.get(place..).unwrap_or_default());
        let may_be_other = || {
            pause > micros(MESSAGE_PAUSE)
                || burst(rest).any(|next| asks_again(before, next))
                || asks_about_another_address(before, one)
        };
        if place > 0 && pause > micros(MESSAGE_BURST) {
            pauses.time = pauses.time.saturating_add(pause);
            pauses.before_other_mail = pauses.before_other_mail || may_be_other();
        }
        end = end.max(one.question.end());
    }
    pauses
}

fn asks_again(before: &[ExplainedQuestion<'_>], next: &ExplainedQuestion<'_>) -> bool {
    before.iter().any(|one| same(one, next))
}

fn same(one: &ExplainedQuestion<'_>, other: &ExplainedQuestion<'_>) -> bool {
    one.question.name == other.question.name && one.question.kind == other.question.kind
}

/// Returns true if `next` is about an address, and `before` is about other addresses only.
fn asks_about_another_address(before: &[ExplainedQuestion<'_>], next: &ExplainedQuestion<'_>) -> bool {
    let Some(address) = address(next) else { return false };
    let mut known = before.iter().filter_map(self::address).peekable();
    known.peek().is_some() && known.all(|known| known != address)
}

/// Returns the address that a question is about: its name is the reverse name of the address, or the address in a DNS list.
fn address(one: &ExplainedQuestion<'_>) -> Option<IpAddr> {
    match subject(&one.question.name, |_| one.list)? {
        Subject::Address(address) => Some(address),
        Subject::Domain(_) => None,
    }
}

/// Returns the questions before the first pause.
fn burst<'a, 'q>(asked: &'a [ExplainedQuestion<'q>]) -> impl Iterator<Item = &'a ExplainedQuestion<'q>> {
    let mut end = asked.first().map_or(0, |first| first.question.at);
    asked.iter().take_while(move |one| {
        let is_near = one.question.at.saturating_sub(end) <= micros(MESSAGE_BURST);
        end = end.max(one.question.end());
        is_near
    })
}

#[cfg(test)]
mod tests {
    use crate::culprit::{ExplainedQuestion, judge};
    use crate::subject::ListName;
    use crate::traffic::Traffic;
    use dns::question::wire_name;
    use hickory_proto::rr::{Name, RecordType};
    use record::Recorded;
    use record::culprit::CulpritKind;
    use record::entry::QuestionEntry;
    use std::str::FromStr;
    use std::time::Duration;

    /// Returns the culprit for questions that the cache answered. `text`: record types and names. A number before a question is the pause
    /// before it in milliseconds; without a number, the pause is 1 ms.
    fn culprit(text: &str) -> CulpritKind {
        let (mut at, mut pause, mut questions) = (1_000_000, 1, Vec::new());
        for word in text.split_whitespace() {
            if let Ok(millis) = word.parse::<u64>() {
                pause = millis;
                continue;
            }
            at += std::mem::replace(&mut pause, 1) * 1_000;
            let (kind, name) = word.split_once(':').unwrap();
            let name = wire_name(&Name::from_ascii(name).unwrap());
            let kind = RecordType::from_str(kind).unwrap();
            questions.push(QuestionEntry::hit(name.into(), kind, [127, 0, 0, 1].into(), 0, at));
        }
        let list = |question: &QuestionEntry| {
            question.name.ends_with(b"\x04list\x00").then_some(ListName {
                apex: 6,
                keyed: false,
                refuses: false,
            })
        };
        let explained: Vec<_> = questions
            .iter()
            .map(|question| ExplainedQuestion { question, list: list(question), flight: None })
            .collect();
        judge(&explained, &Traffic::from_recorded(&Recorded::default(), Duration::from_secs(1))).causes[0]
            .kind
    }

    #[test]
    fn pause_between_mails_is_unknown() {
        use CulpritKind::{Client, None, Unknown};
        for (case, text, kind) in [
            ("a pause in a mail", "PTR:r A:h A:l.list 1500 MX:d TXT:d", Client),
            ("another mail of the host", "PTR:r A:h A:l.list MX:d 1500 PTR:r A:h A:l.list MX:e", Unknown),
            ("it begins with its domain", "PTR:r A:h MX:d 1500 MX:d TXT:d PTR:r", Unknown),
            ("the connection came late", "MX:d TXT:d PTR:r 1500 PTR:r MX:d", Unknown),
            ("the lists first", "A:l.list PTR:r MX:d 1500 A:l.list PTR:r MX:d", Unknown),
            ("a filter", "A:l.list PTR:r MX:d 1500 A:l.list TXT:d", Unknown),
            ("a filter without reverse name", "A:l.list MX:d 1500 A:l.list TXT:d", Unknown),
            ("a delivery", "MX:d A:m 1500 MX:d A:m2", Unknown),
            ("both", "PTR:r MX:d 1500 TXT:d 300 PTR:r", Unknown),
            ("two short ones", "PTR:r MX:d 600 TXT:d 600 PTR:r", Unknown),
            ("a host that connects again", "PTR:r A:l.list 1500 A:l.list", Unknown),
            ("its lists alone", "A:l.list 1500 A:l.list", Unknown),
            ("another list of a host", "PTR:r A:l.list 1500 A:m.list", Client),
            ("a short one", "PTR:r MX:d 900 PTR:r", None),
            ("a delivery to the sender", "PTR:r A:h MX:d TXT:d 1500 MX:d", Unknown),
            ("the policy of the sender again", "PTR:r A:h MX:d TXT:d 1500 TXT:d", Unknown),
            ("queries of others are between", "PTR:r A:h MX:d 2500 TXT:d", Unknown),
            ("the sender's mail from another host", "PTR:r A:h MX:d TXT:d 1200 A:h MX:d TXT:d", Unknown),
            (
                "another host connects",
                "PTR:1.2.0.192.in-addr.arpa MX:d 1200 PTR:2.2.0.192.in-addr.arpa TXT:d",
                Unknown,
            ),
            ("its lists", "A:1.2.0.192.list MX:d 1200 A:2.2.0.192.list TXT:d", Unknown),
            (
                "the lists of the same host",
                "PTR:1.2.0.192.in-addr.arpa MX:d 1200 A:1.2.0.192.list TXT:d",
                Client,
            ),
            (
                "many short ones",
                "99 A:a 99 A:b 99 A:c 99 A:d 99 A:e 99 A:f 99 A:g 99 A:h 99 A:i 99 A:j 99 A:k 99 A:l",
                None,
            ),
            ("the first host of a mail", "MX:d 1200 PTR:1.2.0.192.in-addr.arpa TXT:d", Client),
        ] {
            assert_eq!(culprit(text), kind, "{case}");
        }
    }
}
