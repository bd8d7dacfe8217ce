//! The parts beside the way of questions to DNS lists, over the lab: batches, breaker, tests and counters.

pub(crate) mod stage;

mod batch;
mod forwarded;
mod silence;
mod tested;
mod views;
mod ways;
