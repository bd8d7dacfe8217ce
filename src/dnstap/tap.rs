//! The queue of copied DNS messages, and the settings that determine which messages are copied.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::tapped::{TapKind, TapSettings, TappedMessage};
use crate::limits::{MAX_TAPPED, MAX_TAPPED_OCTETS};

/// The queue through which copies of DNS messages reach the writer task. Nothing is copied until `set` is called.
#[derive(Debug, Default)]
pub struct Tap {
    /// The kinds of DNS messages that are copied, one bit each. 0 while dnstap is off.
    wanted: AtomicU8,
    queue: Mutex<Queue>,
    settings: Mutex<Option<Arc<TapSettings>>>,
    /// Wakes the writer task after a change of the queue or the settings, or when the daemon stops.
    news: Notify,
    dropped: AtomicU64,
    written: AtomicU64,
    /// Notified when the writer task has written the last copy before the daemon stops.
    ended: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    messages: Vec<TappedMessage>,
    octets: usize,
    is_ending: bool,
}

/// The kinds of DNS messages that are copied. Each batch of queries reads them once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedKinds(u8);

impl WantedKinds {
    /// Returns true if dnstap copies queries of clients or replies to clients.
    pub const fn of_clients(self) -> bool {
        self.0 & (TapKind::ClientQuery.bit() | TapKind::ClientResponse.bit()) != 0
    }

    /// Returns true if dnstap copies DNS messages of this kind.
    pub const fn has(self, kind: TapKind) -> bool {
        self.0 & kind.bit() != 0
    }
}

impl Tap {
    /// Returns the kinds of DNS messages that are copied, at the cost of one relaxed atomic load.
    #[inline]
    pub fn wanted(&self) -> WantedKinds {
        WantedKinds(self.wanted.load(Ordering::Relaxed))
    }

    /// Changes the settings of dnstap. `None` turns it off.
    pub fn set(&self, settings: Option<TapSettings>) {
        let wanted = settings
            .as_ref()
            .map_or(0, |settings| settings.kinds.iter().fold(0, |bits, kind| bits | kind.bit()));
        *lock(&self.settings) = settings.map(Arc::new);
        self.wanted.store(wanted, Ordering::Relaxed);
        self.news.notify_one();
    }

    /// Adds a copy to the queue. If the queue is full, the copy is dropped and counted.
    pub fn put(&self, message: TappedMessage) {
        let mut queue = lock(&self.queue);
        let octets = queue.octets.saturating_add(message.octets.len());
        if queue.messages.len() >= MAX_TAPPED || octets > MAX_TAPPED_OCTETS {
            drop(queue);
            self.count_dropped(1);
            return;
        }
        queue.octets = octets;
        let is_first = queue.messages.is_empty();
        queue.messages.push(message);
        drop(queue);
        // If the queue already has messages, the writer task is awake.
        if is_first {
            self.news.notify_one();
        }
    }

    /// Returns the numbers of dropped and of written copies since the last call.
    pub fn take_counts(&self) -> (u64, u64) {
        (self.dropped.swap(0, Ordering::Relaxed), self.written.swap(0, Ordering::Relaxed))
    }

    /// Makes the writer task write the remaining copies and end its output, and waits until it has done so.
    pub async fn end(&self) {
        if lock(&self.settings).is_none() {
            return;
        }
        lock(&self.queue).is_ending = true;
        self.news.notify_one();
        self.ended.notified().await;
    }

    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    pub(super) fn settings(&self) -> Option<Arc<TapSettings>> {
        lock(&self.settings).clone()
    }

    pub(super) fn take(&self) -> Vec<TappedMessage> {
        let mut queue = lock(&self.queue);
        queue.octets = 0;
        std::mem::take(&mut queue.messages)
    }

    pub(super) fn is_ending(&self) -> bool {
        lock(&self.queue).is_ending
    }

    pub(super) fn mark_ended(&self) {
        self.ended.notify_one();
    }

    pub(super) fn count_dropped(&self, count: usize) {
        self.dropped.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn count_written(&self, count: usize) {
        self.written.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

fn lock<Inner>(mutex: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::tapped::TapTransport;
    use super::*;
    use dns::clock::Mono;

    fn message(octets: usize) -> TappedMessage {
        TappedMessage {
            kind: TapKind::ClientQuery,
            transport: TapTransport::Udp,
            asks: None,
            answers: None,
            queried: Mono::START,
            responded: None,
            octets: vec![0; octets],
        }
    }

    #[test]
    fn full_tap_drops_and_counts() {
        let tap = Tap::default();
        (0..MAX_TAPPED + 3).for_each(|_| tap.put(message(12)));
        assert_eq!(tap.take_counts(), (3, 0));
        assert_eq!(tap.take().len(), MAX_TAPPED);
        let large = MAX_TAPPED_OCTETS / 4;
        (0..5).for_each(|_| tap.put(message(large)));
        assert_eq!((tap.take_counts(), tap.take().len()), ((1, 0), 4), "octets are bounded too");
        tap.put(message(large));
        assert_eq!((tap.take_counts(), tap.take().len()), ((0, 0), 1), "there is room again");
    }

    #[test]
    fn disabled_tap_wants_nothing() {
        let tap = Tap::default();
        assert!(!tap.wanted().of_clients());
        assert!(TapKind::ALL.iter().all(|(_, kind)| !tap.wanted().has(*kind)));
    }
}
