//! Live: a listener that passes each query to the resolver in place and its answer back to the client, octet by octet.
//!
//! # Decisions
//!
//! - The client waits for nothing but the resolver in place. A copy of the query and of the answer goes into a bounded queue; if that is
//!   full, the query is not compared.
//! - Each query over UDP has a socket of its own to the resolver in place, so that no answer reaches another client. If all places are
//!   taken, the client with the most queries gives up its oldest. Connections are shared in the same way.
//! - The resolver in place sees queries of this host only, so the access lists of resolverd (`[listen]`) stand before it.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc::Sender;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::limits::{LIVE_IDLE, LIVE_PATIENCE, MAX_LIVE_CONNECTIONS, MAX_LIVE_RELAYS};

/// The time after an error of a socket: of an earlier reply, or a lack of files.
const AFTER_ERROR: Duration = Duration::from_millis(1);

/// A query of a client, with the answer that it got.
pub(super) struct Relayed {
    /// The query.
    pub(super) query: Vec<u8>,
    /// The answer with its time; none over TCP, where it is not waited for, and if none came.
    pub(super) answer: Option<(Vec<u8>, Duration)>,
}

/// The copies of queries for the comparison, and the number of those without a place.
#[derive(Clone)]
pub(super) struct Copies {
    queue: Sender<Relayed>,
    lost: Arc<AtomicU64>,
    denied: Arc<AtomicU64>,
}

impl Copies {
    pub(super) fn new(queue: Sender<Relayed>) -> Self {
        Self { queue, lost: Arc::default(), denied: Arc::default() }
    }

    /// Queries that were not compared, because too many waited.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Queries and connections of clients that may not ask.
    pub(super) fn denied(&self) -> u64 {
        self.denied.load(Ordering::Relaxed)
    }

