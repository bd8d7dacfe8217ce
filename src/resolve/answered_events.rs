//! The events of clients' questions that wait for look-ahead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::RecordType;
use tokio::sync::Notify;

use super::client_question::ClientQuestion;
use crate::clock::Mono;
use crate::config::LookaheadMode;
use crate::limits::MAX_ANSWERED;
use crate::question::{Answer, QuestionKey};

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
    pub(super) added: Notify,
    /// An event was added that questions may follow.
    pub(super) leads: Notify,
    /// Whether somebody reads it.
    pub(super) read: AtomicBool,
}

impl WaitingEvents {
    /// Tells look-ahead of a delegation; returns false if there is no room.
    pub(super) fn tell_delegated(&self, key: Arc<QuestionKey>) -> bool {
        self.tell(|| AnsweredEvent::Delegated(key))
    }

    /// Adds an event; returns false if there is no room.
    pub(super) fn tell(&self, event: impl FnOnce() -> AnsweredEvent) -> bool {
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

    pub(super) fn waiting(&self) -> MutexGuard<'_, Vec<AnsweredEvent>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether other questions go beside this one once the delegation of its domain is known.
pub(super) fn leads_at_delegation(asked: &ClientQuestion) -> bool {
    asked.question.kind == RecordType::MX && is_seen(asked)
}

/// Whether look-ahead sees a question: its listener has look-ahead, and it is not one of the operator, who has the
/// unspecified address.
pub(super) fn is_seen(asked: &ClientQuestion) -> bool {
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
