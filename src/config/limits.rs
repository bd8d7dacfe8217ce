//! Bounds of the configuration and of its files. The range of a single key is defined next to the key in `config`.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The smallest `cache.size`. The process may use 1.25 times this size plus 24 MiB, together 64 MiB. The pages of the program take 14 MiB, its
/// tables and ring buffers 14 MiB, and the least work in progress 28 MiB. The remaining 8 MiB are for the entries of the cache.
pub const MIN_CACHE_SIZE: u64 = 32 << 20;

/// The largest `cache.negative_max_ttl`. RFC 2308 section 5 calls values of more than a day problematic.
pub(crate) const MAX_NEGATIVE_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// The smallest `resolve.deadline`. A resolution that begins at the root takes longer for some servers.
pub const MIN_DEADLINE: Duration = Duration::from_secs(1);

/// The least number of ports in `resolve.source_ports`. An attacker who forges answers then has to guess one of 2^26 pairs of port and id (RFC 5452
/// section 7).
pub const MIN_SOURCE_PORTS: usize = 1_024;

/// The greatest length of the path of a Unix socket, in octets. `sun_path` has 108 octets including the final zero (unix(7)).
pub(crate) const MAX_SOCKET_PATH: usize = 107;

/// The greatest size of the configuration file, in octets. With the greatest number of entries of each kind, and with comments, it has 2 MiB.
pub const MAX_CONFIG_FILE: u64 = 4 << 20;

/// The longest time for which a configuration is read from a pipe. A program writes a configuration in milliseconds.
pub(crate) const PIPE_TIME: Duration = Duration::from_secs(2);

/// The greatest number of configuration errors that are reported.
pub const MAX_PROBLEMS: usize = 100;

/// The greatest number of characters of a configured value that an error message quotes: enough to find the value, and to fit on a screen of 80
/// columns.
pub const MAX_SHOWN_VALUE: usize = 60;

/// The greatest number of characters of a sentence in an error message. The longest one of resolverd has 200.
pub const MAX_SHOWN_SENTENCE: usize = 600;

/// The greatest size of a file with a customer's key for a DNS list, in octets. The keys of Spamhaus have 26.
pub(crate) const MAX_KEY_FILE: u64 = 4_096;

/// The greatest size of a file with a private key, or with a certificate chain, in octets. Such chains have 4 to 12 KiB.
pub(crate) const MAX_CERTIFICATE_FILE: u64 = 256 << 10;

/// The greatest size of a registry file of DNS lists, in octets. The built-in registry has 25 KiB.
pub(crate) const MAX_REGISTRY_FILE: u64 = 1 << 20;

/// The greatest size of a root hints file, in octets. IANA's file has 3 KiB.
pub(crate) const MAX_ROOT_HINTS_FILE: u64 = 1 << 20;

/// The greatest number of `[[zone]]` entries. Split horizon and local DNS lists need a few dozen. Each is a row of the table in which the servers for
/// a name are looked up.
pub const MAX_ZONES: usize = 1_024;

/// The greatest number of `[[host]]` entries. More names should be put into a zone file.
pub const MAX_HOSTS: usize = 4_096;

/// The greatest number of `[[record]]` entries. More records should be put into a zone file.
pub const MAX_RECORDS: usize = 4_096;

/// The greatest number of `[[listener]]` entries, each of which needs threads and sockets. A host needs one for each of its networks.
pub const MAX_LISTENERS: usize = 16;

/// The greatest number of client networks of a `[[view]]`. An organisation has a few hundred.
pub const MAX_VIEW_NETWORKS: usize = 1_024;

/// The greatest number of letters in the name of a `[[view]]`, which appears in log messages and on screens.
pub const MAX_VIEW_NAME: usize = 63;

/// The greatest number of servers of a configured zone, and of addresses of a configured host.
pub const MAX_CONFIGURED_ADDRESSES: usize = 32;

/// The greatest length of the path in the URL of a forwarder over HTTPS, in octets. Those of public resolvers have at most 60.
pub(crate) const MAX_HTTPS_PATH: usize = 255;

