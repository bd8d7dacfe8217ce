//! Batches: after a client's first question about an address to a DNS list, resolverd also asks the other lists that this client will probably
//! ask next.
//!
//! Clients that ask one list after the other (Postfix's `reject_rbl_client`, Exim's `dnslists`) then wait only as long as the slowest list takes, and
//! not for the sum of all lists. A list is asked only if clients asked it for nearly all recent addresses with the same results so far. (After a
//! listing, clients usually ask fewer lists.)
//!
//! All functions are pure: the input is questions and their results, and the output is the lists to ask.

mod allowance;
mod habit;
mod learned;

pub use learned::{Batch, BatchCounts, BatchStanding, Check, CheckQuery, ClientGroup, ListingCounts, Mode};
pub use learned::{KnownFollower, KnownHabit};

/// The number of a DNS list: its index in the table of lists.
pub type ListId = u32;

/// Numbers from this one on belong to learned zones: zones that are not known to be DNS lists, but that clients query like DNS lists (see
/// `lookalike`).
pub const LEARNED: ListId = 1 << 31;

/// Stands for PTR questions where a table has the number of a DNS list. An smtpd without postscreen asks for the PTR before its lists, so this
/// question can start a batch.
pub const POINTER: ListId = ListId::MAX;

/// Stands for MX questions where a table has the number of a DNS list. An smtpd asks for the MX before a content scanner asks lists of domains, so
/// this question can start a batch.
pub const EXCHANGER: ListId = ListId::MAX - 1;
