//! Streams to servers, kept for the next queries to them.
//!
//! RFC 7766 section 6.2: one connection to a server, many messages on it, answers in any order; a server may close it
//! when it is idle. A task for each stream sends, reads and matches answers.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::long_replies::{LongReplies, NoRoom, ReplyRoom, network_of};
use super::network::{Network, Path, Stream};
use crate::limits::{
    LISTEN_TIME, MAX_PIPELINED, MAX_STRAY_MESSAGES, MAX_STREAMS_PER_NETWORK, MAX_UPSTREAM_STREAMS,
    STREAM_ID_TRIES, TCP_WRITE_TIME, UPSTREAM_IDLE_TIME,
};
use crate::random::Random;

/// Streams to servers.
pub(super) struct Streams {
    network: Arc<dyn Network>,
    random: Random,
    table: Arc<Mutex<StreamTable>>,
    /// Bounds the open streams.
    places: Arc<Semaphore>,
    long_replies: Arc<LongReplies>,
}

#[derive(Default)]
struct StreamTable {
    kept: HashMap<Path, KeptStream>,
    /// Bounds the open streams of each network that has any.
    networks: HashMap<IpAddr, Arc<Semaphore>>,
    /// Numbers given so far: to streams, and to each use of one.
    numbers: u64,
}

struct KeptStream {
    requests: mpsc::Sender<StreamRequest>,
    /// Separates it from other streams to the same server.
    number: u64,
    /// The stream with the smallest number has been unused for the longest time.
    used: u64,
}

struct StreamRequest {
    message: Vec<u8>,
    reply: oneshot::Sender<Result<StreamReply, LostStream>>,
}

/// A reply, with its room.
#[derive(Debug)]
pub(super) struct StreamReply {
    pub(super) octets: Vec<u8>,
    pub(super) room: ReplyRoom,
}

/// Why there is no answer.
#[derive(Clone)]
enum LostStream {
    /// The stream could not be opened, or was closed before it carried any answer.
    Failed(Arc<io::Error>),
    /// It carried answers and was closed before this one: another stream may bring it.
    Closed,
    /// The answer came, and there is no room for it. The stream goes on.
    NoRoom,
}

impl Streams {
    pub(super) fn new(network: Arc<dyn Network>, random: Random, long_replies: Arc<LongReplies>) -> Self {
        let places = Arc::new(Semaphore::new(MAX_UPSTREAM_STREAMS));
        Self { network, random, table: Arc::default(), places, long_replies }
    }

    /// Streams, and networks that have one.
    #[cfg(feature = "lab")]
    pub(super) fn len(&self) -> usize {
        let table = lock(&self.table);
        table.kept.len() + table.networks.len()
    }

    /// Sends one message and waits for its answer, forever if none comes. If the server closes the stream before the
    /// answer, it is opened again.
    ///
    /// # Errors
    /// The stream cannot be opened, or is closed before any answer; `NoRoom` inside if there is no room for the answer.
    pub(super) async fn exchange(&self, path: &Path, message: &[u8]) -> Result<StreamReply, Arc<io::Error>> {
        let mut heard = ask(self.kept(path), message).await;
        if matches!(heard, Err(LostStream::Closed)) {
            heard = ask(self.kept(path), message).await;
        }
        if matches!(heard, Err(LostStream::Closed)) {
            // If a server closes the stream after each answer, each message that it did not answer gets a stream of
            // its own. Otherwise messages that were sent together would wait for each other.
            let places = lock(&self.table).places_of(network_of(path.server));
            heard = ask(self.open(path, 0, places), message).await;
        }
        heard.map_err(|lost| match lost {
            LostStream::Failed(error) => error,
            LostStream::Closed => Arc::new(io::ErrorKind::UnexpectedEof.into()),
            LostStream::NoRoom => Arc::new(io::Error::other(NoRoom)),
        })
    }

    /// The kept stream to a server, or a new one that is kept.
    fn kept(&self, path: &Path) -> mpsc::Sender<StreamRequest> {
        let mut table = lock(&self.table);
        let number = table.next_number();
        // A stream may be on the list although its task has panicked or its worker has ended.
        if let Some(kept) = table.kept.get_mut(path).filter(|kept| !kept.requests.is_closed()) {
            kept.used = number;
            return kept.requests.clone();
        }
        table.forget_closed();
        let network = network_of(path.server);
        if table.kept.keys().filter(|other| network_of(other.server) == network).count()
            >= MAX_STREAMS_PER_NETWORK
        {
            table.let_go_of_one(|other| network_of(other.server) == network);
        }
        if table.kept.len() >= MAX_UPSTREAM_STREAMS {
            table.let_go_of_one(|_| true);
        }
        let places = table.places_of(network);
        let requests = self.open(path, number, places);
        table.kept.insert(path.clone(), KeptStream { requests: requests.clone(), number, used: number });
        requests
    }

