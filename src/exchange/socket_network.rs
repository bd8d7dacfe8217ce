//! The real network: the sockets of this host.
//!
//! Each datagram has its own socket, which is bound to a random port and connected to the server. The kernel then compares the source address
//! of replies with the server's, and reports servers that cannot be reached (RFC 5452 section 9).

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use futures_util::task::AtomicWaker;
use rustix::buffer::spare_capacity;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpSocket;

use super::departures::{Departure, depart};
use super::framed::Framed;
use super::network::{Network, NotSent, Path, Replies, Stream};
use super::ports::SourcePorts;
use super::{https, quic, tls};
use crate::limits::{MAX_PORT_WALK, PORT_TRIES};
use dns::conduct::{EncryptedProtocol, Encryption};
use dns::random::Random;
use dns::wire::PAYLOAD;

/// The maximum number of octets that are read from a datagram: one more than the query allows, so that a datagram that is too large is noticed (see
/// `cut` in `exchange`).
const LARGER_THAN_OFFERED: usize = PAYLOAD as usize + 1;

/// The events for which a socket waits: datagrams, and errors that routers or the server report.
const REPLIES: Interest = Interest::READABLE.add(Interest::ERROR);

/// The real network: reaches the servers through the sockets of this host.
pub struct SocketNetwork {
    random: Random,
    ports: ArcSwap<SourcePorts>,
}

impl SocketNetwork {
    /// Creates a network that sends datagrams from random ports of `ports`.
    pub fn new(random: Random, ports: SourcePorts) -> Self {
        Self { random, ports: ArcSwap::from_pointee(ports) }
    }

    /// Changes the source ports for later queries. Open sockets keep their ports.
    pub fn set_ports(&self, ports: SourcePorts) {
        self.ports.store(Arc::new(ports));
    }

    /// Opens a socket on a random configured port. The kernel itself would choose from only about 28 000 ports.
    fn bind(&self, path: &Path) -> io::Result<OwnedFd> {
        let (any, ports) = (source_of(path), self.ports.load());
        let drawn = (0..PORT_TRIES).filter_map(|_| ports.in_turn(&self.random).next());
        for port in drawn.chain(ports.in_turn(&self.random).take(MAX_PORT_WALK)) {
            match bound(SocketAddr::new(any, port)) {
                Err(error) if is_of_the_port(&error) => {}
                bound => return bound,
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "all ports of resolve.source_ports are in use"))
    }
}

fn bound(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(family, SocketType::DGRAM, flags, None)?;
    rustix::net::bind(&socket, &address)?;
    Ok(socket)
}

/// Registers the socket only for reading. tokio registers its own UDP sockets for writing too, and would wake the task twice for nothing: when the
/// socket is opened, and when the datagram has been sent.
#[expect(
    deprecated,
    reason = "its successor is `unsafe`: it wants a descriptor that stays open, and this one is owned"
)]
fn readable(socket: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(socket, REPLIES)
}

/// Returns true if a socket could not be bound, and the cause is its port, not its address or the state of this host.
fn is_of_the_port(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

impl Network for SocketNetwork {
    fn send_datagram<'a>(
        &'a self,
        path: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>> {
        Box::pin(async move {
            let server = path.server;
            let socket = self.bind(path).map_err(|error| own(&error))?;
            rustix::net::connect(&socket, &server).map_err(|error| at_once(error.into()))?;
            let socket = readable(socket).map_err(|error| own(&error))?;
            let (message, refusal, reader) = (message.into(), Mutex::default(), AtomicWaker::new());
            let socket = Arc::new(Socket { socket, server, message, refusal, reader });
            depart(Arc::clone(&socket) as Arc<dyn Departure>);
            Ok(Box::new(SentDatagram(socket)) as Box<dyn Replies>)
        })
    }

    fn open_stream<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let server = path.server;
            let encryption = path.encryption.as_deref();
            if let Some(Encryption { protocol: EncryptedProtocol::Quic, certificate }) = encryption {
                let stream = quic::open(server, source_of(path), certificate).await?;
                return Ok(Box::new(stream) as Box<dyn Stream>);
            }
            let socket = if server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
            let socket = socket.map_err(|error| own(&error))?;
            if path.source.is_some() {
                socket.bind(SocketAddr::new(source_of(path), 0)).map_err(|error| own(&error))?;
            }
            let connection = socket.connect(server).await?;
            connection.set_nodelay(true)?;
            let Some(encryption) = encryption else {
                return Ok(Box::new(Framed::new(connection)));
            };
            let secured = tls::secure(connection, encryption).await?;
            Ok(match &encryption.protocol {
                EncryptedProtocol::Https(path) => {
                    Box::new(https::open(secured, encryption, server.port(), path).await?)
                }
                _ => Box::new(Framed::new(secured)),
            })
        })
    }
}

