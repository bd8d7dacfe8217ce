//! Limits of `resolverctl shadow`, each with the reason for its value.

/// The maximum number of different questions that one run of `shadow` compares. A gateway with 100 000 emails a day asks about this number
/// of different questions.
pub const MAX_SHADOW_QUESTIONS: usize = 20_000;

/// The maximum number of octets that are read from a capture file or a log. The file of one day of a busy gateway has about this size.
pub(crate) const MAX_CAPTURE: u64 = 8 << 30;

/// The maximum number of octets in a line of a log. A name in escaped form has at most 1 004 octets.
pub(crate) const MAX_CAPTURED_LINE: u64 = 4_096;

/// The maximum number of octets in a block of a packet capture. A packet has at most 262 144 octets (snapshot length of libpcap); blocks
/// with the secrets of TLS sessions may be longer.
pub(crate) const MAX_CAPTURED_BLOCK: usize = 1 << 20;

/// The first size of the buffer for a packet capture. The header of the file must fit into it: Wireshark's header has some 200 octets.
pub(crate) const CAPTURE_BUFFER: usize = 65_536;

/// The maximum number of interfaces in a section of a packet capture. A host with containers has some hundreds of interfaces.
pub(crate) const MAX_CAPTURED_INTERFACES: usize = 4_096;

/// The maximum number of questions that are compared at the same time. A question for which both resolvers fail takes some 15 s.
pub const SHADOW_AT_ONCE: usize = 64;

/// If fewer questions were compared, there is no verdict. A few emails cause this number of questions.
pub(crate) const LEAST_SHADOW_QUESTIONS: u64 = 20;

/// If one of the two resolvers does not reply to this percentage of the questions or more, there is no verdict.
pub(crate) const MOST_SHADOW_SILENCE: u64 = 10;

/// If the run left out more than this percentage of the questions, there is no verdict.
pub(crate) const MOST_SHADOW_LEFT_OUT: u64 = 10;

/// If one of the resolvers has not replied to any of this number of questions, the run ends early. The number is that of the questions
/// compared at the same time, so if a resolver does not exist, the run ends after 20 s.
pub const MAX_SHADOW_SILENT: u64 = SHADOW_AT_ONCE as u64;
