//! Bounds of reading the configuration of another resolver.

/// The depth of includes: Debian's files include one level, and a circle must end.
pub const MAX_INCLUDES: usize = 8;

/// Files that one import reads: an operator with a file for each zone has some hundred.
pub const MAX_FILES: usize = 1_024;

/// Octets of all files together: block lists in the form of a configuration have some ten megabytes.
pub const MAX_IMPORTED: u64 = 64 << 20;

/// The depth of blocks and of access lists that name each other: BIND's own files have four.
pub const MAX_NESTED: usize = 16;

/// Findings of one weight that are listed; the number of the others is told. An operator reads no thousand lines.
pub const MAX_FINDINGS: usize = 1_000;

/// Reverse zones of one network: a prefix that ends within a label of IPv4 covers at most 128 of them.
pub const MAX_REVERSE_ZONES: usize = 128;

/// Views of one file that are compared with that of this host: each is read with all that stands outside of it.
pub const MAX_IMPORTED_VIEWS: usize = 16;

/// Names of zones, or networks, that one line of a report shows.
pub const MAX_NAMED_IN_FINDING: usize = 8;
