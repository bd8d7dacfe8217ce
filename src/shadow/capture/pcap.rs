//! The classic file format of libpcap (pcap-savefile(5)): both byte orders, microseconds and nanoseconds.

use std::io::Read;

use super::captured::{CaptureError, Captured, fill, octets};
use super::packet::{Link, query};
use crate::limits::MAX_CAPTURED_PACKET;
use crate::skipped::Skipped;

/// The first octets, read as a big-endian number: of microseconds and of nanoseconds.
const MAGICS: [u32; 2] = [0xa1b2_c3d4, 0xa1b2_3c4d];

/// Octets of the header of a file without the magic number.
const FILE_HEADER: usize = 20;

/// Octets of the header of a packet.
const PACKET_HEADER: usize = 16;

/// The byte order of a file; none if it is no pcap file.
fn is_swapped(magic: [u8; 4]) -> Option<bool> {
    let number = u32::from_be_bytes(magic);
    match number {
        _ if MAGICS.contains(&number) => Some(false),
        _ if MAGICS.contains(&number.swap_bytes()) => Some(true),
        _ => None,
    }
}

/// Whether these are the first octets of a file of this format.
pub(super) fn is_magic(head: &[u8]) -> bool {
    head.first_chunk().is_some_and(|magic| is_swapped(*magic).is_some())
}

/// A number of a header.
fn number(header: &[u8], at: usize, is_swapped: bool) -> u32 {
    let octets = header.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    if is_swapped { u32::from_le_bytes(octets) } else { u32::from_be_bytes(octets) }
}

/// Reads all packets.
pub(super) fn read(input: &mut impl Read, captured: &mut Captured) -> Result<(), CaptureError> {
    let mut magic = [0; 4];
    let is_there = fill(input, &mut magic)?;
    let Some(is_swapped) = is_swapped(magic).filter(|_| is_there) else {
        return Err(CaptureError::Format("this is no pcap file"));
    };
    let mut header = [0; FILE_HEADER];
    if !fill(input, &mut header)? {
        return Err(CaptureError::Format("this pcap file ends in its header"));
    }
    // The upper bits tell of checksums of the link.
    let number_of_link = number(&header, 16, is_swapped) & 0x03ff_ffff;
    let link = Link::of(number_of_link);
    let mut header = [0; PACKET_HEADER];
    while fill(input, &mut header)? {
        let [kept, whole] =
            [8, 12].map(|at| usize::try_from(number(&header, at, is_swapped)).unwrap_or(usize::MAX));
        if kept > MAX_CAPTURED_PACKET {
            // Where the next packet begins is not known any more.
            captured.take(Err(Skipped::Cut));
            return Ok(());
        }
        let packet = octets(input, kept)?;
        let is_whole = packet.len() == kept && kept >= whole;
        match link {
            Some(link) => captured.take(query(&packet, link, is_whole)),
            None => {
                if !captured.unknown_links.contains(&number_of_link) {
                    captured.unknown_links.push(number_of_link);
                }
                captured.take(Err(Skipped::UnknownLink));
            }
        }
    }
    Ok(())
}
