//! The queue through which the batches learn of questions to lists. Its length is limited, and events are lost if the task that reads it is busy.
//!
//! Answers from the cache also add an event, so adding an event allocates no memory and never waits.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::limits::{MAX_LIST_EVENT_KEY, MAX_LIST_EVENTS};
use dns::clock::Mono;
use dns::question::ListSays;

/// What happened to a question to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListEventKind {
    /// A client has asked the question. The value is the meaning of the answer, if the cache has it.
    Asked(Option<ListSays>),
    /// The question has been answered.
    CameOut {
        /// The meaning of the answer.
        says: ListSays,
        /// True if a query was sent to the list. False if the cache had the answer, for instance because a client of another listener had asked.
        went_out: bool,
    },
}

/// An event in the queue: a question to a list, and what happened to it.
pub struct ListEvent {
    key: [u8; MAX_LIST_EVENT_KEY],
    length: usize,
    /// The kind of the event.
    pub what: ListEventKind,
    /// The time of the event.
    pub at: Mono,
}

impl ListEvent {
    /// Returns the cache key of the question.
    pub fn key(&self) -> &[u8] {
        self.key.get(..self.length).unwrap_or_default()
    }
}

/// The queue of events, with the number of lost events.
pub struct ListEventQueue {
    sender: mpsc::Sender<ListEvent>,
    receiver: Mutex<Option<mpsc::Receiver<ListEvent>>>,
    lost: AtomicU64,
}

/// Reads the queue. When the reader is dropped, another one may read, and gets the events that were added in between.
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
    /// Adds an event for the question with this key.
    pub fn push(&self, key: &[u8], what: ListEventKind, at: Mono) {
        let mut event = ListEvent { key: [0; MAX_LIST_EVENT_KEY], length: key.len(), what, at };
        let fits = event.key.get_mut(..key.len()).map(|place| place.copy_from_slice(key)).is_some();
        if !fits || self.sender.try_send(event).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns a reader of the events, or `None` while another reader exists.
    pub fn listen(&self) -> Option<Listening<'_>> {
        let events = self.receiver().take()?;
        Some(Listening { queue: self, events: Some(events) })
    }

    fn receiver(&self) -> MutexGuard<'_, Option<mpsc::Receiver<ListEvent>>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of lost events.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Listening<'_> {
    /// Waits for the next event. The queue itself holds a sender, so the events never end.
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
