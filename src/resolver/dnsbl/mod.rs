//! DNS lists: zones whose answers decide over mail.
//!
//! Only [`gate`] is on the way of a question, and it is pure. Its input is the list of the route, the answer and the
//! state of the list; its output is the meaning of the answer. [`registry`] describes the lists that mail software
//! queries. [`table`] holds the state of each list while the daemon runs. RFC 5782 (queries to lists), RFC 8914 (the
//! extended error of an answer that is no listing).
//!
//! # Decisions
//!
//! - Only lists of the registry or of the operator are judged. A zone that merely looks like a list is not: SPF
//!   macros of large senders look the same.
//! - A refusal, a parked domain or a list that lists everything becomes SERVFAIL for a blocklist and NXDOMAIN for an
//!   allowlist. After SERVFAIL of an allowlist, Postfix would defer (450) mail that it should reject.
//! - Minimisation, NXDOMAIN cuts and races are off in the zone of a list. Its servers answer empty non-terminals with
//!   NXDOMAIN and may count queries.
//! - The breaker of a list follows the round trips of single queries, not of whole questions, so that a list that stutters is
//!   noticed as soon as a silent one. It opens only where other servers gave answers meanwhile, because an outage of this
//!   host's network is not the fault of a list. Answers from memory of a forwarder prove nothing.
//! - A list of the operator is tested only by the points in `tests`. A welcome list that holds 127.0.0.0/8 by design
//!   was once taken for a list that lists everything.
//! - "Lists everything" needs two servers that say so, minutes apart. A list whose own test entries differ is used
//!   anyway if its answers to clients show that it works.
//! - State is kept by list and way (the servers that are asked). A mirror that is silent for one listener says nothing
//!   about the public servers that another one asks.
//! - A list is in batches after 95 of the last 100 addresses. See `limits` for each figure.

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
