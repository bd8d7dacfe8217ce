//! Equal messages to one server under way at the same time are sent once.
//!
//! Sub-questions of different flights often ask the same server for the same address; whoever comes first sends, the others
//! hear the same.

use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::{Ask, Heard, Trouble};
use crate::clock::Mono;
use crate::hash::{Keyed, Plain};
use crate::limits::MERGE_TIME;
use crate::question::WireName;
use crate::supervise::caught;

/// Messages under way. Bounded by the permits of `Exchange`, which every message holds or waits for, and by the
/// flights that wait.
pub(super) struct Merge {
    under_way: Mutex<UnderWay>,
    keyed: Keyed,
}

type UnderWay = HashMap<Hashed, (Mono, WeakShared<BoxFuture<'static, Heard>>), BuildHasherDefault<Plain>>;

/// A message with its hash, which is made once: the library hashes names octet by octet.
#[derive(Clone, PartialEq, Eq)]
struct Hashed {
    hash: u64,
    ask: Arc<Ask>,
}

impl Hash for Hashed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

struct Ending<'a> {
    under_way: &'a Mutex<UnderWay>,
    hashed: &'a Hashed,
    began: Mono,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // A later one may stand in its place.
        if under_way.get(self.hashed).is_some_and(|(began, _)| *began == self.began) {
            under_way.remove(self.hashed);
        }
    }
}

impl Merge {
    /// Nothing under way, and messages told apart by `keyed`.
    pub(super) fn new(keyed: Keyed) -> Self {
        Self { under_way: Mutex::default(), keyed }
    }

    /// Messages under way.
    #[cfg(feature = "lab")]
    pub(super) fn len(&self) -> usize {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Has `send` done for `ask`, unless that is being done since a moment ago; tells whether it was this call that did it.
    pub(super) async fn share<F, S>(&self, ask: Ask, now: Mono, send: S) -> (Heard, bool)
    where
        F: Future<Output = Heard> + Send + 'static,
        S: FnOnce(Arc<Ask>) -> F,
    {
        let hashed = self.hashed(ask);
        let (shared, first) = self.join(&hashed, now, send);
        // Whoever began it also ends the merging, when the answer is there or when it does not care any more.
        let _ending = first.then(|| Ending { under_way: &self.under_way, hashed: &hashed, began: now });
        (shared.await, first)
    }

    fn hashed(&self, ask: Ask) -> Hashed {
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
        S: FnOnce(Arc<Ask>) -> F,
    {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = under_way.get(hashed).filter(|(began, _)| now.since(*began) < MERGE_TIME);
        if let Some(shared) = recent.and_then(|(_, shared)| shared.upgrade()) {
            return (shared, false);
        }
        // A panic that all who share it would hear of again must not pass through it.
        let server = hashed.ask.path.server;
        let sending = caught(send(Arc::clone(&hashed.ask))).map(move |heard| {
            heard.unwrap_or_else(|panicked| {
                tracing::error!("the message to {server} failed: {panicked}");
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
