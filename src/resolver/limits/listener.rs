//! Bounds of the listeners.

use std::time::Duration;

use crate::limits::LISTEN_TIME_OF_SLOW;
use crate::limits::MAX_PIPELINED;
use crate::limits::MIN_DEADLINE;
use crate::limits::MIN_TIMER;
use history::limits::FLIGHT_TIME;

/// The number of UDP workers for each address. With more than four, the loopback device is the bottleneck.
pub(crate) const MAX_WORKERS: usize = 4;

/// The number of cores for each UDP worker, unless the configuration sets the number of workers. The mail software on the host needs
/// the other cores.
pub(crate) const CORES_PER_WORKER: usize = 2;

/// The pause after a connection could not be accepted. The usual reason, a lack of file descriptors, passes without intervention.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The number of misses that a worker has not begun. It is smaller with a small cache (`WorkBounds`). A burst of 4 000 takes 2 MB, and
/// is begun within 0.2 s.
pub(crate) const MAX_QUEUE: usize = 4_096;

/// The number of misses of one client that wait in one queue. Further misses are divided by zone and port. This many are begun within
/// 2 ms, and the usual miss need not be hashed.
pub(crate) const UNDIVIDED_MISSES: usize = 16;

/// The number of zones for which misses of one port of a client may wait separately, each zone with its own turns. The misses of
/// further zones wait for the turns of the port. A message of mail makes a program ask for names of about thirty zones at the same
/// time.
pub(crate) const MAX_ZONES_OF_PORT: usize = 32;

/// The number of emptied queues of clients that a worker keeps for later clients, so that the misses of the few programs of a gateway
/// need no allocation.
pub(crate) const SPARE_QUEUES: usize = 8;

/// The capacity of a queue that is kept. A queue with more capacity is freed, because it grew in a burst.
pub(crate) const MAX_SPARE_PLACES: usize = 64;

/// A miss that has waited this long before it begins gets SERVFAIL. On a host that is so overloaded, each later miss would be answered
/// even later. The time is the least deadline of a client, and four times the time that a burst of `MAX_QUEUE` takes.
pub(crate) const MAX_QUEUE_TIME: Duration = MIN_DEADLINE;

/// The number of batches that a worker reads one after the other while misses wait. New misses then wait in a queue that knows their
/// arrival times, and not in the kernel, and hits do not wait behind them.
pub(crate) const BATCHES_AT_ONCE: usize = 4;

/// A worker without misses waits this long for the next datagram in the system call that reads, before it returns to its runtime. The
/// time is longer than the gap between the queries of a busy gateway, and too short for a client to notice that a command waits. The
/// kernel rounds it up to its clock tick, at most 10 ms.
pub(crate) const READ_WAIT: Duration = Duration::from_millis(1);

/// The time for which a worker may read with such waiting calls, one after the other, before its runtime has a turn. The watchdog's
/// signal then waits for less than a second. With a turn for each 64 calls, the turns took a twelfth of the time in user space at 30
/// 000 hits a second (samples of perf).
pub(crate) const TIME_WITHOUT_RUNTIME: Duration = Duration::from_millis(250);

/// The time is measured for one in this number of counted hits. The clock is then read about once for each batch, and a slow batch is
/// still noticed within a second.
pub(crate) const HIT_COUNTS_TIMED: u32 = 8;

/// If the mean time between queries is shorter than this, a worker waits between its reads. This is a rate of 83 000 queries a second,
/// which no mail gateway sends.
pub(crate) const PACED_INTERVAL: Duration = Duration::from_micros(12);

/// The time between the reads of a worker at such a rate. It increases the number of answers at full load by 3 to 9 % (echo and
/// resolverd in turn, 10 to 20 rounds). With 20 us the increase is smaller, and with 120 us the median time of an answer doubles.
pub(crate) const READ_PACE: Duration = Duration::from_micros(50);

/// The number of queries after which their rate is known. At such a rate they arrive in some milliseconds.
pub(crate) const PACED_QUERIES: u32 = 256;

/// The number of loop iterations of a worker that waits for its next read: ten times as many as fit in `READ_PACE`. The wait therefore
/// ends even if the clock stands still.
pub(crate) const MAX_PACE_TURNS: usize = 20_000;

/// The number of datagrams that a worker reads with one system call, before misses and commands have their turn.
pub(crate) const UDP_BATCH: usize = 64;

/// The number of replies to misses that a worker sends before it handles queries that have arrived. They take less than a millisecond.
pub(crate) const MAX_REPLIES_AT_ONCE: usize = 4 * UDP_BATCH;

/// The number of datagrams that a worker reads with one call while few arrive at a time. Each place costs instructions, even if it
/// stays empty.
pub(crate) const SMALL_UDP_BATCH: usize = 8;

/// The number of datagrams that a worker reads with one call while a moderate number arrives at a time.
pub(crate) const MIDDLE_UDP_BATCH: usize = 24;

