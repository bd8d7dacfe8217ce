//! Bounds of `resolverctl shadow`.

/// Different questions that one run compares, the first ones of the file: a gateway with 100 000 messages a day asks about as many.
/// The report says how many it has left out.
pub const MAX_SHADOW_QUESTIONS: usize = 20_000;

/// Octets that are read of a capture or a log: a day of a busy gateway.
pub(crate) const MAX_CAPTURE: u64 = 8 << 30;

/// Octets of a line of a log. A name in escaped form has at most 1 004.
pub(crate) const MAX_CAPTURED_LINE: u64 = 4_096;

/// Octets of a packet of a pcap file: the greatest snapshot length of libpcap.
pub(crate) const MAX_CAPTURED_PACKET: usize = 262_144;

/// Questions that are compared at once. One that both resolvers fail for takes some 15 s with its repeats.
pub const SHADOW_AT_ONCE: usize = 64;

/// Compared questions below which there is no verdict: a few messages of mail.
pub(crate) const LEAST_SHADOW_QUESTIONS: u64 = 20;

/// The part of the questions, in percent, that a resolver leaves without a reply and from which there is no verdict.
pub(crate) const MOST_SHADOW_SILENCE: u64 = 10;

/// The part of the questions, in percent, that were not reached before the end and above which there is no verdict: one that fails may be
/// among them.
pub(crate) const MOST_SHADOW_LEFT_OUT: u64 = 10;

/// Questions without a reply of one resolver, and with none, after which a run over a file ends: as many as are compared at once, so a
/// resolver that is not there takes 20 s and not hours.
pub const MAX_SHADOW_SILENT: u64 = SHADOW_AT_ONCE as u64;
