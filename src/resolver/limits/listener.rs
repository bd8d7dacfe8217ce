//! Bounds of the listeners, which receive the queries of clients. A hit is a query whose answer is in the cache, and a miss is a query whose answer
//! is not. A worker is a thread that reads the queries of one UDP socket.

use std::time::Duration;

use crate::limits::LISTEN_TIME_OF_SLOW;
use crate::limits::MAX_PIPELINED;
use crate::limits::MIN_DEADLINE;
use crate::limits::MIN_TIMER;
use history::limits::FLIGHT_TIME;

/// The greatest number of UDP workers (threads that read queries) for each address. With more than four, the loopback
/// device is the bottleneck.
pub(crate) const MAX_WORKERS: usize = 4;

/// If the configuration does not set the number of UDP worker threads, there is one worker for this number of cores. The
/// mail software on the host needs the other cores.
pub(crate) const CORES_PER_WORKER: usize = 2;

/// If a connection cannot be accepted, the listener waits for this time before it accepts the next connection. The usual reason
/// is a lack of file descriptors, which ends by itself.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The greatest number of misses that wait in one worker thread before their resolution begins. It is smaller with a
/// small cache (`WorkBounds`). A burst of 4 000 misses takes 2 MB, and its last resolution begins within 0.2 s.
pub(crate) const MAX_QUEUE: usize = 4_096;

/// The number of cache misses of one client that wait in one common queue. Further misses of the client wait in a queue for each zone or port, and
/// these queues take turns. The resolution of this many misses begins within 2 ms, and for the usual miss no hash of its zone is needed.
pub(crate) const UNDIVIDED_MISSES: usize = 16;

/// The greatest number of zones for which the cache misses of one port of a client wait in separate queues, which take
/// turns. The misses for further zones share one queue of the port. For one email, a program asks for names of
/// about thirty zones at the same time.
pub(crate) const MAX_ZONES_OF_PORT: usize = 32;

/// The greatest number of empty queues that a worker thread keeps for later clients, so that the cache misses of the few
/// programs of a gateway need no allocation.
pub(crate) const SPARE_QUEUES: usize = 8;

/// The greatest capacity of an empty queue that a worker thread keeps. A queue with more capacity is freed, because it
/// grew in a burst.
pub(crate) const MAX_SPARE_PLACES: usize = 64;

/// A miss that has waited this long before its resolution begins is answered with SERVFAIL. If it were still resolved on
/// a host that is so overloaded, each later miss would be answered even later. The time is the shortest allowed
/// `resolve.deadline`, and four times the time that a burst of `MAX_QUEUE` takes.
pub(crate) const MAX_QUEUE_TIME: Duration = MIN_DEADLINE;

/// The number of batches of queries that a worker thread reads one after the other while cache misses wait. New misses
/// then wait in the queue of the worker, where their time of arrival is known, and not in the kernel. Hits do not wait
/// behind them.
pub(crate) const BATCHES_AT_ONCE: usize = 4;

/// If a worker thread has no cache misses, it waits this long for the next datagram in the system call that reads,
/// before it returns to its tokio runtime. The time is longer than the gap between the queries of a busy gateway, and so
/// short that no client notices if a command to the worker waits for it. The kernel rounds it up to its clock tick, at
/// most 10 ms.
pub(crate) const READ_WAIT: Duration = Duration::from_millis(4);

/// The time for which a worker may repeat reads that wait (see `READ_WAIT`) before it lets its tokio runtime run. The thread therefore shows the
/// watchdog at least every second that it runs. When the runtime ran after each 64 reads, it took a twelfth of the time in user space at 30 000 cache
/// hits a second (samples of perf).
pub(crate) const TIME_WITHOUT_RUNTIME: Duration = Duration::from_millis(250);

/// Equal cache hits are counted together. The time of a hit is measured for one in this number of such counts. The clock
/// is then read about once for each batch, and a slow batch is still noticed within a second.
pub(crate) const HIT_COUNTS_TIMED: u32 = 8;

/// If the mean time between queries is shorter than this, a worker thread pauses between its reads. This is the case at more than 83000 queries a
/// second, which no mail gateway sends.
pub(crate) const PACED_INTERVAL: Duration = Duration::from_micros(12);

