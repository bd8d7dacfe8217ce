//! The replies that a worker (a thread that reads UDP queries) has sent within the last second. If an equal query arrives (octet for octet,
//! without the id), its reply is sent again with the new id. The query is not decoded, and no answer is looked up. Each worker has its own
//! table.
//!
//! # Decisions
//!
//! - A reply is sent again as long as all its octets are correct: until a TTL in it must count down (at most a second), until its answer
//!   expires or must be fetched again, or until the answer in the cache changes. The next query is then looked up in the cache, which
//!   counts as a use of the answer. So an answer in use stays in the cache.
//! - Answers of DNS lists are always looked up, because each use is counted and reported. Replies with a cookie depend on the client, so
//!   they are always composed again.
//! - A reply is not replaced while it may be sent again. The hash needs no secret: if a client asks for names with the same hash, its
//!   queries are only looked up in the cache.
//! - A reply is meant for clients of one view. A query can be stored twice, so there is room for two views; the same query from a third
//!   view is looked up in the cache.
//! - A query can be stored at two positions. With one position, 11 % of 1 000 names in use would share theirs with another name, and one of
//!   the two names would always be looked up in the cache. With two positions, this happens to 3 %.
//! - For all queries of a batch, the stored replies are read before the first query is handled (`fetch`). The kernel's work for a datagram
//!   replaces most of the processor's cache. If the reads do not depend on each other, the processor waits for all of them together. With
//!   this and the second position, a hit takes 0.8 µs in user space instead of 1.1 (perf, 30 000 hits a second).
//! - Queries and replies are stored in the order in which they arrived, and not at positions that their hashes choose. So they use a
//!   quarter of the memory pages, and the processor needs fewer page table entries.

use std::hash::Hasher;
use std::hint::black_box;

use hickory_proto::rr::RecordType;

use crate::cache::AnswerVersion;
use crate::limits::{RECENT_OCTETS, RECENT_REPLIES};
use dns::clock::Mono;
use dns::hash::Plain;
use dns::question::ViewId;
use record::limits::CORE_LINE;

pub(super) struct RecentReplies {
    sets: Vec<RecentSet>,
    /// Stored queries without their ids, each followed by its reply. Unused pages take no memory.
    octets: Vec<u8>,
    /// The number of cache lines of `octets` in use. When all are in use, the whole table is cleared.
    lines: usize,
}

/// The positions of the table at which the reply to a query can be stored. A set fits in one line of the processor's cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct RecentSet([RecentHead; WAYS]);

const WAYS: usize = 2;

#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) view: ViewId,
    pub(super) kind: RecordType,
    /// The length of the name in octets, with which the history finds the name in the query.
    pub(super) name: u8,
    pub(super) version: AnswerVersion,
    /// The time from which the reply must be composed again.
    pub(super) until: Mono,
}

/// A reply in the table. The fields are as small as possible, so that a set fits in one line of the processor's cache.
#[derive(Clone, Copy)]
struct RecentHead {
    until: Mono,
    version: AnswerVersion,
    view: ViewId,
    /// A part of the query's hash, which distinguishes the queries in a set.
    mark: u32,
    kind: u16,
    /// The number of the cache line in `octets` in which the query begins.
    line: u16,
    /// The length of the query, in octets.
    query: u8,
    /// The length of the reply, in octets.
    reply: u8,
    /// The length of the name in the query, in octets.
    name: u8,
}

pub(super) enum RecentReply<'a> {
    Reply(KeptReply<'a>),
    /// The table has no reply to the query. The reply can be stored at this position.
    Free(RecentPlace),
    /// The table has no reply to the query, and no free position for one.
    Nothing,
}

#[derive(Clone, Copy)]
pub(super) struct KeptReply<'a> {
    octets: &'a [u8],
    pub(super) kind: RecordType,
    /// The length of the name in the query, in octets.
    pub(super) name: u8,
}

/// The position at which the reply to the query with this hash can be stored.
#[derive(Clone, Copy)]
pub(super) struct RecentPlace {
    hash: RecentHash,
    way: usize,
}

/// The hash of a query. It determines the positions of the table at which the reply can be stored (a `RecentSet`), and the mark: a number
/// that is stored with the reply, to recognise the query.
#[derive(Clone, Copy)]
pub(super) struct RecentHash(u64);

impl Default for RecentReplies {
    fn default() -> Self {
        Self { sets: vec![RecentSet::blank(); SETS], octets: vec![0; LINES * CORE_LINE], lines: 0 }
    }
}

const SETS: usize = RECENT_REPLIES / WAYS;

/// The size of the buffer for queries and replies, in cache lines of the processor.
const LINES: usize = RECENT_REPLIES * RECENT_OCTETS / CORE_LINE;

impl RecentSet {
    fn blank() -> Self {
        let (until, version, view) = (Mono::START, AnswerVersion::default(), ViewId::default());
        let blank =
            RecentHead { until, version, view, mark: 0, kind: 0, line: 0, query: 0, reply: 0, name: 0 };
        Self([blank; WAYS])
    }
}

impl RecentHead {
    fn begin(&self) -> usize {
        usize::from(self.line).saturating_mul(CORE_LINE)
    }

    fn lines(&self) -> usize {
        lines(usize::from(self.query).saturating_add(self.reply.into()))
    }
}

fn lines(octets: usize) -> usize {
    octets.div_ceil(CORE_LINE)
}

