//! Streams to servers: TCP, TLS, HTTPS and QUIC connections. They stay open for later queries to the same server.
//!
//! One connection carries many DNS messages, with replies in any order, and a server may close it when it is idle (RFC 7766 section 6.2). A forwarder
//! over TLS or HTTPS gets all queries, so another stream to it is opened when no open stream has room. The task of each stream sends queries, reads
//! replies and assigns the replies to the queries (`stream_driver`).

use std::io;
use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use super::long_replies::{LongReplies, NoRoom, ReplyRoom};
use super::network::{Network, Path};
use super::stream_driver::Driver;
use super::stream_table::{ChosenStream, CountedQuery, NewStream, StreamTable, lock};
use crate::limits::{KEPT_STREAM_TRIES, MAX_PIPELINED, MAX_STREAMS_OF_FORWARDER, MAX_UPSTREAM_STREAMS};
use dns::random::Random;

pub(super) struct Streams {
    network: Arc<dyn Network>,
    random: Random,
    table: Arc<Mutex<StreamTable>>,
    /// Limits the number of open streams to all servers.
    places: Arc<Semaphore>,
    /// Limits the number of open streams to forwarders that were opened for a single query.
    own_places: Semaphore,
    long_replies: Arc<LongReplies>,
}

impl Streams {
    pub(super) fn new(network: Arc<dyn Network>, random: Random, long_replies: Arc<LongReplies>) -> Self {
        let places = Arc::new(Semaphore::new(MAX_UPSTREAM_STREAMS));
        let own_places = Semaphore::new(MAX_STREAMS_OF_FORWARDER.into());
        Self { network, random, table: Arc::default(), places, own_places, long_replies }
    }

    #[cfg(feature = "simulated")]
    pub(super) fn len(&self) -> usize {
        let table = lock(&self.table);
        table.kept.len() + table.networks.len()
    }

    /// Sends one query over a stream and waits for its reply, forever if none arrives. If the server closes the stream first, sends the query again
    /// on a new stream.
    ///
    /// # Errors
    /// The stream cannot be opened, or is closed before any reply. The error contains `NoRoom` if there is no memory for the reply.
    pub(super) async fn exchange(&self, path: &Path, message: &[u8]) -> Result<StreamReply, Arc<io::Error>> {
        let mut heard = Err(LostStream::Closed);
        for _ in 0..KEPT_STREAM_TRIES {
            if !matches!(heard, Err(LostStream::Closed)) || lock(&self.table).is_single(path, Instant::now())
            {
                break;
            }
            heard = self.ask_kept(path, message).await;
        }
        if matches!(heard, Err(LostStream::Closed)) {
            // Some servers close the stream after each reply, or are silent after it. A query that such a server left unanswered gets a stream of its
            // own. The number of these streams to forwarders is limited, because a forwarder gets all queries, and must not use up the streams to other servers.
            let is_forwarder = path.encryption.is_some();
            let _place = if is_forwarder { self.own_places.acquire().await.ok() } else { None };
            let own = lock(&self.table).own_stream(path);
            heard = ask(self.open(own), message).await;
        }
        heard.map_err(|lost| match lost {
            LostStream::Failed(error) => error,
            LostStream::Closed => Arc::new(io::ErrorKind::UnexpectedEof.into()),
            LostStream::NoRoom => Arc::new(io::Error::other(NoRoom)),
        })
    }

    async fn ask_kept(&self, path: &Path, message: &[u8]) -> Result<StreamReply, LostStream> {
        let (requests, _counted) = self.kept(path);
        ask(requests, message).await
    }

    fn kept(&self, path: &Path) -> (mpsc::Sender<StreamRequest>, CountedQuery) {
        let mut table = lock(&self.table);
        match table.choose(path) {
            ChosenStream::Kept(requests, counted) => (requests, counted),
            ChosenStream::New(new) => {
                let (place, number, load) = (new.place.clone(), new.number, Arc::clone(&new.load));
                let requests = self.open(new);
                table.keep(place, number, requests.clone(), &load);
                (requests, CountedQuery::new(&load))
            }
        }
    }

    fn open(&self, new: NewStream) -> mpsc::Sender<StreamRequest> {
        let (sender, requests) = mpsc::channel(MAX_PIPELINED);
        let (table, random) = (Arc::clone(&self.table), self.random.clone());
        let long_replies = Arc::clone(&self.long_replies);
        let NewStream { place, number, load, of_network } = new;
        let driver = Driver { place, number, load, requests, early: Vec::new(), table, random, long_replies };
        let (network, places) = (Arc::clone(&self.network), Arc::clone(&self.places));
        tokio::spawn(driver.run(network, of_network, places));
        sender
    }
}

async fn ask(requests: mpsc::Sender<StreamRequest>, message: &[u8]) -> Result<StreamReply, LostStream> {
    let (reply, heard) = oneshot::channel();
    let request = StreamRequest { message: message.to_vec(), reply };
    requests.send(request).await.map_err(|_| LostStream::Closed)?;
    drop(requests);
    heard.await.unwrap_or(Err(LostStream::Closed))
}

#[cfg(test)]
#[path = "forwarder_streams_tests.rs"]
mod forwarder_tests;

pub(super) struct StreamRequest {
    pub(super) message: Vec<u8>,
    pub(super) reply: ReplySender,
}

pub(super) type ReplySender = oneshot::Sender<Result<StreamReply, LostStream>>;

/// A reply, and the memory that is reserved for its records.
#[derive(Clone, Debug)]
pub(super) struct StreamReply {
    pub(super) octets: Vec<u8>,
    pub(super) room: ReplyRoom,
}

#[derive(Clone)]
pub(super) enum LostStream {
    /// The stream could not be opened, was closed before any reply, or the server reported a failure for this query.
    Failed(Arc<io::Error>),
    /// The stream was closed after other replies, or accepts no further queries. The query may be sent on another stream.
    Closed,
    /// There is no memory for the reply. The stream stays open.
    NoRoom,
}

#[cfg(test)]
#[path = "streams_tests.rs"]
mod tests;
