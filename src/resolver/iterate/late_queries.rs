//! Counts the late queries. A late query counts as lost, because its timer has expired, but its socket still waits for an answer.
//!
//! A late answer shows that a server is slow. But a dead server never answers, and each query keeps a socket open. So the number of late queries is
//! limited for each server, and for all servers together. Queries beyond a limit end when they count as lost.
//!
//! A second table of this type counts the queries that could not be delivered to a server, until they count as timeouts of the server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::{CROWDED_SERVER, LATE_SHARE, MAX_LATE_PER_SERVER};

#[derive(Debug)]
pub(super) struct Late {
    table: Mutex<LateTable>,
    /// The limit for all servers together.
    most: usize,
}

#[derive(Debug, Default)]
struct LateTable {
    servers: BTreeMap<SocketAddr, usize>,
    all: usize,
}

/// Counts one late query to a server, until this value is dropped.
#[derive(Debug)]
pub(super) struct Listened {
    late: Arc<Late>,
    server: SocketAddr,
}

impl Late {
    pub(super) fn new(most: usize) -> Self {
        Self { table: Mutex::default(), most }
    }

    /// Counts a late query to `server`. Returns `None` if a limit is reached.
    pub(super) fn listen(self: &Arc<Self>, server: SocketAddr) -> Option<Listened> {
        let mut table = self.table();
        let of_server = table.servers.get(&server).copied().unwrap_or(0);
        let free = self.most.saturating_sub(table.all);
        if of_server >= MAX_LATE_PER_SERVER.min(free.div_ceil(LATE_SHARE)) {
            return None;
        }
        table.all = table.all.saturating_add(1);
        table.servers.insert(server, of_server.saturating_add(1));
        Some(Listened { late: Arc::clone(self), server })
    }

    /// Returns true if so many late queries to `server` are in progress that one more would show nothing new about the server.
    pub(super) fn is_crowded(&self, server: SocketAddr) -> bool {
        self.table().servers.get(&server).is_some_and(|late| *late >= CROWDED_SERVER)
    }

    fn table(&self) -> MutexGuard<'_, LateTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listened {
    fn drop(&mut self) {
        let mut table = self.late.table();
        table.all = table.all.saturating_sub(1);
        match table.servers.get_mut(&self.server) {
            Some(late) if *late > 1 => *late = late.saturating_sub(1),
            _ => {
                table.servers.remove(&self.server);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX_LATE: usize = 2_000;

    fn server(number: usize) -> SocketAddr {
        let [.., high, low] = number.to_be_bytes();
        SocketAddr::from(([192, 0, high, low], 53))
    }

    #[test]
    fn late_queries_are_bounded_per_server() {
        let late = Arc::new(Late::new(MAX_LATE));
        let mut listened: Vec<_> =
            (0..MAX_LATE_PER_SERVER + 9).map_while(|_| late.listen(server(0))).collect();
        assert_eq!(listened.len(), MAX_LATE_PER_SERVER);
        assert!(late.is_crowded(server(0)) && !late.is_crowded(server(1)));
        listened.extend((1..MAX_LATE).map_while(|number| late.listen(server(number))));
        assert_eq!(listened.len(), MAX_LATE);
        listened.clear();
        assert!(!late.is_crowded(server(0)) && late.table().servers.is_empty() && late.table().all == 0);
    }

    // Two hundred silent servers must not take the places of a slow one.
    #[test]
    fn silent_servers_leave_late_query_room() {
        let late = Arc::new(Late::new(MAX_LATE));
        let listened: Vec<_> = (0..MAX_LATE_PER_SERVER)
            .flat_map(|_| (0..200).filter_map(|number| late.listen(server(number))).collect::<Vec<_>>())
            .collect();
        assert!(listened.len() < MAX_LATE);
        let slow: Vec<_> = (0..MAX_LATE_PER_SERVER).map_while(|_| late.listen(server(999))).collect();
        assert!(slow.len() >= MAX_LATE / 400, "{}", slow.len());
    }
}
