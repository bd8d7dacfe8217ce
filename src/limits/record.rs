//! Bounds of the record and the log.

use std::time::Duration;

/// Steps kept of a flight: a question at its bound of 100 messages has about three steps a message.
pub const MAX_STEPS: usize = 320;

/// Between two snapshots of the counters, from which the windows of the statistics are computed: the last minute is
/// told to within a sixth of it, and an idle daemon wakes six times a minute.
pub const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(10);

/// Snapshots kept at that interval: five minutes of them, about 5 KiB each.
pub const SNAPSHOTS: usize = 31;

/// Snapshots kept by the minute, and minutes kept in a table: an hour of them.
pub const SNAPSHOT_MINUTES: usize = 61;

/// Rows of a table of zones, servers or clients since the start; the rest is "other". About 300 octets each.
pub const MAX_TABLE_ROWS: usize = 1_024;

/// Rows of such a table for one minute; 61 of them are kept, so a table stays below 3 MiB.
pub const MAX_MINUTE_ROWS: usize = 128;

/// Clients that a worker tells apart between two snapshots; the rest is "other". A gateway has a few dozen.
pub const MAX_CLIENTS_PER_SHARD: usize = 256;

/// Shards of the record: more than workers and TCP together would only cost memory, about 12 KiB each.
pub const MAX_SHARDS: usize = 64;

/// Zones whose failures are counted for the log at once; those of spam come and go by the hundred. About 300 octets each.
pub const MAX_INCIDENT_ZONES: usize = 256;

/// Failed flights in a row after which a zone that has worked is told to fail: one may be chance, two its repeat.
pub const INCIDENT_FAILURES: u32 = 3;

/// Failures further apart than this are told apart: a failing question is tried again every 30 s at most.
pub const INCIDENT_WINDOW: Duration = Duration::from_secs(60);

/// Failures, and the time they take, after which a zone that has never worked is told: most such are spam's, and a
/// message's questions about one are over within a minute.
pub const INCIDENT_STRANGER_FAILURES: u32 = 10;

/// See `INCIDENT_STRANGER_FAILURES`.
pub const INCIDENT_STRANGER_TIME: Duration = Duration::from_secs(5 * 60);

/// An incident ends after this time without a failure, and is not told again this long after its end.
pub const INCIDENT_QUIET: Duration = Duration::from_secs(10 * 60);

/// Zones that are told to fail in an hour; more are told as a number.
pub const INCIDENTS_AN_HOUR: u32 = 20;

/// Servers that the line of a failing zone names: a zone has two to four, and a line is read on a terminal.
pub const MAX_INCIDENT_SERVERS: usize = 4;

/// Messages in a row that nobody answered, and the time they take at least, after which our own network is down: a
/// single dead zone has fewer servers, and a burst that a full queue dropped is shorter.
pub const NETWORK_DOWN_MESSAGES: u32 = 30;

/// See `NETWORK_DOWN_MESSAGES`.
pub const NETWORK_DOWN_TIME: Duration = Duration::from_secs(5);

/// Octets of a field in the journal; it takes datagrams of 200 KiB, and nobody reads more than a page.
pub const MAX_LOG_FIELD: usize = 8 << 10;
