//! The limits of what a gateway does with the store of the fleet, each with the reason for its value.

use std::time::Duration;

/// The maximum time for a read of the store. A store on the same network replies within a millisecond; name servers take 10 to 100 ms, so a
/// longer wait would gain nothing.
pub(crate) const FIND_TIME: Duration = Duration::from_millis(20);

/// After this number of failed reads in a row, the store is not read (it "rests") until a heartbeat finds that it works again. After this number
/// of questions in a row that have waited for it in vain, no question waits until a read has succeeded.
pub(crate) const MAX_LATE: u8 = 3;

/// The longest head start of the store: the time for which a question waits for the store before servers are asked. If the store usually
/// takes longer, the store and the servers are asked at the same time.
pub(crate) const MAX_HEAD_START: Duration = Duration::from_millis(5);

/// The shortest head start of the store (see `MAX_HEAD_START`): the resolution of the runtime's timers.
pub(crate) const MIN_HEAD_START: Duration = Duration::from_millis(1);

/// The time between two heartbeats. Flushes and states of DNS lists reach the other gateways within this time. 400 gateways then send the
/// store a few thousand commands per second, a small part of what it can process.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// In a cluster, each heartbeat asks this number of nodes for the time, so that a dead node does not matter.
pub(crate) const CLOCK_NODES: usize = 6;

/// The maximum number of primary nodes of a cluster that are used: each has a connection, with a file descriptor and some KiB of memory. A
/// fleet's store needs few.
pub(crate) const MAX_NODES: usize = 128;

/// The maximum time for a command at one node of a cluster.
pub(crate) const NODE_TIME: Duration = Duration::from_millis(400);

/// The number of heartbeats between reports. Each gateway reads all reports, which are 100 kB for 400 gateways: too much for each
/// heartbeat.
pub(crate) const SLOW_BEATS: u64 = 5;

/// The maximum time for a heartbeat, a write or an attempt to connect.
pub(crate) const STORE_TIME: Duration = Duration::from_secs(2);

/// The maximum number of entries that wait to be written: a busy gateway produces as many in one second. Further entries are dropped.
pub(crate) const MAX_WAITING: usize = 4_096;

/// The maximum size of all entries that wait to be written, in octets. Each is some hundred octets long; only zones with huge answers reach
/// this bound before `MAX_WAITING`.
pub(crate) const MAX_WAITING_OCTETS: usize = 8 << 20;

pub(crate) const MAX_WRITES: usize = 64;

/// The maximum size of an entry, in octets. Larger entries are rare, and would make the store slow.
pub(crate) const MAX_ENTRY: usize = 16 << 10;

/// The maximum size of an entry in the store, in octets: the three numbers before its octets, and its seal.
pub(crate) const MAX_SEALED: usize = MAX_ENTRY + 64;

/// The maximum number of commands on a connection that wait for a reply. A reply takes some hundred microseconds, so that this is enough for
/// a million commands a second. A hostile store can make a gateway keep the reply of each, of at most `ENTRY_REPLY` octets.
pub(crate) const MAX_IN_FLIGHT: usize = 1_024;

/// The maximum memory of a reply with one entry, in octets.
pub(crate) const ENTRY_REPLY: usize = MAX_SEALED;

/// The maximum memory of a reply with a number, some words or an error, in octets.
pub(crate) const SHORT_REPLY: usize = 2 << 10;

/// The maximum memory of a reply with news, reports of gateways or nodes, in octets. 1 000 reports of gateways of 500 octets fit into it. Only one such
/// reply is read at a time.
pub(crate) const LONG_REPLY: usize = 1 << 20;

/// The maximum depth of lists in a reply. News are the values of fields, in items, in a stream.
pub(crate) const MAX_DEPTH: u8 = 4;

/// The maximum length of a line in a reply, in octets: a length, a word or an error.
pub(crate) const MAX_LINE: u64 = 1_024;

/// The maximum length of an error of the store in the log and on screens, in characters.
pub(crate) const MAX_REASON: usize = 160;

/// The duration of the lease of a question: during this time, only the gateway with the lease asks the servers. Other gateways with the
/// same question wait a little less than this time for its answer.
pub(crate) const LEASE_TIME: Duration = Duration::from_millis(50);

/// The number of news that the store keeps for gateways that were away.
pub(crate) const MAX_NEWS: usize = 10_000;

/// The number of orders that the store keeps for gateways that were away. An operator gives few.
pub(crate) const MAX_ORDERS: usize = 1_000;

/// The maximum number of news (notices for the other gateways) that are read with one command, and the maximum number that wait to be sent.
pub(crate) const NEWS_AT_ONCE: usize = 200;

/// The number of news that are read with one command after a reply was too large: items of up to 64 KiB then fit into `LONG_REPLY`.
pub(crate) const LARGE_NEWS_AT_ONCE: usize = 16;

/// The maximum time for which one heartbeat reads news. Others may have filled the stream: 9 000 items of 50 KB are read within it on a
/// local network of 10 Gbit/s. The rest is read with the next heartbeats.
pub(crate) const READ_TIME: Duration = Duration::from_millis(500);

/// News whose ids are ahead of the clock of the store by more than this are not read: only others write them, to hide all later news. It is
/// `MAX_CLOCK_OFFSET`, because the ids do not follow a clock that was put back.
pub(crate) const NEWS_AHEAD: Duration = MAX_CLOCK_OFFSET;

/// An order is confirmed if the store still has it after this time: each gateway reads the orders once in `BEAT`.
pub(crate) const CONFIRM_TIME: Duration = Duration::from_millis(1_500);

/// The maximum time until an order is confirmed: two slow heartbeats, and `CONFIRM_TIME`.
pub(crate) const ORDER_TIME: Duration = Duration::from_secs(6);

/// The log repeats a fault of the store after this time at the soonest.
pub(crate) const NOTICE_TIME: Duration = Duration::from_secs(600);

/// News that are older than this are ignored, because their data have changed or expired. Exceptions: flushes, because data from before a
/// flush must not be used again, and rules of look-ahead, which change only with the mail software.
pub(crate) const NEWS_TIME: Duration = Duration::from_secs(900);

/// A gateway that has not reported for this time is no longer shown: three reports are missing.
pub(crate) const MEMBER_TIME: Duration = Duration::from_secs(16);

pub(crate) const MAX_MEMBERS: usize = 1_000;

/// How long the store keeps a count of queries to a DNS list. Three days contain the current day and the day before, in all time zones.
pub(crate) const QUOTA_TIME: Duration = Duration::from_secs(3 * 86_400);

/// If the clock of the store runs ahead of or behind the monotonic clock of this host by more than this within `CLOCK_WINDOW`, it has jumped or
/// stands still. Entries from before are not used. A heartbeat may take `STORE_TIME`, so the time of a reply is not known more precisely.
pub(crate) const MAX_CLOCK_JUMP: Duration = Duration::from_secs(2);

/// The time over which the clocks are compared. Clocks without NTP differ by less than 10 ms after it.
pub(crate) const CLOCK_WINDOW: Duration = Duration::from_secs(60);

/// The store is not used for this time after its clock has jumped or stood still: a clock that still stands is noticed within it.
pub(crate) const CLOCK_TRIAL: Duration = Duration::from_secs(5);

/// The maximum difference between the clock of the store and the clock of this host. It is that of Kerberos (RFC 4120 section 1.6, typically
/// 5 minutes). A store whose clock is further behind would make old entries and orders young again.
pub(crate) const MAX_CLOCK_OFFSET: Duration = Duration::from_secs(300);