/// The number of replies that a worker keeps for a second: those for the names that a gateway currently uses. The table has 1 MiB, of
/// which only the used pages take memory.
pub(crate) const RECENT_REPLIES: usize = 4_096;

/// The greatest total size of a query and its reply that are kept in `RECENT_REPLIES`, in octets. Addresses, MX and most TXT of a
/// domain fit.
pub(crate) const RECENT_OCTETS: usize = 256;

/// The number of steps of misses after which a worker checks its socket and its timers again, and the number of misses that it begins
/// at a time. A step may be a signature check of up to a millisecond, and hits wait for it. The number is less than sixteen, because
/// tokio writes to the worker's eventfd when a sixteenth socket is closed between two checks.
pub(crate) const WORKER_TASKS: u32 = 15;

/// While misses come, a worker plans to wake after this time, which is before the earliest timer of a miss.
pub(crate) const PLANNED_WAKE: Duration = MIN_TIMER.saturating_sub(Duration::from_millis(5));

/// The thread of a removed listener ends this long after its last miss. Until then, other clients may wait for a flight on the thread,
/// the flight may begin another flight at its end (priming, renewed keys), and a message of that flight may outlast it.
pub(crate) const WORKER_LINGER: Duration =
    Duration::from_secs(2 * FLIGHT_TIME.as_secs() + LISTEN_TIME_OF_SLOW.as_secs());

/// The size of a query that is read, in octets. A question with all options in use has 400.
pub const MAX_QUERY: usize = 4_096;

/// The size of a reply over TCP, in octets: the greatest value of its length field.
pub(crate) const MAX_STREAM_REPLY: usize = 65_535;

/// The size of the sockets' buffers, in octets. They hold 4 000 questions of 256 octets (with the kernel's own overhead for each)
/// while a worker cannot run.
pub(crate) const UDP_BUFFER: usize = 4 << 20;

/// The size of the kernel's table of datagram sockets that is read, in octets. A row has 128 octets, so it is the table of 130 000
/// sockets.
pub const MAX_SOCKET_TABLE: u64 = 16 << 20;

/// The number of connections that the kernel keeps until they are accepted.
pub(crate) const LISTEN_BACKLOG: i32 = 256;

/// The number of TCP connections of clients at the same time. It is smaller with a small cache (`WorkBounds`).
pub const MAX_TCP_CLIENTS: usize = 512;

/// An idle connection is closed after this time (RFC 7766 section 6.2.3: in the order of seconds).
pub(crate) const TCP_IDLE_TIME: Duration = Duration::from_secs(10);

/// The time from the first octet of a message over TCP after which its connection is closed if the message is not complete. A question
/// fits in one segment, and TCP has sent a lost segment three times by then (RFC 6298: after 1, 3 and 7 s).
pub(crate) const TCP_MESSAGE_TIME: Duration = Duration::from_secs(10);

/// The time that a client over TCP, HTTPS or QUIC has to read its reply before its connection is closed.
pub const TCP_WRITE_TIME: Duration = Duration::from_secs(4);

/// The octets of replies that clients over TCP have not read, for all connections together: 64 of the longest replies. It is smaller
/// with a small cache (`WorkBounds`). The kernel first takes `TCP_SEND_BUFFER` for each connection, so only clients that read slowly
/// or not at all are counted here. Over HTTPS, requests that wait behind these replies count too: `MAX_PIPELINED` requests of 400
/// octets take 25 KiB for each connection.
pub(crate) const MAX_UNSENT: usize = 4 << 20;

/// The size of the kernel's send buffer for a TCP connection, in octets. A reply of the greatest length fits. The kernel takes twice
/// this size because of its own overhead. Without the limit, it would take 4 MiB for a client that does not read.
pub(crate) const TCP_SEND_BUFFER: usize = 64 << 10;

/// The time for which the kernel keeps data that a TCP client does not acknowledge or has no room for, even after the connection is
/// closed.
pub(crate) const TCP_UNACKNOWLEDGED_TIME: Duration = Duration::from_secs(10);

/// The number of counters of REFUSED replies to clients that are not allowed. Networks with the same hash share a counter. With the two
/// bounds below, all networks together get at most 256 replies a second, which is 40 KB.
pub(crate) const REFUSAL_NETWORKS: usize = 256;

/// The time in which a network gets one REFUSED. An administrator with a wrong configuration looks at more than one reply.
pub(crate) const REFUSAL_INTERVAL: Duration = Duration::from_secs(1);

/// The number of REFUSED replies that a network may get in a burst.
pub const REFUSAL_BURST: u32 = 4;

/// The time for the handshake of an encrypted connection, counted from its begin: two round trips, and two losses of a segment.
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// The time in which a client gets one handshake, once its burst is used up. A handshake takes 1 ms of a core with RSA keys and 0.3 ms
/// with ECDSA, so a client uses at most a tenth of a core. Forwarders keep their connections open, and resume sessions.
pub(crate) const HANDSHAKE_INTERVAL: Duration = Duration::from_millis(10);

