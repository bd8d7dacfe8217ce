//! Answers the requests of one HTTP/2 connection.

use std::future::poll_fn;
use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{Method, Request, Response};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout};

use super::super::front::{Front, Handled, STREAM_SHARD};
use super::super::held_answers::{HeldAnswers, StreamStep, wait};
use super::super::places::TakenPlace;
use super::super::waiting::Waiting;
use super::held::{Exchange, HeldRequest, HeldRequests};
use super::octets::{BoundedStream, ReadRoom, UnsentReplies, UnsentReply};
use super::request::{self, RefusedRequest, SentMessage};
use super::response;
use crate::limits::{MAX_QUERY, TCP_IDLE_TIME, TCP_MESSAGE_TIME};
use dns::question::Apart;
use dns::wire::query::Query;
use exchange::limits::TCP_WRITE_TIME;
use record::Counter;

type Requests = Connection<BoundedStream, Cursor<UnsentReply>>;

type NewRequest = (Request<RecvStream>, SendResponse<Cursor<UnsentReply>>);

type Step = StreamStep<Exchange, RefusedRequest>;

pub(super) struct HttpsConnection {
    requests: Requests,
    room: Arc<ReadRoom>,
    client: SocketAddr,
    front: Arc<Front>,
    taken: TakenPlace,
    /// The tasks that read the bodies of requests or resolve questions. A question has a task of its own, because other clients may wait for the
    /// same answer.
    running: JoinSet<Step>,
    /// The number of tasks that are reading a body.
    bodies: usize,
    ended: HeldAnswers<Step>,
    held: HeldRequests,
    unsent: Arc<UnsentReplies>,
    /// The time by which the client must have read the replies.
    due: Instant,
    /// The time of the last request or reply.
    active: Instant,
}

impl HttpsConnection {
    pub(super) fn new(
        (requests, room): (Requests, Arc<ReadRoom>),
        client: SocketAddr,
        front: Arc<Front>,
        taken: TakenPlace,
    ) -> Self {
        let (running, ended) = (JoinSet::new(), HeldAnswers::default());
        let (held, unsent, active) = (HeldRequests::default(), Arc::default(), Instant::now());
        let due = active;
        Self { requests, room, client, front, taken, running, bodies: 0, ended, held, unsent, due, active }
    }

    /// Answers requests until the connection ends. When the listener ends and drops the sender of `closing`, the connection is closed after
    /// the last reply.
    pub(super) async fn serve(mut self, mut closing: watch::Receiver<()>) -> io::Result<()> {
        let mut ends = false;
        loop {
            if self.unsent.octets() == 0
                && let Some(step) = self.ended.take()
            {
                // Cannot fail: the connection now uses less memory than before.
                let _ = self.keep();
                self.take_step(step).await?;
                continue;
            }
            if self.has_turn()
                && let Some(request) = self.held.take()
            {
                // Cannot fail: the connection now uses less memory than before.
                let _ = self.keep();
                self.take_request(request)?;
                continue;
            }
            let has_unsent = self.unsent.octets() > 0;
            let until = self.until();
            tokio::select! {
                biased;
                () = self.taken.leave() => return self.end(Reason::NO_ERROR),
                _ = closing.changed(), if !ends => {
                    ends = true;
                    self.requests.graceful_shutdown();
                }
                Some(step) = self.running.join_next() => self.hold_step(step)?,
                () = self.unsent.taken(), if has_unsent => self.mark_taken(),
                request = poll_fn(|context| {
                    // If a further question has no room, octets are read only if the client must still send the body of a request, or must
                    // allow (WINDOW_UPDATE) that more octets of replies are sent.
                    let reads = self.taken.has_room() || self.unsent.octets() > 0 || self.bodies > 0;
                    poll_request((&mut self.requests, &self.room), (reads, &self.unsent), context)
                }) => match request {
                    None => return Ok(()),
                    Some(Ok(request)) => {
                        if !self.hold(request) {
                            return self.fail(&ConnectionFault::Flooded);
                        }
                    }
                    Some(Err(fault)) => return self.fail(&fault),
                },
                () = wait(until) => {
                    return if has_unsent { Err(io::ErrorKind::TimedOut.into()) } else { self.end(Reason::NO_ERROR) };
                }
            }
        }
    }

