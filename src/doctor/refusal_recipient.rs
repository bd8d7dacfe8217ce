//! Refusals of a recipient, in the words of receivers: its address, its mailbox, its domain, or the relay to it. They say nothing about
//! the sender.
//!
//! RFC 3463 section 3 has the status codes. RFC 5321 section 4.2 leaves the words to each server; their sources stand beside them.

use super::refusal_words::status;

/// Words, in lower case, for a recipient that is refused.
const RECIPIENT: [&str; 42] = [
    // Postfix 3.9, src/smtpd/smtpd_check.c.
    "recipient address rejected: domain not found",
    "recipient address rejected: domain ",
    "recipient address rejected: access denied",
    "recipient address rejected: user unknown",
    "recipient address rejected: undeliverable address",
    "recipient address rejected: unverified address",
    "recipient address rejected: malformed dns",
    "recipient address rejected: need fully-qualified",
    "recipient address rejected: mail server has",
    "recipient address rejected: unable to look up",
    "relay access denied",
    // Sendmail 8.18 (cf/m4/proto.m4) and Microsoft Exchange.
    "relaying denied",
    "unable to relay",
    "tenantattribution",
    // Exim 4.98 (src/src/configure.default, src/src/acl.c).
    "relay not permitted",
    "unrouteable address",
    "unroutable address",
    "recipient verify failed",
    "recipient verification failed",
    // qmail-smtpd.
    "list of allowed rcpthosts",
    // Gmail.
    "email account that you tried to reach",
    // Yahoo.
    "user doesn't have a",
    "mailbox is disabled",
    "not a valid mailbox",
    // GMX and WEB.DE.
    "mailbox unavailable",
    "nickname does not exist",
    "exceeded storage allocation",
    // Words of many.
    "user unknown",
    "unknown user",
    "unknown recipient",
    "recipient unknown",
    "recipient not found",
    "recipient does not exist",
    "invalid recipient",
    "no valid recipients",
    "no such user",
    "no such recipient",
    "no mailbox here",
    "mailbox not found",
    "mailbox full",
    "mailbox is full",
    "quota exceeded",
];

/// Words before a recipient's name or domain, in lower case.
const BEFORE_FAULT: [&str; 2] = ["recipient domain", "recipient's domain"];

/// Whether a reply refuses the recipient.
pub(super) fn is_of_recipient(text: &str) -> bool {
    let words = || text.split(|letter: char| letter.is_whitespace() || "-;:(<".contains(letter));
    match words().find_map(status) {
        // The address or the mailbox of the recipient, the receiver's system, the route; its rules for groups, a new owner of the mailbox
        // or the domain (RFC 7293), and relays and groups of Exchange Online.
        Some((1, 1..=6 | 10) | (2, 1..=4) | (3 | 4, 1..)) => return true,
        Some((7, 2 | 13 | 17 | 18 | 64 | 124 | 129 | 133..=136)) => return true,
        _ => {}
    }
    let lower = text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    RECIPIENT.iter().chain(&BEFORE_FAULT).any(|words| lower.contains(words))
}
