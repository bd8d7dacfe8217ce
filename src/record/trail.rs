//! The trail of one flight: its steps in order, kept on the flight for `resolverctl query --trace`.
//!
//! Bounded; steps beyond the bound are left out. Steps are noted as data and become words only when they are read,
//! because nearly all are never read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::event::{Step, StepEvent};
use super::note::Note;
use crate::clock::{Clock, Mono};
use crate::limits::MAX_STEPS;
use crate::validate::verdict::SecurityStatus;

/// Steps of a question whose zone is known: asked, cut, sent, received, checked, ended.
const USUAL_STEPS: usize = 6;

/// The steps of a flight so far.
#[derive(Debug)]
pub struct Trail {
    clock: Clock,
    began: Mono,
    notes: Mutex<Vec<Noted>>,
}

/// A note with its moment in microseconds since the begin, and its depth in sub-questions.
#[derive(Debug)]
struct Noted {
    at_micros: u64,
    depth: u8,
    note: Note,
}

/// The progress of a flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The zone whose servers were asked last; none before the first.
    pub zone: Option<String>,
    /// The server that was asked last.
    pub server: Option<String>,
    /// Messages sent so far.
    pub messages: usize,
}

impl Trail {
    /// A trail that begins now.
    pub fn new(clock: Clock) -> Self {
        Self { began: clock.mono(), clock, notes: Mutex::default() }
    }

    /// When it began.
    pub fn began(&self) -> Mono {
        self.began
    }

    /// Notes a step at a depth of sub-questions.
    pub fn note(&self, depth: u8, note: impl Into<Note>) {
        let at_micros = self.clock.mono().as_micros().saturating_sub(self.began.as_micros());
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < MAX_STEPS {
            if notes.is_empty() {
                notes.reserve(USUAL_STEPS);
            }
            notes.push(Noted { at_micros, depth, note: note.into() });
        }
    }

    /// When a server last answered; none before the first.
    pub fn heard(&self) -> Option<Mono> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let received =
            |noted: &&Noted| matches!(&noted.note, Note::Received { conduct, .. } if conduct.came_back());
        let last = notes.iter().rev().find(received)?;
        Some(self.began.after(Duration::from_micros(last.at_micros)))
    }

    /// Whether a server has given an answer, or keys, that are bogus.
    pub fn is_refuted(&self) -> bool {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.iter().any(|noted| match &noted.note {
            Note::Checked { state, .. } | Note::Told(StepEvent::Checked { state, .. }) => {
                *state == SecurityStatus::Bogus
            }
            _ => false,
        })
    }

    /// Its progress.
    pub fn progress(&self) -> Progress {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sent = notes.iter().enumerate().rev().filter_map(|(place, noted)| match &noted.note {
            Note::Sent { server, .. } => Some((place, noted.depth, server)),
            _ => None,
        });
        let last = sent.next();
        // The zone of this message, because sub-questions may go to other zones meanwhile.
        let before = last.map_or(notes.len(), |(place, ..)| place);
        let of_it = |noted: &&Noted| last.is_none_or(|(_, depth, _)| noted.depth == depth);
        let zone = notes.iter().take(before).rev().filter(of_it).find_map(|noted| match &noted.note {
            Note::Cut { zone, .. } => Some(zone.to_string()),
            _ => None,
        });
        let messages = sent.count().saturating_add(usize::from(last.is_some()));
        Progress { zone, server: last.map(|(.., server)| server.to_string()), messages }
    }

    /// All steps noted so far, in words.
    pub fn steps(&self) -> Arc<[Step]> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let told =
            |noted: &Noted| Step { at_micros: noted.at_micros, depth: noted.depth, event: noted.note.told() };
        notes.iter().map(told).collect()
    }
}
