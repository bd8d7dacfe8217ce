//! The limits of what a gateway does with the store of the fleet, each with the reason for its value.

use std::time::Duration;

/// A read of the store that takes longer than this has failed. A store on the same network replies within a millisecond; the name servers of a zone
/// take 10 to 100 ms, so a longer wait would gain nothing.
pub(crate) const FIND_TIME: Duration = Duration::from_millis(20);

/// After this number of failed reads in a row, the store is not read any more (it "rests") until a heartbeat has found that it works again.
pub(crate) const MAX_LATE: u8 = 3;

/// The longest head start of the store: the time for which a question waits for the store before it asks servers. If the store usually takes longer
/// than this, the store and the servers are asked at the same time.
pub(crate) const MAX_HEAD_START: Duration = Duration::from_millis(5);

/// The shortest head start of the store (see `MAX_HEAD_START`). It is the resolution of the runtime's timers.
pub(crate) const MIN_HEAD_START: Duration = Duration::from_millis(1);

/// The time between two heartbeats. A flush or the state of a DNS list reaches the other gateways within this time. 400 gateways then send the store
/// a few thousand commands per second, which is a small part of what it can process.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// In a cluster, each node has some of the keys. The clock is read at the nodes of this number of keys at the same time, so that one dead node does
/// not matter.
pub(crate) const CLOCK_NODES: u8 = 6;

/// The longest time that one node of a cluster may take for a command.
pub(crate) const NODE_TIME: Duration = Duration::from_millis(400);

/// Each gateway reports its state, and adds up its queries to DNS lists, once in this number of heartbeats. The reports of 400 gateways together have
/// 100 kB, which each gateway reads. This is too much for each heartbeat.
pub(crate) const SLOW_BEATS: u64 = 5;

/// The longest time for a heartbeat, a write or an attempt to connect.
pub(crate) const STORE_TIME: Duration = Duration::from_secs(2);

/// The number of entries that may wait to be written: as many as a busy gateway produces in one second. Further entries are dropped and counted.
pub(crate) const MAX_WAITING: usize = 4_096;

/// The number of entries that are written at a time.
pub(crate) const MAX_WRITES: usize = 64;

/// The maximum size of an entry, in octets. Larger entries are rare, and would make the store slow for all gateways.
pub(crate) const MAX_ENTRY: usize = 16 << 10;

/// The duration of the lease of a question. The gateway that has the lease asks the servers. The other gateways with the same question wait for its
/// answer, a little shorter than this.
pub(crate) const LEASE_TIME: Duration = Duration::from_millis(50);

/// The number of news that the store keeps, so that a gateway that was away gets them.
pub(crate) const MAX_NEWS: usize = 10_000;

/// The maximum number of news that a gateway reads in one heartbeat, and that may wait to be sent.
pub(crate) const NEWS_AT_ONCE: usize = 200;

/// News that are older than this are ignored, because the data that they concern have changed or expired. There are two exceptions: flushes, because
/// data from before a flush must not be used again, and the rules of look-ahead, because they change only with the mail software.
pub(crate) const NEWS_TIME: Duration = Duration::from_secs(900);

/// A gateway that has not reported for this time is no longer shown: three of its reports are missing.
pub(crate) const MEMBER_TIME: Duration = Duration::from_secs(16);

/// The greatest number of gateways that are shown.
pub(crate) const MAX_MEMBERS: usize = 1_000;

/// How long the store keeps the count of queries to a DNS list. Three days contain the current day and the day before, in all time zones.
pub(crate) const QUOTA_TIME: Duration = Duration::from_secs(3 * 86_400);

/// If the clock of the store jumps by more than this, because somebody has set it, entries that were written before the jump are not used.
pub(crate) const MAX_CLOCK_JUMP: Duration = Duration::from_secs(2);
