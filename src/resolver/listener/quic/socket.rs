//! The UDP socket of a listening address, as the QUIC library uses it. Each datagram is read separately.
//!
//! The QUIC library (`quinn`) has buffers for 32 datagrams. If the kernel may join datagrams of one client (generic receive offload), each
//! buffer has room for 64 datagrams, and the buffers take 3 MB for each address. DNS queries are short. Therefore datagrams are not joined,
//! and the buffers take 47 KB.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::UdpGroSegment;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, Runtime, TokioRuntime, UdpPoller};

#[derive(Debug)]
struct SingleDatagrams(Arc<dyn AsyncUdpSocket>);

pub(super) fn single_datagrams(socket: &UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
    let read = TokioRuntime.wrap_udp_socket(socket.try_clone()?)?;
    // The QUIC library has allowed the kernel to join datagrams. A kernel without this option joins none.
    let _ = setsockopt(socket, UdpGroSegment, &false);
    Ok(Arc::new(SingleDatagrams(read)))
}

impl AsyncUdpSocket for SingleDatagrams {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.0).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.0.try_send(transmit)
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        into: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_recv(context, into, metas)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.0.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        1
    }

    fn may_fragment(&self) -> bool {
        self.0.may_fragment()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::getsockopt;

    // The buffer has room for one datagram in each read.
    #[tokio::test]
    async fn received_datagrams_are_not_coalesced() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let read = single_datagrams(&socket).unwrap();
        assert_eq!(read.max_receive_segments(), 1);
        assert!(!getsockopt(&socket, UdpGroSegment).unwrap_or(false));
    }
}
