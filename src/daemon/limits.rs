//! The limits of the daemon, each with the reason for its value.

use std::time::Duration;

use exchange::limits::MAX_EXCHANGES;
use resolver::limits::MAX_TCP_CLIENTS;

/// The time between two queries for the serial number of a local mirror of a DNS list. rsync updates a mirror every few minutes at most.
pub const MIRROR_INTERVAL: Duration = Duration::from_secs(60);

/// The time between two tests of a negative trust anchor that expires. A test of a broken zone costs some twenty queries (RFC 7646 section 2).
pub const NTA_TEST_INTERVAL: Duration = Duration::from_secs(300);

/// When the daemon stops, how long it waits for resolutions in progress before the waiting clients get SERVFAIL.
pub const STOP_GRACE: Duration = Duration::from_millis(500);

/// When the daemon stops, how long it waits until the replies with SERVFAIL are sent.
pub const STOP_FLUSH: Duration = Duration::from_millis(200);

/// The number of file descriptors that the daemon requests at the start. Each query to a server and each client connection needs one, and a UDP
/// worker needs four.
pub const DESCRIPTORS: u64 = (MAX_EXCHANGES + MAX_TCP_CLIENTS + 1_000) as u64;

/// The longest time that writing the snapshot of the cache may take when the daemon stops. If it takes longer, the previous file stays. The unit file
/// gives the daemon ten seconds to stop.
pub const STOP_SNAPSHOT: Duration = Duration::from_secs(4);

/// The longest time that writing the query history in memory may take when the daemon stops. For the usual size it takes a tenth of a second.
pub const STOP_HISTORY: Duration = Duration::from_secs(2);

/// The time between two writes of the snapshot of the cache. A crash loses the entries that came in this time. Writing the snapshot of a full cache
/// takes about a second.
pub const CACHE_SNAPSHOT_INTERVAL: Duration = Duration::from_secs(600);

/// How long after a flush the snapshot of the cache is written, so that a script that flushes many names causes only one write.
pub const CACHE_SNAPSHOT_PAUSE: Duration = Duration::from_secs(30);

/// The time between two writes of the file with the states of DNS lists. A crash loses the query counts of this time.
pub const KEEP_INTERVAL: Duration = Duration::from_secs(60);

/// The time between two writes of the file with the changes of records. A crash loses the changes of this time. A write takes up to 4 MiB, so there
/// are at most 600 MB a day.
pub const CHANGES_WRITE_INTERVAL: Duration = Duration::from_secs(600);

/// The largest size of the file with the changes of records, in octets. resolverd writes at most `MAX_CHANGES_OCTETS`.
pub const MAX_CHANGES_FILE: u64 = 16 << 20;

/// The largest size of the file with the root keys, in octets: `MAX_ROOT_KEYS` keys of `MAX_ROOT_KEY` octets take 45 KiB.
pub const MAX_ROOT_KEYS_FILE: u64 = 64 << 10;

/// When the daemon stops, how long it waits until the last dnstap messages are written.
pub const TAP_END: Duration = Duration::from_secs(1);

/// The time between two measurements of the memory of the process. A measurement takes some dozen microseconds.
pub const ROOM_PAUSE: Duration = Duration::from_millis(50);

/// The octets that the process may use in addition to the cache (`cache.size`, and some per cent more) and to the history (`history.size`).
pub const PROCESS_BESIDE_CACHE: u64 = 24 << 20;

/// The number of UDP threads for which `PROCESS_BESIDE_CACHE` has memory.
pub const USUAL_UDP_THREADS: u64 = 2;

/// The octets that each further UDP thread needs: its table of replies, and the buffers for a batch of queries.
pub const UDP_THREAD_MEMORY: u64 = 1_536 << 10;

/// The largest size of a field of a log line in the journal, in octets. The journal accepts datagrams of 200 KiB, but a page of text is enough.
pub const MAX_LOG_FIELD: usize = 8 << 10;

/// The largest size of all history files (segments) on disk together, in octets. A failed question with its resolution takes some 500 octets, so
/// there is space for more than a hundred thousand.
pub const MAX_STORED: u64 = 64 << 20;

