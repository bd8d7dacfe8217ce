//! Bounds of DNS lists: the gate, breakers, tests, and batches.

use std::time::Duration;

/// The number of DNS lists. The registry names about seventy, and a site adds a few. Each list is a route in every view.
pub(crate) const MAX_LISTS: usize = 512;

/// The number of pairs of list and way for which a state is kept. The seventy lists of the registry with the ways of `MAX_VIEWS` views
/// are 560 pairs. A state takes about 12 KiB, mostly for its histogram.
pub const MAX_LIST_WAYS: usize = 1_024;

/// The number of zones that are asked like lists but are not known as lists. A screen shows a few of them, and strangers choose their
/// names.
pub(crate) const MAX_LOOKALIKES: usize = 64;

/// The number of times the address in the name must change before a zone looks like a list. The SPF record of one mail asks about only
/// one address.
pub(crate) const LOOKALIKE_ADDRESSES: u64 = 8;

/// A list counts as working again this long after its last refusal, because one of its servers may answer while others refuse.
pub(crate) const LIST_INCIDENT_QUIET: Duration = Duration::from_secs(60);

/// The time between two log messages about a list that is shut down and still asked. It is long, because such a configuration is out
/// of date but works.
pub(crate) const SHUT_DOWN_LIST_LINE: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest silence of a list that opens its breaker. It is long enough to send a few lost messages again.
pub(crate) const BREAKER_MIN_PATIENCE: Duration = Duration::from_secs(1);

/// The longest silence that is tolerated before the breaker opens, except for a list that is usually slower. The breaker then opens
/// within 2 s of the first lost message.
pub(crate) const BREAKER_MAX_PATIENCE: Duration = Duration::from_millis(1_700);

/// The time until a silent list is judged again if no other server has answered.
pub(crate) const BREAKER_JUDGE_AGAIN: Duration = Duration::from_millis(250);

/// The number of consecutive questions that were answered only with errors, after which the breaker of a list may open.
pub(crate) const BREAKER_FAILURES: u32 = 5;

/// The longest time between two answers of any servers in which our own network counts as working.
pub(crate) const WITNESS_STREAK: Duration = Duration::from_secs(2);

/// The time until the first probe of an open breaker. The time before each later probe is doubled.
pub(crate) const FIRST_PROBE_TIME: Duration = Duration::from_millis(500);

/// The longest time between probes. A list that works again is therefore used again within seconds.
pub const MAX_PROBE_TIME: Duration = Duration::from_secs(5);

/// The time since the last client's question, divided by this number, is the time until the next probe. A silent list is therefore
/// probed 20 times instead of 120 times in the ten minutes after the last question.
pub(crate) const PROBES_OF_IDLE_TIME: u32 = 4;

/// An open breaker is no longer probed when no client has asked a question for this time.
pub(crate) const PROBE_WHILE_WANTED: Duration = Duration::from_secs(10 * 60);

/// The number of addresses that must have been seen before a list is in a batch. At 40 addresses, two exceptions are 5 %.
pub(crate) const BATCH_MIN_SEEN: u32 = 40;

/// The percentage of the last addresses at which clients must have asked a list for it to be in a batch.
pub(crate) const BATCH_PERCENT: u32 = 95;

/// Two questions about one subject that are further apart than this belong to two checks. Postfix asks at connect and at RCPT TO, a
/// few seconds apart.
pub(crate) const BATCH_WINDOW: Duration = Duration::from_secs(20);

/// A list that answers sooner than this is in no batch, because it is on this host or in the next rack.
pub(crate) const BATCH_MIN_ROUND_TRIP: Duration = Duration::from_millis(5);

/// The number of lists that are learned to follow one question, and of lists in the batch of one subject. An operator with more than a
/// dozen lists asks them all at the same time.
pub(crate) const MAX_BATCH_LISTS: usize = 32;

/// The number of subjects whose checks are in progress. Nothing is learned from further subjects. The number is enough for two hundred
/// new addresses a second. Each subject takes about 300 octets.
pub(crate) const MAX_BATCH_SUBJECTS: usize = 4_096;

/// The number of learned habits: one for each view, list and result. Each takes about 1 KiB.
pub(crate) const MAX_BATCH_HABITS: usize = 1_024;

/// The least risk that is assumed for a question of a batch until a client asks it, in thousandths. If a habit ends suddenly, it costs
/// at most ten times the allowance before the end is noticed, even if the risk was 0.
pub(crate) const BATCH_MIN_RISK: u32 = 100;

/// The number of questions in the allowance at the start, so that the first batches may be sent.
pub(crate) const BATCH_ALLOWANCE_START: u64 = 100;

/// The number of questions that the allowance remembers. Older questions count half.
pub(crate) const BATCH_ALLOWANCE_MEMORY: u64 = 20_000;

/// When this percentage of a list's quota is used, the operator is warned, and the list is excluded from batches.
pub(crate) const QUOTA_WARNING_PERCENT: u64 = 80;

/// The time between two tests of a list. A test sends four queries, which is little of a quota. Haraka's `periodic_checks` also uses
/// 30 min.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(30 * 60);

/// The time between a test that found a list broken and the next test. It is some minutes, so that the operator of the list may
/// replace a bad copy of its data.
pub(crate) const HEALTH_AGAIN: Duration = Duration::from_secs(3 * 60);

/// The number of further tests that must find a list broken if only one of its servers answers, because the other servers may be
/// unreachable for minutes.
pub(crate) const HEALTH_ALONE: u8 = 2;

/// The greatest random delay of a test, in per cent of its interval. It prevents gateways that were started together from testing at
/// the same time.
pub const HEALTH_JITTER_PERCENT: u64 = 20;

/// The number of consecutive answers without a listing that show that a list lists nothing, if its test entry shows it too. If one
/// sender in a hundred is listed, one run of answers in 150 is this long.
pub(crate) const LISTS_NOTHING_ANSWERS: u32 = 500;

/// The number of answers that may refute a test that found "lists everything". If three of four answers are "not listed", the list
/// works.
pub(crate) const LISTS_WORLD_ANSWERS: u32 = 16;

/// A list whose usual round trip is at least this long counts as slow. Two such lists, asked one after the other, take longer than the
/// greeting of a mail server should.
pub(crate) const SLOW_LIST: Duration = Duration::from_secs(1);

/// The number of batch questions in progress at the same time. Further questions are left to the clients.
pub(crate) const MAX_AHEAD: usize = 256;

/// The length of a question in the queue of list events, in octets. A question about an IPv6 address at a list whose name has forty
/// letters has 110.
pub(crate) const MAX_LIST_EVENT_KEY: usize = 128;

/// The number of events that wait in the queue. Further events are dropped and counted. Each takes about 170 octets.
pub(crate) const MAX_LIST_EVENTS: usize = 1_024;

/// The number of probes and tests in progress.
pub(crate) const MAX_SIDE_QUESTIONS: usize = 32;

/// The number of questions to witnesses in progress, in addition to probes and tests: one a second, for the ten seconds of a flight.
/// If many lists are silent at the same time, witnesses show whether other servers answer, so probes and tests must not take their
/// places.
pub(crate) const MAX_WITNESSES: usize = 10;

/// The longest pause of the task that tests and probes the lists, if nothing is due.
pub(crate) const TEND_AGAIN: Duration = Duration::from_secs(60);

/// The time between two questions to witnesses.
pub(crate) const WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// The size of the file of the lists' states, in octets: `MAX_LIST_WAYS` entries of about 400 octets. An entry with many servers is
/// longer.
pub(crate) const MAX_LISTS_FILE: u64 = 2 << 20;