    /// Returns the time at which the connection is closed if nothing happens.
    fn until(&self) -> Option<Instant> {
        match self.unsent.octets() {
            0 => self.running.is_empty().then_some(self.active + TCP_IDLE_TIME),
            _ => Some(self.due),
        }
    }

    /// Sends GOAWAY with `reason`. If the kernel does not accept this frame immediately, it is not sent, and the client notices the end by
    /// the closed connection.
    fn end(&mut self, reason: Reason) -> io::Result<()> {
        self.requests.abrupt_shutdown(reason);
        let _ = poll_fn(|context| self.requests.poll_closed(context)).now_or_never();
        Ok(())
    }

    fn fail(&mut self, fault: &ConnectionFault) -> io::Result<()> {
        match fault {
            ConnectionFault::Flooded => {
                self.front.count_one(Counter::HttpsClosed);
                self.end(Reason::ENHANCE_YOUR_CALM)
            }
            ConnectionFault::Http(error) => {
                if error.is_library() {
                    self.front.count_one(Counter::HttpsClosed);
                }
                Ok(())
            }
        }
    }

    /// Returns true if one more request may be answered. No request is answered while the client does not read its replies.
    fn has_turn(&self) -> bool {
        self.unsent.octets() == 0 && self.taken.has_room()
    }

    /// Stores a request whose header was read. Returns false if too many requests or octets wait.
    fn hold(&mut self, (request, respond): NewRequest) -> bool {
        self.active = Instant::now();
        self.taken.mark_active(self.front.now());
        let (head, body) = request.into_parts();
        let exchange = Exchange { respond, has_body: head.method != Method::HEAD };
        let sent = request::read(&head.method, &head.uri, &head.headers);
        self.held.add(HeldRequest { exchange, sent, body }) && (self.has_turn() || self.keep())
    }

    /// Records the memory of the replies and requests that wait for the client. Returns false if a limit is exceeded.
    fn keep(&self) -> bool {
        let waiting = self.held.octets().saturating_add(self.ended.octets());
        self.taken.keep_unsent(self.unsent.octets().saturating_add(waiting))
    }

    fn take_request(&mut self, HeldRequest { mut exchange, sent, body }: HeldRequest) -> io::Result<()> {
        if !self.taken.begin_question() {
            // Another connection of the client has just begun the last question that is allowed. The client may repeat the request.
            exchange.respond.send_reset(Reason::REFUSED_STREAM);
            return Ok(());
        }
        match sent {
            Ok(SentMessage::InPath(message)) => self.take_message(exchange, &message),
            Err(refused) if body.is_end_stream() => self.refuse(exchange, refused),
            // The body is read even if the request is refused. Some clients, like curl 7.88, report an error instead of the status if they
            // have not sent the whole body.
            sent => {
                self.bodies = self.bodies.saturating_add(1);
                self.running.spawn(async move { Step::Read(exchange, sent.and(read_body(body).await)) });
                Ok(())
            }
        }
    }

    /// Stores the result of a task until the client has read the earlier replies.
    fn hold_step(&mut self, step: Result<Step, JoinError>) -> io::Result<()> {
        self.active = Instant::now();
        match step {
            Ok(step) => {
                let held = step.held();
                self.ended.add(step, held);
            }
            // This cannot happen: no task is aborted while the connection is open, and panics are caught inside the task.
            Err(_) => self.taken.end_question(),
        }
        if self.unsent.octets() == 0 || self.keep() { Ok(()) } else { self.lose() }
    }

    fn lose(&self) -> io::Result<()> {
        self.front.apart(STREAM_SHARD, Apart::ReplyLost);
        Err(io::ErrorKind::QuotaExceeded.into())
    }

    async fn take_step(&mut self, step: Step) -> io::Result<()> {
        match step {
            Step::Read(exchange, read) => {
                self.bodies = self.bodies.saturating_sub(1);
                match read {
                    Ok(message) => self.take_message(exchange, &message),
                    Err(refused) => self.refuse(exchange, refused),
                }
            }
            Step::Resolved(exchange, answer, waiting) => match self.front.reply_if(&waiting, answer).await {
                Some(reply) => self.reply(exchange, reply, Some(waiting.into_waiting())),
                None => self.refuse(exchange, RefusedRequest::NoReply),
            },
        }
    }

