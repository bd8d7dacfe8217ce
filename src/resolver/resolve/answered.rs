//! The queue through which look-ahead learns of clients' questions and their answers. Events that do not fit are lost.
//!
//! An event copies no DNS message, and no task is woken while the queue already has events: waking the look-ahead task for each cache miss
//! took 18 µs of the 54 µs of CPU time of a miss. An event that only shows that a client used an answer waits until other events arrive or
//! a short pause ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use tokio::time::timeout;

use super::answered_events::{AnsweredEvent, WaitingEvents, is_seen};
use super::changes::ChangeWatch;
use super::chase::Chaser;
use super::client_question::{Asked, ClientQuestion};
use super::lists::ListResolver;
use crate::limits::ANSWERED_PAUSE;
use config::LookaheadMode;
use dns::clock::{Clock, Mono};
use dns::question::{Answer, QuestionKey};
use dnsbl::list_events::ListEventKind;
use record::{Counter, Recorder};

pub(crate) struct AnsweredQueue {
    clock: Clock,
    recorder: Arc<Recorder>,
    lists: Arc<ListResolver>,
    events: Arc<WaitingEvents>,
    changes: Arc<ChangeWatch>,
}

impl AnsweredQueue {
    pub(super) fn new(chaser: &Chaser, lists: &Arc<ListResolver>, changes: &Arc<ChangeWatch>) -> Arc<Self> {
        let (clock, recorder) = (chaser.clock.clone(), Arc::clone(&chaser.recorder));
        let (lists, events) = (Arc::clone(lists), Arc::clone(&chaser.leading));
        Arc::new(Self { clock, recorder, lists, events, changes: Arc::clone(changes) })
    }

    /// Waits until the queue has events, and returns all of them. Only one task may call this.
    pub(super) async fn take(&self) -> Vec<AnsweredEvent> {
        self.events.read.store(true, Ordering::Relaxed);
        loop {
            let events = self.events.take();
            if !events.is_empty() {
                return events;
            }
            self.events.added.notified().await;
            // An event that leads to no look-ahead questions does not end this wait. It is returned together with the next event that leads to some,
            // or after `ANSWERED_PAUSE`.
            let _ = timeout(ANSWERED_PAUSE, self.events.leads.notified()).await;
        }
    }

    /// Reports that a client has asked a question that the cache cannot answer. After a question to a DNS list about an address, look-ahead
    /// asks for the PTR records of this address. After a PTR question, resolverd may ask DNS lists in advance.
    pub(super) fn report_asked(&self, asked: &Arc<ClientQuestion>) {
        if asked.question.kind == RecordType::PTR {
            self.report_to_lists(asked);
        }
        if asked.list.is_some() && is_seen(asked) {
            self.count_lost(self.events.push(|| AnsweredEvent::Asked(Arc::clone(asked))));
        }
    }

    pub(super) fn report_answered(&self, asked: &Arc<ClientQuestion>, ended: &Asked) {
        let Asked::Replied(replied) = ended else { return };
        // Mail software does not ask DNS lists about a domain that does not exist.
        if asked.question.kind == RecordType::MX && replied.answer.rcode == ResponseCode::NoError {
            self.report_to_lists(asked);
        }
        if matches!(asked.question.kind, RecordType::MX | RecordType::TXT) {
            self.changes.note(asked);
        }
        if is_seen(asked) {
            let event =
                || AnsweredEvent::Answered { asked: Arc::clone(asked), answer: Arc::clone(&replied.answer) };
            self.count_lost(self.events.push(event));
        }
    }

    /// Reports that a client has used an answer that look-ahead asked for.
    #[cold]
    pub(super) fn report_used(&self, key: &[u8], answer: &Answer, at: Mono) {
        if let Some(rule) = answer.ahead.take() {
            let event = || AnsweredEvent::Used { key: QuestionKey::from_bytes(key), rule, at };
            self.count_lost(self.events.push(event));
        }
    }

    /// Reports to `background::batch` a question (PTR or MX) after which the client may ask DNS lists.
    fn report_to_lists(&self, asked: &ClientQuestion) {
        let asks = matches!(asked.view.lookahead, LookaheadMode::Learned | LookaheadMode::Rules);
        if asks && is_seen(asked) {
            self.lists.table.events.push(asked.key.as_bytes(), ListEventKind::Asked(None), self.clock.mono());
        }
    }

    fn count_lost(&self, was_queued: bool) {
        if !was_queued {
            self.recorder.count(Counter::LookaheadLost, 1);
        }
    }
}
