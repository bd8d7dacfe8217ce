//! The limits of the query history, each with the reason for its value.

use std::time::Duration;

/// The largest number of recorded steps of a resolution (flight). A resolution may send at most 100 queries to servers, and has about three steps
/// for each query.
pub const MAX_STEPS: usize = 320;

/// The time between two snapshots of the counters, from which the statistics of each window are computed. With this interval, the statistics of "the
/// last minute" may be 10 s too long or too short, and an idle daemon wakes six times a minute.
pub const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(10);

/// The number of snapshots that are stored at intervals of `SNAPSHOT_INTERVAL`: five minutes, about 16 KiB for each snapshot.
pub(crate) const SNAPSHOTS: usize = 31;

/// The number of snapshots that are taken once a minute and stored for an hour. A table also has separate counters for each of this number of
/// minutes.
pub(crate) const SNAPSHOT_MINUTES: usize = 61;

/// The largest number of rows in a table of zones, servers or clients with the counters since the start. What has no row of its own is counted in the
/// row "other". A row takes about 300 octets.
pub const MAX_TABLE_ROWS: usize = 1_024;

/// The largest number of rows in a table of zones, servers or clients with the counters of one minute. The tables of 61 minutes are stored; together
/// they take less than 3 MiB.
pub(crate) const MAX_MINUTE_ROWS: usize = 128;

/// The largest number of clients that a worker counts separately between two snapshots of the counters. The row "other" counts all further clients. A
/// gateway has a few dozen clients.
pub const MAX_CLIENTS_PER_SHARD: usize = 256;

/// The largest number of shards, which are the counters of one worker each. More shards than that (and one for TCP) would only take memory: about 130
/// KiB for each shard, because each outcome has a histogram of 11 KiB.
pub(crate) const MAX_SHARDS: usize = 64;

/// The number of questions that may wait to be read by one watcher (`resolverctl monitor`): those of 10 s at a busy gateway, about 200 octets for
/// each question. A watcher that reads more slowly misses questions.
pub const WATCHED_QUESTIONS: usize = 1_024;

/// The largest number of watchers (`resolverctl monitor`) at the same time. A few people are enough, and each watcher gets a copy of every question
/// that the cache does not answer.
pub const MAX_WATCHERS: usize = 4;

/// The largest number of zones whose recent failures are counted, to decide if the log reports the zone as failing. Spam causes failures of hundreds
/// of zones. A zone takes about 1 KiB.
pub(crate) const MAX_INCIDENT_ZONES: usize = 256;

/// The number of failed resolutions in a row after which a zone that worked before is reported as failing. One failure may be chance, and a second
/// failure may be a repetition of the same question.
pub const INCIDENT_FAILURES: u32 = 3;

/// If more than this time passes between two failures of a zone, they do not count as consecutive. A failed question is resolved again at most every
/// 30 s, because failures are cached.
pub(crate) const INCIDENT_WINDOW: Duration = Duration::from_secs(60);

/// A zone that has never worked is reported after this number of failures, if they span at least `INCIDENT_STRANGER_TIME`. Most of these zones are
/// domains in spam. One email causes several failures of such a domain, but all within a minute.
pub(crate) const INCIDENT_STRANGER_FAILURES: u32 = 10;

/// A zone that never worked is reported only if this time lies between the first and the last of its `INCIDENT_STRANGER_FAILURES` failures.
pub(crate) const INCIDENT_STRANGER_TIME: Duration = Duration::from_secs(5 * 60);

/// After an incident has ended, a new one of the same zone is not reported for this time. It is also the time after which it is unknown if a zone
/// without further failures still fails.
pub(crate) const INCIDENT_QUIET: Duration = Duration::from_secs(10 * 60);

/// If an incident has had no failure for this time, it is forgotten, and the next failure is reported again. The time is a day, so that a failing
/// domain that gets mail only once a night is reported only once.
pub(crate) const INCIDENT_FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// The largest number of failing zones that the log reports in an hour. For further zones, the log has only their number.
pub(crate) const INCIDENTS_AN_HOUR: u32 = 20;

/// The network of this host counts as down if no server on the internet, including root servers, has answered for this time. A resolution may take 10
/// s, so in an outage of a few seconds its queries are repeated in time.
pub(crate) const NETWORK_DOWN_TIME: Duration = Duration::from_secs(4);

