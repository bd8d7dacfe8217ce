//! The door to the wire: what the real network and the simulated one both do.
//!
//! May call: nothing of ours. A network moves octets; ids, questions and sources are checked by the caller, in
//! both worlds alike.

use std::io;
use std::net::SocketAddr;

use futures_util::future::BoxFuture;

/// Sends messages to servers. The real one opens sockets; the simulated one asks the lab's servers in memory.
pub trait Network: Send + Sync + 'static {
    /// Sends one datagram to `server` from a socket of its own on a fresh random port (RFC 5452 section 9.2).
    ///
    /// # Errors
    /// The message could not be sent: no route, no socket.
    fn send_datagram<'a>(
        &'a self,
        server: SocketAddr,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>>;

    /// Opens a TCP connection to `server`, sends one message and reads one (RFC 7766). The octets are those of the
    /// messages, without the length in front.
    ///
    /// # Errors
    /// Refused, reset, closed before a message was whole.
    fn exchange_stream<'a>(
        &'a self,
        server: SocketAddr,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Vec<u8>>>;
}

/// The socket of one datagram sent: whatever comes back to its port, from whomever.
pub trait Replies: Send {
    /// The next datagram that arrives, and where it says it came from. Waits for ever where none comes.
    ///
    /// # Errors
    /// The network says that the server cannot be reached.
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>>;
}
