//! The steps that all listeners take for a DNS message of a client: answer it from the cache, refuse it, or pass it on as a miss (a query
//! that must be resolved).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use futures_util::FutureExt;
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use tokio_rustls::rustls::ServerConfig;

use super::hits::{HitTime, Hits, asked_in};
use super::policy::{Policy, SharedBounds};
use super::recent::{RecentHash, RecentPlace, RecentReplies, RecentReply, Terms};
use super::waiting::{Arrival, Occasion, WaitingQuery};
use crate::cache::Answers;
use crate::extended_error;
use crate::limits::MAX_STREAM_REPLY;
use crate::resolve::client_question::ClientQuestion;
use crate::resolve::{Asked, Replied, Resolver};
use config::{Access, ListenAt, ListenFor};
use dns::clock::{Clock, Mono, micros};
use dns::question::{Answer, Apart, Client, ClientTransport, DnsResult, Outcome, QuestionKey, ViewId};
use dns::wire::cookie::CookieSecret;
use dns::wire::query::{Query, Rejection, Unanswerable};
use dns::wire::{compose, reply, ttl};
use dnstap::tap::WantedKinds;
use dnstap::tapped::{TapKind, TappedMessage};
use record::entry::QuestionEntry;
use record::event::Ended;
use record::owner::WantedOwner;
use record::{Counter, HitPage, Recorder};
use supervise::{Supervisor, caught};

/// The shard (separate copy) of the counters for queries over connections: that of the first UDP worker thread.
pub(super) const STREAM_SHARD: usize = 0;

pub(super) enum Handled {
    /// The reply to the client is in the buffer that the caller has passed.
    Reply,
    Nothing,
    /// The answer is not in the cache, so the question must be resolved.
    Miss(Box<WaitingQuery>),
}

/// Handles the DNS messages that arrived together. Data that all of them need are looked up once.
pub(super) struct FrontBatch<'a> {
    front: &'a Front,
    policy: Guard<Arc<Policy>>,
    /// The view of the last client that was allowed to ask. Recent replies, the counts of cache hits and the history are separate for each
    /// view.
    view: ViewId,
    occasion: Occasion,
    /// The query that is being handled. Its buffers are used for all queries of the batch.
    query: &'a mut Query,
    /// The replies of the last second, for equal queries. `None` for connections.
    recent: Option<&'a mut RecentReplies>,
    logs: bool,
    wanted: WantedKinds,
    /// The last client of the batch that was allowed to ask.
    allowed: Option<IpAddr>,
    /// Equal cache hits that are not counted yet.
    hits: Option<Hits>,
    /// Cache hits are counted in groups. This value selects the groups for which the time of a hit is measured. `None`: the time is measured for
    /// each group.
    hit_time: Option<&'a mut HitTime>,
    /// The buffer of the history for cache hits. It is looked up at the first hit, or earlier by `fetch`, which prefetches the memory for hits.
    page: Option<HitPage<'a>>,
}

enum Repeat {
    /// The table has a reply to an equal query, and `out` now contains it. The fields are the type of the question, and the length of its name in
    /// octets.
    Reply(RecordType, u8),
    /// The table has no reply to the query. The reply can be stored at this position.
    Keep(RecentPlace),
    /// The table has no reply to the query, and no free position for one.
    Nothing,
}

/// The parts of the resolver that listeners use.
pub struct FrontParts {
    /// The clock of the daemon process.
    pub clock: Clock,
    /// The resolver. Cache hits are answered from its cache, and cache misses are passed to it.
    pub resolver: Arc<Resolver>,
    /// Counts questions, and stores them in the history.
    pub recorder: Arc<Recorder>,
    /// The secret from which server cookies are computed.
    pub cookies: CookieSecret,
    /// Restarts threads and tasks that have panicked.
    pub supervisor: Supervisor,
}

