//! The bounds of what a gateway does with the store of the fleet, each with its reason.

use std::time::Duration;

/// A read of the store that takes longer counts as a failure. A store on the same network answers in less than a millisecond; the next server of
/// a zone in 10 to 100 ms.
pub(crate) const FIND_TIME: Duration = Duration::from_millis(20);

/// After this number of failed reads in a row, the store rests: it is not read until a heartbeat has found it working again.
pub(crate) const MAX_LATE: u8 = 3;

/// The longest time for which the servers wait for the store. If the store usually takes longer, it is asked at the same time as the servers.
pub(crate) const MAX_HEAD_START: Duration = Duration::from_millis(5);

/// The shortest head start. The clock of the runtime has this resolution.
pub(crate) const MIN_HEAD_START: Duration = Duration::from_millis(1);

/// The time between two heartbeats. It bounds how late a flush or the state of a list reaches the other gateways; 400 gateways then send the store
/// a few thousand commands a second, a small part of what it can do.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// The number of keys of a cluster at which its clock is read at the same time, so that one dead node does not matter.
pub(crate) const CLOCK_NODES: u8 = 6;

/// The time that a command may take at one node of a cluster.
pub(crate) const NODE_TIME: Duration = Duration::from_millis(400);

/// The gateways report, and add up their queries to lists, once in this number of heartbeats: a full report of 400 gateways has 100 kB.
pub(crate) const SLOW_BEATS: u64 = 5;

/// The time that a heartbeat, a write or a connection may take.
pub(crate) const STORE_TIME: Duration = Duration::from_secs(2);

/// The number of entries that may wait to be written: a second of a busy gateway. More are dropped and counted.
pub(crate) const MAX_WAITING: usize = 4_096;

/// The number of entries that are written at a time.
pub(crate) const MAX_WRITES: usize = 64;

/// The greatest size of an entry, in octets. Larger ones are rare, and would make the store slow for all.
pub(crate) const MAX_ENTRY: usize = 16 << 10;

/// How long the lease of a question lasts: a little longer than others wait for the answer.
pub(crate) const LEASE_TIME: Duration = Duration::from_millis(50);

/// The number of news that the store keeps, so that a gateway that was away gets them.
pub(crate) const MAX_NEWS: usize = 10_000;

/// The number of news that a gateway reads, or writes, in one heartbeat.
pub(crate) const NEWS_AT_ONCE: usize = 200;

/// News that are older are ignored: the data that they concern have changed or expired. A flush is exempt, because old data must not come back, and
/// so are the rules of look-ahead.
pub(crate) const NEWS_TIME: Duration = Duration::from_secs(900);

/// A gateway that has not reported for this time is no longer shown: it has missed three reports.
pub(crate) const MEMBER_TIME: Duration = Duration::from_secs(16);

/// The greatest number of gateways that are shown.
pub(crate) const MAX_MEMBERS: usize = 1_000;

/// How long the store keeps the count of queries to a list: the current day and the day before, in all time zones.
pub(crate) const QUOTA_TIME: Duration = Duration::from_secs(3 * 86_400);

/// If the clock of the store is changed by more than this, the entries that were written before are not used.
pub(crate) const MAX_CLOCK_JUMP: Duration = Duration::from_secs(2);
