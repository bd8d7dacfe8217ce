//! Serves connections that carry DNS messages in a stream, with or without TLS. Each reply is sent as soon as it is ready (RFC 7766
//! sections 6.2.1 and 7).
//!
//! When the greatest number of questions of a connection is in progress, no more octets are read from it until one of them is answered. So
//! no query is lost.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::encrypted::{self, ClientStream};
use super::front::{Front, Handled, STREAM_SHARD};
use super::held_answers::{HeldAnswers, octets_of};
use super::places::TakenPlace;
use super::waiting::{Waiting, WaitingQuery};
use crate::limits::{
    MAX_QUERY, MAX_STREAM_REPLY, TCP_IDLE_TIME, TCP_MESSAGE_TIME, TCP_SEND_BUFFER, TCP_UNACKNOWLEDGED_TIME,
};
use config::ListenFor;
use dns::question::{Answer, Apart};
use dns::wire::HEADER;
use dns::wire::query::Query;
use exchange::limits::TCP_WRITE_TIME;
use record::Counter;

const WHOLE_QUERY: usize = MAX_QUERY + 2;

pub(super) async fn serve(
    stream: TcpStream,
    client: SocketAddr,
    front: Arc<Front>,
    taken: TakenPlace,
) -> io::Result<()> {
    let stream = open(stream, client, &front, &taken).await?;
    Connection::new(stream, client, front, taken).serve().await
}

async fn open(
    stream: TcpStream,
    client: SocketAddr,
    front: &Front,
    taken: &TakenPlace,
) -> io::Result<ClientStream> {
    bound_kernel(&stream)?;
    if front.serves() == ListenFor::Plain {
        return Ok(ClientStream::Plain(stream));
    }
    let config = front.tls().ok_or(io::ErrorKind::NotFound)?;
    let secured = encrypted::secure(stream, config, || front.may_shake_hands(client.ip()));
    shaken(front, taken, secured).await
}

/// Waits for a TLS handshake, and counts its result. During the handshake, the connection may be closed to make room for another one.
pub(super) async fn shaken<Stream>(
    front: &Front,
    taken: &TakenPlace,
    secured: impl Future<Output = io::Result<Stream>>,
) -> io::Result<Stream> {
    let secured = tokio::select! {
        biased;
        () = taken.leave() => Err(io::ErrorKind::ConnectionAborted.into()),
        secured = secured => secured,
    };
    taken.mark_active(front.now());
    let [done, refused, failed] = match front.serves() {
        ListenFor::Https => [Counter::HttpsHandshakes, Counter::HttpsRefused, Counter::HttpsFailed],
        ListenFor::Quic => [Counter::QuicHandshakes, Counter::QuicRefused, Counter::QuicFailed],
        _ => [Counter::TlsHandshakes, Counter::TlsRefused, Counter::TlsFailed],
    };
    front.count_one(match &secured {
        Ok(_) => done,
        Err(error) if error.kind() == io::ErrorKind::QuotaExceeded => refused,
        Err(_) => failed,
    });
    secured
}

/// A query whose client waits, and the answer. There is no answer if the client has sent the query twice, and the first copy gets the
/// answer. The reply is composed only when it is sent, because 64 composed replies of 64 KiB would take 4 MiB.
type AnsweredQuery = (Option<Arc<Answer>>, Box<WaitingQuery>);

struct Connection {
    stream: ClientStream,
    client: SocketAddr,
    front: Arc<Front>,
    taken: TakenPlace,
    /// True after a DNS message that was too long. Its client gets FORMERR and the end of the connection. Further octets are read and dropped: if
    /// a connection is closed while octets are unread, TCP resets it, and its client may lose replies.
    skips: bool,
    read: Vec<u8>,
    /// The time by which the current DNS message must be complete. `None` if no message has begun, or if the greatest number of questions
    /// is in progress.
    due: Option<Instant>,
    /// The time of the last DNS message or reply.
    active: Instant,
    /// The questions that are being resolved. Each is a separate task, because other clients may wait for the same answers. A client counts
    /// as waiting until its reply is written.
    pending: JoinSet<AnsweredQuery>,
    held: HeldAnswers<AnsweredQuery>,
    unsent: Unsent,
}

/// The replies that the kernel does not accept, because the client has not read earlier ones.
#[derive(Default)]
struct Unsent {
    /// The replies, each after its length. `taken` is the number of octets that the kernel has accepted.
    replies: Vec<u8>,
    taken: usize,
    waiting: Vec<Waiting>,
    /// The time by which the kernel must have accepted all these replies.
    due: Option<Instant>,
}

impl Connection {
    fn new(stream: ClientStream, client: SocketAddr, front: Arc<Front>, taken: TakenPlace) -> Self {
        let (read, due, pending, unsent) = (Vec::new(), None, JoinSet::new(), Unsent::default());
        let (active, held) = (Instant::now(), HeldAnswers::default());
        Self { stream, client, front, taken, skips: false, read, due, active, pending, held, unsent }
    }

