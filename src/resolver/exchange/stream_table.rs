//! The streams that are kept for the next queries, and their places in each network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use super::long_replies::network_of;
use super::network::Path;
use super::streams::StreamRequest;
use crate::limits::{MAX_PIPELINED, MAX_STREAMS_OF_FORWARDER, MAX_STREAMS_PER_NETWORK, MAX_UPSTREAM_STREAMS};

/// The streams of all servers.
#[derive(Default)]
pub(super) struct StreamTable {
    pub(super) kept: HashMap<StreamPlace, KeptStream>,
    /// Bounds the open streams of each network that has any.
    pub(super) networks: HashMap<IpAddr, Arc<Semaphore>>,
    /// Numbers given so far: to streams, and to each use of one.
    numbers: u64,
}

/// One of the streams to a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct StreamPlace {
    pub(super) path: Path,
    /// From 0; a server that is asked without encryption has one stream.
    slot: u8,
}

/// A stream that takes queries.
pub(super) struct KeptStream {
    requests: mpsc::Sender<StreamRequest>,
    /// Separates it from other streams to the same server.
    number: u64,
    /// The stream with the smallest number has been unused for the longest time.
    used: u64,
    load: Arc<StreamLoad>,
}

/// The queries of a stream, and its room for them.
pub(super) struct StreamLoad {
    queries: AtomicUsize,
    capacity: AtomicUsize,
    /// When the last answer came, or the stream was chosen to be opened.
    heard: Mutex<Instant>,
}

/// A query that counts for a stream until it is dropped.
pub(super) struct CountedQuery(Arc<StreamLoad>);

/// A stream for a query: one that is kept, or one that has to be opened.
pub(super) enum ChosenStream {
    Kept(mpsc::Sender<StreamRequest>, CountedQuery),
    New(NewStream),
}

/// A stream that has to be opened.
pub(super) struct NewStream {
    pub(super) place: StreamPlace,
    /// From 1; a stream with 0 is not kept, and ends with its query.
    pub(super) number: u64,
    pub(super) load: Arc<StreamLoad>,
    /// Bounds the streams of its network.
    pub(super) of_network: Arc<Semaphore>,
}

