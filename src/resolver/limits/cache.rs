//! Bounds of the caches, and of the data that are stored about servers. A silence is an unanswered query to a server; several unanswered queries that
//! were in progress at the same time count as one silence. A dead server is one with too many consecutive silences, and a probe is a query that only
//! checks if such a server answers again.

use std::time::Duration;

/// The greatest number of shards of a table, each with its own lock. It exceeds the number of threads that read a table at the same time, so that
/// threads rarely wait for each other.
pub(crate) const MAX_SHARDS_OF_STORE: u64 = 16;

/// The number of counters of changes in the cache. Worker threads keep copies of replies while the counter of the answer is unchanged, so a changed
/// answer invalidates the copies of one in 4096 answers. The counters (16 KiB) fit in the cache of a CPU core.
pub(crate) const ANSWER_VERSIONS: usize = 4_096;

/// The number of slots of a table that are examined while its lock is held. This takes some dozen microseconds.
pub(crate) const SLOTS_AT_ONCE: usize = 1_024;

/// The octets of entries that are evicted while the lock is held, when the cache shrinks: 500 entries of usual size.
pub(crate) const OCTETS_AT_ONCE: u64 = 256 << 10;

/// When the cache shrinks, answers and RRsets keep at least this share of their memory, in thousandths. This is enough for the names in use, which
/// are a small part of a full cache.
pub(crate) const LEAST_ROOM: u64 = 200;

/// The memory of the process is measured after this number of resolutions (flights): occasionally on a usual gateway, and several times a second
/// under a flood of queries.
pub(crate) const ROOM_FLIGHTS: u32 = 8;

/// The cache begins to shrink when the memory of the process exceeds its limit minus this number of octets and minus one part in `ROOM_SLACK_SHARE`
/// of the limit. The process grows until the next measurement: by 10 MiB when many long replies arrive at the same time.
pub(crate) const ROOM_SLACK: u64 = 4 << 20;

/// One part in this number (one sixteenth) of the memory limit of the process is added to `ROOM_SLACK`.
pub(crate) const ROOM_SLACK_SHARE: u64 = 16;

/// The size of the smallest shard of a table, in octets: it holds several of the largest answers.
pub(crate) const MIN_SHARD: u64 = 512 << 10;

/// A block of the snapshot is written as soon as its entries have this number of octets. The block that is being filled needs memory in addition to
/// the cache.
pub(crate) const SNAPSHOT_BLOCK: usize = 256 << 10;

/// The greatest size of a block of the snapshot, in octets. It has room for an RRset from a reply of 64 KiB in which all names were compressed.
pub(crate) const MAX_SNAPSHOT_BLOCK: usize = 2 << 20;

/// If the system clock was set back since a snapshot was written, the snapshot is used only if the clock was set back by at most this time. Its
/// answers may then be used for up to this time after their expiry. A time service corrects a clock by some seconds.
pub(crate) const MAX_SNAPSHOT_SET_BACK: Duration = Duration::from_secs(60);

/// Data about servers in a snapshot are not used if they are older than this, because servers and the network paths to them may have changed.
pub(crate) const RESTORED_SERVER_TIME: Duration = Duration::from_secs(86_400);

/// The time that a client waits before it gets a stale answer: the client response timer of RFC 8767 section 5.
pub(crate) const CLIENT_RESPONSE_TIME: Duration = Duration::from_millis(1_800);

/// A client gets no stale answer if a server has replied to the resolution within this time. It is longer than `UNKNOWN_TIMER` plus a round trip
/// around the world.
pub(crate) const SERVER_QUIET_TIME: Duration = Duration::from_millis(600);

/// The TTL of a stale answer, in seconds, as recommended in RFC 8767 section 4.
pub(crate) const STALE_TTL: u32 = 30;

/// An answer that is in use is fetched again when only its TTL divided by this number (a tenth) is left, as in Unbound.
pub(crate) const RENEWAL_SHARE: u64 = 10;

/// An answer that is in use is fetched again at least this long before it expires, in microseconds: longer than a resolution, which takes up to four
/// seconds.
pub(crate) const LEAST_RENEWAL_TIME: u64 = 5_000_000;

