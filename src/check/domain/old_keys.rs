//! Old DS records of the domain in the cache of a resolver that fails: the keys of the zone have changed since.
//!
//! RFC 4035 section 3.2.2 (CD: without validation), RFC 6781 section 4.1.2 (the old key stays until the old DS record has expired
//! everywhere), RFC 8914 (the reason of a failure).

use std::collections::BTreeSet;

use super::codes::Code;
use super::facts::{DomainFacts, Got, OtherResolver, Want};
use super::finding::Finding;
use super::other_resolvers::ask_unvalidated;
use super::record_set::positive_ttl;
use super::{keys, remedies, zone};
use crate::clock::minute;
use crate::limits::MAX_CHECK_QUESTIONS;

/// The questions about the DS records at resolvers that fail, and at the zone above, if there is room for all of them.
pub(super) fn wants(facts: &DomainFacts, failing: &[&OtherResolver]) -> Vec<Want> {
    let apex = zone::apex(facts);
    if failing.is_empty() || apex == "." || facts.configured().is_some() {
        return Vec::new();
    }
    let mut wants: Vec<Want> = failing.iter().map(|resolver| ask_unvalidated(resolver, apex, "DS")).collect();
    wants.extend(keys::of_parents(facts));
    let new = wants.iter().filter(|want| !facts.got.contains_key(want)).count();
    if facts.got.len() + new <= MAX_CHECK_QUESTIONS { wants } else { Vec::new() }
}

/// The DS records that a resolver has, and the zone above has no more.
struct OldKeys {
    text: String,
    /// The end of their TTL, in seconds since 1970.
    end: u64,
}

/// The data of DS records: digests are compared without regard to case and spaces.
fn compared<'d>(records: impl IntoIterator<Item = &'d str>) -> BTreeSet<String> {
    let one = |data: &str| {
        let (fields, digest): (Vec<&str>, Vec<&str>) = {
            let words: Vec<&str> = data.split_whitespace().collect();
            let (fields, digest) = words.split_at(words.len().min(3));
            (fields.to_vec(), digest.to_vec())
        };
        format!("{} {}", fields.join(" "), digest.concat().to_ascii_lowercase())
    };
    records.into_iter().map(one).collect()
}

/// The tags of the keys that DS records name, in words.
fn tags(records: &BTreeSet<String>) -> String {
    let tags: BTreeSet<&str> = records.iter().filter_map(|data| data.split(' ').next()).collect();
    match tags.len() {
        1 => format!("the key {}", tags.into_iter().collect::<String>()),
        _ => format!("the keys {}", tags.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// The old DS records of a resolver; none if it has those of now, or if one side is not known.
fn at(facts: &DomainFacts, resolver: &OtherResolver) -> Option<OldKeys> {
    let apex = zone::apex(facts);
    let Got::Reply(reply) = facts.got.get(&ask_unvalidated(resolver, apex, "DS"))? else { return None };
    let (here, now) = (compared(reply.data("DS")), compared(keys::told_above(facts)?));
    if reply.rcode != "NOERROR" || reply.authoritative || here.is_empty() || here == now {
        return None;
    }
    let end = facts.subject.unix.saturating_add(positive_ttl(reply, "DS")?.into());
    let present = match now.is_empty() {
        true => "has none any more".to_owned(),
        false => format!("has that of {} now", tags(&now)),
    };
    let text = format!(
        "{} still has the old DS record of {} for {apex} until {}, and the zone above {present}",
        resolver.name,
        tags(&here),
        minute(end)
    );
    Some(OldKeys { text, end })
}

/// The finding about resolvers that fail, `fails` in words, with the old DS records of these.
pub(super) fn explained<'f>(
    facts: &'f DomainFacts,
    fails: &str,
    failing: impl Iterator<Item = &'f OtherResolver>,
) -> Finding {
    let old: Vec<OldKeys> = failing.filter_map(|resolver| at(facts, resolver)).collect();
    let Some(end) = old.iter().map(|old| old.end).max() else { return Finding::new(Code::OthersFail, fails) };
    let texts: Vec<&str> = old.iter().map(|old| old.text.as_str()).collect();
    let evidence = format!(
        "{}; {fails}. They resolve the domain by {}",
        texts.join("; "),
        minute(end.next_multiple_of(60))
    );
    Finding::new(Code::OthersFail, evidence).to_do(remedies::OLD_KEYS)
}

#[cfg(test)]
#[path = "old_keys_tests.rs"]
mod tests;
