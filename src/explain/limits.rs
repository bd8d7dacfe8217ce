//! The limits of the explanation of the record, each with the reason for its value.

use std::time::Duration;

/// If a client has sent no question for this time, its mail counts as ended. Within one mail, the next question comes sooner, even after a
/// greeting delay or a content filter.
pub const MESSAGE_PAUSE: Duration = Duration::from_secs(2);

/// A question within this time after the start or end of another question of a mail belongs to the same mail, unless its name shows
/// otherwise. Mail software asks the next question within a few milliseconds.
pub(crate) const MESSAGE_BURST: Duration = Duration::from_millis(100);

/// The largest number of mails of one client that are distinguished while they are in progress at the same time. If there are more, the mail
/// whose last question is oldest counts as ended.
pub(crate) const MAX_OPEN_MESSAGES: usize = 64;

/// The longest pause of postscreen (the part of Postfix that greets clients) before smtpd asks about the same host. postscreen asks DNS
/// lists and delays its greeting by 6 s by default.
pub(crate) const GREETING_PAUSE: Duration = Duration::from_secs(10);

/// To find the query of a message (group of queries) that is nearest to a time, at most this number of its queries before this time is
/// compared. More comparisons take longer, and hardly change which messages are joined to one email.
pub(crate) const MAX_COMPARED_QUERIES: usize = 6;

/// Domains whose MX records one email is assumed to query: those of the sender and of the recipient.
pub(crate) const MAX_SENDERS_AND_RECIPIENTS: usize = 2;

/// The greatest number of questions of one mail; a further question starts another mail. A mail with many links causes about two hundred.
pub(crate) const MAX_MESSAGE_QUESTIONS: usize = 500;

/// Emails about NAME for which `resolverctl why NAME` searches the culprit; those that took longest come first. The search takes up to 100 µs
/// for each.
pub(crate) const MAX_JUDGED_MESSAGES: usize = 500;

/// The pause between two sums of delayed mail on disk (see `delays`).
pub(crate) const SUM_INTERVAL: Duration = Duration::from_secs(60);

/// A message is summed this long after its end, so that the answers of servers after it can show that a query was lost.
pub(crate) const SUM_LATENESS: Duration = Duration::from_secs(10);

/// The octets on disk for the sums of a minute by cause and by DNS list: those of about 20 causes and lists. The greatest are stored. The
/// sums of the sides come first.
pub(crate) const MINUTE_SUMS: usize = 2 << 10;

/// The octets on disk for the sums of a day. In seven days they take a third of the disk space of the history.
pub(crate) const DAY_SUMS: usize = 3 << 20;

const _: () = assert!((MINUTE_SUMS + 80) * 24 * 60 <= DAY_SUMS);

/// The shortest delay of a message by a DNS list that counts. Answers from the cache take less.
pub(crate) const LEAST_LIST_DELAY: Duration = Duration::from_millis(1);

/// Messages in the reply about a DNS list, those that it delayed longest: a few screens.
pub const MAX_LIST_MESSAGES: usize = 100;

/// The servers of a cause in the sums of a minute. Most zones have fewer.
pub(crate) const MAX_SUM_SERVERS: usize = 4;

/// Causes of delayed mail that `costs` shows for each side (this host, other operators, client programs).
pub(crate) const MAX_COST_ROWS: usize = 10;

/// Questions of each mail in a reply to `resolverctl why`, the longest first: two screens.
pub const MAX_WHY_QUESTIONS: usize = 200;

/// Queries to servers for each question in a reply to `resolverctl why`: a few for each step of the resolution.
pub(crate) const MAX_WHY_SENT: usize = 8;

/// The largest number of further culprits of each mail in a reply to `resolverctl why`. Each takes about a kilobyte. A mail with links to many dead
/// domains has one for each domain.
pub(crate) const MAX_WHY_ALSO: usize = 8;

/// If another question of the same client waited for this time, its wait may have delayed a mail, even if no name connects the question with the
/// mail. Operators ask about delays of one second or more; half of that is enough margin. It is also the longest time between such a wait and the
/// queries of the mail, because an SMTP dialogue pauses only for a few round trips.
pub(crate) const POSSIBLE_WAIT: Duration = Duration::from_millis(500);

/// The largest number of possible waits (see `POSSIBLE_WAIT`) for each mail in a reply to `resolverctl why`. Waits that cannot explain the delay in a
/// pasted log line are left out. If there are more, the waits nearest to the mail in time are shown, because they are the most likely.
pub(crate) const MAX_WHY_POSSIBLE_WAITS: usize = 32;

/// Octets of the questions of one mail in a reply to `resolverctl why`. The limit for other replies (`MAX_CONTROL_REPLY`, 16 MiB) would take
/// too much memory if many connections wait for a reply.
pub(crate) const MAX_WHY_LINE: usize = 256 << 10;

