//! Bounds of DNS lists: the number of lists, their circuit breakers, the tests that check them, and the batches of questions that are asked before
//! clients ask.

use std::time::Duration;

/// The greatest number of DNS lists. The built-in registry names about seventy, and a site adds a few. In every view, each list has a row in the
/// table in which the servers for a name are looked up.
pub const MAX_LISTS: usize = 512;

/// The greatest number of DNS list states: one for each set of servers of a list. The seventy lists of the registry in `MAX_VIEWS` views make 560. A
/// state takes about 12 KiB, mostly for its histogram.
pub const MAX_LIST_WAYS: usize = 1_024;

/// The greatest number of zones that are remembered because clients query them like DNS lists. Strangers can choose their names, and a screen shows
/// only a few of them.
pub(crate) const MAX_LOOKALIKES: usize = 64;

/// A zone looks like a DNS list only if the address or domain in the queried names has changed this number of times. SPF macros (`%{ir}`, RFC 7208
/// section 7.2) cause queries of the same form, but only for one address per mail.
pub(crate) const LOOKALIKE_SUBJECTS: u64 = 8;

/// The least number of labels of a question about a domain to a DNS list: two of the domain, and two of the list.
pub(crate) const LEAST_DOMAIN_LABELS: u8 = 4;

/// The greatest number of learned zones: zones that look like DNS lists and that batches may ask. Mail software with many lists asks about thirty,
/// most of which are in the registry.
pub(crate) const MAX_LEARNED_ZONES: usize = 16;

/// The time within which clients must ask a zone about `LOOKALIKE_SUBJECTS` subjects so that it is learned. A learned zone is forgotten if no
/// client asks it for this time.
pub(crate) const LEARNED_ZONE_TIME: Duration = Duration::from_secs(60 * 60);

/// The time between two probes of a DNS list that refuses the queries of this host. More queries would not help: a list that has blocked a host
/// because of its many queries goes on blocking it.
pub(crate) const REFUSAL_PROBE_TIME: Duration = Duration::from_secs(30);

/// A refusal of a DNS list is cached for at most this time, like a failure (RFC 9520), because its TTL is that of the list's records and often hours.
pub(crate) const MAX_REFUSAL_TIME: Duration = Duration::from_secs(30);

/// The time between two log messages about a DNS list that has been shut down but is still queried. Such a configuration is out of date but works.
pub(crate) const SHUT_DOWN_LIST_LINE: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest time without an answer after which the circuit breaker of a DNS list opens: enough to repeat a few lost queries.
pub const BREAKER_MIN_PATIENCE: Duration = Duration::from_secs(1);

/// The longest time without an answer after which the circuit breaker of a DNS list opens, except for lists whose answers usually take longer. With
/// this value, it opens within 2 s of the first lost query.
pub(crate) const BREAKER_MAX_PATIENCE: Duration = Duration::from_millis(1_700);

/// If neither a DNS list nor any other server answers, the circuit breaker of the list is judged again after this time.
pub(crate) const BREAKER_JUDGE_AGAIN: Duration = Duration::from_millis(250);

/// After this number of consecutive questions with errors only, the circuit breaker of a DNS list may open.
pub(crate) const BREAKER_FAILURES: u32 = 5;

/// If no server at all has answered for longer than this, it is unknown whether the network of this host worked in that time.
pub(crate) const WITNESS_STREAK: Duration = Duration::from_secs(2);

/// The time from the opening of a circuit breaker to the first probe of the DNS list. The time from each probe to the next one is twice as long.
pub(crate) const FIRST_PROBE_TIME: Duration = Duration::from_millis(500);

/// The longest time between two probes of a DNS list whose circuit breaker is open, so that a list that works again is used within seconds.
pub const MAX_PROBE_TIME: Duration = Duration::from_secs(5);

/// While the circuit breaker of a DNS list is open, the time to its next probe is at least the time since the last client question, divided by this
/// number. In the ten minutes after the last question, this causes 20 probes instead of 120.
pub(crate) const PROBES_OF_IDLE_TIME: u32 = 4;

/// A DNS list is no longer probed if no client has queried it for this time.
pub(crate) const PROBE_WHILE_WANTED: Duration = Duration::from_secs(10 * 60);

/// After a restart, a list that was silent counts as silent until it answers a probe, if the previous process ended at most this time ago. A reboot
/// takes some minutes.
pub(crate) const KEPT_BREAKER_TIME: Duration = Duration::from_secs(10 * 60);

/// The least number of addresses about which clients must have asked a list before it is added to a batch. If the next addresses prove it wrong, the
/// list is dropped at the first of them; until then, `BatchAllowance` bounds the unused questions.
pub(crate) const BATCH_MIN_SEEN: u32 = 8;

