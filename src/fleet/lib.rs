//! The store that the gateways of a fleet share, on Valkey or Redis: answers, the counts of queries to DNS lists, and news.
//!
//! Only the daemon calls this crate. The resolver knows the trait [`resolver::fleet::FleetStore`], which [`Fleet`] implements: it reads entries for
//! questions that are not in the cache, and writes what servers have answered. Once a second, the heartbeat (`beat`) measures the store and its
//! clock, adds up the queries to DNS lists, and exchanges news: flushes, negative trust anchors, the states of DNS lists, and dead servers.
//!
//! # Decisions
//!
//! - A question never waits for the store longer than the store usually takes (`pace`). Unbound's cachedb waits for its Redis.
//! - What is in the store is encrypted and authenticated with a key of the fleet (`seal`), because Redis is often reachable for more programs than
//!   the gateways. The names of questions show who writes to whom.
//! - All times in the store are by the clock of the store, whose offset each gateway measures. Gateways whose clocks are wrong by a minute share
//!   as well as others.
//! - News are in a stream and not in pub/sub: a gateway that was away for a moment still gets them, in order, and no further connection is needed.
//! - The counts of queries to lists are plain numbers, because only the store can add them up. They only decide about warnings and about queries
//!   in advance, so a wrong number loses no mail.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod beat;
mod clock;
pub mod gateway;
pub(crate) mod limits;
mod link;
pub mod news;
mod pace;
mod seal;
mod store;

pub use store::{Fleet, StoreReport};
