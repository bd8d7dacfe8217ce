//! Two resolvers beside each other (`resolverctl shadow`): the questions that a host asks, and the causes for which the resolver in place
//! and resolverd answer them differently.
//!
//! All here is pure: `capture` reads the octets of a file, `answer` compares two answers, `judge` finds the cause of a difference in what
//! was heard, `report` adds up. The command asks (`ctl::shadow`).
//!
//! # Decisions
//!
//! - A cause is proven or it is "unknown". Addresses that differ may be rotation, geography, an old answer or a filter, so none of these
//!   is the cause because the others do not fit.
//! - The name servers of the zone decide which answer is old, with the conclusions of `resolverctl compare`
//!   (`check::domain::side_by_side`). An address with a short TTL is old only if it was replaced when its TTL ended.
//! - Rotation is the cause only if both resolvers gave the same addresses in the end, or the zone is proven to answer in turn.
//! - The configuration of resolverd is looked at before its failures: a `[[zone]]` whose servers do not answer is no broken zone of others.
//! - A resolver that does not answer at all shows nothing: the verdict is then "could not tell".
//! - Questions to DNS lists spend a quota. They are not examined, and a refusal (127.255.255.0/24) is never a listing.

pub mod answer;
pub mod asked;
pub mod capture;
pub mod judge;
pub mod report;
pub mod skipped;
