//! The queue of events of clients' questions for look-ahead.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::rr::RecordType;
use tokio::sync::Notify;

use super::client_question::ClientQuestion;
use crate::limits::{MAX_ANSWERED, MAX_ANSWERED_OCTETS};
use config::LookaheadMode;
use dns::clock::Mono;
use dns::question::{Answer, QuestionKey};

/// An event about a client's question.
pub enum AnsweredEvent {
    /// A client asks a DNS list, and the answer was not in the cache.
    Asked(Arc<ClientQuestion>),
    /// A client's question was answered, but not from the cache.
    Answered {
        /// The client's question.
        asked: Arc<ClientQuestion>,
        /// The answer, which may be a failure.
        answer: Arc<Answer>,
    },
    /// A question was answered from the cache, with an answer of look-ahead.
    Used {
        /// The cache key of the client's question.
        key: QuestionKey,
        /// The number of the rule that asked for the answer.
        rule: u8,
        /// When the client asked.
        at: Mono,
    },
    /// A resolution (flight) of the question with this key is about to ask the servers of a domain for its MX.
    Delegated(Arc<QuestionKey>),
}

impl AnsweredEvent {
    /// Returns true if look-ahead may ask questions because of the event. Answers with addresses do not count: mostly they only show which
    /// look-ahead questions clients used.
    fn leads(&self) -> bool {
        match self {
            Self::Asked(_) | Self::Delegated(_) => true,
            Self::Answered { asked, .. } => !matches!(asked.question.kind, RecordType::A | RecordType::AAAA),
            Self::Used { .. } => false,
        }
    }

    fn octets(&self) -> usize {
        match self {
            Self::Answered { answer, .. } => answer.wire.len(),
            Self::Asked(_) | Self::Used { .. } | Self::Delegated(_) => 0,
        }
    }
}

#[derive(Default)]
struct EventQueue {
    events: Vec<AnsweredEvent>,
    /// The size of the answers in the waiting events, in octets.
    octets: usize,
}

#[derive(Default)]
pub(super) struct WaitingEvents {
    waiting: Mutex<EventQueue>,
    /// Notified when an event is added to the empty queue.
    pub(super) added: Notify,
    /// Notified when an event is added because of which look-ahead may ask questions.
    pub(super) leads: Notify,
    /// True if a task reads the queue. If not, events are dropped.
    pub(super) read: AtomicBool,
}

impl WaitingEvents {
    /// Adds the event that the delegation for a question was found. Returns false if the queue is full.
    pub(super) fn push_delegated(&self, key: Arc<QuestionKey>) -> bool {
        self.push(|| AnsweredEvent::Delegated(key))
    }

    /// Adds an event. Returns false if the queue is full. If no task reads the queue, drops the event and returns true.
    pub(super) fn push(&self, event: impl FnOnce() -> AnsweredEvent) -> bool {
        if !self.read.load(Ordering::Relaxed) {
            return true;
        }
        let mut waiting = self.waiting();
        let count = waiting.events.len();
        if count >= MAX_ANSWERED {
            return false;
        }
        let event = event();
        let octets = waiting.octets.saturating_add(event.octets());
        if octets > MAX_ANSWERED_OCTETS {
            return false;
        }
        waiting.octets = octets;
        let leads = event.leads();
        waiting.events.push(event);
        drop(waiting);
        if count == 0 {
            self.added.notify_one();
        }
        if leads {
            self.leads.notify_one();
        }
        true
    }

    pub(super) fn take(&self) -> Vec<AnsweredEvent> {
        std::mem::take(&mut *self.waiting()).events
    }

    fn waiting(&self) -> MutexGuard<'_, EventQueue> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns true if look-ahead asks questions as soon as the delegation for this MX question is known.
pub(super) fn leads_at_delegation(asked: &ClientQuestion) -> bool {
    asked.question.kind == RecordType::MX && is_seen(asked)
}

/// Returns true if look-ahead receives the events of a question. A question of a command of the operator has the unspecified address
/// (0.0.0.0 or ::) and is left out.
pub(super) fn is_seen(asked: &ClientQuestion) -> bool {
    asked.view.lookahead != LookaheadMode::Off && !asked.client.address.is_unspecified()
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::{RData, Record, rdata};

    use super::*;
    use config::Config;
    use dns::question::{Client, Question};
    use dns::stage::name;
    use dns::wire::compose;
    use dns::wire::compose::AnswerParts;
    use zones::Views;

    /// Returns a question and an answer of 60 KB.
    fn answered() -> (Arc<ClientQuestion>, Arc<Answer>) {
        let (owner, views) = (name("example."), Views::new(&Arc::new(Config::default())).unwrap());
        let question = Question::new(&owner, RecordType::TXT);
        let text = RData::TXT(rdata::TXT::new(vec!["x".repeat(250); 240]));
        let record = [Record::from_rdata(owner, 60, text)];
        let answer = compose::answer(&AnswerParts::positive(&question, &record, Mono::START)).unwrap();
        let (client, key) = (Client { address: [127, 0, 0, 1].into(), port: 0, id: 0 }, question.key());
        let view = Arc::clone(views.general().unwrap());
        (Arc::new(ClientQuestion::new(question, key, client, Mono::START, view)), Arc::new(answer))
    }

    // A queue without a reader keeps nothing.
    #[test]
    fn full_event_queue_drops_events() {
        let used = || AnsweredEvent::Used { key: QuestionKey::from_bytes(b"key"), rule: 1, at: Mono::START };
        let queue = WaitingEvents::default();
        assert!(queue.push(used) && queue.waiting().events.is_empty());
        queue.read.store(true, Ordering::Relaxed);
        let kept = (0..MAX_ANSWERED + 5).filter(|_| queue.push(used)).count();
        assert_eq!((kept, queue.waiting().events.len()), (MAX_ANSWERED, MAX_ANSWERED));
    }
    /// Without a limit of their octets, waiting events with answers of 60 KB each used 100 MB of memory with a cache of 8 MiB.
    #[test]
    fn queued_answers_are_bounded_by_octets() {
        let (queue, (asked, answer)) = (WaitingEvents::default(), answered());
        queue.read.store(true, Ordering::Relaxed);
        let event = || AnsweredEvent::Answered { asked: Arc::clone(&asked), answer: Arc::clone(&answer) };
        let fit = MAX_ANSWERED_OCTETS / answer.wire.len();
        assert_eq!((0..MAX_ANSWERED).filter(|_| queue.push(event)).count(), fit);
        assert_eq!(Arc::strong_count(&answer), fit + 1);
        let used = || AnsweredEvent::Used { key: QuestionKey::from_bytes(b"key"), rule: 1, at: Mono::START };
        assert!(queue.push(used), "it keeps no answer");
        assert_eq!(queue.take().len(), fit + 1);
        assert!(queue.push(event), "they are gone");
    }
}
