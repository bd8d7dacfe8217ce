//! The limits of the history.

use std::time::Duration;

/// The largest number of steps that are kept of a flight. A question that reaches its limit of 100 messages has about three steps for each
/// message.
pub const MAX_STEPS: usize = 320;

/// The time between two snapshots of the counters, from which the windows are computed. With this interval, the window of the last minute is
/// exact to a sixth of a minute, and an idle daemon wakes six times in a minute.
pub const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(10);

/// The number of snapshots that are kept at `SNAPSHOT_INTERVAL`: five minutes, about 16 KiB for each snapshot.
pub(crate) const SNAPSHOTS: usize = 31;

/// The number of snapshots that are taken once a minute and kept for an hour. It is also the number of minutes in a table with counters for each
/// minute.
pub(crate) const SNAPSHOT_MINUTES: usize = 61;

/// The largest number of rows in a table of zones, servers or clients since the start; the row "other" counts the rest. A row takes about 300
/// octets.
pub const MAX_TABLE_ROWS: usize = 1_024;

/// The largest number of rows in such a table for one minute. The tables of 61 minutes are kept, so together they take less than 3 MiB.
pub(crate) const MAX_MINUTE_ROWS: usize = 128;

/// The number of clients that a worker counts separately between two snapshots; the row "other" counts the rest. A gateway has a few dozen
/// clients.
pub const MAX_CLIENTS_PER_SHARD: usize = 256;

/// The largest number of shards of the record. More shards than workers (and one for TCP) would only cost memory: about 130 KiB each, because
/// each outcome has a histogram of 11 KiB.
pub(crate) const MAX_SHARDS: usize = 64;

/// The number of questions that may wait for a watcher (`resolverctl monitor`): 10 s at a busy gateway, about 200 octets for each question. A
/// watcher that reads more slowly misses questions.
pub const WATCHED_QUESTIONS: usize = 1_024;

/// The largest number of watchers at the same time. A few people are enough, and each watcher copies every question that the cache does not
/// answer.
pub const MAX_WATCHERS: usize = 4;

/// The number of zones whose failures are counted for the log at the same time; spam causes failures of hundreds of zones. A zone takes about
/// 1 KiB.
pub(crate) const MAX_INCIDENT_ZONES: usize = 256;

/// The number of consecutive failed flights after which a zone that worked before is reported as failing. One failure may be chance, and a
/// second failure may be the retry of the first.
pub const INCIDENT_FAILURES: u32 = 3;

/// Two failures with a longer time between them than this are counted separately. A failing question is tried again every 30 s at most.
pub(crate) const INCIDENT_WINDOW: Duration = Duration::from_secs(60);

/// A zone that has never worked is reported after this number of failures, if they span at least `INCIDENT_STRANGER_TIME`. Most of these zones
/// are domains in spam, and all questions of one message about such a domain end within a minute.
pub(crate) const INCIDENT_STRANGER_FAILURES: u32 = 10;

/// See `INCIDENT_STRANGER_FAILURES`.
pub(crate) const INCIDENT_STRANGER_TIME: Duration = Duration::from_secs(5 * 60);

/// An incident is not reported again for this time after its end. If no failure was seen for this time, it is unknown whether the incident
/// continues.
pub(crate) const INCIDENT_QUIET: Duration = Duration::from_secs(10 * 60);

/// An incident is forgotten after this time without a failure. So a failing domain that gets mail only once a night is reported only once.
pub(crate) const INCIDENT_FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// The largest number of failing zones that are reported in an hour. Of further zones, the log has only the number.
pub(crate) const INCIDENTS_AN_HOUR: u32 = 20;

/// Our own network counts as down if no server on the internet, including root servers, has answered for this time. A flight ends after 10 s,
/// so a shorter outage makes no zone fail.
pub(crate) const NETWORK_DOWN_TIME: Duration = Duration::from_secs(4);

/// The number of unanswered queries to root servers in that time: a single query may be lost.
pub(crate) const NETWORK_DOWN_ROOT_MESSAGES: u32 = 2;

/// The length of a slice of time for the loss of our own network. The loss of two slices is judged at the end of each, so it is seen within
/// two minutes.
pub(crate) const LOSS_SLICE: Duration = Duration::from_secs(30);

/// The number of networks that must show the loss of our own network. With fewer, two lossy hosters could look like it.
pub(crate) const LOSS_NETWORKS: usize = 8;

