//! Converts the words of record data in a zone file to the octets of the fields.
//!
//! Follows RFC 1035 section 5.1 for character strings, RFC 4034 sections 3.2 and 4.1.2 for dates and record types, and RFC 5155 section 3.3 for
//! salts and hashes.

use std::net::{Ipv4Addr, Ipv6Addr};

use data_encoding::{BASE32_DNSSEC, BASE64, HEXUPPER_PERMISSIVE};
use hickory_proto::rr::Name;

use super::entries::Word;
use super::words;

/// The kind of a field in record data. The last four kinds take all words that are left in the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Address4,
    Address6,
    U8,
    U16,
    U32,
    /// A time span: a number of seconds, or numbers with units such as `1h30m`.
    Span,
    /// A date and time: seconds since 1970, or digits from year to second.
    Moment,
    Type,
    /// A DNSSEC algorithm, by its number or its mnemonic.
    Algorithm,
    /// A character string, which begins with an octet for its length.
    Text,
    /// A text without an octet for its length, up to the end of the data.
    Rest,
    /// A salt in hexadecimal digits, or `-` for an empty salt.
    Salt,
    /// A hash in base32, as in an NSEC3 record.
    Hash,
    /// Character strings, at least one.
    Texts,
    /// Record types, as a bitmap like in NSEC.
    Types,
    Hex,
    Base64,
}

/// The mnemonics and numbers of DNSSEC algorithms, from RFC 4034 appendix A.1 and IANA's registry.
const ALGORITHMS: [(&str, u8); 12] = [
    ("RSAMD5", 1),
    ("DH", 2),
    ("DSA", 3),
    ("RSASHA1", 5),
    ("NSEC3RSASHA1", 7),
    ("RSASHA1-NSEC3-SHA1", 7),
    ("RSASHA256", 8),
    ("RSASHA512", 10),
    ("ECDSAP256SHA256", 13),
    ("ECDSAP384SHA384", 14),
    ("ED25519", 15),
    ("ED448", 16),
];

/// Converts words to the octets of record data. Returns `None` if there are too few or too many words, or if a word is wrong.
pub(super) fn write(fields: &[Field], words: &[Word], origin: &Name) -> Option<Vec<u8>> {
    let mut wire = Vec::new();
    let mut words = words.iter();
    for field in fields {
        match field {
            Field::Texts => {
                let texts: Vec<&Word> = words.by_ref().collect();
                (!texts.is_empty()).then_some(())?;
                texts.into_iter().try_for_each(|word| push_counted(&mut wire, &string(&word.text)?))?;
            }
            Field::Types => {
                wire.extend(bitmap(&words.by_ref().map(|word| word.text.as_str()).collect::<Vec<_>>())?);
            }
            Field::Hex => wire.extend(hex(&joined(words.by_ref()))?),
            Field::Base64 => wire.extend(BASE64.decode(joined(words.by_ref()).as_bytes()).ok()?),
            one => push(&mut wire, *one, &words.next()?.text, origin)?,
        }
    }
    words.next().is_none().then_some(wire)
}

fn push(wire: &mut Vec<u8>, field: Field, word: &str, origin: &Name) -> Option<()> {
    match field {
        Field::Name => push_name(wire, &words::name(word, origin).ok()?)?,
        Field::Address4 => wire.extend(word.parse::<Ipv4Addr>().ok()?.octets()),
        Field::Address6 => wire.extend(word.parse::<Ipv6Addr>().ok()?.octets()),
        Field::U8 => wire.push(word.parse().ok()?),
        Field::U16 => wire.extend(word.parse::<u16>().ok()?.to_be_bytes()),
        Field::U32 => wire.extend(word.parse::<u32>().ok()?.to_be_bytes()),
        Field::Span => wire.extend(words::span(word)?.to_be_bytes()),
        Field::Moment => wire.extend(moment(word)?.to_be_bytes()),
        Field::Type => wire.extend(u16::from(words::kind(word)?).to_be_bytes()),
        Field::Algorithm => wire.push(algorithm(word)?),
        Field::Text => push_counted(wire, &string(word)?)?,
        Field::Rest => wire.extend(string(word)?),
        Field::Salt => push_counted(wire, &hex(if word == "-" { "" } else { word })?)?,
        Field::Hash => push_counted(wire, &BASE32_DNSSEC.decode(word.to_ascii_lowercase().as_bytes()).ok()?)?,
        Field::Texts | Field::Types | Field::Hex | Field::Base64 => return None,
    }
    Some(())
}