/// After a question to one DNS list, a batch asks another list only if clients asked that list about at least this percentage of the addresses since
/// the first one (at most 128).
pub(crate) const BATCH_PERCENT: u32 = 95;

/// All DNS list queries about one address or domain within this time of the first one are observed as one group. Postfix asks at connect and at RCPT
/// TO, a few seconds apart.
pub(crate) const BATCH_WINDOW: Duration = Duration::from_secs(20);

/// A DNS list with a shorter round trip is not added to batches: it is on this host or in the same data centre.
pub(crate) const BATCH_MIN_ROUND_TRIP: Duration = Duration::from_millis(5);

/// The greatest number of DNS lists in one batch, and of lists that are learned to follow one list query. More are not needed: mail software with
/// more than a dozen lists asks them all at the same time.
pub const MAX_BATCH_LISTS: usize = 32;

/// The greatest number of addresses and domains whose list queries are observed at the same time: enough for two hundred new addresses a second. Each
/// takes about 300 octets.
pub(crate) const MAX_BATCH_SUBJECTS: usize = 4_096;

/// The greatest number of learned patterns: which DNS lists the clients of a view ask after a certain list gave a certain result. Each takes
/// about 1 KiB.
pub const MAX_BATCH_HABITS: usize = 1_024;

/// In thousandths. While a client may still ask a question of a batch, the question counts in the limit of unused questions with the probability
/// that no client will ask it, but at least with this value. If clients suddenly stop asking, the number of unused questions is therefore at most
/// ten times its limit.
pub(crate) const BATCH_MIN_RISK: u32 = 100;

/// The limit of unused questions is a percentage of all questions to DNS lists. At the start, this number of questions counts as sent, so that the
/// first batches are allowed.
pub(crate) const BATCH_ALLOWANCE_START: u64 = 100;

/// After this number of questions to DNS lists, all questions so far count half in the limit of unused questions, so that recent questions count
/// more.
pub(crate) const BATCH_ALLOWANCE_MEMORY: u64 = 20_000;

/// When this percentage of the quota of a DNS list is used, the operator is warned, and the list is no longer asked in batches.
pub(crate) const QUOTA_WARNING_PERCENT: u64 = 80;

/// The time between two tests of a DNS list. A test sends four queries, a small part of a quota. Haraka's `periodic_checks` also uses 30 min.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(30 * 60);

/// The time after which a DNS list that a test found broken is tested again. Within it, the operator of the list can replace a bad copy of the data.
pub(crate) const HEALTH_AGAIN: Duration = Duration::from_secs(3 * 60);

/// If only one server of a list answers, this number of further tests must confirm that the list is broken. The data of this server may be bad while
/// the others are unreachable for some minutes.
pub(crate) const HEALTH_ALONE: u8 = 2;

/// The greatest random delay of a test of a DNS list, in per cent of the usual time to this test, so that gateways that were started together do not
/// test at the same time.
pub const HEALTH_JITTER_PERCENT: u64 = 20;

/// If this number of consecutive answers contains no listing, and a test does not find the test entry either, the DNS list counts as "lists
/// nothing". If one sender in a hundred is listed, one in 150 such series contains no listing by chance.
pub(crate) const LISTS_NOTHING_ANSWERS: u32 = 500;

/// From this number of answers on, the answers to clients decide if a DNS list lists everything. It does not if at least three of four answers are
/// "not listed". It does if all answers are listings.
pub(crate) const LISTS_WORLD_ANSWERS: u32 = 16;

/// A DNS list counts as slow if its usual round trip is at least this long. Two such lists, one after the other, take longer than the greeting of a
/// mail server should take.
pub(crate) const SLOW_LIST: Duration = Duration::from_secs(1);

/// The greatest length of a question in the queue of DNS list events, in octets. A question about an IPv6 address at a list whose name has forty
/// letters has 110.
pub(crate) const MAX_LIST_EVENT_KEY: usize = 128;

/// The greatest number of waiting DNS list events. Further events are dropped and counted. Each takes about 170 octets.
pub(crate) const MAX_LIST_EVENTS: usize = 1_024;

/// The longest time for which events of cached answers wait in the queue. The counts that `resolverctl dnsbl` shows may be this old.
pub(crate) const LIST_EVENTS_PAUSE: Duration = Duration::from_secs(1);

/// The greatest size of the file with the states of the DNS lists, in octets. `MAX_LIST_WAYS` states of about 400 octets need a fifth of it.
pub(crate) const MAX_LISTS_FILE: u64 = 2 << 20;

/// For this time after another gateway reports that a DNS list does not answer, the breaker of the list on this gateway opens sooner. The other
/// gateway probes the list within this time.
pub(crate) const FLEET_SUSPICION_TIME: Duration = Duration::from_secs(60);
