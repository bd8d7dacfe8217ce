//! Batches: the first question about an address causes queries to the lists that this gateway will ask next.
//!
//! Pure: its input is questions and their results, and its output is the lists to ask. Clients that ask one list after the other
//! (Postfix's `reject_rbl_client`, Exim's `dnslists`) then wait for the slowest list instead of for all lists in turn. A list is asked
//! only if this client asked it for nearly all recent addresses with the same results, because a listing usually ends the checks.

mod allowance;
mod habit;
mod learned;

pub use learned::{Batch, BatchCounts, BatchStanding, Check, CheckQuery, ClientGroup, Mode};

/// A list, by its number in the state of all lists.
pub type ListId = u32;

/// Used in place of a list: the PTR of an address, which smtpd without postscreen asks before its lists.
pub const POINTER: ListId = ListId::MAX;

/// Used in place of a list: the MX of a domain, which smtpd asks before a scanner asks the lists of domains.
pub const EXCHANGER: ListId = ListId::MAX - 1;
