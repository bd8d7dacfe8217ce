//! The line of a whole session, with its time: `SMTP connection from ... D=4.2s closed by QUIT` of Exim. It names the host, and not the
//! senders of the mails.
//!
//! # Decisions
//!
//! - The queries about a sender may be a message of the record that no name of the line finds. So if the message of the line does not explain
//!   its time, the other messages of its client in that time are looked at.
//! - A message of another host is of another session. One without a host may be of this session: if it explains the time of the line, it could
//!   not tell.

use super::delay::LineDelay;
use super::fit::{DELAYED, SHARE, TimeFit, time_fit, waited};
use super::line::PastedLine;
use super::other_mail::has_another_host;
use super::other_part::{causes_of, unknown_between};
use crate::record::culprit::CulpritKind;
use crate::record::why::MessageReport;

/// The time of the session of a line that its `message` does not explain, in seconds since 1970. None for other lines, and for messages that
/// do.
pub fn unexplained_session(line: &PastedLine, message: &MessageReport) -> Option<(f64, f64)> {
    let LineDelay { whole, of_session, .. } = line.delay;
    let is_unexplained = matches!(message.culprit.kind, CulpritKind::NotDns | CulpritKind::Client);
    let is_long = of_session && whole.is_some_and(|whole| whole >= DELAYED);
    line.last_try().filter(|_| is_long && is_unexplained)
}

/// The message of the line of a session, which does not explain it, with the culprit `unknown` if one of the `others` of that time may be of
/// the session and explains it.
pub fn settle_session(line: &PastedLine, message: MessageReport, others: &[MessageReport]) -> MessageReport {
    let own = waited(line, &message);
    let explains = |other: &&MessageReport| {
        let is_other = other.began != message.began && other.client == message.client;
        let is_of_session = time_fit(line, other) > TimeFit::Elsewhere && !has_another_host(line, other);
        let both = own + waited(line, other);
        is_other && is_of_session && line.delay.whole.is_some_and(|whole| both >= whole * SHARE)
    };
    let causes = causes_of(others.iter().filter(explains));
    if causes.is_empty() {
        return message;
    }
    let evidence = "the queries about the host of this session were quick, but other queries of the same client waited in its time, and their host is not known: they may be about the sender of a mail of this session";
    let advice = "paste the lines of the mails of this session too, which name their senders";
    unknown_between(message, causes, (evidence, advice))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::super::tests::{NOW, message};
    use super::*;
    use crate::question::Outcome;

    const SESSION: &str =
        "2026-11-21 03:12:05 SMTP connection from mail.host.example [192.0.2.1] D=4.5s closed by QUIT";

    /// A message with a query that waited, some seconds before the line.
    fn of(name: &str, (before, waited): (f64, f64), kind: CulpritKind) -> MessageReport {
        let mut message = message(waited, kind, Outcome::Upstream);
        message.began = read(SESSION, NOW).remove(0).at.unwrap() - before;
        message.questions[0].name = name.to_owned();
        message.questions[0].kind = if name.ends_with("in-addr.arpa.") { "PTR" } else { "MX" }.to_owned();
        message
    }

    #[test]
    fn the_sender_of_a_session_may_stand_in_a_message_without_its_host() {
        use CulpritKind::{Client, None, NotDns, ServerSlow, Unknown};
        let host = |waited: f64| of("1.2.0.192.in-addr.arpa.", (4.4, waited), NotDns);
        let sender = |waited: f64| of("sender.example.", (2.4, waited), ServerSlow);
        let other = of("9.2.0.192.in-addr.arpa.", (2.4, 2.4), ServerSlow);
        let elsewhere = of("sender.example.", (60.0, 4.0), ServerSlow);
        let remote = MessageReport { client: "192.0.2.8".to_owned(), ..sender(2.4) };
        for (case, own, others, expected) in [
            ("no other", host(0.01), vec![], (NotDns, 0)),
            ("a slow sender", host(0.01), vec![sender(2.4)], (Unknown, 1)),
            ("a host and a sender, both slow", host(1.6), vec![sender(1.0)], (Unknown, 1)),
            ("a sender that does not explain it", host(0.01), vec![sender(1.0)], (NotDns, 0)),
            ("a quick sender", host(0.01), vec![of("sender.example.", (2.4, 0.1), None)], (NotDns, 0)),
            ("another host", host(0.01), vec![other], (NotDns, 0)),
            ("another time", host(0.01), vec![elsewhere], (NotDns, 0)),
            ("another client", host(0.01), vec![remote], (NotDns, 0)),
            ("its own message", host(0.01), vec![host(0.01)], (NotDns, 0)),
        ] {
            let line = read(SESSION, NOW).remove(0);
            assert!(unexplained_session(&line, &own).is_some(), "{case}");
            let told = settle_session(&line, own, &others);
            assert_eq!((told.culprit.kind, told.also.len()), expected, "{case}");
        }
        for (text, kind, is_wanted) in [
            (SESSION, NotDns, true),
            (SESSION, Client, true),
            (SESSION, ServerSlow, false),
            (SESSION, Unknown, false),
            ("2026-11-21 03:12:05 SMTP connection from [192.0.2.1] D=0.5s closed by QUIT", NotDns, false),
            ("2026-11-21 03:12:05 1abC <= u@a.example H=b.example [192.0.2.1] S=9 RT=4.5s", NotDns, false),
        ] {
            let line = read(text, NOW).remove(0);
            let found = unexplained_session(&line, &of("a.example.", (1.0, 0.1), kind));
            assert_eq!(found.is_some(), is_wanted, "{text} {kind:?}");
        }
    }
}
