//! Parts of the code for DNS lists, over the lab: batches, the breaker for lists that fail, tests of lists, and counters.

pub(crate) mod stage;

mod batch;
mod forwarded;
mod silence;
mod tested;
mod views;
mod ways;
