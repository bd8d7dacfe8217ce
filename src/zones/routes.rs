//! The table of routes: found for each question with every suffix of its name, several times.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::Route;

/// Routes by name in wire form.
pub(super) type Routes = HashMap<Vec<u8>, Arc<Route>, BuildHasherDefault<Plain>>;

/// A hash without a secret: the operator and the registry choose what is in the table, and nobody else adds to it.
#[derive(Debug, Default)]
pub(super) struct Plain(u64);

impl Hasher for Plain {
    fn write(&mut self, octets: &[u8]) {
        for chunk in octets.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(into, octet)| *into = *octet);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // The odd number nearest to 2^64 divided by the golden ratio (Knuth, The Art of Computer Programming, volume 3, section 6.4).
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        // The table takes the lowest bits; a product is best in its highest.
        self.0.rotate_left(32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::{BuildHasher, Hash};

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
