//! Bounds of look-ahead.

use std::time::Duration;

/// The number of answered questions that wait for look-ahead. Further questions are dropped and counted. It covers a tenth of a second
/// at 10 000 misses a second. Each takes two pointers.
pub(crate) const MAX_ANSWERED: usize = 1_024;

/// The size of the answers that the waiting questions keep in memory, in octets: 300 for each, or four of the longest. With only the
/// number as a bound, answers of 60 KB took up to 100 MB on a busy host, on which look-ahead runs late.
pub(crate) const MAX_ANSWERED_OCTETS: usize = 300 * MAX_ANSWERED;

/// The time for which look-ahead waits for further uses of addresses after the first, so that its task wakes once for all of them. At
/// 100 000 misses a second, half of the queue is full by then.
pub(crate) const ANSWERED_PAUSE: Duration = Duration::from_millis(5);

/// The number of questions asked ahead for one address or domain of a message. A message to a gateway needs about ten queries to
/// servers in total. RFC 7208 section 4.6.4 allows ten lookups for SPF.
pub(crate) const MAX_AHEAD_OF_SUBJECT: u8 = 12;

/// The number of questions asked ahead in a second that no client uses, or that no client has used yet: the questions for 5 to 10
/// messages of mail. A question that a client uses causes no additional query, and makes room for another. A gateway with half a
/// million messages a day needs forty in a second.
pub(crate) const AHEAD_PER_SECOND: u64 = 60;

/// At most one in this number of queries to servers may be a query sent ahead that no client has used.
pub(crate) const AHEAD_SHARE: u64 = 4;

/// The number of queries in the account of look-ahead at the start, so that the first few questions may be asked ahead.
pub(crate) const AHEAD_START: u64 = 100;

/// The number of queries that the account of look-ahead remembers. Older queries count half.
pub(crate) const AHEAD_MEMORY: u64 = 20_000;

/// The number of queries that a question asked ahead counts for until it ends: a referral and an answer.
pub(crate) const AHEAD_RISK: u64 = 2;

/// The number of queries for one question asked ahead and its sub-questions. A new domain that has a server without glue and a chain
/// of keys needs about ten. A question that needs more is left to the client.
pub(crate) const MAX_AHEAD_MESSAGES: u32 = 12;

/// The time for one question asked ahead. In a zone that answers, it is ten times the time of the queries. In a silent zone, the
/// question gives up its place after this time.
pub(crate) const AHEAD_TIME: Duration = Duration::from_secs(3);

/// The number of questions asked ahead in progress for one zone: the questions of one address or domain. A sender with a silent zone
/// then leaves the other places to other senders.
pub(crate) const MAX_AHEAD_OF_ZONE: usize = 12;

/// The number of questions asked ahead in progress. It is far below `BUSY_FLIGHTS`, because clients' flights have precedence.
pub(crate) const MAX_AHEAD_FLIGHTS: usize = 64;

/// If no client uses a question asked ahead within this time, it counts as unused. Mail software asks the last question of a message
/// within seconds of the first, and waits up to ten seconds for postscreen.
pub(crate) const AHEAD_WINDOW: Duration = Duration::from_secs(30);

/// The number of questions that clients are expected to ask, whether they were asked ahead or not: `AHEAD_PER_SECOND` for
/// `AHEAD_WINDOW`, and the same number of questions that are only counted. Each takes about 300 octets.
pub(crate) const MAX_EXPECTED: usize = 4_096;

/// The number of chains of further questions in progress, each for one address or domain. Each chain has asked or expects a question.
pub(crate) const MAX_AHEAD_CHAINS: usize = MAX_EXPECTED;

/// The percentage of a rule's questions that clients must use for the rule to be used.
pub const AHEAD_PERCENT: u32 = 60;

/// The number of first questions of a rule in its trial. If clients have asked `AHEAD_PERCENT` of them, the rule is used before any
/// question is judged. A rule that clients follow in half of the cases passes the trial one time in three. It then costs some ten
/// messages until it is judged.
pub(crate) const AHEAD_TRIAL: u32 = 10;

/// The number of first questions of a rule after which its trial may end early: if there are this many and clients have asked all of
/// them, the rule is used. A rule that clients follow in half of the cases passes one time in sixteen. Outbound mail to a domain that
/// is not in memory is rare, and ten such questions take a minute on a busy host.
pub(crate) const AHEAD_SHORT_TRIAL: u32 = 4;

/// The number of questions of a rule that must have been judged before their share decides. With 20 questions, one exception is 5 %.
pub(crate) const AHEAD_MIN_JUDGED: u32 = 20;

/// The number of judged questions that a rule remembers. Older questions count half. If the mail software of a host changes, its
/// habits are learned again within some hundred messages.
pub const AHEAD_RULE_MEMORY: u32 = 200;

/// The number of questions of a rule that no client has used yet, in addition to the number of recently used questions. A habit that
/// ends suddenly costs at most these questions.
pub(crate) const AHEAD_UNUSED: u32 = 32;

/// The time for which no questions are asked ahead in a zone that gave no answer. It is the time of a cached failure.
pub(crate) const AHEAD_FAILED_TIME: Duration = Duration::from_secs(30);

/// The time for which no questions are asked ahead in a zone whose TTLs end before clients ask.
pub(crate) const AHEAD_SHORT_TIME: Duration = Duration::from_secs(10 * 60);

/// The number of zones in which no questions are asked ahead. A further zone replaces the zone that was added first.
pub(crate) const MAX_AVOIDED_ZONES: usize = 256;

/// The number of lookups for one SPF record and all records that it includes (RFC 7208 section 4.6.4).
pub const MAX_SPF_LOOKUPS: u8 = 10;

/// The number of levels of SPF records below the record of the domain. Large senders have two.
pub(crate) const MAX_SPF_DEPTH: u8 = 3;

/// The number of terms that are read of an SPF record. A record of 450 octets, which fits in a message, has about 25.
pub(crate) const MAX_SPF_TERMS: usize = 64;

/// The number of mail hosts of a domain whose addresses are asked ahead, those with the best preference first. Postfix tries five
/// addresses (`smtp_mx_address_limit`), and most domains have one or two hosts.
pub(crate) const MAX_AHEAD_HOSTS: usize = 4;

/// The number of names in a PTR whose addresses are asked ahead. Mail software uses the first name.
pub(crate) const MAX_AHEAD_POINTERS: usize = 1;

/// The number of domains whose DKIM selectors are known. It covers the senders of one day at a gateway with some ten thousand
/// messages. Each takes about 300 octets, or 1 KiB with the longest names.
pub(crate) const MAX_SELECTOR_DOMAINS: usize = 4_096;

/// The number of DKIM selectors that are known for a domain: one for each service that sends mail for the domain.
pub(crate) const MAX_SELECTORS: usize = 3;
