//! Bounds of dnstap.

use std::time::Duration;

/// Messages that wait to be written: several times the messages of a tenth of a second, at 100 000 queries a second with 20 ms
/// between two writes.
pub(crate) const MAX_TAPPED: usize = 16_384;

/// Octets of the messages that wait. Together with the messages that are being written they are at most twice this.
pub(crate) const MAX_TAPPED_OCTETS: usize = 4 << 20;

/// The time in which messages are gathered: the task that writes them wakes 50 times a second at most.
pub(crate) const TAP_PAUSE: Duration = Duration::from_millis(20);

/// Octets of a control frame, as in the library fstrm.
pub(crate) const MAX_CONTROL_FRAME: usize = 512;

/// The longest time for a program to answer the handshake, and to take what was written: it has stopped reading after that.
pub(crate) const TAP_TIME: Duration = Duration::from_secs(5);

/// The time between two attempts to reach the program, at first and at most.
pub(crate) const TAP_RETRY: Duration = Duration::from_secs(1);

/// See `TAP_RETRY`.
pub(crate) const MAX_TAP_RETRY: Duration = Duration::from_secs(30);

/// Octets of `dnstap.identity` and `dnstap.version`: a host name has 253.
pub(crate) const MAX_TAP_WORDS: usize = 255;

/// Octets of a frame of a dnstap file: two DNS messages and some addresses.
pub(crate) const MAX_CAPTURED_FRAME: usize = 262_144;
