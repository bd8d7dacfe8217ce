//! Reads dnstap files that any program has written: the frames of a file, and the query of a client in a frame.
//!
//! The input is not trusted. The memory for it is limited by the number of octets in the input.

use std::io::{self, Read};

use prost::Message;

use super::frames::{body_length, is_of_dnstap};
use super::schema::Dnstap;
use crate::limits::MAX_CAPTURED_FRAME;

/// A frame read from a dnstap file, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A data frame of dnstap, with its octets.
    Data(Vec<u8>),
    /// A control frame, which contains no DNS message.
    Control,
    /// A control frame that no dnstap file has.
    Foreign,
    /// The file ends within a frame, or a frame is longer than any valid one.
    Cut,
    /// The file ends after a complete frame.
    End,
}

/// Reads the next frame of a file.
///
/// # Errors
/// The input cannot be read.
pub fn next_frame(input: &mut impl Read) -> io::Result<Frame> {
    let length = match number(input)? {
        Ok(length) => length,
        Err(0) => return Ok(Frame::End),
        Err(_) => return Ok(Frame::Cut),
    };
    if length == 0 {
        let Ok(length) = number(input)? else { return Ok(Frame::Cut) };
        let [first, second, third, fourth] = length.to_be_bytes();
        let Some(length) = body_length([0, 0, 0, 0, first, second, third, fourth]) else {
            return Ok(Frame::Cut);
        };
        let body = octets(input, length)?;
        return Ok(match body.len() == length {
            false => Frame::Cut,
            true if is_of_dnstap(&body) => Frame::Control,
            true => Frame::Foreign,
        });
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MAX_CAPTURED_FRAME {
        return Ok(Frame::Cut);
    }
    let data = octets(input, length)?;
    Ok(if data.len() == length { Frame::Data(data) } else { Frame::Cut })
}

/// Reads a number of four octets. If the input ends before, the inner error is the number of octets that were read.
fn number(input: &mut impl Read) -> io::Result<Result<u32, usize>> {
    let read = octets(input, 4)?;
    Ok(read.first_chunk().map(|octets| u32::from_be_bytes(*octets)).ok_or(read.len()))
}

fn octets(input: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    input.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut octets)?;
    Ok(octets)
}

/// What a data frame of a dnstap file contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TapHeard {
    /// The octets of a query of a client.
    ClientQuery(Vec<u8>),
    /// A DNS message that is not a query of a client.
    Other,
    /// The frame cannot be decoded as the type `Dnstap` of `dnstap.proto`.
    Unreadable,
}

/// Decodes a data frame of a dnstap file, and returns what it contains.
pub fn heard(frame: &[u8]) -> TapHeard {
    match Dnstap::decode(frame) {
        Ok(frame) => frame.client_query().map_or(TapHeard::Other, TapHeard::ClientQuery),
        Err(_) => TapHeard::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_octets_are_read_safely(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut input = octets.as_slice();
            // Each frame takes at least one octet, so the input ends within this number of frames.
            for _ in 0..=octets.len() {
                match next_frame(&mut input).unwrap() {
                    Frame::End | Frame::Cut => return Ok(()),
                    Frame::Data(data) => drop(heard(&data)),
                    Frame::Control | Frame::Foreign => {}
                }
            }
            prop_assert!(false, "no end");
        }
    }
}
