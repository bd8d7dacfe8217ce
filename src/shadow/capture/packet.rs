//! The query in a packet, from the link up: <https://www.tcpdump.org/linktypes.html>, RFC 791, RFC 8200, RFC 768.

use crate::asked::AskedQuestion;
use crate::limits::{MAX_EXTENSION_HEADERS, MAX_VLAN_TAGS};
use crate::skipped::Skipped;

/// The port of DNS.
const DNS: u16 = 53;

/// A kind of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// BSD loopback: the family of the address in the byte order of the capturing host.
    Null,
    /// Ethernet, also with VLAN tags.
    Ethernet,
    /// IPv4 or IPv6 without a header of the link.
    Raw,
    /// Linux "cooked" (tcpdump -i any), version 1.
    Cooked,
    /// Linux "cooked", version 2.
    Cooked2,
}

impl Link {
    /// The link by its number in the file; none if it is not known.
    pub(super) const fn of(number: u32) -> Option<Self> {
        Some(match number {
            0 | 108 => Self::Null,
            1 => Self::Ethernet,
            12 | 14 | 101 | 228 | 229 => Self::Raw,
            113 => Self::Cooked,
            276 => Self::Cooked2,
            _ => return None,
        })
    }
}

/// Octets of a packet, read from its begin.
struct Octets<'p> {
    rest: &'p [u8],
    is_whole: bool,
}

impl<'p> Octets<'p> {
    /// The next octets.
    ///
    /// # Errors
    /// There are not so many.
    fn take(&mut self, count: usize) -> Result<&'p [u8], Skipped> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else { return Err(self.short()) };
        self.rest = rest;
        Ok(taken)
    }

    const fn short(&self) -> Skipped {
        if self.is_whole { Skipped::Unreadable } else { Skipped::Cut }
    }

    fn u8(&mut self) -> Result<u8, Skipped> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    fn u16(&mut self) -> Result<u16, Skipped> {
        Ok(self.take(2)?.first_chunk().copied().map(u16::from_be_bytes).unwrap_or_default())
    }
}

/// The question of a packet.
///
/// # Errors
/// It has none of a client.
pub(super) fn query(packet: &[u8], link: Link, is_whole: bool) -> Result<AskedQuestion, Skipped> {
    let mut octets = Octets { rest: packet, is_whole };
    let protocol = match link {
        Link::Raw => None,
        Link::Null => {
            octets.take(4)?;
            None
        }
        Link::Ethernet => {
            octets.take(12)?;
            Some(octets.u16()?)
        }
        Link::Cooked => {
            octets.take(14)?;
            Some(octets.u16()?)
        }
        Link::Cooked2 => {
            let protocol = octets.u16()?;
            octets.take(18)?;
            Some(protocol)
        }
    };
    ip(behind_tags(protocol, &mut octets)?, &mut octets)
}

/// The protocol behind the tags of VLANs (IEEE 802.1Q and 802.1ad).
fn behind_tags(mut protocol: Option<u16>, octets: &mut Octets<'_>) -> Result<Option<u16>, Skipped> {
    for _ in 0..MAX_VLAN_TAGS {
        if !matches!(protocol, Some(0x8100 | 0x88a8 | 0x9100)) {
            break;
        }
        octets.take(2)?;
        protocol = Some(octets.u16()?);
    }
    Ok(protocol)
}

/// The question of an IP packet. `protocol` is the number of the link for it, if the link has one.
fn ip(protocol: Option<u16>, octets: &mut Octets<'_>) -> Result<AskedQuestion, Skipped> {
    let first = octets.u8()?;
    match (protocol, first >> 4) {
        (None | Some(0x0800), 4) => ipv4(first, octets),
        (None | Some(0x86dd), 6) => ipv6(octets),
        _ => Err(Skipped::NotIp),
    }
}

fn ipv4(first: u8, octets: &mut Octets<'_>) -> Result<AskedQuestion, Skipped> {
    let header = usize::from(first & 0x0f) * 4;
    octets.take(1)?;
    let length = usize::from(octets.u16()?);
    octets.take(2)?;
    let fragment = octets.u16()?;
    octets.take(1)?;
    let transport = octets.u8()?;
    // More fragments, or not the first.
    if fragment & 0x3fff != 0 {
        return Err(Skipped::Fragment);
    }
    let options = header.checked_sub(20).ok_or(Skipped::Unreadable)?;
    octets.take(10 + options)?;
    // Network cards that segment themselves show the length 0.
    if length != 0 {
        until(length.checked_sub(header).ok_or(Skipped::Unreadable)?, octets);
    }
    transported(transport, octets)
}

/// Cuts what is behind the packet: Ethernet fills short frames.
fn until(length: usize, octets: &mut Octets<'_>) {
    octets.is_whole |= octets.rest.len() >= length;
    octets.rest = octets.rest.get(..length).unwrap_or(octets.rest);
}

fn ipv6(octets: &mut Octets<'_>) -> Result<AskedQuestion, Skipped> {
    octets.take(3)?;
    let length = usize::from(octets.u16()?);
    let mut next = octets.u8()?;
    octets.take(33)?;
    if length != 0 {
        until(length, octets);
    }
    for _ in 0..MAX_EXTENSION_HEADERS {
        match next {
            // Hop-by-hop options, routing, destination options.
            0 | 43 | 60 => {
                next = octets.u8()?;
                let length = usize::from(octets.u8()?);
                octets.take(6 + length * 8)?;
            }
            44 => {
                next = octets.u8()?;
                octets.take(1)?;
                // An atomic fragment is a whole packet (RFC 6946).
                if octets.u16()? & 0xfff9 != 0 {
                    return Err(Skipped::Fragment);
                }
                octets.take(4)?;
            }
            _ => break,
        }
    }
    transported(next, octets)
}

fn transported(transport: u8, octets: &mut Octets<'_>) -> Result<AskedQuestion, Skipped> {
    const TCP: u8 = 6;
    const UDP: u8 = 17;
    if ![TCP, UDP].contains(&transport) {
        return Err(Skipped::OtherPort);
    }
    let (from, to) = (octets.u16()?, octets.u16()?);
    match (transport, from, to) {
        (TCP, DNS, _) | (TCP, _, DNS) => return Err(Skipped::OverTcp),
        (UDP, _, DNS) => {}
        (UDP, DNS, _) => return Err(Skipped::Response),
        _ => return Err(Skipped::OtherPort),
    }
    let length = usize::from(octets.u16()?).checked_sub(8).ok_or(Skipped::Unreadable)?;
    octets.take(2)?;
    until(length, octets);
    let is_whole = octets.is_whole && octets.rest.len() == length;
    AskedQuestion::of_message(octets.rest, is_whole)
}