/// Converts an error in the preparation of a socket. Its cause is this host: no file descriptor or memory is left, or the source address does not
/// exist here. Only `EAFNOSUPPORT` (the kernel has no IPv6) counts as a missing route.
fn own(error: &io::Error) -> io::Error {
    let no_family = rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::AFNOSUPPORT);
    if no_family {
        io::ErrorKind::NetworkUnreachable.into()
    } else {
        io::Error::other(NotSent(error.to_string()))
    }
}

/// Converts the error with which the kernel refused a datagram. Errors about routes, addresses and the server are kept. The cause of any other error
/// is this host, for example full buffers or a firewall rule.
fn at_once(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::ConnectionRefused => error,
        _ => io::Error::other(NotSent(error.to_string())),
    }
}

fn source_of(path: &Path) -> IpAddr {
    path.source.unwrap_or_else(|| match path.server.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    })
}

struct Socket {
    socket: AsyncFd<OwnedFd>,
    server: SocketAddr,
    message: Box<[u8]>,
    /// The error with which the kernel refused the datagram, until `refused` returns it.
    refusal: Mutex<Option<io::Error>>,
    reader: AtomicWaker,
}

impl Departure for Socket {
    fn leave(&self) {
        if let Err(error) = rustix::net::send(self.socket.get_ref(), &self.message, SendFlags::empty()) {
            *self.refusal() = Some(at_once(error.into()));
            self.reader.wake();
        }
    }
}

