//! Answers the streams of one QUIC connection. Each stream has one query.

use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;

use quinn::{Connection, RecvStream, SendStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::super::front::{Front, Handled, STREAM_SHARD};
use super::super::held_answers::{HeldAnswers, StreamStep, wait};
use super::super::places::TakenPlace;
use super::super::waiting::Waiting;
use super::message::{self, EndCode, StreamFault};
use crate::limits::{MAX_CANCELLED_STREAMS, MAX_STREAM_REPLY, STOP_FIRST_MESSAGE, TCP_IDLE_TIME};
use dns::question::Apart;
use dns::wire::query::Query;
use exchange::limits::TCP_WRITE_TIME;
use record::Counter;

type Step = StreamStep<SendStream, StreamFault>;

/// `Ok` if the connection continues, otherwise the error code with which it ends.
type Goes = Result<(), EndCode>;

pub(super) struct QuicConnection {
    connection: Connection,
    client: SocketAddr,
    front: Arc<Front>,
    taken: TakenPlace,
    /// The tasks that read queries or resolve questions. Each is a separate task, because other clients may wait for the same answers.
    running: JoinSet<Step>,
    ended: HeldAnswers<Step>,
    /// The tasks that send replies. Each returns the length of its reply when the client has acknowledged the reply.
    sending: JoinSet<usize>,
    /// The octets of replies that the client has not acknowledged.
    unsent: usize,
    /// The time by which the client must acknowledge the next reply.
    due: Option<Instant>,
    /// The time of the last query or reply.
    active: Instant,
    /// The number of streams that the client has cancelled before their query was complete.
    cancelled: usize,
    has_asked: bool,
    /// Set when the listener ends: the time until which the first query may still arrive.
    closes: Option<Instant>,
}

impl QuicConnection {
    pub(super) fn new(
        connection: Connection,
        client: SocketAddr,
        front: Arc<Front>,
        taken: TakenPlace,
    ) -> Self {
        Self {
            connection,
            client,
            front,
            taken,
            running: JoinSet::new(),
            ended: HeldAnswers::default(),
            sending: JoinSet::new(),
            unsent: 0,
            due: None,
            active: Instant::now(),
            cancelled: 0,
            has_asked: false,
            closes: None,
        }
    }

    /// Answers queries until the connection ends. When the listener ends and drops the sender of `closing`, the connection is closed after
    /// the last reply.
    pub(super) async fn serve(mut self, mut closing: watch::Receiver<()>) {
        let code = loop {
            if self.sends()
                && let Some(step) = self.ended.take()
            {
                // `keep` cannot fail here, because the connection now uses less memory than before.
                let _ = self.keep();
                match self.take_step(step).await {
                    Ok(()) => continue,
                    Err(code) => break code,
                }
            }
            let until = self.until();
            let goes = tokio::select! {
                biased;
                () = self.taken.leave() => Err(EndCode::ExcessiveLoad),
                _ = self.connection.closed() => return,
                _ = closing.changed(), if self.closes.is_none() => {
                    self.closes = Some(Instant::now() + STOP_FIRST_MESSAGE);
                    Ok(())
                }
                Some(sent) = self.sending.join_next() => {
                    self.mark_taken(sent.unwrap_or_default());
                    Ok(())
                }
                Some(step) = self.running.join_next() => self.hold_step(step),
                // While a client does not read its replies, no further query of it is read.
                stream = self.connection.accept_bi(), if self.sends() && self.taken.has_room() => match stream {
                    Ok(stream) => {
                        self.take_stream(stream);
                        Ok(())
                    }
                    Err(_) => return,
                },
                () = ready(()), if self.has_ended() => Err(EndCode::NoError),
                () = wait(until) => self.time_out(),
            };
            if let Err(code) = goes {
                break code;
            }
        };
        if code == EndCode::ProtocolError || self.cancelled > MAX_CANCELLED_STREAMS {
            self.front.count_one(Counter::QuicClosed);
        }
        self.connection.close(code.number(), b"");
    }

    /// Returns true if a further reply may be sent: the octets that the client has not acknowledged are fewer than those of the longest reply.
    fn sends(&self) -> bool {
        self.unsent < MAX_STREAM_REPLY
    }

    fn is_idle(&self) -> bool {
        self.running.is_empty() && self.ended.is_empty() && self.sending.is_empty()
    }

    /// Returns true if the listener has ended, and this idle connection has no time left for its first query.
    fn has_ended(&self) -> bool {
        let closes = self.closes.filter(|_| self.is_idle());
        closes.is_some_and(|closes| self.has_asked || closes <= Instant::now())
    }

    /// Returns the time at which the connection is closed if nothing happens.
    fn until(&self) -> Option<Instant> {
        let idle = self.is_idle().then_some(self.active + TCP_IDLE_TIME);
        let closes = self.closes.filter(|_| self.is_idle());
        self.due.into_iter().chain(idle).chain(closes).min()
    }

    /// Returns the error code with which the connection is closed at the time that `until` returned.
    fn time_out(&self) -> Goes {
        Err(if self.due.is_some() { EndCode::ExcessiveLoad } else { EndCode::NoError })
    }

    fn take_stream(&mut self, (mut send, mut receive): (SendStream, RecvStream)) {
        self.active = Instant::now();
        self.taken.mark_active(self.front.now());
        if !self.taken.begin_question() {
            // Another connection of the client has just begun the last question that is allowed. The client may ask again.
            let _ = receive.stop(EndCode::ExcessiveLoad.number());
            let _ = send.reset(EndCode::ExcessiveLoad.number());
            return;
        }
        self.running.spawn(async move {
            let read = message::read(&mut receive).await;
            if read == Err(StreamFault::Length) {
                // An error means that the QUIC stream has already ended.
                let _ = receive.stop(EndCode::Unspecified.number());
            }
            Step::Read(send, read)
        });
    }

    /// Stores the result of a task until the client has read the earlier replies.
    fn hold_step(&mut self, step: Result<Step, JoinError>) -> Goes {
        self.active = Instant::now();
        match step {
            Ok(step) => {
                let held = step.held();
                self.ended.add(step, held);
            }
            // This cannot happen: no task is aborted while the connection is open, and panics are caught inside the task.
            Err(_) => self.taken.end_question(),
        }
        if self.sends() || self.keep() { Ok(()) } else { self.lose() }
    }

    /// Records the memory of the replies that wait for the client. Returns false if a limit is exceeded.
    fn keep(&self) -> bool {
        self.taken.keep_unsent(self.unsent.saturating_add(self.ended.octets()))
    }

    fn lose(&self) -> Goes {
        self.front.apart(STREAM_SHARD, Apart::ReplyLost);
        Err(EndCode::ExcessiveLoad)
    }

    async fn take_step(&mut self, step: Step) -> Goes {
        match step {
            Step::Read(stream, Ok(message)) => self.take_message(stream, &message),
            Step::Read(stream, Err(fault)) => self.take_fault(stream, fault),
            Step::Resolved(stream, answer, waiting) => match self.front.reply_if(&waiting, answer).await {
                Some(reply) => self.reply(stream, &reply, Some(waiting.into_waiting())),
                None => {
                    self.give_up(stream, EndCode::InternalError);
                    Ok(())
                }
            },
        }
    }

    fn take_fault(&mut self, stream: SendStream, fault: StreamFault) -> Goes {
        match fault {
            StreamFault::Rules => return Err(EndCode::ProtocolError),
            StreamFault::Length => self.give_up(stream, EndCode::Unspecified),
            StreamFault::Cancelled => {
                self.cancelled = self.cancelled.saturating_add(1);
                self.give_up(stream, EndCode::RequestCancelled);
            }
            // The main loop will notice that the connection is closed.
            StreamFault::Lost => self.give_up(stream, EndCode::NoError),
        }
        if self.cancelled > MAX_CANCELLED_STREAMS { Err(EndCode::ExcessiveLoad) } else { Ok(()) }
    }

    fn take_message(&mut self, stream: SendStream, message: &[u8]) -> Goes {
        self.has_asked = true;
        self.front.count_query();
        let (mut out, mut query) = (Vec::new(), Box::new(Query::blank()));
        let handled = self.front.receive_in_stream(self.client, message, (&mut query, &mut out));
        self.taken.mark_sent();
        match handled {
            Handled::Nothing => Err(EndCode::ProtocolError),
            _ if query.has_keepalive() => Err(EndCode::ProtocolError),
            Handled::Reply => self.reply(stream, &out, None),
            Handled::Miss(mut waiting) => {
                waiting.number_by_stream(stream.id().index());
                let front = Arc::clone(&self.front);
                self.running
                    .spawn(async move { Step::Resolved(stream, front.resolve(&waiting).await, waiting) });
                Ok(())
            }
        }
    }

    fn give_up(&self, mut stream: SendStream, code: EndCode) {
        self.taken.end_question();
        // An error means that the client has cancelled the stream.
        let _ = stream.reset(code.number());
    }

    /// Sends a reply. If the unacknowledged octets exceed a limit for the client or for all clients, the connection is closed.
    fn reply(&mut self, stream: SendStream, reply: &[u8], waiting: Option<Waiting>) -> Goes {
        self.taken.end_question();
        let length = u16::try_from(reply.len()).unwrap_or(0).to_be_bytes();
        let octets = [&length, reply].concat();
        self.unsent = self.unsent.saturating_add(octets.len());
        self.due = self.due.or_else(|| Some(Instant::now() + TCP_WRITE_TIME));
        if !self.keep() {
            return self.lose();
        }
        self.sending.spawn(async move {
            let sent = octets.len();
            send(stream, octets).await;
            drop(waiting);
            sent
        });
        Ok(())
    }

    /// Records that the client has acknowledged or cancelled a reply of this size in octets.
    fn mark_taken(&mut self, octets: usize) {
        self.active = Instant::now();
        self.unsent = self.unsent.saturating_sub(octets);
        // Cannot fail: the connection now uses less memory than before.
        let _ = self.keep();
        self.due = (self.unsent > 0).then(|| self.active + TCP_WRITE_TIME);
    }
}

/// Sends a reply. Returns when the client has acknowledged the reply or cancelled its query.
async fn send(mut stream: SendStream, octets: Vec<u8>) {
    let written = stream.write_all(&octets).await;
    drop(octets);
    if written.is_ok() && stream.finish().is_ok() && matches!(stream.stopped().await, Ok(None)) {
        return;
    }
    // An error means that the connection has already ended.
    let _ = stream.reset(EndCode::RequestCancelled.number());
}