impl RecentReplies {
    /// Computes the hashes of these DNS messages, and prefetches all memory that `look` will read for them.
    pub(super) fn fetch<'m>(
        &self,
        messages: impl Iterator<Item = &'m [u8]>,
        hashes: &mut Vec<RecentHash>,
        is_current: impl Fn(AnswerVersion) -> bool,
    ) {
        hashes.clear();
        hashes.extend(messages.map(RecentHash::without_id));
        let octet = |place| self.octets.get(place).copied().unwrap_or(0);
        let read = hashes.iter().fold(0, |read, hash| {
            let Some(RecentSet([first, second])) = self.sets.get(hash.set()) else { return read };
            // These `if`s only select values, without a branch. A wrongly predicted branch would interrupt the reads that follow.
            let is_second = second.mark == hash.mark();
            let version = if is_second { second.version } else { first.version };
            let begin = if is_second { second.begin() } else { first.begin() };
            read ^ u8::from(is_current(version)) ^ octet(begin) ^ octet(begin.saturating_add(CORE_LINE))
        });
        // If the result were not used, the compiler would leave the reads out.
        black_box(read);
    }

    /// Looks up the reply to `message`. `is_current` returns true if the answer with this version has not changed in the cache.
    pub(super) fn look(
        &self,
        (message, hash): (&[u8], RecentHash),
        view: ViewId,
        now: Mono,
        is_current: impl Fn(AnswerVersion) -> bool,
    ) -> RecentReply<'_> {
        let Some(query) = message.get(ID..) else { return RecentReply::Nothing };
        let Some(RecentSet(heads)) = self.sets.get(hash.set()) else { return RecentReply::Nothing };
        let lasts = |head: &RecentHead| now < head.until && is_current(head.version);
        let is_it = |head: &RecentHead| head.mark == hash.mark() && head.view == view && lasts(head);
        let known = heads.iter().position(is_it);
        if let Some(head) = known.and_then(|way| heads.get(way))
            && let Some(octets) = self.octets(head, query)
        {
            return RecentReply::Reply(KeptReply { octets, kind: head.kind.into(), name: head.name });
        }
        let free = heads.iter().position(|head| !lasts(head));
        free.map_or(RecentReply::Nothing, |way| RecentReply::Free(RecentPlace { hash, way }))
    }

    /// Returns the reply of the table entry `head`, if the entry was stored for this query.
    fn octets(&self, head: &RecentHead, query: &[u8]) -> Option<&[u8]> {
        let (kept, reply) = self.octets.get(head.begin()..)?.split_at_checked(head.query.into())?;
        reply.get(..head.reply.into()).filter(|_| kept == query)
    }

    /// Stores a query and its reply, if there is room for both.
    pub(super) fn keep(&mut self, place: RecentPlace, message: &[u8], reply: &[u8], terms: Terms) {
        let Some(query) = message.get(ID..) else { return };
        let octets = query.len().saturating_add(reply.len());
        let (Ok(query_octets), Ok(reply_octets)) = (query.len().try_into(), reply.len().try_into()) else {
            return;
        };
        let Some(line) = self.room_for(place, octets) else { return };
        let Terms { view, kind, name, version, until } = terms;
        let (mark, kind) = (place.hash.mark(), kind.into());
        let head = RecentHead {
            until,
            version,
            view,
            mark,
            kind,
            line,
            query: query_octets,
            reply: reply_octets,
            name,
        };
        let room = self.octets.get_mut(head.begin()..).and_then(|room| room.get_mut(..octets));
        let room = room.and_then(|room| room.split_at_mut_checked(query.len()));
        let at = self.sets.get_mut(place.hash.set()).and_then(|set| set.0.get_mut(place.way));
        if let (Some((kept, room)), Some(at)) = (room, at) {
            kept.copy_from_slice(query);
            room.copy_from_slice(reply);
            *at = head;
        }
    }

    /// Returns the first of the cache lines in which `octets` octets are stored for the position `place`. If the lines of the old entry at this
    /// position are enough, they are used again. Otherwise the position gets new lines. Returns `None` if there are too many octets.
    fn room_for(&mut self, place: RecentPlace, octets: usize) -> Option<u16> {
        let wanted = lines(octets);
        if octets > RECENT_OCTETS {
            return None;
        }
        let last = self.sets.get(place.hash.set())?.0.get(place.way)?;
        if wanted <= last.lines() {
            return Some(last.line);
        }
        if self.lines.saturating_add(wanted) > LINES {
            self.sets.fill(RecentSet::blank());
            self.lines = 0;
        }
        let line = self.lines;
        self.lines = self.lines.saturating_add(wanted);
        line.try_into().ok()
    }
}

const ID: usize = 2;

impl KeptReply<'_> {
    /// Writes the stored reply with the id of `message` to `out`.
    pub(super) fn write(&self, message: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(self.octets);
        if let (Some(place), Some(id)) = (out.first_chunk_mut::<ID>(), message.first_chunk()) {
            *place = *id;
        }
    }
}

impl RecentHash {
    pub(super) fn without_id(message: &[u8]) -> Self {
        let mut hasher = Plain::default();
        hasher.write(message.get(ID..).unwrap_or_default());
        Self(hasher.finish())
    }

    fn set(self) -> usize {
        usize::try_from(self.0 % SETS as u64).unwrap_or(0)
    }

    fn mark(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }
}
