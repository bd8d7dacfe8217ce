//! Bounds of the listeners, which receive the queries of clients. A hit is a query whose answer is in the cache, a miss one whose answer is
//! not. A worker is a thread that reads the queries of one UDP socket. With a small cache, some of these bounds are smaller (`WorkBounds`).

use std::time::Duration;

use crate::limits::{LISTEN_TIME_OF_SLOW, MIN_TIMER};
use config::limits::MIN_DEADLINE;
use exchange::limits::MAX_PIPELINED;
use record::limits::FLIGHT_TIME;

/// By default there is one UDP worker for this number of cores. The mail software on the host needs the other cores.
pub(crate) const CORES_PER_WORKER: usize = 2;

/// The pause after a connection could not be accepted, usually for lack of file descriptors.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The greatest number of misses that wait in one worker before their resolution begins. A burst of 4 000 misses takes 2 MB, and its last
/// resolution begins within 0.2 s.
pub(crate) const MAX_QUEUE: usize = 4_096;

/// The number of misses of one client that wait in one queue. Further misses of the client wait in a queue for each zone or port, and these
/// queues are served in rotation. The resolution of this many misses begins within 2 ms.
pub(crate) const UNDIVIDED_MISSES: usize = 16;

/// The greatest number of zones for which the misses of one port of a client wait in separate queues. The misses for further zones share
/// one queue. For one email, a program asks for names of about thirty zones at the same time.
pub(crate) const MAX_ZONES_OF_PORT: usize = 32;

/// The greatest number of empty queues that a worker keeps for later clients, to avoid allocations.
pub(crate) const SPARE_QUEUES: usize = 8;

/// A worker frees an empty queue with more than this capacity, because the queue grew in a burst.
pub(crate) const MAX_SPARE_PLACES: usize = 64;

/// A miss that has waited this long before its resolution begins is answered with SERVFAIL. Otherwise, on an overloaded host, each later
/// miss would be answered even later. The time is the shortest allowed `resolve.deadline`, and four times the time that a burst of
/// `MAX_QUEUE` takes.
pub(crate) const MAX_QUEUE_TIME: Duration = MIN_DEADLINE;

/// While misses wait, a worker reads this number of batches of queries one after the other. New misses then wait in the queue of the worker, where
/// their time of arrival is known, and not in the kernel.
pub(crate) const BATCHES_AT_ONCE: usize = 4;

/// A worker without misses waits this long in the system call that reads datagrams, before it returns to its tokio runtime. A command to
/// the worker is delayed by up to this time, which is longer than the gap between the queries of a busy gateway. The kernel rounds it up to
/// its clock tick, at most 10 ms.
pub(crate) const READ_WAIT: Duration = Duration::from_millis(4);

/// The time for which a worker may repeat reads that wait (see `READ_WAIT`) before it lets its tokio runtime run. The worker must show the
/// watchdog every second that it runs. To let the runtime run after each 64 reads costs a twelfth of the time in user space at 30 000 hits
/// a second.
pub(crate) const TIME_WITHOUT_RUNTIME: Duration = Duration::from_millis(250);

/// Consecutive hits of one client with the same record type are counted in one step. The worker measures the time of a hit in one of this
/// number of steps, and uses it for the others.
pub(crate) const HIT_COUNTS_TIMED: u32 = 8;

/// If the mean time between queries is shorter than this, a worker pauses between its reads. No mail gateway sends so many queries.
pub(crate) const PACED_INTERVAL: Duration = Duration::from_micros(12);

/// The time from one read of a worker to the next if queries are as frequent as in `PACED_INTERVAL`. At full load, this value gives 3 to 9
/// % more answers. With 20 us the gain is smaller, and with 120 us the median time of an answer doubles.
pub(crate) const READ_PACE: Duration = Duration::from_micros(50);

/// The number of queries over which the mean time between queries is measured (see `PACED_INTERVAL`).
pub(crate) const PACED_QUERIES: u32 = 256;

/// The greatest number of loop iterations in which a worker waits until its next read is due. It is ten times the number that fits in
/// `READ_PACE`. The bound ends the wait if the clock stands still.
pub(crate) const MAX_PACE_TURNS: usize = 20_000;

/// The greatest number of datagrams that a worker reads with one system call.
pub(crate) const UDP_BATCH: usize = 64;

/// The greatest number of replies to misses that a worker sends before it handles the queries that have arrived. Sending them takes less
/// than a millisecond.
pub(crate) const MAX_REPLIES_AT_ONCE: usize = 4 * UDP_BATCH;

/// The greatest number of datagrams that a worker reads with one system call while few queries arrive at a time. Each buffer that is
/// offered to the kernel costs instructions, even if it stays empty.
pub(crate) const SMALL_UDP_BATCH: usize = 8;

