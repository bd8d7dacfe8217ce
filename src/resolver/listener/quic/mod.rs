//! DNS over QUIC (RFC 9250) for gateways and containers that are not on this host.
//!
//! `socket` reads datagrams, `handshake` lets connections in, `listener::kept_quic` counts those that take
//! memory, `connection` answers their
//! queries, and `message` reads the query of a stream. `encrypted::quic` has the settings of the library.
//!
//! # Decisions
//!
//! - The crate `quinn`, without hickory-server's listener: that one has no bound for questions of a client over all its connections,
//!   for handshakes, or for replies that wait. A query takes the way of one over TCP: the same places for connections, questions and
//!   unsent replies, and the same rate of handshakes as DNS over TLS.
//! - The source address of a first datagram may be forged. A stranger gets no reply or, at a rate for each network, a refusal that is
//!   shorter than its datagram. The library sends at most three times what came until an address is proved. While more than
//!   `MAX_UNPROVEN_HANDSHAKES` are in progress, each further client must prove its address first, which costs a key derivation and
//!   no signature. So forged addresses use up neither the core nor the rate of a client.
//! - A client keeps its address (no migration): `allow` and the places go by it. A client behind another address connects again.
//! - No early data (0-RTT): others can repeat it, and RFC 9250 section 4.5 permits it for few queries only.
//! - A stream has its place among the questions from its begin, so a slow query takes one too. If a client has no place left, its
//!   streams wait until one of its queries is answered, as over TCP.
//! - The id of queries is 0. The number of the stream stands for it where a repeated query is distinguished from a new one.
//! - A query that was read is resolved and keeps its place even if the client cancels it (STOP_SENDING); its reply is not sent.
//!   Otherwise a client could begin flights without end.
//! - A fault of the client ends its connection with DOQ_PROTOCOL_ERROR, as RFC 9250 section 4.3.3 demands: another id than 0, no end
//!   (FIN) behind the query, more or less than its length says, an option edns-tcp-keepalive, or what is no query. A query that is
//!   longer than `MAX_QUERY` ends its stream only.
//! - A removed listener and a daemon that stops close idle connections, and the others once their replies are acknowledged, with
//!   DOQ_NO_ERROR. First datagrams that come later are ignored: their clients send them again, to the socket or the daemon that is
//!   next.
//! - One socket and one task read for all connections of an address. The socket shows to which address of a wildcard a datagram
//!   came, and replies leave from that. If the service manager passes several sockets for the address (ReusePort=), each is read by
//!   an endpoint of its own: the kernel gives all datagrams of a client's port to one of them as long as their number stays.
//! - If the kernel refuses the socket, the connections are lost, and a new endpoint begins at the same socket.
//!
//! # Bounds
//!
//! Those of the library are set in `encrypted::quic`; the others are here or shared with TCP.
//!
//! - Connections: `WorkBounds::connections` and `connections_of_client`, together with those of TCP. Handshakes: `HANDSHAKE_TIME`,
//!   `HANDSHAKE_INTERVAL` and `MAX_UNPROVEN_HANDSHAKES`; those that wait for a look: `MAX_NEW_QUIC`, `NEW_QUIC_OCTETS`.
//! - Connections that take memory, also those that were closed a moment ago: `WorkBounds::kept_quic`, and `kept_quic_of_client`.
//! - Queries at once: `WorkBounds::streams` of a connection; of a client and of all: `places`. Clients open no streams of one
//!   direction, and send no datagrams of their own.
//! - Octets of a query: `MAX_QUERY`; of all unread queries of a connection: `QUIC_RECEIVE_WINDOW`. Its time: `TCP_MESSAGE_TIME`.
//! - Replies that the client has not acknowledged: `MAX_STREAM_REPLY` before no more are sent, `WorkBounds::unsent`, a quarter of it
//!   for a client, and `TCP_WRITE_TIME`, as over TCP.
//! - Streams that the client cancels before its query is whole (as in CVE-2023-44487): `MAX_CANCELLED_STREAMS`.
//! - Time without a query: `TCP_IDLE_TIME`. Pings do not extend it.
//! - Datagrams of a connection on their way from the socket to its task have no bound in the library; the task takes all of them in
//!   each turn. What does not decrypt is dropped then.

mod connection;
mod handshake;
mod message;
#[cfg(test)]
mod rule_tests;
mod socket;
#[cfg(test)]
pub(super) mod tests;

pub(super) use handshake::accept;
