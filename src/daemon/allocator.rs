//! The allocator of both programs: jemalloc.
//!
//! In resolverd, one thread allocates and another frees, in hundreds of sizes. So the allocator decides how much memory the
//! process has.
//!
//! # Decisions
//!
//! - glibc's allocator was rejected: with a cache of 256 MiB the process held 970 MiB, and a flush gave nothing back.
//! - mimalloc uses the least CPU time, but it returns freed memory only when the threads that allocated it allocate again. After
//!   a flush these threads may be idle.
//! - jemalloc has one arena (`narenas:1` in `.cargo/config.toml`, which applies to all programs of this repository). By default
//!   it has four for each processor, and each arena keeps its own free pages. When the cache filled with eight kinds of entries
//!   one after the other, a process with `cache.size` 16 MiB took 40 to 51 MiB, instead of 39 to 41 with one arena. Threads
//!   allocate from caches of their own, so they seldom wait for the arena.
//! - A thread's cache is cleaned up after each MiB that the thread allocates (`tcache_gc_incr_bytes`). With the default, 64 KiB,
//!   a cache miss of resolverd takes 1 percent more instructions.
//! - These caches have at most 50 free pieces of each small size (`tcache_nslots_small_max`; the default is 200), which saves 1
//!   to 2 MiB of 34.
//! - The caches of threads have only pieces of at most 8 KiB (`tcache_max`; the default is 32 KiB), and freed pages are returned
//!   at once (`dirty_decay_ms:0`; the default is ten seconds). Otherwise replies of 60 KB leave many free pieces. In the same
//!   test, the process with 16 MiB took 37 MiB. If jemalloc's background thread returned the pages within 0.1 s instead, the
//!   process took 39 to 45 MiB, because that thread is late on a loaded machine.
//!
//! Measured with `benches/compare/misses.sh`: 300 000 names (60 000 for 64 MiB), each queried once. The columns show resident MiB
//! at the end for three values of `cache.size`, the CPU time of a name relative to glibc, and how many of the resident MiB a
//! flush leaves.
//!
//! | | 16 MiB | 64 MiB | 256 MiB | CPU | 256 MiB half full, 10 s after a flush |
//! |---|---|---|---|---|---|
//! | glibc 2.36 | 133 | 404 | 970 | 1.0 | all of it |
//! | mimalloc 2.0.9 | 34 | 67 | 206 | 0.75 | 97 of 104 |
//! | jemalloc 5.3 | 36 | 70 | 212 | 0.85 | 44 of 108 |

#[cfg(not(test))]
use tikv_jemallocator::Jemalloc;

/// Unit tests have another allocator, which counts the memory.
#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;
