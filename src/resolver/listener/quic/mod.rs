//! DNS over QUIC (RFC 9250) for gateways and containers that are not on this host.
//!
//! `socket` reads datagrams, `handshake` accepts connections, `connection` answers the queries of a connection, and `message` reads the
//! query of a stream. `listener::kept_quic` counts the connections that use memory. `encrypted::quic` has the settings of the QUIC library
//! (`quinn`).
//!
//! # Decisions
//!
//! - The crate `quinn` is used, without the listener of hickory-server, which limits neither the questions of a client over all its
//!   connections, nor handshakes, nor waiting replies. All limits are the same as for TCP, and those of the handshake are the same as for
//!   DNS over TLS.
//! - The source address of a first datagram may be forged. A sender that is not allowed receives no reply or, at a limited rate for each
//!   network, a refusal that is shorter than its datagram. Until an address is proved, the library sends it at most three times the octets
//!   that it has received. While more than `MAX_UNPROVEN_HANDSHAKES` are in progress, each further client must prove its address first,
//!   which costs a key derivation and no signature.
//! - A client whose address changes must connect again (no migration), because `allow` and the limits depend on the address.
//! - Early data (0-RTT) is off: others can replay it, and RFC 9250 section 4.5 permits it for few queries only.
//! - A stream counts as a question in progress from its beginning. If a client has the greatest number of questions, its further streams
//!   wait until one of its queries is answered, as over TCP.
//! - The id of queries is 0. The number of the stream distinguishes a repeated query from a new one.
//! - A query that was read is resolved, and counts as a question until then, even if the client cancels it (STOP_SENDING). Otherwise a
//!   client could start resolutions without limit.
//! - A fault of the client ends its connection with DOQ_PROTOCOL_ERROR (RFC 9250 section 4.3.3): an id other than 0, no end (FIN) after the
//!   query, a wrong length, the option edns-tcp-keepalive, or a DNS message that is not a query. A query that is longer than `MAX_QUERY`
//!   only ends its stream.
//! - When a listener is removed or the daemon stops, idle connections are closed with DOQ_NO_ERROR, and busy ones once their replies are
//!   acknowledged. First datagrams that arrive later are ignored: their clients send them again, to the next socket or the next daemon.
//! - One socket and one task serve all connections of an address. At a wildcard address, replies leave from the local address of the
//!   datagram. If the service manager passes several sockets for the address (ReusePort=), each has its own endpoint: the kernel passes all
//!   datagrams from a client's port to the same socket as long as the number of sockets stays the same.
//! - If the kernel refuses the socket, the connections are lost, and a new endpoint is created for the same socket.
//!
//! # Bounds
//!
//! The limits that the library enforces are set in `encrypted::quic`. The others are in `limits` and `WorkBounds`, and are the same as for
//! TCP where possible.
//!
//! - Clients open no unidirectional streams, and send no application datagrams.
//! - Pings do not extend the time of an idle connection.
//! - The library does not limit the datagrams that wait for the task of a connection. Each time the task runs, it processes all of them,
//!   and drops those that cannot be decrypted.

mod connection;
mod handshake;
mod message;
#[cfg(test)]
mod rule_tests;
mod socket;
#[cfg(test)]
pub(super) mod tests;

pub(super) use handshake::accept;
