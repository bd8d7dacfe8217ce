//! Addresses that a reload has removed, while their last questions are answered.
//!
//! Their sockets stay open for that time, which is at most that of a flight. If such an address is configured again meanwhile, a second socket is
//! bound to it, and the old sockets follow the new configuration.

use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Weak};

use tokio::net::TcpListener;

use super::front::Front;
use crate::config::ListenAt;

/// An address that is no longer served.
pub(super) struct RetiredAddress {
    /// As bound.
    pub(super) address: SocketAddr,
    pub(super) front: Arc<Front>,
    /// Dropped when no more connections are accepted.
    pub(super) stream: Weak<TcpListener>,
    /// Dropped when all questions are answered.
    pub(super) datagrams: Vec<Weak<UdpSocket>>,
}

impl RetiredAddress {
    /// Returns true if a socket is still open.
    pub(super) fn is_open(&self) -> bool {
        self.stream.strong_count() > 0 || self.datagrams.iter().any(|socket| socket.strong_count() > 0)
    }

    /// Returns true if an open socket overlaps with one of `at`.
    pub(super) fn holds(&self, at: ListenAt) -> bool {
        let held = ListenAt { address: self.address, serves: self.front.serves() };
        held.meets(at) && self.is_open()
    }
}
