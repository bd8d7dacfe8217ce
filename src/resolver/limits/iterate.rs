//! Bounds of the iterative resolution of a name: its queries to servers, its steps from zone to zone (a walk), and the
//! servers that are asked. A silence is an unanswered query to a server; several unanswered queries that were in
//! progress at the same time count as one silence. A dead server is one with too many consecutive silences, and a probe
//! is a query that only checks whether such a server answers again.

use std::time::Duration;

use crate::limits::MAX_DEAD_TIME;

/// The greatest number of queries to servers for one client question and its sub-questions. A name that is not in the cache, below zones that are not
/// in the cache and have servers without glue, needs about 30. Unbound stops at 32 referrals and 64 targets. The bound prevents NXNSAttack
/// (CVE-2020-12662).
pub const MAX_PACKETS_PER_QUESTION: u32 = 100;

/// The greatest depth of sub-questions. A sub-question resolves the name of a server, whose zone may again have servers whose names must be resolved.
/// Unbound's default target fetch policy stops at depth 4. Deeper chains are loops or attacks, because each level multiplies the queries for one
/// question. A name that needs six levels is therefore answered with SERVFAIL, although BIND resolves it. This difference is documented in
/// resolverd-migration(7).
pub(crate) const MAX_DEPTH: u8 = 5;

/// The greatest number of referrals that are followed for one name. A name of 34 labels in ip6.arpa has fewer zone cuts.
pub(crate) const MAX_REFERRALS: usize = 40;

/// The greatest number of queries of one question whose name is shortened (query name minimisation). RFC 9156 section
/// 2.3 allows 10. Only servers of the root and of TLDs get such queries, and a name has at most four cuts at which such
/// servers are asked.
pub(crate) const MAX_PROBES: u8 = 4;

/// The servers of a zone whose name has at least this number of labels belong to the owner of the queried name, and get
/// the whole name. The servers of the root and of TLDs are shared by everybody, and get a shortened name.
pub(crate) const PRIVATE_LABELS: usize = 2;

/// If the query for the servers of the root (priming) fails, the root hints are used for this time before priming is
/// tried again.
pub(crate) const PRIME_RETRY: Duration = Duration::from_secs(60);

/// If a server does not answer this number of queries whose name is in mixed case, it gets one query in the case of the
/// question. A few servers drop names in mixed case.
pub(crate) const MIXED_CASE_TRIES: u8 = 3;

/// If a server answers this number of queries in the case of the question, and no query in mixed case between them, it
/// gets no mixed case for a day. One answer is not enough, because one loss or delay can affect all queries of a
/// question.
pub(crate) const OWN_CASE_ANSWERS: u8 = 2;

/// The greatest number of second queries (to another server while the first may still answer) in a burst, for all
/// servers together. A server of a large hoster may stop answering while a queue of mail is processed.
pub const HEDGE_BURST: u32 = 100;

/// The number of additional queries, per thousand queries, that only measure the round trip of a server while no question waits for them. Knot
/// Resolver sends the same share of its queries to a random server.
pub(crate) const MEASURED_PER_MILLE: u32 = 50;

/// The greatest number of queries in a burst that only measure the round trip of a server. It is enough to measure the other servers of all zones
/// that two emails need.
pub(crate) const MEASURE_BURST: u32 = 20;

/// If the round trip of a server was not measured for this time, it is measured again. Unbound forgets a server after 15
/// minutes (`infra-host-ttl`).
pub(crate) const MEASURED_TIME: Duration = Duration::from_secs(10 * 60);

/// The time after which the round trip of a server is measured again if the measuring query or its answer was lost.
pub(crate) const MEASURE_PAUSE: Duration = Duration::from_secs(10);

/// If the round trip of a server of a zone is shorter than this, the other servers of the zone are not measured. The
/// eight questions that an email causes one after the other would become faster by less than one round trip of a far
/// server.
pub(crate) const NEAR_ENOUGH: Duration = Duration::from_millis(10);

/// The greatest number of probes of dead servers in progress at the same time. Each is one query. Further probes wait.
pub(crate) const MAX_DEAD_PROBES: usize = 32;

/// The least time to wait for the answer to a probe, if the server has answered before. It is four times the round trip
/// of a far server. If a far server drops the queries for a zone, resolverd then knows this before the second question
/// of a mail has waited as long as the first.
pub(crate) const PROBE_TIME: Duration = Duration::from_secs(1);

/// The greatest number of query types that the probes of one server use in turn. They are the types of client questions:
/// a mail needs MX and an address.
pub(crate) const MAX_PROBED_TYPES: usize = 2;

/// The greatest number of dead servers that are probed. With `MAX_DEAD_PROBES` probes at a time, each of which takes `MAX_TIMER`, all these servers
/// are probed within 16 s. The servers that a few mails need are probed within `MAX_WANTED_DEAD_TIME`. The mail of a gateway needs a few dozen dead
/// servers. If a server was removed because there were too many, the next question for its zone adds it again.
pub(crate) const MAX_DEAD_SERVERS: usize = 256;

