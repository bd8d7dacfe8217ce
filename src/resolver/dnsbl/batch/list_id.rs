//! The number of a list, and of what takes the place of one in a batch.

/// A list, by its number in the state of all lists.
pub type ListId = u32;

/// In place of a list: the PTR of an address, which smtpd without postscreen asks before its lists.
pub const POINTER: ListId = ListId::MAX;

/// In place of a list: the MX of a domain, which smtpd asks before a scanner asks the lists of domains.
pub const EXCHANGER: ListId = ListId::MAX - 1;
