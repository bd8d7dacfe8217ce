//! The queue through which batches learn of questions to lists: bounded, and lossy if their task is busy.
//!
//! Hits use it too, so it allocates nothing and never waits.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::limits::{MAX_LIST_EVENT_KEY, MAX_LIST_EVENTS};
use dns::clock::Mono;
use dns::question::ListSays;

/// The event of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListEventKind {
    /// A client asks; the answer, if memory has it.
    Asked(Option<ListSays>),
    /// The question has been answered.
    CameOut {
        /// The answer.
        says: ListSays,
        /// Whether the list was asked; memory may have had the answer from another listener.
        went_out: bool,
    },
}

/// A question to a list, and its event.
pub struct ListEvent {
    key: [u8; MAX_LIST_EVENT_KEY],
    length: usize,
    /// The event.
    pub what: ListEventKind,
    /// The moment.
    pub at: Mono,
}

impl ListEvent {
    /// The question's key.
    pub fn key(&self) -> &[u8] {
        self.key.get(..self.length).unwrap_or_default()
    }
}

/// The queue.
pub struct ListEventQueue {
    sender: mpsc::Sender<ListEvent>,
    receiver: Mutex<Option<mpsc::Receiver<ListEvent>>>,
    lost: AtomicU64,
}

/// The reader. When it is dropped another may read, and gets the events that came in between.
pub struct Listening<'queue> {
    queue: &'queue ListEventQueue,
    events: Option<mpsc::Receiver<ListEvent>>,
}

impl Default for ListEventQueue {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(MAX_LIST_EVENTS);
        Self { sender, receiver: Mutex::new(Some(receiver)), lost: AtomicU64::new(0) }
    }
}

impl ListEventQueue {
    /// Adds an event of a question by its key.
    pub fn push(&self, key: &[u8], what: ListEventKind, at: Mono) {
        let mut event = ListEvent { key: [0; MAX_LIST_EVENT_KEY], length: key.len(), what, at };
        let fits = event.key.get_mut(..key.len()).map(|place| place.copy_from_slice(key)).is_some();
        if !fits || self.sender.try_send(event).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The events from now on; none while another reads.
    pub fn listen(&self) -> Option<Listening<'_>> {
        let events = self.receiver().take()?;
        Some(Listening { queue: self, events: Some(events) })
    }

    fn receiver(&self) -> MutexGuard<'_, Option<mpsc::Receiver<ListEvent>>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Events that were lost.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Listening<'_> {
    /// The next event. The queue itself keeps the channel open, so it never ends.
    pub async fn event(&mut self) -> ListEvent {
        let next = match &mut self.events {
            Some(events) => events.recv().await,
            None => None,
        };
        match next {
            Some(event) => event,
            None => std::future::pending().await,
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