/// The time from one read of a worker thread to the next, while queries are as frequent as in `PACED_INTERVAL`. These pauses increase the number of
/// answers at full load by 3 to 9 % (measured in 10 to 20 rounds, in each with a plain echo server and with resolverd). With 20 us the increase is
/// smaller, and with 120 us the median time of an answer doubles.
pub(crate) const READ_PACE: Duration = Duration::from_micros(50);

/// The number of queries over which the mean time between queries is measured (see `PACED_INTERVAL`). At the rate of
/// that limit, they arrive within a few milliseconds.
pub(crate) const PACED_QUERIES: u32 = 256;

/// The greatest number of loop iterations in which a worker thread waits until its next read is due. It is ten times the
/// number that fits in `READ_PACE`. The wait therefore ends even if the clock stands still.
pub(crate) const MAX_PACE_TURNS: usize = 20_000;

/// The greatest number of datagrams that a worker thread reads with one system call, before it handles cache misses and
/// commands.
pub(crate) const UDP_BATCH: usize = 64;

/// The greatest number of replies to cache misses that a worker thread sends before it handles the queries that have
/// arrived. Sending them takes less than a millisecond.
pub(crate) const MAX_REPLIES_AT_ONCE: usize = 4 * UDP_BATCH;

/// The greatest number of datagrams that a worker thread reads with one system call while few queries arrive at a time.
/// Each buffer that is offered to the kernel costs instructions, even if it stays empty.
pub(crate) const SMALL_UDP_BATCH: usize = 8;

/// The greatest number of datagrams that a worker thread reads with one system call while a moderate number of queries
/// arrives at a time.
pub(crate) const MIDDLE_UDP_BATCH: usize = 24;

/// The greatest number of replies that a worker thread keeps for a second, to send them again if the same query arrives. It is enough for the names
/// that a gateway currently uses. The table has 1 MiB, of which only the used pages take memory.
pub(crate) const RECENT_REPLIES: usize = 4_096;

/// The greatest total size of a query and its reply, in octets, with which they are stored in the table of
/// `RECENT_REPLIES`. Answers with addresses, with MX and with most TXT records of a domain are small enough.
pub(crate) const RECENT_OCTETS: usize = 256;

/// The number of steps of cache misses after which a worker thread checks its socket and its timers again, and the
/// number of misses whose resolution it begins at a time. A step may be a signature check of up to a millisecond, for
/// which hits must wait. The number is less than sixteen, because tokio writes to the worker's eventfd when a sixteenth
/// socket is closed between two checks.
pub(crate) const WORKER_TASKS: u32 = 15;

/// While cache misses arrive, a worker thread sets a timer that wakes it after this time, which is before the earliest
/// timer of a miss. Tokio then need not write to the worker's eventfd for the timers of the misses.
pub(crate) const PLANNED_WAKE: Duration = MIN_TIMER.saturating_sub(Duration::from_millis(5));

/// The thread of a removed listener ends this long after its last cache miss. Until then, other clients may wait for a resolution (flight)
/// on the thread, the resolution may begin another resolution at its end (to fetch root servers or keys), and a query of that resolution to
/// a server may last longer than the resolution.
pub(crate) const WORKER_LINGER: Duration =
    Duration::from_secs(2 * FLIGHT_TIME.as_secs() + LISTEN_TIME_OF_SLOW.as_secs());

/// The greatest size of a query that is read, in octets. A query with all options in use has 400.
pub const MAX_QUERY: usize = 4_096;

/// The greatest size of a reply over TCP, in octets: the greatest value of its length field.
pub(crate) const MAX_STREAM_REPLY: usize = 65_535;

/// The size of the kernel's buffer for each UDP socket, in octets. It holds 4 000 queries of 256 octets (with the
/// kernel's own overhead for each) while a worker thread cannot run.
pub(crate) const UDP_BUFFER: usize = 4 << 20;

/// The greatest size of the kernel's table of datagram sockets (`/proc/net/udp`) that is read, in octets. A row has 128
/// octets, so this is the table of 130 000 sockets.
pub const MAX_SOCKET_TABLE: u64 = 16 << 20;

/// The greatest number of connections that wait in the kernel until resolverd accepts them.
pub(crate) const LISTEN_BACKLOG: i32 = 256;

