//! Questions that no client has asked: batches of questions to DNS lists, tests and probes of lists, and queries to root servers that show whether
//! the network of this host works.
//!
//! Each part is a task of the daemon. It uses what `dnsbl` and `history` have stored, and asks questions through
//! `resolve`, as a client does. No client's question waits for it.
//!
//! # Decisions
//!
//! - These tasks were originally in `dnsbl`, which then had to call `resolve` and `zones`. They were moved here, so that `resolve` calls `dnsbl` and
//!   never the other way round.
//! - Witness queries, which show whether any server answers, have a limit of their own. In an earlier version they shared the limit of 32 with probes
//!   and tests, and no witness query could be sent when all lists fell silent at the same time. The next list that failed then cost its clients four
//!   seconds instead of two.
//! - Root servers are queried whenever no other server answers. Without these queries, one dead zone would look like an
//!   outage of this host's network if the gateway asks no other questions at that time.
//! - A batch contains a question to a list only if clients asked that list about at least 95 % of the last addresses. The number of batch queries
//!   that no client uses is limited (`dnsbl.batch_waste`). This was measured with lists that contained 0, 3, 10 and 20 % of the addresses.

pub mod batch;
pub mod negative_trust_anchors;
pub mod tend;
pub mod witness;
