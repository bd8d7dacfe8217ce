//! Functions for domain names in wire form, which compare them without regard to case (RFC 1035 section 2.3.3, RFC 4343).

use std::ops::Deref;

use hickory_proto::rr::{Name, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinDecoder};

/// The maximum length of a name in wire form, in octets (RFC 1035 section 2.3.4).
pub const MAX_NAME: usize = 255;

/// The maximum length of a label, in octets (RFC 1035 section 2.3.4).
pub const MAX_LABEL: usize = 63;

/// Returns `name` in lower-case wire form, without compression.
pub fn wire_name(name: &Name) -> Vec<u8> {
    WireName::new(name).to_vec()
}

/// A name in lower-case wire form on the stack, for lookups without an allocation.
#[derive(Clone, Debug)]
pub struct WireName {
    octets: [u8; MAX_NAME],
    length: usize,
}

impl WireName {
    /// Converts `name` to lower-case wire form.
    pub fn new(name: &Name) -> Self {
        let mut octets = [0; MAX_NAME];
        let length = put_wire(name, &mut octets);
        Self { octets, length }
    }
}

/// A small table that shows for most names, without a lookup, that a set has no name with the same first label. The table has a bit for
/// each length of a label and each hash (of six bits) of its first two octets.
#[derive(Clone, Debug)]
pub struct FirstLabels([u64; MAX_LABEL + 1]);

impl Default for FirstLabels {
    /// An empty set of names.
    fn default() -> Self {
        Self([0; MAX_LABEL + 1])
    }
}

impl FirstLabels {
    /// Adds the first label of `name`, which is in wire form.
    pub fn add(&mut self, name: &[u8]) {
        if let Some((row, letter)) = Self::place(name)
            && let Some(letters) = self.0.get_mut(row)
        {
            *letters |= letter;
        }
    }

    /// Returns false if certainly no name of the set has the first label of `octets`, a name in lower-case wire form.
    pub fn may_begin(&self, octets: &[u8]) -> bool {
        Self::place(octets)
            .is_some_and(|(row, letter)| self.0.get(row).is_some_and(|letters| letters & letter != 0))
    }

    /// Returns the row of the table for the length of the first label, and the bit in it for the hash of the label's first two octets.
    fn place(octets: &[u8]) -> Option<(usize, u64)> {
        let [length, first, behind @ ..] = octets else { return None };
        // After a label of one octet, the next octet belongs to the next label.
        let second = behind.first().filter(|_| *length > 1).copied().unwrap_or(0);
        let bit = first.wrapping_add(second.wrapping_mul(7)) & 63;
        Some((usize::from(*length), 1 << bit))
    }
}

/// Returns true if `octets` are the wire form of the absolute name `name`. Ignores case.
pub fn is_wire_of(octets: &[u8], name: &Name) -> bool {
    let mut left = octets;
    for label in name.iter() {
        let Some((own, behind)) = left.split_at_checked(label.len().saturating_add(1)) else { return false };
        let own = own.split_first().filter(|(length, _)| usize::from(**length) == label.len());
        if !own.is_some_and(|(_, own)| own.eq_ignore_ascii_case(label)) {
            return false;
        }
        left = behind;
    }
    left == [0]
}

/// Octets that the compiler converts to lower case at once.
const LOWER_CASE_BLOCK: usize = 32;

/// Writes a name in lower-case wire form to the start of `octets`, and returns its length. `octets` must contain only zeros and
/// have room for the longest name.
pub fn put_wire(name: &Name, octets: &mut [u8]) -> usize {
    let (mut left, mut length) = (&mut *octets, 1_usize);
    for label in name.iter() {
        // The label fits, because `Name` ensures at most 255 octets for a name and 63 for a label (RFC 1035 section 2.3.4).
        let Some((first, rest)) = left.split_first_mut() else { break };
        let Some((into, behind)) = rest.split_at_mut_checked(label.len()) else { break };
        *first = u8::try_from(label.len()).unwrap_or(0);
        into.copy_from_slice(label);
        length = length.saturating_add(label.len()).saturating_add(1);
        left = behind;
    }
    // The root label is one of the zeros in `octets`. The conversion to lower case does not change the octets with the lengths of labels: a
    // length is at most 63, and upper-case letters begin at 65.
    let length = length.min(MAX_NAME);
    // Octets behind the name are zeros. With them in whole blocks, no octet is converted on its own.
    let blocks = length.next_multiple_of(LOWER_CASE_BLOCK).min(octets.len());
    octets.get_mut(..blocks).unwrap_or_default().make_ascii_lowercase();
    length
}

