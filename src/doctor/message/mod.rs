//! A message, a bounce or pasted lines of a log: the recipients that did not get the mail, the senders and signers, the client, and the refusal.
//!
//! RFC 5322 (fields), RFC 3464 (reports), RFC 6376 (signatures). Stages: `text` makes one text of the file, `reply` reads the words of
//! receivers in it with the table of `phrases`, and here are the subjects of the check.

mod authorship;
pub(crate) mod client;
mod phrases;
pub mod refusal;
mod reply;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use self::authorship::Authorship;
use self::client::{Sender, client};
pub use self::phrases::{PHRASES, has};
use self::refusal::{Refusal, RefusalReason, lists_of};
use self::reply::{NamedReason, Replies, domain, of_delivery};
use self::text::{Field, fields, lines, of_header};
use crate::authentication::dkim;
use crate::authentication::local_part::LocalPart;
use crate::authentication::tags::value;
use crate::facts::{CheckSubject, Role};
use crate::limits::{
    MAX_MESSAGE_DOMAINS, MAX_MESSAGE_LINKS, MAX_MESSAGE_SELECTORS, MAX_NAMED_LISTS, MAX_RECIPIENT_LINES,
};
use dns::wire::presentation::{ascii_name, name_text, read_name, read_typed_name};

/// The fields with recipients in reports.
const RECIPIENTS: [&str; 3] = ["final-recipient", "original-recipient", "x-failed-recipients"];

/// The fields with senders; the envelope sender first.
const SENDERS: [&str; 5] = ["return-path", "x-envelope-from", "x-postfix-sender", "from", "sender"];

/// The subjects of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageSubjects {
    /// The recipients first, then the senders and signers.
    pub subjects: Vec<CheckSubject>,
    /// Whether it reports that all recipients got the mail.
    pub is_delivered: bool,
    /// What could not be read, or stands not in it.
    pub unread: Vec<String>,
}

/// Reads a message.
pub fn read(octets: &[u8]) -> MessageSubjects {
    let flat = text::read(octets);
    let mut read = of_text(&flat.text, &flat.source);
    read.unread.splice(0..0, flat.unread);
    read
}

/// The addresses in the body of a field, or in a line.
fn addresses(body: &str) -> Vec<&str> {
    let ends = |letter: char| letter.is_whitespace() || "\"<>():;,".contains(letter);
    let words = body.split(ends).map(|word| word.trim_matches(['.', '\'']));
    words
        .filter(|word| {
            word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        })
        .collect()
}

/// The domain of an address, in its ASCII form.
fn domain_of(address: &str) -> Option<String> {
    let typed = address.rsplit('@').next()?.trim_matches('.');
    let name = read_typed_name(typed).filter(|_| typed.contains('.'))?;
    if typed.is_ascii() { domain(typed) } else { Some(name_text(&name)) }
}

fn domains(body: &str) -> Vec<String> {
    addresses(body).into_iter().filter_map(domain_of).collect()
}

/// Whether a mail is from software that reports a failure.
fn is_daemon((name, body): &Field) -> bool {
    let lower = body.to_ascii_lowercase();
    let of = ["mailer-daemon", "postmaster@", "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e@"];
    name == "from"
        && (of.iter().any(|begin| addresses(&lower).first().is_some_and(|one| one.starts_with(begin)))
            || lower.contains("mailer-daemon") && !lower.contains('@'))
        || name == "content-type"
            && lower.starts_with("multipart/report")
            && lower.contains("delivery-status")
        || name == "return-path" && body == "<>"
}

