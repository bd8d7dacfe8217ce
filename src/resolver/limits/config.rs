//! Bounds of the configuration and of its files. The range of one key is next to the key in `config`.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The smallest `cache.size`. The program's own pages (14 MiB), its tables and rings (14 MiB) and the least work in progress, if there is
/// most of all kinds at once (28 MiB), leave a fifth of this size to the cache within 1.25 times this size plus 24 MiB.
pub const MIN_CACHE_SIZE: u64 = 32 << 20;

/// The largest `cache.negative_max_ttl`: RFC 2308 section 5 calls more than a day problematic.
pub(crate) const MAX_NEGATIVE_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// The smallest `resolve.deadline`: with less, the way from the root is too long for some servers.
pub const MIN_DEADLINE: Duration = Duration::from_secs(1);

/// The fewest `resolve.source_ports`: a forger then has to guess one of 2^26 pairs of port and id (RFC 5452 section 7), and 1
/// 024 queries can be in progress from an address.
pub const MIN_SOURCE_PORTS: usize = 1_024;

/// Octets of a Unix socket's path: `sun_path` has 108 with its end (unix(7)).
pub(crate) const MAX_SOCKET_PATH: usize = 107;

/// Octets of the configuration file: with the greatest number of entries of each kind, and comments, it has 2 MiB.
pub const MAX_CONFIG_FILE: u64 = 4 << 20;

/// How long a pipe with a configuration is read: a program writes one in milliseconds.
pub(crate) const PIPE_TIME: Duration = Duration::from_secs(2);

/// Errors of a configuration that are reported. An operator corrects some of them before reading more.
pub const MAX_PROBLEMS: usize = 100;

/// Characters of a value that an error shows: enough to find it, on a screen of 80.
pub const MAX_SHOWN_VALUE: usize = 60;

/// Characters of a sentence of an error: our longest has 200.
pub const MAX_SHOWN_SENTENCE: usize = 600;

/// Octets of a file with a key: Spamhaus' have 26.
pub(crate) const MAX_KEY_FILE: u64 = 4_096;

/// Octets of a file with a certificate and those of its issuers, or with a private key: chains have 4 to 12 KiB.
pub(crate) const MAX_CERTIFICATE_FILE: u64 = 256 << 10;

/// Octets of a registry of lists: the built-in one has 25 KiB.
pub(crate) const MAX_REGISTRY_FILE: u64 = 1 << 20;

/// Octets of a root hints file: IANA's has 3 KiB.
pub(crate) const MAX_ROOT_HINTS_FILE: u64 = 1 << 20;

/// `[[zone]]` entries: split horizon and local lists take a few dozen. Each is a row of the table of routes.
pub const MAX_ZONES: usize = 1_024;

/// `[[host]]` entries; more names are better kept in a zone file.
pub const MAX_HOSTS: usize = 4_096;

/// `[[record]]` entries, each the records of one type of a name; more are better kept in a zone file.
pub const MAX_RECORDS: usize = 4_096;

/// `[[listener]]` entries: each costs threads and sockets. One for each network of a host, and one for tests.
pub const MAX_LISTENERS: usize = 16;

/// Networks of a `[[view]]`: an organisation has a few hundred. All networks of all views are one table, which is searched for each
/// client.
pub const MAX_VIEW_NETWORKS: usize = 1_024;

/// Letters of the name of a `[[view]]`, which stands in sentences and screens.
pub const MAX_VIEW_NAME: usize = 63;

/// Servers of a configured zone, and addresses of a configured host: no operator lists more by hand.
pub const MAX_CONFIGURED_ADDRESSES: usize = 32;

/// Octets of the path of a forwarder over HTTPS: the paths of public resolvers, some with the name of an account in them, have at most 60.
pub(crate) const MAX_HTTPS_PATH: usize = 255;

/// Octets of a configured zone file with its includes, which is read into memory: about 300 000 records.
pub const MAX_ZONE_FILE: u64 = 16 << 20;

/// Octets of a file of trust anchors: the file of BIND has 4 KiB.
pub(crate) const MAX_TRUST_ANCHOR_FILE: u64 = 1 << 20;

/// A serial may be a moment if it is ahead by no more than this: clocks differ by a time zone.
pub(crate) const MIRROR_SERIAL_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// A serial may be a moment if it is behind by no more than this, a year. Serials like 2026112001 are far ahead of
/// any clock until 2034.
pub(crate) const MIRROR_SERIAL_BEHIND: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The default size of the history is this share of `cache.size`: 16 MiB of 256 MiB.
pub const RECORD_SHARE: u64 = 16;

/// The largest default: half a million questions, which a large gateway asks in some hours. More is worth its memory only to an
/// operator who wants it.
pub(crate) const MAX_AUTO_RECORD: u64 = 64 << 20;

/// See `MIN_RECORD`.
pub(crate) const MAX_RECORD: u64 = 1 << 30;

/// Watched domains: with 60 queries a check, that many take one hour (`WATCH_QUERY_TIME`).
pub const MAX_WATCHED: usize = 60;

/// `interval` of `[[watch]]`: servers of strangers are not asked more often, and changes are found within a week.
pub const WATCH_INTERVALS: RangeInclusive<Duration> =
    Duration::from_secs(10 * 60)..=Duration::from_secs(7 * 24 * 60 * 60);
