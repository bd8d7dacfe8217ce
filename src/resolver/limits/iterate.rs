//! Bounds of recursion: queries, walks, servers.

use std::time::Duration;

use crate::limits::MAX_DEAD_TIME;

/// The number of queries to servers for one client question and its sub-questions. A name that is not in memory, below zones that are
/// not in memory and have servers without glue, needs about 30. Unbound stops at 32 referrals and 64 targets. The bound limits
/// NXNSAttack (CVE-2020-12662).
pub const MAX_PACKETS_PER_QUESTION: u32 = 100;

/// The greatest depth of sub-questions. A sub-question resolves the name of a server, whose zone may again have servers whose names must
/// be resolved. Unbound's default target fetch policy stops at depth 4. Deeper chains are loops or attacks.
pub(crate) const MAX_DEPTH: u8 = 5;

/// The number of referrals that are followed for one name. A name of 34 labels in ip6.arpa has fewer cuts.
pub(crate) const MAX_REFERRALS: usize = 40;

/// The number of queries of query name minimisation for one question. RFC 9156 section 2.3 allows 10. Only servers of the root and of
/// TLDs get them, and there are at most four cuts.
pub(crate) const MAX_PROBES: u8 = 4;

/// From a cut with this number of labels on, servers belong to the owner of the name and get the whole name. The servers of the root
/// and of TLDs are shared by everybody.
pub(crate) const PRIVATE_LABELS: usize = 2;

/// The time for which root hints are used after a failed priming, before priming is tried again.
pub(crate) const PRIME_RETRY: Duration = Duration::from_secs(60);

/// The number of queries in mixed case to a server before one query in the question's own case. A few servers drop names in mixed
/// case.
pub(crate) const MIXED_CASE_TRIES: u8 = 3;

/// The number of queries in the question's own case that a server must answer, without an answer to mixed case between them, before it
/// is asked in the question's own case for an hour. One loss or one delay can affect all queries of a question.
pub(crate) const OWN_CASE_ANSWERS: u8 = 2;

/// The burst of second queries. A server of a large hoster may stop answering while a queue of mail is processed.
pub const HEDGE_BURST: u32 = 100;

/// The number of queries, per thousand queries, that measure a server while no question waits for them. Knot Resolver makes the same
/// share of random choices.
pub(crate) const MEASURED_PER_MILLE: u32 = 50;

/// The burst of measuring queries. It covers the other servers of the zones of two messages of mail.
pub(crate) const MEASURE_BURST: u32 = 20;

/// A round trip that was not measured for this time is measured again. Unbound forgets a server after 15 minutes (`infra-host-ttl`).
pub(crate) const MEASURED_TIME: Duration = Duration::from_secs(10 * 60);

/// The time before a server is measured again after its query or answer was lost.
pub(crate) const MEASURE_PAUSE: Duration = Duration::from_secs(10);

/// If a server of a zone is nearer than this, the other servers of the zone are not measured. The eight questions that a message asks
/// one after the other would gain less than one round trip of a far server.
pub(crate) const NEAR_ENOUGH: Duration = Duration::from_millis(10);

/// The number of probes of dead servers in progress, each of which is one query. Further probes wait.
pub(crate) const MAX_DEAD_PROBES: usize = 32;

/// The least time to wait for the answer to a probe, if the server has answered before. It is four times the round trip of a far server.
/// If a far server drops the queries for a zone, the server is then known to be silent for the zone before the second query of a mail has
/// waited as long as the first.
pub(crate) const PROBE_TIME: Duration = Duration::from_secs(1);

/// The number of types of clients' questions that the probes of a server ask in turn. A mail needs MX and an address.
pub(crate) const MAX_PROBED_TYPES: usize = 2;

/// The number of dead servers that are probed. With `MAX_DEAD_PROBES` that take `MAX_TIMER` each, all of them are probed within 16 s,
/// and the servers that a few mails need within `MAX_WANTED_DEAD_TIME`. A gateway's mail meets a few dozen dead servers. A server that
/// was dropped from the list is added again by the next question for its zone.
pub(crate) const MAX_DEAD_SERVERS: usize = 256;

