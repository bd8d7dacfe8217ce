//! Bounds of the caches, and of the data that are stored about servers. A silence is an unanswered query to a server;
//! several unanswered queries that were in progress at the same time count as one silence. A dead server is one with too
//! many consecutive silences, and a probe is a query that only checks whether such a server answers again.

use std::time::Duration;

/// The greatest number of shards of a table, each of which has its own lock. It exceeds the number of threads that read
/// a table at the same time, so that threads rarely wait for each other.
pub(crate) const MAX_SHARDS_OF_STORE: u64 = 16;

/// The number of counters of changes in the cache. Each answer belongs to one of them, and worker threads keep copies of
/// replies only while the counter is unchanged. A changed answer therefore invalidates the copies of one in 4096
/// answers. The counters (16 KiB) fit in the cache of a CPU core.
pub(crate) const ANSWER_VERSIONS: usize = 4_096;

/// The number of slots of a table that are examined while its lock is held. This takes some dozen microseconds.
pub(crate) const SLOTS_AT_ONCE: usize = 1_024;

/// The number of octets of entries that are evicted while the lock is held, when the cache shrinks to make room for work
/// in progress: 500 entries of usual size.
pub(crate) const OCTETS_AT_ONCE: u64 = 256 << 10;

/// When the cache shrinks, answers and RRsets keep at least this share of their memory, in thousandths. The names that a
/// gateway currently uses are a small part of a full cache.
pub(crate) const LEAST_ROOM: u64 = 200;

/// The memory of the process is measured each time this number of resolutions (flights) has begun. A usual gateway then measures it
/// occasionally, and a gateway under a flood of queries several times a second.
pub(crate) const ROOM_FLIGHTS: u32 = 8;

/// The cache begins to shrink when the memory of the process exceeds its limit minus this number of octets and minus one part in `ROOM_SLACK_SHARE`
/// of the limit. The process continues to grow until the next measurement: by 10 MiB when long replies to many queries arrive at the same time.
pub(crate) const ROOM_SLACK: u64 = 4 << 20;

/// One part in this number (one sixteenth) of the memory limit of the process is added to `ROOM_SLACK`.
pub(crate) const ROOM_SLACK_SHARE: u64 = 16;

/// The size of the smallest shard of a table, in octets: it holds several of the largest answers.
pub(crate) const MIN_SHARD: u64 = 512 << 10;

/// A block of the snapshot is written when the entries in it have this number of octets. The block needs memory in
/// addition to the cache. A cache with a million entries is written in about a thousand blocks.
pub(crate) const SNAPSHOT_BLOCK: usize = 256 << 10;

/// The greatest size of a block of the snapshot, in octets. It has room for an RRset from a DNS message of 64 KiB in which
/// all names were compressed.
pub(crate) const MAX_SNAPSHOT_BLOCK: usize = 2 << 20;

/// If the system clock was set back since a snapshot was written, the snapshot is still used if the clock was set back
/// by at most this time. Its entries are then treated as if no time had passed, so an answer may be used for up to this
/// time after its expiry. A time service corrects a clock by some seconds. If the clock was set back further, the age of
/// the snapshot is unknown.
pub(crate) const MAX_SNAPSHOT_SET_BACK: Duration = Duration::from_secs(60);

/// The data about servers in a snapshot that is older than this are not used, because servers and the network paths to them may have changed.
pub(crate) const RESTORED_SERVER_TIME: Duration = Duration::from_secs(86_400);

/// The time that a client waits for an answer of the servers before it gets a stale answer from the cache: the client
/// response timer of RFC 8767 section 5.
pub(crate) const CLIENT_RESPONSE_TIME: Duration = Duration::from_millis(1_800);

/// A client gets no stale answer as long as the last reply of a server to the resolution is more recent than this. It is longer
/// than the sum of the timer for an unknown server and a round trip around the world.
pub(crate) const SERVER_QUIET_TIME: Duration = Duration::from_millis(600);

/// The TTL of a stale answer, in seconds, as recommended in RFC 8767 section 4.
pub(crate) const STALE_TTL: u32 = 30;

/// An answer that is in use is fetched again in this last part (one tenth) of its TTL, as in Unbound.
pub(crate) const RENEWAL_SHARE: u64 = 10;

/// An answer that is in use is fetched again at least this long before it expires, in microseconds, so that a resolution
/// that takes four seconds ends in time. Knot Resolver also uses five seconds.
pub(crate) const LEAST_RENEWAL_TIME: u64 = 5_000_000;

