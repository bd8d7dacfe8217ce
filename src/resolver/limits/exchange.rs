//! Bounds of the queries to servers, over UDP, TCP, TLS, HTTPS and QUIC.

use std::time::Duration;

/// The greatest number of queries to servers in progress at the same time. Each has its own socket, and further queries
/// wait. With a small cache the number is smaller (`WorkBounds`). It is smaller than the number of UDP ports, and the
/// daemon requests this number of file descriptors when it starts.
pub const MAX_EXCHANGES: usize = 4_000;

/// The greatest number of open TCP and TLS connections to servers. When it is exceeded, the connection that was unused
/// for the longest time is closed. During a minute of mail, answers over 1 232 octets (which need TCP) come from a few
/// dozen servers.
pub(crate) const MAX_UPSTREAM_STREAMS: usize = 256;

/// The greatest number of open TCP and TLS connections to servers in one network (/24 or /48). The servers of a large
/// hoster are in a few networks, and one network must not use all connections.
pub(crate) const MAX_STREAMS_PER_NETWORK: usize = 32;

/// The size, in octets, of the decoded records of a reply up to which the reply counts as short. A referral with
/// thirteen servers and their addresses takes 13 KiB. A longer reply must first reserve memory, so that all resolutions
/// together cannot hold an unlimited number of records.
pub(crate) const MAX_SHORT_REPLY: usize = 16 << 10;

/// The replies longer than `MAX_SHORT_REPLY` that are in use at the same time may take `cache.size` divided by this
/// number. A cache of 256 MiB leaves room for 130 TXT records of 60 KB, or for seven replies with 3 700 addresses.
pub(crate) const LONG_REPLIES_PART: u64 = 32;

/// The least number of octets for replies longer than `MAX_SHORT_REPLY` that are in use at the same time: 16 TXT records
/// of 60 KB, or two replies of any length. Until the question of a TXT record is answered, the record takes four times
/// its size in memory. With 2 MiB and a cache of 8 MiB, floods of TXT records of 60 KB and clients that do not read made
/// the process exceed its memory bound by 2 MiB.
pub(crate) const MIN_LONG_REPLIES: u64 = 1 << 20;

/// The longest time that a long reply of a server waits until it can reserve memory (see `MAX_SHORT_REPLY`). The records
/// of other replies are in memory only for milliseconds, unless their resolution waits for keys. A longer wait would
/// delay the other replies on the same TCP connection.
pub(crate) const LONG_REPLY_WAIT: Duration = Duration::from_millis(100);

/// A TCP connection to a server is closed after more than this number of DNS messages in a row that belong to none of our
/// queries.
pub(crate) const MAX_STRAY_MESSAGES: usize = MAX_PIPELINED;

/// The greatest number of queries on one TCP connection that were given up and whose replies may still arrive. A
/// connection with more of them takes no further query. The ids of these queries are not used again, because the late
/// reply to an old query would then be taken for the reply to another query.
pub(crate) const MAX_GIVEN_UP: usize = 4 * MAX_PIPELINED;

/// The greatest number of connections to one forwarder over TLS or HTTPS. A further connection is opened when all others are full. Together they
/// carry 512 queries at the same time, which is enough for 42 dead domains a second whose queries wait for `LISTEN_TIME` each. Four such forwarders
/// in one network reach `MAX_STREAMS_PER_NETWORK`. All forwarders together may have this number of additional connections, each for a single query
/// that is repeated because its connection ended before it was answered.
pub(crate) const MAX_STREAMS_OF_FORWARDER: u8 = 8;

/// A connection to a server that has received nothing for this time after a query takes no further query. Most
/// forwarders resolve a name in less time.
pub(crate) const STREAM_DOUBT_TIME: Duration = Duration::from_secs(1);

/// The maximum number of names in a certificate that an error message shows.
pub(crate) const MAX_NAMES_OF_CERTIFICATE: usize = 3;

/// The number of octets that a forwarder over HTTPS may send before resolverd reads them. It allows a reply of 64 KiB to
/// each query in progress, so that an unread reply never blocks the replies after it.
pub(crate) const UPSTREAM_REPLIES_WINDOW: u32 = 4 << 20;

/// The greatest size of the header of a reply over HTTPS, in octets, counted as in RFC 9113 section 6.5.2. The headers
/// of public resolvers have less than 1 KB.
pub(crate) const MAX_REPLY_HEADER: u32 = 16_384;

/// A TCP connection to a server is closed after this time without a DNS message. Most servers close it themselves after 10
/// to 30 s (RFC 7766 section 6.2.3 lets the server choose the time).
pub(crate) const UPSTREAM_IDLE_TIME: Duration = Duration::from_secs(20);

/// A query on a TCP connection gets a random id that no other query on it uses. After this number of attempts to draw
/// such an id, the query is given up. At most 64 of 65 536 ids are in use.
pub(crate) const STREAM_ID_TRIES: usize = 8;

/// If this number of datagrams has arrived at the socket of one query and none is its answer, the query is given up,
/// because someone is forging answers.
pub(crate) const MAX_STRAY_DATAGRAMS: usize = 64;

/// The number of random source ports that are tried for a query. After that, the next free port is searched. With 4 000
/// of 64 512 ports in use, eight used ports in a row practically never happen.
pub(crate) const PORT_TRIES: usize = 8;

/// The greatest number of ports that are examined in the search for a free port. At most `MAX_EXCHANGES` of the used
/// ports can be our own.
pub(crate) const MAX_PORT_WALK: usize = 2 * MAX_EXCHANGES;

/// The time for which the socket of a query waits for the answer. A resolution (flight) lasts 10 s, so the answer of a server that takes 9
/// s arrives in time. An answer that arrives slightly later is put into the cache for the next question. After this time the socket is
/// closed, because an open socket makes it easier for an attacker to guess its port.
pub(crate) const LISTEN_TIME: Duration = Duration::from_secs(12);

/// The time for which the socket of a query waits for the answer of a server whose answers usually take longer than
/// `MAX_TIMER`. It is longer than `LISTEN_TIME`. No resolver waits longer: Unbound's timer for a slow server ends at 12
/// s, BIND's at 10 s.
pub(crate) const LISTEN_TIME_OF_SLOW: Duration = Duration::from_secs(15);

/// Equal queries to a server within this time are sent only once, and all questions wait for the same answer. If the
/// first query is older, it may be lost, so a further equal query is sent.
pub(crate) const MERGE_TIME: Duration = Duration::from_secs(2);

/// If look-ahead has sent an equal query at most this long ago, a client's query is not sent, but waits for the answer to the query of look-ahead.
/// This applies if the round trip of the server is not known. Within a continent the answer arrives sooner. If the query of look-ahead is older, it
/// may be lost, and sending the query a second time does no harm.
pub(crate) const MERGE_TIME_OF_UNKNOWN: Duration = Duration::from_millis(50);

/// The greatest number of questions in progress on one connection. Further questions are not read until one of them is
/// answered.
pub const MAX_PIPELINED: usize = 64;