/// The largest size of a history file (segment), in octets. The oldest file is removed as a whole, and one file at a time is read into memory.
pub const MAX_SEGMENT: u64 = 4 << 20;

/// How long entries are appended to the same history file (segment). Files are removed only as a whole. At a gateway with few failures, a file
/// without this limit would have entries of many months.
pub const SEGMENT_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The largest number of octets at the end of a history file (segment) that count as an incomplete write after a crash, and are cut off. resolverd
/// does not remove more octets than that, because somebody may want to examine the damage.
pub const MAX_TORN: usize = 64 << 10;

/// The time between two readings of the kernel's socket tables, which show the users of clients on this host. At a gateway, one reading takes a
/// millisecond.
pub const OWNER_PAUSE: Duration = Duration::from_millis(200);

/// The number of octets of /etc/passwd that are read: those of some ten thousand users.
pub const MAX_USERS: u64 = 1 << 20;

/// The first delay before resolverd tries again to listen at an address that the host does not have. A network interface may come up some seconds
/// after resolverd.
pub const ADDRESS_RETRY: Duration = Duration::from_secs(1);

/// The longest time between two attempts to listen at an address that the host does not have. When the address appears, this is the longest delay
/// until resolverd uses it.
pub const MAX_ADDRESS_RETRY: Duration = Duration::from_secs(30);

/// How often resolverd logs a problem of a certificate that persists, so that today's log always has the problem.
pub const CERTIFICATES_LOGGED: Duration = Duration::from_secs(24 * 60 * 60);

/// The time between two checks for changed certificate files. A check takes one system call for each file. ACME clients renew a certificate weeks
/// before the old one expires.
pub const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(10);

/// The largest number of concurrent connections for metrics: a pair of Prometheus servers and a person need three. Further clients wait until they
/// are accepted.
pub const MAX_METRICS_CONNECTIONS: usize = 32;

/// The largest size of the header of a request for metrics, in octets. Prometheus sends about 300, and with the tokens of a proxy up to 4 096; other
/// servers allow 8 192.
pub const MAX_METRICS_REQUEST: usize = 8_192;

/// The largest number of fields in the header of a request for metrics. Prometheus sends 6; other servers allow 100.
pub const MAX_METRICS_FIELDS: usize = 64;

/// The longest time until the header of a request for metrics must have arrived. Prometheus sends it immediately, and TCP repeats a lost packet after
/// 1 s at the latest.
pub const METRICS_HEADER_TIME: Duration = Duration::from_secs(2);

/// The longest time that sending the metrics may take. Prometheus gives up after 10 s.
pub const METRICS_TIME: Duration = Duration::from_secs(10);

/// The largest number of concurrent data requests of the HTML page that the listener for metrics serves. The data of a request may be some
/// megabytes.
pub const MAX_PAGE_REQUESTS: usize = 2;

/// The longest period for which the page may request the statistics of minutes: 30 days, and one day more because parts are whole.
pub const MAX_PAGE_SPAN: Duration = Duration::from_secs(31 * 86_400);

/// The largest number of parts into which a request of the page may divide its period: a day has 288 parts of five minutes.
pub const MAX_PAGE_PARTS: u64 = 288;

/// The longest period for which the web page of the daemon may request messages (emails): the parts of a month are three hours long.
pub const MAX_PAGE_WHY: Duration = Duration::from_secs(3 * 3_600);

/// The largest number of digits in a number that the page sends: a time in microseconds since 1970 has 16.
pub const MAX_PAGE_NUMBER: usize = 17;

/// The largest size of the file with the orders of the fleet that were seen, in octets: 1 000 gateways with two numbers take 46 KiB.
pub(crate) const MAX_SEEN_ORDERS_FILE: u64 = 128 << 10;

/// The largest number of dead and lame servers that a gateway reports to its fleet.
pub(crate) const MAX_SHARED_SERVERS: usize = 256;

/// The largest number of octets that are read from a file that `[own]` names. A chain of eight certificates in PEM has less.
pub(crate) const MAX_OWN_FILE: u64 = 64 << 10;