/// The network counts as down only if at least this number of queries to root servers were unanswered during `NETWORK_DOWN_TIME`: a single query may
/// be lost.
pub(crate) const NETWORK_DOWN_ROOT_MESSAGES: u32 = 2;

/// The length of a slice: a period in which the lost packets of the network of this host are counted. At the end of each slice, the loss in the last
/// two slices is examined, so packet loss is noticed within two minutes.
pub(crate) const LOSS_SLICE: Duration = Duration::from_secs(30);

/// The network of this host counts as lossy only if paths to servers in at least this number of networks lose packets. With a smaller number, two
/// hosting providers that lose packets could look like a fault of this host.
pub(crate) const LOSS_NETWORKS: usize = 8;

/// The packet loss of a network is judged only if its servers got at least this number of queries in two slices (`LOSS_SLICE`). If 20 % of the
/// packets are lost, half of the networks with 3 queries lose one.
pub(crate) const LOSS_NETWORK_QUERIES: u32 = 3;

/// The network of this host counts as lossy from this mean loss on, in percent. The mean is computed over the networks, without the quarter that
/// loses most. The mean loss is 0 to 1 % at a healthy host, and about 12 % if each path loses 20 %.
pub(crate) const LOSS_PERCENT: u32 = 6;

/// The loss of the network of this host counts as ended when the mean loss, computed as for `LOSS_PERCENT`, is below this, in percent.
pub(crate) const LOSS_ENDS_PERCENT: u32 = 2;

/// An unanswered query counts as lost only if the server answered another query within this time before: it normally answers.
pub(crate) const USED_TO_ANSWER: Duration = Duration::from_secs(600);

/// The largest number of servers whose lost packets are counted, 80 octets for each server. They are enough to examine hundreds of networks.
pub(crate) const MAX_LOSS_SERVERS: usize = 1_024;

/// The number of periods of packet loss that are remembered, 16 octets each.
pub(crate) const MAX_LOSS_SPANS: usize = 64;

/// The largest number of servers that are counted as silent in one period without any answer. It is enough to show that many servers are silent. A
/// server takes 16 octets.
pub(crate) const MAX_SILENT_SERVERS: usize = 256;

/// If the difference between the monotonic clock and the clock of the host changes by at least this time, the clock of the host was set. Smaller
/// changes have another cause: the thread may be interrupted for some milliseconds between the readings of the two clocks.
pub(crate) const CLOCK_STEP: Duration = Duration::from_millis(10);

/// The largest number of attempts to read both clocks without an interruption. If all attempts were interrupted, it is assumed that nobody has set
/// the clock of the host.
pub(crate) const CLOCK_READINGS: u32 = 4;

/// The largest number of times of setting the host's clock that are remembered, 16 octets each. Even if the clock is set every hour, these cover more
/// than two days.
pub(crate) const MAX_CLOCK_STEPS: usize = 64;

/// The largest number of outages of the network of this host that are remembered, 16 octets each.
pub(crate) const MAX_OUTAGE_SPANS: usize = 64;

/// The number of failed questions of a zone that are remembered until they are answered. For one mail, a domain is queried for MX, A, AAAA, SPF, DKIM
/// and DMARC. Each question takes about 100 octets.
pub(crate) const MAX_INCIDENT_QUESTIONS: usize = 8;

/// The number of octets that a CPU core reads from memory together (a cache line), on x86-64 and nearly all of AArch64. Queries and replies that are
/// prefetched into the CPU cache are aligned to such lines.
pub const CORE_LINE: usize = 64;

/// The size of a block of the history, in octets: about 600 questions answered from the cache, or 150 others. While a reader copies a block, a worker
/// may have to wait for the lock. So a reader copies only one block at a time, in some microseconds. The largest entry has about 16 KiB.
pub(crate) const RECORD_BLOCK: usize = 32 << 10;

/// The number of octets of memory that a reader may use for each octet of the history: after reading, an entry takes three times its recorded size.
/// Only one reader reads at a time.
pub const RECORD_READER: u64 = 3;

/// The largest number of octets of memory that a reader may use for each recorded octet of questions answered from the cache, which are the shortest
/// entries of the history. The rest of the reader's memory is for the other questions.
pub(crate) const MAX_HIT_GROWTH: usize = 6;