/// The recipients in the words of mail software.
fn recipients(text: &str, is_bounce: bool) -> Vec<&str> {
    let (mut found, mut delivered, mut left) = (Vec::new(), Vec::new(), 0_usize);
    let first = |line: &'_ str| -> Option<usize> {
        let address = *addresses(line).first()?;
        let begin = line.find(address)?;
        line.get(..begin)?.chars().all(|letter| " \t\"'<".contains(letter)).then_some(begin + address.len())
    };
    for line in lines(text) {
        let lower = line.to_ascii_lowercase();
        if PHRASES
            .before_recipients
            .iter()
            .any(|words| lower.trim_end_matches(['-', '|', ' ']).ends_with(words.as_str()))
        {
            left = MAX_RECIPIENT_LINES;
            continue;
        }
        if PHRASES.behind_recipients.iter().any(|words| lower.starts_with(words.as_str())) {
            left = 0;
        }
        let is_sent = has(&lower, &PHRASES.sent);
        let of_line = if is_sent { &mut delivered } else { &mut found };
        // `<user@domain>: host ...` of Postfix; `<user@domain>:` and `<user@domain>... ` of qmail and Sendmail.
        let told = line.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(_, rest)| rest);
        let told = told.map(|told| told.split_once(": ").map_or(told, |(_, told)| told).to_ascii_lowercase());
        let is_named = told.as_ref().is_some_and(|told| {
            let is_known = PHRASES.behind_recipient.iter().any(|words| told.starts_with(words.as_str()));
            is_known || is_bounce && !told.starts_with("delivery via ")
        });
        let is_alone = is_bounce
            && addresses(line).first().is_some_and(|one| line.trim().trim_matches(['<', '>']) == *one);
        let is_dated = || {
            let mut words = line.split_whitespace().skip(1);
            words.next().is_some_and(|word| ["on", "am"].contains(&word))
                && words.any(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))
        };
        let begins = first(line).is_some() && (is_named || is_bounce && (left > 0 || is_dated() || is_alone));
        let begin = begins.then(|| addresses(line).first().copied()).flatten();
        let in_sentence = PHRASES.before_recipient.iter().filter(|_| is_bounce).find_map(|words| {
            let rest = line.get(lower.find(words.as_str())? + words.len()..)?;
            first(rest)?;
            addresses(rest).first().copied()
        });
        of_line.extend(begin.or(in_sentence));
        left = left.saturating_sub(1);
    }
    // A log also has lines of recipients that got their mail.
    if found.is_empty() { delivered } else { found }
}

/// The domains of recipients without a host, in words of qmail and Postfix.
fn without_host(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let found = PHRASES.missing_host.iter().flat_map(|words| lower.split(words.as_str()).skip(1));
    let found = found.filter_map(|rest| {
        domain(rest.split(|letter: char| letter.is_whitespace() || letter == ':').next()?)
    });
    found.take(MAX_MESSAGE_DOMAINS).collect()
}

/// Whether a report says that a recipient got the mail: the action behind its field.
fn is_delivered(fields: &[Field], place: usize) -> bool {
    let own = fields.iter().skip(place + 1).take_while(|(name, _)| name != "final-recipient");
    let mut actions = own.filter(|(name, _)| name == "action");
    let words = ["delivered", "relayed", "expanded"];
    actions.next().is_some_and(|(_, action)| words.iter().any(|word| action.eq_ignore_ascii_case(word)))
}

/// Domain and selector of a signature (RFC 8616 section 4: in other scripts too).
fn signer(body: &str) -> Option<(String, String)> {
    let domain = domain_of(value(body, "d")?)?;
    let selector = ascii_name(value(body, "s")?).filter(|selector| dkim::is_selector(selector))?;
    Some((domain, selector))
}

/// The domains of a message with their roles, and what signers use.
#[derive(Default)]
struct Named {
    roles: Vec<(String, Role)>,
    selectors: BTreeMap<String, Vec<String>>,
    /// The domain of the envelope sender, as a receiver or the fields name it.
    envelope: Option<String>,
    has_recipients: bool,
}

impl Named {
    fn add(&mut self, domain: String, role: Role) {
        match self.roles.iter_mut().find(|(known, _)| *known == domain) {
            None => self.roles.push((domain, role)),
            Some((_, known)) if *known != role && role != Role::Signer => {
                *known = if *known == Role::Signer { role } else { Role::Both };
            }
            Some(_) => {}
        }
    }

    fn select(&mut self, domain: &str, selector: String) {
        let known = self.selectors.entry(domain.to_owned()).or_default();
        if known.len() < MAX_MESSAGE_SELECTORS && !known.contains(&selector) {
            known.push(selector);
        }
    }

