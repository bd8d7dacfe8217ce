//! DER, as far as keys and certificates need it (X.690 section 8.1).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The object identifier of subjectAltName.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// The object identifier of commonName.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// Tag, content and rest of an element.
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

/// The SubjectPublicKeyInfo of a certificate, with its tag (RFC 5280 section 4.1).
pub(crate) fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    // Serial number, signature algorithm, issuer, validity, subject.
    let rest = behind(certificate, 5)?;
    let (0x30, _, after) = element(rest)? else { return None };
    rest.get(..rest.len().checked_sub(after.len())?)
}

/// Whether a certificate has X.509 version 1: without a version, and so without extensions such as names of hosts.
pub fn is_version_1(certificate: &[u8]) -> bool {
    let body = element(certificate).and_then(|(_, body, _)| element(body));
    body.and_then(|(_, body, _)| element(body)).is_some_and(|(tag, _, _)| tag != 0xa0)
}

/// The end of the validity of a certificate (notAfter), in seconds since 1970; 0 if it was before (RFC 5280 section 4.1.2.5).
pub(crate) fn not_after(certificate: &[u8]) -> Option<u64> {
    // Serial number, signature algorithm, issuer.
    let (0x30, validity, _) = element(behind(certificate, 3)?)? else { return None };
    let (_, _, end) = element(validity)?;
    let (tag, text, _) = element(end)?;
    let digits = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let digits = match tag {
        // UTCTime has two digits of the year: from 50 they are of the last century.
        0x17 if digits.len() == 12 => {
            format!("{}{digits}", if digits.as_bytes().first()? >= &b'5' { "19" } else { "20" })
        }
        // GeneralizedTime has four.
        0x18 if digits.len() == 14 => digits.to_owned(),
        _ => return None,
    };
    let moment = DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    let seconds = TimeZone::UTC.to_timestamp(moment).ok()?.as_second();
    Some(u64::try_from(seconds).unwrap_or(0))
}

/// The names of hosts of a certificate (subjectAltName, RFC 5280 section 4.2.1.6), in lower case; empty if it has none.
pub(crate) fn host_names(certificate: &[u8]) -> Vec<String> {
    // Serial number, signature algorithm, issuer, validity, subject, public key.
    let extensions = behind(certificate, 6).and_then(|rest| elements(rest).find(|(tag, _)| *tag == 0xa3));
    let Some((0x30, all, _)) = extensions.and_then(|(_, content)| element(content)) else {
        return Vec::new();
    };
    let names = elements(all).filter_map(|(_, extension)| {
        let mut parts = elements(extension);
        parts.next().filter(|(_, kind)| *kind == ALTERNATIVE_NAMES)?;
        let (_, value) = parts.find(|(tag, _)| *tag == 0x04)?;
        element(value).map(|(_, names, _)| names)
    });
    let of_hosts = names.flat_map(elements).filter(|(tag, _)| *tag == 0x82);
    of_hosts.map(|(_, name)| String::from_utf8_lossy(name).to_ascii_lowercase()).collect()
}

/// The common names of the subject of a certificate (RFC 5280 section 4.1.2.6), in lower case.
pub(crate) fn common_names(certificate: &[u8]) -> Vec<String> {
    // Serial number, signature algorithm, issuer, validity.
    let Some((0x30, subject, _)) = behind(certificate, 4).and_then(element) else { return Vec::new() };
    let attributes = elements(subject).flat_map(|(_, set)| elements(set));
    let names = attributes.filter_map(|(_, attribute)| {
        let mut parts = elements(attribute);
        parts.next().filter(|(_, kind)| *kind == COMMON_NAME)?;
        parts.next().map(|(_, name)| String::from_utf8_lossy(name).to_ascii_lowercase())
    });
    names.collect()
}

/// Tag and content of each element.
fn elements(mut octets: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (tag, content, rest) = element(octets)?;
        octets = rest;
        Some((tag, content))
    })
}

/// The elements of the body of a certificate behind its version and this many others.
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
