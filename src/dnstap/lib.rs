//! dnstap: copies of the DNS messages exchanged with clients and servers, for programs that read them (<https://dnstap.info>).
//!
//! The copies follow `dnstap.proto`, and are sent in Frame Streams. The listeners and `exchange` put copies into [`tap`], a queue of limited length.
//! The task in [`writer`] writes them to a Unix socket. `schema` has the types of `dnstap.proto`, `frames` the frames around each copy, `cleaned`
//! removes what must not leave the host, and `heard` reads files of any program.
//!
//! # Decisions
//!
//! - Nothing waits for the program that reads the copies. If the queue is full, a copy is dropped and counted (`dnstap_dropped`).
//! - While dnstap is off, its cost is one relaxed atomic load for each batch of datagrams from clients and for each query to a server.
//! - The types are written by hand with prost's attributes, so a build needs no protoc. The schema has not changed in years.
//! - If a DNS message may contain a customer's key for a DNS list, only its header and question are copied, and the key is
//!   overwritten.
//! - Queries to servers are copied as they are sent, with the random case of the name. At this point the program does not know the zone of the
//!   servers, so the field `query_zone` is empty.
//! - There is no output to a file, because `fstrm_capture` and other programs can write files and rotate them before the disk is full.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod cleaned;
mod frames;
pub mod heard;
mod limits;
mod schema;
pub mod tap;
pub mod tapped;
pub mod writer;
