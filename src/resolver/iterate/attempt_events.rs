//! The events of attempts, and the queue through which a step receives them. An attempt is a query to one server with its retries. A step
//! consists of all attempts at the servers of one zone.
//!
//! The task of a step polls its attempts and then reads the queue, so no task needs to be woken for an event. When the step ends, attempts that are
//! still in progress become tasks of their own. When such a task is polled, it notices that the step has ended. A channel of tokio, which wakes a
//! task for each event, would need two per cent of the CPU instructions of a cache miss.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use super::classify::Classified;

/// An event of an attempt, which is a query to one server with its retries.
#[derive(Debug)]
pub(super) struct AttemptEvent {
    /// The server that was asked.
    pub(super) server: SocketAddr,
    /// The number of earlier queries to this server in the same step (the queries to one zone). It tells several attempts at one server apart.
    pub(super) tries: u8,
    /// What happened in the attempt.
    pub(super) kind: AttemptEventKind,
}

/// What happened in an attempt, which is a query to one server with its retries.
#[derive(Debug)]
pub(super) enum AttemptEventKind {
    /// The server's timer has expired: most of its answers arrive sooner. The answer to this query may still arrive.
    Overdue,
    /// The time has passed after which the query or its answer counts as lost.
    Late,
    /// The answer was truncated, and the attempt continues over TCP.
    Truncated,
    /// The server did not find a name in mixed case (0x20), and the attempt continues without mixed case. `is_error`: true if the reply was an
    /// error, so that the server probably does not serve the zone; false if it was a denial.
    Doubted { is_error: bool },
    /// The attempt (a query to one server with its retries) has ended with this result.
    Ended(Box<Classified>),
}

/// The reading end of the event queue. A step receives the events of its attempts from it. It is dropped when the step ends, before the attempts
/// become tasks of their own.
#[derive(Default)]
pub(super) struct EventReceiver(Arc<Board>);

/// The writing end of the event queue, with which one attempt sends its events to its step.
#[derive(Clone)]
pub(super) struct EventSender(Arc<Board>);

/// The queue of events. Each attempt adds at most nine events: one when its answer is overdue; up to five for lost queries (the first query, the
/// one without EDNS, the one without mixed case, and two over TCP); one for a truncated answer; one for a doubted answer; and one at its end.
#[derive(Default)]
struct Board {
    events: Mutex<VecDeque<AttemptEvent>>,
    /// True if the step (the queries to one zone) has ended, so that nobody reads the events.
    over: AtomicBool,
    /// True if the step (the queries to one zone) has ended without an answer. An attempt that gets an answer then stores it for later questions.
    unanswered: AtomicBool,
}

impl EventReceiver {
    /// Creates a sender for one attempt. This receiver gets the events of the attempt.
    pub(super) fn sender(&self) -> EventSender {
        EventSender(Arc::clone(&self.0))
    }

    /// Waits for an event of the attempts. The calling task must also poll the attempts, because an event wakes no task.
    pub(super) async fn next(&self) -> AttemptEvent {
        poll_fn(|_| self.oldest().map_or(Poll::Pending, Poll::Ready)).await
    }

    fn oldest(&self) -> Option<AttemptEvent> {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Marks the step (the queries to one zone) as ended without an answer. Its attempts then store late answers.
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
    /// Sends an event to the step, the code that asks the servers of this zone. The event is dropped if the step has ended.
    pub(super) fn send(&self, event: AttemptEvent) {
        if !self.0.over.load(Ordering::Relaxed) {
            self.0.events.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
        }
    }

    /// Waits until the step (the queries to one zone) has ended. Nothing wakes a task for this: when the step ends, its attempts become tasks,
    /// which are polled then.
    pub(super) async fn over(&self) {
        let over = |_: &mut Context<'_>| match self.0.over.load(Ordering::Relaxed) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        };
        poll_fn(over).await;
    }

    /// Returns true if no question waits for the result of the attempt any more, and the result will not be stored either.
    pub(super) fn is_unwanted(&self) -> bool {
        self.0.over.load(Ordering::Relaxed) && !self.is_unanswered()
    }

    /// Returns true if the step (the queries to one zone) has ended without an answer.
    pub(super) fn is_unanswered(&self) -> bool {
        self.0.unanswered.load(Ordering::Relaxed)
    }
}
