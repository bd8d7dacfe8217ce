//! Every hard bound, each with its reason. Work beyond a bound is shed early and counted.
//!
//! May call: nothing. What an operator may change stands in `config`; these may not be changed.

use std::time::Duration;

/// Messages to servers for one client question, its sub-questions included. A cold name behind unglued servers in
/// cold zones takes about 30; Unbound stops at 32 referrals and 64 targets. Bounds NXNSAttack (CVE-2020-12662).
pub const MAX_PACKETS_PER_QUESTION: u32 = 100;

/// Depth of sub-questions: a server's name whose servers' names need servers' names. Unbound's default target fetch
/// policy stops at depth 4; deeper chains are loops or attacks.
pub const MAX_DEPTH: u8 = 5;

/// Aliases (CNAME or DNAME) in one answer. Postfix follows 10, Unbound 11, BIND 16.
pub const MAX_ALIASES: usize = 12;

/// Referrals followed for one name: a name of 34 labels in ip6.arpa has at most that many cuts.
pub const MAX_REFERRALS: usize = 40;

/// Probes of query name minimisation for one question. RFC 9156 section 2.3 allows 10; below root and TLD, which alone are
/// probed, nobody has more than four cuts.
pub const MAX_PROBES: u8 = 4;

/// From a cut of so many labels on, servers are those of whom the name belongs to: they are told the whole of it. Above are
/// the servers of the root and of TLDs, which are everybody's.
pub const PRIVATE_LABELS: usize = 2;

/// Root hints serve for this long where priming failed or brought nothing; then it is tried again.
pub const PRIME_RETRY: Duration = Duration::from_secs(60);

/// A flight ends after this, whatever it still waits for. glibc gives up 10 s after its first copy (two tries of
/// 5 s, measured), so an answer later than that helps nobody now.
pub const FLIGHT_TIME: Duration = Duration::from_secs(10);

/// Flights at once. Beyond it a new miss gets SERVFAIL at once. Each may hold a few sockets and about 16 KiB.
pub const MAX_FLIGHTS: usize = 2_000;

/// Clients that wait for flights at once; each costs a task of about 1 KiB.
pub const MAX_WAITERS: usize = 10_000;

/// UDP workers for each address: beyond four the loopback device is the bottleneck, not we.
pub const MAX_WORKERS: usize = 4;

/// The smallest `cache.size`: the four memories need a few hundred entries each to be of use.
pub const MIN_CACHE_SIZE: u64 = 8 << 20;

/// The largest `cache.max_ttl`: a week, as long as any zone's records are meant to be kept (RFC 8767 section 4).
pub const MAX_TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The largest `cache.negative_max_ttl`: RFC 2308 section 5 calls more than a day problematic.
pub const MAX_NEGATIVE_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// The smallest `resolve.deadline`: the way from the root takes some servers longer than less.
pub const MIN_DEADLINE: Duration = Duration::from_secs(1);

/// The largest `resolve.deadline`: a second below `FLIGHT_TIME`, so that the client hears why.
pub const MAX_DEADLINE: Duration = Duration::from_secs(9);

/// Octets of a Unix socket's path: `sun_path` has 108 with its end (unix(7)).
pub const MAX_SOCKET_PATH: usize = 107;

/// DNS lists: the registry names about seventy, a site adds a few. Each is a route in every view, and counts for `u16`.
pub const MAX_LISTS: usize = 512;

/// Zones that are asked like lists and are none that is known: a screen shows a few of them, and strangers choose their names.
pub const MAX_LOOKALIKES: usize = 64;

/// Times that another address has to be asked about before a zone looks like a list: one mail's SPF record asks about one.
pub const LOOKALIKE_ADDRESSES: u64 = 8;

/// Octets of a file with a key: Spamhaus' have 26.
pub const MAX_KEY_FILE: u64 = 4_096;

/// How often a local mirror of a list is asked for its serial: rsync runs every few minutes at most.
pub const MIRROR_INTERVAL: Duration = Duration::from_secs(60);

/// The smallest `max_age` of a list: what is fetched every minute may be late twice.
pub const MIN_MIRROR_AGE: Duration = Duration::from_secs(5 * 60);

