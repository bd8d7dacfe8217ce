//! Bounds of the iterative resolution of a name: its queries to servers, its steps from zone to zone (a walk), and the servers that are asked. A
//! silence is an unanswered query to a server; several unanswered queries that were in progress at the same time count as one silence. A dead server
//! is one with too many consecutive silences, and a probe is a query that only checks if such a server answers again.

use std::time::Duration;

use crate::limits::MAX_DEAD_TIME;

/// The greatest number of queries for one client question and its sub-questions. An uncached name below uncached zones whose servers have no glue
/// needs about 30. The bound prevents NXNSAttack (CVE-2020-12662).
pub const MAX_PACKETS_PER_QUESTION: u32 = 100;

/// The greatest depth of sub-questions: the name of a server may be in a zone whose servers' names must be resolved too. Unbound stops at depth 4.
/// Deeper chains are loops or attacks, because each level multiplies the queries for one question. A name that needs six levels gets SERVFAIL,
/// although BIND resolves it (documented in resolverd-migration(7)).
pub(crate) const MAX_DEPTH: u8 = 5;

/// The greatest number of referrals that are followed for one name. A name of 34 labels in ip6.arpa has fewer zone cuts.
pub(crate) const MAX_REFERRALS: usize = 40;

/// The greatest number of queries of one question with a shortened name (query name minimisation). RFC 9156 section 2.3 allows 10. Only servers of
/// the root and of TLDs get such queries, and the zone cuts that these servers know are at most four levels deep.
pub(crate) const MAX_PROBES: u8 = 4;

/// The servers of a zone with at least this number of labels belong to the owner of the queried name, and get the whole name. Those of the root and
/// of TLDs get a shortened name.
pub(crate) const PRIVATE_LABELS: usize = 2;

/// If priming fails, the root hints are used for this time before priming is tried again.
pub(crate) const PRIME_RETRY: Duration = Duration::from_secs(60);

/// After this number of unanswered queries in mixed case, a server gets one query with the upper and lower case of the question. A few
/// servers drop names in mixed case.
pub(crate) const MIXED_CASE_TRIES: u8 = 3;

/// If a server answers this number of queries in the case of the question, and none in mixed case between them, it gets no mixed case for a day. One
/// answer is not enough, because one loss or delay can affect all queries of a question.
pub(crate) const OWN_CASE_ANSWERS: u8 = 2;

/// Timeouts show nothing about a server while the network of this host loses packets, and for this time afterwards: resolutions of the fault may
/// still be in progress, for at most 10 s, and a fault that ends often begins again.
pub(crate) const HOST_FAULT_TIME: Duration = Duration::from_secs(60);

/// The greatest number of hedges (second queries while the first server may still answer) in a burst, for all servers together. A server of a large
/// hoster may fail while a queue of mail is processed.
pub const HEDGE_BURST: u32 = 100;

/// The number of additional queries, per thousand queries, that only measure the round trip of a server. Knot Resolver sends the same share of its
/// queries to a random server.
pub(crate) const MEASURED_PER_MILLE: u32 = 50;

/// The greatest number of queries in a burst that only measure a round trip: enough for the other servers of all zones that two emails need.
pub(crate) const MEASURE_BURST: u32 = 20;

/// The round trip of a server is measured again after this time. Unbound forgets a server after 15 minutes (`infra-host-ttl`).
pub(crate) const MEASURED_TIME: Duration = Duration::from_secs(10 * 60);

/// The round trip of a server is measured again after this time if the measuring query was lost.
pub(crate) const MEASURE_PAUSE: Duration = Duration::from_secs(10);

/// If a server of a zone has a shorter round trip than this, the other servers of the zone are not measured. The eight questions that an email causes
/// one after the other would gain less than one round trip of a far server.
pub(crate) const NEAR_ENOUGH: Duration = Duration::from_millis(10);

/// The greatest number of probes of dead servers in progress. Further probes wait.
pub(crate) const MAX_DEAD_PROBES: usize = 32;

