//! The phrases of mail software and receivers in bounces and mail logs, read from a data file.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::refusal::RefusalReason;
use dns::question::DnsResult;

/// Where the reply of a mail server has the name that it refuses, relative to a known phrase such as "domain not found".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum NamePlace {
    /// In angle brackets before the phrase.
    Before,
    /// The next word after the phrase.
    Behind,
    /// Anywhere: the refused name is the only name in the reply.
    #[default]
    Alone,
}

/// Phrases of mail servers that show why they refused a mail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonPhrases {
    pub(super) reason: RefusalReason,
    #[serde(default)]
    pub(super) name: NamePlace,
    pub(super) words: Vec<String>,
}

/// Phrases that report a result of DNS.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultPhrases {
    /// The result that the phrases report.
    pub kind: DnsResult,
    /// True if the phrase is a test result (symbol) of a content filter, which writes many in one line. Such a symbol does not explain a
    /// delay.
    #[serde(default)]
    pub symbol: bool,
    words: Vec<String>,
}

/// Phrases next to a name that was not found or is rejected.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedPhrases {
    before: String,
    #[serde(default)]
    behind: String,
}

/// An operator of DNS lists or of mail hosts, with its domain names.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    pub(super) name: String,
    /// The domains of the operator's web pages and mail addresses, without last dots.
    pub(super) domains: Vec<String>,
    /// The web page for senders. If it is empty, the page in the bounce is shown.
    #[serde(default)]
    pub(super) page: String,
    #[serde(default)]
    pub(super) lists: Vec<String>,
}

/// The content of the data file. Comments in the file describe its fields.
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
    /// Phrases with which a DNS list refuses a query.
    pub list_refused: Vec<String>,
    /// Phrases next to the name of a host that was not found.
    pub host_named: Vec<String>,
    pub(super) before_list: Vec<String>,
    pub(super) before_client: Vec<String>,
    pub(super) behind_client: Vec<String>,
    pub(super) recipient: Vec<String>,
    pub(super) fault: Vec<String>,
    /// Phrases that report a result of DNS.
    pub(super) result: Vec<ResultPhrases>,
    pub(super) named: Vec<NamedPhrases>,
    pub(super) delivery: Vec<ReasonPhrases>,
    pub(super) refusal: Vec<ReasonPhrases>,
    pub(super) verdict: Vec<ReasonPhrases>,
    pub(super) status: BTreeMap<String, RefusalReason>,
    /// The meanings of status codes, for a bounce without the receiver's reply. The key is the second and third number of the code (subject and
    /// detail), such as `4.7`, or only the second.
    pub(super) meaning: BTreeMap<String, String>,
    pub(super) operator: Vec<Operator>,
}

/// The phrases of the data file `phrases.toml`.
#[expect(clippy::expect_used, reason = "the file is a part of the program, and a test reads it")]
pub static PHRASES: LazyLock<Phrases> =
    LazyLock::new(|| toml::from_str(include_str!("phrases.toml")).expect("phrases.toml is valid"));

/// Returns the entry of the first phrase that reports a result of DNS in a text in lower case.
pub fn reported(lower: &str) -> Option<&'static ResultPhrases> {
    // A star in a phrase stands for any text.
    let has_parts = |words: &str| {
        let mut rest = lower;
        words.split('*').all(|part| rest.split_once(part).map(|(_, behind)| rest = behind).is_some())
    };
    PHRASES.result.iter().find(|row| row.words.iter().any(|words| has_parts(words)))
}

/// Returns the name or mail address that a text in lower case reports as not found or rejected.
pub fn named(lower: &str) -> Option<&str> {
    PHRASES.named.iter().find_map(|NamedPhrases { before, behind }| {
        if behind.is_empty() {
            return lower.split_once(before)?.1.split([' ', '>', ':']).next();
        }
        lower.split_once(behind)?.0.rsplit_once(before)?.1.split('>').next()
    })
}

/// Returns true if a text in lower case contains one of these phrases.
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
