//! Bounds of the daemon, each with its reason.

use std::time::Duration;

use resolver::limits::{MAX_EXCHANGES, MAX_TCP_CLIENTS};

/// How often a local mirror of a list is asked for its serial: rsync runs every few minutes at most.
pub const MIRROR_INTERVAL: Duration = Duration::from_secs(60);

/// The time between two tests of a negative trust anchor that expires. A test of a broken zone costs some twenty queries (RFC 7646 section 2).
pub const NTA_TEST_INTERVAL: Duration = Duration::from_secs(300);

/// At the end of the daemon, how long to wait for answers in progress; then SERVFAIL is sent.
pub const STOP_GRACE: Duration = Duration::from_millis(500);

/// The time to send these SERVFAILs.
pub const STOP_FLUSH: Duration = Duration::from_millis(200);

/// Descriptors that are requested at start: every exchange and client connection has one, a UDP worker has four, and there are
/// some more.
pub const DESCRIPTORS: u64 = (MAX_EXCHANGES + MAX_TCP_CLIENTS + 1_000) as u64;

/// The maximum time of the snapshot at the end of the daemon, for a slow disk. After it the previous file stays. The
/// unit gives the daemon ten seconds to end.
pub const STOP_SNAPSHOT: Duration = Duration::from_secs(4);

/// As `STOP_SNAPSHOT`, for what the record has in memory. The usual size takes a tenth of a second.
pub const STOP_HISTORY: Duration = Duration::from_secs(2);

/// The time between two writes of the cache's snapshot. A crash loses the entries of this time. A write takes about a
/// second for a full cache.
pub const CACHE_SNAPSHOT_INTERVAL: Duration = Duration::from_secs(600);

/// The delay of the write after a flush, so that a script that flushes many names causes one write.
pub const CACHE_SNAPSHOT_PAUSE: Duration = Duration::from_secs(30);

/// The time between two writes of the file of lists. A crash loses the query counts of a minute.
pub const KEEP_INTERVAL: Duration = Duration::from_secs(60);

/// Octets of the file with the keys of the root: `MAX_ROOT_KEYS` of `MAX_ROOT_KEY` take 45 KiB.
pub const MAX_ROOT_KEYS_FILE: u64 = 64 << 10;

/// The longest time in which the last messages are written when the daemon ends.
pub const TAP_END: Duration = Duration::from_secs(1);

/// The time between two looks. One takes some dozen microseconds.
pub const ROOM_PAUSE: Duration = Duration::from_millis(50);

/// Octets that the process may use in addition to `cache.size` with `CACHE_SLACK_PERCENT`, and `history.size`.
pub const PROCESS_BESIDE_CACHE: u64 = 24 << 20;

/// UDP threads whose memory is a part of `PROCESS_BESIDE_CACHE`.
pub const USUAL_UDP_THREADS: u64 = 2;

/// Octets of a further UDP thread: its table of replies, and the room of a batch of queries.
pub const UDP_THREAD_MEMORY: u64 = 1_536 << 10;

/// Octets of a field in the journal; the journal takes datagrams of 200 KiB, but a page of text is enough.
pub const MAX_LOG_FIELD: usize = 8 << 10;

/// Octets of all segments of the record on disk: at some 500 octets for a failed question with its flight more than a hundred
/// thousand of them.
pub const MAX_STORED: u64 = 64 << 20;

/// Octets of a segment: the oldest one is removed as a whole, and one is read at a time.
pub const MAX_SEGMENT: u64 = 4 << 20;

/// How long a segment is written: a gateway with few failures would not fill one in months, and a segment is removed as a whole.
pub const SEGMENT_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Octets at the end of a segment that a crash may have torn: one writing of entries. More of them are damage, and are not removed: somebody
/// may want to read what is behind it.
pub const MAX_TORN: usize = 64 << 10;

/// The time between two readings of the kernel's tables of sockets, so that there are at most five in a second. One takes a millisecond at
/// a gateway, and the kernel walks through all sockets.
pub const OWNER_PAUSE: Duration = Duration::from_millis(200);

/// Octets of /etc/passwd that are read: some ten thousand users.
pub const MAX_USERS: u64 = 1 << 20;

/// The first interval at which a missing address is tried: an interface may come up seconds after resolverd.
pub const ADDRESS_RETRY: Duration = Duration::from_secs(1);

/// The longest such interval, doubled each time: a try is two system calls, and this is the longest delay for an
/// address that has appeared.
pub const MAX_ADDRESS_RETRY: Duration = Duration::from_secs(30);

/// How often the problems of certificates are logged while they last, so that a reader of today's journal finds them.
pub const CERTIFICATES_LOGGED: Duration = Duration::from_secs(24 * 60 * 60);

/// How often the files of certificates are looked at: a system call for each. A renewal is written weeks before the old certificate
/// ends.
pub const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(10);

/// Connections at once: a pair of Prometheus servers and a person need three. More wait to be accepted.
pub const MAX_METRICS_CONNECTIONS: usize = 32;

/// Octets of the header of a request: Prometheus sends about 300, with a proxy and its tokens up to 4 096; other servers
/// allow 8 192.
pub const MAX_METRICS_REQUEST: usize = 8_192;

/// Fields of the header of a request: Prometheus sends 6, other servers allow 100.
pub const MAX_METRICS_FIELDS: usize = 64;

/// The longest time until the header of a request has arrived: Prometheus sends it at once, and TCP repeats a lost packet
/// after 1 s at the latest.
pub const METRICS_HEADER_TIME: Duration = Duration::from_secs(2);

/// The longest time of a reply: Prometheus gives up after 10 s.
pub const METRICS_TIME: Duration = Duration::from_secs(10);