/// The smallest size of the history in memory, in octets: about 6000 questions.
pub const MIN_RECORD: u64 = 1 << 20;

/// The largest number of queries to servers that are recorded for each resolution. Most resolutions send three queries, and the first queries show
/// where the time was spent.
pub(crate) const MAX_RECORDED_MESSAGES: usize = 64;

/// The largest number of servers with faults that are recorded for each failed resolution. Most zones have fewer servers.
pub(crate) const MAX_RECORDED_FAULTS: usize = 8;

/// The largest number of names and addresses that are recorded for each answer. This is enough: mail software follows fewer mail hosts or SPF
/// includes of one answer.
pub(crate) const MAX_RECORDED_LINKS: usize = 16;

/// The largest length of the recorded sentence that says why a question failed, in octets.
pub(crate) const MAX_RECORDED_TEXT: usize = 240;

/// If a client has sent no question for this time, its mail counts as ended. Within one mail, the next question comes sooner, even after a greeting
/// delay or a content filter.
pub const MESSAGE_PAUSE: Duration = Duration::from_secs(2);

/// A question that begins within this time after another question of a mail began or ended belongs to the same mail, unless its name shows that it
/// belongs to another mail. Mail software asks the next question within a few milliseconds.
pub(crate) const MESSAGE_BURST: Duration = Duration::from_millis(100);

/// The largest number of mails of one client that are distinguished while they are in progress at the same time. If there are more, the mail whose
/// last question is oldest counts as ended.
pub(crate) const MAX_OPEN_MESSAGES: usize = 64;

/// The longest pause of postscreen (the part of Postfix that greets clients) before smtpd asks about the same host: postscreen first asks DNS lists,
/// and delays its greeting by 6 s by default.
pub(crate) const GREETING_PAUSE: Duration = Duration::from_secs(10);

/// To find the query of a group that is nearest to a time, only this number of queries before that time are compared. More comparisons take longer,
/// and hardly change which groups are joined to one email.
pub(crate) const MAX_COMPARED_QUERIES: usize = 6;

/// The largest number of domains whose MX records are assumed to be queried for one email: those of the sender and of the recipient.
pub(crate) const MAX_SENDERS_AND_RECIPIENTS: usize = 2;

/// The largest number of questions of one mail; a further question counts as the start of another mail. A mail with many links causes about two
/// hundred questions.
pub(crate) const MAX_MESSAGE_QUESTIONS: usize = 500;

/// The largest number of messages (emails) about the name in `resolverctl why NAME` whose culprits are searched, those that took longest first. The
/// search takes up to 100 µs for each email.
pub(crate) const MAX_JUDGED_MESSAGES: usize = 500;

/// The largest number of messages (emails) of a period whose causes are searched for the report `costs`, the longest first. The search takes up to
/// 100 µs for each message.
pub(crate) const MAX_COST_MESSAGES: usize = 5_000;

/// How many causes of delayed mail `costs` shows for each side (this host, other operators, client programs).
pub(crate) const MAX_COST_ROWS: usize = 10;

/// The largest number of messages (emails) in a reply to `resolverctl why`.
pub const MAX_WHY_MESSAGES: usize = 100;

/// The largest number of questions of each mail in a reply to `resolverctl why`: two screens. The questions that took the least time are left out.
pub const MAX_WHY_QUESTIONS: usize = 200;

/// The largest number of queries to servers for each question in a reply to `resolverctl why`: a few for each step of the resolution.
pub(crate) const MAX_WHY_SENT: usize = 8;

/// The largest number of further culprits of each mail in a reply to `resolverctl why`. Each takes about a kilobyte. A mail with links to many dead
/// domains has one culprit for each domain.
pub(crate) const MAX_WHY_ALSO: usize = 8;

/// If a question of the same client waited for at least this time, the wait may be the delay of a mail, even if no name shows that it belongs to this
/// mail. It is half of a second, because a mail log shows delays from one second on, and operators ask about these. It is also the longest time
/// between such a wait and the queries of the mail, because an SMTP dialogue pauses only for a few round trips.
pub(crate) const POSSIBLE_WAIT: Duration = Duration::from_millis(500);

