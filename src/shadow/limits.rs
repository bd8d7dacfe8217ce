//! Limits of `resolverctl shadow`, each with the reason for its value.

/// The maximum number of different questions that one run of `shadow` compares: the first ones in the file. A gateway with 100 000 emails a day asks
/// about as many. The report has the number of further questions.
pub const MAX_SHADOW_QUESTIONS: usize = 20_000;

/// The maximum number of octets that are read from a capture file or a log. A day of a busy gateway has about as many.
pub(crate) const MAX_CAPTURE: u64 = 8 << 30;

/// The maximum number of octets in a line of a log. A name in escaped form has at most 1 004.
pub(crate) const MAX_CAPTURED_LINE: u64 = 4_096;

/// The maximum number of octets in a block of a packet capture. A packet has at most 262 144, the greatest snapshot length of libpcap. Blocks with
/// the secrets of TLS sessions may be longer.
pub(crate) const MAX_CAPTURED_BLOCK: usize = 1 << 20;

/// The size of the buffer for a packet capture until a block needs more. The header of the file must fit into it: Wireshark's has some 200 octets.
pub(crate) const CAPTURE_BUFFER: usize = 65_536;

/// The maximum number of interfaces in a section of a packet capture. A host with containers has some hundreds.
pub(crate) const MAX_CAPTURED_INTERFACES: usize = 4_096;

/// The maximum number of questions that are compared at the same time. If both resolvers fail for a question, it takes some 15 s with its
/// repetitions.
pub const SHADOW_AT_ONCE: usize = 64;

/// The minimum number of compared questions that is needed for a verdict. A few mail messages cause as many questions.
pub(crate) const LEAST_SHADOW_QUESTIONS: u64 = 20;

/// If a resolver does not reply to this percentage of the questions or more, there is no verdict.
pub(crate) const MOST_SHADOW_SILENCE: u64 = 10;

/// If more than this percentage of the questions was not compared before the run ended, there is no verdict, because they may have other answers.
pub(crate) const MOST_SHADOW_LEFT_OUT: u64 = 10;

/// If one of the resolvers has replied to none of this many questions, the run ends early. This equals the number of questions that
/// are compared at the same time. So a resolver that does not exist costs 20 s, not hours.
pub const MAX_SHADOW_SILENT: u64 = SHADOW_AT_ONCE as u64;
