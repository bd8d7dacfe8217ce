//! The result of validation: secure, insecure, bogus or indeterminate, with the reason (RFC 4035 section 4.3).
//!
//! The functions are pure.

use std::fmt;

use hickory_proto::rr::Name;

use dns::question::ExtendedError;
use dns::words;

/// The verdict on data or a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The data are signed, and the chain of trust from a trust anchor is complete.
    Secure,
    /// The data are provably unsigned, or below a negative trust anchor, or outside every trust anchor, or signed only with algorithms
    /// that are not checked. In the last case there is a reason for the client.
    Insecure(Option<ValidationFailure>),
    /// The data should be signed, but the signatures or proofs are not valid.
    Bogus(ValidationFailure),
    /// The chain of trust could not be fetched, or its check would have cost too much.
    Indeterminate(ValidationFailure),
}

words! {
    /// The kind of a verdict, for counters.
    pub enum SecurityStatus {
        /// See `Verdict::Secure`.
        Secure = "secure",
        /// See `Verdict::Insecure`.
        Insecure = "insecure",
        /// See `Verdict::Bogus`.
        Bogus = "bogus",
        /// See `Verdict::Indeterminate`.
        Indeterminate = "indeterminate",
    }
}

/// Why data are not secure: a kind, which has a code in RFC 8914, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationFailure {
    /// The kind of failure.
    pub why: Why,
    /// One sentence for people, without the full stop.
    pub text: String,
    /// A time that has certainly passed, in seconds since 1970, if this failure proves one. It is the start of a valid signature of the
    /// root.
    pub passed: Option<u64>,
    /// The zone at which the chain of trust breaks, if its owner is at fault, because a key, a signature or a proof is wrong or missing
    /// (RFC 4035 section 5). The zones below it may be correct.
    pub broken_at: Option<Box<Name>>,
}

/// The kinds of failure that have a code in RFC 8914 section 4 or RFC 9276 section 3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// All keys of the zone have algorithms that are not checked here.
    Algorithm,
    /// All DS records of the zone have digest types that are not checked here.
    Digest,
    /// The chain of trust could not be fetched.
    Indeterminate,
    /// A signature is not valid for its data, or a proof does not prove what it should.
    Bogus,
    /// The signature has expired.
    Expired,
    /// The validity of the signature has not begun.
    NotYetValid,
    /// The zone has no key that the DS or the signature identifies.
    DnskeyMissing,
    /// There is no signature.
    RrsigsMissing,
    /// The key that the DS identifies does not have the zone key flag.
    NoZoneKeyBit,
    /// The proof that something does not exist is missing.
    NsecMissing,
    /// NSEC3 records have too many iterations.
    Nsec3Iterations,
}

impl Verdict {
    /// Returns the kind of the verdict.
    pub fn state(&self) -> SecurityStatus {
        match self {
            Self::Secure => SecurityStatus::Secure,
            Self::Insecure(_) => SecurityStatus::Insecure,
            Self::Bogus(_) => SecurityStatus::Bogus,
            Self::Indeterminate(_) => SecurityStatus::Indeterminate,
        }
    }

    /// Returns the verdict on two parts of one answer together, which is the weaker of the two verdicts.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Insecure(None), Self::Insecure(Some(_))) => other,
            _ if other.state() > self.state() => other,
            _ => self,
        }
    }

    /// Returns why the data are not secure, if there is a reason to report.
    pub fn fault(&self) -> Option<&ValidationFailure> {
        match self {
            Self::Secure => None,
            Self::Insecure(fault) => fault.as_ref(),
            Self::Bogus(fault) | Self::Indeterminate(fault) => Some(fault),
        }
    }
}

impl fmt::Display for SecurityStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl ValidationFailure {
    /// Creates a failure of this kind with a sentence.
    pub fn new(why: Why, text: impl Into<String>) -> Self {
        Self { why, text: text.into(), passed: None, broken_at: None }
    }

    /// Sets the zone at which the chain of trust breaks.
    #[must_use]
    pub fn at(self, zone: &Name) -> Self {
        Self { broken_at: Some(Box::new(zone.clone())), ..self }
    }

    /// Adds a time that has certainly passed, because a signature proves this.
    #[must_use]
    pub(crate) fn proving(self, passed: u64) -> Self {
        Self { passed: Some(passed), ..self }
    }

