//! The task of one stream (a connection to a server): sends queries, reads replies and assigns the replies to the queries.
//!
//! # Decisions
//!
//! - Equal queries are sent on a stream only once, even if their senders repeat them. A stream loses no DNS message, so a copy would only use the
//!   place of another query.
//! - A stream may be dead without any sign, if a firewall has lost the state of the connection. If no reply arrives for `STREAM_DOUBT_TIME` after a
//!   query, or from an authoritative server for three round trips, the next query uses a new stream. The same applies to all other streams to the
//!   server that have received nothing since that query. Replies on these streams are still accepted, because the server may only be slow.
//! - Some load balancers are silent after the first reply of a stream. Each query to such a server then gets a stream of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep_until, timeout};

use super::long_replies::{LongReplies, NoRoom};
use super::network::{Arrival, Network, Stream};
use super::stream_table::{StreamLoad, StreamPlace, StreamTable, lock};
use super::streams::{LostStream, ReplySender, StreamReply, StreamRequest};
use crate::limits::{
    DOUBTED_ROUND_TRIPS, LEAST_STREAM_DOUBT_TIME, LISTEN_TIME, MAX_GIVEN_UP, MAX_PIPELINED,
    MAX_STRAY_MESSAGES, STREAM_DOUBT_TIME, STREAM_ID_TRIES, TCP_WRITE_TIME, UPSTREAM_IDLE_TIME,
};
use dns::conduct::network_of;
use dns::random::Random;

pub(super) struct Driver {
    pub(super) place: StreamPlace,
    pub(super) number: u64,
    pub(super) load: Arc<StreamLoad>,
    pub(super) requests: mpsc::Receiver<StreamRequest>,
    /// The queries that arrived before the stream was open.
    pub(super) early: Vec<StreamRequest>,
    pub(super) table: Arc<Mutex<StreamTable>>,
    pub(super) random: Random,
    pub(super) long_replies: Arc<LongReplies>,
}

struct UnansweredQuery {
    question: Vec<u8>,
    /// The senders that wait for the reply, with the ids of their own queries. The limit for queries in progress limits their number.
    senders: Vec<([u8; 2], ReplySender)>,
    sent: Instant,
}

struct OpenStream {
    stream: Box<dyn Stream>,
    waiting: BTreeMap<u16, UnansweredQuery>,
    /// The ids of queries for which no sender waits, but whose replies may still arrive.
    given_up: BTreeSet<u16>,
    answered: bool,
    /// True if exactly one query was answered.
    answered_once: bool,
    sent: usize,
    /// The time between the last reply and its query.
    round_trip: Duration,
    /// The time of the first query since the last reply.
    unheard: Option<Instant>,
    /// The time at which the stream ends if no reply arrives earlier.
    ends: Instant,
    /// The number of DNS messages since the last reply that answer no query of the stream.
    strays: usize,
    /// True if the stream accepts no further queries, and ends when its earlier queries are answered.
    leaving: bool,
}

impl Driver {
    /// Waits until one more stream is allowed, then opens the stream and runs it. The limit of the server's network comes first, so that waiting
    /// streams of one network do not delay streams to other networks.
    pub(super) async fn run(
        mut self,
        network: Arc<dyn Network>,
        of_network: Arc<Semaphore>,
        places: Arc<Semaphore>,
    ) {
        let lost = {
            let path = self.place.path.clone();
            let opening = async {
                // `acquire` fails only if the semaphore was closed, which never happens. If it happened, one stream more than the limit would be
                // open, which is harmless.
                let taken = (of_network.acquire().await.ok(), places.acquire().await.ok());
                (timeout(LISTEN_TIME, network.open_stream(&path)).await, taken)
            };
            let opened = tokio::select! {
                biased;
                () = nobody_waits(&mut self.requests, &mut self.early) => None,
                opened = opening => Some(opened),
            };
            match opened {
                Some((Ok(Ok(stream)), _taken)) => self.serve(stream).await,
                Some((Ok(Err(error)), _)) => LostStream::Failed(Arc::new(error)),
                Some((Err(_), _)) => LostStream::Failed(Arc::new(io::ErrorKind::TimedOut.into())),
                None => LostStream::Closed,
            }
        };
        let mut table = lock(&self.table);
        table.forget(&self.place, self.number);
        table.forget_free(network_of(self.place.path.server.ip()));
        drop(table);
        self.requests.close();
        for request in self.early {
            // `send` fails if the sender no longer waits for the reply.
            let _ = request.reply.send(Err(lost.clone()));
        }
        while let Ok(request) = self.requests.try_recv() {
            let _ = request.reply.send(Err(lost.clone()));
        }
    }

