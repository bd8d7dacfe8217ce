//! A message or bounce: its domains, DKIM selectors and the address that sent it (RFC 5322, RFC 3464, RFC 6376).
//!
//! Lines that look like header fields are read, also those in the text: a bounce has the fields in its parts. A stranger
//! writes them, so domains and selectors are checked for their form and their number.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::facts::{CheckSubject, Role, canonical};
use super::mail::is_private;
use super::tags::value;
use crate::limits::{MAX_HELO, MAX_MESSAGE_DOMAINS, MAX_MESSAGE_LINKS, MAX_MESSAGE_SELECTORS, MAX_SELECTOR};
use crate::wire::presentation::read_name;

/// Fields with the domain of a sender.
const SENDERS: [&str; 4] = ["from", "return-path", "sender", "x-envelope-from"];

/// Fields with the envelope sender: SPF is evaluated for its domain (RFC 7208 section 2.4).
const ENVELOPE: [&str; 2] = ["return-path", "x-envelope-from"];

/// Fields with the domain of a recipient of a message that was not delivered.
const RECIPIENTS: [&str; 3] = ["final-recipient", "original-recipient", "x-failed-recipients"];

/// The subjects to check, the most telling first: recipients of a bounce, then senders and signers.
pub fn subjects(message: &str) -> Vec<CheckSubject> {
    let fields = fields(message);
    let mut roles: Vec<(String, Role)> = Vec::new();
    let mut selectors = BTreeMap::<String, Vec<String>>::new();
    for (name, body) in &fields {
        let role = match name.as_str() {
            name if RECIPIENTS.contains(&name) => Role::Recipient,
            name if SENDERS.contains(&name) => Role::Sender,
            "dkim-signature" => {
                if let Some((domain, selector)) = signer(body) {
                    let known = selectors.entry(domain.clone()).or_default();
                    if known.len() < MAX_MESSAGE_SELECTORS && !known.contains(&selector) {
                        known.push(selector);
                    }
                    roles.push((domain, Role::Sender));
                }
                continue;
            }
            _ => continue,
        };
        roles.extend(domains(body).map(|domain| (domain, role)));
    }
    roles.sort_by_key(|(_, role)| *role != Role::Recipient);
    let sender = sender(&fields);
    let envelope = fields.iter().filter(|(name, _)| ENVELOPE.contains(&name.as_str()));
    let envelope = envelope.flat_map(|(_, body)| domains(body)).next();
    let mut subjects: Vec<CheckSubject> = Vec::new();
    for (domain, role) in roles {
        if subjects.iter().any(|known| known.domain == domain) || subjects.len() >= MAX_MESSAGE_DOMAINS {
            continue;
        }
        let selectors = selectors.remove(&domain).unwrap_or_default();
        let sender = sender.as_ref().filter(|_| role == Role::Sender && envelope.as_ref() == Some(&domain));
        let (address, helo) =
            (sender.map(|sender| sender.address), sender.and_then(|sender| sender.helo.clone()));
        subjects.push(CheckSubject { domain, address, role, selectors, helo, ..CheckSubject::default() });
    }
    // The links belong to the sender; in a bounce, they are the links of the message that was not delivered.
    let place = subjects.iter().position(|subject| subject.role == Role::Sender).unwrap_or_default();
    if let Some(subject) = subjects.get_mut(place) {
        subject.links = links(message);
    }
    subjects
}

/// Domains and addresses of links, each once. Text in base64 is not read.
fn links(message: &str) -> Vec<String> {
    // Quoted-printable breaks long lines anywhere (RFC 2045 section 6.7).
    let text = message.replace("=\r\n", "").replace("=\n", "").to_ascii_lowercase();
    let mut found: Vec<String> = Vec::new();
    for rest in ["http://", "https://"].iter().flat_map(|scheme| text.split(scheme).skip(1)) {
        let ends = |letter: char| "/?#\\\"'<>()[]".contains(letter) || letter.is_whitespace();
        let authority = rest.split(ends).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
        let host = host.trim_matches('.').trim_start_matches("www.");
        let sound = host.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet));
        if sound
            && host.contains('.')
            && read_name(host).is_some()
            && !found.iter().any(|known| known == host)
        {
            found.push(host.to_owned());
        }
        if found.len() >= MAX_MESSAGE_LINKS {
            break;
        }
    }
    found
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

/// Domain and selector of a signature; none if one of them is invalid.
fn signer(body: &str) -> Option<(String, String)> {
    let domain = domains(&format!("@{}", value(body, "d")?)).next()?;
    let selector = value(body, "s").filter(|selector| (1..=MAX_SELECTOR).contains(&selector.len()))?;
    let sound = selector.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet));
    sound.then(|| (domain, selector.to_owned()))
}

