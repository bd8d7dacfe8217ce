//! The control socket: the server that answers the requests of `resolverctl`. The requests and replies are in the crate `protocol`.
//!
//! No question of a client waits for the control socket. The server reaches the resolver through the trait `Controlled`, so tests
//! can run it without a resolver.
//!
//! This crate calls `protocol`, and the crates whose state it shows: `resolver`, `dnsbl`, `config`, `record`, `explain`, `watched`, `doctor`.
//!
//! # Decisions
//!
//! - Any user who may open the socket may read. Only root and the user that the daemon runs as may change something (see
//!   `permitted` in `connection`).
//! - The socket file of a dead daemon is replaced; the socket file of a running daemon is not.
//! - Requests that visit all entries of a table (flush, `cache`, `servers`, `zones`) run on a separate thread, one at a time, so
//!   that questions of clients do not wait for them.
//! - A request that only reads changes no counter, and does not count as a use of a cache entry. The daemon takes snapshots of
//!   its counters; the statistics of a period are the difference between two snapshots.
//! - Counters are sent as a table of names and values, so that a resolverctl and a daemon of different versions understand each
//!   other.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod believed;
mod configured;
mod connection;
mod controlled;
pub mod facts;
pub mod fleet;
pub mod health;
pub mod limits;
pub mod lists;
mod main_screen;
mod monitor;
pub mod root_servers;
pub mod rows;
pub mod server;
pub mod trace;
mod why;
pub mod zones;

pub use self::connection::read_only;
pub use self::controlled::{Controlled, TemporaryEntries};
pub use self::main_screen::stats;
