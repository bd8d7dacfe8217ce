//! Messages on their way to a server of the lab and from it.

use std::net::IpAddr;
use std::time::Duration;

use dns::clock::Mono;
use dns::conduct::Transport;

/// How a message goes to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// The address, one of the server's own.
    pub to: IpAddr,
    /// The transport.
    pub transport: Transport,
    /// When it was sent.
    pub at: Mono,
}

/// A message that arrives at the client's port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The time after the query was sent.
    pub delay: Duration,
    /// Its source address.
    pub source: IpAddr,
    /// The message.
    pub octets: Vec<u8>,
}