/// The number of queries in two slices from which a network counts. With a loss of 20 %, half of the networks with 3 queries lose one.
pub(crate) const LOSS_NETWORK_QUERIES: u32 = 3;

/// The mean loss in percent, over the three quarters of the networks that lose least, from which our own network loses packets. It is 0 to 1 % at a
/// healthy host, and about 12 % if each path loses 20 %.
pub(crate) const LOSS_PERCENT: u32 = 6;

/// The same mean loss, in percent, below which the loss of our own network has ended.
pub(crate) const LOSS_ENDS_PERCENT: u32 = 2;

/// A server that answered within this time used to answer. Its missing answers are losses.
pub(crate) const USED_TO_ANSWER: Duration = Duration::from_secs(600);

/// The largest number of servers whose losses are counted, 80 octets each. They are enough to judge hundreds of networks.
pub(crate) const MAX_LOSS_SERVERS: usize = 1_024;

/// The number of periods of loss that are remembered, 16 octets each.
pub(crate) const MAX_LOSS_SPANS: usize = 64;

/// The largest number of silent servers that are counted during one silence. It is enough to show that many servers are silent. A server takes 16
/// octets.
pub(crate) const MAX_SILENT_SERVERS: usize = 256;

/// A difference of this size between the two clocks counts as a step of the clock: the reading of two clocks may be interrupted for some
/// milliseconds.
pub(crate) const CLOCK_STEP: Duration = Duration::from_millis(10);

/// How often both clocks are read until one reading was not interrupted. If all readings were interrupted, the clock counts as not set.
pub(crate) const CLOCK_READINGS: u32 = 4;

/// The number of steps of the host's clock that are remembered, 16 octets each. If the clock is set every hour, they reach back two days.
pub(crate) const MAX_CLOCK_STEPS: usize = 64;

/// The number of outages of our own network that are remembered, 16 octets each.
pub(crate) const MAX_OUTAGE_SPANS: usize = 64;

/// The number of failed questions of a zone that are remembered until they are answered. For one mail, a domain is asked for MX, A, AAAA, SPF,
/// DKIM and DMARC. A question takes about 100 octets.
pub(crate) const MAX_INCIDENT_QUESTIONS: usize = 8;

/// The number of octets that a CPU core reads from memory together (a cache line), on x86-64 and nearly all of AArch64. Queries and replies
/// that are read ahead are aligned to such lines.
pub const CORE_LINE: usize = 64;

/// The size of a block of the record, in octets: about six hundred questions answered from the cache, or a hundred and fifty others. While a
/// reader copies a block, a worker may wait, so it copies at most one block (some microseconds). The largest entry has about 16 KiB.
pub(crate) const RECORD_BLOCK: usize = 32 << 10;

/// The number of octets of memory that a reader may take for each octet of the record: an entry in memory takes three times its size in the
/// record. Only one reader reads at a time.
pub const RECORD_READER: u64 = 3;

/// The number of octets of memory that a reader may take for each octet of a question answered from the cache, which is the shortest entry of
/// the record. Other questions get the rest of the reader's memory.
pub(crate) const MAX_HIT_GROWTH: usize = 6;

/// The smallest size of the record, in octets: about six thousand questions.
pub const MIN_RECORD: u64 = 1 << 20;

/// The number of queries to servers that are recorded for each flight. Most flights send three queries, and the first ones show where the time was
/// spent.
pub(crate) const MAX_RECORDED_MESSAGES: usize = 64;

/// The number of servers with faults that are recorded for each failed flight. Most zones have fewer servers.
pub(crate) const MAX_RECORDED_FAULTS: usize = 8;

/// The number of names and addresses that are recorded for each answer. Mail software queries fewer mail hosts or SPF includes of an answer.
pub(crate) const MAX_RECORDED_LINKS: usize = 16;

/// The largest length of the recorded reason of a failure, in octets.
pub(crate) const MAX_RECORDED_TEXT: usize = 240;

/// A mail counts as ended when its client has sent no question for this time: a greeting delay or a content filter asks sooner.
pub const MESSAGE_PAUSE: Duration = Duration::from_secs(2);

/// A question that begins within this time after another question of a mail began or ended belongs to the same mail, unless a name shows
/// otherwise: mail software asks again within a few milliseconds.
pub(crate) const MESSAGE_BURST: Duration = Duration::from_millis(100);

/// The number of mails of one client that are distinguished while they are in progress at the same time. If there are more, the mail without a
/// question for the longest time is ended early.
pub(crate) const MAX_OPEN_MESSAGES: usize = 64;

