//! Names that nobody has entered in a zone, and that exist only by a wildcard.
//!
//! RFC 4592 section 2.1.1. A name that cannot exist has the same records as all others that the wildcard answers for.

use super::facts::{DomainFacts, LookupFound, Want, above, lookup};

/// The first label of names that do not exist: only a wildcard answers for them.
const NOWHERE: &str = "resolverctl-check-of-wildcards";

/// The name below a zone that does not exist.
pub(super) fn nowhere(zone: &str) -> String {
    format!("{NOWHERE}.{zone}")
}

/// Whether it is such a name.
pub(super) fn is_nowhere(name: &str) -> bool {
    name.starts_with(NOWHERE)
}

/// A type of addresses that a name has.
fn kind(facts: &DomainFacts, name: &str) -> Option<&'static str> {
    ["A", "AAAA"].into_iter().find(|kind| !facts.data(name, kind).is_empty())
}

/// Names that do not exist: right below an origin, and beside the name. If the name was entered, or its neighbours have a wildcard of their
/// own, one of these has other records than the name.
fn strangers(name: &str, origin: &str) -> [String; 2] {
    [nowhere(origin), nowhere(above(name))]
}

/// Whether both names have the same alias, or an address in common.
fn are_alike(facts: &DomainFacts, kind: &'static str, one: &str, other: &str) -> bool {
    match (facts.lookup(one, kind).alias(), facts.lookup(other, kind).alias()) {
        (Some(one), Some(other)) => one == other,
        (None, None) => {
            let of_other = facts.data(other, kind);
            facts.data(one, kind).iter().any(|data| of_other.contains(data))
        }
        _ => false,
    }
}

/// The questions that show whether a name below an origin has its addresses by a wildcard only.
pub(super) fn wants(facts: &DomainFacts, name: &str, origin: &str) -> Vec<Want> {
    let Some(kind) = kind(facts, name) else { return Vec::new() };
    let [below, beside] = strangers(name, origin);
    // The question for wildcard MX records has told it.
    if let LookupFound::NoName(_) = facts.lookup(&below, "MX") {
        return Vec::new();
    }
    let mut wants = vec![lookup(&below, kind)];
    if are_alike(facts, kind, name, &below) {
        wants.push(lookup(&beside, kind));
    }
    wants
}

/// Whether a name below an origin has its addresses by a wildcard only.
pub(super) fn is_only(facts: &DomainFacts, name: &str, origin: &str) -> bool {
    kind(facts, name).is_some_and(|kind| {
        strangers(name, origin).iter().all(|stranger| are_alike(facts, kind, name, stranger))
    })
}