    fn put(&self, query: &[u8], answer: Option<(&[u8], Duration)>) {
        let answer = answer.map(|(answer, elapsed)| (answer.to_vec(), elapsed));
        let relayed = Relayed { query: query.to_vec(), answer };
        if self.queue.try_send(relayed).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The queries or connections under way by client, the oldest first.
struct Places {
    most: usize,
    clients: BTreeMap<IpAddr, VecDeque<(u64, AbortHandle)>>,
    taken: usize,
}

impl Places {
    const fn new(most: usize) -> Self {
        Self { most, clients: BTreeMap::new(), taken: 0 }
    }

    /// Makes room if all places are taken: the client with the most gives up its oldest.
    fn make_room(&mut self) {
        if self.taken < self.most {
            return;
        }
        let most = self.clients.iter().max_by_key(|(_, queries)| queries.len()).map(|(client, _)| *client);
        let oldest = most.and_then(|client| Some((client, self.clients.get(&client)?.front()?.clone())));
        if let Some((client, (number, handle))) = oldest {
            handle.abort();
            self.end(client, number);
        }
    }

    fn put(&mut self, client: IpAddr, number: u64, handle: AbortHandle) {
        self.clients.entry(client).or_default().push_back((number, handle));
        self.taken += 1;
    }

    fn end(&mut self, client: IpAddr, number: u64) {
        let Some(queries) = self.clients.get_mut(&client) else { return };
        let before = queries.len();
        queries.retain(|(known, _)| *known != number);
        self.taken -= before - queries.len();
        if queries.is_empty() {
            self.clients.remove(&client);
        }
    }
}

/// The clients that resolverd answers (`[listen]`).
#[derive(Debug, Default)]
pub(super) struct AccessLists {
    pub(super) allow: Vec<IpNet>,
    /// `refuse` and `drop`.
    pub(super) denied: Vec<IpNet>,
}

impl AccessLists {
    /// Whether a client may ask: the longest prefix decides, and of equal ones the strictest.
    fn allows(&self, client: IpAddr) -> bool {
        let longest = |networks: &[IpNet]| {
            let within = networks.iter().filter(|network| network.contains(&client));
            within.map(IpNet::prefix_len).max()
        };
        longest(&self.allow) > longest(&self.denied)
    }
}

/// The sockets of the listener.
pub(super) struct Relay {
    datagrams: Arc<UdpSocket>,
    connections: TcpListener,
    in_place: SocketAddr,
    access: AccessLists,
}

impl Relay {
    /// Listens over UDP and TCP.
    ///
    /// # Errors
    /// The address is in use, or is none of this host.
    pub(super) async fn bind(
        listen: SocketAddr,
        in_place: SocketAddr,
        access: AccessLists,
    ) -> io::Result<Self> {
        let connections = TcpListener::bind(listen).await?;
        // With port 0 both have the same.
        let datagrams = Arc::new(UdpSocket::bind(connections.local_addr()?).await?);
        Ok(Self { datagrams, connections, in_place, access })
    }

    /// The address at which it listens.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.connections.local_addr()
    }

    /// Passes queries and answers on, for ever.
    pub(super) async fn serve(&self, copies: &Copies) {
        tokio::join!(self.datagrams(copies), self.connections(copies));
    }

    /// Whether a client may ask. A client that may not is counted.
    fn allows(&self, client: IpAddr, copies: &Copies) -> bool {
        let is_allowed = self.access.allows(client.to_canonical());
        copies.denied.fetch_add(u64::from(!is_allowed), Ordering::Relaxed);
        is_allowed
    }

    async fn datagrams(&self, copies: &Copies) {
        let (mut places, mut running, mut number) = (Places::new(MAX_LIVE_RELAYS), JoinSet::new(), 0_u64);
        let mut room = vec![0; usize::from(u16::MAX)];
        loop {
            tokio::select! {
                Some(ended) = running.join_next() => {
                    if let Ok((client, number)) = ended {
                        places.end(client, number);
                    }
                }
                heard = self.datagrams.recv_from(&mut room) => {
                    let Ok((length, client)) = heard else {
                        sleep(AFTER_ERROR).await;
                        continue;
                    };
                    if !self.allows(client.ip(), copies) {
                        continue;
                    }
                    let query = room.get(..length).unwrap_or_default().to_vec();
                    places.make_room();
                    number += 1;
                    let (socket, in_place, copies) = (Arc::clone(&self.datagrams), self.in_place, copies.clone());
                    let handle = running.spawn(async move {
                        // A client whose query gets no answer asks again, as without this listener.
                        let passed = timeout(LIVE_PATIENCE, pass(&socket, (client, in_place), &query, &copies)).await;
                        if !matches!(passed, Ok(Ok(()))) {
                            copies.put(&query, None);
                        }
                        (client.ip(), number)
                    });
                    places.put(client.ip(), number, handle);
                }
            }
        }
    }

    async fn connections(&self, copies: &Copies) {
        let (mut places, mut running, mut number) =
            (Places::new(MAX_LIVE_CONNECTIONS), JoinSet::new(), 0_u64);
        loop {
            tokio::select! {
                Some(ended) = running.join_next() => {
                    if let Ok((client, number)) = ended {
                        places.end(client, number);
                    }
                }
                accepted = self.connections.accept() => {
                    let Ok((stream, client)) = accepted else {
                        sleep(AFTER_ERROR).await;
                        continue;
                    };
                    if !self.allows(client.ip(), copies) {
                        continue;
                    }
                    places.make_room();
                    number += 1;
                    let (in_place, copies) = (self.in_place, copies.clone());
                    let handle = running.spawn(async move {
                        // An error of one side ends the connection.
                        let _ = both_ways(stream, in_place, &copies).await;
                        (client.ip(), number)
                    });
                    places.put(client.ip(), number, handle);
                }
            }
        }
    }
}

/// Passes a query on, and the answer back.
async fn pass(
    socket: &UdpSocket,
    (client, in_place): (SocketAddr, SocketAddr),
    query: &[u8],
    copies: &Copies,
) -> io::Result<()> {
    let own: SocketAddr = match in_place {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let began = Instant::now();
    let upstream = UdpSocket::bind(own).await?;
    upstream.connect(in_place).await?;
    upstream.send(query).await?;
    let mut room = vec![0; usize::from(u16::MAX)];
    loop {
        let length = upstream.recv(&mut room).await?;
        let answer = room.get(..length).unwrap_or_default();
        // Another id is no answer to this query.
        if answer.first_chunk::<2>() == query.first_chunk::<2>() {
            socket.send_to(answer, client).await?;
            copies.put(query, Some((answer, began.elapsed())));
            return Ok(());
        }
    }
}

/// Passes messages of a connection in both directions until one side closes it or nothing comes.
async fn both_ways(client: TcpStream, in_place: SocketAddr, copies: &Copies) -> io::Result<()> {
    let upstream = timeout(LIVE_IDLE, TcpStream::connect(in_place)).await??;
    let (from_client, to_client) = client.into_split();
    let (from_upstream, to_upstream) = upstream.into_split();
    // The end of the client's side leaves the other open: answers may still come.
    tokio::try_join!(
        messages(from_client, to_upstream, LIVE_IDLE, |query| copies.put(query, None)),
        // The answer to a last query may come after the client's time.
        messages(from_upstream, to_client, LIVE_IDLE + LIVE_PATIENCE, |_| {})
    )?;
    Ok(())
}

/// Passes messages on in one direction.
async fn messages(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    idle: Duration,
    seen: impl Fn(&[u8]),
) -> io::Result<()> {
    loop {
        let length = match timeout(idle, from.read_u16()).await? {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return to.shutdown().await,
            Err(error) => return Err(error),
        };
        let mut message = vec![0; usize::from(length)];
        timeout(LIVE_IDLE, from.read_exact(&mut message)).await??;
        timeout(LIVE_IDLE, to.write_all(&[&length.to_be_bytes(), message.as_slice()].concat())).await??;
        seen(&message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_decides_who_may_ask() {
        let read = |networks: &[&str]| networks.iter().map(|text| text.parse().unwrap()).collect();
        let access = AccessLists {
            allow: read(&["127.0.0.0/8", "10.0.0.0/8", "10.1.1.0/24"]),
            denied: read(&["10.1.0.0/16", "127.0.0.0/8"]),
        };
        let allowed = ["10.9.0.1", "10.1.2.1", "10.1.1.1", "127.0.0.1", "192.0.2.1"]
            .map(|client| access.allows(client.parse().unwrap()));
        assert_eq!(allowed, [true, false, true, false, false]);
    }

    #[tokio::test]
    async fn a_client_without_places_is_forgotten() {
        let mut places = Places::new(2);
        for number in 0..5_u8 {
            places.make_room();
            let handle = tokio::spawn(std::future::pending::<()>()).abort_handle();
            places.put([127, 0, 0, number].into(), u64::from(number), handle);
        }
        assert_eq!((places.taken, places.clients.len()), (2, 2));
    }

    #[tokio::test]
    async fn the_client_with_the_most_queries_gives_up_its_oldest() {
        let mut places = Places::new(8);
        let handle = || tokio::spawn(std::future::pending::<()>()).abort_handle();
        let [greedy, modest]: [IpAddr; 2] = [[127, 0, 0, 2].into(), [127, 0, 0, 3].into()];
        let first = handle();
        places.put(greedy, 0, first.clone());
        let kept = handle();
        places.put(modest, 1, kept.clone());
        (2..).take(6).for_each(|number| places.put(greedy, number, handle()));
        places.make_room();
        tokio::task::yield_now().await;
        assert!(first.is_finished() && !kept.is_finished());
        assert_eq!(places.taken, 7);
        places.end(modest, 1);
        places.end(modest, 1);
        assert_eq!(places.taken, 6);
        kept.abort();
    }
}