/// The domains of mail addresses in a body.
fn domains(body: &str) -> impl Iterator<Item = String> {
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || "-._".contains(letter));
    body.split('@').skip(1).filter_map(move |rest| {
        let domain = rest.split(ends).next()?.trim_matches('.');
        (domain.contains('.') && read_name(domain).is_some()).then(|| canonical(domain))
    })
}

/// The client that sent a message.
struct Sender {
    address: IpAddr,
    /// The name that it gave with HELO or EHLO.
    helo: Option<String>,
}

/// The first host with a public address in the `Received` fields, from the top: the client of this network. Above it are
/// content filters and hosts of the network itself.
fn sender(fields: &[(String, String)]) -> Option<Sender> {
    let read = |body: &String| {
        let inside = body.split_once('[')?.1.split_once(']')?.0;
        let address: IpAddr = inside.trim_start_matches("IPv6:").parse().ok()?;
        // "from HELO (NAME [ADDRESS])", as Postfix, Exim and Sendmail write it.
        let helo = body.strip_prefix("from ").and_then(|rest| rest.split_once(" (")).map(|(helo, _)| helo);
        let helo = helo.filter(|helo| !helo.contains(' ') && helo.len() <= MAX_HELO).map(str::to_owned);
        Some(Sender { address, helo })
    };
    let received = fields.iter().filter(|(name, _)| name == "received");
    received.filter_map(|(_, body)| read(body)).find(|sender| !is_private(sender.address))
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
    fn the_address_is_that_of_the_first_host_outside_and_belongs_to_the_envelope_sender() {
        let filtered = MESSAGE.replacen(
            "Received:",
            "Received: from localhost (localhost [127.0.0.1])\r\nReceived: from gw ([10.1.1.1]) by here\r\nReceived:",
            1,
        );
        assert_eq!(subjects(&filtered)[0].address, "192.0.2.7".parse().ok());
        let without = MESSAGE.replacen("Return-Path", "X-Path", 1);
        let found = subjects(&without);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].domain.as_str(), found[0].address), ("a.example.", None));
    }

    #[test]
    fn signatures_of_strangers_are_bounded() {
        let signed = |tags: &str| subjects(&format!("DKIM-Signature: v=1; {tags}; b=x\n"));
        let long = "s".repeat(64);
        for wrong in
            ["d=; s=a", "d=.; s=a", "d=a; s=a", "d=a..example; s=a", "d=a.example; s=", "d=a.example"]
        {
            assert!(signed(wrong).is_empty(), "{wrong}");
        }
        assert!(signed(&format!("d=a.example; s={long}")).is_empty());
        assert!(signed("d=a.example; s=a\u{1b}[2J").is_empty());
        assert!(signed(&format!("d={}.example; s=a", "a".repeat(64))).is_empty());
        assert_eq!(signed("d=a.example\u{1b}[2J; s=a")[0].domain, "a.example.");
        let many: String =
            (0..9).map(|number| format!("DKIM-Signature: d=a.example; s=s{number}\n")).collect();
        let found = subjects(&format!("{many}{many}"));
        assert_eq!((found.len(), found[0].selectors.len()), (1, MAX_MESSAGE_SELECTORS));
    }

    #[test]
    fn the_recipient_of_a_bounce_comes_first() {
        let bounce = "From: MAILER-DAEMON@here.example\n\n--x\nFinal-Recipient: rfc822; You@B.example\nAction: failed\n";
        let found = subjects(bounce);
        assert_eq!((found[0].domain.as_str(), found[0].role), ("b.example.", Role::Recipient));
        assert_eq!(found[1].domain, "here.example.");
        assert!(subjects("no message").is_empty());
    }

    #[test]
    fn the_helo_name_and_the_links_are_those_of_the_message() {
        let found = subjects(MESSAGE);
        assert_eq!(found[0].helo.as_deref(), Some("mx.a.example"));
        let text = "From: a@a.example\n\nSee https://www.Shop.example/x?y and <a href=3D\"http://u:p@evil.exa=\nmple:80/\">\n\
            http://192.0.2.9/ http://nowhere https://shop.example. http://a\u{1b}.example/";
        assert_eq!(subjects(text)[0].links, ["evil.example", "192.0.2.9", "shop.example"]);
        let many: String = (0..99).map(|number| format!("http://h{number}.example/ ")).collect();
        assert_eq!(subjects(&format!("From: a@a.example\n\n{many}"))[0].links.len(), MAX_MESSAGE_LINKS);
    }
}