impl Socket {
    fn refusal(&self) -> MutexGuard<'_, Option<io::Error>> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the error with which the kernel refuses the datagram. Never ends if the kernel accepts the datagram.
    async fn refused(&self) -> io::Error {
        poll_fn(|context| {
            self.reader.register(context.waker());
            self.refusal().take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

struct SentDatagram(Arc<Socket>);

impl Replies for SentDatagram {
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>> {
        Box::pin(async {
            let mut datagram = Vec::new();
            let read = |socket: &OwnedFd| {
                // Thousands of sockets may wait for servers that do not answer, so the buffer is allocated only when a datagram has arrived.
                datagram.reserve_exact(LARGER_THAN_OFFERED);
                Ok(rustix::net::recv(socket, spare_capacity(&mut datagram), RecvFlags::empty())?)
            };
            tokio::select! {
                biased;
                read = self.0.socket.async_io(REPLIES, read) => read?,
                refusal = self.0.refused() => return Err(refusal),
            };
            Ok((self.0.server, datagram))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Arrival;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, UdpSocket};

    const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));

    fn network() -> SocketNetwork {
        SocketNetwork::new(Random::seeded(5), SourcePorts::in_range(1_024..=u16::MAX, ""))
    }

    #[tokio::test]
    async fn datagrams_use_free_unreserved_ports() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let path = Path { server: server.local_addr().unwrap(), source: Some(SOURCE), encryption: None };
        let network = SocketNetwork::new(
            Random::seeded(5),
            SourcePorts::in_range(61_000..=61_009, "61003,61005-61006"),
        );
        let (mut held, mut ports) = (Vec::new(), Vec::new());
        let error = loop {
            match network.send_datagram(&path, b"question").await {
                Ok(replies) => held.push(replies),
                Err(error) => break error,
            }
            let (_, client) = server.recv_from(&mut [0; 16]).await.unwrap();
            ports.push(client.port());
        };
        assert!(error.get_ref().is_some_and(|inner| inner.is::<NotSent>()), "{error}");
        assert!(error.to_string().contains("resolve.source_ports"), "{error}");
        let ordered = ports.is_sorted();
        ports.sort_unstable();
        // Other programs may use two of these seven ports.
        let free = [61_000, 61_001, 61_002, 61_004, 61_007, 61_008, 61_009];
        assert!(ports.len() >= 5 && ports.iter().all(|port| free.contains(port)) && !ordered, "{ports:?}");
        network.set_ports(SourcePorts::in_range(1_024..=u16::MAX, ""));
        assert!(network.send_datagram(&path, b"question").await.is_ok());
    }

    // Each has a port of its own.
    #[tokio::test]
    async fn datagrams_use_configured_source() {
        let network = network();
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let path = Path { server: server.local_addr().unwrap(), source: Some(SOURCE), encryption: None };
        let mut ports = Vec::new();
        for _ in 0..2 {
            let mut replies = network.send_datagram(&path, b"question").await.unwrap();
            let mut datagram = [0; 16];
            let (length, client) = server.recv_from(&mut datagram).await.unwrap();
            assert_eq!((&datagram[..length], client.ip()), (b"question".as_slice(), SOURCE));
            server.send_to(b"answer", client).await.unwrap();
            assert_eq!(replies.next().await.unwrap(), (path.server, b"answer".to_vec()));
            ports.push(client.port());
        }
        assert_ne!(ports[0], ports[1]);
    }

    #[tokio::test]
    async fn streams_use_configured_source() {
        let network = network();
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let path = Path { server: server.local_addr().unwrap(), source: Some(SOURCE), encryption: None };
        let served = async {
            let (mut stream, client) = server.accept().await.unwrap();
            let mut framed = [0; 10];
            stream.read_exact(&mut framed).await.unwrap();
            stream.write_all(b"\x00\x06answer").await.unwrap();
            (framed, client.ip())
        };
        let asked = async {
            let mut stream = network.open_stream(&path).await.unwrap();
            stream.send(b"question").await.unwrap();
            stream.next().await.unwrap()
        };
        let (answer, (framed, client)) = tokio::join!(asked, served);
        assert!(matches!(answer, Arrival::Message(octets) if octets == b"answer"));
        assert_eq!((&framed, client), (b"\x00\x08question", SOURCE));
    }

    #[tokio::test]
    async fn tls_client_names_server() {
        let network = network();
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let protocol = EncryptedProtocol::Tls;
        let encryption = Encryption { certificate: "dns.example".to_owned(), protocol };
        let path =
            Path { server: server.local_addr().unwrap(), source: None, encryption: Some(encryption.into()) };
        let served = async {
            let (mut stream, _) = server.accept().await.unwrap();
            // The length of the TLS record is in octets 3 and 4 (RFC 8446 section 5.1).
            let mut head = [0; 5];
            stream.read_exact(&mut head).await.unwrap();
            let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
            stream.read_exact(&mut hello).await.unwrap();
            hello
        };
        let (opened, hello) = tokio::join!(network.open_stream(&path), served);
        assert!(opened.is_err(), "the connection was closed");
        assert!(hello.windows(11).any(|octets| octets == b"dns.example"));
    }

    #[tokio::test]
    async fn missing_source_address_is_own_fault() {
        let network = network();
        let lacking: IpAddr = "192.0.2.1".parse().unwrap();
        let path = Path { server: "127.0.0.1:9".parse().unwrap(), source: Some(lacking), encryption: None };
        let is_own = |error: &io::Error| error.get_ref().is_some_and(|inner| inner.is::<NotSent>());
        assert!(is_own(&network.send_datagram(&path, b"question").await.err().unwrap()));
        assert!(is_own(&network.open_stream(&path).await.err().unwrap()));
    }

    #[tokio::test]
    async fn unsendable_datagram_is_own_fault() {
        let network = network();
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let path = Path { server, source: None, encryption: None };
        // Longer than an IPv4 datagram may be.
        let mut replies = network.send_datagram(&path, &[0; 65_536]).await.unwrap();
        let error = replies.next().await.unwrap_err();
        assert!(error.get_ref().is_some_and(|inner| inner.is::<NotSent>()), "{error}");
    }

    #[tokio::test]
    async fn closed_port_fails_at_once() {
        let network = network();
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let path = Path { server, source: None, encryption: None };
        let mut replies = network.send_datagram(&path, b"question").await.unwrap();
        assert!(replies.next().await.is_err());
    }
}
