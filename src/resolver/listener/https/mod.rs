//! DNS over HTTPS (RFC 8484), for gateways and containers that are not on this host and can only reach port 443.
//!
//! `request` finds the DNS message in a request, `response` writes the header of a reply, `connection` answers the requests of a
//! connection, `held` keeps the requests that must wait, and `octets` limits how much is read and how much waits to be sent.
//!
//! # Decisions
//!
//! - Only HTTP/2 is supported (RFC 9113), as in Unbound and Knot Resolver. RFC 8484 section 5.2 recommends it as the minimum, and HTTP/1.1
//!   has no answers out of order. An HTTP/1.1 client receives an alert in the TLS handshake. Server push and compression are not used.
//! - The crate `h2` is used, without hyper and without the listener of hickory-server: these limit neither the questions of a client over
//!   all its connections nor the waiting replies. All limits are the same as for TCP, and those of the handshake are the same as for DNS
//!   over TLS.
//! - A request counts as a question in progress as soon as its header has arrived. If a client has the greatest number of questions, its
//!   requests wait until one of its queries is answered, as over TCP. Bodies are still read in the meantime, because the headers of many
//!   requests may arrive before the first body.
//! - Only the DNS message of a waiting request is stored. Otherwise a client that does not read its replies could use 32 MiB with long
//!   headers.
//! - Queries over HTTPS have the id 0, so that HTTP caches can store the replies (RFC 8484 section 4.1). The number of the stream
//!   distinguishes a repeated query from a new one.
//! - There is one path, `/dns-query`. A response without a DNS reply has no body: the status is sufficient.
//! - When a listener is removed or the daemon stops, connected clients receive GOAWAY. Queries in progress are still answered.
//!
//! # Bounds
//!
//! The limits that `h2` enforces are set in `settings`. The others are in `limits` and `WorkBounds`, and are the same as for TCP where
//! possible.
//!
//! - The header of a request: `MAX_REQUEST_HEADER`. A longer one is answered with status 431, and one of more than four times that length ends the
//!   connection. The library also limits continuation frames (CVE-2024-27316).
//! - Requests that the client resets before they are read (CVE-2023-44487): `MAX_RESET_REQUESTS`. Resets that a client provokes (CVE-2025-8671):
//!   `MAX_PROVOKED_RESETS`. A query that was read counts as a question in progress until it is resolved, even if its stream is reset.
//! - Bodies: a window of `MAX_QUERY` octets for each stream, and the smallest window of the protocol for the connection. The library limits
//!   frames without data.

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

/// Serves a connection until it ends. The listener drops the sender of `closing` when it ends. The connection then ends as soon as it is idle.
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

/// Returns the limits that the HTTP/2 library (`h2`) enforces. `streams` is the greatest number of open streams.
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