/// The number of zones for which one server is probed. They are domains that a gateway has mail from and that their hoster no longer
/// serves. A dead server gets one probe for all of them.
pub(crate) const MAX_PROBED_ZONES: usize = 8;

/// The time for which a dead server is probed after the last question that needed it: twenty queries. For a domain with rarer mail,
/// the probe that its next question begins is sufficient.
pub const DEAD_WANTED_TIME: Duration = Duration::from_secs(10 * 60);

/// The number of silences that wait for proof that our own network works. It allows a few for each dead server of a mail. Further
/// silences are not counted, but the next silence of the same server is.
pub(crate) const MAX_UNPROVEN: usize = 64;

/// The time that a silence waits for proof while there is no server that could be asked. With `forward_first`, recursion begins after
/// 1.8 s, and its first answers arrive within a second.
pub(crate) const UNPROVEN_TIME: Duration = Duration::from_secs(3);

/// The delay of a query that only shows whether our own network works. On a busy gateway, another server has answered by then. A quiet
/// gateway sends at most five such queries a second.
pub(crate) const WITNESS_DELAY: Duration = Duration::from_millis(200);

/// If the delegation of a silent zone is older than this, the parent is asked for it again, because the zone may have moved. The time
/// equals the interval of the probes of the zone's servers.
pub(crate) const SILENT_DELEGATION_TIME: Duration = MAX_DEAD_TIME;

/// The number of copies of a query that still wait for an answer when their flight has ended: the first, and one that was sent after
/// its loss.
pub(crate) const LATE_COPIES: u8 = 2;

/// The number of late answers that wait to be kept. Further late answers are dropped.
pub(crate) const MAX_LATE_ANSWERS: usize = 64;

/// The time that a late answer waits for validation. The zone's keys were asked for at the same time, and are equally late.
pub(crate) const LATE_KEYS_TIME: Duration = Duration::from_secs(1);

/// The number of late answers that are validated at the same time. Each needs its own queries if the zone's keys are not known.
pub(crate) const MAX_LATE_JUDGED: usize = 16;

/// The longest timer for the first query to a server. A server that takes longer is treated as silent.
pub(crate) const MAX_TIMER: Duration = Duration::from_secs(2);

/// The number of late queries of one server that still wait for an answer. It is enough for the questions of a few seconds in a slow
/// zone. The late queries of a dead server end earlier. Otherwise thirty questions a second to a dead server would use all places for
/// queries.
pub(crate) const MAX_LATE_PER_SERVER: usize = 64;

/// One server gets at most the number of free places for late queries divided by this number. Two hundred silent servers then leave room
/// for a slow server.
pub(crate) const LATE_SHARE: usize = 16;

/// From this number of late queries on, a dead server gets only one query for each question instead of `MAX_TRIES`. The number is the
/// late queries of two questions.
pub(crate) const CROWDED_SERVER: usize = 2 * MAX_TRIES as usize;

/// The number of servers of a zone that are used. The root and .com have 13. No zone in use has more than 26.
pub(crate) const MAX_SERVERS: usize = 26;

/// The number of addresses of a zone's servers that are used: two address families for each server.
pub(crate) const MAX_ADDRESSES: usize = 2 * MAX_SERVERS;

/// The number of server names without address that are resolved for one zone of one question, a few at a time. A referral may name
/// hundreds (NXNSAttack, CVE-2020-12662).
pub(crate) const MAX_UNGLUED: usize = 6;

/// The number of server names without address that are resolved for one client question, in all its zones and sub-questions together.
/// A name that is not in memory, below three cuts whose servers are named in each other's zones, needs nine. In an attack, each costs
/// the victim two queries.
pub(crate) const MAX_SOUGHT: u32 = 24;

