//! The steps of both listeners for a message: answer it from memory, refuse it, or pass it on as a miss.
//!
//! The hit path is here: read, look up, copy, patch.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hickory_proto::op::ResponseCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use arc_swap::ArcSwap;
use ipnet::IpNet;

use super::refusals::Refusals;
use crate::clock::{Clock, Mono};
use crate::question::{Apart, Client, ExtendedError, Outcome, QuestionKey};
use crate::record::Recorder;
use crate::record::event::Ended;
use crate::resolve::{Asked, Resolver};
use crate::supervise::{Supervisor, caught};
use crate::wire::cookie::CookieSecret;
use crate::wire::query::{Query, Rejection, Unanswerable};
use crate::wire::{compose, reply};
use crate::zones::View;

/// The result of a message.
pub(super) enum First {
    /// A reply is in the buffer.
    Reply,
    /// Nothing is sent.
    Nothing,
    /// It has to be resolved.
    Miss(Box<Missed>),
}

/// A question that was not in memory.
pub(super) struct Missed {
    pub(super) query: Query,
    /// The view of its listener when it came: a reload does not change it.
    view: Arc<View>,
    /// Given back once its reply is on its way.
    _waiting: Waiting,
}

/// A waiting client. It is kept until the reply is on its way, because the daemon does not end before.
pub(super) type Waiting = OwnedSemaphorePermit;

/// The parts that listeners use.
pub struct FrontParts {
    /// The clock.
    pub clock: Clock,
    /// Hits are read from its memory; misses go to it.
    pub resolver: Arc<Resolver>,
    /// Questions are counted here.
    pub recorder: Arc<Recorder>,
    /// The secret of server cookies.
    pub cookies: CookieSecret,
    /// Keeps threads and tasks alive.
    pub supervisor: Supervisor,
}

/// The clients of a listener, and their view.
pub(super) struct Policy {
    pub(super) allow: Vec<IpNet>,
    pub(super) view: Arc<View>,
}

/// The entry at one address.
pub(super) struct Front {
    parts: Arc<FrontParts>,
    policy: ArcSwap<Policy>,
    /// A permit for each question that may wait, at all addresses together.
    waiting: Arc<Semaphore>,
    refusals: Arc<Refusals>,
}

impl Front {
    pub(super) fn new(
        parts: Arc<FrontParts>,
        policy: Policy,
        waiting: Arc<Semaphore>,
        refusals: Arc<Refusals>,
    ) -> Self {
        Self { parts, policy: ArcSwap::from_pointee(policy), waiting, refusals }
    }

    /// Whether a connection of `client` is served; a refused one is counted.
    pub(super) fn admits(&self, shard: usize, client: IpAddr) -> bool {
        let admits = self.policy.load().allows(client);
        if !admits {
            self.apart(shard, Apart::Denied);
        }
        admits
    }

    /// Changes to another policy; questions that have arrived keep theirs.
    pub(super) fn set_policy(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
    }

    pub(super) fn now(&self) -> Mono {
        self.parts.clock.mono()
    }

