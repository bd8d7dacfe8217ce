//! DNS lists: zones whose answers decide whether mail is accepted.
//!
//! Only [`gate`] takes part in answering a question: it decides what an answer of a list means. [`registry`] describes the lists that mail software
//! queries. [`table`] has the state of each list while the daemon runs. Implements RFC 5782 (queries to lists) and RFC 8914 (extended errors, for
//! answers that are no listings). This crate calls `record` and `dns`; `config` and the resolver call it.
//!
//! # Decisions
//!
//! - Only lists of the registry or of the operator are judged. A zone that merely looks like a list is not judged, because zones of SPF macros,
//!   which large senders use, look the same. Batches may ask such a zone: see [`lookalike`].
//! - A refusal, an answer of a parked domain, or an answer of a list that lists everything becomes SERVFAIL for a blocklist and
//!   NXDOMAIN for an allowlist. After SERVFAIL from an allowlist, Postfix would defer (450) mail that it should reject.
//! - In the zone of a list, QNAME minimisation, NXDOMAIN cuts (RFC 8020) and queries to two servers at the same time are disabled: the servers of
//!   lists answer NXDOMAIN for empty non-terminals, and may count queries.
//! - The breaker of a list uses the round trips of single queries, not the times of whole questions. Otherwise, lost queries would make the usual
//!   time longer, and the silence of the list would be noticed later. Answers that may come from the cache of a forwarder do not show that the
//!   network works.
//! - A list that the operator has defined is tested only with the names in `tests`. Otherwise a private allowlist that contains 127.0.0.0/8 would
//!   be taken for a list that lists everything.
//! - If the test entries of a list give wrong results, but its answers to clients show that it works, the list is used.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod answers;
pub mod batch;
pub mod breaker;
pub mod codes;
pub mod entry;
pub mod gate;
pub mod health;
pub mod kept_lists;
pub mod limits;
pub mod list;
pub mod list_events;
pub mod list_way;
pub mod lookalike;
pub mod network_answers;
pub mod quota;
pub mod registry;
pub mod rewrite;
pub mod state;
pub mod table;
pub mod watch;
