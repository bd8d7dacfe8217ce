//! Bounds of dnstap, which sends copies of DNS messages to a program.

use std::time::Duration;

/// The greatest number of copied DNS messages that wait to be written: several times the number that arrives in a tenth of a second at 100 000
/// queries a second.
pub(crate) const MAX_TAPPED: usize = 16_384;

/// The greatest total size of the copied DNS messages that wait to be written, in octets. With the messages that are being written, they take at most
/// twice this.
pub(crate) const MAX_TAPPED_OCTETS: usize = 4 << 20;

/// The time for which copied DNS messages are collected. The task that writes them therefore wakes at most 50 times a second.
pub(crate) const TAP_PAUSE: Duration = Duration::from_millis(20);

/// The greatest size of a control frame in octets, as in the library fstrm.
pub(crate) const MAX_CONTROL_FRAME: usize = 512;

/// The longest time that the program at the dnstap socket may take to answer the handshake, or to read. resolverd then closes the connection.
pub(crate) const TAP_TIME: Duration = Duration::from_secs(5);

/// The first pause between two attempts to connect to the dnstap socket.
pub(crate) const TAP_RETRY: Duration = Duration::from_secs(1);

/// The longest pause between two attempts to connect to the dnstap socket.
pub(crate) const MAX_TAP_RETRY: Duration = Duration::from_secs(30);

/// The greatest size of a frame that is read from a dnstap file, in octets: two DNS messages and some addresses.
pub(crate) const MAX_CAPTURED_FRAME: usize = 262_144;
