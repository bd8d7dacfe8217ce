//! Merges equal queries: if an equal query to the same server is in progress, the second one is not sent and gets the result of the first.
//! Sub-questions of different resolutions (flights) often ask the same server for the same address.

use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::long_replies::ReplyRoom;
use super::upstream_query::{Heard, Trouble, UpstreamQuery};
use crate::limits::{MERGE_TIME, MERGE_TIME_OF_UNKNOWN};
use dns::clock::Mono;
use dns::hash::{Keyed, Plain};
use dns::question::WireName;
use supervise::caught;

/// The queries in progress. The number of resolutions, and the places for queries (see `places`), limit their number.
pub(super) struct Merge {
    under_way: Mutex<QueriesInProgress>,
    keyed: Keyed,
}

type QueriesInProgress = HashMap<Hashed, QueryInProgress, BuildHasherDefault<Plain>>;

struct QueryInProgress {
    began: Mono,
    ahead: bool,
    heard: WeakShared<BoxFuture<'static, Heard>>,
}

/// The facts about the sender of a query that decide whether this query is merged with an equal query in progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sender {
    /// True if look-ahead sends the query.
    pub ahead: bool,
    /// The time within which most replies of the server arrive, if known.
    pub timer: Option<Duration>,
}

impl QueryInProgress {
    /// Returns true if a query of `sender` may wait for the reply to this earlier query. If look-ahead sent the earlier query and the timer of the
    /// server has passed, the earlier query may be lost. A client then sends a query of its own. The limit is the timer and not the usual round-trip
    /// time, because replies often arrive a little after the usual time, and a second query would take a whole round trip.
    fn serves(&self, sender: Sender, now: Mono) -> bool {
        let fresh = sender.timer.unwrap_or(MERGE_TIME_OF_UNKNOWN);
        let age = now.since(self.began);
        age < MERGE_TIME && (!self.ahead || sender.ahead || age < fresh)
    }
}

/// A query as a key of the table, with its hash. The hash is stored, because `hickory_proto` hashes names octet by octet, which is slow.
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

/// When this value is dropped, its query is removed from the table.
struct InProgress<'a> {
    under_way: &'a Mutex<QueriesInProgress>,
    hashed: Hashed,
    began: Mono,
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        // A later equal query may have replaced this one in the table.
        if under_way.get(&self.hashed).is_some_and(|query| query.began == self.began) {
            under_way.remove(&self.hashed);
        }
    }
}

impl Merge {
    /// `keyed` computes the hashes of queries.
    pub(super) fn new(keyed: Keyed) -> Self {
        Self { under_way: Mutex::default(), keyed }
    }

    #[cfg(feature = "simulated")]
    pub(super) fn len(&self) -> usize {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Sends the query `ask` with `send`, unless an equal query is in progress. Returns the time at which the query was sent, and a future with the
    /// result. The boolean is true if this call sent the query.
    pub(super) fn share<F, S>(
        &self,
        ask: UpstreamQuery,
        now: Mono,
        sender: Sender,
        send: S,
    ) -> (Mono, impl Future<Output = (Heard, bool)> + use<'_, F, S>)
    where
        F: Future<Output = Heard> + Send + 'static,
        S: FnOnce(Arc<UpstreamQuery>) -> F,
    {
        let hashed = self.hashed(ask);
        let (shared, began) = self.join(&hashed, now, sender, send);
        let first = began.is_none();
        // When the reply has arrived, or the caller drops the future, this value is dropped, which removes the query from the table.
        let in_progress = first.then(|| InProgress { under_way: &self.under_way, hashed, began: now });
        let heard = async move {
            let _in_progress = in_progress;
            (shared.await, first)
        };
        (began.unwrap_or(now), heard)
    }

    fn hashed(&self, ask: UpstreamQuery) -> Hashed {
        let mut hasher = self.keyed.build_hasher();
        ask.path.server.hash(&mut hasher);
        hasher.write(&WireName::new(&ask.name));
        hasher.write_u16(ask.kind.into());
        hasher.write_u8(ask.tries);
        Hashed { hash: hasher.finish(), ask: Arc::new(ask) }
    }

    /// Returns the result that all equal queries in progress share. If an equal query was already in progress, also returns the time at
    /// which that query was sent.
    fn join<F, S>(
        &self,
        hashed: &Hashed,
        now: Mono,
        sender: Sender,
        send: S,
    ) -> (Shared<BoxFuture<'static, Heard>>, Option<Mono>)
    where
        F: Future<Output = Heard> + Send + 'static,
        S: FnOnce(Arc<UpstreamQuery>) -> F,
    {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = under_way.get(hashed).filter(|query| query.serves(sender, now));
        if let Some((shared, began)) = recent.and_then(|query| Some((query.heard.upgrade()?, query.began))) {
            return (shared, Some(began));
        }
        // Without `caught`, a panic while the query is sent would reach all callers that share this future.
        let server = hashed.ask.path.server;
        let sending = caught(send(Arc::clone(&hashed.ask))).map(move |heard| {
            heard.unwrap_or_else(|panicked| {
                tracing::error!("{panicked}; the query to server {server} failed; please send this line to the makers of resolverd");
                let (reply, room) = (Err(Trouble::Unfit), ReplyRoom::default());
                Heard { reply, elapsed: Duration::ZERO, other_case: false, is_long: false, room }
            })
        });
        let shared = sending.boxed().shared();
        if let Some(weak) = shared.downgrade() {
            let query = QueryInProgress { began: now, ahead: sender.ahead, heard: weak };
            under_way.insert(hashed.clone(), query);
        }
        (shared, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_joins_look_ahead_query_briefly() {
        let at = |millis| Mono::START.after(Duration::from_millis(millis));
        let query = |ahead| QueryInProgress { began: at(0), ahead, heard: pending() };
        let client = |timer| Sender { ahead: false, timer };
        let known = client(Some(Duration::from_millis(40)));
        let serves = |ahead, sender, millis| query(ahead).serves(sender, at(millis));
        assert_eq!([39, 40].map(|millis| serves(true, known, millis)), [true, false]);
        assert_eq!([49, 50].map(|millis| serves(true, client(None), millis)), [true, false]);
        let ahead = Sender { ahead: true, ..known };
        assert_eq!(
            [serves(true, ahead, 1_000), serves(false, known, 1_000), serves(false, known, 2_000)],
            [true, true, false]
        );
    }

    fn pending() -> WeakShared<BoxFuture<'static, Heard>> {
        let shared = std::future::pending::<Heard>().boxed().shared();
        shared.downgrade().unwrap()
    }
}
