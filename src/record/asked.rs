//! The names and types of a reading, each once and with a number: tables by them are lists, and no question holds a name.

use hashbrown::HashTable;
use hickory_proto::rr::RecordType;

use super::entry::index;
use super::redact::Secrets;
use crate::hash::Keyed;
use crate::question::MAX_NAME;

/// The numbers of names and types. They count from 0; one is left out for each name with a key.
#[derive(Debug)]
pub(super) struct AskedNames<'s> {
    secrets: &'s Secrets,
    /// Strangers choose the names, so the hash has a secret.
    hash: Keyed,
    numbers: HashTable<u32>,
    asked: Vec<AskedName>,
    /// The names in lower case, one behind the other.
    names: Vec<u8>,
    /// The number that was found last: a question often stands behind its flight.
    last: u32,
}

#[derive(Clone, Copy, Debug)]
struct AskedName {
    hash: u64,
    /// The place of the name.
    begin: usize,
    /// Its own number; of a name with a key the number of the name without it.
    means: u32,
    kind: u16,
    length: u8,
}

/// Octets of a usual name in wire form.
const USUAL_NAME: usize = 24;

/// Between the hashes of one name with two types that follow each other: odd, and with bits in both halves of the hash.
const APART: u64 = 0x9e37_79b9_7f4a_7c15;

impl<'s> AskedNames<'s> {
    pub(super) fn without(secrets: &'s Secrets) -> Self {
        let (numbers, asked, names) = Default::default();
        Self { secrets, hash: Keyed::of_system(), numbers, asked, names, last: 0 }
    }

    /// Takes room for a number of names.
    pub(super) fn make_room(&mut self, names: usize) {
        self.asked.reserve(names);
        self.names.reserve(names.saturating_mul(USUAL_NAME));
        let asked = &self.asked;
        self.numbers.reserve(names, |number| asked.get(index(*number)).map_or(0, |asked| asked.hash));
    }

    /// The number of a name in wire form, in any case, and a type.
    pub(super) fn number(&mut self, name: &[u8], kind: u16) -> u32 {
        if !name.iter().any(u8::is_ascii_uppercase) {
            return self.number_of_lower(name, kind);
        }
        let mut room = [0; MAX_NAME];
        let lower = room.get_mut(..name.len()).unwrap_or_default();
        lower.copy_from_slice(name.get(..lower.len()).unwrap_or_default());
        lower.make_ascii_lowercase();
        self.number_of_lower(lower, kind)
    }

    fn number_of_lower(&mut self, name: &[u8], kind: u16) -> u32 {
        if let Some(last) = self.asked.get(index(self.last)).filter(|last| self.is(last, name, kind)) {
            return last.means;
        }
        let hash = self.hash_of(name, kind);
        if let Some(known) = self.place_of(hash, name, kind) {
            self.last = known;
            return self.asked.get(index(known)).map_or(known, |asked| asked.means);
        }
        let number = u32::try_from(self.asked.len()).unwrap_or(u32::MAX);
        self.last = number;
        let length = u8::try_from(name.len()).unwrap_or(0);
        self.asked.push(AskedName { hash, begin: self.names.len(), means: number, kind, length });
        self.names.extend_from_slice(name);
        let asked = &self.asked;
        let hash_of = |number: &u32| asked.get(index(*number)).map_or(0, |asked| asked.hash);
        self.numbers.insert_unique(hash, number, hash_of);
        let Some(hidden) = self.secrets.hidden(name) else { return number };
        // The name without the key has none that is hidden otherwise, and ends here.
        let means = self.number_of_lower(&hidden, kind);
        if let Some(asked) = self.asked.get_mut(index(number)) {
            asked.means = means;
        }
        means
    }

    /// The number of a name in lower case and without a key, and a type; none if it was not read.
    pub(super) fn find(&self, name: &[u8], kind: RecordType) -> Option<u32> {
        let kind = kind.into();
        let place = self.place_of(self.hash_of(name, kind), name, kind)?;
        self.asked.get(index(place)).map(|asked| asked.means)
    }

    /// Names are many and types are few: those of one name are apart from each other.
    fn hash_of(&self, name: &[u8], kind: u16) -> u64 {
        self.hash.octets(name).wrapping_add(u64::from(kind).wrapping_mul(APART))
    }

    fn place_of(&self, hash: u64, name: &[u8], kind: u16) -> Option<u32> {
        let is_it =
            |number: &u32| self.asked.get(index(*number)).is_some_and(|asked| self.is(asked, name, kind));
        self.numbers.find(hash, is_it).copied()
    }

    fn is(&self, asked: &AskedName, name: &[u8], kind: u16) -> bool {
        asked.kind == kind && usize::from(asked.length) == name.len() && self.octets(asked) == name
    }

    /// The name of a number in lower-case wire form, without a key; empty if there is no such number.
    pub(super) fn name(&self, number: u32) -> &[u8] {
        self.asked.get(index(number)).map(|asked| self.octets(asked)).unwrap_or_default()
    }

    /// The type of a number.
    pub(super) fn kind(&self, number: u32) -> RecordType {
        self.asked.get(index(number)).map_or(RecordType::ZERO, |asked| asked.kind.into())
    }

    /// More than each number.
    pub(super) fn count(&self) -> usize {
        self.asked.len()
    }

    fn octets(&self, asked: &AskedName) -> &[u8] {
        let end = asked.begin.saturating_add(asked.length.into());
        self.names.get(asked.begin..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number_for_each_type_in_any_case_and_with_any_key() {
        let secrets = Secrets::before([b"\x04list\x00".to_vec()]);
        let mut names = AskedNames::without(&secrets);
        let mail = names.number(b"\x04MAIL\x00", 1);
        assert_eq!(names.number(b"\x04mail\x00", 1), mail);
        assert_ne!(names.number(b"\x04mail\x00", 15), mail);
        assert_eq!((names.name(mail), names.kind(mail)), (&b"\x04mail\x00"[..], RecordType::A));
        let keyed = names.number(b"\x03kEy\x04list\x00", 1);
        assert_eq!(names.name(keyed), b"\x04_key\x04list\x00");
        assert_eq!(
            [&b"\x03key\x04list\x00"[..], b"\x02no\x04list\x00"].map(|name| names.number(name, 1)),
            [keyed; 2]
        );
        assert_eq!(names.find(b"\x04_key\x04list\x00", RecordType::A), Some(keyed));
        assert_eq!(names.find(b"\x04_key\x04list\x00", RecordType::MX), None);
        assert_eq!(names.name(u32::MAX), b"");
    }
}
