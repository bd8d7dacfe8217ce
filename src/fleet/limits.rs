//! The limits of what a gateway does with the store of the fleet, each with the reason for its value.

use std::time::Duration;

/// The maximum time for a read of the store. A store on the same network replies within a millisecond; name servers take 10 to 100 ms, so a
/// longer wait would gain nothing.
pub(crate) const FIND_TIME: Duration = Duration::from_millis(20);

/// After this number of failed reads in a row, the store is not read (it "rests") until a heartbeat finds that it works again.
pub(crate) const MAX_LATE: u8 = 3;

/// The longest head start of the store: the time for which a question waits for the store before servers are asked. If the store usually
/// takes longer, the store and the servers are asked at the same time.
pub(crate) const MAX_HEAD_START: Duration = Duration::from_millis(5);

/// The shortest head start of the store (see `MAX_HEAD_START`): the resolution of the runtime's timers.
pub(crate) const MIN_HEAD_START: Duration = Duration::from_millis(1);

/// The time between two heartbeats. Flushes and states of DNS lists reach the other gateways within this time. 400 gateways then send the
/// store a few thousand commands per second, a small part of what it can process.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// In a cluster, each heartbeat asks for the time with this number of different keys. The keys are on several nodes, so one dead node does not
/// matter.
pub(crate) const CLOCK_NODES: u8 = 6;

/// The maximum time for a command at one node of a cluster.
pub(crate) const NODE_TIME: Duration = Duration::from_millis(400);

/// The number of heartbeats between reports. Each gateway reads all reports, which are 100 kB for 400 gateways: too much for each
/// heartbeat.
pub(crate) const SLOW_BEATS: u64 = 5;

/// The maximum time for a heartbeat, a write or an attempt to connect.
pub(crate) const STORE_TIME: Duration = Duration::from_secs(2);

/// The maximum number of entries that wait to be written: a busy gateway produces as many in one second. Further entries are dropped.
pub(crate) const MAX_WAITING: usize = 4_096;

pub(crate) const MAX_WRITES: usize = 64;

/// The maximum size of an entry, in octets. Larger entries are rare, and would make the store slow.
pub(crate) const MAX_ENTRY: usize = 16 << 10;

/// The duration of the lease of a question: during this time, only the gateway with the lease asks the servers. Other gateways with the
/// same question wait a little less than this time for its answer.
pub(crate) const LEASE_TIME: Duration = Duration::from_millis(50);

/// The number of news that the store keeps for gateways that were away.
pub(crate) const MAX_NEWS: usize = 10_000;

/// The maximum number of news (notices for the other gateways) that are read in one heartbeat, and the maximum number that wait to be sent.
pub(crate) const NEWS_AT_ONCE: usize = 200;

/// News that are older than this are ignored, because their data have changed or expired. Exceptions: flushes, because data from before a
/// flush must not be used again, and rules of look-ahead, which change only with the mail software.
pub(crate) const NEWS_TIME: Duration = Duration::from_secs(900);

/// A gateway that has not reported for this time is no longer shown: three reports are missing.
pub(crate) const MEMBER_TIME: Duration = Duration::from_secs(16);

pub(crate) const MAX_MEMBERS: usize = 1_000;

/// How long the store keeps a count of queries to a DNS list. Three days contain the current day and the day before, in all time zones.
pub(crate) const QUOTA_TIME: Duration = Duration::from_secs(3 * 86_400);

/// If the clock of the store jumps by more than this, entries from before the jump are not used.
pub(crate) const MAX_CLOCK_JUMP: Duration = Duration::from_secs(2);
