//! The query log: a log line for each question of a client. It is off by default.
//!
//! A question is put into a bounded queue; the task that reads the history writes the lines. Questions beyond `QUERY_LINES_A_SECOND` are
//! only counted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::entry::QuestionEntry;
use crate::limits::{MAX_LOGGED_QUERIES, QUERY_LINES_A_SECOND};
use crate::lock;
use dns::clock::Mono;
use dns::question::{Outcome, kind_text, name_of_wire, name_text};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct QueryLog {
    is_on: AtomicBool,
    queue: Mutex<LoggedQueries>,
}

#[derive(Debug, Default)]
struct LoggedQueries {
    questions: Vec<QuestionEntry>,
    /// The start of the second in which `taken` questions were put into the queue.
    second: Mono,
    taken: u32,
    /// The number of questions beyond the limits.
    more: u64,
}

impl LoggedQueries {
    fn put(&mut self, now: Mono, made: impl FnOnce() -> QuestionEntry) {
        if now.since(self.second) >= SECOND {
            (self.second, self.taken) = (now, 0);
        }
        if self.taken >= QUERY_LINES_A_SECOND || self.questions.len() >= MAX_LOGGED_QUERIES {
            self.more = self.more.saturating_add(1);
            return;
        }
        self.taken = self.taken.saturating_add(1);
        self.questions.push(made());
    }
}

impl QueryLog {
    pub(crate) fn set(&self, is_on: bool) {
        self.is_on.store(is_on, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Puts the question that `made` returns into the queue. Returns true if the queue was empty.
    pub(crate) fn put(&self, now: Mono, made: impl FnOnce() -> QuestionEntry) -> bool {
        let mut queue = lock(&self.queue);
        let is_first = queue.questions.is_empty() && queue.more == 0;
        queue.put(now, made);
        is_first
    }

    /// Takes the questions from the queue, and the number of questions that were not put into the queue because of its limits.
    pub(crate) fn take(&self) -> (Vec<QuestionEntry>, u64) {
        let mut queue = lock(&self.queue);
        (std::mem::take(&mut queue.questions), std::mem::take(&mut queue.more))
    }
}

pub(crate) fn result_text(outcome: Outcome) -> String {
    if outcome.is_failure() { format!("SERVFAIL ({})", outcome.label()) } else { outcome.label().to_owned() }
}

pub(crate) fn write(question: &QuestionEntry) {
    let (name, kind) = (name_text(&name_of_wire(&question.name)), kind_text(question.kind));
    let client = question.client_text();
    let (outcome, result) = (question.outcome.word(), result_text(question.outcome));
    let took = Duration::from_micros(question.elapsed).as_secs_f32();
    tracing::info!(
        query_log = "query",
        name,
        "type" = kind,
        client,
        outcome,
        "query {name} {kind} from {client}: {result} in {took:.3} s"
    );
}

#[cfg(test)]
mod tests {
    use dns::question::DnsResult;
    use hickory_proto::rr::RecordType;

    use super::*;

    #[test]
    fn query_log_lines_are_bounded() {
        let made = || QuestionEntry {
            name: (*b"\x01a\x00").into(),
            kind: RecordType::A,
            client: [127, 0, 0, 1].into(),
            port: 0,
            transport: None,
            view: 0,
            at: 0,
            outcome: Outcome::Cache,
            elapsed: 1,
            flight: None,
            error: "".into(),
            code: None,
            user: None,
            result: DnsResult::Unknown,
            stored: false,
        };
        let mut queue = LoggedQueries::default();
        let at = |second: u64| Mono::from_micros(second * 1_000_000);
        (0..310).for_each(|_| queue.put(at(5), made));
        assert_eq!((queue.questions.len(), queue.more), (300, 10));
        queue.put(at(6), made);
        assert_eq!((queue.questions.len(), queue.more), (301, 10), "the next second");
        (7..60).for_each(|second| (0..300).for_each(|_| queue.put(at(second), made)));
        assert_eq!(queue.questions.len(), MAX_LOGGED_QUERIES);
    }
}
