//! The real network: sockets of this machine.
//!
//! May call: `random`, `limits`. A datagram goes from a socket of its own, bound to a random port and connected, so
//! that the kernel checks the source and tells of unreachable servers (RFC 5452 section 9). Framing of TCP is the library's.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use hickory_net::DnsStreamHandle;
use hickory_net::runtime::iocompat::AsyncIoTokioAsStd;
use hickory_net::tcp::TcpStream;
use hickory_proto::op::SerialMessage;
use tokio::net::{TcpSocket, UdpSocket};

use super::network::{Network, Path, Replies};
use super::tls::Connections;
use crate::limits::{MAX_DATAGRAM, PORT_TRIES};
use crate::random::Random;

/// Ports below this belong to services of the machine.
const FIRST_PORT: u16 = 1_024;

/// Sockets of this machine.
pub struct Internet {
    random: Random,
    tls: Connections,
}

impl Internet {
    /// Sockets on ports drawn from `random`.
    pub fn new(random: Random) -> Self {
        Self { random, tls: Connections::default() }
    }

    /// A socket on a random port: of 64 512 rather than the kernel's 28 000. Where those tried are taken, the kernel
    /// chooses.
    async fn bind(&self, path: &Path) -> io::Result<UdpSocket> {
        let any = source_of(path);
        for _ in 0..PORT_TRIES {
            let port = self.random.u16();
            if port >= FIRST_PORT
                && let Ok(socket) = UdpSocket::bind((any, port)).await
            {
                return Ok(socket);
            }
        }
        UdpSocket::bind((any, 0)).await
    }
}

impl Network for Internet {
    fn send_datagram<'a>(
        &'a self,
        path: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Box<dyn Replies>>> {
        Box::pin(async move {
            let server = path.server;
            let socket = self.bind(path).await?;
            socket.connect(server).await?;
            socket.send(message).await?;
            Ok(Box::new(Socket { socket, server }) as Box<dyn Replies>)
        })
    }

    fn exchange_stream<'a>(
        &'a self,
        path: &'a Path,
        message: &'a [u8],
    ) -> BoxFuture<'a, io::Result<Vec<u8>>> {
        Box::pin(async move {
            if path.tls.is_some() {
                return self.tls.exchange(path, message).await;
            }
            let server = path.server;
            let socket = if server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            if path.source.is_some() {
                socket.bind(SocketAddr::new(source_of(path), 0))?;
            }
            let connection = socket.connect(server).await?;
            connection.set_nodelay(true)?;
            let (mut stream, mut handle) = TcpStream::from_stream(AsyncIoTokioAsStd(connection), server);
            handle.send(SerialMessage::new(message.to_vec(), server)).map_err(io::Error::other)?;
            match stream.next().await {
                Some(reply) => reply.map(|reply| reply.into_parts().0).map_err(io::Error::other),
                None => Err(io::ErrorKind::UnexpectedEof.into()),
            }
        })
    }
}

/// The address to send from: the configured one, or the system's choice.
fn source_of(path: &Path) -> IpAddr {
    path.source.unwrap_or_else(|| match path.server.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    })
}

struct Socket {
    socket: UdpSocket,
    server: SocketAddr,
}

impl Replies for Socket {
    fn next(&mut self) -> BoxFuture<'_, io::Result<(SocketAddr, Vec<u8>)>> {
        Box::pin(async {
            let mut datagram = Vec::with_capacity(MAX_DATAGRAM);
            self.socket.recv_buf(&mut datagram).await?;
            Ok((self.server, datagram))
        })
    }
}
