//! Equal messages to one server at the same time are sent once.
//!
//! Sub-questions of different flights often ask the same server for the same address. The first one sends; the others
//! get its result.

use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::{Heard, Trouble, UpstreamQuery};
use crate::clock::Mono;
use crate::hash::{Keyed, Plain};
use crate::limits::MERGE_TIME;
use crate::question::WireName;
use crate::supervise::caught;

/// Messages in progress. Bounded by the permits of `Exchange`, which every message holds or waits for, and by the
/// waiting flights.
pub(super) struct Merge {
    under_way: Mutex<QueriesInProgress>,
    keyed: Keyed,
}

type QueriesInProgress =
    HashMap<Hashed, (Mono, WeakShared<BoxFuture<'static, Heard>>), BuildHasherDefault<Plain>>;

/// A message with its hash, which is computed once: the library hashes names octet by octet.
#[derive(Clone, PartialEq, Eq)]
struct Hashed {
    hash: u64,
    ask: Arc<UpstreamQuery>,
}

impl Hash for Hashed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Ends the entry of a message when it is dropped.
struct InProgress<'a> {
    under_way: &'a Mutex<QueriesInProgress>,
    hashed: &'a Hashed,
    began: Mono,
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // The entry may already be that of a later message.
        if under_way.get(self.hashed).is_some_and(|(began, _)| *began == self.began) {
            under_way.remove(self.hashed);
        }
    }
}

impl Merge {
    /// No messages; `keyed` hashes them.
    pub(super) fn new(keyed: Keyed) -> Self {
        Self { under_way: Mutex::default(), keyed }
    }

    /// Messages in progress.
    #[cfg(feature = "lab")]
    pub(super) fn len(&self) -> usize {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Runs `send` for `ask`, unless an equal message was sent a moment ago; returns whether this call sent it.
    pub(super) async fn share<F, S>(&self, ask: UpstreamQuery, now: Mono, send: S) -> (Heard, bool)
    where
        F: Future<Output = Heard> + Send + 'static,
        S: FnOnce(Arc<UpstreamQuery>) -> F,
    {
        let hashed = self.hashed(ask);
        let (shared, first) = self.join(&hashed, now, send);
        // The call that sent the message also removes the entry, when the answer has come or when it gives up.
        let _in_progress =
            first.then(|| InProgress { under_way: &self.under_way, hashed: &hashed, began: now });
        (shared.await, first)
    }

    fn hashed(&self, ask: UpstreamQuery) -> Hashed {
        let mut hasher = self.keyed.build_hasher();
        ask.path.server.hash(&mut hasher);
        hasher.write(&WireName::of(&ask.name));
        hasher.write_u16(ask.kind.into());
        hasher.write_u8(ask.tries);
        Hashed { hash: hasher.finish(), ask: Arc::new(ask) }
    }

    fn join<F, S>(&self, hashed: &Hashed, now: Mono, send: S) -> (Shared<BoxFuture<'static, Heard>>, bool)
    where
        F: Future<Output = Heard> + Send + 'static,
        S: FnOnce(Arc<UpstreamQuery>) -> F,
    {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = under_way.get(hashed).filter(|(began, _)| now.since(*began) < MERGE_TIME);
        if let Some(shared) = recent.and_then(|(_, shared)| shared.upgrade()) {
            return (shared, false);
        }
        // A panic must not pass through a shared future, because every caller that shares it would panic too.
        let server = hashed.ask.path.server;
        let sending = caught(send(Arc::clone(&hashed.ask))).map(move |heard| {
            heard.unwrap_or_else(|panicked| {
                tracing::error!("{panicked}; the message to {server} failed; please report it");
                Heard { reply: Err(Trouble::Unfit), elapsed: Duration::ZERO, other_case: false }
            })
        });
        let shared = sending.boxed().shared();
        if let Some(weak) = shared.downgrade() {
            under_way.insert(hashed.clone(), (now, weak));
        }
        (shared, true)
    }
}
