//! Bounds of the record and the log.

use std::time::Duration;

/// Steps kept of a flight: a question at its bound of 100 messages has about three steps a message.
pub const MAX_STEPS: usize = 320;

/// The time between two snapshots of the counters, from which the windows are computed: the last minute is exact to a
/// sixth of it, and an idle daemon wakes six times a minute.
pub const SNAPSHOT_INTERVAL: Duration = Duration::from_secs(10);

/// Snapshots kept at that interval: five minutes of them, about 5 KiB each.
pub const SNAPSHOTS: usize = 31;

/// Snapshots kept by the minute, and minutes kept in a table: an hour of them.
pub const SNAPSHOT_MINUTES: usize = 61;

/// Rows of a table of zones, servers or clients since the start; the rest is "other". About 300 octets each.
pub const MAX_TABLE_ROWS: usize = 1_024;

/// Rows of such a table for one minute; 61 of them are kept, so a table stays below 3 MiB.
pub const MAX_MINUTE_ROWS: usize = 128;

/// Clients that a worker counts separately between two snapshots; the rest is "other". A gateway has a few dozen.
pub const MAX_CLIENTS_PER_SHARD: usize = 256;

/// Shards of the record: more than there are workers and TCP would only cost memory, about 12 KiB each.
pub const MAX_SHARDS: usize = 64;

/// Zones whose failures are counted for the log at once; spam causes hundreds of them. About 1 KiB each.
pub const MAX_INCIDENT_ZONES: usize = 256;

/// Failed flights in a row after which a zone that has worked is reported as failing: one may be chance, and a second
/// one its retry.
pub const INCIDENT_FAILURES: u32 = 3;

/// Failures further apart than this are separate: a failing question is tried again every 30 s at most.
pub const INCIDENT_WINDOW: Duration = Duration::from_secs(60);

/// Failures, and their span, after which a zone that has never worked is reported: most of these are spam's, and a
/// message's questions about one end within a minute.
pub const INCIDENT_STRANGER_FAILURES: u32 = 10;

/// See `INCIDENT_STRANGER_FAILURES`.
pub const INCIDENT_STRANGER_TIME: Duration = Duration::from_secs(5 * 60);

/// An incident is not reported again for this time after its end. After this time without a failure it is not known
/// whether it continues.
pub const INCIDENT_QUIET: Duration = Duration::from_secs(10 * 60);

/// An incident is forgotten after this time without a failure: a domain that gets mail once a night is reported once.
pub const INCIDENT_FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// Failing zones reported in an hour; the log has only the number of the others.
pub const INCIDENTS_AN_HOUR: u32 = 20;

/// How long no server on the internet, including root servers, must have answered for our own network to be down. A
/// flight ends after 10 s, so no zone fails by a shorter outage.
pub const NETWORK_DOWN_TIME: Duration = Duration::from_secs(4);

/// Unanswered messages to root servers in that time: one may be lost.
pub const NETWORK_DOWN_ROOT_MESSAGES: u32 = 2;

/// Servers that are counted during a silence: enough to show that it is not a few, 16 octets each.
pub const MAX_SILENT_SERVERS: usize = 256;

/// The time between two questions to root servers during a silence.
pub const NETWORK_WITNESS_PAUSE: Duration = Duration::from_secs(1);

/// Failed questions of a zone that are remembered until they are answered: a mail asks for MX, A, AAAA, SPF, DKIM and
/// DMARC of a domain. About 100 octets each.
pub const MAX_INCIDENT_QUESTIONS: usize = 8;

/// Failing zones that `resolverctl status` names; it shows only the number of the others.
pub const MAX_STATUS_ZONES: usize = 5;

/// Octets of a field in the journal; the journal takes datagrams of 200 KiB, but a page of text is enough.
pub const MAX_LOG_FIELD: usize = 8 << 10;