    /// Reads the fields and the text.
    fn read(text: &str, fields: &[Field], (of_header, is_bounce): (usize, bool)) -> Self {
        let mut named = Self::default();
        let is_receipt = fields.iter().any(|(name, _)| name == "disposition");
        let of_reports = fields.iter().enumerate();
        let of_reports = of_reports.filter(|(_, (name, body))| {
            !is_receipt && RECIPIENTS.contains(&name.as_str()) && !body.is_empty()
        });
        for (place, (_, body)) in of_reports {
            named.has_recipients = true;
            if !is_delivered(fields, place) {
                domains(body).into_iter().for_each(|domain| named.add(domain, Role::Recipient));
            }
        }
        if !named.has_recipients {
            let found = recipients(text, is_bounce).into_iter().filter_map(domain_of);
            let found: Vec<String> =
                found.chain(without_host(text).into_iter().filter(|_| is_bounce)).collect();
            named.has_recipients = !found.is_empty();
            found.into_iter().for_each(|domain| named.add(domain, Role::Recipient));
        }
        for field @ (name, body) in fields.iter().filter(|(name, _)| SENDERS.contains(&name.as_str())) {
            // The host that reports the failure has no part in it.
            if !(is_daemon(field)
                || is_bounce && name != "return-path" && is_daemon(&("from".to_owned(), body.clone())))
            {
                domains(body).into_iter().for_each(|domain| named.add(domain, Role::Sender));
            }
        }
        for (_, body) in fields.iter().filter(|(name, _)| name == "dkim-signature") {
            if let Some((domain, selector)) = signer(body) {
                named.select(&domain, selector);
                named.add(domain, Role::Signer);
            }
        }
        // A report goes to the sender.
        let header = fields.get(..of_header).unwrap_or_default();
        let to = header
            .iter()
            .filter(|(name, _)| is_bounce && name == "to")
            .flat_map(|(_, body)| domains(body))
            .next();
        let of_fields = SENDERS.iter().take(3).find_map(|wanted| {
            let mut bodies = fields.iter().filter(|(name, _)| name == wanted);
            bodies.find_map(|(_, body)| domains(body).into_iter().next())
        });
        named.envelope = of_fields.or_else(|| to.clone());
        to.into_iter().for_each(|domain| named.add(domain, Role::Sender));
        named.roles.sort_by_key(|(_, role)| match role {
            Role::Recipient => 0,
            Role::Both | Role::Sender => 1,
            Role::Signer => 2,
        });
        named
    }

    /// Puts the domain that a receiver refuses before all others.
    fn take_refused(&mut self, of: &NamedReason) {
        let is_of_domain =
            [RefusalReason::Sender, RefusalReason::Spf, RefusalReason::Authentication].contains(&of.reason);
        let Some(name) = of.name.clone().filter(|_| is_of_domain) else { return };
        let is_recipient = self.roles.iter().any(|(known, role)| *known == name && *role == Role::Recipient);
        self.roles.retain(|(known, _)| *known != name);
        self.roles.insert(0, (name.clone(), if is_recipient { Role::Both } else { Role::Sender }));
        of.selector.iter().for_each(|selector| self.select(&name, selector.clone()));
        if of.reason != RefusalReason::Authentication {
            self.envelope = Some(name);
        }
    }

    /// The subjects; that of the envelope sender with the client.
    fn subjects(&self, sender: Option<&Sender>) -> Vec<CheckSubject> {
        let subject = |(domain, role): &(String, Role)| {
            let own = sender.filter(|_| role.sends() && self.envelope.as_ref() == Some(domain));
            CheckSubject {
                domain: domain.clone(),
                role: *role,
                selectors: self.selectors.get(domain).cloned().unwrap_or_default(),
                address: own.map(|sender| sender.address),
                helo: own.and_then(|sender| sender.helo.clone()),
                may_be_relay: own.is_some_and(|sender| !sender.is_sure),
                earlier_clients: own.map(|sender| sender.earlier.clone()).unwrap_or_default(),
                ..CheckSubject::default()
            }
        };
        self.roles.iter().take(MAX_MESSAGE_DOMAINS).map(subject).collect()
    }

    /// The domains beyond the bound, in words.
    fn left_out(&self) -> Option<String> {
        let beyond: Vec<&str> =
            self.roles.iter().skip(MAX_MESSAGE_DOMAINS).map(|(domain, _)| domain.as_str()).collect();
        let words =
            || format!("not checked, beyond the first {MAX_MESSAGE_DOMAINS} domains: {}", beyond.join(", "));
        (!beyond.is_empty()).then(words)
    }
}

