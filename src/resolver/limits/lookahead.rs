//! Bounds of look-ahead: questions that resolverd asks before a client does, because clients usually ask them after
//! another question.

use std::time::Duration;

/// The greatest number of answered client questions that wait until look-ahead handles them. Further questions are
/// dropped and counted. The number covers a tenth of a second at 10 000 cache misses a second. Each waiting question
/// takes two pointers.
pub(crate) const MAX_ANSWERED: usize = 1_024;

/// The greatest total size, in octets, of the answers to questions that wait for look-ahead: 300 octets for each question, or four
/// of the longest answers. When only the number of questions was limited, answers of 60 KB took up to 100 MB on a busy host, where
/// look-ahead runs late.
pub(crate) const MAX_ANSWERED_OCTETS: usize = 300 * MAX_ANSWERED;

/// After the first answered question, the task of look-ahead waits for this time before it reads the queue, so that it
/// wakes once for several questions. At 100 000 cache misses a second, half of the queue is full by then.
pub(crate) const ANSWERED_PAUSE: Duration = Duration::from_millis(5);

/// The greatest number of look-ahead questions for one client address or one domain of an email. An email to a
/// gateway needs about ten queries to servers in total. RFC 7208 section 4.6.4 allows ten lookups for SPF.
pub(crate) const MAX_AHEAD_OF_SUBJECT: u8 = 12;

/// The greatest number of look-ahead questions in a second, without those that a client has used: the questions for 5 to
/// 10 emails. A look-ahead question that a client uses causes no additional query, so it is no longer counted,
/// and another may be asked. A gateway with half a million emails a day needs forty in a second.
pub(crate) const AHEAD_PER_SECOND: u64 = 60;

/// Of all queries to servers, at most one in this number may be a look-ahead query whose answer no client has used.
pub(crate) const AHEAD_SHARE: u64 = 4;

/// This number is added to the number of all queries to servers when `AHEAD_SHARE` is checked. Otherwise look-ahead could ask nothing after the
/// start, when few queries were sent. The number is large enough even if half of the fourteen rules ask questions that no client of this host needs.
pub(crate) const AHEAD_START: u64 = 1_000;

/// After this number of queries to servers, all queries that were counted for the share of look-ahead (`AHEAD_SHARE`) count half, so
/// that recent queries count more.
pub(crate) const AHEAD_MEMORY: u64 = 20_000;

/// The number of queries to servers that a look-ahead question is assumed to send, until it ends and the real number is
/// known: one for a referral and one for the answer.
pub(crate) const AHEAD_RISK: u64 = 2;

/// The greatest number of queries to servers for one look-ahead question and its sub-questions. A new domain that has a
/// server without glue and a chain of keys needs about ten. A question that needs more queries is given up, and is
/// resolved when a client asks it.
pub(crate) const MAX_AHEAD_MESSAGES: u32 = 12;

/// The greatest time for one look-ahead question. In a zone that answers, it is ten times the time that the queries
/// take. In a silent zone, the question ends after this time, so that another may begin.
pub(crate) const AHEAD_TIME: Duration = Duration::from_secs(3);

/// The greatest number of look-ahead questions in progress for one zone: the questions of one address or domain. A mail
/// sender whose zone is silent then leaves room for the questions of other senders.
pub(crate) const MAX_AHEAD_OF_ZONE: usize = 12;

/// The greatest number of look-ahead questions in progress at the same time. It is far below `BUSY_FLIGHTS`, because the resolutions
/// (flights) of clients have precedence.
pub(crate) const MAX_AHEAD_FLIGHTS: usize = 64;

/// If no client uses the answer to a look-ahead question within this time, the question counts as unused. Mail software
/// asks the last question about an email within seconds of the first, and waits up to ten seconds for postscreen.
pub(crate) const AHEAD_WINDOW: Duration = Duration::from_secs(30);

/// The greatest number of remembered questions that clients are expected to ask, whether look-ahead has asked them or
/// not: `AHEAD_PER_SECOND` questions in each second of `AHEAD_WINDOW`, and the same number of questions that are only
/// counted. Each takes about 300 octets.
pub(crate) const MAX_EXPECTED: usize = 4_096;

/// The greatest number of look-ahead chains in progress. A chain is the sequence of questions for one address or domain, each of which follows from
/// the answer to the one before. Each chain has at least one expected question, so there are not more chains than expected questions.
pub(crate) const MAX_AHEAD_CHAINS: usize = MAX_EXPECTED;

/// A rule of look-ahead is used only while clients ask at least this percentage of the questions that the rule expects.
pub const AHEAD_PERCENT: u32 = 60;

/// The least number of judged questions of a rule from which its percentage (see `AHEAD_PERCENT`) decides. With 20
/// questions, one exception is 5 %.
pub(crate) const AHEAD_MIN_JUDGED: u32 = 20;

/// After this number of judged questions, all earlier questions of a rule count half. If the mail software of a host
/// changes its behaviour, the rules are correct again within some hundred emails.
pub const AHEAD_RULE_MEMORY: u32 = 200;

/// The greatest number of questions of one rule that no client has used yet, in addition to the number of recently used questions of the rule. If
/// clients suddenly stop asking what the rule expects, or did not ask it since the start, at most this number of questions is asked without use.
pub(crate) const AHEAD_UNUSED: u32 = 32;

/// The time for which look-ahead asks no questions in a zone whose servers gave no answer. It equals the time for which
/// a failure is cached.
pub(crate) const AHEAD_FAILED_TIME: Duration = Duration::from_secs(30);

/// The time for which look-ahead asks no questions in a zone whose answers expire before clients ask for them.
pub(crate) const AHEAD_SHORT_TIME: Duration = Duration::from_secs(10 * 60);

/// The greatest number of zones that look-ahead avoids. A further zone replaces the zone that was added first.
pub(crate) const MAX_AVOIDED_ZONES: usize = 256;

/// The greatest number of lookups for one SPF record and all records that it includes (RFC 7208 section 4.6.4).
pub const MAX_SPF_LOOKUPS: u8 = 10;

/// The greatest depth of included SPF records below the SPF record of the domain. The records of large senders have a
/// depth of two.
pub(crate) const MAX_SPF_DEPTH: u8 = 3;

/// The greatest number of terms of an SPF record that are read. A record of 450 octets, which fits in one DNS message,
/// has about 25 terms.
pub(crate) const MAX_SPF_TERMS: usize = 64;

/// The greatest number of mail hosts of a domain whose addresses look-ahead asks for, beginning with the best
/// preference. Postfix tries five addresses (`smtp_mx_address_limit`), and most domains have one or two hosts.
pub(crate) const MAX_AHEAD_HOSTS: usize = 4;

/// The greatest number of names in the PTR records of an address whose own addresses look-ahead asks for. Mail software
/// uses the first name.
pub(crate) const MAX_AHEAD_POINTERS: usize = 1;

/// The greatest number of domains whose DKIM selectors are remembered. It covers the senders of one day at a gateway
/// with some ten thousand emails. Each domain takes about 300 octets, or 1 KiB with the longest names.
pub(crate) const MAX_SELECTOR_DOMAINS: usize = 4_096;

/// The greatest number of DKIM selectors that are remembered for one domain: one for each service that sends mail for
/// the domain.
pub(crate) const MAX_SELECTORS: usize = 3;
