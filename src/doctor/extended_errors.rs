//! The extended errors of resolvers that fail: the servers of the zone that each points to, and the remedy.
//!
//! RFC 8914 section 4, RFC 9276 section 3.2 (NSEC3 iterations); the registry "Extended DNS Error Codes" of IANA.
//!
//! # Decisions
//!
//! - A resolver that finds a fault in signatures has seen the servers that it reaches. An address of a server may stand for many sites, of
//!   which this host reaches another one. So where all is well from here, one site is told to have the fault.
//! - `contradicted_errors` tells where the zone does not have what an error speaks of.
//! - Of several errors the first of the table counts: one that names a fault in the zone says more than one about the way to it.

/// The part of the zone that an error speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorClaim {
    /// Signatures, keys or proofs, which a signed zone alone has.
    Signatures,
    /// The algorithm of the keys.
    Algorithm,
    /// The digest type of the DS records.
    Digest,
    /// The iterations of NSEC3 records.
    Iterations,
    /// None: the way to the servers, or the resolver itself.
    None,
}

/// A fault of one server of the zone that makes resolvers fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerFault {
    /// It does not give the records that are asked for.
    Records,
    /// It does not give the keys of the zone.
    Keys,
    /// It denies records without the proof of a signed zone.
    Proof,
}

/// Errors of one kind.
pub(super) struct ExtendedErrorKind {
    codes: &'static [u16],
    /// The faults of a server that explain them.
    pub(super) faults: &'static [ServerFault],
    pub(super) claim: ErrorClaim,
    /// The wrong data that servers of the zone send to the resolver, in words; empty if the error tells of none.
    pub(super) sent: &'static str,
    /// The change that helps.
    pub(super) remedy: &'static str,
}

/// Errors with which a resolver says that it does not give the records on purpose: Blocked, Censored, Filtered.
const FILTERS: [u16; 3] = [15, 16, 17];