/// The greatest number of zones for which one server that is not dead for all zones is probed. They are domains from
/// which a gateway receives mail and which their hoster no longer serves. A dead server gets one probe for all its
/// zones.
pub(crate) const MAX_PROBED_ZONES: usize = 8;

/// A dead server is probed until this time after the last question that needed it, which is about twenty probes. For a domain with rarer mail, the
/// probe that its next question causes is sufficient.
pub const DEAD_WANTED_TIME: Duration = Duration::from_secs(10 * 60);

/// The greatest number of silences (unanswered queries) that are not counted until another answer proves that the network of this host
/// works. It allows a few for each dead server of a mail. Further silences are dropped, but the next silence of the same server is counted.
pub(crate) const MAX_UNPROVEN: usize = 64;

/// A silence is counted when an answer of another server proves that the network of this host works. If no other server can be asked, the silence
/// waits for such an answer for at most this time. With `forward_first`, recursion begins after 1.8 s, and its first answers arrive within a second.
pub(crate) const UNPROVEN_TIME: Duration = Duration::from_secs(3);

/// A query that only shows whether the network of this host works is sent this long after a silence. On a busy gateway, another server has
/// answered by then, and the query is not needed. A quiet gateway sends at most five such queries a second.
pub(crate) const WITNESS_DELAY: Duration = Duration::from_millis(200);

/// If a zone is silent and its delegation in the cache is older than this, the parent zone is asked for the delegation
/// again, because the zone may have moved to other servers. The time equals the interval of the probes of the zone's
/// servers.
pub(crate) const SILENT_DELEGATION_TIME: Duration = MAX_DEAD_TIME;

/// The greatest number of copies of one query that still wait for an answer after their resolution (flight) has ended: the first, and one
/// that was sent because the first seemed lost.
pub(crate) const LATE_COPIES: u8 = 2;

/// The greatest number of late answers (answers that arrive after their resolution has ended) that wait to be
/// put into the cache. Further late answers are dropped.
pub(crate) const MAX_LATE_ANSWERS: usize = 64;

/// The longest time that a late answer waits for the keys that are needed to validate it. The keys of the zone were
/// queried at the same time, and arrive equally late.
pub(crate) const LATE_KEYS_TIME: Duration = Duration::from_secs(1);

/// The greatest number of late answers that are validated at the same time. The validation of an answer needs queries if the keys of the zone are not
/// in the cache.
pub(crate) const MAX_LATE_JUDGED: usize = 16;

/// The longest time to wait for the answer to the first query to a server. A server that takes longer is treated as
/// silent.
pub(crate) const MAX_TIMER: Duration = Duration::from_secs(2);

/// The greatest number of queries to one server that have timed out but may still be answered. It is enough for the questions of a few seconds in a
/// slow zone. Such queries to a dead server are given up earlier. Otherwise thirty questions a second to a dead server would use up the allowed
/// number of queries.
pub(crate) const MAX_LATE_PER_SERVER: usize = 64;

/// The total number of queries that have timed out but may still be answered is limited. Of the number that is left, one server gets at most one part
/// in this number. Two hundred silent servers then leave room for the queries to a slow server.
pub(crate) const LATE_SHARE: usize = 16;

/// If this number of queries to a dead server have timed out but may still be answered, the server gets only one query
/// for each question instead of `MAX_TRIES`. It is the number of such queries that two questions cause.
pub(crate) const CROWDED_SERVER: usize = 2 * MAX_TRIES as usize;

/// The greatest number of servers of one zone that are used. The root and .com have 13. No zone in use has more than 26.
pub(crate) const MAX_SERVERS: usize = 26;

/// The greatest number of addresses of the servers of one zone that are used: two address families for each server.
pub(crate) const MAX_ADDRESSES: usize = 2 * MAX_SERVERS;

/// The greatest number of server names without an address that are resolved for one zone of one question, a few at a
/// time. A referral may name hundreds (NXNSAttack, CVE-2020-12662).
pub(crate) const MAX_UNGLUED: usize = 6;

/// The greatest number of server names without an address that are resolved for one client question, in all its zones and sub-questions together. A
/// name that is not in the cache, below three zone cuts whose servers are named in each other's zones, needs nine. In an attack, each of these names
/// costs the victim two queries.
pub(crate) const MAX_SOUGHT: u32 = 24;

/// The greatest number of zones with `forward_first` that a question remembers because their forwarders have failed. Few
/// hosts have more than two such zones. If there are more, the sub-questions in the further zones wait for the
/// forwarders again.
pub(crate) const MAX_PAST_FORWARDERS: usize = 8;

/// The greatest number of server names that one question resolves at the same time.
pub(crate) const UNGLUED_AT_ONCE: usize = 2;

