//! The cache: its four tables, and their shares of `cache.size`.

use std::sync::Arc;

use super::room::Room;
use super::store::{QuestionStore, StoreFill, fill};
use super::versions::{AnswerVersion, Versions};
use super::weights::{SLOT, shared, weight};
use super::{entries, failures, rrsets, servers, walk};
use dns::clock::Mono;
use dns::hash::Keyed;
use dns::question::{Answer, QuestionKey};
use dns::random::Random;

/// The shares of `cache.size` in per cent. Answers serve hits, RRsets and delegations save queries, and the entries of the two small tables
/// have at most a few hundred octets. The shares are 90 % in all: the process may use 125 %, and the allocator loses 11 to 24 % of the
/// memory of entries in gaps between them. The rest is for work in progress.
const SHARES: CacheShares = CacheShares { answers: 45, rrsets: 36, servers: 5, failures: 4 };

struct CacheShares {
    answers: u64,
    rrsets: u64,
    servers: u64,
    failures: u64,
}

/// The four tables of the cache.
#[derive(Clone)]
pub struct Memory {
    /// Answers as the octets to send.
    pub answers: Answers,
    /// RRsets, proofs of their absence, and delegations.
    pub rrsets: rrsets::Rrsets,
    /// The data about each server.
    pub servers: servers::Servers,
    /// Questions that failed recently.
    pub failures: failures::CachedFailures,
    /// Determines how much of their memory the tables of answers and RRsets may currently use.
    pub room: Room,
    pub(super) keyed: Keyed,
    pub(super) walks: walk::Walks,
}

impl Memory {
    /// Creates empty tables that may take `size` octets in all.
    pub fn new(size: u64, random: &Random) -> Self {
        let share = |percent: u64| size / 100 * percent;
        let keyed = Keyed::new(random);
        Self {
            answers: Answers(
                QuestionStore::new(share(SHARES.answers), keyed, weigh_answer, SLOT),
                Arc::default(),
            ),
            rrsets: rrsets::Rrsets::new(QuestionStore::new(
                share(SHARES.rrsets),
                keyed,
                entries::weigh,
                SLOT,
            )),
            servers: servers::Servers::new(share(SHARES.servers), keyed),
            failures: failures::CachedFailures::new(QuestionStore::new(
                share(SHARES.failures),
                keyed,
                failures::weigh,
                SLOT,
            )),
            room: Room::default(),
            keyed,
            walks: walk::Walks::default(),
        }
    }

    /// Runs `walk`, a function that visits whole tables, on a thread that serves no client. It starts when all earlier walks have ended.
    pub async fn walk<Value, Walk>(&self, walk: Walk) -> Value
    where
        Value: Send + 'static,
        Walk: FnOnce(&Self) -> Value + Send + 'static,
    {
        self.walks.run(self, walk).await
    }

    /// Sets the size of the tables of answers and RRsets so that the process keeps within its memory. The process uses `resident` octets now, and may
    /// use `most` octets. Entries are removed in small steps.
    pub async fn give_way(&self, resident: u64, most: u64) {
        let whole = self.answers.0.capacity().saturating_add(self.rrsets.store().capacity());
        if self.room.change(whole, resident, most) {
            self.walk(|memory| {
                let (answers, rrsets) = (&memory.answers.0, memory.rrsets.store());
                answers.use_octets(memory.room.usable(answers.capacity()));
                rrsets.use_octets(memory.room.usable(rrsets.capacity()));
            })
            .await;
        }
    }

    /// Returns the secret hash function of these tables. Other tables use it too if strangers choose their keys.
    pub fn keyed(&self) -> Keyed {
        self.keyed
    }

    /// Returns the number of octets and entries in each table, and the octets that it may currently use.
    pub fn fill(&self) -> [StoreFill; 4] {
        let now = |fill: StoreFill| StoreFill { capacity: self.room.usable(fill.capacity), ..fill };
        [
            now(fill("answers", &self.answers.0)),
            now(fill("rrsets", self.rrsets.store())),
            self.servers.fill(),
            fill("failures", self.failures.store()),
        ]
    }
}

/// Answers as the octets to send, by question.
#[derive(Clone)]
pub struct Answers(pub(super) QuestionStore<Arc<Answer>>, pub(super) Arc<Versions>);

impl Answers {
    /// Returns the answer to a question, if it is fresh. `key` is the key that `wire::query` has read.
    pub fn get(&self, key: &[u8], now: Mono) -> Option<Arc<Answer>> {
        self.0.get(key).filter(|answer| answer.is_fresh(now))
    }

    /// Stores an answer. An answer whose TTL is 0 is not stored.
    pub fn put(&self, key: QuestionKey, answer: &Arc<Answer>) {
        if answer.is_fresh(answer.stored) {
            let before = self.1.for_key(key.as_bytes());
            self.0.insert(key, Arc::clone(answer));
            self.1.end(before);
        }
    }

    /// Returns the current version of the answer under `key`, for a caller that copies the answer. The caller must read the version before the
    /// answer.
    pub fn version(&self, key: &[u8]) -> AnswerVersion {
        self.1.for_key(key)
    }

    /// Returns true if the answer with this version has neither changed nor been flushed. It may have been evicted.
    pub fn is_current(&self, version: AnswerVersion) -> bool {
        self.1.is_current(version)
    }
}

pub(super) fn weigh_answer(key: &QuestionKey, answer: &Arc<Answer>) -> u32 {
    let offsets = answer.ttl_offsets.len().saturating_mul(2);
    let text = answer.extended_error.as_ref().map_or(0, |error| error.text.len());
    weight(key, &[shared::<Answer>(), answer.wire.len(), offsets, text])
}
