//! The queue through which look-ahead learns of clients' answered questions: bounded, and lossy if look-ahead is busy.
//!
//! Nothing is copied and nobody is woken while the queue has something, so that a miss hardly costs more for it. To wake
//! the task of look-ahead for each miss took 18 of 54 µs of CPU time. So an event that only counts a use waits for others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::chase::Chaser;
use super::client_question::ClientQuestion;
use super::lists::ListResolver;
use super::replied::Asked;
use crate::clock::{Clock, Mono};
use crate::config::LookaheadMode;
use crate::dnsbl::list_events::ListEventKind;
use crate::limits::{ANSWERED_PAUSE, MAX_ANSWERED};
use crate::question::{Answer, QuestionKey};
use crate::record::{Counter, Recorder};

/// An event of a client's question.
pub enum AnsweredEvent {
    /// A question to a DNS list was not in memory.
    Asked(Arc<ClientQuestion>),
    /// A question that was not in memory has been answered.
    Answered {
        /// The question.
        asked: Arc<ClientQuestion>,
        /// Its answer; maybe a failure.
        answer: Arc<Answer>,
    },
    /// A question was answered from memory, by an answer that look-ahead had asked for.
    Used {
        /// The key of the question.
        key: QuestionKey,
        /// The number of the rule that asked.
        rule: u8,
        /// When the client asked.
        at: Mono,
    },
    /// The servers of a domain are about to be asked for its MX, so the way to the domain is known. The key of the question.
    Delegated(Arc<QuestionKey>),
}

impl AnsweredEvent {
    /// Whether questions may follow it soon. Of an address, mostly its use is counted.
    fn leads(&self) -> bool {
        match self {
            Self::Asked(_) | Self::Delegated(_) => true,
            Self::Answered { asked, .. } => !matches!(asked.question.kind, RecordType::A | RecordType::AAAA),
            Self::Used { .. } => false,
        }
    }
}

/// Events that wait.
#[derive(Default)]
pub(super) struct WaitingEvents {
    waiting: Mutex<Vec<AnsweredEvent>>,
    /// An event was added to an empty queue.
    added: Notify,
    /// An event was added that questions may follow.
    leads: Notify,
    /// Whether somebody reads it.
    read: AtomicBool,
}

impl WaitingEvents {
    /// Tells look-ahead of a delegation; returns false if there is no room.
    pub(super) fn tell_delegated(&self, key: Arc<QuestionKey>) -> bool {
        self.tell(|| AnsweredEvent::Delegated(key))
    }

    /// Adds an event; returns false if there is no room.
    fn tell(&self, event: impl FnOnce() -> AnsweredEvent) -> bool {
        if !self.read.load(Ordering::Relaxed) {
            return true;
        }
        let mut waiting = self.waiting();
        let count = waiting.len();
        if count >= MAX_ANSWERED {
            return false;
        }
        let event = event();
        let leads = event.leads();
        waiting.push(event);
        drop(waiting);
        if count == 0 {
            self.added.notify_one();
        }
        if leads {
            self.leads.notify_one();
        }
        true
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<AnsweredEvent>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The queue.
pub struct AnsweredQueue {
    clock: Clock,
    recorder: Arc<Recorder>,
    lists: Arc<ListResolver>,
    events: Arc<WaitingEvents>,
}

impl AnsweredQueue {
    pub(super) fn new(chaser: &Chaser, lists: &Arc<ListResolver>) -> Arc<Self> {
        let (clock, recorder) = (chaser.clock.clone(), Arc::clone(&chaser.recorder));
        let (lists, events) = (Arc::clone(lists), Arc::clone(&chaser.leading));
        Arc::new(Self { clock, recorder, lists, events })
    }

    /// All events since the last call, at least one. One task reads them.
    pub(super) async fn take(&self) -> Vec<AnsweredEvent> {
        self.events.read.store(true, Ordering::Relaxed);
        loop {
            let events = std::mem::take(&mut *self.events.waiting());
            if !events.is_empty() {
                return events;
            }
            self.events.added.notified().await;
            // Clients wait for none of the others.
            let _ = timeout(ANSWERED_PAUSE, self.events.leads.notified()).await;
        }
    }

    /// Tells look-ahead of a client's question to a DNS list that begins: other questions go beside it.
    pub(super) fn tell_asked(&self, asked: &Arc<ClientQuestion>) {
        if asked.question.kind == RecordType::PTR {
            self.tell_lists(asked);
        }
        if asked.list.is_some() && is_seen(asked) {
            self.told(self.events.tell(|| AnsweredEvent::Asked(Arc::clone(asked))));
        }
    }

    /// Tells look-ahead of a client's question that ended, if the view has look-ahead.
    pub(super) fn tell_answered(&self, asked: &Arc<ClientQuestion>, ended: &Asked) {
        let Asked::Replied(replied) = ended else { return };
        // A made-up domain is not told to the lists.
        if asked.question.kind == RecordType::MX && replied.answer.rcode == ResponseCode::NoError {
            self.tell_lists(asked);
        }
        if is_seen(asked) {
            let event =
                || AnsweredEvent::Answered { asked: Arc::clone(asked), answer: Arc::clone(&replied.answer) };
            self.told(self.events.tell(event));
        }
    }

    /// Tells look-ahead that a client has used an answer with its mark.
    #[cold]
    pub(super) fn tell_used(&self, key: &[u8], answer: &Answer, at: Mono) {
        if let Some(rule) = answer.ahead.take() {
            let event = || AnsweredEvent::Used { key: QuestionKey::from_bytes(key), rule, at };
            self.told(self.events.tell(event));
        }
    }

    /// Tells the prefetch of lists of a question that questions to lists may follow, if the listener has look-ahead.
    fn tell_lists(&self, asked: &ClientQuestion) {
        let asks = matches!(asked.view.lookahead, LookaheadMode::Learned | LookaheadMode::Rules);
        if asks && is_seen(asked) {
            self.lists.table.events.tell(asked.key.as_bytes(), ListEventKind::Asked(None), self.clock.mono());
        }
    }

    fn told(&self, was_told: bool) {
        if !was_told {
            self.recorder.count(Counter::LookaheadLost, 1);
        }
    }
}

/// Whether other questions go beside this one once the delegation of its domain is known.
pub(super) fn leads_at_delegation(asked: &ClientQuestion) -> bool {
    asked.question.kind == RecordType::MX && is_seen(asked)
}

/// Whether look-ahead sees a question: its listener has look-ahead, and it is not one of the operator, who has the
/// unspecified address.
fn is_seen(asked: &ClientQuestion) -> bool {
    asked.view.lookahead != LookaheadMode::Off && !asked.client.address.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_loses_and_one_that_nobody_reads_keeps_nothing() {
        let used = || AnsweredEvent::Used { key: QuestionKey::from_bytes(b"key"), rule: 1, at: Mono::START };
        let queue = WaitingEvents::default();
        assert!(queue.tell(used) && queue.waiting().is_empty());
        queue.read.store(true, Ordering::Relaxed);
        let kept = (0..MAX_ANSWERED + 5).filter(|_| queue.tell(used)).count();
        assert_eq!((kept, queue.waiting().len()), (MAX_ANSWERED, MAX_ANSWERED));
    }
}
