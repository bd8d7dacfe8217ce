//! The allocator of both programs.
//!
//! A resolver frees on one thread what another has taken, in hundreds of sizes, for as long as it runs; what an allocator
//! makes of that decides what the process holds. Measured with `benches/compare/misses.sh`, 300 000 names that are each
//! asked once, resident at the end with a cache of 16, 64 (60 000 names) and 256 MiB, and CPU a name against that of
//! glibc's:
//!
//! | | 16 MiB | 64 MiB | 256 MiB | CPU | 256 MiB half full, 10 s after a flush |
//! |---|---|---|---|---|---|
//! | glibc 2.36 | 133 | 404 | 970 | 1.0 | all of it |
//! | mimalloc 2.0.9 | 34 | 67 | 206 | 0.75 | 97 of 104 |
//! | jemalloc 5.3 | 36 | 70 | 212 | 0.85 | 44 of 108 |
//!
//! mimalloc gives back what was freed once the threads that took it allocate again; after a flush they may be idle. jemalloc's
//! background thread does it by the clock: half of it in a few seconds, all in ten.

use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;