/// An answer is fetched again only when no more than its TTL divided by this number (a sixth of the TTL) is left. If an answer with a TTL of ten
/// seconds were fetched five seconds early, its servers would get twice as many queries. With a sixth, they get a fifth more.
pub(crate) const MOST_RENEWAL_SHARE: u64 = 6;

/// The least TTL of an answer that is fetched again before it expires, in microseconds. A sixth of a shorter TTL is hardly longer than a resolution.
pub(crate) const LEAST_RENEWED_TTL: u64 = 10_000_000;

/// If a question failed while no server at all answered, later clients get the stale answer immediately for this time: the failure recheck timer of
/// RFC 8767 section 5.
pub(crate) const FAILURE_RECHECK_TIME: Duration = Duration::from_secs(30);

/// The time for which the first failure of a question is cached (RFC 9520 section 3.2 requires at least 1 s).
pub(crate) const FIRST_FAILURE_TIME: Duration = Duration::from_secs(1);

/// If no server answered a question although servers answered other questions, the question counts as unanswered for this time. Clients that ask it
/// then wait only for `UNANSWERED_DEADLINE`. Dead servers are probed for an equally long time (`DEAD_WANTED_TIME`) after the last question that
/// needed them.
pub(crate) const UNANSWERED_TIME: Duration = Duration::from_secs(10 * 60);

/// The greatest value to which `UNANSWERED_TIME` grows for one question. Whenever the question is asked after its time has expired and is
/// again not answered, the time is doubled: a gateway may get only one mail an hour from the domain.
pub(crate) const MAX_UNANSWERED_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The time that a client waits for an answer to a question that no server has answered before (see `UNANSWERED_TIME`): three queries to a far
/// server. The resolution continues after that.
pub(crate) const UNANSWERED_DEADLINE: Duration = Duration::from_secs(1);

/// The longest time for which a failure is cached. RFC 9520 allows 5 min, but the repair of a zone should soon be noticed.
pub(crate) const MAX_FAILURE_TIME: Duration = Duration::from_secs(30);

/// The greatest number of zones for which one server is remembered as lame. A hoster's server is rarely lame for more zones that are in use.
pub const MAX_LAME_ZONES: usize = 16;

/// The greatest total size of the names of the zones for which one server is remembered as lame, in octets: sixteen names of two dozen
/// octets. A further name replaces the oldest.
pub(crate) const MAX_LAME_OCTETS: usize = 384;

/// The greatest number of zones for which the unanswered queries to one server are counted separately. A hoster's server drops the queries for a
/// domain that it does not serve, so its silence proves nothing about other zones. A further zone replaces one with few unanswered queries, and a
/// question for the replaced zone waits for the server again. The zones take 2 KB per server.
pub const MAX_SILENT_ZONES: usize = 16;

/// If an answer takes this long, and twice as long as is usual for the server, the cause is assumed to be its zone. Nine in ten servers answer within
/// 240 ms from anywhere. If queries are repeated after this time, all but one in 1 000 are answered within 4 s at 30 % loss.
pub(crate) const SLOW_ANSWER_TIME: Duration = Duration::from_millis(500);

/// The greatest number of zones that are remembered for one server because it answers much more slowly for them. A further zone replaces the oldest
/// one, for which queries are then repeated sooner than necessary. The zones take 300 octets per server.
pub const MAX_SLOW_ZONES: usize = 8;

/// If a server is known to be silent for one zone, it counts as silent for another zone after this number of consecutive unanswered queries for that
/// zone. After only one, each packet loss on the path to a working server would make a question fail.
pub(crate) const SILENCES_OF_ANOTHER_ZONE: u32 = 2;

/// The time for which a server counts as lame for a zone. Unbound's infra-host-ttl is 15 min.
pub(crate) const LAME_TIME: Duration = Duration::from_secs(600);

/// The time for which a server that rejected a query because of EDNS is asked without EDNS.
pub(crate) const NO_EDNS_TIME: Duration = Duration::from_secs(900);

/// A server that does not repeat the mixed case of a name, or does not find names in mixed case, is asked in the case of the question for this time.
/// Testing it again costs one query, and servers seldom change.
pub(crate) const FLIPS_CASE_TIME: Duration = Duration::from_secs(86_400);

