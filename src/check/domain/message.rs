//! A message or bounce: its domains, DKIM selectors and the address that sent it (RFC 5322, RFC 3464, RFC 6376).
//!
//! Only header fields are read, those of the parts of a bounce included. The text of the message is not.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::facts::{Role, Subject, canonical};
use super::tags::value;
use crate::limits::MAX_MESSAGE_DOMAINS;

/// Fields with the domain of a sender.
const SENDERS: [&str; 4] = ["from", "return-path", "sender", "x-envelope-from"];

/// Fields with the domain of a recipient of a message that was not delivered.
const RECIPIENTS: [&str; 3] = ["final-recipient", "original-recipient", "x-failed-recipients"];

/// The subjects to check, the most telling first: recipients of a bounce, then senders and signers.
pub fn subjects(message: &str) -> Vec<Subject> {
    let fields = fields(message);
    let mut roles: Vec<(String, Role)> = Vec::new();
    let mut selectors = BTreeMap::<String, Vec<String>>::new();
    for (name, body) in &fields {
        let role = match name.as_str() {
            name if RECIPIENTS.contains(&name) => Role::Recipient,
            name if SENDERS.contains(&name) => Role::Sender,
            "dkim-signature" => {
                if let (Some(domain), Some(selector)) = (value(body, "d"), value(body, "s")) {
                    selectors.entry(canonical(domain)).or_default().push(selector.to_owned());
                    roles.push((canonical(domain), Role::Sender));
                }
                continue;
            }
            _ => continue,
        };
        roles.extend(domains(body).map(|domain| (domain, role)));
    }
    roles.sort_by_key(|(_, role)| *role != Role::Recipient);
    let address = sender(&fields);
    let mut subjects: Vec<Subject> = Vec::new();
    for (domain, role) in roles {
        if subjects.iter().any(|known| known.domain == domain) || subjects.len() >= MAX_MESSAGE_DOMAINS {
            continue;
        }
        let selectors = selectors.remove(&domain).unwrap_or_default();
        let is_sender = role == Role::Sender && subjects.iter().all(|known| known.address.is_none());
        let address = address.filter(|_| is_sender);
        subjects.push(Subject { domain, address, role, selectors, unix: 0 });
    }
    subjects
}

/// Names, in lower case, and bodies of header fields, unfolded (RFC 5322 section 2.2.3).
fn fields(message: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in message.lines() {
        if line.starts_with([' ', '\t']) && open {
            if let Some((_, body)) = fields.last_mut() {
                body.push(' ');
                body.push_str(line.trim());
            }
            continue;
        }
        open = false;
        if let Some((name, body)) = line.split_once(':')
            && !name.is_empty()
            && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        {
            fields.push((name.to_ascii_lowercase(), body.trim().to_owned()));
            open = true;
        }
    }
    fields
}

/// The domains of mail addresses in a body.
fn domains(body: &str) -> impl Iterator<Item = String> {
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || "-._".contains(letter));
    body.split('@').skip(1).filter_map(move |rest| {
        let domain = rest.split(ends).next()?.trim_matches('.');
        (domain.contains('.') && domain.len() <= 253).then(|| canonical(domain))
    })
}

/// The address in the topmost `Received` field: that of the client of this host.
fn sender(fields: &[(String, String)]) -> Option<IpAddr> {
    let (_, body) = fields.iter().find(|(name, _)| name == "received")?;
    let inside = body.split_once('[')?.1.split_once(']')?.0;
    inside.trim_start_matches("IPv6:").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "Return-Path: <bounce@mail.a.example>\r\n\
        Received: from mx.a.example (mx.a.example [192.0.2.7])\r\n\tby here\r\n\
        Received: from inside ([10.0.0.1]) by mx.a.example\r\n\
        DKIM-Signature: v=1; a=rsa-sha256; d=A.example;\r\n s=s1; b=x\r\n\
        From: \"Me @ home\" <me@a.example>\r\nTo: you@b.example\r\n\r\nText: x@c.example\r\n";

    #[test]
    fn the_senders_of_a_message_are_checked_with_their_selectors() {
        let found = subjects(MESSAGE);
        let names: Vec<&str> = found.iter().map(|subject| subject.domain.as_str()).collect();
        assert_eq!(names, ["mail.a.example.", "a.example."]);
        assert_eq!(found[1].selectors, ["s1"]);
        assert_eq!((found[0].address, found[1].address), ("192.0.2.7".parse().ok(), None));
        assert!(found.iter().all(|subject| subject.role == Role::Sender));
    }

    #[test]
    fn the_recipient_of_a_bounce_comes_first() {
        let bounce = "From: MAILER-DAEMON@here.example\n\n--x\nFinal-Recipient: rfc822; You@B.example\nAction: failed\n";
        let found = subjects(bounce);
        assert_eq!((found[0].domain.as_str(), found[0].role), ("b.example.", Role::Recipient));
        assert_eq!(found[1].domain, "here.example.");
        assert!(subjects("no message").is_empty());
    }
}
