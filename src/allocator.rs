//! The allocator of both programs: jemalloc with its background thread.
//!
//! A resolver allocates on one thread and frees on another, in hundreds of sizes, for as long as it runs. The
//! allocator therefore decides how much memory the process holds.
//!
//! # Decisions
//!
//! - glibc's allocator was rejected: with a cache of 256 MiB the process held 970 MiB, and a flush gave nothing back.
//! - mimalloc uses the least CPU time, but it returns freed memory only when the threads that allocated it allocate
//!   again. After a flush these threads may be idle.
//! - jemalloc's caches of threads are collected after each 64 KiB. A MiB (`tcache_gc_incr_bytes`) would save one
//!   instruction in a hundred of a miss, and needs a configuration outside the program.
//! - jemalloc's background thread returns freed memory by the clock: half of it in a few seconds, all of it in ten.
//!
//! Measured with `benches/compare/misses.sh`: 300 000 names (60 000 for 64 MiB), each queried once. The columns show
//! resident MiB at the end for three values of `cache.size`, CPU time of a name relative to glibc, and resident MiB
//! after a flush.
//!
//! | | 16 MiB | 64 MiB | 256 MiB | CPU | 256 MiB half full, 10 s after a flush |
//! |---|---|---|---|---|---|
//! | glibc 2.36 | 133 | 404 | 970 | 1.0 | all of it |
//! | mimalloc 2.0.9 | 34 | 67 | 206 | 0.75 | 97 of 104 |
//! | jemalloc 5.3 | 36 | 70 | 212 | 0.85 | 44 of 108 |

#[cfg(not(test))]
use tikv_jemallocator::Jemalloc;

/// Unit tests have an allocator of their own, which counts.
#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;
