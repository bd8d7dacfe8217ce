//! A miss becomes a task of the worker that read it.
//!
//! Bounded: few tasks wait for their first run, because each takes some kilobytes. The other misses wait before that.
//! If the maximum of misses waits, the client gets SERVFAIL. So does a client whose miss has waited too long: on a host
//! that does not keep up, each later one would otherwise wait longer than the one before, far beyond its deadline.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::datagrams::Peer;
use super::front::{Front, WaitingQuery};
use super::outbox::{Outbox, ResolvedMiss};
use crate::clock::{Mono, StillClock};
use crate::dnstap::tapped::TapKind;
use crate::limits::{MAX_QUEUE, MAX_QUEUE_TIME, UDP_BATCH, WORKER_TASKS};

/// A question that was not in memory, and the way of its reply.
pub(super) struct Miss {
    pub(super) waiting: Box<WaitingQuery>,
    pub(super) peer: Peer,
    pub(super) front: Arc<Front>,
    pub(super) outbox: Arc<Outbox>,
}

/// The misses of a worker that it has not begun.
#[derive(Default)]
pub(super) struct HandOver {
    waiting: RefCell<WaitingMisses<Miss>>,
    /// Tasks that have not run yet.
    tasks: Arc<AtomicUsize>,
}

/// Misses in the order of their arrival.
struct WaitingMisses<Item>(VecDeque<(Mono, Item)>);

/// The next miss.
#[derive(Debug, PartialEq, Eq)]
enum NextMiss<Item> {
    /// Its resolution begins.
    Begins(Item),
    /// It has waited too long.
    Late(Item),
    /// None waits.
    Nothing,
}

impl HandOver {
    /// Takes a miss; gives it back if the maximum waits.
    pub(super) fn hand(&self, miss: Miss) -> Result<(), Miss> {
        self.waiting.borrow_mut().add(miss.waiting.arrival.occasion.at, miss)
    }

    /// Whether any waits to be begun.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.borrow().0.is_empty()
    }

    /// Begins misses as tasks of the current runtime, and answers those that have waited too long, up to the bounds.
    /// Returns whether none is left.
    pub(super) fn begin(&self) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        let Some(now) = waiting.0.front().map(|(_, miss)| miss.front.now()) else { return true };
        let mut late = 0_usize;
        while self.tasks.load(Ordering::Relaxed) < WORKER_TASKS as usize && late < UDP_BATCH {
            match waiting.next(now) {
                NextMiss::Nothing => return true,
                NextMiss::Late(miss) => {
                    late = late.saturating_add(1);
                    miss.shed();
                }
                NextMiss::Begins(miss) => {
                    self.tasks.fetch_add(1, Ordering::Relaxed);
                    let tasks = Arc::clone(&self.tasks);
                    tokio::spawn(StillClock::during(async move {
                        tasks.fetch_sub(1, Ordering::Relaxed);
                        miss.answer().await;
                    }));
                }
            }
        }
        waiting.0.is_empty()
    }
}

impl<Item> WaitingMisses<Item> {
    /// Adds one that arrived at `at`; gives it back if the maximum waits.
    fn add(&mut self, at: Mono, item: Item) -> Result<(), Item> {
        if self.0.len() >= MAX_QUEUE {
            return Err(item);
        }
        self.0.push_back((at, item));
        Ok(())
    }

    fn next(&mut self, now: Mono) -> NextMiss<Item> {
        match self.0.pop_front() {
            None => NextMiss::Nothing,
            Some((at, item)) if now.since(at) >= MAX_QUEUE_TIME => NextMiss::Late(item),
            Some((_, item)) => NextMiss::Begins(item),
        }
    }
}

impl<Item> Default for WaitingMisses<Item> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl Miss {
    /// Waits for the flight of its question, and puts the reply into the outbox.
    async fn answer(self) {
        let Self { waiting, peer, front, outbox } = self;
        let reply = match front.resolve(&waiting).await {
            Some(answer) => front.reply(&waiting, &answer).await,
            None => None,
        };
        outbox.put(ResolvedMiss { reply, peer, _waiting: waiting });
    }

    /// Puts SERVFAIL into the outbox.
    fn shed(self) {
        let Self { waiting, peer, front, outbox } = self;
        let mut reply = Vec::new();
        front.shed(waiting.arrival, &waiting.query, &mut reply);
        front.tap(TapKind::ClientResponse, waiting.arrival, &reply);
        outbox.put(ResolvedMiss { reply: Some(reply), peer, _waiting: waiting });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A host that begins 200 misses a second, and gets 6 000 at once.
    #[test]
    fn no_miss_waits_longer_than_the_bound_however_slow_the_host_is() {
        let (mut waiting, at) = (WaitingMisses::default(), Mono::START.after(Duration::from_secs(9)));
        let taken = (0..6_000).filter(|number| waiting.add(at, *number).is_ok()).count();
        assert_eq!(taken, MAX_QUEUE);
        let (mut now, mut begun) = (at, 0);
        let first_late = loop {
            match waiting.next(now) {
                NextMiss::Begins(number) => assert_eq!(number, begun),
                NextMiss::Late(number) => break number,
                NextMiss::Nothing => panic!("all have begun"),
            }
            begun += 1;
            now = now.after(Duration::from_millis(5));
        };
        assert_eq!((begun, first_late), (200, 200));
        let late = std::iter::from_fn(|| match waiting.next(now) {
            NextMiss::Late(number) => Some(number),
            _ => None,
        });
        assert_eq!(late.count(), MAX_QUEUE - 201, "all others at once");
        assert_eq!(waiting.add(now, 7), Ok(()));
        assert_eq!(waiting.next(now), NextMiss::Begins(7));
        assert_eq!(waiting.next(now), NextMiss::Nothing);
    }
}