/// The same as `SMALL_UDP_BATCH`, while a moderate number of queries arrives at a time.
pub(crate) const MIDDLE_UDP_BATCH: usize = 24;

/// The greatest number of replies that a worker keeps for a second, to send them again if the same query arrives: enough for the names that
/// a gateway currently uses. The table has 1 MiB, of which only the used pages take memory.
pub(crate) const RECENT_REPLIES: usize = 4_096;

/// The greatest size of a query with its reply in the table of `RECENT_REPLIES`, in octets. Answers with addresses, with MX and with most
/// TXT records are small enough.
pub(crate) const RECENT_OCTETS: usize = 256;

/// A worker checks its socket and its timers after it has polled this number of tasks that resolve misses. It begins the resolution of this
/// number of misses at a time. One poll may be a signature check of up to a millisecond, for which hits must wait. The number is less than
/// sixteen, because tokio writes to the worker's eventfd when a sixteenth socket is closed between two checks.
pub(crate) const WORKER_TASKS: u32 = 15;

/// Tokio writes to a worker's eventfd when a new timer expires before all others. So while misses arrive, a worker sets a timer with this
/// time, which is shorter than the timer of any miss. The timers of the misses then cause no writes.
pub(crate) const PLANNED_WAKE: Duration = MIN_TIMER.saturating_sub(Duration::from_millis(5));

/// The thread of a removed listener ends this long after its last miss. Until then, other clients may wait for a resolution (flight) on the
/// thread. This resolution may begin another one at its end (to fetch root servers or keys), whose query to a server may last longer than
/// the resolution.
pub(crate) const WORKER_LINGER: Duration =
    Duration::from_secs(2 * FLIGHT_TIME.as_secs() + LISTEN_TIME_OF_SLOW.as_secs());

/// The greatest size of a query that is read, in octets. A query with all options in use has 400.
pub const MAX_QUERY: usize = 4_096;

/// The greatest size of a reply over TCP, in octets: the greatest value of its length field.
pub(crate) const MAX_STREAM_REPLY: usize = 65_535;

/// The size of the kernel's buffer for each UDP socket, in octets. It keeps 4 000 queries of 256 octets (with the kernel's overhead for
/// each) while a worker cannot run.
pub(crate) const UDP_BUFFER: usize = 4 << 20;

/// The greatest size of the kernel's table of datagram sockets (`/proc/net/udp`) that is read, in octets: 130 000 rows of 128 octets.
pub const MAX_SOCKET_TABLE: u64 = 16 << 20;

/// The greatest number of connections that wait in the kernel until resolverd accepts them.
pub(crate) const LISTEN_BACKLOG: i32 = 256;

/// The greatest number of TCP connections of clients.
pub const MAX_TCP_CLIENTS: usize = 512;

/// A connection of a client that is idle for this time is closed (RFC 7766 section 6.2.3: in the order of seconds).
pub(crate) const TCP_IDLE_TIME: Duration = Duration::from_secs(10);

/// If a DNS message over TCP is not complete at this time after its first octet, its connection is closed. By then, TCP has sent a lost
/// segment three times (RFC 6298: after 1, 3 and 7 s).
pub const TCP_MESSAGE_TIME: Duration = Duration::from_secs(10);

/// The greatest number of octets of replies that clients over TCP have not read, for all connections together: 64 of the longest replies.
/// Octets in the kernel (`TCP_SEND_BUFFER`) are not counted, but HTTPS requests that wait behind these replies are.
pub(crate) const MAX_UNSENT: usize = 4 << 20;

/// The size of the kernel's send buffer for a TCP connection, in octets. A reply of the greatest length fits. The kernel doubles this size
/// for its overhead. Without the limit, the kernel would use 4 MiB for a client that does not read.
pub(crate) const TCP_SEND_BUFFER: usize = 64 << 10;

/// The time for which the kernel keeps data that a TCP client does not acknowledge or has no receive window for, even after the connection
/// is closed.
pub(crate) const TCP_UNACKNOWLEDGED_TIME: Duration = Duration::from_secs(10);

/// The number of counters that limit the REFUSED replies to clients that are not allowed to ask. Networks with the same hash share a
/// counter. In the long run, all networks together get at most 256 replies a second, which are 40 KB.
pub(crate) const REFUSAL_NETWORKS: usize = 256;

/// The time in which one network gets one REFUSED reply, once its burst is used up.
pub(crate) const REFUSAL_INTERVAL: Duration = Duration::from_secs(1);

/// The number of REFUSED replies that a network may get in a burst, in addition to one in each `REFUSAL_INTERVAL`.
pub const REFUSAL_BURST: u32 = 4;

