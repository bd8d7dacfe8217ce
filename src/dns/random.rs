//! The source of random numbers. Functions get it as an argument. It draws DNS message ids, ports, random delays, and choices
//! among equal candidates.
//!
//! # Decisions
//!
//! - The generator is ChaCha12, in the daemon and in the simulation. In the daemon, the seed comes from the operating system,
//!   because nobody must be able to guess ids and ports (RFC 5452 section 4.3). In the simulation, each run has its own seed, so
//!   that the run can be repeated.
//! - In the daemon, each worker thread has its own generator. A cache miss draws five numbers, and for each, the memory of a
//!   shared generator would move between the processors.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::{StdRng, SysRng};
use rand::{Rng, RngExt, SeedableRng};

/// The number of generators. If there are more threads than this, some threads share a generator.
const SOURCES: usize = 16;

/// A set of random number generators that all threads can use.
#[derive(Clone)]
pub struct Random(Arc<[Source]>);

/// Aligned to two cache lines of 64 octets, because processors fetch two at a time.
#[repr(align(128))]
struct Source(Mutex<StdRng>);

thread_local! {
    /// The number of this thread. Threads are numbered in the order in which they draw their first random number.
    static THREAD: usize = {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        THREADS.fetch_add(1, Ordering::Relaxed)
    };
}

impl Random {
    /// Creates a random source with seeds from the operating system.
    ///
    /// # Errors
    /// Fails if the operating system has no random numbers to give.
    pub fn system() -> Result<Self, std::io::Error> {
        let source = |_| StdRng::try_from_rng(&mut SysRng).map(|rng| Source(Mutex::new(rng)));
        (0..SOURCES).map(source).collect::<Result<_, _>>().map(Self).map_err(|error| {
            std::io::Error::other(format!("no random numbers available from the operating system: {error}"))
        })
    }

    /// Creates a random source for tests: the same seed gives the same numbers.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new([Source(Mutex::new(StdRng::seed_from_u64(seed)))]))
    }

    /// Draws a random number of 16 bits, for a DNS message id or a port.
    pub fn u16(&self) -> u16 {
        self.with(|rng| rng.random())
    }

    /// Draws a random number of 64 bits, for the keys of hashes.
    pub fn u64(&self) -> u64 {
        self.with(Rng::next_u64)
    }

    /// Draws a random number that is less than `bound`. Returns 0 if `bound` is 0.
    pub fn below(&self, bound: u32) -> u32 {
        if bound == 0 { 0 } else { self.with(|rng| rng.random_range(0..bound)) }
    }

    fn with<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        let place = THREAD.with(|thread| thread.checked_rem(self.0.len()));
        let source = place.and_then(|place| self.0.get(place));
        draw(&mut source.unwrap_or(&self.0[0]).0.lock().unwrap_or_else(PoisonError::into_inner))
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
    fn seeded_random_repeats_within_bounds() {
        let (one, two) = (Random::seeded(7), Random::seeded(7));
        for _ in 0..100 {
            assert_eq!(one.u16(), two.u16());
            let number = one.below(3);
            assert!(number < 3);
            assert_eq!(number, two.below(3));
        }
        assert_eq!(one.below(0), 0);
    }

    #[test]
    fn threads_draw_different_numbers() {
        let random = Random::system().unwrap();
        let draw = || {
            std::thread::spawn({
                let random = random.clone();
                move || random.u64()
            })
        };
        let mut drawn: Vec<u64> = (0..2 * SOURCES).map(|_| draw().join().unwrap()).collect();
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 2 * SOURCES);
    }
}