/// The kinds, the most telling first.
const KINDS: [ExtendedErrorKind; 15] = [
    // Signature Expired.
    ExtendedErrorKind {
        codes: &[7],
        faults: &[],
        claim: ErrorClaim::Signatures,
        sent: "signatures that have ended",
        remedy: "Let all sites and machines behind the addresses of the name servers have the current zone: look in their logs for transfers that fail, \
                 and for a signer that has stopped. Ask the operator of the name servers which site this resolver reaches",
    },
    // Signature Not Yet Valid.
    ExtendedErrorKind {
        codes: &[8],
        faults: &[],
        claim: ErrorClaim::Signatures,
        sent: "signatures that have not begun",
        remedy: "Compare the clocks of all machines that sign the zone, and let signatures begin an hour before they are made. Ask the operator of the \
                 name servers which site this resolver reaches",
    },
    // Signature Expired before Valid.
    ExtendedErrorKind {
        codes: &[25],
        faults: &[],
        claim: ErrorClaim::Signatures,
        sent: "signatures that end before they begin",
        remedy: "Sign the zone again with right times, and let all sites of the name servers load it",
    },
    // RRSIGs Missing.
    ExtendedErrorKind {
        codes: &[10],
        faults: &[ServerFault::Keys, ServerFault::Proof],
        claim: ErrorClaim::Signatures,
        sent: "records without signatures",
        remedy: "Let all sites and machines behind the addresses of the name servers have the signed zone, and remove what takes signatures or EDNS from \
                 their answers, such as a firewall or load balancer. Ask the operator of the name servers which site this resolver reaches",
    },
    // DNSKEY Missing.
    ExtendedErrorKind {
        codes: &[9],
        faults: &[ServerFault::Keys],
        claim: ErrorClaim::Signatures,
        sent: "other keys than the DS records name",
        remedy: "Let all sites and machines behind the addresses of the name servers have the current zone with its keys. At a change of keys, keep the \
                 old key and its signatures until the old DS record has ended everywhere",
    },
    // NSEC Missing.
    ExtendedErrorKind {
        codes: &[12],
        faults: &[ServerFault::Proof],
        claim: ErrorClaim::Signatures,
        sent: "denials without proof",
        remedy: "Let all sites and machines behind the addresses of the name servers have the signed zone with its NSEC or NSEC3 records: look for a server \
                 that does not send them",
    },
    // No Zone Key Bit Set.
    ExtendedErrorKind {
        codes: &[11],
        faults: &[],
        claim: ErrorClaim::Signatures,
        sent: "keys without the flag of a zone key",
        remedy: "Give the DNSKEY records the flags 256 or 257, sign the zone with such keys, and let all sites of the name servers load it",
    },
    // DNSSEC Bogus, DNSSEC Indeterminate.
    ExtendedErrorKind {
        codes: &[6, 5],
        faults: &[ServerFault::Keys, ServerFault::Proof],
        claim: ErrorClaim::Signatures,
        sent: "an old or badly signed zone",
        remedy: "Let all sites and machines behind the addresses of the name servers have the current signed zone: look in their logs for transfers that \
                 fail. Ask the operator of the name servers which site this resolver reaches",
    },
    // Unsupported DNSKEY Algorithm.
    ExtendedErrorKind {
        codes: &[1],
        faults: &[],
        claim: ErrorClaim::Algorithm,
        sent: "",
        remedy: "Sign the zone with algorithm 13 or 8: this resolver does not support the one that the zone uses",
    },
    // Unsupported DS Digest Type.
    ExtendedErrorKind {
        codes: &[2],
        faults: &[],
        claim: ErrorClaim::Digest,
        sent: "",
        remedy: "Enter DS records with digest type 2 at the registrar: this resolver does not support the type of those of now",
    },
    // Unsupported NSEC3 Iterations Value.
    ExtendedErrorKind {
        codes: &[27],
        faults: &[],
        claim: ErrorClaim::Iterations,
        sent: "",
        remedy: "If the zone has NSEC3 records with iterations, set the iterations to 0, and sign the zone again",
    },
    // No Reachable Authority, Network Error, Invalid Data.
    ExtendedErrorKind {
        codes: &[22, 23, 24],
        faults: &[ServerFault::Records, ServerFault::Keys],
        claim: ErrorClaim::None,
        sent: "",
        remedy: "Let all name servers answer this resolver: look for a firewall, a rate limit or a list of blocked networks in front of them, and for a \
                 site that is down. The text in the evidence may name the server",
    },
    // Prohibited.
    ExtendedErrorKind {
        codes: &[18],
        faults: &[],
        claim: ErrorClaim::None,
        sent: "",
        remedy: "Ask the operator of the resolver whether it serves this host, or name other resolvers with --resolver",
    },
    // Cached Error.
    ExtendedErrorKind {
        codes: &[13],
        faults: &[],
        claim: ErrorClaim::None,
        sent: "",
        remedy: "Repeat the check in some minutes: the resolver has kept the failure of an earlier lookup",
    },
    // Not Ready, Not Authoritative, Not Supported: the resolver itself.
    ExtendedErrorKind {
        codes: &[14, 20, 21],
        faults: &[],
        claim: ErrorClaim::None,
        sent: "",
        remedy: "Repeat the check. If the error stays, ask the operator of the resolver",
    },
];

/// The most telling kind of some errors; none if they tell nothing.
pub(super) fn kind(codes: impl IntoIterator<Item = u16>) -> Option<&'static ExtendedErrorKind> {
    let codes: Vec<u16> = codes.into_iter().collect();
    KINDS.iter().find(|kind| codes.iter().any(|code| kind.codes.contains(code)))
}

/// Whether a resolver says by an error that it filters the name.
pub(super) fn is_filter(code: u16) -> bool {
    FILTERS.contains(&code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_error_has_one_remedy_that_fits() {
        let all: Vec<u16> = KINDS.iter().flat_map(|kind| kind.codes).copied().collect();
        assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len());
        for kind in &KINDS {
            assert!(
                kind.remedy.starts_with(char::is_uppercase) && !kind.remedy.ends_with('.'),
                "{}",
                kind.remedy
            );
            assert!(!kind.remedy.contains("  "), "{}", kind.remedy);
        }
        for (code, word) in [
            (6, "transfers"),
            (7, "signer"),
            (8, "clocks"),
            (9, "keys"),
            (10, "signed zone"),
            (22, "firewall"),
            (23, "firewall"),
            (18, "serves this host"),
            (13, "some minutes"),
        ] {
            let told = kind([code]).unwrap();
            assert!(told.remedy.contains(word), "{code}: {}", told.remedy);
        }
        assert!(kind([]).is_none() && kind([0]).is_none() && kind([15]).is_none());
        assert!([15, 16, 17].into_iter().all(is_filter) && !is_filter(18));
        assert_eq!(kind([22, 7]).map(|kind| kind.sent), Some("signatures that have ended"));
    }
}
