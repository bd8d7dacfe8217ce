//! Listening addresses that a reload has removed from the configuration, but whose last queries are still being resolved.
//!
//! Their sockets stay open until these queries are answered, at most for the time of a resolution (flight). If such an address is configured
//! again in the meantime, a second socket is bound to it, and the old sockets use the new settings too.

use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Weak};

use tokio::net::TcpListener;

use super::front::Front;
use config::ListenAt;

pub(super) struct RetiredAddress {
    pub(super) address: SocketAddr,
    pub(super) front: Arc<Front>,
    /// The socket for TCP connections. It is dropped when no more connections are accepted.
    pub(super) stream: Weak<TcpListener>,
    /// The UDP sockets. Each is dropped when all its queries are answered.
    pub(super) datagrams: Vec<Weak<UdpSocket>>,
}

impl RetiredAddress {
    pub(super) fn is_open(&self) -> bool {
        self.stream.strong_count() > 0 || self.datagrams.iter().any(|socket| socket.strong_count() > 0)
    }

    /// Returns true if a socket is open, and the address overlaps with `at`.
    pub(super) fn holds(&self, at: ListenAt) -> bool {
        let held = ListenAt { address: self.address, serves: self.front.serves() };
        held.meets(at) && self.is_open()
    }
}
