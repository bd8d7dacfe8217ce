//! Messages of other mails: a host of a provider sends the mails of many customers, and a domain has several hosts.
//!
//! # Decisions
//!
//! - A mail has one sender, whose MX mail software asks for. A message with the MX of another domain, and without any query for a domain of
//!   the addresses of a line, is that of another mail of the same host.
//! - A connection has one host, whose reverse name mail software asks for. A message with the reverse name of another address, and without
//!   any query about an address of a line, is that of another host, also if both have names of one domain. But the query for a sender may
//!   stand in the message of another host of its provider, so a message with a domain of the line's mail addresses counts.
//! - A delivery asks for no reverse name. A mail that comes from the host to which Postfix could not connect is another one.

use super::about::has;
use super::delivery::is_attempt;
use super::doubt::{address_of, knows_host};
use super::line::PastedLine;
use history::why::{MessageReport, QuestionReport};

/// Whether a message is certainly of another mail than a line.
pub(super) fn is_of_another(line: &PastedLine, message: &MessageReport) -> bool {
    has_another_sender(line, message)
        || has_another_host(line, message)
        || (is_attempt(&line.text) && has_connected(message))
}

/// Whether a host has connected for the mail of a message.
fn has_connected(message: &MessageReport) -> bool {
    message.questions.iter().any(|question| address_of(&question.name).is_some())
}

fn has_another_sender(line: &PastedLine, message: &MessageReport) -> bool {
    let is_sender = |question: &QuestionReport| question.kind == "MX" && address_of(&question.name).is_none();
    !line.mail_domains.is_empty()
        && message.questions.iter().any(is_sender)
        && !has_mail_domain(line, message)
}

fn has_mail_domain(line: &PastedLine, message: &MessageReport) -> bool {
    line.mail_domains.iter().any(|domain| has(message, domain))
}

fn has_another_host(line: &PastedLine, message: &MessageReport) -> bool {
    let is_host = |question: &QuestionReport| question.kind == "PTR" && address_of(&question.name).is_some();
    // Queries that were left out may be about the address.
    line.addresses().next().is_some()
        && message.left_out == 0
        && message.questions.iter().any(is_host)
        && !knows_host(line, message)
        && !has_mail_domain(line, message)
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::super::tests::{NOW, message};
    use super::*;
    use dns::question::Outcome;
    use history::culprit::CulpritKind;

    #[test]
    fn a_mail_from_the_host_of_a_failed_connection_is_another_one() {
        let line = |text: &str| read(&format!("Nov 21 03:12:05 mx {text}"), NOW).remove(0);
        let attempt = line("postfix/smtp[9]: connect to mx.b.example[192.0.2.1]:25: Connection timed out");
        assert_eq!(attempt.subjects, ["mx.b.example"]);
        let of = |name: &str| {
            let mut message = message(1.0, CulpritKind::ListSilent, Outcome::Upstream);
            message.questions[0].name = name.to_owned();
            message
        };
        assert!(is_of_another(&attempt, &of("1.2.0.192.list.example.")));
        assert!(!is_of_another(&attempt, &of("mx.b.example.")));
        let connect = line("postfix/smtpd[9]: connect from mx.b.example[192.0.2.1]");
        assert!(!is_of_another(&connect, &of("1.2.0.192.list.example.")) && connect.subjects.len() == 2);
    }

    #[test]
    fn a_message_with_the_sender_of_another_mail_is_not_that_of_a_line() {
        let exim = "2026-11-21 03:12:05 1abCde-0000Xy-01 <= u@fine.example H=out1.host.example [192.0.2.1] P=esmtps S=9";
        let connect = "Nov 21 03:12:05 mx postfix/smtpd[1]: connect from out1.host.example[192.0.2.1]";
        for (text, names, is_other) in [
            (exim, &["1.2.0.192.in-addr.arpa.", "other.example."][..], true),
            (exim, &["1.2.0.192.in-addr.arpa.", "fine.example."], false),
            (exim, &["other.example.", "_dmarc.fine.example."], false),
            (exim, &["1.2.0.192.in-addr.arpa."], false),
            (connect, &["1.2.0.192.in-addr.arpa.", "other.example."], false),
        ] {
            let mut message = message(0.1, CulpritKind::ServerRefused, Outcome::Failed);
            let question = message.questions.remove(0);
            let named = |name: &&str| QuestionReport { name: (*name).to_owned(), ..question.clone() };
            message.questions = names.iter().map(named).collect();
            assert_eq!(is_of_another(&read(text, NOW)[0], &message), is_other, "{text} {names:?}");
        }
    }

    #[test]
    fn a_message_with_the_reverse_name_of_another_host_is_not_that_of_a_line() {
        let lost = "Nov 21 03:12:05 mx postfix/smtpd[1]: lost connection after DATA from mail.fine.example[192.0.2.1]";
        let sent =
            "Nov 21 03:12:05 mx postfix/qmgr[1]: 4A: from=<u@fine.example>, size=9, nrcpt=1 (queue active)";
        let rejected = "2026-11-21 03:12:05 H=mail.fine.example [192.0.2.1] F=<u@fine.example> temporarily rejected RCPT <x@our.example>: Could not complete sender verify";
        let (own, other) = ("1.2.0.192.in-addr.arpa.", "9.2.0.192.in-addr.arpa.");
        for (text, queries, is_other) in [
            (lost, &[(other, "PTR"), ("mail.fine.example.", "A")][..], true),
            (lost, &[(other, "PTR"), (own, "PTR")], false),
            (lost, &[(other, "PTR"), ("1.2.0.192.list.test.", "A")], false),
            (lost, &[("mail.fine.example.", "A")], false),
            (lost, &[("9.2.0.192.list.test.", "A")], false),
            (sent, &[(other, "PTR"), ("fine.example.", "MX")], false),
            (rejected, &[(other, "PTR"), ("fine.example.", "MX")], false),
            (rejected, &[(other, "PTR"), ("mail.fine.example.", "A")], true),
        ] {
            let mut message = message(0.1, CulpritKind::ServerSlow, Outcome::Upstream);
            let question = message.questions.remove(0);
            let asked = |(name, kind): &(&str, &str)| QuestionReport {
                name: (*name).to_owned(),
                kind: (*kind).to_owned(),
                ..question.clone()
            };
            message.questions = queries.iter().map(asked).collect();
            assert_eq!(is_of_another(&read(text, NOW)[0], &message), is_other, "{text} {queries:?}");
            message.left_out = 1;
            assert!(!is_of_another(&read(text, NOW)[0], &message), "{text} {queries:?}");
        }
    }
}
