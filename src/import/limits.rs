//! Limits of `resolverctl import`, each with the reason for its value.

/// Maximum depth of includes. Debian's files have one level. This limit also ends the import of files that include each other.
pub(crate) const MAX_INCLUDES: usize = 8;

/// Maximum number of files that one import reads. An operator with one file for each zone has some hundred files.
pub(crate) const MAX_FILES: usize = 1_024;

/// Maximum size of all imported files together, in octets. Block lists have some ten megabytes.
pub(crate) const MAX_IMPORTED: u64 = 64 << 20;

/// Maximum length of a line of dnsmasq.conf, in octets: dnsmasq reads lines into a buffer of `MAXDNAME` (1 025), and takes the rest for another line.
pub(crate) const MAX_DNSMASQ_LINE: usize = 1_024;

/// Maximum number of characters that a finding shows of a line that is too long.
pub(crate) const MAX_SHOWN_LINE: usize = 64;

/// Maximum depth of nested blocks, and of access lists that refer to each other. BIND's own files have four levels.
pub(crate) const MAX_NESTED: usize = 16;

/// Maximum number of list elements that the import of a named.conf reads. Lists can name other lists: 16 lists, of which each names the next one ten
/// times, have 10^16 elements. So each reading of an element counts. The largest files of operators need some hundred thousand. Four million take
/// about a second.
pub(crate) const MAX_LIST_READS: usize = 4 << 20;

/// Maximum number of labels of a name, the root included (RFC 1035 section 2.3.4).
pub(crate) const MAX_LABELS: usize = 128;

/// Maximum number of findings that are listed for each weight (dangerous, different, unneeded). Of further findings, only the number is shown.
pub(crate) const MAX_FINDINGS: usize = 1_000;

/// Maximum number of reverse zones for one network. If the prefix of an IPv4 network ends inside a label of the reverse name, the network has at
/// most 128 reverse zones.
pub(crate) const MAX_REVERSE_ZONES: usize = 128;

/// Maximum number of zone names or networks in one line of a finding.
pub(crate) const MAX_NAMED_IN_FINDING: usize = 8;
