//! The trait `Network`, through which queries are sent. The real network and the simulated network implement it.
//!
//! A network only transports octets. Its caller compares the ids, questions and source addresses of replies with the query.

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
    /// The encryption of streams to the server, or `None` for plain streams.
    pub encryption: Option<Arc<Encryption>>,
}

impl Path {
    /// Returns the transport of the first query to the server.
    pub fn transport(&self) -> Transport {
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
    /// Sends one datagram from a new socket with a random port (RFC 5452 section 9.2), perhaps slightly later together with other datagrams.
    ///
    /// # Errors
    /// There is no route. If the cause is this host itself, the error contains `NotSent`. If the kernel refuses the datagram later, when it is really
    /// sent, `Replies::next` returns the error.
    fn send_datagram<'a>(
        &'a self,
        path: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>>;

    /// Opens a stream (a TCP, TLS, HTTPS or QUIC connection) for DNS messages (RFC 7766).
    ///
    /// # Errors
    /// There is no route, or the connection was refused or reset. If the cause is this host itself, the error contains `NotSent`. If the
    /// certificate of the server is not accepted, it contains `CertificateRefused`.
    fn open_stream<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>>;
}

/// The socket from which one datagram was sent. It receives datagrams of any sender at its port.
pub trait Replies: Send {
    /// Waits for the next datagram, and returns it with its source address. Waits forever if none arrives.
    ///
    /// # Errors
    /// The server cannot be reached. If the DNS message has not left this host, the error contains `NotSent`.
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>>;
}

/// A connection to a server that carries DNS messages. Implementations add and remove the length field before each DNS message.
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

    /// Returns the number of queries that may be in progress at the same time, at least one.
    fn capacity(&self) -> usize {
        MAX_PIPELINED
    }

    /// Called when no caller waits for the reply to the query `_id` any more. Returns true if the reply may still arrive.
    fn give_up(&mut self, _id: u16) -> bool {
        true
    }
}

/// An event of a stream.
#[derive(Debug)]
pub enum Arrival {
    /// A DNS message has arrived.
    Message(Vec<u8>),
    /// The query with this id has ended without a reply. The stream continues.
    Failed {
        /// The id of the query that failed.
        id: u16,
        /// The reason why the query failed.
        error: io::Error,
    },
    /// The server has not processed the query with this id, and accepts no further queries on this stream. The query may be sent on another stream
    /// (RFC 9113 section 6.8).
    Declined(u16),
}

/// The error, with its reason, if this host itself could not send a DNS message. The cause is neither the network nor a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSent(pub String);

/// The certificate of a server is not accepted. The text gives the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CertificateRefused(pub String);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub(crate) struct HttpsFault {
    /// What is wrong, as a text for people.
    pub words: String,
    /// True if the server cannot answer at the moment, as with SERVFAIL. False if the configured server, URL path or certificate name is probably
    /// wrong.
    pub is_failure: bool,
}
