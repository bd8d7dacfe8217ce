//! Compares the memory limit that the service manager sets with the memory that `cache.size` and `history.size` need. The service
//! manager kills a daemon that exceeds the limit, and the cache is lost.
//!
//! See cgroups(7) for /proc/self/cgroup and memory.max.

use std::path::Path;

use config::limits::{CACHE_SLACK_PERCENT, MEMORY_BESIDE_CACHE};
use record::limits::{MAX_STORED_READ, RECORD_READER};

/// Returns how many octets of memory the daemon may use, with a cache of `size` octets and a history of `history` octets. The number
/// includes the memory for one command that reads the history in memory and on disk. `MemoryMax=` of the service must not be lower.
pub fn needed(size: u64, history: u64) -> u64 {
    let slack = size.saturating_mul(CACHE_SLACK_PERCENT) / 100;
    let record = history.saturating_mul(RECORD_READER.saturating_add(1));
    let stored = if history > 0 { MAX_STORED_READ as u64 } else { 0 };
    size.saturating_add(slack)
        .saturating_add(MEMORY_BESIDE_CACHE)
        .saturating_add(record)
        .saturating_add(stored)
}

/// Logs a warning if the memory limit of the process is too low. `size` is the size of the cache, and `history` the size of the
/// history, in octets.
pub(super) fn warn(size: u64, history: u64) {
    if let Some(line) = allowed(Path::new("/")).and_then(|allowed| advice((size, history), allowed)) {
        tracing::warn!("{line}");
    }
}

/// Returns the memory limit of this process's control group in octets, or `None` if there is no limit or it cannot be read.
fn allowed(root: &Path) -> Option<u64> {
    let groups = std::fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let most = std::fs::read_to_string(root.join("sys/fs/cgroup").join(group).join("memory.max")).ok()?;
    most.trim().parse().ok()
}

fn advice((size, history): (u64, u64), allowed: u64) -> Option<String> {
    let mebibytes = |octets: u64| octets.div_ceil(1 << 20);
    let needed = needed(size, history);
    (allowed < needed).then(|| {
        format!(
            "with cache.size = \"{}MiB\" and history.size = \"{}MiB\", the whole process needs up to {} MiB of memory, but the service manager permits only {} MiB; set MemoryMax={}M with `systemctl edit resolverd`, or decrease cache.size or history.size",
            mebibytes(size),
            mebibytes(history),
            mebibytes(needed),
            mebibytes(allowed),
            mebibytes(needed)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    // The service's memory limit does not hold the cache, so the line names a MemoryMax that does.
    #[test]
    fn oversized_cache_is_reported_with_setting() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert_eq!(allowed(root.path()), None);
        write("proc/self/cgroup", "0::/system.slice/resolverd.service\n");
        write("sys/fs/cgroup/system.slice/resolverd.service/memory.max", "max\n");
        assert_eq!(allowed(root.path()), None);
        write("sys/fs/cgroup/system.slice/resolverd.service/memory.max", "536870912\n");
        assert_eq!(allowed(root.path()), Some(512 << 20));
        assert_eq!(advice((256 << 20, 16 << 20), 600 << 20), None);
        assert!(advice((256 << 20, 16 << 20), 599 << 20).is_some(), "24 MiB are for entries of the disk");
        // A command that reads the history needs three times the memory of the history.
        let line = advice((256 << 20, 64 << 20), 512 << 20).unwrap();
        assert!(line.contains("MemoryMax=792M") && line.contains("permits only 512 MiB"), "{line}");
    }
}
