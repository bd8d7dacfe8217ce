//! Questions to DNS lists in progress: one for each name and type, for the clients of all listeners.
//!
//! Listeners with different policies have flights of their own. The first of these flights asks the list, and the
//! others get its result. Bounded by the flights: each has at most one question here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::Shared;
use tokio::sync::oneshot;

use crate::iterate::failure::Failure;
use crate::resolve::chased::Chased;
use dns::question::QuestionKey;

/// The result of a question to a list.
pub(in crate::resolve) type SharedAnswer = Arc<Result<Chased, Failure>>;

type SharedTable = HashMap<QuestionKey, Shared<oneshot::Receiver<SharedAnswer>>>;

/// The questions in progress.
#[derive(Clone, Default)]
pub(in crate::resolve) struct SharedQuestions(Arc<Mutex<SharedTable>>);

/// The flight that asks for all; given up when dropped.
pub(in crate::resolve) struct First {
    asking: SharedQuestions,
    key: QuestionKey,
    sender: Option<oneshot::Sender<SharedAnswer>>,
}

/// Whether this flight asks.
pub(in crate::resolve) enum Turn {
    /// This flight asks.
    First(First),
    /// Another flight already asks.
    Waits(Shared<oneshot::Receiver<SharedAnswer>>),
}

impl SharedQuestions {
    /// Questions in progress.
    #[cfg(feature = "simulated")]
    pub(in crate::resolve) fn len(&self) -> usize {
        self.table().len()
    }

    /// Asks under `key`, or waits for the flight that does.
    pub(in crate::resolve) fn join(&self, key: QuestionKey) -> Turn {
        let mut table = self.table();
        if let Some(waiting) = table.get(&key) {
            return Turn::Waits(waiting.clone());
        }
        let (sender, receiver) = oneshot::channel();
        table.insert(key.clone(), receiver.shared());
        Turn::First(First { asking: self.clone(), key, sender: Some(sender) })
    }

    fn table(&self) -> MutexGuard<'_, SharedTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl First {
    /// Passes the result on. All parts that are kept must be in memory before.
    pub(in crate::resolve) fn send(mut self, heard: SharedAnswer) {
        if let Some(sender) = self.sender.take() {
            // An error means that no other flight waits.
            let _ = sender.send(heard);
        }
    }
}

impl Drop for First {
    fn drop(&mut self) {
        self.asking.table().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::Question;
    use hickory_proto::rr::{Name, RecordType};

    fn key() -> QuestionKey {
        Question::new(&Name::from_ascii("2.0.0.127.bl.example.").unwrap(), RecordType::A).key()
    }

    #[test]
    fn the_second_hears_what_the_first_heard_and_the_third_asks_again() {
        let asking = SharedQuestions::default();
        let Turn::First(first) = asking.join(key()) else { panic!("nobody asks yet") };
        let Turn::Waits(waiting) = asking.join(key()) else { panic!("asked twice") };
        first.send(Arc::new(Ok(Chased::default())));
        assert!(waiting.now_or_never().unwrap().is_ok());
        let Turn::First(given_up) = asking.join(key()) else { panic!("it has ended") };
        let Turn::Waits(waiting) = asking.join(key()) else { panic!("asked twice") };
        drop(given_up);
        assert!(waiting.now_or_never().unwrap().is_err(), "who waits for one that gave up hears of that");
        assert!(matches!(asking.join(key()), Turn::First(_)));
        assert!(asking.table().is_empty());
    }
}
