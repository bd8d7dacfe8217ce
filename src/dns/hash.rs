//! Keyed hashes of values that strangers choose, and unkeyed hashes of all other values.
//!
//! The keyed hash is SipHash-1-3 with a secret key of 128 bits (Aumasson and Bernstein, "SipHash: a fast short-input
//! PRF", 2012, with one round for each word and three at the end, as in the standard library).
//!
//! # Decisions
//!
//! - The keyed hash is implemented here because each cache miss hashes about thirty names, and the implementation in the standard library takes
//!   twice as long for them. This one reads words of eight octets instead of single octets.
//! - A faster keyed hash (with folded products, as in other tables of names) would save one instruction in twenty of a cache miss. It was
//!   rejected, because an attacker who measures the time of lookups might learn its key. Hashing less often saves as much.
//! - Values that are already hashes, and numbers that resolverd assigns, use an unkeyed hash, because strangers cannot choose them.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::random::Random;

/// A SipHash function with a secret key of 128 bits, so that strangers cannot choose names with equal hashes. The same key always gives the same
/// hashes.
#[derive(Clone, Copy, Debug)]
pub struct Keyed {
    secret: [u64; 2],
}

impl Keyed {
    /// Creates a hash function with a key that is drawn from `random`.
    pub fn new(random: &Random) -> Self {
        Self { secret: [random.u64(), random.u64()] }
    }

    /// Creates a hash function with a key from the operating system. It is used for a table that exists only while one text is read.
    pub fn of_system() -> Self {
        let state = RandomState::new();
        Self { secret: [state.hash_one(0_u8), state.hash_one(1_u8)] }
    }

    /// Returns the hash of `octets` alone. (The `Hash` implementation of a slice also hashes the length of the slice.)
    pub fn octets(&self, octets: &[u8]) -> u64 {
        let mut sip = self.build_hasher();
        let (words, rest) = octets.as_chunks::<8>();
        words.iter().for_each(|word| sip.take(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            sip.held = end_of(octets, rest);
        }
        sip.length = octets.len();
        sip.end()
    }
}

impl BuildHasher for Keyed {
    type Hasher = Sip;

    fn build_hasher(&self) -> Sip {
        let [first, second] = self.secret;
        Sip {
            state: [
                first ^ 0x736f_6d65_7073_6575,
                second ^ 0x646f_7261_6e64_6f6d,
                first ^ 0x6c79_6765_6e65_7261,
                second ^ 0x7465_6462_7974_6573,
            ],
            held: 0,
            length: 0,
        }
    }
}

/// The state of a hash while octets are added to it.
#[derive(Clone, Debug)]
pub struct Sip {
    state: [u64; 4],
    /// The octets that were added but do not fill a word of eight octets yet. The first of them is in the lowest bits.
    held: u64,
    /// The number of octets that were added to the hash so far.
    length: usize,
}

impl Sip {
    fn round(&mut self) {
        let [mut one, mut two, mut three, mut four] = self.state;
        one = one.wrapping_add(two);
        two = two.rotate_left(13) ^ one;
        one = one.rotate_left(32);
        three = three.wrapping_add(four);
        four = four.rotate_left(16) ^ three;
        one = one.wrapping_add(four);
        four = four.rotate_left(21) ^ one;
        three = three.wrapping_add(two);
        two = two.rotate_left(17) ^ three;
        three = three.rotate_left(32);
        self.state = [one, two, three, four];
    }

    fn take(&mut self, word: u64) {
        let [_, _, _, four] = &mut self.state;
        *four ^= word;
        self.round();
        let [one, ..] = &mut self.state;
        *one ^= word;
    }

    /// Returns the hash of all octets that were added.
    fn end(mut self) -> u64 {
        // The last word has the number of added octets, modulo 256, in its highest octet.
        self.take(self.held | (self.length as u64) << 56);
        let [_, _, three, _] = &mut self.state;
        *three ^= 0xff;
        for _ in 0..3 {
            self.round();
        }
        let [one, two, three, four] = self.state;
        one ^ two ^ three ^ four
    }

    /// Adds the lowest `octets` octets (1 to 8) of `word` to the hash.
    fn add(&mut self, word: u64, octets: usize) {
        let held = self.length % 8;
        self.length = self.length.wrapping_add(octets);
        if held == 0 && octets == 8 {
            return self.take(word);
        }
        let shift = held.saturating_mul(8);
        let whole = self.held | word.wrapping_shl(shift_of(shift));
        if held.saturating_add(octets) < 8 {
            self.held = whole;
            return;
        }
        self.take(whole);
        let rest = 64_usize.saturating_sub(shift);
        self.held = word.checked_shr(shift_of(rest)).unwrap_or(0);
    }
}

/// Returns `rest`, the last 1 to 7 octets to be hashed, as a word. They are taken from the last eight of all these octets, which are read with
/// one access.
fn end_of(octets: &[u8], rest: &[u8]) -> u64 {
    match octets.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last) >> (64 - shift_of(rest.len().saturating_mul(8))),
        None => rest.iter().rev().fold(0, |word, octet| word << 8 | u64::from(*octet)),
    }
}

