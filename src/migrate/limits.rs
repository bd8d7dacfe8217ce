//! Bounds of the import, the switch and the check of this host.

use std::time::Duration;

/// The depth of includes: Debian's files include one level, and a circle must end.
pub(crate) const MAX_INCLUDES: usize = 8;

/// Files that one import reads: an operator with a file for each zone has some hundred.
pub(crate) const MAX_FILES: usize = 1_024;

/// Octets of all files together: block lists in the form of a configuration have some ten megabytes.
pub(crate) const MAX_IMPORTED: u64 = 64 << 20;

/// The depth of blocks and of access lists that name each other: BIND's own files have four.
pub(crate) const MAX_NESTED: usize = 16;

/// Findings of one weight that are listed; the number of the others is shown. An operator reads no thousand lines.
pub(crate) const MAX_FINDINGS: usize = 1_000;

/// Reverse zones of one network: a prefix that ends within a label of IPv4 covers at most 128 of them.
pub(crate) const MAX_REVERSE_ZONES: usize = 128;

/// Names of zones, or networks, that one line of a report shows.
pub(crate) const MAX_NAMED_IN_FINDING: usize = 8;

/// How long a resolver that has been stopped may keep port 53: NetworkManager ends its dnsmasq a moment after its reload.
pub(crate) const SWITCH_PORT_TIME: Duration = Duration::from_secs(10);

/// Octets of a file that is changed, and of the record of all changes.
pub(crate) const MAX_SWITCHED_FILE: u64 = 1 << 20;

/// Octets that `check system` reads of a file of the host: configuration files have a few KiB, tables of /proc more.
pub const MAX_CHECKED_FILE: u64 = 4 << 20;

/// Drop-ins of one configuration that `check system` reads.
pub(crate) const MAX_CHECKED_DROP_INS: usize = 100;

/// Root servers that `check system` asks, one after the other until one answers.
pub(crate) const CHECK_SERVERS: usize = 3;

/// How long to wait for each of them: the farthest answers within 0.3 s.
pub(crate) const CHECK_TIME: Duration = Duration::from_secs(2);

/// The largest datagram read from a root server: more than the 1 232 that we offer, because some send more.
pub(crate) const MAX_CHECK_DATAGRAM: usize = 4_096;
