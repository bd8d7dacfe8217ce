//! Limits of `resolverctl import`, `switch` and `check system`, each with the reason for its value.

use std::time::Duration;

/// Maximum depth to which imported files may include other files. Debian's files have one level. The limit also ends the import of files that include
/// each other in a circle.
pub(crate) const MAX_INCLUDES: usize = 8;

/// Maximum number of files that one import reads. An operator who has one file for each zone has some hundred files.
pub(crate) const MAX_FILES: usize = 1_024;

/// Maximum size of all imported files together, in octets. Block lists in the form of a configuration have some ten megabytes.
pub(crate) const MAX_IMPORTED: u64 = 64 << 20;

/// Maximum depth of nested blocks in an imported file, and of access lists that refer to each other. BIND's own files have four levels.
pub(crate) const MAX_NESTED: usize = 16;

/// Maximum number of elements that an import reads while it follows the lists of a named.conf. An element counts each time that it is read, because
/// lists can name other lists, and these again others: 16 lists that name each other ten times have 10^16 elements. The largest files of operators,
/// with the networks of a country, need some hundred thousand. Four million take about a second.
pub(crate) const MAX_LIST_READS: usize = 4 << 20;

/// Maximum number of labels of a name (RFC 1035 section 2.3.4), with the root. Text with more of them is not a name.
pub(crate) const MAX_LABELS: usize = 128;

/// Maximum number of findings of one weight (`Weight`) that an import lists. Of further findings, only the number is shown, because nobody reads more
/// than a thousand lines.
pub(crate) const MAX_FINDINGS: usize = 1_000;

/// Maximum number of reverse zones that an import writes for one network. A prefix that ends inside a label of IPv4 covers at most 128 of them.
pub(crate) const MAX_REVERSE_ZONES: usize = 128;

/// Maximum number of zone names or networks that one line of a finding lists.
pub(crate) const MAX_NAMED_IN_FINDING: usize = 8;

/// How long the switch waits until a stopped resolver has released port 53. NetworkManager ends its dnsmasq a moment after NetworkManager was
/// reloaded.
pub(crate) const SWITCH_PORT_TIME: Duration = Duration::from_secs(10);

/// Maximum size of a file that a switch changes, and of the file that records all changes, in octets.
pub(crate) const MAX_SWITCHED_FILE: u64 = 1 << 20;

/// Maximum number of octets that `check system` reads of a file. Configuration files have a few KiB, and tables of /proc have more.
pub const MAX_CHECKED_FILE: u64 = 4 << 20;

/// Maximum number of drop-in files of one program (such as /etc/systemd/resolved.conf.d) that `check system` reads.
pub(crate) const MAX_CHECKED_DROP_INS: usize = 100;

/// Maximum number of root servers that `check system` asks. It asks them one after the other, until one answers.
pub(crate) const CHECK_SERVERS: usize = 3;

/// How long `check system` waits for the reply of each root server. The most distant one answers within 0.3 s.
pub(crate) const CHECK_TIME: Duration = Duration::from_secs(2);
