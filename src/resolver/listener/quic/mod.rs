//! DNS over QUIC (RFC 9250) for gateways and containers that are not on this host.
//!
//! `socket` reads datagrams, `handshake` accepts connections, `listener::kept_quic` counts the connections that use memory, `connection` answers the
//! queries of a connection, and `message` reads the query of a stream. `encrypted::quic` has the settings of the QUIC library (`quinn`).
//!
//! # Decisions
//!
//! - The crate `quinn` is used, without the listener of hickory-server, which limits neither the questions of a client
//!   over all its connections, nor handshakes, nor waiting replies. A query over QUIC is handled like one over TCP, with
//!   the same limits for connections, questions and unsent replies, and the rate of handshakes is limited as for DNS
//!   over TLS.
//! - The source address of a first datagram may be forged. A sender that is not allowed receives no reply or, at a limited rate for each network, a
//!   refusal that is shorter than its datagram. Until an address is proved, the library sends it at most three times the octets that it has received.
//!   While more than `MAX_UNPROVEN_HANDSHAKES` are in progress, each further client must prove its address first, which costs a key derivation
//!   and no signature. So forged addresses use up neither the processor nor the handshake rate of a client.
//! - A connection stays at its client's address (no migration), because `allow` and the limits depend on the address. A client whose address changes
//!   must connect again.
//! - Early data (0-RTT) is off: others can replay it, and RFC 9250 section 4.5 permits it for few queries only.
//! - A stream counts as a question in progress from its beginning, even if its query arrives slowly. If a client has the
//!   greatest number of questions, its further streams wait until one of its queries is answered, as over TCP.
//! - The id of queries is 0. To distinguish a repeated query from a new one, the number of the stream is used instead of the id.
//! - A query that was read is resolved, and counts as a question until then, even if the client cancels it
//!   (STOP_SENDING), but its reply is not sent. Otherwise a client could start resolutions without limit.
//! - After a fault of the client, its connection ends with DOQ_PROTOCOL_ERROR, as RFC 9250 section 4.3.3 demands. Faults are: an id other than 0, no
//!   end (FIN) after the query, more or fewer octets than its length says, the option edns-tcp-keepalive, or a DNS message that is not a query. A
//!   query that is longer than `MAX_QUERY` only ends its stream.
//! - When a listener is removed or the daemon stops, idle connections are closed with DOQ_NO_ERROR, and busy ones once their replies are
//!   acknowledged. First datagrams that arrive later are ignored: their clients send them again, to the next socket or the next daemon.
//! - One socket and one task serve all connections of an address. At a wildcard address, the socket reports the local address of each
//!   datagram, and replies leave from that address. If the service manager passes several sockets for the address (ReusePort=), each
//!   has its own endpoint: the kernel passes all datagrams from a client's port to the same socket as long as the number of sockets stays the same.
//! - If the kernel refuses the socket, the connections are lost, and a new endpoint is created for the same socket.
//!
//! # Bounds
//!
//! The limits that the library enforces are set in `encrypted::quic`; the other limits are here or shared with TCP.
//!
//! - Connections: `WorkBounds::connections` and `connections_of_client`, which count TCP connections too. Handshakes: `HANDSHAKE_TIME`,
//!   `HANDSHAKE_INTERVAL` and `MAX_UNPROVEN_HANDSHAKES`. New connections that wait to be accepted or refused: `MAX_NEW_QUIC`, `NEW_QUIC_OCTETS`.
//! - Connections that use memory, including those that were closed a moment ago: `WorkBounds::kept_quic` and `kept_quic_of_client`.
//! - Concurrent queries: `WorkBounds::streams` for a connection; `places` for a client and for all clients. Clients open no unidirectional streams,
//!   and send no application datagrams.
//! - Octets of a query: `MAX_QUERY`; of all unread queries of a connection: `QUIC_RECEIVE_WINDOW`. The time for a query: `TCP_MESSAGE_TIME`.
//! - Replies that the client has not acknowledged: after `MAX_STREAM_REPLY` no more are sent; `WorkBounds::unsent`, a quarter of it for one
//!   client, and `TCP_WRITE_TIME`, as over TCP.
//! - Streams that the client cancels before its query is complete (as in CVE-2023-44487): `MAX_CANCELLED_STREAMS`.
//! - Time without a query: `TCP_IDLE_TIME`. Pings do not extend it.
//! - Datagrams of a connection that are passed from the socket to its task have no limit in the library. Each time the task runs, it processes all of
//!   them, and drops those that cannot be decrypted.

mod connection;
mod handshake;
mod message;
#[cfg(test)]
mod rule_tests;
mod socket;
#[cfg(test)]
pub(super) mod tests;

pub(super) use handshake::accept;