/// The least time to wait for the reply to a probe, if the server has answered before: four times the round trip of a far server. It is short, so
/// that a second question of a mail waits less than the first if the server drops the queries for a zone.
pub(crate) const PROBE_TIME: Duration = Duration::from_secs(1);

/// The greatest number of query types that the probes of one server use alternately. A mail needs MX and an address.
pub(crate) const MAX_PROBED_TYPES: usize = 2;

/// The greatest number of dead servers that are probed. With `MAX_DEAD_PROBES` probes at a time, each of which takes `MAX_TIMER`, all are probed
/// within 16 s. The mail of a gateway needs a few dozen dead servers. If there are more than this number, the server that no question has needed for
/// the longest time is no longer probed, until the next question for its zone.
pub(crate) const MAX_DEAD_SERVERS: usize = 256;

/// The greatest number of zones for which one server is probed if it is dead only for these zones: domains that their hoster no longer serves. A
/// server that is dead for all its zones gets one probe for all of them.
pub(crate) const MAX_PROBED_ZONES: usize = 8;

/// A dead server is probed until this time after the last question that needed it: about twenty probes. For a domain with rarer mail, the probe that
/// its next question causes is sufficient.
pub const DEAD_WANTED_TIME: Duration = Duration::from_secs(10 * 60);

/// The greatest number of unanswered queries that wait for the proof that the network of this host works: a few for each dead server of a mail. They
/// count against their servers only after this proof. If this number waits, a further unanswered query does not count. The next unanswered query to
/// the same server has the same effect.
pub(crate) const MAX_UNPROVEN: usize = 64;

/// If no other server can be asked, an unanswered query waits at most for this time for the proof that the network of this host works (an answer of
/// another server). With `forward_first`, recursion begins after 1.8 s, and its first answers arrive within a second.
pub(crate) const UNPROVEN_TIME: Duration = Duration::from_secs(3);

/// A query that tests the network of this host is sent this long after a query has remained unanswered. On a busy gateway, another server has
/// answered by then. A quiet gateway sends at most five such queries a second.
pub(crate) const WITNESS_DELAY: Duration = Duration::from_millis(200);

/// If a zone is silent, its cached delegation is fetched again when it is older than this, because the zone may have moved. The time equals the
/// interval of the probes of its servers.
pub(crate) const SILENT_DELEGATION_TIME: Duration = MAX_DEAD_TIME;

/// The greatest number of copies of one query that wait for an answer after their resolution (flight) has ended: the first, and one that was sent
/// because the first seemed lost.
pub(crate) const LATE_COPIES: u8 = 2;

/// The greatest number of answers that arrived after the end of their resolution and wait to be cached. Further ones are dropped.
pub(crate) const MAX_LATE_ANSWERS: usize = 64;

/// The longest time that a late answer waits for the keys that validate it. They were queried at the same time, and arrive equally late.
pub(crate) const LATE_KEYS_TIME: Duration = Duration::from_secs(1);

/// The greatest number of late answers that are validated at the same time. Each may need queries for the keys of the zone.
pub(crate) const MAX_LATE_JUDGED: usize = 16;

/// The longest time to wait for the answer to the first query to a server. A slower server is treated as silent.
pub(crate) const MAX_TIMER: Duration = Duration::from_secs(2);

/// The greatest number of queries to one server that have timed out but may still be answered: enough for the questions of a few seconds in a slow
/// zone. Otherwise thirty questions a second to a dead server would use up the allowed number of queries.
pub(crate) const MAX_LATE_PER_SERVER: usize = 64;

/// The total number of queries that have timed out but may still be answered is limited. One server gets at most the unused part of this limit,
/// divided by this number. Two hundred silent servers therefore leave room for a slow one.
pub(crate) const LATE_SHARE: usize = 16;

/// If this number of queries to a dead server have timed out but may still be answered, each question sends it only one query instead of
/// `MAX_TRIES`. The number is reached after two questions.
pub(crate) const CROWDED_SERVER: usize = 2 * MAX_TRIES as usize;

/// The greatest number of servers of one zone that are used. The root and .com have 13, and no zone in use has more than 26.
pub(crate) const MAX_SERVERS: usize = 26;