/// Reads a DNSSEC algorithm from its number or its mnemonic. Returns `None` for other words.
pub fn algorithm(word: &str) -> Option<u8> {
    let known = ALGORITHMS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    known.map(|(_, number)| *number).or_else(|| word.parse().ok())
}

fn push_counted(wire: &mut Vec<u8>, octets: &[u8]) -> Option<()> {
    wire.push(u8::try_from(octets.len()).ok()?);
    wire.extend_from_slice(octets);
    Some(())
}

/// Appends a name to `wire` in the upper and lower case of the file (RFC 6840 section 5.1).
fn push_name(wire: &mut Vec<u8>, name: &Name) -> Option<()> {
    name.iter().try_for_each(|label| push_counted(wire, label))?;
    wire.push(0);
    Some(())
}

fn joined<'w>(words: impl Iterator<Item = &'w Word>) -> String {
    words.flat_map(|word| word.text.split_ascii_whitespace()).collect()
}

pub(super) fn hex(digits: &str) -> Option<Vec<u8>> {
    HEXUPPER_PERMISSIVE.decode(digits.as_bytes()).ok()
}

/// Returns the octets of a character string. After a backslash is a character that represents itself, or an octet in three decimal digits.
fn string(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let (octet, behind) = match (first, behind) {
            (b'\\', [b'0'..=b'9', ..]) => {
                let (digits, behind) = behind.split_at_checked(3)?;
                (std::str::from_utf8(digits).ok()?.parse().ok()?, behind)
            }
            (b'\\', [octet, behind @ ..]) => (*octet, behind),
            (b'\\', []) => return None,
            (octet, behind) => (*octet, behind),
        };
        octets.push(octet);
        rest = behind;
    }
    Some(octets)
}

/// Reads a date and time: seconds since 1970, or digits from year to second (RFC 4034 section 3.2).
fn moment(word: &str) -> Option<u32> {
    if word.len() != 14 {
        return word.parse().ok();
    }
    let digits = |from: usize, to: usize| word.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (digits(0, 4)?, digits(4, 6)?, digits(6, 8)?);
    let (hour, minute, second) = (digits(8, 10)?, digits(10, 12)?, digits(12, 14)?);
    // Years begin in March here, so that a leap day is the last day of its year.
    let years = if month <= 2 { year.checked_sub(1)? } else { year };
    let day_of_year = ((month + 9) % 12 * 153 + 2) / 5 + day - 1;
    let days = years * 365 + years / 4 - years / 100 + years / 400 + day_of_year - 719_468;
    u32::try_from(days * 86_400 + hour * 3_600 + minute * 60 + second).ok()
}

/// Returns the bitmap of an NSEC record for these record types (RFC 4034 section 4.1.2).
fn bitmap(types: &[&str]) -> Option<Vec<u8>> {
    let mut numbers =
        types.iter().map(|word| words::kind(word).map(u16::from)).collect::<Option<Vec<_>>>()?;
    numbers.sort_unstable();
    let mut wire = Vec::new();
    for window in numbers.chunk_by(|one, other| one >> 8 == other >> 8) {
        let mut bits = [0_u8; 32];
        let mut used = 0;
        for number in window {
            let [_, low] = number.to_be_bytes();
            let place = usize::from(low >> 3);
            *bits.get_mut(place)? |= 0x80 >> (low & 7);
            used = place.saturating_add(1);
        }
        let [high, _] = window.first()?.to_be_bytes();
        wire.push(high);
        push_counted(&mut wire, bits.get(..used)?)?;
    }
    Some(wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_both_forms() {
        for (text, unix) in [
            ("19700101000000", 0),
            ("20000229235959", 951_868_799),
            ("20261120120000", 1_795_176_000),
            ("42", 42),
        ] {
            assert_eq!(moment(text), Some(unix), "{text}");
        }
        assert_eq!(moment("2026112012000x"), None);
    }

    #[test]
    fn strings_have_escapes() {
        assert_eq!(string("a\\\"b\\059\\\\").unwrap(), b"a\"b;\\");
        assert_eq!(string("\\25"), None);
        assert_eq!(string("\\256"), None);
        assert_eq!(string("a\\"), None);
    }
}
