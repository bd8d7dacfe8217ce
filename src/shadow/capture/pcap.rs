//! Reads the classic file format of libpcap (pcap-savefile(5)), in both byte orders, with microseconds or nanoseconds. Queries over UDP are read.
//!
//! <https://www.tcpdump.org/linktypes.html>, RFC 791, RFC 8200, RFC 768.

use std::io::{self, Read};

use super::{CaptureError, Captured, Skipped};
use crate::asked::AskedQuestion;
use crate::limits::MAX_CAPTURED_PACKET;

/// The first octets of a file, read as a big-endian number: for files with times in microseconds, and in nanoseconds.
const MAGICS: [u32; 2] = [0xa1b2_c3d4, 0xa1b2_3c4d];

/// Length of the header at the start of a file, in octets.
const FILE_HEADER: usize = 24;

/// Length of the header before each packet, in octets.
const PACKET_HEADER: usize = 16;

/// The link types that can be read, by their numbers in files. For each: the offset of the protocol number in the header of a packet (`None`: the
/// packet begins with IP), and the length of this header. The links are: loopback of BSD, Ethernet, IP alone, and two of Linux's `tcpdump -i any`.
const LINKS: [(&[u32], Option<usize>, usize); 5] = [
    (&[0, 108], None, 4),
    (&[1], Some(12), 14),
    (&[12, 14, 101, 228, 229], None, 0),
    (&[113], Some(14), 16),
    (&[276], Some(0), 20),
];

/// Returns true if the numbers in a file are little-endian, and false if they are big-endian. Returns `None` if it is not a pcap file.
fn is_swapped(head: &[u8]) -> Option<bool> {
    let number = number(head, 0, false);
    match number {
        _ if MAGICS.contains(&number) => Some(false),
        _ if MAGICS.contains(&number.swap_bytes()) => Some(true),
        _ => None,
    }
}

/// Returns true if `head`, the first octets of a file, are those of a pcap file.
pub(super) fn is_magic(head: &[u8]) -> bool {
    is_swapped(head).is_some()
}

/// Returns the number of 32 bits at the offset `at` of a header.
fn number(header: &[u8], at: usize, is_swapped: bool) -> u32 {
    let octets = header.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    if is_swapped { u32::from_le_bytes(octets) } else { u32::from_be_bytes(octets) }
}

/// Reads the next `length` octets, or fewer at the end of the input.
fn octets(input: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    input.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Reads the questions in all packets of a pcap file.
pub(super) fn read(input: &mut impl Read, captured: &mut Captured) -> Result<(), CaptureError> {
    let header = octets(input, FILE_HEADER)?;
    let is_swapped = is_swapped(&header).unwrap_or_default();
    // The upper bits of this number say if packets have checksums at their ends, so they are removed.
    let link = number(&header, 20, is_swapped) & 0x03ff_ffff;
    let Some((_, protocol, length)) = LINKS.iter().find(|(numbers, ..)| numbers.contains(&link)) else {
        return Err(CaptureError::Format(
            "the link type of this pcap file is not read; capture with `tcpdump -i any`",
        ));
    };
    loop {
        let header = octets(input, PACKET_HEADER)?;
        if header.len() < PACKET_HEADER {
            return Ok(());
        }
        let kept = usize::try_from(number(&header, 8, is_swapped)).unwrap_or(usize::MAX);
        if kept > MAX_CAPTURED_PACKET {
            // The length of this packet is wrong, so the start of the next packet is unknown.
            captured.take(Err(Skipped::Unreadable));
            return Ok(());
        }
        let packet = octets(input, kept)?;
        captured.take(query(&packet, (*protocol, *length)).unwrap_or(Err(Skipped::Unreadable)));
    }
}

fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

/// Returns the question in a packet, or why it has none. Returns `None` if the packet is truncated.
fn query(
    packet: &[u8],
    (protocol, length): (Option<usize>, usize),
) -> Option<Result<AskedQuestion, Skipped>> {
    const UDP: u8 = 17;
    let (mut protocol, mut length) = match protocol {
        Some(at) => (Some(u16_at(packet, at)?), length),
        None => (None, length),
    };
    // This number means that a VLAN tag (IEEE 802.1Q) is before the protocol number.
    if protocol == Some(0x8100) {
        protocol = Some(u16_at(packet, length + 2)?);
        length += 4;
    }
    let ip = packet.get(length..)?;
    let first = *ip.first()?;
    // Fragments of IPv4 are not read, neither the first nor later ones. Extension headers of IPv6 are not read: queries have none.
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
    // A short Ethernet frame is filled up after the end of the UDP datagram, so the datagram's own length is used.
    let end = usize::from(u16_at(datagram, 4)?);
    Some(AskedQuestion::from_message(datagram.get(8..end)?))
}
