//! Bounds of the listeners.

use std::time::Duration;

use crate::limits::LISTEN_TIME_OF_SLOW;
use crate::limits::MAX_PIPELINED;
use crate::limits::MIN_DEADLINE;
use crate::limits::MIN_TIMER;
use history::limits::FLIGHT_TIME;

/// UDP workers for each address: beyond four the loopback device is the bottleneck.
pub(crate) const MAX_WORKERS: usize = 4;

/// Cores for each UDP worker, unless the configuration has another number of workers: the mail software on the host needs
/// the others.
pub(crate) const CORES_PER_WORKER: usize = 2;

/// Pause after a connection could not be accepted: the reason, as a rule no file descriptors, passes by itself.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Misses that a worker has not begun; fewer with a small cache (`WorkBounds`). A burst of 4 000 takes 2 MB, and begins within 0.2 s.
pub(crate) const MAX_QUEUE: usize = 4_096;

/// Misses of one client that wait in one line. Further ones are divided by zone and port: the line is begun within 2 ms, and the
/// usual miss is not hashed.
pub(crate) const UNDIVIDED_MISSES: usize = 16;

/// Zones of one client that a port may have waiting, each with turns of its own. The misses of further zones wait for the turns of
/// the port: a message of mail makes a program ask for names of about thirty zones at once.
pub(crate) const MAX_ZONES_OF_PORT: usize = 32;

/// Emptied queues of clients that a worker keeps for the next ones, so that the misses of the few programs of a gateway allocate
/// none.
pub(crate) const SPARE_QUEUES: usize = 8;

/// The places of a queue that is kept. A longer one is freed, because it grew in a burst.
pub(crate) const MAX_SPARE_PLACES: usize = 64;

/// A miss that has waited this long before it begins gets SERVFAIL: a host that is so far behind would answer each later one
/// later still. It is the least deadline of a client, and four times what a burst of `MAX_QUEUE` takes.
pub(crate) const MAX_QUEUE_TIME: Duration = MIN_DEADLINE;

/// Batches that a worker reads one after the other while misses wait. These then wait where their time is known, and not in
/// the kernel, and hits do not wait behind them.
pub(crate) const BATCHES_AT_ONCE: usize = 4;

/// A worker without misses waits this long for the next datagram in the call that reads, before it returns to its runtime: longer
/// than the gap between the queries of a busy gateway, and shorter than a client notices if an order waits. The kernel rounds it up to
/// its clock, at most 10 ms.
pub(crate) const READ_WAIT: Duration = Duration::from_millis(1);

/// The time for which calls wait so, one after the other, before the runtime has a turn: the watchdog's bell waits for less than a second.
/// With a turn for each 64 calls, the turns took a twelfth of the time in user space at 30 000 hits a second (samples of perf).
pub(crate) const TIME_WITHOUT_RUNTIME: Duration = Duration::from_millis(250);

/// Counts of hits of which one is measured. The clock is then read about once a batch, and a slow batch still shows within a second.
pub(crate) const HIT_COUNTS_TIMED: u32 = 8;

/// The mean time between queries below which a worker paces its reads: 83 000 queries a second, which no mail gateway asks.
pub(crate) const PACED_INTERVAL: Duration = Duration::from_micros(12);

/// The time between the reads of a worker at such a rate. Answers at full load rise by 3 to 9 % (echo and resolverd in turn, 10 to 20
/// rounds); with 20 us by less, and with 120 us the median time of an answer doubles.
pub(crate) const READ_PACE: Duration = Duration::from_micros(50);

/// Queries after which their rate is known: some milliseconds at such a rate.
pub(crate) const PACED_QUERIES: u32 = 256;

/// Turns of a worker that waits for its next read: ten times those that fit into `READ_PACE`. A clock that stands ends the wait too.
pub(crate) const MAX_PACE_TURNS: usize = 20_000;

/// Datagrams that a worker reads with one system call, before misses and orders have their turn.
pub(crate) const UDP_BATCH: usize = 64;

/// Replies to misses that a worker sends before queries that have arrived have their turn: less than a millisecond.
pub(crate) const MAX_REPLIES_AT_ONCE: usize = 4 * UDP_BATCH;

/// Datagrams that it reads with one call while few arrive at a time: each place costs instructions, even if it stays
/// empty.
pub(crate) const SMALL_UDP_BATCH: usize = 8;

/// Datagrams that it reads with one call while a moderate number arrives at a time.
pub(crate) const MIDDLE_UDP_BATCH: usize = 24;

/// Replies that a worker keeps for a second: a gateway's names in use. A table of 1 MiB, of which used pages take memory.
pub(crate) const RECENT_REPLIES: usize = 4_096;

