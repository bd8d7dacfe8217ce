//! Batches: after the first question about an address, resolverd also asks the lists that this client will probably ask next.
//!
//! Pure: the input consists of questions and their results, and the output is the lists to ask. Clients that ask one list after the other
//! (Postfix's `reject_rbl_client`, Exim's `dnslists`) then wait for the slowest list instead of for all lists in turn. A list is asked
//! only if this client asked it for nearly all recent addresses with the same results, because a listing usually ends the checks.

mod allowance;
mod habit;
mod learned;

pub use learned::{Batch, BatchCounts, BatchStanding, Check, CheckQuery, ClientGroup, Mode};

/// The number of a list in the table of lists.
pub type ListId = u32;

/// The number that stands, among the numbers of lists, for the PTR of an address: an smtpd without postscreen asks for the PTR before its lists.
pub const POINTER: ListId = ListId::MAX;

/// The number that stands, among the numbers of lists, for the MX of a domain: an smtpd asks for the MX before a scanner asks the lists of domains.
pub const EXCHANGER: ListId = ListId::MAX - 1;
