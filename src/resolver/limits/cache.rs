//! Bounds of the memories, and of the states of servers.

use std::time::Duration;

/// Shards of a table: more than threads that look up at once, so that they rarely wait for each other.
pub(crate) const MAX_SHARDS_OF_STORE: u64 = 16;

/// Counters of changed answers: each change ends the copies of one in 4096 answers, and 16 KiB stay in the core's cache.
pub(crate) const ANSWER_VERSIONS: usize = 4_096;

/// Slots of a table that are examined under one lock: some dozen microseconds.
pub(crate) const SLOTS_AT_ONCE: usize = 1_024;

/// Octets of entries that are evicted under one lock, when the cache gives way to work in progress: 500 entries of usual size.
pub(crate) const OCTETS_AT_ONCE: u64 = 256 << 10;

/// The room that answers and RRsets keep when the cache gives way, in thousandths: the names in use of a gateway are a small part of a
/// full cache.
pub(crate) const LEAST_ROOM: u64 = 200;

/// Flights after whose begin the memory of the process is looked at: one in a while at a usual gateway, and some each second in a flood.
pub(crate) const ROOM_FLIGHTS: u32 = 8;

/// The cache gives way so many octets before the bound, and `ROOM_SLACK_SHARE` of the bound, because the process grows on until the next
/// look: by 10 MiB when long replies come for many queries at once.
pub(crate) const ROOM_SLACK: u64 = 4 << 20;

/// The part (one sixteenth) of the bound.
pub(crate) const ROOM_SLACK_SHARE: u64 = 16;

/// Octets of the smallest shard: several of the largest answers.
pub(crate) const MIN_SHARD: u64 = 512 << 10;

/// Octets of entries after which a block of the snapshot is written. The block needs memory in addition to the cache, and a
/// million entries take a thousand writes.
pub(crate) const SNAPSHOT_BLOCK: usize = 256 << 10;

/// Octets of the longest block of the snapshot: an RRset of a message of 64 KiB whose names were all compressed fits.
pub(crate) const MAX_SNAPSHOT_BLOCK: usize = 2 << 20;

/// By how much the clock may have been set back since a snapshot was written. Its entries then count as if no time had
/// passed, so an answer may be used for so long after its end. A time service corrects a clock by some seconds. If the
/// clock was set back further, the age of the snapshot is unknown.
pub(crate) const MAX_SNAPSHOT_SET_BACK: Duration = Duration::from_secs(60);

/// The age from which the data of a snapshot about servers are not used, because routes and servers may have changed.
pub(crate) const RESTORED_SERVER_TIME: Duration = Duration::from_secs(86_400);

/// How long a client waits for servers before it gets a stale answer: the client response timer of RFC 8767 section 5.
pub(crate) const CLIENT_RESPONSE_TIME: Duration = Duration::from_millis(1_800);

/// A client gets no stale answer while servers answer. This is the time after the last answer: the timer of an
/// unknown server, and a round trip around the world.
pub(crate) const SERVER_QUIET_TIME: Duration = Duration::from_millis(600);

/// TTL of a stale answer, in seconds: RFC 8767 section 4 recommends it.
pub(crate) const STALE_TTL: u32 = 30;

/// An answer is renewed before its end in this part (one tenth) of its TTL, as by Unbound.
pub(crate) const RENEWAL_SHARE: u64 = 10;

/// It is renewed at least this long before its end, in microseconds, so that a resolution of four seconds is ready in
/// time. Knot Resolver has five seconds too.
pub(crate) const LEAST_RENEWAL_TIME: u64 = 5_000_000;

/// It is not renewed before this part (one sixth) of its TTL: five seconds of a TTL of ten would double the queries to its
/// servers. A sixth adds a fifth to them. Unbound, which has no least time, adds a ninth.
pub(crate) const MOST_RENEWAL_SHARE: u64 = 6;

/// The least TTL of an answer that is renewed, in microseconds: a sixth of a shorter one is hardly longer than a resolution.
pub(crate) const LEAST_RENEWED_TTL: u64 = 10_000_000;

/// A question that failed while no server at all was heard is answered with the stale answer at once for this long, and tried
/// again in the background: the failure recheck timer of RFC 8767 section 5.
pub(crate) const FAILURE_RECHECK_TIME: Duration = Duration::from_secs(30);

