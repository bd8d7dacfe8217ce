//! Limits for DNSSEC validation, each with the reason for its value.

use std::time::Duration;

/// The maximum number of signature checks for one client question. An answer over a chain of twelve aliases in different zones takes about
/// 60 checks when nothing is cached. One check takes 10 to 80 µs, or 0.56 ms with ECDSA on P-384.
pub(crate) const MAX_SIGNATURE_CHECKS: u32 = 128;

/// The maximum number of failed signature checks for one client question (KeyTrap, CVE-2023-50387). In correct zones, one or two fail
/// during a key rollover.
pub(crate) const MAX_FAILED_CHECKS: u32 = 16;

/// A signature check with ECDSA on P-384 counts as this number of checks, because it takes 561 µs (`cargo bench --bench validate`). Other
/// checks count as one: the slowest of them, with an RSA key of 4096 bits, takes 79 µs.
pub(crate) const SLOW_CHECK: u32 = 7;

/// The number of usual signature checks (0.3 ms) after which the task lets other tasks of its thread run.
pub(crate) const MAX_CHECKS_IN_A_ROW: u32 = 4;

/// The maximum number of NSEC3 hashes for one client question (CVE-2023-50868). A proof needs at most one hash for each label of the name.
/// One hash takes about 10 µs.
pub(crate) const MAX_NSEC3_HASHES: u32 = 256;

/// The maximum number of iterations in NSEC3 records. With more, the zone counts as insecure (RFC 9276 section 3.2). BIND and Unbound use the
/// same value.
pub const MAX_NSEC3_ITERATIONS: u16 = 50;

/// The maximum number of keys with the same tag that are tried for one signature or DS. In real zones, about two in a thousand keys share a
/// tag with another key.
pub(crate) const MAX_KEYS_OF_TAG: usize = 4;

/// The maximum number of DS records of one zone that are used. Zones directly below .com have at most 6.
pub const MAX_DS: usize = 16;

/// The maximum number of DNSKEY records of one zone that are used. During a rollover with two algorithms, a zone has 8.
pub const MAX_DNSKEYS: usize = 32;

/// The maximum number of NSEC or NSEC3 records of one message that are used. A denial needs three records, or six after an alias from a
/// wildcard.
pub(crate) const MAX_DENIALS: usize = 16;

/// The add hold-down time: a new key of the root must be in all answers for this time before it becomes a trust anchor (RFC 5011 section
/// 2.4.1).
pub const ROOT_KEY_HOLD_DOWN: Duration = Duration::from_secs(30 * 86_400);

/// The remove hold-down time: after this time, a revoked key of the root gets the state "removed" (RFC 5011 section 2.4.2).
pub(crate) const ROOT_KEY_REMOVE: Duration = Duration::from_secs(30 * 86_400);

/// The number of answers that must contain a new key of the root before it becomes a trust anchor. The add hold-down time alone is not enough,
/// because a clock that jumps forward could end it too early. resolverd queries the keys once a day. Unbound requires two answers.
pub const MIN_ROOT_KEY_SIGHTINGS: u32 = 10;

/// The minimum time between two answers that both count for `MIN_ROOT_KEY_SIGHTINGS`. Each start of the daemon queries the keys, and
/// several restarts in a row must count only once.
pub(crate) const ROOT_KEY_SIGHTING: Duration = Duration::from_secs(30 * 60);

/// The shortest time between two queries for the keys of the root (RFC 5011 section 2.3).
pub const MIN_ROOT_KEY_QUERY: Duration = Duration::from_secs(3_600);

/// The longest time between two queries for the keys of the root (RFC 5011 section 2.3).
pub(crate) const MAX_ROOT_KEY_QUERY: Duration = Duration::from_secs(15 * 86_400);

/// The longest time between two queries while a new key of the root is not trusted yet, so that `MIN_ROOT_KEY_SIGHTINGS` answers arrive
/// within 30 days.
pub const MAX_NEW_ROOT_KEY_QUERY: Duration = Duration::from_secs(86_400);

/// The longest time until a failed query for the keys of the root is repeated (RFC 5011 section 2.3).
pub(crate) const MAX_ROOT_KEY_RETRY: Duration = Duration::from_secs(86_400);

/// The maximum number of keys of the root in the table of RFC 5011. The root has two or three key signing keys during a rollover.
pub(crate) const MAX_ROOT_KEYS: usize = 16;

/// The maximum length of a public key of the root, in octets. An RSA key of 4096 bits has 516.
pub(crate) const MAX_ROOT_KEY: usize = 2_048;

/// The TTL, in seconds, of data whose signatures could not be compared with the time, because the clock is slow. The clock may be set at
/// any time.
pub(crate) const CLOCKLESS_TTL: u32 = 60;

/// The maximum number of failed signature checks for one RRset. With two algorithms, up to four may fail during a rollover. Signatures
/// outside their validity period, or with an unknown key or algorithm, are not checked and not counted.
pub(crate) const MAX_SIGNATURES: usize = 8;

/// The maximum number of signatures over one RRset that are used. A signer that does not remove expired signatures leaves a few dozen.
pub const MAX_RRSIGS: usize = 64;
