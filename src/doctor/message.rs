//! A message or bounce: its domains, DKIM selectors and the address that sent it (RFC 5322, RFC 3464, RFC 6376).
//!
//! Lines that look like header fields are read, also those in the text: a bounce has the fields in its parts. A stranger
//! writes them, so domains and selectors are checked for their form and their number.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::authorship::Authorship;
use super::bounce_lookups::MailLoop;
use super::client::{self, Sender};
use super::facts::{CheckSubject, Role, is_within};
use super::local_part::LocalPart;
use super::message_addresses::domains;
use super::message_fields::{RECIPIENTS, fields, is_delivered, is_unresolved, of_header};
use super::message_kind::{
    SENDERS, has_empty_sender, is_bare, is_bounce, is_daemon, is_letter, is_mailer_daemon, is_report,
    is_returned,
};
use super::message_text::{self, MessageText};
use super::refusal::{NamedReason, Refusal, RefusalReason};
use super::tags::value;
use super::{
    bounce, bounce_logs, bounce_lookups, bounce_status, dkim, message_addresses, message_untold,
    refusal_pages, refusal_tls,
};
use crate::limits::{MAX_MESSAGE_DOMAINS, MAX_MESSAGE_LINKS, MAX_MESSAGE_SELECTORS, MAX_NAMED_LISTS};
use dns::wire::presentation::{ascii_name, read_name};

/// Fields with the envelope sender: SPF is evaluated for its domain (RFC 7208 section 2.4).
const ENVELOPE: [&str; 3] = ["return-path", "x-envelope-from", "x-postfix-sender"];

/// The subjects of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageSubjects {
    /// The subjects that are checked, in this order: recipients of a bounce, senders, signers. If the message has no domain, or
    /// none of the envelope sender, the client that sent it or was refused.
    pub subjects: Vec<CheckSubject>,
    /// The domains beyond `MAX_MESSAGE_DOMAINS`.
    pub left_out: Vec<String>,
    /// Whether a recipient that did not get the mail is one of them.
    pub lacks_recipient: bool,
    /// Whether it reports that all its recipients got a message.
    pub is_delivered: bool,
    /// Unread parts, in words: types of parts, each with the reason, or the recipient of a bounce.
    pub unread: Vec<String>,
}

/// Reads the subjects from the octets of a file.
pub fn read(octets: &[u8]) -> MessageSubjects {
    let MessageText { text, unread } = message_text::read(octets);
    let read = of_text(&bounce_logs::readable(&text));
    if unread.is_empty() { read } else { MessageSubjects { unread, ..read } }
}

/// The change that helps if parts were not read, unless it is that of the code.
pub fn remedy_of_unread(unread: &[String]) -> Option<&'static str> {
    message_untold::remedy(unread)
}

