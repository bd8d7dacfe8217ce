//! dnstap: copies of the messages of clients and to servers, for programs that read them (<https://dnstap.info>).
//!
//! The messages follow `dnstap.proto`, in Frame Streams. A listener and `exchange` put a copy into [`tap`], a bounded
//! queue; [`writer`] is the task that writes them to a Unix socket or to a file. The other files are pure: `schema` has the
//! messages, `frames` their framing, `cleaned` removes what must not leave. `heard` reads files of any program.
//!
//! # Decisions
//!
//! - Nobody waits for the reader. A message that finds no room is dropped and counted (`dnstap_dropped`).
//! - While dnstap is off, a batch of queries and a query to a server cost one relaxed load each.
//! - The types are written by hand with prost's attributes: the schema has not changed in years, and a build needs no protoc.
//! - Keys of clients of DNS lists are overwritten in place, with as many octets: names in a message point to each other by
//!   their offsets. A message in which that is not possible leaves as its header and question.
//! - Queries to servers are copied as they are sent, with the random case of the name. Their zone is not known there, so
//!   `query_zone` is empty.
//! - A full file becomes FILE.1. A file that grows without end fills the disk of a mail gateway. A file that cannot be written is
//!   kept, cut to whole frames, and tried again: old messages are not given for new ones that do not fit.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub(crate) mod cleaned;
pub mod file;
mod frames;
pub mod heard;
mod output;
mod schema;
pub mod tap;
pub mod tapped;
pub mod writer;
