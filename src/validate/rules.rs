//! The rules of a check: the algorithms that count, the time, and the work that is left.

use hickory_proto::dnssec::Algorithm;

use super::budget::Budget;
use dns::clock::Calendar;

/// The algorithms that are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Algorithms {
    /// RSASHA1 and RSASHA1-NSEC3-SHA1 too (5 and 7), with which no zone should sign any more (RFC 9905).
    pub sha1: bool,
}

/// The rules by which signatures are checked.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The algorithms that are checked.
    pub algorithms: Algorithms,
    /// The time by which signatures begin and end.
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
