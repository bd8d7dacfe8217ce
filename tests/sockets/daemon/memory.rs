//! Measures the memory of the daemon, and compares it with the limit.

use std::collections::BTreeSet;

use crate::daemon::process::Process;
use config::limits::{MIN_CACHE_SIZE, RECORD_SHARE};
use lab::prelude::of_long;
use record::limits::MIN_RECORD;

/// The pages of an optimised build of the program, in octets.
const OPTIMISED_PROGRAM: u64 = 10 << 20;

/// Returns the sizes of the cache to test, in MiB: `long` in a long test, otherwise a quarter of each, but at least the smallest permitted
/// size. `RESOLVERD_CACHE_MIB` sets another size. A large size takes minutes.
pub(crate) fn sizes(long: &[u64]) -> BTreeSet<u64> {
    match std::env::var("RESOLVERD_CACHE_MIB") {
        Ok(size) => [size.parse().unwrap()].into(),
        Err(_) => long.iter().map(|size| of_long(*size).max(MIN_CACHE_SIZE >> 20)).collect(),
    }
}

/// The memory that the process may use with a cache of `size` MiB, in octets: 1.25 times `cache.size`, 24 MiB, and the history of queries.
pub(crate) fn bound(size: u64) -> u64 {
    let size = size << 20;
    size / 4 * 5 + (24 << 20) + (size / RECORD_SHARE).max(MIN_RECORD)
}

/// The most memory that the process has ever used, in octets. The pages of the program count as those of an optimised program, because test
/// builds are larger.
pub(crate) fn most_taken(process: &Process) -> u64 {
    process.peak_memory() - (process.in_status("RssFile") * 1_024).saturating_sub(OPTIMISED_PROGRAM)
}

pub(crate) fn assert_within_bound(process: &Process, size: u64, title: &str) {
    let (peak, bound) = (most_taken(process), bound(size));
    println!("{title}, cache of {size} MiB: {:.1} MiB at most, of {}", mebibytes(peak), bound >> 20);
    assert!(peak <= bound, "{title}, cache of {size} MiB: {:.1} MiB, of {}", mebibytes(peak), bound >> 20);
}

fn mebibytes(octets: u64) -> f64 {
    (octets >> 10) as f64 / 1_024.0
}
