//! Bounds of DNS lists: the number of lists, their circuit breakers, the tests that check them, and the batches of
//! questions that are asked before clients ask.

use std::time::Duration;

/// The greatest number of DNS lists. The built-in registry names about seventy, and a site adds a few. In every view, each list has a row in the
/// table in which the servers for a name are looked up.
pub(crate) const MAX_LISTS: usize = 512;

/// The greatest number of stored list states. A DNS list has one state for each set of servers through which it is asked. The seventy lists of the
/// registry in `MAX_VIEWS` views make 560 states. A state takes about 12 KiB, mostly for its histogram.
pub const MAX_LIST_WAYS: usize = 1_024;

/// The greatest number of zones that are remembered because clients query them like DNS lists, although they are not
/// known as lists. The number is small, because only a few of them are shown on a screen, and strangers can choose their
/// names.
pub(crate) const MAX_LOOKALIKES: usize = 64;

/// A zone looks like a DNS list only if the address in the queried names has changed this number of times. SPF macros (`%{ir}`, RFC 7208 section 7.2)
/// cause queries for names of the same form, but only for one address per mail.
pub(crate) const LOOKALIKE_ADDRESSES: u64 = 8;

/// The greatest number of zones that are learned: they look like DNS lists, and batches may contain questions to them. Mail software with many lists
/// asks about thirty, and most of these are in the registry.
pub(crate) const MAX_LEARNED_ZONES: usize = 16;

/// The time within which clients must ask a zone about `LOOKALIKE_ADDRESSES` addresses so that batches may contain it (learned zone). A learned zone
/// is forgotten if no client asks it for this time.
pub(crate) const LEARNED_ZONE_TIME: Duration = Duration::from_secs(60 * 60);

/// The incident of a DNS list ends when the list has refused no query for this time. One good answer is not enough, because one of the list's servers
/// may answer while others refuse.
pub(crate) const LIST_INCIDENT_QUIET: Duration = Duration::from_secs(60);

/// The time between two log messages about a DNS list that has been shut down by its operator but is still queried. It is long, because a
/// configuration with such a list is out of date but works.
pub(crate) const SHUT_DOWN_LIST_LINE: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest time without an answer after which the circuit breaker of a DNS list opens. It is long enough to repeat a few lost queries.
pub(crate) const BREAKER_MIN_PATIENCE: Duration = Duration::from_secs(1);

/// The longest time without an answer after which the circuit breaker of a DNS list opens, except for a list whose answers usually take longer. The
/// breaker then opens within 2 s of the first lost query.
pub(crate) const BREAKER_MAX_PATIENCE: Duration = Duration::from_millis(1_700);

/// If a DNS list does not answer, and no other server has answered either, resolverd checks again after this time whether the circuit breaker of the
/// list must open.
pub(crate) const BREAKER_JUDGE_AGAIN: Duration = Duration::from_millis(250);

/// The circuit breaker of a DNS list may open if this number of consecutive questions to the list was answered only with errors.
pub(crate) const BREAKER_FAILURES: u32 = 5;

/// If the time between two consecutive answers of any servers is longer than this, the network of this host does not count as working in that time.
pub(crate) const WITNESS_STREAK: Duration = Duration::from_secs(2);

/// The time from the opening of a circuit breaker to the first question that probes the DNS list. The time before each later probe is doubled.
pub(crate) const FIRST_PROBE_TIME: Duration = Duration::from_millis(500);

/// The longest time between two probes of a DNS list whose circuit breaker is open. A list that works again is therefore used again within seconds.
pub const MAX_PROBE_TIME: Duration = Duration::from_secs(5);

/// While the circuit breaker of a DNS list is open, the time to its next probe is at least the time since the last client question, divided by this
/// number. A silent list is therefore probed 20 times instead of 120 times in the ten minutes after the last question.
pub(crate) const PROBES_OF_IDLE_TIME: u32 = 4;

/// A DNS list whose circuit breaker is open is no longer probed if no client has queried the list for this time.
pub(crate) const PROBE_WHILE_WANTED: Duration = Duration::from_secs(10 * 60);

/// After a restart, a list that was silent counts as silent until it answers a probe, if the previous process ended at most this time ago. A reboot
/// takes some minutes. After a longer time, the list probably answers again, and the first mail asks it.
pub(crate) const KEPT_BREAKER_TIME: Duration = Duration::from_secs(10 * 60);

/// The least number of addresses that clients must have asked about before a list is added to a batch. Of 40 addresses, two exceptions are 5 % (see
/// `BATCH_PERCENT`).
pub(crate) const BATCH_MIN_SEEN: u32 = 40;

/// A DNS list is in a batch only if clients queried it for at least this percentage of the last addresses.
pub(crate) const BATCH_PERCENT: u32 = 95;

/// All DNS list queries about one address or domain that arrive within this time of the first query are observed as one group. Postfix asks at
/// connect and at RCPT TO, a few seconds apart.
pub(crate) const BATCH_WINDOW: Duration = Duration::from_secs(20);

/// A DNS list whose round trip is shorter than this is not added to batches, because it is on this host or in the same data centre.
pub(crate) const BATCH_MIN_ROUND_TRIP: Duration = Duration::from_millis(5);