    /// Handles a message that arrived at `now`. A reply of at most `limit` octets (none: the query's own limit) is
    /// written to `out`.
    pub(super) fn receive(
        &self,
        shard: usize,
        message: &[u8],
        client: SocketAddr,
        now: Mono,
        limit: Option<usize>,
        out: &mut Vec<u8>,
    ) -> First {
        let policy = self.policy.load();
        let mut query = match Query::read(message, policy.view.id) {
            Ok(query) => query,
            Err(Unanswerable::Dropped(apart)) => {
                self.apart(shard, apart);
                return First::Nothing;
            }
            Err(Unanswerable::Rejected(rejection)) => {
                if !policy.allows(client.ip()) {
                    self.apart(shard, Apart::Denied);
                    return First::Nothing;
                }
                return self.reject(shard, &rejection, &client, None, out);
            }
        };
        if !policy.allows(client.ip()) {
            self.apart(shard, Apart::Denied);
            // The address of a datagram may be forged.
            if limit.is_none() && !self.refusals.may(client.ip(), now) {
                return First::Nothing;
            }
            let error = ExtendedError::new(
                ExtendedError::PROHIBITED,
                "this listener does not answer your address (see `allow` in its configuration)",
            );
            reply::write_rejection(out, &query.rejection(ResponseCode::Refused, Outcome::Refused, error));
            return First::Reply;
        }
        if let Some(cookie) = query.client_cookie() {
            let unix = self.parts.clock.now().unix;
            query.cookie = Some(self.parts.cookies.cookie(cookie, client.ip(), unix));
        }
        if let Some(answer) = self.parts.resolver.memory().answers.get(query.key(), now) {
            self.parts.resolver.hit(query.key(), &answer, now);
            let limit = limit.unwrap_or_else(|| query.udp_limit());
            reply::write(out, &answer, &query, limit, now);
            self.count(shard, &client, &query, Outcome::Cache, now);
            return First::Reply;
        }
        if !query.recursion_desired {
            // RFC 8914 section 4.21: an answer that is not in memory needs recursion, which was not asked for.
            let error = ExtendedError::new(
                ExtendedError::NOT_AUTHORITATIVE,
                "not in the cache, and the query does not ask for recursion (RD)",
            );
            let rejection = query.rejection(ResponseCode::Refused, Outcome::Refused, error);
            return self.reject(shard, &rejection, &client, Some(&query), out);
        }
        match Arc::clone(&self.waiting).try_acquire_owned() {
            Ok(waiting) => {
                let view = Arc::clone(&policy.view);
                First::Miss(Box::new(Missed { query, view, _waiting: waiting }))
            }
            Err(_) => {
                self.shed(shard, &query, &client, now, limit, out);
                First::Reply
            }
        }
    }

    /// Resolves a miss; none if its first copy will be answered, or if this panics: other waiters continue.
    pub(super) async fn resolve(
        &self,
        shard: usize,
        missed: &Missed,
        client: SocketAddr,
        arrived: Mono,
        limit: usize,
    ) -> Option<Vec<u8>> {
        let resolved = async {
            let Missed { query, view, .. } = missed;
            let question = query.to_question()?;
            let key = QuestionKey::from_bytes(query.key());
            let asker = Client { address: client.ip(), port: client.port(), id: query.id };
            match self.parts.resolver.miss(question, key, asker, arrived, Arc::clone(view)).await {
                Asked::Repeated => {
                    self.apart(shard, Apart::Repeated);
                    None
                }
                Asked::Replied(replied) => {
                    let mut out = Vec::new();
                    reply::write(&mut out, &replied.answer, query, limit, self.now());
                    self.count(shard, &client, query, replied.outcome, arrived);
                    Some(out)
                }
            }
        };
        caught(resolved).await.unwrap_or_else(|panicked| {
            tracing::error!("a query failed: {panicked}");
            None
        })
    }

    /// SERVFAIL at once: the greatest number of questions is waiting, or the daemon is ending.
    pub(super) fn shed(
        &self,
        shard: usize,
        query: &Query,
        client: &SocketAddr,
        now: Mono,
        limit: Option<usize>,
        out: &mut Vec<u8>,
    ) {
        let error = ExtendedError::new(
            ExtendedError::NOT_READY,
            "the queue of queries is full, or resolverd is stopping",
        );
        if let Some(question) = query.to_question() {
            let answer = compose::failure(&question, error, now);
            reply::write(out, &answer, query, limit.unwrap_or_else(|| query.udp_limit()), now);
        }
        self.count(shard, client, query, Outcome::Shed, now);
    }

    /// Counts a message that is no question, or no new one.
    pub(super) fn apart(&self, shard: usize, apart: Apart) {
        self.parts.recorder.apart(shard, apart);
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
        self.parts.recorder.question(shard, &ended);
        First::Reply
    }

    fn count(&self, shard: usize, client: &SocketAddr, query: &Query, outcome: Outcome, arrived: Mono) {
        let elapsed = self.now().since(arrived);
        self.parts
            .recorder
            .question(shard, &Ended { client: client.ip(), kind: query.kind(), outcome, elapsed });
    }
}

impl Policy {
    fn allows(&self, client: IpAddr) -> bool {
        // A client of IPv4 on a socket of both families comes as ::ffff:a.b.c.d.
        let client = client.to_canonical();
        self.allow.iter().any(|net| net.contains(&client))
    }
}
