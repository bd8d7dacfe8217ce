//! The words of mail software about its own lookups for a recipient: domains whose hosts it does not find or does not take, and mail that
//! comes back to it.
//!
//! qmail-remote(8); Postfix 3.9, src/dns/dns_lookup.c and src/smtp/smtp_addr.c; Exim 4.98, src/src/routers; Sendmail 8.18, deliver.c.

use std::net::IpAddr;

use super::refusal_words::{domain, ends, is_host_name};
use crate::limits::MAX_MESSAGE_DOMAINS;

/// The words before the domain of a recipient: of qmail for a host that it has not found, and of warnings of Postfix about MX records.
const BEFORE_DOMAIN: [&str; 3] = ["any host named ", IN_RECORD, "no MX host for "];

/// The words of Postfix before the owner and the data of an MX record that it does not take.
const IN_RECORD: &str = " in resource data of MX record for ";

/// The words around the domain in Postfix's report of a loop.
const LOOP: (&str, &str) = ("mail for ", " loops back to myself");

/// The words of Exim and Sendmail for a loop.
const LOOPS: [&str; 2] = ["lowest numbered MX record points to local host", "mail loops back to me"];

/// The first word behind other words, if it is a host name: its domain.
fn next_domain(behind: &str) -> Option<String> {
    let host = behind.split(ends).next()?.trim_end_matches(['.', ':']);
    if is_host_name(host) { domain(host) } else { None }
}

/// The domains of recipients for which the software has found no host, for texts without an address.
pub(super) fn missing_hosts(message: &str) -> Vec<String> {
    let found = BEFORE_DOMAIN.iter().flat_map(|words| message.split(words).skip(1).filter_map(next_domain));
    found.take(MAX_MESSAGE_DOMAINS).collect()
}

/// The addresses in MX records that Postfix does not take: they are no clients.
pub(super) fn numeric_exchangers(message: &str) -> Vec<IpAddr> {
    let data = message.split(IN_RECORD).skip(1).filter_map(|behind| behind.split_whitespace().nth(1));
    data.filter_map(|word| word.trim_matches(['[', ']', '.']).parse().ok()).collect()
}

/// A loop that a text reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MailLoop {
    /// Mail for this domain.
    Of(String),
    /// Mail for a domain that the words do not name.
    Unnamed,
}

/// The loop that a text reports; none if it reports none, or if mail is sent to an address.
pub(super) fn mail_loop(message: &str) -> Option<MailLoop> {
    let (before, behind) = LOOP;
    let named = message.split(behind).next().filter(|text| text.len() < message.len());
    if let Some((_, host)) = named.and_then(|text| text.rsplit_once(before)) {
        return next_domain(host).map(MailLoop::Of);
    }
    LOOPS.iter().any(|words| message.contains(words)).then_some(MailLoop::Unnamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_without_hosts_are_found_in_the_words_of_qmail_and_postfix() {
        let warning = "Nov 24 03:00:00 gw postfix/smtp[7]: warning: ";
        for text in [
            "Sorry, I couldn't find any host named a.example. (#5.1.2)\n".to_owned(),
            format!("{warning}numeric domain name in resource data of MX record for a.example: 192.0.2.1\n"),
            format!("{warning}malformed domain name in resource data of MX record for A.example: -x\n"),
            format!("{warning}no MX host for a.example has a valid address record\n"),
        ] {
            assert_eq!(missing_hosts(&text), ["a.example."], "{text}");
        }
        assert!(missing_hosts("any host named _ or 1.2; no MX host for [192.0.2.1] has").is_empty());
        let numeric = " in resource data of MX record for a.example: 192.0.2.1\n in resource data of MX record for b: x";
        assert_eq!(numeric_exchangers(numeric), ["192.0.2.1".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn a_loop_has_the_domain_that_the_software_names() {
        let named = || Some(MailLoop::Of("a.example.".to_owned()));
        for (text, expected) in [
            ("<x@a.example>: mail for a.example loops back to myself", named()),
            ("status=bounced (mail for A.example loops back to myself)", named()),
            ("mail for b.example is kept; mail for a.example loops back to myself", named()),
            ("mail for [192.0.2.1] loops back to myself", None),
            ("x@a.example: lowest numbered MX record points to local host", Some(MailLoop::Unnamed)),
            (
                "553 5.3.5 mx.a.example. config error: mail loops back to me (MX problem?)",
                Some(MailLoop::Unnamed),
            ),
            ("mail for a.example", None),
        ] {
            assert_eq!(mail_loop(text), expected, "{text}");
        }
    }
}