fn of_text(text: &str, source: &str) -> MessageSubjects {
    let (mut fields, of_header) = (fields(text), of_header(text));
    let header = fields.get(..of_header).unwrap_or_default().to_vec();
    let has = |wanted: &str| header.iter().any(|(name, _)| name == wanted);
    let is_report = fields.iter().any(is_daemon);
    let is_of_daemon = |field: &Field| field.0 != "return-path" && is_daemon(field);
    // Quoted messages are no part of a letter.
    let is_letter = has("from")
        && has("received")
        && !fields.iter().any(is_of_daemon)
        && !header.iter().any(is_daemon)
        && recipients(text, false).is_empty();
    let body = if is_letter { "" } else { text };
    if is_letter {
        fields.truncate(of_header);
    }
    let is_bare = !["from", "to", "subject", "received", "return-path"].iter().any(|name| has(name));
    let replies = reply::replies(body, &fields);
    let is_told = || replies.has_refusal() || !recipients(body, false).is_empty();
    let is_bounce = !is_letter && (is_report || is_bare || is_told());
    let mut named = Named::read(body, &fields, (of_header, is_bounce));
    let delivery = of_delivery(body).filter(|_| is_bounce && named.has_recipients);
    let refusal = if is_bounce { refusal(&replies) } else { Refusal::default() };
    let reason = replies.reason().filter(|_| is_bounce && delivery.is_none());
    if let Some(of) = &reason {
        named.take_refused(of);
    }
    let sender = match refusal.address {
        Some(address) => Some(Sender { address, helo: None, is_sure: true, earlier: Vec::new() }),
        None => {
            let from = if is_report { of_header } else { 0 };
            let found = client(fields.get(from..).unwrap_or_default(), named.envelope.as_deref());
            found.map(|sender| Sender { is_sure: sender.is_sure && !is_bounce, ..sender })
        }
    };
    let mut subjects = named.subjects(sender.as_ref());
    give_signing(&mut subjects, &fields, &named);
    give_local_parts(&mut subjects, &fields);
    let is_unplaced = subjects.iter().all(|subject| subject.address.is_none());
    let is_alone = subjects.is_empty() || refusal.address.is_some() && is_unplaced;
    if let Some(Sender { address, helo, .. }) = sender.filter(|_| is_alone) {
        subjects.push(CheckSubject { address: Some(address), helo, ..CheckSubject::default() });
    }
    let helo = reason.as_ref().filter(|of| of.reason == RefusalReason::Helo).and_then(|of| of.name.clone());
    let reason = reason.map(|of| of.reason);
    let refusal = Refusal { reason, ..refusal };
    let unknown = unknown((&subjects, &named), (&refusal, helo.as_ref()), is_bounce);
    give_links(&mut subjects, &[text, source].concat(), &refusal);
    give_refusal(&mut subjects, refusal, helo);
    if let Some(recipient) = subjects.first_mut().filter(|first| first.role == Role::Recipient) {
        recipient.refusal.reason = delivery;
        let is_without_reply = is_bounce && delivery.is_none() && !replies.has_refusal();
        recipient.refusal.status = reply::bare_status(body, &fields).filter(|_| is_without_reply);
    }
    MessageSubjects {
        is_delivered: subjects.is_empty() && named.has_recipients,
        unread: named.left_out().into_iter().chain(unknown).collect(),
        subjects,
    }
}

/// Gives the weight of the signatures.
fn give_signing(subjects: &mut [CheckSubject], fields: &[Field], named: &Named) {
    let of_authors = fields.iter().filter(|field| field.0 == "from" && !is_daemon(field));
    let authors: BTreeSet<String> = of_authors.flat_map(|(_, body)| domains(body)).collect();
    let authors: Vec<String> = authors.into_iter().collect();
    let signers: Vec<String> = named.selectors.keys().cloned().collect();
    Authorship { authors: &authors, signers: &signers, envelope: named.envelope.as_deref() }.give(subjects);
}

/// What a bounce does not say, and the check would need.
fn unknown(
    (subjects, named): (&[CheckSubject], &Named),
    (refusal, helo): (&Refusal, Option<&String>),
    is_bounce: bool,
) -> Option<String> {
    let has_sender = subjects.iter().any(|subject| subject.role != Role::Recipient);
    let has_proof = refusal.address.is_some() || !named.selectors.is_empty();
    Some(match refusal.reason {
        Some(RefusalReason::Helo) if helo.is_none() => "the receiver refuses the HELO name of the client, which the text does not have: check it with --helo",
        Some(RefusalReason::Pointer | RefusalReason::Spf) if refusal.address.is_none() => {
            "the receiver refuses the client, and the text does not have its address: check it with `resolverctl check ADDRESS`"
        }
        Some(RefusalReason::Authentication) if !has_proof => {
            "the receiver refuses the mail by DMARC, and the text has neither the address of the client nor a signature: check the domain with --from and --selector"
        }
        Some(RefusalReason::Sender) if !has_sender => "the receiver refuses the sender, and the text does not have its domain",
        None if is_bounce && !named.has_recipients && !subjects.is_empty() && refusal.address.is_none() => {
            "no recipient that did not get the mail was found: check its domain with `resolverctl check DOMAIN`"
        }
        _ => return None,
    }
    .to_owned())
}

