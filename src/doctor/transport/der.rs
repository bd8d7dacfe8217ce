//! Parses DER (X.690 section 8.1), as far as keys and certificates need it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Splits octets into the tag and the content of the first DER element, and the octets after it.
pub(crate) fn element(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
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

/// Returns the SubjectPublicKeyInfo of a certificate, with its tag (RFC 5280 section 4.1).
pub(crate) fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    // Serial number, signature algorithm, issuer, validity and subject are before the key.
    let rest = behind(certificate, 5)?;
    let (0x30, _, after) = element(rest)? else { return None };
    rest.get(..rest.len().checked_sub(after.len())?)
}

/// Returns true for X.509 version 1: no version field, and no extensions such as host names.
pub fn is_version_1(certificate: &[u8]) -> bool {
    let body = element(certificate).and_then(|(_, body, _)| element(body));
    body.and_then(|(_, body, _)| element(body)).is_some_and(|(tag, _, _)| tag != 0xa0)
}

/// Returns the expiration (notAfter) in seconds since 1970; 0 for times before 1970 (RFC 5280 section 4.1.2.5).
pub(crate) fn not_after(certificate: &[u8]) -> Option<u64> {
    // Serial number, signature algorithm and issuer are before the validity.
    let (0x30, validity, _) = element(behind(certificate, 3)?)? else { return None };
    let (_, _, end) = element(validity)?;
    let (tag, text, _) = element(end)?;
    let digits = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let digits = match tag {
        // UTCTime has a year of two digits; from 50 on, it is in the 20th century.
        0x17 if digits.len() == 12 => {
            format!("{}{digits}", if digits.as_bytes().first()? >= &b'5' { "19" } else { "20" })
        }
        // GeneralizedTime has a year of four digits.
        0x18 if digits.len() == 14 => digits.to_owned(),
        _ => return None,
    };
    let moment = DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    let seconds = TimeZone::UTC.to_timestamp(moment).ok()?.as_second();
    Some(u64::try_from(seconds).unwrap_or(0))
}

/// Returns the part of a certificate that follows the version and the next `count` elements.
fn behind(certificate: &[u8], count: usize) -> Option<&[u8]> {
    let (0x30, body, _) = element(certificate)? else { return None };
    let (0x30, mut rest, _) = element(body)? else { return None };
    if let (0xa0, _, after_version) = element(rest)? {
        rest = after_version;
    }
    for _ in 0..count {
        (_, _, rest) = element(rest)?;
    }
    Some(rest)
}
