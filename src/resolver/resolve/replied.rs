//! The reply to a client's question.

use std::sync::Arc;

use crate::iterate::flight_progress::FlightProgress;
use dns::question::{Answer, Outcome};
use history::event::Step;
use history::trail::Trail;

/// The result of a question.
#[derive(Debug)]
pub enum Asked {
    /// It is answered, or failed.
    Replied(Replied),
    /// The same client already waits for it; its first copy will be answered.
    Repeated,
}

/// An answer, and how it was found.
#[derive(Clone, Debug)]
pub struct Replied {
    /// The outcome that it counts as.
    pub outcome: Outcome,
    /// The answer to send.
    pub answer: Arc<Answer>,
    /// The progress of its flight; none if the answer was in memory.
    pub(super) progress: Option<Arc<FlightProgress>>,
}

impl Replied {
    /// The steps of its flight; none if the answer was in memory.
    pub fn trail(&self) -> Option<&Trail> {
        self.progress.as_deref().map(FlightProgress::trail)
    }

    /// The steps so far, as text; empty if the answer was in memory.
    pub fn steps(&self) -> Arc<[Step]> {
        self.trail().map(Trail::steps).unwrap_or_default()
    }
}