/// The largest number of possible waits (see `POSSIBLE_WAIT`) for each mail in a reply to `resolverctl why`. If the operator pasted a log line, waits
/// that cannot explain the delay in the line are left out. Of the rest, those nearest to the mail in time are shown, because they are the most
/// likely.
pub(crate) const MAX_WHY_POSSIBLE_WAITS: usize = 32;

/// The largest size of the questions of one mail in a reply to `resolverctl why`, in octets. The general limit for a line of a reply,
/// `MAX_CONTROL_REPLY` (16 MiB), would take too much memory if many connections wait for a reply.
pub(crate) const MAX_WHY_LINE: usize = 256 << 10;

/// The largest size of the questions of all mails in a reply to `resolverctl why`, in octets; see `MAX_WHY_LINE`.
pub(crate) const MAX_WHY_REPLY: usize = 4 << 20;

/// The largest number of `resolverctl why` requests that are answered together, after reading the history once. An operator pastes the log lines of
/// one screen, which rarely cause more requests.
pub const MAX_WHY_REQUESTS: usize = 64;

/// The largest number of names and addresses by which the questions of one mail are recognised. A mail with many links asks for about forty domains.
pub(crate) const MAX_MESSAGE_SUBJECTS: usize = 96;

/// An answer that takes at least this time is slow: a packet halfway around the world and back takes about 300 ms.
pub const SLOW_ANSWER: Duration = Duration::from_millis(300);

/// If a server answers other queries within this time before and after an unanswered query, the unanswered query counts as lost on the path to this
/// server.
pub(crate) const LOSS_WINDOW: Duration = Duration::from_secs(10);

/// After this number of unanswered queries in a row, a server counts as silent if it has also sent no answer for `SILENCE_SPAN`. If a third of all
/// queries or replies are lost, the probability of four losses in a row is one in eighty.
pub(crate) const SILENCES_IN_A_ROW: usize = 4;

/// A server counts as silent between two of its answers only if at least this time passed between them: on a busy host, four queries may be lost in a
/// burst of some milliseconds.
pub(crate) const SILENCE_SPAN: Duration = Duration::from_secs(3);

/// If a resolution failed at most this long before a question, it may explain why the question failed immediately. Failures are cached for 30 s at
/// most, and a silent zone is queried again within this time.
pub(crate) const EXPLAINED_TIME: Duration = Duration::from_secs(60);

/// `resolverctl why` searches for the questions of a mail from this long before the time that the operator named until this long after it.
pub(crate) const WHY_MARGIN: Duration = Duration::from_secs(10 * 60);

/// A failed question counts as a delay of at least this time, because mail software then defers the mail, or asks again only after this time.
pub(crate) const FAILURE_COST: Duration = Duration::from_secs(4);

/// If a pause between the questions of a mail takes at least this time, it is blamed on the client. Shorter pauses are normal in an SMTP dialogue.
pub(crate) const CLIENT_PAUSE: Duration = Duration::from_secs(1);

/// The length of the shortest customer key (the label that identifies the customer in a query to a DNS list), in octets. A shorter label could also
/// be an ordinary word in a text from which keys are removed.
pub const MIN_LIST_KEY: usize = 8;

/// The largest number of resolutions of the last `EXPLAINED_TIME` that the reader of the history keeps, to explain questions that it reads later. A
/// resolution takes about 1 KiB.
pub(crate) const MAX_FOLLOWED_FLIGHTS: usize = 1_024;

/// The largest number of zones whose failures are counted for log lines: the broken zones of one hour at a gateway, including domains in spam. A zone
/// takes about 300 octets. If the table is full, the zone whose last failure is oldest is removed.
pub(crate) const MAX_FAILING_ZONES: usize = 1_024;

/// The largest number of log lines in a minute about the first failure of a zone. Other failures are only counted, and one line reports their number
/// once an hour.
pub const FAILURE_LINES_A_MINUTE: u32 = 10;

/// The largest number of zones that are named in the log line about the failures of an hour.
pub(crate) const SUMMARY_ZONES: usize = 3;

/// The largest number of log lines about slow questions in a minute. Further slow questions are only counted.
pub const SLOW_LINES_A_MINUTE: u32 = 10;