/// The greatest number of addresses of the servers of one zone that are used: two address families for each server.
pub(crate) const MAX_ADDRESSES: usize = 2 * MAX_SERVERS;

/// The greatest number of servers of one zone that one question asks. An attacker may name as many addresses of a victim as a message holds, and no
/// zone needs more: of so many servers, one answers.
pub(crate) const MAX_ASKED_SERVERS: usize = 16;

/// The greatest number of server names without an address that are resolved for one zone of one question. A referral may name hundreds (NXNSAttack,
/// CVE-2020-12662). With `MAX_CONFIRMED_OF_SUB_QUESTIONS`, names that do not exist cost the servers of their zone six queries, as with Unbound.
pub(crate) const MAX_UNGLUED: usize = 5;

/// The greatest number of errors for names in mixed case that one question repeats in its own case. A zone of which four servers fail in both cases is
/// not served by them.
pub(crate) const MAX_CONFIRMED_ERRORS: u32 = 4;

/// A sub-question confirms a denial or an error in mixed case only if fewer than this number was confirmed for its question so far. Those of a second
/// server that does not find mixed case are believed, which loses a zone only if all its servers are named below both.
pub(crate) const MAX_CONFIRMED_OF_SUB_QUESTIONS: u32 = 1;

/// The greatest number of server names that are resolved for one client question with all its sub-questions. An uncached name below three zone cuts
/// whose servers are named in each other's zones needs nine. In an attack, each of these names costs the victim two queries.
pub(crate) const MAX_SOUGHT: u32 = 24;

/// A question remembers the zones with `forward_first` whose forwarders failed, up to this number of zones, so that its sub-questions do not wait
/// for these forwarders again. Few hosts have more than two such zones.
pub(crate) const MAX_PAST_FORWARDERS: usize = 8;

/// The greatest number of server names that one question resolves at the same time.
pub(crate) const UNGLUED_AT_ONCE: usize = 2;

/// The greatest number of queries of one question to one server of a zone. At 30 % loss, they all fail for one question in 15 000 if the zone has
/// only one server. With a near server, they last as long as a client waits.
pub const MAX_TRIES: u8 = 8;

/// A server that answered before this question gets this number of queries more than `MAX_TRIES`. Their timers are the longest, so that the last one
/// leaves shortly before a client's deadline of 4 s: eight queries take two seconds.
pub(crate) const LAST_TRIES: u8 = 2;

/// Replaces `LAST_TRIES` for a server that is known to lose packets (`LOSSY`), which gets two of them at a time if it is alone. With 60 % loss, twelve
/// queries are all lost for one question in 460.
pub(crate) const LAST_TRIES_OF_LOSSY: u8 = 4;

/// If a server loses more than this share of its queries, in per cent, an overdue query is more likely lost than late: only 5 % of the answers are
/// later than the timer.
pub(crate) const LOSSY: u8 = 5;

/// If a server loses this share of its queries, in per cent, a query is repeated in two copies. A real loss of 25 % or more nearly always exceeds
/// this bound, and the copies stay within `HEDGES_PER_MILLE`.
pub(crate) const HEAVY_LOSS: u8 = 20;

/// For this number of queries of one question to a lossy server, the timers do not grow. At 30 % loss, all five queries are lost for one question
/// in 400. After that, the reason is probably an outage, so the timers grow.
pub(crate) const STEADY_TRIES: u8 = 5;

/// The greatest number of queries of one question over TCP to a server that truncated its answer. The kernel repeats lost TCP packets, so a second
/// query helps only if the connection has broken.
pub(crate) const MAX_STREAM_TRIES: u8 = 2;

/// The greatest number of queries of one question to the servers of one zone that wait for an answer at the same time.
pub(crate) const MAX_UNDER_WAY: usize = 16;

/// IPv6 counts as broken if servers in this number of IPv6 networks did not answer, one after the other. Between each two of them, a server must have
/// answered over IPv4, and none over IPv6. If half of the queries are lost by chance, that happens once in 64 cases.
pub(crate) const MAX_IPV6_SILENCES: usize = 6;

