//! The limits of validation.

use std::time::Duration;

/// The maximum number of signature checks for one client question. An answer over a chain of twelve aliases, each in a zone of its own,
/// takes about 60 checks when nothing is cached. One check takes 10 to 80 µs, on P-384 0.56 ms.
pub(crate) const MAX_SIGNATURE_CHECKS: u32 = 128;

/// The maximum number of failed checks for one client question. In correct zones, one or two fail during a key rollover. This limit
/// prevents KeyTrap (CVE-2023-50387).
pub(crate) const MAX_FAILED_CHECKS: u32 = 16;

/// The cost of a check on P-384 in usual checks. It takes 561 µs, so at most three may fail. A check with an RSA key costs more for a
/// larger size or exponent, at most 12. One with 4096 bits takes 79 µs and counts as one (`cargo bench --bench validate`).
pub(crate) const SLOW_CHECK: u32 = 7;

/// The number of usual checks (0.3 ms) after which a question yields its thread, so that other clients whose questions run in this thread
/// do not wait for longer. A yield costs less than a microsecond.
pub(crate) const MAX_CHECKS_IN_A_ROW: u32 = 4;

/// The maximum number of NSEC3 hashes for one client question. A proof needs at most one hash for each label of the name. Each hash takes
/// up to `MAX_NSEC3_ITERATIONS` rounds of SHA-1, about 10 µs (CVE-2023-50868).
pub(crate) const MAX_NSEC3_HASHES: u32 = 256;

/// NSEC3 records with more iterations make a zone insecure (RFC 9276 section 3.2). BIND and Unbound use the same value.
pub const MAX_NSEC3_ITERATIONS: u16 = 50;

/// The maximum number of keys of one zone with the same tag that are tried for a signature or a DS. Two of a thousand keys share a tag.
pub(crate) const MAX_KEYS_OF_TAG: usize = 4;

/// The maximum number of DS records of one zone that are used. Zones directly below .com have 6 at most.
pub const MAX_DS: usize = 16;

/// The maximum number of keys of one zone that are used. A rollover with two algorithms has 8.
pub const MAX_DNSKEYS: usize = 32;

/// The maximum number of NSEC or NSEC3 records of one message that are used. A denial takes three, and six with an alias from a wildcard.
pub(crate) const MAX_DENIALS: usize = 16;

/// The time for which all answers must contain a new key of the root before it becomes a trust anchor: the add hold-down time (RFC 5011
/// section 2.4.1).
pub const ROOT_KEY_HOLD_DOWN: Duration = Duration::from_secs(30 * 86_400);

/// The time for which a revoked key of the root is shown as revoked: the remove hold-down time (RFC 5011 section 2.4.2).
pub(crate) const ROOT_KEY_REMOVE: Duration = Duration::from_secs(30 * 86_400);

/// The number of answers that must have contained a new key of the root. It prevents a clock that jumps forward from ending the hold-down
/// time too early. The root is asked once a day. Unbound requires two answers.
pub const MIN_ROOT_KEY_SIGHTINGS: u32 = 10;

/// The minimum time between two answers that count for `MIN_ROOT_KEY_SIGHTINGS`. It is needed because the root is also asked at each
/// start of the daemon.
pub(crate) const ROOT_KEY_SIGHTING: Duration = Duration::from_secs(30 * 60);

/// The shortest time between two queries for the keys of the root (RFC 5011 section 2.3).
pub const MIN_ROOT_KEY_QUERY: Duration = Duration::from_secs(3_600);

/// The longest time between two queries for the keys of the root (RFC 5011 section 2.3).
pub(crate) const MAX_ROOT_KEY_QUERY: Duration = Duration::from_secs(15 * 86_400);

/// The longest time between two queries for the keys of the root while a new key is followed. It ensures that `MIN_ROOT_KEY_SIGHTINGS`
/// answers come within 30 days.
pub const MAX_NEW_ROOT_KEY_QUERY: Duration = Duration::from_secs(86_400);

/// The longest time between a failed query for the keys of the root and the next query (RFC 5011 section 2.3).
pub(crate) const MAX_ROOT_KEY_RETRY: Duration = Duration::from_secs(86_400);

/// The maximum number of keys of the root that are followed. The root has two or three key signing keys during a rollover, and had one
/// rollover in its first sixteen years.
pub(crate) const MAX_ROOT_KEYS: usize = 16;

/// The maximum length of a key of the root, in octets. RSA keys of 4096 bits have 516.
pub(crate) const MAX_ROOT_KEY: usize = 2_048;

/// The time for which data are cached if the times of their signatures could not be checked, in seconds. It is short, because the clock
/// may be set at any moment.
pub(crate) const CLOCKLESS_TTL: u32 = 60;

/// The maximum number of failed signature checks for one RRset. Two algorithms in the middle of a rollover need four. Signatures outside
/// their validity, or with an unknown key or algorithm, need no check and are not counted.
pub(crate) const MAX_SIGNATURES: usize = 8;

/// The maximum number of signatures over one RRset that are considered. A signer that does not remove expired signatures leaves a few
/// dozen.
pub const MAX_RRSIGS: usize = 64;
