//! The other part of the mail of a pasted line: the queries about names of the line that its message lacks.
//!
//! Where many mails of one client are under way, the queries about the host of a mail and those about its sender's domain are two messages,
//! because no name joins them. A line that names both does.
//!
//! # Decisions
//!
//! - The message with the most names of the line is often that of the host, which was quick. So the others are looked at if it does not
//!   explain the line, or if they waited longer in the time that the line names.
//! - Several mails of a domain may be of that time. Their cause is that of the line only if all of them have it; otherwise could not tell.
//! - The queries of one mail may be several messages with the same names, too: a program has asked for the host again, or long waits have
//!   parted them. If together they waited as long as the line was delayed, or if the line has no delay and one about the same host is just
//!   beside its message, it could not tell which of them are of its mail.

use super::about::has;
use super::doubt::knows_host;
use super::fit::{DELAYED, SHARE, TimeFit, is_of_dns, time_fit, waited};
use super::line::PastedLine;
use history::culprit::CulpritKind;
use history::limits::MESSAGE_PAUSE;
use history::why::{CulpritReport, MessageReport};

/// The messages with the queries that the message of a line lacks, as far as they explain the line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum OtherPart {
    /// They have one cause. The nearest one.
    Known(Box<MessageReport>),
    /// Some of them have a cause, or they have several.
    Unsure(Vec<CulpritReport>),
    /// Messages with the same names have these causes.
    Beside(Vec<CulpritReport>),
}

/// The other part of the mail of a line, whose `message` does not explain it; none if no message of `found` does. `judge` gives a message
/// with the verdict for the line.
pub(super) fn other_part(
    line: &PastedLine,
    message: &MessageReport,
    found: &[MessageReport],
    judge: impl Fn(MessageReport) -> MessageReport,
) -> Option<OtherPart> {
    let lacks = |subject: &&String| !has(message, subject);
    let lacking: Vec<&String> = line.subjects.iter().filter(lacks).collect();
    let is_candidate = |other: &&MessageReport| {
        let is_of_line = other.client == message.client && time_fit(line, other) > TimeFit::Elsewhere;
        let is_near = gap(message, other) <= MESSAGE_PAUSE.as_secs_f64();
        is_of_line && is_near && lacking.iter().any(|subject| has(other, subject))
    };
    let candidates: Vec<MessageReport> = found.iter().filter(is_candidate).cloned().map(judge).collect();
    let causes = causes_of(&candidates);
    if causes.is_empty() {
        return beside(line, message, found).map(OtherPart::Beside);
    }
    if causes.len() > 1 || !candidates.iter().all(is_of_dns) {
        return Some(OtherPart::Unsure(causes));
    }
    let nearest =
        candidates.into_iter().min_by(|one, other| gap(message, one).total_cmp(&gap(message, other)))?;
    Some(OtherPart::Known(Box::new(nearest)))
}

/// The causes of other messages with names of a line, if they may be parts of its mail: together they waited for most of its delay, or one
/// about its host is just beside its message if it has no delay.
fn beside(line: &PastedLine, message: &MessageReport, found: &[MessageReport]) -> Option<Vec<CulpritReport>> {
    let delay = line.delay.with_dns();
    let is_part = |other: &&MessageReport| {
        let is_of_line = other.client == message.client && time_fit(line, other) == TimeFit::LastTry;
        let is_related = || match delay {
            Some(_) => line.subjects.iter().any(|subject| has(other, subject)),
            None => {
                gap(message, other) <= MESSAGE_PAUSE.as_secs_f64()
                    && knows_host(line, message)
                    && knows_host(line, other)
            }
        };
        is_of_line && is_related()
    };
    let parts: Vec<&MessageReport> = found.iter().filter(is_part).collect();
    let waited = parts.iter().fold(waited(line, message), |sum, other| sum + waited(line, other));
    let is_delay = delay.is_none_or(|delay| delay >= DELAYED && waited >= delay * SHARE);
    let causes = causes_of(parts);
    (is_delay && !causes.is_empty()).then_some(causes)
}

/// The message of a line, with the culprit `unknown` because these causes of other messages with its names may be its own.
pub(super) fn unsure_beside(message: MessageReport, causes: Vec<CulpritReport>) -> MessageReport {
    let evidence = "the queries of this message were quick, but other queries of the same client for names of this line waited or failed at its time: they may be of the same mail";
    let advice = "`resolverctl why` with the names of the line shows their messages; compare the times with the lines of this mail in the mail log";
    unknown_between(message, causes, (evidence, advice))
}

