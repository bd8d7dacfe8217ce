//! Streams to servers, kept for the next messages to them.
//!
//! May call: `exchange::network`, `random`, `limits`. RFC 7766 section 6.2: one connection to a server, many messages on
//! it, answers in any order; a server may close it whenever it is idle. A task for each stream sends, reads and sorts.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use super::network::{Network, Path, Stream};
use crate::limits::{
    LISTEN_TIME, MAX_PIPELINED, MAX_UPSTREAM_STREAMS, STREAM_ID_TRIES, TCP_WRITE_TIME, UPSTREAM_IDLE_TIME,
};
use crate::random::Random;

/// Streams to servers.
pub(super) struct Streams {
    network: Arc<dyn Network>,
    random: Random,
    table: Arc<Mutex<Table>>,
    /// As many as may be open.
    places: Arc<Semaphore>,
}

#[derive(Default)]
struct Table {
    kept: HashMap<Path, Kept>,
    /// Numbers given so far: to streams, and to each use of one.
    numbers: u64,
}

struct Kept {
    requests: mpsc::Sender<Request>,
    /// Tells it from others to the same server.
    number: u64,
    /// The one with the smallest was not used for longest.
    used: u64,
}

struct Request {
    message: Vec<u8>,
    reply: oneshot::Sender<Result<Vec<u8>, Lost>>,
}

/// Why there is no answer.
#[derive(Clone)]
enum Lost {
    /// The stream could not be opened, or was closed before it carried any answer.
    Failed(Arc<io::Error>),
    /// It had carried answers and was closed before this one: on another stream it may come.
    Closed,
}

impl Streams {
    pub(super) fn new(network: Arc<dyn Network>, random: Random) -> Self {
        let places = Arc::new(Semaphore::new(MAX_UPSTREAM_STREAMS));
        Self { network, random, table: Arc::default(), places }
    }

    /// Sends one message and waits for its answer, for ever where none comes. What a server closes under a message is
    /// opened again.
    ///
    /// # Errors
    /// The stream cannot be opened, or is closed before there is an answer.
    pub(super) async fn exchange(&self, path: &Path, message: &[u8]) -> Result<Vec<u8>, Arc<io::Error>> {
        let mut heard = ask(self.kept(path), message).await;
        if matches!(heard, Err(Lost::Closed)) {
            heard = ask(self.kept(path), message).await;
        }
        if matches!(heard, Err(Lost::Closed)) {
            // A server that closes after each answer gets a stream for each message that it left without one: those that
            // were on their way together do not starve each other.
            heard = ask(self.open(path, 0), message).await;
        }
        heard.map_err(|lost| match lost {
            Lost::Failed(error) => error,
            Lost::Closed => Arc::new(io::ErrorKind::UnexpectedEof.into()),
        })
    }

    /// The stream to a server, or a new one that is kept.
    fn kept(&self, path: &Path) -> mpsc::Sender<Request> {
        let mut table = lock(&self.table);
        let number = table.next_number();
        if let Some(kept) = table.kept.get_mut(path) {
            kept.used = number;
            return kept.requests.clone();
        }
        if table.kept.len() >= MAX_UPSTREAM_STREAMS {
            table.let_go_of_one();
        }
        let requests = self.open(path, number);
        table.kept.insert(path.clone(), Kept { requests: requests.clone(), number, used: number });
        requests
    }

    /// A new stream to a server. Numbers begin at 1: one with 0 is not kept, and ends with its message.
    fn open(&self, path: &Path, number: u64) -> mpsc::Sender<Request> {
        let (sender, requests) = mpsc::channel(MAX_PIPELINED);
        let (path, table, random) = (path.clone(), Arc::clone(&self.table), self.random.clone());
        let driver = Driver { path, number, requests, table, random };
        let (network, places) = (Arc::clone(&self.network), Arc::clone(&self.places));
        tokio::spawn(async move {
            // The semaphore is never closed; should it be, a stream too many is the lesser harm.
            let _place = places.acquire().await.ok();
            driver.run(network).await;
        });
        sender
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    fn next_number(&mut self) -> u64 {
        self.numbers = self.numbers.saturating_add(1);
        self.numbers
    }

    /// The one that was not used for longest; it ends once its messages are answered.
    fn let_go_of_one(&mut self) {
        let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.used).map(|(path, _)| path.clone());
        if let Some(path) = oldest {
            self.kept.remove(&path);
        }
    }
}

