//! The task that limits the memory of the process: it measures this memory, and makes the cache smaller if necessary (see
//! `cache::room`).
//!
//! proc_pid_status(5): VmRSS is the resident memory in KiB.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::time::sleep;

use super::running::Running;
use crate::limits::{PROCESS_BESIDE_CACHE, ROOM_PAUSE, UDP_THREAD_MEMORY, USUAL_UDP_THREADS};
use config::Config;
use config::limits::CACHE_SLACK_PERCENT;
use resolver::listener;

/// Measures the memory of the process each time many resolutions (flights) have begun. Makes the cache smaller if the process uses too much memory.
/// Runs forever.
pub(super) async fn follow(subject: Arc<Running>) -> Infallible {
    let memory = subject.resolver.memory();
    loop {
        memory.room.many_flights().await;
        if let Some(resident) = resident() {
            let most = subject.most_memory.saturating_add(of_udp_threads(&subject.state().config));
            memory.give_way(resident, most).await;
        }
        sleep(ROOM_PAUSE).await;
    }
}

/// Returns the octets that the process may use with this configuration, without the memory of additional UDP threads.
pub(super) fn most(config: &Config) -> u64 {
    let size = config.cache.size;
    let slack = size.saturating_mul(CACHE_SLACK_PERCENT) / 100;
    size.saturating_add(slack).saturating_add(PROCESS_BESIDE_CACHE).saturating_add(config.history_size())
}

/// The octets that UDP threads above the default number need.
fn of_udp_threads(config: &Config) -> u64 {
    (listener::shards(config) as u64).saturating_sub(USUAL_UDP_THREADS).saturating_mul(UDP_THREAD_MEMORY)
}

/// The resident memory of this process in octets; `None` if it cannot be read.
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
    fn default_memory_bound_matches_manual() {
        // 1.25 times the cache of 256 MiB, 24 MiB for the process, and 16 MiB for the history.
        assert_eq!(most(&Config::default()), 360 << 20);
        let mut config = Config::default();
        config.listen.workers = 1;
        assert_eq!(of_udp_threads(&config), 0);
        config.listen.workers = 4;
        let threads = listener::shards(&config) as u64;
        assert!(threads >= 4, "{threads}");
        assert_eq!(of_udp_threads(&config), (threads - USUAL_UDP_THREADS) * UDP_THREAD_MEMORY);
    }

    #[test]
    fn this_process_uses_some_mebibytes() {
        assert!(resident().is_some_and(|octets| octets > 1 << 20));
    }
}
