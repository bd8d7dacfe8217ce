//! Bounds of recursion: queries, walks, servers.

use std::time::Duration;

use crate::limits::MAX_DEAD_TIME;

/// Queries to servers for one client question, its sub-questions included. A cold name behind unglued servers in
/// cold zones takes about 30; Unbound stops at 32 referrals and 64 targets. Bounds NXNSAttack (CVE-2020-12662).
pub const MAX_PACKETS_PER_QUESTION: u32 = 100;

/// Depth of sub-questions: a server's name whose servers' names need servers' names. Unbound's default target fetch
/// policy stops at depth 4; deeper chains are loops or attacks.
pub(crate) const MAX_DEPTH: u8 = 5;

/// Referrals followed for one name: a name of 34 labels in ip6.arpa has at most that many cuts.
pub(crate) const MAX_REFERRALS: usize = 40;

/// Probes of query name minimisation for one question. RFC 9156 section 2.3 allows 10; only servers of root and TLD
/// are probed, and there are at most four cuts.
pub(crate) const MAX_PROBES: u8 = 4;

/// From a cut of this many labels on, servers belong to the owner of the name and get the whole name. Servers of the
/// root and of TLDs above are shared by everybody.
pub(crate) const PRIVATE_LABELS: usize = 2;

/// How long root hints are used after a failed priming, before it is tried again.
pub(crate) const PRIME_RETRY: Duration = Duration::from_secs(60);

/// Queries in mixed case to a server before one in the question's own case: a few servers drop names in mixed case.
pub(crate) const MIXED_CASE_TRIES: u8 = 3;

/// Such queries that a server answers, without an answer to mixed case between them, before it is asked in the
/// question's own case for an hour: one loss or one delay can hit all queries of a question.
pub(crate) const OWN_CASE_ANSWERS: u8 = 2;

/// The burst of second queries: a server of a large hoster may stop while a queue of mail is worked off.
pub const HEDGE_BURST: u32 = 100;

/// Queries that measure a server on the side, per thousand queries: Knot Resolver's share of random choices.
pub(crate) const MEASURED_PER_MILLE: u32 = 50;

/// The burst of these queries: the other servers of the zones of two messages of mail.
pub(crate) const MEASURE_BURST: u32 = 20;

/// A round trip that was not measured for this time is measured again: Unbound forgets a server after 15 minutes
/// (`infra-host-ttl`).
pub(crate) const MEASURED_TIME: Duration = Duration::from_secs(10 * 60);

/// The time before a server is measured again if its query or its answer was lost.
pub(crate) const MEASURE_PAUSE: Duration = Duration::from_secs(10);

/// A zone with a server nearer than this has no others measured: the eight questions that a message asks one after the other
/// would gain less than the round trip of one far server.
pub(crate) const NEAR_ENOUGH: Duration = Duration::from_millis(10);

/// Probes of dead servers in progress, one query each. More wait.
pub(crate) const MAX_DEAD_PROBES: usize = 32;

/// The least time that a probe of a server that was heard is waited for: four times the round trip of a far one. The zone that
/// a far server drops is then known to be silent before the second query of a mail has waited as long as the first.
pub(crate) const PROBE_TIME: Duration = Duration::from_secs(1);

/// Types of clients' questions that the probes of a server ask in turn: a mail needs MX and an address.
pub(crate) const MAX_PROBED_TYPES: usize = 2;

/// Dead servers that are probed: with `MAX_DEAD_PROBES` of `MAX_TIMER` each, all of them have their turn in 16 s, and
/// those of a few mails in `MAX_WANTED_DEAD_TIME`. A gateway's mail meets a few dozen; a question for a forgotten one's zone adds
/// it again.
pub(crate) const MAX_DEAD_SERVERS: usize = 256;

/// Zones of one server that it is probed for: the domains of a hoster that a gateway has mail from and that the hoster no longer
/// serves. A dead server gets one probe for all of them.
pub(crate) const MAX_PROBED_ZONES: usize = 8;

/// How long a dead server is probed after the last question that wanted it: twenty queries. For a domain with rarer
/// mail, the probe of its next question serves as well.
pub const DEAD_WANTED_TIME: Duration = Duration::from_secs(10 * 60);

/// Silences that wait for proof that our own network works: a few for each of the dead servers of a mail. Others are
/// not counted, but the next silence of the same server is.
pub(crate) const MAX_UNPROVEN: usize = 64;

/// How long a silence waits for proof while there is no server that could be asked. With `forward_first`, recursion begins after
/// 1.8 s, and its first answers come within a second.
pub(crate) const UNPROVEN_TIME: Duration = Duration::from_secs(3);

/// The delay of a query that only shows whether our own network works: a busy gateway has heard from another server
/// by then, and a quiet one sends at most five of them a second.
pub(crate) const WITNESS_DELAY: Duration = Duration::from_millis(200);

/// A delegation of a silent zone that is older than this is asked of the parent again: the zone may have moved. The
/// same interval as its servers' probes.
pub(crate) const SILENT_DELEGATION_TIME: Duration = MAX_DEAD_TIME;

/// Copies of a query that are still listened for when their flight has ended: the first, and one after its loss.
pub(crate) const LATE_COPIES: u8 = 2;

/// Late answers that wait to be kept; others are lost.
pub(crate) const MAX_LATE_ANSWERS: usize = 64;

/// How long a late answer waits for validation: the zone's keys were asked for at the same time, and are as late.
pub(crate) const LATE_KEYS_TIME: Duration = Duration::from_secs(1);

