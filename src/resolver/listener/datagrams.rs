//! Reads and sends UDP datagrams in batches: one system call reads all datagrams that have arrived, and one sends all
//! replies.
//!
//! If a socket is bound to a wildcard address, the kernel reports the local address of each datagram (IP_PKTINFO; RFC 3542 section 6). The
//! reply is sent from this address, because a client drops a reply from another address. Such replies need one system call each, because
//! the safe wrapper for several replies cannot set their local addresses.

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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadWait {
    None,
    /// Waits for at most `READ_WAIT`.
    Short,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadDatagrams {
    None,
    All,
    /// Some datagrams were read, and more may have arrived: the batch is full, or the kernel reported an error about an earlier reply.
    Some,
}

/// An array with one element for each datagram of a batch. It is filled in place, because `collect` moves such an array four times, which took a
/// sixth of the instructions of a cache hit.
type OnStack<T> = SmallVec<[T; UDP_BATCH]>;

/// The sender of a datagram, and the local address at which it arrived.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) client: SocketAddr,
    /// The address from which the reply is sent. `None` if the socket is bound to a single address.
    local: Option<Local>,
}

/// The address of this host at which a datagram arrived, as the kernel reports it.
#[derive(Clone, Copy, Debug)]
enum Local {
    V4(in_pktinfo),
    V6(in6_pktinfo),
}

pub(super) struct QueryBatch {
    headers: Headers,
    has_local: bool,
    octets: Box<[u8]>,
    /// The number of datagrams for which the next system call offers buffers. It is small at low rates, because even unused buffers cost time.
    room: usize,
    /// The length of each datagram in octets, and its sender. The sender is `None` if it has no IP address.
    datagrams: Vec<(usize, Option<Peer>)>,
}

/// The headers of a batch for the system call. There is a variant for each address family, because reading an address takes fewer steps if its
/// family is known.
enum Headers {
    V4(MultiHeaders<SockaddrIn>),
    V6(MultiHeaders<SockaddrIn6>),
}

pub(super) struct ReplyBatch {
    buffers: Vec<Vec<u8>>,
    peers: Vec<Peer>,
}

/// Prepares a socket for batches: the kernel reports local addresses, and a read waits for at most `READ_WAIT`. If another process that
/// shares the socket makes it non-blocking again, no read waits.
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
    pub(super) fn new(local: SocketAddr) -> Self {
        let has_local = local.ip().is_unspecified();
        // The size for IPv6 is also enough for IPv4.
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
            // The error is about an earlier reply (port unreachable), and not about reading. More datagrams may wait.
            Err(_) => return ReadDatagrams::Some,
        };
        self.room = next_room(room, read);
        if read < room { ReadDatagrams::All } else { ReadDatagrams::Some }
    }

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

    pub(super) fn len(&self) -> usize {
        self.datagrams.len()
    }

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

    pub(super) fn push(&mut self, peer: Peer) {
        self.peers.push(peer);
    }

    /// Sends the replies. Returns the number of replies that the kernel did not accept.
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

/// Returns the number of replies that the kernel did not accept.
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

/// Returns the number of buffers for the next read, if the last read offered `before` buffers and filled `read` of them.
fn next_room(before: usize, read: usize) -> usize {
    match read {
        _ if read == before => UDP_BATCH,
        0..SMALL_UDP_BATCH => SMALL_UDP_BATCH,
        SMALL_UDP_BATCH..MIDDLE_UDP_BATCH => MIDDLE_UDP_BATCH,
        _ => UDP_BATCH,
    }
}

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
            // The interface is not set, so that the kernel chooses the interface of the reply.
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
    fn batch_size_follows_arriving_datagrams() {
        assert_eq!(next_room(SMALL_UDP_BATCH, 1), SMALL_UDP_BATCH);
        assert_eq!(next_room(SMALL_UDP_BATCH, SMALL_UDP_BATCH), UDP_BATCH, "more may be waiting");
        assert_eq!(next_room(UDP_BATCH, UDP_BATCH), UDP_BATCH);
        assert_eq!(next_room(UDP_BATCH, MIDDLE_UDP_BATCH), UDP_BATCH);
        assert_eq!(next_room(UDP_BATCH, SMALL_UDP_BATCH), MIDDLE_UDP_BATCH);
        assert_eq!(next_room(MIDDLE_UDP_BATCH, MIDDLE_UDP_BATCH), UDP_BATCH);
        assert_eq!(next_room(UDP_BATCH, SMALL_UDP_BATCH - 1), SMALL_UDP_BATCH);
    }
}
