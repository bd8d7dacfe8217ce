//! Bounds of look-ahead: the queries that resolverd sends before a client asks, because clients usually ask them after another question.

use std::time::Duration;

/// The greatest number of answered client questions that wait until look-ahead handles them. Further questions are dropped and counted. The
/// number covers a tenth of a second at 10 000 cache misses a second.
pub(crate) const MAX_ANSWERED: usize = 1_024;

/// The greatest total size, in octets, of the answers to questions that wait for look-ahead: four of the longest answers. Without this bound, waiting
/// answers of 60 KB each took up to 100 MB of memory on a busy host.
pub(crate) const MAX_ANSWERED_OCTETS: usize = 300 * MAX_ANSWERED;

/// After the first answered question, look-ahead waits for this time before it reads the queue, so that it wakes once for several
/// questions. At 100 000 cache misses a second, half of the queue is full by then.
pub(crate) const ANSWERED_PAUSE: Duration = Duration::from_millis(5);

/// The greatest number of look-ahead questions for one client address or one domain of an email. An email needs about ten queries to
/// servers in total. RFC 7208 section 4.6.4 allows ten lookups for SPF.
pub(crate) const MAX_AHEAD_OF_SUBJECT: u8 = 12;

/// The greatest number of look-ahead questions in a second, without those that a client has used: the questions for 5 to 10 emails. A
/// question that a client uses causes no additional query, so it is no longer counted.
pub(crate) const AHEAD_PER_SECOND: u64 = 60;

/// Of all queries to servers, at most one in this number may be a look-ahead query whose answer no client has used.
pub(crate) const AHEAD_SHARE: u64 = 4;

/// This number is added to the number of all queries to servers when `AHEAD_SHARE` is checked. Otherwise look-ahead could send nothing
/// after the start, when few queries were sent.
pub(crate) const AHEAD_START: u64 = 1_000;

/// After this number of queries to servers, all queries that were counted for `AHEAD_SHARE` count half, so that recent queries count more.
pub(crate) const AHEAD_MEMORY: u64 = 20_000;

/// The number of queries to servers that a look-ahead question is assumed to need until the real number is known: one for a referral and
/// one for the answer.
pub(crate) const AHEAD_RISK: u64 = 2;

/// The greatest number of queries to servers for one look-ahead question and its sub-questions. A new domain that has a server without glue
/// and a chain of keys needs about ten. A question that needs more is given up.
pub(crate) const MAX_AHEAD_MESSAGES: u32 = 12;

/// The greatest number of queries to servers for all look-ahead questions about one client address or one domain: four for each of
/// `MAX_AHEAD_OF_SUBJECT`. With half of it, the DNS of a message took 6 % longer on average (bench `message`).
pub(crate) const MAX_AHEAD_MESSAGES_OF_SUBJECT: u32 = 48;

/// The greatest number of server names without glue that are resolved for all look-ahead questions about one client address or one domain. A name that
/// does not exist costs the servers of its zone one or two queries, and the owner of a domain may name servers in the zone of a victim. With half of
/// it, the DNS of a message took 2 % longer on average.
pub(crate) const MAX_AHEAD_SOUGHT: u32 = 12;

/// The greatest time for one look-ahead question: ten times the time in which most zones answer.
pub(crate) const AHEAD_TIME: Duration = Duration::from_secs(3);

/// The greatest number of look-ahead questions in progress for one zone: about as many as one address or domain causes. So a mail sender
/// with a silent zone leaves room for other senders.
pub(crate) const MAX_AHEAD_OF_ZONE: usize = 12;

/// The greatest number of look-ahead questions in progress. It is far below `BUSY_FLIGHTS`, because the resolutions of clients have
/// precedence.
pub(crate) const MAX_AHEAD_FLIGHTS: usize = 64;

/// If no client uses the answer to a look-ahead question within this time, the question counts as unused. Mail software asks all questions
/// about an email within seconds, but Postfix's postscreen may delay the email for ten seconds in between.
pub(crate) const AHEAD_WINDOW: Duration = Duration::from_secs(30);

/// The greatest number of remembered questions that clients are expected to ask: twice `AHEAD_PER_SECOND` for each second of
/// `AHEAD_WINDOW`. Each takes about 300 octets.
pub(crate) const MAX_EXPECTED: usize = 4_096;

/// The greatest number of look-ahead chains in progress. A chain is the sequence of questions for one address or domain, each of which
/// follows from the answer to the one before. Each chain has at least one expected question.
pub(crate) const MAX_AHEAD_CHAINS: usize = MAX_EXPECTED;

/// A rule is compared with `AHEAD_PERCENT` only after this number of its questions, because one exception in 20 questions is only 5 %.
pub(crate) const AHEAD_MIN_JUDGED: u32 = 20;

/// The greatest number of unused questions of one rule, in addition to the number of its recently used questions. If clients suddenly stop
/// asking what the rule expects, at most this number of questions is asked without use.
pub(crate) const AHEAD_UNUSED: u32 = 32;

/// The time for which look-ahead asks no questions in a zone whose servers gave no answer: as long as a failure is cached.
pub(crate) const AHEAD_FAILED_TIME: Duration = Duration::from_secs(30);

/// The time for which look-ahead asks no questions in a zone whose answers expire before clients ask for them.
pub(crate) const AHEAD_SHORT_TIME: Duration = Duration::from_secs(10 * 60);

/// The greatest number of zones that look-ahead avoids. A further zone replaces the zone that was added first.
pub(crate) const MAX_AVOIDED_ZONES: usize = 256;

/// The greatest number of lookups for one SPF record and all records that it includes (RFC 7208 section 4.6.4).
pub const MAX_SPF_LOOKUPS: u8 = 10;

/// The greatest depth of included SPF records. The records of large senders have a depth of two.
pub(crate) const MAX_SPF_DEPTH: u8 = 3;

/// The greatest number of terms of an SPF record that are read. A record of 450 octets, which fits in one DNS message, has about 25 terms.
pub(crate) const MAX_SPF_TERMS: usize = 64;

/// The greatest number of mail hosts of a domain whose addresses look-ahead asks for, by preference. Postfix tries five addresses
/// (`smtp_mx_address_limit`), and most domains have one or two hosts.
pub(crate) const MAX_AHEAD_HOSTS: usize = 4;

/// Look-ahead asks for the addresses of at most this number of names in the PTR records of an address. Mail software uses the first name.
pub(crate) const MAX_AHEAD_POINTERS: usize = 1;

/// The greatest number of domains whose DKIM selectors are remembered: the senders of one day at a gateway with some ten thousand emails.
/// Each domain takes 300 octets to 1 KiB.
pub(crate) const MAX_SELECTOR_DOMAINS: usize = 4_096;

/// The greatest number of remembered DKIM selectors of one domain: one for each service that sends its mail.
pub(crate) const MAX_SELECTORS: usize = 3;