/// The largest: data a month old are no mirror.
pub const MAX_MIRROR_AGE: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// A serial no further ahead than this may be a moment: clocks differ by a time zone.
pub const MIRROR_SERIAL_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// And no further behind than this: a year. Serials like 2026112001 are far ahead of any clock until 2034.
pub const MIRROR_SERIAL_BEHIND: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long `resolverctl dnsbl health` waits for what the tests bring: two questions to each list, one after the other, of which the
/// slowest lists take a quarter of a second each.
pub const LIST_TEST_TIME: Duration = Duration::from_secs(2);

/// Octets of a registry of lists: the one that is built in has 25 KiB.
pub const MAX_REGISTRY_FILE: u64 = 1 << 20;

/// A list that refused is well again once it has not for so long: one of its servers may answer while others refuse.
pub const LIST_INCIDENT_QUIET: Duration = Duration::from_secs(60);

/// A list that is shut down and still asked is told of once in this time: somebody's configuration is old, not broken.
pub const DEAD_LIST_LINE: Duration = Duration::from_secs(24 * 60 * 60);

/// Octets of a root hints file: IANA's has 3 KiB.
pub const MAX_ROOT_HINTS_FILE: u64 = 1 << 20;

/// `[[zone]]` entries: split horizon and local lists take a few dozen. Each is a row of the table of routes.
pub const MAX_ZONES: usize = 1_024;

/// `[[host]]` entries; more names are better kept in a zone file.
pub const MAX_HOSTS: usize = 4_096;

/// `[[listener]]` entries: each costs threads and sockets. One for each network of a host, and one for tests.
pub const MAX_LISTENERS: usize = 16;

/// Servers of a configured zone, and addresses of a configured host: as many as an operator would list by hand.
pub const MAX_CONFIGURED_ADDRESSES: usize = 32;

/// Octets of a configured zone file, which is read into memory: about 300 000 records.
pub const MAX_ZONE_FILE: u64 = 16 << 20;

/// Connections to the control socket at once; more wait to be accepted. A postmaster and his monitoring need two.
pub const MAX_CONTROL_CONNECTIONS: usize = 16;

/// Octets of a request on the control socket: a name has at most 1 004 in escaped form, the rest is a few words.
pub const MAX_CONTROL_REQUEST: usize = 4_096;

/// Rows of a reply on the control socket; the rest is told by its number. About 300 octets each.
pub const MAX_CONTROL_ROWS: usize = 4_096;

/// Rows of a table that `resolverctl` shows: the worst ones, on one screen. JSON has all of them.
pub const MAX_SHOWN_ROWS: usize = 20;

/// Octets of one line of a reply that `resolverctl` reads: a trace of a hundred messages has about 40 KiB.
pub const MAX_CONTROL_REPLY: u64 = 1 << 20;

/// A request must have come by then: it is one line from the same host.
pub const CONTROL_REQUEST_TIME: Duration = Duration::from_secs(5);

/// A connection to the control socket ends after this: a flight's longest time and a slow terminal's.
pub const CONTROL_TIME: Duration = Duration::from_secs(15);

/// Pause after a connection could not be accepted: the reason, as a rule no file descriptors, passes by itself.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A failure is remembered this long at first (RFC 9520 section 3.2: at least 1 s).
pub const FIRST_FAILURE_TIME: Duration = Duration::from_secs(1);

/// And this long at most. RFC 9520 allows 5 min; a postmaster who has mended his zone should not wait for us.
pub const MAX_FAILURE_TIME: Duration = Duration::from_secs(30);

/// Zones that a server is remembered as lame for; a hoster's server is rarely lame for more of the zones in use.
pub const MAX_LAME_ZONES: usize = 16;

/// How long a server is believed to be lame for a zone. Unbound's infra-host-ttl is 15 min.
pub const LAME_TIME: Duration = Duration::from_secs(600);

/// Messages with an OPT to a server of an unsigned zone before one goes without: some firewalls drop what they do not know, and
/// two losses in a row are rarer than these where the path is good.
pub const EDNS_TRIES: u8 = 2;

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

/// And so many at once: a server of a large hoster stops while a queue of mail is worked off.
pub const HEDGE_BURST: u32 = 100;

