//! The part of their octets that answers and RRsets may use now.
//!
//! Queries in progress, connections of clients and replies on their way take memory in addition to the cache.
//! `limits::WorkBounds` bounds each
//! kind of them, and a host that has most of all kinds at once is under attack. The cache gives way then: otherwise a full cache and all
//! of them together would take more than the process may use.
//!
//! # Decisions
//!
//! - The process is measured, and not its parts: what the allocator loses between pieces, and what libraries keep for connections, counts
//!   too. With parts of the cache kept back for all work instead, a gateway without such an attack would have a third less cache.
//! - It is measured while many flights begin, because they come with all kinds of work, and an idle daemon does not wake.
//! - The tables keep `LEAST_ROOM`: names in use stay known.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::limits::{LEAST_ROOM, ROOM_FLIGHTS, ROOM_SLACK, ROOM_SLACK_SHARE};

/// All of the room of a table.
const WHOLE: u64 = 1_000;

/// The room of the tables, and who looks at it.
#[derive(Clone)]
pub struct Room(Arc<SharedRoom>);

struct SharedRoom {
    /// Flights since the last notice.
    flights: AtomicU32,
    notice: Notify,
    /// The room in parts of `WHOLE`.
    parts: AtomicU64,
}

impl Default for Room {
    fn default() -> Self {
        let (flights, notice, parts) = (AtomicU32::new(0), Notify::new(), AtomicU64::new(WHOLE));
        Self(Arc::new(SharedRoom { flights, notice, parts }))
    }
}

impl Room {
    /// Counts a flight that begins.
    pub(crate) fn flight_began(&self) {
        if self.0.flights.fetch_add(1, Ordering::Relaxed) >= ROOM_FLIGHTS {
            self.0.flights.store(0, Ordering::Relaxed);
            self.0.notice.notify_one();
        }
    }

    /// The part of these octets that may be used now.
    pub(super) fn usable(&self, octets: u64) -> u64 {
        match self.0.parts.load(Ordering::Relaxed) {
            WHOLE => octets,
            parts => (octets / WHOLE).saturating_mul(parts),
        }
    }

    /// Changes the room to what the process leaves to tables of `whole` octets: it uses `resident` octets, and may use `most`. Returns
    /// whether the room is another one now.
    pub(super) fn change(&self, whole: u64, resident: u64, most: u64) -> bool {
        let before = self.0.parts.load(Ordering::Relaxed);
        let now = room(before, whole, resident, most);
        self.0.parts.store(now, Ordering::Relaxed);
        now != before
    }

    /// Returns when `limits::ROOM_FLIGHTS` have begun since the last time.
    pub async fn many_flights(&self) {
        self.0.notice.notified().await;
    }
}

/// The room of tables of `whole` octets, in parts of `WHOLE`, after `before`. Twice the octets beyond the bound are taken from it, because
/// the allocator keeps a part of what entries free. It gets back a quarter of what is free, as the entries that come take more than their
/// octets.
fn room(before: u64, whole: u64, resident: u64, most: u64) -> u64 {
    let parts = |octets: u64| octets.saturating_mul(WHOLE).checked_div(whole).unwrap_or(0);
    let most = most.saturating_sub(ROOM_SLACK).saturating_sub(most / ROOM_SLACK_SHARE);
    if resident > most {
        before.saturating_sub(parts((resident - most).saturating_mul(2)).max(1)).max(LEAST_ROOM)
    } else {
        before.saturating_add(parts((most - resident) / 4)).min(WHOLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn what_is_beyond_the_bound_is_taken_and_what_is_free_comes_back_slowly() {
        let most = (104 * MIB + ROOM_SLACK) * 16 / 15;
        for (before, resident, after) in [
            (1_000, 60, 1_000),
            (1_000, 104, 1_000),
            (1_000, 110, 760),
            (880, 114, 480),
            (300, 120, LEAST_ROOM),
            (500, 104, 500),
            (500, 100, 520),
            (LEAST_ROOM, 64, LEAST_ROOM + 200),
            (990, 64, 1_000),
        ] {
            assert_eq!(room(before, 50 * MIB, resident * MIB, most), after, "{before}, {resident} MiB");
        }
    }

    #[test]
    fn many_flights_are_noticed_and_few_are_not() {
        let room = Room::default();
        let is_noticed = || futures_util::FutureExt::now_or_never(room.many_flights()).is_some();
        (0..ROOM_FLIGHTS).for_each(|_| room.flight_began());
        assert!(!is_noticed());
        room.flight_began();
        assert!(is_noticed() && !is_noticed());
    }

    proptest! {
        #[test]
        fn room_is_never_less_than_the_least_nor_more_than_all(
            before in LEAST_ROOM..=WHOLE,
            whole in 0..1_u64 << 40,
            resident: u64,
            most: u64,
        ) {
            prop_assert!((LEAST_ROOM..=WHOLE).contains(&room(before, whole, resident, most)));
        }
    }
}
