//! Bounds of the listeners.

use std::time::Duration;

use super::MAX_WAITERS;

/// UDP workers for each address: beyond four the loopback device is the bottleneck, not we.
pub const MAX_WORKERS: usize = 4;

/// How long an address that this host lacks is waited for at first: an interface comes up seconds after us.
pub const ADDRESS_RETRY: Duration = Duration::from_secs(1);

/// How long at most, after twice as long each time: each try is two system calls, and nobody waits longer for what has come.
pub const MAX_ADDRESS_RETRY: Duration = Duration::from_secs(30);

/// Pause after a connection could not be accepted: the reason, as a rule no file descriptors, passes by itself.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Misses that wait for a thread of the runtime to take them up; a burst of 4 000 is taken up in a few milliseconds.
pub const MAX_QUEUE: usize = 4_096;

/// Datagrams read before a worker looks at its orders again.
pub const UDP_BATCH: usize = 64;

/// Octets of a query that are read. A question with all options in use has 400.
pub const MAX_QUERY: usize = 4_096;

/// Octets of a reply over TCP: what its length field can say.
pub const MAX_STREAM_REPLY: usize = 65_535;

/// Octets of the sockets' buffers: 4 000 questions of 256 octets (with the kernel's own cost for each) while a worker
/// is kept from its core.
pub const UDP_BUFFER: usize = 4 << 20;

/// Connections that the kernel keeps until they are accepted.
pub const LISTEN_BACKLOG: i32 = 256;

/// TCP connections of clients at once.
pub const MAX_TCP_CLIENTS: usize = 512;

/// An idle connection is ended after this (RFC 7766 section 6.2.3: in the order of seconds).
pub const TCP_IDLE_TIME: Duration = Duration::from_secs(10);

/// A message over TCP is whole this long after its first octet, or its connection is ended: one segment holds a question, and
/// TCP has sent a lost one three times by then (RFC 6298: after 1, 3 and 7 s).
pub const TCP_MESSAGE_TIME: Duration = Duration::from_secs(10);

/// A client that does not take its reply in this time is not waited for.
pub const TCP_WRITE_TIME: Duration = Duration::from_secs(4);

/// TCP connections of one client at once: one address may not take them all.
pub const MAX_TCP_PER_CLIENT: usize = 128;

/// Counters of REFUSED to clients that are not allowed, by network: with the two below, all of them are told 256 times a second
/// at most, which is 40 KB.
pub const REFUSAL_NETWORKS: usize = 256;

/// A network is told once in this time: whoever has a wrong resolver in his configuration looks at more than one reply.
pub const REFUSAL_INTERVAL: Duration = Duration::from_secs(1);

/// And so many times at once.
pub const REFUSAL_BURST: u32 = 4;

/// Questions that wait at all listeners, those included that wait in the queue: more than `MAX_WAITERS`, so that it is the
/// flights that decide who is turned away.
pub const MAX_WAITING: usize = MAX_WAITERS + MAX_QUEUE;
