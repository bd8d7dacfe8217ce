//! Questions that no client has asked: batches to DNS lists, tests and probes of lists, queries to root servers in
//! doubt.
//!
//! Each part is a task of the daemon. It learns from `dnsbl` and `history`, and asks through `resolve` as a client
//! does. No client's question waits for it.
//!
//! # Decisions
//!
//! - These tasks were in `dnsbl` first, which then called up into `resolve` and `zones`. They moved above `resolve`,
//!   so that `dnsbl` stays below it.
//! - Witnesses (queries that show whether anybody answers) have places of their own. When they shared the 32 places
//!   of probes and tests, there was no place for a witness if all lists fell silent together. The next list to die
//!   then cost its clients four seconds instead of two.
//! - Root servers are queried whenever nobody else answers. Without that, one dead zone at an idle gateway looks like
//!   an outage of this host's network.
//! - A batch has a list only after clients did so for 95 of the last 100 addresses, and its unused queries are
//!   bounded (`dnsbl.batch_waste`). It was measured with 0, 3, 10 and 20 % of the addresses listed.

pub mod batch;
pub mod tend;
pub mod witness;