    /// Returns the more informative of two failures for the same data. A wrong signature is more informative than one outside its
    /// validity, which is more informative than a missing key, which is more informative than a missing signature. If both are equal,
    /// returns `other`.
    #[must_use]
    pub fn or_more_telling(self, other: Self) -> Self {
        let rank = |fault: &Self| match fault.why {
            Why::Bogus => 4,
            Why::Expired => 3,
            Why::NotYetValid => 2,
            Why::DnskeyMissing => 1,
            _ => 0,
        };
        if rank(&other) >= rank(&self) { other } else { self }
    }

    /// Returns the extended error for a client.
    pub fn extended_error(&self) -> ExtendedError {
        ExtendedError::new(self.why.code(), self.text.clone())
    }
}

impl fmt::Display for ValidationFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Why {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::Algorithm,
        Self::Digest,
        Self::Indeterminate,
        Self::Bogus,
        Self::Expired,
        Self::NotYetValid,
        Self::DnskeyMissing,
        Self::RrsigsMissing,
        Self::NoZoneKeyBit,
        Self::NsecMissing,
        Self::Nsec3Iterations,
    ];

    /// Returns the INFO-CODE of this kind in the IANA registry.
    pub const fn code(self) -> u16 {
        match self {
            Self::Algorithm => 1,
            Self::Digest => 2,
            Self::Indeterminate => 5,
            Self::Bogus => 6,
            Self::Expired => 7,
            Self::NotYetValid => 8,
            Self::DnskeyMissing => 9,
            Self::RrsigsMissing => 10,
            Self::NoZoneKeyBit => 11,
            Self::NsecMissing => 12,
            Self::Nsec3Iterations => 27,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weaker_part_decides_and_a_reason_is_not_lost() {
        let fault = || ValidationFailure::new(Why::Digest, "no digest");
        let (plain, with_fault) = (Verdict::Insecure(None), Verdict::Insecure(Some(fault())));
        assert_eq!(Verdict::Secure.and(plain.clone()), plain);
        assert_eq!(plain.clone().and(with_fault.clone()), with_fault);
        assert_eq!(with_fault.clone().and(plain.clone()), with_fault);
        assert_eq!(with_fault.clone().and(Verdict::Bogus(fault())).state(), SecurityStatus::Bogus);
        assert_eq!(Verdict::Secure.and(Verdict::Secure), Verdict::Secure);
        assert_eq!(with_fault.fault(), Some(&fault()));
        assert_eq!(plain.fault(), None);
        for (place, state) in SecurityStatus::ALL.iter().enumerate() {
            assert_eq!(state.index(), place);
        }
    }

    #[test]
    fn states_and_faults_are_reported_by_their_words_and_codes() {
        let words = SecurityStatus::ALL.map(|state| state.to_string());
        assert_eq!(words, ["secure", "insecure", "bogus", "indeterminate"]);
        // These are the codes in the IANA registry.
        assert_eq!(Why::ALL.map(Why::code), [1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 27]);
        let fault = ValidationFailure::new(Why::Expired, "expired 3 days ago");
        assert_eq!(fault.to_string(), "expired 3 days ago");
        let error = fault.extended_error();
        assert_eq!((error.code, error.text.as_str()), (7, "expired 3 days ago"));
    }

    /// A zone that signs with two algorithms has an expired signature and a wrong one. The wrong one is reported.
    #[test]
    fn of_two_faults_the_one_that_came_farther_is_reported() {
        use Why::{Bogus, DnskeyMissing, Expired, NotYetValid, RrsigsMissing};
        let ranked = [RrsigsMissing, DnskeyMissing, NotYetValid, Expired, Bogus];
        let fault = |why| ValidationFailure::new(why, "expired");
        for (lesser, greater) in ranked.iter().zip(&ranked[1..]) {
            assert_eq!(fault(*lesser).or_more_telling(fault(*greater)).why, *greater);
            assert_eq!(fault(*greater).or_more_telling(fault(*lesser)).why, *greater);
        }
        let (first, second) =
            (ValidationFailure::new(Bogus, "first"), ValidationFailure::new(Bogus, "second"));
        assert_eq!(first.or_more_telling(second).text, "second");
    }
}
