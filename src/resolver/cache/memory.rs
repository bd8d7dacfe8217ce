//! The four tables of the cache, and the share of `cache.size` that each table may use.

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

/// The share of `cache.size` that each table may use, in per cent. Answers make cache hits possible, and RRsets and delegations save queries to
/// servers. The tables of servers and failures are small. The sum of the shares is only 90 %, because the whole process may use 125 % of
/// `cache.size`, which includes queries in progress and the gaps that the allocator leaves between entries (11 to 24 % of their memory).
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
    /// The table of answers in wire form, by question.
    pub answers: Answers,
    /// The table of RRsets, denials, delegations and DNSSEC states of zones, by name.
    pub rrsets: rrsets::Rrsets,
    /// The table of data about each server, by address.
    pub servers: servers::Servers,
    /// The table of the questions that failed recently.
    pub failures: failures::CachedFailures,
    /// Determines which part of their memory the tables of answers and RRsets may currently use.
    pub room: Room,
    pub(super) keyed: Keyed,
    pub(super) walks: walk::Walks,
}

impl Memory {
    /// Creates an empty cache whose four tables together may take `size` octets.
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

    /// Runs `walk`, a function that reads whole tables, on a thread that serves no client. Only one such function runs at a time.
    pub async fn walk<Value, Walk>(&self, walk: Walk) -> Value
    where
        Value: Send + 'static,
        Walk: FnOnce(&Self) -> Value + Send + 'static,
    {
        self.walks.run(self, walk).await
    }

    /// Sets the size of the tables of answers and RRsets so that the memory of the process stays within its limit. The
    /// process uses `resident` octets now, and may use `most` octets. Entries are removed in small steps.
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

    /// Returns the keyed hash function of these tables. Other tables whose keys come from clients or servers also use it.
    pub fn keyed(&self) -> Keyed {
        self.keyed
    }

    /// For each table, returns the number of its entries, the octets that they take, and the octets that the table may
    /// currently use.
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

/// The table of the cache with answers in wire form, by question.
#[derive(Clone)]
pub struct Answers(pub(super) QuestionStore<Arc<Answer>>, pub(super) Arc<Versions>);

impl Answers {
    /// Returns the answer to a question, if its TTL has not expired. `key` is the key of the question, as `wire::query`
    /// has read it.
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

    /// Returns the current version of the answer under `key`. A caller that copies the answer must read the version
    /// before it reads the answer.
    pub fn version(&self, key: &[u8]) -> AnswerVersion {
        self.1.for_key(key)
    }

    /// Returns true if the answer has neither changed nor been flushed since `version` was read. The answer may have been evicted.
    pub fn is_current(&self, version: AnswerVersion) -> bool {
        self.1.is_current(version)
    }
}

pub(super) fn weigh_answer(key: &QuestionKey, answer: &Arc<Answer>) -> u32 {
    let offsets = answer.ttl_offsets.len().saturating_mul(2);
    let text = answer.extended_error.as_ref().map_or(0, |error| error.text.len());
    weight(key, &[shared::<Answer>(), answer.wire.len(), offsets, text])
}
