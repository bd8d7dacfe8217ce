//! Messages of other senders: a host of a provider sends the mails of many customers.
//!
//! # Decisions
//!
//! - A mail has one sender, whose MX mail software asks for. A message with the MX of another domain, and without any query for a domain of
//!   the addresses of a line, is that of another mail of the same host.

use super::about::has;
use super::doubt::address_of;
use super::line::PastedLine;
use crate::record::why::{MessageReport, QuestionReport};

/// Whether a message is certainly of another mail than a line.
pub(super) fn is_of_another(line: &PastedLine, message: &MessageReport) -> bool {
    let is_sender = |question: &QuestionReport| question.kind == "MX" && address_of(&question.name).is_none();
    !line.mail_domains.is_empty()
        && message.questions.iter().any(is_sender)
        && !line.mail_domains.iter().any(|domain| has(message, domain))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::super::tests::{NOW, message};
    use super::*;
    use crate::question::Outcome;
    use crate::record::culprit::CulpritKind;

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
}