/// Octets of the questions of all mails in a reply to `resolverctl why`; see `MAX_WHY_LINE`.
pub(crate) const MAX_WHY_REPLY: usize = 4 << 20;

/// Names and addresses by which the questions of one mail are recognised. A mail with many links asks for about forty domains.
pub(crate) const MAX_MESSAGE_SUBJECTS: usize = 96;

/// An answer that takes this long is slow: a packet halfway around the world and back takes about 300 ms.
pub const SLOW_ANSWER: Duration = Duration::from_millis(300);

/// If a server answers other queries within this time before and after an unanswered query, the unanswered query was lost on the path.
pub(crate) const LOSS_WINDOW: Duration = Duration::from_secs(10);

/// A server counts as silent after this number of unanswered queries in a row, if it has also sent no answer for `SILENCE_SPAN`. If a third
/// of all queries or replies are lost, four losses in a row have a probability of one in eighty.
pub(crate) const SILENCES_IN_A_ROW: usize = 4;

/// A server counts as silent only if this time passed without an answer: a busy host may lose four queries in a burst of some milliseconds.
pub(crate) const SILENCE_SPAN: Duration = Duration::from_secs(3);

/// `resolverctl why` searches this long before and after the time that the operator named.
pub(crate) const WHY_MARGIN: Duration = Duration::from_secs(10 * 60);

/// A failed question counts as a delay of this time: mail software defers the mail, or asks again only later.
pub(crate) const FAILURE_COST: Duration = Duration::from_secs(4);

/// A pause of this length between the questions of a mail is blamed on the client. Shorter pauses are normal in an SMTP dialogue.
pub(crate) const CLIENT_PAUSE: Duration = Duration::from_secs(1);

/// The largest number of zones whose failures are counted for log lines: the broken zones of one hour at a gateway, including domains in
/// spam. A zone takes about 300 octets. The zone whose last failure is oldest is removed first.
pub(crate) const MAX_FAILING_ZONES: usize = 1_024;

/// Log lines in a minute about the first failure of a zone. Other failures are only counted, and reported once an hour.
pub const FAILURE_LINES_A_MINUTE: u32 = 10;

pub(crate) const SUMMARY_ZONES: usize = 3;

/// Log lines about slow questions in a minute. Further slow questions are only counted.
pub const SLOW_LINES_A_MINUTE: u32 = 10;

pub(crate) const MAX_FAILURE_SERVERS: usize = 8;

/// A report about a period also reads the history of this time before the period, because a question in the period may wait for a resolution
/// that began earlier.
pub(crate) const MAIL_MARGIN: Duration = Duration::from_secs(60);

/// The path to all IPv6 servers counts as broken if servers in this number of IPv6 networks are silent and none answers. It is unlikely that the
/// servers of this number of operators fail at the same time.
pub(crate) const SILENT_IPV6_NETWORKS: usize = 3;

/// The octets on disk in an hour for emails that took long or had a failed question: in seven days a third of the disk space
/// (`MAX_STORED`). An email of 60 questions takes 7 KiB. Slow and failed questions are always stored and not counted here.
pub(crate) const LONG_MESSAGES_AN_HOUR: u64 = 128 << 10;

/// After a quiet time, emails that took long or had a failed question may be stored at once up to this number of octets. In the worst night that
/// was observed, a gateway had about 150 such emails.
pub(crate) const LONG_MESSAGE_BURST: u64 = 4 << 20;

/// The part of `LONG_MESSAGE_BURST` for emails with a failed question that did not take long. Most of these are spam from dead domains.
pub(crate) const FAILED_MESSAGE_BURST: u64 = LONG_MESSAGE_BURST / 2;

/// The octets of memory for the search for long emails, every `SNAPSHOT_INTERVAL`: about 40 000 questions.
pub(crate) const LONG_MESSAGE_MEMORY: usize = 16 << 20;

/// The longest time for which the questions of an email are collected. Most take a few seconds; a question a minute later belongs to
/// another email.
pub(crate) const LONG_MESSAGE_TIME: Duration = Duration::from_secs(60);

/// Emails in a reply to `resolverctl why`.
pub const MAX_WHY_MESSAGES: usize = 100;

/// `resolverctl why` requests that are answered after one reading of the history: the log lines of one screen.
pub const MAX_WHY_REQUESTS: usize = 64;

/// `why` shows a change of a domain that came at most this long before a message. Caches of other hosts keep old records for about a day.
pub const CHANGE_BEFORE_MESSAGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest time for which the daemon searches the history for one command `why`. Other commands wait in this time. If the search is not complete
/// then, the command gets no result for its last requests, and sends them again.
pub(crate) const WHY_READING: Duration = Duration::from_secs(1);

/// The time from an event that is worth a log message until the event is read from the history. By then, all questions that waited for the
/// same resolution are in the history, and a query to a root server has distinguished an outage from a dead zone.
pub const FOLLOW_PAUSE: Duration = Duration::from_secs(3);
