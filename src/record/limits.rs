//! The limits of the query history, each with the reason for its value.

use std::time::Duration;

/// Recorded steps of a resolution (flight). A resolution sends at most 100 queries, and has about three steps for each.
pub const MAX_STEPS: usize = 320;

/// The time between two snapshots of the counters. Statistics of "the last minute" may be 10 s too long or too short, and an idle daemon
/// wakes six times a minute.
pub const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(10);

/// Snapshots at intervals of `SNAPSHOT_INTERVAL`: five minutes, about 16 KiB each.
pub(crate) const SNAPSHOTS: usize = 31;

/// The number of snapshots that are taken once a minute, for the statistics of the last hour. Tables have separate counters for as many
/// minutes.
pub(crate) const SNAPSHOT_MINUTES: usize = 61;

/// Rows in a table of zones, servers or clients with the counters since the start; what has no row is counted in the row "other". A row
/// takes about 300 octets.
pub const MAX_TABLE_ROWS: usize = 1_024;

/// Rows in a table of zones, servers or clients with the counters of one minute. The tables of 61 minutes take less than 3 MiB.
pub(crate) const MAX_MINUTE_ROWS: usize = 128;

/// The largest number of clients that a worker counts separately between two snapshots of the counters; the row "other" counts all others. A
/// gateway has a few dozen clients.
pub const MAX_CLIENTS_PER_SHARD: usize = 256;

/// The largest number of shards (the counters of one worker each). A shard takes about 130 KiB, because each outcome has a histogram of 11
/// KiB.
pub(crate) const MAX_SHARDS: usize = 64;

/// The largest number of questions that wait to be read by one watcher (`resolverctl monitor`): those of 10 s at a busy gateway, about 200
/// octets each. A slower watcher misses questions.
pub const WATCHED_QUESTIONS: usize = 1_024;

/// The largest number of watchers (`resolverctl monitor`) at the same time. Each gets a copy of every question that the cache does not
/// answer.
pub const MAX_WATCHERS: usize = 4;

/// The largest number of zones whose recent failures are counted for incidents. Spam causes failures of hundreds of zones. A zone takes
/// about 1 KiB.
pub(crate) const MAX_INCIDENT_ZONES: usize = 256;

/// After this number of failed resolutions in a row, a zone that worked before is reported as failing. One failure may be chance, and a
/// second one a repetition of the same question.
pub const INCIDENT_FAILURES: u32 = 3;

/// Two failures of a zone with a longer pause between them are not consecutive. A failed question is resolved again at most every 30 s,
/// because failures are cached.
pub(crate) const INCIDENT_WINDOW: Duration = Duration::from_secs(60);

/// A zone whose servers were never seen to work is reported after this number of failures, if they span at least `INCIDENT_STRANGER_TIME`.
/// Most of these zones are domains in spam. One email causes several failures of such a domain, all within a minute.
pub(crate) const INCIDENT_STRANGER_FAILURES: u32 = 10;

/// See `INCIDENT_STRANGER_FAILURES`.
pub(crate) const INCIDENT_STRANGER_TIME: Duration = Duration::from_secs(5 * 60);

/// If TCP fails to servers in this number of networks, a root server is queried over TCP, as for IPv6 a few networks are needed: single operators often
/// block TCP.
pub(crate) const STREAM_NETWORKS: usize = 3;

/// The number of networks that are remembered because TCP to them failed. More would not change the verdict.
pub(crate) const MAX_STREAM_NETWORKS: usize = 64;

/// Only an answer that took less than this time shows that a server works again. A client waits for 4 s, and needs more than one answer.
pub(crate) const ENDING_ANSWER_TIME: Duration = Duration::from_secs(2);

/// For this time after the end of an incident, a new one of the same zone is not reported. After this time without a further failure, it is
/// not known if the zone still fails.
pub const INCIDENT_QUIET: Duration = Duration::from_secs(10 * 60);

/// After this time without a failure, an incident is forgotten. The time is a day, so a failing domain that gets mail only once a night has only
/// one log line.
pub(crate) const INCIDENT_FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// Failing zones that the log reports in an hour. Further zones are only counted.
pub(crate) const INCIDENTS_AN_HOUR: u32 = 20;

/// The network of this host counts as down if no server on the internet, including root servers, has answered for this time. Resolutions
/// survive a shorter outage, because they may take 10 s.
pub(crate) const NETWORK_DOWN_TIME: Duration = Duration::from_secs(4);

/// The network counts as down only after this number of unanswered queries to root servers in `NETWORK_DOWN_TIME`: one query may be lost.
pub(crate) const NETWORK_DOWN_ROOT_MESSAGES: u32 = 2;

