//! The random source, injected: ids, ports, jitter, and the choice among equals.
//!
//! # Decisions
//!
//! - ChaCha12 is used in the daemon and in the simulation. In the daemon the operating system gives the seed, because
//!   ids and ports must not be guessed (RFC 5452 section 4.3). In the simulation the run has a seed, so that it can
//!   be repeated.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::{StdRng, SysRng};
use rand::{Rng, RngExt, SeedableRng};

/// A shared random source.
#[derive(Clone)]
pub struct Random(Arc<Mutex<StdRng>>);

impl Random {
    /// Seeded by the operating system.
    ///
    /// # Errors
    /// The operating system has no entropy to give.
    pub fn system() -> Result<Self, std::io::Error> {
        StdRng::try_from_rng(&mut SysRng).map(|rng| Self(Arc::new(Mutex::new(rng)))).map_err(|error| {
            std::io::Error::other(format!("no random numbers available from the operating system: {error}"))
        })
    }

    /// The same numbers for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// A message id or a port.
    pub fn u16(&self) -> u16 {
        self.with(|rng| rng.random())
    }

    /// 64 random bits, for hash keys.
    pub fn u64(&self) -> u64 {
        self.with(Rng::next_u64)
    }

    /// A number below `bound`; 0 if the bound is 0.
    pub fn below(&self, bound: u32) -> u32 {
        if bound == 0 { 0 } else { self.with(|rng| rng.random_range(0..bound)) }
    }

    fn with<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_and_bounds_hold() {
        let (one, two) = (Random::seeded(7), Random::seeded(7));
        for _ in 0..100 {
            assert_eq!(one.u16(), two.u16());
            let number = one.below(3);
            assert!(number < 3);
            assert_eq!(number, two.below(3));
        }
        assert_eq!(one.below(0), 0);
    }
}