    async fn serve(mut self) -> io::Result<()> {
        let mut open = true;
        while open || !self.pending.is_empty() || !self.held.is_empty() || !self.unsent.is_empty() {
            // While a client does not read its replies, its further queries are not read.
            let reads =
                open && self.unsent.is_empty() && self.read.len() < WHOLE_QUERY && self.taken.has_room();
            let idle = self.pending.is_empty();
            if self.skips && idle && self.held.is_empty() && self.unsent.is_empty() {
                self.stream.end();
            }
            let until = until(self.due, idle, self.active);
            tokio::select! {
                biased;
                () = self.taken.leave() => return Ok(()),
                Some(resolved) = self.pending.join_next(), if !idle => {
                    self.active = Instant::now();
                    match resolved {
                        Ok(answered) => self.hold(answered)?,
                        // This cannot happen: no task is aborted while the connection is open, and panics are caught inside the task.
                        Err(_) => self.taken.end_question(),
                    }
                    self.send_held().await?;
                    self.take_messages()?;
                }
                writable = self.unsent.wait(self.stream.tcp()), if !self.unsent.is_empty() => {
                    writable?;
                    self.active = Instant::now();
                    self.send(Vec::new(), None)?;
                    self.send_held().await?;
                    self.take_messages()?;
                }
                readable = readable(&self.stream, until), if reads => {
                    // Zero octets: the client sends no more queries, or was too slow. It may still read replies (RFC 7766 section 6.2.3).
                    open = readable? && match self.stream.try_read(&mut self.read) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                        read => read? > 0,
                    };
                    self.take_messages()?;
                }
            }
        }
        self.stream.end();
        Ok(())
    }

    /// Stores an answer until the client has read the earlier replies.
    fn hold(&mut self, answered: AnsweredQuery) -> io::Result<()> {
        let held = octets_of(answered.0.as_ref());
        self.held.add(answered, held);
        if self.unsent.is_empty() { Ok(()) } else { self.keep() }
    }

    async fn send_held(&mut self) -> io::Result<()> {
        while self.unsent.is_empty()
            && let Some((answer, waiting)) = self.held.take()
        {
            self.taken.end_question();
            let Some(answer) = answer else { continue };
            let (reply, mut replies) = (self.front.reply(&waiting, &answer).await, Vec::new());
            drop(answer);
            reply.iter().for_each(|reply| frame(reply, &mut replies));
            drop(reply);
            self.send(replies, Some(waiting.into_waiting()))?;
        }
        Ok(())
    }

    /// Handles complete DNS messages, as long as further questions may be in progress. Replies from the cache are sent together.
    fn take_messages(&mut self) -> io::Result<()> {
        let (mut out, mut replies, mut query) = (Vec::new(), Vec::new(), Box::new(Query::blank()));
        let before = self.read.len();
        while self.unsent.is_empty()
            && !self.skips
            && let Some(length) = self.read.first_chunk().map(|size| usize::from(u16::from_be_bytes(*size)))
        {
            // Of a message that is too long, only the header is read. A header without a question is malformed.
            let end = if length > MAX_QUERY { HEADER + 2 } else { length.saturating_add(2) };
            let Some(message) = self.read.get(2..end) else { break };
            if !self.taken.begin_question() {
                break;
            }
            self.front.count_query();
            self.taken.mark_active(self.front.now());
            match self.front.receive_in_stream(self.client, message, (&mut query, &mut out)) {
                Handled::Nothing => self.taken.end_question(),
                Handled::Reply => {
                    self.taken.end_question();
                    frame(&out, &mut replies);
                    if replies.len() > MAX_STREAM_REPLY {
                        self.send(std::mem::take(&mut replies), None)?;
                    }
                }
                Handled::Miss(waiting) => {
                    let front = Arc::clone(&self.front);
                    self.pending.spawn(async move { (front.resolve(&waiting).await, waiting) });
                }
            }
            self.read.drain(..end);
            self.skips = length > MAX_QUERY;
        }
        if !replies.is_empty() {
            self.send(replies, None)?;
        }
        if self.read.len() < before {
            self.taken.mark_sent();
            self.active = Instant::now();
        }
        if self.skips {
            self.read = Vec::new();
            self.due = self.due.or_else(|| Some(Instant::now() + TCP_MESSAGE_TIME));
            return Ok(());
        }
        let begun = !self.read.is_empty() && self.unsent.is_empty() && self.taken.has_room();
        self.due = due(self.due, begun, self.read.len() < before, Instant::now());
        if self.read.is_empty() {
            // While no part of the next query has arrived, the connection keeps no buffer.
            self.read = Vec::new();
        }
        Ok(())
    }

    /// Sends `replies` after all earlier replies. Each reply begins with its length. Octets that the kernel does not accept are kept. If their
    /// number exceeds a limit of the client or of all clients, the connection is closed.
    fn send(&mut self, replies: Vec<u8>, waiting: Option<Waiting>) -> io::Result<()> {
        self.unsent.add(replies, waiting);
        self.unsent.write(&mut self.stream)?;
        self.keep()
    }

    /// Records the octets that wait until the client reads them. Fails if they exceed a limit.
    fn keep(&self) -> io::Result<()> {
        if self.taken.keep_unsent(self.unsent.replies.capacity().saturating_add(self.held.octets())) {
            return Ok(());
        }
        self.front.apart(STREAM_SHARD, Apart::ReplyLost);
        Err(io::ErrorKind::QuotaExceeded.into())
    }
}