/// And so many for one server that is late, of its own bucket of as many thousandths: a dead zone does not take everybody's.
pub const HEDGE_BURST_PER_SERVER: u32 = 25;

/// Probes of dead servers under way at once: each is one message on the side. More wait for the end of one.
pub const MAX_DEAD_PROBES: usize = 32;

/// Dead servers that are probed: with `MAX_DEAD_PROBES` of `MAX_TIMER` each, all of them have had their turn in 16 s, before
/// the first is due again. A gateway's mail meets a few dozen; a question for the zone of another brings that back.
pub const MAX_DEAD_SERVERS: usize = 256;

/// A dead server that no question has wanted for this long is not probed any more: twenty messages for nothing. A domain
/// whose mail comes more rarely is as well served by the probe that its next question brings.
pub const DEAD_WANTED_TIME: Duration = Duration::from_secs(10 * 60);

/// The longest timer for a first try: beyond it a server is as good as silent.
pub const MAX_TIMER: Duration = Duration::from_secs(2);

/// Messages to servers under way at once, each with a socket; more wait their turn. Half of what `LimitNOFILE` gives a
/// daemon of systemd's for sure (the hard limit, 524 288, is asked for at start), and under the ports there are.
pub const MAX_EXCHANGES: usize = 4_000;

/// Late messages of one server that are listened for: a slow zone's questions of a few seconds. A dead one's end when their
/// patience does, or thirty questions a second to it would take all of `MAX_EXCHANGES`.
pub const MAX_LATE_PER_SERVER: usize = 64;

/// And of all servers together: half of what may be under way, so that the other half serves those that answer.
pub const MAX_LATE: usize = MAX_EXCHANGES / 2;

/// With so many late, a dead server gets one message of a question instead of `MAX_TRIES`: two questions' worth.
pub const CROWDED_SERVER: usize = 2 * MAX_TRIES as usize;

/// Streams to servers open at once; beyond it the one unused for longest is closed. Answers over 1 232 octets come from a
/// few dozen servers in a minute of mail.
pub const MAX_UPSTREAM_STREAMS: usize = 256;

/// Streams open to one /24 or /48 at once: the servers of a large hoster stand in a few, and nobody takes all places.
pub const MAX_STREAMS_PER_NETWORK: usize = 32;

/// Messages on a stream that nobody waits for, between two that somebody does, before it is ended: as many as may have been given
/// up while they were under way.
pub const MAX_STRAY_MESSAGES: usize = MAX_PIPELINED;

/// A stream to a server is closed after this time without a message: most servers close it themselves after 10 to 30 s
/// (RFC 7766 section 6.2.3 leaves it to them).
pub const UPSTREAM_IDLE_TIME: Duration = Duration::from_secs(20);

/// Ids drawn for a message on a stream before it is given up: one of 64 in 65 536 is taken.
pub const STREAM_ID_TRIES: usize = 8;

/// Datagrams read for one message before it is given up: a forger who sends more is not worth listening to.
pub const MAX_STRAY_DATAGRAMS: usize = 64;

/// Ports tried before the kernel chooses: at 4 000 of 64 512 taken, eight in a row happen never.
pub const PORT_TRIES: usize = 8;

/// The largest datagram read from a server: over the 1 232 we offer, as some send more.
pub const MAX_DATAGRAM: usize = 4_096;

/// Steps kept of a flight: a question at its bound of 100 messages has about three steps a message.
pub const MAX_STEPS: usize = 320;

/// Servers of a zone that are considered. The root and .com have 13; no zone in use has more than 26.
pub const MAX_SERVERS: usize = 26;

/// Addresses of a zone's servers that are considered: two families for each.
pub const MAX_ADDRESSES: usize = 2 * MAX_SERVERS;

/// Server names without address sought for one zone of one question, a few at a time (NXNSAttack, CVE-2020-12662:
/// a referral may name hundreds).
pub const MAX_UNGLUED: usize = 6;

/// Server names without address sought for one client question, all its zones and sub-questions together. A cold name below
/// three cuts whose servers are named in each other's zones needs nine; each costs its attacker's victim two messages.
pub const MAX_SOUGHT: u32 = 24;

