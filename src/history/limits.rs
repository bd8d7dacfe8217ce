//! Bounds of the history.

use std::time::Duration;

/// Steps kept of a flight: a question at its bound of 100 messages has about three steps a message.
pub const MAX_STEPS: usize = 320;

/// The time between two snapshots of the counters, from which the windows are computed: the last minute is exact to a
/// sixth of it, and an idle daemon wakes six times a minute.
pub const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(10);

/// Snapshots kept at that interval: five minutes of them, about 16 KiB each.
pub(crate) const SNAPSHOTS: usize = 31;

/// Snapshots kept by the minute, and minutes kept in a table: an hour of them.
pub(crate) const SNAPSHOT_MINUTES: usize = 61;

/// Rows of a table of zones, servers or clients since the start; the rest is "other". About 300 octets each.
pub const MAX_TABLE_ROWS: usize = 1_024;

/// Rows of such a table for one minute; 61 of them are kept, so a table stays below 3 MiB.
pub(crate) const MAX_MINUTE_ROWS: usize = 128;

/// Clients that a worker counts separately between two snapshots; the rest is "other". A gateway has a few dozen.
pub const MAX_CLIENTS_PER_SHARD: usize = 256;

/// Shards of the record: more than there are workers and TCP would only cost memory, about 130 KiB each, a
/// histogram of 11 KiB for each outcome.
pub(crate) const MAX_SHARDS: usize = 64;

/// Questions that wait for a watcher (`resolverctl monitor`): 10 s of a busy gateway, about 200 octets each. A slower one loses
/// questions.
pub const WATCHED_QUESTIONS: usize = 1_024;

/// Watchers at once: a few people; each copies every question that is not in the cache.
pub const MAX_WATCHERS: usize = 4;

/// Zones whose failures are counted for the log at once; spam causes hundreds of them. About 1 KiB each.
pub(crate) const MAX_INCIDENT_ZONES: usize = 256;

/// Failed flights in a row after which a zone that has worked is reported as failing: one may be chance, and a second
/// one its retry.
pub const INCIDENT_FAILURES: u32 = 3;

/// Failures further apart than this are separate: a failing question is tried again every 30 s at most.
pub(crate) const INCIDENT_WINDOW: Duration = Duration::from_secs(60);

/// Failures, and their span, after which a zone that has never worked is reported: most of these are spam's, and a
/// message's questions about one end within a minute.
pub(crate) const INCIDENT_STRANGER_FAILURES: u32 = 10;

/// See `INCIDENT_STRANGER_FAILURES`.
pub(crate) const INCIDENT_STRANGER_TIME: Duration = Duration::from_secs(5 * 60);

/// An incident is not reported again for this time after its end. After this time without a failure it is not known
/// whether it continues.
pub(crate) const INCIDENT_QUIET: Duration = Duration::from_secs(10 * 60);

/// An incident is forgotten after this time without a failure: a domain that gets mail once a night is reported once.
pub(crate) const INCIDENT_FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// Failing zones reported in an hour; the log has only the number of the others.
pub(crate) const INCIDENTS_AN_HOUR: u32 = 20;

/// How long no server on the internet, including root servers, must have answered for our own network to be down. A
/// flight ends after 10 s, so no zone fails by a shorter outage.
pub(crate) const NETWORK_DOWN_TIME: Duration = Duration::from_secs(4);

/// Unanswered queries to root servers in that time: one may be lost.
pub(crate) const NETWORK_DOWN_ROOT_MESSAGES: u32 = 2;

/// Servers that are counted during a silence: enough to show that it is not a few, 16 octets each.
pub(crate) const MAX_SILENT_SERVERS: usize = 256;

/// A difference of the clocks of this size is a step: reading two clocks may be interrupted for some milliseconds.
pub(crate) const CLOCK_STEP: Duration = Duration::from_millis(10);

/// Readings of both clocks until one was not interrupted. If all were, the clock is taken for not set.
pub(crate) const CLOCK_READINGS: u32 = 4;

/// Steps of the clock of the host that are remembered, 16 octets each: a host whose clock is set every hour has two days.
pub(crate) const MAX_CLOCK_STEPS: usize = 64;

/// Silences of our own network that are kept, 16 octets each.
pub(crate) const MAX_OUTAGE_SPANS: usize = 64;

/// Failed questions of a zone that are remembered until they are answered: a mail asks for MX, A, AAAA, SPF, DKIM and
/// DMARC of a domain. About 100 octets each.
pub(crate) const MAX_INCIDENT_QUESTIONS: usize = 8;

/// Octets that a core reads from memory at a time: the line of its cache, on x86-64 and nearly all of AArch64. Queries and replies that are
/// read ahead lie in such lines.
pub const CORE_LINE: usize = 64;

/// Octets of a block of the record: some six hundred questions from the cache, or a hundred and fifty others. A reader copies
/// at most one block while a worker waits: some microseconds. The largest entry has about 16 KiB.
pub(crate) const RECORD_BLOCK: usize = 32 << 10;

