//! Bounds of queries to servers, over datagrams and streams.

use std::time::Duration;

/// The number of queries to servers in progress, each with its own socket. Further queries wait. With a small cache the number is
/// smaller (`WorkBounds`). It is smaller than the number of ports, and the daemon requests this number of descriptors at start.
pub const MAX_EXCHANGES: usize = 4_000;

/// The number of open streams to servers. When it is exceeded, the stream that was unused for the longest time is closed. In a minute
/// of mail, answers over 1 232 octets come from a few dozen servers.
pub(crate) const MAX_UPSTREAM_STREAMS: usize = 256;

/// The number of open streams to one /24 or /48. The servers of a large hoster are in a few networks, and one network must not use all
/// places.
pub(crate) const MAX_STREAMS_PER_NETWORK: usize = 32;

/// The octets that the decoded records of a short reply take. A referral with thirteen servers and their addresses takes 13 KiB.
/// Longer replies must first reserve room, so that all resolutions together cannot hold an unlimited number of records.
pub(crate) const MAX_SHORT_REPLY: usize = 16 << 10;

/// `cache.size` divided by this number is the room for long replies in progress. A cache of 256 MiB leaves room for 130 texts of 60
/// KB, or for seven replies with 3 700 addresses.
pub(crate) const LONG_REPLIES_PART: u64 = 32;

/// The least room for long replies: 16 texts of 60 KB, or two replies of any length. Until a text is in memory and answered, it takes
/// four times its octets. With 2 MiB and a cache of 8 MiB, floods of texts of 60 KB and clients that do not read made the process
/// exceed its memory bound by 2 MiB.
pub(crate) const MIN_LONG_REPLIES: u64 = 1 << 20;

/// The time that a reply waits for room. Records are in memory for milliseconds, unless their resolution waits for keys. A longer wait
/// would delay other replies of the same stream.
pub(crate) const LONG_REPLY_WAIT: Duration = Duration::from_millis(100);

/// The number of messages on a stream that belong to no query, between two messages that do, before the stream is closed.
pub(crate) const MAX_STRAY_MESSAGES: usize = MAX_PIPELINED;

/// The number of queries on a stream that were given up and whose replies may still arrive. With more of them, the stream takes no
/// further query. Their ids are not used again, because a late reply would end another query.
pub(crate) const MAX_GIVEN_UP: usize = 4 * MAX_PIPELINED;

/// The number of streams to one forwarder over TLS or HTTPS. Each further stream is opened if the others are full. Together they have
/// 512 places, which is enough for 42 dead domains a second that wait for `LISTEN_TIME` each. Four such forwarders use all streams of
/// their network. All forwarders together have the same number of streams for single queries, which are the queries of connections
/// that ended before they were answered.
pub(crate) const MAX_STREAMS_OF_FORWARDER: u8 = 8;

/// A stream that has brought nothing for this time after a query takes no further query. Most forwarders resolve a name in less time.
pub(crate) const STREAM_DOUBT_TIME: Duration = Duration::from_secs(1);

/// The number of octets that a forwarder over HTTPS may send before we read. It allows a reply of 64 KiB to each query, so that an
/// unread reply never stops the replies after it.
pub(crate) const UPSTREAM_REPLIES_WINDOW: u32 = 4 << 20;

/// The size of the header of a reply over HTTPS, in octets, counted as in RFC 9113 section 6.5.2. The headers of public resolvers have
/// less than 1 KB.
pub(crate) const MAX_REPLY_HEADER: u32 = 16_384;

/// A stream to a server is closed after this time without a message. Most servers close it themselves after 10 to 30 s (RFC 7766
/// section 6.2.3 leaves the time to them).
pub(crate) const UPSTREAM_IDLE_TIME: Duration = Duration::from_secs(20);

/// The number of ids that are drawn for a query on a stream before the query is given up. At most 64 of 65 536 ids are in use.
pub(crate) const STREAM_ID_TRIES: usize = 8;

/// The number of datagrams that are read for one query before the query is given up. If there are more, someone is forging answers.
pub(crate) const MAX_STRAY_DATAGRAMS: usize = 64;

/// The number of ports that are drawn for a query before the next free port is searched. With 4 000 of 64 512 ports taken, eight taken
/// ports in a row practically never happen.
pub(crate) const PORT_TRIES: usize = 8;

/// The number of ports that are examined in the search for a free port. Not more than `MAX_EXCHANGES` of them can be our own.
pub(crate) const MAX_PORT_WALK: usize = 2 * MAX_EXCHANGES;

/// The time for which the socket of a query listens for the answer. A flight lasts 10 s, so the answer of a server that takes 9 s
/// arrives in time. A slightly later answer is kept for the next question. An open socket helps an attacker to guess its port, so it
/// is closed after that.
pub(crate) const LISTEN_TIME: Duration = Duration::from_secs(12);

/// Like `LISTEN_TIME`, for a server that usually takes longer than `MAX_TIMER`. No resolver waits longer: Unbound's timer for a slow
/// server ends at 12 s, BIND's at 10 s.
pub(crate) const LISTEN_TIME_OF_SLOW: Duration = Duration::from_secs(15);

/// Equal queries within this time are sent only once. An older query may be lost, and a later question would then wait for it in vain.
pub(crate) const MERGE_TIME: Duration = Duration::from_secs(2);

/// The longest time that a client's query waits for an equal query of look-ahead to a server of unknown distance. Within a continent
/// the answer arrives sooner. After this time, a second copy of the query does no harm.
pub(crate) const MERGE_TIME_OF_UNKNOWN: Duration = Duration::from_millis(50);

/// The number of questions of one connection in progress. Further questions are not read until there is room.
pub const MAX_PIPELINED: usize = 64;
