//! Compares two resolvers (`resolverctl shadow`): the questions that a host asks, and why the resolver in place and resolverd answer them
//! differently.
//!
//! All functions here are pure: `capture` reads the octets of a file, `answer` compares two answers, `judge` finds the cause of a difference,
//! `report` adds up. The command sends the queries (`ctl::shadow`).
//!
//! Calls `doctor` for the comparison of servers, `resolver` for the frames of dnstap, and `dns`.
//!
//! # Decisions
//!
//! - A cause is proven or it is "unknown". Different addresses may be rotation, geography, an old answer or a filter; none of these is the
//!   cause because the others do not fit.
//! - The name servers of the zone decide which answer is old, by the rules of `resolverctl compare` (`doctor::side_by_side`). An answer
//!   of the resolver in place is old only if a name server with an older version of the zone gives it too, or if the resolver says so. Time in
//!   a cache proves nothing: a resolver also caches answers of its own zones, forwarders and views.
//! - Rotation is the cause only if both resolvers gave the same addresses in the end, or the zone is proven to answer in turn.
//! - Geography is the cause only if name servers of the zone give both addresses. An answer that only one resolver gets proves nothing about
//!   its place: it may have a forwarder, or the zone a view for some networks. A split zone often has the same NS records on both sides.
//! - The configuration of resolverd is checked before its failures: a `[[zone]]` whose servers do not answer is not a broken zone of others.
//! - If a resolver does not answer at all, the verdict is "could not tell".
//! - Questions to DNS lists use a quota. They are not examined, and a refusal (127.255.255.0/24) is never a listing.

pub mod answer;
pub mod asked;
pub mod capture;
pub mod judge;
pub mod limits;
pub mod report;
