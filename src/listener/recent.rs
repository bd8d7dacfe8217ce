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
//! - Answers of DNS lists are always looked up, because each use is counted and told. Replies with a cookie are always
//!   written, because it depends on the client.
//! - A reply keeps its place while it may be sent again. A client that asks for names whose queries hash to one place gains
//!   nothing: each is then looked up, as without the table. So the hash needs no secret.

use std::hash::Hasher;

use hickory_proto::rr::RecordType;

use crate::cache::AnswerVersion;
use crate::clock::Mono;
use crate::hash::Plain;
use crate::limits::{RECENT_OCTETS, RECENT_REPLIES};
use crate::question::ViewId;

/// The table.
pub(super) struct RecentReplies {
    heads: Vec<RecentHead>,
    /// For each head a query without its id, and behind it the reply. Pages that are not in use take no memory.
    octets: Vec<u8>,
}

/// The data beside its query that a reply depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The view of its listener.
    pub(super) view: ViewId,
    /// The type of the question, for counting.
    pub(super) kind: RecordType,
    /// The octets of its name, for the record.
    pub(super) name: u8,
    /// The version of its answer.
    pub(super) version: AnswerVersion,
    /// The moment from which it must be written anew.
    pub(super) until: Mono,
}

#[derive(Clone, Copy)]
struct RecentHead {
    terms: Terms,
    /// The hash of the query.
    hash: u32,
    /// Octets of the query and of the reply.
    query: u16,
    reply: u16,
}

/// The entry of the table for a query.
pub(super) enum RecentReply<'a> {
    /// Its reply, except for the id, the type of its question, and the octets of its name.
    Reply(&'a [u8], RecordType, u8),
    /// A place for its reply.
    Free(RecentPlace),
    /// Neither.
    Nothing,
}

/// A place in the table, for the query with this hash.
#[derive(Clone, Copy)]
pub(super) struct RecentPlace(u64);

impl Default for RecentReplies {
    fn default() -> Self {
        let (view, kind, version, until) =
            (ViewId::default(), RecordType::ZERO, AnswerVersion::default(), Mono::START);
        let terms = Terms { view, kind, name: 0, version, until };
        let head = RecentHead { terms, hash: 0, query: 0, reply: 0 };
        let octets = vec![0; RECENT_REPLIES.saturating_mul(RECENT_OCTETS)];
        Self { heads: vec![head; RECENT_REPLIES], octets }
    }
}

impl RecentReplies {
    /// Looks for the reply to `message` of a client of `view`. `is_current`: whether the answer of a version is still the one in
    /// memory.
    pub(super) fn look(
        &self,
        message: &[u8],
        view: ViewId,
        now: Mono,
        is_current: impl Fn(AnswerVersion) -> bool,
    ) -> RecentReply<'_> {
        let Some(query) = message.get(ID..) else { return RecentReply::Nothing };
        let mut hasher = Plain::default();
        hasher.write(query);
        let place = RecentPlace(hasher.finish());
        let Some((head, octets)) = self.heads.get(place.index()).zip(self.octets.get(place.begin()..)) else {
            return RecentReply::Nothing;
        };
        let terms = &head.terms;
        if now >= terms.until || terms.view != view || !is_current(terms.version) {
            return RecentReply::Free(place);
        }
        match octets.split_at_checked(head.query.into()) {
            Some((kept, reply)) if head.hash == place.mark() && kept == query => {
                let reply = reply.get(..head.reply.into());
                reply.map_or(RecentReply::Nothing, |reply| RecentReply::Reply(reply, terms.kind, terms.name))
            }
            _ => RecentReply::Nothing,
        }
    }

    /// Keeps the reply to `message`, if there is room for both.
    pub(super) fn keep(&mut self, place: RecentPlace, message: &[u8], reply: &[u8], terms: Terms) {
        let Some(query) = message.get(ID..) else { return };
        let end = place.begin().saturating_add(query.len()).saturating_add(reply.len());
        let (Ok(query_length), Ok(reply_length)) = (query.len().try_into(), reply.len().try_into()) else {
            return;
        };
        if end > place.begin().saturating_add(RECENT_OCTETS) {
            return;
        }
        let room =
            self.octets.get_mut(place.begin()..end).and_then(|room| room.split_at_mut_checked(query.len()));
        if let (Some((kept, room)), Some(head)) = (room, self.heads.get_mut(place.index())) {
            kept.copy_from_slice(query);
            room.copy_from_slice(reply);
            *head = RecentHead { terms, hash: place.mark(), query: query_length, reply: reply_length };
        }
    }
}

/// Octets of a message's id.
const ID: usize = 2;

impl RecentPlace {
    fn index(self) -> usize {
        usize::try_from(self.0 % RECENT_REPLIES as u64).unwrap_or(0)
    }

    fn begin(self) -> usize {
        self.index().saturating_mul(RECENT_OCTETS)
    }

    fn mark(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(0)
    }
}
