//! Bounds of `resolverctl shadow`.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Questions a second by default, and at most. Each is sent to both resolvers; a gateway asks some hundred a second itself.
pub(crate) const SHADOW_RATE: u32 = 50;

/// See `SHADOW_RATE`.
pub(crate) const SHADOW_RATES: RangeInclusive<i64> = 1..=1_000;

/// How long a resolver is waited for: most give up after 4 to 5 s, and Unbound may take longer.
pub(crate) const SHADOW_PATIENCE: Duration = Duration::from_secs(6);

/// How often both are asked again before a difference counts.
pub(crate) const SHADOW_REPEATS: usize = 2;

/// The time before each repeat: longer than the second for which caches give the same octets.
pub(crate) const SHADOW_PAUSE: Duration = Duration::from_millis(1_200);

/// The longest rest of a TTL after which both resolvers are asked once more, to see which answer was old: services that answer by place
/// have TTLs of 20 to 60 s.
pub(crate) const SHADOW_RENEWAL: Duration = Duration::from_secs(65);

/// Differences whose causes are sought, each with at most `MAX_CHECK_QUESTIONS`. The others are unknown.
pub(crate) const MAX_SHADOW_EXAMINED: usize = 200;

/// Differences examined at once: each uses up to `CHECK_QUESTIONS_AT_ONCE` times `CHECK_TRIES` of `MAX_CONTROL_CONNECTIONS`.
pub(crate) const SHADOW_EXAMINED_AT_ONCE: usize = 2;

/// Different questions to one DNS list by default: lists count queries.
pub(crate) const SHADOW_LIST_QUESTIONS: usize = 100;

/// The part of a list's quota, in percent, from which it is not asked.
pub(crate) const SHADOW_LIST_QUOTA: u64 = 80;

/// Differences that the screen shows of each cause; JSON has all.
pub(crate) const MAX_SHADOW_SHOWN: usize = 10;

/// The longest time of `--for`: a week has every kind of day.
pub(crate) const MAX_SHADOW_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Queries over UDP that the listener passes on at once, each with a socket of its own: half of the 1 024 files that a process may open.
pub(crate) const MAX_LIVE_RELAYS: usize = 512;

/// Connections of clients to the listener at once, each with two sockets.
pub(crate) const MAX_LIVE_CONNECTIONS: usize = 100;

/// Copies of queries that wait for their comparison: some seconds of a busy gateway. The others are answered and not compared.
pub(crate) const MAX_LIVE_WAITING: usize = 1_024;

/// How long the listener waits for the resolver in place: clients have asked again or given up by then.
pub(crate) const LIVE_PATIENCE: Duration = Duration::from_secs(12);

/// How long a connection of a client may be idle: longer than those of resolvers (RFC 7766 section 6.2.3).
pub(crate) const LIVE_IDLE: Duration = Duration::from_secs(30);