/// Octets of a query and of its reply that are kept so, together: addresses, and the MX and most TXT of a domain.
pub(crate) const RECENT_OCTETS: usize = 256;

/// Steps of misses after which a worker looks at its socket and its timers again, and misses that it begins at a time: a step may be
/// a check of signatures of up to a millisecond, and hits wait for it. Fewer than sixteen: at the sixteenth socket that is closed
/// between two looks, tokio writes to the worker's eventfd.
pub(crate) const WORKER_TASKS: u32 = 15;

/// While misses come, a worker plans to wake after this time, which is before the earliest timer of a miss.
pub(crate) const PLANNED_WAKE: Duration = MIN_TIMER.saturating_sub(Duration::from_millis(5));

/// The thread of a removed listener ends this long after its last miss. Other clients may wait for a flight on it, a
/// flight may begin another at its end (priming, renewed keys), and a message of that flight may outlast it.
pub(crate) const WORKER_LINGER: Duration =
    Duration::from_secs(2 * FLIGHT_TIME.as_secs() + LISTEN_TIME_OF_SLOW.as_secs());

/// Octets of a query that are read. A question with all options in use has 400.
pub const MAX_QUERY: usize = 4_096;

/// Octets of a reply over TCP: the greatest value of its length field.
pub(crate) const MAX_STREAM_REPLY: usize = 65_535;

/// Octets of the sockets' buffers: 4 000 questions of 256 octets (with the kernel's own cost for each) while a worker
/// is kept from its core.
pub(crate) const UDP_BUFFER: usize = 4 << 20;

/// Octets of the kernel's table of datagram sockets that are read: a row has 128, so it is that of 130 000 sockets.
pub const MAX_SOCKET_TABLE: u64 = 16 << 20;

/// Connections that the kernel keeps until they are accepted.
pub(crate) const LISTEN_BACKLOG: i32 = 256;

/// TCP connections of clients at once; fewer with a small cache (`WorkBounds`).
pub const MAX_TCP_CLIENTS: usize = 512;

/// An idle connection is closed after this time (RFC 7766 section 6.2.3: in the order of seconds).
pub(crate) const TCP_IDLE_TIME: Duration = Duration::from_secs(10);

/// The time of a message over TCP from its first octet, after which its connection is closed. One segment holds a
/// question, and TCP has sent a lost one three times by then (RFC 6298: after 1, 3 and 7 s).
pub(crate) const TCP_MESSAGE_TIME: Duration = Duration::from_secs(10);

/// How long to wait for a client to take its reply.
pub const TCP_WRITE_TIME: Duration = Duration::from_secs(4);

/// Octets of replies that clients over TCP have not taken, at all connections together: 64 of the longest; fewer with a small cache
/// (`WorkBounds`). The kernel takes `TCP_SEND_BUFFER` of a connection before, so only clients that read slowly or not at all get here.
/// Over HTTPS, the messages of requests behind these replies count too: `MAX_PIPELINED` of a connection with 400 octets each take 25 KiB.
pub(crate) const MAX_UNSENT: usize = 4 << 20;

/// Octets of the kernel's send buffer of a TCP connection: a reply of the greatest length fits. The kernel takes twice as
/// much, for its own cost; by itself it would take 4 MiB for a client that does not read.
pub(crate) const TCP_SEND_BUFFER: usize = 64 << 10;

/// How long the kernel keeps what a TCP client does not acknowledge or has no room for, after the connection is closed too.
pub(crate) const TCP_UNACKNOWLEDGED_TIME: Duration = Duration::from_secs(10);

/// Counters of REFUSED for clients that are not allowed, by network. With the two bounds below, all of them together
/// get 256 replies a second at most, which is 40 KB.
pub(crate) const REFUSAL_NETWORKS: usize = 256;

/// A network gets one REFUSED in this time: an administrator with a wrong configuration looks at more than one reply.
pub(crate) const REFUSAL_INTERVAL: Duration = Duration::from_secs(1);

/// The burst of these.
pub const REFUSAL_BURST: u32 = 4;

/// The time of the handshake of an encrypted connection, from its begin: two round trips, and a lost segment twice.
pub(crate) const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// A client gets one handshake in this time once its burst is used up. A handshake takes 1 ms of a core with RSA keys and 0.3 ms with
/// ECDSA, so a client takes a tenth of a core at most. Forwarders keep their connections, and resume sessions.
pub(crate) const HANDSHAKE_INTERVAL: Duration = Duration::from_millis(10);

/// The burst of these: more than the connections that one client may have.
pub(crate) const HANDSHAKE_BURST: u32 = 200;

