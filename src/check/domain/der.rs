//! DER, as far as keys and certificates need it (X.690 section 8.1).

/// Tag, content and rest of an element.
pub(super) fn element(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = octets.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        let digits = rest.get(..count).filter(|digits| digits.len() <= 4)?;
        let length = digits.iter().fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
        (length, rest.get(count..)?)
    };
    Some((*tag, rest.get(..length)?, rest.get(length..)?))
}

/// The SubjectPublicKeyInfo of a certificate, with its tag (RFC 5280 section 4.1).
pub(super) fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let (0x30, body, _) = element(certificate)? else { return None };
    let (0x30, mut rest, _) = element(body)? else { return None };
    if let (0xa0, _, after_version) = element(rest)? {
        rest = after_version;
    }
    // Serial number, signature algorithm, issuer, validity, subject.
    for _ in 0..5 {
        (_, _, rest) = element(rest)?;
    }
    let (0x30, _, after) = element(rest)? else { return None };
    rest.get(..rest.len().checked_sub(after.len())?)
}