pub(super) fn lock(table: &Mutex<StreamTable>) -> MutexGuard<'_, StreamTable> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StreamTable {
    /// The first stream to a server that has room. If none has, a further stream if the server may have more; otherwise the stream with the fewest
    /// queries, on which the query waits.
    pub(super) fn choose(&mut self, path: &Path) -> ChosenStream {
        let slots = if path.encryption.is_some() { MAX_STREAMS_OF_FORWARDER } else { 1 };
        let used = self.next_number();
        let (mut free, mut fewest) = (None, usize::MAX);
        let mut chosen = StreamPlace { path: path.clone(), slot: 0 };
        for slot in 0..slots {
            let place = StreamPlace { path: path.clone(), slot };
            // A stream may be on the list although its task has panicked or its worker has ended.
            let Some(kept) = self.kept.get(&place).filter(|kept| !kept.requests.is_closed()) else {
                free = free.or(Some(place));
                continue;
            };
            let queries = kept.load.queries.load(Ordering::Relaxed);
            if queries < fewest {
                (fewest, chosen) = (queries, place);
            }
            if queries < kept.load.capacity.load(Ordering::Relaxed) {
                free = None;
                break;
            }
        }
        if let (None, Some(kept)) = (&free, self.kept.get_mut(&chosen)) {
            kept.used = used;
            return ChosenStream::Kept(kept.requests.clone(), CountedQuery::new(&kept.load));
        }
        self.new_stream(free.unwrap_or(chosen), used)
    }

    /// Makes room for another stream.
    fn new_stream(&mut self, place: StreamPlace, number: u64) -> ChosenStream {
        self.forget_closed();
        let network = network_of(place.path.server);
        if self.kept.keys().filter(|other| network_of(other.path.server) == network).count()
            >= MAX_STREAMS_PER_NETWORK
        {
            self.let_go_of_one(|other| network_of(other.path.server) == network);
        }
        if self.kept.len() >= MAX_UPSTREAM_STREAMS {
            self.let_go_of_one(|_| true);
        }
        let of_network = self.places_of(network);
        ChosenStream::New(NewStream { place, number, load: StreamLoad::new(), of_network })
    }

    /// A stream for one query, in addition to those that are kept.
    pub(super) fn own_stream(&mut self, path: &Path) -> NewStream {
        let place = StreamPlace { path: path.clone(), slot: 0 };
        NewStream {
            place,
            number: 0,
            load: StreamLoad::new(),
            of_network: self.places_of(network_of(path.server)),
        }
    }

    /// Keeps a new stream.
    pub(super) fn keep(
        &mut self,
        place: StreamPlace,
        number: u64,
        requests: mpsc::Sender<StreamRequest>,
        load: &Arc<StreamLoad>,
    ) {
        self.kept.insert(place, KeptStream { requests, number, used: number, load: Arc::clone(load) });
    }

    /// Forgets a stream, unless another one has its place already.
    pub(super) fn forget(&mut self, place: &StreamPlace, number: u64) {
        if self.kept.get(place).is_some_and(|kept| kept.number == number) {
            self.kept.remove(place);
        }
    }

    /// Removes the streams to the same server that have received nothing since a query was sent on this stream.
    pub(super) fn forget_unheard(&mut self, place: &StreamPlace, sent: Instant) {
        for slot in 0..MAX_STREAMS_OF_FORWARDER {
            let other = StreamPlace { path: place.path.clone(), slot };
            let heard = |kept: &KeptStream| *kept.load.heard.lock().unwrap_or_else(PoisonError::into_inner);
            if self.kept.get(&other).is_some_and(|kept| heard(kept) <= sent) {
                self.kept.remove(&other);
            }
        }
    }

    fn next_number(&mut self) -> u64 {
        self.numbers = self.numbers.saturating_add(1);
        self.numbers
    }

    /// Closes the stream among these that was unused for the longest time, once its queries are answered.
    fn let_go_of_one(&mut self, among: impl Fn(&StreamPlace) -> bool) {
        let some = self.kept.iter().filter(|(place, _)| among(place));
        let oldest = some.min_by_key(|(_, kept)| kept.used).map(|(place, _)| place.clone());
        if let Some(place) = oldest {
            self.kept.remove(&place);
        }
    }

    fn places_of(&mut self, network: IpAddr) -> Arc<Semaphore> {
        let places = || Arc::new(Semaphore::new(MAX_STREAMS_PER_NETWORK));
        Arc::clone(self.networks.entry(network).or_insert_with(places))
    }

    /// Forgets streams whose tasks have ended without forgetting them.
    fn forget_closed(&mut self) {
        let closed = self.kept.extract_if(|_, kept| kept.requests.is_closed());
        let networks: Vec<IpAddr> = closed.map(|(place, _)| network_of(place.path.server)).collect();
        networks.into_iter().for_each(|network| self.forget_free(network));
    }

    /// Removes the entry of a network whose places are all free.
    pub(super) fn forget_free(&mut self, network: IpAddr) {
        let free = |places: &Arc<Semaphore>| places.available_permits() >= MAX_STREAMS_PER_NETWORK;
        if self.networks.get(&network).is_some_and(free) {
            self.networks.remove(&network);
        }
    }
}

impl StreamLoad {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            queries: AtomicUsize::new(0),
            capacity: AtomicUsize::new(MAX_PIPELINED),
            heard: Mutex::new(Instant::now()),
        })
    }

    pub(super) fn set_heard(&self, now: Instant) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Tells how many queries the stream takes.
    pub(super) fn set_capacity(&self, capacity: usize) {
        self.capacity.store(capacity, Ordering::Relaxed);
    }
}

impl CountedQuery {
    pub(super) fn new(load: &Arc<StreamLoad>) -> Self {
        load.queries.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(load))
    }
}

impl Drop for CountedQuery {
    fn drop(&mut self) {
        self.0.queries.fetch_sub(1, Ordering::Relaxed);
    }
}