/// If a server has found a name in mixed case, its denials of such names are believed for this time.
pub(crate) const FINDS_CASE_TIME: Duration = FLIPS_CASE_TIME;

/// Each time a server denies a name in mixed case, it is asked again in the case of the question. After it has repeated its denial for this number of
/// names, its denials are believed for a day. This limits the second queries to servers that only deny, such as those of reverse zones and unknown
/// lists. The server of a mail domain is usually asked for an existing name first (`FINDS_CASE_TIME`).
pub(crate) const CONFIRMED_DENIALS: u8 = 8;

/// If replies of more than 512 octets from a server did not arrive over UDP, shorter replies are requested for this time, or until a longer reply
/// arrives. The time is long, because a question takes up to a second longer when this is found out again. If two lost packets were the reason, a
/// long reply needs one round trip more in this time, because it comes over TCP.
pub(crate) const SHORT_TIME: Duration = Duration::from_secs(86_400);

/// If a server refuses or does not answer TCP, its truncated answers are fetched from other servers of the zone, if there are any, for this time. It
/// is short, because the network path may be the reason.
pub const NO_TCP_TIME: Duration = Duration::from_secs(60);

/// The number of consecutive unanswered queries after which a server counts as dead. Queries that were in progress at the same time count as one. At
/// 5 % loss, this happens to one in 8 000 working servers.
pub(crate) const DEAD_AFTER_SILENCES: u32 = 3;

/// A server that answers for other zones counts as dead for a zone after this number of consecutive unanswered queries, or after
/// `DEAD_AFTER_SILENCES` if it has not answered a probe either. If a dead server has left this number of queries unanswered, a question for
/// another of its zones waits for it only for `SILENT_ELSEWHERE_TIME`. At 30 % loss in each direction, one in 60 working servers reaches
/// this number, and one in 8 reaches `DEAD_AFTER_SILENCES`.
pub(crate) const SURE_SILENCES: u32 = 2 * DEAD_AFTER_SILENCES;

/// The time for which a dead server is not asked at first. It is short, so that the return of the server is noticed soon.
pub(crate) const FIRST_DEAD_TIME: Duration = Duration::from_secs(2);

/// The longest time for which a dead server is not asked: a server that works again is used within a minute.
pub const MAX_DEAD_TIME: Duration = Duration::from_secs(32);

/// The longest time for which a dead server is not asked while questions fail because all servers of their zone are dead. The first answer after an
/// outage then comes within two seconds of the first question. Each server of a dead zone that clients ask for all the time gets one query a second
/// (`LEAST_PROBE_PAUSE`), until it has not answered for `LONG_SILENCE`.
pub(crate) const MAX_WANTED_DEAD_TIME: Duration = FIRST_DEAD_TIME;

/// A question that fails because all servers of its zone are dead causes a probe of them if their last probe began at least this long ago. The
/// questions of one mail arrive within a second, so only one of them causes a probe.
pub(crate) const LEAST_PROBE_PAUSE: Duration = Duration::from_secs(1);

/// If a server has not answered for this time, the pauses between its probes grow, even while questions fail because of it. Most outages are shorter,
/// and their ends are noticed within a second or two.
pub(crate) const LONG_SILENCE: Duration = Duration::from_secs(120);

/// If a server has not answered for longer than `LONG_SILENCE`, failed questions cause its next probe after a pause: the time without an answer
/// divided by this number. It is 15 s after two minutes, and 30 s after four, up to `MAX_DEAD_TIME`. No mail waits for these probes, because the
/// questions fail at once.
pub(crate) const LONG_SILENCE_PROBES: u32 = 8;

/// The longest time that a question waits for the probe of a server that is known to be silent, counted from the start of the probe: twice the round
/// trip of a far server. When the later questions of a mail from a dead domain arrive, this time is over.
pub const MAX_PROBE_WAIT: Duration = Duration::from_millis(400);

/// A dead server that has answered neither a question nor a probe for this time is known to be silent: no question waits for it any more. The time is
/// less than the 4 s that a client waits, so that only the first question of a mail from a dead domain waits. All answers that still reach a client
/// in time take less than this time.
pub(crate) const SILENT_TIME: Duration = Duration::from_secs(3);