/// The message of a line, with the culprit `unknown` because these may be its causes.
pub(super) fn unsure(message: MessageReport, causes: Vec<CulpritReport>) -> MessageReport {
    let evidence = "the queries of this message were quick, but other queries of the same client for names of this line waited or failed at the same time, and not all of them have one cause: they may be of other mails";
    let advice = "look in the mail log for other mails of the same domain at this time; `resolverctl why` with the domain shows them";
    unknown_between(message, causes, (evidence, advice))
}

/// The message of a line with the culprit `unknown`, its evidence and its advice, because each of these may be its cause.
pub(super) fn unknown_between(
    message: MessageReport,
    causes: Vec<CulpritReport>,
    (evidence, advice): (&str, &str),
) -> MessageReport {
    let (zone, server, list, usual) = Default::default();
    let (evidence, advice) = (evidence.to_owned(), advice.to_owned());
    let culprit = CulpritReport { kind: CulpritKind::Unknown, zone, server, list, evidence, usual, advice };
    MessageReport { culprit, also: causes, ..message }
}

/// The causes of messages in DNS, each once.
pub(super) fn causes_of<'m>(messages: impl IntoIterator<Item = &'m MessageReport>) -> Vec<CulpritReport> {
    let mut causes: Vec<CulpritReport> = Vec::new();
    for one in messages.into_iter().filter(|one| is_of_dns(one)) {
        if !causes.iter().any(|known| is_same(known, &one.culprit)) {
            causes.push(one.culprit.clone());
        }
    }
    causes
}

/// Whether two causes are one.
pub(super) fn is_same(one: &CulpritReport, other: &CulpritReport) -> bool {
    (one.kind, &one.zone, &one.list) == (other.kind, &other.zone, &other.list)
}