/// The greatest size of a configured zone file with the files it includes, in octets: about 300 000 records. It is read into memory.
pub const MAX_ZONE_FILE: u64 = 16 << 20;

/// The greatest size of a file of trust anchors, in octets. The file of BIND has 4 KiB.
pub(crate) const MAX_TRUST_ANCHOR_FILE: u64 = 1 << 20;

/// If no size of the history is configured, it is `cache.size` divided by this number: 16 MiB for a cache of 256 MiB.
pub const RECORD_SHARE: u64 = 16;

/// The largest size of the history, in octets, if none is configured: half a million questions, which a large gateway asks in some hours.
pub(crate) const MAX_AUTO_RECORD: u64 = 64 << 20;

/// The largest size of the history that can be configured, in octets. `record::limits::MIN_RECORD` is the smallest.
pub(crate) const MAX_RECORD: u64 = 1 << 30;

/// The greatest number of watched domains. At most one check begins in a minute (`WATCH_PAUSE` in `watched`), so to check each of this many domains
/// once takes an hour.
pub const MAX_WATCHED: usize = 60;

/// The allowed values of `interval` of a `[[watch]]` entry. The servers of other operators must not be asked more often, and changes should be found
/// within a week.
pub const WATCH_INTERVALS: RangeInclusive<Duration> =
    Duration::from_secs(10 * 60)..=Duration::from_secs(7 * 24 * 60 * 60);

/// The greatest number of files with certificates, and of files with DKIM keys, in `[own]`. Each is read in each check.
pub const MAX_OWN_FILES: usize = 32;

/// The greatest length of `tls_policy.group`, in octets (LOGIN_NAME_MAX of glibc less one for the end is 255; groupadd(8) takes 32).
pub const MAX_GROUP: usize = 32;

/// The greatest length of `dnstap.identity` and of `dnstap.version`, in octets. A host name has at most 253.
pub(crate) const MAX_TAP_WORDS: usize = 255;

/// The greatest number of entries of `[fleet] zones`. The name of each question is compared with them.
pub(crate) const MAX_FLEET_ZONES: usize = 64;

/// The greatest number of entries of `[fleet] servers`. They name the host of each node of a cluster, and few clusters have more hosts.
pub(crate) const MAX_FLEET_SERVERS: usize = 64;

/// The greatest length of `[fleet] group` and `[fleet] prefix`, in octets. They are part of each key in the store.
pub(crate) const MAX_FLEET_WORD: usize = 64;

/// The greatest size of a file with the key of the fleet or with the password of the store, in octets.
pub(crate) const MAX_FLEET_FILE: u64 = 4_096;

/// The least length of the key of the fleet, in octets: the length of the MAC's digest (RFC 2104 section 3).
pub const MIN_FLEET_KEY: usize = 32;

/// The greatest number of UDP workers for each address. With more than four, the loopback device is the bottleneck.
pub const MAX_WORKERS: usize = 4;

/// The greatest number of `[[view]]` entries. A host needs one for itself, one for its containers, and one for its virtual machines.
pub const MAX_VIEWS: usize = 8;

/// A rule of look-ahead is used only while clients ask at least this percentage of the questions that the rule expects.
pub const AHEAD_PERCENT: u32 = 60;

/// After this number of judged questions, all earlier questions of a rule count half. The rules therefore follow a change of the mail
/// software within some hundred emails.
pub const AHEAD_RULE_MEMORY: u32 = 200;

/// The memory that the process may use beyond `cache.size` because of the allocator, in per cent of `cache.size`.
/// `benches/compare/misses.sh` measures less.
pub const CACHE_SLACK_PERCENT: u64 = 25;

/// The memory that the process needs in addition to the cache and the history, in octets: 24 MiB for the program, its statistics and work in progress
/// (`WorkBounds`). The rest is for buffers of sockets, streams of clients and threads of many listeners.
pub const MEMORY_BESIDE_CACHE: u64 = 192 << 20;
