//! A file of dnstap: the queries of clients in it.

use std::io::Read;

use super::captured::{CaptureError, Captured};
use crate::asked::AskedQuestion;
use crate::skipped::Skipped;
use resolver::dnstap::heard::{Frame, TapHeard, heard, next_frame};

/// Reads all frames.
pub(super) fn read(input: &mut impl Read, captured: &mut Captured) -> Result<(), CaptureError> {
    loop {
        match next_frame(input)? {
            Frame::End => return Ok(()),
            Frame::Foreign => {
                return Err(CaptureError::Format(
                    "this is a file of Frame Streams, but its content is not dnstap",
                ));
            }
            Frame::Control => {}
            // Where the next frame begins is not known any more.
            Frame::Cut => {
                captured.take(Err(Skipped::Cut));
                return Ok(());
            }
            Frame::Data(octets) => captured.take(match heard(&octets) {
                TapHeard::ClientQuery(message) => AskedQuestion::of_message(&message, true),
                TapHeard::Other => Err(Skipped::OtherFrame),
                TapHeard::Unreadable => Err(Skipped::Unreadable),
            }),
        }
    }
}