/// Server names sought at the same time.
pub const UNGLUED_AT_ONCE: usize = 2;

/// Messages to one server for one step of a walk: at 30 % loss one step in 15 000 is still missed by its only server, and
/// the growing timers of a near one cover a client's patience.
pub const MAX_TRIES: u8 = 8;

/// Messages of one step of a walk that are listened for at once.
pub const MAX_UNDER_WAY: usize = 16;

/// How long a message's socket is listened at: a server that takes 7 s is still heard within a flight.
pub const LISTEN_TIME: Duration = Duration::from_secs(8);

/// Messages over IPv6 that were not answered, with an answer over IPv4 between any two and none over IPv6, after which IPv6 is
/// taken to be broken: half of them lost by chance is one in 64.
pub const MAX_IPV6_SILENCES: u32 = 6;

/// How long a broken IPv6 is left alone. The servers are reached over IPv4 meanwhile, so there is no hurry.
pub const BROKEN_IPV6_TIME: Duration = Duration::from_secs(600);

/// How long a family without a route is left alone before it is tried again.
pub const NO_ROUTE_TIME: Duration = Duration::from_secs(60);

/// After a silence a server is asked after all others for this long, times the silences in a row: lost packets must
/// not keep the fastest server out for good.
pub const DOUBT_TIME: Duration = Duration::from_secs(2);

/// Misses that wait for a task to take them; a burst of 4 000 is taken in a few milliseconds.
pub const MAX_QUEUE: usize = 4_096;

/// Replies that wait for a worker to send them: as many as clients may wait.
pub const MAX_REPLIES: usize = MAX_WAITERS;

/// Datagrams read before a worker looks at its replies again.
pub const UDP_BATCH: usize = 64;

/// Octets of a query that are read. A question with all options in use has 400.
pub const MAX_QUERY: usize = 4_096;

/// Octets of a reply over TCP: what its length field can say.
pub const MAX_STREAM_REPLY: usize = 65_535;

/// Octets of the sockets' buffers: 4 000 questions of 256 octets (with the kernel's own cost for each) while a worker
/// is kept from its core.
pub const UDP_BUFFER: usize = 4 << 20;

/// Connections that the kernel keeps until they are accepted.
pub const LISTEN_BACKLOG: i32 = 256;

/// TCP connections of clients at once.
pub const MAX_TCP_CLIENTS: usize = 512;

/// Questions of one connection that are being resolved at once; more wait unread.
pub const MAX_PIPELINED: usize = 64;

/// An idle connection is ended after this (RFC 7766 section 6.2.3: in the order of seconds).
pub const TCP_IDLE_TIME: Duration = Duration::from_secs(10);

/// A client that does not take its reply in this time is not waited for.
pub const TCP_WRITE_TIME: Duration = Duration::from_secs(4);

/// At the end, answers that are on their way are waited for this long; then SERVFAIL goes out.
pub const STOP_GRACE: Duration = Duration::from_millis(500);

/// And the SERVFAILs have this long to reach the workers' queues.
pub const STOP_FLUSH: Duration = Duration::from_millis(200);

/// Descriptors that are asked for at start: every exchange and client connection has one, and there are some more.
pub const DESCRIPTORS: u64 = (MAX_EXCHANGES + MAX_TCP_CLIENTS + 500) as u64;

/// Between two snapshots of the counters, from which the windows of the statistics are computed: the last minute is
/// told to within a sixth of it, and an idle daemon wakes six times a minute.
pub const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(10);

/// Snapshots kept at that interval: five minutes of them, about 5 KiB each.
pub const SNAPSHOTS: usize = 31;

/// Snapshots kept by the minute, and minutes kept in a table: an hour of them.
pub const SNAPSHOT_MINUTES: usize = 61;

/// Rows of a table of zones, servers or clients since the start; the rest is "other". About 300 octets each.
pub const MAX_TABLE_ROWS: usize = 1_024;

/// Rows of such a table for one minute; 61 of them are kept, so a table stays below 3 MiB.
pub const MAX_MINUTE_ROWS: usize = 128;

