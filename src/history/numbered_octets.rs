//! Octets of several kinds, each once and with a number: tables by them are lists.

use hashbrown::HashTable;

use super::entry::index;
use dns::hash::Keyed;

/// The numbers of octets. They count from 0, over all kinds together. Strangers choose the octets, so the hash has a secret.
#[derive(Debug)]
pub(super) struct NumberedOctets {
    hash: Keyed,
    numbers: HashTable<u32>,
    known: Vec<Known>,
    /// All octets, one behind the other: less than 4 GiB.
    octets: Vec<u8>,
    /// The number that was wanted last: a question often stands behind its flight.
    last: u32,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// Kept, so that a table that grows reads no octets.
    hash: u64,
    begin: u32,
    kind: u16,
    length: u8,
}

/// Octets of a usual name in wire form.
const USUAL_NAME: usize = 24;

/// Between the hashes of the same octets of two kinds that follow each other: odd, and with bits in both halves of the hash.
const APART: u64 = 0x9e37_79b9_7f4a_7c15;

impl NumberedOctets {
    pub(super) fn new() -> Self {
        let (numbers, known, octets) = Default::default();
        Self { hash: Keyed::of_system(), numbers, known, octets, last: 0 }
    }

    /// Takes room for as many usual names.
    pub(super) fn make_room(&mut self, names: usize) {
        self.known.reserve(names);
        self.octets.reserve(names.saturating_mul(USUAL_NAME));
        let known = &self.known;
        self.numbers.reserve(names, |number| hash_of(known, *number));
    }

    /// The number of at most 255 octets of a kind, and whether it is new.
    pub(super) fn number(&mut self, octets: &[u8], kind: u16) -> (u32, bool) {
        if self.is(self.last, octets, kind) {
            return (self.last, false);
        }
        let hash = self.hash(octets, kind);
        if let Some(known) = self.place_of(hash, octets, kind) {
            self.last = known;
            return (known, false);
        }
        let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.last = number;
        let begin = u32::try_from(self.octets.len()).unwrap_or(u32::MAX);
        let length = u8::try_from(octets.len()).unwrap_or(0);
        self.known.push(Known { hash, begin, kind, length });
        self.octets.extend_from_slice(octets);
        let known = &self.known;
        self.numbers.insert_unique(hash, number, |number| hash_of(known, *number));
        (number, true)
    }

    /// The number of octets of a kind; none if they have none.
    pub(super) fn find(&self, octets: &[u8], kind: u16) -> Option<u32> {
        self.place_of(self.hash(octets, kind), octets, kind)
    }

    /// The octets of a number; none if there is no such number.
    pub(super) fn octets(&self, number: u32) -> &[u8] {
        let Some(known) = self.known.get(index(number)) else { return &[] };
        let begin = index(known.begin);
        self.octets.get(begin..begin.saturating_add(known.length.into())).unwrap_or_default()
    }

    /// The kind of the octets of a number.
    pub(super) fn kind(&self, number: u32) -> Option<u16> {
        self.known.get(index(number)).map(|known| known.kind)
    }

    /// How many numbers there are.
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// Octets are many and kinds are few: those of the same octets are apart from each other.
    fn hash(&self, octets: &[u8], kind: u16) -> u64 {
        self.hash.octets(octets).wrapping_add(u64::from(kind).wrapping_mul(APART))
    }

    fn place_of(&self, hash: u64, octets: &[u8], kind: u16) -> Option<u32> {
        self.numbers.find(hash, |number| self.is(*number, octets, kind)).copied()
    }

    fn is(&self, number: u32, octets: &[u8], kind: u16) -> bool {
        self.kind(number) == Some(kind) && self.octets(number) == octets
    }
}

fn hash_of(known: &[Known], number: u32) -> u64 {
    known.get(index(number)).map_or(0, |known| known.hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_octets_have_a_number_for_each_kind() {
        let mut numbers = NumberedOctets::new();
        numbers.make_room(1);
        assert_eq!(numbers.number(b"mail", 1), (0, true));
        assert_eq!(numbers.number(b"mail", 1), (0, false));
        assert_eq!(numbers.number(b"mail", 15), (1, true));
        for number in 2..2_000_u32 {
            assert_eq!(numbers.number(&number.to_be_bytes(), 1), (number, true));
        }
        assert_eq!(numbers.number(b"mail", 1), (0, false), "the table has grown since");
        assert_eq!((numbers.octets(1), numbers.kind(1)), (&b"mail"[..], Some(15)));
        assert_eq!((numbers.find(b"mail", 15), numbers.find(b"mail", 2)), (Some(1), None));
        assert_eq!((numbers.octets(u32::MAX), numbers.kind(u32::MAX)), (&b""[..], None));
        assert_eq!(numbers.count(), 2_000);
    }
}
