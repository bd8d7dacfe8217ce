//! The data of types whose words are no row of fields: LOC (RFC 1876), APL (RFC 3123) and HIP (RFC 8005).

use std::net::IpAddr;

use data_encoding::BASE64;
use hickory_proto::rr::Name;

use super::entries::Word;
use super::fields::{hex, push_name};
use super::words;

/// Centimetres from which altitudes count: 100 km below the reference spheroid.
const BELOW: i64 = 10_000_000;

/// The equator and the prime meridian, in thousandths of an arc second.
const ORIGIN: u32 = 1 << 31;

/// The size of the place, and the precision of its position and altitude, if they are not written, in centimetres.
const PRECISION: [i64; 3] = [100, 1_000_000, 1_000];

/// The data of a LOC record (RFC 1876 section 3).
pub(super) fn place(words: &[Word]) -> Option<Vec<u8>> {
    let mut words = words.iter().map(|word| word.text.as_str()).peekable();
    let latitude = angle(&mut words, ("N", "S"), 90)?;
    let longitude = angle(&mut words, ("E", "W"), 180)?;
    let altitude = u32::try_from(centimetres(words.next()?)?.checked_add(BELOW)?).ok()?;
    // Version 0.
    let mut wire = vec![0];
    for usual in PRECISION {
        let typed = words.next().map_or(Some(usual), centimetres)?;
        wire.push(power(typed)?);
    }
    for number in [latitude, longitude, altitude] {
        wire.extend(number.to_be_bytes());
    }
    words.next().is_none().then_some(wire)
}

/// Degrees, minutes and seconds before one of two directions, the first of which is the positive one.
fn angle<'w>(
    words: &mut impl Iterator<Item = &'w str>,
    (positive, negative): (&str, &str),
    most: u32,
) -> Option<u32> {
    let mut thousandths = 0_u32;
    for (unit, below) in [(3_600_000, most.checked_add(1)?), (60_000, 60), (1_000, 60)] {
        let word = words.next()?;
        if let Some(found) = direction(word, thousandths, (positive, negative)) {
            return Some(found);
        }
        let (whole, part) = word.split_once('.').unwrap_or((word, ""));
        let whole: u32 = whole.parse().ok().filter(|whole| *whole < below)?;
        thousandths = thousandths.checked_add(whole.checked_mul(unit)?)?;
        if !part.is_empty() {
            // Only seconds have a part.
            let part: u32 =
                format!("{part:0<3}").parse().ok().filter(|_| unit == 1_000 && part.len() <= 3)?;
            thousandths = thousandths.checked_add(part)?;
        }
    }
    let within = thousandths <= most.checked_mul(3_600_000)?;
    direction(words.next()?, thousandths, (positive, negative)).filter(|_| within)
}

fn direction(word: &str, thousandths: u32, (positive, negative): (&str, &str)) -> Option<u32> {
    if word.eq_ignore_ascii_case(positive) {
        return ORIGIN.checked_add(thousandths);
    }
    word.eq_ignore_ascii_case(negative).then(|| ORIGIN.checked_sub(thousandths)).flatten()
}

/// Metres with at most two decimals, in centimetres.
fn centimetres(word: &str) -> Option<i64> {
    let word = word.strip_suffix(['m', 'M']).unwrap_or(word);
    let (whole, part) = word.split_once('.').unwrap_or((word, ""));
    let digits = format!("{part:0<2}");
    let part: i64 = digits.parse().ok().filter(|_| part.len() <= 2 && !part.starts_with(['+', '-']))?;
    let metres = whole.parse::<i64>().ok()?.checked_mul(100)?;
    if whole.starts_with('-') { metres.checked_sub(part) } else { metres.checked_add(part) }
}

/// Centimetres as a digit and a power of ten, each in four bits.
fn power(centimetres: i64) -> Option<u8> {
    let (mut digit, mut exponent) = (u64::try_from(centimetres).ok()?, 0_u8);
    while digit > 9 {
        digit /= 10;
        exponent = exponent.checked_add(1)?;
    }
    let digit = u8::try_from(digit).ok()?;
    (exponent <= 9).then_some(digit << 4 | exponent)
}