/// The greatest number of queries to one server in one step of a resolution. At 30 % loss, one step in 15 000 still fails if
/// the zone has only one server. The queries of a near server, which are repeated at growing intervals, last as long as
/// a client waits.
pub const MAX_TRIES: u8 = 8;

/// If a server loses more than this share of its queries, in per cent, an overdue query is more likely lost than late: a timer is the 95th percentile
/// of the round trips, so only 5 % of the answers are late.
pub(crate) const LOSSY: u8 = 5;

/// If a server loses this share of its queries, in per cent, a query is repeated in two copies. If the real loss is about 25 % or more, the measured
/// share nearly always exceeds this bound, and the copies stay within `HEDGES_PER_MILLE`.
pub(crate) const HEAVY_LOSS: u8 = 20;

/// The number of queries to a lossy server, in one step of a resolution, whose timers do not grow. At 30 % loss, all five queries are lost for one
/// question in 400. If five queries are not answered, the reason is probably an outage, so the timers then grow as for other servers.
pub(crate) const STEADY_TRIES: u8 = 5;

/// The greatest number of queries over TCP to a server that truncated its answer, in one step of a resolution. The kernel
/// repeats lost TCP packets, after a second if it is the first packet. A second query helps only if the connection has
/// broken.
pub(crate) const MAX_STREAM_TRIES: u8 = 2;

/// The greatest number of queries of one step of a resolution that wait for an answer at the same time.
pub(crate) const MAX_UNDER_WAY: usize = 16;

/// IPv6 counts as broken if servers in this number of IPv6 networks were silent one after the other, with an answer over IPv4 between each two
/// silences (unanswered queries) and no answer over IPv6. If half of the queries are lost by chance, that happens once in 64 cases.
pub(crate) const MAX_IPV6_SILENCES: usize = 6;

/// When IPv6 is tried again after it was broken, it counts as broken again if servers in this number of IPv6 networks are silent. It is more than
/// one, because a single silent network could be a dead server. See `MAX_IPV6_SILENCES`.
pub(crate) const IPV6_SILENCES_AGAIN: usize = 2;

/// The time for which IPv6 is not used when it counts as broken for the first time. It is short, because possibly only
/// dead servers were silent.
pub(crate) const FIRST_BROKEN_IPV6_TIME: Duration = Duration::from_secs(10);

/// The longest time for which broken IPv6 is not used before it is tried again. It may be long, because the servers are
/// reached over IPv4 meanwhile.
pub(crate) const BROKEN_IPV6_TIME: Duration = Duration::from_secs(600);

/// For this time after an answer over IPv6, the silence of servers that have never answered does not count as a sign
/// that IPv6 is broken.
pub(crate) const IPV6_HEARD_TIME: Duration = Duration::from_secs(60);

/// The time of the last answer over IPv6 is stored only if the stored time is older than this, so that not every answer
/// writes it.
pub(crate) const IPV6_HEARD_PAUSE: Duration = Duration::from_secs(1);

/// If this host has no route for an address family, the family is not used for this time.
pub(crate) const NO_ROUTE_TIME: Duration = Duration::from_secs(60);

/// If a server answered SERVFAIL for a zone, it is asked after the other servers of the zone for this time. It is short,
/// because its next answer may be correct.
pub(crate) const FAILING_TIME: Duration = Duration::from_secs(10);

/// A doubtful denial has the SOA of another zone, or neither AA nor SOA: it may come from a server that no longer serves the zone. If all servers of
/// a delegation that is older than this give a doubtful denial, the delegation is fetched again, because the domain may have moved to other servers.
/// If the parent names the same servers, the denial is believed, and the delegation is not fetched again for this time.
pub(crate) const SUSPECT_AGE: Duration = Duration::from_secs(600);

/// The greatest number of delegations and server addresses that wait to be fetched again, are being fetched again, or
/// could recently not be fetched again. A gateway uses some thousand zones with a TTL of a day.
pub(crate) const MAX_QUEUED_RENEWALS: usize = 256;

/// The greatest number of delegations and server addresses, of those that `MAX_QUEUED_RENEWALS` counts, for which the
/// servers of one zone are asked. A silent top-level domain then leaves room for others.
pub(crate) const MAX_QUEUED_RENEWALS_OF_ZONE: usize = MAX_QUEUED_RENEWALS / 4;

/// If the attempt to fetch a delegation or a server address again has failed, the next attempt begins after this time.
pub(crate) const RENEWAL_PAUSE: Duration = Duration::from_secs(60);

/// The longest time to wait for the answer of a server that is known to be slow, over UDP or TCP, when resolverd checks
/// this server without the cache. Two questions, one after the other, need less than `CHECK_SERVER_TIME`.
pub(crate) const DIRECT_LATE_TIME: Duration = Duration::from_millis(4_500);

/// The greatest number of records that a step of a trace names because they were removed from an answer. The first
/// records show what the server tried.
pub(crate) const MAX_REPORTED_REMOVED: usize = 4;
