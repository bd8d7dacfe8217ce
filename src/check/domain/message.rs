//! A message or bounce: its domains, DKIM selectors and the address that sent it (RFC 5322, RFC 3464, RFC 6376).
//!
//! Lines that look like header fields are read, also those in the text: a bounce has the fields in its parts. A stranger
//! writes them, so domains and selectors are checked for their form and their number.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use hickory_proto::rr::Name;

use super::client::{self, Sender};
use super::facts::{CheckSubject, Refusal, Role, canonical};
use super::tags::value;
use super::{bounce, refusal_pages};
use crate::limits::{
    MAX_MESSAGE_DOMAINS, MAX_MESSAGE_LINKS, MAX_MESSAGE_SELECTORS, MAX_NAMED_LISTS, MAX_SELECTOR,
};
use crate::wire::presentation::read_name;

/// Fields with the domain of a sender.
const SENDERS: [&str; 5] = ["from", "return-path", "sender", "x-envelope-from", "x-postfix-sender"];

/// Fields with the envelope sender: SPF is evaluated for its domain (RFC 7208 section 2.4).
const ENVELOPE: [&str; 3] = ["return-path", "x-envelope-from", "x-postfix-sender"];

/// Fields with the domain of a recipient of a message that was not delivered.
const RECIPIENTS: [&str; 3] = ["final-recipient", "original-recipient", "x-failed-recipients"];

/// The subjects of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageSubjects {
    /// The subjects that are checked, in this order: recipients of a bounce, senders, signers. If the message has no domain, or
    /// none of the envelope sender, the client that sent it or was refused.
    pub subjects: Vec<CheckSubject>,
    /// The domains beyond `MAX_MESSAGE_DOMAINS`.
    pub left_out: Vec<String>,
    /// Whether it reports that all its recipients got a message.
    pub is_delivered: bool,
}

/// Reads the subjects.
pub fn read(message: &str) -> MessageSubjects {
    // Windows begins text files with a mark of the order of octets.
    let message = message.trim_start_matches('\u{feff}');
    let fields = fields(message);
    let Named { mut roles, mut selectors, has_recipients } = named(message, &fields);
    let returned = returned(&fields, of_header(message)).filter(|_| has_recipients);
    roles.extend(returned.iter().map(|(_, domain)| (domain.clone(), Role::Sender)));
    roles.sort_by_key(|(_, role)| *role != Role::Recipient);
    // The receiver that has refused a message knows its client best.
    let is_refusal = has_recipients || is_bounce(&fields);
    let replies = bounce::replies(message, &fields);
    let refused = replies.refused().filter(|_| is_refusal);
    let envelope = envelope(&fields).or(returned);
    let sender = sender((message, &fields), envelope.as_ref(), (is_refusal, refused));
    let envelope = envelope.map(|(_, domain)| domain);
    let (mut subjects, mut left_out): (Vec<CheckSubject>, Vec<String>) = (Vec::new(), Vec::new());
    let mut known = BTreeSet::new();
    for (domain, role) in roles {
        if !known.insert(domain.clone()) {
            continue;
        }
        if subjects.len() >= MAX_MESSAGE_DOMAINS {
            left_out.push(domain);
            continue;
        }
        let selectors = selectors.remove(&domain).unwrap_or_default();
        let sender = sender.as_ref().filter(|_| role == Role::Sender && envelope.as_ref() == Some(&domain));
        let (address, helo) =
            (sender.map(|sender| sender.address), sender.and_then(|sender| sender.helo.clone()));
        let may_be_relay = sender.is_some_and(|sender| !sender.is_sure);
        let subject = CheckSubject { domain, address, helo, may_be_relay, ..CheckSubject::default() };
        subjects.push(CheckSubject { role, selectors, ..subject });
    }
    let is_left =
        subjects.is_empty() || refused.is_some() && subjects.iter().all(|subject| subject.address.is_none());
    if let Some(Sender { address, helo, .. }) = sender.filter(|_| is_left) {
        subjects.push(CheckSubject { address: Some(address), helo, ..CheckSubject::default() });
    }
    let refusal = if is_refusal { refusal(&replies) } else { Refusal::default() };
    belongings(message, &mut subjects, refusal);
    MessageSubjects { is_delivered: subjects.is_empty() && has_recipients, subjects, left_out }
}

/// The domains that the fields of a message name.
struct Named {
    roles: Vec<(String, Role)>,
    /// The DKIM selectors by their domains.
    selectors: BTreeMap<String, Vec<String>>,
    /// Whether recipients did not get it.
    has_recipients: bool,
}