    /// Sends queries and reads replies until the stream ends or is no longer needed, then informs the senders that have got no reply. If no sender
    /// waits, a stream that has never received a reply ends at once, and any other stream ends after the idle time.
    async fn serve(&mut self, stream: Box<dyn Stream>) -> LostStream {
        let mut open = OpenStream::new(stream, Instant::now());
        let mut early = std::mem::take(&mut self.early).into_iter();
        let mut wanted = true;
        let lost = loop {
            open.forget_given_up();
            let waited = !open.waiting.is_empty();
            let capacity = open.stream.capacity();
            self.load.set_capacity(capacity);
            let takes = wanted && (open.leaving || open.waiting.len() < capacity);
            tokio::select! {
                biased;
                arrival = open.stream.next() => match arrival {
                    Ok(arrival) => if let Some(lost) = self.take(arrival, &mut open).await {
                        break lost;
                    },
                    Err(error) => break open.lost_by(error),
                },
                request = next_request(&mut early, &mut self.requests), if takes => match request {
                    None => wanted = false,
                    Some(request) => self.pass(request, &mut open).await,
                },
                () = one_gives_up(&mut open.waiting) => {}
                () = sleep_until(open.ends) => break open.lost_by(io::ErrorKind::TimedOut.into()),
            }
            open.forget_given_up();
            let given_up = waited && !open.answered;
            if open.waiting.is_empty() && (!wanted || given_up) {
                break LostStream::Closed;
            }
        };
        for (_, query) in open.waiting {
            query.end(Err(lost.clone()));
        }
        self.early = early.collect();
        lost
    }

    /// Sends a query on the stream. If the stream accepts no further queries, the sender gets `LostStream::Closed`. If an equal query is in progress,
    /// the sender gets its reply.
    async fn pass(&mut self, request: StreamRequest, open: &mut OpenStream) {
        if request.reply.is_closed() {
            return;
        }
        let now = Instant::now();
        let is_encrypted = self.place.path.encryption.is_some();
        if let (false, Some(sent)) = (open.leaving, open.unheard_since(now, is_encrypted)) {
            let mut table = lock(&self.table);
            table.forget_unheard(&self.place, sent);
            if open.answered_once && !is_encrypted {
                table.answers_once(&self.place.path, now);
            }
            drop(table);
            self.leave(open);
        } else if !open.leaving && open.given_up.len() >= MAX_GIVEN_UP {
            self.leave(open);
        }
        if open.leaving {
            let _ = request.reply.send(Err(LostStream::Closed));
            return;
        }
        let Some((id, message)) = open.enter(request, &self.random, now) else { return };
        if let Err(error) = send(&mut *open.stream, &message).await {
            // A forwarder may end its connection at any time. This query has not reached the forwarder, so it may be sent on another stream. Replies
            // to earlier queries may still arrive.
            let lost = if is_encrypted { LostStream::Closed } else { open.lost_by(error) };
            if let Some(query) = open.waiting.remove(&id) {
                query.end(Err(lost));
            }
            self.leave(open);
        }
    }

    /// Makes the stream accept no further queries.
    fn leave(&mut self, open: &mut OpenStream) {
        open.leaving = true;
        lock(&self.table).forget(&self.place, self.number);
        self.requests.close();
    }

