//! Recursion: follows referrals from the closest known zone to the zone that has the answer. Also asks forwarders and servers of stub zones.
//!
//! The addresses of servers without glue are looked up through the trait `SubQuestions`, which the module `resolve` implements. The algorithm is that
//! of RFC 1034 section 5.3.3, with RFC 2181, RFC 9156 and RFC 9609.
//!
//! # Decisions
//!
//! - The iterator was written for this project, because the recursor of Hickory 0.26 has ten faults, each with a test in
//!   `tests/simulated/hickory_faults.rs`. For example, one dead server used up the whole 5 s, and strict minimisation made the recursor answer that
//!   listed addresses were not listed.
//! - After a response code other than NOERROR and NXDOMAIN, the next server is asked. The only exception is YXDOMAIN with a DNAME that explains this
//!   code.
//! - The timer for a server is the 95th percentile of its round-trip times. When the timer expires, a second server is asked, while the first may
//!   still answer (a hedge). At most one query in five is such a second query. There is also a limit for each late server, so that one dead zone does
//!   not use up the second queries of all zones.
//! - When a zone is contacted for the first time, two servers are asked at the same time. DNS lists are not asked in this way, because lists limit
//!   the number of queries.
//! - Servers that do not answer are probed at intervals. No question waits for a server that is known not to answer, except for a short time when a
//!   probe begins (`recovered_servers`). Otherwise each mail from a domain with dead servers would delay smtpd by 24 s. As in Unbound, silence is
//!   recorded for each server and zone: a hoster's server may drop the queries for some domains and answer the queries for others. If a server was
//!   silent only in queries for other zones, a question waits for it for only one second. A full wait would cost four seconds for each domain at a
//!   dead hoster.
//! - Some queries only measure servers whose round-trip time is not known or was not measured for ten minutes (`measure`). Knot Resolver sends one
//!   question in twenty to a random server, and a client waits for its answer.
//! - A server counts as dead only if other servers answered while it was silent. If no other server is being asked at that time, a server of a zone
//!   above is asked, to test the network of this host (`unproven`).
//! - Silent servers are asked again two at a time. With 30 % packet loss and one broken server in each zone, a third fewer questions then fail.
//! - Only root and TLD servers are asked for minimised names (RFC 9156). The servers of deeper zones belong to the owner of the name, so the name
//!   need not be hidden from them. A denial of a shorter name with a DNSSEC proof is the answer. After a denial without a proof, the whole name is
//!   queried, because some servers deny names that have names below them.
//! - A server of a signed zone is always asked with EDNS (`query_form`).
//! - A doubtful denial (with the SOA of another zone, or without AA and SOA) is believed only if all servers of the zone send one. Otherwise an old
//!   server of a domain that has moved would make mail bounce.

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
mod repeat;
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
