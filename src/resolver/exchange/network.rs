//! The trait `Network`, through which queries are sent. The real network and the simulated network implement it.
//!
//! A network only transports octets. Its caller checks that the ids, questions and source addresses of replies match the query.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::limits::MAX_PIPELINED;
use dns::conduct::{EncryptedProtocol, Encryption, Transport};

/// The path to a server: the addresses and the encryption with which it is queried.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The server's address and port.
    pub server: SocketAddr,
    /// The address from which queries are sent; `None` if the operating system chooses it.
    pub source: Option<IpAddr>,
    /// The encryption of streams to the server. `None` if they are not encrypted.
    pub encryption: Option<Arc<Encryption>>,
}

impl Path {
    /// Returns the transport of the first query to the server: UDP, or an encrypted one.
    pub(crate) fn transport(&self) -> Transport {
        match self.encryption.as_ref().map(|encryption| &encryption.protocol) {
            None => Transport::Udp,
            Some(EncryptedProtocol::Tls) => Transport::Tls,
            Some(EncryptedProtocol::Https(_)) => Transport::Https,
            Some(EncryptedProtocol::Quic) => Transport::Quic,
        }
    }
}

/// Sends queries to servers. The real network opens sockets. The simulated network passes the queries to servers in the memory of a test.
pub trait Network: Send + Sync + 'static {
    /// Sends one datagram from a new socket with a random port (RFC 5452 section 9.2). The datagram may be sent slightly later, together with
    /// others.
    ///
    /// The datagram cannot be sent because there is no route. If the cause is this host itself, the error contains `NotSent`. If the kernel refuses
    /// the datagram later, when it is really sent, `Replies::next` returns the error.
    fn send_datagram<'a>(
        &'a self,
        path: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>>;

    /// Opens a stream (a TCP, TLS, HTTPS or QUIC connection) for DNS messages (RFC 7766).
    ///
    /// # Errors
    /// There is no route, or the connection was refused or reset. The error contains `NotSent` as for `send_datagram`, or `CertificateRefused`
    /// if the certificate of the server is not accepted.
    fn open_stream<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>>;
}

/// The socket from which one datagram was sent. It receives all datagrams that arrive at its port, from any sender.
pub trait Replies: Send {
    /// Waits for the next datagram, and returns it with its source address. Waits forever if none arrives.
    ///
    /// # Errors
    /// The network reports that the server cannot be reached. If the DNS message has not left this host, the error contains `NotSent`.
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>>;
}

/// A connection to a server that carries DNS messages. The length field before each DNS message is added and removed by the implementation of this
/// trait.
pub trait Stream: Send {
    /// Sends one DNS message of at most 65 535 octets.
    ///
    /// # Errors
    /// The stream can send no more DNS messages. Replies to earlier ones may still arrive.
    fn send<'a>(&'a mut self, message: &'a [u8]) -> BoxFuture<'a, io::Result<()>>;

    /// Waits for the next event of the stream. A caller may drop this future before it ends, and call the function again later.
    ///
    /// # Errors
    /// The stream has ended.
    fn next(&mut self) -> BoxFuture<'_, io::Result<Arrival>>;

    /// Returns the number of queries that may be in progress on the stream at the same time, which is at least one.
    fn capacity(&self) -> usize {
        MAX_PIPELINED
    }

    /// Called when no caller waits any more for the reply to the query with this id. Returns true if the reply may still arrive.
    fn give_up(&mut self, _id: u16) -> bool {
        true
    }
}

/// An event that a stream (a connection to a server) reports.
#[derive(Debug)]
pub enum Arrival {
    /// A DNS message has arrived on the stream.
    Message(Vec<u8>),
    /// The query with this id has ended without a reply. The stream continues.
    Failed {
        /// The id of the query that failed.
        id: u16,
        /// The reason why the query failed.
        error: io::Error,
    },
    /// The server accepts no further queries on this stream, and has not processed the query with this id. The query may be sent on
    /// another stream (RFC 9113 section 6.8).
    Declined(u16),
}

/// The error if this host itself could not send a DNS message. The cause is neither the network nor a server. The text gives the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSent(pub String);

/// The error if the certificate of a server is not accepted. The text gives the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CertificateRefused(pub String);

/// The error if the HTTPS response of a server contains no DNS message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub(crate) struct HttpsFault {
    /// What is wrong with the HTTPS response, as a text for people.
    pub words: String,
    /// True if the response says that the server cannot answer at the moment, as SERVFAIL does. False if the configured server, URL path or
    /// certificate name is probably wrong.
    pub is_failure: bool,
}