/// Clients whose rate of handshakes is known: more than have connections at once. Beyond it the one that has been quiet for longest is
/// forgotten.
pub(crate) const MAX_HANDSHAKE_CLIENTS: usize = 1_024;

/// A line about refused handshakes is logged once in this time.
pub(crate) const HANDSHAKE_LOG_PAUSE: Duration = Duration::from_secs(60);

/// A connection that has sent no message for this time gives up its place before one that has: two round trips of a handshake and a
/// query, with a lost segment.
pub(crate) const SILENT_CONNECTION: Duration = Duration::from_secs(2);

/// Octets that are encrypted at once: the greatest record of TLS (RFC 8446 section 5.1). The kernel has taken them before more
/// are encrypted.
pub(crate) const TLS_RECORD: usize = 16 << 10;

/// Records of TLS without data that are read before other connections have their turn.
pub(crate) const EMPTY_RECORDS_AT_ONCE: usize = 16;

/// Octets of the header of a request over HTTPS, counted as RFC 9113 section 6.5.2 does. A query of 400 octets with all options takes
/// 540 of the path, and the fields of a client some hundred. It is freed once it was read, also if the request waits.
pub(crate) const MAX_REQUEST_HEADER: usize = 4 << 10;

/// Octets of requests over HTTPS that are read from a connection before these are answered. With those in the buffers of the
/// library, it is what a connection may keep unread.
pub(crate) const REQUESTS_AT_ONCE: usize = 16 << 10;

/// Octets that a client over HTTPS may send between two queries: twice what all streams of a connection take with the longest bodies
/// at once. More are pings, settings or requests for other things, which cost time and bring nothing.
pub(crate) const OCTETS_WITHOUT_QUERY: usize = 2 * MAX_PIPELINED * MAX_QUERY;

/// Requests over HTTPS of a connection that the client has reset before they were read; one more ends the connection. A client
/// that gives up waits for seconds before.
pub(crate) const MAX_RESET_REQUESTS: usize = 20;

/// Streams of a connection over HTTPS that were reset or refused because the client broke the rules of HTTP/2; one more ends the
/// connection. A client that keeps them may open a hundred before it has read that `MAX_PIPELINED` are allowed.
pub(crate) const MAX_PROVOKED_RESETS: usize = 2 * MAX_PIPELINED;

/// Handshakes of QUIC, at all sockets of the process, whose client has not proved its address yet. Beyond it a client must prove it
/// before anything is computed (RFC 9000 section 8.1.2), which takes one more round trip. With `HANDSHAKE_TIME`, forged addresses cause
/// at most seven handshakes a second, and few gateways begin so many at once.
pub(crate) const MAX_UNPROVEN_HANDSHAKES: usize = 32;

/// Connections for QUIC that wait until resolverd looks at them: more begin to wait in the kernel, or begin again a second later.
pub(crate) const MAX_NEW_QUIC: usize = 64;

/// Octets of QUIC that are kept for such a connection behind its first datagram: the rest of a long ClientHello.
pub(crate) const NEW_QUIC_OCTETS: u64 = 4 << 10;

/// Octets of the handshake of QUIC that are kept out of order, for each connection: a ClientHello with keys of several kinds has
/// 2 KiB, and RFC 9000 section 7.5 demands 4 KiB.
pub(crate) const QUIC_HANDSHAKE_OCTETS: usize = 8 << 10;

/// Octets of queries over QUIC that a connection may have unread: four of the longest, or one in each of its streams of usual
/// length.
pub(crate) const QUIC_RECEIVE_WINDOW: usize = 4 * (MAX_QUERY + 2);

/// Octets of replies over QUIC that the library keeps for a connection until the client has acknowledged them: a reply of the
/// greatest length fits.
pub(crate) const QUIC_SEND_WINDOW: u64 = MAX_STREAM_REPLY as u64 + 2;

/// The least time between two datagrams by which strangers learn that resolverd does not know their connection of QUIC (RFC 9000 section
/// 10.3): after a restart clients learn it within milliseconds.
pub(crate) const QUIC_RESET_INTERVAL: Duration = Duration::from_millis(20);

/// Streams of a connection over QUIC that the client has cancelled before its query was whole; one more ends the connection. A client
/// that gives up waits for seconds before.
pub(crate) const MAX_CANCELLED_STREAMS: usize = MAX_RESET_REQUESTS;

/// When the daemon stops, how long after it was accepted a connection may send its first message. A client on the same
/// host sends it within milliseconds, also if the host is busy. Must be less than `STOP_GRACE`.
pub(crate) const STOP_FIRST_MESSAGE: Duration = Duration::from_millis(200);
