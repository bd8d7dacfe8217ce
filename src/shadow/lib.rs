//! Compares the current resolver of this host with resolverd for `resolverctl shadow`, and finds out why answers differ.
//!
//! All functions are pure: `capture` reads a file, `answer` compares two answers, `judge` finds the cause of a difference, and `report`
//! sums up the results. The command sends the queries (`resolverctl::shadow`).
//!
//! Calls `doctor` for the comparison with name servers, `resolver` for the frames of dnstap, and `dns`.
//!
//! # Decisions
//!
//! - A cause is either proven or "unknown". A cause is never chosen only because the other causes are excluded.
//! - The name servers of the zone decide which answer is old, by the rules of `resolverctl compare` (`doctor::side_by_side`). An answer of
//!   the current resolver counts as old only if a name server with an older version of the zone gives it too, or if the resolver says so.
//!   That an answer comes from a cache proves nothing, because a resolver also caches answers of its own zones, forwarders and views.
//! - Rotation is the cause only if both resolvers gave the same addresses when they were asked several times, or if the name servers are
//!   proven to give a part of the addresses in turn.
//! - Geography is the cause only if name servers of the zone give both answers. If only one resolver gets an answer, it may use a
//!   forwarder, or the zone may have a separate view for some networks, often with the same NS records.
//! - A failure of resolverd is first checked against its configuration: if the servers of a configured `[[zone]]` do not answer, this does
//!   not count as a broken zone of somebody else.
//! - If a resolver does not answer at all, the verdict is "could not tell".
//! - Lists limit the number of queries. So questions to DNS lists are not examined further, and a refusal (127.255.255.0/24) never counts
//!   as a listing.

pub mod answer;
pub mod asked;
pub mod capture;
pub mod judge;
pub mod limits;
pub mod report;
