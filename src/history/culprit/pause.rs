//! The pauses of a client between its questions.
//!
//! # Decisions
//!
//! - A pause is not blamed on the client if another mail of the same host, or to the same domain, may have begun behind it: a reverse name
//!   comes again with the first questions behind the pause, or the first question of a mail without reverse names. This is told: could
//!   not tell. Most of such mails are messages of their own already, see `next_mail`.
//! - Nor is it if the question behind it is for an MX, as one before it was: two mails may have hosts and senders in domains of one
//!   provider, and a delivery may go to the domain of a sender. Nor if one of the first questions behind it is for an MX that was asked
//!   before: the mails of one sender may come from several hosts.
//! - Nor is it if the question behind it is about another address than those before it: another host has connected.
//! - Nor is it if all questions are about the address of a host, and one of them comes again behind it: the host has connected again.
//! - A pause longer than those that join a message had questions of another part of it, or some that are no longer known.

use std::net::IpAddr;

use hickory_proto::rr::RecordType;

use super::explained_question::ExplainedQuestion;
use crate::limits::{MESSAGE_BURST, MESSAGE_PAUSE};
use crate::subject::{Subject, subject};
use dns::clock::micros;

/// The time of the pauses behind which another mail may begin, in microseconds. `asked` are in the order of time.
pub(super) fn before_other_mails(asked: &[ExplainedQuestion<'_>]) -> u64 {
    let (mut end, mut sum) = (0_u64, 0_u64);
    let is_of_host = asked.iter().all(|one| one.list.is_some() || one.question.kind == RecordType::PTR);
    for (place, one) in asked.iter().enumerate() {
        let pause = one.question.at.saturating_sub(end);
        let (before, rest) = (asked.get(..place).unwrap_or_default(), asked.get(place..).unwrap_or_default());
        let may_be_other = || {
            pause > micros(MESSAGE_PAUSE)
                || begins_anew(before, rest)
                || asks_for_an_exchanger_again(before, rest)
                || asks_about_another_address(before, one)
                || (is_of_host && asks_again(before, one))
        };
        if place > 0 && pause > micros(MESSAGE_BURST) && may_be_other() {
            sum = sum.saturating_add(pause);
        }
        end = end.max(one.question.end());
    }
    sum
}

/// Whether the questions `rest` begin as those before them.
fn begins_anew(before: &[ExplainedQuestion<'_>], rest: &[ExplainedQuestion<'_>]) -> bool {
    let mut reverse = before.iter().filter(|one| one.question.kind == RecordType::PTR).peekable();
    if reverse.peek().is_some() {
        return reverse.any(|one| burst(rest).any(|other| same(one, other)));
    }
    // A filter asks the lists again in the same mail.
    let (first, next) = (before.first().filter(|first| first.list.is_none()), rest.first());
    first.zip(next).is_some_and(|(first, next)| same(first, next))
}

/// Whether a question was asked before.
fn asks_again(before: &[ExplainedQuestion<'_>], next: &ExplainedQuestion<'_>) -> bool {
    before.iter().any(|one| same(one, next))
}

/// Whether two questions are for the same name and type.
fn same(one: &ExplainedQuestion<'_>, other: &ExplainedQuestion<'_>) -> bool {
    one.question.name == other.question.name && one.question.kind == other.question.kind
}

/// Whether the first of the questions `rest` is for an MX, and those before it have asked for one: the next sender of a host, or a
/// delivery. Or whether one behind it is for the same MX: the next mail of the sender.
fn asks_for_an_exchanger_again(before: &[ExplainedQuestion<'_>], rest: &[ExplainedQuestion<'_>]) -> bool {
    let is_exchanger = |one: &&ExplainedQuestion<'_>| one.question.kind == RecordType::MX;
    let mut asked = before.iter().filter(is_exchanger).peekable();
    if asked.peek().is_none() {
        return false;
    }
    rest.first().filter(is_exchanger).is_some()
        || asked.any(|one| burst(rest).filter(is_exchanger).any(|other| same(one, other)))
}

/// Whether a question is about an address, and those before it are about others.
fn asks_about_another_address(before: &[ExplainedQuestion<'_>], next: &ExplainedQuestion<'_>) -> bool {
    let Some(address) = address(next) else { return false };
    let mut known = before.iter().filter_map(self::address).peekable();
    known.peek().is_some() && known.all(|known| known != address)
}

/// The address that a question is about: its reverse name, or its name in a list.
fn address(one: &ExplainedQuestion<'_>) -> Option<IpAddr> {
    match subject(&one.question.name, |_| one.list)? {
        Subject::Address(address) => Some(address),
        Subject::Domain(_) => None,
    }
}

/// The questions that are not behind a further pause.
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
    use super::super::{CulpritKind, judge};
    use crate::culprit::ExplainedQuestion;
    use crate::entry::QuestionEntry;
    use crate::recorded::Recorded;
    use crate::subject::ListName;
    use crate::traffic::Traffic;
    use dns::question::wire_name;
    use hickory_proto::rr::{Name, RecordType};
    use std::str::FromStr;
    use std::time::Duration;

    /// The culprit of answers from the cache: types and names, each 1 ms behind the other, or behind the pause before it.
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
            question.name.ends_with(b"\x04list\x00").then_some(ListName { apex: 6, keyed: false })
        };
        let explained: Vec<_> = questions
            .iter()
            .map(|question| ExplainedQuestion { question, list: list(question), flight: None })
            .collect();
        judge(&explained, &Traffic::of(&Recorded::default(), Duration::from_secs(1))).causes[0].kind
    }

    #[test]
    fn a_pause_before_another_mail_may_not_be_the_clients() {
        use CulpritKind::{Client, None, Unknown};
        for (case, text, kind) in [
            ("a pause in a mail", "PTR:r A:h A:l.list 1500 MX:d TXT:d", Client),
            ("another mail of the host", "PTR:r A:h A:l.list MX:d 1500 PTR:r A:h A:l.list MX:e", Unknown),
            ("it begins with its domain", "PTR:r A:h MX:d 1500 MX:d TXT:d PTR:r", Unknown),
            ("the connection came late", "MX:d TXT:d PTR:r 1500 PTR:r MX:d", Unknown),
            ("the lists first", "A:l.list PTR:r MX:d 1500 A:l.list PTR:r MX:d", Unknown),
            ("a filter", "A:l.list PTR:r MX:d 1500 A:l.list TXT:d", Client),
            ("a filter without reverse name", "A:l.list MX:d 1500 A:l.list TXT:d", Client),
            ("a delivery", "MX:d A:m 1500 MX:d A:m2", Unknown),
            ("both", "PTR:r MX:d 1500 TXT:d 300 PTR:r", Client),
            ("two short ones", "PTR:r MX:d 600 TXT:d 600 PTR:r", Unknown),
            ("a host that connects again", "PTR:r A:l.list 1500 A:l.list", Unknown),
            ("its lists alone", "A:l.list 1500 A:l.list", Unknown),
            ("another list of a host", "PTR:r A:l.list 1500 A:m.list", Client),
            ("a short one", "PTR:r MX:d 900 PTR:r", None),
            ("a sender of the same provider", "PTR:r A:h A:l.list MX:d 1500 MX:e", Unknown),
            ("a delivery to the sender", "PTR:r A:h MX:d TXT:d 1500 MX:d", Unknown),
            ("the policy of the sender again", "PTR:r A:h MX:d TXT:d 1500 TXT:d", Client),
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
            ("the first host of a mail", "MX:d 1200 PTR:1.2.0.192.in-addr.arpa TXT:d", Client),
        ] {
            assert_eq!(culprit(text), kind, "{case}");
        }
    }
}
