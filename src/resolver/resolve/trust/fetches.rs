//! The fetches of DS and keys in progress: one for each name and type, for all questions that need it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::Shared;
use hickory_proto::rr::{Name, Record};
use tokio::sync::oneshot;

use crate::exchange::ReplyRoom;
use crate::iterate::failure::Failure;
use dns::clock::Mono;
use dns::question::QuestionKey;

/// The result of a fetch.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    /// The records, or an alias in their place; empty if there are none.
    pub(crate) answers: Vec<Record>,
    /// The proofs that came along, of the records or of their absence.
    pub(super) evidence: Vec<Record>,
    /// The zone that was asked.
    pub(super) zone: Name,
    /// The server that said it; none if it was in memory.
    pub(super) server: Option<SocketAddr>,
    /// When it was said.
    pub(super) since: Mono,
    /// The room of a long reply. It is held, and never read.
    pub(super) _room: ReplyRoom,
}

/// The result of a fetch. An error means that the fetch was given up, for instance after a panic.
pub(crate) type Fetch = Shared<oneshot::Receiver<Result<Arc<Fetched>, Failure>>>;

/// The fetches in progress: one for each name and type.
#[derive(Clone)]
pub(crate) struct Fetches {
    table: Arc<Mutex<HashMap<QuestionKey, Fetch>>>,
    /// The greatest number at once.
    most: usize,
}

/// A fetch to be made. Dropped without an end, it is given up: its waiters learn that, and the next question begins
/// another.
pub(crate) struct BegunFetch {
    fetches: Fetches,
    pub(crate) key: QuestionKey,
    sender: Option<oneshot::Sender<Result<Arc<Fetched>, Failure>>>,
}

/// The result of joining a fetch.
pub(crate) enum JoinedFetch {
    /// No such fetch was in progress: the caller runs it.
    First(Fetch, BegunFetch),
    /// The fetch is in progress already.
    Waits(Fetch),
    /// The greatest number of fetches is in progress.
    Full,
}

impl BegunFetch {
    /// Passes the result on. It must be in memory by now, otherwise the next question begins another fetch.
    pub(super) fn end(mut self, fetched: Result<Arc<Fetched>, Failure>) {
        self.fetches.table().remove(&self.key);
        if let Some(sender) = self.sender.take() {
            // An error means that no question waits.
            let _ = sender.send(fetched);
        }
    }
}

impl Drop for BegunFetch {
    fn drop(&mut self) {
        if self.sender.is_some() {
            self.fetches.table().remove(&self.key);
        }
    }
}

impl Fetches {
    /// No fetches; `most` may be in progress at once.
    pub(super) fn new(most: usize) -> Self {
        Self { table: Arc::default(), most }
    }

    /// Fetches in progress.
    #[cfg(feature = "simulated")]
    pub(super) fn len(&self) -> usize {
        self.table().len()
    }

    /// Joins the fetch under `key`, or begins it.
    pub(crate) fn join(&self, key: &QuestionKey) -> JoinedFetch {
        let mut table = self.table();
        if let Some(fetch) = table.get(key) {
            return JoinedFetch::Waits(fetch.clone());
        }
        if table.len() >= self.most {
            return JoinedFetch::Full;
        }
        let (sender, receiver) = oneshot::channel();
        let fetch = receiver.shared();
        table.insert(key.clone(), fetch.clone());
        JoinedFetch::First(
            fetch,
            BegunFetch { fetches: self.clone(), key: key.clone(), sender: Some(sender) },
        )
    }

    /// The fetch in progress under `key`.
    pub(super) fn in_progress(&self, key: &QuestionKey) -> Option<Fetch> {
        self.table().get(key).cloned()
    }

    fn table(&self) -> MutexGuard<'_, HashMap<QuestionKey, Fetch>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
