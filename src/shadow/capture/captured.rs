//! The questions of a file, and the reading of octets.

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::asked::AskedQuestion;
use crate::limits::MAX_SHADOW_QUESTIONS;
use crate::skipped::Skipped;

/// The questions of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The different questions in the order of their first queries, each with the number of its queries.
    pub questions: Vec<(AskedQuestion, u64)>,
    places: BTreeMap<AskedQuestion, usize>,
    /// Queries of different questions beyond `MAX_SHADOW_QUESTIONS`.
    pub left_out: u64,
    /// All else, by its kind.
    pub skipped: BTreeMap<Skipped, u64>,
    /// The link types that are not known.
    pub(crate) unknown_links: Vec<u32>,
}

impl Captured {
    /// Takes what a reader has found.
    pub fn take(&mut self, found: Result<AskedQuestion, Skipped>) {
        match found {
            Err(why) => {
                let count = self.skipped.entry(why).or_default();
                *count = count.saturating_add(1);
            }
            Ok(question) => self.count(question),
        }
    }

    fn count(&mut self, question: AskedQuestion) {
        let all = self.questions.len();
        let known = self.places.get(&question).and_then(|at| self.questions.get_mut(*at));
        match known {
            Some((_, count)) => *count = count.saturating_add(1),
            None if all >= MAX_SHADOW_QUESTIONS => self.left_out = self.left_out.saturating_add(1),
            None => {
                self.places.insert(question.clone(), all);
                self.questions.push((question, 1));
            }
        }
    }

    /// The queries of one question.
    pub fn queries_of(&self, question: &AskedQuestion) -> u64 {
        self.places.get(question).and_then(|at| self.questions.get(*at)).map_or(0, |(_, count)| *count)
    }

    /// The queries of the questions.
    pub fn queries(&self) -> u64 {
        self.questions.iter().map(|(_, count)| count).sum()
    }

    /// The parts of the file without a question, in words.
    pub fn skipped_words(&self) -> Vec<String> {
        let told = |(why, count): (&Skipped, &u64)| match why {
            Skipped::UnknownLink => {
                let links: Vec<String> = self.unknown_links.iter().map(ToString::to_string).collect();
                format!("{count} {} ({})", why.words(*count), links.join(", "))
            }
            _ => format!("{count} {}", why.words(*count)),
        };
        self.skipped.iter().map(told).collect()
    }
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The system refuses.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is of a kind that is not read.
    #[error("{0}")]
    Format(&'static str),
}

/// Fills `into` from the input; false at its end, also if that is in the middle.
pub(super) fn fill(input: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(into) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads `length` octets, or fewer at the end of the input.
pub(super) fn octets(input: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    input.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut octets)?;
    Ok(octets)
}
