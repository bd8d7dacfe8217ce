//! The four memories.

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

/// Shares of `cache.size` in per cent: answers serve hits; RRsets and delegations save messages; entries of the two
/// small memories have at most a few hundred octets. They are 90 in all: the process may take 125, and the allocator loses 11 to 24
/// in a hundred of them between entries. The rest is for work in progress.
const SHARES: CacheShares = CacheShares { answers: 45, rrsets: 36, servers: 5, failures: 4 };

struct CacheShares {
    answers: u64,
    rrsets: u64,
    servers: u64,
    failures: u64,
}

/// The four memories.
#[derive(Clone)]
pub struct Memory {
    /// Answers as bytes to send.
    pub answers: Answers,
    /// RRsets, proofs of their absence, and delegations.
    pub rrsets: rrsets::Rrsets,
    /// The state of each server.
    pub servers: servers::Servers,
    /// Questions that failed a moment ago.
    pub failures: failures::CachedFailures,
    /// The part of their octets that answers and RRsets may use.
    pub room: Room,
    pub(super) keyed: Keyed,
    pub(super) walks: walk::Walks,
}

impl Memory {
    /// Empty memories within `size` octets.
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

    /// Runs `walk` when all earlier walks have ended, on a thread that serves no client: see `walk`.
    pub async fn walk<Value, Walk>(&self, walk: Walk) -> Value
    where
        Value: Send + 'static,
        Walk: FnOnce(&Self) -> Value + Send + 'static,
    {
        self.walks.run(self, walk).await
    }

    /// Gives answers and RRsets the room that the process leaves them: it uses `resident` octets, and may use `most`. Entries are freed step
    /// by step.
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

    /// The hash of these memories, for other tables with strangers' keys.
    pub fn keyed(&self) -> Keyed {
        self.keyed
    }

    /// The fill of each memory, with the capacity that it has now.
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

/// Answers as the bytes to send, by question.
#[derive(Clone)]
pub struct Answers(pub(super) QuestionStore<Arc<Answer>>, pub(super) Arc<Versions>);

impl Answers {
    /// The answer to a question now, by the key that `wire::query` has read.
    pub fn get(&self, key: &[u8], now: Mono) -> Option<Arc<Answer>> {
        self.0.get(key).filter(|answer| answer.is_fresh(now))
    }

    /// Keeps an answer; one without time to live is not kept.
    pub fn put(&self, key: QuestionKey, answer: &Arc<Answer>) {
        if answer.is_fresh(answer.stored) {
            let before = self.1.for_key(key.as_bytes());
            self.0.insert(key, Arc::clone(answer));
            self.1.end(before);
        }
    }

    /// The version of the answer under `key`, for a copy of it. Read it before the answer.
    pub fn version(&self, key: &[u8]) -> AnswerVersion {
        self.1.for_key(key)
    }

    /// Returns true if the answer of this version has neither changed nor been flushed. It may have been evicted.
    pub fn is_current(&self, version: AnswerVersion) -> bool {
        self.1.is_current(version)
    }
}

pub(super) fn weigh_answer(key: &QuestionKey, answer: &Arc<Answer>) -> u32 {
    let offsets = answer.ttl_offsets.len().saturating_mul(2);
    let text = answer.extended_error.as_ref().map_or(0, |error| error.text.len());
    weight(key, &[shared::<Answer>(), answer.wire.len(), offsets, text])
}