    /// A new stream to a server. Numbers begin at 1; the stream with 0 is not kept, and ends with its message.
    fn open(&self, path: &Path, number: u64, of_network: Arc<Semaphore>) -> mpsc::Sender<StreamRequest> {
        let (sender, requests) = mpsc::channel(MAX_PIPELINED);
        let (path, table, random) = (path.clone(), Arc::clone(&self.table), self.random.clone());
        let long_replies = Arc::clone(&self.long_replies);
        let driver = Driver { path, number, requests, early: Vec::new(), table, random, long_replies };
        let (network, places) = (Arc::clone(&self.network), Arc::clone(&self.places));
        tokio::spawn(driver.run(network, of_network, places));
        sender
    }
}

fn lock(table: &Mutex<StreamTable>) -> MutexGuard<'_, StreamTable> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StreamTable {
    fn next_number(&mut self) -> u64 {
        self.numbers = self.numbers.saturating_add(1);
        self.numbers
    }

    /// Closes the stream among these that was unused for the longest time, once its queries are answered.
    fn let_go_of_one(&mut self, among: impl Fn(&Path) -> bool) {
        let some = self.kept.iter().filter(|(path, _)| among(path));
        let oldest = some.min_by_key(|(_, kept)| kept.used).map(|(path, _)| path.clone());
        if let Some(path) = oldest {
            self.kept.remove(&path);
        }
    }

    fn places_of(&mut self, network: IpAddr) -> Arc<Semaphore> {
        let places = || Arc::new(Semaphore::new(MAX_STREAMS_PER_NETWORK));
        Arc::clone(self.networks.entry(network).or_insert_with(places))
    }

    /// Forgets streams whose tasks have ended without forgetting them.
    fn forget_closed(&mut self) {
        let closed = self.kept.extract_if(|_, kept| kept.requests.is_closed());
        let networks: Vec<IpAddr> = closed.map(|(path, _)| network_of(path.server)).collect();
        networks.into_iter().for_each(|network| self.forget_free(network));
    }

    /// Forgets the places of a network whose places are all free.
    fn forget_free(&mut self, network: IpAddr) {
        let free = |places: &Arc<Semaphore>| places.available_permits() >= MAX_STREAMS_PER_NETWORK;
        if self.networks.get(&network).is_some_and(free) {
            self.networks.remove(&network);
        }
    }
}

async fn ask(requests: mpsc::Sender<StreamRequest>, message: &[u8]) -> Result<StreamReply, LostStream> {
    let (reply, heard) = oneshot::channel();
    let request = StreamRequest { message: message.to_vec(), reply };
    requests.send(request).await.map_err(|_| LostStream::Closed)?;
    drop(requests);
    heard.await.unwrap_or(Err(LostStream::Closed))
}

/// The task of one stream.
struct Driver {
    path: Path,
    number: u64,
    requests: mpsc::Receiver<StreamRequest>,
    /// Messages that came before it was open.
    early: Vec<StreamRequest>,
    table: Arc<Mutex<StreamTable>>,
    random: Random,
    long_replies: Arc<LongReplies>,
}

/// A message that was sent and not answered yet.
struct UnansweredMessage {
    /// The id that the sender gave it.
    id: [u8; 2],
    reply: oneshot::Sender<Result<StreamReply, LostStream>>,
}