/// The largest number of questions of a mail; the next question begins another mail. A mail with many links causes about two hundred
/// questions.
pub(crate) const MAX_MESSAGE_QUESTIONS: usize = 500;

/// The number of messages with a wanted name for which the culprit is searched, the longest first: this takes up to 100 µs for each message.
pub(crate) const MAX_JUDGED_MESSAGES: usize = 500;

/// The largest number of mails in a reply of `why`.
pub const MAX_WHY_MESSAGES: usize = 100;

/// The largest number of questions for each mail in a reply: two screens. The questions that are left out took less time.
pub const MAX_WHY_QUESTIONS: usize = 200;

/// The largest number of queries to servers for each question in a reply: a few for each step of the resolution.
pub(crate) const MAX_WHY_SENT: usize = 8;

/// The largest number of further culprits for each mail in a reply. Each takes about a kilobyte, and a mail with links to many dead domains
/// has one for each domain.
pub(crate) const MAX_WHY_ALSO: usize = 8;

/// From this time on, a wait of the same client may be the delay of a mail, even if no name shows that it belongs to the mail. It is half of a
/// delay of one second, which is the shortest delay that a log line shows and operators ask about. It is also the longest time between such a
/// wait and the queries of the mail: an SMTP dialogue has pauses of a few round trips.
pub(crate) const POSSIBLE_WAIT: Duration = Duration::from_millis(500);

/// The largest number of such waits for each mail in a reply. A pasted line excludes the waits that do not fit its delay, and the nearest
/// waits are the most likely.
pub(crate) const MAX_WHY_POSSIBLE_WAITS: usize = 32;

/// The largest size of the questions of one mail in a reply, in octets; `MAX_WHY_REPLY` is that of all mails. Both are less than
/// `MAX_CONTROL_REPLY`, the limit for a line: 16 MiB for each connection that waits for a reply would be too much.
pub(crate) const MAX_WHY_LINE: usize = 256 << 10;

/// See `MAX_WHY_LINE`.
pub(crate) const MAX_WHY_REPLY: usize = 4 << 20;

/// The number of `why` requests that are answered with one reading of the record. The lines pasted from one screen rarely cause more requests
/// at the same time.
pub const MAX_WHY_REQUESTS: usize = 64;

/// The number of names and addresses by which the questions of a mail are grouped. A mail with many links asks for about forty domains.
pub(crate) const MAX_MESSAGE_SUBJECTS: usize = 96;

/// From this time on, an answer is slow: halfway around the world and back takes about 300 ms.
pub const SLOW_ANSWER: Duration = Duration::from_millis(300);

/// If the same server answers within this time before and after an unanswered query, messages get lost on the path to the server.
pub(crate) const LOSS_WINDOW: Duration = Duration::from_secs(10);

/// After this number of unanswered queries in a row, a server counts as silent if no answer came for `SILENCE_SPAN`. If a third of all
/// exchanges are lost, four losses in a row have a probability of one in eighty.
pub(crate) const SILENCES_IN_A_ROW: usize = 4;

/// A server counts as silent between two answers only if at least this time passed between them. On a busy host, four queries may be lost in a
/// burst of some milliseconds.
pub(crate) const SILENCE_SPAN: Duration = Duration::from_secs(3);

/// A flight that failed at most this long before a question may explain why the question failed immediately. Failures are remembered for 30 s
/// at most, and a silent zone is probed within this time.
pub(crate) const EXPLAINED_TIME: Duration = Duration::from_secs(60);

/// The questions of a mail may come this long before or after the time that the operator named.
pub(crate) const WHY_MARGIN: Duration = Duration::from_secs(10 * 60);

/// A failed question delays a mail by at least this time: the client defers the mail, or asks again after this time.
pub(crate) const FAILURE_COST: Duration = Duration::from_secs(4);

/// From this time on, a pause between the questions of a mail is blamed on the client. Shorter pauses are normal in an SMTP dialogue.
pub(crate) const CLIENT_PAUSE: Duration = Duration::from_secs(1);

/// The length of the shortest customer key of a DNS list, in octets. A shorter label cannot be distinguished from other text.
pub const MIN_LIST_KEY: usize = 8;

/// The number of failed flights of the last `EXPLAINED_TIME` that are remembered for the next reading of entries. A flight takes about 1 KiB.
pub(crate) const MAX_FOLLOWED_FLIGHTS: usize = 1_024;

