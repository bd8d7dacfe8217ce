//! Datagrams in batches: one system call reads all that have come, one sends all replies to them.
//!
//! A socket at a wildcard address is told at which of the host's addresses each datagram came (IP_PKTINFO; RFC 3542 section 6),
//! and each reply leaves from there: a client drops a reply from an address that it did not ask. The safe wrappers send such
//! replies one at a time only; a listener at an address of its own needs no such thing.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use nix::libc::{in_addr, in_pktinfo, in6_pktinfo};
use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage, recvmmsg, sendmsg,
    setsockopt,
};
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};
use smallvec::SmallVec;

use crate::limits::{MAX_QUERY, SMALL_UDP_BATCH, UDP_BATCH};

/// Who sent a datagram, and where it came in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    /// Whom the reply is for.
    pub(super) client: SocketAddr,
    /// Where the reply is to leave from; none where the socket has one address.
    local: Option<Local>,
}

/// An address of this host, as the kernel tells and takes it.
#[derive(Clone, Copy, Debug)]
enum Local {
    V4(in_pktinfo),
    V6(in6_pktinfo),
}

/// Datagrams that one call has read.
pub(super) struct QueryBatch {
    headers: MultiHeaders<SockaddrStorage>,
    octets: Box<[u8]>,
    /// Datagrams that the next call has room for: room costs, whether a datagram comes or not.
    room: usize,
    /// Of each datagram its length and its peer; none where it came from what is no address of IP.
    datagrams: Vec<(usize, Option<Peer>)>,
}

/// ReplyBatch that one call will send.
pub(super) struct ReplyBatch {
    /// As many buffers as a batch has datagrams; the first ones hold replies.
    buffers: Vec<Vec<u8>>,
    peers: Vec<Peer>,
}

/// Has the kernel tell at which address each datagram comes to `socket`, where it may be more than one.
pub(super) fn tell_local(socket: &UdpSocket) -> io::Result<()> {
    match socket.local_addr()?.ip() {
        IpAddr::V4(address) if address.is_unspecified() => Ok(setsockopt(socket, Ipv4PacketInfo, &true)?),
        IpAddr::V6(address) if address.is_unspecified() => Ok(setsockopt(socket, Ipv6RecvPacketInfo, &true)?),
        _ => Ok(()),
    }
}

/// Sends one reply.
///
/// # Errors
/// The kernel has no room for it, or no way to the client.
pub(super) fn send(socket: &UdpSocket, reply: &[u8], peer: &Peer) -> io::Result<()> {
    let Some(local) = &peer.local else { return socket.send_to(reply, peer.client).map(drop) };
    let local = match local {
        Local::V4(info) => ControlMessage::Ipv4PacketInfo(info),
        Local::V6(info) => ControlMessage::Ipv6PacketInfo(info),
    };
    let client = SockaddrStorage::from(peer.client);
    sendmsg(socket.as_raw_fd(), &[IoSlice::new(reply)], &[local], MsgFlags::empty(), Some(&client))?;
    Ok(())
}

impl QueryBatch {
    pub(super) fn new() -> Self {
        // What is told of an address of IPv4 is shorter.
        let told = nix::cmsg_space!(in6_pktinfo);
        Self {
            headers: MultiHeaders::preallocate(UDP_BATCH, Some(told)),
            octets: vec![0; UDP_BATCH.saturating_mul(MAX_QUERY)].into_boxed_slice(),
            room: SMALL_UDP_BATCH,
            datagrams: Vec::with_capacity(UDP_BATCH),
        }
    }

    /// Reads what has come, at most a batch, in the place of what was read before; whether that was all.
    ///
    /// # Errors
    /// Nothing has come, or a past reply brought an error back.
    pub(super) fn receive(&mut self, socket: &UdpSocket) -> io::Result<bool> {
        self.datagrams.clear();
        let mut places = self.octets.chunks_exact_mut(MAX_QUERY).take(self.room);
        let mut slices: [[IoSliceMut<'_>; 1]; UDP_BATCH] =
            std::array::from_fn(|_| [IoSliceMut::new(places.next().unwrap_or_default())]);
        let room = slices.iter_mut().take(self.room);
        let read = recvmmsg(socket.as_raw_fd(), &mut self.headers, room, MsgFlags::MSG_DONTWAIT, None)?;
        self.datagrams.extend(read.map(|datagram| (datagram.bytes, peer(&datagram))));
        let all = self.datagrams.len() < self.room;
        self.room = next_room(self.room, self.datagrams.len());
        Ok(all)
    }

    /// What was read, in the order in which it came.
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

    /// Where the next reply is written; none where a batch of them waits.
    pub(super) fn buffer(&mut self) -> Option<&mut Vec<u8>> {
        self.buffers.get_mut(self.peers.len())
    }

    /// What stands in that buffer is for `peer`.
    pub(super) fn push(&mut self, peer: Peer) {
        self.peers.push(peer);
    }

    /// Sends them all: how many the kernel did not take.
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

/// Sends replies that need no local address: how many the kernel did not take.
fn send_all(socket: &UdpSocket, replies: &[Vec<u8>], peers: &[Peer]) -> usize {
    type Batch<T> = SmallVec<[T; UDP_BATCH]>;
    let clients: Batch<SocketAddrAny> = peers.iter().map(|peer| peer.client.into()).collect();
    let slices: Batch<[IoSlice<'_>; 1]> = replies.iter().map(|reply| [IoSlice::new(reply)]).collect();
    let mut nothing: Batch<SendAncillaryBuffer<'_, '_, '_>> =
        peers.iter().map(|_| SendAncillaryBuffer::default()).collect();
    let parts = clients.iter().zip(&slices).zip(&mut nothing);
    let mut messages: Batch<MMsgHdr<'_>> =
        parts.map(|((client, slice), nothing)| MMsgHdr::new_with_addr(client, slice, nothing)).collect();
    let (mut left, mut lost) = (messages.as_mut_slice(), 0_usize);
    while !left.is_empty() {
        // An error is that of the first one left; those behind it may be taken.
        let sent = sendmmsg(socket, left, SendFlags::DONTWAIT).unwrap_or_else(|_| {
            lost = lost.saturating_add(1);
            1
        });
        left = left.get_mut(sent.max(1)..).unwrap_or_default();
    }
    lost
}

/// Datagrams that the next call is to have room for, after one that had room for `before` and read so many.
fn next_room(before: usize, read: usize) -> usize {
    if read == before {
        UDP_BATCH
    } else if read < SMALL_UDP_BATCH {
        SMALL_UDP_BATCH
    } else {
        before
    }
}

fn peer(datagram: &RecvMsg<'_, '_, SockaddrStorage>) -> Option<Peer> {
    let address = datagram.address?;
    let v4 = address.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
    let v6 = || address.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into()));
    Some(Peer { client: v4.or_else(v6)?, local: local(datagram) })
}

fn local(datagram: &RecvMsg<'_, '_, SockaddrStorage>) -> Option<Local> {
    datagram.cmsgs().ok()?.find_map(|told| match told {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            // The way back is the kernel's to choose.
            Some(Local::V4(in_pktinfo { ipi_ifindex: 0, ipi_addr: in_addr { s_addr: 0 }, ..info }))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => {
            let address = std::net::Ipv6Addr::from(info.ipi6_addr.s6_addr);
            // An address of one link means nothing without its interface (RFC 4007 section 6).
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
        assert_eq!(next_room(UDP_BATCH, SMALL_UDP_BATCH), UDP_BATCH);
        assert_eq!(next_room(UDP_BATCH, SMALL_UDP_BATCH - 1), SMALL_UDP_BATCH);
    }
}
