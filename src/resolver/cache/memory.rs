//! The four tables of the cache, and their shares of `cache.size`.

use std::sync::Arc;

use super::room::Room;
use super::store::{QuestionStore, fill};
use super::versions::{AnswerVersion, Versions};
use super::weights::{SLOT, shared, weight};
use super::{entries, failures, rrsets, servers};
use crate::limits::WorkBounds;
use dns::cached::StoreFill;
use dns::clock::Mono;
use dns::hash::Keyed;
use dns::question::{Answer, QuestionKey};
use dns::random::Random;
use supervise::walks::Walks;

/// The shares of `cache.size` in per cent. Answers give cache hits, and RRsets and delegations save queries to servers. Their sum is only 90 %,
/// because the process may use 125 % of `cache.size`, and queries in progress and the gaps of the allocator between entries (11 to 24 %) count too.
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
    /// Answers in wire form, by question.
    pub answers: Answers,
    /// RRsets, denials, delegations and DNSSEC states of zones, by name.
    pub rrsets: rrsets::Rrsets,
    /// Data about servers, by address.
    pub servers: servers::Servers,
    /// Questions that failed recently.
    pub failures: failures::CachedFailures,
    /// The part of their maximum memory that the tables of answers and RRsets may use now.
    pub room: Room,
    /// The bounds of work in progress beside a cache of this size.
    pub bounds: WorkBounds,
    pub(super) keyed: Keyed,
    pub(super) walks: Walks,
}

impl Memory {
    /// Creates an empty cache of `size` octets.
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
            bounds: WorkBounds::for_cache_size(size),
            keyed,
            walks: Walks::default(),
        }
    }

    /// Returns what runs such functions, so that other readers of much memory wait for those of the cache, and these for them.
    pub const fn walks(&self) -> &Walks {
        &self.walks
    }

    /// Runs `walk`, a function that reads whole tables, on a thread that serves no client. Only one such function runs at a time.
    pub async fn walk<Value, Walk>(&self, walk: Walk) -> Value
    where
        Value: Send + 'static,
        Walk: FnOnce(&Self) -> Value + Send + 'static,
    {
        self.walks.run(self, walk).await
    }

    /// Changes the size of the tables of answers and RRsets in small steps, so that the process stays within its memory limit. The process uses
    /// `resident` octets now, and may use `most`.
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

    /// Returns the keyed hash function, also for other tables whose keys come from clients or servers.
    pub fn keyed(&self) -> Keyed {
        self.keyed
    }

    /// Returns the number of entries, their octets, and the octets that the table may use now, for each table.
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

/// The table of answers in wire form, by question.
#[derive(Clone)]
pub struct Answers(pub(super) QuestionStore<Arc<Answer>>, pub(super) Arc<Versions>);

impl Answers {
    /// Returns the answer under `key`, if its TTL has not expired.
    pub fn get(&self, key: &[u8], now: Mono) -> Option<Arc<Answer>> {
        self.0.get(key).filter(|answer| answer.is_fresh(now))
    }

    /// Stores an answer, unless its TTL is 0.
    pub fn put(&self, key: QuestionKey, answer: &Arc<Answer>) {
        if answer.is_fresh(answer.stored) {
            let before = self.1.for_key(key.as_bytes());
            self.0.insert(key, Arc::clone(answer));
            self.1.end(before);
        }
    }

    /// Returns the current version of the answer under `key`. To copy an answer, read the version before the answer.
    pub fn version(&self, key: &[u8]) -> AnswerVersion {
        self.1.for_key(key)
    }

    /// Returns true if the answer has neither changed nor been flushed since `version` was read. It may have been evicted.
    pub fn is_current(&self, version: AnswerVersion) -> bool {
        self.1.is_current(version)
    }
}

pub(super) fn weigh_answer(key: &QuestionKey, answer: &Arc<Answer>) -> u32 {
    let offsets = answer.ttl_offsets.len().saturating_mul(2);
    let text = answer.extended_error.as_ref().map_or(0, |error| error.text.len());
    weight(key, &[shared::<Answer>(), answer.wire.len(), offsets, text])
}