/// A failure is remembered this long at first (RFC 9520 section 3.2: at least 1 s).
pub(crate) const FIRST_FAILURE_TIME: Duration = Duration::from_secs(1);

/// A question that no server answered, although servers answered others, waits `UNANSWERED_DEADLINE` only when it is asked again
/// within this time: as long as dead servers are probed.
pub(crate) const UNANSWERED_TIME: Duration = Duration::from_secs(10 * 60);

/// The longest such time. It is doubled each time that the question is not answered again after it: a
/// gateway may get a mail of the domain once an hour.
pub(crate) const MAX_UNANSWERED_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The time that such a question waits: three queries to a far server. Its flight goes on, and an answer ends this.
pub(crate) const UNANSWERED_DEADLINE: Duration = Duration::from_secs(1);

/// The longest time that a failure is remembered. RFC 9520 allows 5 min; resolverd should notice soon that a zone was
/// repaired.
pub(crate) const MAX_FAILURE_TIME: Duration = Duration::from_secs(30);

/// Zones that a server is remembered as lame for. A hoster's server is rarely lame for more of the zones in use.
pub const MAX_LAME_ZONES: usize = 16;

/// Octets of the names of these: sixteen names of two dozen octets. Beyond it the oldest is removed.
pub(crate) const MAX_LAME_OCTETS: usize = 384;

/// Zones whose silences are counted for a server, one by one. A hoster's server drops the queries for a domain that it does
/// not serve, so its silence for other zones is no proof: each zone costs one question `SILENT_ELSEWHERE_TIME` at most. Beyond the
/// bound a zone with few silences costs it again. They take 2 KB a server.
pub const MAX_SILENT_ZONES: usize = 16;

/// An answer that takes this long, and twice as long as usual, is late because of its zone: nine in ten servers answer within
/// 240 ms from anywhere. Queries that are repeated after it reach a server behind 30 % loss within 4 s, all but one in 1 000.
pub(crate) const SLOW_ANSWER_TIME: Duration = Duration::from_millis(500);

/// Zones of a server for which it takes much longer than for its others. Beyond the bound the server itself is slow, or
/// queries for the oldest are repeated sooner than necessary. They take 300 octets a server.
pub const MAX_SLOW_ZONES: usize = 8;

/// Silences for a zone, one after the other, after which a server that is known to be silent for another zone counts as silent
/// for this one too. After one, each loss on the path to a living server would fail a question.
pub(crate) const SILENCES_OF_ANOTHER_ZONE: u32 = 2;

/// How long a server counts as lame for a zone. Unbound's infra-host-ttl is 15 min.
pub(crate) const LAME_TIME: Duration = Duration::from_secs(600);

/// How long a server that rejected EDNS is asked without EDNS.
pub(crate) const NO_EDNS_TIME: Duration = Duration::from_secs(900);

/// How long a server that does not repeat the case of a question is asked in its own case. It costs one query over TCP
/// to find out again.
pub(crate) const FLIPS_CASE_TIME: Duration = Duration::from_secs(3_600);

/// How long a server that refuses or does not answer TCP is avoided for truncated answers: short, because the reason
/// may be the path.
pub(crate) const NO_TCP_TIME: Duration = Duration::from_secs(60);

/// Silences in a row after which a server is dead: at 5 % loss, this happens to one in 8 000 working servers.
pub(crate) const DEAD_AFTER_SILENCES: u32 = 3;

/// Silences in a row after which a server that answers for other zones is dead for a zone, unless a probe has shown it after
/// `DEAD_AFTER_SILENCES`, and after which a question for
/// another zone of a dead server waits `SILENT_ELSEWHERE_TIME` only: at
/// 30 % loss each way, this happens to one in 60 working servers. With `DEAD_AFTER_SILENCES` it is one in 8, and the
/// questions that fail because of that were 113 of 32 561 instead of 6.
pub(crate) const SURE_SILENCES: u32 = 2 * DEAD_AFTER_SILENCES;

/// A dead server is left alone this long at first: its return should be noticed soon.
pub(crate) const FIRST_DEAD_TIME: Duration = Duration::from_secs(2);

/// The longest time that a dead server is left alone: it is back within a minute of its return.
pub const MAX_DEAD_TIME: Duration = Duration::from_secs(32);

