//! The trail of one flight: its steps in order, kept on the flight for `resolverctl query --trace`.
//!
//! May call: `clock`, `limits`. Bounded; what comes later than the bound is left out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::event::{Conduct, Step, StepEvent};
use crate::clock::{Clock, Mono};
use crate::limits::MAX_STEPS;

/// The steps of a flight so far.
#[derive(Debug)]
pub struct Trail {
    clock: Clock,
    began: Mono,
    steps: Mutex<Vec<Step>>,
}

/// How far a flight has come.
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
        Self { began: clock.mono(), clock, steps: Mutex::default() }
    }

    /// When it began.
    pub fn began(&self) -> Mono {
        self.began
    }

    /// Notes a step at a depth of sub-questions.
    pub fn note(&self, depth: u8, event: StepEvent) {
        let at_micros = self.clock.mono().as_micros().saturating_sub(self.began.as_micros());
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if steps.len() < MAX_STEPS {
            steps.push(Step { at_micros, depth, event });
        }
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sent = steps.iter().enumerate().rev().filter_map(|(place, step)| match &step.event {
            StepEvent::Sent { server, .. } => Some((place, step.depth, server)),
            _ => None,
        });
        let last = sent.next();
        // The zone that this message was for: sub-questions go to other zones meanwhile.
        let before = last.map_or(steps.len(), |(place, ..)| place);
        let of_it = |step: &&Step| last.is_none_or(|(_, depth, _)| step.depth == depth);
        let zone = steps.iter().take(before).rev().filter(of_it).find_map(|step| match &step.event {
            StepEvent::Cut { zone, .. } => Some(zone.clone()),
            _ => None,
        });
        let messages = sent.count().saturating_add(usize::from(last.is_some()));
        Progress { zone, server: last.map(|(.., server)| server.clone()), messages }
    }

    /// The server whose answer helped last, and how long its message took; what sub-questions heard does not count.
    pub fn answered(&self) -> Option<(String, Duration)> {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.iter().rev().filter(|step| step.depth == 0).find_map(|step| match &step.event {
            StepEvent::Received { server, conduct: Conduct::Answered, round_trip_micros, .. } => {
                Some((server.clone(), Duration::from_micros(*round_trip_micros)))
            }
            _ => None,
        })
    }

    /// All steps noted.
    pub fn steps(&self) -> Arc<[Step]> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner).as_slice().into()
    }
}
