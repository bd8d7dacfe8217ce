//! Reads the questions that this host has asked from a file: a query log, a packet capture or a dnstap file.
//!
//! RFC 1035 section 4.1 (DNS messages).
//!
//! # Decisions
//!
//! - A reader accepts any octets: it never panics, and its memory use does not grow with the file. Lines and packets without a question are
//!   counted by the reason, so that the operator sees why a file has no questions.
//! - A query without the RD flag counts as a query of a resolver to a name server, not as one of a client.

mod captured;
mod log;
mod pcap;

use std::io::{BufRead, Read};

pub use self::captured::{CaptureError, Captured, Skipped};
use crate::asked::AskedQuestion;
use crate::limits::MAX_CAPTURE;
use dnstap::heard::{Frame, TapHeard, heard, next_frame};

/// The first octets of unsupported formats, and the advice to the operator.
const UNREAD: [(&[u8], &str); 3] =
    [(b"\x1f\x8b", COMPRESSED), (b"\x28\xb5\x2f\xfd", COMPRESSED), (b"\xfd7zXZ", COMPRESSED)];

const COMPRESSED: &str = "this file is compressed; unpack it first, or give it as - by a pipe";

/// Reads the questions in a file. Its first octets show its format.
///
/// # Errors
/// Fails if the file cannot be read, or if its format is not supported.
pub fn read(input: impl BufRead + Send) -> Result<Captured, CaptureError> {
    let mut input = input.take(MAX_CAPTURE);
    let mut captured = Captured::default();
    let head = input.fill_buf()?;
    if let Some((_, what)) = UNREAD.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(CaptureError::Format(what));
    }
    match head {
        _ if pcap::is_magic(head) => pcap::read(&mut input, &mut captured)?,
        // A dnstap file begins with a control frame: four octets 0, then the length of the frame.
        [0, 0, 0, 0, 0, 0, ..] => dnstap(&mut input, &mut captured)?,
        _ => log::read(&mut input, &mut captured)?,
    }
    Ok(captured)
}

fn dnstap(input: &mut impl Read, captured: &mut Captured) -> Result<(), CaptureError> {
    loop {
        let found = match next_frame(input)? {
            Frame::End => return Ok(()),
            Frame::Foreign => {
                let what = "this is a file of Frame Streams, but its content is not dnstap";
                return Err(CaptureError::Format(what));
            }
            Frame::Control => continue,
            // The start of the next frame is unknown.
            Frame::Cut => {
                captured.take(Err(Skipped::Unreadable));
                return Ok(());
            }
            Frame::Data(octets) => match heard(&octets) {
                TapHeard::ClientQuery(message) => AskedQuestion::from_message(&message),
                TapHeard::Other => Err(Skipped::NoQuery),
                TapHeard::Unreadable => Err(Skipped::Unreadable),
            },
        };
        captured.take(found);
    }
}

#[cfg(test)]
mod tests;
