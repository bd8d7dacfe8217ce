//! Bounds of the queries to servers, over UDP, TCP, TLS, HTTPS and QUIC.

use std::time::Duration;

/// The greatest number of queries to servers in progress, each with its own socket. Further queries wait. The number is smaller with a small cache
/// (`WorkBounds`). It is smaller than the number of UDP ports. When the daemon starts, it requests enough file descriptors for these sockets.
pub const MAX_EXCHANGES: usize = 4_000;

/// The greatest number of queries in progress of a command of the operator. A command waits for each answer, or asks a few servers at a time.
pub(crate) const COMMAND_EXCHANGES: usize = 512;

/// The greatest number of open TCP and TLS connections to servers. A further one replaces the least recently used one. During a minute of mail,
/// answers over 1 232 octets (which need TCP) come from a few dozen servers.
pub(crate) const MAX_UPSTREAM_STREAMS: usize = 256;

/// The greatest number of open TCP and TLS connections to servers in one network (/24 or /48). The servers of a large hoster are in a few networks.
pub(crate) const MAX_STREAMS_PER_NETWORK: usize = 32;

/// A reply is short if its decoded records take at most this number of octets. A referral with thirteen servers and their addresses takes 13 KiB. A
/// longer reply must first reserve memory, so that all resolutions together cannot hold an unlimited number of records.
pub(crate) const MAX_SHORT_REPLY: usize = 16 << 10;

/// The long replies (see `MAX_SHORT_REPLY`) that are in use may take `cache.size` divided by this number. A cache of 256 MiB leaves room for 130 TXT
/// records of 60 KB, or for seven replies with 3 700 addresses.
pub(crate) const LONG_REPLIES_PART: u64 = 32;

/// The least number of octets of memory for the records of long replies. This is enough for 16 TXT records of 60 KB, or for two replies of any
/// content, each of which may use half. Until its question is answered, a TXT record takes four times its size in memory. With 2 MiB and a cache of
/// 8 MiB, floods of such records exceeded the memory bound of the process.
pub(crate) const MIN_LONG_REPLIES: u64 = 1 << 20;

/// The longest time that a long reply waits until it can reserve memory. The records of a reply are usually in memory only for milliseconds, unless
/// their resolution waits for keys. A longer wait would delay the other replies on the same TCP connection.
pub(crate) const LONG_REPLY_WAIT: Duration = Duration::from_millis(100);

/// After more than this number of DNS messages in a row that answer no query of resolverd, a TCP connection is closed.
pub(crate) const MAX_STRAY_MESSAGES: usize = MAX_PIPELINED;

/// If this number of queries on one TCP connection were given up and their replies may still arrive, the connection takes no further query. The ids
/// of these queries are not used again, because a late reply would be taken for the reply to another query.
pub(crate) const MAX_GIVEN_UP: usize = 4 * MAX_PIPELINED;

/// The greatest number of connections to one forwarder over TLS or HTTPS. A further one is opened when all others are full. Together they carry 512
/// queries, enough for 42 dead domains a second whose queries wait for `LISTEN_TIME` each. Four such forwarders in one network reach
/// `MAX_STREAMS_PER_NETWORK`. All forwarders together may have this number of additional connections, each for a query that is repeated because its
/// connection ended.
pub(crate) const MAX_STREAMS_OF_FORWARDER: u8 = 8;

/// A connection that has received nothing for this time after a query takes no further query. Most forwarders resolve a name in less time.
pub(crate) const STREAM_DOUBT_TIME: Duration = Duration::from_secs(1);

/// A TCP connection to an authoritative server, which need not resolve names, takes no further query after this number of its round trips without a
/// reply. If the reply is only late, the next query opens a connection in vain.
pub(crate) const DOUBTED_ROUND_TRIPS: u32 = 3;

/// The least time for `DOUBTED_ROUND_TRIPS`, so that the work of a near server does not count as silence.
pub(crate) const LEAST_STREAM_DOUBT_TIME: Duration = Duration::from_millis(100);

