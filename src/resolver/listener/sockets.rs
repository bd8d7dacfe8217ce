//! Binds the sockets of listeners. If an address is not available, the error contains advice for the operator.
//!
//! For each address, the TCP socket is bound first and without sharing, so that a second daemon fails immediately. Then the UDP sockets are
//! bound, one for each worker, which share the port (SO_REUSEPORT). QUIC has one UDP socket and no TCP socket. If a reload replaces an
//! address with one that includes it, the new socket is bound while the old one is open, so that no query is lost.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::io::Errno;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::inherited::InheritedSockets;
use crate::limits::{LISTEN_BACKLOG, UDP_BUFFER};
use config::{ListenAt, ListenFor};

/// The number of attempts to find a port that is free for both TCP and UDP, if port 0 is configured.
const ANY_PORT_TRIES: usize = 20;

pub(super) struct BoundSockets {
    pub(super) address: SocketAddr,
    pub(super) udp: Vec<UdpSocket>,
    /// The TCP sockets: none for QUIC, otherwise one, or several if they were inherited from the service manager.
    pub(super) tcp: Vec<TcpListener>,
    /// True if some of the sockets were inherited from the service manager, which keeps them open too.
    pub(super) inherited: bool,
}

/// The error that resolverd cannot listen at a configured address.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {}: {}", .at.address, advice(*.at, .source))]
pub struct AddressUnavailable {
    at: ListenAt,
    source: io::Error,
}

impl AddressUnavailable {
    /// Returns the configured address at which resolverd cannot listen.
    pub fn address(&self) -> SocketAddr {
        self.at.address
    }

    pub(super) fn at(&self) -> ListenAt {
        self.at
    }

    /// Returns the reason why the address is not available, as words that end a sentence.
    pub fn why(&self) -> String {
        match self.source.kind() {
            _ if lacks_family(&self.source) => "the kernel has no IPv6".to_owned(),
            io::ErrorKind::AddrNotAvailable => "this host has no such address".to_owned(),
            io::ErrorKind::AddrInUse => "another program uses it".to_owned(),
            _ => self.source.to_string(),
        }
    }

    /// Returns true if the address may become available later, for instance when an interface comes up.
    pub(super) fn may_come(&self) -> bool {
        self.source.kind() == io::ErrorKind::AddrNotAvailable || lacks_family(&self.source)
    }
}

fn lacks_family(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::AFNOSUPPORT)
}

/// Binds a TCP socket, and a UDP socket for each worker thread. Inherited sockets in `held` are not bound again.
pub(super) fn bind(
    at: ListenAt,
    workers: usize,
    mut held: InheritedSockets,
) -> Result<BoundSockets, AddressUnavailable> {
    let mut last = None;
    // For port 0 there is no inherited socket.
    for _ in 0..if at.address.port() == 0 { ANY_PORT_TRIES } else { 1 } {
        match try_bind(at, workers, std::mem::take(&mut held)) {
            Ok(bound) => return Ok(bound),
            Err(error) => last = Some(error),
        }
    }
    Err(AddressUnavailable { at, source: last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()) })
}

/// Binds an address while TCP sockets of this process (`open`) overlap with it. The kernel permits this only if these sockets share their port
/// (SO_REUSEPORT).
pub(super) fn bind_while_open(
    at: ListenAt,
    workers: usize,
    open: &[Arc<impl AsFd>],
) -> Result<BoundSockets, AddressUnavailable> {
    let bound = open.iter().try_for_each(|held| SockRef::from(&**held).set_reuse_port(true));
    let bound = bound.and_then(|()| {
        let address = at.address;
        let tcp: io::Result<_> =
            at.serves.has_streams().then(|| stream_socket(address, true)).into_iter().collect();
        let udp: io::Result<_> =
            (0..datagram_workers(at, workers)).map(|_| datagram_socket(address)).collect();
        Ok(BoundSockets { address, udp: udp?, tcp: tcp?, inherited: false })
    });
    bound.map_err(|source| AddressUnavailable { at, source })
}

/// Returns the number of UDP sockets of an address. QUIC has only one: with several, the kernel would pass the datagrams of a connection to
/// another socket when a socket is added or removed.
fn datagram_workers(at: ListenAt, workers: usize) -> usize {
    match at.serves {
        ListenFor::Plain => workers.max(1),
        ListenFor::Quic => 1,
        ListenFor::Tls | ListenFor::Https => 0,
    }
}

fn try_bind(at: ListenAt, workers: usize, held: InheritedSockets) -> io::Result<BoundSockets> {
    let mut address = at.address;
    let inherited = !held.streams.is_empty() || !held.datagrams.is_empty();
    let mut tcp = held.streams;
    if at.serves.has_streams() && tcp.is_empty() {
        tcp.push(stream_socket(address, false)?);
    }
    if let Some(stream) = tcp.first() {
        address = stream.local_addr()?;
    }
    let udp = match datagram_workers(at, workers) {
        0 => Vec::new(),
        count if held.datagrams.is_empty() => datagram_sockets(address, count)?,
        count => share(&held.datagrams, count)?,
    };
    if let (true, Some(udp)) = (tcp.is_empty(), udp.first()) {
        address = udp.local_addr()?;
    }
    Ok(BoundSockets { address, udp, tcp, inherited })
}

