//! The phrases of mail software and of receivers, from the data file. Lines of logs are read with the same phrases.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::refusal::RefusalReason;

/// The place of the refused name in a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NamePlace {
    /// In angle brackets before the words.
    Before,
    /// The next word behind them.
    Behind,
    /// The one name in the reply.
    #[default]
    Alone,
}

/// Words that give a reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonPhrases {
    pub(super) reason: RefusalReason,
    #[serde(default)]
    pub(super) name: NamePlace,
    pub(super) words: Vec<String>,
}

/// An operator of DNS lists or of mail hosts.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    pub(super) name: String,
    /// The domains of its pages and addresses, without last dots.
    pub(super) domains: Vec<String>,
    /// Its page for senders; empty: the page that the bounce names.
    #[serde(default)]
    pub(super) page: String,
    /// Its DNS lists.
    #[serde(default)]
    pub(super) lists: Vec<String>,
}

/// The file; it describes its fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    pub(super) before_reply: Vec<String>,
    pub(super) behind_recipient: Vec<String>,
    pub(super) before_recipients: Vec<String>,
    pub(super) before_recipient: Vec<String>,
    pub(super) behind_recipients: Vec<String>,
    pub(super) sent: Vec<String>,
    pub(super) missing_host: Vec<String>,
    /// Words of a failed lookup.
    pub lookup_failed: Vec<String>,
    /// Words next to a host that is not found.
    pub host_named: Vec<String>,
    pub(super) before_list: Vec<String>,
    pub(super) before_client: Vec<String>,
    pub(super) behind_client: Vec<String>,
    pub(super) recipient: Vec<String>,
    pub(super) fault: Vec<String>,
    pub(super) delivery: Vec<ReasonPhrases>,
    pub(super) refusal: Vec<ReasonPhrases>,
    pub(super) verdict: Vec<ReasonPhrases>,
    pub(super) status: BTreeMap<String, RefusalReason>,
    /// The meaning of a status code in a bounce without a reply, by subject and detail, or by subject.
    pub(super) meaning: BTreeMap<String, String>,
    pub(super) operator: Vec<Operator>,
}

/// The phrases.
#[expect(clippy::expect_used, reason = "the file is a part of the program, and a test reads it")]
pub static PHRASES: LazyLock<Phrases> =
    LazyLock::new(|| toml::from_str(include_str!("phrases.toml")).expect("phrases.toml is valid"));

/// Returns true if a text in lower case has one of some phrases.
pub fn has(lower: &str, phrases: &[String]) -> bool {
    phrases.iter().any(|words| lower.contains(words.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phrases_are_in_lower_case() {
        let all = include_str!("phrases.toml").lines().filter(|line| !line.starts_with('#'));
        for line in all
            .skip_while(|line| !line.starts_with("before_reply"))
            .take_while(|line| *line != "[[operator]]")
        {
            assert_eq!(line, line.to_lowercase());
        }
        assert!(PHRASES.operator.iter().all(|operator| !operator.domains.is_empty()));
    }
}