impl Unsent {
    fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Adds replies that must be sent. `waiting` is the permit of the client that waits for them.
    fn add(&mut self, replies: Vec<u8>, waiting: Option<Waiting>) {
        if replies.is_empty() {
            return;
        }
        if self.replies.is_empty() {
            self.replies = replies;
        } else {
            self.replies.drain(..std::mem::take(&mut self.taken));
            self.replies.extend_from_slice(&replies);
        }
        self.waiting.extend(waiting);
        self.due = Some(Instant::now() + TCP_WRITE_TIME);
    }

    fn write(&mut self, stream: &mut ClientStream) -> io::Result<()> {
        while let Some(rest) = self.replies.get(self.taken..).filter(|rest| !rest.is_empty()) {
            match stream.try_write(rest) {
                Ok(octets) => self.taken = self.taken.saturating_add(octets),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if stream.flush()? {
            *self = Self::default();
        }
        Ok(())
    }

    /// Waits until the kernel accepts more octets. Fails at `due`.
    async fn wait(&self, stream: &TcpStream) -> io::Result<()> {
        let due = self.due.unwrap_or_else(Instant::now);
        timeout_at(due, stream.writable()).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Limits how many octets the kernel keeps for a client that does not read its replies, and for how long.
pub(super) fn bound_kernel(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_send_buffer_size(TCP_SEND_BUFFER)?;
    let patience = u32::try_from(TCP_UNACKNOWLEDGED_TIME.as_millis()).unwrap_or(u32::MAX);
    Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, patience)?)
}

/// Appends a reply after its length, so that all replies are sent in one write (RFC 7766 section 8).
fn frame(reply: &[u8], replies: &mut Vec<u8>) {
    replies.extend_from_slice(&u16::try_from(reply.len()).unwrap_or(0).to_be_bytes());
    replies.extend_from_slice(reply);
}

/// Returns the time by which the current DNS message must be complete, if one has `begun`. `before` is the time that was returned last. The
/// time is extended only if a message was completed (`taken`).
fn due(before: Option<Instant>, begun: bool, taken: bool, now: Instant) -> Option<Instant> {
    let since = before.filter(|_| !taken);
    begun.then(|| since.unwrap_or(now + TCP_MESSAGE_TIME))
}

/// Returns the time until which more octets may arrive: `due`, or the end of the idle time. TLS octets without a DNS message do not extend
/// the idle time.
fn until(due: Option<Instant>, idle: bool, active: Instant) -> Option<Instant> {
    due.or_else(|| idle.then_some(active + TCP_IDLE_TIME))
}

/// Waits for octets until the time `until`. Returns false if none have arrived.
async fn readable(stream: &ClientStream, until: Option<Instant>) -> io::Result<bool> {
    let readable = async { stream.readable().await.map(|()| true) };
    match until {
        Some(until) => timeout_at(until, readable).await.unwrap_or(Ok(false)),
        None => readable.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Returns the time after which the connection of a client that sends one octet a second is closed. Each DNS message has `length`
    /// octets.
    fn ended(length: usize) -> Option<Duration> {
        let start = Instant::now();
        let (mut now, mut whole_by, mut read) = (start, None, 0);
        for _ in 0..1_000 {
            let limit = until(whole_by, true, now)?;
            now += Duration::from_secs(1);
            if now > limit {
                return Some(limit - start);
            }
            read = (read + 1) % length;
            whole_by = due(whole_by, read > 0, read == 0, now);
        }
        None
    }

    // A client that waits for a reply is not hurried.
    #[test]
    fn tcp_message_has_time_limit() {
        assert_eq!(ended(4_000), Some(TCP_MESSAGE_TIME + Duration::from_secs(1)), "from its first octet on");
        assert_eq!(ended(10), None);
        let now = Instant::now();
        assert_eq!(until(None, true, now), Some(now + TCP_IDLE_TIME));
        assert_eq!(until(None, false, now), None, "who waits for a reply is not hurried");
        assert_eq!(until(Some(now), false, now), Some(now), "but the message that is begun is");
        let later = now + Duration::from_secs(3);
        assert_eq!(
            due(Some(now), true, true, later),
            Some(later + TCP_MESSAGE_TIME),
            "a half of the next came along"
        );
    }
}
