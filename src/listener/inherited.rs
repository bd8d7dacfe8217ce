//! Sockets that the service manager holds and hands down, so that a restart loses neither the port nor a question.
//!
//! sd_listen_fds(3): `LISTEN_FDS` tells how many, `LISTEN_PID` for whom.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};

use listenfd::ListenFd;

/// What was handed down for one address.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) datagrams: Vec<UdpSocket>,
    pub(super) stream: Option<TcpListener>,
}

/// All that was handed down.
#[derive(Debug, Default)]
pub struct Inherited {
    held: BTreeMap<SocketAddr, Held>,
    /// Descriptors that are no sockets for DNS, or cannot be used.
    strange: usize,
}

impl Inherited {
    /// Takes what was handed to this process. To be called once, while there is only one thread: it changes the
    /// environment, so that no child believes that the sockets are its own.
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

    /// Those of an address; nothing where there are none.
    pub(super) fn of(&mut self, address: SocketAddr) -> Held {
        self.held.remove(&address).unwrap_or_default()
    }

    /// Those that are left, by address.
    pub(super) fn rest(self) -> BTreeMap<SocketAddr, Held> {
        if self.strange > 0 {
            tracing::warn!(
                "{} of the sockets from the service manager are not served: they are not UDP or TCP, or duplicates; check resolverd.socket",
                self.strange
            );
        }
        self.held
    }

    fn add_datagrams(&mut self, socket: UdpSocket) -> io::Result<()> {
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        self.held.entry(address).or_default().datagrams.push(socket);
        Ok(())
    }

    /// One for each address: a second one (ReusePort=) would be another queue of the same connections.
    fn add_stream(&mut self, listener: TcpListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let held = self.held.entry(address).or_default();
        if held.stream.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        held.stream = Some(listener);
        Ok(())
    }
}
