//! Addresses that a reload has removed and whose last questions are still being answered.
//!
//! Their sockets stay open until these questions are answered, which takes at most the time of a resolution (flight). If such an address is
//! configured again in the meantime, a second socket is bound to it, and the old sockets use the new settings too.

use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Weak};

use tokio::net::TcpListener;

use super::front::Front;
use crate::config::ListenAt;

/// A listening address that is no longer in the configuration.
pub(super) struct RetiredAddress {
    /// The address to which the sockets are bound.
    pub(super) address: SocketAddr,
    pub(super) front: Arc<Front>,
    /// The socket for TCP connections. It is dropped when no more connections are accepted.
    pub(super) stream: Weak<TcpListener>,
    /// The UDP sockets of the address. Each is dropped when all its questions are answered.
    pub(super) datagrams: Vec<Weak<UdpSocket>>,
}

impl RetiredAddress {
    /// Returns true if any socket of this address is still open.
    pub(super) fn is_open(&self) -> bool {
        self.stream.strong_count() > 0 || self.datagrams.iter().any(|socket| socket.strong_count() > 0)
    }

    /// Returns true if any socket is still open, and the address overlaps with `at`.
    pub(super) fn holds(&self, at: ListenAt) -> bool {
        let held = ListenAt { address: self.address, serves: self.front.serves() };
        held.meets(at) && self.is_open()
    }
}