/// Late answers in validation at once, each with queries of its own if the zone's keys are not known.
pub(crate) const MAX_LATE_JUDGED: usize = 16;

/// The longest timer of a first try: a server that takes longer is treated as silent.
pub(crate) const MAX_TIMER: Duration = Duration::from_secs(2);

/// Late queries of one server that are listened for: a slow zone's questions of a few seconds. Those of a dead
/// server end with their patience, otherwise thirty questions a second to it would take all places of queries.
pub(crate) const MAX_LATE_PER_SERVER: usize = 64;

/// The greatest part (one sixteenth) of the free places of late queries for one server: two hundred silent ones then leave room
/// for a slow one.
pub(crate) const LATE_SHARE: usize = 16;

/// With this many late queries, a dead server gets one query of a question instead of `MAX_TRIES`: two questions'
/// worth.
pub(crate) const CROWDED_SERVER: usize = 2 * MAX_TRIES as usize;

/// Servers of a zone that are used. The root and .com have 13; no zone in use has more than 26.
pub(crate) const MAX_SERVERS: usize = 26;

/// Addresses of a zone's servers that are used: two families for each.
pub(crate) const MAX_ADDRESSES: usize = 2 * MAX_SERVERS;

/// Server names without address that are resolved for one zone of one question, a few at a time (NXNSAttack,
/// CVE-2020-12662: a referral may name hundreds).
pub(crate) const MAX_UNGLUED: usize = 6;

/// Server names without address that are resolved for one client question, all its zones and sub-questions together.
/// A cold name below three cuts whose servers are named in each other's zones needs nine; each costs the victim of an
/// attack two queries.
pub(crate) const MAX_SOUGHT: u32 = 24;

/// Zones with `forward_first` whose forwarders a question remembers as failed. Few hosts have more than two such zones; a
/// further zone costs its sub-questions the wait.
pub(crate) const MAX_PAST_FORWARDERS: usize = 8;

/// Server names resolved at the same time.
pub(crate) const UNGLUED_AT_ONCE: usize = 2;

/// Queries to one server for one step of a walk: at 30 % loss one step in 15 000 still fails at an only server, and
/// the growing timers of a near one cover a client's patience.
pub const MAX_TRIES: u8 = 8;

/// The number of these queries over TCP, to a server that truncated its answer. The kernel sends again what is lost
/// on a stream, after a second if it is the first packet; a second query helps only if the stream has broken.
pub(crate) const MAX_STREAM_TRIES: u8 = 2;

/// Queries of one step of a walk that are listened for at once.
pub(crate) const MAX_UNDER_WAY: usize = 16;

/// Networks of IPv6 with a silent server, with an answer over IPv4 between each two, and no answer over IPv6, after
/// which IPv6 counts as broken: if half of the queries are lost by chance, that happens once in 64.
pub(crate) const MAX_IPV6_SILENCES: usize = 6;

/// Like `MAX_IPV6_SILENCES`, when IPv6 is tried again after a rest. One could be a dead server.
pub(crate) const IPV6_SILENCES_AGAIN: usize = 2;

/// How long a broken IPv6 is not used at first: it is soon used again if dead servers alone were silent.
pub(crate) const FIRST_BROKEN_IPV6_TIME: Duration = Duration::from_secs(10);

/// How long a broken IPv6 is not used at most. The servers are reached over IPv4 meanwhile, so there is no hurry.
pub(crate) const BROKEN_IPV6_TIME: Duration = Duration::from_secs(600);

/// How long after an answer over IPv6 the silence of servers that never answered shows nothing about IPv6.
pub(crate) const IPV6_HEARD_TIME: Duration = Duration::from_secs(60);

/// How exactly the time of the last answer over IPv6 is known, so that not each answer writes it.
pub(crate) const IPV6_HEARD_PAUSE: Duration = Duration::from_secs(1);

/// How long a family without a route is not used.
pub(crate) const NO_ROUTE_TIME: Duration = Duration::from_secs(60);

/// How long a server is asked after all others after SERVFAIL for a zone: its next answer may be correct.
pub(crate) const FAILING_TIME: Duration = Duration::from_secs(10);

/// A delegation older than this is fetched again if all its servers deny something in doubt: a domain that has moved
/// leaves such servers behind. If its parent has the same servers, they are believed for this long again.
pub(crate) const SUSPECT_AGE: Duration = Duration::from_secs(600);

/// Delegations and server addresses that wait for their renewal, are being renewed, or were not renewed lately: a gateway uses
/// some thousand zones with a TTL of a day.
pub(crate) const MAX_QUEUED_RENEWALS: usize = 256;

/// Like `MAX_QUEUED_RENEWALS`, for one zone whose servers are asked, so that a silent top-level domain leaves room for the others.
pub(crate) const MAX_QUEUED_RENEWALS_OF_ZONE: usize = MAX_QUEUED_RENEWALS / 4;

/// How long a delegation whose renewal has failed is not tried again.
pub(crate) const RENEWAL_PAUSE: Duration = Duration::from_secs(60);

/// How long a server that is known to be slow is waited for at most, over UDP or TCP: two questions one after the other have a place
/// in `CHECK_SERVER_TIME`.
pub(crate) const DIRECT_LATE_TIME: Duration = Duration::from_millis(4_500);

/// Removed records that a step of a trace names: the first records show what the server tried.
pub(crate) const MAX_REPORTED_REMOVED: usize = 4;