pub(super) struct Front {
    parts: Arc<FrontParts>,
    policy: ArcSwap<Policy>,
    pub(super) bounds: Arc<SharedBounds>,
    local: SocketAddr,
    serves: ListenFor,
}

impl Front {
    pub(super) fn new(
        parts: Arc<FrontParts>,
        policy: Policy,
        bounds: Arc<SharedBounds>,
        ListenAt { address, serves }: ListenAt,
    ) -> Self {
        Self { parts, policy: ArcSwap::from_pointee(policy), bounds, local: address, serves }
    }

    pub(super) fn serves(&self) -> ListenFor {
        self.serves
    }

    pub(super) fn tls(&self) -> Option<Arc<ServerConfig>> {
        let policy = self.policy.load();
        if self.serves == ListenFor::Https { policy.https.clone() } else { policy.tls.clone() }
    }

    pub(super) fn quic(&self) -> Option<Arc<quinn::ServerConfig>> {
        self.policy.load().quic.clone()
    }

    pub(super) fn may_shake_hands(&self, client: IpAddr) -> bool {
        self.bounds.handshakes.may(client, self.now())
    }

    pub(super) fn count_one(&self, counter: Counter) {
        self.parts.recorder.count(counter, 1);
    }

    pub(super) fn count_query(&self) {
        self.count_one(match self.serves {
            ListenFor::Plain => Counter::QueriesTcp,
            ListenFor::Tls => Counter::QueriesTls,
            ListenFor::Https => Counter::QueriesHttps,
            ListenFor::Quic => Counter::QueriesQuic,
        });
    }

    fn transport(&self, occasion: Occasion) -> ClientTransport {
        match self.serves {
            ListenFor::Tls => ClientTransport::Tls,
            ListenFor::Https => ClientTransport::Https,
            ListenFor::Quic => ClientTransport::Quic,
            ListenFor::Plain if occasion.limit.is_some() => ClientTransport::Tcp,
            ListenFor::Plain => ClientTransport::Udp,
        }
    }

    /// Returns true if REFUSED may be sent to `client`. The number of REFUSED replies is limited, because the source address may be forged.
    pub(super) fn may_refuse(&self, client: IpAddr) -> bool {
        self.bounds.refusals.may(client, self.now())
    }

    /// Returns true if `client` is allowed to connect. If not, the connection is counted as denied.
    pub(super) fn admits(&self, shard: usize, client: IpAddr) -> bool {
        let admits = self.policy.load().access(client) == Access::Allow;
        if !admits {
            self.apart(shard, Apart::Denied);
        }
        admits
    }

    /// Replaces the settings of the listener. Questions that have already arrived keep the old settings.
    pub(super) fn set_policy(&self, policy: Policy) {
        self.policy.store(Arc::new(policy));
    }

    pub(super) fn now(&self) -> Mono {
        self.parts.clock.mono()
    }

    pub(super) fn queue(&self) -> usize {
        self.parts.resolver.bounds().queue
    }

    pub(super) fn streams(&self) -> usize {
        self.parts.resolver.bounds().streams
    }

    pub(super) fn answers(&self) -> &Answers {
        &self.parts.resolver.memory().answers
    }

    /// Returns the keyed hash of the zone of a cache miss, as far as the zone is known before the resolution.
    pub(super) fn zone_of(&self, query: &Query) -> u64 {
        self.parts.resolver.zone_at_first(query.name())
    }

