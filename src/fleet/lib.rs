//! The store that the gateways of a fleet share, on Valkey or Redis. It contains answers, the counts of queries to DNS lists, and news
//! (`news::News`). News are what a gateway reports to the others, or what the operator orders all gateways to do.
//!
//! Only the daemon calls this crate. The resolver uses the store through the trait [`resolver::fleet::FleetStore`], which [`Fleet`] implements. It
//! reads entries for questions that are not in its cache, and writes the answers of servers. Once a second, the heartbeat (`beat`) measures the store
//! and its clock, adds up the queries to DNS lists, and exchanges news: flushes, negative trust anchors, the states of DNS lists, and dead servers.
//!
//! # Decisions
//!
//! - A question never waits for the store longer than the store usually takes to reply (`pace`). (Unbound's cachedb waits for Redis without such a
//!   limit.)
//! - What is in the store is encrypted and authenticated with a key of the fleet (`seal`), because Redis is often reachable for more programs than
//!   the gateways. The names of questions show who sends mail to whom.
//! - All times in the store are by the clock of the store. Each gateway measures the difference from its own clock. So a gateway whose clock is wrong
//!   by a minute can share answers too.
//! - News are in a Redis stream and are not sent with pub/sub: a gateway that was away for a moment still gets them, in order, and no second
//!   connection is needed.
//! - The counts of queries to DNS lists are not encrypted, because Redis itself must add to them. They only affect warnings and queries in advance,
//!   so a wrong count loses no mail.

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
