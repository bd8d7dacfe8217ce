//! DNS lists in the resolution of a question. The answer of a list passes through the gate of [`dnsbl`](crate::dnsbl), and the result is
//! reported to the breaker and the statistics of the list.
//!
//! # Decisions
//!
//! - One value carries the question, the view and the list through all steps, so that the list of a question is looked up only once.
//! - The server that answered is returned with the answer. Before, it was searched for in the text of the trace. This text has a limited
//!   length and also contains referrals, so the round trip of a parent's server could count as that of the list.
//! - One flight serves all listeners that see the same zones, and only the reply is judged for each listener. Two listeners therefore
//!   cost the list one query, even if only one of them has `dnsbl = "pass"`.
//! - `ListResolver` has the cache, the servers and the state of lists, but knows no clients and no flights. [`resolve`](crate::resolve)
//!   handles the clients that wait for a list.

mod guard;
mod list_resolver;
mod mirrors;
mod probe;
mod watched;

pub use list_resolver::ListResolver;
pub use probe::Probed;
pub(super) use watched::Watched;
