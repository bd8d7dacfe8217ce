//! What a capture contains, and why it cannot be read.

use std::collections::BTreeMap;
use std::io::{self};

use crate::asked::AskedQuestion;
use crate::limits::MAX_SHADOW_QUESTIONS;
use dns::words;

words! {
    /// The reason why a log line, a packet or a dnstap frame has no question to compare.
    pub enum Skipped {
        /// It contains no query of a client over UDP.
        NoQuery = "no_query": "not a query of a client",
        /// The log does not have the whole name: a part of the name was left out, or a placeholder replaces a key.
        Withheld = "withheld": "with a part of the name withheld",
        /// The line, packet or frame cannot be parsed, or its end is missing.
        Unreadable = "unreadable": "cut or unreadable",
        /// The packet was captured on an interface of a link type that is not read.
        LinkNotRead = "link_not_read": "of a link type that is not read (capture with `tcpdump -i any`)",
        /// The type is ANY, AXFR or another type of which no zone has records, or the class is not IN.
        TypeNotCompared = "type_not_compared": "of a type or class that is not compared",
    }
}

/// The questions that a capture file or a query log contains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The different questions in the order of their first queries, each with the number of its queries in the file.
    pub questions: Vec<(AskedQuestion, u64)>,
    places: BTreeMap<AskedQuestion, usize>,
    /// The number of queries that were not kept, because the file has more than `MAX_SHADOW_QUESTIONS` different questions.
    pub left_out: u64,
    /// The number of lines, packets or frames without a question to compare, for each reason.
    pub skipped: BTreeMap<Skipped, u64>,
}

impl Captured {
    /// Counts a question of the file, or the reason why a line or packet has none. Returns true if the question is new.
    pub fn take(&mut self, found: Result<AskedQuestion, Skipped>) -> bool {
        let question = match found {
            Err(why) => {
                *self.skipped.entry(why).or_default() += 1;
                return false;
            }
            Ok(question) => question,
        };
        let all = self.questions.len();
        match self.places.get(&question).and_then(|at| self.questions.get_mut(*at)) {
            Some((_, count)) => *count += 1,
            None if all >= MAX_SHADOW_QUESTIONS => self.left_out += 1,
            None => {
                self.places.insert(question.clone(), all);
                self.questions.push((question, 1));
                return true;
            }
        }
        false
    }

    /// Returns how many queries in the capture file ask this question.
    pub fn queries_of(&self, question: &AskedQuestion) -> u64 {
        self.places.get(question).and_then(|at| self.questions.get(*at)).map_or(0, |(_, count)| *count)
    }

    /// Returns a text for each reason, with the number of lines, packets or frames.
    pub fn skipped_words(&self) -> Vec<String> {
        self.skipped.iter().map(|(why, count)| format!("{count} {}", why.label())).collect()
    }
}

/// The reason why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The operating system reported an error.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The format of the file is not supported.
    #[error("{0}")]
    Format(&'static str),
}