/// Octets that a reader of the record may take for each octet of the record: an entry that is read takes three times the room
/// that it had. One reads at a time.
pub const RECORD_READER: u64 = 3;

/// Octets that a reader may take for an octet of a question from the cache, which is the shortest entry of the record. Questions that the
/// cache did not answer get what these leave of a reader's memory.
pub(crate) const MAX_HIT_GROWTH: usize = 6;

/// The smallest record, some six thousand questions, and the largest.
pub const MIN_RECORD: u64 = 1 << 20;

/// Messages of a flight that are kept: most flights send three, and the first ones show where the time went.
pub(crate) const MAX_RECORDED_MESSAGES: usize = 64;

/// Servers with faults of a failed flight that are kept: more than most zones have.
pub(crate) const MAX_RECORDED_FAULTS: usize = 8;

/// Names and addresses of an answer that are kept: more exchangers or includes than mail software follows.
pub(crate) const MAX_RECORDED_LINKS: usize = 16;

/// Octets of the reason of a failure that are kept.
pub(crate) const MAX_RECORDED_TEXT: usize = 240;

/// A mail ends when its client has not asked for this time: a greeting delay and a content filter start sooner.
pub const MESSAGE_PAUSE: Duration = Duration::from_secs(2);

/// Questions that begin within this time of another question of a mail, or of its end, follow from it if no name tells
/// otherwise: mail software asks again within a few milliseconds.
pub(crate) const MESSAGE_BURST: Duration = Duration::from_millis(100);

/// Mails of one client in progress at once that are kept apart; the quietest ends early.
pub(crate) const MAX_OPEN_MESSAGES: usize = 64;

/// Questions of a mail; the next begins another one. A mail with many links asks some two hundred.
pub(crate) const MAX_MESSAGE_QUESTIONS: usize = 500;

/// Messages with a wanted name that are judged, those that took longest first: to judge one takes up to 100 µs.
pub(crate) const MAX_JUDGED_MESSAGES: usize = 500;

/// Mails in a reply of `why`.
pub const MAX_WHY_MESSAGES: usize = 100;

/// Questions of each mail in a reply: two screens. The others took less time.
pub const MAX_WHY_QUESTIONS: usize = 200;

/// Queries to servers in a reply, of each question: a few for each step of a walk.
pub(crate) const MAX_WHY_SENT: usize = 8;

/// Other culprits of a mail in a reply: each takes about a kilobyte, and a mail with links to many dead domains has one for each.
pub(crate) const MAX_WHY_ALSO: usize = 8;

/// A wait of the same client that may be the delay of a mail, though no name shows that it belongs to it: half of a delay of a second, which
/// a log line shows and an operator asks about. Also the time between such a wait and the queries of the mail: a dialogue of SMTP has pauses
/// of a few round trips.
pub(crate) const POSSIBLE_WAIT: Duration = Duration::from_millis(500);

/// Such waits of a mail in a reply: a pasted line excludes those that do not fit its delay, and the nearest ones are the likely ones.
pub(crate) const MAX_WHY_POSSIBLE_WAITS: usize = 32;

/// Octets of the questions of a mail in a reply, and of all mails: below `MAX_CONTROL_REPLY`, which is the bound of a line, and
/// 16 MiB for each of the connections that wait for a reply would be too much.
pub(crate) const MAX_WHY_LINE: usize = 256 << 10;

/// See `MAX_WHY_LINE`.
pub(crate) const MAX_WHY_REPLY: usize = 4 << 20;

/// Requests of `why` that are answered from one reading of the record: most of those that the pasted lines of a screen make at once.
pub const MAX_WHY_REQUESTS: usize = 64;

/// Names and addresses by which the questions of a mail are joined. A mail with many links asks for some forty domains.
pub(crate) const MAX_MESSAGE_SUBJECTS: usize = 96;

/// An answer that takes this time is slow: half of the way around the world and back takes about 300 ms.
pub const SLOW_ANSWER: Duration = Duration::from_millis(300);

/// Time before or after a silence in which an answer of the same server shows that messages get lost on its path.
pub(crate) const LOSS_WINDOW: Duration = Duration::from_secs(10);

/// Queries in a row that a server did not answer, from which on it was silent, if no answer came for `SILENCE_SPAN`: with a third of
/// all exchanges lost, four in a row are one in eighty.
pub(crate) const SILENCES_IN_A_ROW: usize = 4;

/// The least time between two answers of a server for which it counts as silent between them. On a busy host, four queries are lost in a
/// burst of some milliseconds.
pub(crate) const SILENCE_SPAN: Duration = Duration::from_secs(3);

/// How long before a question that failed at once a flight may have failed that explains it: failures are remembered for 30 s at
/// most, and a silent zone is probed in this time.
pub(crate) const EXPLAINED_TIME: Duration = Duration::from_secs(60);

