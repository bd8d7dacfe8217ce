//! Watchers: the connections of `resolverctl monitor`. Each receives the questions that the cache did not answer, when they end.
//!
//! No question waits for a watcher. A watcher that reads too slowly misses questions, and gets their number.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::entry::QuestionEntry;
use crate::limits;
use crate::redact::Secrets;

#[derive(Debug)]
pub(crate) struct Watchers {
    sender: broadcast::Sender<Arc<QuestionEntry>>,
    /// The number of watchers. `sender` has the number of its receivers, but reading it there takes a lock.
    count: Arc<AtomicUsize>,
}

impl Default for Watchers {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(limits::WATCHED_QUESTIONS), count: Arc::default() }
    }
}

/// The receiver of one watcher.
#[derive(Debug)]
pub struct Watch {
    receiver: broadcast::Receiver<Arc<QuestionEntry>>,
    count: Arc<AtomicUsize>,
}

/// A question, or the number of missed questions.
#[derive(Debug)]
pub enum Watched {
    /// A question has ended.
    Question(WatchedQuestion),
    /// How many questions were missed, because the watcher read too slowly.
    Lost(u64),
}

/// A question whose name may still contain the customer key of a DNS list (see `redact`).
#[derive(Debug)]
pub struct WatchedQuestion(Arc<QuestionEntry>);

impl Watchers {
    /// Returns `None` if there are already `MAX_WATCHERS`.
    pub(crate) fn watch(&self) -> Option<Watch> {
        let one_more = |count| (count < limits::MAX_WATCHERS).then_some(count + 1);
        self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Watch { receiver: self.sender.subscribe(), count: Arc::clone(&self.count) })
    }

    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Sends the question that `made` returns to all watchers, if there are any.
    pub(crate) fn send(&self, made: impl FnOnce() -> QuestionEntry) {
        if self.count() > 0 {
            // This fails only if the last watcher has just been dropped.
            let _ = self.sender.send(Arc::new(made()));
        }
    }
}

impl Watch {
    /// Waits for the next question. No question is lost if the future is dropped.
    pub async fn next(&mut self) -> Watched {
        match self.receiver.recv().await {
            Ok(question) => Watched::Question(WatchedQuestion(question)),
            Err(RecvError::Lagged(lost)) => Watched::Lost(lost),
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl WatchedQuestion {
    /// Returns the question without the customer keys of DNS lists.
    pub fn without(&self, secrets: &Secrets) -> QuestionEntry {
        secrets.question(self.0.as_ref().clone())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use hickory_proto::rr::RecordType;

    use super::*;
    use dns::question::{DnsResult, Outcome};

    fn question(number: u64) -> QuestionEntry {
        QuestionEntry {
            name: (*b"\x03key\x04list\x00").into(),
            kind: RecordType::A,
            client: [127, 0, 0, 1].into(),
            port: 0,
            transport: None,
            view: 0,
            at: number,
            outcome: Outcome::Upstream,
            elapsed: 1,
            flight: None,
            error: "".into(),
            code: None,
            user: None,
            result: DnsResult::Unknown,
            stored: false,
        }
    }

    #[test]
    fn slow_watcher_learns_lost_count() {
        let watchers = Watchers::default();
        watchers.send(|| panic!("nobody watches"));
        let mut watch = watchers.watch().unwrap();
        let more = 7;
        let sent = limits::WATCHED_QUESTIONS as u64 + more;
        (0..sent).for_each(|number| watchers.send(|| question(number)));
        assert!(matches!(watch.next().now_or_never(), Some(Watched::Lost(lost)) if lost == more));
        let secrets = Secrets::before([b"\x04list\x00".to_vec()]);
        for number in more..sent {
            let Some(Watched::Question(shown)) = watch.next().now_or_never() else { panic!("{number}") };
            let shown = shown.without(&secrets);
            assert_eq!((shown.at, &*shown.name), (number, &b"\x04_key\x04list\x00"[..]));
        }
        assert!(watch.next().now_or_never().is_none());
    }

    #[test]
    fn watchers_are_bounded() {
        let watchers = Watchers::default();
        let mut all: Vec<Watch> = (0..limits::MAX_WATCHERS).map(|_| watchers.watch().unwrap()).collect();
        assert!(watchers.watch().is_none());
        all.pop();
        assert!(watchers.watch().is_some());
    }
}
