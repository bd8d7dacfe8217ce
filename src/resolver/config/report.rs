//! The errors of a configuration, in lines with place, error and advice.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::limits::{MAX_PROBLEMS, MAX_SHOWN_SENTENCE, MAX_SHOWN_VALUE};
use dns::wire::presentation::shown;

/// Characters of a word that is compared with known ones: none of those has more than 30.
const LONGEST_NEAR: usize = 64;

/// The similarity (Jaro–Winkler, 0 to 1) from which a known key is offered for an unknown one: "adresses" has 0.97
/// with "addresses", "frobnicate" less than 0.6 with any.
const SIMILAR: f64 = 0.75;

/// The first words of an error whose subject is the key.
const VERBS: [&str; 3] = ["is ", "has ", "cannot "];

/// The errors of one configuration; every line names the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Errors {
    /// The file, as it was named.
    pub file: String,
    /// At least one problem, by rising line.
    pub problems: Vec<ConfigProblem>,
}

/// One error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigProblem {
    /// Its line, counted from 1; none if it is about the file as a whole.
    pub line: Option<usize>,
    /// The key, with its section in front; none if it is about the file as a whole.
    pub key: Option<String>,
    /// The error.
    pub wrong: String,
    /// The advice.
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
            // The error is a sentence about the key, or about its value.
            let is_about_key = VERBS.iter().any(|verb| self.wrong.starts_with(verb));
            write!(formatter, "{key}{}", if is_about_key { " " } else { ": " })?;
        }
        write!(formatter, "{}; {}", self.wrong, self.remedy)
    }
}

/// The error of one value, before its key is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WrongValue {
    /// The place in octets of the file, if it is not the whole value.
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

    /// Sets the place within the value, unless a closer place is known.
    pub(super) fn at(self, span: Range<usize>) -> Self {
        Self { span: Some(self.span.unwrap_or(span)), ..self }
    }
}

/// A value as an error shows it: in quotes, shortened, with control characters escaped.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", shown(value, MAX_SHOWN_VALUE))
}

/// The problems of a file, as they are found.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<ConfigProblem>,
    /// The number beyond `limits::MAX_PROBLEMS`.
    more: usize,
}

impl Problems {
    /// Adds an error. Each part of it may contain foreign text.
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

    /// Returns true if a key has an error already.
    pub(super) fn has(&self, line: Option<usize>, key: &str) -> bool {
        self.found.iter().any(|found| found.line == line && found.key.as_deref() == Some(key))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them, by rising line.
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

/// The begins of the lines of a text.
pub(super) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(super) fn new(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(breaks.map(|(octet, _)| octet).collect())
    }

    /// The line, counted from 1, of an octet of the text.
    pub(super) fn line_of(&self, octet: usize) -> usize {
        self.0.partition_point(|end| *end < octet).saturating_add(1)
    }
}

/// The known word nearest to an unknown one, if any is near.
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
    fn the_nearest_word_is_offered_and_a_far_one_is_not() {
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