impl Deref for WireName {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

/// Returns true if two absolute names are equal without regard to case. The DNS library compares letter by letter from the last
/// label, which takes several times as long.
pub fn same_name(one: &Name, other: &Name) -> bool {
    let (one, other) = (one.iter(), other.iter());
    one.len() == other.len() && one.zip(other).all(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// Returns true if `name` is at or below `zone`. Both must be absolute. Ignores case.
pub fn lies_within(name: &Name, zone: &Name) -> bool {
    let (mut labels, zone) = (name.iter(), zone.iter());
    let Some(below) = labels.len().checked_sub(zone.len()) else { return false };
    // The iterator's `skip` would read each label twice.
    for _ in 0..below {
        labels.next();
    }
    labels.zip(zone).all(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// The octets that are escaped in the text form of names.
const SPECIAL: &[u8] = b".\\\"();@$";

/// Returns the mnemonic of a record type. For an unknown type, returns `TYPE` and its number (RFC 3597 section 5), which the DNS
/// library does not do.
pub fn kind_text(kind: RecordType) -> String {
    match kind {
        RecordType::Unknown(number) => format!("TYPE{number}"),
        known => known.to_string(),
    }
}

/// Returns a name with its final dot, in the form that all options and files accept (RFC 1035 section 5.1). Special octets have a
/// backslash before the character, or before three decimal digits. (The DNS library writes octal digits.)
pub fn name_text(name: &Name) -> String {
    let mut text = String::new();
    for label in name.iter() {
        for octet in label {
            match octet {
                octet if SPECIAL.contains(octet) => text.extend(['\\', char::from(*octet)]),
                b'!'..=b'~' => text.push(char::from(*octet)),
                _ => text.push_str(&format!("\\{octet:03}")),
            }
        }
        text.push('.');
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

/// Returns the name for a sentence: "the root zone" instead of a single dot, which looks like a full stop.
pub fn zone_text(zone: &Name) -> String {
    if zone.is_root() { "the root zone".to_owned() } else { name_text(zone) }
}

/// Reads a name in wire form. Returns the root if the octets are not a valid name.
pub fn name_of_wire(wire: &[u8]) -> Name {
    Name::read(&mut BinDecoder::new(wire)).unwrap_or_default()
}

/// Returns true if the octets are exactly one name in wire form, without compression.
pub fn is_name(octets: &[u8]) -> bool {
    let (mut left, mut fits) = (octets, octets.len() <= MAX_NAME);
    while let Some((length, rest)) = left.split_first().filter(|_| fits) {
        if *length == 0 {
            return rest.is_empty();
        }
        fits = usize::from(*length) <= MAX_LABEL;
        left = rest.get(usize::from(*length)..).unwrap_or_default();
    }
    false
}

/// Returns the offsets of the labels of a name in wire form, from left to right, without the root label.
pub fn label_places(wire: &[u8]) -> impl Iterator<Item = usize> {
    let length = |place: usize| wire.get(place).copied().map(usize::from).filter(|length| *length > 0);
    let first = length(0).map(|_| 0_usize);
    std::iter::successors(first, move |place: &usize| {
        let next = place.saturating_add(length(*place)?).saturating_add(1);
        length(next).map(|_| next)
    })
}

/// Returns true if `name` is at or below `zone`. Both are in wire form and must have the same case.
pub fn is_within(name: &[u8], zone: &[u8]) -> bool {
    let Some(begin) = name.len().checked_sub(zone.len()) else { return false };
    let cut = zone == [0] || label_places(name).any(|place| place == begin);
    cut && name.get(begin..) == Some(zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::name;

    #[test]
    fn names_are_one_whatever_their_case() {
        assert!(
            same_name(&name("Mail.Example."), &name("mAIL.eXAMPLE.")) && same_name(&name("."), &name("."))
        );
        for other in ["example.", "mail.example.org.", "mai.lexample.", "."] {
            assert!(!same_name(&name("mail.example."), &name(other)), "{other}");
            assert!(!is_wire_of(&wire_name(&name("mail.example.")), &name(other)), "{other}");
            assert!(is_wire_of(&wire_name(&name(other)), &name(&other.to_uppercase())), "{other}");
        }
    }

    #[test]
    fn first_labels_match_by_short_form() {
        let wire = |text: &str| wire_name(&Name::from_ascii(text).unwrap());
        let mut labels = FirstLabels::default();
        ["zen.example.", "b.example.", "c."].iter().for_each(|text| labels.add(&wire(text)));
        for (text, may) in [
            ("zen.other.", true),
            ("zex.", true),
            ("z10.bench.", false),
            ("zeno.", false),
            ("b.", true),
            ("b.xy.", true),
            ("c.search.domain.", true),
            ("d.", false),
            (".", false),
        ] {
            assert_eq!(labels.may_begin(&wire(text)), may, "{text}");
        }
        assert!(!labels.may_begin(b""));
    }

    #[test]
    fn zone_contains_names_by_labels() {
        let wire = |text: &str| wire_name(&Name::from_ascii(text).unwrap());
        let within = |name: &str, zone: &str| {
            let by_octets = is_within(&wire(name), &wire(zone));
            let (name, zone) = (Name::from_ascii(name).unwrap(), Name::from_ascii(zone).unwrap());
            assert_eq!([lies_within(&name, &zone), zone.zone_of(&name)], [by_octets; 2], "{name} {zone}");
            by_octets
        };
        assert!(within("a.b.example.", "b.example.") && within("b.example.", "b.example."));
        assert!(within("a.", ".") && within(".", "."));
        assert!(!within("b.example.", "a.b.example.") && !within("ab.example.", "b.example."));
        assert_eq!(label_places(&wire("a.bc.example.")).collect::<Vec<_>>(), [0, 2, 5]);
        assert_eq!(label_places(&wire(".")).count(), 0);
        assert_eq!(name_of_wire(&wire("a.bc.example.")).to_ascii(), "a.bc.example.");
    }
}
