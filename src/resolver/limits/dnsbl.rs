//! Bounds of DNS lists: the gate, breakers, tests, and batches.

use std::time::Duration;

/// DNS lists: the registry names about seventy, a site adds a few. Each is a route in every view.
pub(crate) const MAX_LISTS: usize = 512;

/// Pairs of list and way with a state: the registry's seventy by the ways of `MAX_VIEWS` views are 560. About 12 KiB
/// each, mostly its histogram.
pub const MAX_LIST_WAYS: usize = 1_024;

/// Zones that are asked like lists but are not known as lists: a screen shows a few of them, and strangers choose
/// their names.
pub(crate) const MAX_LOOKALIKES: usize = 64;

/// How often the address must change before a zone looks like a list: one mail's SPF record asks about one address.
pub(crate) const LOOKALIKE_ADDRESSES: u64 = 8;

/// A list is well again this long after its last refusal: one of its servers may answer while others refuse.
pub(crate) const LIST_INCIDENT_QUIET: Duration = Duration::from_secs(60);

/// The time between two log lines about a list that is shut down and still asked: the configuration is out of date,
/// but works.
pub(crate) const SHUT_DOWN_LIST_LINE: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest silence of a list that opens its breaker: a few lost messages are sent again in it.
pub(crate) const BREAKER_MIN_PATIENCE: Duration = Duration::from_secs(1);

/// The longest such silence, except for a list that is usually slower: the breaker opens within 2 s of the first lost
/// message.
pub(crate) const BREAKER_MAX_PATIENCE: Duration = Duration::from_millis(1_700);

/// How soon a silent list is judged again if no other server has answered.
pub(crate) const BREAKER_JUDGE_AGAIN: Duration = Duration::from_millis(250);

/// Questions in a row with errors only, after which a list's breaker opens.
pub(crate) const BREAKER_FAILURES: u32 = 5;

/// Answers further apart than this do not show that our network was up between them.
pub(crate) const WITNESS_STREAK: Duration = Duration::from_secs(2);

/// The time until an open breaker's first probe; each later probe waits twice as long.
pub(crate) const FIRST_PROBE_TIME: Duration = Duration::from_millis(500);

/// The longest time between probes: a list is used again within seconds after it works again.
pub const MAX_PROBE_TIME: Duration = Duration::from_secs(5);

/// The next probe comes after this part of the time in which no client has asked. So a list that is silent is probed 20 times in the ten
/// minutes after the last question instead of 120 times.
pub(crate) const PROBES_OF_IDLE_TIME: u32 = 4;

/// After this time without a question an open breaker is no longer probed.
pub(crate) const PROBE_WHILE_WANTED: Duration = Duration::from_secs(10 * 60);

/// Addresses that must have been seen before a list is in a batch: at 40 two exceptions are 5 %.
pub(crate) const BATCH_MIN_SEEN: u32 = 40;

/// The percentage of the last addresses at which clients must have asked a list for it to be in a batch.
pub(crate) const BATCH_PERCENT: u32 = 95;

/// Questions about one subject that are further apart than this are two checks: Postfix asks at connect and at RCPT
/// TO, a few seconds apart.
pub(crate) const BATCH_WINDOW: Duration = Duration::from_secs(20);

/// A list that answers sooner than this is in no batch: it is on this host or in the next rack.
pub(crate) const BATCH_MIN_ROUND_TRIP: Duration = Duration::from_millis(5);

/// Lists that are learnt to follow one question, and lists in the batch of one subject. An operator with more
/// than a dozen asks them all at once.
pub(crate) const MAX_BATCH_LISTS: usize = 32;

/// Subjects whose checks are in progress; nothing is learnt from others. Two hundred new addresses a second, about
/// 300 octets each.
pub(crate) const MAX_BATCH_SUBJECTS: usize = 4_096;

/// Learnt habits: for each view, list and result. About 1 KiB each.
pub(crate) const MAX_BATCH_HABITS: usize = 1_024;

/// The least risk of a question of a batch in thousandths, until a client asks it. A habit that ends suddenly then
/// costs at most ten times the allowance before that is noticed, even if its risk was 0.
pub(crate) const BATCH_MIN_RISK: u32 = 100;

/// Questions in the allowance at the start, so that the first batches may go out.
pub(crate) const BATCH_ALLOWANCE_START: u64 = 100;

/// Questions that the allowance remembers; older ones count half.
pub(crate) const BATCH_ALLOWANCE_MEMORY: u64 = 20_000;

/// The percentage of a quota after which the operator is warned and the list is in no batch.
pub(crate) const QUOTA_WARNING_PERCENT: u64 = 80;

/// The time between two tests of a list. Four queries each: little of a quota. Haraka's `periodic_checks` has 30 min
/// too.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(30 * 60);

/// The time between a test that found a list broken and the next: some minutes, in which its operator may replace a
/// bad copy of its data.
pub(crate) const HEALTH_AGAIN: Duration = Duration::from_secs(3 * 60);

/// Further tests that must find a list broken if only one of its servers answers: the others may be away for minutes.
pub(crate) const HEALTH_ALONE: u8 = 2;

/// The greatest delay of a test, in per cent of its interval: so that gateways that were started together do not test
/// at the same time.
pub const HEALTH_JITTER_PERCENT: u64 = 20;

/// Answers without a listing that show that a list lists nothing, if its test entry says so too. If a list has one
/// sender in a hundred, one run of answers in 150 is so long.
pub(crate) const LISTS_NOTHING_ANSWERS: u32 = 500;

/// Answers that may refute a test that found "lists everything": if three of four are "not listed", the list works.
pub(crate) const LISTS_WORLD_ANSWERS: u32 = 16;

/// A list with this usual round trip is slow: two such lists in a row take longer than a server's greeting should.
pub(crate) const SLOW_LIST: Duration = Duration::from_secs(1);

/// Questions of batches at once; others are left to the clients.
pub(crate) const MAX_AHEAD: usize = 256;

/// Octets of a question in the queue of list events: an IPv6 address in a list of forty letters has 110.
pub(crate) const MAX_LIST_EVENT_KEY: usize = 128;

/// Events that wait in the queue; others are lost, and counted. About 170 octets each.
pub(crate) const MAX_LIST_EVENTS: usize = 1_024;

/// Probes and tests in progress.
pub(crate) const MAX_SIDE_QUESTIONS: usize = 32;

/// Witnesses in progress, in addition: one a second, for the ten seconds of a flight. If many lists are silent at
/// once, witnesses show whether others answer, so that probes and tests must not take their places.
pub(crate) const MAX_WITNESSES: usize = 10;

/// The longest rest of the task that looks after the lists, if nothing is due.
pub(crate) const TEND_AGAIN: Duration = Duration::from_secs(60);

/// The time between two witnesses.
pub(crate) const WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// Octets of the lists' file: `MAX_LIST_WAYS` entries of about 400 octets; an entry with many servers has more.
pub(crate) const MAX_LISTS_FILE: u64 = 2 << 20;