/// The largest number of lines that the query log writes in a second; further questions are only counted. By default, systemd-journald drops the
/// lines of a service beyond 10 000 in 30 s, so without this limit some lines would be lost without being counted.
pub(crate) const QUERY_LINES_A_SECOND: u32 = 300;

/// The largest number of questions that may wait to be written to the query log: as many as come in the time of four readings of the history. A
/// question takes about 200 octets.
pub(crate) const MAX_LOGGED_QUERIES: usize = 4_000;

/// The largest number of servers that are shown for a failed question, each with its last behaviour.
pub(crate) const MAX_FAILURE_SERVERS: usize = 8;

/// How long an entry on disk is shown, and how long a file (segment) is kept after its last entry. Operators ask about a delayed mail within a week.
pub const STORED_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The octets of memory that a reader may use for entries from disk. If the entries take more, the oldest are left out.
pub const MAX_STORED_READ: usize = 24 << 20;

/// A report about the questions of a period also reads the history from this long before the period, because a question may have waited for a
/// resolution that began before the period.
pub(crate) const MAIL_MARGIN: Duration = Duration::from_secs(60);

/// The path to all IPv6 servers counts as broken if the servers in at least this number of IPv6 networks are silent and no IPv6 server answers. It is
/// unlikely that so many operators fail at the same time.
pub(crate) const SILENT_IPV6_NETWORKS: usize = 3;

/// The octets that may be stored on disk in an hour for messages (emails) that took long or had a failed question. In seven days this is a third of
/// `MAX_STORED`. A message of 60 questions takes 7 KiB. The slow and failed questions themselves are stored in any case and not counted here.
pub(crate) const LONG_MESSAGES_AN_HOUR: u64 = 128 << 10;

/// The octets of such messages (see `LONG_MESSAGES_AN_HOUR`) that may be stored at once after a quiet time. The worst night that was seen had about
/// 150 such messages.
pub(crate) const LONG_MESSAGE_BURST: u64 = 4 << 20;

/// The part of `LONG_MESSAGE_BURST` that messages (emails) with a failed question may use if they did not take long. Most of these are spam from dead
/// domains. The rest stays free for messages that took long.
pub(crate) const FAILED_MESSAGE_BURST: u64 = LONG_MESSAGE_BURST / 2;

/// The octets of memory that the reader which finds long messages (emails that took long) may use at each reading: about 40 000 questions. It reads
/// every `SNAPSHOT_INTERVAL`.
pub(crate) const LONG_MESSAGE_MEMORY: usize = 16 << 20;

/// The longest time for which the questions of a message (email) are collected. Most messages take a few seconds. A question that comes a minute
/// later belongs to another message.
pub(crate) const LONG_MESSAGE_TIME: Duration = Duration::from_secs(60);

/// The largest number of clients that may wait for the lookup of their local user, about 32 octets each. If there are more, `resolverctl why` shows
/// no user for their questions.
pub(crate) const MAX_WANTED_OWNERS: usize = 64;

/// If a question is neither slow nor failed, its user is looked up only if this time has passed since the last such lookup. A lookup takes a
/// millisecond at a gateway.
pub(crate) const OWNER_SAMPLE_PAUSE: Duration = Duration::from_secs(1);

/// If a lookup finds the user of a port within this time after a question from this port has ended, the user counts as the user of the question.
pub(crate) const OWNER_LATE: Duration = Duration::from_secs(1);

/// The largest length of a user name, in octets: Linux allows 32.
pub const MAX_USER_NAME: usize = 32;

/// The largest value of `resolve.deadline`. It is a second less than `FLIGHT_TIME`, so that the reply to the client can say why the question failed.
pub const MAX_DEADLINE: Duration = Duration::from_secs(9);

/// The number of queries that a server gets in the usual form (EDNS). If it answers none of them, the next query asks for a short reply, and later
/// queries (in an unsigned zone) have no OPT record. Some firewalls drop long replies, or EDNS. On a good path, it is rarer that two packets in a row
/// are lost than that there is such a firewall.
pub const EDNS_TRIES: u8 = 2;

/// The longest time of a resolution. glibc gives up 10 s after the first copy of its query (two tries of 5 s, measured), so a later answer would be
/// of no use.
pub const FLIGHT_TIME: Duration = Duration::from_secs(10);
