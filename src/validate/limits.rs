//! Limits for DNSSEC validation, each with the reason for its value.

use std::time::Duration;

/// The maximum number of signature checks for one client question. An answer over a chain of twelve aliases, each in another zone, takes about 60
/// checks when nothing is cached. One check takes 10 to 80 µs, or 0.56 ms with ECDSA on P-384.
pub(crate) const MAX_SIGNATURE_CHECKS: u32 = 128;

/// The maximum number of failed signature checks for one client question. In correct zones, one or two fail during a key rollover. This limit
/// prevents KeyTrap (CVE-2023-50387).
pub(crate) const MAX_FAILED_CHECKS: u32 = 16;

/// The cost of a signature check with ECDSA on P-384, in usual checks. Such a check takes 561 µs, so at most three of them may fail for one
/// question. The cost of a check with an RSA key depends on the size and the exponent of the key, and is at most 12. A key with 4096 bits takes 79
/// µs and counts as one. (These times were measured with `cargo bench --bench validate`.)
pub(crate) const SLOW_CHECK: u32 = 7;

/// The number of usual signature checks (0.3 ms) after which the task lets other tasks of its thread run, so that other clients do not wait for
/// longer. Letting other tasks run costs less than a microsecond.
pub(crate) const MAX_CHECKS_IN_A_ROW: u32 = 4;

/// The maximum number of NSEC3 hashes for one client question. A proof needs at most one hash for each label of the name. One hash takes up to
/// `MAX_NSEC3_ITERATIONS` rounds of SHA-1, about 10 µs (CVE-2023-50868).
pub(crate) const MAX_NSEC3_HASHES: u32 = 256;

/// The maximum number of iterations in NSEC3 records. With more, the zone counts as insecure (RFC 9276 section 3.2). BIND and Unbound use the
/// same value.
pub const MAX_NSEC3_ITERATIONS: u16 = 50;

/// The maximum number of keys of one zone that have the same tag and are tried for one signature or DS. In real zones, about two in a thousand keys
/// have the tag of another key of their zone.
pub(crate) const MAX_KEYS_OF_TAG: usize = 4;

/// The maximum number of DS records of one zone that are used. Zones directly below .com have at most 6.
pub const MAX_DS: usize = 16;

/// The maximum number of DNSKEY records of one zone that are used. During a rollover with two algorithms, a zone has 8.
pub const MAX_DNSKEYS: usize = 32;

/// The maximum number of NSEC or NSEC3 records in one message that are used. A denial needs three records. If an alias from a wildcard leads to the
/// denied name, the answer needs six.
pub(crate) const MAX_DENIALS: usize = 16;

/// The time for which a new key of the root must be in all answers before it becomes a trust anchor: the add hold-down time (RFC 5011 section
/// 2.4.1).
pub const ROOT_KEY_HOLD_DOWN: Duration = Duration::from_secs(30 * 86_400);

/// The time after which a revoked key of the root gets the state "removed": the remove hold-down time (RFC 5011 section 2.4.2).
pub(crate) const ROOT_KEY_REMOVE: Duration = Duration::from_secs(30 * 86_400);

/// The number of answers that must contain a new key of the root before it becomes a trust anchor. Without this limit, a clock that jumps forward
/// could end the add hold-down time too early. resolverd queries the keys of the root once a day. Unbound requires two answers.
pub const MIN_ROOT_KEY_SIGHTINGS: u32 = 10;

/// The minimum time between two answers that both count for `MIN_ROOT_KEY_SIGHTINGS`. It is needed because each start of the daemon queries the keys
/// too: several restarts in a row count only once.
pub(crate) const ROOT_KEY_SIGHTING: Duration = Duration::from_secs(30 * 60);

/// The shortest time between two queries for the keys of the root (RFC 5011 section 2.3).
pub const MIN_ROOT_KEY_QUERY: Duration = Duration::from_secs(3_600);

/// The longest time between two queries for the keys of the root (RFC 5011 section 2.3).
pub(crate) const MAX_ROOT_KEY_QUERY: Duration = Duration::from_secs(15 * 86_400);

/// The longest time between two queries for the keys of the root while a new key is waiting to become a trust anchor. It ensures that
/// `MIN_ROOT_KEY_SIGHTINGS` answers arrive within 30 days.
pub const MAX_NEW_ROOT_KEY_QUERY: Duration = Duration::from_secs(86_400);

/// The longest time between a failed query for the keys of the root and the next attempt (RFC 5011 section 2.3).
pub(crate) const MAX_ROOT_KEY_RETRY: Duration = Duration::from_secs(86_400);

/// The maximum number of keys of the root in the table of RFC 5011. The root has two or three key signing keys during a rollover, and had one
/// rollover in its first sixteen years.
pub(crate) const MAX_ROOT_KEYS: usize = 16;

/// The maximum length of a public key of the root, in octets. RSA keys of 4096 bits have 516.
pub(crate) const MAX_ROOT_KEY: usize = 2_048;

/// The time, in seconds, for which data are cached if the validity periods of their signatures could not be checked, because the clock is slow.
/// It is short, because the clock may be set at any time.
pub(crate) const CLOCKLESS_TTL: u32 = 60;

/// The maximum number of failed signature checks for one RRset. With two algorithms, up to four checks may fail in the middle of a rollover.
/// Signatures that are outside their validity period, or that have an unknown key or algorithm, need no check and are not counted.
pub(crate) const MAX_SIGNATURES: usize = 8;

/// The maximum number of signatures over one RRset that are used. A zone whose signing software does not remove expired signatures has a few
/// dozen.
pub const MAX_RRSIGS: usize = 64;
