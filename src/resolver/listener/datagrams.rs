//! Reads and sends UDP datagrams in batches: one system call reads all datagrams that have arrived, and one sends all
//! replies.
//!
//! If a socket is bound to a wildcard address, the kernel reports the local address of each datagram (IP_PKTINFO; RFC
//! 3542 section 6). The reply is sent from this address, because a client drops a reply from another address. Such
//! replies are sent with one system call each, because the safe wrapper for several replies cannot set their local
//! addresses. A listener at a single address does not need this.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::libc::{in_addr, in_pktinfo, in6_pktinfo};
use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrIn, SockaddrIn6,
    SockaddrStorage, recvmmsg, sendmsg, setsockopt,
};
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg, sendto};
use smallvec::SmallVec;

use crate::limits::{MAX_QUERY, MIDDLE_UDP_BATCH, READ_WAIT, SMALL_UDP_BATCH, UDP_BATCH};

/// Says whether a read from the socket waits until a datagram arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadWait {
    /// The read does not wait.
    None,
    /// The read waits for a datagram, for at most `READ_WAIT`.
    Short,
}

/// The result of a read from the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadDatagrams {
    /// No datagram had arrived at the socket.
    None,
    /// All datagrams that had arrived at the socket were read.
    All,
    /// The batch is full, or the kernel reported an error about an earlier reply. More datagrams may be waiting in the
    /// socket.
    Some,
}

/// An array with one part for each datagram of a batch. It is filled in place, because `collect` would move all 64 parts
/// afterwards: four such moves took a sixth of the instructions of a cache hit.
type OnStack<T> = SmallVec<[T; UDP_BATCH]>;

/// The sender of a datagram, and the local address at which it arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    /// The address to which the reply goes.
    pub(super) client: SocketAddr,
    /// The local address from which the reply is sent. `None` if the socket is bound to a single address.
    local: Option<Local>,
}

/// An address of this host at which a datagram arrived, in the form that the kernel uses.
#[derive(Clone, Copy, Debug)]
enum Local {
    V4(in_pktinfo),
    V6(in6_pktinfo),
}

/// The datagrams that one system call has read, with the buffers for them.
pub(super) struct QueryBatch {
    headers: Headers,
    /// True if the kernel reports the local address of each datagram.
    has_local: bool,
    octets: Box<[u8]>,
    /// The number of datagrams for which the next system call offers buffers. It is small at low rates, because unused buffers also cost time.
    room: usize,
    /// The length and the sender of each datagram. The sender is `None` if it has no IP address.
    datagrams: Vec<(usize, Option<Peer>)>,
}

/// The headers of a batch for the system call, for IPv4 or IPv6. Reading an address takes fewer steps if its family is known.
enum Headers {
    V4(MultiHeaders<SockaddrIn>),
    V6(MultiHeaders<SockaddrIn6>),
}

/// The replies that one system call will send.
pub(super) struct ReplyBatch {
    /// The buffers for the datagrams of a batch. The first buffers contain the replies that will be sent.
    buffers: Vec<Vec<u8>>,
    peers: Vec<Peer>,
}

/// Prepares a socket for batches. If `socket` is bound to a wildcard address, the kernel will report the local address
/// of each datagram. A read that waits will end after `READ_WAIT`. If another process that shares the socket makes it
/// non-blocking again, no read waits.
///
/// # Errors
/// The kernel refuses a socket option.
pub(super) fn prepare(socket: &UdpSocket) -> io::Result<()> {
    socket.set_nonblocking(false)?;
    socket.set_read_timeout(Some(READ_WAIT))?;
    report_local(socket)
}

fn report_local(socket: &UdpSocket) -> io::Result<()> {
    match socket.local_addr()?.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ok(setsockopt(socket, Ipv4PacketInfo, &true)?),
        IpAddr::V6(address) if address.is_unspecified() => Ok(setsockopt(socket, Ipv6RecvPacketInfo, &true)?),
        _ => Ok(()),
    }
}

/// Sends one reply.
///
/// # Errors
/// The kernel has no room for the reply, or no route to the client.
pub(super) fn send(socket: &UdpSocket, reply: &[u8], peer: &Peer) -> io::Result<()> {
    let Some(local) = &peer.local else {
        sendto(socket, reply, SendFlags::DONTWAIT, &peer.client)?;
        return Ok(());
    };
    let local = match local {
        Local::V4(info) => ControlMessage::Ipv4PacketInfo(info),
        Local::V6(info) => ControlMessage::Ipv6PacketInfo(info),
    };
    let client = SockaddrStorage::from(peer.client);
    sendmsg(socket.as_raw_fd(), &[IoSlice::new(reply)], &[local], MsgFlags::MSG_DONTWAIT, Some(&client))?;
    Ok(())
}

