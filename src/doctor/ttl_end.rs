//! The end of a TTL by the clock: until then a cache keeps the records that it has now.
//!
//! RFC 1035 section 3.2.1.

use super::facts::DomainFacts;
use dns::clock::minute;

/// The end of a TTL that runs from the check on, in seconds since 1970.
pub(super) fn end(facts: &DomainFacts, ttl: u32) -> u64 {
    facts.subject.unix.saturating_add(ttl.into())
}

/// The first minute at which such an end is over, in words.
pub(super) fn over_by(end: u64) -> String {
    minute(end.next_multiple_of(60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    #[test]
    fn a_ttl_is_over_at_the_end_of_its_minute() {
        let of = |ttl| over_by(end(&facts("a.test.", ""), ttl));
        assert_eq!(
            [0, 1, 60, 61].map(of).map(|text| text[11..16].to_owned()),
            ["00:00", "00:01", "00:01", "00:02"]
        );
    }
}
