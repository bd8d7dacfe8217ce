//! DNS lists: batches, the breaker for lists that fail, the tests of lists in the background, and counters.

pub(crate) mod stage;

mod batch;
mod forwarded;
mod refused;
mod silence;
mod tested;
mod views;
mod ways;
