//! The questions in a file that the host has: a query log, a pcap file or a dnstap file.
//!
//! RFC 1035 section 4.1 (messages).
//!
//! # Decisions
//!
//! - A reader takes any octets: it never panics, and its memory does not grow with the file. What is no question is counted by its
//!   kind, so that "no questions" always has a reason.
//! - A query without RD is one of a resolver to a name server, and not one of a client.

mod captured;
mod dnstap;
mod log;
mod packet;
mod pcap;

use std::io::BufRead;

use serde::Serialize;

pub use captured::{CaptureError, Captured};

use crate::limits::MAX_CAPTURE;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureFormat {
    /// A query log of resolverd, BIND, Unbound or dnsmasq.
    Log,
    /// Packets in the classic format of libpcap.
    Pcap,
    /// Frame Streams of dnstap.
    Dnstap,
}

impl CaptureFormat {
    /// The names on the command line.
    pub const NAMES: [(&'static str, Self); 3] =
        [("log", Self::Log), ("pcap", Self::Pcap), ("dnstap", Self::Dnstap)];
}

/// The kind of a file by its first octets.
///
/// # Errors
/// A known kind that is not read.
fn detected(head: &[u8]) -> Result<CaptureFormat, CaptureError> {
    const PCAPNG: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
    if head.starts_with(&PCAPNG) {
        return Err(CaptureError::Format(
            "this is a pcapng file; convert it with `editcap -F pcap FILE NEW` or `tcpdump -r FILE -w NEW`",
        ));
    }
    let is_packed = |magic: &[u8]| head.starts_with(magic);
    if is_packed(&[0x1f, 0x8b]) || is_packed(&[0x28, 0xb5, 0x2f, 0xfd]) || is_packed(b"\xfd7zXZ") {
        return Err(CaptureError::Format(
            "this file is compressed; unpack it first, or give it as - by a pipe",
        ));
    }
    Ok(match head {
        _ if pcap::is_magic(head) => CaptureFormat::Pcap,
        // The length 0 of a control frame.
        [0, 0, 0, 0, 0, 0, ..] => CaptureFormat::Dnstap,
        _ => CaptureFormat::Log,
    })
}

/// Reads the questions of a file. Without a format it is told by its first octets.
///
/// # Errors
/// It cannot be read, or is of a kind that is not read.
pub fn read(input: impl BufRead, format: Option<CaptureFormat>) -> Result<Captured, CaptureError> {
    let mut input = input.take(MAX_CAPTURE);
    let found = detected(input.fill_buf()?)?;
    let mut captured = Captured::default();
    match format.unwrap_or(found) {
        CaptureFormat::Log => log::read(&mut input, &mut captured)?,
        CaptureFormat::Pcap => pcap::read(&mut input, &mut captured)?,
        CaptureFormat::Dnstap => dnstap::read(&mut input, &mut captured)?,
    }
    Ok(captured)
}

#[cfg(test)]
mod tests;
