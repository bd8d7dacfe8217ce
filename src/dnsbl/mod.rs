//! DNS lists: zones whose answers decide over mail.
//!
//! In the way of a question stands only [`gate`], which is pure: the list of the route, the answer and the list's state go
//! in, what it means comes out. [`registry`] knows the lists that mail software asks; [`table`] holds what is known of each
//! while the daemon runs, shared by all who tell of it. RFC 5782 (how lists are asked), RFC 8914 (what a client is told
//! instead of a listing that is none).

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod answers;
pub mod batch;
pub mod breaker;
pub mod codes;
pub mod entry;
pub mod gate;
pub mod health;
pub mod keep;
pub mod list;
pub mod lookalike;
pub mod quota;
pub mod registry;
pub mod rewrite;
pub mod ring;
pub mod state;
pub mod table;
pub mod watch;
pub mod way;
pub mod witness;
