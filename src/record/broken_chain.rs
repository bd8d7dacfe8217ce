//! The zone at which a chain of trust breaks. The zones below it may be in order, and their owners cannot repair it.
//!
//! Pure. A flight fails at the servers of the zone that it asked, and its failure says in words which zone the validation found to be at
//! fault: the keys of a zone above may not fit their DS, for instance (RFC 4035 section 5).

use hickory_proto::rr::Name;

/// The words before and behind the name of the zone, in the sentences of `validate`.
const SENTENCES: [(&str, &str); 10] = [
    ("(bogus): ", " has a DS record but no DNSKEY"),
    ("(bogus): ", " returned no DNSKEY"),
    ("(bogus): ", " sent no proof (NSEC, NSEC3) "),
    ("the DNSKEY of ", " that its DS names "),
    ("no DNSKEY of ", " matches the DS in its parent"),
    ("no DNSKEY of ", " matches a trust anchor of this host"),
    ("names a DNSKEY that ", " does not have"),
    ("has no signature (RRSIG) by a key of ", ""),
    ("the NSEC or NSEC3 records of ", " do not prove "),
    ("the RRSIG of ", " DNSKEY "),
];

/// The zone at which the chain of trust breaks, by the sentence of a bogus failure; none if it names no zone at or above `zone`, whose
/// servers were asked.
pub(super) fn broken_at(why: &str, zone: &Name) -> Option<Name> {
    let why = why.replace("the root zone", ".").replace("the root ", ". ");
    let named = |(before, behind): (&str, &str)| {
        let (_, rest) = why.split_once(before)?;
        let (name, rest) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
        let name = Name::from_utf8(name).or_else(|_| Name::from_ascii(name)).ok()?;
        (rest.starts_with(behind) && name.zone_of(zone)).then_some(name)
    };
    SENTENCES.into_iter().find_map(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_of_a_sentence_is_found_if_it_is_one_above_or_the_same() {
        let kid = Name::from_ascii("kid.sig.").unwrap();
        for (why, zone) in [
            ("sig. has a DS record but no DNSKEY", Some("sig.")),
            ("sig. returned no DNSKEY", Some("sig.")),
            ("the DNSKEY of sig. that its DS names has no zone key flag", Some("sig.")),
            ("no DNSKEY of the root zone matches a trust anchor of this host (key tag 1)", Some(".")),
            ("no DNSKEY of sig. matches the DS in its parent (key tag 1)", Some("sig.")),
            ("the RRSIG of sig. DNSKEY expired 3 days ago", Some("sig.")),
            ("the RRSIG of the root DNSKEY does not fit", Some(".")),
            ("the RRSIG of . DNSKEY expired 40 days ago", Some(".")),
            ("the RRSIG of kid.sig. DS names a DNSKEY that sig. does not have (key tag 1)", Some("sig.")),
            ("kid.sig. DS has no signature (RRSIG) by a key of sig.", Some("sig.")),
            ("the NSEC or NSEC3 records of sig. do not prove that kid.sig. has no DS", Some("sig.")),
            ("sig. sent no proof (NSEC, NSEC3) that kid.sig. has no DS", Some("sig.")),
            ("kid.sig. has a DS record but no DNSKEY", Some("kid.sig.")),
            // The owner of which zone is at fault is not said, or the zone is none of this name.
            ("the RRSIG of kid.sig. DS expired 3 days ago", None),
            ("other. has a DS record but no DNSKEY", None),
            ("x.kid.sig. has a DS record but no DNSKEY", None),
        ] {
            let told = format!("DNSSEC validation failed (bogus): {why}");
            let zone = zone.map(|zone| Name::from_ascii(zone).unwrap());
            assert_eq!(broken_at(&told, &kid), zone, "{why}");
        }
    }
}
