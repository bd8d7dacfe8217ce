//! Bounds of queries to servers, over datagrams and streams.

use std::time::Duration;

/// Queries to servers in progress, each with a socket; further ones wait; fewer with a small cache (`WorkBounds`).
/// The bound is smaller than the number of
/// ports, and the daemon requests this number of descriptors at start.
pub const MAX_EXCHANGES: usize = 4_000;

/// Open streams to servers; beyond it the one unused for the longest time is closed. Answers over 1 232 octets come
/// from a few dozen servers in a minute of mail.
pub(crate) const MAX_UPSTREAM_STREAMS: usize = 256;

/// Open streams to one /24 or /48: the servers of a large hoster are in a few networks, and no network may take all
/// places.
pub(crate) const MAX_STREAMS_PER_NETWORK: usize = 32;

/// Octets that the records of a short reply take once they are decoded: a referral with thirteen servers and their addresses takes
/// 13 KiB. Longer replies need room, so that all resolutions together cannot hold records without bound.
pub(crate) const MAX_SHORT_REPLY: usize = 16 << 10;

/// The part of `cache.size` that is room for long replies in progress: with the cache of 256 MiB 130 texts of 60 KB, or seven
/// replies with 3 700 addresses.
pub(crate) const LONG_REPLIES_PART: u64 = 32;

/// The least room for long replies: 16 texts of 60 KB, or two replies of any length. A text takes four times its octets until it is in
/// memory and answered. With 2 MiB, floods of texts of 60 KB and clients that do not read took 2 MiB more than the bound of the process
/// with a cache of 8 MiB.
pub(crate) const MIN_LONG_REPLIES: u64 = 1 << 20;

/// How long a reply waits for room: records are in memory for milliseconds, unless their resolution waits for keys. A longer wait
/// would make other replies of the same stream late.
pub(crate) const LONG_REPLY_WAIT: Duration = Duration::from_millis(100);

/// Messages on a stream that belong to no query, between two that do, before it is closed.
pub(crate) const MAX_STRAY_MESSAGES: usize = MAX_PIPELINED;

/// Queries of a stream that were given up, and whose replies may still arrive: with more, it takes no further query. Their ids are not used
/// again, because a late reply would end another query.
pub(crate) const MAX_GIVEN_UP: usize = 4 * MAX_PIPELINED;

/// Streams to one forwarder over TLS or HTTPS; each further one is opened if the others are full. Together they have 512 places, with which
/// 42 dead domains a second wait for `LISTEN_TIME` each. Four such forwarders fill the streams of their network. All forwarders together
/// have as many streams for single queries, which connections have lost that end before their queries are answered.
pub(crate) const MAX_STREAMS_OF_FORWARDER: u8 = 8;

/// A stream that has brought nothing for this time after a query takes no further query. Most forwarders resolve a name in less.
pub(crate) const STREAM_DOUBT_TIME: Duration = Duration::from_secs(1);

/// Octets that a forwarder over HTTPS may send before we read: a reply of 64 KiB to each query, so that a reply that is not read yet
/// never stops those behind it.
pub(crate) const UPSTREAM_REPLIES_WINDOW: u32 = 4 << 20;

/// Octets of the header of a reply over HTTPS, counted as RFC 9113 section 6.5.2 does. Those of public resolvers have less than 1 KB.
pub(crate) const MAX_REPLY_HEADER: u32 = 16_384;

/// A stream to a server is closed after this time without a message: most servers close it themselves after 10 to 30 s
/// (RFC 7766 section 6.2.3 leaves it to them).
pub(crate) const UPSTREAM_IDLE_TIME: Duration = Duration::from_secs(20);

/// Ids drawn for a query on a stream before the query is given up: at most 64 of 65 536 ids are in use.
pub(crate) const STREAM_ID_TRIES: usize = 8;

/// Datagrams read for one query before the query is given up: beyond it there is a forger.
pub(crate) const MAX_STRAY_DATAGRAMS: usize = 64;

/// Ports drawn for a query before the next free one is searched: at 4 000 of 64 512 taken, eight in a row never
/// happen.
pub(crate) const PORT_TRIES: usize = 8;

/// Ports examined in that search: more than `MAX_EXCHANGES` cannot be our own.
pub(crate) const MAX_PORT_WALK: usize = 2 * MAX_EXCHANGES;

/// How long a query's socket is listened at. A flight lasts 10 s: the answer of a server that takes 9 s comes
/// within it. A slightly later answer is kept for the next question. A socket that is open longer only helps forgers
/// to guess its port.
pub(crate) const LISTEN_TIME: Duration = Duration::from_secs(12);

/// Like `LISTEN_TIME`, for a server that usually takes longer than `MAX_TIMER`. No resolver waits longer: Unbound's timer for a
/// slow server ends at 12 s, BIND's at 10 s.
pub(crate) const LISTEN_TIME_OF_SLOW: Duration = Duration::from_secs(15);

/// Equal queries within this time are sent once: an older one may be lost, and a later question would wait for it
/// without effect.
pub(crate) const MERGE_TIME: Duration = Duration::from_secs(2);

/// The longest time that a client's query waits for an equal one of look-ahead to a server of unknown distance:
/// within a continent the answer comes sooner, and then a second copy does no harm.
pub(crate) const MERGE_TIME_OF_UNKNOWN: Duration = Duration::from_millis(50);

/// Questions of one connection in progress; more wait unread.
pub const MAX_PIPELINED: usize = 64;
