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

/// Words of Exim, in lower case, about a sender whose domain could not be looked up.
const SENDER_UNVERIFIED: &str = "could not complete sender verify";

/// Words of Exim, in lower case, about a recipient whose domain could not be looked up.
const RECIPIENT_UNVERIFIED: &str = "could not complete recipient verify";

/// Exim writes this word after `SENDER_UNVERIFIED` or `RECIPIENT_UNVERIFIED` if the lookup succeeded, but a mail host of the domain rejected the
/// mail address.
const BY_SERVER: &str = " callout";

/// Returns the result of DNS that a lower-case text reports. The words of a remote server report what that server looked up.
pub(super) fn reported(text: &str) -> Option<DnsResult> {
    let own = REMOTE.iter().filter_map(|words| Some(text.split_once(*words)?.0)).min_by_key(|own| own.len());
    let own = own.unwrap_or(text);
    let is_unverified =
        |words: &&str| own.split_once(*words).is_some_and(|(_, rest)| !rest.starts_with(BY_SERVER));
    let unverified = [SENDER_UNVERIFIED, RECIPIENT_UNVERIFIED].iter().find(|words| is_unverified(words));
    let row = doctor::message::reported(own);
    let row = row.filter(|row| !row.symbol || delay::in_line(own).whole.is_none_or(|whole| whole < DELAYED));
    unverified.map(|_| DnsResult::Failure).or_else(|| row.map(|row| row.kind))
}

/// Returns true if a lower-case text names a host or a domain that was not found.
pub(super) fn names_host(text: &str) -> bool {
    has(text, &PHRASES.host_named) || rejected(text).is_some()
}

/// The words before the name that could not be looked up, of Postfix, Exim and Sendmail.
const BEFORE_NAME: [&str; 4] = [
    "name service error for name=",
    "sender verify fail for <",
    "(name server: ",
    "domain of sender address ",
];

/// The words of Postfix after the name that could not be looked up.
const POSTFIX: [&str; 3] =
    [">: sender address rejected", ">: recipient address rejected", ">: helo command rejected"];

/// The words of Exim after the addresses of sender and recipient, each with the word before the address that is rejected.
const EXIM: [(&str, &str); 2] = [(SENDER_UNVERIFIED, " f=<"), (RECIPIENT_UNVERIFIED, " rcpt <")];

/// Returns the name because of which a mail was rejected: a host, or the domain of a mail address. `text` is a log line in lower case. Returns `None`
/// if the line contains neither.
pub(super) fn rejected(text: &str) -> Option<String> {
    let of_postfix = || POSTFIX.iter().find_map(|words| Some(text.split_once(words)?.0.rsplit_once('<')?.1));
    let behind = |words: &&str| text.split_once(*words)?.1.split([' ', '>', ':']).next();
    let of_words = || BEFORE_NAME.iter().find_map(behind);
    let of_exim = || {
        let named = |(words, before): &(&str, &str)| {
            Some(text.split_once(words)?.0.rsplit_once(before)?.1.split_once('>')?.0)
        };
        EXIM.iter().find_map(named)
    };
    subject(of_postfix().or_else(of_words).or_else(of_exim)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rejected_name_is_found_in_the_lines_of_each_program() {
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
