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

/// Zones whose failures are counted for the log at once; those of spam come and go by the hundred. About 1 KiB each.
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

/// An incident is not told again this long after its end, and after this time without a failure it is not known whether it goes on.
pub const INCIDENT_QUIET: Duration = Duration::from_secs(10 * 60);

/// An incident is forgotten after this time without a failure: a domain that gets mail once a night is told of once.
pub const INCIDENT_FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// Zones that are told to fail in an hour; more are told as a number.
pub const INCIDENTS_AN_HOUR: u32 = 20;

/// How long nobody on the internet must have answered, root servers among them, for our own network to be down: a flight is
/// given up after 10 s, so that no zone fails by an outage that is shorter.
pub const NETWORK_DOWN_TIME: Duration = Duration::from_secs(4);

/// Messages to root servers that must have gone unanswered in that time: one may be lost.
pub const NETWORK_DOWN_ROOT_MESSAGES: u32 = 2;

/// Servers that are counted while nobody answers: enough to show that it is not a few, 16 octets each.
pub const MAX_SILENT_SERVERS: usize = 256;

/// Between two questions to root servers while nobody answers.
pub const NETWORK_WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// Questions that a zone failed at and that are waited for until they are answered: a mail asks for MX, A, AAAA, SPF, DKIM and
/// DMARC of a domain. About 100 octets each.
pub const MAX_INCIDENT_QUESTIONS: usize = 8;

/// Failing zones that `resolverctl status` names; more are told as a number.
pub const MAX_STATUS_ZONES: usize = 5;

/// Octets of a field in the journal; it takes datagrams of 200 KiB, and nobody reads more than a page.
pub const MAX_LOG_FIELD: usize = 8 << 10;
