//! Resolves questions to DNS lists. A pure function, the gate in [`dnsbl`], decides what the answer of a list means. This result is
//! reported to the statistics of the list and to its breaker, which decides whether the list is asked at all.
//!
//! # Decisions
//!
//! - One value carries the question, the view and the list through all steps, so that the state of the list is looked up only once.
//! - The server that answered is returned with the answer, and not read from the steps of the trace. The steps also contain referrals, so the
//!   round-trip time of a server of the parent zone could count as that of the list.
//! - Equal questions from listeners that see the same zones are asked once, and only the answer is judged for each listener.
//! - `ListResolver` knows the cache, the servers and the state of lists. The clients that wait for a list are handled in [`resolve`](crate::resolve).

mod guard;
mod list_resolver;
mod mirrors;
mod probe;
mod unknown_reason;
mod watched;

pub use list_resolver::ListResolver;
pub use probe::Probed;
pub(super) use watched::Watched;