/// The number of zones whose failures are counted for log lines: the broken zones of one hour at a gateway, including domains in spam. A zone
/// takes about 300 octets. If there is no room, the zone without a failure for the longest time is removed.
pub(crate) const MAX_FAILING_ZONES: usize = 1_024;

/// The number of log lines about the first failure of a zone that are written in a minute. Further failures are only counted, for the line of
/// the hour.
pub const FAILURE_LINES_A_MINUTE: u32 = 10;

/// The number of zones that are named in the log line about the failures of an hour.
pub(crate) const SUMMARY_ZONES: usize = 3;

/// The number of log lines about slow questions that are written in a minute. Further slow questions are only counted.
pub const SLOW_LINES_A_MINUTE: u32 = 10;

/// The number of lines that the query log writes in a second; further queries are only counted. By default, systemd-journald drops the lines
/// of a service beyond 10 000 in 30 s, and these would be lost without a notice.
pub(crate) const QUERY_LINES_A_SECOND: u32 = 300;

/// The number of queries that may wait to be written to the query log: the queries of four readings of the record. A query takes about 200
/// octets.
pub(crate) const MAX_LOGGED_QUERIES: usize = 4_000;

/// The largest number of servers that are shown for a failed question, each with its behaviour.
pub(crate) const MAX_FAILURE_SERVERS: usize = 8;

/// How long an entry on disk is shown, and how long a segment is kept after its last entry: operators search for a mail in the week after its
/// delay.
pub const STORED_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The number of octets of memory that a reader takes for entries from disk. If there are more, the oldest entries are left out.
pub const MAX_STORED_READ: usize = 24 << 20;

/// The record is read from this long before a window, so that a mail that began before the window is not counted in the window. A mail takes a
/// few seconds, and rarely a minute.
pub(crate) const MAIL_MARGIN: Duration = Duration::from_secs(60);

/// The path to all IPv6 servers counts as broken if the servers in at least this number of IPv6 networks are silent and no IPv6 server
/// answers. The owners of so many zones do not fail at the same time.
pub(crate) const SILENT_IPV6_NETWORKS: usize = 3;

/// The number of octets that are stored in an hour for messages (emails) that took long or had a failed question, not counting these
/// questions. In seven days this is a third of `MAX_STORED`. A message of 60 questions takes 7 KiB.
pub(crate) const LONG_MESSAGES_AN_HOUR: u64 = 128 << 10;

/// The number of octets of such messages that are stored in a burst. The worst night had about 150 such messages.
pub(crate) const LONG_MESSAGE_BURST: u64 = 4 << 20;

/// The part of `LONG_MESSAGE_BURST` that messages may use which had a failed question but did not take long. Most of these are spam from dead
/// domains, and a message that took long must still find room after them.
pub(crate) const FAILED_MESSAGE_BURST: u64 = LONG_MESSAGE_BURST / 2;

/// The number of octets of memory that a reader takes for such messages every `SNAPSHOT_INTERVAL`: about 40 000 questions.
pub(crate) const LONG_MESSAGE_MEMORY: usize = 16 << 20;

/// The longest time for which a message is followed. Most messages take a few seconds, and a client that waits for a minute is asking for
/// another message.
pub(crate) const LONG_MESSAGE_TIME: Duration = Duration::from_secs(60);

/// The number of clients that may wait for the lookup of their local user, about 32 octets each. Beyond this number, a query has no user in
/// `resolverctl why`.
pub(crate) const MAX_WANTED_OWNERS: usize = 64;

/// The owner of a port still counts as the user of a question for this time after the end of the question.
pub(crate) const OWNER_LATE: Duration = Duration::from_secs(1);

/// The length of a user name, in octets: Linux allows 32.
pub const MAX_USER_NAME: usize = 32;

/// The largest value of `resolve.deadline`. It is a second less than `FLIGHT_TIME`, so that the client receives the reason of a failure.
pub const MAX_DEADLINE: Duration = Duration::from_secs(9);

/// The number of queries with an OPT record to a server of an unsigned zone, before a query without it. Some firewalls drop EDNS; on a good
/// path, two losses in a row are rarer than such firewalls.
pub const EDNS_TRIES: u8 = 2;

/// The longest time of a flight. glibc gives up 10 s after the first copy of its query (two tries of 5 s, measured), so a later answer would
/// be useless.
pub const FLIGHT_TIME: Duration = Duration::from_secs(10);
