//! A queue of events about clients' questions to DNS lists. The task for batches reads the queue, and learns from it. If the queue is full, further
//! events are lost.
//!
//! Answers from the cache add an event too. Therefore adding an event allocates no memory and never waits. The event of a cached answer does not wake
//! the task, because waking takes about 15 µs of the core that answers the client, and batches cannot help this client: it asks the next list at
//! once. The next question that the cache cannot answer wakes the task, which then reads all waiting events.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::limits::{LIST_EVENTS_PAUSE, MAX_LIST_EVENT_KEY, MAX_LIST_EVENTS};
use dns::clock::Mono;
use dns::question::ListSays;

/// What happened to a question to a DNS list: a client asked it, or it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListEventKind {
    /// A client has asked this question. The value is the meaning of the answer if the cache has it.
    Asked(Option<ListSays>),
    /// The question to the DNS list has been answered.
    CameOut {
        /// The meaning of the answer.
        says: ListSays,
        /// True if a query was sent to the DNS list. False, for instance, if the cache had got the answer meanwhile.
        went_out: bool,
    },
}

/// An event of a question to a DNS list.
pub struct ListEvent {
    key: [u8; MAX_LIST_EVENT_KEY],
    length: usize,
    /// What happened to the question.
    pub what: ListEventKind,
    /// The time at which the event happened.
    pub at: Mono,
}

impl ListEvent {
    /// Returns the question, in the form of its key in the cache.
    pub fn key(&self) -> &[u8] {
        self.key.get(..self.length).unwrap_or_default()
    }
}

/// The queue of events about questions to DNS lists, and the number of lost events.
pub struct ListEventQueue {
    sender: SyncSender<ListEvent>,
    receiver: Mutex<Option<Receiver<ListEvent>>>,
    waiting: AtomicUsize,
    /// Signals that an event was added to the empty queue.
    added: Notify,
    /// Signals that an event was added that must be read at once.
    urgent: Notify,
    lost: AtomicU64,
}

/// The reader of the queue. There is at most one at a time. A later reader also gets the events that were added while there was no reader.
pub struct Listening<'queue> {
    queue: &'queue ListEventQueue,
    events: Option<Receiver<ListEvent>>,
}

impl Default for ListEventQueue {
    fn default() -> Self {
        let (sender, receiver) = sync_channel(MAX_LIST_EVENTS);
        Self {
            sender,
            receiver: Mutex::new(Some(receiver)),
            waiting: AtomicUsize::new(0),
            added: Notify::new(),
            urgent: Notify::new(),
            lost: AtomicU64::new(0),
        }
    }
}

impl ListEventQueue {
    /// Adds an event about the question with the cache key `key`. The event is lost if the queue is full or the key is too long.
    pub fn push(&self, key: &[u8], what: ListEventKind, at: Mono) {
        let mut event = ListEvent { key: [0; MAX_LIST_EVENT_KEY], length: key.len(), what, at };
        let fits = event.key.get_mut(..key.len()).map(|place| place.copy_from_slice(key)).is_some();
        if !fits || self.sender.try_send(event).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        if before == 0 {
            self.added.notify_one();
        }
        if !matches!(what, ListEventKind::Asked(Some(_))) || before >= MAX_LIST_EVENTS / 2 {
            self.urgent.notify_one();
        }
    }

    /// Returns the reader of the queue, or `None` if another reader exists.
    pub fn listen(&self) -> Option<Listening<'_>> {
        let events = self.receiver().take()?;
        Some(Listening { queue: self, events: Some(events) })
    }

    fn receiver(&self) -> MutexGuard<'_, Option<Receiver<ListEvent>>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of lost events.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Listening<'_> {
    /// Waits for the next event. An event of a cached answer is returned when an event of another kind arrives, or after `LIST_EVENTS_PAUSE` at the
    /// latest.
    pub async fn event(&mut self) -> ListEvent {
        loop {
            if let Some(event) = self.events.as_ref().and_then(|events| events.try_recv().ok()) {
                self.queue.waiting.fetch_sub(1, Ordering::AcqRel);
                return event;
            }
            self.queue.added.notified().await;
            // A timeout is no error: the events of cached answers have then waited long enough.
            let _ = timeout(LIST_EVENTS_PAUSE, self.queue.urgent.notified()).await;
        }
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        *self.queue.receiver() = self.events.take();
    }
}

impl fmt::Debug for ListEventQueue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ListEventQueue({} lost)", self.lost())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn a_full_ring_loses_and_counts() {
        let queue = ListEventQueue::default();
        let mut events = queue.listen().unwrap();
        assert!(queue.listen().is_none());
        for _ in 0..MAX_LIST_EVENTS + 5 {
            queue.push(
                b"key",
                ListEventKind::CameOut { says: ListSays::Listed, went_out: true },
                Mono::START,
            );
        }
        queue.push(&[7; MAX_LIST_EVENT_KEY + 1], ListEventKind::Asked(None), Mono::START);
        assert_eq!(queue.lost(), 6);
        drop(events);
        events = queue.listen().unwrap();
        let event = events.event().now_or_never().unwrap();
        assert_eq!(
            (event.key(), event.what),
            (b"key".as_slice(), ListEventKind::CameOut { says: ListSays::Listed, went_out: true })
        );
    }
}
