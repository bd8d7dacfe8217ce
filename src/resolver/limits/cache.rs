//! Bounds of the caches, and of the data that are kept about servers.

use std::time::Duration;

/// The number of shards of a table. It exceeds the number of threads that look up at the same time, so that threads rarely wait for
/// each other.
pub(crate) const MAX_SHARDS_OF_STORE: u64 = 16;

/// The number of counters of changed answers. Each change invalidates the copies of one in 4096 answers, and the counters (16 KiB) fit
/// in the cache of a CPU core.
pub(crate) const ANSWER_VERSIONS: usize = 4_096;

/// The number of slots of a table that are examined under one lock, which takes some dozen microseconds.
pub(crate) const SLOTS_AT_ONCE: usize = 1_024;

/// The number of octets of entries that are evicted under one lock when the cache shrinks to make room for work in progress: 500
/// entries of usual size.
pub(crate) const OCTETS_AT_ONCE: u64 = 256 << 10;

/// The share of the cache that answers and RRsets keep when the cache shrinks, in thousandths. The names that a gateway currently uses
/// are a small part of a full cache.
pub(crate) const LEAST_ROOM: u64 = 200;

/// The process memory is checked after this number of flights has begun. A usual gateway then checks it occasionally, and a gateway
/// under a flood of queries several times a second.
pub(crate) const ROOM_FLIGHTS: u32 = 8;

/// The cache begins to shrink this many octets, plus `ROOM_SLACK_SHARE` of the bound, before the bound is reached. The process
/// continues to grow until the next check: by 10 MiB when long replies to many queries arrive at the same time.
pub(crate) const ROOM_SLACK: u64 = 4 << 20;

/// The part of the bound (one sixteenth) that is added to `ROOM_SLACK`.
pub(crate) const ROOM_SLACK_SHARE: u64 = 16;

/// The size of the smallest shard, in octets: it holds several of the largest answers.
pub(crate) const MIN_SHARD: u64 = 512 << 10;

/// The number of octets of entries after which a block of the snapshot is written. The block needs memory in addition to the cache,
/// and a cache with a million entries is written in about a thousand blocks.
pub(crate) const SNAPSHOT_BLOCK: usize = 256 << 10;

/// The size of the longest block of the snapshot, in octets. It holds an RRset from a message of 64 KiB in which all names were
/// compressed.
pub(crate) const MAX_SNAPSHOT_BLOCK: usize = 2 << 20;

/// The largest step back of the system clock, since a snapshot was written, with which the snapshot is still used. Its entries are
/// then treated as if no time had passed, so an answer may be used for up to this time after its expiry. A time service corrects a
/// clock by some seconds. If the clock was set back further, the age of the snapshot is unknown.
pub(crate) const MAX_SNAPSHOT_SET_BACK: Duration = Duration::from_secs(60);

/// The age from which the server data of a snapshot are not used, because routes and servers may have changed.
pub(crate) const RESTORED_SERVER_TIME: Duration = Duration::from_secs(86_400);

/// How long a client waits for servers before it gets a stale answer: the client response timer of RFC 8767 section 5.
pub(crate) const CLIENT_RESPONSE_TIME: Duration = Duration::from_millis(1_800);

/// For this time after the last answer of a server, a client gets no stale answer. It is the sum of the timer for an unknown server and a
/// round trip around the world.
pub(crate) const SERVER_QUIET_TIME: Duration = Duration::from_millis(600);

/// The TTL of a stale answer, in seconds, as recommended in RFC 8767 section 4.
pub(crate) const STALE_TTL: u32 = 30;

/// An answer is renewed in this last part (one tenth) of its TTL, as in Unbound.
pub(crate) const RENEWAL_SHARE: u64 = 10;

/// An answer is renewed at least this long before it expires, in microseconds, so that a resolution that takes four seconds ends in
/// time. Knot Resolver also uses five seconds.
pub(crate) const LEAST_RENEWAL_TIME: u64 = 5_000_000;

/// An answer is not renewed before this last part (one sixth) of its TTL. Renewing an answer with a TTL of ten seconds five seconds
/// early would double the queries to its servers. With a sixth, they increase by a fifth. In Unbound, which has no least renewal time,
/// they increase by a ninth.
pub(crate) const MOST_RENEWAL_SHARE: u64 = 6;

/// The least TTL of an answer that is renewed, in microseconds. A sixth of a shorter TTL is hardly longer than a resolution.
pub(crate) const LEAST_RENEWED_TTL: u64 = 10_000_000;

/// If a question failed while no server at all answered, later clients get the stale answer immediately for this long, and the
/// question is tried again in the background. This is the failure recheck timer of RFC 8767 section 5.
pub(crate) const FAILURE_RECHECK_TIME: Duration = Duration::from_secs(30);

