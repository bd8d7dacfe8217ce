//! Limits of the import, the switch and the check of this host.

use std::time::Duration;

/// Maximum depth of includes. Debian's files have one level of includes. A circle of includes must end.
pub(crate) const MAX_INCLUDES: usize = 8;

/// Maximum number of files that one import reads. An operator with one file for each zone has some hundred.
pub(crate) const MAX_FILES: usize = 1_024;

/// Maximum octets of all imported files together. Block lists in the form of a configuration have some ten megabytes.
pub(crate) const MAX_IMPORTED: u64 = 64 << 20;

/// Maximum depth of nested blocks, and of access lists that refer to each other. BIND's own files have four levels.
pub(crate) const MAX_NESTED: usize = 16;

/// Maximum number of findings of one weight that are listed; of the others only the number is shown. Nobody reads more than a thousand lines.
pub(crate) const MAX_FINDINGS: usize = 1_000;

/// Maximum number of reverse zones for one network. A prefix that ends inside a label of IPv4 covers at most 128 of them.
pub(crate) const MAX_REVERSE_ZONES: usize = 128;

/// Maximum number of zone names or networks in one line of a report.
pub(crate) const MAX_NAMED_IN_FINDING: usize = 8;

/// How long a stopped resolver may still hold port 53. NetworkManager ends its dnsmasq a moment after NetworkManager has reloaded.
pub(crate) const SWITCH_PORT_TIME: Duration = Duration::from_secs(10);

/// Maximum octets of a file that a switch changes, and of the record of all changes.
pub(crate) const MAX_SWITCHED_FILE: u64 = 1 << 20;

/// Maximum octets that `check system` reads of a file. Configuration files have a few KiB, and tables of /proc have more.
pub const MAX_CHECKED_FILE: u64 = 4 << 20;

/// Maximum number of drop-in files of one configuration that `check system` reads.
pub(crate) const MAX_CHECKED_DROP_INS: usize = 100;

/// Maximum number of root servers that `check system` asks, one after the other, until one answers.
pub(crate) const CHECK_SERVERS: usize = 3;

/// How long `check system` waits for each root server. The most distant one answers within 0.3 s.
pub(crate) const CHECK_TIME: Duration = Duration::from_secs(2);

/// Maximum octets of a datagram from a root server. It is larger than the 1 232 octets that we offer, because some servers send more.
pub(crate) const MAX_CHECK_DATAGRAM: usize = 4_096;