/// An answer is fetched again at the earliest in this last part (one sixth) of its TTL. If an answer with a TTL of ten
/// seconds were fetched again five seconds early, the queries to its servers would double. With a sixth, they increase
/// by a fifth. In Unbound, which has no least renewal time, they increase by a ninth.
pub(crate) const MOST_RENEWAL_SHARE: u64 = 6;

/// The least TTL of an answer that is fetched again before it expires, in microseconds. A sixth of a shorter TTL is
/// hardly longer than a resolution.
pub(crate) const LEAST_RENEWED_TTL: u64 = 10_000_000;

/// If a question failed while no server at all answered, later clients get the stale answer immediately for this time,
/// and the question is repeated in the background. This is the failure recheck timer of RFC 8767 section 5.
pub(crate) const FAILURE_RECHECK_TIME: Duration = Duration::from_secs(30);

/// The time for which the first failure of a question is cached (RFC 9520 section 3.2 requires at least 1 s).
pub(crate) const FIRST_FAILURE_TIME: Duration = Duration::from_secs(1);

/// If no server answered a question although servers answered other questions, the question counts as unanswered for this time. A client that asks it
/// again within this time waits only for `UNANSWERED_DEADLINE`. Dead servers are probed for an equally long time after the last question for their
/// zones.
pub(crate) const UNANSWERED_TIME: Duration = Duration::from_secs(10 * 60);

/// The greatest value to which `UNANSWERED_TIME` grows for one question. The time is doubled each time the question is asked again after this time
/// and is again not answered, because a gateway may get only one mail an hour from the domain.
pub(crate) const MAX_UNANSWERED_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The time that a client waits for the answer to a question that no server has answered before (see `UNANSWERED_TIME`): three queries to a
/// far server. The resolution continues after that. If a server answers, later clients wait for the normal time again.
pub(crate) const UNANSWERED_DEADLINE: Duration = Duration::from_secs(1);

/// The longest time for which a failure is cached. RFC 9520 allows 5 min, but resolverd should soon notice that a zone
/// was repaired.
pub(crate) const MAX_FAILURE_TIME: Duration = Duration::from_secs(30);

/// The greatest number of zones for which one server is remembered as lame. The server of a hoster is rarely lame for
/// more zones that are in use.
pub const MAX_LAME_ZONES: usize = 16;

/// The greatest total size of the names of the zones for which one server is lame, in octets: sixteen names of two dozen
/// octets. When it is exceeded, the oldest name is removed.
pub(crate) const MAX_LAME_OCTETS: usize = 384;

/// The greatest number of zones for which the silences (unanswered queries) of one server are counted separately. The
/// server of a hoster drops the queries for a domain that it does not serve, so its silence for that zone proves nothing
/// about other zones. For each such zone, at most one question waits for `SILENT_ELSEWHERE_TIME`. When the number is
/// exceeded, a zone with few silences is removed, and a question for it waits again. The zones take 2 KB per server.
pub const MAX_SILENT_ZONES: usize = 16;

/// If an answer takes this long, and twice as long as is usual for the server, it is assumed to be late because of its
/// zone and not because of the server. Nine in ten servers answer within 240 ms from anywhere. If queries are repeated
/// after this time, all but one in 1 000 are answered within 4 s at 30 % loss.
pub(crate) const SLOW_ANSWER_TIME: Duration = Duration::from_millis(500);

/// The greatest number of zones that are remembered for one server because the server needs much longer to answer for them than for its other zones.
/// A further zone replaces the oldest one. Queries for the oldest zone are then repeated sooner than necessary. If many zones are added in a row, the
/// server itself counts as slow. The zones take 300 octets per server.
pub const MAX_SLOW_ZONES: usize = 8;

/// If a server is known to be silent for one zone, it counts as silent for another zone after this number of consecutive
/// silences (unanswered queries) there. If a single silence were enough, each packet loss on the path to a working
/// server would make a question fail.
pub(crate) const SILENCES_OF_ANOTHER_ZONE: u32 = 2;

/// The time for which a server counts as lame for a zone. Unbound's infra-host-ttl is 15 min.
pub(crate) const LAME_TIME: Duration = Duration::from_secs(600);

/// The time for which a server that rejected a query because of EDNS is asked without EDNS.
pub(crate) const NO_EDNS_TIME: Duration = Duration::from_secs(900);

/// The time for which a server that does not repeat the mixed case of the name in a query, or does not find names in mixed
/// case, is asked in the case of the question. Testing the server again costs one query, and servers seldom change.
pub(crate) const FLIPS_CASE_TIME: Duration = Duration::from_secs(86_400);