/// Lost packets are counted for each slice of this length. At the end of each slice, the loss in the last two slices is judged.
pub(crate) const LOSS_SLICE: Duration = Duration::from_secs(30);

/// The network of this host counts as lossy only if paths to this number of networks lose packets. With fewer, two bad hosting providers
/// could look like a fault of this host.
pub(crate) const LOSS_NETWORKS: usize = 8;

/// The loss of a network is judged only if its servers got this number of queries in two slices (`LOSS_SLICE`). At a loss of 20 %, half of
/// the networks with 3 queries lose one.
pub(crate) const LOSS_NETWORK_QUERIES: u32 = 3;

/// If at least this percentage of the queries is lost, the network of this host counts as lossy. The percentage is the mean over the networks of
/// servers, without the quarter of them that loses most. It is 0 to 1 % at a healthy host, and about 12 % if each path loses 20 %.
pub(crate) const LOSS_PERCENT: u32 = 6;

/// The loss counts as ended when the mean, computed as for `LOSS_PERCENT`, is below this, in percent.
pub(crate) const LOSS_ENDS_PERCENT: u32 = 2;

/// An unanswered query counts as lost only if the server has answered another query within this time before.
pub const USED_TO_ANSWER: Duration = Duration::from_secs(600);

/// The maximum number of servers whose lost packets are counted, 80 octets each. They are enough to examine hundreds of networks.
pub(crate) const MAX_LOSS_SERVERS: usize = 1_024;

/// Outages of the network of this host, periods of its packet loss and of blocked TCP: so many of each are remembered, 16 octets each.
pub(crate) const MAX_FAULT_SPANS: usize = 64;

/// Silent servers that are counted in one outage of the network, 16 octets each.
pub(crate) const MAX_SILENT_SERVERS: usize = 256;

/// If the difference between the monotonic clock and the clock of the host changes by this time, somebody has set the clock of the host.
/// The thread may be interrupted for some milliseconds between the readings of the two clocks, so smaller changes do not count.
pub(crate) const CLOCK_STEP: Duration = Duration::from_millis(10);

/// A change of the clock of the host by at least this time is reported. Smaller ones correct its drift.
pub(crate) const CLOCK_JUMP: Duration = Duration::from_secs(60 * 60);

/// For how long a jump of the clock is reported, unless the clock is set back: long enough to be seen once a day.
pub(crate) const CLOCK_JUMP_SHOWN: Duration = Duration::from_secs(24 * 60 * 60);

/// The number of times that resolverd tries to read both clocks without an interruption. If all tries fail, it assumes that nobody has set the clock
/// of the host.
pub(crate) const CLOCK_READINGS: u32 = 4;

/// Times of setting the host's clock that are remembered, 16 octets each: more than two days, if the clock is set every hour.
pub(crate) const MAX_CLOCK_STEPS: usize = 64;

/// Failed questions of a zone that are remembered until they are answered, about 100 octets each. One mail queries a domain for MX, A,
/// AAAA, SPF, DKIM and DMARC.
pub(crate) const MAX_INCIDENT_QUESTIONS: usize = 8;

/// The octets that a processor reads from memory at once (its cache line), on x86-64 and nearly all of AArch64. Queries and replies that are
/// loaded into the cache of the processor in advance are aligned to it.
pub const CORE_LINE: usize = 64;

/// The size of a block of the history, in octets: about 600 questions answered from the cache, or 150 others; the largest entry has about
/// 16 KiB. A worker may have to wait while a reader copies a block, so a reader copies one block at a time, in some microseconds.
pub(crate) const RECORD_BLOCK: usize = 32 << 10;

/// The octets of memory that a reader may use for each octet of the history: an entry takes three times its recorded size when read. Only
/// one reader reads at a time.
pub const RECORD_READER: u64 = 3;

/// The octets of memory that a reader may use for each recorded octet of questions answered from the cache, which are the shortest entries.
/// The rest of the reader's memory is for other questions.
pub(crate) const MAX_HIT_GROWTH: usize = 6;

/// The smallest size of the history in memory, in octets: about 6000 questions.
pub const MIN_RECORD: u64 = 1 << 20;

/// The largest number of queries to servers that are recorded for each resolution. Most resolutions send three, and the first queries show where the
/// time was spent.
pub(crate) const MAX_RECORDED_MESSAGES: usize = 64;

/// Recorded servers with faults of each failed resolution. Most zones have fewer servers.
pub(crate) const MAX_RECORDED_FAULTS: usize = 8;

