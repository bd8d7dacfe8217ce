//! Determines which part of their memory limit the tables of answers and RRsets may use.
//!
//! Queries in progress, connections of clients and unsent replies take memory too. `limits::WorkBounds` limits each kind of work. An attack can reach
//! all these limits at the same time. Then the cache shrinks, so that the process does not use more memory than it may.
//!
//! # Decisions
//!
//! - The memory of the whole process is measured, because the overhead of the allocator and the data of libraries count too. To reserve memory for
//!   all limits would make the cache smaller by a third even without attacks.
//! - The memory is measured after each `ROOM_FLIGHTS` resolutions, because all kinds of work begin resolutions. So an idle daemon does not measure.
//! - The tables keep at least `LEAST_ROOM` of their memory for names in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::limits::{LEAST_ROOM, ROOM_FLIGHTS, ROOM_SLACK, ROOM_SLACK_SHARE};

/// The value of `parts` for all memory: 1000 thousandths.
const WHOLE: u64 = 1_000;

/// Determines which part of their memory the tables of answers and RRsets may use, and signals when the memory of the process must be measured.
#[derive(Clone)]
pub struct Room(Arc<SharedRoom>);

struct SharedRoom {
    /// The number of resolutions since the last signal.
    flights: AtomicU32,
    notice: Notify,
    /// The part of their memory that the tables may use, in thousandths.
    parts: AtomicU64,
}

impl Default for Room {
    fn default() -> Self {
        let (flights, notice, parts) = (AtomicU32::new(0), Notify::new(), AtomicU64::new(WHOLE));
        Self(Arc::new(SharedRoom { flights, notice, parts }))
    }
}

impl Room {
    /// Counts a resolution that begins.
    pub(crate) fn flight_began(&self) {
        if self.0.flights.fetch_add(1, Ordering::Relaxed) >= ROOM_FLIGHTS {
            self.0.flights.store(0, Ordering::Relaxed);
            self.0.notice.notify_one();
        }
    }

    /// Returns how many of its `octets` a table may use.
    pub(super) fn usable(&self, octets: u64) -> u64 {
        match self.0.parts.load(Ordering::Relaxed) {
            WHOLE => octets,
            parts => (octets / WHOLE).saturating_mul(parts),
        }
    }

    /// Computes the part of `whole` octets that the tables may use. The process uses `resident` octets now, and may use `most`. Returns true if the
    /// part has changed.
    pub(super) fn change(&self, whole: u64, resident: u64, most: u64) -> bool {
        let before = self.0.parts.load(Ordering::Relaxed);
        let now = room(before, whole, resident, most);
        self.0.parts.store(now, Ordering::Relaxed);
        now != before
    }

    /// Waits until `limits::ROOM_FLIGHTS` resolutions have begun since the last call.
    pub async fn many_flights(&self) {
        self.0.notice.notified().await;
    }
}

/// Returns the part of `whole` octets that the tables may use, in thousandths; `before` is the previous part. Above the limit, the tables lose twice
/// the excess, because the allocator does not return all freed memory. Below, they gain a quarter of the unused octets, because new entries take more
/// memory than their own octets.
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

    // Memory beyond the bound shrinks the room at once; free memory returns it slowly.
    #[test]
    fn cache_room_follows_resident_memory() {
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
    fn flights_above_threshold_are_noticed() {
        let room = Room::default();
        let is_noticed = || futures_util::FutureExt::now_or_never(room.many_flights()).is_some();
        (0..ROOM_FLIGHTS).for_each(|_| room.flight_began());
        assert!(!is_noticed());
        room.flight_began();
        assert!(is_noticed() && !is_noticed());
    }

    proptest! {
        #[test]
        fn cache_room_stays_within_limits(
            before in LEAST_ROOM..=WHOLE,
            whole in 0..1_u64 << 40,
            resident: u64,
            most: u64,
        ) {
            prop_assert!((LEAST_ROOM..=WHOLE).contains(&room(before, whole, resident, most)));
        }
    }
}