/// When IPv6 is tried again, it counts as broken again if servers in this number of IPv6 networks are silent. A single silent network could be a dead
/// server.
pub(crate) const IPV6_SILENCES_AGAIN: usize = 2;

/// The time for which IPv6 is not used when it counts as broken for the first time. It is short, because possibly only dead servers were silent.
pub(crate) const FIRST_BROKEN_IPV6_TIME: Duration = Duration::from_secs(10);

/// The longest time for which broken IPv6 is not used. It may be long, because the servers are reached over IPv4.
pub(crate) const BROKEN_IPV6_TIME: Duration = Duration::from_secs(600);

/// For this time after an answer over IPv6, the silence of servers that have never answered does not count against IPv6.
pub(crate) const IPV6_HEARD_TIME: Duration = Duration::from_secs(60);

/// The time of the last answer over IPv6 is written only if the stored time is older than this.
pub(crate) const IPV6_HEARD_PAUSE: Duration = Duration::from_secs(1);

/// If this host has no route for an address family, the family is not used for this time.
pub(crate) const NO_ROUTE_TIME: Duration = Duration::from_secs(60);

/// A server that answered SERVFAIL for a zone is asked last for this time. It is short, because its next answer may be correct.
pub(crate) const FAILING_TIME: Duration = Duration::from_secs(10);

/// A server gave a usable answer lately if it was within this time. If it then answers SERVFAIL, its backend, or one of the machines behind its
/// address, has probably failed.
pub(crate) const SERVED_TIME: Duration = Duration::from_secs(300);

/// If all servers of a zone answer SERVFAIL, also at the second query, and some of them served lately, these are asked again after each of these
/// pauses, in milliseconds. With half of the answers wrong, one question in a thousand still fails. Together, the pauses take less than half of a
/// client's deadline of 4 s.
pub(crate) const FAILING_PAUSES: [u64; 8] = [50, 100, 150, 200, 250, 300, 350, 400];

/// The greatest number of servers that are asked after each of `FAILING_PAUSES`.
pub(crate) const FAILING_AT_ONCE: usize = 2;

/// For this time after all queries of `FAILING_PAUSES` were answered with SERVFAIL, no question waits for the zone again.
pub(crate) const FAILED_TIME: Duration = Duration::from_secs(60);

/// A doubtful denial has the SOA of another zone, or neither AA nor SOA: it may come from a server that no longer serves the zone. If all
/// servers of a delegation give one, and the delegation is older than this time, it is fetched again. If the parent then names the same
/// servers, the denial is believed for this time.
pub(crate) const SUSPECT_AGE: Duration = Duration::from_secs(600);

/// The greatest number of delegations and server addresses whose renewal waits, is in progress, or has recently failed. A gateway uses some thousand
/// zones with a TTL of a day.
pub(crate) const MAX_QUEUED_RENEWALS: usize = 256;

/// The greatest number of delegations and server addresses in `MAX_QUEUED_RENEWALS` whose renewal asks the servers of one zone. A silent top-level
/// domain then leaves room for others.
pub(crate) const MAX_QUEUED_RENEWALS_OF_ZONE: usize = MAX_QUEUED_RENEWALS / 4;

/// A failed renewal of a delegation or a server address is repeated after this time.
pub(crate) const RENEWAL_PAUSE: Duration = Duration::from_secs(60);

/// The longest time that a question of a domain check, which bypasses the cache, waits for a server that is known to be slow. Two questions, one
/// after the other, then need less than the time that the check may spend on one server (`CHECK_SERVER_TIME`).
pub(crate) const DIRECT_LATE_TIME: Duration = Duration::from_millis(4_500);

/// The greatest number of removed records that a step of a trace names. The first ones show what the server tried.
pub(crate) const MAX_REPORTED_REMOVED: usize = 4;

/// Replaces `LISTEN_TIME` for a server whose answers usually take longer than `MAX_TIMER`. No resolver waits longer: Unbound's timer for a slow
/// server ends at 12 s, BIND's at 10 s.
pub(crate) const LISTEN_TIME_OF_SLOW: Duration = Duration::from_secs(15);