/// The number of handshakes that a client may make in a burst. It exceeds the number of connections that one client may have.
pub(crate) const HANDSHAKE_BURST: u32 = 200;

/// The number of clients whose rate of handshakes is known. It exceeds the number of clients that have connections at the same time.
/// When it is exceeded, the client without a handshake for the longest time is removed.
pub(crate) const MAX_HANDSHAKE_CLIENTS: usize = 1_024;

/// The least time between two log messages about refused handshakes.
pub(crate) const HANDSHAKE_LOG_PAUSE: Duration = Duration::from_secs(60);

/// A connection that has sent no message for this time gives up its place before a connection that has sent one. The time is two round
/// trips of a handshake and a query, with a lost segment.
pub(crate) const SILENT_CONNECTION: Duration = Duration::from_secs(2);

/// The number of octets that are encrypted at a time: the greatest record of TLS (RFC 8446 section 5.1). The kernel must have taken
/// them before more are encrypted.
pub(crate) const TLS_RECORD: usize = 16 << 10;

/// The number of TLS records without data that are read before other connections have their turn.
pub(crate) const EMPTY_RECORDS_AT_ONCE: usize = 16;

/// The size of the header of a request over HTTPS, in octets, counted as in RFC 9113 section 6.5.2. A query of 400 octets with all
/// options takes 540 octets of the path, and the header fields of a client some hundred. The header is freed when it has been read,
/// even if the request waits.
pub(crate) const MAX_REQUEST_HEADER: usize = 4 << 10;

/// The octets of requests over HTTPS that are read from a connection before these requests are answered. With the octets in the
/// buffers of the library, they are the unread data that a connection may keep.
pub(crate) const REQUESTS_AT_ONCE: usize = 16 << 10;

/// The octets that a client over HTTPS may send between two queries: twice the octets of all streams of a connection with the longest
/// bodies at the same time. A client that sends more sends pings, settings or requests for other things, which only cost time.
pub(crate) const OCTETS_WITHOUT_QUERY: usize = 2 * MAX_PIPELINED * MAX_QUERY;

/// The number of requests on one HTTPS connection that the client may reset before they were read. One more ends the connection. A
/// client that gives up a request waits for seconds before it does.
pub(crate) const MAX_RESET_REQUESTS: usize = 20;

/// The number of streams of an HTTPS connection that were reset or refused because the client broke the rules of HTTP/2. One more ends
/// the connection. A client that follows the rules may open a hundred streams before it has read that `MAX_PIPELINED` are allowed.
pub(crate) const MAX_PROVOKED_RESETS: usize = 2 * MAX_PIPELINED;

/// The number of QUIC handshakes, at all sockets of the process, whose client has not proved its address yet. When it is reached, a
/// client must prove its address before anything is computed (RFC 9000 section 8.1.2), which takes one more round trip. With
/// `HANDSHAKE_TIME`, forged addresses cause at most seven handshakes a second, and few gateways begin this many at the same time.
pub(crate) const MAX_UNPROVEN_HANDSHAKES: usize = 32;

/// The number of QUIC connections that wait until resolverd handles them. Further connections wait in the kernel, or are begun again
/// by the client a second later.
pub(crate) const MAX_NEW_QUIC: usize = 64;

/// The octets of QUIC that are kept, after the first datagram, for a connection that waits to be handled: the rest of a long
/// ClientHello.
pub(crate) const NEW_QUIC_OCTETS: u64 = 4 << 10;

/// The octets of the QUIC handshake that are kept out of order for each connection. A ClientHello with keys of several kinds has 2
/// KiB, and RFC 9000 section 7.5 requires 4 KiB.
pub(crate) const QUIC_HANDSHAKE_OCTETS: usize = 8 << 10;

/// The octets of queries over QUIC that a connection may have unread: four of the longest queries, or one query of usual length in
/// each of its streams.
pub(crate) const QUIC_RECEIVE_WINDOW: usize = 4 * (MAX_QUERY + 2);

/// The octets of replies over QUIC that the library keeps for a connection until the client has acknowledged them. A reply of the
/// greatest length fits.
pub(crate) const QUIC_SEND_WINDOW: u64 = MAX_STREAM_REPLY as u64 + 2;

/// The least time between two datagrams that tell unknown senders that resolverd does not know their QUIC connection (RFC 9000 section
/// 10.3). After a restart, clients learn it within milliseconds.
pub(crate) const QUIC_RESET_INTERVAL: Duration = Duration::from_millis(20);

/// The number of streams of a QUIC connection that the client may cancel before its query was complete. One more ends the connection.
/// A client that gives up a query waits for seconds before it does.
pub(crate) const MAX_CANCELLED_STREAMS: usize = MAX_RESET_REQUESTS;

/// The time in which a connection that was just accepted may still send its first message while the daemon is stopping. A client on the
/// same host sends it within milliseconds, even if the host is busy. This must be less than `STOP_GRACE`.
pub(crate) const STOP_FIRST_MESSAGE: Duration = Duration::from_millis(200);