/// The greatest number of TCP connections of clients at the same time. It is smaller with a small cache (`WorkBounds`).
pub const MAX_TCP_CLIENTS: usize = 512;

/// A connection of a client that is idle for this time is closed (RFC 7766 section 6.2.3: in the order of seconds).
pub(crate) const TCP_IDLE_TIME: Duration = Duration::from_secs(10);

/// If a DNS message over TCP is not complete at this time after its first octet, its connection is closed. A query fits in
/// one TCP segment, and TCP has sent a lost segment three times by then (RFC 6298: after 1, 3 and 7 s).
pub(crate) const TCP_MESSAGE_TIME: Duration = Duration::from_secs(10);

/// The time in which a client over TCP, HTTPS or QUIC must read its reply. After that, its connection is closed.
pub const TCP_WRITE_TIME: Duration = Duration::from_secs(4);

/// The greatest number of octets of replies that clients over TCP have not read, for all connections together: 64 of the
/// longest replies. It is smaller with a small cache (`WorkBounds`). The kernel first takes `TCP_SEND_BUFFER` for each
/// connection, so only the replies of clients that read slowly or not at all are counted here. Over HTTPS, requests that
/// wait behind these replies count too: `MAX_PIPELINED` requests of 400 octets take 25 KiB for each connection.
pub(crate) const MAX_UNSENT: usize = 4 << 20;

/// The size of the kernel's send buffer for a TCP connection, in octets. A reply of the greatest length fits. The kernel takes twice
/// this size because of its own overhead. Without the limit, it would take 4 MiB for a client that does not read.
pub(crate) const TCP_SEND_BUFFER: usize = 64 << 10;

/// The time for which the kernel keeps data that a TCP client does not acknowledge, or for which the receive window of the client is too small, even
/// after the connection is closed.
pub(crate) const TCP_UNACKNOWLEDGED_TIME: Duration = Duration::from_secs(10);

/// The number of counters that limit the REFUSED replies to clients that are not allowed to ask. Networks with the same
/// hash share a counter. With `REFUSAL_INTERVAL` and `REFUSAL_BURST`, all networks together get at most 256 replies a
/// second in the long run, which are 40 KB.
pub(crate) const REFUSAL_NETWORKS: usize = 256;

/// The time in which one network gets one REFUSED reply, once its burst is used up. An administrator with a wrong
/// configuration therefore sees more than one reply.
pub(crate) const REFUSAL_INTERVAL: Duration = Duration::from_secs(1);

/// The number of REFUSED replies that a network may get in a burst, in addition to one in each `REFUSAL_INTERVAL`.
pub const REFUSAL_BURST: u32 = 4;

/// The greatest duration of the handshake of an encrypted connection: two round trips, and two losses of a segment.
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// The time in which one client may make one handshake, once its burst is used up. A handshake takes 1 ms of a core with
/// RSA keys and 0.3 ms with ECDSA, so a client uses at most a tenth of a core. Forwarders keep their connections open,
/// and resume TLS sessions.
pub(crate) const HANDSHAKE_INTERVAL: Duration = Duration::from_millis(10);

/// The number of handshakes that a client may make in a burst. It exceeds the number of connections that one client may have.
pub(crate) const HANDSHAKE_BURST: u32 = 200;

/// The greatest number of clients whose handshakes are counted. It exceeds the number of clients that have connections
/// at the same time. When it is exceeded, the counter of the client that made no handshake for the longest time is
/// removed.
pub(crate) const MAX_HANDSHAKE_CLIENTS: usize = 1_024;

/// The least time between two log messages about refused handshakes.
pub(crate) const HANDSHAKE_LOG_PAUSE: Duration = Duration::from_secs(60);

/// If a connection must be closed to make room for a new one, a connection that has not sent any DNS message and was not
/// active for this time is closed first. The time is two round trips of a handshake and a query, with a lost segment.
pub(crate) const SILENT_CONNECTION: Duration = Duration::from_secs(2);

/// The greatest number of octets that are encrypted at a time, which is the greatest record of TLS (RFC 8446 section
/// 5.1). The kernel must have accepted them before more octets are encrypted.
pub(crate) const TLS_RECORD: usize = 16 << 10;

