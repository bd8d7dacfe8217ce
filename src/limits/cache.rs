//! Bounds of the memories, and of what is known of servers.

use std::time::Duration;

/// Shards of a table: more than threads that look at once, so that they rarely wait for each other.
pub const MAX_SHARDS_OF_STORE: u64 = 16;

/// Slots of a table that are looked through under its lock at once: some dozen microseconds.
pub const SLOTS_AT_ONCE: usize = 1_024;

/// Octets of the smallest shard: several of the largest answers.
pub const MIN_SHARD: u64 = 512 << 10;

/// A failure is remembered this long at first (RFC 9520 section 3.2: at least 1 s).
pub const FIRST_FAILURE_TIME: Duration = Duration::from_secs(1);

/// And this long at most. RFC 9520 allows 5 min; a postmaster who has mended his zone should not wait for us.
pub const MAX_FAILURE_TIME: Duration = Duration::from_secs(30);

/// Zones that a server is remembered as lame for; a hoster's server is rarely lame for more of the zones in use.
pub const MAX_LAME_ZONES: usize = 16;

/// Octets of the names of these: sixteen of two dozen. More make room by the oldest's going.
pub const MAX_LAME_OCTETS: usize = 384;

/// How long a server is believed to be lame for a zone. Unbound's infra-host-ttl is 15 min.
pub const LAME_TIME: Duration = Duration::from_secs(600);

/// How long a server that rejected EDNS is asked without.
pub const NO_EDNS_TIME: Duration = Duration::from_secs(900);

/// How long a server that does not repeat the case of a question is asked in its own case. It costs one message over TCP
/// to find out again.
pub const FLIPS_CASE_TIME: Duration = Duration::from_secs(3_600);

/// How long a server that refuses or swallows TCP is left for others where answers are cut: short, as the reason may be
/// the way there.
pub const NO_TCP_TIME: Duration = Duration::from_secs(60);

/// Silences in a row after which a server is dead: at 5 % loss one in 8 000 healthy servers would be.
pub const DEAD_AFTER_SILENCES: u32 = 3;

/// A dead server is left alone this long at first: its return should be noticed soon.
pub const FIRST_DEAD_TIME: Duration = Duration::from_secs(2);

/// And this long at most: back within a minute of its return.
pub const MAX_DEAD_TIME: Duration = Duration::from_secs(32);

/// A dead server whose silence has lasted this long, and that did not answer on the side either, is known to be silent: no
/// question waits for it. Less than a client's patience of 4 s, so that a mail from a dead domain costs that once; more than
/// what a server takes that a client can wait for.
pub const SILENT_TIME: Duration = Duration::from_secs(3);

/// How long an unknown server is waited for before another is asked. Unbound takes 376 ms, Knot 400 ms; nine in ten
/// servers answer within 240 ms from anywhere.
pub const UNKNOWN_TIMER: Duration = Duration::from_millis(300);

/// The shortest timer: the scheduler's and a busy server's own delay.
pub const MIN_TIMER: Duration = Duration::from_millis(30);

/// Round trips of a server from which a 95th percentile can be told: one in twenty lies above it.
pub const ENOUGH_ROUND_TRIPS: u8 = 20;

/// Messages to a second server while the first may still answer, of a thousand messages. Timers at the 95th percentile
/// ask for 50 and the loss of bad paths for as many; beyond that a longer timer is waited for.
pub const HEDGES_PER_MILLE: u32 = 200;

/// And so many for one server that is late, of its own bucket of as many thousandths: a dead zone does not take everybody's.
pub const HEDGE_BURST_PER_SERVER: u32 = 25;

/// After a silence a server is asked after all others for this long, times the silences in a row: lost packets must
/// not keep the fastest server out for good.
pub const DOUBT_TIME: Duration = Duration::from_secs(2);

/// How long a name is taken to lack a type that all servers of its zone have denied in doubt: as long as Unbound keeps an answer
/// without SOA. Each question after it asks all of them again.
pub const DOUBTED_TIME: Duration = Duration::from_secs(5);

/// Names above one that exists, and below the apex of its zone, that are remembered to exist: `mail` of `_25._tcp.mail`. A name
/// of a reverse tree has thirty.
pub const MAX_SHOWN_ABOVE: usize = 2;