    /// Begins the handling of DNS messages that arrived together. `query` is reused for each of them.
    pub(super) fn batch<'a>(
        &'a self,
        occasion: Occasion,
        query: &'a mut Query,
        recent: Option<&'a mut RecentReplies>,
    ) -> FrontBatch<'a> {
        let policy = self.policy.load();
        FrontBatch {
            front: self,
            policy,
            view: ViewId::default(),
            occasion,
            query,
            recent,
            logs: self.parts.recorder.logs_queries(),
            wanted: self.parts.resolver.tap().wanted(),
            allowed: None,
            hits: None,
            hit_time: None,
            page: None,
        }
    }

    pub(super) fn receive_in_stream(
        &self,
        client: SocketAddr,
        message: &[u8],
        (query, out): (&mut Query, &mut Vec<u8>),
    ) -> Handled {
        let occasion = Occasion { shard: STREAM_SHARD, at: self.now(), limit: Some(MAX_STREAM_REPLY) };
        let mut batch = self.batch(occasion, query, None);
        let handled = batch.receive(client, message, None, out);
        batch.end();
        handled
    }

    /// Composes the reply to a cache miss. Returns `None` if there is no answer, or if composing the reply panics.
    pub(super) async fn reply_if(
        &self,
        waiting: &WaitingQuery,
        answer: Option<Arc<Answer>>,
    ) -> Option<Vec<u8>> {
        self.reply(waiting, &*answer?).await
    }

    /// Resolves a cache miss. Returns `None` if the question is a repetition whose first copy will be answered, or if the resolution
    /// panics.
    pub(super) async fn resolve(&self, waiting: &WaitingQuery) -> Option<Arc<Answer>> {
        let resolved = async {
            let WaitingQuery { query, arrival, view, number, .. } = waiting;
            let client = arrival.client;
            let question = query.to_question()?;
            let key = QuestionKey::from_bytes(query.key());
            let asker = Client { address: client.ip(), port: client.port(), id: *number };
            let question = ClientQuestion::new(question, key, asker, arrival.occasion.at, Arc::clone(view))
                .of_socket(self.socket(*arrival));
            match self.parts.resolver.miss(question).await {
                Asked::Repeated => {
                    self.apart(arrival.occasion.shard, Apart::Repeated);
                    None
                }
                Asked::Replied(replied) => {
                    self.count(*arrival, query, replied.outcome, Some(&replied));
                    Some(replied.answer)
                }
            }
        };
        or_no_reply(resolved).await.flatten()
    }

    /// Returns `None` if composing the reply panics.
    pub(super) async fn reply(&self, waiting: &WaitingQuery, answer: &Answer) -> Option<Vec<u8>> {
        or_no_reply(async {
            let (mut out, query) = (Vec::new(), &waiting.query);
            reply::write(&mut out, answer, query, waiting.arrival.limit(query), self.now());
            self.tap(TapKind::ClientResponse, waiting.arrival, &out);
            out
        })
        .await
    }

    /// Copies a DNS message of a client, or a reply to a client, for dnstap.
    pub(super) fn tap(&self, kind: TapKind, arrival: Arrival, octets: &[u8]) {
        let tap = self.parts.resolver.tap();
        if !tap.wanted().has(kind) {
            return;
        }
        tap.put(TappedMessage {
            kind,
            transport: self.transport(arrival.occasion).into(),
            asks: Some((arrival.client.ip(), arrival.client.port())),
            answers: Some(self.local).filter(|local| !local.ip().is_unspecified()),
            queried: arrival.occasion.at,
            responded: (kind == TapKind::ClientResponse).then(|| self.now()),
            octets: octets.to_vec(),
        });
    }

    /// Writes a SERVFAIL reply, because too many questions wait or the daemon is stopping.
    pub(super) fn shed(&self, arrival: Arrival, query: &Query, out: &mut Vec<u8>) {
        let error = extended_error::overload();
        if let Some(question) = query.to_question() {
            let now = arrival.occasion.at;
            let answer = compose::failure(&question, error, now);
            reply::write(out, &answer, query, arrival.limit(query), now);
        }
        self.count(arrival, query, Outcome::Shed, None);
    }

    /// Counts a DNS message that is not a question, or repeats a question in progress.
    pub(super) fn apart(&self, shard: usize, apart: Apart) {
        self.parts.recorder.apart(shard, apart);
    }

    fn reject(
        &self,
        arrival: Arrival,
        rejection: &Rejection,
        kind: RecordType,
        out: &mut Vec<u8>,
    ) -> Handled {
        reply::write_rejection(out, rejection);
        let (client, outcome, elapsed) = (arrival.client.ip(), rejection.outcome, Duration::ZERO);
        self.parts.recorder.question(arrival.occasion.shard, &Ended { client, kind, outcome, elapsed });
        Handled::Reply
    }

    /// Returns the addresses of the client's socket, from which the kernel can find the local user of the client.
    fn socket(&self, arrival: Arrival) -> WantedOwner {
        let Arrival { client, occasion } = arrival;
        WantedOwner { client, server: self.local, is_stream: self.transport(occasion).is_stream() }
    }

    fn count(&self, arrival: Arrival, query: &Query, outcome: Outcome, replied: Option<&Replied>) {
        let Occasion { shard, at, .. } = arrival.occasion;
        let elapsed = self.now().since(at);
        let (client, kind, recorder) = (arrival.client.ip(), query.kind(), &self.parts.recorder);
        recorder.question(shard, &Ended { client, kind, outcome, elapsed });
        let flight = replied.and_then(Replied::trail).map(|trail| recorder.flight_number(trail));
        let error = replied.and_then(|replied| replied.answer.extended_error.as_ref());
        let question = QuestionEntry {
            name: query.name().into(),
            kind,
            client,
            port: arrival.client.port(),
            transport: Some(self.transport(arrival.occasion)),
            view: query.view.number(),
            at: at.as_micros(),
            outcome,
            elapsed: micros(elapsed),
            flight,
            error: error.map_or("", |error| &error.text).into(),
            code: error.filter(|error| !error.text.is_empty()).map(|error| error.code),
            user: None,
            result: replied.map_or(DnsResult::Unknown, |replied| DnsResult::in_reply(&replied.answer.wire)),
            stored: false,
        };
        recorder.asked(&question, Some(self.socket(arrival)));
    }
}