fn named(message: &str, fields: &[(String, String)]) -> Named {
    let mut roles: Vec<(String, Role)> = Vec::new();
    let mut selectors = BTreeMap::<String, Vec<String>>::new();
    let mut has_recipients = fields.iter().any(|(name, _)| RECIPIENTS.contains(&name.as_str()));
    if !has_recipients {
        let bounced = bounce::recipients(message, is_bounce(fields)).into_iter().flat_map(domains);
        roles.extend(bounced.map(|domain| (domain, Role::Recipient)));
        has_recipients = !roles.is_empty();
    }
    for (place, (name, body)) in fields.iter().enumerate() {
        let role = match name.as_str() {
            name if RECIPIENTS.contains(&name) && is_delivered(fields, place) => continue,
            name if RECIPIENTS.contains(&name) => Role::Recipient,
            // The host that tells of the failure has no part in it.
            name if SENDERS.contains(&name) && has_recipients && is_daemon(body) => continue,
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
        roles.extend(domains(body).into_iter().map(|domain| (domain, role)));
    }
    Named { roles, selectors, has_recipients }
}

/// The refusal in the words of the receivers. A page of a DNS list stands for its lists, if no list is named.
fn refusal(replies: &bounce::Replies) -> Refusal {
    let (mut lists, pages) = (replies.lists(), replies.pages());
    if lists.iter().all(|list| !list.is_clear) {
        lists.splice(0..0, refusal_pages::lists(&pages));
        lists.truncate(MAX_NAMED_LISTS);
    }
    Refusal { address: replies.refused(), lists, pages }
}

/// Gives the links and the refusal to the subjects that they belong to.
fn belongings(message: &str, subjects: &mut [CheckSubject], refusal: Refusal) {
    // The links belong to the sender; in a bounce, they are the links of the message that was not delivered.
    let place = subjects.iter().position(|subject| subject.role == Role::Sender).unwrap_or_default();
    if let Some(subject) = subjects.get_mut(place) {
        subject.links = links(message);
    }
    // The receiver asks its lists about the client or the sender, never about the recipient.
    let of_client =
        subjects.iter().position(|subject| refusal.address.is_some() && subject.address == refusal.address);
    let place = of_client.or_else(|| subjects.iter().position(|subject| subject.role != Role::Recipient));
    match place.and_then(|place| subjects.get_mut(place)) {
        Some(subject) => subject.refusal = refusal,
        None => {
            subjects.iter_mut().take(1).for_each(|subject| subject.refusal.pages.clone_from(&refusal.pages))
        }
    }
}

/// Whether the recipient of the field at this place got the message: its own `Action` says so (RFC 3464 section 2.3.3).
fn is_delivered(fields: &[(String, String)], place: usize) -> bool {
    // The fields of a recipient have any order. The second field of one name belongs to the next recipient.
    let mut known = BTreeSet::new();
    let of_recipient = fields
        .iter()
        .skip(place)
        .take_while(|(name, _)| !RECIPIENTS.contains(&name.as_str()) || known.insert(name.as_str()));
    let mut actions = of_recipient.filter(|(name, _)| name == "action").map(|(_, body)| body);
    let words = ["delivered", "relayed", "expanded"];
    actions.next().is_some_and(|action| words.iter().any(|word| action.eq_ignore_ascii_case(word)))
}

/// Whether an address is that of the software which tells of failures.
fn is_daemon(body: &str) -> bool {
    let address = addresses(body).into_iter().next().unwrap_or_default().to_ascii_lowercase();
    address.starts_with("mailer-daemon@") || address.starts_with("postmaster@")
}

fn is_bounce(fields: &[(String, String)]) -> bool {
    fields.iter().any(|(name, body)| name == "from" && is_daemon(body))
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
    let domain = domains(&format!("@{}", value(body, "d")?)).into_iter().next()?;
    let selector = value(body, "s").filter(|selector| (1..=MAX_SELECTOR).contains(&selector.len()))?;
    let sound = selector.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet));
    sound.then(|| (domain, selector.to_owned()))
}

/// The mail addresses of a body (RFC 5322 section 3.4): without names and comments, which may look like addresses too.
fn addresses(body: &str) -> Vec<String> {
    let (mut found, mut open, mut depth, mut quoted) = (Vec::new(), String::new(), 0_usize, false);
    let mut letters = body.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            // What stands before it is the name.
            '<' => open.clear(),
            '>' | ',' | ';' => found.push(std::mem::take(&mut open)),
            _ => open.push(letter),
        }
    }
    found.push(open);
    found
        .into_iter()
        .map(|address| address.trim().to_owned())
        .filter(|address| address.contains('@'))
        .collect()
}

