//! The errors in a configuration file. Each has one line with its file, line number, key and advice.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::limits::{MAX_PROBLEMS, MAX_SHOWN_SENTENCE, MAX_SHOWN_VALUE};
use dns::wire::presentation::shown;

/// No similar word is searched for a word with more octets than this. Known words have at most 30.
const LONGEST_NEAR: usize = 64;

/// The least similarity (Jaro–Winkler, 0 to 1) of a key that an error text suggests: "adresses" and "addresses" have 0.97, but "frobnicate" has less
/// than 0.6 with any key.
const SIMILAR: f64 = 0.75;

/// An error text that begins with one of these words follows the name of the key without a colon ("cache.size is too large").
const VERBS: [&str; 4] = ["is ", "has ", "cannot ", "permits "];

/// The errors in a configuration file. Each line of the text begins with the name of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Errors {
    /// The name of the file, as the caller gave it.
    pub file: String,
    /// At least one error, sorted by line number.
    pub problems: Vec<ConfigProblem>,
}

/// An error in the configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigProblem {
    /// The line number, from 1; `None` for the file as a whole.
    pub line: Option<usize>,
    /// The wrong key with its section, such as `cache.size`; `None` for the file as a whole.
    pub key: Option<String>,
    /// What is wrong.
    pub wrong: String,
    /// How to correct the error.
    pub remedy: String,
}

impl fmt::Display for Errors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.problems.iter().enumerate() {
            if place > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{}: {problem}", self.file)?;
        }
        Ok(())
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(formatter, "line {line}: ")?;
        }
        if let Some(key) = &self.key {
            // Some texts are sentences with the key before them ("cache.size is ..."). Others follow a colon.
            let is_about_key = VERBS.iter().any(|verb| self.wrong.starts_with(verb));
            write!(formatter, "{key}{}", if is_about_key { " " } else { ": " })?;
        }
        write!(formatter, "{}; {}", self.wrong, self.remedy)
    }
}

/// The error in the value of a key, without the name of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrongValue {
    /// The positions of the wrong octets in the file; `None` if the whole value is wrong.
    pub(super) span: Option<Range<usize>>,
    pub(super) wrong: String,
    pub(super) remedy: String,
}

impl fmt::Display for WrongValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; {}", self.wrong, self.remedy)
    }
}

impl WrongValue {
    pub(super) fn new(wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { span: None, wrong: wrong.into(), remedy: remedy.into() }
    }

    /// Sets the position of the error. A position that is already set stays, because it is more exact.
    pub(super) fn at(self, span: Range<usize>) -> Self {
        Self { span: Some(self.span.unwrap_or(span)), ..self }
    }
}

/// Returns the value in quotes, shortened, and with control characters escaped.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", shown(value, MAX_SHOWN_VALUE))
}

#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<ConfigProblem>,
    /// The number of errors after the first `limits::MAX_PROBLEMS`, which are only counted.
    more: usize,
}

impl Problems {
    /// Adds an error. Control characters are escaped, because the texts may contain parts of the file.
    pub(super) fn add(&mut self, line: Option<usize>, key: Option<&str>, wrong: WrongValue) {
        if self.found.len() >= MAX_PROBLEMS {
            self.more = self.more.saturating_add(1);
            return;
        }
        let WrongValue { wrong, remedy, .. } = wrong;
        self.found.push(ConfigProblem {
            line,
            key: key.map(|key| shown(key, MAX_SHOWN_VALUE)),
            wrong: shown(&wrong, MAX_SHOWN_SENTENCE),
            remedy: shown(&remedy, MAX_SHOWN_SENTENCE),
        });
    }

    /// Returns true if an error about this key in this line was added.
    pub(super) fn has(&self, line: Option<usize>, key: &str) -> bool {
        self.found.iter().any(|found| found.line == line && found.key.as_deref() == Some(key))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns the errors by line number, and then one more error with the number of errors that were only counted.
    pub(super) fn into_sorted(mut self) -> Vec<ConfigProblem> {
        self.found.sort_by_key(|problem| problem.line);
        if self.more > 0 {
            self.found.push(ConfigProblem {
                line: None,
                key: None,
                wrong: format!("has {} more errors", self.more),
                remedy: "correct these first".to_owned(),
            });
        }
        self.found
    }
}

/// The positions of all line breaks.
pub(super) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(super) fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(breaks.map(|(octet, _)| octet).collect())
    }

    /// Returns the line number, from 1, of the octet at this position.
    pub(super) fn line_of(&self, octet: usize) -> usize {
        self.0.partition_point(|end| *end < octet).saturating_add(1)
    }
}

/// Returns the most similar known word, if one is similar enough.
pub(super) fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if unknown.len() > LONGEST_NEAR {
        return None;
    }
    known
        .into_iter()
        .map(|word| (strsim::jaro_winkler(unknown, word), word))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_word_is_suggested() {
        let known = ["addresses", "allow", "workers"];
        assert_eq!(nearest("adresses", known), Some("addresses"));
        assert_eq!(nearest("worker", known), Some("workers"));
        assert_eq!(nearest("frobnicate", known), None);
    }

    #[test]
    fn lines_are_counted_from_one() {
        let lines = LineStarts::new("a\nb\nc");
        let found: Vec<usize> = (0..6).map(|octet| lines.line_of(octet)).collect();
        assert_eq!(found, [1, 1, 2, 2, 3, 3]);
        assert_eq!(LineStarts::new("").line_of(0), 1);
    }
}
