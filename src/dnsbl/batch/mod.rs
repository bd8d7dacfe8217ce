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
mod ids;
mod learned;

pub use self::ids::{EXCHANGER, LEARNED, ListId, POINTER};
pub use learned::{
    Batch, BatchCounts, BatchStanding, Check, CheckQuery, ClientGroup, KnownFollower, KnownHabit,
    ListingCounts, Mode,
};