async fn ask(requests: mpsc::Sender<Request>, message: &[u8]) -> Result<Vec<u8>, Lost> {
    let (reply, heard) = oneshot::channel();
    let request = Request { message: message.to_vec(), reply };
    requests.send(request).await.map_err(|_| Lost::Closed)?;
    drop(requests);
    heard.await.unwrap_or(Err(Lost::Closed))
}

/// The task of one stream.
struct Driver {
    path: Path,
    number: u64,
    requests: mpsc::Receiver<Request>,
    table: Arc<Mutex<Table>>,
    random: Random,
}

/// A message that was sent and not answered yet.
struct Waiting {
    /// The id that its sender gave it.
    id: [u8; 2],
    reply: oneshot::Sender<Result<Vec<u8>, Lost>>,
}

impl Driver {
    async fn run(mut self, network: Arc<dyn Network>) {
        let lost = match timeout(LISTEN_TIME, network.open_stream(&self.path)).await {
            Ok(Ok(stream)) => self.serve(stream).await,
            Ok(Err(error)) => Lost::Failed(Arc::new(error)),
            Err(_) => Lost::Failed(Arc::new(io::ErrorKind::TimedOut.into())),
        };
        let mut table = lock(&self.table);
        if table.kept.get(&self.path).is_some_and(|kept| kept.number == self.number) {
            table.kept.remove(&self.path);
        }
        drop(table);
        self.requests.close();
        while let Ok(request) = self.requests.try_recv() {
            // Whoever asked may have given up.
            let _ = request.reply.send(Err(lost.clone()));
        }
    }

    /// Sends and reads until the stream ends or nobody needs it; tells those that are left without an answer.
    async fn serve(&mut self, mut stream: Box<dyn Stream>) -> Lost {
        let mut waiting: BTreeMap<u16, Waiting> = BTreeMap::new();
        let mut answered = false;
        let mut wanted = true;
        let quiet = sleep(UPSTREAM_IDLE_TIME);
        tokio::pin!(quiet);
        let error = loop {
            if !wanted && waiting.is_empty() {
                break io::ErrorKind::UnexpectedEof.into();
            }
            tokio::select! {
                biased;
                reply = stream.next() => match reply {
                    Ok(octets) => {
                        answered |= deliver(octets, &mut waiting);
                        quiet.set(sleep(if waiting.is_empty() { UPSTREAM_IDLE_TIME } else { LISTEN_TIME }));
                    }
                    Err(error) => break error,
                },
                request = self.requests.recv(), if wanted && waiting.len() < MAX_PIPELINED => {
                    let Some(request) = request else {
                        wanted = false;
                        continue;
                    };
                    waiting.retain(|_, waiting| !waiting.reply.is_closed());
                    if waiting.is_empty() {
                        quiet.set(sleep(LISTEN_TIME));
                    }
                    let Some(message) = self.enter(request, &mut waiting) else { continue };
                    match timeout(TCP_WRITE_TIME, stream.send(&message)).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => break error,
                        Err(_) => break io::ErrorKind::TimedOut.into(),
                    }
                }
                () = &mut quiet => break io::ErrorKind::TimedOut.into(),
            }
        };
        let lost = if answered { Lost::Closed } else { Lost::Failed(Arc::new(error)) };
        for (_, waiting) in waiting {
            let _ = waiting.reply.send(Err(lost.clone()));
        }
        lost
    }

    /// Notes a message as sent, under an id that no other on this stream has.
    fn enter(&self, request: Request, waiting: &mut BTreeMap<u16, Waiting>) -> Option<Vec<u8>> {
        let Request { mut message, reply } = request;
        let id: [u8; 2] = *message.first_chunk()?;
        let draws = (0..STREAM_ID_TRIES).map(|_| self.random.u16());
        let free =
            std::iter::once(u16::from_be_bytes(id)).chain(draws).find(|id| !waiting.contains_key(id))?;
        *message.first_chunk_mut()? = free.to_be_bytes();
        waiting.insert(free, Waiting { id, reply });
        Some(message)
    }
}

/// Gives an answer to whoever waits for it, under the id that he gave; false where nobody does.
fn deliver(mut octets: Vec<u8>, waiting: &mut BTreeMap<u16, Waiting>) -> bool {
    let Some(place) = octets.first_chunk_mut() else { return false };
    let Some(sent) = waiting.remove(&u16::from_be_bytes(*place)) else { return false };
    *place = sent.id;
    // He may have given up meanwhile.
    let _ = sent.reply.send(Ok(octets));
    true
}

#[cfg(test)]
#[path = "streams_tests.rs"]
mod tests;
