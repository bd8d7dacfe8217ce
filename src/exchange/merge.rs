//! Equal messages to one server under way at the same time are sent once.
//!
//! May call: `clock`, `limits`. Sub-questions of different flights often ask the same server for the same address;
//! whoever comes first sends, the others hear the same.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::{Ask, Heard};
use crate::clock::Mono;
use crate::limits::MERGE_TIME;

/// Messages under way. Bounded by the permits of `Exchange`, which every message holds or waits for, and by the
/// flights that wait.
#[derive(Default)]
pub(super) struct Merge(Mutex<UnderWay>);

type UnderWay = HashMap<Ask, (Mono, WeakShared<BoxFuture<'static, Heard>>)>;

struct Ending<'a> {
    under_way: &'a Mutex<UnderWay>,
    ask: &'a Ask,
    began: Mono,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // A later one may stand in its place.
        if under_way.get(self.ask).is_some_and(|(began, _)| *began == self.began) {
            under_way.remove(self.ask);
        }
    }
}

impl Merge {
    /// Has `send` done for `ask`, unless that is being done since a moment ago; tells whether it was this call that did it.
    pub(super) async fn share<F, S>(&self, ask: Ask, now: Mono, send: S) -> (Heard, bool)
    where
        F: Future<Output = Heard> + Send + 'static,
        S: FnOnce(Ask) -> F,
    {
        let (shared, first) = self.join(&ask, now, send);
        // Whoever began it also ends the merging, when the answer is there or when it does not care any more.
        let _ending = first.then(|| Ending { under_way: &self.0, ask: &ask, began: now });
        (shared.await, first)
    }

    fn join<F, S>(&self, ask: &Ask, now: Mono, send: S) -> (Shared<BoxFuture<'static, Heard>>, bool)
    where
        F: Future<Output = Heard> + Send + 'static,
        S: FnOnce(Ask) -> F,
    {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = under_way.get(ask).filter(|(began, _)| now.since(*began) < MERGE_TIME);
        if let Some(shared) = recent.and_then(|(_, shared)| shared.upgrade()) {
            return (shared, false);
        }
        let shared = send(ask.clone()).boxed().shared();
        if let Some(weak) = shared.downgrade() {
            under_way.insert(ask.clone(), (now, weak));
        }
        (shared, true)
    }
}
