//! The queue of replies to the cache misses of a worker thread. Replies that are ready at about the same time are sent with one system
//! call.
//!
//! A reply waits until all tasks that are ready have run. Several replies to a sleeping client then wake it only once. To wake another
//! thread is the most expensive part of a reply.

use std::future::poll_fn;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures_util::task::AtomicWaker;
use tokio::task::yield_now;

use super::datagrams::{Peer, ReplyBatch};
use super::front::Front;
use super::orders::{Orders, SERVE};
use super::waiting::WaitingQuery;
use crate::limits::MAX_REPLIES_AT_ONCE;
use dns::question::Apart;

pub(super) struct Outbox {
    socket: Arc<UdpSocket>,
    front: Arc<Front>,
    /// The shard (separate copy) of the counters of this worker thread.
    shard: usize,
    orders: Arc<Orders>,
    /// The number of cache misses without a reply.
    outstanding: AtomicUsize,
    replies: Mutex<Vec<ResolvedMiss>>,
    sender: AtomicWaker,
}

pub(super) struct ResolvedMiss {
    /// `None` if the query is a repetition whose first copy is answered.
    pub(super) reply: Option<Vec<u8>>,
    pub(super) peer: Peer,
    /// The client counts as waiting until this value is dropped, after the reply was sent.
    pub(super) _waiting: Box<WaitingQuery>,
}

impl Outbox {
    pub(super) fn new(socket: Arc<UdpSocket>, front: Arc<Front>, shard: usize, orders: Arc<Orders>) -> Self {
        let (outstanding, replies, sender) = <(AtomicUsize, Mutex<_>, AtomicWaker)>::default();
        Self { socket, front, shard, orders, outstanding, replies, sender }
    }

    pub(super) fn expect_one(&self) {
        self.outstanding.fetch_add(1, Ordering::SeqCst);
    }

    /// Records that `count` expected replies have been sent, or will not come.
    pub(super) fn expect_less(&self, count: usize) {
        self.outstanding.fetch_sub(count, Ordering::SeqCst);
    }

    /// Returns true if no reply is expected or waits to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.outstanding.load(Ordering::SeqCst) == 0
    }

    /// Adds a reply, for which `expect_one` was called.
    pub(super) fn put(&self, resolved: ResolvedMiss) {
        self.replies().push(resolved);
        self.sender.wake();
    }

    /// Sends the replies, each time after all tasks that are ready have run. Never returns.
    pub(super) async fn serve(self: Arc<Self>) {
        let (mut batch, mut leaving) = (ReplyBatch::new(), Vec::new());
        loop {
            let are_left = poll_fn(|context| {
                self.sender.register(context.waker());
                let are_left = take_some(&mut self.replies(), &mut leaving);
                if leaving.is_empty() { Poll::Pending } else { Poll::Ready(are_left) }
            })
            .await;
            self.send(&mut batch, &mut leaving);
            if are_left {
                // The worker thread reads the queries that have arrived before it sends the remaining replies.
                yield_now().await;
            }
        }
    }

    fn send(&self, batch: &mut ReplyBatch, leaving: &mut Vec<ResolvedMiss>) {
        let mut lost = 0_usize;
        for ResolvedMiss { reply, peer, .. } in leaving.iter_mut() {
            let Some(reply) = reply.take() else { continue };
            if batch.buffer().is_none() {
                lost = lost.saturating_add(batch.send(&self.socket));
            }
            if let Some(buffer) = batch.buffer() {
                *buffer = reply;
                batch.push(*peer);
            }
        }
        lost = lost.saturating_add(batch.send(&self.socket));
        for _ in 0..lost {
            self.front.apart(self.shard, Apart::ReplyLost);
        }
        self.expect_less(leaving.len());
        leaving.clear();
        // A stopping worker thread waits until the last reply is sent.
        if self.orders.now() != SERVE {
            self.orders.bell.notify_one();
        }
    }

    fn replies(&self) -> MutexGuard<'_, Vec<ResolvedMiss>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Moves at most `MAX_REPLIES_AT_ONCE` replies from `replies` to `leaving`. Returns true if `replies` is not empty then.
fn take_some<Reply>(replies: &mut Vec<Reply>, leaving: &mut Vec<Reply>) -> bool {
    if replies.len() <= MAX_REPLIES_AT_ONCE {
        std::mem::swap(replies, leaving);
        return false;
    }
    leaving.extend(replies.drain(..MAX_REPLIES_AT_ONCE));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_leave_in_ordered_batches() {
        let mut replies: Vec<usize> = (0..2 * MAX_REPLIES_AT_ONCE + 1).collect();
        let (mut leaving, mut turns, mut left) = (Vec::new(), Vec::new(), true);
        while left {
            left = take_some(&mut replies, &mut leaving);
            turns.push(leaving.len());
            assert!(leaving.iter().is_sorted());
            assert_eq!(leaving.first(), Some(&(turns.iter().sum::<usize>() - leaving.len())));
            leaving.clear();
        }
        assert_eq!(turns, [MAX_REPLIES_AT_ONCE, MAX_REPLIES_AT_ONCE, 1]);
    }
}
