//! The kind of a text: a letter, a bounce, or the text of one without a header (RFC 5321 section 4.5.5, RFC 6522, RFC 3834).

use super::message_addresses::{self, addresses};
use super::message_fields::RECIPIENTS;
use super::{bounce, bounce_status};

/// Fields with the domain of a sender.
pub(super) const SENDERS: [&str; 5] =
    ["from", "return-path", "sender", "x-envelope-from", "x-postfix-sender"];

/// Whether an address is that of the software which tells of failures, or of people with the same address.
pub(super) fn is_daemon(body: &str) -> bool {
    is_mailer_daemon(body) || is_of(body, "postmaster@")
}

/// Whether an address is that of the software alone.
pub(super) fn is_mailer_daemon(body: &str) -> bool {
    // The last one is that of Exchange, with an address of the organization behind it.
    is_of(body, "mailer-daemon@")
        || message_addresses::is_without_domain(body, "mailer-daemon")
        || is_of(body, "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e@")
}

fn is_of(body: &str, begin: &str) -> bool {
    addresses(body).first().is_some_and(|address| address.to_ascii_lowercase().starts_with(begin))
}

/// Whether it may be a bounce, by its sender or its form.
pub(super) fn is_bounce(fields: &[(String, String)]) -> bool {
    is_report(fields) || fields.iter().any(|(name, body)| name == "from" && is_daemon(body))
}

/// Words of subjects of bounces, in lower case.
const FAILED: [&str; 6] = ["undeliver", "delivery", "delivered", "returned", "failure", "unzustell"];

/// Whether it returns a message to its sender: by its form, by the empty envelope sender of bounces (RFC 5321 section 4.5.5), or by the
/// reply of a server in its text. Answers that software gives in the place of people have an empty envelope sender too (RFC 3834), and so
/// have its reports and notices.
pub(super) fn is_returned(body: &str, fields: &[(String, String)], of_header: usize) -> bool {
    let header = fields.get(..of_header).unwrap_or_default();
    let is_answer = header.iter().any(|(name, body)| {
        let body = body.to_ascii_lowercase();
        name == "auto-submitted" && body.starts_with("auto-replied")
            || name == "content-type" && body.contains("disposition-notification")
    });
    let says = |wanted: &str, words: &[&str]| {
        let mut bodies =
            header.iter().filter(|(name, _)| name == wanted).map(|(_, body)| body.to_ascii_lowercase());
        bodies.any(|body| words.iter().any(|word| body.contains(word)))
    };
    // Some software marks its bounces as generated too.
    let is_generated = says("auto-submitted", &["auto-generated"])
        && !(says("auto-submitted", &["failure"]) || says("subject", &FAILED) || is_bounce(header));
    let is_notice = has_empty_sender(header) && !is_answer && !is_generated;
    let has_reply = || bounce::has_refusal(body, is_bounce(fields)) || bounce_status::is_in_brackets(body);
    is_report(fields) || is_notice || has_reply()
}

/// Whether it is a text without a header: that of a bounce as mail programs show it, or a line of a log.
pub(super) fn is_bare(fields: &[(String, String)]) -> bool {
    let others = ["to", "subject", "received", "dkim-signature"];
    let is_of_message =
        |name: &str| SENDERS.contains(&name) || RECIPIENTS.contains(&name) || others.contains(&name);
    !fields.iter().any(|(name, _)| is_of_message(name))
}

/// Whether a header has the empty envelope sender.
pub(super) fn has_empty_sender(header: &[(String, String)]) -> bool {
    header.iter().any(|(name, body)| name == "return-path" && body == "<>")
}

/// Whether it can be nothing but a bounce: no person has such an address, or it is a report (RFC 6522, RFC 3464 section 2).
pub(super) fn is_report(fields: &[(String, String)]) -> bool {
    fields.iter().any(|(name, body)| match name.as_str() {
        "from" => is_mailer_daemon(body),
        "content-type" => {
            let body = body.to_ascii_lowercase();
            body.starts_with("multipart/report") && body.contains("delivery-status")
        }
        _ => false,
    })
}

/// Whether it is a message with a header of its own that was delivered, and no bounce or forwarded bounce.
pub(super) fn is_letter(fields: &[(String, String)], of_header: usize) -> bool {
    let header = fields.get(..of_header).unwrap_or_default();
    let has = |wanted: &str| header.iter().any(|(name, _)| name == wanted);
    has("from") && has("received") && !is_bounce(header) && !has_empty_sender(header) && !is_report(fields)
}