impl Driver {
    /// Waits for its places, first for the place of its network, so that no network holds the places of another; then opens
    /// and serves.
    async fn run(mut self, network: Arc<dyn Network>, of_network: Arc<Semaphore>, places: Arc<Semaphore>) {
        let lost = {
            let path = self.path.clone();
            let opening = async {
                // The semaphores are never closed. If they were, one stream above the bound would be open, which is
                // harmless.
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
        if table.kept.get(&self.path).is_some_and(|kept| kept.number == self.number) {
            table.kept.remove(&self.path);
        }
        table.forget_free(network_of(self.path.server));
        drop(table);
        self.requests.close();
        for request in self.early {
            // The sender may have given up.
            let _ = request.reply.send(Err(lost.clone()));
        }
        while let Ok(request) = self.requests.try_recv() {
            let _ = request.reply.send(Err(lost.clone()));
        }
    }

    /// Sends and reads until the stream ends or nobody needs it; informs the senders that are left without an answer.
    /// A stream whose messages were all given up ends at once if it has never carried an answer, otherwise when it
    /// has been idle.
    async fn serve(&mut self, mut stream: Box<dyn Stream>) -> LostStream {
        let mut waiting: BTreeMap<u16, UnansweredMessage> = BTreeMap::new();
        let mut early = std::mem::take(&mut self.early).into_iter();
        let (mut answered, mut wanted, mut strays) = (false, true, 0);
        let quiet = sleep(UPSTREAM_IDLE_TIME);
        tokio::pin!(quiet);
        let lost_by = |answered: bool, error: io::Error| {
            if answered { LostStream::Closed } else { LostStream::Failed(Arc::new(error)) }
        };
        let lost = loop {
            waiting.retain(|_, waiting| !waiting.reply.is_closed());
            let waited = !waiting.is_empty();
            tokio::select! {
                biased;
                reply = stream.next() => match reply {
                    Ok(octets) => {
                        if self.deliver(octets, &mut waiting).await {
                            (answered, strays) = (true, 0);
                            quiet.set(sleep(if waiting.is_empty() { UPSTREAM_IDLE_TIME } else { LISTEN_TIME }));
                        } else if strays < MAX_STRAY_MESSAGES {
                            strays = strays.saturating_add(1);
                        } else {
                            // Late answers to given-up messages are few; a server that sends more keeps the stream
                            // open for nothing.
                            break lost_by(answered, io::ErrorKind::InvalidData.into());
                        }
                    }
                    Err(error) => break lost_by(answered, error),
                },
                request = next_request(&mut early, &mut self.requests), if wanted && waiting.len() < MAX_PIPELINED => {
                    match request {
                        None => wanted = false,
                        Some(request) => {
                            if waiting.is_empty() {
                                quiet.set(sleep(LISTEN_TIME));
                            }
                            if let Some(message) = self.enter(request, &mut waiting)
                                && let Err(error) = send(&mut *stream, &message).await
                            {
                                break lost_by(answered, error);
                            }
                        }
                    }
                }
                () = first_gives_up(&mut waiting) => {}
                () = &mut quiet => break lost_by(answered, io::ErrorKind::TimedOut.into()),
            }
            waiting.retain(|_, waiting| !waiting.reply.is_closed());
            let given_up = waited && !answered;
            if waiting.is_empty() && (!wanted || given_up) {
                break LostStream::Closed;
            }
        };
        for (_, waiting) in waiting {
            let _ = waiting.reply.send(Err(lost.clone()));
        }
        self.early = early.collect();
        lost
    }

    /// Passes an answer to its sender, under the sender's id, as soon as there is room for it; returns false if nobody waits
    /// for it. Meanwhile the octets behind it stay with the kernel.
    async fn deliver(&self, mut octets: Vec<u8>, waiting: &mut BTreeMap<u16, UnansweredMessage>) -> bool {
        let Some(place) = octets.first_chunk_mut() else { return false };
        let Some(sent) = waiting.remove(&u16::from_be_bytes(*place)) else { return false };
        *place = sent.id;
        let room = self.long_replies.admit(self.path.server, &octets).await;
        let reply = room.map(|room| StreamReply { octets, room }).map_err(|NoRoom| LostStream::NoRoom);
        // The sender may have given up meanwhile.
        let _ = sent.reply.send(reply);
        true
    }

    /// Notes a message as sent, under an id that no other on this stream has.
    fn enter(
        &self,
        request: StreamRequest,
        waiting: &mut BTreeMap<u16, UnansweredMessage>,
    ) -> Option<Vec<u8>> {
        let StreamRequest { mut message, reply } = request;
        let id: [u8; 2] = *message.first_chunk()?;
        let draws = (0..STREAM_ID_TRIES).map(|_| self.random.u16());
        let free =
            std::iter::once(u16::from_be_bytes(id)).chain(draws).find(|id| !waiting.contains_key(id))?;
        *message.first_chunk_mut()? = free.to_be_bytes();
        waiting.insert(free, UnansweredMessage { id, reply });
        Some(message)
    }
}

/// First the messages that came before the stream was open, then new ones; none once no more can come.
async fn next_request(
    early: &mut std::vec::IntoIter<StreamRequest>,
    requests: &mut mpsc::Receiver<StreamRequest>,
) -> Option<StreamRequest> {
    match early.next() {
        Some(request) => Some(request),
        None => requests.recv().await,
    }
}

/// Returns when a sender that waits for an answer gives up; never if nobody waits.
async fn first_gives_up(waiting: &mut BTreeMap<u16, UnansweredMessage>) {
    match waiting.values_mut().next() {
        Some(first) => first.reply.closed().await,
        None => std::future::pending().await,
    }
}

/// Returns when all senders so far have given up. Their messages are in `early`.
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

/// Sends a message, in bounded time.
async fn send(stream: &mut dyn Stream, message: &[u8]) -> io::Result<()> {
    timeout(TCP_WRITE_TIME, stream.send(message))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

#[cfg(test)]
#[path = "streams_tests.rs"]
mod tests;
