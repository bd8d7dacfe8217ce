//! Bounds of DNS lists: the gate, breakers, tests, and asking ahead.

use std::time::Duration;

/// Of a hundred questions that go out to lists, those that may be asked ahead in vain where the operator has not said.
pub const BATCH_WASTE: u32 = 3;

/// DNS lists: the registry names about seventy, a site adds a few. Each is a route in every view.
pub const MAX_LISTS: usize = 512;

/// Pairs of list and way to it that are watched: the registry's seventy by the ways of `MAX_VIEWS` views are 560. About 12 KiB
/// each, mostly its histogram.
pub const MAX_LIST_WAYS: usize = 1_024;

/// Zones that are asked like lists and are none that is known: a screen shows a few of them, and strangers choose their names.
pub const MAX_LOOKALIKES: usize = 64;

/// Times that another address has to be asked about before a zone looks like a list: one mail's SPF record asks about one.
pub const LOOKALIKE_ADDRESSES: u64 = 8;

/// A list that refused is well again once it has not for so long: one of its servers may answer while others refuse.
pub const LIST_INCIDENT_QUIET: Duration = Duration::from_secs(60);

/// A list that is shut down and still asked is told of once in this time: somebody's configuration is old, not broken.
pub const DEAD_LIST_LINE: Duration = Duration::from_secs(24 * 60 * 60);

/// The shortest time that a list's silence is borne before its breaker opens: a few lost messages are sent again in it.
pub const BREAKER_MIN_PATIENCE: Duration = Duration::from_secs(1);

/// The longest, but for a list that usually takes longer: it opens within 2 s of the first lost message.
pub const BREAKER_MAX_PATIENCE: Duration = Duration::from_millis(1_700);

/// How soon a silent list is judged again when nobody else has answered.
pub const BREAKER_JUDGE_AGAIN: Duration = Duration::from_millis(250);

/// Questions in a row that a list's servers answer with errors only, after which its breaker opens.
pub const BREAKER_FAILURES: u32 = 5;

/// Answers further apart than this do not show that our network was up between them.
pub const WITNESS_STREAK: Duration = Duration::from_secs(2);

/// An open breaker's first probe comes this soon, and each one twice as late as the one before.
pub const FIRST_PROBE_TIME: Duration = Duration::from_millis(500);

/// And this late at most: a list is back within seconds of its return.
pub const MAX_PROBE_TIME: Duration = Duration::from_secs(5);

/// After this time without a question an open breaker is no longer probed.
pub const PROBE_WHILE_WANTED: Duration = Duration::from_secs(10 * 60);

/// Addresses that must have been seen before a list is asked ahead: at 40 two exceptions are 5 %.
pub const BATCH_MIN_SEEN: u32 = 40;

/// Of a hundred of the last addresses, those at which clients must have gone on to ask a list for it to be asked ahead.
pub const BATCH_PERCENT: u32 = 95;

/// Questions about one subject that are further apart than this are two checks: Postfix asks at connect and at RCPT TO,
/// a few seconds apart.
pub const BATCH_WINDOW: Duration = Duration::from_secs(20);

/// A list that answers sooner than this is not asked ahead: it is on this host, or in the next rack.
pub const BATCH_MIN_ROUND_TRIP: Duration = Duration::from_millis(5);

/// Lists that are learnt to follow one question, and that are asked ahead for one subject. Who configures more than a
/// dozen asks them all at once.
pub const MAX_BATCH_LISTS: usize = 32;

/// Subjects whose checks are under way; more are not learnt from. Two hundred new addresses a second, about 300 octets each.
pub const MAX_BATCH_SUBJECTS: usize = 4_096;

/// Habits learnt: for each view, list and way it came out. About 1 KiB each.
pub const MAX_BATCH_HABITS: usize = 1_024;

/// Thousandths that a question asked ahead counts for at least until a client asks it: a habit that ends all at once costs at
/// most ten times what is allowed before that is seen, though it looked as if nothing could go wrong.
pub const BATCH_MIN_RISK: u32 = 100;

/// Questions that the allowance begins with, so that the first few may be asked ahead.
pub const BATCH_ALLOWANCE_START: u64 = 100;

/// Questions that the allowance remembers; older ones count half.
pub const BATCH_ALLOWANCE_MEMORY: u64 = 20_000;

/// Of a hundred questions of a quota, those after which the operator is warned and nothing is asked ahead any more.
pub const QUOTA_WARNING_PERCENT: u64 = 80;

/// Between two tests of a list. Four questions each: nothing against a quota. Haraka's `periodic_checks` has 30 min too.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(30 * 60);

/// Between a test that found a list broken and the next: minutes, so that a bad copy of its data has been replaced.
pub const HEALTH_AGAIN: Duration = Duration::from_secs(3 * 60);

/// Further tests that find a list broken at the one server that answers, before it is believed: others may be away for
/// minutes, too.
pub const HEALTH_ALONE: u8 = 2;

/// A test is this much later at most, of a hundred parts of its interval: gateways that were started together drift apart.
pub const HEALTH_JITTER_PERCENT: u64 = 20;

/// Answers without a listing that show that a list lists nothing, where its test point says so too: of a list that has one
/// sender of a hundred, one run of 150 is so long.
pub const LISTS_NOTHING_ANSWERS: u32 = 500;

/// Answers since a test found that a list lists the world that may show otherwise: where three of four say "not listed", it does
/// not.
pub const LISTS_WORLD_ANSWERS: u32 = 16;

/// A list that usually takes this long is slow: two such lists asked in a row take longer than a server's greeting should.
pub const SLOW_LIST: Duration = Duration::from_secs(1);

/// Questions that are asked ahead at once; more are left to the clients.
pub const MAX_AHEAD: usize = 256;

/// Octets of a question that the ring for asking ahead takes: an IPv6 address in a list of forty letters has 110.
pub const MAX_RING_KEY: usize = 128;

/// Questions that wait to be learnt from; more are lost, and counted. About 170 octets each.
pub const MAX_RING: usize = 1_024;

/// Probes and tests under way at once.
pub const MAX_SIDE_QUESTIONS: usize = 32;

/// Witnesses under way besides: one a second, for the ten of a flight. Where many lists are silent at once they tell whether
/// others answer, so that probes and tests must not take their places.
pub const MAX_WITNESSES: usize = 10;

/// How long whoever looks after the lists rests at most where nothing is due.
pub const TEND_AGAIN: Duration = Duration::from_secs(60);

/// Between two questions to see whether anybody answers.
pub const WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// Octets of the file in which lists are kept over a restart: `MAX_LIST_WAYS` of about 400 octets, a
/// way of many servers of more.
pub const MAX_LISTS_FILE: u64 = 2 << 20;
