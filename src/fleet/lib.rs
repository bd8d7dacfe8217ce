//! The store that the gateways of a fleet share, on Valkey or Redis: answers, the counts of queries to DNS lists, and news (`news::News`): what a
//! gateway reports to the others, or what the operator orders all gateways to do.
//!
//! Only the daemon calls this crate. The resolver knows the trait [`resolver::fleet::FleetStore`], which [`Fleet`] implements: it reads entries for
//! questions that are not in the cache, and writes what servers have answered. Once a second, the heartbeat (`beat`) measures the store and its
//! clock, adds up the queries to DNS lists, and exchanges news: flushes, negative trust anchors, the states of DNS lists, and dead servers.
//!
//! # Decisions
//!
//! - A question never waits for the store longer than the usual time of a reply of the store (`pace`). Unbound's cachedb waits as long as its Redis
//!   takes.
//! - What is in the store is encrypted and authenticated with a key of the fleet (`seal`), because Redis is often reachable for more programs than
//!   the gateways. The names of questions show who sends mail to whom.
//! - All times in the store are by the clock of the store, whose offset each gateway measures. So a gateway whose clock is wrong by a minute can
//!   share answers too.
//! - News are in a Redis stream and are not sent with pub/sub: a gateway that was away for a moment still gets them, in order, and no further
//!   connection is needed.
//! - The counts of queries to DNS lists are not encrypted, because only the store can add them up. They only decide about warnings and about queries
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
