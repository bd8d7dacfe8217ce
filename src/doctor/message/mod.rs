//! Reads an email, a bounce or pasted lines of mail logs. Finds the recipients that did not get the mail, the senders and signers, the
//! client, and the refusal by a receiver.
//!
//! RFC 5322 (fields), RFC 3464 (reports), RFC 6376 (signatures). The module `text` turns the file into one text, `reply` finds the replies
//! of receivers in the text with the table of `phrases`, and this module returns the domains and addresses to check.

pub(crate) mod client;
mod phrases;
pub mod refusal;
mod reply;
mod text;

use std::collections::BTreeMap;

use self::client::{Sender, client};
pub use self::phrases::{PHRASES, ResultPhrases, has, named, reported};
use self::refusal::{NamedList, Refusal, RefusalReason};
use self::reply::{NamedReason, Replies, domain, of_delivery, words};
use self::text::{Field, fields, lines, of_header};
use crate::authentication::dkim;
use crate::authentication::tags::value;
use crate::facts::{CheckSubject, Role};
use crate::limits::{MAX_MESSAGE_DOMAINS, MAX_MESSAGE_SELECTORS, MAX_NAMED_LISTS, MAX_RECIPIENT_LINES};

/// The header fields that name recipients in delivery reports.
const RECIPIENTS: [&str; 3] = ["final-recipient", "original-recipient", "x-failed-recipients"];

/// The header fields that name senders; those with the envelope sender come first.
const SENDERS: [&str; 5] = ["return-path", "x-envelope-from", "x-postfix-sender", "from", "sender"];

/// The domains and addresses that are checked because of an email.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageSubjects {
    /// The recipients first, then the senders and signers.
    pub subjects: Vec<CheckSubject>,
    /// True if all recipients got the mail, as the email reports.
    pub is_delivered: bool,
    /// The parts of the email that could not be read or are missing.
    pub unread: Vec<String>,
}

/// Reads an email, and returns what must be checked.
pub fn read(octets: &[u8]) -> MessageSubjects {
    let (text, is_damaged) = text::read(octets);
    let mut read = from_text(&text);
    read.unread.extend(is_damaged.then(|| "a part of the message has a damaged encoding".to_owned()));
    read
}

/// Returns true if a line of a mail log or of a bounce reports that TLS with a mail host failed, or that its policy is not known.
pub fn is_about_tls(line: &str) -> bool {
    of_delivery(line) == Some(RefusalReason::Tls)
}

fn addresses(body: &str) -> Vec<&str> {
    let ends = |letter: char| letter.is_whitespace() || "\"<>():;,".contains(letter);
    let words = body.split(ends).map(|word| word.trim_matches(['.', '\'']));
    words
        .filter(|word| {
            word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        })
        .collect()
}

fn domains(body: &str) -> Vec<String> {
    addresses(body).into_iter().filter_map(domain).collect()
}

/// Returns true if a sender field names software that reports failed deliveries, such as MAILER-DAEMON.
fn is_daemon(body: &str) -> bool {
    let lower = body.to_ascii_lowercase();
    let of = ["mailer-daemon", "postmaster@", "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e@"];
    of.iter().any(|begin| lower.contains(begin))
}

fn is_of_bounce((name, body): &Field) -> bool {
    let lower = body.to_ascii_lowercase();
    match name.as_str() {
        "from" => is_daemon(body),
        "content-type" => lower.starts_with("multipart/report") && lower.contains("delivery-status"),
        "return-path" => body == "<>",
        _ => false,
    }
}

/// Returns the mail address at the start of a line.
fn first(line: &str) -> Option<&str> {
    let address = *addresses(line).first()?;
    line.trim_start_matches([' ', '\t', '"', '\'', '<']).starts_with(address).then_some(address)
}

/// Returns the recipients who did not get the mail. If there are none, returns the recipients who got it.
fn recipients(text: &str, is_bounce: bool) -> Vec<&str> {
    let (mut found, mut delivered, mut left) = (Vec::new(), Vec::new(), 0_usize);
    let begins =
        |line: &str, phrases: &[String]| phrases.iter().any(|words| line.starts_with(words.as_str()));
    for line in lines(text) {
        let lower = line.to_ascii_lowercase();
        let bare = lower.trim_end_matches(['-', '|', ' ']);
        if PHRASES.before_recipients.iter().any(|words| bare.ends_with(words.as_str())) {
            left = MAX_RECIPIENT_LINES;
            continue;
        }
        if begins(&lower, &PHRASES.behind_recipients) {
            left = 0;
        }
        // Postfix writes `<user@domain>: host ...`; qmail and Sendmail write `<user@domain>:` and `<user@domain>... `.
        let reason = lower.strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(_, rest)| rest);
        let is_named = reason.is_some_and(|reason| {
            let reason = reason.split_once(": ").map_or(reason, |(_, reason)| reason);
            is_bounce || begins(reason, &PHRASES.behind_recipient)
        });
        let is_alone = |address: &&str| line.trim_end_matches('>').ends_with(*address);
        let of_begin = first(line).filter(|address| is_named || is_bounce && (left > 0 || is_alone(address)));
        let in_sentence = PHRASES
            .before_recipient
            .iter()
            .filter(|_| is_bounce)
            .find_map(|words| first(line.get(lower.find(words.as_str())? + words.len()..)?));
        let list = if has(&lower, &PHRASES.sent) { &mut delivered } else { &mut found };
        list.extend(of_begin.or(in_sentence));
        left = left.saturating_sub(1);
    }
    if found.is_empty() { delivered } else { found }
}

