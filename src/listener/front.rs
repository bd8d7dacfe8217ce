//! What both listeners do with a message: answer it from memory, refuse it, or hand it on as a miss.
//!
//! May call: `wire`, `cache`, `resolve`, `record`. The hit path stands here: read, look up, copy, patch.

use std::net::{IpAddr, SocketAddr};

use hickory_proto::op::ResponseCode;

use super::Parts;
use crate::clock::Mono;
use crate::question::{Apart, Client, ExtendedError, Outcome, QuestionKey};
use crate::record::event::Ended;
use crate::resolve::Asked;
use crate::wire::query::{Query, Rejection, Unanswerable};
use crate::wire::{compose, reply};

/// What becomes of a message.
pub(super) enum First {
    /// A reply stands in the buffer.
    Reply,
    /// Nothing is sent.
    Nothing,
    /// It has to be resolved.
    Miss(Box<Query>),
}

/// The way in.
pub(super) struct Front(Parts);

impl Front {
    pub(super) fn new(parts: Parts) -> Self {
        Self(parts)
    }

    pub(super) fn now(&self) -> Mono {
        self.0.clock.mono()
    }

    /// Takes in a message that arrived at `now`; a reply of at most `limit` octets (the query's own where none) goes
    /// to `out`.
    pub(super) fn receive(
        &self,
        shard: usize,
        message: &[u8],
        client: SocketAddr,
        now: Mono,
        limit: Option<usize>,
        out: &mut Vec<u8>,
    ) -> First {
        let query = match Query::read(message) {
            Ok(query) => query,
            Err(Unanswerable::Dropped(apart)) => {
                self.0.recorder.apart(shard, apart);
                return First::Nothing;
            }
            Err(Unanswerable::Rejected(rejection)) => {
                if !self.allows(client.ip()) {
                    self.0.recorder.apart(shard, Apart::Denied);
                    return First::Nothing;
                }
                return self.reject(shard, &rejection, &client, None, out);
            }
        };
        if !self.allows(client.ip()) {
            self.0.recorder.apart(shard, Apart::Denied);
            let error = ExtendedError::new(ExtendedError::PROHIBITED, "this address is not in listen.allow");
            reply::write_rejection(out, &query.rejection(ResponseCode::Refused, Outcome::Refused, error));
            return First::Reply;
        }
        if let Some(answer) = self.0.resolver.memory().answers.get(query.key(), now) {
            let limit = limit.unwrap_or_else(|| query.udp_limit());
            reply::write(out, &answer, &query, limit, now);
            self.count(shard, &client, &query, Outcome::Cache, now);
            return First::Reply;
        }
        if !query.recursion_desired {
            // RFC 8914 section 4.21: what is not in memory would need recursion, which was not asked for.
            let error = ExtendedError::new(
                ExtendedError::NOT_AUTHORITATIVE,
                "not in memory, and recursion was not asked for",
            );
            let rejection = query.rejection(ResponseCode::Refused, Outcome::Refused, error);
            return self.reject(shard, &rejection, &client, Some(&query), out);
        }
        First::Miss(Box::new(query))
    }

    /// Resolves a miss; none where its first copy will be answered.
    pub(super) async fn resolve(
        &self,
        shard: usize,
        query: &Query,
        client: SocketAddr,
        arrived: Mono,
        limit: usize,
    ) -> Option<Vec<u8>> {
        let question = query.to_question()?;
        let key = QuestionKey::from_bytes(query.key());
        let asker = Client { address: client.ip(), port: client.port(), id: query.id };
        match self.0.resolver.miss(question, key, asker, arrived).await {
            Asked::Repeated => {
                self.0.recorder.apart(shard, Apart::Repeated);
                None
            }
            Asked::Replied(replied) => {
                let mut out = Vec::new();
                reply::write(&mut out, &replied.answer, query, limit, self.now());
                self.count(shard, &client, query, replied.outcome, arrived);
                Some(out)
            }
        }
    }

    /// SERVFAIL at once: a queue is full.
    pub(super) fn shed(
        &self,
        shard: usize,
        query: &Query,
        client: &SocketAddr,
        now: Mono,
        out: &mut Vec<u8>,
    ) {
        let error = ExtendedError::new(ExtendedError::NOT_READY, "more questions wait than there may be");
        if let Some(question) = query.to_question() {
            let answer = compose::failure(&question, error, now);
            reply::write(out, &answer, query, query.udp_limit(), now);
        }
        self.count(shard, client, query, Outcome::Shed, now);
    }

    /// A reply could not be handed back.
    pub(super) fn reply_lost(&self, shard: usize) {
        self.0.recorder.apart(shard, Apart::ReplyLost);
    }

    fn reject(
        &self,
        shard: usize,
        rejection: &Rejection,
        client: &SocketAddr,
        query: Option<&Query>,
        out: &mut Vec<u8>,
    ) -> First {
        reply::write_rejection(out, rejection);
        let kind = query.map_or(hickory_proto::rr::RecordType::ZERO, Query::kind);
        let ended = Ended {
            client: client.ip(),
            kind,
            outcome: rejection.outcome,
            elapsed: std::time::Duration::ZERO,
        };
        self.0.recorder.question(shard, &ended);
        First::Reply
    }

    fn count(&self, shard: usize, client: &SocketAddr, query: &Query, outcome: Outcome, arrived: Mono) {
        let elapsed = self.now().since(arrived);
        self.0.recorder.question(shard, &Ended { client: client.ip(), kind: query.kind(), outcome, elapsed });
    }

    fn allows(&self, client: IpAddr) -> bool {
        // A client of IPv4 on a socket of both families comes as ::ffff:a.b.c.d.
        let client = client.to_canonical();
        self.0.config.listen.allow.iter().any(|net| net.contains(&client))
    }
}
