//! The result of validation: secure, insecure, bogus or indeterminate, with the reason (RFC 4035 section 4.3).
//!
//! Pure.

use std::fmt;

use hickory_proto::rr::Name;
use serde::{Deserialize, Serialize};

use dns::question::ExtendedError;

/// The verdict on data or a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Signed, and the chain from a trust anchor holds.
    Secure,
    /// Provably unsigned, below a negative trust anchor, outside every anchor, or signed with algorithms that are not
    /// checked; the last with a reason for the client.
    Insecure(Option<ValidationFailure>),
    /// It should be signed, and the signatures or proofs are not valid.
    Bogus(ValidationFailure),
    /// The chain could not be fetched, or would have cost too much.
    Indeterminate(ValidationFailure),
}

/// The kind of a verdict, for counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityStatus {
    /// See `Verdict::Secure`.
    Secure,
    /// See `Verdict::Insecure`.
    Insecure,
    /// See `Verdict::Bogus`.
    Bogus,
    /// See `Verdict::Indeterminate`.
    Indeterminate,
}

/// Why data are not secure: the code of RFC 8914 and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationFailure {
    /// The kind.
    pub why: Why,
    /// One sentence for people, without its end.
    pub text: String,
    /// A time that has certainly passed, in seconds since 1970, if this failure proves one: the start of a valid signature of the root.
    pub passed: Option<u64>,
    /// The zone at which the chain of trust breaks, if its owner is at fault: its key, signature or proof is wrong or missing (RFC 4035 section 5).
    /// The zones below it may be correct.
    pub broken_at: Option<Box<Name>>,
}

/// The kinds of fault with codes in RFC 8914 section 4 and RFC 9276 section 3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Every key of the zone has an algorithm that we do not check.
    Algorithm,
    /// Every DS of the zone has a digest type that we do not check.
    Digest,
    /// The chain could not be fetched.
    Indeterminate,
    /// A signature does not fit its data, or a proof does not prove.
    Bogus,
    /// The signature has expired.
    Expired,
    /// The signature's time has not begun.
    NotYetValid,
    /// The zone has no key that its DS or the signature names.
    DnskeyMissing,
    /// There is no signature.
    RrsigsMissing,
    /// The key that the DS names is not a zone key.
    NoZoneKeyBit,
    /// The proof that something does not exist is missing.
    NsecMissing,
    /// NSEC3 with too many iterations.
    Nsec3Iterations,
}

impl Verdict {
    /// The kind of the verdict.
    pub fn state(&self) -> SecurityStatus {
        match self {
            Self::Secure => SecurityStatus::Secure,
            Self::Insecure(_) => SecurityStatus::Insecure,
            Self::Bogus(_) => SecurityStatus::Bogus,
            Self::Indeterminate(_) => SecurityStatus::Indeterminate,
        }
    }

    /// The verdict on two parts of one answer together, which is the weaker of the two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Insecure(None), Self::Insecure(Some(_))) => other,
            _ if other.state() > self.state() => other,
            _ => self,
        }
    }

    /// Why it is not secure, if there is more to say.
    pub fn fault(&self) -> Option<&ValidationFailure> {
        match self {
            Self::Secure => None,
            Self::Insecure(fault) => fault.as_ref(),
            Self::Bogus(fault) | Self::Indeterminate(fault) => Some(fault),
        }
    }
}

impl SecurityStatus {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Secure, Self::Insecure, Self::Bogus, Self::Indeterminate];

    /// Its place in `ALL`.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Secure => "secure",
            Self::Insecure => "insecure",
            Self::Bogus => "bogus",
            Self::Indeterminate => "indeterminate",
        }
    }
}

impl fmt::Display for SecurityStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl ValidationFailure {
    /// A fault and its sentence.
    pub fn new(why: Why, text: impl Into<String>) -> Self {
        Self { why, text: text.into(), passed: None, broken_at: None }
    }

    /// Sets the zone at which the chain of trust breaks.
    #[must_use]
    pub fn at(self, zone: &Name) -> Self {
        Self { broken_at: Some(Box::new(zone.clone())), ..self }
    }

    /// Adds a calendar moment that has passed, as the signature proves.
    #[must_use]
    pub(crate) fn proving(self, passed: u64) -> Self {
        Self { passed: Some(passed), ..self }
    }

    /// Chooses the more informative of two failures for the same data. A fault of the signature itself is preferred to one of its time, that to a
    /// missing key, and that to a missing signature. If both are equal, returns `other`.
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

    /// The extended error for a client.
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
    /// All of them.
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

    /// Its INFO-CODE in the registry of IANA.
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
        // The registry of IANA.
        assert_eq!(Why::ALL.map(Why::code), [1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 27]);
        let fault = ValidationFailure::new(Why::Expired, "expired 3 days ago");
        assert_eq!(fault.to_string(), "expired 3 days ago");
        let error = fault.extended_error();
        assert_eq!((error.code, error.text.as_str()), (7, "expired 3 days ago"));
    }

    /// A zone that signs with two algorithms has an old signature and one that does not fit: the latter is
    /// reported.
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
