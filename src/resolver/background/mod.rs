//! Questions that no client has asked: batches to DNS lists, tests and probes of lists, and queries to root servers that show whether our
//! own network works.
//!
//! Each part is a task of the daemon. It learns from `dnsbl` and `history`, and asks questions through `resolve`, as a client does. No
//! client's question waits for it.
//!
//! # Decisions
//!
//! - These tasks were originally in `dnsbl`, which then called `resolve` and `zones` above it. They were moved above `resolve`, so that
//!   `dnsbl` stays below it.
//! - Witness queries, which show whether any server answers, have places of their own. When they shared the 32 places of probes and
//!   tests, there was no place for a witness if all lists fell silent at the same time. The next list that failed then cost its clients
//!   four seconds instead of two.
//! - Root servers are queried whenever no other server answers. Without these queries, one dead zone on a gateway without other questions
//!   looks like an outage of this host's network.
//! - A batch contains a question to a list only if clients asked that list about at least 95 of the last 100 addresses. The number of
//!   unused batch queries is limited (`dnsbl.batch_waste`). This was measured with 0, 3, 10 and 20 % of the addresses listed.

pub mod batch;
pub mod negative_trust_anchors;
pub mod tend;
pub mod witness;
