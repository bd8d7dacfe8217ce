//! The domain of the organisation to which a name belongs, and the address that a reverse name stands for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use smallvec::SmallVec;

use dns::question::label_places;

/// Returns the domain that is blamed for a failure that shows no zone: the domain of the organisation. For a reverse name, the zone of the
/// network: 256 IPv4 addresses, or an IPv6 /48.
pub fn domain_of(name: &[u8]) -> Box<[u8]> {
    let labels = match reversed(name) {
        Some(IpAddr::V4(_)) => REVERSE_FOUR,
        Some(IpAddr::V6(_)) => REVERSE_SIX,
        None => return organisation(below_service(name)).into(),
    };
    let places: Vec<usize> = label_places(name).collect();
    let begin = places.len().checked_sub(labels).and_then(|place| places.get(place));
    begin.and_then(|begin| name.get(*begin..)).unwrap_or(name).into()
}

const REVERSE_FOUR: usize = 5;

const REVERSE_SIX: usize = 14;

/// Removes the labels up to the last one with an underscore: `selector._domainkey.`, `_dmarc.`, `_25._tcp.`.
fn below_service(name: &[u8]) -> &[u8] {
    behind_last(name, |label| label.first() == Some(&b'_'))
}

/// Returns the name behind the last label for which `is_it` returns true.
pub fn behind_last(name: &[u8], is_it: impl Fn(&[u8]) -> bool) -> &[u8] {
    let last = label_places(name).filter(|place| label(name, *place).is_some_and(&is_it)).last();
    let behind = last.and_then(|last| label_places(name).find(|place| *place > last));
    behind.and_then(|place| name.get(place..)).unwrap_or(name)
}

/// Returns the domain of the organisation: the last two labels, or three below names like `co.uk`. A list of public suffixes would be more
/// exact. But a mistake only joins two emails of the history or cuts one in two.
pub fn organisation(name: &[u8]) -> &[u8] {
    let places: SmallVec<[usize; 16]> = label_places(name).collect();
    let label = |from_right: usize| {
        let place = *places.get(places.len().checked_sub(from_right)?)?;
        Some(usize::from(*name.get(place)?))
    };
    let many = match (label(1), label(2)) {
        (Some(2), Some(second)) if second <= 3 => 3,
        _ => 2,
    };
    let begin = places.get(places.len().saturating_sub(many)).copied().unwrap_or(0);
    name.get(begin..).unwrap_or(name)
}

/// Returns the address in a name below in-addr.arpa or ip6.arpa (RFC 1035 section 3.5, RFC 3596 section 2.5).
pub fn reversed(name: &[u8]) -> Option<IpAddr> {
    const FOUR: &[u8] = b"\x07in-addr\x04arpa\x00";
    const SIX: &[u8] = b"\x03ip6\x04arpa\x00";
    let apex = [FOUR, SIX].into_iter().find(|apex| name.ends_with(apex))?;
    address_before(name, apex.len())
}

/// Returns the reversed address in the labels before an apex of `apex` octets.
pub fn address_before(name: &[u8], apex: usize) -> Option<IpAddr> {
    let own = name.get(..name.len().checked_sub(apex)?)?;
    // A quick check first: a label of a reversed address has at most three octets.
    if own.first().is_none_or(|length| *length > 3) {
        return None;
    }
    let labels: SmallVec<[&[u8]; 40]> = label_places(own).map_while(|place| label(own, place)).collect();
    let digit = |label: &&[u8]| match **label {
        [digit] => char::from(digit).to_digit(16),
        _ => None,
    };
    let digits = labels.get(..32).and_then(|labels| labels.iter().map(digit).collect::<Option<Vec<u32>>>());
    if let Some(digits) = digits {
        let bits = digits.iter().rev().fold(0_u128, |bits, digit| bits << 4 | u128::from(*digit));
        return Some(Ipv6Addr::from_bits(bits).into());
    }
    let number = |label: &&[u8]| std::str::from_utf8(label).ok()?.parse::<u8>().ok();
    let octets = labels.get(..4)?.iter().map(number).collect::<Option<Vec<u8>>>()?;
    let [d, c, b, a] = *octets.first_chunk()?;
    Some(Ipv4Addr::new(a, b, c, d).into())
}

/// Returns the label at the octet `place` of a name in wire form. `octets` may be only the start of a name.
fn label(octets: &[u8], place: usize) -> Option<&[u8]> {
    let length = usize::from(*octets.get(place)?);
    let begin = place.saturating_add(1);
    octets.get(begin..begin.saturating_add(length))
}
