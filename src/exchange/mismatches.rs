//! Counts the datagrams of servers that do not answer the query to which they came.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::limits::{MAX_MISMATCHED_SERVERS, MAX_MISMATCHES};

/// The numbers of datagrams with a wrong id or question since the last usable reply over UDP, by server.
#[derive(Debug, Default)]
pub(super) struct Mismatches {
    /// True if the table has servers. Otherwise a reply need not lock it.
    any: AtomicBool,
    counts: Mutex<HashMap<SocketAddr, u8>>,
}

impl Mismatches {
    /// Counts a datagram. Returns true if the server has sent so many that its queries go over TCP. If the table is full, it is emptied: the
    /// queries of its servers then wait for two more such datagrams.
    pub(super) fn add(&self, server: SocketAddr) -> bool {
        let mut counts = self.counts();
        self.any.store(true, Ordering::Relaxed);
        if counts.len() >= MAX_MISMATCHED_SERVERS && !counts.contains_key(&server) {
            counts.clear();
        }
        let count = counts.entry(server).or_default();
        *count = count.saturating_add(1);
        *count >= MAX_MISMATCHES
    }

    /// Called for a usable reply over UDP.
    pub(super) fn end(&self, server: SocketAddr) {
        if self.any.load(Ordering::Relaxed) {
            let mut counts = self.counts();
            counts.remove(&server);
            self.any.store(!counts.is_empty(), Ordering::Relaxed);
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<SocketAddr, u8>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(number: usize) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], u16::try_from(number).expect("a port")))
    }

    #[test]
    fn a_reply_ends_the_count() {
        let mismatches = Mismatches::default();
        assert!(!mismatches.add(server(1)));
        assert!(!mismatches.add(server(2)));
        assert!(mismatches.add(server(1)));
        assert!(mismatches.add(server(1)));
        mismatches.end(server(1));
        assert!(!mismatches.add(server(1)));
        assert!(mismatches.add(server(2)));
    }

    #[test]
    fn the_table_is_bounded() {
        let mismatches = Mismatches::default();
        for number in 0..=MAX_MISMATCHED_SERVERS {
            mismatches.add(server(number));
        }
        assert!(mismatches.counts().len() <= MAX_MISMATCHED_SERVERS);
    }
}
