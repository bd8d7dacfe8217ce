//! The rules for checking signatures: the accepted algorithms, the current time, and the limit on the work.

use hickory_proto::dnssec::Algorithm;

use super::budget::Budget;
use dns::clock::Calendar;

/// The DNSSEC algorithms that resolverd accepts, as the configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Algorithms {
    /// True if resolverd also accepts the algorithms 5 (RSASHA1) and 7 (RSASHA1-NSEC3-SHA1). No zone should use them any more (RFC 9905).
    pub sha1: bool,
}

/// The rules for the checks of signatures for one question.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The DNSSEC algorithms that resolverd accepts.
    pub algorithms: Algorithms,
    /// The time with which the validity periods of signatures are compared.
    pub calendar: Calendar,
    /// The limits on the work of validation for this question.
    pub budget: &'a Budget,
}

impl Algorithms {
    /// Returns true if resolverd accepts signatures with `algorithm` (RFC 8624 section 3.1).
    ///
    /// A zone that is signed only with other algorithms, such as Ed448 (16, RFC 8080), is insecure (RFC 4035 section 5.2). RFC 8624 does
    /// not require Ed448, almost no zone uses it, and neither `ring` nor `aws-lc-rs` has it.
    pub fn check(self, algorithm: Algorithm) -> bool {
        match u8::from(algorithm) {
            8 | 10 | 13 | 14 | 15 => true,
            5 | 7 => self.sha1,
            _ => false,
        }
    }
}