    fn take_message(&mut self, exchange: Exchange, message: &[u8]) -> io::Result<()> {
        self.front.count_query();
        self.room.mark_query();
        let (mut out, mut query) = (Vec::new(), Box::new(Query::blank()));
        let handled = self.front.receive_in_stream(self.client, message, (&mut query, &mut out));
        self.taken.mark_sent();
        match handled {
            Handled::Nothing => self.refuse(exchange, RefusedRequest::Message),
            Handled::Reply => self.reply(exchange, out, None),
            Handled::Miss(mut waiting) => {
                // The number of a stream that a client opens is always odd, so its lowest bit is left out.
                waiting.number_by_stream(u64::from(exchange.respond.stream_id().as_u32() >> 1));
                let front = Arc::clone(&self.front);
                self.running
                    .spawn(async move { Step::Resolved(exchange, front.resolve(&waiting).await, waiting) });
                Ok(())
            }
        }
    }

    fn refuse(&mut self, mut exchange: Exchange, refused: RefusedRequest) -> io::Result<()> {
        self.taken.end_question();
        self.front.count_one(Counter::HttpsRequestsRefused);
        // An error means that the client has reset the HTTP/2 stream.
        let _ = exchange.respond.send_response(response::to(refused), true);
        Ok(())
    }

    /// Sends a DNS reply. If the octets that wait exceed a limit for the client or for all clients, the connection is closed.
    fn reply(&mut self, mut exchange: Exchange, octets: Vec<u8>, waiting: Option<Waiting>) -> io::Result<()> {
        self.taken.end_question();
        let head: Response<()> = response::with(&octets);
        // An error means that the client has reset the HTTP/2 stream.
        if let Ok(mut body) = exchange.respond.send_response(head, !exchange.has_body)
            && exchange.has_body
        {
            let reply = self.unsent.add(octets, waiting);
            let _ = body.send_data(Cursor::new(reply), true);
        }
        if self.unsent.octets() == 0 {
            return Ok(());
        }
        self.due = Instant::now() + TCP_WRITE_TIME;
        if self.keep() { Ok(()) } else { self.lose() }
    }

    fn mark_taken(&mut self) {
        self.active = Instant::now();
        let _ = self.keep();
    }
}

enum ConnectionFault {
    /// The client sends many octets, but no queries.
    Flooded,
    /// The client violates HTTP/2, or the connection no longer exists.
    Http(h2::Error),
}

/// Writes the octets that wait, and reads more if `reads` is true. Returns the next request, or `None` if the connection is closed.
fn poll_request(
    (requests, room): (&mut Requests, &ReadRoom),
    (reads, unsent): (bool, &UnsentReplies),
    context: &mut Context<'_>,
) -> Poll<Option<Result<NewRequest, ConnectionFault>>> {
    let had_unsent = unsent.octets() > 0;
    // The first pass reads no octets: it returns a request that the HTTP/2 library has already read.
    for opens in [false, true] {
        room.open(opens && reads);
        let polled = pin!(requests.accept()).poll(context);
        if room.is_flooded() {
            return Poll::Ready(Some(Err(ConnectionFault::Flooded)));
        }
        if polled.is_ready() {
            return polled.map_err(ConnectionFault::Http);
        }
        if had_unsent && unsent.octets() == 0 {
            // The waiting requests are answered before more requests are read.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
    }
    if reads && room.is_used_up() {
        // More octets may have arrived. This task runs again for them, after other connections were served.
        context.waker().wake_by_ref();
    }
    Poll::Pending
}

async fn read_body(mut body: RecvStream) -> Result<Vec<u8>, RefusedRequest> {
    let whole = async {
        let mut message = Vec::new();
        while let Some(part) = body.data().await {
            // An error means that the client has reset the HTTP/2 stream.
            let part = part.map_err(|_| RefusedRequest::Message)?;
            if message.len().saturating_add(part.len()) > MAX_QUERY {
                return Err(RefusedRequest::Length);
            }
            message.extend_from_slice(&part);
            let _ = body.flow_control().release_capacity(part.len());
        }
        Ok(message)
    };
    timeout(TCP_MESSAGE_TIME, whole).await.unwrap_or(Err(RefusedRequest::Time))
}
