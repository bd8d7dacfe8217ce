//! Bounds of validation.

/// Signature checks for one client question. A cold answer over a chain of twelve aliases, each in a zone of its own,
/// takes about 60. One check takes 10 to 80 µs, on P-384 0.56 ms.
pub const MAX_SIGNATURE_CHECKS: u32 = 128;

/// Checks of one client question that may fail: correct zones in the middle of a key rollover fail one or two. Bounds
/// KeyTrap (CVE-2023-50387).
pub const MAX_FAILED_CHECKS: u32 = 16;

/// The cost of a failed check on P-384; one by an RSA key counts by size and exponent (at most 12). It takes 561 µs, one
/// by an RSA key of 4096 bits, which counts as one, 79 µs (`cargo bench --bench validate`). Three may fail.
pub const SLOW_CHECK: u32 = 7;

/// Usual checks after which a question yields its thread: 0.3 ms, so that other clients of the thread wait no longer.
/// A yield costs less than a microsecond.
pub const MAX_CHECKS_IN_A_ROW: u32 = 4;

/// NSEC3 hashes for one client question: a proof takes one for each label of the name at most. Each is up to
/// `MAX_NSEC3_ITERATIONS` rounds of SHA-1, about 10 µs (CVE-2023-50868).
pub const MAX_NSEC3_HASHES: u32 = 256;

/// NSEC3 with more iterations is treated as unsigned (RFC 9276 section 3.2; the value of BIND and Unbound).
pub const MAX_NSEC3_ITERATIONS: u16 = 50;

/// Keys of one zone with the same tag that are tried for a signature or a DS. Two of a thousand keys share a tag.
pub const MAX_KEYS_OF_TAG: usize = 4;

/// DS records of one zone that are used; .com's children have 6 at most.
pub const MAX_DS: usize = 16;

/// Keys of one zone that are used; a rollover of two algorithms has 8.
pub const MAX_DNSKEYS: usize = 32;

/// NSEC or NSEC3 records of one message that are used: a denial takes three, with an alias from a wildcard six.
pub const MAX_DENIALS: usize = 16;
