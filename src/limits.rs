//! Every hard bound, each with its reason. Work beyond a bound is shed early and counted.
//!
//! May call: nothing. What an operator may change stands in `config`; these may not be changed.

use std::time::Duration;

/// Messages to servers for one client question, its sub-questions included. A cold name behind unglued servers in
/// cold zones takes about 30; Unbound stops at 32 referrals and 64 targets. Bounds NXNSAttack (CVE-2020-12662).
pub const MAX_PACKETS_PER_QUESTION: u32 = 100;

/// Depth of sub-questions: a server's name whose servers' names need servers' names. Unbound's default target fetch
/// policy stops at depth 4; deeper chains are loops or attacks.
pub const MAX_DEPTH: u8 = 5;

/// Aliases (CNAME or DNAME) in one answer. Postfix follows 10, Unbound 11, BIND 16.
pub const MAX_ALIASES: usize = 12;

/// Referrals followed for one name: a name of 34 labels in ip6.arpa has at most that many cuts.
pub const MAX_REFERRALS: usize = 40;

/// A flight ends after this, whatever it still waits for. glibc gives up 10 s after its first copy (two tries of
/// 5 s, measured), so an answer later than that helps nobody now.
pub const FLIGHT_TIME: Duration = Duration::from_secs(10);

/// Flights at once. Beyond it a new miss gets SERVFAIL at once. Each may hold a few sockets and about 16 KiB.
pub const MAX_FLIGHTS: usize = 2_000;

/// Clients that wait for flights at once; each costs a task of about 1 KiB.
pub const MAX_WAITERS: usize = 10_000;

/// UDP workers for each address: beyond four the loopback device is the bottleneck, not we.
pub const MAX_WORKERS: usize = 4;