impl QueryBatch {
    /// Creates the buffers for batches of a socket that is bound to the address `local`.
    pub(super) fn new(local: SocketAddr) -> Self {
        let has_local = local.ip().is_unspecified();
        // The size of the buffer in which the kernel reports the local address of a datagram. The size for IPv6 is also enough for IPv4.
        let control = has_local.then(|| nix::cmsg_space!(in6_pktinfo));
        let headers = match local {
            SocketAddr::V4(_) => Headers::V4(MultiHeaders::preallocate(UDP_BATCH, control)),
            SocketAddr::V6(_) => Headers::V6(MultiHeaders::preallocate(UDP_BATCH, control)),
        };
        Self {
            headers,
            has_local,
            octets: vec![0; UDP_BATCH.saturating_mul(MAX_QUERY)].into_boxed_slice(),
            room: SMALL_UDP_BATCH,
            datagrams: Vec::with_capacity(UDP_BATCH),
        }
    }

    /// Reads at most one batch of datagrams, which replaces the previous batch.
    pub(super) fn receive(&mut self, socket: &UdpSocket, wait: ReadWait) -> ReadDatagrams {
        let read = match self.room {
            SMALL_UDP_BATCH => self.read::<SMALL_UDP_BATCH>(socket, wait),
            MIDDLE_UDP_BATCH => self.read::<MIDDLE_UDP_BATCH>(socket, wait),
            _ => self.read::<UDP_BATCH>(socket, wait),
        };
        let (room, read) = match read {
            Ok(()) => (self.room, self.datagrams.len()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return ReadDatagrams::None,
            // The error belongs to an earlier reply (port unreachable), so the read must be repeated.
            Err(_) => return ReadDatagrams::Some,
        };
        self.room = next_room(room, read);
        if read < room { ReadDatagrams::All } else { ReadDatagrams::Some }
    }

    /// Reads at most `ROOM` datagrams with one system call.
    fn read<const ROOM: usize>(&mut self, socket: &UdpSocket, wait: ReadWait) -> io::Result<()> {
        self.datagrams.clear();
        let mut places = self.octets.chunks_exact_mut(MAX_QUERY);
        let mut slices: [[IoSliceMut<'_>; 1]; ROOM] =
            std::array::from_fn(|_| [IoSliceMut::new(places.next().unwrap_or_default())]);
        let flags = match wait {
            ReadWait::None => MsgFlags::MSG_DONTWAIT,
            ReadWait::Short => MsgFlags::MSG_WAITFORONE,
        };
        let (socket, room) = (socket.as_raw_fd(), slices.iter_mut());
        match &mut self.headers {
            Headers::V4(headers) => {
                let read = recvmmsg(socket, headers, room, flags, None)?;
                let client = |address: SockaddrIn| SocketAddr::V4(address.into());
                self.datagrams.extend(read.map(|datagram| arrived(&datagram, client, self.has_local)));
            }
            Headers::V6(headers) => {
                let read = recvmmsg(socket, headers, room, flags, None)?;
                let client = |address: SockaddrIn6| SocketAddr::V6(address.into());
                self.datagrams.extend(read.map(|datagram| arrived(&datagram, client, self.has_local)));
            }
        }
        Ok(())
    }

    /// Returns how many datagrams the batch has.
    pub(super) fn len(&self) -> usize {
        self.datagrams.len()
    }

    /// Returns the datagrams of the batch with their senders, in the order of arrival.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], Peer)> {
        let places = self.octets.chunks_exact(MAX_QUERY);
        places
            .zip(&self.datagrams)
            .filter_map(|(place, (length, peer))| Some((place.get(..*length)?, (*peer)?)))
    }
}

impl ReplyBatch {
    pub(super) fn new() -> Self {
        Self { buffers: vec![Vec::new(); UDP_BATCH], peers: Vec::with_capacity(UDP_BATCH) }
    }

    /// Returns the buffer for the next reply, or `None` if the batch has the greatest number of replies.
    pub(super) fn buffer(&mut self) -> Option<&mut Vec<u8>> {
        self.buffers.get_mut(self.peers.len())
    }

    /// Adds the reply that was written to the buffer returned by `buffer`. `peer` receives it.
    pub(super) fn push(&mut self, peer: Peer) {
        self.peers.push(peer);
    }

    /// Sends all replies of the batch. Returns the number of replies that the kernel did not accept.
    pub(super) fn send(&mut self, socket: &UdpSocket) -> usize {
        let replies = self.buffers.iter().zip(&self.peers);
        let lost = match self.peers.as_slice() {
            [] => 0,
            [_] => replies.filter(|(reply, peer)| send(socket, reply, peer).is_err()).count(),
            [first, ..] if first.local.is_some() => {
                replies.filter(|(reply, peer)| send(socket, reply, peer).is_err()).count()
            }
            _ => send_all(socket, &self.buffers, &self.peers),
        };
        self.peers.clear();
        lost
    }
}

/// Sends replies from the address of the socket. Returns the number of replies that the kernel did not accept.
fn send_all(socket: &UdpSocket, replies: &[Vec<u8>], peers: &[Peer]) -> usize {
    let mut clients: OnStack<SocketAddrAny> = SmallVec::new();
    clients.extend(peers.iter().map(|peer| peer.client.into()));
    let mut slices: OnStack<[IoSlice<'_>; 1]> = SmallVec::new();
    slices.extend(replies.iter().zip(peers).map(|(reply, _)| [IoSlice::new(reply)]));
    let mut nothing: OnStack<SendAncillaryBuffer<'_, '_, '_>> = SmallVec::new();
    nothing.extend(peers.iter().map(|_| SendAncillaryBuffer::default()));
    let parts = clients.iter().zip(&slices).zip(&mut nothing);
    let mut messages: OnStack<MMsgHdr<'_>> = SmallVec::new();
    messages.extend(parts.map(|((client, slice), nothing)| MMsgHdr::new_with_addr(client, slice, nothing)));
    let (mut left, mut lost) = (messages.as_mut_slice(), 0_usize);
    while !left.is_empty() {
        // The error belongs to the first of the remaining replies. The kernel may accept the replies after it.
        let sent = sendmmsg(socket, left, SendFlags::DONTWAIT).unwrap_or_else(|_| {
            lost = lost.saturating_add(1);
            1
        });
        left = left.get_mut(sent.max(1)..).unwrap_or_default();
    }
    lost
}

/// Returns the number of datagrams for which the next read offers buffers. The last read offered `before` buffers, and
/// `read` of them were used.
fn next_room(before: usize, read: usize) -> usize {
    match read {
        _ if read == before => UDP_BATCH,
        0..SMALL_UDP_BATCH => SMALL_UDP_BATCH,
        SMALL_UDP_BATCH..MIDDLE_UDP_BATCH => MIDDLE_UDP_BATCH,
        _ => UDP_BATCH,
    }
}

/// Returns the length and the sender of a datagram.
fn arrived<Address: Copy>(
    datagram: &RecvMsg<'_, '_, Address>,
    client: impl Fn(Address) -> SocketAddr,
    has_local: bool,
) -> (usize, Option<Peer>) {
    let local = if has_local { local(datagram) } else { None };
    (datagram.bytes, datagram.address.map(|address| Peer { client: client(address), local }))
}

fn local<Address>(datagram: &RecvMsg<'_, '_, Address>) -> Option<Local> {
    datagram.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            // The interface is not set, so the kernel chooses it for the reply.
            Some(Local::V4(in_pktinfo { ipi_ifindex: 0, ipi_addr: in_addr { s_addr: 0 }, ..info }))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => {
            let address = std::net::Ipv6Addr::from(info.ipi6_addr.s6_addr);
            // A link-local address is valid only together with its interface (RFC 4007 section 6).
            let interface = if address.is_unicast_link_local() { info.ipi6_ifindex } else { 0 };
            Some(Local::V6(in6_pktinfo { ipi6_ifindex: interface, ..info }))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_of_a_batch_follows_the_datagrams_that_come() {
        assert_eq!(next_room(SMALL_UDP_BATCH, 1), SMALL_UDP_BATCH);
        assert_eq!(next_room(SMALL_UDP_BATCH, SMALL_UDP_BATCH), UDP_BATCH, "more may be waiting");
        assert_eq!(next_room(UDP_BATCH, UDP_BATCH), UDP_BATCH);
        assert_eq!(next_room(UDP_BATCH, MIDDLE_UDP_BATCH), UDP_BATCH);
        assert_eq!(next_room(UDP_BATCH, SMALL_UDP_BATCH), MIDDLE_UDP_BATCH);
        assert_eq!(next_room(MIDDLE_UDP_BATCH, MIDDLE_UDP_BATCH), UDP_BATCH);
        assert_eq!(next_room(UDP_BATCH, SMALL_UDP_BATCH - 1), SMALL_UDP_BATCH);
    }
}
