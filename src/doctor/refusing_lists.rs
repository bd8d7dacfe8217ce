//! The DNS lists that a receiver names in a bounce: whether they still list the client or the sender.
//!
//! RFC 5782 section 2. A bounce may be days old, so the lists are asked again, also those that this host does not use.

use super::codes::Code;
use super::facts::{DomainFacts, Got, Listing, Want};
use super::finding::Finding;
use super::part::About;
use crate::limits::MAX_NAMED_LISTS;

/// The name or address that is listed by the words of the receiver. Without such words: the client that was refused and the domain of
/// the sender, and the links of the message if the refusal is about these.
fn subjects(facts: &DomainFacts) -> Vec<String> {
    let (subject, refusal) = (&facts.subject, &facts.subject.refusal);
    if refusal.lists.is_empty() {
        return Vec::new();
    }
    if let Some(listed) = &refusal.listed {
        return vec![listed.clone()];
    }
    let client = refusal.address.map(|address| address.to_string());
    let links = subject.links.iter().filter(|_| refusal.is_of_content).map(String::as_str);
    let names = [subject.domain.as_str()].into_iter().chain(links);
    let names = names.map(|name| name.trim_end_matches('.').to_owned()).filter(|name| !name.is_empty());
    client.into_iter().chain(names).collect()
}

fn want(facts: &DomainFacts, subject: String) -> Want {
    let lists = facts.subject.refusal.lists.iter().map(|list| list.name.clone()).collect();
    Want::NamedLists { subject, lists }
}

/// The questions.
pub(super) fn wants(facts: &DomainFacts) -> Vec<Want> {
    subjects(facts).into_iter().map(|subject| want(facts, subject)).collect()
}

/// The answers about a subject.
fn answers<'f>(facts: &'f DomainFacts, subject: &str) -> &'f [Listing] {
    match facts.got.get(&want(facts, subject.to_owned())) {
        Some(Got::Lists(listings)) => listings,
        _ => &[],
    }
}

/// Whether it is told here that a list has a subject.
pub(super) fn is_told(facts: &DomainFacts, subject: &str, list: &str) -> bool {
    let is_it = |listing: &Listing| listing.list == list && listing.listed == Some(true);
    !facts.subject.refusal.lists.is_empty() && answers(facts, subject).iter().any(is_it)
}

/// The findings.
pub(super) fn check(facts: &DomainFacts) -> Vec<Finding> {
    let subjects = subjects(facts);
    let answers: Vec<(&str, &Listing)> = subjects
        .iter()
        .flat_map(|subject| answers(facts, subject).iter().map(move |listing| (subject.as_str(), listing)))
        .collect();
    let of = |listed: Option<bool>| answers.iter().filter(move |(_, listing)| listing.listed == listed);
    let about = |(subject, listing): &(&str, &Listing)| About::Listing {
        subject: (*subject).to_owned(),
        list: Some(listing.list.clone()),
    };
    let finding = |code: Code, listed, text: &dyn Fn(&(&str, &Listing)) -> String| {
        let texts: Vec<String> = of(listed).map(text).collect();
        (!texts.is_empty()).then(|| Finding::new(code, texts.join("; ")).about(of(listed).map(about)))
    };
    let lists = finding(Code::BounceListed, Some(true), &|(subject, listing)| {
        format!("{subject} in {} ({})", listing.list, listing.why)
    });
    if lists.is_some() {
        return lists.into_iter().collect();
    }
    let unknown = finding(Code::BounceListUnknown, None, &|(subject, listing)| {
        format!("{} about {subject}: {}", listing.list, listing.why)
    });
    // One list that does not tell may be the one with the entry.
    let unlisted = finding(Code::BounceUnlisted, Some(false), &|(subject, listing)| {
        format!("{subject} is not in {}", listing.list)
    });
    unknown.or(unlisted).or_else(|| unasked(facts, &subjects)).into_iter().collect()
}

/// That a bounce names a list, and none was asked.
fn unasked(facts: &DomainFacts, subjects: &[String]) -> Option<Finding> {
    let clear: Vec<&str> = facts
        .subject
        .refusal
        .lists
        .iter()
        .filter(|list| list.is_clear)
        .map(|list| list.name.trim_end_matches('.'))
        .take(MAX_NAMED_LISTS)
        .collect();
    let is_asked = subjects.iter().any(|subject| facts.got.contains_key(&want(facts, subject.clone())));
    (!clear.is_empty() && is_asked).then(|| {
        let evidence = format!(
            "{}: resolverd does not know this list, or the list has no entries about {}",
            clear.join(", "),
            subjects.join(", ")
        );
        Finding::new(Code::BounceListUnknown, evidence)
    })
}