/// If a server has found a name in mixed case, its denials of names in mixed case are believed for this time. It is as long as `FLIPS_CASE_TIME`, for
/// the same reason.
pub(crate) const FINDS_CASE_TIME: Duration = FLIPS_CASE_TIME;

/// A server may deny a name in mixed case, and then deny it again in the case of the question. After this number of such repeated denials, its
/// denials are believed for a day. This bounds the cost for servers that only deny, such as those of reverse zones and unknown lists. The server of a
/// mail domain is usually asked for an existing name first, and its denials are then believed because of that (`FINDS_CASE_TIME`).
pub(crate) const CONFIRMED_DENIALS: u8 = 8;

/// The time for which a server whose replies of more than 512 octets did not arrive over UDP is asked for shorter ones. To
/// find this out costs up to a second. If two lost packets were the reason, long replies cost a round trip more, over TCP.
/// A server that has sent a longer reply within this time is not asked for shorter ones.
pub(crate) const SHORT_TIME: Duration = Duration::from_secs(86_400);

/// The time for which a server that refuses or does not answer TCP is not asked for truncated answers if the zone
/// has other servers. It is short, because the network path to the server may be the reason.
pub(crate) const NO_TCP_TIME: Duration = Duration::from_secs(60);

/// The number of consecutive silences (unanswered queries) after which a server counts as dead. At 5 % loss, this
/// happens to one in 8 000 working servers.
pub(crate) const DEAD_AFTER_SILENCES: u32 = 3;

/// A server that answers for other zones counts as dead for a zone after this number of consecutive silences (unanswered queries), or already after
/// `DEAD_AFTER_SILENCES` if it has not answered a probe either. If a dead server has this number of silences, a question for another of its zones
/// waits only for `SILENT_ELSEWHERE_TIME`. At 30 % loss in each direction, one in 60 working servers reaches this number, and one in 8 reaches
/// `DEAD_AFTER_SILENCES`. In a test with 32 561 questions, 6 failed for this reason, and 113 with `DEAD_AFTER_SILENCES`.
pub(crate) const SURE_SILENCES: u32 = 2 * DEAD_AFTER_SILENCES;

/// The time for which a dead server is not asked at first. It is short, because the return of the server should be noticed soon.
pub(crate) const FIRST_DEAD_TIME: Duration = Duration::from_secs(2);

/// The longest time for which a dead server is not asked. A server that works again is therefore used within a minute.
pub const MAX_DEAD_TIME: Duration = Duration::from_secs(32);

/// The longest time for which a dead server is not asked while questions fail because all servers of their zone are
/// dead. The first answer after an outage then comes within two seconds of the first question. Unbound asks such a
/// server with a client's question every 12 s. Each server of a dead zone that clients ask for all the time gets one
/// query a second (`LEAST_PROBE_PAUSE`), until `LONG_SILENCE`.
pub(crate) const MAX_WANTED_DEAD_TIME: Duration = FIRST_DEAD_TIME;

/// A question that fails because all servers of its zone are dead causes a probe of these servers if their last probe began at least this long ago.
/// The questions of one mail arrive within a second, so only one of them causes a probe.
pub(crate) const LEAST_PROBE_PAUSE: Duration = Duration::from_secs(1);

/// When a server has been silent for this time, the pauses between its probes begin to grow, even while questions fail because of it. Most outages
/// are shorter, and their ends are noticed within a second or two.
pub(crate) const LONG_SILENCE: Duration = Duration::from_secs(120);

/// After a long silence, failed questions cause the next probe after a pause that is the time of the silence, divided by this number: 15 s after two
/// minutes, and 30 s after four. `MAX_DEAD_TIME` limits it. No mail waits for these probes, because the questions fail at once. With one probe a
/// second, a zone of eight names got 25 queries in 30 s after four minutes; Unbound sends five.
pub(crate) const LONG_SILENCE_PROBES: u32 = 8;

/// The longest time that a question waits for the answer to a probe of a server that is known to be silent, counted from the start of the probe. It
/// is twice the round trip of a far server. The wait for a nearer server is shorter. When the later questions of a mail from a dead domain arrive,
/// this time is already over.
pub const MAX_PROBE_WAIT: Duration = Duration::from_millis(400);

/// A dead server is known to be silent if it has not answered for this time and has not answered a probe either. From then on, no question waits for
/// the server. The time is less than the 4 s that a client waits, so that only the first question of a mail from a dead domain waits. It is longer
/// than any answer takes that still reaches a client in time.
pub(crate) const SILENT_TIME: Duration = Duration::from_secs(3);

