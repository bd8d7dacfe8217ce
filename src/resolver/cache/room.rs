//! Determines how much of their memory limit the tables of answers and RRsets may currently use.
//!
//! Queries in progress, connections of clients and unsent replies take memory in addition to the cache. `limits::WorkBounds` limits each of these
//! kinds of work. Under an attack, all of them can reach their limits at the same time. Then the cache shrinks. Otherwise the full cache and this
//! work together would take more memory than the process may use.
//!
//! # Decisions
//!
//! - The memory of the whole process is measured, because the overhead of the allocator and the data that libraries keep for connections also
//!   count. The alternative, to reserve memory for the limits of all kinds of work, would make the cache smaller by a third even if no attack ever
//!   happens.
//! - The memory is measured each time a certain number of resolutions (flights) has begun, because all kinds of work begin resolutions. So an idle
//!   daemon does not wake up to measure.
//! - The tables of answers and RRsets keep at least the share `LEAST_ROOM` of their memory, so that names in use stay in
//!   the cache.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::limits::{LEAST_ROOM, ROOM_FLIGHTS, ROOM_SLACK, ROOM_SLACK_SHARE};

/// The value of `parts` if the tables may use all their memory: 1000 thousandths.
const WHOLE: u64 = 1_000;

/// Determines which part of their memory the tables of answers and RRsets may use. Signals when the memory of the process must be measured again.
#[derive(Clone)]
pub struct Room(Arc<SharedRoom>);

struct SharedRoom {
    /// How many resolutions (flights) have begun since the last signal.
    flights: AtomicU32,
    notice: Notify,
    /// The part of their memory that the tables of the cache may use now, in thousandths.
    parts: AtomicU64,
}

impl Default for Room {
    fn default() -> Self {
        let (flights, notice, parts) = (AtomicU32::new(0), Notify::new(), AtomicU64::new(WHOLE));
        Self(Arc::new(SharedRoom { flights, notice, parts }))
    }
}

impl Room {
    /// Records that a resolution (flight) of one question has begun.
    pub(crate) fn flight_began(&self) {
        if self.0.flights.fetch_add(1, Ordering::Relaxed) >= ROOM_FLIGHTS {
            self.0.flights.store(0, Ordering::Relaxed);
            self.0.notice.notify_one();
        }
    }

    /// Returns how many of its `octets` octets a table of the cache may use now.
    pub(super) fn usable(&self, octets: u64) -> u64 {
        match self.0.parts.load(Ordering::Relaxed) {
            WHOLE => octets,
            parts => (octets / WHOLE).saturating_mul(parts),
        }
    }

    /// Computes the part of `whole` octets that the tables may use. The process uses `resident` octets of memory now, and may use `most`. Returns
    /// true if the part has changed.
    pub(super) fn change(&self, whole: u64, resident: u64, most: u64) -> bool {
        let before = self.0.parts.load(Ordering::Relaxed);
        let now = room(before, whole, resident, most);
        self.0.parts.store(now, Ordering::Relaxed);
        now != before
    }

    /// Waits until `limits::ROOM_FLIGHTS` resolutions have begun since the last call returned.
    pub async fn many_flights(&self) {
        self.0.notice.notified().await;
    }
}

/// Computes which part of `whole` octets the tables may use, in thousandths; `before` is the previous part. If the process uses more memory than it
/// may, the tables lose twice the excess, because the allocator does not return all memory that removed entries free. If the process uses less, the
/// tables gain only a quarter of the unused octets, because new entries take more memory than their own octets.
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