/// Clients that a worker tells apart between two snapshots; the rest is "other". A gateway has a few dozen.
pub const MAX_CLIENTS_PER_SHARD: usize = 256;

/// Shards of the record: more than workers and TCP together would only cost memory, about 12 KiB each.
pub const MAX_SHARDS: usize = 64;

/// Zones whose failures are counted for the log at once; those of spam come and go by the hundred. About 300 octets each.
pub const MAX_INCIDENT_ZONES: usize = 256;

/// Failed flights in a row after which a zone that has worked is told to fail: one may be chance, two its repeat.
pub const INCIDENT_FAILURES: u32 = 3;

/// Failures further apart than this are told apart: a failing question is tried again every 30 s at most.
pub const INCIDENT_WINDOW: Duration = Duration::from_secs(60);

/// Failures, and the time they take, after which a zone that has never worked is told: most such are spam's, and a
/// message's questions about one are over within a minute.
pub const INCIDENT_STRANGER_FAILURES: u32 = 10;

/// See `INCIDENT_STRANGER_FAILURES`.
pub const INCIDENT_STRANGER_TIME: Duration = Duration::from_secs(5 * 60);

/// An incident ends after this time without a failure, and is not told again this long after its end.
pub const INCIDENT_QUIET: Duration = Duration::from_secs(10 * 60);

/// Zones that are told to fail in an hour; more are told as a number.
pub const INCIDENTS_AN_HOUR: u32 = 20;

/// Servers that the line of a failing zone names: a zone has two to four, and a line is read on a terminal.
pub const MAX_INCIDENT_SERVERS: usize = 4;

/// Octets of a field in the journal; it takes datagrams of 200 KiB, and nobody reads more than a page.
pub const MAX_LOG_FIELD: usize = 8 << 10;

/// Messages in a row that nobody answered, and the time they take at least, after which our own network is down: a
/// single dead zone has fewer servers, and a burst that a full queue dropped is shorter.
pub const NETWORK_DOWN_MESSAGES: u32 = 30;

/// See `NETWORK_DOWN_MESSAGES`.
pub const NETWORK_DOWN_TIME: Duration = Duration::from_secs(5);

/// Octets that `check system` reads of a file of the host: configuration files have a few KiB, tables of /proc more.
pub const MAX_CHECKED_FILE: u64 = 4 << 20;

/// Drop-ins of one configuration that `check system` reads.
pub const MAX_CHECKED_DROP_INS: usize = 100;

/// Root servers that `check system` asks, one after the other until one answers.
pub const CHECK_SERVERS: usize = 3;

/// How long each of them is waited for: the farthest answers within 0.3 s.
pub const CHECK_TIME: Duration = Duration::from_secs(2);

/// The first of November 2026, in seconds since 1970: before this version was written, so no clock that is right says less.
pub const CLOCK_FLOOR: u64 = 1_793_491_200;
/// TCP connections of one client at once: one address may not take them all.
pub const MAX_TCP_PER_CLIENT: usize = 128;

/// How long a server that answered SERVFAIL for a zone is asked after all others: its next answer may be a good one.
pub const FAILING_TIME: Duration = Duration::from_secs(10);

/// Compression pointers that one pointer may lead over. Encoders point at labels, some at one other pointer.
pub const MAX_POINTERS: u8 = 16;
/// The shortest time that a list's silence is borne before its breaker opens: a few lost messages are sent again in it.
pub const BREAKER_MIN_PATIENCE: Duration = Duration::from_secs(1);

/// The longest, but for a list that usually takes longer: it opens within 2 s of the first lost message.
pub const BREAKER_MAX_PATIENCE: Duration = Duration::from_millis(1_700);

/// How soon a silent list is judged again when nobody else has answered.
pub const BREAKER_JUDGE_AGAIN: Duration = Duration::from_millis(250);

/// Questions in a row that a list's servers answer with errors only, after which its breaker opens.
pub const BREAKER_FAILURES: u32 = 5;

/// Answers further apart than this do not show that our network was up between them.
pub const WITNESS_STREAK: Duration = Duration::from_secs(2);

/// An open breaker's first probe comes this soon, and each one twice as late as the one before.
pub const FIRST_PROBE_TIME: Duration = Duration::from_millis(500);

