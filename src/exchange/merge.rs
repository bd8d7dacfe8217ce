//! Equal messages to one server under way at the same time are sent once.
//!
//! May call: nothing of ours. Sub-questions of different flights often ask the same server for the same address;
//! whoever comes first sends, the others hear the same.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::{Ask, Heard};

/// Messages under way. Bounded by the permits of `Exchange`, which every message holds or waits for, and by the
/// flights that wait.
#[derive(Default)]
pub(super) struct Merge(Mutex<UnderWay>);

type UnderWay = HashMap<Ask, WeakShared<BoxFuture<'static, Heard>>>;

struct Ending<'a> {
    under_way: &'a Mutex<UnderWay>,
    ask: &'a Ask,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(self.ask);
    }
}

impl Merge {
    /// Has `send` done for `ask`, unless that is being done; tells whether it was this call that did it.
    pub(super) async fn share<F, S>(&self, ask: Ask, send: S) -> (Heard, bool)
    where
        F: Future<Output = Heard> + Send + 'static,
        S: FnOnce(Ask) -> F,
    {
        let (shared, first) = self.join(&ask, send);
        // Whoever began it also ends the merging, when the answer is there or when it does not care any more.
        let _ending = first.then(|| Ending { under_way: &self.0, ask: &ask });
        (shared.await, first)
    }

    fn join<F, S>(&self, ask: &Ask, send: S) -> (Shared<BoxFuture<'static, Heard>>, bool)
    where
        F: Future<Output = Heard> + Send + 'static,
        S: FnOnce(Ask) -> F,
    {
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = under_way.get(ask).and_then(WeakShared::upgrade) {
            return (shared, false);
        }
        let shared = send(ask.clone()).boxed().shared();
        if let Some(weak) = shared.downgrade() {
            under_way.insert(ask.clone(), weak);
        }
        (shared, true)
    }
}
