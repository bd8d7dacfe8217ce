//! The explanation of the record: why mail waited or a question failed, who is the culprit, and
//! what the operator can do.
//!
//! The [`explainer::Explainer`] reads the record for `control` and for the log; the daemon starts
//! its task. `search` finds the queries of an email and reports them (`why`), `costs` sums up
//! delays by cause, `failed` lists the zones whose questions failed, `spent` says in which stage of
//! a resolution the time went. `logging` writes the log lines about failed and slow questions, and
//! selects the entries for the disk. All others are pure functions of what a [`record::Recorder`]
//! returned, and of facts that the record does not contain ([`why::DaemonFacts`]): the DNS lists
//! and zones, which the resolver knows and gives as [`record::facts`]. This crate calls `record`,
//! `supervise` (so that only one report is made at a time) and `dns`.
//!
//! # Decisions
//!
//! - A verdict never guesses: if several causes took about the same time, all are named, and "could
//!   not tell" is a valid result.
//! - Nothing is explained while a question waits. Log lines are made from the recorded entries a
//!   second later and on another thread. By then the whole resolution is recorded, and it is known
//!   if the network of this host was down.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod answer;
mod change_before;
mod chooser;
pub mod costs;
pub mod culprit;
pub mod delays;
pub mod doubt;
mod emails;
mod evidence;
mod explained;
pub mod explainer;
pub mod failed;
mod failure;
pub mod limits;
mod log_lines;
pub mod logging;
mod long_messages;
pub mod message;
mod question_lines;
pub mod search;
pub mod spent;
pub mod subject;
mod traffic;
pub mod why;
