//! Questions that no client has asked: questions to DNS lists that clients will probably ask next (batches), tests and probes of lists, and queries
//! to root servers that show whether the network of this host works.
//!
//! Each part is a task of the daemon. It uses what `dnsbl` and `history` have stored, and asks questions through
//! `resolve`, as a client does. No client's question waits for it.
//!
//! # Decisions
//!
//! - These tasks are not in `dnsbl`, because they call `resolve` and `zones`. `resolve` calls `dnsbl`, and `dnsbl` never calls `resolve`.
//! - Witness queries show whether any server answers while a DNS list does not. They have a limit of their own. If they shared the limit of 32 with
//!   probes and tests, no witness query could be sent when all lists fall silent at the same time. The next list that failed would then cost its
//!   clients four seconds instead of two.
//! - Root servers are queried whenever no other server answers. Otherwise, if a gateway asks only for names in one dead zone, this would look like
//!   an outage of the host's network.
//! - A batch contains a question to a list only if clients asked that list about at least 95 % of the last addresses. The number of batch queries
//!   that no client uses is limited (`dnsbl.batch_waste`). This was measured with lists that contained 0, 3, 10 and 20 % of the addresses.

pub mod batch;
pub mod negative_trust_anchors;
pub mod tend;
pub mod witness;
