//! Bounds of validation.

use std::time::Duration;

/// Signature checks for one client question. A cold answer over a chain of twelve aliases, each in a zone of its own,
/// takes about 60. One check takes 10 to 80 µs, on P-384 0.56 ms.
pub(crate) const MAX_SIGNATURE_CHECKS: u32 = 128;

/// Checks of one client question that may fail: in correct zones during a key rollover, one or two fail. This limit prevents KeyTrap
/// (CVE-2023-50387).
pub(crate) const MAX_FAILED_CHECKS: u32 = 16;

/// The cost of a failed check on P-384, which takes 561 µs, so that three may fail. A check with an RSA key costs more for a larger size or exponent
/// (at most 12); one with 4096 bits counts as one and takes 79 µs (`cargo bench --bench validate`).
pub(crate) const SLOW_CHECK: u32 = 7;

/// The number of usual checks (0.3 ms) after which a question yields its thread, so that other clients of the thread need not wait longer. A yield
/// costs less than a microsecond.
pub(crate) const MAX_CHECKS_IN_A_ROW: u32 = 4;

/// NSEC3 hashes for one client question: a proof needs at most one for each label of the name. Each takes up to `MAX_NSEC3_ITERATIONS` rounds of
/// SHA-1, about 10 µs (CVE-2023-50868).
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

/// The time during which all answers must contain a new key of the root before it becomes a trust anchor: the add hold-down time (RFC 5011 section
/// 2.4.1).
pub const ROOT_KEY_HOLD_DOWN: Duration = Duration::from_secs(30 * 86_400);

/// The time for which a revoked key of the root is shown as revoked: the remove hold-down time (RFC 5011 section 2.4.2).
pub(crate) const ROOT_KEY_REMOVE: Duration = Duration::from_secs(30 * 86_400);

/// The number of answers that must have contained a new key of the root, so that a clock that jumps ahead does not end the hold-down time. The root
/// is asked once a day; Unbound requires two answers.
pub const MIN_ROOT_KEY_SIGHTINGS: u32 = 10;

/// The least time between two answers that count for `MIN_ROOT_KEY_SIGHTINGS`, because each start of the daemon asks too.
pub(crate) const ROOT_KEY_SIGHTING: Duration = Duration::from_secs(30 * 60);

/// The shortest time between two queries for the keys of the root (RFC 5011 section 2.3).
pub const MIN_ROOT_KEY_QUERY: Duration = Duration::from_secs(3_600);

/// The longest time between two queries for the keys of the root (RFC 5011 section 2.3).
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

/// Seconds for which data are kept if the times of their signatures could not be checked, because the clock may be set at any moment.
pub(crate) const CLOCKLESS_TTL: u32 = 60;

/// Failed signature checks for one RRset: two algorithms in the middle of a rollover need four. Signatures outside their time, or with an unknown key
/// or algorithm, need no check and are not counted.
pub(crate) const MAX_SIGNATURES: usize = 8;

/// Signatures over one RRset that are considered: a signer that does not remove expired ones leaves a few dozen.
pub const MAX_RRSIGS: usize = 64;