/// And this late at most: a list is back within seconds of its return.
pub const MAX_PROBE_TIME: Duration = Duration::from_secs(5);

/// After this time without a question an open breaker is no longer probed.
pub const PROBE_WHILE_WANTED: Duration = Duration::from_secs(10 * 60);

/// Addresses that must have been seen before a list is asked ahead: at 40 two exceptions are 5 %.
pub const BATCH_MIN_SEEN: u32 = 40;

/// Of a hundred of the last addresses, those at which clients must have gone on to ask a list for it to be asked ahead.
pub const BATCH_PERCENT: u32 = 95;

/// Questions about one subject that are further apart than this are two checks: Postfix asks at connect and at RCPT TO,
/// a few seconds apart.
pub const BATCH_WINDOW: Duration = Duration::from_secs(20);

/// A list that answers sooner than this is not asked ahead: it is on this host, or in the next rack.
pub const BATCH_MIN_ROUND_TRIP: Duration = Duration::from_millis(5);

/// Lists that are learnt to follow one question, and that are asked ahead for one subject. Who configures more than a
/// dozen asks them all at once.
pub const MAX_BATCH_LISTS: usize = 32;

/// Subjects whose checks are under way; more are not learnt from. Two hundred new addresses a second, about 300 octets each.
pub const MAX_BATCH_SUBJECTS: usize = 4_096;

/// Habits learnt: for each view, list and way it came out. About 1 KiB each.
pub const MAX_BATCH_HABITS: usize = 1_024;

/// Thousandths that a question asked ahead counts for at least until a client asks it: a habit that ends all at once costs at
/// most ten times what is allowed before that is seen, though it looked as if nothing could go wrong.
pub const BATCH_MIN_RISK: u32 = 100;

/// Questions that the allowance begins with, so that the first few may be asked ahead.
pub const BATCH_ALLOWANCE_START: u64 = 100;

/// Questions that the allowance remembers; older ones count half.
pub const BATCH_ALLOWANCE_MEMORY: u64 = 20_000;

/// Of a hundred questions of a quota, those after which the operator is warned and nothing is asked ahead any more.
pub const QUOTA_WARNING_PERCENT: u64 = 80;

/// Between two tests of a list. Four questions each: nothing against a quota. Haraka's `periodic_checks` has 30 min too.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(30 * 60);

/// Between a test that found a list broken and the next: minutes, so that a bad copy of its data has been replaced.
pub const HEALTH_AGAIN: Duration = Duration::from_secs(3 * 60);

/// Further tests that find a list broken at the one server that answers, before it is believed: others may be away for
/// minutes, too.
pub const HEALTH_ALONE: u8 = 2;

/// A test is this much later at most, of a hundred parts of its interval: gateways that were started together drift apart.
pub const HEALTH_JITTER_PERCENT: u64 = 20;

/// A list that usually takes this long is slow: two such lists asked in a row take longer than a server's greeting should.
pub const SLOW_LIST: Duration = Duration::from_secs(1);

/// Of a hundred questions that go out to lists, those that may be asked ahead in vain where the operator has not said.
pub const BATCH_WASTE: u32 = 3;

/// Questions that are asked ahead at once; more are left to the clients.
pub const MAX_AHEAD: usize = 256;

/// Octets of a question that the ring for asking ahead takes: an IPv6 address in a list of forty letters has 110.
pub const MAX_RING_KEY: usize = 128;

/// Questions that wait to be learnt from; more are lost, and counted. About 170 octets each.
pub const MAX_RING: usize = 1_024;

/// Probes and tests under way at once.
pub const MAX_SIDE_QUESTIONS: usize = 32;

/// Witnesses under way besides: one a second, for the ten of a flight. Where many lists are silent at once they tell whether
/// others answer, so that probes and tests must not take their places.
pub const MAX_WITNESSES: usize = 10;

/// How long whoever looks after the lists rests at most where nothing is due.
pub const TEND_AGAIN: Duration = Duration::from_secs(60);

/// Between two questions to see whether anybody answers.
pub const WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// The largest `dnsbl.batch_waste`: whoever wants more of it in vain asks all lists at once.
pub const MAX_BATCH_WASTE: u32 = 50;