/// The time for which a first failure is remembered (RFC 9520 section 3.2 requires at least 1 s).
pub(crate) const FIRST_FAILURE_TIME: Duration = Duration::from_secs(1);

/// If no server answered a question although servers answered other questions, and the question is asked again within this time, its
/// client waits only for `UNANSWERED_DEADLINE`. Dead servers are probed for the same time.
pub(crate) const UNANSWERED_TIME: Duration = Duration::from_secs(10 * 60);

/// The longest value of `UNANSWERED_TIME` for a question. The time is doubled each time the question is asked after it and again not
/// answered: a gateway may get a mail from the domain once an hour.
pub(crate) const MAX_UNANSWERED_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The time that a client waits for a question that no server has answered (see `UNANSWERED_TIME`): three queries to a far server. The
/// flight continues after that, and an answer ends the short wait.
pub(crate) const UNANSWERED_DEADLINE: Duration = Duration::from_secs(1);

/// The longest time that a failure is remembered. RFC 9520 allows 5 min, but resolverd should soon notice that a zone was repaired.
pub(crate) const MAX_FAILURE_TIME: Duration = Duration::from_secs(30);

/// The number of zones for which a server is remembered as lame. A hoster's server is rarely lame for more of the zones in use.
pub const MAX_LAME_ZONES: usize = 16;

/// The total size of the names of the zones for which a server is lame, in octets: sixteen names of two dozen octets. When it is
/// exceeded, the oldest name is removed.
pub(crate) const MAX_LAME_OCTETS: usize = 384;

/// The number of zones for which the silences of a server are counted separately. A hoster's server drops the queries for a domain
/// that it does not serve, so silence for other zones proves nothing: each zone costs at most one question that waits for
/// `SILENT_ELSEWHERE_TIME`. When the bound is exceeded, the zone with few silences is removed and has this cost again. The zones take
/// 2 KB per server.
pub const MAX_SILENT_ZONES: usize = 16;

/// An answer that takes this long, and twice as long as is usual for the server, is late because of its zone. Nine in ten servers
/// answer within 240 ms from anywhere. If queries are repeated after this time, all but one in 1 000 reach a server within 4 s at 30 %
/// loss.
pub(crate) const SLOW_ANSWER_TIME: Duration = Duration::from_millis(500);

/// The number of zones for which a server needs much longer than for its other zones. When the bound is exceeded, the server itself is
/// slow, or queries for the oldest zone are repeated sooner than necessary. The zones take 300 octets per server.
pub const MAX_SLOW_ZONES: usize = 8;

/// The number of consecutive silences for a zone after which a server that is known to be silent for another zone counts as silent for
/// this zone too. If it were one, each packet loss on the path to a working server would make a question fail.
pub(crate) const SILENCES_OF_ANOTHER_ZONE: u32 = 2;

/// How long a server counts as lame for a zone. Unbound's infra-host-ttl is 15 min.
pub(crate) const LAME_TIME: Duration = Duration::from_secs(600);

/// The time for which a server that rejected EDNS is asked without EDNS.
pub(crate) const NO_EDNS_TIME: Duration = Duration::from_secs(900);

/// The time for which a server that does not repeat the case of a question is asked with the case unchanged. Testing the server again
/// costs one query over TCP.
pub(crate) const FLIPS_CASE_TIME: Duration = Duration::from_secs(3_600);

/// The time for which a server that refuses or does not answer TCP is avoided for truncated answers. It is short, because the path may
/// be the reason.
pub(crate) const NO_TCP_TIME: Duration = Duration::from_secs(60);

/// The number of consecutive silences after which a server counts as dead. At 5 % loss, this happens to one in 8 000 working servers.
pub(crate) const DEAD_AFTER_SILENCES: u32 = 3;

/// The number of consecutive silences after which a server that answers for other zones is dead for a zone, unless a probe has shown
/// this after `DEAD_AFTER_SILENCES`. After the same number, a question for another zone of a dead server waits only for
/// `SILENT_ELSEWHERE_TIME`. At 30 % loss in each direction, this happens to one in 60 working servers. With `DEAD_AFTER_SILENCES` it
/// would be one in 8: of 32 561 questions, 113 failed because of that instead of 6.
pub(crate) const SURE_SILENCES: u32 = 2 * DEAD_AFTER_SILENCES;

/// The time for which a dead server is not asked at first. It is short, because the return of the server should be noticed soon.
pub(crate) const FIRST_DEAD_TIME: Duration = Duration::from_secs(2);

