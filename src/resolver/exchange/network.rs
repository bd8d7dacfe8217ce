//! The trait that the real network and the simulated one implement.
//!
//! A network only transports octets. For both, the caller checks ids, questions and sources.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::limits::MAX_PIPELINED;
use dns::conduct::Encryption;

/// The path to a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The server's address and port.
    pub server: SocketAddr,
    /// The address to send from; none: the system chooses.
    pub source: Option<IpAddr>,
    /// The encryption of streams.
    pub encryption: Option<Arc<Encryption>>,
}

/// Sends queries to servers. The real one opens sockets; the simulated one asks the lab's servers in memory.
pub trait Network: Send + Sync + 'static {
    /// Sends one datagram from its own socket on a new random port (RFC 5452 section 9.2). The datagram may be sent a moment later, together with
    /// others.
    ///
    /// # Errors
    /// The message cannot be sent because there is no route. The error contains `NotSent` if this machine itself is at fault. If the kernel refuses
    /// the message when it is sent later, `Replies::next` returns the error.
    fn send_datagram<'a>(
        &'a self,
        path: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>>;

    /// Opens a stream of messages (RFC 7766).
    ///
    /// # Errors
    /// There is no route, or the connection was refused or reset. The error contains `NotSent` as above, or `CertificateRefused` if the certificate
    /// is for another server.
    fn open_stream<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>>;
}

/// The socket of one sent datagram: it receives everything that arrives at its port, from any sender.
pub trait Replies: Send {
    /// The next datagram that arrives, with its source. Waits forever if none comes.
    ///
    /// # Errors
    /// The network reports that the server cannot be reached; `NotSent` inside if the message has not left.
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>>;
}

/// A stream to a server. The octets are the messages, without the length in front.
pub trait Stream: Send {
    /// Sends one message, of 65 535 octets at most.
    ///
    /// # Errors
    /// No more messages can be sent. Replies may still arrive.
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>>;

    /// The next arrival. A caller may give up the wait and repeat it.
    ///
    /// # Errors
    /// The stream has ended.
    fn next(&mut self) -> BoxFuture<'_, io::Result<Arrival>>;

    /// The number of queries that may be in progress at the same time, at least one.
    fn capacity(&self) -> usize {
        MAX_PIPELINED
    }

    /// Nobody waits for the reply to this query any more. Returns true if the reply may still arrive.
    fn give_up(&mut self, _id: u16) -> bool {
        true
    }
}

/// An event of a stream.
#[derive(Debug)]
pub enum Arrival {
    /// A message.
    Message(Vec<u8>),
    /// The query with this id has ended without a reply. The stream goes on.
    Failed {
        /// The id of the query.
        id: u16,
        /// The reason.
        error: io::Error,
    },
    /// The server accepts no further queries on this stream, and has not processed the query with this id: it may be sent on another stream (RFC 9113
    /// section 6.8).
    Declined(u16),
}

/// This machine could not send the message, and neither the network nor a server is at fault. The text gives the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSent(pub String);

/// A server's certificate is not acceptable; the text says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CertificateRefused(pub String);

/// A server did not send a DNS message over HTTPS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub(crate) struct HttpsFault {
    /// The fault of the response.
    pub words: String,
    /// True if the response says that the server cannot answer at the moment, as SERVFAIL does. Otherwise the path, the certificate or the server is
    /// wrong.
    pub is_failure: bool,
}