/// The data of an APL record: prefixes, each with `!` before if it is excluded (RFC 3123 section 5).
pub(super) fn prefixes(words: &[Word]) -> Option<Vec<u8>> {
    let mut wire = Vec::new();
    for word in words {
        let (negated, text) =
            word.text.strip_prefix('!').map_or((0_u8, word.text.as_str()), |text| (0x80, text));
        let (family, text) = text.split_once(':')?;
        let (address, length) = text.split_once('/')?;
        let (octets, most) = match (family, address.parse::<IpAddr>().ok()?) {
            ("1", IpAddr::V4(address)) => (address.octets().to_vec(), 32),
            ("2", IpAddr::V6(address)) => (address.octets().to_vec(), 128),
            _ => return None,
        };
        let used = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last.saturating_add(1));
        wire.extend(family.parse::<u16>().ok()?.to_be_bytes());
        wire.push(length.parse::<u8>().ok().filter(|length| *length <= most)?);
        wire.push(negated | u8::try_from(used).ok()?);
        wire.extend(octets.get(..used)?);
    }
    Some(wire)
}

/// The data of a HIP record: an algorithm, a host identity tag, a public key and rendezvous servers (RFC 8005 section 6).
pub(super) fn host_identity(words: &[Word], origin: &Name) -> Option<Vec<u8>> {
    let [algorithm, tag, key, servers @ ..] = words else { return None };
    let (tag, key) = (hex(&tag.text)?, BASE64.decode(key.text.as_bytes()).ok()?);
    let mut wire = vec![u8::try_from(tag.len()).ok()?, algorithm.text.parse().ok()?];
    wire.extend(u16::try_from(key.len()).ok()?.to_be_bytes());
    wire.extend(tag);
    wire.extend(key);
    for server in servers {
        push_name(&mut wire, &words::name(&server.text, origin).ok()?)?;
    }
    Some(wire)
}

#[cfg(test)]
mod tests {
    use super::super::record;

    /// Whether data in their own form are the same as these octets, or are refused.
    fn same(text: &str, octets: Option<&str>) {
        let found = record(&format!("a. {text}")).ok().map(|record| record.data);
        let kind = text.split(' ').next().unwrap();
        let digits = octets.map(|octets| octets.replace(' ', ""));
        let wanted = digits.map(|digits| format!("a. {kind} \\# {} {digits}", digits.len() / 2));
        assert_eq!(found, wanted.map(|wanted| record(&wanted).unwrap().data), "{text}");
    }

    #[test]
    fn places_have_angles_an_altitude_and_precisions() {
        // The examples of RFC 1876 appendix B, with the octets that BIND makes.
        same("LOC 42 21 54 N 71 06 18 W -24m 30m", Some("00331613 89172dd0 70be15f0 00988d20"));
        same("LOC 42 21 43.952 N 71 5 6.344 W -24m 1m 200m", Some("00122413 89170690 70bf2dd8 00988d20"));
        same("LOC 52 14 05 N 00 08 50 E 10m", Some("00121613 8b3556c8 80081650 00989a68"));
        same("LOC 32 7 19 S 116 2 25 E 10m", Some("00121613 791b7d28 98e64868 00989a68"));
        same("LOC 42 N 71 W 0.5", Some("00121613 89032100 70c3da80 009896b2"));
        for wrong in [
            "42 N 71",
            "91 N 71 W 0",
            "42 60 N 71 W 0",
            "42.5 N 71 W 0",
            "42 N 71 W 0 1 1 1 1",
            "42 N 71 W x",
        ] {
            same(&format!("LOC {wrong}"), None);
        }
    }

    #[test]
    fn prefixes_have_a_family_and_may_be_excluded() {
        same("APL 1:192.168.32.0/21 !1:192.168.38.0/28", Some("00011503c0a820 00011c83c0a826"));
        same("APL 1:224.0.0.0/4 2:FF00:0:0:0:0:0:0:0/8", Some("00010401e0 00020801ff"));
        same("APL 1:0.0.0.0/0", Some("00010000"));
        for wrong in ["1:10.0.0.0", "1:10.0.0.0/33", "2:10.0.0.0/8", "3:10.0.0.0/8", "10.0.0.0/8"] {
            same(&format!("APL {wrong}"), None);
        }
    }

    #[test]
    fn host_identities_have_a_key_and_servers() {
        same("HIP 2 20010010 AwEA rvs.a.", Some("04 02 0003 20010010 030100 0372767301 6100"));
        same("HIP 2 20010010 AwEA", Some("04 02 0003 20010010 030100"));
        same("HIP 2 20010010", None);
        same("HIP 2 2001001 AwEA", None);
    }

    #[test]
    fn a_host_has_its_machine_and_system() {
        same("HINFO PC \"Linux 6\"", Some("025043 074c696e75782036"));
    }
}