/// Returns the domains for which qmail or Postfix found no mail host.
fn without_host(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let found = PHRASES.missing_host.iter().flat_map(|words| lower.split(words.as_str()).skip(1));
    found.filter_map(|rest| domain(words(rest).next()?)).take(MAX_MESSAGE_DOMAINS).collect()
}

/// Returns true if a report says that a recipient got the mail. `place`: the index of the field with the recipient; the field `action` with
/// the result follows it.
fn is_delivered(fields: &[Field], place: usize) -> bool {
    let own = fields.iter().skip(place + 1).take_while(|(name, _)| name != "final-recipient");
    let mut actions = own.filter(|(name, _)| name == "action");
    let is_sent = |action: &str| ["delivered", "relayed", "expanded"].contains(&action);
    actions.next().is_some_and(|(_, action)| is_sent(&action.to_ascii_lowercase()))
}

fn signer(body: &str) -> Option<(String, String)> {
    let selector = value(body, "s")?.trim_end_matches('.').to_ascii_lowercase();
    Some((domain(value(body, "d")?)?, Some(selector).filter(|selector| dkim::is_selector(selector))?))
}

#[derive(Default)]
struct Named {
    roles: Vec<(String, Role)>,
    selectors: BTreeMap<String, Vec<String>>,
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

    /// Reads the fields and the text of an email. `of_header`: the number of fields in its own header.
    fn read(text: &str, fields: &[Field], (of_header, is_bounce): (usize, bool)) -> Self {
        let mut named = Self::default();
        for (place, (name, body)) in fields.iter().enumerate() {
            if RECIPIENTS.contains(&name.as_str()) && !body.is_empty() {
                named.has_recipients = true;
                if !is_delivered(fields, place) {
                    domains(body).into_iter().for_each(|domain| named.add(domain, Role::Recipient));
                }
            }
        }
        if !named.has_recipients {
            let found = recipients(text, is_bounce).into_iter().filter_map(domain);
            let without_host = without_host(text).into_iter().filter(|_| is_bounce);
            let found: Vec<String> = found.chain(without_host).collect();
            named.has_recipients = !found.is_empty();
            found.into_iter().for_each(|domain| named.add(domain, Role::Recipient));
        }
        // A bounce goes to the sender of the refused mail, so the recipient of the bounce is the sender to check.
        let of_senders = |wanted: &'static [&'static str]| {
            let fields =
                fields.iter().filter(|(name, body)| wanted.contains(&name.as_str()) && !is_daemon(body));
            fields.flat_map(|(_, body)| domains(body))
        };
        let header = fields.get(..of_header).unwrap_or_default();
        let to = header.iter().find(|(name, _)| is_bounce && name == "to");
        let to = to.and_then(|(_, body)| domains(body).into_iter().next());
        named.envelope = of_senders(&["return-path", "x-envelope-from", "x-postfix-sender"]).next();
        named.envelope = named.envelope.or_else(|| to.clone());
        of_senders(&SENDERS).chain(to).for_each(|domain| named.add(domain, Role::Sender));
        for (domain, selector) in
            fields.iter().filter(|(name, _)| name == "dkim-signature").filter_map(|(_, body)| signer(body))
        {
            named.select(&domain, selector);
            named.add(domain, Role::Signer);
        }
        named.roles.sort_by_key(|(_, role)| (*role != Role::Recipient, *role == Role::Signer));
        named
    }

    /// Moves the domain that a receiver has refused to the start of the list.
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

    /// Returns the domains and addresses to check. The client (`sender`) is checked together with the domain of the envelope sender.
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
                ..CheckSubject::default()
            }
        };
        self.roles.iter().take(MAX_MESSAGE_DOMAINS).map(subject).collect()
    }

    fn left_out(&self) -> Option<String> {
        let beyond: Vec<&str> =
            self.roles.iter().skip(MAX_MESSAGE_DOMAINS).map(|(domain, _)| domain.as_str()).collect();
        (!beyond.is_empty()).then(|| {
            format!("not checked, beyond the first {MAX_MESSAGE_DOMAINS} domains: {}", beyond.join(", "))
        })
    }
}