/// Binds a TCP socket. If `shared` is true, other sockets of the same user may be bound to the same address, if they are shared too. A second
/// daemon binds without sharing, so that it fails.
fn stream_socket(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let tcp = open(address, Type::STREAM, Protocol::TCP)?;
    tcp.set_reuse_port(shared)?;
    // Connections of an earlier process, which the kernel still knows, must not prevent the next start.
    tcp.set_reuse_address(true)?;
    tcp.bind(&address.into())?;
    tcp.listen(LISTEN_BACKLOG)?;
    Ok(tcp.into())
}

fn datagram_sockets(address: SocketAddr, workers: usize) -> io::Result<Vec<UdpSocket>> {
    // A socket that does not share its port finds out whether another program uses the port.
    let alone = open(address, Type::DGRAM, Protocol::UDP)?;
    alone.bind(&address.into())?;
    // For port 0, all worker threads use the port that the system has chosen.
    let address = alone.local_addr()?.as_socket().unwrap_or(address);
    drop(alone);
    (0..workers).map(|_| datagram_socket(address)).collect()
}

/// Returns one UDP socket for each worker thread. With fewer sockets than workers, several workers share one. With more sockets, more
/// workers are used, so that every socket is read.
fn share(sockets: &[UdpSocket], workers: usize) -> io::Result<Vec<UdpSocket>> {
    sockets.iter().cycle().take(workers.max(sockets.len())).map(UdpSocket::try_clone).collect()
}

fn datagram_socket(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = open(address, Type::DGRAM, Protocol::UDP)?;
    socket.set_reuse_port(true)?;
    // The kernel may give a smaller buffer than requested.
    let _ = socket.set_recv_buffer_size(UDP_BUFFER);
    let _ = socket.set_send_buffer_size(UDP_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn open(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn advice(ListenAt { address, serves }: ListenAt, error: &io::Error) -> String {
    let key = serves.key();
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!(
            "port {} needs root or CAP_NET_BIND_SERVICE; start resolverd as a service, or try --listen 127.0.0.1:5300",
            address.port()
        ),
        io::ErrorKind::AddrInUse => format!(
            "another program uses it (`ss -lnptu 'sport = :{}'` shows which); stop that program, or try --listen 127.0.0.1:5300",
            address.port()
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("this host has no such address; remove it from listen.{key}")
        }
        _ if lacks_family(error) => {
            format!("the kernel has no IPv6; remove the address from listen.{key}")
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::overlap;

    fn plain(address: impl std::fmt::Display) -> ListenAt {
        ListenAt { address: address.to_string().parse().unwrap(), serves: ListenFor::Plain }
    }

    #[test]
    fn taken_address_is_refused_with_advice() {
        let first = bind(plain("127.0.0.1:0"), 2, InheritedSockets::default()).unwrap();
        assert_eq!(first.udp.len(), 2);
        let said = bind(plain(first.address), 1, InheritedSockets::default()).err().unwrap().to_string();
        assert!(said.contains("another program") && said.contains("--listen 127.0.0.1:5300"), "{said}");
        assert!(!said.contains('\n'));
        let said = bind(plain("192.0.2.1:0"), 1, InheritedSockets::default()).err().unwrap().to_string();
        assert!(said.contains("no such address"), "{said}");
    }

    /// Binds sockets at a port that is free for both TCP and UDP.
    fn free() -> BoundSockets {
        bind(plain("127.0.0.1:0"), 1, InheritedSockets::default()).unwrap()
    }

    // A second daemon is still refused.
    #[test]
    fn wildcard_binds_beside_own_address() {
        // Another program may use the same port number at another address of this host, so several ports are tried.
        let (first, wildcard, second) = loop {
            let first = free();
            let wildcard = SocketAddr::new([0, 0, 0, 0].into(), first.address.port());
            assert!(bind(plain(wildcard), 1, InheritedSockets::default()).is_err(), "alone it is taken");
            let tcp = Arc::new(first.tcp.into_iter().next().unwrap());
            if let Ok(second) = bind_while_open(plain(wildcard), 2, &[tcp]) {
                break (first.address, wildcard, second);
            }
        };
        assert_eq!((second.address, second.udp.len()), (wildcard, 2));
        assert!(overlap(first, wildcard) && overlap(wildcard, first));
        assert!(
            bind(plain(wildcard), 1, InheritedSockets::default()).is_err()
                && bind(plain(first), 1, InheritedSockets::default()).is_err()
        );
        let apart = [("127.0.0.1:53", "127.0.0.2:53"), ("0.0.0.0:53", "[::]:53"), ("[::]:53", "[::1]:54")];
        for (one, other) in apart {
            assert!(!overlap(one.parse().unwrap(), other.parse().unwrap()), "{one} {other}");
        }
    }

    #[test]
    fn foreign_udp_port_is_not_shared() {
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(bind(plain(other.local_addr().unwrap()), 1, InheritedSockets::default()).is_err());
    }

    #[test]
    fn inherited_sockets_are_all_served() {
        let BoundSockets { address, udp: datagrams, tcp: mut streams, .. } = free();
        let second = streams[0].try_clone().unwrap();
        streams.push(second);
        let bound = bind(plain(address), 3, InheritedSockets::new(datagrams, streams)).unwrap();
        assert!(bound.udp.len() == 3 && bound.tcp.len() == 2 && bound.inherited);
        assert!(bound.udp.iter().all(|socket| socket.local_addr().unwrap() == address));
        let address = bound.address;
        let datagrams = bound.udp;
        drop(bound.tcp);
        let bound = bind(plain(address), 1, InheritedSockets::new(datagrams, Vec::new())).unwrap();
        assert_eq!((bound.udp.len(), bound.address), (3, address));
    }
}