/// Converts a number of bits, at most 64, to the type that shift operations need.
fn shift_of(bits: usize) -> u32 {
    u32::try_from(bits).unwrap_or(64)
}

impl Hasher for Sip {
    fn write(&mut self, octets: &[u8]) {
        let (words, rest) = octets.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word), 8);
        }
        if !rest.is_empty() {
            self.add(end_of(octets, rest), rest.len());
        }
    }

    fn write_u8(&mut self, octet: u8) {
        self.add(octet.into(), 1);
    }

    fn write_u16(&mut self, number: u16) {
        self.add(number.into(), 2);
    }

    fn write_u32(&mut self, number: u32) {
        self.add(number.into(), 4);
    }

    fn write_u64(&mut self, number: u64) {
        self.add(number, 8);
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64, 8);
    }

    fn finish(&self) -> u64 {
        self.clone().end()
    }
}

/// A hash function without a secret key, for tables whose keys strangers cannot choose: keyed hashes, numbers that resolverd assigns, and names
/// from the configuration.
#[derive(Debug, Default)]
pub struct Plain(u64);

impl Hasher for Plain {
    fn write(&mut self, octets: &[u8]) {
        let (words, rest) = octets.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.write_u64(end_of(octets, rest));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // The factor is the odd number nearest to 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming, volume 3, section
        // 6.4).
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        // Hash tables use the lowest bits of a hash, but the best bits of a product are in its upper half, so the halves are exchanged.
        self.0.rotate_left(32)
    }
}

/// Returns the checksum of an entry of a file: the hash of its length and its octets.
pub fn checksum(octets: &[u8]) -> u64 {
    let mut sum = Plain::default();
    sum.write_usize(octets.len());
    sum.write(octets);
    sum.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::{BuildHasherDefault, Hash};

    /// Tests that the hash equals that of the standard library, which is the same function with a key of zeros.
    #[test]
    fn it_is_the_library_s_whatever_is_taken_in() {
        let octets: Vec<u8> = (0..=255_u8).collect();
        let zero = Keyed { secret: [0, 0] };
        for length in 0..octets.len() {
            for cut in [0, 1, length / 3, length / 2, length.saturating_sub(3)] {
                let (front, back) = octets[..length].split_at(cut.min(length));
                let (mut ours, mut theirs) = (zero.build_hasher(), std::hash::DefaultHasher::new());
                for part in [front, back] {
                    ours.write(part);
                    theirs.write(part);
                }
                assert_eq!(ours.finish(), theirs.finish(), "{length} octets, cut at {cut}");
                assert_eq!(zero.octets(&octets[..length]), theirs.finish(), "{length} octets alone");
                ours.write_u16(0x0102);
                theirs.write_u16(0x0102);
                ours.write_u64(u64::MAX - 7);
                theirs.write_u64(u64::MAX - 7);
                ours.write_u8(3);
                theirs.write_u8(3);
                assert_eq!(ours.finish(), theirs.finish(), "{length} octets and numbers");
            }
        }
    }

    #[test]
    fn another_secret_gives_another_hash() {
        let of = |secret| Keyed { secret }.hash_one([1_u8, 2, 3].as_slice());
        assert_eq!(of([1, 2]), of([1, 2]));
        assert!(of([1, 2]) != of([1, 3]) && of([1, 2]) != of([2, 2]));
    }

    #[test]
    fn names_that_differ_in_an_octet_hash_apart() {
        let build = BuildHasherDefault::<Plain>::default();
        let hash = |name: &[u8]| build.hash_one(name);
        let names: Vec<Vec<u8>> =
            (0..=255_u8).map(|octet| [b"\x03a", &[octet][..], b"c\x00"].concat()).collect();
        let low: HashSet<u64> = names.iter().map(|name| hash(name) & 0xfff).collect();
        assert!(low.len() > 230, "{} of 256 places", low.len());
        let mut hasher = Plain::default();
        names[7].as_slice().hash(&mut hasher);
        assert_eq!(hasher.finish(), hash(&names[7]), "a suffix is found under the name that it is");
    }
}
