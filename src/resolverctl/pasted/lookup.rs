//! Recognizes the words of mail software about results of DNS, and the name that a line rejects because of such a result.
//!
//! Postfix: `450 4.1.8 <bob@sender.example>: Sender address rejected: Domain not found`. Sendmail: `Domain of sender address
//! bob@sender.example does not resolve`. Exim: `F=<bob@sender.example> temporarily rejected RCPT <anna@our.example>: Could not complete
//! sender verify`.

use super::delay;
use super::delivery::REMOTE;
use super::fit::DELAYED;
use super::subject::subject;
use dns::question::DnsResult;
use doctor::message::{PHRASES, has};

/// Returns the result of DNS that a lower-case text reports. The words of a remote server are ignored, because the remote server
/// made its own lookups.
pub(super) fn reported(text: &str) -> Option<DnsResult> {
    let own = REMOTE.iter().filter_map(|words| Some(text.split_once(*words)?.0)).min_by_key(|own| own.len());
    let own = own.unwrap_or(text);
    let row = doctor::message::reported(own).filter(|row| row.kind != DnsResult::Unknown)?;
    let is_reason = !row.symbol || delay::in_line(own).whole.is_none_or(|whole| whole < DELAYED);
    is_reason.then_some(row.kind)
}

/// Returns true if the text names a host or a domain that was not found.
pub(super) fn names_host(text: &str) -> bool {
    has(text, &PHRASES.host_named) || rejected(text).is_some()
}

/// Returns the host, or the domain of the mail address, about which the lower-case `text` says that it was rejected or not found.
pub(super) fn rejected(text: &str) -> Option<String> {
    subject(doctor::message::named(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_name_is_found_per_program() {
        for (text, name) in [
            (
                "rcpt from mail.h.example[192.0.2.7]: 450 4.1.8 <a@s.example>: sender address rejected: domain not found; from=<a@s.example> to=<b@r.example>",
                Some("s.example"),
            ),
            (
                "rcpt from unknown[192.0.2.7]: 450 4.1.2 <b@r.example>: recipient address rejected: domain not found; from=<a@s.example>",
                Some("r.example"),
            ),
            (
                "rcpt from unknown[192.0.2.7]: 450 4.7.1 <mail.h.example>: helo command rejected: host not found; from=<a@s.example>",
                Some("mail.h.example"),
            ),
            (
                "ruleset=check_mail, arg1=<a@s.example>, relay=[192.0.2.9], reject=451 4.1.8 domain of sender address a@s.example does not resolve",
                Some("s.example"),
            ),
            (
                "h=mail.h.example [192.0.2.1] f=<a@s.example> temporarily rejected rcpt <b@r.example>: could not complete sender verify",
                Some("s.example"),
            ),
            (
                "h=mail.h.example [192.0.2.1] f=<a@s.example> temporarily rejected rcpt <b@r.example>: could not complete recipient verify",
                Some("r.example"),
            ),
            ("connect from mail.h.example[192.0.2.7]", None),
        ] {
            assert_eq!(rejected(text).as_deref(), name, "{text}");
        }
    }
}
