//! The task that holds the process within its memory: it measures the process, and the cache gives way. See `cache::room`.
//!
//! proc_pid_status(5): VmRSS is the resident memory in KiB.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::time::sleep;

use super::running::Running;
use crate::config::Config;
use crate::limits::{PROCESS_BESIDE_CACHE, PROCESS_PERCENT_OF_CACHE, ROOM_PAUSE};

/// Looks at the memory of the process while many flights begin.
pub(super) async fn follow(subject: Arc<Running>) -> Infallible {
    let memory = subject.resolver.memory();
    loop {
        memory.room.many_flights().await;
        if let Some(resident) = resident() {
            memory.give_way(resident, subject.most_memory).await;
        }
        sleep(ROOM_PAUSE).await;
    }
}

/// Octets that the process may use with this configuration.
pub(super) fn most(config: &Config) -> u64 {
    let cache = config.cache.size.saturating_mul(PROCESS_PERCENT_OF_CACHE) / 100;
    cache.saturating_add(PROCESS_BESIDE_CACHE).saturating_add(config.history_size())
}

/// The resident octets of this process; none if they cannot be read.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let size = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = size.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes.saturating_mul(1_024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_may_use_what_the_manual_says() {
        // 1.25 * 256 MiB + 24 MiB + 16 MiB.
        assert_eq!(most(&Config::default()), 360 << 20);
    }

    #[test]
    fn this_process_uses_some_mebibytes() {
        assert!(resident().is_some_and(|octets| octets > 1 << 20));
    }
}