    /// Passes a reply to the senders of its query as soon as memory for the reply is reserved. Until then, the stream is not read. Returns the
    /// reason if the stream must end.
    async fn take(&mut self, arrival: Arrival, open: &mut OpenStream) -> Option<LostStream> {
        let (id, reply) = match arrival {
            Arrival::Message(octets) => (octets.first_chunk().copied().map(u16::from_be_bytes), Ok(octets)),
            Arrival::Failed { id, error } => (Some(id), Err(LostStream::Failed(Arc::new(error)))),
            Arrival::Declined(id) => {
                if !open.leaving {
                    self.leave(open);
                }
                if let Some(query) = open.waiting.remove(&id) {
                    query.end(Err(LostStream::Closed));
                }
                return None;
            }
        };
        let Some(query) = id.and_then(|id| open.waiting.remove(&id)) else {
            return open.belongs_to_none(id);
        };
        (open.answered_once, open.answered, open.strays) = (!open.answered, true, 0);
        let now = Instant::now();
        (open.round_trip, open.unheard) = (now.duration_since(query.sent), None);
        self.load.set_heard(now);
        open.ends = later(now, if open.waiting.is_empty() { UPSTREAM_IDLE_TIME } else { LISTEN_TIME });
        match reply {
            Ok(octets) => {
                let room = self.long_replies.admit(self.place.path.server, &octets).await;
                let reply = room.map(|room| StreamReply { octets, room });
                query.end(reply.map_err(|NoRoom| LostStream::NoRoom));
            }
            Err(lost) => query.end(Err(lost)),
        }
        None
    }
}

impl OpenStream {
    fn new(stream: Box<dyn Stream>, now: Instant) -> Self {
        Self {
            stream,
            waiting: BTreeMap::new(),
            given_up: BTreeSet::new(),
            answered: false,
            answered_once: false,
            sent: 0,
            round_trip: Duration::ZERO,
            unheard: None,
            ends: later(now, UPSTREAM_IDLE_TIME),
            strays: 0,
            leaving: false,
        }
    }

    /// Returns the result for senders that still wait when the stream ends with `error`. If a server answers one query and closes the stream without
    /// reading the others, the stream is reset, and the reply may be lost too. So a reset after several queries is not a failure of the server.
    fn lost_by(&self, error: io::Error) -> LostStream {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        let is_cut = matches!(error.kind(), ConnectionReset | UnexpectedEof | BrokenPipe);
        if self.answered || self.sent > 1 && is_cut {
            LostStream::Closed
        } else {
            LostStream::Failed(Arc::new(error))
        }
    }

    /// Returns the time of the first query since the last reply, if this query was sent so long ago that the stream is probably dead. Returns `None` if
    /// the stream has never received a reply.
    fn unheard_since(&self, now: Instant, is_encrypted: bool) -> Option<Instant> {
        let doubt_time = match is_encrypted {
            // A forwarder may have to resolve the name first.
            true => STREAM_DOUBT_TIME,
            false => self.round_trip.saturating_mul(DOUBTED_ROUND_TRIPS).max(LEAST_STREAM_DOUBT_TIME),
        };
        self.unheard.filter(|sent| self.answered && now.duration_since(*sent) >= doubt_time)
    }

    /// Handles a DNS message that answers no waiting query. After many such messages, the stream ends: otherwise a server could keep it open with
    /// them.
    fn belongs_to_none(&mut self, id: Option<u16>) -> Option<LostStream> {
        if id.is_some_and(|id| self.given_up.remove(&id)) {
            self.unheard = None;
            return None;
        }
        self.strays = self.strays.saturating_add(1);
        (self.strays > MAX_STRAY_MESSAGES).then(|| self.lost_by(io::ErrorKind::InvalidData.into()))
    }