/// The seconds between two messages; 0 if they overlap.
fn gap(one: &MessageReport, other: &MessageReport) -> f64 {
    let behind = other.began - (one.began + one.took);
    behind.max(one.began - (other.began + other.took)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{message, settled};
    use super::*;
    use dns::question::Outcome;

    const LINE: &str = "2026-11-21 03:12:05 H=mail.host.example [192.0.2.1] F=<u@sender.example> temporarily rejected RCPT <x@our.example>: Could not complete sender verify";

    /// A message with a query for a name.
    fn of(name: &str, (began, waited): (f64, f64), kind: CulpritKind, zone: &str) -> MessageReport {
        let outcome = if is_of_dns(&message(waited, kind, Outcome::Upstream)) {
            Outcome::Failed
        } else {
            Outcome::Upstream
        };
        let mut message = message(waited, kind, outcome);
        message.began += began;
        message.questions[0].name = name.to_owned();
        message.questions[0].of_subject = true;
        message.culprit.zone = Some(zone.to_owned());
        message
    }

    fn host() -> MessageReport {
        of("1.2.0.192.in-addr.arpa.", (-1.0, 0.003), CulpritKind::None, "")
    }

    /// The kind of the verdict on the line, its zone, and the number of further causes.
    fn told(others: &[MessageReport]) -> (CulpritKind, Option<String>, usize) {
        // The address and the name of the host find the same message.
        let found = [host(), host()].into_iter().chain(others.iter().cloned()).collect();
        let told = settled(LINE, found).unwrap();
        assert_eq!(told.line.as_deref(), Some(LINE));
        (told.culprit.kind, told.culprit.zone, told.also.len())
    }

    #[test]
    fn the_sender_of_a_line_may_stand_in_another_message_than_its_host() {
        use CulpritKind::{None, NotDns, ServerRefused, ServerSlow};
        let zone = "sender.example.";
        let refused = |began: f64| of(zone, (began, 0.001), ServerRefused, zone);
        let fine = of("mx.sender.example.", (-0.8, 0.001), None, "");
        let slow = of(zone, (-0.7, 2.0), ServerSlow, zone);
        let elsewhere = MessageReport { client: "192.0.2.9".to_owned(), ..refused(-0.9) };
        let other = of("other.example.", (-0.9, 0.001), ServerRefused, "other.example.");
        let known = |kind| (kind, Some(zone.to_owned()), 0);
        for (case, others, expected) in [
            ("no other", vec![], (NotDns, Option::None, 0)),
            ("its sender", vec![refused(-0.9)], known(ServerRefused)),
            ("a slow sender", vec![slow.clone()], known(ServerSlow)),
            ("all mails of its sender", vec![refused(-0.9), refused(-0.5)], known(ServerRefused)),
            // The line is about the one that failed.
            ("some of them", vec![refused(-0.9), fine.clone()], known(ServerRefused)),
            ("of two causes", vec![refused(-0.9), slow], known(ServerSlow)),
            ("a healthy sender", vec![fine], (NotDns, Option::None, 0)),
            ("of another client", vec![elsewhere], known(ServerRefused)),
            ("some seconds before", vec![refused(-9.0)], known(ServerRefused)),
            ("of another name", vec![other], (NotDns, Option::None, 0)),
        ] {
            assert_eq!(told(&others), expected, "{case}");
        }
    }

    #[test]
    fn of_two_parts_the_one_that_waited_longer_in_the_time_of_the_line_has_its_cause() {
        const RECEIVED: &str = "2026-11-21 03:12:05 1abCde-0000Xy-01 <= u@sender.example H=mail.host.example [192.0.2.1] P=esmtps S=9 RT=1.8s";
        let host = |began: f64| of("1.2.0.192.in-addr.arpa.", (began, 1.8), CulpritKind::ServerSlow, "arpa.");
        let sender = of("sender.example.", (-1.6, 1.6), CulpritKind::ServerSlow, "sender.example.");
        // The line was written at some time of its second.
        for (began, zone) in [(-2.7, "sender.example."), (-1.8, "arpa.")] {
            let told = settled(RECEIVED, vec![host(began), host(began), sender.clone()]).unwrap();
            assert_eq!(told.culprit.zone.as_deref(), Some(zone), "{began}: {told:#?}");
        }
    }

    #[test]
    fn messages_with_the_names_of_a_line_beside_its_quick_one_may_be_of_its_mail() {
        use CulpritKind::{Network, NotDns, Unknown};
        const RECEIVED: &str = "2026-11-21 03:12:05 1abCde-0000Xy-01 <= u@sender.example H=mail.host.example [192.0.2.1] P=esmtps S=9 RT=10.6s";
        const CLOSED: &str =
            "Nov 21 03:12:05 mx postfix/smtpd[1]: disconnect from unknown[192.0.2.1] ehlo=1 quit=1";
        let down = |name: &str, began: f64, waited: f64| of(name, (began, waited), Network, "");
        let reverse = "1.2.0.192.in-addr.arpa.";
        let again = of("1.2.0.192.list.example.", (-1.0, 0.001), CulpritKind::None, "");
        for (text, others, expected) in [
            (RECEIVED, vec![down(reverse, -9.0, 4.0), down("sender.example.", -4.0, 2.3)], (Unknown, 1)),
            (RECEIVED, vec![down(reverse, -9.0, 4.0)], (NotDns, 0)),
            (RECEIVED, vec![down(reverse, -90.0, 6.0)], (NotDns, 0)),
            (CLOSED, vec![down(reverse, -5.0, 3.0)], (Unknown, 1)),
            (CLOSED, vec![down(reverse, -15.0, 3.0)], (NotDns, 0)),
        ] {
            let found = std::iter::once(again.clone()).chain(others).collect();
            let told = settled(text, found).unwrap();
            assert_eq!((told.culprit.kind, told.also.len()), expected, "{text}: {told:#?}");
        }
    }

    #[test]
    fn a_client_that_sleeps_is_the_cause_of_a_line_without_delay() {
        let kind = |text: &str| {
            let mut asleep = of("1.2.0.192.in-addr.arpa.", (-3.2, 0.003), CulpritKind::Client, "");
            asleep.took = 3.2;
            settled(text, vec![asleep]).unwrap().culprit.kind
        };
        for text in [
            LINE,
            "Nov 21 03:12:05 mx postfix/postscreen[7]: NOQUEUE: reject: RCPT from [192.0.2.1]:4711: 450 4.3.2 Service currently unavailable",
        ] {
            assert_eq!(kind(text), CulpritKind::Client, "{text}");
        }
        let long = "Nov 21 03:12:05 mx spamd[1]: spamd: clean message (1.0/5.0) for x:1 in 25.0 seconds, 2222 bytes, 192.0.2.1";
        assert_eq!(kind(long), CulpritKind::NotDns);
    }
}
