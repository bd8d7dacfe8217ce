//! The events of attempts (queries to one server with their retries), and the queue by which the step that has started the attempts
//! receives them. A step is the set of queries to the servers of one zone.
//!
//! A step polls its attempts itself and reads the queue afterwards, so no wake-up is needed. Attempts that are still in progress
//! when the step ends continue as tasks. They are polled again and see that the step has ended. A channel of tokio, which wakes a
//! task, took two per cent of the instructions of a miss.

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
    /// The server asked.
    pub(super) server: SocketAddr,
    /// Queries sent to it before in this step of the walk. The number separates attempts at one server.
    pub(super) tries: u8,
    /// What happened.
    pub(super) kind: AttemptEventKind,
}

/// What happened in an attempt.
#[derive(Debug)]
pub(super) enum AttemptEventKind {
    /// Most of its answers would have come by now; this one may still come.
    Overdue,
    /// The query or its answer counts as lost.
    Late,
    /// The answer was truncated, and the query goes on over TCP.
    Truncated,
    /// The attempt has ended.
    Ended(Box<Classified>),
}

/// The receiver of a step. It is dropped when the step ends, before its attempts continue as tasks.
#[derive(Default)]
pub(super) struct EventReceiver(Arc<Board>);

/// The sender of an attempt.
#[derive(Clone)]
pub(super) struct EventSender(Arc<Board>);

/// Holds at most eight events of each attempt: overdue and late, late again without EDNS, in its own case and twice over TCP, that
/// its answer was truncated, and its end.
#[derive(Default)]
struct Board {
    events: Mutex<VecDeque<AttemptEvent>>,
    /// Whether the step has ended.
    over: AtomicBool,
    /// Whether it has ended without an answer, so that a late answer is wanted.
    unanswered: AtomicBool,
}

impl EventReceiver {
    /// A sender to this step.
    pub(super) fn sender(&self) -> EventSender {
        EventSender(Arc::clone(&self.0))
    }

    /// Waits for an event of the attempts that the waiting task polls.
    pub(super) async fn next(&self) -> AttemptEvent {
        poll_fn(|_| self.oldest().map_or(Poll::Pending, Poll::Ready)).await
    }

    fn oldest(&self) -> Option<AttemptEvent> {
        self.0.events.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Marks the step as ended without an answer, for its attempts.
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
    /// Sends an event. It is dropped if the step has ended.
    pub(super) fn send(&self, event: AttemptEvent) {
        if !self.0.over.load(Ordering::Relaxed) {
            self.0.events.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
        }
    }

    /// Waits until the step has ended. The task that drives the attempt then polls it.
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