    /// Adds a query to the waiting ones, with an id that no other query on this stream has. Returns the id and the DNS message to send, or `None` if
    /// the message is too short, or if an equal query is in progress, whose reply then goes to this sender too.
    fn enter(&mut self, request: StreamRequest, random: &Random, now: Instant) -> Option<(u16, Vec<u8>)> {
        let StreamRequest { mut message, reply } = request;
        let (id, question) = message.split_first_chunk()?;
        if let Some(same) = self.waiting.values_mut().find(|query| query.question == question) {
            same.senders.push((*id, reply));
            return None;
        }
        let mut ids =
            std::iter::once(u16::from_be_bytes(*id)).chain((0..STREAM_ID_TRIES).map(|_| random.u16()));
        let free = ids.find(|id| !self.waiting.contains_key(id) && !self.given_up.contains(id))?;
        let query = UnansweredQuery { question: question.to_vec(), senders: vec![(*id, reply)], sent: now };
        if self.waiting.is_empty() {
            self.ends = later(now, LISTEN_TIME);
        }
        self.waiting.insert(free, query);
        self.sent = self.sent.saturating_add(1);
        self.unheard = self.unheard.or(Some(now));
        *message.first_chunk_mut()? = free.to_be_bytes();
        Some((free, message))
    }

    fn forget_given_up(&mut self) {
        let Self { stream, waiting, given_up, .. } = self;
        let is_given_up = |query: &mut UnansweredQuery| {
            query.senders.retain(|(_, sender)| !sender.is_closed());
            query.senders.is_empty()
        };
        let gone = waiting.extract_if(.., |_, query| is_given_up(query)).map(|(id, _)| id);
        given_up.extend(gone.filter(|id| stream.give_up(*id)));
    }
}

impl UnansweredQuery {
    /// Passes the result to all senders. The last sender gets the result without a copy.
    fn end(mut self, result: Result<StreamReply, LostStream>) {
        let last = self.senders.pop();
        for (id, sender) in self.senders {
            // `send` fails if the sender no longer waits for the reply.
            let _ = sender.send(under(id, result.clone()));
        }
        if let Some((id, sender)) = last {
            let _ = sender.send(under(id, result));
        }
    }
}

/// Returns `result` with `id` in its reply. The query had another id on the stream; `id` is the one that its sender has chosen.
fn under(id: [u8; 2], mut result: Result<StreamReply, LostStream>) -> Result<StreamReply, LostStream> {
    if let Ok(reply) = &mut result
        && let Some(place) = reply.octets.first_chunk_mut()
    {
        *place = id;
    }
    result
}

/// Returns the moment `time` after `now`, or `now` if the clock cannot represent this moment.
fn later(now: Instant, time: Duration) -> Instant {
    now.checked_add(time).unwrap_or(now)
}

/// Returns the next query for the stream. The queries that waited while the stream was opened (`early`) come first. Returns `None` when no more
/// can arrive.
async fn next_request(
    early: &mut std::vec::IntoIter<StreamRequest>,
    requests: &mut mpsc::Receiver<StreamRequest>,
) -> Option<StreamRequest> {
    match early.next() {
        Some(request) => Some(request),
        None => requests.recv().await,
    }
}

/// Waits until a sender no longer waits for its reply. Never ends if no query waits.
async fn one_gives_up(waiting: &mut BTreeMap<u16, UnansweredQuery>) {
    poll_fn(|context| {
        let mut senders = waiting.values_mut().flat_map(|query| &mut query.senders);
        let gone = senders.any(|(_, sender)| sender.poll_closed(context).is_ready());
        if gone { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Collects queries in `early`. Returns when no sender of these queries waits any more.
async fn nobody_waits(requests: &mut mpsc::Receiver<StreamRequest>, early: &mut Vec<StreamRequest>) {
    loop {
        let more = early.len() < MAX_PIPELINED;
        let Some(last) = early.last_mut() else {
            match requests.recv().await {
                Some(request) => early.push(request),
                None => return,
            }
            continue;
        };
        tokio::select! {
            biased;
            () = last.reply.closed() => {}
            Some(request) = requests.recv(), if more => early.push(request),
        }
        early.retain(|request| !request.reply.is_closed());
        if early.is_empty() && requests.is_empty() {
            return;
        }
    }
}

async fn send(stream: &mut dyn Stream, message: &[u8]) -> io::Result<()> {
    timeout(TCP_WRITE_TIME, stream.send(message))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
