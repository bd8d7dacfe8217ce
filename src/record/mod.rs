//! The record: counters, histograms and tables of what happened. It stands beside the way of a question.
//!
//! May call: `clock`, `question`, `limits`. Nothing on the way waits for it.

pub mod event;