fn of_text(message: &str) -> MessageSubjects {
    let (mut fields, of_header) = (fields(message), of_header(message));
    // Quoted messages are not part of a letter.
    let is_letter = is_letter(&fields, of_header) && bounce::recipients(message, false).is_empty();
    if is_letter {
        fields.truncate(of_header);
    }
    let body = if is_letter { "" } else { message };
    let is_returned = is_returned(body, &fields, of_header);
    let Named { mut roles, mut selectors, has_recipients, unresolved } =
        named(body, &fields, is_returned || is_bounce(&fields) || is_bare(&fields));
    let of_delivery = of_delivery(body, &mut roles);
    let returned = returned(&fields, of_header, has_recipients);
    let of_bounce = returned.as_ref().map(|_| of_header);
    roles.extend(returned.iter().map(|(_, domain)| (domain.clone(), Role::Sender)));
    roles.sort_by_key(|(domain, role)| (turn(*role), !unresolved.contains(domain)));
    // The receiver that has refused a message knows its client best.
    let is_refusal = has_recipients || is_returned || is_bounce(&fields) || is_bare(&fields);
    let replies = bounce::replies(body, &fields);
    let refused = replies.refused().filter(|_| is_refusal);
    let reason = replies.reason().filter(|_| is_refusal);
    let is_of =
        |wanted: &[RefusalReason]| reason.as_ref().is_some_and(|named| wanted.contains(&named.reason));
    let told_without_client = refused.is_none() && is_of(&[RefusalReason::Pointer, RefusalReason::Spf]);
    let is_of_helo = is_of(&[RefusalReason::Helo]);
    // A line of a receiver's log tells the sender alone.
    let is_of_log = is_bare(&fields) && reason.is_some();
    let told = reason.as_ref().and_then(|named| Some((fields.len(), refused_domain(named, &roles)?)));
    if let Some((named, (_, domain))) = reason.as_ref().zip(told.as_ref()) {
        take_refused((named, domain), &mut roles, &mut selectors);
    }
    let is_of_author = is_of(&[RefusalReason::Authentication]);
    let envelope = told.filter(|_| !is_of_author).or_else(|| envelope(&fields)).or(returned);
    let sender = sender((of_header, &fields), envelope.as_ref(), (is_refusal, refused));
    let is_without_proof = sender.is_none() && selectors.is_empty() && !is_bare(&fields);
    let told_without_proof = is_without_proof && is_of_author && replies.is_of_dmarc();
    let envelope = envelope.map(|(_, domain)| domain);
    let of_envelope = sender.as_ref().zip(envelope.as_deref());
    let signers: Vec<String> = selectors.keys().cloned().collect();
    let (mut subjects, left_out) = within_bound(roles, &mut selectors, of_envelope);
    let authorship =
        Authorship { authors: &authors(&fields), signers: &signers, envelope: envelope.as_deref() };
    authorship.give(&mut subjects);
    give_local_parts(&mut subjects, &fields, of_bounce);
    let lacks_recipient = left_out.iter().any(|(_, role)| *role == Role::Recipient);
    let left_out = left_out.into_iter().map(|(domain, _)| domain).collect();
    add_client(&mut subjects, sender, refused.is_some());
    let refusal = if is_refusal { refusal(&replies) } else { Refusal::default() };
    belongings(message, &mut subjects, (refusal, reason));
    give_of_delivery(&mut subjects, of_delivery);
    bounce_status::give(&mut subjects, body, &fields);
    let told_without_helo = is_of_helo && subjects.iter().all(|subject| subject.helo.is_none());
    let is_delivered = subjects.is_empty() && has_recipients;
    let is_lost = !has_recipients && !subjects.is_empty() && is_returned && !is_of_log;
    let told_without_sender = is_bare(&fields) && replies.is_of_sender() && !has_sender(&subjects);
    let untold = [told_without_client, told_without_proof, told_without_helo, told_without_sender, is_lost];
    MessageSubjects {
        is_delivered,
        subjects,
        left_out,
        lacks_recipient,
        unread: message_untold::words(untold),
    }
}

/// Adds the client as a subject of its own, if no domain has it and it was refused, or there is no domain.
fn add_client(subjects: &mut Vec<CheckSubject>, sender: Option<Sender>, is_refused: bool) {
    let is_left =
        subjects.is_empty() || is_refused && subjects.iter().all(|subject| subject.address.is_none());
    if let Some(Sender { address, helo, .. }) = sender.filter(|_| is_left) {
        subjects.push(CheckSubject { address: Some(address), helo, ..CheckSubject::default() });
    }
}

/// Takes in the domain of the sender that a refusal is about, and the selector that it names.
fn take_refused(
    (named, domain): (&NamedReason, &str),
    roles: &mut Vec<(String, Role)>,
    selectors: &mut BTreeMap<String, Vec<String>>,
) {
    if let Some(selector) = named.selector.clone() {
        add(selectors, domain, selector);
    }
    let is_recipient = roles.iter().any(|(known, role)| known == domain && *role == Role::Recipient);
    roles.insert(0, (domain.to_owned(), if is_recipient { Role::Both } else { Role::Sender }));
}

/// The reason that the host which sent the mail gives for its failure, with the domain of the recipient: that mail for it comes back, or
/// that TLS has failed. The software may send to the hosts of another domain.
fn of_delivery(body: &str, roles: &mut Vec<(String, Role)>) -> Option<(String, RefusalReason)> {
    let of_recipient = |(_, role): &&(String, Role)| *role == Role::Recipient;
    let recipients: Vec<&str> =
        roles.iter().filter(of_recipient).map(|(domain, _)| domain.as_str()).collect();
    let first = (*recipients.first()?).to_owned();
    let Some(found) = bounce_lookups::mail_loop(body) else {
        return Some((refusal_tls::recipient(body, &recipients)?, RefusalReason::Tls));
    };
    let domain = match found {
        MailLoop::Of(domain) => domain,
        MailLoop::Unnamed => first,
    };
    let looping = (domain, Role::Recipient);
    if !roles.contains(&looping) {
        roles.insert(0, looping.clone());
    }
    Some((looping.0, RefusalReason::Loop))
}

