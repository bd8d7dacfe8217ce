//! The events of attempts, and the queue through which a step receives the events of the attempts that it has started. An attempt is a
//! query to one server with its retries. A step is the set of queries to the servers of one zone.
//!
//! A step polls its attempts itself and reads the queue afterwards, so no wake-up is needed. Attempts that are still in progress when the
//! step ends continue as tasks. They are then polled again, and see that the step has ended. A channel of tokio, which wakes a task,
//! would take two per cent of the instructions of a cache miss.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use super::classify::Classified;

/// An event of an attempt.
#[derive(Debug)]
pub(super) struct AttemptEvent {
    /// The server that was asked.
    pub(super) server: SocketAddr,
    /// The number of earlier queries to this server in the step. This number distinguishes the attempts at one server.
    pub(super) tries: u8,
    /// What happened.
    pub(super) kind: AttemptEventKind,
}

/// What happened in an attempt.
#[derive(Debug)]
pub(super) enum AttemptEventKind {
    /// The timer of the server has expired: most of its answers come sooner. The answer may still come.
    Overdue,
    /// The query or its answer counts as lost.
    Late,
    /// The answer was truncated, and the attempt continues over TCP.
    Truncated,
    /// The attempt has ended.
    Ended(Box<Classified>),
}

/// The end of the event queue at which a step receives the events of its attempts. It is dropped when the step ends, before the attempts of
/// the step continue as tasks.
#[derive(Default)]
pub(super) struct EventReceiver(Arc<Board>);

/// The end of the event queue at which one attempt sends its events to its step.
#[derive(Clone)]
pub(super) struct EventSender(Arc<Board>);

/// The event queue. Each attempt adds at most eight events: overdue once; late at most five times (for the first query, without EDNS, in
/// the case of the question, and twice over TCP); truncated once; and its end.
#[derive(Default)]
struct Board {
    events: Mutex<VecDeque<AttemptEvent>>,
    /// True if the step has ended.
    over: AtomicBool,
    /// True if the step has ended without an answer, so that a late answer is wanted.
    unanswered: AtomicBool,
}

impl EventReceiver {
    /// Creates a sender for one attempt. This end of the queue receives the events of the attempt.
    pub(super) fn sender(&self) -> EventSender {
        EventSender(Arc::clone(&self.0))
    }

    /// Waits for an event of the attempts. The attempts must be polled by the same task, because nothing else wakes it.
    pub(super) async fn next(&self) -> AttemptEvent {
        poll_fn(|_| self.oldest().map_or(Poll::Pending, Poll::Ready)).await
    }

    fn oldest(&self) -> Option<AttemptEvent> {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Marks the step as ended without an answer. The attempts read this mark.
    pub(super) fn end_unanswered(&self) {
        self.0.unanswered.store(true, Ordering::Relaxed);
    }
}

impl Drop for EventReceiver {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

impl EventSender {
    /// Sends an event to the step. The event is dropped if the step has ended.
    pub(super) fn send(&self, event: AttemptEvent) {
        if !self.0.over.load(Ordering::Relaxed) {
            self.0.events.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
        }
    }

    /// Waits until the step has ended. Nothing wakes the waiter: the task that drives the attempt polls it after the step has ended.
    pub(super) async fn over(&self) {
        let over = |_: &mut Context<'_>| match self.0.over.load(Ordering::Relaxed) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        };
        poll_fn(over).await;
    }

    /// Returns true if the step has ended without an answer.
    pub(super) fn is_unanswered(&self) -> bool {
        self.0.unanswered.load(Ordering::Relaxed)
    }
}
