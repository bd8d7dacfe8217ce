//! The door to the wire: what the real network and the simulated one both do.
//!
//! A network moves octets; ids, questions and sources are checked by the caller, in both worlds alike.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;

/// The way to a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The server's address and port.
    pub server: SocketAddr,
    /// The address to send from; none: the system chooses.
    pub source: Option<IpAddr>,
    /// For streams: TLS, with a certificate for this name (RFC 7858, RFC 8310).
    pub tls: Option<Arc<str>>,
}

/// Sends messages to servers. The real one opens sockets; the simulated one asks the lab's servers in memory.
pub trait Network: Send + Sync + 'static {
    /// Sends one datagram from a socket of its own on a fresh random port (RFC 5452 section 9.2).
    ///
    /// # Errors
    /// The message could not be sent: no route; `NotSent` inside where that is this machine's own fault.
    fn send_datagram<'a>(
        &'a self,
        path: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>>;

    /// Opens a stream of messages (RFC 7766).
    ///
    /// # Errors
    /// No route, refused, reset; `NotSent` as above; `CertificateRefused` inside where the server is not who it should be.
    fn open_stream<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>>;
}

/// The socket of one datagram sent: whatever comes back to its port, from whomever.
pub trait Replies: Send {
    /// The next datagram that arrives, and where it says it came from. Waits for ever where none comes.
    ///
    /// # Errors
    /// The network says that the server cannot be reached.
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>>;
}

/// A stream to a server. The octets are those of the messages, without the length in front.
pub trait Stream: Send {
    /// Sends one message, of 65 535 octets at most.
    ///
    /// # Errors
    /// The stream is at its end.
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>>;

    /// The next message that arrives. A wait given up can be taken up again.
    ///
    /// # Errors
    /// The stream is at its end.
    fn next(&mut self) -> BoxFuture<'_, io::Result<Vec<u8>>>;
}

/// This machine could not send, for a reason that lies in no network and no server; the words say which.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSent(pub String);

/// A server's certificate is not what was asked for; the words say why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CertificateRefused(pub String);