impl<'a> FrontBatch<'a> {
    /// Returns this batch with a clock: `time` chooses the cache hits whose duration is measured, because measuring each hit would cost too much.
    pub(super) fn timed_by(self, time: &'a mut HitTime) -> Self {
        Self { hit_time: Some(time), ..self }
    }

    /// Computes the hashes of the datagrams, and prefetches all memory that cache hits on them will use, so that the processor waits for it
    /// only once.
    pub(super) fn fetch<'m>(
        &mut self,
        messages: impl Iterator<Item = &'m [u8]>,
        hashes: &mut Vec<RecentHash>,
    ) {
        let (recorder, Occasion { shard, at, .. }) = (&self.front.parts.recorder, self.occasion);
        self.page = recorder.hits(shard, at, self.view.number());
        if let Some(recent) = &self.recent {
            recent.fetch(messages, hashes, |version| self.front.answers().is_current(version));
        }
    }

    /// Handles a DNS message of `client`. `hash` finds a reply of the last second to an equal datagram. It is `None` for connections.
    pub(super) fn receive(
        &mut self,
        client: SocketAddr,
        message: &[u8],
        hash: Option<RecentHash>,
        out: &mut Vec<u8>,
    ) -> Handled {
        let handled = self.handle(client, (message, hash), out);
        if self.wanted.of_clients() && !matches!(handled, Handled::Nothing) {
            let arrival = Arrival { client, occasion: self.occasion };
            self.front.tap(TapKind::ClientQuery, arrival, message);
            if matches!(handled, Handled::Reply) {
                self.front.tap(TapKind::ClientResponse, arrival, out);
            }
        }
        handled
    }

    fn handle(
        &mut self,
        client: SocketAddr,
        (message, hash): (&[u8], Option<RecentHash>),
        out: &mut Vec<u8>,
    ) -> Handled {
        let Occasion { shard, .. } = self.occasion;
        let (front, arrival) = (self.front, Arrival { client, occasion: self.occasion });
        let is_allowed = self.allows(client.ip());
        let place = match self.repeat((message, hash.filter(|_| is_allowed)), out) {
            Repeat::Reply(kind, name) => {
                self.hit(client.ip(), kind, asked_in(message, name.into()), DnsResult::in_reply(out));
                return Handled::Reply;
            }
            Repeat::Keep(place) => Some(place),
            Repeat::Nothing => None,
        };
        match self.query.read_again(message, self.view) {
            Ok(()) => {}
            Err(Unanswerable::Dropped(apart)) => {
                front.apart(shard, apart);
                return Handled::Nothing;
            }
            Err(Unanswerable::Rejected(mut rejection)) => {
                rejection.pads = self.pads();
                if !is_allowed {
                    front.apart(shard, Apart::Denied);
                    return Handled::Nothing;
                }
                return front.reject(arrival, &rejection, RecordType::ZERO, out);
            }
        }
        self.query.pads_reply = self.pads();
        if !is_allowed {
            return self.deny(client.ip(), out);
        }
        if let Some(cookie) = self.query.client_cookie() {
            let unix = front.parts.clock.now().unix;
            self.query.cookie = Some(front.parts.cookies.cookie(cookie, client.ip(), unix));
        }
        if self.answer(arrival, message, place, out) {
            let name = self.query.name().len();
            self.hit(client.ip(), self.query.kind(), asked_in(message, name), DnsResult::in_reply(out));
            return Handled::Reply;
        }
        self.miss(arrival, out)
    }

    /// RFC 8467: the reply is padded only if the connection is encrypted and the client padded the query.
    fn pads(&self) -> bool {
        self.query.is_padded() && self.front.transport(self.occasion).is_encrypted()
    }

    fn deny(&self, client: IpAddr, out: &mut Vec<u8>) -> Handled {
        let Occasion { shard, at: now, limit } = self.occasion;
        self.front.apart(shard, Apart::Denied);
        if self.policy.access(client) == Access::Drop {
            return Handled::Nothing;
        }
        // The source address of a datagram may be forged, so the number of replies is limited.
        if limit.is_none() && !self.front.bounds.refusals.may(client, now) {
            return Handled::Nothing;
        }
        let error = extended_error::prohibited();
        reply::write_rejection(out, &self.query.rejection(ResponseCode::Refused, Outcome::Refused, error));
        Handled::Reply
    }

    /// Writes the reply if the answer is in the cache, and stores it at `place` in the table of recent replies. Returns true if a reply was
    /// written.
    fn answer(
        &mut self,
        arrival: Arrival,
        message: &[u8],
        place: Option<RecentPlace>,
        out: &mut Vec<u8>,
    ) -> bool {
        let (resolver, query, now) = (&self.front.parts.resolver, &*self.query, self.occasion.at);
        let answers = self.front.answers();
        let version = place.map(|_| answers.version(query.key()));
        let Some(answer) = answers.get(query.key(), now) else { return false };
        let repeated = resolver.hit(query.key(), &answer, now);
        reply::write(out, &answer, query, arrival.limit(query), now);
        if let (Some(place), Some(version), Some(until), None) = (place, version, repeated, query.cookie)
            && let Some(recent) = &mut self.recent
        {
            let until = until.min(ttl::same_until(&answer, now));
            // A name has at most 255 octets, so its length fits into a `u8`.
            let (kind, name) = (query.kind(), u8::try_from(query.name().len()).unwrap_or(0));
            recent.keep(place, message, out, Terms { view: self.view, kind, name, version, until });
        }
        true
    }

    fn miss(&self, arrival: Arrival, out: &mut Vec<u8>) -> Handled {
        let (front, query) = (self.front, &*self.query);
        if !query.recursion_desired {
            let error = extended_error::recursion_not_desired();
            let rejection = query.rejection(ResponseCode::Refused, Outcome::Refused, error);
            return front.reject(arrival, &rejection, query.kind(), out);
        }
        match Arc::clone(&front.bounds.waiting).try_acquire_owned() {
            Ok(waiting) => {
                let (query, view) = (query.clone(), Arc::clone(self.policy.view_of(arrival.client.ip())));
                let number = query.id;
                Handled::Miss(Box::new(WaitingQuery { query, arrival, view, number, waiting }))
            }
            Err(_) => {
                front.shed(arrival, query, out);
                Handled::Reply
            }
        }
    }

    /// Writes the reply if an equal query was answered within the last second.
    fn repeat(&self, (message, hash): (&[u8], Option<RecentHash>), out: &mut Vec<u8>) -> Repeat {
        let is_current = |version| self.front.answers().is_current(version);
        let recent = self.recent.as_ref().zip(hash);
        match recent
            .map(|(recent, hash)| recent.look((message, hash), self.view, self.occasion.at, is_current))
        {
            Some(RecentReply::Reply(reply)) => {
                reply.write(message, out);
                Repeat::Reply(reply.kind, reply.name)
            }
            Some(RecentReply::Free(place)) => Repeat::Keep(place),
            Some(RecentReply::Nothing) | None => Repeat::Nothing,
        }
    }

    /// Returns true if `client` is allowed to ask. The batch then uses the view of this client.
    fn allows(&mut self, client: IpAddr) -> bool {
        if self.allowed == Some(client) {
            return true;
        }
        let allows = self.policy.access(client) == Access::Allow;
        if allows {
            let view = self.policy.view_of(client).id;
            if view != self.view {
                // `page` is a buffer of the history for cache hits of one view, so hits of the new view need another buffer.
                (self.view, self.page) = (view, None);
            }
            self.allowed = Some(client);
        }
        allows
    }

    /// Stores a hit in the history. The statistics count consecutive hits of one client and type together, so this hit may be counted later.
    /// `asked` contains the name and the type.
    fn hit(&mut self, client: IpAddr, kind: RecordType, asked: &[u8], result: DnsResult) {
        let (recorder, Occasion { shard, at, .. }) = (&self.front.parts.recorder, self.occasion);
        if self.page.is_none() {
            self.page = recorder.hits(shard, at, self.view.number());
        }
        if let Some(page) = &mut self.page {
            page.put(asked, client, result);
        }
        if self.logs {
            recorder.log_hit(asked, client, self.view.number(), self.front.now().since(at));
        }
        match &mut self.hits {
            Some(hits) if hits.client == client && hits.kind == kind => {
                hits.count = hits.count.saturating_add(1);
            }
            _ => {
                self.count_hits();
                self.hits = Some(Hits { client, kind, count: 1 });
            }
        }
    }

    /// Counts the last cache hits. It must be called before the replies are sent.
    pub(super) fn end(mut self) {
        self.page = None;
        self.count_hits();
    }

    fn count_hits(&mut self) {
        if let Some(Hits { client, kind, count }) = self.hits.take() {
            let measure = || self.front.now().since(self.occasion.at);
            let elapsed = self.hit_time.as_mut().map_or_else(measure, |time| time.next(measure));
            let ended = Ended { client, kind, outcome: Outcome::Cache, elapsed };
            self.front.parts.recorder.questions(self.occasion.shard, &ended, count);
        }
    }
}

/// Runs `work`, which handles one query. If it panics, returns `None`, so that only this query gets no reply.
fn or_no_reply<Work: Future>(work: Work) -> impl Future<Output = Option<Work::Output>> {
    // An async function would have a future that contains `work` twice, and there is one such future for each waiting client.
    caught(work).map(|ended| {
        let reported = ended.inspect_err(|panicked| {
            tracing::error!(
                "{panicked}; a query got no reply; please send this line to the makers of resolverd"
            )
        });
        reported.ok()
    })
}