/// If no server of a zone has ever answered, a question waits for this time, even if the servers are known to be silent. A client gets SERVFAIL after
/// 4 s, and glibc then repeats its query immediately. So an answer that takes 4 to 8 s still reaches the mail software at its first attempt.
pub(crate) const UNHEARD_TIME: Duration = Duration::from_secs(8);

/// If all servers of a zone are known to be silent for other zones, a question waits for this time, or for one and a half times the usual round trip
/// of the zone if that is longer. A second is twice the time of a far server's answer, and enough for two queries to a server that has never
/// answered. It is a quarter of the time for which a question usually waits.
pub(crate) const SILENT_ELSEWHERE_TIME: Duration = Duration::from_secs(1);

/// The time to wait for a server whose round trip is not known, before another server is asked. Most servers answer within 200 ms from anywhere, and
/// a later answer is used too. In `benches/message.rs`, 200 ms instead of 300 ms shorten the p99 of an email by 10 %, for 1 % more queries.
pub(crate) const UNKNOWN_TIMER: Duration = Duration::from_millis(200);

/// The shortest time after which a second server is asked. It covers the delay of the scheduler and of a busy server.
pub(crate) const MIN_TIMER: Duration = Duration::from_millis(30);

/// The least number of measured round trips from which a 95th percentile is computed: one in twenty exceeds it.
pub(crate) const ENOUGH_ROUND_TRIPS: u8 = 20;

/// The greatest number of hedges per thousand queries: second queries that are sent while the first server may still answer. Because timers end at
/// the 95th percentile of the round trips, there are 50 hedges, and the loss on bad paths causes another 50. When the number is reached, the second
/// query is sent after a longer timer.
pub const HEDGES_PER_MILLE: u32 = 200;

/// The greatest number of hedges that one late server may cause in a burst. Each server has its own token bucket, filled at the rate of
/// `HEDGES_PER_MILLE`, because a dead zone must not use up the hedges of all other zones.
pub(crate) const HEDGE_BURST_PER_SERVER: u32 = 25;

/// The share of lost queries of a server is used only if at least this number of its queries were lost, and at least this number were answered. With
/// fewer, one short outage would look like a lossy path.
pub(crate) const LEAST_LOSSES: u8 = 3;

/// While more queries than this wait for a server, its losses are not counted, and its queries are repeated as if it lost none. A server with a rate
/// limit or a full queue loses more if queries are repeated earlier. A mail gateway rarely sends the servers of a small domain more queries at once.
pub(crate) const QUIET_QUERIES: u16 = 6;

/// After an unanswered query, a server is asked last for this time, multiplied by the number of consecutive unanswered queries. After that, it is
/// asked in the usual order: it may be the fastest server, and the packets may have been lost on the path.
pub(crate) const DOUBT_TIME: Duration = Duration::from_secs(2);

/// If all servers of a zone have given a doubtful denial (with the SOA of another zone, or without AA and SOA), it is cached for this time. Unbound
/// caches an answer without SOA for the same time.
pub(crate) const DOUBTED_TIME: Duration = Duration::from_secs(5);

/// If a name exists, the names between it and the apex of its zone exist too, such as `mail` for `_25._tcp.mail`. At most this number of them is
/// remembered. A name of a reverse tree has thirty such names.
pub(crate) const MAX_SHOWN_ABOVE: usize = 2;

/// The maximum number of NSEC or NSEC3 records of one zone from which denials are made (RFC 8198). They take about 1 100 octets each, and together
/// fit into the smallest shard. Mail software asks for names below only some dozens of TLDs that do not exist.
pub(crate) const MAX_RANGES: usize = 256;

/// If a range of a zone denies a name that exists, no range of the zone is used for this time: a day, in which most zones are signed again.
pub(crate) const REFUTED_TIME: Duration = Duration::from_secs(86_400);

/// The maximum number of name servers and mail hosts of a zone that are compared with its ranges. Few domains have more of both in the domain itself.
pub(crate) const MAX_REFUTING_HOSTS: usize = 8;
