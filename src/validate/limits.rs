//! Bounds of validation.

use std::time::Duration;

/// Signature checks for one client question. A cold answer over a chain of twelve aliases, each in a zone of its own,
/// takes about 60. One check takes 10 to 80 µs, on P-384 0.56 ms.
pub(crate) const MAX_SIGNATURE_CHECKS: u32 = 128;

/// Checks of one client question that may fail: correct zones in the middle of a key rollover fail one or two. Bounds
/// KeyTrap (CVE-2023-50387).
pub(crate) const MAX_FAILED_CHECKS: u32 = 16;

/// The cost of a failed check on P-384; one by an RSA key counts by size and exponent (at most 12). It takes 561 µs, one
/// by an RSA key of 4096 bits, which counts as one, 79 µs (`cargo bench --bench validate`). Three may fail.
pub(crate) const SLOW_CHECK: u32 = 7;

/// Usual checks after which a question yields its thread: 0.3 ms, so that other clients of the thread wait no longer.
/// A yield costs less than a microsecond.
pub(crate) const MAX_CHECKS_IN_A_ROW: u32 = 4;

/// NSEC3 hashes for one client question: a proof takes one for each label of the name at most. Each is up to
/// `MAX_NSEC3_ITERATIONS` rounds of SHA-1, about 10 µs (CVE-2023-50868).
pub(crate) const MAX_NSEC3_HASHES: u32 = 256;

/// NSEC3 with more iterations is treated as unsigned (RFC 9276 section 3.2; the value of BIND and Unbound).
pub const MAX_NSEC3_ITERATIONS: u16 = 50;

/// Keys of one zone with the same tag that are tried for a signature or a DS. Two of a thousand keys share a tag.
pub(crate) const MAX_KEYS_OF_TAG: usize = 4;

/// DS records of one zone that are used; .com's children have 6 at most.
pub const MAX_DS: usize = 16;

/// Keys of one zone that are used; a rollover of two algorithms has 8.
pub const MAX_DNSKEYS: usize = 32;

/// NSEC or NSEC3 records of one message that are used: a denial takes three, with an alias from a wildcard six.
pub(crate) const MAX_DENIALS: usize = 16;

/// How long a new key of the root must be shown by all answers before it is a trust anchor: the add hold-down time (RFC 5011
/// section 2.4.1).
pub const ROOT_KEY_HOLD_DOWN: Duration = Duration::from_secs(30 * 86_400);

/// How long a revoked key of the root is shown as such: the remove hold-down time (RFC 5011 section 2.4.2).
pub(crate) const ROOT_KEY_REMOVE: Duration = Duration::from_secs(30 * 86_400);

/// Answers that must have shown a new key of the root. A clock that jumps ahead thus does not end the hold-down time. The root is
/// asked once a day; Unbound requires two.
pub const MIN_ROOT_KEY_SIGHTINGS: u32 = 10;

/// The least time since the last answer of one that counts for `MIN_ROOT_KEY_SIGHTINGS`: each start of the daemon asks too.
pub(crate) const ROOT_KEY_SIGHTING: Duration = Duration::from_secs(30 * 60);

/// The shortest and the longest time between two queries for the keys of the root (RFC 5011 section 2.3).
pub const MIN_ROOT_KEY_QUERY: Duration = Duration::from_secs(3_600);

/// See above.
pub(crate) const MAX_ROOT_KEY_QUERY: Duration = Duration::from_secs(15 * 86_400);

/// The longest time between two queries while a new key is followed, so that `MIN_ROOT_KEY_SIGHTINGS` answers come within 30 days.
pub const MAX_NEW_ROOT_KEY_QUERY: Duration = Duration::from_secs(86_400);

/// The longest time until the next query after one that failed (RFC 5011 section 2.3).
pub(crate) const MAX_ROOT_KEY_RETRY: Duration = Duration::from_secs(86_400);

/// Keys of the root that are followed. The root has two or three key signing keys during a rollover, and rolled once in its first
/// sixteen years.
pub(crate) const MAX_ROOT_KEYS: usize = 16;

/// Octets of a key of the root. RSA keys of 4096 bits have 516.
pub(crate) const MAX_ROOT_KEY: usize = 2_048;

/// Seconds that data are kept if the times of their signatures could not be judged: the clock may be set at any
/// moment.
pub(crate) const CLOCKLESS_TTL: u32 = 60;

/// Signatures over one RRset that are checked in vain: two algorithms in the middle of a rollover are four. Those that are out of time,
/// or whose key or algorithm is unknown, cost no check and are not counted.
pub(crate) const MAX_SIGNATURES: usize = 8;

/// Signatures over one RRset that are looked at: a signer that does not remove the expired ones leaves a few dozen.
pub const MAX_RRSIGS: usize = 64;
