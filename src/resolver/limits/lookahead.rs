//! Bounds of look-ahead.

use std::time::Duration;

/// Answered questions that wait for look-ahead; others are lost, and counted. A tenth of a second at 10 000 misses a
/// second, two pointers each.
pub(crate) const MAX_ANSWERED: usize = 1_024;

/// Octets of the answers to these, which they keep alive: 300 for each, or four of the longest. With the number as the only bound, 60 KB
/// each took up to 100 MB on a busy host, on which look-ahead comes late.
pub(crate) const MAX_ANSWERED_OCTETS: usize = 300 * MAX_ANSWERED;

/// Time for which the use of an address waits for more, so that one wake of look-ahead's task serves them all. At 100 000
/// misses a second half of the queue is full then.
pub(crate) const ANSWERED_PAUSE: Duration = Duration::from_millis(5);

/// Questions ahead for one address or domain of a message. A message to a gateway needs about ten queries to servers
/// in all; RFC 7208 section 4.6.4 allows ten lookups of SPF.
pub(crate) const MAX_AHEAD_OF_SUBJECT: u8 = 12;

/// Questions ahead in a second that no client uses, and questions ahead that no client has used yet: 5 to 10 messages of
/// mail. One that a client uses costs nobody anything, and makes room for another: a gateway with half a million messages
/// a day needs forty in a second.
pub(crate) const AHEAD_PER_SECOND: u64 = 60;

/// One in this number of queries to servers may be a query sent ahead that no client has used.
pub(crate) const AHEAD_SHARE: u64 = 4;

/// Queries in that account at the start, so that the first few questions may be asked.
pub(crate) const AHEAD_START: u64 = 100;

/// Queries that the account remembers; older ones count half.
pub(crate) const AHEAD_MEMORY: u64 = 20_000;

/// Queries that a question counts for until its end: a referral and an answer.
pub(crate) const AHEAD_RISK: u64 = 2;

/// Queries of one question ahead with its sub-questions: a new domain with a server without glue and a chain of keys
/// needs about ten. One that needs more is left to the client.
pub(crate) const MAX_AHEAD_MESSAGES: u32 = 12;

/// The time of one question ahead: in a zone that answers, ten times the time of its queries. In a silent zone it holds its
/// place no longer.
pub(crate) const AHEAD_TIME: Duration = Duration::from_secs(3);

/// Questions ahead in progress for one zone: the questions of one address or domain. A sender with a silent zone leaves the
/// other places to other senders.
pub(crate) const MAX_AHEAD_OF_ZONE: usize = 12;

/// Questions ahead in progress: far below `BUSY_FLIGHTS`, as clients' flights come first.
pub(crate) const MAX_AHEAD_FLIGHTS: usize = 64;

/// A client uses a question within this time, or it counts as unused: mail software asks the last question of a
/// message within seconds of the first, and waits up to ten for postscreen.
pub(crate) const AHEAD_WINDOW: Duration = Duration::from_secs(30);

/// Questions that are expected of clients, asked ahead or not: `AHEAD_PER_SECOND` for `AHEAD_WINDOW`, and as many that
/// are only counted. About 300 octets each.
pub(crate) const MAX_EXPECTED: usize = 4_096;

/// Chains of further questions in progress, each for one address or domain: each has asked or expects a question.
pub(crate) const MAX_AHEAD_CHAINS: usize = MAX_EXPECTED;

/// The percentage of a rule's questions that clients must use for the rule to be used.
pub const AHEAD_PERCENT: u32 = 60;

/// The first questions of a rule: once clients have asked `AHEAD_PERCENT` of them, the rule begins before any is judged.
/// A rule that clients follow in half of the cases passes one time in three; it costs some ten messages until it is
/// judged.
pub(crate) const AHEAD_TRIAL: u32 = 10;

/// The first questions of a rule: if clients have asked all of them, and this many, the rule begins before its trial is
/// over. A rule that clients follow in half of the cases passes one time in sixteen. Outbound mail to a domain that is not in
/// memory is rare, and ten questions take a minute of a busy host.
pub(crate) const AHEAD_SHORT_TRIAL: u32 = 4;

/// Questions of a rule that must have been judged before their share decides: at 20 one exception is 5 %.
pub(crate) const AHEAD_MIN_JUDGED: u32 = 20;

/// Judged questions that a rule remembers; older ones count half. A host whose mail software changes is learnt again
/// within some hundred messages.
pub const AHEAD_RULE_MEMORY: u32 = 200;

/// Questions of a rule that no client has used yet, in addition to as many as were used lately: a habit that ends suddenly
/// costs at most these.
pub(crate) const AHEAD_UNUSED: u32 = 32;

/// The time for which a zone that gave no answer is not asked ahead: the time of a cached failure.
pub(crate) const AHEAD_FAILED_TIME: Duration = Duration::from_secs(30);

/// The time for which a zone whose TTLs end before clients ask is not asked ahead.
pub(crate) const AHEAD_SHORT_TIME: Duration = Duration::from_secs(10 * 60);

/// Zones that are not asked ahead. A further one takes the place of the one that was added first.
pub(crate) const MAX_AVOIDED_ZONES: usize = 256;

/// Lookups of one SPF record with all that it includes (RFC 7208 section 4.6.4).
pub const MAX_SPF_LOOKUPS: u8 = 10;

/// Levels of SPF records below a domain's own: large senders have two.
pub(crate) const MAX_SPF_DEPTH: u8 = 3;

/// Terms of an SPF record that are read. A record of 450 octets, which fits a message, has about 25.
pub(crate) const MAX_SPF_TERMS: usize = 64;

/// Mail hosts of a domain whose addresses are asked ahead, best preference first: Postfix tries five addresses
/// (`smtp_mx_address_limit`), and most domains have one or two hosts.
pub(crate) const MAX_AHEAD_HOSTS: usize = 4;

/// Names of a PTR whose addresses are asked ahead: mail software takes the first.
pub(crate) const MAX_AHEAD_POINTERS: usize = 1;

/// Domains whose DKIM selectors are known: the senders of a day of a gateway with some ten thousand messages. About 300
/// octets each, 1 KiB with the longest names.
pub(crate) const MAX_SELECTOR_DOMAINS: usize = 4_096;

/// DKIM selectors that are known of a domain: one of each of its services that sends mail.
pub(crate) const MAX_SELECTORS: usize = 3;