/// A query is sent on at most this number of shared connections before it gets one of its own.
pub(crate) const KEPT_STREAM_TRIES: usize = 2;

/// For this time after a server was silent on a connection after its first answer, each query to it gets a connection of its own. Load balancers with
/// this fault keep it for months; a server that was silent for another reason costs one round trip more for each truncated answer.
pub(crate) const SINGLE_QUERY_TIME: Duration = Duration::from_secs(3_600);

/// The greatest number of servers whose queries get connections of their own. Few load balancers have this fault.
pub(crate) const MAX_SINGLE_QUERY_SERVERS: usize = 256;

/// The maximum number of names in a certificate that an error message shows.
pub(crate) const MAX_NAMES_OF_CERTIFICATE: usize = 3;

/// The number of octets that a forwarder over HTTPS may send before resolverd reads them: a reply of 64 KiB to each query in progress, so that an
/// unread reply never blocks the replies after it.
pub(crate) const UPSTREAM_REPLIES_WINDOW: u32 = 4 << 20;

/// The greatest size of the header of a reply over HTTPS, in octets (RFC 9113 section 6.5.2). Those of public resolvers have less than 1 KB.
pub(crate) const MAX_REPLY_HEADER: u32 = 16_384;

/// A TCP connection to a server is closed after this time without a DNS message. Most servers close it after 10 to 30 s.
pub(crate) const UPSTREAM_IDLE_TIME: Duration = Duration::from_secs(20);

/// The number of attempts to draw a random id for a query that no other query on its TCP connection has. At most 64 of 65 536 ids are in use.
pub(crate) const STREAM_ID_TRIES: usize = 8;

/// After this number of datagrams in a row that came from a server and do not answer its query, the query is repeated over TCP. One may be the late
/// reply to an earlier query from the same port.
pub(crate) const MAX_MISMATCHES: u8 = 2;

/// The greatest number of servers whose mismatches are counted. Few servers change ids; an attacker can only make the table forget.
pub(crate) const MAX_MISMATCHED_SERVERS: usize = 256;

/// After this number of datagrams that do not answer a query, the query is given up, because someone is forging answers.
pub(crate) const MAX_STRAY_DATAGRAMS: usize = 64;

/// The number of random source ports that are tried before the next free port is searched. With 4 000 of 64 512 ports in use, eight used ones in a
/// row practically never happen.
pub(crate) const PORT_TRIES: usize = 8;

/// The greatest number of ports that are examined one after the other to find a free one. resolverd itself uses at most `MAX_EXCHANGES` ports,
/// so the search fails only if other programs use about as many ports in a row.
pub(crate) const MAX_PORT_WALK: usize = 2 * MAX_EXCHANGES;

/// The time for which the socket of a query waits for the answer. A resolution (flight) lasts 10 s, so the answer of a server that takes 9
/// s arrives in time. A slightly later answer is cached for the next question. The time is not longer, because an open socket makes it
/// easier for an attacker to guess its port.
pub const LISTEN_TIME: Duration = Duration::from_secs(12);

/// Equal queries to a server within this time are sent only once. An older query may be lost, so a further equal query is sent.
pub(crate) const MERGE_TIME: Duration = Duration::from_secs(2);

/// A client's query to a server with an unknown round trip waits for the answer to an equal query of look-ahead, if that query was sent at most
/// this long ago. Within a continent, the answer arrives in this time. An older query may be lost, and sending it a second time does no harm.
pub(crate) const MERGE_TIME_OF_UNKNOWN: Duration = Duration::from_millis(50);

/// The greatest number of questions in progress on one connection. Further questions are not read until one is answered.
pub const MAX_PIPELINED: usize = 64;

/// The time in which a client over TCP, HTTPS or QUIC must read its reply. Otherwise its connection is closed.
pub const TCP_WRITE_TIME: Duration = Duration::from_secs(4);
