//! The result of DNSSEC validation: secure, insecure, bogus or indeterminate, with the reason (RFC 4035 section 4.3).

use std::fmt;

use hickory_proto::rr::Name;

use dns::question::ExtendedError;
use dns::words;

/// The result of DNSSEC validation for an RRset, an answer or a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The data are signed, and there is a complete chain of trust to them from a trust anchor.
    Secure,
    /// The data are provably unsigned, or below a negative trust anchor, or not below any trust anchor, or signed only with algorithms that
    /// resolverd does not support. The value has the reason that the client gets, if there is one.
    Insecure(Option<ValidationFailure>),
    /// The data should be signed, but a signature or proof is wrong or missing.
    Bogus(ValidationFailure),
    /// The records of the chain of trust could not be fetched, or validation would have exceeded its limit of work.
    Indeterminate(ValidationFailure),
}

words! {
    /// The kind of a `Verdict` without its reason, for counters.
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

/// The reason why data are not secure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationFailure {
    /// The kind of the failure.
    pub why: Why,
    /// The failure as a sentence for people, without a full stop at its end.
    pub text: String,
    /// If the clock of this host is slow: the time, in seconds since 1970, at which the validity of a correct signature of the root began. The
    /// real time is later.
    pub passed: Option<u64>,
    /// The zone whose owner is at fault: a key, a signature or a proof is wrong or missing (RFC 4035 section 5). The zones below it may be
    /// correct.
    pub broken_at: Option<Box<Name>>,
}

/// The kinds of validation failures. Each has a code for extended errors in RFC 8914 section 4, RFC 9276 section 3.2 or IANA's registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// All keys of the zone use algorithms that resolverd does not support.
    Algorithm,
    /// All DS records of the zone have digest types that resolverd does not support.
    Digest,
    /// The records of the chain of trust could not be fetched.
    Indeterminate,
    /// A signature does not match its data, or the records do not prove that a name or type does not exist.
    Bogus,
    /// The signature has expired.
    Expired,
    /// The validity period of the signature has not begun.
    NotYetValid,
    /// The zone has no key that the DS record or the signature identifies.
    DnskeyMissing,
    /// Data of a signed zone have no signature.
    RrsigsMissing,
    /// The key that the DS record identifies does not have the zone key flag.
    NoZoneKeyBit,
    /// The NSEC or NSEC3 records of a denial are missing.
    NsecMissing,
    /// The NSEC3 records have too many iterations.
    Nsec3Iterations,
    /// The operator has set a negative trust anchor (RFC 7646) at or above the name.
    NegativeTrustAnchor,
}

impl Verdict {
    /// Returns the kind of this verdict, without the reason.
    pub fn state(&self) -> SecurityStatus {
        match self {
            Self::Secure => SecurityStatus::Secure,
            Self::Insecure(_) => SecurityStatus::Insecure,
            Self::Bogus(_) => SecurityStatus::Bogus,
            Self::Indeterminate(_) => SecurityStatus::Indeterminate,
        }
    }

    /// Returns the verdict on an answer whose two parts have these verdicts: the weaker one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Insecure(None), Self::Insecure(Some(_))) => other,
            _ if other.state() > self.state() => other,
            _ => self,
        }
    }

    /// Returns the reason why the data are not secure, or `None` if there is no reason to report.
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
    /// Creates a failure of validation of the kind `why`, with a sentence for people.
    pub fn new(why: Why, text: impl Into<String>) -> Self {
        Self { why, text: text.into(), passed: None, broken_at: None }
    }

    /// Returns this failure with the fact that the owner of `zone` is at fault.
    #[must_use]
    pub fn at(self, zone: &Name) -> Self {
        Self { broken_at: Some(Box::new(zone.clone())), ..self }
    }

    #[must_use]
    pub(crate) fn proving(self, passed: u64) -> Self {
        Self { passed: Some(passed), ..self }
    }

    /// Returns the more informative of two failures for the same data, in this order: a wrong signature, one outside its validity period, a
    /// missing key, a missing signature. If both are equally informative, returns `other`.
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

    /// Returns the extended error (RFC 8914) that informs a client about this failure.
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
    /// All kinds of failures of validation.
    pub const ALL: [Self; 12] = [
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
        Self::NegativeTrustAnchor,
    ];

    /// Returns the INFO-CODE of this kind of failure (IANA's registry of extended errors).
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
            Self::NegativeTrustAnchor => 33,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weaker_verdict_counts_with_reason() {
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
    fn validation_faults_have_iana_codes() {
        let words = SecurityStatus::ALL.map(|state| state.to_string());
        assert_eq!(words, ["secure", "insecure", "bogus", "indeterminate"]);
        // The codes in IANA's registry of extended errors.
        assert_eq!(Why::ALL.map(Why::code), [1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 27, 33]);
        let fault = ValidationFailure::new(Why::Expired, "expired 3 days ago");
        assert_eq!(fault.to_string(), "expired 3 days ago");
        let error = fault.extended_error();
        assert_eq!((error.code, error.text.as_str()), (7, "expired 3 days ago"));
    }

    #[test]
    fn farther_validation_fault_is_reported() {
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
