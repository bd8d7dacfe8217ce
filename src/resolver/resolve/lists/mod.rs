//! DNS lists in the resolution of a question: the answer of a list passes the gate of [`dnsbl`](crate::dnsbl), and its result is
//! reported to the breaker and the statistics of the list.
//!
//! # Decisions
//!
//! - One value carries the question, view and list through all steps, so that the list of a question is looked up only once.
//! - The server that answered is returned with the answer. Before, it was searched for in the text of the trace, which has a limited
//!   length and also contains referrals. The round trip of a parent's server then counted as the list's.
//! - A flight serves all listeners that see the same zones. Only the reply is judged for each listener, so that a
//!   listener with `dnsbl = "pass"` and one without it cost the list one query.
//! - `ListResolver` has memory, servers and the state of lists, but no clients and no flights. [`resolve`](crate::resolve) handles the
//!   clients that wait for a list.

mod guard;
mod list_resolver;
mod mirrors;
mod probe;
mod watched;

pub use list_resolver::ListResolver;
pub use probe::Probed;
pub(super) use watched::Watched;