/// Questions of a mail may come this long before or after a moment that the operator named.
pub(crate) const WHY_MARGIN: Duration = Duration::from_secs(10 * 60);

/// The time by which a failed question delays a mail at least: its client defers the mail, or asks again after this time.
pub(crate) const FAILURE_COST: Duration = Duration::from_secs(4);

/// The time between the questions of a mail from which its client is said to wait: a shorter one is the dialogue of SMTP.
pub(crate) const CLIENT_PAUSE: Duration = Duration::from_secs(1);

/// Octets of the shortest key of a customer of a DNS list: a label that is shorter cannot be distinguished from other text.
pub const MIN_LIST_KEY: usize = 8;

/// Flights that are known when the next entries are read: the flights of `EXPLAINED_TIME` in which questions failed. About 1 KiB each.
pub(crate) const MAX_FOLLOWED_FLIGHTS: usize = 1_024;

/// Zones whose failures are counted for lines of the log: the broken zones of an hour at a gateway, spam's included. About 300
/// octets each. The quietest one gives way.
pub(crate) const MAX_FAILING_ZONES: usize = 1_024;

/// Lines about the first failure of a zone that are written in a minute; the others are counted for the hour.
pub const FAILURE_LINES_A_MINUTE: u32 = 10;

/// Zones that the line about an hour's failures names.
pub(crate) const SUMMARY_ZONES: usize = 3;

/// Lines about slow questions that are written in a minute; the others are counted.
pub const SLOW_LINES_A_MINUTE: u32 = 10;

/// Lines of the query log in a second: systemd-journald drops lines of a service beyond 10 000 in 30 s by default, and the others
/// would be lost without a word. The others are counted.
pub(crate) const QUERY_LINES_A_SECOND: u32 = 300;

/// Queries that wait for their line: the queries of four readings of the record. About 200 octets each.
pub(crate) const MAX_LOGGED_QUERIES: usize = 4_000;

/// Servers of a failure that are shown with their conduct.
pub(crate) const MAX_FAILURE_SERVERS: usize = 8;

/// How long an entry on disk is shown, and a segment is kept after its last entry: a mail is looked for in the week in which it was delayed.
pub const STORED_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Octets of memory that a reader takes for entries of the disk; the oldest entries are left out.
pub const MAX_STORED_READ: usize = 24 << 20;

/// How long before a window the record is read, so that a mail that had begun before is not taken for one of the window: a mail
/// takes a few seconds, and seldom a minute.
pub(crate) const MAIL_MARGIN: Duration = Duration::from_secs(60);

/// Networks of IPv6 with a silent server from which on the path to all of them is taken for broken if none answers: the owners of so many
/// zones do not fail together.
pub(crate) const SILENT_IPV6_NETWORKS: usize = 3;

/// Octets of messages (emails) that took long or had a failed question, without these questions, stored in an hour: in seven days a third
/// of `MAX_STORED`. A message of 60 questions takes 7 KiB.
pub(crate) const LONG_MESSAGES_AN_HOUR: u64 = 128 << 10;

/// Octets of such messages that are stored at once: the worst night had about 150 of them.
pub(crate) const LONG_MESSAGE_BURST: u64 = 4 << 20;

/// The part of `LONG_MESSAGE_BURST` up to which messages are stored that had a failed question and did not take long: most are spam of
/// dead domains, and a message that took long finds room after them.
pub(crate) const FAILED_MESSAGE_BURST: u64 = LONG_MESSAGE_BURST / 2;

/// Octets of memory that a reader takes for them every `SNAPSHOT_INTERVAL`: some 40 000 questions.
pub(crate) const LONG_MESSAGE_MEMORY: usize = 16 << 20;

/// The part of a message that is looked at: most take a few seconds, and a client that waits for a minute has asked for another message.
pub(crate) const LONG_MESSAGE_TIME: Duration = Duration::from_secs(60);

/// Local users of clients that wait to be looked up, some 32 octets each. Beyond it a query has no user in `resolverctl why`.
pub(crate) const MAX_WANTED_OWNERS: usize = 64;

/// How long after the end of a question the user of its port is still taken for that of its client.
pub(crate) const OWNER_LATE: Duration = Duration::from_secs(1);

/// Octets of the name of a user: Linux allows 32.
pub const MAX_USER_NAME: usize = 32;

/// The largest `resolve.deadline`: a second below `FLIGHT_TIME`, so that the client gets the reason.
pub const MAX_DEADLINE: Duration = Duration::from_secs(9);

/// Queries with an OPT to a server of an unsigned zone before one without it: some firewalls drop EDNS, and on a
/// good path two losses in a row are rarer than these.
pub const EDNS_TRIES: u8 = 2;

/// The longest time of a flight. glibc gives up 10 s after the first copy of its query (two tries of 5 s, measured),
/// so a later answer is too late.
pub const FLIGHT_TIME: Duration = Duration::from_secs(10);
