//! DNS over HTTPS (RFC 8484) for gateways and containers that are not on this host, and that reach port 443 only.
//!
//! `request` finds the message of a request and `response` writes the header of a reply: both are pure. `connection` answers the
//! requests of a connection, `held` keeps those whose turn has not come, and `octets` bounds what is read and what waits to leave.
//!
//! # Decisions
//!
//! - HTTP/2 only (RFC 9113), as in Unbound and Knot Resolver: RFC 8484 section 5.2 recommends it as the minimum, and HTTP/1.1 has no
//!   answers out of order. The handshake agrees on it (`h2`), so a client of HTTP/1.1 gets an alert. No pushed streams, no
//!   compression.
//! - The crate `h2`, without hyper and without hickory-server's listener: they answer HTTP of all kinds, and bound neither the
//!   questions of a client over all its connections nor the replies that wait. A query takes the way of one over TCP: the same
//!   places for connections, questions and unsent replies, and the same handshakes as DNS over TLS.
//! - A request has its place among the questions from its header on, so a slow body takes one too. If a client has no place left,
//!   its requests wait until one of its queries is answered, as over TCP. Bodies are still read then: the header of many requests
//!   may come before the first body.
//! - A request that waits is kept as its message. When requests waited in the library with their headers, a client that did not take
//!   its replies kept 32 MiB for `TCP_WRITE_TIME`, and more with fields of one octet each.
//! - Queries over HTTPS have the id 0, so that caches of HTTP may keep their replies (RFC 8484 section 4.1). The number of the stream
//!   stands for it where a repeated query is distinguished from a new one.
//! - One path, `/dns-query`. A response without a reply has no body: its status says all.
//! - A removed listener and a daemon that stops send GOAWAY to connected clients. The queries in progress are answered.
//!
//! # Bounds
//!
//! Those of the library are set in `settings`; the others are here or shared with TCP.
//!
//! - Requests at once on a connection: `WorkBounds::streams`, further ones are refused; questions at once of a client and of all:
//!   `places`.
//! - Header of a request: `MAX_REQUEST_HEADER`; beyond it the status is 431, and beyond four times that the connection ends. The
//!   library bounds its continuations too (CVE-2024-27316).
//! - Requests that are reset before they are read (CVE-2023-44487): `MAX_RESET_REQUESTS`; resets that a client provokes
//!   (CVE-2025-8671): `MAX_PROVOKED_RESETS`. A query that was read keeps its place until it is resolved, even if its stream is
//!   reset.
//! - Bodies: a window of `MAX_QUERY` octets for each stream, the smallest of the protocol for the connection, and
//!   `TCP_MESSAGE_TIME`. The library bounds frames without data.
//! - What is read before requests are answered: `REQUESTS_AT_ONCE`. Pings, settings, priorities and windows:
//!   `OCTETS_WITHOUT_QUERY` since the last query. The library answers a ping before it reads the next frame.
//! - Replies that the client does not take, and the messages of requests behind them: `WorkBounds::unsent`, a quarter of it
//!   for a client, and `TCP_WRITE_TIME`, as over TCP. No request is answered while they wait; at most `MAX_PIPELINED` of a connection are kept.
//! - Time: `HANDSHAKE_TIME` for TLS, `TCP_MESSAGE_TIME` until the preface, and `TCP_IDLE_TIME` without a request.

mod connection;
mod held;
mod octets;
#[cfg(test)]
mod raw_tests;
mod request;
mod response;
#[cfg(test)]
pub(super) mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use h2::server::Builder;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use super::encrypted;
use super::front::Front;
use super::places::TakenPlace;
use super::tcp;
use crate::limits::{
    MAX_PROVOKED_RESETS, MAX_QUERY, MAX_REQUEST_HEADER, MAX_RESET_REQUESTS, TCP_MESSAGE_TIME,
};
use connection::HttpsConnection;
use octets::{BoundedStream, ReadRoom};

/// Serves a connection until it ends, or until it is idle after `closing` was dropped at the other side.
pub(super) async fn serve(
    stream: TcpStream,
    client: SocketAddr,
    front: Arc<Front>,
    taken: TakenPlace,
    closing: watch::Receiver<()>,
) -> io::Result<()> {
    tcp::bound_kernel(&stream)?;
    let config = front.tls().ok_or(io::ErrorKind::NotFound)?;
    let secured = encrypted::secure_https(stream, config, || front.may_shake_hands(client.ip()));
    let stream = tcp::shaken(&front, &taken, secured).await?;
    let room = Arc::<ReadRoom>::default();
    let preface = settings(front.streams()).handshake(BoundedStream::new(stream, Arc::clone(&room)));
    let requests = tokio::select! {
        biased;
        () = taken.leave() => return Ok(()),
        begun = timeout(TCP_MESSAGE_TIME, preface) => begun?.map_err(io::Error::other)?,
    };
    HttpsConnection::new((requests, room), client, front, taken).serve(closing).await
}

/// The bounds that the library keeps, and sends to the client; so many streams at once.
fn settings(streams: usize) -> Builder {
    let mut settings = Builder::new();
    let octets = |octets: usize| u32::try_from(octets).unwrap_or(u32::MAX);
    settings
        .max_concurrent_streams(octets(streams))
        .max_header_list_size(octets(MAX_REQUEST_HEADER))
        .initial_window_size(octets(MAX_QUERY))
        .max_pending_accept_reset_streams(MAX_RESET_REQUESTS)
        .max_concurrent_reset_streams(MAX_RESET_REQUESTS)
        .max_local_error_reset_streams(Some(MAX_PROVOKED_RESETS));
    settings
}