/// If no server of a zone has ever answered, a question waits for this time, although the servers are known to be silent. A client gets SERVFAIL
/// after 4 s, and glibc then repeats its query immediately. So an answer that takes 4 to 8 s still reaches the mail software at its first attempt. A
/// later answer is put into the cache for the next question.
pub(crate) const UNHEARD_TIME: Duration = Duration::from_secs(8);

/// If all servers of a zone are known to be silent for other zones, a question waits for this time, or for one and a half times the usual round trip
/// of the zone if that is longer. It is twice the time of a far server's answer, and covers two queries to a server that has never answered. The
/// questions of a mail from a domain of a dead hoster therefore wait a quarter of the time that they wait for other dead domains.
pub(crate) const SILENT_ELSEWHERE_TIME: Duration = Duration::from_secs(1);

/// The time to wait for the answer of a server whose round trip is not known, before another server is asked. Unbound
/// waits 376 ms, Knot 400 ms. Most servers answer within 200 ms from anywhere, and an answer that comes later is used too. On the rough
/// internet of `benches/message.rs`, 200 ms instead of 300 ms shorten the p99 of an email by 10 %, for 1 % more queries.
pub(crate) const UNKNOWN_TIMER: Duration = Duration::from_millis(200);

/// The shortest time after which a second server is asked because the first server has not answered. It covers the delay of the
/// scheduler and of a busy server.
pub(crate) const MIN_TIMER: Duration = Duration::from_millis(30);

/// The least number of measured round trips of a server from which a 95th percentile is computed: one round trip in
/// twenty exceeds it.
pub(crate) const ENOUGH_ROUND_TRIPS: u8 = 20;

/// The greatest number of second queries, per thousand queries, that are sent to another server while the first may still answer. Timers at the 95th
/// percentile cause 50 of them, because one answer in twenty is later, and the loss of bad paths causes another 50. When the number is reached, the
/// resolver waits for a longer timer before it sends the second query.
pub const HEDGES_PER_MILLE: u32 = 200;

/// The greatest number of second queries that one late server may cause in a burst. Each server has its own token
/// bucket, filled at the rate of `HEDGES_PER_MILLE`, because a dead zone must not use up the second queries of all other
/// zones.
pub(crate) const HEDGE_BURST_PER_SERVER: u32 = 25;

/// The share of lost queries of a server is known after this number of queries was lost, and this number was answered. With fewer, one short outage
/// would look like a lossy path.
pub(crate) const LEAST_LOSSES: u8 = 3;

/// While more queries than this wait for a server, its losses are not counted, and its queries are repeated as if it lost none. A server that limits
/// its rate, or whose queue is full, loses more if queries are repeated earlier. A mail gateway rarely asks a small domain more at once.
pub(crate) const QUIET_QUERIES: u16 = 6;

/// After a silence, a server is asked after all other servers for this time, multiplied by the number of its consecutive silences (unanswered
/// queries). The time is limited, because lost packets must not exclude the fastest server permanently.
pub(crate) const DOUBT_TIME: Duration = Duration::from_secs(2);

/// If all servers of a zone have given a doubtful denial (with the SOA of another zone, or without AA and SOA) for a
/// type of a name, the denial is cached for this time. Unbound caches an answer without SOA for the same time. The next
/// question asks all servers again.
pub(crate) const DOUBTED_TIME: Duration = Duration::from_secs(5);

/// If a name exists, the names between it and the apex of its zone exist too, such as `mail` for `_25._tcp.mail`. At
/// most this number of these names is remembered to exist. A name of a reverse tree has thirty such names.
pub(crate) const MAX_SHOWN_ABOVE: usize = 2;

/// The maximum number of NSEC or NSEC3 records of one zone from which denials are made (RFC 8198). Each takes about 1 100 octets, so a zone takes
/// less than 300 KB, which fits into the smallest shard. The number is enough, because mail software asks for names below only some dozens of TLDs
/// that do not exist.
pub(crate) const MAX_RANGES: usize = 256;

/// The memory that the process may use beyond `cache.size` because of the allocator, in per cent of `cache.size`.
/// `benches/compare/misses.sh` measures less.
pub const CACHE_SLACK_PERCENT: u64 = 25;

/// The memory that the process needs in addition to the cache and the history, in octets: 24 MiB for the program, its
/// statistics and work in progress (`WorkBounds`). The rest is for buffers of sockets, for streams of clients and for
/// the threads of many listeners, which the kernel counts as memory of the process.
pub const MEMORY_BESIDE_CACHE: u64 = 192 << 20;