/// The greatest duration of the handshake of an encrypted connection: two round trips, and two lost segments.
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// The time in which one client may make one handshake, once its burst is used up. A handshake takes 1 ms of a core with RSA keys and 0.3
/// ms with ECDSA, so a client uses at most a tenth of a core.
pub(crate) const HANDSHAKE_INTERVAL: Duration = Duration::from_millis(10);

/// The number of handshakes that a client may make in a burst. It exceeds the number of connections that one client may have.
pub(crate) const HANDSHAKE_BURST: u32 = 200;

/// The greatest number of clients whose handshakes are counted. It exceeds the number of clients with connections. Beyond it, the counter
/// of the client that made no handshake for the longest time is removed.
pub(crate) const MAX_HANDSHAKE_CLIENTS: usize = 1_024;

pub(crate) const HANDSHAKE_LOG_PAUSE: Duration = Duration::from_secs(60);

/// If a connection must be closed to make room for a new one, a connection that has not sent any DNS message and was not active for this time is
/// closed first. Within this time, a client can end a handshake of two round trips and send a query, even if one segment is lost.
pub(crate) const SILENT_CONNECTION: Duration = Duration::from_secs(2);

/// The greatest number of octets that are encrypted before the kernel has accepted them: the greatest TLS record (RFC 8446 section 5.1).
pub(crate) const TLS_RECORD: usize = 16 << 10;

/// The greatest number of TLS records without data that are read from one connection before other connections are read.
pub(crate) const EMPTY_RECORDS_AT_ONCE: usize = 16;

/// The greatest size of the header of a request over HTTPS, in octets, counted as in RFC 9113 section 6.5.2. A query of 400 octets takes
/// 540 octets of the path, and the other header fields of a client take some hundred.
pub(crate) const MAX_REQUEST_HEADER: usize = 4 << 10;

/// The number of octets of HTTPS requests that are read from a connection before these requests are answered.
pub(crate) const REQUESTS_AT_ONCE: usize = 16 << 10;

/// The greatest number of octets that a client over HTTPS may send between two queries: twice the longest bodies of all streams of a
/// connection. More than that is a flood of pings, settings or other requests, which only costs time.
pub(crate) const OCTETS_WITHOUT_QUERY: usize = 2 * MAX_PIPELINED * MAX_QUERY;

/// The greatest number of requests on one HTTPS connection that the client may reset before resolverd has read them. A normal client waits
/// for seconds before it gives up a request.
pub(crate) const MAX_RESET_REQUESTS: usize = 20;

/// The greatest number of streams of one HTTPS connection that may be reset or refused because the client broke the rules of HTTP/2. A
/// correct client may open a hundred streams before it has read that only `MAX_PIPELINED` are allowed.
pub(crate) const MAX_PROVOKED_RESETS: usize = 2 * MAX_PIPELINED;

/// While this number of QUIC handshakes with clients that have not proved their address is in progress, a new client must prove its address
/// before resolverd computes anything for it (RFC 9000 section 8.1.2). This takes one more round trip.
pub(crate) const MAX_UNPROVEN_HANDSHAKES: usize = 32;

pub(crate) const MAX_NEW_QUIC: usize = 64;

/// The greatest number of octets that are kept for each new QUIC connection until it is handled, not counting its first datagram. They are the
/// rest of a long ClientHello.
pub(crate) const NEW_QUIC_OCTETS: u64 = 4 << 10;

/// The greatest number of octets of the QUIC handshake that are kept for each connection because earlier octets have not arrived yet. A
/// ClientHello with keys of several kinds has 2 KiB, and RFC 9000 section 7.5 requires 4 KiB.
pub(crate) const QUIC_HANDSHAKE_OCTETS: usize = 8 << 10;

/// The greatest number of octets of queries that a QUIC client may send before resolverd reads them, for each connection: four of the
/// longest queries.
pub(crate) const QUIC_RECEIVE_WINDOW: usize = 4 * (MAX_QUERY + 2);

/// The greatest number of octets of replies that the QUIC library keeps for one connection until the client has acknowledged them: one
/// reply of the greatest length.
pub(crate) const QUIC_SEND_WINDOW: u64 = MAX_STREAM_REPLY as u64 + 2;

/// The least time between two datagrams that tell a sender that resolverd does not know its QUIC connection (RFC 9000 section 10.3). It is
/// so short that after a restart, clients learn within milliseconds that their connection has ended.
pub(crate) const QUIC_RESET_INTERVAL: Duration = Duration::from_millis(20);

/// The greatest number of streams of one QUIC connection that the client may cancel before its query is complete. A normal client waits for
/// seconds before it gives up a query.
pub(crate) const MAX_CANCELLED_STREAMS: usize = MAX_RESET_REQUESTS;

/// While resolverd is stopping, a connection that was just accepted may still send its first DNS message for this time. It must be less
/// than `STOP_GRACE`.
pub(crate) const STOP_FIRST_MESSAGE: Duration = Duration::from_millis(200);
