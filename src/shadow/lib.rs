//! Two resolvers beside each other (`resolverctl shadow`): the questions that a host asks, and the causes for which the resolver in place
//! and resolverd answer them differently.
//!
//! All here is pure: `capture` reads the octets of a file, `answer` compares two answers, `judge` finds the cause of a difference in what
//! was heard, `report` adds up. The command asks (`ctl::shadow`).
//!
//! Calls `doctor` for the comparison of servers, `resolver` for the frames of dnstap, and `dns`.
//!
//! # Decisions
//!
//! - A cause is proven or it is "unknown". Addresses that differ may be rotation, geography, an old answer or a filter, so none of these
//!   is the cause because the others do not fit.
//! - The name servers of the zone decide which answer is old, with the conclusions of `resolverctl compare`
//!   (`doctor::side_by_side`). An answer of the resolver in place is old only if a name server with an older version of the zone gives
//!   it, too, if it was replaced when its TTL ended, or if its resolver says so. The time in a cache proves nothing: answers of a zone, a
//!   forwarder or a view of its own are in its cache, too.
//! - Rotation is the cause only if both resolvers gave the same addresses in the end, or the zone is proven to answer in turn.
//! - Geography is the cause only if name servers of the zone give both addresses. An answer that one resolver alone gets again and again
//!   proves nothing about its place: it may have a forwarder, or the zone a view for the clients of a network. A split zone often has the
//!   same NS records on both sides, so these prove nothing either.
//! - The configuration of resolverd is looked at before its failures: a `[[zone]]` whose servers do not answer is no broken zone of others.
//! - A resolver that does not answer at all shows nothing: the verdict is then "could not tell".
//! - Questions to DNS lists spend a quota. They are not examined, and a refusal (127.255.255.0/24) is never a listing.

pub mod answer;
pub mod asked;
pub mod capture;
pub mod judge;
pub mod limits;
pub mod report;
pub mod skipped;
