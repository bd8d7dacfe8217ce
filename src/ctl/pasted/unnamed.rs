//! Queries of a mail for names that its line does not have: the senders of a session in `SMTP connection from ... D=4.2s closed by QUIT` of Exim,
//! or the domain of a signature.
//!
//! # Decisions
//!
//! - Such queries may be a message of the record that no name of the line finds. So if the message of the line does not explain the time of its
//!   program, the other messages of its client in that time are looked at.
//! - A message of another host, or with another sender than that of the line, is of another mail. Another one may be of this mail: if it explains
//!   the time of the line, it could not tell.

use super::fit::{DELAYED, SHARE, TimeFit, time_fit, waited};
use super::line::PastedLine;
use super::not_asked;
use super::other_mail::is_of_another;
use super::other_part::{causes_of, unknown_between};
use history::culprit::{CulpritKind, DecisiveTime};
use history::why::MessageReport;

/// The time of the program of a line, which its `message` does not explain, in seconds since 1970. None for other lines, and if the message
/// does. Of an absent message see `not_asked`.
pub fn unexplained_time(line: &PastedLine, message: &MessageReport) -> Option<(f64, f64)> {
    if message.is_absent() {
        return not_asked::time(line, message);
    }
    let is_unexplained = matches!(message.culprit.kind, CulpritKind::NotDns | CulpritKind::Client);
    let is_long = line.delay.of_incoming && line.delay.whole.is_some_and(|whole| whole >= DELAYED);
    match line.decisive().filter(|_| is_long && is_unexplained)? {
        DecisiveTime::Delay { from, to } => Some((from, to)),
        DecisiveTime::Until(_) => None,
    }
}

/// The message of a line, which does not explain the time of its program, with the culprit `unknown` if one of the `others` of that time may
/// be of the mail and explains it.
pub fn settle_unnamed(line: &PastedLine, message: MessageReport, others: &[MessageReport]) -> MessageReport {
    if message.is_absent() {
        return not_asked::settle(line, message, others);
    }
    let own = waited(line, &message);
    let explains = |other: &&MessageReport| {
        let is_other = other.began != message.began && other.client == message.client;
        let is_of_mail = time_fit(line, other) > TimeFit::Elsewhere && !is_of_another(line, other);
        let both = own + waited(line, other);
        is_other && is_of_mail && line.delay.whole.is_some_and(|whole| both >= whole * SHARE)
    };
    let causes = causes_of(others.iter().filter(explains));
    if causes.is_empty() {
        return message;
    }
    let evidence = "the queries for the names of this line were quick, but other queries of the same client waited in its time, and their mail is not known: they may be about the sender of a mail of this session, or the domain of a signature";
    let advice =
        "paste the other lines of this mail too: those with its sender and its signatures name more of it";
    unknown_between(message, causes, (evidence, advice))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::super::tests::{NOW, message};
    use super::*;
    use dns::question::Outcome;

    const SESSION: &str =
        "2026-11-21 03:12:05 SMTP connection from mail.host.example [192.0.2.1] D=4.5s closed by QUIT";

    /// A message with a query that waited, some seconds before the line.
    fn of(name: &str, (before, waited): (f64, f64), kind: CulpritKind) -> MessageReport {
        let mut message = message(waited, kind, Outcome::Upstream);
        message.began = read(SESSION, NOW).remove(0).at.unwrap() - before;
        message.questions[0].name = name.to_owned();
        message.questions[0].kind = match name {
            _ if name.ends_with("in-addr.arpa.") => "PTR",
            _ if name.contains("_domainkey") => "TXT",
            _ => "MX",
        }
        .to_owned();
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
            assert!(unexplained_time(&line, &own).is_some(), "{case}");
            let told = settle_unnamed(&line, own, &others);
            assert_eq!((told.culprit.kind, told.also.len()), expected, "{case}");
        }
        // The domain of a signature, and the sender of another mail.
        let received = "2026-11-21 03:12:05 1abC <= u@a.example H=mail.host.example [192.0.2.1] S=9 RT=4.5s";
        let signature = of("s1._domainkey.other.example.", (4.3, 4.0), ServerSlow);
        for (other, expected) in [(signature, (Unknown, 1)), (sender(4.0), (NotDns, 0))] {
            let told = settle_unnamed(&read(received, NOW).remove(0), host(0.01), &[other]);
            assert_eq!((told.culprit.kind, told.also.len()), expected);
        }
        for (text, kind, is_wanted) in [
            (SESSION, NotDns, true),
            (SESSION, Client, true),
            (SESSION, ServerSlow, false),
            (SESSION, Unknown, false),
            ("2026-11-21 03:12:05 SMTP connection from [192.0.2.1] D=0.5s closed by QUIT", NotDns, false),
            ("2026-11-21 03:12:05 1abC <= u@a.example H=b.example [192.0.2.1] S=9 RT=4.5s", NotDns, true),
            (
                "2026-11-21 03:12:05 1abC => u@a.example R=d T=s H=b.example [192.0.2.1] QT=4.5s DT=4s",
                NotDns,
                false,
            ),
            ("Nov 21 03:12:05 mx postfix/smtpd[1]: connect from b.example[192.0.2.1]", NotDns, false),
        ] {
            let line = read(text, NOW).remove(0);
            let found = unexplained_time(&line, &of("a.example.", (1.0, 0.1), kind));
            assert_eq!(found.is_some(), is_wanted, "{text} {kind:?}");
        }
    }
}
