//! Keyed hashes of values that strangers choose, and unkeyed hashes of all other values.
//!
//! The keyed hash is SipHash-1-3 with a secret key of 128 bits (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012,
//! with one round for each word and three at the end).
//!
//! # Decisions
//!
//! - The keyed hash comes from the crate siphasher: each cache miss hashes about thirty names, and the standard library takes
//!   twice as long for them.
//! - A faster keyed hash, based on multiplication, was rejected: it would save one instruction in twenty of a cache miss, but an
//!   attacker who measures the time of lookups might learn its key.
//! - Values that are already hashes, and numbers that resolverd assigns, use an unkeyed hash.

use std::hash::{BuildHasher, Hasher, RandomState};

use siphasher::sip::SipHasher13;

use crate::random::Random;

/// A SipHash function with a secret key of 128 bits, so that strangers cannot choose names with equal hashes. The same key always
/// gives the same hashes.
#[derive(Clone, Copy, Debug)]
pub struct Keyed(SipHasher13);

impl Keyed {
    /// Draws the key from `random`.
    pub fn new(random: &Random) -> Self {
        Self(SipHasher13::new_with_keys(random.u64(), random.u64()))
    }

    /// Gets a key from the operating system, for a table that exists only while one text is read.
    pub fn of_system() -> Self {
        let state = RandomState::new();
        Self(SipHasher13::new_with_keys(state.hash_one(0_u8), state.hash_one(1_u8)))
    }

    /// Returns the hash of `octets` alone. (`Hash` of a slice also hashes the length.)
    pub fn octets(&self, octets: &[u8]) -> u64 {
        self.0.hash(octets)
    }
}

impl BuildHasher for Keyed {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        self.0
    }
}

/// Returns `rest`, the last 1 to 7 octets of `octets`, as one number. If there are eight octets or more, reads the last eight at
/// once, and shifts out those before `rest`.
fn end_of(octets: &[u8], rest: &[u8]) -> u64 {
    match octets.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last) >> (64 - shift_of(rest.len().saturating_mul(8))),
        None => rest.iter().rev().fold(0, |word, octet| word << 8 | u64::from(*octet)),
    }
}

/// Converts a number of bits, which is at most 64, to the type of a shift distance.
fn shift_of(bits: usize) -> u32 {
    u32::try_from(bits).unwrap_or(64)
}

/// A hash function without a key, for values that strangers cannot choose: keyed hashes, numbers that resolverd assigns, and
/// names of the configuration.
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
        // Hash tables use the lowest bits, but a multiplication mixes the upper bits best, so the halves are exchanged.
        self.0.rotate_left(32)
    }
}

/// Returns the checksum of an entry of a file. The length of the entry influences the checksum.
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

    #[test]
    fn hash_depends_on_key_and_octets() {
        let hash = |key: u64, octets: &[u8]| Keyed(SipHasher13::new_with_keys(key, 2)).octets(octets);
        assert_eq!(hash(1, b"example"), hash(1, b"example"));
        assert!(hash(1, b"example") != hash(3, b"example") && hash(1, b"example") != hash(1, b"examplf"));
    }

    #[test]
    fn similar_names_hash_apart() {
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