fn from_text(text: &str) -> MessageSubjects {
    let (mut fields, of_header) = (fields(text), of_header(text));
    let header = fields.get(..of_header).unwrap_or_default();
    let has_field = |wanted: &str| header.iter().any(|(name, _)| name == wanted);
    let is_report = fields.iter().any(is_of_bounce);
    // If the text is an ordinary email, bounces and emails that are quoted in it are not read.
    let is_letter =
        has_field("from") && has_field("received") && !is_report && recipients(text, false).is_empty();
    let is_bare = !["from", "to", "subject", "received", "return-path"].into_iter().any(has_field);
    let body = if is_letter { "" } else { text };
    if is_letter {
        fields.truncate(of_header);
    }
    let replies = reply::replies(body, &fields);
    let is_refused = || replies.has_refusal() || !recipients(body, false).is_empty();
    let is_bounce = !is_letter && (is_report || is_bare || is_refused());
    let mut named = Named::read(body, &fields, (of_header, is_bounce));
    let delivery = of_delivery(body).filter(|_| is_bounce && named.has_recipients);
    let mut refusal = if is_bounce { refusal(&replies) } else { Refusal::default() };
    let reason = replies.reason().filter(|_| is_bounce && delivery.is_none());
    if let Some(of) = &reason {
        named.take_refused(of);
    }
    refusal.reason = reason.as_ref().map(|of| of.reason);
    let helo = reason.filter(|of| of.reason == RefusalReason::Helo).and_then(|of| of.name);
    let sender = match refusal.address {
        Some(address) => Some(Sender { address, helo: None, is_sure: true }),
        None => {
            let from = if is_report { of_header } else { 0 };
            let found = client(fields.get(from..).unwrap_or_default());
            found.map(|sender| Sender { is_sure: sender.is_sure && !is_bounce, ..sender })
        }
    };
    let mut subjects = named.subjects(sender.as_ref());
    let is_unplaced = subjects.iter().all(|subject| subject.address.is_none());
    let is_alone = subjects.is_empty() || refusal.address.is_some() && is_unplaced;
    if let Some(Sender { address, helo, .. }) = sender.filter(|_| is_alone) {
        subjects.push(CheckSubject { address: Some(address), helo, ..CheckSubject::default() });
    }
    let missing = missing((&subjects, &named), &refusal, helo.is_some());
    let is_lost = is_bounce && !named.has_recipients && !subjects.is_empty();
    let is_lost = is_lost && refusal.reason.is_none() && refusal.address.is_none();
    let lost = is_lost.then_some(
        "no recipient that did not get the mail was found: check its domain with `resolverctl check DOMAIN`",
    );
    give_refusal(&mut subjects, refusal, helo);
    if let Some(recipient) = subjects.first_mut().filter(|first| first.role == Role::Recipient) {
        recipient.refusal.reason = delivery;
        let is_without_reply = is_bounce && delivery.is_none() && !replies.has_refusal();
        recipient.refusal.status = reply::bare_status(&fields).filter(|_| is_without_reply);
    }
    let unread = missing.or(lost).map(str::to_owned);
    MessageSubjects {
        is_delivered: subjects.is_empty() && named.has_recipients,
        unread: named.left_out().into_iter().chain(unread).collect(),
        subjects,
    }
}

/// If the reason for the refusal refers to an address or a name that the bounce does not contain, returns a text that asks the operator for it.
fn missing(
    (subjects, named): (&[CheckSubject], &Named),
    refusal: &Refusal,
    has_helo: bool,
) -> Option<&'static str> {
    let has_client = refusal.address.is_some();
    let is_known = match refusal.reason? {
        RefusalReason::Helo => has_helo,
        RefusalReason::Pointer | RefusalReason::Spf => has_client,
        RefusalReason::Authentication => has_client || !named.selectors.is_empty(),
        RefusalReason::Sender => subjects.iter().any(|subject| subject.role != Role::Recipient),
        RefusalReason::Loop | RefusalReason::Tls => true,
    };
    (!is_known).then_some(
        "the receiver refuses the client or the sender, and the text does not have its address or name: give it with --from, --helo or \
         --selector",
    )
}

fn refusal(replies: &Replies) -> Refusal {
    let (mut lists, operators) = (replies.lists(), replies.operators());
    if lists.iter().all(|list| !list.is_clear) {
        let zones = operators.iter().flat_map(|operator| &operator.lists);
        lists.splice(0..0, zones.map(|zone| NamedList { name: zone.clone(), is_clear: true }));
        lists.truncate(MAX_NAMED_LISTS);
    }
    let address = replies.refused();
    Refusal { address, lists, operators, ..Refusal::default() }
}

/// Adds the refusal of a mail to the subject that was refused: the client or the sender's domain, never the recipient, because receivers do
/// not look up recipients in DNS lists.
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
        // The address of the client is not known, so the HELO name is checked alone.
        None if helo.is_some() => subjects.push(CheckSubject { helo, refusal, ..CheckSubject::default() }),
        None => subjects
            .iter_mut()
            .take(1)
            .for_each(|subject| subject.refusal.operators.clone_from(&refusal.operators)),
    }
}

#[cfg(test)]
mod tests;