/// Gives this reason to the domain of the recipient.
fn give_of_delivery(subjects: &mut [CheckSubject], of_delivery: Option<(String, RefusalReason)>) {
    let Some((domain, reason)) = of_delivery else { return };
    if let Some(subject) = subjects.iter_mut().find(|subject| subject.domain == domain) {
        subject.refusal.reason = Some(reason);
    }
}

/// The place of a role among the subjects.
const fn turn(role: Role) -> u8 {
    match role {
        Role::Recipient => 0,
        Role::Both | Role::Sender => 1,
        Role::Signer => 2,
    }
}

/// The subjects of domains, each once, and those beyond `MAX_MESSAGE_DOMAINS`. The domain of the envelope sender has the client.
fn within_bound(
    roles: Vec<(String, Role)>,
    selectors: &mut BTreeMap<String, Vec<String>>,
    of_envelope: Option<(&Sender, &str)>,
) -> (Vec<CheckSubject>, Vec<(String, Role)>) {
    let (mut subjects, mut left_out, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (domain, role) in roles {
        if !known.insert(domain.clone()) {
            continue;
        }
        if subjects.len() >= MAX_MESSAGE_DOMAINS {
            left_out.push((domain, role));
            continue;
        }
        let selectors = selectors.remove(&domain).unwrap_or_default();
        let sender = of_envelope.filter(|(_, envelope)| role.sends() && *envelope == domain);
        let sender = sender.map(|(sender, _)| sender);
        let (address, helo) =
            (sender.map(|sender| sender.address), sender.and_then(|sender| sender.helo.clone()));
        let may_be_relay = sender.is_some_and(|sender| !sender.is_sure);
        let earlier_clients = sender.map(|sender| sender.earlier.clone()).unwrap_or_default();
        let subject =
            CheckSubject { domain, address, helo, may_be_relay, earlier_clients, ..CheckSubject::default() };
        subjects.push(CheckSubject { role, selectors, ..subject });
    }
    (subjects, left_out)
}

/// The domain of the sender that a refusal is about.
fn refused_domain(named: &NamedReason, roles: &[(String, Role)]) -> Option<String> {
    let of_domain = [RefusalReason::Sender, RefusalReason::Spf, RefusalReason::Authentication];
    let is_of_domain = of_domain.contains(&named.reason);
    named.name.clone().filter(|name| is_of_domain && !is_of_receiver(name, roles))
}

/// Whether the name in a refusal is that of a recipient and of no sender: that of the receiver, such as in an address for complaints.
fn is_of_receiver(name: &str, roles: &[(String, Role)]) -> bool {
    let is_recipient = |(domain, role): &(String, Role)| *role == Role::Recipient && is_within(name, domain);
    let is_sender = |(domain, role): &(String, Role)| role.sends() && domain == name;
    let has_sender = roles.iter().any(|(_, role)| role.sends());
    has_sender && roles.iter().any(is_recipient) && !roles.iter().any(is_sender)
}

/// The domains that the fields of a message name.
struct Named {
    roles: Vec<(String, Role)>,
    /// The DKIM selectors by their domains.
    selectors: BTreeMap<String, Vec<String>>,
    /// Whether recipients did not get it.
    has_recipients: bool,
    /// The domains of recipients that a lookup has failed for.
    unresolved: BTreeSet<String>,
}

fn named(message: &str, fields: &[(String, String)], is_bounce: bool) -> Named {
    let mut roles: Vec<(String, Role)> = Vec::new();
    let (mut selectors, mut unresolved) = (BTreeMap::<String, Vec<String>>::new(), BTreeSet::new());
    // The recipient of a receipt has the mail (RFC 8098 section 3.1).
    let has = |wanted: &str| fields.iter().any(|(name, _)| name == wanted);
    let is_receipt = has("disposition") && !has("action");
    let is_recipient = |name: &str| !is_receipt && RECIPIENTS.contains(&name);
    // Some programs write the field without an address.
    let mut has_recipients = fields.iter().any(|(name, body)| is_recipient(name) && !body.trim().is_empty());
    if !has_recipients {
        let bounced = bounce::recipients(message, is_bounce).into_iter().flat_map(domains);
        roles.extend(bounced.map(|domain| (domain, Role::Recipient)));
        if is_bounce && (roles.is_empty() || is_bare(fields)) {
            let missing = bounce_lookups::missing_hosts(message).into_iter();
            roles.extend(missing.map(|domain| (domain, Role::Recipient)));
        }
        has_recipients = !roles.is_empty();
    }
    for (place, (name, body)) in fields.iter().enumerate() {
        let role = match name.as_str() {
            name if is_recipient(name) && is_delivered(fields, place) => continue,
            name if is_recipient(name) => {
                unresolved.extend(domains(body).into_iter().filter(|_| is_unresolved(fields, place)));
                Role::Recipient
            }
            // The host that tells of the failure has no part in it.
            name if SENDERS.contains(&name)
                && (is_mailer_daemon(body) || has_recipients && is_daemon(body)) =>
            {
                continue;
            }
            name if SENDERS.contains(&name) => Role::Sender,
            "dkim-signature" => {
                if let Some((domain, selector)) = signer(body) {
                    add(&mut selectors, &domain, selector);
                    roles.push((domain, Role::Signer));
                }
                continue;
            }
            _ => continue,
        };
        roles.extend(domains(body).into_iter().map(|domain| (domain, role)));
    }
    Named { roles, selectors, has_recipients, unresolved }
}

/// Adds a selector of a domain, within the bound.
fn add(selectors: &mut BTreeMap<String, Vec<String>>, domain: &str, selector: String) {
    let known = selectors.entry(domain.to_owned()).or_default();
    if known.len() < MAX_MESSAGE_SELECTORS && !known.contains(&selector) {
        known.push(selector);
    }
}

/// The refusal in the words of the receivers. A page of a DNS list stands for its lists, if no list is named.
fn refusal(replies: &bounce::Replies) -> Refusal {
    let (mut lists, pages) = (replies.lists(), replies.pages());
    if lists.iter().all(|list| !list.is_clear) {
        lists.splice(0..0, refusal_pages::lists(&pages));
        lists.truncate(MAX_NAMED_LISTS);
    }
    let (listed, is_of_content) = (replies.listed(), replies.is_of_content());
    Refusal { address: replies.refused(), lists, listed, is_of_content, pages, ..Refusal::default() }
}

/// Gives the links and the refusal to the subjects that they belong to.
fn belongings(
    message: &str,
    subjects: &mut Vec<CheckSubject>,
    (refusal, reason): (Refusal, Option<NamedReason>),
) {
    // The links belong to the sender; in a bounce, they are the links of the message that was not delivered.
    let place = subjects.iter().position(|subject| subject.role == Role::Sender).unwrap_or_default();
    if let Some(subject) = subjects.get_mut(place) {
        subject.links = links(message);
        // Links in the receiver's reply are not links of the message.
        let is_page = |link: &str| refusal.pages.iter().any(|page| links(page).iter().any(|own| own == link));
        subject.links.retain(|link| !is_page(link));
    }
    // The receiver asks its lists about the client or the sender, never about the recipient.
    let of_client =
        subjects.iter().position(|subject| refusal.address.is_some() && subject.address == refusal.address);
    let is_of_author = reason.as_ref().is_some_and(|named| named.reason == RefusalReason::Authentication);
    let of_client = of_client.filter(|_| !is_of_author);
    let place = of_client.or_else(|| subjects.iter().position(|subject| subject.role != Role::Recipient));
    let helo = reason.as_ref().filter(|named| named.reason == RefusalReason::Helo);
    let helo = helo.and_then(|named| named.name.clone());
    let reason = reason.map(|named| named.reason);
    match place.and_then(|place| subjects.get_mut(place)) {
        Some(subject) => {
            subject.refusal = Refusal { reason, ..refusal };
            subject.helo = helo.or_else(|| subject.helo.take());
        }
        // Only the name of the client is known.
        None if helo.is_some() => {
            let refusal = Refusal { reason, ..refusal };
            subjects.push(CheckSubject { helo, refusal, ..CheckSubject::default() });
        }
        None => {
            subjects.iter_mut().take(1).for_each(|subject| subject.refusal.pages.clone_from(&refusal.pages))
        }
    }
}

/// Whether the domain of a sender is one of the subjects.
fn has_sender(subjects: &[CheckSubject]) -> bool {
    let is_sender = |subject: &CheckSubject| [Role::Sender, Role::Both].contains(&subject.role);
    subjects.iter().any(|subject| !subject.domain.is_empty() && is_sender(subject))
}

/// Domains and addresses of links, each once.
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

/// Domain and selector of a signature (RFC 8616 section 4: in other scripts too); none if one of them is invalid.
fn signer(body: &str) -> Option<(String, String)> {
    let domain = domains(&format!("@{}", value(body, "d")?)).into_iter().next()?;
    let selector = ascii_name(value(body, "s")?).filter(|selector| dkim::is_selector(selector))?;
    Some((domain, selector))
}

/// The domains in `From`, each once. The host that tells of a failure has written nothing.
fn authors(fields: &[(String, String)]) -> Vec<String> {
    let from = fields.iter().filter(|(name, body)| name == "from" && !is_daemon(body));
    let domains: BTreeSet<String> = from.flat_map(|(_, body)| domains(body)).collect();
    domains.into_iter().collect()
}

/// The domain of the envelope sender, with the place of its field.
fn envelope(fields: &[(String, String)]) -> Option<(usize, String)> {
    let envelope = fields.iter().enumerate();
    let envelope = envelope.filter(|(_, (name, body))| ENVELOPE.contains(&name.as_str()) && !is_daemon(body));
    envelope
        .flat_map(|(place, (_, body))| domains(body).into_iter().map(move |domain| (place, domain)))
        .next()
}

/// Gives the local part of the envelope sender to the subjects that send.
fn give_local_parts(subjects: &mut [CheckSubject], fields: &[(String, String)], of_bounce: Option<usize>) {
    for subject in subjects.iter_mut().filter(|subject| subject.role.sends()) {
        subject.local_part = local_part(fields, of_bounce, &subject.domain);
    }
}

/// The local part of the envelope sender at a domain: in the fields for it, or in a bounce, whose header has so many fields, in the address
/// that it is returned to.
fn local_part(fields: &[(String, String)], of_bounce: Option<usize>, domain: &str) -> LocalPart {
    let of = |fields: &[(String, String)], wanted: &[&str]| {
        let bodies = fields.iter().filter(|(name, body)| wanted.contains(&name.as_str()) && !is_daemon(body));
        message_addresses::local_part(bodies.map(|(_, body)| body.as_str()), domain)
    };
    match (of(fields, &ENVELOPE), of_bounce) {
        (LocalPart::Unknown, Some(of_header)) => of(fields.get(..of_header).unwrap_or_default(), &["to"]),
        (found, _) => found,
    }
}

/// The domain that a bounce is returned to, which is that of the envelope sender, with the place behind all fields. The empty envelope
/// sender of a bounce (RFC 5321 section 4.5.5) is also that of notices which tell of no failed recipient.
fn returned(fields: &[(String, String)], of_header: usize, has_recipients: bool) -> Option<(usize, String)> {
    let header = fields.get(..of_header)?;
    if !is_report(header) && !(has_recipients && (is_bounce(header) || has_empty_sender(header))) {
        return None;
    }
    let to = header.iter().filter(|(name, body)| name == "to" && !is_daemon(body));
    Some((fields.len(), to.flat_map(|(_, body)| domains(body)).next()?))
}

/// The client that a message came from: the one that a receiver has refused, or else the one that the receivers wrote down. The header
/// of a bounce tells of the bounce, and the first host in the header of the message in it is a client of the host that tells.
fn sender(
    (of_header, fields): (usize, &[(String, String)]),
    envelope: Option<&(usize, String)>,
    (is_refusal, refused): (bool, Option<IpAddr>),
) -> Option<Sender> {
    let of_bounce = if envelope.is_some_and(|(place, _)| *place >= of_header) { of_header } else { 0 };
    let domain = envelope.map(|(_, domain)| domain.as_str());
    let received = client::client(fields.get(of_bounce..).unwrap_or_default(), domain);
    let Some(address) = refused else {
        return received.map(|sender| Sender { is_sure: sender.is_sure && !is_refusal, ..sender });
    };
    let helo = received.filter(|received| received.address == address).and_then(|received| received.helo);
    Some(Sender { address, helo, is_sure: true, earlier: Vec::new() })
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "message_log_tests.rs"]
mod log_tests;

#[cfg(test)]
#[path = "message_bounce_tests.rs"]
mod bounce_tests;
