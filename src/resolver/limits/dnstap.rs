//! Bounds of dnstap.

use std::time::Duration;

/// The number of messages that wait to be written. It is several times the number of messages that arrive in a tenth of a second at
/// 100 000 queries a second, with 20 ms between two writes.
pub(crate) const MAX_TAPPED: usize = 16_384;

/// The size of the messages that wait, in octets. Together with the messages that are being written, they take at most twice this.
pub(crate) const MAX_TAPPED_OCTETS: usize = 4 << 20;

/// The time for which messages are gathered. The task that writes them wakes at most 50 times a second.
pub(crate) const TAP_PAUSE: Duration = Duration::from_millis(20);

/// The size of a control frame in octets, as in the library fstrm.
pub(crate) const MAX_CONTROL_FRAME: usize = 512;

/// The longest time that a program may take to answer the handshake, or to read what was written. After that it is assumed to have
/// stopped reading.
pub(crate) const TAP_TIME: Duration = Duration::from_secs(5);

/// The first time between two attempts to reach the program. `MAX_TAP_RETRY` is the longest.
pub(crate) const TAP_RETRY: Duration = Duration::from_secs(1);

/// The longest time between two attempts to reach the program. See `TAP_RETRY`.
pub(crate) const MAX_TAP_RETRY: Duration = Duration::from_secs(30);

/// The length of `dnstap.identity` and of `dnstap.version`, in octets. A host name has at most 253.
pub(crate) const MAX_TAP_WORDS: usize = 255;

/// The size of a frame of a dnstap file, in octets: two DNS messages and some addresses.
pub(crate) const MAX_CAPTURED_FRAME: usize = 262_144;