/// The greatest number of TLS records without data that are read from one connection before other connections are read.
pub(crate) const EMPTY_RECORDS_AT_ONCE: usize = 16;

/// The greatest size of the header of a request over HTTPS, in octets, counted as in RFC 9113 section 6.5.2. A query of
/// 400 octets with all options takes 540 octets of the path, and the other header fields of a client take some hundred.
/// The memory of the header is freed when it has been read, even if the request waits.
pub(crate) const MAX_REQUEST_HEADER: usize = 4 << 10;

/// The number of octets of HTTPS requests that are read from a connection before these requests are answered. A
/// connection keeps at most this many unread octets, in addition to those in the buffers of the library.
pub(crate) const REQUESTS_AT_ONCE: usize = 16 << 10;

/// The greatest number of octets that a client over HTTPS may send between two queries. It is twice the number of octets
/// of all streams of a connection, each with the longest body. A client that sends more is not sending queries but
/// pings, settings or other requests, which only cost time.
pub(crate) const OCTETS_WITHOUT_QUERY: usize = 2 * MAX_PIPELINED * MAX_QUERY;

/// The greatest number of requests on one HTTPS connection that the client resets before resolverd has read them. One
/// more such reset ends the connection. A normal client waits for seconds before it gives up a request.
pub(crate) const MAX_RESET_REQUESTS: usize = 20;

/// The greatest number of streams of one HTTPS connection that were reset or refused because the client broke the rules
/// of HTTP/2. One more such stream ends the connection. A client that follows the rules may open a hundred streams before it has
/// read that only `MAX_PIPELINED` are allowed.
pub(crate) const MAX_PROVOKED_RESETS: usize = 2 * MAX_PIPELINED;

/// The number of QUIC handshakes in progress, at all sockets of the process, whose client has not proved its address
/// yet. When it is reached, a client must prove its address before resolverd computes anything for it (RFC 9000 section
/// 8.1.2), which takes one more round trip. With `HANDSHAKE_TIME`, forged addresses cause at most seven handshakes a
/// second, and few gateways begin this many at the same time.
pub(crate) const MAX_UNPROVEN_HANDSHAKES: usize = 32;

/// The greatest number of new QUIC connections that wait until resolverd handles them. Further connections wait in the
/// kernel, or the client begins them again a second later.
pub(crate) const MAX_NEW_QUIC: usize = 64;

/// The greatest number of octets that are kept for a new QUIC connection that waits to be handled, in addition to its
/// first datagram: the rest of a long ClientHello.
pub(crate) const NEW_QUIC_OCTETS: u64 = 4 << 10;

/// The greatest number of octets of the QUIC handshake that arrived out of order and are kept, for each connection. A
/// ClientHello with keys of several kinds has 2 KiB, and RFC 9000 section 7.5 requires 4 KiB.
pub(crate) const QUIC_HANDSHAKE_OCTETS: usize = 8 << 10;

/// The greatest number of octets of queries that a QUIC client may send before resolverd reads them, for each
/// connection: four of the longest queries, or one query of usual length in each stream.
pub(crate) const QUIC_RECEIVE_WINDOW: usize = 4 * (MAX_QUERY + 2);

/// The greatest number of octets of replies over QUIC that the library keeps for one connection until the client has
/// acknowledged them. It is enough for a reply of the greatest length.
pub(crate) const QUIC_SEND_WINDOW: u64 = MAX_STREAM_REPLY as u64 + 2;

/// If a datagram belongs to a QUIC connection that resolverd does not know, resolverd tells the sender so (RFC 9000
/// section 10.3). This is the least time between two such datagrams. After a restart, clients learn within milliseconds
/// that their connection has ended.
pub(crate) const QUIC_RESET_INTERVAL: Duration = Duration::from_millis(20);

/// The greatest number of streams of one QUIC connection that the client cancels before its query is complete. One more
/// such stream ends the connection. A normal client waits for seconds before it gives up a query.
pub(crate) const MAX_CANCELLED_STREAMS: usize = MAX_RESET_REQUESTS;

/// While the daemon is stopping, a connection that was just accepted may still send its first DNS message for this time. A
/// client on the same host sends it within milliseconds, even if the host is busy. This must be less than `STOP_GRACE`.
pub(crate) const STOP_FIRST_MESSAGE: Duration = Duration::from_millis(200);