fn refusal(replies: &Replies) -> Refusal {
    let (mut lists, pages) = (replies.lists(), replies.pages());
    if lists.iter().all(|list| !list.is_clear) {
        lists.splice(0..0, lists_of(&pages));
        lists.truncate(MAX_NAMED_LISTS);
    }
    let (address, listed, is_of_content) = (replies.refused(), replies.listed(), replies.is_of_content());
    Refusal { address, lists, listed, is_of_content, pages, ..Refusal::default() }
}

/// Gives the refusal to its client or sender: receivers ask their lists about these, never about the recipient.
fn give_refusal(subjects: &mut Vec<CheckSubject>, refusal: Refusal, helo: Option<String>) {
    let is_of_author = refusal.reason == Some(RefusalReason::Authentication);
    let is_client = |subject: &CheckSubject| {
        !is_of_author && refusal.address.is_some() && subject.address == refusal.address
    };
    let place = subjects.iter().position(is_client);
    let place = place.or_else(|| subjects.iter().position(|subject| subject.role != Role::Recipient));
    match place.and_then(|place| subjects.get_mut(place)) {
        Some(subject) => {
            subject.refusal = refusal;
            subject.helo = helo.or_else(|| subject.helo.take());
        }
        // Only the name of the client is known.
        None if helo.is_some() => subjects.push(CheckSubject { helo, refusal, ..CheckSubject::default() }),
        None => {
            subjects.iter_mut().take(1).for_each(|subject| subject.refusal.pages.clone_from(&refusal.pages))
        }
    }
}

/// Gives the links to the sender: in a bounce, they are those of the message that was not delivered.
fn give_links(subjects: &mut [CheckSubject], text: &str, refusal: &Refusal) {
    let place = subjects.iter().position(|subject| subject.role == Role::Sender).unwrap_or_default();
    let Some(subject) = subjects.get_mut(place) else { return };
    // Those in the receiver's reply are none of the message.
    let of_pages: Vec<String> = refusal.pages.iter().flat_map(|page| links(page)).collect();
    subject.links = links(text);
    subject.links.retain(|link| !of_pages.contains(link));
}

/// Domains and addresses of links, each once.
fn links(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<String> = Vec::new();
    for rest in ["http://", "https://"].iter().flat_map(|scheme| lower.split(scheme).skip(1)) {
        let ends = |letter: char| "/?#\\\"'<>()[]".contains(letter) || letter.is_whitespace();
        let authority = rest.split(ends).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
        let host = host.trim_matches('.').trim_start_matches("www.");
        let is_sound = host.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._".contains(&octet));
        if is_sound
            && host.contains('.')
            && read_name(host).is_some()
            && !found.iter().any(|known| known == host)
        {
            found.push(host.to_owned());
        }
    }
    found.truncate(MAX_MESSAGE_LINKS);
    found
}

/// Gives the local part of the envelope sender, for macros of SPF.
fn give_local_parts(subjects: &mut [CheckSubject], fields: &[Field]) {
    for subject in subjects.iter_mut().filter(|subject| subject.role.sends()) {
        let bodies = fields.iter().filter(|(name, _)| SENDERS.iter().take(3).any(|sender| sender == name));
        let found: Vec<&str> = bodies.flat_map(|(_, body)| addresses(body)).collect();
        let own = found.iter().find(|address| domain_of(address).as_deref() == Some(&subject.domain));
        let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"+-_=.".contains(&octet);
        let local = own.and_then(|address| address.rsplit_once('@')).map(|(local, _)| local);
        let local = local.filter(|local| local.len() <= 64 && local.bytes().all(is_plain));
        subject.local_part = local.map_or(LocalPart::Unknown, |local| LocalPart::Known(local.to_owned()));
    }
}

#[cfg(test)]
mod tests;
