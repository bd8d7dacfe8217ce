//! Recursion: from the closest known zone along referrals to the zone that has the answer; and the servers of forward
//! zones.
//!
//! Server names without glue are resolved through `SubQuestions`, a trait that `resolve` hands down. RFC 1034 section
//! 5.3.3 with RFC 2181, RFC 9156 and RFC 9609.
//!
//! # Decisions
//!
//! - The iterator is our own. Hickory 0.26's recursor was tried against mock servers: one REFUSED server failed 8 of
//!   8 queries of a zone that also had a good server; one dead server took the whole 5 s; IPv6 PTR names exceeded
//!   its depth of 24; strict minimisation made listed addresses look clean. `tests/simulated/hickory_faults.rs` has a test for
//!   each of its ten faults.
//! - Every response code other than NOERROR and NXDOMAIN moves on to the next server.
//! - The timer of a server is the 95th percentile of its own round trips. When it runs out, a second server is asked
//!   and the first may still answer. Second queries are at most one in five, and each late server has its own share
//!   of them, so that one dead zone does not use up the share of all.
//! - A first contact with a zone races two servers. Lists are not raced, because they count queries.
//! - Dead servers are probed by the clock, and no question waits for a server that is known to be silent, but for the first
//!   moment of a probe (`recovered_servers`). Before, a mail from a dead domain cost its smtpd 24 s each time. Silence is known by zone, like in Unbound: a hoster's server that
//!   drops the queries for some domains answers the queries for others. A zone whose servers are silent for other zones
//!   alone has one second: a hundred domains of a dead hoster would have four seconds each otherwise.
//! - A share of the queries measures servers of a zone whose round trip is not known, or was not measured for ten minutes. No
//!   question waits for them. Without it, a zone with six servers, one of them near, was tried with the servers in six
//!   orders: in five of them the near server stayed unknown. Knot asks a random server with one question in twenty, and a
//!   client waits for it.
//! - A server counts as dead only if others answered meanwhile. If no other server is being asked, a server of a zone
//!   above is asked as a witness. An outage of this host's network marks no server dead.
//! - At 30 % loss with one server of each zone broken, a third fewer questions fail since silent servers are retried
//!   two at a time.
//! - Only root and TLD servers are asked for minimised names (RFC 9156). Deeper servers belong to the owner of the
//!   name. A denial with a proof ends the walk, as in Unbound; without a proof the whole name is asked for, because some servers
//!   deny names that have names below them.
//! - A server of a signed zone is always asked with EDNS. A retry without it returned unsigned answers, and at 40 %
//!   loss a signed zone was called bogus for half a minute.
//! - A denial in doubt (under another zone's SOA, or without AA and SOA) holds only if all servers of the zone give
//!   it. Otherwise an old server of a domain that has moved would make mail bounce.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

mod ask;
mod attempt;
mod attempt_events;
pub(crate) mod classify;
pub mod context;
mod dead;
pub mod direct;
pub mod failure;
mod families;
pub mod flight_progress;
mod forward_first;
mod iterator;
pub(crate) mod kept_answers;
pub(crate) mod late_answers;
mod late_queries;
mod lookup;
mod measure;
mod minimise;
mod outdated;
mod prime;
mod probe;
mod query_form;
mod query_share;
mod recovered_servers;
pub mod renewal;
pub mod scrub;
mod secret_zone;
mod seek;
pub mod select;
mod server_role;
mod shared_state;
mod silent_networks;
mod summary;
mod unanswered;
mod unproven;
mod uplink;
mod walk;
mod zone_servers;

pub use iterator::Iterate;
pub use lookup::{Lookup, SubQuestions};
pub use walk::Resolved;