/// The domains of mail addresses in a body, those of RFC 6531 in their ASCII form.
fn domains(body: &str) -> Vec<String> {
    let ends = |letter: char| !(letter.is_alphanumeric() || "-._".contains(letter));
    let domain = |address: String| {
        let domain = address.rsplit('@').next()?.split(ends).next()?.trim_matches('.').to_owned();
        let domain = if domain.is_ascii() { domain } else { Name::from_utf8(&domain).ok()?.to_ascii() };
        (domain.contains('.') && read_name(&domain).is_some()).then(|| canonical(&domain))
    };
    addresses(body).into_iter().filter_map(domain).collect()
}

/// The domain of the envelope sender, with the place of its field.
fn envelope(fields: &[(String, String)]) -> Option<(usize, String)> {
    let envelope = fields.iter().enumerate();
    let envelope = envelope.filter(|(_, (name, body))| ENVELOPE.contains(&name.as_str()) && !is_daemon(body));
    envelope
        .flat_map(|(place, (_, body))| domains(body).into_iter().map(move |domain| (place, domain)))
        .next()
}

/// The domain that a bounce is returned to, which is that of the envelope sender, with the place behind all fields.
fn returned(fields: &[(String, String)], of_header: usize) -> Option<(usize, String)> {
    let header = fields.get(..of_header).filter(|header| is_bounce(header))?;
    let to = header.iter().filter(|(name, body)| name == "to" && !is_daemon(body));
    Some((fields.len(), to.flat_map(|(_, body)| domains(body)).next()?))
}

/// The number of the fields of the header itself, above those in the text.
fn of_header(message: &str) -> usize {
    let header: Vec<&str> = message.lines().take_while(|line| !line.is_empty()).collect();
    fields(&header.join("\n")).len()
}

