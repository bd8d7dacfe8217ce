//! Batches: the first question about an address starts the lists that this gateway will ask next.
//!
//! Pure: its input is questions and their results, its output the lists to start. Clients that ask list after list
//! (Postfix's `reject_rbl_client`, Exim's `dnslists`) then wait for the slowest list instead of for the sum. A list
//! is started only if this client asked it for nearly all of the last addresses with the same results, because a
//! listing usually ends the checks.

mod allowance;
mod habit;
mod learned;
mod list_id;

pub use learned::{Batch, BatchCounts, BatchStanding, Check, CheckQuery, ClientGroup, Mode};
pub use list_id::{EXCHANGER, ListId, POINTER};
