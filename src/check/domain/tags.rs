//! Lists of tags, as DKIM, DMARC, MTA-STS, TLS reporting and BIMI use them: `tag=value; tag=value` (RFC 6376 section
//! 3.2).

use super::codes::Code;
use super::elsewhere;
use super::facts::{DomainFacts, LookupFound, strings};
use super::finding::{Finding, Level};

/// The text records at a name that begin with a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Versioned {
    /// Their texts; empty if there are none.
    Texts(Vec<String>),
    /// The aliases of the name lead in a circle.
    Circle(String),
    /// The lookup failed.
    Unknown(String),
    /// It was not looked up.
    NotAsked,
}

/// The text records at a name that begin with `version`; all of them if it is empty.
pub(super) fn texts(facts: &DomainFacts, name: &str, version: &str) -> Versioned {
    match facts.lookup(name, "TXT") {
        LookupFound::NotAsked => Versioned::NotAsked,
        LookupFound::Circle(circle) => Versioned::Circle(format!("{name} TXT: {circle}")),
        LookupFound::Unknown(why) => Versioned::Unknown(format!("{name} TXT: {why}")),
        LookupFound::NoData(_) | LookupFound::NoName(_) => Versioned::Texts(Vec::new()),
        LookupFound::Data(reply) => {
            let texts = reply.data("TXT").map(strings);
            Versioned::Texts(texts.filter(|text| begins(text, version)).collect())
        }
    }
}

/// The finding about a policy record whose lookup has failed: of `level` if each server of its zone was asked and fails.
pub(super) fn not_found(facts: &DomainFacts, (name, why): (&str, String), level: Level) -> Finding {
    match elsewhere::evidence(facts, name, "TXT") {
        Some(evidence) => Finding::new(Code::PolicyUnanswered, evidence).at(level),
        None => Finding::new(Code::PolicyUnknown, why),
    }
}

/// Texts at a name that were meant as records of a version, if there is no such record: what is wrong with each.
pub(super) fn meant(facts: &DomainFacts, name: &str, version: &str) -> Vec<String> {
    let (Versioned::Texts(records), Versioned::Texts(all)) =
        (texts(facts, name, version), texts(facts, name, ""))
    else {
        return Vec::new();
    };
    if !records.is_empty() {
        return Vec::new();
    }
    let word = version
        .trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == 'v')
        .to_ascii_lowercase();
    all.iter()
        .filter(|text| text.to_ascii_lowercase().contains(&word))
        .map(|text| format!("{name}: \"{text}\" is no record: it must begin with \"v={version};\""))
        .collect()
}

/// Whether the first tag is `v` with this value. Spaces are free behind the `v`, and receivers discard a text that begins with one (RFC
/// 7489 section 6.4, RFC 8461 section 3.1, RFC 8460 section 3).
fn begins(text: &str, version: &str) -> bool {
    version.is_empty() || value(text, "v").is_some_and(|value| value == version) && text.starts_with('v')
}

/// The value of a tag.
pub(super) fn value<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.trim(), value.trim()))
        .find(|(name, _)| *name == tag)
        .map(|(_, value)| value)
}

/// A part that is no `tag=value`, if any.
pub(super) fn no_tag(text: &str) -> Option<&str> {
    text.split(';').map(str::trim).find(|part| !part.is_empty() && !part.contains('='))
}
