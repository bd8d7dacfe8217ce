//! The events of attempts, and the queue through which a step receives them. An attempt is a query to one server with its retries. A step consists of
//! all attempts at the servers of one zone.
//!
//! The task of a step polls its attempts and then reads the queue, so no event needs to wake a task. When the step ends, attempts that are still in
//! progress become tasks of their own, which notice this when they are polled. A channel of tokio, which wakes a task for each event, would need two
//! per cent of the CPU instructions of a cache miss.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use super::classify::Classified;

#[derive(Debug)]
pub(super) struct AttemptEvent {
    pub(super) server: SocketAddr,
    /// The number of earlier queries to this server in the step (the queries to the servers of one zone). It distinguishes several attempts at one
    /// server.
    pub(super) tries: u8,
    pub(super) kind: AttemptEventKind,
}

#[derive(Debug)]
pub(super) enum AttemptEventKind {
    /// The answer has not arrived in the time in which most answers of this server arrive. It may arrive later.
    Overdue,
    /// The query or its answer counts as lost.
    Late,
    /// The answer was truncated, and the attempt continues over TCP.
    Truncated,
    /// The server did not find a name in mixed case (0x20), and the attempt continues without mixed case. `is_error`: true if the reply was an error,
    /// so that the server probably does not serve the zone; false if it was a denial.
    Doubted { is_error: bool },
    /// The attempt has ended with this result.
    Ended(Box<Classified>),
}

/// The end of the queue at which a step (the queries to the servers of one zone) receives the events of its attempts. It is dropped when
/// the step ends.
#[derive(Default)]
pub(super) struct EventReceiver(Arc<Board>);

/// The end of the queue with which an attempt sends its events.
#[derive(Clone)]
pub(super) struct EventSender(Arc<Board>);

/// The queue. Each attempt adds at most nine events: for an overdue answer, up to five lost queries (the first, the one without EDNS, the one without
/// mixed case, and two over TCP), a truncated answer, a doubted answer, and its end.
#[derive(Default)]
struct Board {
    events: Mutex<VecDeque<AttemptEvent>>,
    /// True if the step has ended, so that nobody reads the events.
    over: AtomicBool,
    /// True if the step (the queries to the servers of one zone) has ended without an answer. If an attempt gets an answer later, it stores the
    /// answer for later questions.
    unanswered: AtomicBool,
}

impl EventReceiver {
    pub(super) fn sender(&self) -> EventSender {
        EventSender(Arc::clone(&self.0))
    }

    /// Waits for the next event. An event wakes no task, so the caller's task must also poll the attempts that send the events.
    pub(super) async fn next(&self) -> AttemptEvent {
        poll_fn(|_| self.oldest().map_or(Poll::Pending, Poll::Ready)).await
    }

    fn oldest(&self) -> Option<AttemptEvent> {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Marks the step as ended without an answer, so that its attempts store late answers.
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
    /// Sends an event to the step (the queries to the servers of one zone), unless the step has ended.
    pub(super) fn send(&self, event: AttemptEvent) {
        if !self.0.over.load(Ordering::Relaxed) {
            self.0.events.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
        }
    }

    /// Waits until the step (the queries to the servers of one zone) has ended. This future wakes no task. It needs no wake-up, because an attempt in
    /// progress becomes a task when the step ends, and a new task is polled at once.
    pub(super) async fn over(&self) {
        let over = |_: &mut Context<'_>| match self.0.over.load(Ordering::Relaxed) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        };
        poll_fn(over).await;
    }

    /// Returns true if no question waits for the result of the attempt, and the result will not be stored either.
    pub(super) fn is_unwanted(&self) -> bool {
        self.0.over.load(Ordering::Relaxed) && !self.is_unanswered()
    }

    pub(super) fn is_unanswered(&self) -> bool {
        self.0.unanswered.load(Ordering::Relaxed)
    }
}