/// Like `MAX_DEAD_TIME`, while questions fail because all servers of their zone are dead: the first answer after an outage comes
/// within two seconds of the first query. Unbound asks such a server with a client's question every 12 s. A zone that is asked
/// for all the time costs each of its servers a query a second (`LEAST_PROBE_PAUSE`).
pub(crate) const MAX_WANTED_DEAD_TIME: Duration = FIRST_DEAD_TIME;

/// A question that fails because all servers of its zone are dead begins a probe if the last one began so long ago. The questions of
/// a mail come within a second, so one of them begins a probe and the others begin none.
pub(crate) const LEAST_PROBE_PAUSE: Duration = Duration::from_secs(1);

/// The longest time that a question waits for the probe of a server that is known to be silent, from the begin of the probe: twice
/// the round trip of a far server. A nearer one is waited for less, and the other questions of a mail from a dead domain find the
/// time over.
pub const MAX_PROBE_WAIT: Duration = Duration::from_millis(400);

/// A dead server is known to be silent if its silence has lasted this long and a probe was not answered either; no
/// question waits for it then. It is less than the 4 s that a client waits, so that a mail from a dead domain waits
/// only once. It is more than the time of any server whose answer a client can get.
pub(crate) const SILENT_TIME: Duration = Duration::from_secs(3);

/// A question for a zone of which no server was ever heard waits this long, although its servers are known to be silent: glibc
/// repeats a query at once after SERVFAIL, so that a zone that takes 4 to 8 s still resolves at the first attempt of a mail.
/// Later answers are kept for the next question.
pub(crate) const UNHEARD_TIME: Duration = Duration::from_secs(8);

/// A question for a zone whose servers are all known to be silent for other zones waits this long, or one and a half times the
/// usual round trip of the zone if that is longer: twice the time of a
/// far server's answer, and two queries to a server that was never heard. A mail from a dead hoster's domain waits a quarter
/// of the time that other dead domains cost.
pub(crate) const SILENT_ELSEWHERE_TIME: Duration = Duration::from_secs(1);

/// How long to wait for an unknown server before another is asked. Unbound takes 376 ms, Knot 400 ms; nine in ten
/// servers answer within 240 ms from anywhere.
pub(crate) const UNKNOWN_TIMER: Duration = Duration::from_millis(300);

/// The shortest timer: the delay of the scheduler and the delay of a busy server.
pub(crate) const MIN_TIMER: Duration = Duration::from_millis(30);

/// Round trips of a server that are enough for a 95th percentile: one round trip in twenty is above it.
pub(crate) const ENOUGH_ROUND_TRIPS: u8 = 20;

/// Second queries while the first server may still answer, per thousand queries. Timers at the 95th percentile need
/// 50, and the loss of bad paths another 50. Beyond that the resolver waits for a longer timer.
pub const HEDGES_PER_MILLE: u32 = 200;

/// The burst of second queries because of one late server. Each server has a bucket of its own, filled at the same
/// rate: a dead zone must not use up the second queries of all others.
pub(crate) const HEDGE_BURST_PER_SERVER: u32 = 25;

/// How long a server is asked after all others after a silence, times the silences in a row: lost packets must not
/// exclude the fastest server for good.
pub(crate) const DOUBT_TIME: Duration = Duration::from_secs(2);

/// How long a name counts as lacking a type that all servers of its zone have denied in doubt: as long as Unbound
/// keeps an answer without SOA. The next question asks all of them again.
pub(crate) const DOUBTED_TIME: Duration = Duration::from_secs(5);

/// Names above an existing one, and below the apex of its zone, that are remembered to exist: `mail` of
/// `_25._tcp.mail`. A name of a reverse tree has thirty.
pub(crate) const MAX_SHOWN_ABOVE: usize = 2;

/// Memory of the process beyond `cache.size`, in per cent of it: the allocator's slack. `benches/compare/misses.sh`
/// shows less.
pub const CACHE_SLACK_PERCENT: u64 = 25;

/// Memory in addition to the cache and the history, in octets: 24 MiB for the program, its statistics and work in progress
/// (`WorkBounds`), and the rest for buffers of sockets, clients' streams and the threads of many listeners, which the kernel counts too.
pub const MEMORY_BESIDE_CACHE: u64 = 192 << 20;
