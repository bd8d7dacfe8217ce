//! Bounds of messages to servers, over datagrams and streams.

use std::time::Duration;

/// Messages to servers under way at once, each with a socket; more wait their turn. Half of what `LimitNOFILE` gives a
/// daemon of systemd's for sure (the hard limit, 524 288, is asked for at start), and under the ports there are.
pub const MAX_EXCHANGES: usize = 4_000;

/// Streams to servers open at once; beyond it the one unused for longest is closed. Answers over 1 232 octets come from a
/// few dozen servers in a minute of mail.
pub const MAX_UPSTREAM_STREAMS: usize = 256;

/// Streams open to one /24 or /48 at once: the servers of a large hoster stand in a few, and nobody takes all places.
pub const MAX_STREAMS_PER_NETWORK: usize = 32;

/// Messages on a stream that nobody waits for, between two that somebody does, before it is ended: as many as may have been given
/// up while they were under way.
pub const MAX_STRAY_MESSAGES: usize = MAX_PIPELINED;

/// A stream to a server is closed after this time without a message: most servers close it themselves after 10 to 30 s
/// (RFC 7766 section 6.2.3 leaves it to them).
pub const UPSTREAM_IDLE_TIME: Duration = Duration::from_secs(20);

/// Ids drawn for a message on a stream before it is given up: one of 64 in 65 536 is taken.
pub const STREAM_ID_TRIES: usize = 8;

/// Datagrams read for one message before it is given up: a forger who sends more is not worth listening to.
pub const MAX_STRAY_DATAGRAMS: usize = 64;

/// Ports drawn for a message before it takes the next that is free: at 4 000 of 64 512 taken, eight in a row happen never.
pub const PORT_TRIES: usize = 8;

/// Ports looked at then, one after the other: more than `MAX_EXCHANGES` are never our own.
pub const MAX_PORT_WALK: usize = 2 * MAX_EXCHANGES;

/// The largest datagram read from a server: over the 1 232 we offer, as some send more.
pub const MAX_DATAGRAM: usize = 4_096;

/// How long a message's socket is listened at. A flight lasts 10 s: a server that takes 9 s is heard within it, and one that
/// takes a little longer after it. A socket that is open for longer only helps those who guess its port.
pub const LISTEN_TIME: Duration = Duration::from_secs(12);

/// And at a server that usually takes longer than `MAX_TIMER`. No resolver waits longer: Unbound's timer for a slow server
/// ends at 12 s, BIND's at 10 s.
pub const LISTEN_TIME_OF_SLOW: Duration = Duration::from_secs(15);

/// Equal messages are sent once within this time: an older one may be lost, and who joined it would wait for nothing.
pub const MERGE_TIME: Duration = Duration::from_secs(2);

/// Questions of one connection that are being resolved at once; more wait unread.
pub const MAX_PIPELINED: usize = 64;