/// Recorded names and addresses of each answer. Mail software follows fewer mail hosts or SPF includes of one answer.
pub const MAX_RECORDED_LINKS: usize = 16;

/// Octets of the recorded sentence that says why a question failed.
pub(crate) const MAX_RECORDED_TEXT: usize = 240;

/// If a question fails immediately, a resolution that failed at most this long before may explain it. Failures are cached for at most 30 s, and a
/// silent zone is queried again within this time.
pub const EXPLAINED_TIME: Duration = Duration::from_secs(60);

/// The maximum number of resolutions that the reader of the history keeps for `EXPLAINED_TIME`, to explain later questions. Each takes
/// about 1 KiB.
pub const MAX_FOLLOWED_FLIGHTS: usize = 1_024;

/// Lines that the query log writes in a second; further questions are only counted. By default, systemd-journald drops the lines of a
/// service beyond 10 000 in 30 s without counting them.
pub(crate) const QUERY_LINES_A_SECOND: u32 = 300;

/// Questions that may wait for the query log, about 200 octets each: more than the log writes in `SNAPSHOT_INTERVAL`, the longest time
/// between two writings.
pub(crate) const MAX_LOGGED_QUERIES: usize = 4_000;

/// The time for which an entry on disk is shown, and for which a file (segment) is kept after its last entry. Operators ask about a delayed mail
/// within a week.
pub const STORED_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The octets of memory for entries read from disk. If the entries need more, the oldest are left out.
pub const MAX_STORED_READ: usize = 24 << 20;

/// The greatest number of clients that may wait for the lookup of their local user. Each takes about 32 octets. `resolverctl why` shows no
/// user for further clients.
pub(crate) const MAX_WANTED_OWNERS: usize = 64;

/// The pause between two lookups of local users whose questions are neither slow nor failed: such users are only a sample. A lookup takes a
/// millisecond at a gateway.
pub(crate) const OWNER_SAMPLE_PAUSE: Duration = Duration::from_secs(1);

/// If a lookup finds the user of a port at most this long after a question from the port has ended, the question counts as this user's.
pub(crate) const OWNER_LATE: Duration = Duration::from_secs(1);

/// The largest length of a user name in octets: Linux allows 32.
pub const MAX_USER_NAME: usize = 32;

/// The largest `resolve.deadline`. It is a second less than `FLIGHT_TIME`, the longest time of a resolution, so that the reply can say why
/// the question failed.
pub const MAX_DEADLINE: Duration = Duration::from_secs(9);

/// The longest time of a resolution. glibc gives up 10 s after the first copy of its query (two tries of 5 s, measured), so a later answer
/// is of no use.
pub const FLIGHT_TIME: Duration = Duration::from_secs(10);

/// How long a change of a record is remembered, and a value that may come again.
pub const CHANGES_TIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The largest size of the watched records and their changes, in octets as in their file. A record takes some 130 octets, so there is space for the
/// records of more than four thousand domains. Memory has two to three times as much, which the bound of the process has room for.
pub const MAX_CHANGES_OCTETS: usize = 4 << 20;

/// The largest length of the text of a value, in octets: it fits a line of a screen.
pub(crate) const MAX_VALUE_TEXT: usize = 100;

/// The record sets that are watched at one name. A domain has five and its DKIM keys; large senders use about ten keys.
pub(crate) const MAX_WATCHED_RECORDS: usize = 24;

/// The mail hosts of a domain whose records are watched. The large providers name five.
pub(crate) const MAX_WATCHED_HOSTS: usize = 8;

/// The changes of a record set that are remembered. An owner who repairs a record makes a few in a row.
pub(crate) const MAX_CHANGES_A_RECORD: usize = 12;

/// The values of a record set that are remembered to notice that they come again. With fewer, a rotation among many addresses would not be noticed.
pub(crate) const MAX_EARLIER_VALUES: usize = 16;

/// More changes of a record set within a day are a rotation. An owner who tries out a record changes it a few times.
pub(crate) const MAX_CHANGES_A_DAY: usize = 4;

/// The points that make a rotation; see `changes::record`.
pub(crate) const ROTATION_POINTS: u8 = 4;

/// How often a value must be seen in a row until a rotation ends. Of two values that come equally often, one is seen so often by chance once in half
/// a million answers.
pub(crate) const ROTATION_ENDS: u32 = 20;

/// The number of queries with EDNS in the usual form that a server gets. If it answers none, the next query asks for a short reply, and later ones
/// (in an unsigned zone) have no OPT record. Some firewalls drop long replies, or EDNS. On a good path, two losses in a row are rarer than such a
/// firewall.
pub const EDNS_TRIES: u8 = 2;
