//! Status codes of a bounce without the reply of a server: `<HOST #4.4.7>` in the text of Exchange Server 2003, and `Status` without
//! `Diagnostic-Code` in its reports.
//!
//! RFC 3463 section 3 has the meanings, RFC 3464 sections 2.3.4 and 2.3.6 the fields. Microsoft: Delivery status notifications in Exchange
//! Server (KB 284204).

use super::bounce::{leading_address, lines};
use super::bounce_exchange::is_failure;
use super::codes::Code;
use super::facts::{CheckSubject, DomainFacts, Role};
use super::finding::Finding;
use super::message_addresses::domains;
use super::message_fields::{is_delivered, of_recipient};
use super::refusal::BareStatus;
use super::refusal_words::status;
use super::remedies;
use crate::limits::MAX_EXCHANGE_REPLIES;

/// The field with the recipient of a report.
const RECIPIENT: &str = "final-recipient";

/// A code with the domain of the recipient before it.
type OfRecipient = (Option<String>, BareStatus);

/// Gives the codes of a bounce to its recipients: to the one before the code, or else to the first one.
pub(super) fn give(subjects: &mut [CheckSubject], body: &str, fields: &[(String, String)]) {
    let found = in_text(body).into_iter().chain(in_fields(fields));
    for (domain, status) in found {
        let is_recipient = |subject: &&mut CheckSubject| {
            !subject.domain.is_empty()
                && subject.role != Role::Signer
                && domain.as_ref().is_none_or(|domain| subject.domain == *domain)
                && (domain.is_some() || subject.role == Role::Recipient)
        };
        if let Some(subject) = subjects.iter_mut().find(is_recipient) {
            subject.refusal.status.get_or_insert(status);
        }
    }
}

/// The codes in the text.
fn in_text(body: &str) -> Vec<OfRecipient> {
    let (mut found, mut domain, mut last) = (Vec::new(), None, "");
    for line in lines(body) {
        if let Some(address) = named(line) {
            domain = domains(address).into_iter().next();
        }
        for word in line.split_whitespace() {
            let is_alone = line.trim() == word;
            if let Some(status) = read(last, word, is_alone)
                && found.len() < MAX_EXCHANGE_REPLIES
            {
                found.push((domain.clone(), status));
            }
            last = word;
        }
    }
    found
}

/// The recipient that a line names: at its begin, or in the field for it.
fn named(line: &str) -> Option<&str> {
    let (name, body) = line.split_once(':').unwrap_or_default();
    if name.eq_ignore_ascii_case(RECIPIENT) { Some(body) } else { leading_address(line) }
}

/// The code in a word: in angle brackets, where the host may be the word before, or alone in its line.
fn read(before: &str, word: &str, is_alone: bool) -> Option<BareStatus> {
    let (within, marked) = word.split_once('#')?;
    let host = match (within, marked.strip_suffix('>')) {
        ("", Some(_)) => before.rsplit_once('<').map(|(_, host)| host).filter(|host| !host.contains('>'))?,
        ("<", Some(_)) => "",
        ("", None) if is_alone => "",
        _ => return None,
    };
    let code = marked.trim_end_matches('>');
    let sound = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    let host = Some(host).filter(|host| !host.is_empty() && host.bytes().all(sound)).map(str::to_owned);
    is_failure(code).then(|| BareStatus { code: code.to_owned(), host })
}

/// Whether a text has a code in angle brackets, as no person writes it.
pub(super) fn is_in_brackets(body: &str) -> bool {
    let mut last = "";
    body.split_whitespace().any(|word| read(std::mem::replace(&mut last, word), word, false).is_some())
}

/// The codes in the fields of recipients that have no reply of a server there.
fn in_fields(fields: &[(String, String)]) -> Vec<OfRecipient> {
    let host = fields.iter().find(|(name, _)| name == "reporting-mta");
    let host = host.and_then(|(_, body)| Some(body.rsplit_once(';')?.1.trim().to_owned()));
    let of = |place: usize, wanted: &str| {
        of_recipient(fields, place).find(|(name, _)| *name == wanted).map(|(_, body)| body.to_owned())
    };
    let recipients = fields.iter().enumerate().filter(|(_, (name, _))| name == RECIPIENT);
    let recipients = recipients.filter(|(place, _)| {
        !is_delivered(fields, *place) && of(*place, "diagnostic-code").is_none_or(|code| code.is_empty())
    });
    let status = |(place, (_, body)): (usize, &(String, String))| {
        let status = of(place, "status")?;
        let code = status.split([' ', '(']).next().filter(|code| is_failure(code))?.to_owned();
        Some((domains(body).into_iter().next(), BareStatus { code, host: host.clone() }))
    };
    recipients.filter_map(status).take(MAX_EXCHANGE_REPLIES).collect()
}

/// The meaning of a subject and a detail, with the change that helps if that of the finding is not enough.
fn meaning(code: &str) -> (&'static str, Option<&'static str>) {
    match status(code) {
        Some((1, 2)) => ("the domain of the recipient was not found", Some(remedies::STATUS_ROUTE)),
        Some((1, 0..=6 | 10)) => (
            "the receiver, or the directory of the sender, does not have this address",
            Some(remedies::STATUS_ADDRESS),
        ),
        Some((1, _)) => ("the address of the sender was not accepted", None),
        Some((2, 2)) => ("the mailbox of the recipient is full", Some(remedies::STATUS_ADDRESS)),
        Some((2, _)) => ("the mailbox of the recipient takes no mail", Some(remedies::STATUS_ADDRESS)),
        Some((3, 4)) => ("the message is too large", None),
        Some((3, _)) => ("the mail system of the recipient takes no mail now", None),
        Some((4, 1)) => ("no mail host of the recipient answered", Some(remedies::STATUS_EXPIRED)),
        Some((4, 2)) => ("the connection to the mail host was lost", Some(remedies::STATUS_EXPIRED)),
        Some((4, 6)) => {
            ("the message went in a loop between two servers or two recipients", Some(remedies::STATUS_LOOP))
        }
        Some((4, 7)) => (
            "the time for the delivery is over: no mail host of the recipient was reached, or the receiver deferred the message each time",
            Some(remedies::STATUS_EXPIRED),
        ),
        Some((4, 0 | 3 | 4)) => (
            "the host that sent the message has found no route: no mail host in the DNS, or a smart host that it does not find",
            Some(remedies::STATUS_ROUTE),
        ),
        Some((4, _)) => ("the delivery failed in the network or in the routing of mail", None),
        Some((5, _)) => ("the two servers did not understand each other", None),
        Some((6, _)) => ("the content of the message could not be delivered", None),
        Some((7, _)) => (
            "a rule forbids the delivery: at the receiver, or at the server that made the bounce, such as for groups with few senders",
            Some(remedies::STATUS_FORBIDDEN),
        ),
        _ => ("the server that made the bounce gives no kind of the failure", None),
    }
}

/// The finding about the code of a bounce.
pub(super) fn check(facts: &DomainFacts) -> Option<Finding> {
    let BareStatus { code, host } = facts.subject.refusal.status.as_ref()?;
    let (meaning, remedy) = meaning(code);
    let told = host.as_ref().map_or_else(String::new, |host| format!(" (told by {host})"));
    let finding = Finding::new(Code::BounceStatus, format!("{code}{told}: {meaning}"));
    Some(match remedy {
        Some(remedy) => finding.to_do(remedy),
        None => finding,
    })
}

#[cfg(test)]
#[path = "bounce_status_tests.rs"]
mod tests;
