//! The table of streams (connections to servers) that stay open for later queries, and the limits for streams to each network.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use super::network::Path;
use super::streams::StreamRequest;
use crate::limits::{
    MAX_PIPELINED, MAX_SINGLE_QUERY_SERVERS, MAX_STREAMS_OF_FORWARDER, MAX_STREAMS_PER_NETWORK,
    MAX_UPSTREAM_STREAMS, SINGLE_QUERY_TIME,
};
use dns::conduct::network_of;

#[derive(Default)]
pub(super) struct StreamTable {
    pub(super) kept: HashMap<StreamPlace, KeptStream>,
    /// One semaphore for each network of servers, which limits the number of open streams to this network. Networks without streams have no entry.
    pub(super) networks: HashMap<IpAddr, Arc<Semaphore>>,
    /// Servers that answer only the first query of a stream, each with the time until which its queries get streams of their own.
    single: HashMap<Path, Instant>,
    /// The last number that was given to a new stream or to a use of a stream. A greater number means a later time.
    numbers: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct StreamPlace {
    pub(super) path: Path,
    /// The number of the stream among those to the same server, counted from 0. A server without encryption has only one stream in the table.
    slot: u8,
}

pub(super) struct KeptStream {
    requests: mpsc::Sender<StreamRequest>,
    /// The number of the stream. An earlier stream with the same `StreamPlace` had another number.
    number: u64,
    /// The number of the last use. The stream with the smallest number is the least recently used one.
    used: u64,
    load: Arc<StreamLoad>,
}

/// The number of queries on a stream, and their maximum.
pub(super) struct StreamLoad {
    queries: AtomicUsize,
    capacity: AtomicUsize,
    /// The time of the last reply. Before the first reply, the time at which the stream was requested.
    heard: Mutex<Instant>,
}

/// While this value exists, a query counts towards the load of a stream.
pub(super) struct CountedQuery(Arc<StreamLoad>);

pub(super) enum ChosenStream {
    Kept(mpsc::Sender<StreamRequest>, CountedQuery),
    New(NewStream),
}

pub(super) struct NewStream {
    pub(super) place: StreamPlace,
    /// The number of the stream, counted from 1. A stream with the number 0 is not in the table, and ends after its only query.
    pub(super) number: u64,
    pub(super) load: Arc<StreamLoad>,
    /// Limits the number of streams to the network of the server.
    pub(super) of_network: Arc<Semaphore>,
}

pub(super) fn lock(table: &Mutex<StreamTable>) -> MutexGuard<'_, StreamTable> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StreamTable {
    /// Returns the first stream to a server that has room for one more query. Otherwise returns a new stream, or if the server may have no more
    /// streams, the one with the fewest queries, on which the query must wait.
    pub(super) fn choose(&mut self, path: &Path) -> ChosenStream {
        let slots = if path.encryption.is_some() { MAX_STREAMS_OF_FORWARDER } else { 1 };
        let used = self.next_number();
        let (mut free, mut fewest) = (None, usize::MAX);
        let mut chosen = StreamPlace { path: path.clone(), slot: 0 };
        for slot in 0..slots {
            let place = StreamPlace { path: path.clone(), slot };
            // A stream is not used if its task has panicked or its worker thread has ended.
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

    /// Returns a new stream. If there are too many streams, first removes another stream from the table.
    fn new_stream(&mut self, place: StreamPlace, number: u64) -> ChosenStream {
        self.forget_closed();
        let network = network_of(place.path.server.ip());
        if self.kept.keys().filter(|other| network_of(other.path.server.ip()) == network).count()
            >= MAX_STREAMS_PER_NETWORK
        {
            self.let_go_of_one(|other| network_of(other.path.server.ip()) == network);
        }
        if self.kept.len() >= MAX_UPSTREAM_STREAMS {
            self.let_go_of_one(|_| true);
        }
        let of_network = self.places_of(network);
        ChosenStream::New(NewStream { place, number, load: StreamLoad::new(), of_network })
    }

    /// Records that a server answered the first query of a stream and none after it.
    pub(super) fn answers_once(&mut self, path: &Path, now: Instant) {
        let Some(until) = now.checked_add(SINGLE_QUERY_TIME) else { return };
        if self.single.len() >= MAX_SINGLE_QUERY_SERVERS {
            self.single.retain(|_, until| now < *until);
        }
        if self.single.len() < MAX_SINGLE_QUERY_SERVERS {
            self.single.insert(path.clone(), until);
        }
    }

    /// Returns true if each query to the server gets a stream of its own.
    pub(super) fn is_single(&self, path: &Path, now: Instant) -> bool {
        self.single.get(path).is_some_and(|until| now < *until)
    }

    /// Returns a stream for a single query, which is not added to the table.
    pub(super) fn own_stream(&mut self, path: &Path) -> NewStream {
        let place = StreamPlace { path: path.clone(), slot: 0 };
        NewStream {
            place,
            number: 0,
            load: StreamLoad::new(),
            of_network: self.places_of(network_of(path.server.ip())),
        }
    }

    pub(super) fn keep(
        &mut self,
        place: StreamPlace,
        number: u64,
        requests: mpsc::Sender<StreamRequest>,
        load: &Arc<StreamLoad>,
    ) {
        self.kept.insert(place, KeptStream { requests, number, used: number, load: Arc::clone(load) });
    }

    /// Removes a stream from the table, unless a newer stream has replaced it there.
    pub(super) fn forget(&mut self, place: &StreamPlace, number: u64) {
        if self.kept.get(place).is_some_and(|kept| kept.number == number) {
            self.kept.remove(place);
        }
    }

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

    /// Removes from the table the least recently used stream for which `among` returns true. The stream ends when its queries are answered.
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

    /// Removes streams whose tasks have ended, for example because of a panic.
    fn forget_closed(&mut self) {
        let closed = self.kept.extract_if(|_, kept| kept.requests.is_closed());
        let networks: Vec<IpAddr> = closed.map(|(place, _)| network_of(place.path.server.ip())).collect();
        networks.into_iter().for_each(|network| self.forget_free(network));
    }

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
