//! The refusal that a bounce reports, and the findings that explain the refusal: if the DNS lists in the bounce still contain the sender,
//! and whose web pages the bounce names.
//!
//! RFC 5782 section 2. A bounce may be days old, so the lists are asked again, also lists that this host does not use.

use std::net::IpAddr;

use serde::Deserialize;

use super::phrases::{Operator, PHRASES};
use crate::codes::Code;
use crate::facts::{DomainFacts, Got, Listed, Listing, Want};
use crate::finding::{About, Finding};

/// A DNS list in the reply of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedList {
    /// The zone: lower case, with its last dot.
    pub name: String,
    /// True if the words before the name say that it is a DNS list.
    pub is_clear: bool,
}

/// The reason for a refusal of mail, if DNS can show whether it still exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// The receiver objects to the HELO name of the client.
    Helo,
    /// The receiver objects to the domain of the sender.
    Sender,
    /// The receiver objects to the PTR record of the client, or to the name in it.
    Pointer,
    /// SPF did not allow the client to send.
    Spf,
    /// SPF, DKIM or DMARC failed, or their records have an error.
    Authentication,
    /// The mail was sent in a loop.
    Loop,
    /// The TLS connection to a mail host of the recipient failed.
    Tls,
}

/// What a bounce says about the refusal of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The address of the refused client.
    pub address: Option<IpAddr>,
    /// The reason of the receiver.
    pub reason: Option<RefusalReason>,
    /// The DNS lists in the text of the refusal.
    pub lists: Vec<NamedList>,
    /// The operators whose web pages or mail addresses the text contains.
    pub operators: Vec<&'static Operator>,
    /// The status code (RFC 3463) without the class, such as `4.7`, of a bounce without a receiver's reply.
    pub status: Option<String>,
}

/// Returns the subject for the DNS lists: the refused client, or else the domain of the sender.
fn subject(facts: &DomainFacts) -> Option<String> {
    let (subject, refusal) = (&facts.subject, &facts.subject.refusal);
    let client = refusal.address.map(|address| address.to_string());
    let domain = Some(subject.domain.trim_end_matches('.').to_owned()).filter(|name| !name.is_empty());
    client.or(domain).filter(|_| !refusal.lists.is_empty())
}

fn want(facts: &DomainFacts, subject: String) -> Want {
    let lists = facts.subject.refusal.lists.iter().map(|list| list.name.clone()).collect();
    Want::NamedLists { subject, lists }
}

/// Returns the question that is sent to the DNS lists that the bounce names.
pub(crate) fn wants(facts: &DomainFacts) -> Option<Want> {
    Some(want(facts, subject(facts)?))
}

fn answers<'f>(facts: &'f DomainFacts, subject: &str) -> &'f [Listing] {
    match facts.got.get(&want(facts, subject.to_owned())) {
        Some(Got::Lists(listings)) => listings,
        _ => &[],
    }
}

pub(crate) fn is_listed(facts: &DomainFacts, subject: &str, list: &str) -> bool {
    let is_it = |listing: &Listing| listing.list == list && listing.listed == Listed::Yes;
    !facts.subject.refusal.lists.is_empty() && answers(facts, subject).iter().any(is_it)
}

pub(crate) fn check(facts: &DomainFacts) -> Option<Finding> {
    let of_lists = subject(facts).and_then(|subject| on_lists(facts, &subject));
    of_lists.or_else(|| operators(facts)).or_else(|| status(facts))
}

/// Returns the finding about the DNS lists: that some contain `subject`, or else that some did not answer, or else that none contains it.
fn on_lists(facts: &DomainFacts, subject: &str) -> Option<Finding> {
    let answers = answers(facts, subject);
    let found = [
        (Code::BounceListed, Listed::Yes),
        (Code::ListsUnknown, Listed::Unknown),
        (Code::BounceUnlisted, Listed::No),
    ];
    let finding = |(code, listed): (Code, Listed)| {
        let of = || answers.iter().filter(|listing| listing.listed == listed);
        let text = |Listing { list, why, .. }: &Listing| match listed {
            Listed::Yes => format!("{subject} in {list} ({why})"),
            Listed::No => format!("{subject} is not in {list}"),
            Listed::Unknown => format!("{list} about {subject}: {why}"),
        };
        let texts: Vec<String> = of().map(text).collect();
        let about = of()
            .map(|listing| About::Listing { subject: subject.to_owned(), list: Some(listing.list.clone()) });
        (!texts.is_empty()).then(|| Finding::new(code, texts.join("; ")).about(about))
    };
    found.into_iter().find_map(finding).or_else(|| unasked(facts, subject))
}

/// Returns the finding that explains the status code of the bounce (RFC 3463). The table of phrases is searched for the whole code (the
/// subject and the detail, such as `7.1`), then for the subject alone.
fn status(facts: &DomainFacts) -> Option<Finding> {
    let status = facts.subject.refusal.status.as_ref()?;
    let subject = status.split('.').next().unwrap_or_default();
    let meaning = PHRASES.meaning.get(status).or_else(|| PHRASES.meaning.get(subject))?;
    Some(Finding::new(Code::BounceStatus, format!("x.{status}: {meaning}")))
}

/// Returns the finding that none of the DNS lists in the bounce was asked.
fn unasked(facts: &DomainFacts, subject: &str) -> Option<Finding> {
    let clear = facts.subject.refusal.lists.iter().filter(|list| list.is_clear);
    let clear: Vec<&str> = clear.map(|list| list.name.trim_end_matches('.')).collect();
    let is_asked = facts.got.contains_key(&want(facts, subject.to_owned()));
    (!clear.is_empty() && is_asked).then(|| {
        let words = "resolverd does not know this list, or the list has no entries about";
        Finding::new(Code::ListsUnknown, format!("{}: {words} {subject}", clear.join(", ")))
    })
}

fn operators(facts: &DomainFacts) -> Option<Finding> {
    let words =
        facts.subject.refusal.operators.iter().map(|Operator { name, page, .. }| match page.as_str() {
            "" => format!("the bounce names a page of {name}"),
            page => format!("the bounce names a page of {name}, whose page for senders is {page}"),
        });
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| Finding::new(Code::BouncePage, words.join("; ")))
}
