//! Reads the file formats of libpcap (pcap-savefile(5)) and of Wireshark (pcapng, draft-ietf-opsawg-pcapng). Queries over UDP are read.
//!
//! <https://www.tcpdump.org/linktypes.html>, RFC 791, RFC 8200, RFC 768.

use std::io::{self, Read};

use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};

use super::Skipped;
use super::captured::{CaptureError, Captured};
use crate::asked::AskedQuestion;
use crate::limits::{CAPTURE_BUFFER, MAX_CAPTURED_BLOCK, MAX_CAPTURED_INTERFACES};

/// The first octets of a file: libpcap in both byte orders, with times in microseconds and in nanoseconds; pcapng.
const MAGICS: [&[u8]; 5] =
    [b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a"];

const DAMAGED: &str = "this file is damaged, or has a block of more than 1 MiB; `tcpdump -r FILE -w NEW` writes the packets that can be read";

/// Describes the header before an IP packet: the offset of the protocol number in this header (`None` if it has none), and the length of the
/// header.
type Link = (Option<usize>, usize);

/// The headers before IP packets, by link type: loopback of BSD, Ethernet, none, and the two formats of `tcpdump -i any` on Linux.
const LINKS: [(&[i32], Link); 5] = [
    (&[0, 108], (None, 4)),
    (&[1], (Some(12), 14)),
    (&[12, 14, 101, 228, 229], (None, 0)),
    (&[113], (Some(14), 16)),
    (&[276], (Some(0), 20)),
];

pub(super) fn is_magic(head: &[u8]) -> bool {
    MAGICS.iter().any(|magic| head.starts_with(magic))
}

pub(super) fn read(input: &mut (impl Read + Send), captured: &mut Captured) -> Result<(), CaptureError> {
    // The library looks for the whole header of the file in the first read, but the first read from a pipe may return fewer octets.
    let mut head = Vec::new();
    input.by_ref().take(CAPTURE_BUFFER as u64).read_to_end(&mut head)?;
    let Ok(mut reader) = create_reader(CAPTURE_BUFFER, head.chain(input)) else {
        captured.take(Err(Skipped::Unreadable));
        return Ok(());
    };
    let (mut links, mut room) = (Vec::new(), CAPTURE_BUFFER);
    loop {
        match reader.next() {
            Ok((length, block)) => {
                if let Some(found) = found(&block, &mut links) {
                    captured.take(found);
                }
                reader.consume(length);
            }
            Err(PcapError::Eof) => return Ok(()),
            Err(PcapError::Incomplete(_)) => {
                reader.refill().map_err(|_| io::Error::other("the file cannot be read to its end"))?;
            }
            Err(PcapError::BufferTooSmall) if room < MAX_CAPTURED_BLOCK => {
                room = MAX_CAPTURED_BLOCK;
                reader.grow(room);
            }
            Err(PcapError::UnexpectedEof) => {
                captured.take(Err(Skipped::Unreadable));
                return Ok(());
            }
            // The start of the next packet is unknown. The rest of the file could have questions that make a switch to resolverd unsafe, so
            // the file is refused.
            Err(_) => return Err(CaptureError::Format(DAMAGED)),
        }
    }
}

/// Returns the question in a packet, or why the packet was skipped. Returns `None` if the block is not a packet. `links` has the link types
/// of the interfaces that earlier blocks describe.
fn found(
    block: &PcapBlockOwned<'_>,
    links: &mut Vec<Option<Link>>,
) -> Option<Result<AskedQuestion, Skipped>> {
    let (interface, packet) = match block {
        PcapBlockOwned::LegacyHeader(header) => {
            links.push(link(header.network));
            return None;
        }
        PcapBlockOwned::NG(Block::SectionHeader(_)) => {
            links.clear();
            return None;
        }
        PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
            if links.len() < MAX_CAPTURED_INTERFACES {
                links.push(link(interface.linktype));
            }
            return None;
        }
        PcapBlockOwned::Legacy(packet) => (0, packet.data),
        PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => (packet.if_id, packet.packet_data()),
        PcapBlockOwned::NG(Block::SimplePacket(packet)) => (0, packet.packet_data()),
        PcapBlockOwned::NG(_) => return None,
    };
    Some(match usize::try_from(interface).ok().and_then(|interface| links.get(interface)) {
        Some(Some(link)) => query(packet, *link).unwrap_or(Err(Skipped::Unreadable)),
        Some(None) => Err(Skipped::LinkNotRead),
        None => Err(Skipped::Unreadable),
    })
}

/// Returns the header for a link type. The upper bits of `number` only say if packets have checksums at their end.
fn link(number: Linktype) -> Option<Link> {
    let number = number.0 & 0x03ff_ffff;
    LINKS.iter().find(|(numbers, _)| numbers.contains(&number)).map(|(_, link)| *link)
}

fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

/// Returns `None` if the packet is truncated.
fn query(packet: &[u8], (protocol, length): Link) -> Option<Result<AskedQuestion, Skipped>> {
    const UDP: u8 = 17;
    let (mut protocol, mut length) = match protocol {
        Some(at) => (Some(u16_at(packet, at)?), length),
        None => (None, length),
    };
    // A VLAN tag (IEEE 802.1Q) is before the protocol number.
    if protocol == Some(0x8100) {
        protocol = Some(u16_at(packet, length + 2)?);
        length += 4;
    }
    let ip = packet.get(length..)?;
    let first = *ip.first()?;
    // IPv4 fragments are not read. IPv6 extension headers are not read, because packets with queries have none.
    let (transport, header) = match (protocol, first >> 4) {
        (None | Some(0x0800), 4) if u16_at(ip, 6)? & 0x3fff == 0 => {
            (*ip.get(9)?, usize::from(first & 0x0f) * 4)
        }
        (None | Some(0x86dd), 6) => (*ip.get(6)?, 40),
        _ => return Some(Err(Skipped::NoQuery)),
    };
    let datagram = ip.get(header..)?;
    if transport != UDP || u16_at(datagram, 2)? != 53 {
        return Some(Err(Skipped::NoQuery));
    }
    // A short Ethernet frame has padding after the UDP datagram.
    let end = usize::from(u16_at(datagram, 4)?);
    Some(AskedQuestion::from_message(datagram.get(8..end)?))
}
