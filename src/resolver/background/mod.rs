//! Questions that no client has asked: batches (questions to DNS lists that clients will probably ask next), tests and probes of lists, and queries
//! to root servers that show if the network of this host works.
//!
//! Each part is a task of the daemon and asks questions through `resolve`, so no client's question waits for it.
//!
//! # Decisions
//!
//! - These tasks call `resolve` and `zones`, so they are not in `dnsbl`, which never calls `resolve`.
//! - Witness queries show if any server answers while a DNS list does not. They have their own limit. With the same limit as probes and tests, no
//!   witness query could be sent when all lists fall silent at the same time. Each further list that fails would then delay its clients for four
//!   seconds instead of two.
//! - Root servers are queried whenever no other server answers. Otherwise, a gateway that asks only for names in one dead zone would report an outage
//!   of its network.
//! - A batch has a question to a list only if clients asked this list about at least 95 % of the last addresses, and `dnsbl.batch_waste` limits the
//!   questions that no client uses. This was measured with DNS lists that list 0, 3, 10 and 20 % of the addresses.

pub mod batch;
pub mod negative_trust_anchors;
pub mod tend;
pub mod witness;
