//! DNS lists on the way of a question: the answer of a list passes the gate of [`dnsbl`](crate::dnsbl), and the
//! breaker and the statistics of the list learn the result.
//!
//! # Decisions
//!
//! - One value carries question, view and list through the way, so that the list of a question is looked up once.
//! - The server that answered comes with the answer. It was once searched for in the text of the trace, which ends at
//!   its bound and also has referrals: the round trip of a parent's server then counted as the list's.
//! - A flight serves all listeners that see the same zones. Only the reply is judged for each listener, so that a
//!   listener with `dnsbl = "pass"` and one without it cost the list one query.
//! - `ListResolver` has memory, servers and the state of lists, but no clients and no flights. Clients that wait for a list
//!   are the business of [`resolve`](crate::resolve).

mod guard;
mod list_resolver;
mod mirrors;
mod probe;
mod watched;

pub use list_resolver::ListResolver;
pub use probe::Probed;
pub(super) use watched::Watched;
