//! Limits the octets of an HTTP/2 connection. The HTTP/2 library (`h2`) reads everything that has arrived before it returns the first
//! request, and accepts replies without limit.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_rustls::server::TlsStream;

use super::super::waiting::Waiting;
use crate::limits::{OCTETS_WITHOUT_QUERY, REQUESTS_AT_ONCE};

/// A TLS connection from which only as many octets are read as `ReadRoom` allows.
pub(super) struct BoundedStream {
    stream: TlsStream<TcpStream>,
    room: Arc<ReadRoom>,
}

#[derive(Debug)]
pub(super) struct ReadRoom {
    /// The number of octets that may be read before other tasks run. The last read may exceed it by the size of the buffer of `h2`.
    left: AtomicUsize,
    /// The number of octets since the last query of the client.
    without_query: AtomicUsize,
}

/// The total size of the unsent replies. A reply counts until its last octet is written, or until its stream is reset.
#[derive(Debug, Default)]
pub(super) struct UnsentReplies {
    octets: AtomicUsize,
    /// Notified when a reply no longer counts.
    taken: Notify,
}

/// A reply that is being sent. Its client counts as waiting for the reply until this value is dropped.
pub(super) struct UnsentReply {
    octets: Vec<u8>,
    replies: Arc<UnsentReplies>,
    _waiting: Option<Waiting>,
}

impl BoundedStream {
    pub(super) fn new(stream: TlsStream<TcpStream>, room: Arc<ReadRoom>) -> Self {
        Self { stream, room }
    }
}

impl Default for ReadRoom {
    fn default() -> Self {
        Self { left: AtomicUsize::new(REQUESTS_AT_ONCE), without_query: AtomicUsize::new(0) }
    }
}

impl ReadRoom {
    /// Allows `REQUESTS_AT_ONCE` more octets to be read, or none if `opens` is false.
    pub(super) fn open(&self, opens: bool) {
        self.left.store(if opens { REQUESTS_AT_ONCE } else { 0 }, Ordering::Relaxed);
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    pub(super) fn mark_query(&self) {
        self.without_query.store(0, Ordering::Relaxed);
    }

    pub(super) fn is_flooded(&self) -> bool {
        self.without_query.load(Ordering::Relaxed) > OCTETS_WITHOUT_QUERY
    }

    fn take(&self, octets: usize) {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(octets), Ordering::Relaxed);
        self.without_query.fetch_add(octets, Ordering::Relaxed);
    }
}

impl AsyncRead for BoundedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.room.is_used_up() {
            // The connection is polled again after `open`.
            return Poll::Pending;
        }
        let before = into.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, into))?;
        this.room.take(into.filled().len().saturating_sub(before));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for BoundedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, octets)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl UnsentReplies {
    pub(super) fn octets(&self) -> usize {
        self.octets.load(Ordering::Relaxed)
    }

    /// Counts the octets of a reply until it is dropped. `waiting` is the permit of the client that waits for the reply.
    pub(super) fn add(self: &Arc<Self>, octets: Vec<u8>, waiting: Option<Waiting>) -> UnsentReply {
        self.octets.fetch_add(octets.capacity(), Ordering::Relaxed);
        UnsentReply { octets, replies: Arc::clone(self), _waiting: waiting }
    }

    pub(super) async fn taken(&self) {
        self.taken.notified().await;
    }
}

impl AsRef<[u8]> for UnsentReply {
    fn as_ref(&self) -> &[u8] {
        &self.octets
    }
}

impl Drop for UnsentReply {
    fn drop(&mut self) {
        self.replies.octets.fetch_sub(self.octets.capacity(), Ordering::Relaxed);
        self.replies.taken.notify_one();
    }
}