/// The largest quota of a list: what TOML can say.
pub const MAX_LIST_QUOTA: u64 = i64::MAX as u64;

/// Octets of the file in which lists are kept over a restart: `MAX_LISTS` of about 400 octets.
pub const MAX_LISTS_FILE: u64 = 1 << 20;

/// Between two writings of that file: what a crash forgets of a quota is a minute's questions.
pub const KEEP_INTERVAL: Duration = Duration::from_secs(60);
/// Signature checks for one client question. A cold answer over a chain of twelve aliases, each in a zone of its own,
/// takes about 60. One check takes 25 to 150 µs.
pub const MAX_SIGNATURE_CHECKS: u32 = 128;

/// Checks of one client question that may fail: honest zones in the middle of a key rollover fail one or two. Bounds
/// KeyTrap (CVE-2023-50387).
pub const MAX_FAILED_CHECKS: u32 = 16;

/// A failed check on P-384 counts as so many: it takes about a millisecond, and sixteen in a row kept a thread that resolves
/// for 15 ms (`cargo bench --bench validate`); hits over UDP have threads of their own.
pub const SLOW_CHECK: u32 = 4;

/// NSEC3 hashes for one client question: a proof takes one for each label of the name at most. Each is up to
/// `MAX_NSEC3_ITERATIONS` rounds of SHA-1, about 10 µs (CVE-2023-50868).
pub const MAX_NSEC3_HASHES: u32 = 256;

/// NSEC3 with more iterations is as good as unsigned (RFC 9276 section 3.2; the value BIND and Unbound have agreed on).
pub const MAX_NSEC3_ITERATIONS: u16 = 50;

/// Signatures over one RRset that are looked at: two algorithms in the middle of a rollover are four.
pub const MAX_SIGNATURES: usize = 8;

/// Keys of one zone with the same tag that are tried for a signature or a DS. Two of a thousand keys share a tag.
pub const MAX_KEYS_OF_TAG: usize = 4;

/// DS records of one zone that are looked at; .com's children have 6 at most.
pub const MAX_DS: usize = 16;

/// Keys of one zone that are looked at; a rollover of two algorithms has 8.
pub const MAX_DNSKEYS: usize = 32;

/// NSEC or NSEC3 records of one message that are looked at: a denial takes three, with an alias from a wildcard six.
pub const MAX_DENIALS: usize = 16;

/// Octets of a file of trust anchors: that of BIND has 4 KiB.
pub const MAX_TRUST_ANCHOR_FILE: u64 = 1 << 20;

/// Negative trust anchors that may be set at once; more zones than that are not broken at the same time.
pub const MAX_NEGATIVE_ANCHORS: usize = 256;

/// The longest time of a negative trust anchor that is set on the running daemon (RFC 7646 section 2: a week).
pub const MAX_NEGATIVE_ANCHOR_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Servers whose bogus answer is borne before it is taken for the zone's own.
pub const MAX_BOGUS_TRIES: usize = 3;

/// How long a zone whose keys are bogus is left alone, and a server asked last that gave a bogus answer: whoever has
/// mended his zone should not wait for us longer than a minute.
pub const BOGUS_TIME: Duration = Duration::from_secs(30);

/// Seconds that it is believed that a zone below an insecure one is insecure, where nothing else says how long.
pub const INSECURE_TTL: u32 = 3_600;

/// Labels of a name at which it is looked for an unsigned zone, where a forwarder gives no referrals: deeper than any
/// cut in use, a reverse name of IPv6 has them at every fourth label.
pub const MAX_CUT_PROBES: u32 = 24;

/// DS and keys that are sought at once for all questions together: as many as flights, as each has one cut at a time.
pub const MAX_FETCHES: usize = MAX_FLIGHTS;

/// The keys of a zone in use are sought anew when this fraction (one tenth) of their time is left.
pub const REFRESH_SHARE: u32 = 10;

/// Keys older than this are sought anew where a signature does not fit them: a zone may have changed them without notice. A
/// bogus zone, or one for which somebody forges, costs one message in this time.
pub const KEY_RENEWAL: Duration = Duration::from_secs(10);
