//! Replies that a worker has sent within the last second, ready to be sent again to the same query.
//!
//! A gateway asks the same few names again and again. Such a query is compared with the last one at its place, octet
//! for octet, with its spelling, flags and EDNS: it is not read, and nothing is looked up. The reply is copied with
//! the query's id. A worker has a table of its own, so no other thread waits for it.
//!
//! # Decisions
//!
//! - A reply is sent again as long as all its octets are right: until a TTL in it counts down, which is a second, until
//!   its answer expires or must be renewed, or until the answer in memory changes or is flushed. After that the next
//!   query is looked up in memory, which also counts as a use of the answer there. So an answer in use stays there.
//! - Answers of DNS lists are always looked up, because each use is counted and reported. Replies with a cookie are always
//!   written, because it depends on the client.
//! - A reply keeps its place while it may be sent again. A client that asks for names whose queries hash to one set gains
//!   nothing: each is then looked up, as without the table. So the hash needs no secret.
//! - A reply is for clients of one view. Clients of two views that send the same query have both places of it, and those of a third one
//!   are looked up.
//! - A query has two places. With one, 11 % of 1 000 names in use share their place with another name, and one of the two is
//!   looked up each time; with two, 3 %.
//! - The heads, versions and octets of a batch are read before its first query is handled (`fetch`). The kernel's work for a
//!   datagram replaces most of the core's cache, so each of them is waited for, and these waits were half of the time of a hit in
//!   user space. Reads that do not depend on each other are waited for together. With this and the second place a hit takes
//!   0.8 µs in user space instead of 1.1 (samples of perf at 30 000 hits a second), and 90 instructions more.
//! - Queries and replies lie behind each other in the order in which they came, and not at places of their hashes. So they lie on
//!   a quarter of the pages: the core finds the addresses of few pages without a walk through the tables of pages.

use std::hash::Hasher;
use std::hint::black_box;

use hickory_proto::rr::RecordType;

use crate::cache::AnswerVersion;
use crate::limits::{RECENT_OCTETS, RECENT_REPLIES};
use dns::clock::Mono;
use dns::hash::Plain;
use dns::question::ViewId;
use history::limits::CORE_LINE;

/// The table.
pub(super) struct RecentReplies {
    sets: Vec<RecentSet>,
    /// Queries without their ids, each with its reply behind it. Pages that are not in use take no memory.
    octets: Vec<u8>,
    /// The lines of it that are in use. All places are cleared when it is full.
    lines: usize,
}

/// The places of a query: one line of the core's cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct RecentSet([RecentHead; WAYS]);

/// The places of a query.
const WAYS: usize = 2;

/// The data on which a reply depends in addition to its query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The view of its client.
    pub(super) view: ViewId,
    /// The type of the question, for counting.
    pub(super) kind: RecordType,
    /// The octets of its name, for the history.
    pub(super) name: u8,
    /// The version of its answer.
    pub(super) version: AnswerVersion,
    /// The moment from which it must be written again.
    pub(super) until: Mono,
}

/// A reply. Its parts are as small as possible, so that a set fits a line.
#[derive(Clone, Copy)]
struct RecentHead {
    until: Mono,
    version: AnswerVersion,
    view: ViewId,
    /// The mark of the query.
    mark: u32,
    kind: u16,
    /// The line in which the query begins.
    line: u16,
    /// Octets of the query and of the reply.
    query: u8,
    reply: u8,
    name: u8,
}

/// The entry of the table for a query.
pub(super) enum RecentReply<'a> {
    /// Its reply.
    Reply(KeptReply<'a>),
    /// A place for its reply.
    Free(RecentPlace),
    /// Neither.
    Nothing,
}

/// A reply in the table.
#[derive(Clone, Copy)]
pub(super) struct KeptReply<'a> {
    octets: &'a [u8],
    /// The type of its question.
    pub(super) kind: RecordType,
    /// The octets of its name.
    pub(super) name: u8,
}

/// A place in the table, for the query with this hash.
#[derive(Clone, Copy)]
pub(super) struct RecentPlace {
    hash: RecentHash,
    way: usize,
}

/// The hash of a query: its set, and a mark that distinguishes the queries of a set.
#[derive(Clone, Copy)]
pub(super) struct RecentHash(u64);

impl Default for RecentReplies {
    fn default() -> Self {
        Self { sets: vec![RecentSet::blank(); SETS], octets: vec![0; LINES * CORE_LINE], lines: 0 }
    }
}

/// The sets of the table.
const SETS: usize = RECENT_REPLIES / WAYS;

/// Lines for queries and replies.
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
    /// The octet with which its query begins.
    fn begin(&self) -> usize {
        usize::from(self.line).saturating_mul(CORE_LINE)
    }

    /// The lines that it has.
    fn lines(&self) -> usize {
        lines(usize::from(self.query).saturating_add(self.reply.into()))
    }
}

/// The lines that so many octets take.
fn lines(octets: usize) -> usize {
    octets.div_ceil(CORE_LINE)
}

impl RecentReplies {
    /// Hashes these messages, and reads all that `look` will read for them, so that the core waits for all of it together.
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
            // A wrong guess at a branch would end the reads of the next ones.
            let is_second = second.mark == hash.mark();
            let version = if is_second { second.version } else { first.version };
            let begin = if is_second { second.begin() } else { first.begin() };
            read ^ u8::from(is_current(version)) ^ octet(begin) ^ octet(begin.saturating_add(CORE_LINE))
        });
        // Otherwise the compiler would leave the reads out.
        black_box(read);
    }

    /// Looks for the reply to `message`, which has this hash, of a client of `view`. `is_current`: whether the answer of a version is
    /// still the one in memory.
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

    /// The reply of `head`, if it is one to this query.
    fn octets(&self, head: &RecentHead, query: &[u8]) -> Option<&[u8]> {
        let (kept, reply) = self.octets.get(head.begin()..)?.split_at_checked(head.query.into())?;
        reply.get(..head.reply.into()).filter(|_| kept == query)
    }

    /// Keeps the reply to `message`, if there is room for both.
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

    /// The line at which so many octets of this place begin: where its last ones began, or at the end of all. None if they are too
    /// many.
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

/// Octets of a message's id.
const ID: usize = 2;

impl KeptReply<'_> {
    /// Writes it for `message`.
    pub(super) fn write(&self, message: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(self.octets);
        if let (Some(place), Some(id)) = (out.first_chunk_mut::<ID>(), message.first_chunk()) {
            *place = *id;
        }
    }
}

impl RecentHash {
    /// Of a message without its id.
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