/// The number of zones with `forward_first` whose forwarders a question remembers as failed. Few hosts have more than two such zones.
/// If there are more, sub-questions in the further zones wait for the forwarders again.
pub(crate) const MAX_PAST_FORWARDERS: usize = 8;

/// The number of server names that are resolved at the same time.
pub(crate) const UNGLUED_AT_ONCE: usize = 2;

/// The number of queries to one server for one step of a walk. At 30 % loss, one step in 15 000 still fails if the zone has only one
/// server. The growing timers of a near server cover the time that a client waits.
pub const MAX_TRIES: u8 = 8;

/// The number of queries over TCP to a server that truncated its answer, in one step of a walk. The kernel repeats what is lost on a
/// stream, after a second if it is the first packet. A second query helps only if the stream has broken.
pub(crate) const MAX_STREAM_TRIES: u8 = 2;

/// The number of queries of one step of a walk that wait for an answer at the same time.
pub(crate) const MAX_UNDER_WAY: usize = 16;

/// The number of IPv6 networks with a silent server after which IPv6 counts as broken, if there was an answer over IPv4 between each
/// two of them and no answer over IPv6. If half of the queries are lost by chance, that happens once in 64 cases.
pub(crate) const MAX_IPV6_SILENCES: usize = 6;

/// Like `MAX_IPV6_SILENCES`, when IPv6 is tried again after a pause. A single silent network could be a dead server.
pub(crate) const IPV6_SILENCES_AGAIN: usize = 2;

/// The first time for which a broken IPv6 is not used. It is short, because possibly only dead servers were silent.
pub(crate) const FIRST_BROKEN_IPV6_TIME: Duration = Duration::from_secs(10);

/// The longest time for which a broken IPv6 is not used. It may be long, because the servers are reached over IPv4 meanwhile.
pub(crate) const BROKEN_IPV6_TIME: Duration = Duration::from_secs(600);

/// For this time after an answer over IPv6, the silence of servers that have never answered shows nothing about IPv6.
pub(crate) const IPV6_HEARD_TIME: Duration = Duration::from_secs(60);

/// The precision with which the time of the last answer over IPv6 is stored, so that not every answer writes it.
pub(crate) const IPV6_HEARD_PAUSE: Duration = Duration::from_secs(1);

/// The time for which an address family without a route is not used.
pub(crate) const NO_ROUTE_TIME: Duration = Duration::from_secs(60);

/// The time for which a server is asked after all others because it answered SERVFAIL for a zone. It is short, because its next answer
/// may be correct.
pub(crate) const FAILING_TIME: Duration = Duration::from_secs(10);

/// If all servers of a delegation that is older than this give a doubtful denial, the delegation is fetched again, because a domain
/// that has moved leaves such servers behind. If its parent names the same servers, they are believed for this time again.
pub(crate) const SUSPECT_AGE: Duration = Duration::from_secs(600);

/// The number of delegations and server addresses that wait for their renewal, are being renewed, or were recently not renewed. A
/// gateway uses some thousand zones with a TTL of a day.
pub(crate) const MAX_QUEUED_RENEWALS: usize = 256;

/// Like `MAX_QUEUED_RENEWALS`, for one zone whose servers are asked, so that a silent top-level domain leaves room for others.
pub(crate) const MAX_QUEUED_RENEWALS_OF_ZONE: usize = MAX_QUEUED_RENEWALS / 4;

/// The time for which a delegation whose renewal has failed is not renewed again.
pub(crate) const RENEWAL_PAUSE: Duration = Duration::from_secs(60);

/// The longest wait for a server that is known to be slow, over UDP or TCP. Two questions, one after the other, fit in
/// `CHECK_SERVER_TIME`.
pub(crate) const DIRECT_LATE_TIME: Duration = Duration::from_millis(4_500);

/// The number of removed records that a step of a trace names. The first records show what the server tried.
pub(crate) const MAX_REPORTED_REMOVED: usize = 4;