/// The client that a message came from: the one that a receiver has refused, or else the one that the receivers wrote down. The header
/// of a bounce tells of the bounce, and the first host in the header of the message in it is a client of the host that tells.
fn sender(
    (message, fields): (&str, &[(String, String)]),
    envelope: Option<&(usize, String)>,
    (is_refusal, refused): (bool, Option<IpAddr>),
) -> Option<Sender> {
    let of_bounce = of_header(message);
    let of_bounce = if envelope.is_some_and(|(place, _)| *place >= of_bounce) { of_bounce } else { 0 };
    let domain = envelope.map(|(_, domain)| domain.as_str());
    let received = client::client(fields.get(of_bounce..).unwrap_or_default(), domain);
    let Some(address) = refused else {
        return received.map(|sender| Sender { is_sure: sender.is_sure && !is_refusal, ..sender });
    };
    let helo = received.filter(|received| received.address == address).and_then(|received| received.helo);
    Some(Sender { address, helo, is_sure: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects(message: &str) -> Vec<CheckSubject> {
        read(message).subjects
    }

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
        assert_eq!(found.len(), 1, "the host that tells of it has no part in it");
        let of = |lines: &str| -> Vec<String> {
            let found = subjects(&format!("From: <MAILER-DAEMON@here.example>\n\n{lines}"));
            found.into_iter().map(|subject| subject.domain).collect()
        };
        let two = "Final-Recipient: rfc822; a@a.example\nAction: delivered\nStatus: 2.0.0\n\n\
            Original-Recipient: rfc822;b@b.example\nFinal-Recipient: rfc822; b@b.example\nAction: failed\n";
        assert_eq!(of(two), ["b.example."]);
        let postfix = "Final-Recipient: rfc822; a@a.example\nOriginal-Recipient: rfc822;a@a.example\nAction: delivered\n\n\
            Final-Recipient: rfc822; b@b.example\nOriginal-Recipient: rfc822;b@b.example\nAction: failed\n";
        assert_eq!(of(postfix), ["b.example."]);
        assert_eq!(of("Final-Recipient: rfc822; a@a.example\nStatus: 5.0.0\n"), ["a.example."]);
        assert_eq!(
            of("I'm not going to try again.\n\n<alice@c.example>:\nuser unknown\n"),
            ["c.example."],
            "qmail"
        );
        assert_eq!(of("no recipient"), ["here.example."]);
        assert!(subjects("no message").is_empty() && !read("no message").is_delivered);
        let delivered = "Final-Recipient: rfc822; a@a.example\nAction: delivered\n";
        let told = read(&format!("From: MAILER-DAEMON@here.example\n\n{delivered}"));
        assert!(told.subjects.is_empty() && told.is_delivered);
    }

    #[test]
    fn the_client_that_a_receiver_has_refused_is_checked_with_the_envelope_sender() {
        let text = "From: MAILER-DAEMON@mail.a.example (Mail Delivery System)\nReturn-Path: <>\n\n\
            <y@b.example>: host mx.b.example[198.51.100.1] said: 554 5.7.1 Client host [192.0.2.5]\n    blocked using bl.example\n";
        let found = subjects(text);
        let of: Vec<_> = found.iter().map(|subject| (subject.domain.as_str(), subject.address)).collect();
        assert_eq!(of, [("b.example.", None), ("", "192.0.2.5".parse().ok())]);
        let report = "\nX-Postfix-Sender: rfc822; bob@a.example\n\nFinal-Recipient: rfc822; y@b.example\nAction: failed\n\
            Remote-MTA: dns; mx.b.example\nDiagnostic-Code: smtp; 554 5.7.1 Client host [192.0.2.5] blocked\n\n\
            Return-Path: <bob@a.example>\nReceived: from pc (unknown [203.0.113.9]) by mail.a.example\nFrom: bob@a.example\n";
        let found = subjects(&format!("{text}{report}"));
        let of: Vec<_> = found.iter().map(|subject| (subject.domain.as_str(), subject.address)).collect();
        assert_eq!(of, [("b.example.", None), ("a.example.", "192.0.2.5".parse().ok())]);
        assert_eq!(subjects("From: bob@a.example\n\n192.0.2.5 said: 550 no [192.0.2.6]\n")[0].address, None);
    }

    #[test]
    fn a_bounce_is_returned_to_the_sender_and_its_own_way_is_not_that_of_the_message() {
        let text = "From: MAILER-DAEMON@mail.a.example\nReceived: from mx.b.example (mx.b.example [198.51.100.1]) by mail.a.example\n\
            To: bob@a.example\n\n<y@b.example>: host mx.b.example[198.51.100.1] said: ";
        let of = |reply: &str| -> Vec<_> {
            let found = subjects(&format!("\u{feff}{text}{reply}\n")).into_iter();
            found.map(|subject| (subject.domain, subject.role, subject.address)).collect()
        };
        let recipient = ("b.example.".to_owned(), Role::Recipient, None);
        let sender = |address| ("a.example.".to_owned(), Role::Sender, address);
        assert_eq!(
            of("450 4.1.8 <bob@a.example>: Sender address rejected"),
            [recipient.clone(), sender(None)]
        );
        let refused = of("550-5.7.26 did not pass SPF [a.example] with ip:\n    [192.0.2.5] = did not pass");
        assert_eq!(refused, [recipient, sender("192.0.2.5".parse().ok())]);
        let inner = "From: MAILER-DAEMON@mail.a.example\nReceived: from mx.b.example (mx.b.example [198.51.100.1]) by mail.a.example\n\n\
            Final-Recipient: rfc822; y@b.example\nAction: failed\n\nReturn-Path: <bob@a.example>\n\
            Received: from pc (pc.a.example [203.0.113.9]) by mx.other.example\nFrom: bob@a.example\n";
        let found = subjects(inner);
        assert_eq!(
            (found[1].address, found[1].may_be_relay),
            ("203.0.113.9".parse().ok(), true),
            "{found:?}"
        );
    }

    #[test]
    fn the_lists_that_a_receiver_names_belong_to_the_client_that_it_refused_or_to_the_sender() {
        let bounce = |reply: &str| {
            subjects(&format!(
                "From: MAILER-DAEMON@mail.a.example\n\n<y@b.example>: host mx.b.example[198.51.100.1] said: {reply}\n\n\
                 Return-Path: <bob@a.example>\nReceived: from pc (unknown [203.0.113.9]) by mail.a.example\nFrom: bob@a.example\n"
            ))
        };
        let of = |reply: &str| -> Vec<_> {
            let told = |subject: CheckSubject| {
                (subject.domain, subject.refusal.address, subject.refusal.lists.len())
            };
            bounce(reply).into_iter().map(told).collect()
        };
        let recipient = ("b.example.".to_owned(), None, 0);
        let client = "192.0.2.5".parse().ok();
        assert_eq!(
            of("554 5.7.1 Client host [192.0.2.5] blocked using bl.example"),
            [recipient.clone(), ("a.example.".to_owned(), client, 1)]
        );
        // The client of this host is not the one that the receiver has seen.
        let of_sender = ("a.example.".to_owned(), None, 1);
        assert_eq!(of("554 5.7.1 Sender address blocked using dbl.example"), [recipient, of_sender]);
    }

    #[test]
    fn a_page_stands_for_the_lists_of_its_operator_only_if_no_list_is_named() {
        let refusal = |rest: &str, reply: &str| {
            let text = format!(
                "From: MAILER-DAEMON@mail.a.example\n\n<y@b.example>: host mx.b.example[198.51.100.1] said: {reply}\n{rest}"
            );
            subjects(&text)
                .into_iter()
                .map(|subject| subject.refusal)
                .find(|refusal| !refusal.pages.is_empty())
        };
        let page = "https://www.spamhaus.org/query/ip/192.0.2.5";
        let names = |refusal: &Refusal| -> Vec<String> {
            refusal.lists.iter().map(|list| list.name.clone()).collect()
        };
        let of_page = refusal("", &format!("554 5.7.1 [192.0.2.5] refused, see {page}")).unwrap();
        assert_eq!(names(&of_page), ["zen.spamhaus.org.", "dbl.spamhaus.org."]);
        assert_eq!(of_page.address, "192.0.2.5".parse().ok());
        let of_list =
            refusal("", &format!("554 5.7.1 [192.0.2.5] blocked using bl.example; {page}")).unwrap();
        assert_eq!(names(&of_list), ["bl.example."]);
        // Only the recipient is known: no list is asked about it.
        let alone = refusal("", "550 5.7.1 refused, see https://postmaster.t-online.de/").unwrap();
        assert_eq!((names(&alone).len(), alone.pages.len()), (0, 1));
        assert_eq!(refusal("", "550 5.1.1 User unknown"), None);
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

    #[test]
    fn only_addresses_count_and_not_what_looks_like_one() {
        for (body, expected) in [
            ("\"x@b.example\" <a@a.example> (y@c.example)", "a.example."),
            ("'x@b.example' via list <a@a.example>", "a.example."),
            ("a@a.example (on leave, x@b.example)", "a.example."),
            ("\"a, b\"@a.example", "a.example."),
            ("rfc822; a@a.example", "a.example."),
            ("a@m\u{fc}nchen.example", "xn--mnchen-3ya.example."),
        ] {
            assert_eq!(domains(body), [expected], "{body}");
        }
        assert_eq!(domains("a@a.example, <b@b.example>"), ["a.example.", "b.example."]);
        assert!(domains("<>").is_empty() && domains("\"a@a.example\"").is_empty());
    }

    #[test]
    fn domains_beyond_the_bound_are_named() {
        let many: String =
            (0..9).map(|number| format!("Final-Recipient: rfc822; a@d{number}.example\n")).collect();
        let MessageSubjects { subjects, left_out, .. } = read(&many);
        assert_eq!((subjects.len(), left_out.len()), (MAX_MESSAGE_DOMAINS, 9 - MAX_MESSAGE_DOMAINS));
        assert_eq!(left_out[0], format!("d{MAX_MESSAGE_DOMAINS}.example."));
    }

    #[test]
    fn the_client_is_read_as_each_mail_server_writes_it() {
        for (body, address, helo) in [
            ("from mx.a.example (unknown [192.0.2.7]) by here", "192.0.2.7", Some("mx.a.example")),
            (
                "from isp.example ([192.0.2.7]:4444 helo=mx.a.example) by here",
                "192.0.2.7",
                Some("mx.a.example"),
            ),
            ("from [192.0.2.7] (helo=mx.a.example) by here", "192.0.2.7", Some("mx.a.example")),
            ("from [192.0.2.7] (port=4444) by here", "192.0.2.7", None),
            (
                "from mx.a.example (192.0.2.7) by here ([10.0.0.1]) with Microsoft SMTP Server",
                "192.0.2.7",
                Some("mx.a.example"),
            ),
        ] {
            let found = subjects(&format!("Received: {body}\nFrom: <>\n"));
            assert_eq!(found.len(), 1, "{body}");
            assert_eq!(found[0].address, address.parse().ok(), "{body}");
            assert_eq!(found[0].helo.as_deref(), helo, "{body}");
        }
    }
}
