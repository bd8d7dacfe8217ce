//! Shares work that several callers need at the same time: the first caller does the work, and the others get its result. It is used for DS
//! and DNSKEY records, and for questions to DNS lists.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::Shared;
use tokio::sync::oneshot;

use dns::question::QuestionKey;

/// Receives the result. An error means that the caller that did the work has stopped without a result, for example after a panic.
pub(crate) type SharedResult<Value> = Shared<oneshot::Receiver<Value>>;

/// The table of work in progress. Each question key has at most one piece of work.
pub(crate) struct SharedWork<Value: Clone> {
    table: Arc<Mutex<HashMap<QuestionKey, SharedResult<Value>>>>,
    most: usize,
}

/// Work that the first caller must do. If this value is dropped before `end` is called, the waiting callers get an error, and the next
/// caller begins the work again.
pub(crate) struct BegunWork<Value: Clone> {
    work: SharedWork<Value>,
    key: QuestionKey,
    sender: Option<oneshot::Sender<Value>>,
}

pub(crate) enum JoinedWork<Value: Clone> {
    /// The caller must do the work.
    First(SharedResult<Value>, BegunWork<Value>),
    /// The work is in progress, so the caller waits for its result.
    Waits(SharedResult<Value>),
    /// The table is full, so the caller must do the work alone, without sharing its result.
    Full,
}

impl<Value: Clone> SharedWork<Value> {
    pub(crate) fn new(most: usize) -> Self {
        Self { table: Arc::default(), most }
    }

    #[cfg(feature = "simulated")]
    pub(crate) fn len(&self) -> usize {
        self.table().len()
    }

    /// Joins the work in progress under `key`, or begins it.
    pub(crate) fn join(&self, key: &QuestionKey) -> JoinedWork<Value> {
        let mut table = self.table();
        if let Some(result) = table.get(key) {
            return JoinedWork::Waits(result.clone());
        }
        if table.len() >= self.most {
            return JoinedWork::Full;
        }
        let (sender, receiver) = oneshot::channel();
        let result = receiver.shared();
        table.insert(key.clone(), result.clone());
        let work = Self { table: Arc::clone(&self.table), most: self.most };
        JoinedWork::First(result, BegunWork { work, key: key.clone(), sender: Some(sender) })
    }

    pub(crate) fn in_progress(&self, key: &QuestionKey) -> Option<SharedResult<Value>> {
        self.table().get(key).cloned()
    }

    fn table(&self) -> MutexGuard<'_, HashMap<QuestionKey, SharedResult<Value>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Value: Clone> BegunWork<Value> {
    /// Passes the result to the waiting callers. The caller must have stored the result in the cache before: a question that comes after this
    /// call looks only there.
    pub(crate) fn end(mut self, value: Value) {
        self.work.table().remove(&self.key);
        if let Some(sender) = self.sender.take() {
            // An error means that the waiting callers have gone.
            let _ = sender.send(value);
        }
    }
}

impl<Value: Clone> Drop for BegunWork<Value> {
    fn drop(&mut self) {
        if self.sender.is_some() {
            self.work.table().remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::Question;
    use hickory_proto::rr::{Name, RecordType};

    // The second caller gets the result of the first, and a later one begins again.
    #[test]
    fn equal_work_runs_once() {
        let key = Question::new(&Name::from_ascii("2.0.0.127.bl.example.").unwrap(), RecordType::A).key();
        let other = Question::new(&Name::root(), RecordType::DNSKEY).key();
        let work = SharedWork::new(1);
        let JoinedWork::First(_, first) = work.join(&key) else { panic!("it is not in progress yet") };
        let JoinedWork::Waits(waiting) = work.join(&key) else { panic!("begun twice") };
        assert!(matches!(work.join(&other), JoinedWork::Full));
        first.end(7);
        assert_eq!(waiting.now_or_never().unwrap(), Ok(7));
        let JoinedWork::First(_, given_up) = work.join(&key) else { panic!("it has ended") };
        let JoinedWork::Waits(waiting) = work.join(&key) else { panic!("begun twice") };
        drop(given_up);
        assert!(waiting.now_or_never().unwrap().is_err(), "it was given up");
        assert!(matches!(work.join(&key), JoinedWork::First(..)));
        assert!(work.table().is_empty());
    }
}
