//! The store that the gateways of a fleet share, on Valkey or Redis. It contains answers, the counts of queries to DNS lists, and news
//! (`news::News`): reports of a gateway, and orders of the operator, for all gateways.
//!
//! The resolver uses the store through the trait [`resolver::fleet::FleetStore`], which [`Fleet`] implements. Once a second, the heartbeat
//! (`beat`) measures how fast the store replies, reads its clock, adds up the queries to DNS lists, and exchanges news.
//!
//! # Decisions
//!
//! - A question never waits for the store longer than the store usually takes to reply (`pace`).
//! - The content of the store is encrypted and authenticated with a key of the fleet (`seal`), because other programs can often reach Redis
//!   too. The names of questions show who sends mail to whom.
//! - All times in the store are by the clock of the store, so that gateways whose clocks differ a little share answers. This clock must run and
//!   be near that of the host (`clock`), because whoever controls the store could make old entries and orders young again.
//! - News are in Redis streams, not in pub/sub: a gateway that was away for a moment still gets them, in order, and no second connection
//!   is needed. Orders have a stream of their own, so that no number of reports delays them (`streams`).
//! - The store may be hostile, and others may write to it. Each reply has a bound before it is read (`reply`), an order is carried out once, also
//!   over a restart (`news`), and a key with content that no gateway writes is removed, so that the gateways work on.
//! - The counts of queries to DNS lists are not encrypted, because Redis must add to them. A wrong count only affects warnings and queries
//!   in advance, so it loses no mail.

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
mod cluster;
mod connection;
mod dial;
mod error;
pub mod gateway;
pub(crate) mod limits;
mod link;
mod members;
pub mod news;
mod notices;
mod pace;
mod queries;
mod reply;
mod seal;
mod slots;
mod store;
mod streams;

pub use store::{Fleet, StoreReport};
