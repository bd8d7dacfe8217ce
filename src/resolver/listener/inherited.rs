//! Inherited sockets: the service manager (systemd) opens and keeps them, and passes them to resolverd, so that a restart loses neither the
//! port nor a query.
//!
//! sd_listen_fds(3): `LISTEN_FDS` is the number of sockets, and `LISTEN_PID` the process for which they are meant.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use listenfd::ListenFd;

use config::ListenAt;

/// The inherited sockets of one listening address.
#[derive(Debug, Default)]
pub(super) struct InheritedSockets {
    pub(super) datagrams: Vec<UdpSocket>,
    /// The listening TCP sockets. There are several if `ReusePort=` is set in the unit. Each then has its own queue of connections.
    pub(super) streams: Vec<TcpListener>,
    is_used: bool,
}

impl InheritedSockets {
    #[cfg(test)]
    pub(super) fn new(datagrams: Vec<UdpSocket>, streams: Vec<TcpListener>) -> Self {
        Self { datagrams, streams, is_used: false }
    }
}

/// All inherited sockets by their address.
#[derive(Debug, Default)]
pub struct Inherited {
    held: BTreeMap<SocketAddr, InheritedSockets>,
    /// The number of inherited descriptors that are no DNS sockets or cannot be used.
    strange: usize,
}

impl Inherited {
    /// Takes the sockets that the service manager passed to this process. Removes the environment variables that describe them, so that no child
    /// process uses the sockets. Must therefore be called while there is only one thread.
    pub fn take() -> Self {
        let mut handed = ListenFd::from_env();
        let mut inherited = Self::default();
        for place in 0..handed.len() {
            let taken = match handed.take_udp_socket(place) {
                Ok(Some(socket)) => inherited.add_datagrams(socket),
                _ => match handed.take_tcp_listener(place) {
                    Ok(Some(listener)) => inherited.add_stream(listener),
                    _ => Err(io::ErrorKind::InvalidInput.into()),
                },
            };
            inherited.strange += usize::from(taken.is_err());
        }
        inherited
    }

    #[cfg(test)]
    pub(super) fn of_sockets(datagrams: Vec<UdpSocket>, streams: Vec<TcpListener>) -> Self {
        let mut inherited = Self::default();
        datagrams.into_iter().for_each(|socket| inherited.add_datagrams(socket).unwrap());
        streams.into_iter().for_each(|socket| inherited.add_stream(socket).unwrap());
        inherited
    }

    /// Takes the inherited sockets that have the address of `at` and can serve its protocol. TLS and QUIC may share an address.
    pub(super) fn take_at(&mut self, at: ListenAt) -> InheritedSockets {
        let Some(held) = self.held.get_mut(&at.address) else { return InheritedSockets::default() };
        held.is_used = true;
        let datagrams =
            if at.serves.has_datagrams() { std::mem::take(&mut held.datagrams) } else { Vec::new() };
        let streams = if at.serves.has_streams() { std::mem::take(&mut held.streams) } else { Vec::new() };
        InheritedSockets { datagrams, streams, is_used: true }
    }

    pub(super) fn rest(self) -> BTreeMap<SocketAddr, InheritedSockets> {
        if self.strange > 0 {
            tracing::warn!(
                "resolverd ignores {} sockets of systemd: each is neither UDP nor TCP; check the unit resolverd.socket",
                self.strange
            );
        }
        self.held.into_iter().filter(|(_, held)| !held.is_used).collect()
    }

    fn add_datagrams(&mut self, socket: UdpSocket) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        self.held.entry(address).or_default().datagrams.push(socket);
        Ok(())
    }

    fn add_stream(&mut self, listener: TcpListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        self.held.entry(address).or_default().streams.push(listener);
        Ok(())
    }
}
