//! DNS lists: zones whose answers decide whether mail is accepted.
//!
//! Only [`gate`] takes part in answering a question, and it is pure. Its input is the list that the name belongs to, the answer, and the state of
//! the list. Its output is the meaning of the answer. [`registry`] describes the lists that mail software queries. [`table`] holds the state of
//! each list while the daemon runs. Implements RFC 5782 (queries to lists) and RFC 8914 (the extended error of an answer that is no listing).
//!
//! # Decisions
//!
//! - Only lists of the registry or of the operator are judged. A zone that merely looks like a list is not judged, because the zones
//!   of SPF macros of large senders look the same. Batches may ask it: see [`lookalike`].
//! - A refusal, an answer of a parked domain, or an answer of a list that lists everything becomes SERVFAIL for a blocklist and
//!   NXDOMAIN for an allowlist. After SERVFAIL from an allowlist, Postfix would defer (450) mail that it should reject.
//! - Minimisation, NXDOMAIN cuts and queries to two servers at the same time are disabled in the zone of a list. Its servers answer
//!   empty non-terminals with NXDOMAIN, and may count queries.
//! - The breaker of a list uses the round trips of single queries, not of whole questions, so that a list that often loses queries is
//!   noticed as soon as a silent list. It opens only if other servers answered at the same time, because an outage of this host's
//!   network is not a fault of the list. Answers that a forwarder has in its cache prove nothing.
//! - A list that the operator has defined is tested only with the names in `tests`. A welcome list that contains 127.0.0.0/8 by design was once
//!   taken for a list that lists everything.
//! - A list counts as "lists everything" only if two of its servers show it, minutes apart. A list whose test entries give other
//!   results than expected is used anyway if its answers to clients show that it works.
//! - State is kept for each pair of list and way (the servers that are asked). If a mirror is silent for one listener, this shows
//!   nothing about the public servers that another listener asks.
//! - A list is added to batches if clients asked it about 95 of the last 100 addresses. See `limits` for the exact figures.

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
pub(crate) mod breaker;
pub mod codes;
pub mod entry;
pub mod gate;
pub mod health;
pub mod kept_lists;
pub mod list;
pub(crate) mod list_events;
pub mod list_way;
pub mod lookalike;
pub(crate) mod network_answers;
pub mod quota;
pub mod registry;
pub mod rewrite;
pub mod state;
pub mod table;
pub mod watch;