/// The longest time for which a dead server is not asked. A server that works again is therefore used within a minute.
pub const MAX_DEAD_TIME: Duration = Duration::from_secs(32);

/// The longest time for which a dead server is not asked while questions fail because all servers of their zone are dead. The first
/// answer after an outage then comes within two seconds of the first query. Unbound asks such a server with a client's question every
/// 12 s. A zone that is asked for all the time costs each of its servers one query a second (`LEAST_PROBE_PAUSE`).
pub(crate) const MAX_WANTED_DEAD_TIME: Duration = FIRST_DEAD_TIME;

/// A question that fails because all servers of its zone are dead begins a probe if the last probe began at least this long ago. The
/// questions of one mail arrive within a second, so only one of them begins a probe.
pub(crate) const LEAST_PROBE_PAUSE: Duration = Duration::from_secs(1);

/// The longest time that a question waits for the probe of a server that is known to be silent, counted from the begin of the probe.
/// It is twice the round trip of a far server. The wait for a nearer server is shorter. For the later questions of a mail from a dead
/// domain, the time is already over.
pub const MAX_PROBE_WAIT: Duration = Duration::from_millis(400);

/// A dead server is known to be silent if its silence has lasted this long and a probe was not answered either. From then on, no
/// question waits for the server. The time is less than the 4 s that a client waits, so that a mail from a dead domain waits only
/// once. It is longer than any server takes whose answer can still reach a client.
pub(crate) const SILENT_TIME: Duration = Duration::from_secs(3);

/// The time that a question waits if no server of its zone has ever answered, although the servers are known to be silent. glibc
/// repeats a query immediately after SERVFAIL, so that a zone that takes 4 to 8 s still resolves at the first attempt of a mail. Later
/// answers are kept for the next question.
pub(crate) const UNHEARD_TIME: Duration = Duration::from_secs(8);

/// The time that a question waits if all servers of its zone are known to be silent for other zones; if one and a half times the usual
/// round trip of the zone is longer, the question waits for that. It is twice the time of a far server's answer, and covers two
/// queries to a server that has never answered. A mail from a domain of a dead hoster waits a quarter of the time that other dead
/// domains cost.
pub(crate) const SILENT_ELSEWHERE_TIME: Duration = Duration::from_secs(1);

/// The time to wait for an unknown server before another server is asked. Unbound waits 376 ms, Knot 400 ms. Nine in ten servers
/// answer within 240 ms from anywhere.
pub(crate) const UNKNOWN_TIMER: Duration = Duration::from_millis(300);

/// The shortest timer after which a second server is asked. It covers the delay of the scheduler and of a busy server.
pub(crate) const MIN_TIMER: Duration = Duration::from_millis(30);

/// The number of measured round trips of a server that is enough to compute a 95th percentile: one round trip in twenty exceeds it.
pub(crate) const ENOUGH_ROUND_TRIPS: u8 = 20;

/// The number of second queries, per thousand queries, that are sent while the first server may still answer. Timers at the 95th
/// percentile need 50, and the loss of bad paths needs another 50. When the number is reached, the resolver waits for a longer timer.
pub const HEDGES_PER_MILLE: u32 = 200;

/// The number of second queries that one late server may cause in a burst. Each server has its own bucket, filled at the same rate,
/// because a dead zone must not use up the second queries of all other zones.
pub(crate) const HEDGE_BURST_PER_SERVER: u32 = 25;

/// The time, multiplied by the number of consecutive silences, for which a server is asked after all others. It ends, because lost
/// packets must not exclude the fastest server permanently.
pub(crate) const DOUBT_TIME: Duration = Duration::from_secs(2);

/// The time for which a name counts as lacking a type after all servers of its zone have given a doubtful denial. Unbound keeps an
/// answer without SOA for the same time. The next question asks all servers again.
pub(crate) const DOUBTED_TIME: Duration = Duration::from_secs(5);

/// The number of names between an existing name and the apex of its zone that are remembered to exist, such as `mail` for
/// `_25._tcp.mail`. A name of a reverse tree has thirty such names.
pub(crate) const MAX_SHOWN_ABOVE: usize = 2;

/// The memory that the process may use beyond `cache.size`, in per cent of it, because of the allocator. `benches/compare/misses.sh`
/// measures less.
pub const CACHE_SLACK_PERCENT: u64 = 25;

/// The memory that the process needs in addition to the cache and the history, in octets: 24 MiB for the program, its statistics and
/// work in progress (`WorkBounds`). The rest is for buffers of sockets, for clients' streams and for the threads of many listeners,
/// which the kernel also counts.
pub const MEMORY_BESIDE_CACHE: u64 = 192 << 20;
