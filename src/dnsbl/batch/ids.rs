//! The numbers of DNS lists in tables of batches.

/// The number of a DNS list: its index in the table of lists.
pub type ListId = u32;

/// Numbers from this one on belong to learned zones: zones that are not known to be DNS lists, but that clients query like DNS lists (see
/// `lookalike`).
pub const LEARNED: ListId = 1 << 31;

/// Stands for PTR questions where a table has the number of a DNS list. An smtpd without postscreen asks for the PTR before its lists, so this
/// question can start a batch.
pub const POINTER: ListId = ListId::MAX;

/// Stands for MX questions where a table has the number of a DNS list. An smtpd asks for the MX before a content scanner asks lists of domains, so
/// this question can start a batch.
pub const EXCHANGER: ListId = ListId::MAX - 1;
