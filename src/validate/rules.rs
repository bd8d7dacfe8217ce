//! The rules by which signatures are checked: the accepted algorithms, the time, and the limit on the work.

use hickory_proto::dnssec::Algorithm;

use super::budget::Budget;
use dns::clock::Calendar;

/// The algorithms that are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Algorithms {
    /// True if RSASHA1 and RSASHA1-NSEC3-SHA1 (5 and 7) are also checked. No zone should use these any more (RFC 9905).
    pub sha1: bool,
}

/// The rules by which signatures are checked.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The algorithms that are checked.
    pub algorithms: Algorithms,
    /// The time with which the validity of signatures is compared.
    pub calendar: Calendar,
    /// The work that the question may still cause.
    pub budget: &'a Budget,
}

impl Algorithms {
    /// Returns true if signatures of an algorithm are checked (RFC 8624 section 3.1).
    pub fn check(self, algorithm: Algorithm) -> bool {
        match u8::from(algorithm) {
            8 | 10 | 13 | 14 | 15 => true,
            5 | 7 => self.sha1,
            _ => false,
        }
    }
}
