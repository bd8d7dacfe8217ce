//! Work in progress by key: the first that needs it does it, and the others get its result.
//!
//! Fetches of DS and keys use it, and questions to DNS lists: flights of listeners with different policies ask a list once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::Shared;
use tokio::sync::oneshot;

use dns::question::QuestionKey;

/// The result of the work. An error means that the work was given up, for instance after a panic.
pub(crate) type SharedResult<Value> = Shared<oneshot::Receiver<Value>>;

/// The work in progress: one for each name and type.
pub(crate) struct SharedWork<Value: Clone> {
    table: Arc<Mutex<HashMap<QuestionKey, SharedResult<Value>>>>,
    /// The greatest number at once.
    most: usize,
}

/// Work to be done. Dropped without an end, it is given up: its waiters learn that, and the next one begins it again.
pub(crate) struct BegunWork<Value: Clone> {
    work: SharedWork<Value>,
    key: QuestionKey,
    sender: Option<oneshot::Sender<Value>>,
}

/// The result of joining work.
pub(crate) enum JoinedWork<Value: Clone> {
    /// It was not in progress: the caller does it.
    First(SharedResult<Value>, BegunWork<Value>),
    /// It is in progress already.
    Waits(SharedResult<Value>),
    /// The greatest number is in progress.
    Full,
}

impl<Value: Clone> SharedWork<Value> {
    /// No work; `most` may be in progress at once.
    pub(crate) fn new(most: usize) -> Self {
        Self { table: Arc::default(), most }
    }

    /// The number in progress.
    #[cfg(feature = "simulated")]
    pub(crate) fn len(&self) -> usize {
        self.table().len()
    }

    /// Joins the work under `key`, or begins it.
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

    /// The work in progress under `key`.
    pub(crate) fn in_progress(&self, key: &QuestionKey) -> Option<SharedResult<Value>> {
        self.table().get(key).cloned()
    }

    fn table(&self) -> MutexGuard<'_, HashMap<QuestionKey, SharedResult<Value>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Value: Clone> BegunWork<Value> {
    /// Passes the result on. All parts that are kept must be in memory before, otherwise the next question does the work again.
    pub(crate) fn end(mut self, value: Value) {
        self.work.table().remove(&self.key);
        if let Some(sender) = self.sender.take() {
            // An error means that nobody waits.
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

    #[test]
    fn the_second_gets_the_result_of_the_first_and_the_third_begins_again() {
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