/// The greatest number of DNS lists that are learned to follow one list query, and of lists in one batch. Mail software with more than a dozen lists
/// asks them all at the same time, so batches gain nothing there.
pub(crate) const MAX_BATCH_LISTS: usize = 32;

/// The greatest number of addresses and domains whose list queries are observed at the same time. Queries about further
/// ones are not observed. The number is enough for two hundred new addresses a second. Each takes about 300 octets.
pub(crate) const MAX_BATCH_SUBJECTS: usize = 4_096;

/// The greatest number of learned patterns. A pattern says which DNS lists clients ask after a certain list gave a certain result in a view. Each
/// takes about 1 KiB.
pub(crate) const MAX_BATCH_HABITS: usize = 1_024;

/// When a batch sends a question, the allowance of the batches decreases by the probability that no client will ask this question, and at least by
/// this value (in thousandths). If clients suddenly stop asking, the number of unused questions is then at most ten times the allowance, even if the
/// measured probability was 0.
pub(crate) const BATCH_MIN_RISK: u32 = 100;

/// The number of questions in the allowance of the batches when resolverd starts, so that the first batches may be sent.
pub(crate) const BATCH_ALLOWANCE_START: u64 = 100;

/// After this number of questions, all questions that the allowance of the batches has counted so far count half, so that recent questions count
/// more.
pub(crate) const BATCH_ALLOWANCE_MEMORY: u64 = 20_000;

/// When this percentage of the quota of a DNS list is used, the operator is warned, and the list is no longer asked in batches.
pub(crate) const QUOTA_WARNING_PERCENT: u64 = 80;

/// The time between two tests of a DNS list. A test sends four queries, which is a small part of a quota. Haraka's `periodic_checks` also uses 30
/// min.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(30 * 60);

/// The time between a test that found a DNS list broken and the next test of the list. It is some minutes, so that the operator of the list has time
/// to replace a bad copy of its data.
pub(crate) const HEALTH_AGAIN: Duration = Duration::from_secs(3 * 60);

/// If only one server of a list answers, this number of further tests must also find the DNS list broken before it counts as broken. The data of this
/// one server may be bad while the other servers are unreachable for some minutes.
pub(crate) const HEALTH_ALONE: u8 = 2;

/// The greatest random delay of a test of a DNS list, in per cent of the usual time to this test. It prevents gateways that were started together
/// from sending their tests at the same time.
pub const HEALTH_JITTER_PERCENT: u64 = 20;

/// If this number of consecutive answers contains no listing, and the test entry of the DNS list is missing too, the list counts as "lists nothing".
/// If one sender in a hundred is listed, one in 150 such series of answers contains no listing by chance.
pub(crate) const LISTS_NOTHING_ANSWERS: u32 = 500;

/// The least number of answers to clients that can show that a test result "lists everything" is wrong. If three of four of these answers are "not
/// listed", the DNS list works.
pub(crate) const LISTS_WORLD_ANSWERS: u32 = 16;

/// A DNS list counts as slow if its usual round trip is at least this long. Two such lists, asked one after the other, take longer than the greeting
/// of a mail server should take.
pub(crate) const SLOW_LIST: Duration = Duration::from_secs(1);

/// The greatest number of questions of batches in progress at the same time. Further questions are not asked ahead, but
/// only when a client asks them.
pub(crate) const MAX_AHEAD: usize = 256;

/// The greatest length of a question in the queue of DNS list events, in octets. A question about an IPv6 address at a list whose name has forty
/// letters has 110.
pub(crate) const MAX_LIST_EVENT_KEY: usize = 128;

/// The greatest number of DNS list events that wait in the queue. Further events are dropped and counted. Each takes about 170 octets.
pub(crate) const MAX_LIST_EVENTS: usize = 1_024;

/// The time for which events of cached answers wait in the queue before they are counted, if no other event wakes the reading task earlier. The
/// counts that `resolverctl dnsbl` shows may be this old.
pub(crate) const LIST_EVENTS_PAUSE: Duration = Duration::from_secs(1);

/// The greatest number of probes and tests of DNS lists in progress at the same time.
pub(crate) const MAX_SIDE_QUESTIONS: usize = 32;

/// The greatest number of witness questions in progress, in addition to probes and tests. A witness question is a question to another
/// server, which shows whether the network of this host works. The number allows one a second, each for the ten seconds of a resolution
/// (flight). If many lists are silent at the same time, these questions are needed, so probes and tests must not prevent them.
pub(crate) const MAX_WITNESSES: usize = 10;

/// The longest time that the task that tests and probes the DNS lists sleeps, if no test or probe is due earlier.
pub(crate) const TEND_AGAIN: Duration = Duration::from_secs(60);

/// The least time between two witness queries. A witness query goes to another server, to find out whether the network of this host works.
pub(crate) const WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// The greatest size of the file with the states of the DNS lists, in octets. It has room for `MAX_LIST_WAYS` states of about 400 octets, and for
/// more if some of them have many servers.
pub(crate) const MAX_LISTS_FILE: u64 = 2 << 20;
